#ifndef SP_DAEMON_JOB_INSIDE_H
#define SP_DAEMON_JOB_INSIDE_H

/* The inside of a job and of the table. Nobody includes this but job.c, jobs.c and job_result.c. */

#include <uv.h>

#include "daemon/jobs.h"

struct sp_job {
    struct sp_jobs *jobs;
    enum sp_job_state state;
    const struct sp_params_run *params;
    struct sp_job_listener listener;
    struct sp_arena arena;
    struct sp_gate gate;
    struct sp_policy_resolve_request resolve;
    struct sp_task task;
    struct sp_run run;
    int stop; /* SP_ECANCELLED, SP_ETIMED_OUT: why it is being ended; 0: it is not */
    int judged;
    struct sp_error error;
    uint64_t accepted_ns, deadline_ns; /* deadline 0: none */
    uint64_t judge_start_ns, judge_end_ns;
    struct sp_buffer output[2];
    struct sp_job *next, **link; /* of the jobs that go on */
};

struct sp_jobs {
    struct sp_jobs_config config;
    struct sp_job *going;
    size_t n_going;
    uv_timer_t timer; /* at the next deadline */
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
    uint64_t ended[SP_JOB_STATE_COUNT], refused_busy;
};

/* May one more start? SP_EBUSY past a bound (and counted), SP_ESHUTTING_DOWN. */
int sp_jobs_admit(struct sp_jobs *jobs, uint32_t uid, struct sp_error *error);
/* The job goes on, and has its deadline from now on. */
void sp_jobs_add(struct sp_jobs *jobs, struct sp_job *job);
/* The job has ended, in the state that it is in. */
void sp_jobs_remove(struct sp_jobs *jobs, struct sp_job *job);

/* Ends a job for a cause, SP_ECANCELLED or SP_ETIMED_OUT: ended follows, never before this returns. The first cause stands. */
void sp_job_stop(struct sp_job *job, int cause);

#endif
