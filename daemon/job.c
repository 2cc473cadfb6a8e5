/* A run, from acceptance to its end. Loop thread; a job belongs to who started it, and stands in the table while it goes on.
 * Each step has one way forward and one place, `end`, where a job ends whatever the cause. */
#include <stdlib.h>

#include "daemon/audit.h"
#include "daemon/job_inside.h"
#include "daemon/random_id.h"
#include "daemon/server.h"
#include "proto/scope.h"

#define ARENA_BYTES_MAX (1u << 20) /* the specification of a sandbox: lists of what the request holds */

static const char *const state_names[SP_JOB_STATE_COUNT] = {
#define X(id, name) [SP_JOB_##id] = name,
    SP_JOB_STATES(X)
#undef X
};

#define TO(id) (1u << SP_JOB_##id)
#define STOPS  (TO(FAILED) | TO(TIMED_OUT) | TO(CANCELLED))

/* The moves of the diagram in job.h; a final state has none. */
static const unsigned moves[SP_JOB_STATE_COUNT] = {
    [SP_JOB_QUEUED] = TO(VETTING) | STOPS,
    [SP_JOB_VETTING] = TO(REFUSED) | TO(STARTING) | STOPS,
    [SP_JOB_STARTING] = TO(RUNNING) | STOPS,
    [SP_JOB_RUNNING] = TO(DONE) | STOPS,
};

/* Where a run's outcome leaves its job. */
static const enum sp_job_state outcome_states[SP_OUTCOME_COUNT] = {
    [SP_OUTCOME_EXITED] = SP_JOB_DONE,
    [SP_OUTCOME_SIGNALED] = SP_JOB_DONE,
    [SP_OUTCOME_TIMED_OUT] = SP_JOB_TIMED_OUT,
    [SP_OUTCOME_OOM_KILLED] = SP_JOB_FAILED,
    [SP_OUTCOME_OUTPUT_LIMIT] = SP_JOB_FAILED,
    [SP_OUTCOME_CANCELLED] = SP_JOB_CANCELLED,
    [SP_OUTCOME_LOST] = SP_JOB_FAILED,
};

const char *sp_job_state_name(enum sp_job_state state)
{
    return state < SP_JOB_STATE_COUNT ? state_names[state] : "unknown";
}

bool sp_job_may(enum sp_job_state from, enum sp_job_state to)
{
    return from < SP_JOB_STATE_COUNT && to < SP_JOB_STATE_COUNT && (moves[from] & (1u << to));
}

bool sp_job_state_is_final(enum sp_job_state state)
{
    return state < SP_JOB_STATE_COUNT && moves[state] == 0;
}

/* False where the table does not allow it, which is a defect of ours: the job then has failed, and whoever would take it
 * further must not. */
static bool move(struct sp_job *job, enum sp_job_state to)
{
    bool may = sp_job_may(job->state, to);
    if (may)
        job->state = to;
    else if (!sp_job_state_is_final(job->state))
        job->state = SP_JOB_FAILED;
    return may;
}

/* ---- the end ---- */

static struct sp_audit_event event_of(const struct sp_job *job, enum sp_audit_event_kind kind)
{
    return (struct sp_audit_event){
        .kind = kind,
        .uid = job->gate.uid,
        .gid = job->gate.gid,
        .pid = job->gate.pid,
        .method = "run",
        .run = job->gate.run,
    };
}

/* The job ends in that state; its owner may free it in here. */
static void end(
    struct sp_job *job, enum sp_job_state state, const struct sp_run_result *result, const struct sp_error *error)
{
    struct sp_jobs *jobs = job->jobs;
    struct sp_audit_event event = event_of(job, result ? SP_AUDIT_RUN : SP_AUDIT_REFUSAL);
    event.result = result;
    event.error = error;
    sp_audit_tell(jobs->config.server->audit, &event);
    move(job, state);
    sp_jobs_remove(jobs, job);
    job->listener.ended(job->listener.data, result, error);
}

/* It never was handed over, and not by a verdict. A job that is being stopped says why it is, whatever came of it. */
static void end_without_result(struct sp_job *job, const struct sp_error *error)
{
    struct sp_error told = {0};
    if (job->stop == SP_ETIMED_OUT)
        sp_error_set(&told, SP_ETIMED_OUT, "the run did not get a sandbox in time");
    else if (job->stop)
        sp_error_set(&told, job->stop, NULL);
    else
        told = *error;
    end(job,
        told.code == SP_ECANCELLED   ? SP_JOB_CANCELLED
        : told.code == SP_ETIMED_OUT ? SP_JOB_TIMED_OUT
                                     : SP_JOB_FAILED,
        NULL, &told);
}

void sp_job_stop(struct sp_job *job, int cause)
{
    if (job->stop || sp_job_state_is_final(job->state))
        return;
    job->stop = cause;
    switch (job->state) {
    case SP_JOB_QUEUED: sp_policy_store_cancel(&job->resolve); break;
    case SP_JOB_VETTING: sp_workers_cancel(job->jobs->config.server->workers, &job->task); break;
    case SP_JOB_STARTING:
    case SP_JOB_RUNNING: sp_run_cancel(&job->run); break;
    default: break;
    }
}

void sp_job_cancel(struct sp_job *job)
{
    sp_job_stop(job, SP_ECANCELLED);
}

/* ---- running ---- */

static void on_output(struct sp_run *run, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    struct sp_job *job = run->data;
    if (!job->listener.output)
        sp_buffer_append(&job->output[stream == SP_RUN_STDERR], bytes, n_bytes);
    else if (!job->listener.output(job->listener.data, stream, bytes, n_bytes))
        sp_run_pause(run);
}

