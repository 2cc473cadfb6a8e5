/* The states of a job, its bounds, and every way in which it can end. The runtime is a stand-in that the test drives. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "daemon/audit.h"
#include "daemon/config.h"
#include "daemon/job_result.h"
#include "daemon/jobs.h"
#include "daemon/server.h"
#include "proto/decode.h"
#include "proto/scope.h"

/* ---- the stand-in ---- */

static struct sp_run *handed_over; /* the last run */
static int n_started, n_cancels, n_pauses, n_resumes, start_result;

int sp_run_start(
    struct sp_runtimes *runtimes, struct sp_run *run, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    (void)runtimes, (void)spec;
    if (start_result < 0)
        return sp_error_set(error, start_result, NULL);
    handed_over = run;
    n_started++;
    return 0;
}

void sp_run_cancel(struct sp_run *run)
{
    (void)run;
    n_cancels++;
}

void sp_run_pause(struct sp_run *run)
{
    (void)run;
    n_pauses++;
}

void sp_run_resume(struct sp_run *run)
{
    (void)run;
    n_resumes++;
}

size_t sp_runtimes_describe(const struct sp_runtimes *runtimes, const struct sp_runtime_info **ret_infos)
{
    static const struct sp_runtime_info info = {.name = "stand-in", .available = true};
    (void)runtimes;
    *ret_infos = &info;
    return 1;
}

const char *sp_outcome_name(enum sp_outcome outcome)
{
    (void)outcome;
    return "exited";
}

/* ---- the rest of a daemon ---- */

struct fixture {
    uv_loop_t loop;
    struct sp_server server;
    struct sp_jobs *jobs;
    struct sp_identity identity;
    struct sp_params_run params;
    int n_stopped;
    bool jobs_closed;
};

static struct fixture f;

struct heard {
    struct sp_job *job;
    bool ended, has_result, slow;
    int code;
    size_t n_output;
    enum sp_job_state state;
};

static void on_ended(void *data, const struct sp_run_result *result, const struct sp_error *error)
{
    struct heard *heard = data;
    cr_assert(!heard->ended, "ended twice");
    heard->ended = true;
    heard->has_result = result != NULL;
    heard->code = error ? error->code : 0;
    heard->state = sp_job_state(heard->job);
}

static bool on_output(void *data, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    struct heard *heard = data;
    (void)stream, (void)bytes;
    heard->n_output += n_bytes;
    return !heard->slow;
}

static void count(void *number)
{
    ++*(int *)number;
}

static void on_jobs_closed(void *flag)
{
    *(bool *)flag = true;
}

static void configure(size_t user_jobs_max, size_t jobs_max, uint64_t wait_ms)
{
    const struct sp_jobs_config config = {
        .server = &f.server, .user_jobs_max = user_jobs_max, .jobs_max = jobs_max, .wait_ms = wait_ms};
    if (f.jobs)
        sp_jobs_configure(f.jobs, &config);
    else
        cr_assert_eq(sp_jobs_open(&config, &f.jobs, NULL), 0);
}

static void set_up(void)
{
    const struct sp_config_options options = {.private_daemon = true, .socket_path = "/nowhere/s"};
    struct sp_error error = {0};
    f = (struct fixture){0};
    uv_loop_init(&f.loop);
    f.server.loop = &f.loop;
    f.server.runtimes = (struct sp_runtimes *)&f; /* only ever passed on */
    cr_assert_eq(
        sp_config_parse(&options, SP_STR("access: [{users: [\"*\"], rights: [run]}]"), &f.server.config, &error), 0,
        "%s", error.text);
    const struct sp_workers_config workers = {
        .loop = &f.loop, .n_threads = 1, .tasks_max = 100, .user_tasks_max = 100, .bytes_max = 1 << 20};
    cr_assert_eq(sp_workers_start(&workers, &f.server.workers, NULL), 0);
    cr_assert_eq(sp_workers_start(&workers, &f.server.compilers, NULL), 0);
    struct sp_policy_store_config policies = sp_policy_store_config_default();
    policies.loop = &f.loop;
    policies.compilers = f.server.compilers;
    cr_assert_eq(sp_policy_store_open(&policies, &f.server.policies, &error), 0, "%s", error.text);
    cr_assert_eq(sp_audit_open(&(struct sp_audit_config){.required = true}, &f.server.audit, NULL), 0);
    configure(10, 20, 60000);
    f.identity = (struct sp_identity){.uid = 1000, .gid = 1000, .rights = SP_RIGHT_ALL};
    f.params =
        (struct sp_params_run){.code = SP_STR("print('hi')\n"), .language = SP_STR("python"), .max_violations = 100};
}

