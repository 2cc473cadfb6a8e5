/* The pool: order, bounds, cancelling, stopping. What needs ThreadSanitizer is in tests/threads. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "daemon/worker.h"
#include "proto/scope.h"

struct fixture {
    uv_loop_t loop;
    struct sp_workers *workers;
    pthread_mutex_t hold; /* locked: the first task, and with one thread all others, waits */
    int n_done, n_cancelled, n_worked;
    uint32_t order[64];
    bool stopped;
};

struct item {
    struct sp_task task;
    struct fixture *fixture;
    bool holds, worked, done, cancelled, submitting;
};

static void item_work(struct sp_task *task, struct sp_scanner *scanner)
{
    struct item *item = SP_CONTAINER(task, struct item, task);
    cr_assert_not_null(scanner);
    if (item->holds) {
        pthread_mutex_lock(&item->fixture->hold);
        pthread_mutex_unlock(&item->fixture->hold);
    }
    item->worked = true;
}

static void item_done(struct sp_task *task, bool cancelled)
{
    struct item *item = SP_CONTAINER(task, struct item, task);
    struct fixture *f = item->fixture;
    cr_assert(!item->submitting, "done before submit returned");
    cr_assert(!item->done, "done twice");
    cr_assert_eq(item->worked, !cancelled);
    item->done = true;
    item->cancelled = cancelled;
    f->order[f->n_done++ % 64] = task->uid;
    f->n_cancelled += cancelled;
}

static void on_stopped(void *context)
{
    ((struct fixture *)context)->stopped = true;
}

static void set_up(struct fixture *f, struct sp_workers_config config)
{
    struct sp_error error = {0};
    *f = (struct fixture){0};
    uv_loop_init(&f->loop);
    pthread_mutex_init(&f->hold, NULL);
    config.loop = &f->loop;
    cr_assert_eq(sp_workers_start(&config, &f->workers, &error), 0, "%s", error.text);
}

static void tear_down(struct fixture *f)
{
    sp_workers_stop(f->workers, on_stopped, f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    cr_assert(f->stopped);
    cr_assert_eq(uv_loop_close(&f->loop), 0);
    pthread_mutex_destroy(&f->hold);
}

static int submit(struct fixture *f, struct item *item, uint32_t uid, size_t weight_bytes)
{
    *item = (struct item){.fixture = f,
        .holds = item->holds,
        .task = {.uid = uid, .weight_bytes = weight_bytes, .work = item_work, .done = item_done}};
    item->submitting = true;
    int r = sp_workers_submit(f->workers, &item->task, NULL);
    item->submitting = false;
    return r;
}

static void run_until(struct fixture *f, int n_done)
{
    while (f->n_done < n_done)
        uv_run(&f->loop, UV_RUN_ONCE);
}

/* Submits a task that holds the only thread, and waits until it runs. */
static void hold(struct fixture *f, struct item *holder)
{
    struct sp_workers_stats stats;
    pthread_mutex_lock(&f->hold);
    holder->holds = true;
    cr_assert_eq(submit(f, holder, 99, 1), 0);
    do
        sp_workers_stats(f->workers, &stats);
    while (stats.waiting > 0);
}

static const struct sp_workers_config one_thread = {
    .n_threads = 1, .tasks_max = 40, .user_tasks_max = 20, .bytes_max = 10000};

Test(worker, does_each_task_once)
{
    struct fixture f;
    struct item items[200];
    set_up(&f,
        (struct sp_workers_config){.n_threads = 3, .tasks_max = 1000, .user_tasks_max = 1000, .bytes_max = 1 << 20});
    memset(items, 0, sizeof(items));
    for (int i = 0; i < 200; i++)
        cr_assert_eq(submit(&f, &items[i], (uint32_t)i % 7, 100), 0);
    run_until(&f, 200);
    for (int i = 0; i < 200; i++)
        cr_assert(items[i].done && !items[i].cancelled);
    tear_down(&f);
}

Test(worker, serves_users_in_turn)
{
    struct fixture f;
    struct item holder = {0}, many[20] = {0}, one = {0};
    set_up(&f, one_thread);
    hold(&f, &holder);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(submit(&f, &many[i], 1, 1), 0);
    cr_assert_eq(submit(&f, &one, 2, 1), 0);
    pthread_mutex_unlock(&f.hold);
    run_until(&f, 22);
    cr_assert(f.order[1] == 2 || f.order[2] == 2, "the lone task of user 2 waited for user 1's twenty");
    tear_down(&f);
}

Test(worker, refuses_past_its_bounds)
{
    struct fixture f;
    struct item holder = {0}, items[41] = {0};
    set_up(&f, one_thread);
    hold(&f, &holder);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(submit(&f, &items[i], 1, 1), 0);
    cr_assert_eq(submit(&f, &items[20], 1, 1), SP_EBUSY);
    for (int i = 20; i < 40; i++)
        cr_assert_eq(submit(&f, &items[i], 2, 1), 0);
    cr_assert_eq(submit(&f, &items[40], 3, 1), SP_EBUSY);
    pthread_mutex_unlock(&f.hold);
    run_until(&f, 41);
    tear_down(&f);
}

Test(worker, bounds_the_bytes_that_wait_but_lets_one_pass)
{
    struct fixture f;
    struct item holder = {0}, large = {0}, small = {0};
    set_up(&f, one_thread);
    hold(&f, &holder);
    cr_assert_eq(submit(&f, &large, 1, 50000), 0);
    cr_assert_eq(submit(&f, &small, 1, 1), SP_EBUSY);
    pthread_mutex_unlock(&f.hold);
    run_until(&f, 2);
    tear_down(&f);
}

Test(worker, cancels_what_waits_and_not_what_runs)
{
    struct fixture f;
    struct item holder = {0}, items[3] = {0};
    set_up(&f, one_thread);
    hold(&f, &holder);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(submit(&f, &items[i], 1, 1), 0);
    sp_workers_cancel(f.workers, &items[1].task);
    sp_workers_cancel(f.workers, &holder.task);
    cr_assert(!items[1].done, "done inside cancel");
    run_until(&f, 1);
    cr_assert(items[1].cancelled);
    pthread_mutex_unlock(&f.hold);
    run_until(&f, 4);
    cr_assert(!holder.cancelled && !items[0].cancelled && !items[2].cancelled);
    tear_down(&f);
}

Test(worker, stops_by_cancelling_what_waits)
{
    struct fixture f;
    struct item holder = {0}, items[5] = {0};
    set_up(&f, one_thread);
    hold(&f, &holder);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(submit(&f, &items[i], 1, 1), 0);
    sp_workers_stop(f.workers, on_stopped, &f);
    cr_assert_eq(sp_workers_submit(f.workers, &items[0].task, NULL), SP_ESHUTTING_DOWN);
    run_until(&f, 5);
    cr_assert(!f.stopped, "stopped while a task runs");
    pthread_mutex_unlock(&f.hold);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    cr_assert(f.stopped);
    cr_assert_eq(f.n_done, 6);
    cr_assert_eq(f.n_cancelled, 5);
    cr_assert_eq(uv_loop_close(&f.loop), 0);
}
