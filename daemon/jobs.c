/* The table of the runs that go on. Loop thread; owner: the server. One timer for all, at the next deadline: jobs are few, so
 * that a list which is walked will do. */
#include <stdlib.h>
#include <string.h>

#include "daemon/job_inside.h"
#include "daemon/server.h"
#include "proto/list.h"

static void on_timer_closed(uv_handle_t *handle)
{
    struct sp_jobs *jobs = handle->data;
    void (*closed)(void *) = jobs->closed;
    void *context = jobs->closed_context;
    free(jobs);
    if (closed)
        closed(context);
}

static void close_when_empty(struct sp_jobs *jobs)
{
    if (jobs->closing && jobs->n_going == 0 && !uv_is_closing((uv_handle_t *)&jobs->timer))
        uv_close((uv_handle_t *)&jobs->timer, on_timer_closed);
}

static void on_deadline(uv_timer_t *timer);

static void arm_timer(struct sp_jobs *jobs)
{
    uint64_t next_ns = UINT64_MAX, now_ns = uv_hrtime();
    for (struct sp_job *job = jobs->going; job; job = job->next)
        if (job->deadline_ns && job->deadline_ns < next_ns)
            next_ns = job->deadline_ns;
    if (next_ns == UINT64_MAX)
        uv_timer_stop(&jobs->timer);
    else
        uv_timer_start(&jobs->timer, on_deadline, next_ns > now_ns ? (next_ns - now_ns) / 1000000 + 1 : 0, 0);
}

static void on_deadline(uv_timer_t *timer)
{
    struct sp_jobs *jobs = timer->data;
    uint64_t now_ns = uv_hrtime();
    uv_update_time(timer->loop);
    for (struct sp_job *job = jobs->going; job; job = job->next)
        if (job->deadline_ns && job->deadline_ns <= now_ns) {
            job->deadline_ns = 0;
            sp_job_stop(job, SP_ETIMED_OUT);
        }
    arm_timer(jobs);
}

int sp_jobs_open(const struct sp_jobs_config *config, struct sp_jobs **ret_jobs, struct sp_error *error)
{
    struct sp_jobs *jobs = calloc(1, sizeof(*jobs));
    if (!jobs)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    jobs->config = *config;
    uv_timer_init(config->server->loop, &jobs->timer);
    uv_unref((uv_handle_t *)&jobs->timer);
    jobs->timer.data = jobs;
    *ret_jobs = jobs;
    return 0;
}

void sp_jobs_configure(struct sp_jobs *jobs, const struct sp_jobs_config *config)
{
    jobs->config = *config;
}

static void cancel_all(struct sp_jobs *jobs)
{
    for (struct sp_job *job = jobs->going; job; job = job->next)
        sp_job_stop(job, SP_ECANCELLED);
}

void sp_jobs_close(struct sp_jobs *jobs, void (*closed)(void *context), void *context)
{
    if (!jobs) {
        if (closed)
            closed(context);
        return;
    }
    jobs->closing = true;
    jobs->closed = closed;
    jobs->closed_context = context;
    cancel_all(jobs);
    close_when_empty(jobs);
}

void sp_jobs_stats(const struct sp_jobs *jobs, struct sp_jobs_stats *ret_stats)
{
    struct sp_jobs_stats stats = {.refused_busy = jobs->refused_busy};
    memcpy(stats.ended, jobs->ended, sizeof(stats.ended));
    for (struct sp_job *job = jobs->going; job; job = job->next)
        stats.now[job->state]++;
    *ret_stats = stats;
}

static int check_bounds(const struct sp_jobs *jobs, uint32_t uid, struct sp_error *error)
{
    size_t n = 0;
    if (jobs->closing || jobs->config.server->draining)
        return sp_error_set(error, SP_ESHUTTING_DOWN, NULL);
    for (struct sp_job *job = jobs->going; job; job = job->next)
        n += job->gate.uid == uid;
    if (n >= jobs->config.user_jobs_max)
        return sp_error_set(error, SP_EBUSY, "you have %zu runs going on, as many as you may have", n);
    if (jobs->n_going >= jobs->config.jobs_max)
        return sp_error_set(error, SP_EBUSY, "%zu runs are going on, as many as there may be", jobs->n_going);
    return 0;
}

int sp_jobs_admit(struct sp_jobs *jobs, uint32_t uid, struct sp_error *error)
{
    int r = check_bounds(jobs, uid, error);
    jobs->refused_busy += r == SP_EBUSY;
    return r;
}

void sp_jobs_add(struct sp_jobs *jobs, struct sp_job *job)
{
    SP_LIST_INSERT(&jobs->going, job);
    jobs->n_going++;
    if (jobs->config.wait_ms) {
        job->deadline_ns = uv_hrtime() + jobs->config.wait_ms * 1000000u;
        arm_timer(jobs);
    }
}

void sp_jobs_remove(struct sp_jobs *jobs, struct sp_job *job)
{
    jobs->ended[job->state]++;
    SP_LIST_REMOVE(job);
    jobs->n_going--;
    arm_timer(jobs);
    close_when_empty(jobs);
}
