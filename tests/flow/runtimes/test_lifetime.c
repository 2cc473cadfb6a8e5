/* Queues, pools, cancelling, pausing, and the deaths of those who watch. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/flow/runtimes/bench.h"

static struct bench bench;

static void tear_down(void)
{
    bench_close(&bench);
}

TestSuite(lifetime, .fini = tear_down);

static const char sleeps[] = "import subprocess\nprint('on', flush=True)\n"
                             "subprocess.run(['/usr/bin/python3', '-c', 'import time; time.sleep(7777.5)'])\n";

Test(lifetime, cancel_kills_and_returns_what_was_printed)
{
    bench_open(&bench, NULL);
    struct bench_run *run = bench_run_new(&bench, sleeps);
    cr_assert_eq(bench_start(run), 0);
    BENCH_UNTIL(&bench, 10, run->n_out > 0 && bench_processes("time.sleep(7777.5)") >= 1);
    uint64_t before = uv_hrtime();
    sp_run_cancel(&run->run);
    sp_run_cancel(&run->run);
    bench_wait(run);
    cr_outcome(run, "cancelled");
    cr_out(run, "on\n");
    cr_assert_leq((double)(uv_hrtime() - before) / 1e6, 100);
    cr_assert_eq(bench_processes("time.sleep(7777.5)"), 0);
    bench_run_free(run);
}

Test(lifetime, cancelled_before_the_hand_over_is_an_error)
{
    bench_open(&bench, NULL);
    struct bench_run *run = bench_run_new(&bench, "print(1)");
    run->spec.limits.disk_bytes /= 2; /* cold */
    cr_assert_eq(bench_start(run), 0);
    sp_run_cancel(&run->run);
    bench_wait(run);
    cr_assert_not(run->has_result);
    cr_assert_not(run->started);
    cr_assert_eq(run->error.code, SP_ECANCELLED);
    bench_run_free(run);

    run = bench_run_new(&bench, "print(1)");
    run->spec.limits.disk_bytes /= 2;
    cr_assert_eq(bench_start(run), 0);
    bench_turn(&bench);
    sp_run_cancel(&run->run);
    bench_wait(run);
    cr_assert_not(run->has_result);
    cr_assert_eq(run->error.code, SP_ECANCELLED, "%s", run->error.text);
    bench_run_free(run);
}

Test(lifetime, a_paused_run_waits_and_goes_on)
{
    bench_open(&bench, NULL);
    struct bench_run *run =
        bench_run_new(&bench, "import sys\nfor i in range(900): sys.stdout.write('x' * 1000)\nsys.stdout.flush()\n");
    cr_assert_eq(bench_start(run), 0);
    sp_run_pause(&run->run);
    for (int i = 0; i < 20; i++)
        bench_turn(&bench);
    cr_assert_eq(run->n_out, 0);
    cr_assert_not(run->done);
    sp_run_resume(&run->run);
    bench_wait(run);
    cr_exited(run, 0);
    cr_assert_eq(run->n_out, 900000);
    bench_run_free(run);
}

Test(lifetime, a_paused_run_still_meets_its_deadline)
{
    bench_open(&bench, NULL);
    struct bench_run *run = bench_run_new(&bench, "while True: print('x' * 100)\n");
    run->spec.limits.wall_ms = 500;
    cr_assert_eq(bench_start(run), 0);
    sp_run_pause(&run->run);
    bench_wait(run);
    cr_outcome(run, "timed_out");
    cr_assert_leq(run->result.run_ms, 600, "%g", run->result.run_ms);
    bench_run_free(run);
}

static void three_at_most(struct sp_runtimes_config *config)
{
    config->sandboxes_max = 3;
    config->pool.min = 2;
    config->pool.max = 2;
}

