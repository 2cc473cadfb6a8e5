/* The runner's loop: one thread, poll, no allocation in the steady state. From SPAWN to EXIT it moves bytes between the
 * adapter and one program; then it kills whatever the program left behind, and tells how it ended. */
#include "runtimes/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"
#include "runtimes/runner/runner_state.h"

#define REAP_MS_MAX     2000       /* killed processes that do not go by then are left to the kernel */
#define DRAIN_BYTES_MAX (4u << 20) /* more than a pipe can hold */

/* What the adapter must not wait for any longer: it has gone, or told us to. */
#define ABORT 1

enum { ON_CONTROL, ON_SIGNAL, ON_OUT, ON_STDOUT, ON_STDERR, ON_READY, ON_HANDOVER, ON_INPUT, ON_COUNT };

int sp_runner_fail(struct sp_runner *runner, int negative_errno, const char *what)
{
    if (!runner->failed) {
        runner->failed = negative_errno;
        runner->failed_at = what;
    }
    return negative_errno;
}

static void kill_all(const struct sp_runner *runner)
{
    if (runner->config.is_init)
        kill(-1, SIGKILL);
    else if (runner->child)
        kill(-runner->child, SIGKILL);
}

static void reap(struct sp_runner *runner)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == runner->child) {
            runner->ended = true;
            runner->status = status;
            if (!runner->config.is_init)
                kill(-pid, SIGKILL); /* its group, while the number is surely not in use again */
            runner->child = 0;
        }
}

/* ---- the end ---- */

/* All that was killed is gone when this returns, so that nobody writes into pipes and files any more. */
static void reap_rest(struct sp_runner *runner, int signal_fd)
{
    uint64_t until_ms = sp_clock_ms() + REAP_MS_MAX;
    for (;;) {
        reap(runner);
        if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
            return;
        uint64_t now = sp_clock_ms();
        if (now >= until_ms)
            return;
        struct pollfd fd = {signal_fd, POLLIN, 0};
        struct signalfd_siginfo info;
        if (poll(&fd, 1, (int)(until_ms - now)) > 0 && read(signal_fd, &info, sizeof info) < 0)
            return;
    }
}

static int drain(struct sp_runner *runner)
{
    for (int i = 0; i < 2; i++) {
        size_t total = 0;
        while (runner->streams[i] >= 0 && total < DRAIN_BYTES_MAX) {
            int r = sp_runner_output_flush(runner);
            if (r < 0)
                return r;
            ssize_t n = sp_runner_output_read(runner, SP_RUNNER_STDOUT + (unsigned)i, runner->streams[i]);
            if (n <= 0)
                break;
            total += (size_t)n;
        }
    }
    return sp_runner_output_flush(runner);
}

static int tell_exit(struct sp_runner *runner, uint32_t flags)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    uint64_t cpu_us = (uint64_t)usage.ru_utime.tv_sec * 1000000 + (uint64_t)usage.ru_utime.tv_usec +
                      (uint64_t)usage.ru_stime.tv_sec * 1000000 + (uint64_t)usage.ru_stime.tv_usec;
    cpu_us -= cpu_us < runner->before_cpu_us ? cpu_us : runner->before_cpu_us;
    bool exited = WIFEXITED(runner->status);
    struct sp_runner_pack pack = sp_runner_output_pack(runner);
    sp_runner_pack_begin(&pack, SP_RUNNER_EXIT);
    sp_runner_pack_u32(&pack, exited ? (uint32_t)WEXITSTATUS(runner->status) : 0);
    sp_runner_pack_u32(&pack, exited ? 0 : (uint32_t)WTERMSIG(runner->status));
    sp_runner_pack_u64(&pack, cpu_us);
    sp_runner_pack_u64(&pack, (uint64_t)usage.ru_maxrss << 10);
    sp_runner_pack_u32(&pack, flags);
    sp_runner_pack_end(&pack);
    sp_runner_output_put(runner, &pack);
    return sp_runner_output_flush(runner);
}

static int tell_failure(struct sp_runner *runner)
{
    int r = sp_runner_output_flush(runner);
    if (r < 0)
        return r;
    struct sp_runner_pack pack = sp_runner_output_pack(runner);
    sp_runner_pack_begin(&pack, SP_RUNNER_FAIL);
    sp_runner_pack_u32(&pack, (uint32_t)-runner->failed);
    sp_runner_pack_str(&pack, sp_str_of(runner->failed_at));
    sp_runner_pack_end(&pack);
    sp_runner_output_put(runner, &pack);
    return sp_runner_output_flush(runner);
}

static int finish(struct sp_runner *runner, int signal_fd)
{
    kill_all(runner);
    /* FAIL says that the program never ran. Behind GO it did: then our end without a word says that it is lost. */
    if (runner->failed)
        return runner->went ? runner->failed : tell_failure(runner);
    reap_rest(runner, signal_fd);
    int r = drain(runner);
    if (r < 0)
        return r;
    r = sp_runner_artifact_send(runner);
    if (r < 0)
        return r;
    return tell_exit(runner, r == SP_RUNNER_ARTIFACT_CUT ? SP_RUNNER_EXIT_ARTIFACTS_CUT : 0);
}

/* ---- the loop ---- */

