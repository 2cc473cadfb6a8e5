/* From frame to handler: what is refused before a handler sees it, and what reaches a request in flight. */
#include "served_peer.h"

Test(dispatch, names_a_method_that_is_not_there, .init = start, .fini = stop)
{
    peer_ask(&peer, 1, "sing", NULL);
    peer_expect(&peer, 1, "unknown_method: ");
}

Test(dispatch, names_the_parameter_that_is_wrong, .init = start, .fini = stop)
{
    static const char *const wrong[] = {"code", "x", "languge", "python", NULL};
    static const char *const missing[] = {"code", "x", NULL};
    peer_ask(&peer, 1, "scan", wrong);
    peer_expect(&peer, 1, "invalid_request: languge: unknown key");
    peer_ask(&peer, 2, "scan", missing);
    peer_expect(&peer, 2, "invalid_request: language: ");
    cr_assert_eq(peer.connection->n_requests, 0);
}

Test(dispatch, asks_for_the_right_before_it_reads_parameters, .init = start, .fini = stop)
{
    static const char *const wrong[] = {"no", "such", NULL};
    peer.connection->identity.rights = SP_RIGHT_SCAN;
    peer_ask(&peer, 1, "run", wrong);
    peer_expect(&peer, 1, "denied: run needs the right \"run\"");
    peer_ask(&peer, 2, "hello", NULL);
    peer_expect(&peer, 2, NULL);
    served_expect_audited("audit", "denial");
}

/* There is no spawner here. */
Test(dispatch, hello_tells_of_a_runtime_what_it_says_of_itself, .init = start, .fini = stop)
{
    struct sp_str reason = {"", 0}, name = {"", 0};
    peer_ask(&peer, 1, "hello", NULL);
    const msgpack_object *runtimes = sp_decode_peek(peer_expect(&peer, 1, NULL), "runtimes");
    cr_assert_eq(runtimes->via.array.size, 1);
    const msgpack_object *row = &runtimes->via.array.ptr[0];
    cr_assert(sp_decode_str(sp_decode_peek(row, "name"), &name) && sp_str_is(name, "bubblewrap"));
    cr_assert(sp_decode_str(sp_decode_peek(row, "reason"), &reason) && sp_str_is(reason, "there is no spawner"));
    cr_assert_not(sp_decode_peek(row, "available")->via.boolean);
    peer_ask(&peer, 2, "run", source);
    peer_expect(&peer, 2, "runtime_unavailable: runtime: there is no spawner");
}

Test(dispatch, takes_no_new_work_while_the_daemon_drains, .init = start, .fini = stop)
{
    served.server.draining = true;
    peer_ask(&peer, 1, "scan", source);
    peer_expect(&peer, 1, "shutting_down");
    peer_ask(&peer, 2, "hello", NULL);
    peer_expect(&peer, 2, NULL);
}

Test(dispatch, answers_busy_past_what_a_user_may_have_in_flight, .fini = stop)
{
    start_with("bounds: {user_requests: 1}\n");
    struct sp_buffer frames;
    sp_buffer_init(&frames, 1 << 20);
    peer_pack(&frames, 1, "scan", source);
    peer_pack(&frames, 2, "scan", source);
    peer_send(&peer, frames.bytes, frames.n_bytes);
    sp_buffer_fini(&frames);
    peer_expect(&peer, 2, "busy: ");
    peer_expect(&peer, 1, NULL);
    peer_ask(&peer, 3, "scan", source);
    peer_expect(&peer, 3, NULL);
}

Test(dispatch, closes_where_a_msgid_is_in_flight_twice, .init = start, .fini = stop)
{
    struct sp_buffer frames;
    sp_buffer_init(&frames, 1 << 20);
    peer_pack(&frames, 1, "scan", source);
    peer_pack(&frames, 1, "scan", source);
    peer_send(&peer, frames.bytes, frames.n_bytes);
    sp_buffer_fini(&frames);
    cr_assert_null(peer_read(&peer), "an answer would pass for the first one's");
}

/* Keeps the one worker busy until it is let go. */
static uv_sem_t begun, go;

static void wait_work(struct sp_task *task, struct sp_scanner *scanner)
{
    (void)task, (void)scanner;
    uv_sem_post(&begun);
    uv_sem_wait(&go);
}

static void wait_done(struct sp_task *task, bool cancelled)
{
    (void)task, (void)cancelled;
}

Test(dispatch, cancels_by_msgid_what_waits, .init = start, .fini = stop)
{
    struct sp_task task = {.work = wait_work, .done = wait_done};
    struct sp_buffer frames;
    uv_sem_init(&begun, 0);
    uv_sem_init(&go, 0);
    cr_assert_eq(sp_workers_submit(served.server.workers, &task, NULL), 0);
    uv_sem_wait(&begun);
    sp_buffer_init(&frames, 1 << 20);
    for (uint32_t i = 1; i <= 3; i++)
        peer_pack(&frames, i, "scan", source);
    sp_message_pack_notification(&frames, "cancel");
    sp_pack_array(&frames, 1);
    sp_pack_map(&frames, 1);
    sp_pack_key(&frames, "msgid");
    sp_pack_uint(&frames, 2);
    peer_send(&peer, frames.bytes, frames.n_bytes);
    sp_buffer_fini(&frames);
    peer_expect(&peer, 2, "cancelled");
    uv_sem_post(&go);
    peer_expect(&peer, 1, NULL);
    peer_expect(&peer, 3, NULL);
    uv_sem_destroy(&begun);
    uv_sem_destroy(&go);
}

Test(dispatch, ignores_notifications_and_answers_that_mean_nothing, .init = start, .fini = stop)
{
    static const char frames[] = "\x93\x02\xa4sing\x92\x01\x02" /* parameters of any shape */
                                 "\x93\x02\xa6"
                                 "cancel\x90" /* of nothing */
                                 "\x93\x02\xa6"
                                 "cancel\x91\x81\xa5"
                                 "msgid\x63"             /* of what is not in flight */
                                 "\x94\x01\x05\xc0\xc0"; /* an answer to nothing */
    peer_send(&peer, frames, sizeof(frames) - 1);
    peer_ask(&peer, 1, "hello", NULL);
    peer_expect(&peer, 1, NULL);
    cr_assert_eq(served.server.stats->counters[SP_STAT_NOTIFICATIONS], 3);
}
