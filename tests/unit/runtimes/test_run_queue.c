#include "tests/unit/runtimes/hand_adapter.h"

TestSuite(run_queue, .init = hand_set_up, .fini = hand_tear_down);

static struct hand_run cold_run(const char *code)
{
    struct hand_run run = hand_run_of(code);
    run.spec.limits.disk_bytes--; /* can only be had from the start */
    return run;
}

static uint32_t n_queued(void)
{
    struct sp_runtimes_stats stats;
    sp_runtimes_stats(hand_set, &stats);
    return stats.queued;
}

/* Plays a whole run in the sandbox of that number. */
static void play(unsigned i)
{
    hand_ready(hands[0].boxes[i]);
    hand_exit(hands[0].boxes[i], 0, 0);
    hand_end(hands[0].boxes[i], 0, NULL);
    hand_turn(1);
}

Test(run_queue, who_waits_for_room_holds_up_those_behind)
{
    hand_config.memory_total_bytes = 3ull << 30;
    hand_open_set(1);
    struct hand_run first = cold_run("1"), large = cold_run("2"), small = cold_run("3");
    first.spec.limits.memory_bytes = 1ull << 30;
    large.spec.limits.memory_bytes = 3ull << 30;
    small.spec.limits.memory_bytes = 1 << 20;
    cr_assert_eq(hand_start(&first), 0);
    cr_assert_eq(hand_start(&large), 0);
    cr_assert_eq(hand_start(&small), 0);
    hand_turn(2);
    cr_assert_eq(hands[0].n_boxes, 1, "a small one passed a large one");
    play(0);
    cr_assert_eq(first.n_results, 1);
    cr_assert_eq(hands[0].n_boxes, 2);
    cr_assert_eq(hands[0].boxes[1]->sandbox.key.limits.memory_bytes, 3ull << 30);
    play(1);
    cr_assert_eq(hands[0].n_boxes, 3);
    play(2);
    cr_assert_eq(small.n_results, 1);
}

Test(run_queue, who_waits_for_a_pool_lets_others_pass)
{
    hand_config.pool.max = 1;
    hand_config.pool.when_empty = SP_POOL_EMPTY_WAIT;
    hand_config.pool.wait_ms = 5000;
    hand_open_set(1);
    struct hand_run waits = hand_run_of("1"), passes = cold_run("2");
    cr_assert_eq(hand_start(&waits), 0);
    cr_assert_eq(hand_start(&passes), 0);
    hand_turn(2);
    cr_assert_eq(n_queued(), 1);
    cr_assert_eq(hands[0].n_boxes, 2, "one for the run that passed, one for the pool");
    play(0);
    cr_assert_eq(passes.n_results, 1);
    hand_ready(hands[0].boxes[1]);
    hand_turn(1);
    cr_assert_eq(n_queued(), 0);
    hand_exit(hands[0].boxes[1], 0, 0);
    hand_end(hands[0].boxes[1], 0, NULL);
    cr_assert_eq(waits.n_results, 1);
    cr_assert(waits.result.warm);
    cr_assert_not(passes.result.warm);
}

Test(run_queue, an_empty_pool_is_not_waited_for_without_end)
{
    hand_config.pool.max = 1;
    hand_config.pool.when_empty = SP_POOL_EMPTY_WAIT;
    hand_config.pool.wait_ms = 500;
    hand_open_set(1);
    struct hand_run run = hand_run_of("1");
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(5);
    cr_assert_eq(run.n_done, 0);
    HAND_UNTIL(run.n_done == 1);
    cr_assert_eq(run.error.code, SP_EBUSY);
    cr_assert_eq(run.n_started, 0);
}

Test(run_queue, an_empty_pool_can_refuse)
{
    hand_config.pool.when_empty = SP_POOL_EMPTY_FAIL;
    hand_open_set(1);
    struct hand_run run = hand_run_of("1");
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(2);
    cr_assert_eq(run.error.code, SP_EBUSY);
    cr_assert_eq(hands[0].n_boxes, 0);
}

Test(run_queue, one_that_is_being_made_is_waited_for_by_one_run_only)
{
    hand_config.pool.min = 1;
    hand_open_set(1);
    hand_turn(2);
    struct hand_run first = hand_run_of("1"), second = hand_run_of("2");
    cr_assert_eq(hand_start(&first), 0);
    cr_assert_eq(hand_start(&second), 0);
    hand_turn(1);
    cr_assert_eq(n_queued(), 1);
    hand_ready(hands[0].boxes[0]);
    hand_turn(1);
    cr_assert_eq(n_queued(), 0);
    hand_exit(hands[0].boxes[0], 0, 0);
    hand_end(hands[0].boxes[0], 0, NULL);
    cr_assert(first.result.warm);
    hand_turn(1);
    play(1);
    cr_assert_eq(second.n_results, 1);
    cr_assert_not(second.result.warm);
}

