/* The pool of threads that scan. The loop's thread submits and cancels, the pool's own threads work; a mutex guards the
 * queues, and what has ended goes back through one list and one uv_async_t, drained whole. Owner: the server.
 *
 * Waking costs more than a small scan does, so submit wakes a sleeper only when the queue was empty, and a thread that
 * took its share and leaves some behind wakes the next one: the loop never pays for more than one. A thread takes several
 * small tasks at once where many wait, but by weight too, so that large ones spread. */
#include "daemon/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/scope.h"

#define TAKE_TASKS_MAX  16
#define TAKE_BYTES_MAX  (64u << 10)
#define THREADS_MAX     256
#define SPARE_USERS_MAX 64

enum state {
    STATE_IDLE,
    STATE_QUEUED, /* in a user's queue; changes under the lock only */
    STATE_TAKEN,  /* in a thread's share; may become RUNNING or CANCELLED, by exchange */
    STATE_RUNNING,
    STATE_CANCELLED,
    STATE_FINISHED
};

/* Users with something queued stand in a ring; the next one to be served is `turn`. */
struct user {
    uint32_t uid;
    struct sp_task *head, *tail;
    size_t n_tasks;
    struct user *next, *prev;
};

struct sp_workers {
    struct sp_workers_config config;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct user *turn;
    struct user *spare;
    size_t n_spare;
    size_t waiting, waiting_bytes;
    size_t running;
    unsigned sleeping; /* threads in pthread_cond_wait that nobody has woken yet */
    unsigned alive;    /* threads that have not ended */
    uint64_t finished, refused;
    struct sp_task *ended_head, *ended_tail; /* on their way back to the loop */
    bool stopping;

    pthread_t *threads;
    unsigned n_threads;
    uv_async_t ended;
    void (*stopped)(void *context);
    void *stopped_context;
};

static struct user *find_user(struct sp_workers *workers, uint32_t uid)
{
    struct user *user = workers->turn;
    if (!user)
        return NULL;
    do {
        if (user->uid == uid)
            return user;
        user = user->next;
    } while (user != workers->turn);
    return NULL;
}

/* The user's place is the last one before the turn comes round. */
static struct user *add_user(struct sp_workers *workers, uint32_t uid)
{
    struct user *user = workers->spare;
    if (user) {
        workers->spare = user->next;
        workers->n_spare--;
    } else if (!(user = malloc(sizeof(*user)))) {
        return NULL;
    }
    *user = (struct user){.uid = uid};
    if (!workers->turn) {
        workers->turn = user->next = user->prev = user;
    } else {
        user->next = workers->turn;
        user->prev = workers->turn->prev;
        user->prev->next = user;
        user->next->prev = user;
    }
    return user;
}

static void drop_user(struct sp_workers *workers, struct user *user)
{
    if (workers->turn == user)
        workers->turn = user->next == user ? NULL : user->next;
    user->prev->next = user->next;
    user->next->prev = user->prev;
    if (workers->n_spare < SPARE_USERS_MAX) {
        user->next = workers->spare;
        workers->spare = user;
        workers->n_spare++;
    } else {
        free(user);
    }
}

static void unlink_task(struct sp_workers *workers, struct user *user, struct sp_task *task)
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
    workers->waiting--;
    workers->waiting_bytes -= task->weight_bytes;
}

/* Lock held. True where the loop has to be told. */
static bool add_ended(struct sp_workers *workers, struct sp_task *task)
{
    bool first = !workers->ended_head;
    task->next = NULL;
    if (first)
        workers->ended_head = task;
    else
        workers->ended_tail->next = task;
    workers->ended_tail = task;
    return first;
}

/* Lock held. One task of each user in turn, until the share is full. */
static size_t take_share(struct sp_workers *workers, struct sp_task **share)
{
    size_t most = workers->waiting / workers->n_threads, n = 0, n_bytes = 0;
    if (most > TAKE_TASKS_MAX)
        most = TAKE_TASKS_MAX;
    do {
        struct user *user = workers->turn;
        struct sp_task *task = user->head;
        unlink_task(workers, user, task);
        workers->turn = user->next;
        if (!user->head)
            drop_user(workers, user);
        __atomic_store_n(&task->state, STATE_TAKEN, __ATOMIC_RELAXED);
        share[n++] = task;
        n_bytes += task->weight_bytes;
    } while (workers->turn && n < most && n_bytes < TAKE_BYTES_MAX);
    workers->running += n;
    return n;
}