Test(lifetime, never_more_sandboxes_than_allowed)
{
    bench_open(&bench, &(struct bench_options){three_at_most});
    struct bench_run *runs[8];
    struct sp_runtimes_stats stats;
    for (int i = 0; i < 8; i++) {
        runs[i] = bench_run_new(&bench, "import time\ntime.sleep(0.2)\n");
        if (i % 2)
            runs[i]->spec.limits.disk_bytes /= 2; /* cold ones among them: pooled ones must give way */
        cr_assert_eq(bench_start(runs[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        while (!runs[i]->done) {
            bench_turn(&bench);
            sp_runtimes_stats(bench.runtimes, &stats);
            cr_assert_leq(stats.live, 3);
        }
        cr_exited(runs[i], 0);
        bench_run_free(runs[i]);
    }
    cr_assert_eq(stats.started, 8);
}

static void little_memory(struct sp_runtimes_config *config)
{
    config->memory_total_bytes = 600ull << 20;
    config->queue_max = 3;
}

Test(lifetime, memory_of_all_and_the_queue_are_bounded)
{
    bench_open(&bench, &(struct bench_options){little_memory});
    struct bench_run *runs[3], *more = bench_run_new(&bench, "");
    struct sp_runtimes_stats stats;
    more->spec.limits.memory_bytes = 1ull << 30;
    cr_assert_eq(bench_start(more), SP_EINVALID_REQUEST);
    more->spec.limits.memory_bytes = 256 << 20;
    more->error = (struct sp_error){0};
    for (int i = 0; i < 3; i++) {
        runs[i] = bench_run_new(&bench, "import time\ntime.sleep(0.3)\n");
        cr_assert_eq(bench_start(runs[i]), 0);
    }
    cr_assert_eq(bench_start(more), SP_EBUSY);
    for (int i = 0; i < 3; i++) {
        while (!runs[i]->done) {
            bench_turn(&bench);
            sp_runtimes_stats(bench.runtimes, &stats);
            cr_assert_leq(stats.memory_bytes, 600u << 20);
        }
        cr_exited(runs[i], 0);
        bench_run_free(runs[i]);
    }
    bench_run_free(more);
}

Test(lifetime, a_sandbox_is_used_once)
{
    bench_open(&bench, NULL);
    for (int i = 0; i < 5; i++) {
        bench_ready(&bench, 1);
        struct bench_run *run =
            bench_python(&bench, "import os\nprint(os.listdir('/work'), os.listdir('/tmp'), os.listdir('/dev/shm'))\n"
                                 "for d in '/work', '/tmp', '/dev/shm': open(d + '/left', 'w')\n");
        cr_exited(run, 0);
        cr_out(run, "[] [] []\n");
        cr_assert(run->result.warm);
        bench_run_free(run);
    }
}

static void fails_when_empty(struct sp_runtimes_config *config)
{
    config->pool.min = config->pool.max = 0;
    config->pool.when_empty = SP_POOL_EMPTY_FAIL;
}

Test(lifetime, an_empty_pool_can_fail)
{
    bench_open(&bench, &(struct bench_options){fails_when_empty});
    struct bench_run *run = bench_python(&bench, "print(1)");
    cr_assert_not(run->has_result);
    cr_assert_eq(run->error.code, SP_EBUSY);
    bench_run_free(run);
}

static void waits_when_empty(struct sp_runtimes_config *config)
{
    config->pool.min = 0;
    config->pool.max = 1;
    config->pool.when_empty = SP_POOL_EMPTY_WAIT;
    config->pool.wait_ms = 5000;
}

Test(lifetime, an_empty_pool_can_be_waited_for)
{
    bench_open(&bench, &(struct bench_options){waits_when_empty});
    struct bench_run *run = bench_python(&bench, "print(1)");
    cr_exited(run, 0);
    cr_assert(run->result.warm);
    bench_run_free(run);
}

static void ages_fast(struct sp_runtimes_config *config)
{
    config->pool.life_ms = 700;
}

Test(lifetime, old_sandboxes_are_replaced)
{
    bench_open(&bench, &(struct bench_options){ages_fast});
    bench_ready(&bench, 1);
    struct sp_runtimes_stats stats;
    bool replaced = false;
    for (uint64_t end = uv_hrtime() + 5000000000ull; !replaced && uv_hrtime() < end;) {
        bench_turn(&bench);
        sp_runtimes_stats(bench.runtimes, &stats);
        replaced = stats.ready == 0;
    }
    cr_assert(replaced);
    bench_ready(&bench, 1);
}

Test(lifetime, memory_too_small_for_the_interpreter_is_said)
{
    bench_open(&bench, NULL);
    bench_ready(&bench, 1);
    struct bench_run *run = bench_run_new(&bench, "print(1)");
    run->spec.limits.memory_bytes = 1 << 20;
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    /* A control group refuses it. Without one what the interpreter holds already stays its own. */
    const struct sp_runtime_info *info;
    sp_runtimes_describe(bench.runtimes, &info);
    for (size_t i = 0; i < info->n_limits; i++)
        if (strcmp(info->limits[i].name, "memory_bytes") == 0 && strncmp(info->limits[i].by, "cgroup", 6) == 0) {
            cr_assert_not(run->has_result);
            cr_assert_eq(run->error.code, SP_EINVALID_REQUEST, "%s", run->error.text);
        }
    bench_run_free(run);
}

Test(lifetime, close_kills_what_runs)
{
    bench_open(&bench, NULL);
    struct bench_run *run = bench_run_new(&bench, sleeps), *queued = bench_run_new(&bench, "print(1)");
    cr_assert_eq(bench_start(run), 0);
    BENCH_UNTIL(&bench, 10, run->n_out > 0);
    cr_assert_eq(bench_start(queued), 0);
    bench_close(&bench);
    cr_outcome(run, "cancelled");
    cr_assert(queued->done);
    cr_assert_eq(queued->error.code, SP_ECANCELLED);
    cr_assert_eq(bench_processes("time.sleep(7777.5)"), 0);
    bench_run_free(run);
    bench_run_free(queued);
}

Test(lifetime, the_spawner_killed_leaves_nothing)
{
    bench_open(&bench, NULL);
    bench_ready(&bench, 1);
    struct bench_run *run = bench_run_new(&bench, sleeps);
    cr_assert_eq(bench_start(run), 0);
    BENCH_UNTIL(&bench, 10, bench_processes("time.sleep(7777.5)") >= 1);
    kill(bench.spawner, SIGKILL);
    waitpid(bench.spawner, NULL, 0);
    bench.spawner = 0;
    bench_wait(run);
    cr_outcome(run, "lost");
    cr_out(run, "on\n");
    cr_assert_not(run->result.has_exit_code);
    cr_assert_eq(bench_processes("time.sleep(7777.5)"), 0);
    cr_assert_eq(bench_processes(bench.folder), 0);
    bench_run_free(run);

    const struct sp_runtime_info *info;
    sp_runtimes_describe(bench.runtimes, &info);
    cr_assert_not(info->available);
    cr_assert_str_eq(info->reason, "the spawner has ended");
    run = bench_run_new(&bench, "print(1)");
    cr_assert_eq(bench_start(run), SP_ERUNTIME_UNAVAILABLE);
    bench_run_free(run);
    /* Nobody was left to clear up; the next start does. */
    bench_abandon(&bench);
}

static void keeps_four(struct sp_runtimes_config *config)
{
    config->pool.min = config->pool.max = 4;
}

/* Also while it makes sandboxes: bubblewrap's inside is for a moment nobody's to take along. */
Test(lifetime, the_spawner_killed_at_any_moment_leaves_nothing)
{
    size_t before = bench_processes("--disable-userns");
    for (unsigned i = 0; i < 40; i++) {
        bench_open(&bench, &(struct bench_options){keeps_four});
        for (uint64_t end = uv_hrtime() + i * 750000ull; uv_hrtime() < end;)
            uv_run(&bench.loop, UV_RUN_NOWAIT);
        kill(bench.spawner, SIGKILL);
        waitpid(bench.spawner, NULL, 0);
        bench.spawner = 0;
        bench_abandon(&bench);
        for (unsigned tries = 0; tries < 40 && bench_processes("--disable-userns") > before; tries++)
            usleep(50000);
        cr_assert_leq(bench_processes("--disable-userns"), before, "killed after %g ms", i * 0.75);
    }
}

/* Else it would wait for its turn behind whatever else the daemon's session runs, and kills with it. */
Test(lifetime, the_spawner_has_a_session_of_its_own)
{
    bench_open(&bench, NULL);
    cr_assert_eq(getsid(bench.spawner), bench.spawner);
}

static struct bench_run *start_sleeper(struct bench *owner, const char *seconds)
{
    static char code[2][256];
    static int n;
    snprintf(code[n], sizeof code[n],
        "import subprocess\nprint('on', flush=True)\nsubprocess.run(['/usr/bin/sleep', '%s'])\n"
        "print(len(open('/code/main.py').read()) > 0)\n",
        seconds);
    struct bench_run *run = bench_run_new(owner, code[n++]);
    cr_assert_eq(bench_start(run), 0, "%s", run->error.text);
    BENCH_UNTIL(owner, 20, bench_processes(seconds) == 1);
    return run;
}

static void runs_a_program(struct bench *owner)
{
    struct bench_run *run = bench_python(owner, "print(open('/code/main.py').read())");
    cr_exited(run, 0);
    bench_run_free(run);
}

/* Two daemons of one user with one state folder and one range of slot uids; one of them is killed and started again. */
Test(lifetime, siblings_leave_each_other_alone)
{
    static struct bench other;
    const struct bench_options beside = {.sibling = &bench};
    bench_open(&bench, NULL);
    struct bench_run *run = start_sleeper(&bench, "9.015625");
    bench_open(&other, &beside);
    struct bench_run *lost = start_sleeper(&other, "7777.015625");
    cr_assert_eq(bench_instances(&bench), 2);
    if (geteuid() == 0)
        cr_assert_neq(bench_uid("9.015625"), bench_uid("7777.015625"), "both run as %u", bench_uid("9.015625"));

    kill(other.spawner, SIGKILL);
    waitpid(other.spawner, NULL, 0);
    bench_wait(lost);
    cr_outcome(lost, "lost");
    bench_run_free(lost);
    bench_abandon(&other);
    cr_assert_eq(bench_instances(&bench), 2, "nobody was left to clear up");

    bench_open(&other, &beside);
    cr_assert_eq(bench_instances(&bench), 2, "the dead one's is gone, there is a new one");
    cr_assert_eq(bench_processes("9.015625"), 1);
    runs_a_program(&other);
    runs_a_program(&bench);
    bench_close(&other);
    cr_assert_eq(bench_instances(&bench), 1);
    bench_wait(run);
    cr_exited(run, 0);
    cr_out(run, "on\nTrue\n");
    bench_run_free(run);
    runs_a_program(&bench);
}

/* The daemon killed: its socket ends, and the spawner ends all that was started. */
Test(lifetime, the_daemon_killed_leaves_nothing)
{
    const char *base = getenv("TMPDIR");
    char folder[128], command[160];
    snprintf(folder, sizeof folder, "%.90s/sallyport-killed-XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(folder));
    chmod(folder, 0711);
    setenv("TMPDIR", folder, 1);
    pid_t daemon = fork();
    if (daemon == 0) {
        bench_open(&bench, NULL);
        struct bench_run *run = bench_run_new(&bench, sleeps);
        bench_start(run);
        for (;;)
            bench_turn(&bench);
    }
    for (int i = 0; i < 200 && bench_processes("time.sleep(7777.5)") == 0; i++)
        usleep(50000);
    cr_assert_geq(bench_processes("time.sleep(7777.5)"), 1);
    kill(daemon, SIGKILL);
    waitpid(daemon, NULL, 0);
    size_t left = 1;
    for (int i = 0; i < 20 && left; i++) {
        usleep(50000);
        left = bench_processes("time.sleep(7777.5)");
    }
    cr_assert_eq(left, 0, "%zu processes are alive a second later", left);
    /* The spawner, which is nobody's child any more, may be clearing up at this moment. */
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    int status = 1;
    for (int i = 0; i < 40 && status; i++) {
        usleep(50000);
        status = system(command);
    }
    cr_assert_eq(status, 0);
}
