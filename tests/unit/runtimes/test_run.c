#include <errno.h>
#include <signal.h>

#include "tests/unit/runtimes/hand_adapter.h"

static struct hand_run the_run;

static void set_up(void)
{
    hand_set_up();
    the_run = hand_run_of("x");
}

TestSuite(run, .init = set_up, .fini = hand_tear_down);

/* A run whose sandbox is being made. */
static struct hand_box *start(void)
{
    if (!hand_set)
        hand_open_set(1);
    cr_assert_eq(hand_start(&the_run), 0, "%s", the_run.error.text);
    hand_turn(1);
    cr_assert_eq(hands[0].n_boxes, 1);
    return hands[0].boxes[0];
}

static struct hand_box *hand_over(void)
{
    struct hand_box *box = start();
    hand_ready(box);
    cr_assert_eq(the_run.n_started, 1);
    cr_assert_eq(box->n_writes, 1);
    return box;
}

static void cr_assert_ended(enum sp_outcome outcome)
{
    cr_assert_eq(the_run.n_done, 1);
    cr_assert_eq(the_run.n_results, 1, "%s", the_run.error.text);
    cr_assert_eq(the_run.result.outcome, outcome, "%s", sp_outcome_name(the_run.result.outcome));
}

static void cr_assert_failed(int code)
{
    cr_assert_eq(the_run.n_done, 1);
    cr_assert_eq(the_run.n_results, 0);
    cr_assert_eq(the_run.error.code, code, "%s", the_run.error.text);
}

Test(run, goes_from_a_sandbox_to_a_result)
{
    struct hand_box *box = start();
    hand_out(box, "not the program's");
    cr_assert_eq(the_run.n_started, 0);
    hand_ready(box);
    hand_out(box, "hi\n");
    hand_exit(box, 7, 0);
    cr_assert_eq(the_run.n_done, 0, "something of it is left");
    cr_assert_not(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_EXITED);
    cr_assert_eq(the_run.result.exit_code, 7);
    cr_assert(the_run.result.has_exit_code);
    cr_assert_eq(the_run.n_out, 3);
    cr_assert_eq(the_run.result.cpu_ms, 5, "the runner's word counts");
    cr_assert_eq(the_run.result.max_rss_bytes, 77);
    cr_assert_not(the_run.result.warm);
    struct sp_runtimes_stats stats;
    sp_runtimes_stats(hand_set, &stats);
    cr_assert_eq(stats.live, 0);
    cr_assert_eq(stats.started, 1);
    cr_assert_eq(stats.cold_starts, 1);
}

Test(run, waits_for_its_limits_before_it_is_handed_over)
{
    hands[0].load_status = 0;
    struct hand_box *box = start();
    hand_ready(box);
    cr_assert(box->loaded);
    cr_assert_eq(the_run.n_started, 0);
    box->sandbox.events->loaded(&box->sandbox, 0);
    cr_assert_eq(the_run.n_started, 1);
    hand_exit(box, 0, 0);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_EXITED);
}

Test(run, limits_that_cannot_be_lowered_end_it_before_it_began)
{
    hands[0].load_status = 0;
    struct hand_box *box = start();
    hand_ready(box);
    box->sandbox.events->loaded(&box->sandbox, SP_EINVALID_REQUEST);
    cr_assert(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_failed(SP_EINVALID_REQUEST);
    cr_assert_eq(the_run.n_started, 0);
}

Test(run, files_that_cannot_be_laid_out_end_it_before_it_began)
{
    hands[0].load_status = SP_EINVALID_REQUEST;
    struct hand_box *box = start();
    hand_ready(box);
    cr_assert(box->killed);
    cr_assert_eq(box->n_writes, 0);
    hand_end(box, 0, NULL);
    cr_assert_failed(SP_EINVALID_REQUEST);
}

Test(run, a_deadline_kills_and_what_it_says_afterwards_does_not_count)
{
    the_run.spec.limits.wall_ms = 500;
    struct hand_box *box = hand_over();
    hand_turn(5);
    cr_assert_not(box->killed);
    HAND_UNTIL(box->killed);
    hand_out(box, "late");
    hand_exit(box, 0, 0);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_TIMED_OUT);
    cr_assert_not(the_run.result.has_exit_code);
    cr_assert_geq(the_run.result.run_ms, 500);
    cr_assert_eq(the_run.n_out, 4, "what was printed until then is returned");
    cr_assert_eq(the_run.result.cpu_ms, 9, "the adapter's word counts");
}

Test(run, output_past_its_limit_is_cut_and_kills)
{
    the_run.spec.limits.output_bytes = 5;
    struct hand_box *box = hand_over();
    hand_out(box, "12345");
    cr_assert_not(box->killed, "at its limit it is whole");
    hand_say(box, (struct sp_runner_event){.type = SP_RUNNER_STDERR, .bytes = SP_STR("6")});
    cr_assert(box->killed);
    hand_out(box, "7");
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_OUTPUT_LIMIT);
    cr_assert_eq(the_run.n_out, 5);
    cr_assert(the_run.result.stderr_truncated);
}

Test(run, cancelled_in_the_queue_while_it_starts_and_while_it_runs)
{
    hand_open_set(1);
    cr_assert_eq(hand_start(&the_run), 0);
    sp_run_cancel(&the_run.run);
    cr_assert_eq(the_run.n_done, 0, "never from within the call");
    hand_turn(1);
    cr_assert_failed(SP_ECANCELLED);
    cr_assert_eq(hands[0].n_boxes, 0);

    the_run = hand_run_of("x");
    struct hand_box *box = start();
    sp_run_cancel(&the_run.run);
    sp_run_cancel(&the_run.run);
    cr_assert(box->killed);
    hand_ready(box);
    cr_assert_eq(the_run.n_started, 0, "it was handed over all the same");
    hand_end(box, 0, NULL);
    cr_assert_failed(SP_ECANCELLED);
    sp_run_cancel(&the_run.run); /* over */

    hands[0].n_boxes = 0;
    the_run = hand_run_of("x");
    box = hand_over();
    sp_run_cancel(&the_run.run);
    cr_assert(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_CANCELLED);
}

