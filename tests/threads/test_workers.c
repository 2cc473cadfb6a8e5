/* The worker pool under ThreadSanitizer: many users submit, cancel and submit again from done; every task ends exactly once,
 * and what it left behind is seen on the loop. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/worker.h"
#include "proto/scope.h"

#define N_ITEMS  400
#define N_ROUNDS 50

struct item {
    struct sp_task task;
    unsigned rounds, worked, cancelled;
    unsigned mark; /* written on a worker, read on the loop: no lock of its own */
    bool waiting;
};

static struct sp_workers *workers;
static struct item items[N_ITEMS];
static unsigned n_ended, seed = 1;
static bool stopped;

static void fail(const char *what)
{
    fprintf(stderr, "test_workers: %s\n", what);
    exit(1);
}

static unsigned next_random(void)
{
    seed = seed * 1103515245u + 12345u;
    return seed >> 16;
}

static void work(struct sp_task *task, struct sp_scanner *scanner)
{
    struct item *item = SP_CONTAINER(task, struct item, task);
    (void)scanner;
    item->mark = item->rounds + 1;
}

static void done(struct sp_task *task, bool cancelled);

static void submit(struct item *item)
{
    struct sp_error error = {0};
    item->mark = 0;
    item->waiting = true;
    item->task =
        (struct sp_task){.uid = next_random() % 13, .weight_bytes = next_random() % 30000, .work = work, .done = done};
    if (sp_workers_submit(workers, &item->task, &error) < 0)
        fail(error.text);
}

static void done(struct sp_task *task, bool cancelled)
{
    struct item *item = SP_CONTAINER(task, struct item, task);
    if (!item->waiting)
        fail("a task ended twice");
    item->waiting = false;
    if (item->mark != (cancelled ? 0 : item->rounds + 1))
        fail("what the worker wrote is not seen, or it worked on a cancelled task");
    item->worked += !cancelled;
    item->cancelled += cancelled;
    if (++item->rounds == N_ROUNDS) {
        if (++n_ended == N_ITEMS) {
            sp_workers_stop(workers, NULL, NULL);
            stopped = true;
        }
        return;
    }
    submit(item);
    struct item *other = &items[next_random() % N_ITEMS];
    if (next_random() % 4 == 0 && other->waiting)
        sp_workers_cancel(workers, &other->task);
}

int main(void)
{
    struct sp_error error = {0};
    const struct sp_workers_config config = {.loop = uv_default_loop(),
        .n_threads = 4,
        .tasks_max = N_ITEMS,
        .user_tasks_max = N_ITEMS,
        .bytes_max = (size_t)N_ITEMS * 30000};
    if (sp_workers_start(&config, &workers, &error) < 0)
        fail(error.text);
    for (int i = 0; i < N_ITEMS; i++)
        submit(&items[i]);
    uv_run(config.loop, UV_RUN_DEFAULT);
    unsigned worked = 0, cancelled = 0;
    for (int i = 0; i < N_ITEMS; i++) {
        worked += items[i].worked;
        cancelled += items[i].cancelled;
    }
    if (!stopped || worked + cancelled != N_ITEMS * N_ROUNDS)
        fail("tasks were lost");
    printf("%u worked, %u cancelled\n", worked, cancelled);
    return uv_loop_close(config.loop) == 0 ? 0 : 1;
}
