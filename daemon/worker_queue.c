/* The queue of the pool. No thread of its own: guarded by the pool's lock. Users with something queued stand in a ring, and a
 * few that have nothing any more are kept for the next ones, so that the common case allocates nothing. */
#include "daemon/worker_queue.h"

#include <stdlib.h>

#define SPARE_USERS_MAX 64

struct sp_worker_user {
    uint32_t uid;
    struct sp_task *head, *tail;
    size_t n_tasks;
    struct sp_worker_user *next, *prev;
};

static struct sp_worker_user *find_user(struct sp_worker_queue *queue, uint32_t uid)
{
    struct sp_worker_user *user = queue->turn;
    if (!user)
        return NULL;
    do {
        if (user->uid == uid)
            return user;
        user = user->next;
    } while (user != queue->turn);
    return NULL;
}

/* The user's place is the last one before the turn comes round. */
static struct sp_worker_user *add_user(struct sp_worker_queue *queue, uint32_t uid)
{
    struct sp_worker_user *user = queue->spare;
    if (user) {
        queue->spare = user->next;
        queue->n_spare--;
    } else if (!(user = malloc(sizeof(*user)))) {
        return NULL;
    }
    *user = (struct sp_worker_user){.uid = uid};
    if (!queue->turn) {
        queue->turn = user->next = user->prev = user;
    } else {
        user->next = queue->turn;
        user->prev = queue->turn->prev;
        user->prev->next = user;
        user->next->prev = user;
    }
    return user;
}

static void drop_user(struct sp_worker_queue *queue, struct sp_worker_user *user)
{
    if (queue->turn == user)
        queue->turn = user->next == user ? NULL : user->next;
    user->prev->next = user->next;
    user->next->prev = user->prev;
    if (queue->n_spare < SPARE_USERS_MAX) {
        user->next = queue->spare;
        queue->spare = user;
        queue->n_spare++;
    } else {
        free(user);
    }
}

static void unlink_task(struct sp_worker_queue *queue, struct sp_worker_user *user, struct sp_task *task)
{
    if (task->prev)
        task->prev->next = task->next;
    else
        user->head = task->next;
    if (task->next)
        task->next->prev = task->prev;
    else
        user->tail = task->prev;
    task->next = task->prev = NULL;
    user->n_tasks--;
    queue->n_tasks--;
    queue->n_bytes -= task->weight_bytes;
}

void sp_worker_queue_fini(struct sp_worker_queue *queue)
{
    struct sp_worker_user *next;
    for (struct sp_worker_user *user = queue->spare; user; user = next) {
        next = user->next;
        free(user);
    }
    queue->spare = NULL;
}

static int admit(const struct sp_worker_queue *queue, const struct sp_workers_config *config,
    const struct sp_worker_user *user, const struct sp_task *task, struct sp_error *error)
{
    if (queue->n_tasks >= config->tasks_max)
        return sp_error_set(error, SP_EBUSY, "the queue of scans is full");
    if (user && user->n_tasks >= config->user_tasks_max)
        return sp_error_set(error, SP_EBUSY, "too many scans of yours are waiting");
    /* One that is larger than the bound alone may pass when nothing else waits. */
    if (queue->n_tasks > 0 && queue->n_bytes + task->weight_bytes > config->bytes_max)
        return sp_error_set(error, SP_EBUSY, "too many bytes are waiting to be scanned");
    return 0;
}

int sp_worker_queue_add(
    struct sp_worker_queue *queue, const struct sp_workers_config *config, struct sp_task *task, struct sp_error *error)
{
    struct sp_worker_user *user = find_user(queue, task->uid);
    int r = admit(queue, config, user, task, error);
    if (r == 0 && !user && !(user = add_user(queue, task->uid)))
        r = sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (r < 0)
        return r;
    task->next = NULL;
    task->prev = user->tail;
    if (user->tail)
        user->tail->next = task;
    else
        user->head = task;
    user->tail = task;
    user->n_tasks++;
    queue->n_tasks++;
    queue->n_bytes += task->weight_bytes;
    return 0;
}

struct sp_task *sp_worker_queue_take(struct sp_worker_queue *queue)
{
    struct sp_worker_user *user = queue->turn;
    struct sp_task *task = user->head;
    unlink_task(queue, user, task);
    queue->turn = user->next;
    if (!user->head)
        drop_user(queue, user);
    return task;
}

void sp_worker_queue_remove(struct sp_worker_queue *queue, struct sp_task *task)
{
    struct sp_worker_user *user = find_user(queue, task->uid);
    unlink_task(queue, user, task);
    if (!user->head)
        drop_user(queue, user);
}
