#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/runtimes/hand_adapter.h"

TestSuite(set, .init = hand_set_up, .fini = hand_tear_down);

static const int hand_node[] = {SP_LANGUAGE_JAVASCRIPT};

static int find(const char *name, int language, const char **ret_name, struct sp_error *ret_error)
{
    struct sp_set_row *row = NULL;
    *ret_error = (struct sp_error){0};
    int status = sp_set_find_row(hand_set, sp_str_of(name), language, &row, ret_error);
    *ret_name = row ? row->ops->name : NULL;
    return status;
}

Test(set, lists_all_runtimes_with_their_state)
{
    hands[1].unavailable = true;
    hand_open_set(2);
    const struct sp_runtime_info *infos;
    cr_assert_eq(sp_runtimes_describe(hand_set, &infos), 2);
    cr_assert_str_eq(infos[0].name, "left");
    cr_assert(infos[0].available);
    cr_assert_str_eq(infos[1].name, "right");
    cr_assert_not(infos[1].available);
    cr_assert_str_eq(infos[1].reason, "tied");
    hands[1].unavailable = false;
    sp_runtimes_describe(hand_set, &infos);
    cr_assert(infos[1].available, "it was asked once and for all");
}

Test(set, one_that_cannot_be_opened_is_listed_and_takes_nothing_down)
{
    struct sp_error error;
    const char *name;
    hands[0].fails_to_open = true;
    hand_open_set(2);
    const struct sp_runtime_info *infos;
    cr_assert_eq(sp_runtimes_describe(hand_set, &infos), 2);
    cr_assert_str_eq(infos[0].name, "left");
    cr_assert_not(infos[0].available);
    cr_assert_str_eq(infos[0].reason, "the hand is broken");
    cr_assert_eq(find(NULL, SP_LANGUAGE_PYTHON, &name, &error), 0);
    cr_assert_str_eq(name, "right");
    cr_assert_eq(find("left", SP_LANGUAGE_PYTHON, &name, &error), SP_ERUNTIME_UNAVAILABLE);
    cr_assert_str_eq(error.text, "left: the hand is broken");
}

Test(set, with_none_that_can_be_opened_it_does_not_open)
{
    struct sp_error error = {0};
    hands[0].fails_to_open = hands[1].fails_to_open = true;
    cr_assert_eq(sp_set_open(&hand_config, hand_table, 2, &hand_set, &error), SP_EINTERNAL);
    cr_assert_null(hand_set);
    cr_assert_str_eq(error.text, "left: the hand is broken");
}

Test(set, a_descriptor_that_no_runtime_takes_is_closed)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    hand_config.bubblewrap.spawner_fd = ends[1];
    hand_open_set(1);
    cr_assert_eq(fcntl(ends[1], F_GETFD), -1);
    close(ends[0]);

    struct sp_runtimes *none = NULL;
    hands[1].fails_to_open = true;
    cr_assert_eq(pipe(ends), 0);
    hand_config.bubblewrap.spawner_fd = ends[1];
    cr_assert_eq(sp_set_open(&hand_config, hand_table + 1, 1, &none, NULL), SP_EINTERNAL);
    cr_assert_eq(fcntl(ends[1], F_GETFD), -1);
    close(ends[0]);
}

static void expect_no_spawner(const char *told, const char *reason)
{
    const struct sp_runtime_info *infos;
    hand_config.bubblewrap.no_spawner = told;
    cr_assert_eq(sp_runtimes_open(&hand_config, &hand_set, NULL), 0);
    cr_assert_eq(sp_runtimes_describe(hand_set, &infos), 1);
    cr_assert_str_eq(infos[0].name, "bubblewrap");
    cr_assert_not(infos[0].available);
    cr_assert_str_eq(infos[0].reason, reason);
    cr_assert_eq(infos[0].n_languages, 0);
}

Test(set, without_a_spawner_bubblewrap_is_listed_with_the_reason)
{
    expect_no_spawner("the spawner does not answer", "the spawner does not answer");
}

Test(set, without_a_spawner_and_a_reason_that_is_said)
{
    struct sp_error error;
    const char *name;
    expect_no_spawner(NULL, "there is no spawner");
    cr_assert_eq(find(NULL, SP_LANGUAGE_PYTHON, &name, &error), SP_ERUNTIME_UNAVAILABLE);
}

Test(set, a_runtime_is_chosen_by_name)
{
    struct sp_error error;
    const char *name;
    hand_open_set(2);
    cr_assert_eq(find("right", SP_LANGUAGE_PYTHON, &name, &error), 0);
    cr_assert_str_eq(name, "right");
    cr_assert_eq(find("middle", SP_LANGUAGE_PYTHON, &name, &error), SP_ERUNTIME_UNAVAILABLE);
    cr_assert_str_eq(error.text, "there is no such runtime");
    cr_assert_eq(find("left", SP_LANGUAGE_JAVASCRIPT, &name, &error), SP_EUNSUPPORTED_LANGUAGE);
    hands[0].unavailable = true;
    cr_assert_eq(find("left", SP_LANGUAGE_PYTHON, &name, &error), SP_ERUNTIME_UNAVAILABLE);
    cr_assert_str_eq(error.text, "left: tied");
}

