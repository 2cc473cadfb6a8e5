/* The runner's voice: one frame at a time towards the adapter. While it is on its way nothing is read from the program,
 * so that a slow adapter stops the program, and nothing piles up here. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "runtimes/runner/runner_state.h"

bool sp_runner_output_empty(const struct sp_runner *runner)
{
    return runner->out_at == runner->n_out;
}

struct sp_runner_pack sp_runner_output_pack(struct sp_runner *runner)
{
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, runner->out, sizeof runner->out);
    return pack;
}

void sp_runner_output_put(struct sp_runner *runner, const struct sp_runner_pack *pack)
{
    runner->out_at = 0;
    runner->n_out = pack->failed ? 0 : pack->n_bytes;
}

ssize_t sp_runner_output_read(struct sp_runner *runner, enum sp_runner_frame_type type, int fd)
{
    ssize_t n;
    do
        n = read(fd, runner->out + SP_RUNNER_HEADER_BYTES, SP_RUNNER_BODY_MAX);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n == 0)
        return 0;
    struct sp_runner_pack pack = sp_runner_output_pack(runner);
    sp_runner_pack_begin(&pack, type);
    pack.n_bytes += (size_t)n; /* the bytes lie where they belong already */
    sp_runner_pack_end(&pack);
    sp_runner_output_put(runner, &pack);
    return n;
}

int sp_runner_output_write(struct sp_runner *runner)
{
    while (!sp_runner_output_empty(runner)) {
        ssize_t n = write(runner->config.out_fd, runner->out + runner->out_at, runner->n_out - runner->out_at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        runner->out_at += (size_t)n;
    }
    return 0;
}

int sp_runner_output_flush(struct sp_runner *runner)
{
    for (;;) {
        int r = sp_runner_output_write(runner);
        if (r < 0 || sp_runner_output_empty(runner))
            return r;
        struct pollfd fds[2] = {{runner->config.out_fd, POLLOUT, 0}, {runner->config.control_fd, POLLRDHUP, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return -errno;
        if ((fds[1].revents & (POLLHUP | POLLRDHUP | POLLERR)) || (fds[0].revents & POLLERR))
            return -EPIPE;
    }
}