static int read_control(struct sp_runner *runner)
{
    ssize_t n = read(runner->config.control_fd, runner->in + runner->n_in, sizeof runner->in - runner->n_in);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : ABORT;
    if (n == 0)
        return ABORT;
    runner->n_in += (size_t)n;
    return 0;
}

/* The program's word on fd 4 that it waits for the hand-over. Its end without a word: it does not; EXIT will tell why. */
static void read_ready(struct sp_runner *runner)
{
    char word;
    ssize_t n = read(runner->ready_fd, &word, 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    runner->ready = n == 1;
    sp_close_fd(&runner->ready_fd);
    runner->ready_fd = -1;
}

static void say_ready(struct sp_runner *runner)
{
    struct sp_runner_pack pack = sp_runner_output_pack(runner);
    sp_runner_pack_empty(&pack, SP_RUNNER_READY);
    sp_runner_output_put(runner, &pack);
    runner->said_ready = true;
}

static void read_stream(struct sp_runner *runner, int i)
{
    ssize_t n = sp_runner_output_read(runner, SP_RUNNER_STDOUT + (unsigned)i, runner->streams[i]);
    if (n > 0 || n == -EAGAIN)
        return;
    sp_close_fd(&runner->streams[i]);
    runner->streams[i] = -1;
}

/* poll ignores negative descriptors: so is said what is not wanted now. */
static void arm(const struct sp_runner *runner, int signal_fd, struct pollfd *fds)
{
    bool quiet = sp_runner_output_empty(runner);
    bool listens = !runner->handover.n_bytes && !runner->input.n_bytes && runner->n_in < sizeof runner->in;
    const struct pollfd armed[ON_COUNT] = {
        [ON_CONTROL] = {runner->config.control_fd, (short)(listens ? POLLIN | POLLRDHUP : POLLRDHUP), 0},
        [ON_SIGNAL] = {signal_fd, POLLIN, 0},
        [ON_OUT] = {quiet ? -1 : runner->config.out_fd, POLLOUT, 0},
        [ON_STDOUT] = {quiet ? runner->streams[0] : -1, POLLIN, 0},
        [ON_STDERR] = {quiet ? runner->streams[1] : -1, POLLIN, 0},
        [ON_READY] = {runner->ready_fd, POLLIN, 0},
        [ON_HANDOVER] = {runner->handover.n_bytes ? runner->handover.fd : -1, POLLOUT, 0},
        [ON_INPUT] = {runner->input.n_bytes ? runner->input.fd : -1, POLLOUT, 0},
    };
    memcpy(fds, armed, sizeof armed);
}

/* One turn. Returns 0, ABORT, or a negative errno that FAIL tells. */
static int turn(struct sp_runner *runner, int signal_fd)
{
    struct pollfd fds[ON_COUNT];
    arm(runner, signal_fd, fds);
    if (poll(fds, ON_COUNT, -1) < 0)
        return errno == EINTR ? 0 : sp_runner_fail(runner, -errno, "poll");
    if (fds[ON_CONTROL].revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL))
        return ABORT;
    if ((fds[ON_CONTROL].revents & POLLIN) && read_control(runner) == ABORT)
        return ABORT;
    int r = sp_runner_control_handle(runner);
    if (r < 0)
        return r;
    if (fds[ON_READY].revents)
        read_ready(runner);
    for (int i = 0; i < 2; i++)
        if (fds[ON_STDOUT + i].revents && sp_runner_output_empty(runner))
            read_stream(runner, i);
    if (runner->spawned && runner->ready && !runner->said_ready && sp_runner_output_empty(runner))
        say_ready(runner);
    if (sp_runner_output_write(runner) < 0 || (fds[ON_OUT].revents & POLLERR))
        return ABORT;
    if (fds[ON_SIGNAL].revents) {
        struct signalfd_siginfo info;
        if (read(signal_fd, &info, sizeof info) > 0)
            reap(runner);
    }
    return 0;
}

static void release(struct sp_runner *runner)
{
    sp_close_fd(&runner->handover.fd);
    sp_close_fd(&runner->input.fd);
    sp_close_fd(&runner->streams[0]);
    sp_close_fd(&runner->streams[1]);
    sp_close_fd(&runner->ready_fd);
    sp_close_fd(&runner->file_fd);
    sp_close_fd(&runner->work_fd);
    free(runner->globs);
}

int sp_runner_run(const struct sp_runner_config *config)
{
    sp_cleanup(sp_free_ptr) struct sp_runner *runner = calloc(1, sizeof *runner);
    if (!runner)
        return 1;
    runner->config = *config;
    runner->handover.fd = runner->input.fd = runner->streams[0] = runner->streams[1] = -1;
    runner->ready_fd = runner->file_fd = runner->work_fd = -1;

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    sp_cleanup(sp_close_fd) int signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0 || fcntl(config->control_fd, F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(config->out_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
        return 1;

    int r = 0;
    while (r == 0 && !runner->ended)
        r = turn(runner, signal_fd);
    bool gone = r == ABORT;
    if (gone) {
        kill_all(runner);
        if (!config->is_init)
            reap_rest(runner, signal_fd);
    } else {
        gone = finish(runner, signal_fd) < 0;
    }
    release(runner);
    return gone ? 1 : 0;
}