static void tear_down(void)
{
    sp_jobs_close(f.jobs, on_jobs_closed, &f.jobs_closed);
    while (!f.jobs_closed)
        uv_run(&f.loop, UV_RUN_ONCE);
    sp_workers_stop(f.server.workers, count, &f.n_stopped);
    sp_workers_stop(f.server.compilers, count, &f.n_stopped);
    while (f.n_stopped < 2)
        uv_run(&f.loop, UV_RUN_ONCE);
    sp_policy_store_close(f.server.policies, count, &f.n_stopped);
    sp_audit_close(f.server.audit);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&f.loop), 0);
    sp_config_free(f.server.config);
}

static int start(struct heard *heard, bool streams)
{
    const struct sp_job_listener listener = {.data = heard, .output = streams ? on_output : NULL, .ended = on_ended};
    int r = sp_job_start(f.jobs, &f.identity, &f.params, uv_hrtime(), &listener, &heard->job, NULL);
    cr_assert(!heard->ended, "ended before start returned");
    return r;
}

static void run_until(const struct heard *heard, enum sp_job_state state)
{
    while (!heard->ended && sp_job_state(heard->job) != state)
        uv_run(&f.loop, UV_RUN_ONCE);
    cr_assert_eq(sp_job_state(heard->job), state, "%s", sp_job_state_name(sp_job_state(heard->job)));
}

static const struct sp_run_result exited = {.outcome = SP_OUTCOME_EXITED, .has_exit_code = true, .runtime = "stand-in"};

static void block_everything(msgpack_object *ret)
{
    /* {yaml: …} built by hand: the parameter as a client sends it. */
    static const char text[] = "severity_threshold: low\npatterns: [{pattern: print, description: d, severity: high}]";
    static msgpack_object_kv kv;
    kv = (msgpack_object_kv){.key = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = "yaml", .size = 4}},
        .val = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = text, .size = sizeof(text) - 1}}};
    *ret = (msgpack_object){.type = MSGPACK_OBJECT_MAP, .via.map = {.ptr = &kv, .size = 1}};
}

/* ---- the table ---- */

Test(job, moves_as_the_diagram_says)
{
    static const struct {
        enum sp_job_state from, to;
    } allowed[] = {{SP_JOB_QUEUED, SP_JOB_VETTING}, {SP_JOB_VETTING, SP_JOB_REFUSED}, {SP_JOB_VETTING, SP_JOB_STARTING},
        {SP_JOB_STARTING, SP_JOB_RUNNING}, {SP_JOB_RUNNING, SP_JOB_DONE}};
    for (int from = 0; from < SP_JOB_STATE_COUNT; from++)
        for (int to = 0; to < SP_JOB_STATE_COUNT; to++) {
            bool stop = to == SP_JOB_FAILED || to == SP_JOB_TIMED_OUT || to == SP_JOB_CANCELLED;
            bool want = stop && !sp_job_state_is_final((enum sp_job_state)from);
            for (size_t i = 0; i < SP_COUNT(allowed); i++)
                want |= (int)allowed[i].from == from && (int)allowed[i].to == to;
            cr_assert_eq(sp_job_may((enum sp_job_state)from, (enum sp_job_state)to), want, "%s to %s",
                sp_job_state_name((enum sp_job_state)from), sp_job_state_name((enum sp_job_state)to));
        }
    cr_assert(sp_job_state_is_final(SP_JOB_REFUSED));
    cr_assert(!sp_job_state_is_final(SP_JOB_QUEUED));
}

/* ---- ways to end ---- */

