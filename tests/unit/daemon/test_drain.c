/* The end of the daemon's work, phase by phase. What is in flight is a request that is played by hand. */
#include "served_peer.h"

#include "daemon/drain.h"

static struct sp_request request;
static unsigned n_drained, n_cancelled;
static bool ends_when_cancelled;

static void on_drained(struct sp_server *server)
{
    cr_assert_eq(server, &served.server);
    n_drained++;
}

static void end_request(void)
{
    sp_connection_unlink(peer.connection, &request);
    sp_quota_give(peer.connection->account, 1, 0);
}

static void on_cancel(struct sp_request *cancelled)
{
    cr_assert_eq(cancelled, &request);
    n_cancelled++;
    if (ends_when_cancelled)
        end_request();
}

static void begin_request(void)
{
    request = (struct sp_request){.connection = peer.connection, .cancel = on_cancel};
    cr_assert_eq(sp_quota_take(peer.connection->account, 1, 0, NULL), 0);
    sp_connection_link(peer.connection, &request);
}

static void start_draining(const char *lines)
{
    start_with(lines);
    cr_assert_eq(sp_drain_open(&served.server, on_drained, &served.server.drain, NULL), 0);
}

static void stop_draining(void)
{
    served.n_ended = 0;
    sp_drain_close(served.server.drain, served_count, NULL);
    served_until(1);
    cr_assert_null(served.server.drain);
    stop();
}

static void turn(unsigned ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000ull;
    while (uv_hrtime() < until && !n_drained)
        uv_run(&served.loop, UV_RUN_ONCE);
}

Test(drain, is_over_at_once_where_nothing_is_in_flight, .fini = stop_draining)
{
    start_draining("");
    sp_drain_start(served.server.drain, "a test", false);
    cr_assert(served.server.draining);
    cr_assert_eq(n_drained, 0, "within start");
    turn(5000);
    cr_assert_eq(n_drained, 1);
    sp_drain_start(served.server.drain, "again", true);
    uv_run(&served.loop, UV_RUN_NOWAIT);
    cr_assert_eq(n_drained, 1);
}

Test(drain, waits_for_what_is_in_flight, .fini = stop_draining)
{
    start_draining("");
    begin_request();
    sp_drain_start(served.server.drain, "a test", false);
    sp_drain_start(served.server.drain, "again, but not at once", false);
    turn(100);
    cr_assert_eq(n_drained + n_cancelled, 0);
    end_request();
    turn(5000);
    cr_assert_eq(n_drained, 1);
    cr_assert_eq(n_cancelled, 0);
}

Test(drain, cancels_past_the_grace_and_each_once, .fini = stop_draining)
{
    start_draining("drain_grace_ms: 50\n");
    begin_request();
    sp_drain_start(served.server.drain, "a test", false);
    turn(300);
    cr_assert_eq(n_cancelled, 1);
    cr_assert_eq(n_drained, 0, "it has not ended yet");
    end_request();
    turn(5000);
    cr_assert_eq(n_drained, 1);
    cr_assert_eq(n_cancelled, 1);
}

Test(drain, asked_again_at_once_ends_the_grace, .fini = stop_draining)
{
    start_draining("drain_grace_ms: 60000\n");
    ends_when_cancelled = true;
    begin_request();
    sp_drain_start(served.server.drain, "a test", false);
    sp_drain_start(served.server.drain, "again", true);
    turn(5000);
    cr_assert_eq(n_cancelled, 1);
    cr_assert_eq(n_drained, 1);
}

Test(drain, answers_are_waited_for_but_not_for_ever, .fini = stop_draining)
{
    int small = 4096;
    struct sp_buffer answer;
    start_draining("");
    cr_assert_eq(setsockopt(peer.connection->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    sp_buffer_init(&answer, 1 << 20);
    for (size_t i = 0; i < 1 << 16; i++)
        cr_assert_eq(sp_buffer_append(&answer, "12345678", 8), 0);
    cr_assert(sp_connection_send(peer.connection, &answer, NULL));
    sp_buffer_fini(&answer);
    uint64_t began = uv_hrtime();
    sp_drain_start(served.server.drain, "a test", false);
    turn(200);
    cr_assert_eq(n_drained, 0, "the peer has not read");
    turn(20000);
    cr_assert_eq(n_drained, 1);
    cr_assert_geq(uv_hrtime() - began, 1500000000ull);
}