Test(set, without_a_name_it_is_the_first_available_that_can_run_the_language)
{
    struct sp_error error;
    const char *name;
    hands[1].languages = hand_node;
    hand_open_set(2);
    cr_assert_eq(find(NULL, SP_LANGUAGE_PYTHON, &name, &error), 0);
    cr_assert_str_eq(name, "left");
    cr_assert_eq(find(NULL, SP_LANGUAGE_JAVASCRIPT, &name, &error), 0);
    cr_assert_str_eq(name, "right");
    cr_assert_eq(find(NULL, SP_LANGUAGE_RUBY, &name, &error), SP_EUNSUPPORTED_LANGUAGE);
    hands[0].unavailable = true;
    cr_assert_eq(find(NULL, SP_LANGUAGE_PYTHON, &name, &error), SP_EUNSUPPORTED_LANGUAGE);
    cr_assert_str_eq(error.text, "right cannot run python here");
    hands[1].unavailable = true;
    cr_assert_eq(find(NULL, SP_LANGUAGE_PYTHON, &name, &error), SP_ERUNTIME_UNAVAILABLE);
    cr_assert_str_eq(error.text, "left: tied");
}

Test(set, runs_go_where_they_were_sent)
{
    hand_open_set(2);
    struct hand_run run = hand_run_of("x");
    run.spec.runtime = SP_STR("right");
    cr_assert_eq(hand_start(&run), 0);
    hand_turn(1);
    cr_assert_eq(hands[0].n_boxes, 0);
    cr_assert_eq(hands[1].n_boxes, 1);
    hand_ready(hands[1].boxes[0]);
    hand_exit(hands[1].boxes[0], 4, 0);
    hand_end(hands[1].boxes[0], 0, NULL);
    cr_assert_eq(run.n_results, 1);
    cr_assert_str_eq(run.result.runtime, "right");
}

Test(set, all_live_sandboxes_are_one_account)
{
    hand_config.sandboxes_max = 3;
    hand_config.memory_total_bytes = 1000;
    hand_open_set(2);
    struct sp_sandbox *sandboxes[2];
    static const struct sp_sandbox_events none = {0};
    struct sp_sandbox_key key = {.language = SP_LANGUAGE_PYTHON, .limits.memory_bytes = 400};
    struct sp_runtimes_stats stats;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(sp_set_prepare(hand_set, &hand_set->rows[i], &key, &none, NULL, &sandboxes[i], NULL), 0);
    sp_runtimes_stats(hand_set, &stats);
    cr_assert_eq(stats.live, 2);
    cr_assert_eq(stats.memory_bytes, 800);
    cr_assert(sp_set_fits(hand_set, 200));
    cr_assert_not(sp_set_fits(hand_set, 201));
    cr_assert_not(sp_set_fits(hand_set, UINT64_MAX - 100), "the sum wraps");
    hand_set->config.sandboxes_max = 2;
    cr_assert_not(sp_set_fits(hand_set, 1));
    for (int i = 0; i < 2; i++) {
        ((struct hand_box *)sandboxes[i])->ended = true;
        sp_set_release(hand_set, &hand_set->rows[i], sandboxes[i]);
    }
    cr_assert(sp_set_fits(hand_set, 1000));
    /* What could not be made is not counted. */
    struct sp_sandbox *none_made;
    hands[0].prepare_status = SP_EBUSY;
    cr_assert_eq(sp_set_prepare(hand_set, &hand_set->rows[0], &key, &none, NULL, &none_made, NULL), SP_EBUSY);
    sp_runtimes_stats(hand_set, &stats);
    cr_assert_eq(stats.live, 0);
}

Test(set, closing_waits_for_the_last_sandbox)
{
    hand_config.pool.min = 2;
    hand_open_set(1);
    hand_turn(2);
    cr_assert_eq(hands[0].n_alive, 2);
    sp_runtimes_close(hand_set, hand_on_closed, NULL);
    hand_turn(5);
    cr_assert_eq(hand_n_closed, 0);
    struct hand_run run = hand_run_of("x");
    cr_assert_eq(hand_start(&run), SP_ESHUTTING_DOWN);
    cr_assert(hands[0].boxes[0]->killed && hands[0].boxes[1]->killed);
    hand_end(hands[0].boxes[0], 0, NULL);
    hand_turn(5);
    cr_assert_eq(hand_n_closed, 0);
    hand_end(hands[0].boxes[1], 0, NULL);
    hand_turn(5);
    cr_assert_eq(hand_n_closed, 1);
    hand_set = NULL;
}
