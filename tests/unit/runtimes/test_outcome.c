#include <criterion/criterion.h>
#include <signal.h>

#include "runtimes/outcome.h"

static struct sp_run_result judge(struct sp_outcome_facts facts)
{
    struct sp_run_result result;
    memset(&result, 0x55, sizeof result);
    sp_outcome_judge(&facts, &result);
    return result;
}

#define cr_is(result, name) cr_assert_str_eq(sp_outcome_name((result).outcome), name)

Test(outcome, an_exit_frame_stands)
{
    struct sp_run_result result = judge((struct sp_outcome_facts){.has_exit = true, .exit = {.exit_code = 3}});
    cr_is(result, "exited");
    cr_assert(result.has_exit_code);
    cr_assert_eq(result.exit_code, 3);
    cr_assert_eq(result.signal, 0);
}

Test(outcome, a_child_that_was_oom_killed_does_not_change_an_exit)
{
    struct sp_run_result result =
        judge((struct sp_outcome_facts){.has_exit = true, .exit = {.exit_code = 0}, .oom_kills = 2});
    cr_is(result, "exited");
    cr_assert_eq(result.oom_kills, 2);
}

Test(outcome, a_signal_is_a_signal)
{
    struct sp_run_result result =
        judge((struct sp_outcome_facts){.has_exit = true, .exit = {.signal = 11}, .oom_kills = 1});
    cr_is(result, "signaled");
    cr_assert_eq(result.signal, 11);
    cr_assert_not(result.has_exit_code);
}

Test(outcome, signal_9_is_an_oom_kill_only_where_one_was_counted)
{
    cr_is(judge((struct sp_outcome_facts){.has_exit = true, .exit = {.signal = 9}}), "signaled");
    struct sp_run_result result =
        judge((struct sp_outcome_facts){.has_exit = true, .exit = {.signal = 9}, .oom_kills = 1});
    cr_is(result, "oom_killed");
    cr_assert_not(result.has_exit_code);
    cr_assert_eq(result.signal, 0);
}

Test(outcome, our_own_kill_comes_before_an_oom)
{
    static const struct {
        enum sp_kill_cause cause;
        const char *name;
    } rows[] = {
        {SP_KILL_TIMED_OUT, "timed_out"},
        {SP_KILL_CPU_TIME, "signaled"},
        {SP_KILL_OUTPUT_LIMIT, "output_limit"},
        {SP_KILL_CANCELLED, "cancelled"},
        {SP_KILL_BROKEN, "lost"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_is(judge((struct sp_outcome_facts){.kill = rows[i].cause, .oom_kills = 1}), rows[i].name);
}

Test(outcome, without_a_frame_the_count_decides)
{
    cr_is(judge((struct sp_outcome_facts){.oom_kills = 1}), "oom_killed");
    struct sp_run_result result = judge((struct sp_outcome_facts){0});
    cr_is(result, "lost");
    cr_assert_not(result.has_exit_code);
}

Test(outcome, every_outcome_has_a_name)
{
    for (int i = 0; i < SP_OUTCOME_COUNT; i++)
        cr_assert_gt(strlen(sp_outcome_name((enum sp_outcome)i)), 3);
}

Test(outcome, processor_time_that_all_used_up_is_named_as_what_one_used_up)
{
    struct sp_run_result result = judge((struct sp_outcome_facts){.kill = SP_KILL_CPU_TIME});
    cr_is(result, "signaled");
    cr_assert_eq(result.signal, SIGXCPU);
    cr_assert_not(result.has_exit_code);
    cr_assert_eq(judge((struct sp_outcome_facts){.kill = SP_KILL_TIMED_OUT}).signal, 0);
}