static void on_started(struct sp_run *run)
{
    struct sp_job *job = run->data;
    job->deadline_ns = 0;
    move(job, SP_JOB_RUNNING);
}

static void on_run_done(struct sp_run *run, const struct sp_run_result *result, const struct sp_error *error)
{
    struct sp_job *job = run->data;
    if (!result) {
        end_without_result(job, error);
        return;
    }
    if (job->state == SP_JOB_STARTING)
        move(job, SP_JOB_RUNNING);
    end(job, outcome_states[result->outcome], result, NULL);
}

void sp_job_resume(struct sp_job *job)
{
    if (job->state == SP_JOB_STARTING || job->state == SP_JOB_RUNNING)
        sp_run_resume(&job->run);
}

/* ---- vetting ---- */

static void judge_work(struct sp_task *task, struct sp_scanner *scanner)
{
    struct sp_job *job = SP_CONTAINER(task, struct sp_job, task);
    job->judge_start_ns = uv_hrtime();
    job->judged = sp_gate_judge(&job->gate, scanner, &job->error);
    job->judge_end_ns = uv_hrtime();
}

static void refuse(struct sp_job *job)
{
    struct sp_audit *audit = job->jobs->config.server->audit;
    if (audit)
        (void)sp_audit_add(audit, (struct sp_str){(const char *)job->gate.audit.bytes, job->gate.audit.n_bytes}, NULL);
    end(job, SP_JOB_REFUSED, NULL, NULL);
}

static void judge_done(struct sp_task *task, bool cancelled)
{
    struct sp_job *job = SP_CONTAINER(task, struct sp_job, task);
    struct sp_server *server = job->jobs->config.server;
    if (cancelled)
        sp_error_set(&job->error, SP_ECANCELLED, NULL);
    else if (job->judged < 0)
        sp_error_set(&job->error, job->judged, NULL);
    if (job->error.code || job->stop) {
        end_without_result(job, &job->error);
        return;
    }
    if (job->gate.step == SP_GATE_REFUSED) {
        refuse(job);
        return;
    }
    if (!move(job, SP_JOB_STARTING)) {
        sp_error_set(&job->error, SP_EINTERNAL, "a run that was not vetted would have started");
        end_without_result(job, &job->error);
        return;
    }
    job->run = (struct sp_run){.data = job, .output = on_output, .started = on_started, .done = on_run_done};
    if (sp_gate_hand_over(&job->gate, server->audit, server->runtimes, &job->run, &job->error) < 0)
        end_without_result(job, &job->error);
}

static int vet(struct sp_job *job, struct sp_error *error)
{
    job->gate.policies = job->resolve.set;
    job->resolve.set = (struct sp_policy_set){0};
    job->task = (struct sp_task){
        .uid = job->gate.uid, .weight_bytes = job->gate.source_bytes, .work = judge_work, .done = judge_done};
    int r = sp_workers_submit(job->jobs->config.server->workers, &job->task, error);
    if (r == 0)
        move(job, SP_JOB_VETTING);
    return r;
}

static void on_resolved(struct sp_policy_resolve_request *request, const struct sp_error *error)
{
    struct sp_job *job = request->data;
    if (error)
        job->error = *error;
    if (error || job->stop || vet(job, &job->error) < 0)
        end_without_result(job, &job->error);
}

/* ---- life ---- */

/* As far as it gets at once. */
static int begin(struct sp_job *job, const struct sp_identity *identity, struct sp_error *error)
{
    struct sp_server *server = job->jobs->config.server;
    int r = sp_random_id_make(job->gate.run, error);
    if (r == 0)
        r = sp_gate_check(&job->gate, server->config, server->runtimes, identity, job->params, &job->arena, error);
    if (r == 0)
        r = sp_policy_store_resolve(server->policies, identity->uid, job->params->policy, &job->resolve, error);
    for (int i = 0; i < 2; i++)
        sp_buffer_init(&job->output[i], job->gate.spec.limits.output_bytes);
    return r == SP_POLICY_RESOLVED ? vet(job, error) : r;
}

int sp_job_start(struct sp_jobs *jobs, const struct sp_identity *identity, const struct sp_params_run *params,
    uint64_t accepted_ns, const struct sp_job_listener *listener, struct sp_job **ret_job, struct sp_error *error)
{
    struct sp_server *server = jobs->config.server;
    int r = sp_jobs_admit(jobs, identity->uid, error);
    if (r < 0)
        return r;
    struct sp_job *job = calloc(1, sizeof(*job));
    if (!job)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    job->jobs = jobs;
    job->params = params;
    job->listener = *listener;
    job->accepted_ns = accepted_ns;
    job->resolve = (struct sp_policy_resolve_request){.data = job, .done = on_resolved};
    sp_arena_init(&job->arena, ARENA_BYTES_MAX);
    struct sp_error local = {0};
    r = begin(job, identity, &local);
    if (r < 0) {
        struct sp_audit_event event = event_of(job, SP_AUDIT_REFUSAL);
        event.error = &local;
        sp_audit_tell(server->audit, &event);
        if (error && !error->code)
            *error = local;
        sp_job_free(job);
        return r;
    }
    sp_jobs_add(jobs, job);
    *ret_job = job;
    return 0;
}

void sp_job_free(struct sp_job *job)
{
    if (!job)
        return;
    sp_policy_set_fini(&job->resolve.set);
    sp_gate_fini(&job->gate);
    sp_arena_fini(&job->arena);
    for (int i = 0; i < 2; i++)
        sp_buffer_fini(&job->output[i]);
    free(job);
}

enum sp_job_state sp_job_state(const struct sp_job *job)
{
    return job->state;
}
