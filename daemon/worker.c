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

#include "daemon/worker_queue.h"

#define TAKE_TASKS_MAX 16
#define TAKE_BYTES_MAX (64u << 10)

enum state {
    STATE_IDLE,
    STATE_QUEUED, /* in a user's queue; changes under the lock only */
    STATE_TAKEN,  /* in a thread's share; may become RUNNING or CANCELLED, by exchange */
    STATE_RUNNING,
    STATE_CANCELLED,
    STATE_FINISHED
};

struct sp_workers {
    struct sp_workers_config config;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct sp_worker_queue queue;
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
    size_t most = workers->queue.n_tasks / workers->n_threads, n = 0, n_bytes = 0;
    if (most > TAKE_TASKS_MAX)
        most = TAKE_TASKS_MAX;
    if (workers->config.one_by_one)
        most = 1;
    do {
        struct sp_task *task = sp_worker_queue_take(&workers->queue);
        __atomic_store_n(&task->state, STATE_TAKEN, __ATOMIC_RELAXED);
        share[n++] = task;
        n_bytes += task->weight_bytes;
    } while (workers->queue.n_tasks && n < most && n_bytes < TAKE_BYTES_MAX);
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
        while (!workers->queue.n_tasks && !workers->stopping) {
            workers->sleeping++;
            pthread_cond_wait(&workers->work, &workers->lock);
            /* A wake-up nobody sent leaves the count one too high for a moment: one signal more, never one less. */
        }
        if (!workers->queue.n_tasks)
            break;
        size_t n = take_share(workers, share);
        if (workers->queue.n_tasks)
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
    sp_worker_queue_fini(&workers->queue);
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
    return n < 1 ? 1 : n > SP_WORKERS_MAX ? SP_WORKERS_MAX : (unsigned)n;
}

int sp_workers_start(const struct sp_workers_config *config, struct sp_workers **ret_workers, struct sp_error *error)
{
    unsigned n_threads = config->n_threads ? config->n_threads : n_cores();
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
    while (workers->queue.n_tasks) {
        struct sp_task *task = sp_worker_queue_take(&workers->queue);
        __atomic_store_n(&task->state, STATE_CANCELLED, __ATOMIC_RELAXED);
        add_ended(workers, task);
    }
    workers->sleeping = 0;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->lock);
    uv_async_send(&workers->ended);
}

int sp_workers_submit(struct sp_workers *workers, struct sp_task *task, struct sp_error *error)
{
    pthread_mutex_lock(&workers->lock);
    bool was_empty = workers->queue.n_tasks == 0;
    int r = workers->stopping ? sp_error_set(error, SP_ESHUTTING_DOWN, NULL)
                              : sp_worker_queue_add(&workers->queue, &workers->config, task, error);
    if (r < 0) {
        workers->refused++;
    } else {
        __atomic_store_n(&task->state, STATE_QUEUED, __ATOMIC_RELAXED);
        if (was_empty)
            wake_one(workers);
    }
    pthread_mutex_unlock(&workers->lock);
    return r;
}

void sp_workers_cancel(struct sp_workers *workers, struct sp_task *task)
{
    bool tell = false;
    pthread_mutex_lock(&workers->lock);
    int state = STATE_TAKEN;
    if (__atomic_load_n(&task->state, __ATOMIC_RELAXED) == STATE_QUEUED) {
        sp_worker_queue_remove(&workers->queue, task);
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
        .waiting = workers->queue.n_tasks,
        .running = workers->running,
        .finished = workers->finished,
        .refused = workers->refused,
    };
    pthread_mutex_unlock(&workers->lock);
}
