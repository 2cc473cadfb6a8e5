/* Whose turn it is, and how much may wait. */
#include <criterion/criterion.h>

#include "daemon/worker_queue.h"
#include "proto/scope.h"

static const struct sp_workers_config roomy = {.tasks_max = 1000, .user_tasks_max = 1000, .bytes_max = 1000};

Test(worker_queue, serves_one_of_each_user_in_turn)
{
    struct sp_worker_queue queue = {0};
    struct sp_task tasks[] = {{.uid = 1}, {.uid = 1}, {.uid = 1}, {.uid = 2}, {.uid = 3}, {.uid = 2}};
    static const size_t order[] = {0, 3, 4, 1, 5, 2};
    for (size_t i = 0; i < SP_COUNT(tasks); i++)
        cr_assert_eq(sp_worker_queue_add(&queue, &roomy, &tasks[i], NULL), 0);
    for (size_t i = 0; i < SP_COUNT(order); i++) {
        cr_assert_eq(queue.n_tasks, SP_COUNT(order) - i);
        cr_assert_eq(sp_worker_queue_take(&queue), &tasks[order[i]], "%zu", i);
    }
    cr_assert_eq(queue.n_tasks, 0);
    sp_worker_queue_fini(&queue);
}

Test(worker_queue, forgets_what_is_removed)
{
    struct sp_worker_queue queue = {0};
    struct sp_task tasks[] = {{.uid = 1, .weight_bytes = 5}, {.uid = 1}, {.uid = 1}, {.uid = 2}};
    for (size_t i = 0; i < SP_COUNT(tasks); i++)
        cr_assert_eq(sp_worker_queue_add(&queue, &roomy, &tasks[i], NULL), 0);
    sp_worker_queue_remove(&queue, &tasks[0]);
    sp_worker_queue_remove(&queue, &tasks[3]);
    cr_assert_eq(queue.n_bytes, 0);
    cr_assert_eq(sp_worker_queue_take(&queue), &tasks[1]);
    sp_worker_queue_remove(&queue, &tasks[2]);
    cr_assert_eq(queue.n_tasks, 0);
    cr_assert_eq(sp_worker_queue_add(&queue, &roomy, &tasks[3], NULL), 0, "it goes on after it was empty");
    cr_assert_eq(sp_worker_queue_take(&queue), &tasks[3]);
    sp_worker_queue_fini(&queue);
}

Test(worker_queue, is_bounded_by_tasks_of_all_and_of_one_and_by_bytes)
{
    const struct sp_workers_config narrow = {.tasks_max = 3, .user_tasks_max = 2, .bytes_max = 100};
    struct sp_worker_queue queue = {0};
    struct sp_task large = {.uid = 1, .weight_bytes = 500}, small = {.uid = 1, .weight_bytes = 1};
    cr_assert_eq(sp_worker_queue_add(&queue, &narrow, &large, NULL), 0, "alone it may be larger than the bound");
    cr_assert_eq(sp_worker_queue_add(&queue, &narrow, &small, NULL), SP_EBUSY);
    cr_assert_eq(sp_worker_queue_take(&queue), &large);
    struct sp_task tasks[] = {{.uid = 1}, {.uid = 1}, {.uid = 1}, {.uid = 2}, {.uid = 3}};
    static const int expected[] = {0, 0, SP_EBUSY, 0, SP_EBUSY};
    for (size_t i = 0; i < SP_COUNT(tasks); i++)
        cr_assert_eq(sp_worker_queue_add(&queue, &narrow, &tasks[i], NULL), expected[i], "%zu", i);
    while (queue.n_tasks)
        sp_worker_queue_take(&queue);
    sp_worker_queue_fini(&queue);
}