Test(run, cancelled_at_the_last_moment_is_not_handed_over)
{
    the_run.cancels_when_started = true;
    struct hand_box *box = start();
    hand_ready(box);
    cr_assert_eq(box->n_writes, 0);
    cr_assert(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_failed(SP_ECANCELLED);
}

Test(run, a_runner_that_lingers_is_killed_and_its_word_stands)
{
    struct hand_box *box = hand_over();
    hand_exit(box, 3, 0);
    HAND_UNTIL(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_EXITED);
    cr_assert_eq(the_run.result.exit_code, 3);
}

Test(run, without_a_word_it_is_lost_or_out_of_memory)
{
    struct hand_box *box = hand_over();
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_LOST);
    hands[0].n_boxes = 0;
    the_run = hand_run_of("x");
    box = hand_over();
    hand_exit(box, 0, SIGKILL);
    hand_end(box, 2, NULL);
    cr_assert_ended(SP_OUTCOME_OOM_KILLED);
    cr_assert_eq(the_run.result.oom_kills, 2);
}

Test(run, a_runner_that_breaks_the_rules_is_lost)
{
    struct hand_box *box = hand_over();
    box->sandbox.events->broken(&box->sandbox);
    cr_assert(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_LOST);
}

Test(run, what_ends_before_the_hand_over_is_an_error_that_says_why)
{
    hand_end(start(), 0, "no user namespaces");
    cr_assert_failed(SP_ERUNTIME_UNAVAILABLE);
    cr_assert_str_eq(the_run.error.text, "left: no user namespaces");
    hands[0].n_boxes = 0;
    the_run = hand_run_of("x");
    hand_end(start(), 1, NULL);
    cr_assert_failed(SP_EINVALID_REQUEST);
    cr_assert(strstr(the_run.error.text, "memory"));
    hands[0].n_boxes = 0;
    the_run = hand_run_of("x");
    struct hand_box *box = start();
    hand_exit(box, 1, 0);
    hand_end(box, 0, NULL);
    cr_assert_failed(SP_ERUNTIME_UNAVAILABLE);
}

Test(run, files_that_do_not_fit_are_the_requests_fault)
{
    struct hand_box *box = hand_over();
    hand_say(box,
        (struct sp_runner_event){.type = SP_RUNNER_FAIL, .error_number = ENOSPC, .bytes = SP_STR("writing a file")});
    cr_assert(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_failed(SP_EINVALID_REQUEST);
    cr_assert(strstr(the_run.error.text, "disk_bytes"));
}

Test(run, is_paused_from_the_hand_over_on)
{
    struct hand_box *box = start();
    sp_run_pause(&the_run.run);
    cr_assert_not(box->read_off, "READY would never be read");
    hand_ready(box);
    cr_assert(box->read_off);
    sp_run_resume(&the_run.run);
    cr_assert_not(box->read_off);
    hand_exit(box, 0, 0);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_EXITED);
}

Test(run, refuses_what_it_must_not_be_asked)
{
    static const struct sp_sandbox_file up = {.path = {"a/../../x", 9}};
    hand_open_set(1);
    the_run.spec.files = &up;
    the_run.spec.n_files = 1;
    cr_assert_eq(hand_start(&the_run), SP_EINVALID_REQUEST);
    cr_assert_str_eq(the_run.error.path, "files[0].path");
    the_run = hand_run_of("x");
    the_run.spec.limits.memory_bytes = hand_config.memory_total_bytes + 1;
    cr_assert_eq(hand_start(&the_run), SP_EINVALID_REQUEST);
    the_run = hand_run_of("x");
    the_run.spec.language = SP_LANGUAGE_NONE;
    cr_assert_eq(hand_start(&the_run), SP_EUNSUPPORTED_LANGUAGE);
    the_run = hand_run_of("x");
    the_run.spec.runtime = SP_STR("moon");
    cr_assert_eq(hand_start(&the_run), SP_ERUNTIME_UNAVAILABLE);
    hand_turn(1);
    cr_assert_eq(hands[0].n_boxes, 0);
}

/* Makes a sandbox whose processor time is counted, for a run that may use 100 ms of it, and hands it over. */
static struct hand_box *hand_over_counted(void)
{
    the_run.spec.limits.cpu_ms = 100;
    struct hand_box *box = start();
    box->counts_cpu = true;
    box->cpu_us = 70000; /* of the interpreter's start, which is not the program's */
    hand_ready(box);
    return box;
}

Test(run, processor_time_of_all_its_processes_is_bounded)
{
    struct hand_box *box = hand_over_counted();
    box->cpu_us = 70000 + 99000;
    hand_turn(160);
    cr_assert_not(box->killed, "it has some left");
    box->cpu_us = 70000 + 100000;
    HAND_UNTIL(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_SIGNALED);
    cr_assert_eq(the_run.result.signal, SIGXCPU);
}

Test(run, a_deadline_comes_also_where_processor_time_is_left)
{
    the_run.spec.limits.wall_ms = 150;
    struct hand_box *box = hand_over_counted();
    box->cpu_us = 70000 + 1000;
    HAND_UNTIL(box->killed);
    hand_end(box, 0, NULL);
    cr_assert_ended(SP_OUTCOME_TIMED_OUT);
}
