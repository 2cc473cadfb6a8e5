#ifndef SP_DAEMON_WORKER_H
#define SP_DAEMON_WORKER_H

/* The pool of threads that scan, and the one place where loop and workers meet: tasks go in round-robin over users, come
 * back through one queue and one uv_async_t. */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/error.h"
#include "scanner/scanner.h"

struct sp_workers;

#define SP_WORKERS_MAX 256

/* One piece of work; embedded by the caller, who owns it until submit returned 0 and again from done on. */
struct sp_task {
    uint32_t uid;        /* whose turn it takes */
    size_t weight_bytes; /* what it counts against the bounds of the queue */
    /* On a worker: touches only what the task carries and immutable, reference-counted policies. scanner is the worker's
     * own. */
    void (*work)(struct sp_task *task, struct sp_scanner *scanner);
    /* On the loop, exactly once, never before submit returns. cancelled: work was not called. */
    void (*done)(struct sp_task *task, bool cancelled);
    struct sp_task *next, *prev; /* the pool's own */
    int state;
};

struct sp_workers_config {
    uv_loop_t *loop;
    unsigned n_threads; /* SP_WORKERS_MAX at most; 0: one a core */
    size_t tasks_max;   /* waiting, all users together */
    size_t user_tasks_max;
    size_t bytes_max; /* weight waiting, all users together */
    bool one_by_one; /* a thread takes a single task at once: for long ones, which others should not have to wait for */
};

/* SP_ENO_MEMORY, SP_EINTERNAL; what was started by then ends by itself, on the loop. */
int sp_workers_start(const struct sp_workers_config *config, struct sp_workers **ret_workers, struct sp_error *error);
/* Runs what is queued no more (cancelled), waits for what runs; stopped is called on the loop when all done have run. */
void sp_workers_stop(struct sp_workers *workers, void (*stopped)(void *context), void *context);

/* SP_EBUSY past a bound. Wakes a sleeping worker only when that is needed. */
int sp_workers_submit(struct sp_workers *workers, struct sp_task *task, struct sp_error *error);
/* A task still waiting is taken out, its done(cancelled) follows on the loop; one that runs is left to end. */
void sp_workers_cancel(struct sp_workers *workers, struct sp_task *task);

struct sp_workers_stats {
    unsigned n_threads;
    size_t waiting, running;
    uint64_t finished, refused;
};
void sp_workers_stats(struct sp_workers *workers, struct sp_workers_stats *ret_stats);

#endif