Test(run_queue, pooled_sandboxes_give_way_to_a_run)
{
    hand_config.pool.min = 1;
    hand_config.sandboxes_max = 1;
    hand_open_set(1);
    hand_turn(2);
    hand_ready(hands[0].boxes[0]);
    struct hand_run run = cold_run("1");
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(2);
    cr_assert(hands[0].boxes[0]->killed);
    cr_assert_eq(hands[0].n_boxes, 1, "before the room is there");
    hand_bury();
    hand_turn(2);
    cr_assert_eq(hands[0].n_boxes, 2);
    play(1);
    cr_assert_eq(run.n_results, 1);
}

Test(run_queue, an_adapter_that_is_busy_is_asked_again)
{
    hands[0].prepare_status = SP_EBUSY;
    hand_open_set(1);
    struct hand_run run = cold_run("1");
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(2);
    cr_assert_eq(n_queued(), 1);
    hands[0].prepare_status = 0;
    hands[0].config.room(hands[0].config.context);
    hand_turn(1);
    play(0);
    cr_assert_eq(run.n_results, 1);
}

Test(run_queue, an_adapter_that_cannot_is_the_runs_error)
{
    hands[0].prepare_status = SP_ERUNTIME_UNAVAILABLE;
    hand_open_set(1);
    struct hand_run run = cold_run("1"), queued = cold_run("2");
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(2);
    cr_assert_eq(run.n_done, 1);
    cr_assert_eq(run.error.code, SP_ERUNTIME_UNAVAILABLE);
    hands[0].prepare_status = 0;
    cr_assert_eq(hand_start(&queued), 0);
    hands[0].unavailable = true;
    hand_turn(2);
    cr_assert_eq(queued.error.code, SP_ERUNTIME_UNAVAILABLE, "it became unavailable while the run waited");
}

Test(run_queue, is_bounded)
{
    hand_config.queue_max = 2;
    hand_open_set(1);
    struct hand_run runs[3] = {hand_run_of("1"), hand_run_of("2"), hand_run_of("3")};
    cr_assert_eq(hand_start(&runs[0]), 0);
    cr_assert_eq(hand_start(&runs[1]), 0);
    cr_assert_eq(hand_start(&runs[2]), SP_EBUSY);
    hand_turn(2);
    play(0);
    play(1);
}

/* ---- whose turn it is ---- */

#define RUNS_MAX 16

struct turns {
    struct sp_run_queue queue;
    struct sp_sandbox_spec specs[RUNS_MAX];
    struct sp_run_state states[RUNS_MAX];
    char names[RUNS_MAX];
    size_t n;
};

/* Runs come in, each of the owner that its letter names. */
static void come(struct turns *turns, const char *owners)
{
    for (; *owners; owners++) {
        size_t i = turns->n++;
        turns->specs[i].owner_uid = (uint32_t)*owners;
        turns->states[i].spec = &turns->specs[i];
        turns->names[i] = *owners;
        sp_run_queue_wait(&turns->queue, &turns->states[i]);
    }
}

/* The first n leave, in order: their owners. */
static const char *leave(struct turns *turns, size_t n)
{
    static char text[RUNS_MAX + 1];
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < n; i++) {
        struct sp_run_state *first = turns->queue.first;
        text[i] = turns->names[first - turns->states];
        sp_run_queue_remove(&turns->queue, first);
    }
    return text;
}

Test(run_queue_turns, owners_take_turns)
{
    struct turns turns = {0};
    come(&turns, "aaaabbc");
    cr_assert_eq(turns.queue.n, 7);
    cr_assert_str_eq(leave(&turns, 7), "abcabaa");
    cr_assert_eq(turns.queue.first, NULL);
    cr_assert_eq(turns.queue.last, NULL);
}

Test(run_queue_turns, one_owner_is_served_in_order)
{
    struct turns turns = {0};
    come(&turns, "aaa");
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(turns.queue.first, &turns.states[i]);
        leave(&turns, 1);
    }
}

Test(run_queue_turns, one_that_comes_in_late_waits_one_turn_at_most)
{
    struct turns turns = {0};
    come(&turns, "aaaaaa");
    leave(&turns, 2);
    come(&turns, "b");
    cr_assert_str_eq(leave(&turns, 2), "ab");
}

Test(run_queue_turns, one_that_always_comes_back_does_not_starve_who_waits)
{
    struct turns turns = {0};
    come(&turns, "aaaa");
    leave(&turns, 1);
    char served[7] = "";
    for (size_t i = 0; i < 3; i++) {
        come(&turns, "b");
        strcat(served, leave(&turns, 2));
    }
    cr_assert_str_eq(served, "ababab");
}

Test(run_queue_turns, who_gives_up_in_the_middle_leaves_the_others_in_order)
{
    struct turns turns = {0};
    come(&turns, "abab");
    sp_run_queue_remove(&turns.queue, &turns.states[1]);
    cr_assert_eq(turns.queue.n, 3);
    cr_assert_str_eq(leave(&turns, 3), "aab");
}