Test(job, runs_what_passes, .init = set_up, .fini = tear_down)
{
    struct heard heard = {0};
    cr_assert_eq(start(&heard, false), 0);
    run_until(&heard, SP_JOB_STARTING);
    handed_over->started(handed_over);
    cr_assert_eq(sp_job_state(heard.job), SP_JOB_RUNNING);
    handed_over->output(handed_over, SP_RUN_STDOUT, (const uint8_t *)"hi\n", 3);
    handed_over->output(handed_over, SP_RUN_STDERR, (const uint8_t *)"\xff", 1);
    handed_over->done(handed_over, &exited, NULL);
    cr_assert(heard.ended && heard.has_result);
    cr_assert_eq(heard.state, SP_JOB_DONE);
    struct sp_buffer result;
    msgpack_unpacked unpacked;
    struct sp_str text;
    sp_buffer_init(&result, 100000);
    cr_assert_eq(sp_job_result_pack(heard.job, &exited, 10000, &result), 0);
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(msgpack_unpack_next(&unpacked, (char *)result.bytes, result.n_bytes, NULL), MSGPACK_UNPACK_SUCCESS);
    cr_assert(sp_decode_peek(&unpacked.data, "ran")->via.boolean);
    cr_assert(sp_decode_str(sp_decode_peek(&unpacked.data, "stdout"), &text) && sp_str_is(text, "hi\n"));
    cr_assert_eq(sp_decode_peek(&unpacked.data, "stderr")->type, MSGPACK_OBJECT_BIN);
    cr_assert_eq(sp_decode_peek(&unpacked.data, "verdict")->type, MSGPACK_OBJECT_MAP);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&result);
    sp_job_free(heard.job);
}

Test(job, refused_code_reaches_no_runtime, .init = set_up, .fini = tear_down)
{
    struct heard heard = {0};
    msgpack_object policy;
    block_everything(&policy);
    f.params.policy = &policy;
    cr_assert_eq(start(&heard, false), 0);
    run_until(&heard, SP_JOB_REFUSED);
    cr_assert(heard.ended && !heard.has_result);
    cr_assert_eq(heard.code, 0, "a refusal is a result, no error");
    cr_assert_eq(n_started, 0);
    struct sp_buffer result;
    msgpack_unpacked unpacked;
    sp_buffer_init(&result, 100000);
    cr_assert_eq(sp_job_result_pack(heard.job, NULL, 0, &result), 0);
    msgpack_unpacked_init(&unpacked);
    msgpack_unpack_next(&unpacked, (char *)result.bytes, result.n_bytes, NULL);
    cr_assert(!sp_decode_peek(&unpacked.data, "ran")->via.boolean);
    cr_assert(!sp_decode_peek(sp_decode_peek(&unpacked.data, "verdict"), "safe")->via.boolean);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&result);
    sp_job_free(heard.job);
}

Test(job, the_outcome_decides_the_state, .init = set_up, .fini = tear_down)
{
    static const struct {
        enum sp_outcome outcome;
        enum sp_job_state state;
    } rows[] = {{SP_OUTCOME_SIGNALED, SP_JOB_DONE}, {SP_OUTCOME_TIMED_OUT, SP_JOB_TIMED_OUT},
        {SP_OUTCOME_OOM_KILLED, SP_JOB_FAILED}, {SP_OUTCOME_OUTPUT_LIMIT, SP_JOB_FAILED},
        {SP_OUTCOME_CANCELLED, SP_JOB_CANCELLED}, {SP_OUTCOME_LOST, SP_JOB_FAILED}};
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct heard heard = {0};
        const struct sp_run_result result = {.outcome = rows[i].outcome};
        cr_assert_eq(start(&heard, false), 0);
        run_until(&heard, SP_JOB_STARTING);
        handed_over->done(handed_over, &result, NULL);
        cr_assert(heard.has_result, "what was handed over answers a result");
        cr_assert_eq(heard.state, rows[i].state);
        sp_job_free(heard.job);
    }
}

Test(job, what_fails_before_the_hand_over_is_an_error, .init = set_up, .fini = tear_down)
{
    struct heard a = {0}, b = {0};
    start_result = SP_EBUSY;
    cr_assert_eq(start(&a, false), 0);
    run_until(&a, SP_JOB_FAILED);
    cr_assert_eq(a.code, SP_EBUSY);
    sp_job_free(a.job);
    start_result = 0;
    cr_assert_eq(start(&b, false), 0);
    run_until(&b, SP_JOB_STARTING);
    struct sp_error error = {0};
    sp_error_set(&error, SP_ERUNTIME_UNAVAILABLE, NULL);
    handed_over->done(handed_over, NULL, &error);
    cr_assert_eq(b.code, SP_ERUNTIME_UNAVAILABLE);
    cr_assert_eq(b.state, SP_JOB_FAILED);
    sp_job_free(b.job);
}

