#include "tests/unit/runtimes/hand_adapter.h"

TestSuite(pool, .init = hand_set_up, .fini = hand_tear_down);

static struct sp_pool *the_pool(void)
{
    return hand_set->rows[0].pools;
}

static unsigned n_ready(void)
{
    struct sp_runtimes_stats stats;
    sp_runtimes_stats(hand_set, &stats);
    return stats.ready;
}

static void ready_all(void)
{
    for (unsigned i = 0; i < hands[0].n_boxes; i++)
        if (hands[0].boxes[i] && !hands[0].boxes[i]->killed)
            hand_ready(hands[0].boxes[i]);
}

Test(pool, keeps_as_many_ready_as_it_was_told)
{
    hand_config.pool.min = 3;
    hand_open_set(1);
    hand_turn(2);
    cr_assert_eq(hands[0].n_boxes, 2, "two at a time are made");
    cr_assert_eq(n_ready(), 0);
    ready_all();
    hand_turn(2);
    cr_assert_eq(hands[0].n_boxes, 3);
    ready_all();
    hand_turn(2);
    cr_assert_eq(hands[0].n_boxes, 3);
    cr_assert_eq(n_ready(), 3);
}

Test(pool, gives_the_oldest_and_never_again)
{
    hand_config.pool.min = 2;
    hand_open_set(1);
    hand_turn(2);
    ready_all();
    cr_assert_eq(sp_pool_take(the_pool()), &hands[0].boxes[0]->sandbox);
    cr_assert_eq(sp_pool_take(the_pool()), &hands[0].boxes[1]->sandbox);
    cr_assert_null(sp_pool_take(the_pool()));
    for (unsigned i = 0; i < 2; i++) {
        hands[0].boxes[i]->ended = true;
        sp_set_release(hand_set, &hand_set->rows[0], &hands[0].boxes[i]->sandbox);
    }
}

Test(pool, serves_by_language_and_leaves_limits_to_the_adapter)
{
    hand_open_set(1);
    struct sp_sandbox_key key = the_pool()->key;
    key.limits.memory_bytes--;
    cr_assert_eq(sp_set_find_pool(&hand_set->rows[0], &key), the_pool());
    key.language = SP_LANGUAGE_RUBY;
    cr_assert_null(sp_set_find_pool(&hand_set->rows[0], &key));
}

Test(pool, makes_anew_what_has_other_limits_than_are_usual_now)
{
    hand_config.pool.min = 2;
    hand_config.pool.max = 2;
    hand_open_set(1);
    hand_turn(2);
    hand_ready(hands[0].boxes[0]);
    struct sp_limits limits = hand_config.limits;
    sp_runtimes_set_limits(hand_set, &limits);
    cr_assert_eq(hand_bury(), 0, "nothing has changed");
    limits.disk_bytes *= 2;
    sp_runtimes_set_limits(hand_set, &limits);
    cr_assert_eq(hand_bury(), 2, "one was ready, one was made");
    hand_turn(2);
    ready_all();
    cr_assert_eq(n_ready(), 2);
    struct hand_run run = hand_run_of("x");
    run.spec.limits = limits;
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(2);
    hand_exit(hands[0].boxes[2], 0, 0);
    hand_end(hands[0].boxes[2], 0, NULL);
    cr_assert_eq(run.n_results, 1);
    cr_assert(run.result.warm);
}

Test(pool, grows_with_what_is_missed_and_shrinks_when_idle)
{
    hand_config.pool.max = 5;
    hand_config.pool.idle_ms = 60000;
    hand_open_set(1);
    const uint32_t grows[] = {1, 2, 4, 5, 5};
    for (size_t i = 0; i < 5; i++) {
        sp_pool_miss(the_pool());
        cr_assert_eq(the_pool()->target, grows[i]);
    }
    for (uint32_t target = 4; target > 0; target--) {
        the_pool()->last_miss_ms -= 60001;
        sp_pool_age(the_pool());
        cr_assert_eq(the_pool()->target, target);
    }
}

Test(pool, gives_up_what_is_too_old_or_does_not_become_ready)
{
    hand_config.pool.min = 2;
    hand_config.pool.life_ms = 60000;
    hand_open_set(1);
    hand_turn(2);
    hand_ready(hands[0].boxes[0]);
    sp_pool_age(the_pool());
    cr_assert_not(hands[0].boxes[0]->killed);
    cr_assert_not(hands[0].boxes[1]->killed);
    hands[0].boxes[0]->sandbox.made_ms -= 60001;
    hands[0].boxes[1]->sandbox.made_ms -= 16000;
    sp_pool_age(the_pool());
    cr_assert(hands[0].boxes[0]->killed, "too old");
    cr_assert(hands[0].boxes[1]->killed, "never ready");
    cr_assert_eq(n_ready(), 0);
    /* Late words of what is leaving change nothing. */
    hand_ready(hands[0].boxes[1]);
    cr_assert_eq(n_ready(), 0);
}

Test(pool, waits_longer_after_each_that_ended_by_itself)
{
    hand_config.pool.min = 1;
    hand_open_set(1);
    hand_turn(2);
    hand_end(hands[0].boxes[0], 0, "no bwrap");
    hand_turn(5);
    cr_assert_eq(hands[0].n_boxes, 1, "it is tried again at once");
    uint64_t first = the_pool()->try_again_ms - uv_now(&hand_loop);
    the_pool()->try_again_ms = 0;
    sp_pool_fill(the_pool());
    cr_assert_eq(hands[0].n_boxes, 2);
    hand_end(hands[0].boxes[1], 0, "no bwrap");
    cr_assert_gt(the_pool()->try_again_ms - uv_now(&hand_loop), first);
    the_pool()->try_again_ms = 0;
    sp_pool_fill(the_pool());
    hand_ready(hands[0].boxes[2]);
    cr_assert_eq(the_pool()->failures, 0);
}

Test(pool, what_breaks_the_rules_is_killed_and_not_used)
{
    hand_config.pool.min = 1;
    hand_open_set(1);
    hand_turn(2);
    hand_ready(hands[0].boxes[0]);
    cr_assert_eq(n_ready(), 1);
    hands[0].boxes[0]->sandbox.events->broken(&hands[0].boxes[0]->sandbox);
    cr_assert(hands[0].boxes[0]->killed);
    cr_assert_eq(n_ready(), 0);
    cr_assert_null(sp_pool_take(the_pool()));
}

Test(pool, makes_nothing_without_room_or_runtime)
{
    hand_config.pool.min = 2;
    hand_config.sandboxes_max = 1;
    hand_open_set(1);
    hand_turn(2);
    cr_assert_eq(hands[0].n_boxes, 1);
    hands[0].unavailable = true;
    hand_set->config.sandboxes_max = 8;
    sp_pool_fill(the_pool());
    cr_assert_eq(hands[0].n_boxes, 1);
}

Test(pool, can_be_made_to_give_way)
{
    hand_config.pool.min = 1;
    hand_open_set(1);
    hand_turn(2);
    cr_assert_not(sp_pool_evict(the_pool()), "what is not ready yet is left");
    hand_ready(hands[0].boxes[0]);
    cr_assert(sp_pool_evict(the_pool()));
    cr_assert(hands[0].boxes[0]->killed);
    cr_assert_eq(the_pool()->leaving.n, 1);
}
