#ifndef SP_DAEMON_WORKER_QUEUE_H
#define SP_DAEMON_WORKER_QUEUE_H

/* What waits for a worker, served round-robin over users. A plain container: whoever holds it has the pool's lock. */

#include "daemon/worker.h"

struct sp_worker_user;

struct sp_worker_queue {         /* zeroed: empty */
    struct sp_worker_user *turn; /* in a ring of those with something queued: the next one to be served */
    struct sp_worker_user *spare;
    size_t n_spare;
    size_t n_tasks, n_bytes;
};

void sp_worker_queue_fini(struct sp_worker_queue *queue);

/* Behind the other tasks of its user. SP_EBUSY past a bound of the configuration, SP_ENO_MEMORY. */
int sp_worker_queue_add(struct sp_worker_queue *queue, const struct sp_workers_config *config, struct sp_task *task,
    struct sp_error *error);
/* The oldest task of the user whose turn it is; the turn goes on. Only where n_tasks is not 0. */
struct sp_task *sp_worker_queue_take(struct sp_worker_queue *queue);
/* A task that is in the queue. */
void sp_worker_queue_remove(struct sp_worker_queue *queue, struct sp_task *task);

#endif
