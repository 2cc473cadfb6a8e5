#ifndef SP_TESTS_FLOW_RUNTIMES_BENCH_H
#define SP_TESTS_FLOW_RUNTIMES_BENCH_H

/* A work bench for tests of whole runs: opens the runtimes on a loop of its own with a real spawner, runs programs and
 * keeps what came out. One a test. The adapter under test is named by SP_TEST_RUNTIME (default: the first). */

#include <criterion/criterion.h>
#include <uv.h>

#include "proto/language.h"
#include "runtimes/runtime.h"
#include "runtimes/spawner.h"

struct bench_options {
    void (*change)(struct sp_runtimes_config *config); /* may be NULL */
    const struct bench *sibling;                       /* whose state folder is shared; NULL: one of its own */
};

struct bench {
    uv_loop_t loop;
    struct sp_runtimes *runtimes;
    pid_t spawner;
    char folder[128];
    bool shares; /* the folder is a sibling's */
    bool closed;
};

struct bench_run {
    struct sp_run run; /* data: this */
    struct sp_sandbox_spec spec;
    struct bench *bench;
    char *out, *err;
    size_t n_out, n_err;
    struct sp_run_result result; /* artifacts: copied */
    struct sp_run_artifact artifacts[64];
    struct sp_error error;
    bool started, done, has_result;
    uint64_t done_ns;
};

/* Skips the test, with the reason, where the runtime is not available. */
void bench_open(struct bench *bench, const struct bench_options *options);
void bench_close(struct bench *bench);
/* After the spawner was killed: closes, and removes by hand what nobody else could. */
void bench_abandon(struct bench *bench);
/* Runs the loop until the condition holds; fails the test after seconds. */
#define BENCH_UNTIL(bench, seconds, condition)                                                                         \
    do {                                                                                                               \
        uint64_t bench_end_ = uv_hrtime() + (uint64_t)((seconds)*1e9);                                                 \
        while (!(condition)) {                                                                                         \
            cr_assert(uv_hrtime() < bench_end_, "not in %g s: %s", (double)(seconds), #condition);                     \
            bench_turn(bench);                                                                                         \
        }                                                                                                              \
    } while (0)
void bench_turn(struct bench *bench);

/* A run of Python code with the default limits; change run->spec before bench_start. */
struct bench_run *bench_run_new(struct bench *bench, const char *code);
int bench_start(struct bench_run *run);
void bench_wait(struct bench_run *run);
void bench_run_free(struct bench_run *run);
/* All in one: new, start, wait. */
struct bench_run *bench_python(struct bench *bench, const char *code);

/* Waits until n sandboxes are ready. */
void bench_ready(struct bench *bench, uint32_t n);
/* Numbers of processes whose command line holds the text; our own left out. */
size_t bench_processes(const char *text);
/* The uid, as the host sees it, of one of them; (uid_t)-1: there is none. */
uid_t bench_uid(const char *text);
/* How many folders of instances the state folder holds. */
size_t bench_instances(const struct bench *bench);

#define cr_out(run_, text) cr_assert_str_eq((run_)->out, text, "stdout is %s, stderr is %s", (run_)->out, (run_)->err)
#define cr_exited(run_, code)                                                                                          \
    do {                                                                                                               \
        cr_assert((run_)->has_result, "no result: %s", (run_)->error.text);                                            \
        cr_assert_str_eq(sp_outcome_name((run_)->result.outcome), "exited", "%s: %s",                                  \
            sp_outcome_name((run_)->result.outcome), (run_)->err);                                                     \
        cr_assert_eq((run_)->result.exit_code, code, "exit code %d: %s", (run_)->result.exit_code, (run_)->err);       \
    } while (0)
#define cr_outcome(run_, name)                                                                                         \
    do {                                                                                                               \
        cr_assert((run_)->has_result, "no result: %s", (run_)->error.text);                                            \
        cr_assert_str_eq(sp_outcome_name((run_)->result.outcome), name, "%s, stdout %s, stderr %s",                    \
            sp_outcome_name((run_)->result.outcome), (run_)->out, (run_)->err);                                        \
    } while (0)

#endif