/* Lock held. */
static void wake_one(struct sp_workers *workers)
{
    if (workers->sleeping == 0)
        return;
    workers->sleeping--;
    pthread_cond_signal(&workers->work);
}

static void work_on(struct sp_workers *workers, struct sp_task *task, struct sp_scanner *scanner)
{
    int expected = STATE_TAKEN;
    if (__atomic_compare_exchange_n(
            &task->state, &expected, STATE_RUNNING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        task->work(task, scanner);
        __atomic_store_n(&task->state, STATE_FINISHED, __ATOMIC_RELEASE);
    }
    pthread_mutex_lock(&workers->lock);
    workers->running--;
    workers->finished++;
    bool tell = add_ended(workers, task);
    pthread_mutex_unlock(&workers->lock);
    if (tell)
        uv_async_send(&workers->ended);
}

struct thread_start {
    struct sp_workers *workers;
    struct sp_scanner *scanner;
};

static void *run_thread(void *argument)
{
    struct thread_start start = *(struct thread_start *)argument;
    free(argument);
    struct sp_workers *workers = start.workers;
    struct sp_task *share[TAKE_TASKS_MAX];
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (!workers->turn && !workers->stopping) {
            workers->sleeping++;
            pthread_cond_wait(&workers->work, &workers->lock);
            /* A wake-up nobody sent leaves the count one too high for a moment: one signal more, never one less. */
        }
        if (!workers->turn)
            break;
        size_t n = take_share(workers, share);
        if (workers->turn)
            wake_one(workers);
        pthread_mutex_unlock(&workers->lock);
        for (size_t i = 0; i < n; i++)
            work_on(workers, share[i], start.scanner);
        pthread_mutex_lock(&workers->lock);
    }
    workers->alive--;
    pthread_mutex_unlock(&workers->lock);
    sp_scanner_free(start.scanner);
    uv_async_send(&workers->ended);
    return NULL;
}

static void free_workers(struct sp_workers *workers)
{
    struct user *next;
    for (struct user *user = workers->spare; user; user = next) {
        next = user->next;
        free(user);
    }
    pthread_mutex_destroy(&workers->lock);
    pthread_cond_destroy(&workers->work);
    free(workers->threads);
    free(workers);
}

static void on_closed(uv_handle_t *handle)
{
    struct sp_workers *workers = handle->data;
    void (*stopped)(void *) = workers->stopped;
    void *context = workers->stopped_context;
    free_workers(workers);
    if (stopped)
        stopped(context);
}

static void on_ended(uv_async_t *handle)
{
    struct sp_workers *workers = handle->data;
    pthread_mutex_lock(&workers->lock);
    struct sp_task *task = workers->ended_head;
    workers->ended_head = workers->ended_tail = NULL;
    pthread_mutex_unlock(&workers->lock);
    while (task) {
        struct sp_task *next = task->next;
        bool cancelled = __atomic_load_n(&task->state, __ATOMIC_ACQUIRE) == STATE_CANCELLED;
        task->next = NULL;
        __atomic_store_n(&task->state, STATE_IDLE, __ATOMIC_RELAXED);
        task->done(task, cancelled);
        task = next;
    }
    pthread_mutex_lock(&workers->lock);
    bool over = workers->stopping && workers->alive == 0 && !workers->ended_head;
    pthread_mutex_unlock(&workers->lock);
    if (!over || uv_is_closing((uv_handle_t *)handle))
        return;
    for (unsigned i = 0; i < workers->n_threads; i++)
        pthread_join(workers->threads[i], NULL);
    uv_close((uv_handle_t *)handle, on_closed);
}

static int start_thread(struct sp_workers *workers, struct sp_error *error)
{
    struct thread_start *start = malloc(sizeof(*start));
    if (!start)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    *start = (struct thread_start){.workers = workers};
    int r = sp_scanner_new(&start->scanner, error);
    if (r < 0) {
        free(start);
        return r;
    }
    pthread_mutex_lock(&workers->lock);
    int failed = pthread_create(&workers->threads[workers->n_threads], NULL, run_thread, start);
    if (!failed) {
        workers->n_threads++;
        workers->alive++;
    }
    pthread_mutex_unlock(&workers->lock);
    if (failed) {
        sp_scanner_free(start->scanner);
        free(start);
        return sp_error_errno(error, failed, "pthread_create");
    }
    return 0;
}

static unsigned n_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

