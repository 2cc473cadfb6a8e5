#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtimes/spawner_link.h"

static uv_loop_t loop;
static struct sp_spawner_link link_;
static int theirs;
static unsigned n_events, n_gone, n_closed;
static struct sp_spawner_event last;

static void on_event(void *context, const struct sp_spawner_event *event, int fds[2])
{
    (void)context;
    last = *event;
    n_events++;
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void on_gone(void *context)
{
    (void)context;
    n_gone++;
}

static void on_closed(void *context)
{
    (void)context;
    n_closed++;
}

static int init(size_t n_hello_bytes)
{
    int ends[2];
    struct sp_spawner_hello hello = {.version = SP_SPAWNER_WIRE_VERSION, .size_bytes = sizeof hello}, heard;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    theirs = ends[1];
    cr_assert_eq(send(theirs, &hello, n_hello_bytes, 0), (ssize_t)n_hello_bytes);
    return sp_spawner_link_init(&link_, ends[0], &heard, NULL);
}

static void start(void)
{
    cr_assert_eq(uv_loop_init(&loop), 0);
    cr_assert_eq(init(sizeof(struct sp_spawner_hello)), 0);
    cr_assert_eq(sp_spawner_link_start(&link_, &loop, on_event, on_gone, NULL, NULL), 0);
}

static void stop(void)
{
    sp_spawner_link_close(&link_, on_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert_eq(n_closed, 1);
    cr_assert_eq(uv_loop_close(&loop), 0);
}

static int send_op(uint32_t op, uint64_t id, int stream_fd, int errors_fd)
{
    struct sp_spawner_request request = {.op = op, .id = id};
    return sp_spawner_link_send(&link_, &request, stream_fd, errors_fd, NULL);
}

Test(spawner_link, takes_no_hello_of_another_size)
{
    cr_assert_eq(init(sizeof(struct sp_spawner_hello) - 1), SP_EINTERNAL);
    sp_spawner_link_close(&link_, on_closed, NULL);
    cr_assert_eq(n_closed, 1);
}

Test(spawner_link, kills_go_before_what_waits)
{
    start();
    struct sp_spawner_request request;
    uint64_t n_starts = 0, n_read = 0;
    while (!link_.first)
        cr_assert_eq(send_op(SP_SPAWNER_LOWER, ++n_starts, -1, -1), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(send_op(SP_SPAWNER_LOWER, ++n_starts, -1, -1), 0);
    cr_assert_eq(send_op(SP_SPAWNER_KILL, 1, -1, -1), 0);
    cr_assert_eq(send_op(SP_SPAWNER_KILL, 2, -1, -1), 0);
    /* What lay in the socket already, then the kills, then the rest; each in its order. */
    uint64_t n_sent = n_starts - 4, lowered = 0, killed = 0;
    for (; n_read < n_starts + 2; n_read++) {
        while (recv(theirs, &request, sizeof request, MSG_DONTWAIT) != (ssize_t)sizeof request)
            uv_run(&loop, UV_RUN_NOWAIT);
        if (request.op == SP_SPAWNER_KILL)
            cr_assert_eq(request.id, ++killed);
        else
            cr_assert_eq(request.id, ++lowered);
        if (n_read >= n_sent && n_read < n_sent + 2)
            cr_assert_eq(
                request.op, SP_SPAWNER_KILL, "packet %lu of %lu", (unsigned long)n_read, (unsigned long)n_sent);
    }
    stop();
    close(theirs);
}

Test(spawner_link, descriptors_are_taken_whatever_happens)
{
    start();
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(send_op(SP_SPAWNER_START, 1, fds[0], fds[1]), 0);
    cr_assert_lt(fcntl(fds[0], F_GETFD), 0);
    close(theirs);
    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(send_op(SP_SPAWNER_START, 2, fds[0], fds[1]), SP_ERUNTIME_UNAVAILABLE);
    cr_assert_lt(fcntl(fds[0], F_GETFD), 0);
    cr_assert_lt(fcntl(fds[1], F_GETFD), 0);
    stop();
}

Test(spawner_link, tells_events_and_once_that_it_is_gone)
{
    start();
    struct sp_spawner_event event = {.op = SP_SPAWNER_ENDED, .id = 7};
    cr_assert_eq(send(theirs, &event, sizeof event, 0), (ssize_t)sizeof event);
    close(theirs);
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    cr_assert_eq(n_events, 1, "what it said before it went");
    cr_assert_eq(last.id, 7);
    cr_assert_eq(n_gone, 1);
    cr_assert_eq(send_op(SP_SPAWNER_KILL, 1, -1, -1), SP_ERUNTIME_UNAVAILABLE);
    stop();
}

Test(spawner_link, a_packet_that_is_none_of_its_ends_it)
{
    start();
    cr_assert_eq(send(theirs, "x", 1, 0), 1);
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    cr_assert_eq(n_events, 0);
    cr_assert_eq(n_gone, 1);
    close(theirs);
    stop();
}
