#ifndef SP_DAEMON_JOB_H
#define SP_DAEMON_JOB_H

/* One run from acceptance to its end. Loop thread only.
 *
 *            resolve         judge                  hand-over
 *   queued ──────────► vetting ────────► starting ───────────► running ──► done
 *     │                  │  │               │                    │  │└───► failed
 *     │                  │  └──► refused    │                    │  └────► timed_out
 *     └──────────────────┴──────────────────┴────────────────────┴───────► cancelled, failed, timed_out
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/gate.h"
#include "daemon/policy_store.h"
#include "daemon/request.h"
#include "daemon/worker.h"
#include "runtimes/runtime.h"

struct sp_jobs;
struct sp_job;

#define SP_JOB_STATES(X)                                                                                               \
    X(QUEUED, "queued")                                                                                                \
    X(VETTING, "vetting")                                                                                              \
    X(REFUSED, "refused")                                                                                              \
    X(STARTING, "starting")                                                                                            \
    X(RUNNING, "running")                                                                                              \
    X(DONE, "done")                                                                                                    \
    X(FAILED, "failed")                                                                                                \
    X(TIMED_OUT, "timed_out")                                                                                          \
    X(CANCELLED, "cancelled")

enum sp_job_state {
#define X(id, name) SP_JOB_##id,
    SP_JOB_STATES(X)
#undef X
        SP_JOB_STATE_COUNT
};
const char *sp_job_state_name(enum sp_job_state state);
/* May a job go from one state to the other? */
bool sp_job_may(enum sp_job_state from, enum sp_job_state to);
bool sp_job_state_is_final(enum sp_job_state state);

/* What the owner of a job hears. Both on the loop, never before start returned. */
struct sp_job_listener {
    void *data;
    /* Bytes of the program as they come; false asks for a pause, which sp_job_resume ends. NULL: kept in the job. */
    bool (*output)(void *data, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes);
    /* Exactly once. error: the job ended before the hand-over, and not by a verdict. NULL: sp_job_result_pack answers.
     * result is the job's, valid until this returns; NULL where the code was refused. The owner frees the job in here or
     * later. */
    void (*ended)(void *data, const struct sp_run_result *result, const struct sp_error *error);
};

/* Starts a job: checks it at the gate, resolves its policy, and goes on from there. params and what they point at stay valid
 * until the job is freed; a worker reads them meanwhile. Errors as sp_gate_check, and SP_EBUSY, SP_ESHUTTING_DOWN,
 * SP_ERUNTIME_UNAVAILABLE; ended is not called then. */
int sp_job_start(struct sp_jobs *jobs, const struct sp_identity *identity, const struct sp_params_run *params,
    uint64_t accepted_ns, const struct sp_job_listener *listener, struct sp_job **ret_job, struct sp_error *error);
/* Ends a job: ended follows. Idempotent. */
void sp_job_cancel(struct sp_job *job);
void sp_job_resume(struct sp_job *job);
/* Only once it has ended. */
void sp_job_free(struct sp_job *job);

enum sp_job_state sp_job_state(const struct sp_job *job);

#endif