int sp_workers_start(const struct sp_workers_config *config, struct sp_workers **ret_workers, struct sp_error *error)
{
    unsigned n_threads = config->n_threads ? config->n_threads : n_cores();
    if (n_threads > THREADS_MAX)
        n_threads = THREADS_MAX;
    struct sp_workers *workers = calloc(1, sizeof(*workers));
    if (!workers)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    workers->config = *config;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->work, NULL);
    workers->threads = calloc(n_threads, sizeof(*workers->threads));
    if (!workers->threads) {
        free_workers(workers);
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    int r = uv_async_init(config->loop, &workers->ended, on_ended);
    if (r < 0) {
        free_workers(workers);
        return sp_error_errno(error, -r, "uv_async_init");
    }
    workers->ended.data = workers;
    for (unsigned i = 0; i < n_threads; i++) {
        r = start_thread(workers, error);
        if (r < 0) {
            sp_workers_stop(workers, NULL, NULL);
            return r;
        }
    }
    *ret_workers = workers;
    return 0;
}

void sp_workers_stop(struct sp_workers *workers, void (*stopped)(void *context), void *context)
{
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    workers->stopped = stopped;
    workers->stopped_context = context;
    while (workers->turn) {
        struct user *user = workers->turn;
        struct sp_task *task = user->head;
        unlink_task(workers, user, task);
        __atomic_store_n(&task->state, STATE_CANCELLED, __ATOMIC_RELAXED);
        add_ended(workers, task);
        if (!user->head)
            drop_user(workers, user);
    }
    workers->sleeping = 0;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->lock);
    uv_async_send(&workers->ended);
}

/* Lock held. */
static int admit(
    struct sp_workers *workers, const struct user *user, const struct sp_task *task, struct sp_error *error)
{
    if (workers->stopping)
        return sp_error_set(error, SP_ESHUTTING_DOWN, NULL);
    if (workers->waiting >= workers->config.tasks_max)
        return sp_error_set(error, SP_EBUSY, "the queue of scans is full");
    if (user && user->n_tasks >= workers->config.user_tasks_max)
        return sp_error_set(error, SP_EBUSY, "too many scans of yours are waiting");
    /* One that is larger than the bound alone may pass when nothing else waits. */
    if (workers->waiting > 0 && workers->waiting_bytes + task->weight_bytes > workers->config.bytes_max)
        return sp_error_set(error, SP_EBUSY, "too many bytes are waiting to be scanned");
    return 0;
}

int sp_workers_submit(struct sp_workers *workers, struct sp_task *task, struct sp_error *error)
{
    pthread_mutex_lock(&workers->lock);
    struct user *user = find_user(workers, task->uid);
    int r = admit(workers, user, task, error);
    if (r == 0 && !user && !(user = add_user(workers, task->uid)))
        r = sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (r < 0) {
        workers->refused++;
        pthread_mutex_unlock(&workers->lock);
        return r;
    }
    bool was_empty = workers->waiting == 0;
    task->next = NULL;
    task->prev = user->tail;
    if (user->tail)
        user->tail->next = task;
    else
        user->head = task;
    user->tail = task;
    user->n_tasks++;
    workers->waiting++;
    workers->waiting_bytes += task->weight_bytes;
    __atomic_store_n(&task->state, STATE_QUEUED, __ATOMIC_RELAXED);
    if (was_empty)
        wake_one(workers);
    pthread_mutex_unlock(&workers->lock);
    return 0;
}

void sp_workers_cancel(struct sp_workers *workers, struct sp_task *task)
{
    bool tell = false;
    pthread_mutex_lock(&workers->lock);
    int state = STATE_TAKEN;
    if (__atomic_load_n(&task->state, __ATOMIC_RELAXED) == STATE_QUEUED) {
        struct user *user = find_user(workers, task->uid);
        unlink_task(workers, user, task);
        if (!user->head)
            drop_user(workers, user);
        __atomic_store_n(&task->state, STATE_CANCELLED, __ATOMIC_RELAXED);
        tell = add_ended(workers, task);
    } else {
        __atomic_compare_exchange_n(&task->state, &state, STATE_CANCELLED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    }
    pthread_mutex_unlock(&workers->lock);
    if (tell)
        uv_async_send(&workers->ended);
}

void sp_workers_stats(struct sp_workers *workers, struct sp_workers_stats *ret_stats)
{
    pthread_mutex_lock(&workers->lock);
    *ret_stats = (struct sp_workers_stats){
        .n_threads = workers->n_threads,
        .waiting = workers->waiting,
        .running = workers->running,
        .finished = workers->finished,
        .refused = workers->refused,
    };
    pthread_mutex_unlock(&workers->lock);
}