Test(job, can_be_cancelled_in_every_state, .init = set_up, .fini = tear_down)
{
    struct heard queued = {0}, vetting = {0}, starting = {0};
    msgpack_object policy;
    block_everything(&policy);
    f.params.policy = &policy;
    cr_assert_eq(start(&queued, false), 0);
    cr_assert_eq(sp_job_state(queued.job), SP_JOB_QUEUED);
    sp_job_cancel(queued.job);
    sp_job_cancel(queued.job);
    cr_assert(!queued.ended, "ended inside cancel");
    run_until(&queued, SP_JOB_CANCELLED);
    cr_assert_eq(queued.code, SP_ECANCELLED);
    sp_job_free(queued.job);

    f.params.policy = NULL;
    cr_assert_eq(start(&vetting, false), 0);
    cr_assert_eq(sp_job_state(vetting.job), SP_JOB_VETTING);
    sp_job_cancel(vetting.job);
    run_until(&vetting, SP_JOB_CANCELLED);
    cr_assert_eq(vetting.code, SP_ECANCELLED);
    cr_assert_eq(n_started, 0);
    sp_job_free(vetting.job);

    cr_assert_eq(start(&starting, false), 0);
    run_until(&starting, SP_JOB_STARTING);
    sp_job_cancel(starting.job);
    cr_assert_eq(n_cancels, 1);
    struct sp_error error = {0};
    sp_error_set(&error, SP_ECANCELLED, NULL);
    handed_over->done(handed_over, NULL, &error);
    cr_assert_eq(starting.state, SP_JOB_CANCELLED);
    cr_assert_eq(starting.code, SP_ECANCELLED);
    sp_job_free(starting.job);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

Test(job, times_out_where_no_sandbox_comes, .init = set_up, .fini = tear_down)
{
    struct heard heard = {0};
    configure(10, 10, 1000); /* time enough for the verdict, on a machine that does other things too */
    cr_assert_eq(start(&heard, false), 0);
    run_until(&heard, SP_JOB_STARTING);
    uint64_t start_ns = uv_hrtime();
    static uv_timer_t keep;
    uv_timer_init(&f.loop, &keep);
    uv_timer_start(&keep, on_tick, 100, 100); /* a loop that waits for nothing would spin */
    while (n_cancels == 0 && uv_hrtime() - start_ns < 5000000000ull)
        uv_run(&f.loop, UV_RUN_ONCE);
    cr_assert_eq(n_cancels, 1);
    struct sp_error error = {0};
    sp_error_set(&error, SP_ECANCELLED, NULL);
    handed_over->done(handed_over, NULL, &error);
    cr_assert_eq(heard.code, SP_ETIMED_OUT);
    cr_assert_eq(heard.state, SP_JOB_TIMED_OUT);
    sp_job_free(heard.job);
    uv_close((uv_handle_t *)&keep, NULL);
}

/* ---- bounds ---- */

Test(job, bounds_what_a_uid_has_going_on, .init = set_up, .fini = tear_down)
{
    struct heard a = {0}, b = {0}, c = {0};
    configure(1, 2, 0);
    cr_assert_eq(start(&a, false), 0);
    run_until(&a, SP_JOB_STARTING);
    struct sp_run *run = handed_over;
    cr_assert_eq(start(&b, false), SP_EBUSY);
    f.identity.uid = 1001;
    cr_assert_eq(start(&b, false), 0);
    f.identity.uid = 1002;
    cr_assert_eq(start(&c, false), SP_EBUSY);
    run->done(run, &exited, NULL);
    sp_job_free(a.job);
    cr_assert_eq(start(&c, false), 0);
    sp_job_cancel(b.job);
    sp_job_cancel(c.job);
    run_until(&c, SP_JOB_CANCELLED);
    run_until(&b, SP_JOB_CANCELLED);
    sp_job_free(b.job);
    sp_job_free(c.job);
}

Test(job, takes_nothing_while_draining, .init = set_up, .fini = tear_down)
{
    struct heard heard = {0};
    f.server.draining = true;
    cr_assert_eq(start(&heard, false), SP_ESHUTTING_DOWN);
    f.server.draining = false;
}

Test(job, pauses_for_a_slow_listener, .init = set_up, .fini = tear_down)
{
    struct heard heard = {.slow = true};
    cr_assert_eq(start(&heard, true), 0);
    run_until(&heard, SP_JOB_STARTING);
    handed_over->started(handed_over);
    handed_over->output(handed_over, SP_RUN_STDOUT, (const uint8_t *)"hi\n", 3);
    cr_assert_eq(n_pauses, 1);
    cr_assert_eq(heard.n_output, 3);
    sp_job_resume(heard.job);
    cr_assert_eq(n_resumes, 1);
    handed_over->done(handed_over, &exited, NULL);
    sp_job_free(heard.job);
}
