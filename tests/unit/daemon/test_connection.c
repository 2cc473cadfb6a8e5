/* What a peer can do to a connection: pipeline, half-close, hang up, stop reading, send what is none of ours. */
#include "served_peer.h"

static void until_gone(void)
{
    while (served.server.listener->n_connections)
        uv_run(&served.loop, UV_RUN_ONCE);
}

Test(connection, answers_what_is_pipelined, .init = start, .fini = stop)
{
    struct sp_buffer frames;
    sp_buffer_init(&frames, 1 << 20);
    for (uint32_t i = 0; i < 50; i++)
        peer_pack(&frames, i, "hello", NULL);
    /* In two pieces that cut a frame. */
    peer_send(&peer, frames.bytes, frames.n_bytes / 2 + 3);
    uv_run(&served.loop, UV_RUN_NOWAIT);
    peer_send(&peer, frames.bytes + frames.n_bytes / 2 + 3, frames.n_bytes - frames.n_bytes / 2 - 3);
    for (uint32_t i = 0; i < 50; i++)
        peer_expect(&peer, i, NULL);
    sp_buffer_fini(&frames);
}

Test(connection, that_is_half_closed_gets_its_answers_and_then_ends, .init = start, .fini = stop)
{
    peer_ask(&peer, 7, "scan", source);
    cr_assert_eq(shutdown(peer.fd, SHUT_WR), 0);
    peer_expect(&peer, 7, NULL);
    cr_assert_null(peer_read(&peer));
    until_gone();
}

Test(connection, that_hangs_up_leaves_nothing_behind, .init = start, .fini = stop)
{
    for (uint32_t i = 0; i < 20; i++)
        peer_ask(&peer, i, "scan", source);
    uv_run(&served.loop, UV_RUN_NOWAIT);
    close(peer.fd);
    peer.fd = -1;
    until_gone();
    cr_assert_eq(sp_quota_totals(served.server.quota).n_connections, 0);
}

Test(connection, that_does_not_read_is_not_read_from, .fini = stop)
{
    start_with("bounds: {output_bytes: 4096}\n");
    struct sp_buffer frames;
    int small = 4096;
    sp_buffer_init(&frames, 1 << 20);
    cr_assert_eq(setsockopt(peer.connection->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    for (uint32_t i = 0; i < 200; i++)
        peer_pack(&frames, i, "hello", NULL);
    peer_send(&peer, frames.bytes, frames.n_bytes);
    for (int i = 0; i < 20; i++)
        uv_run(&served.loop, UV_RUN_NOWAIT);
    uint64_t n_answered = served.server.stats->counters[SP_STAT_REQUESTS];
    cr_assert_gt(n_answered, 0);
    cr_assert_lt(n_answered, 100, "all were answered into memory");
    cr_assert_lt(sp_connection_unread(peer.connection), 2 * 4096 + 4096);
    for (uint32_t i = 0; i < 200; i++)
        peer_expect(&peer, i, NULL);
    sp_buffer_fini(&frames);
}

Test(connection, is_closed_with_one_error_where_a_frame_is_broken, .init = start, .fini = stop)
{
    peer_send(&peer, "\x94\x00\x05\xc1", 4); /* a request's start, and a byte that MessagePack does not have */
    peer_expect(&peer, 5, "");
    cr_assert_null(peer_read(&peer));
    until_gone();
    cr_assert_eq(served.server.stats->counters[SP_STAT_BROKEN_FRAMES], 1);
}

Test(connection, refuses_a_frame_by_what_it_claims, .fini = stop)
{
    start_with("frame_bytes: 65536\ncode_bytes: 60000\n");
    peer_send(&peer,
        "\x94\x00\x05\xa4scan\x91\x81\xa4"
        "code\xdb\x7f\xff\xff\xff",
        21);
    peer_expect(&peer, 5, "too_large");
    cr_assert_null(peer_read(&peer));
}

Test(connection, takes_new_rights_without_a_new_start, .init = start, .fini = stop)
{
    peer_ask(&peer, 1, "scan", source);
    peer_expect(&peer, 1, NULL);
    served.server.config->starter_uid = geteuid() + 1;
    sp_connection_reconfigure(peer.connection);
    peer_ask(&peer, 2, "scan", source);
    peer_expect(&peer, 2, "denied: scan needs the right \"scan\"");
}

Test(connection, is_refused_past_the_bound, .fini = stop)
{
    start_with("bounds: {user_connections: 1}\n");
    int fds[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    cr_assert_eq(sp_connection_open(&served.server, fds[0], NULL), SP_EBUSY);
    cr_assert_eq(fcntl(fds[0], F_GETFD), -1, "the socket was taken");
    close(fds[1]);
    peer_ask(&peer, 1, "hello", NULL);
    peer_expect(&peer, 1, NULL);
}
