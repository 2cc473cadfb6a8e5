/* Keeps sandboxes ready. Loop thread; owned by its row of the set. A sandbox is making, then ready, then a run's or leaving;
 * it never comes back. How many are kept follows how often one was missing: twice as many after a miss, one fewer each
 * idle_ms without. */
#include "runtimes/pool.h"

#include <stdlib.h>
#include <syslog.h>

#include "runtimes/run.h"
#include "runtimes/set.h"

#define MAKING_MAX     2   /* at a time: making one keeps a processor busy */
#define BACKOFF_MS     500 /* after a failure, doubled with each */
#define BACKOFF_MS_MAX 30000

static void list_add(struct sp_pool_list *list, struct sp_sandbox *sandbox)
{
    sandbox->next = NULL;
    sandbox->previous = list->last;
    if (list->last)
        list->last->next = sandbox;
    else
        list->first = sandbox;
    list->last = sandbox;
    list->n++;
}

static void list_remove(struct sp_pool_list *list, struct sp_sandbox *sandbox)
{
    if (sandbox->previous)
        sandbox->previous->next = sandbox->next;
    else
        list->first = sandbox->next;
    if (sandbox->next)
        sandbox->next->previous = sandbox->previous;
    else
        list->last = sandbox->previous;
    sandbox->previous = sandbox->next = NULL;
    list->n--;
}

static bool list_has(const struct sp_pool_list *list, const struct sp_sandbox *sandbox)
{
    for (const struct sp_sandbox *at = list->first; at; at = at->next)
        if (at == sandbox)
            return true;
    return false;
}

static uint64_t now_ms(const struct sp_pool *pool)
{
    return uv_now(pool->runtimes->config.loop);
}

static void give_up(struct sp_pool *pool, struct sp_pool_list *list, struct sp_sandbox *sandbox)
{
    list_remove(list, sandbox);
    list_add(&pool->leaving, sandbox);
    pool->row->ops->kill(sandbox);
}

/* ---- events of sandboxes that are ours ---- */

static int on_frame(void *context, const struct sp_runner_event *event)
{
    struct sp_sandbox *sandbox = context;
    struct sp_pool *pool = sandbox->owner;
    if (event->type == SP_RUNNER_READY && list_has(&pool->making, sandbox)) {
        list_remove(&pool->making, sandbox);
        list_add(&pool->ready, sandbox);
        pool->failures = 0;
        sp_set_kick(pool->runtimes);
    }
    return 0; /* whatever else it says, its end follows */
}

static struct sp_pool_list *list_of(struct sp_pool *pool, const struct sp_sandbox *sandbox)
{
    if (list_has(&pool->ready, sandbox))
        return &pool->ready;
    return list_has(&pool->making, sandbox) ? &pool->making : &pool->leaving;
}

static void on_broken(struct sp_sandbox *sandbox)
{
    struct sp_pool *pool = sandbox->owner;
    struct sp_pool_list *list = list_of(pool, sandbox);
    if (list == &pool->leaving)
        pool->row->ops->kill(sandbox);
    else
        give_up(pool, list, sandbox);
}

static void on_loaded(struct sp_sandbox *sandbox, int status)
{
    (void)sandbox;
    (void)status; /* never asked for here */
}

static void on_ended(struct sp_sandbox *sandbox, const struct sp_sandbox_end *end)
{
    struct sp_pool *pool = sandbox->owner;
    struct sp_pool_list *list = list_of(pool, sandbox);
    if (list != &pool->leaving) {
        uint64_t wait_ms = BACKOFF_MS << (pool->failures < 6 ? pool->failures : 6);
        pool->failures++;
        pool->try_again_ms = now_ms(pool) + (wait_ms < BACKOFF_MS_MAX ? wait_ms : BACKOFF_MS_MAX);
        sp_set_log(pool->runtimes, LOG_WARNING, "%s: a sandbox of the pool ended by itself%s%s", pool->row->ops->name,
            end->complaint[0] ? ": " : "", end->complaint);
    }
    list_remove(list, sandbox);
    sp_set_release(pool->runtimes, pool->row, sandbox);
}

static const struct sp_sandbox_events pool_events = {on_frame, on_broken, on_loaded, on_ended};

/* ---- the pool ---- */

int sp_pool_new(
    struct sp_runtimes *runtimes, struct sp_set_row *row, const struct sp_sandbox_key *key, struct sp_error *error)
{
    struct sp_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    pool->runtimes = runtimes;
    pool->row = row;
    pool->key = *key;
    pool->target = runtimes->config.pool.min;
    pool->next = row->pools;
    row->pools = pool;
    return 0;
}

void sp_pool_free(struct sp_pool *pool)
{
    free(pool);
}

bool sp_pool_serves(const struct sp_pool *pool, const struct sp_sandbox_key *key)
{
    return pool->key.language == key->language;
}

struct sp_sandbox *sp_pool_take(struct sp_pool *pool)
{
    struct sp_sandbox *sandbox = pool->ready.first;
    if (sandbox)
        list_remove(&pool->ready, sandbox);
    return sandbox;
}

void sp_pool_miss(struct sp_pool *pool)
{
    uint32_t max = pool->runtimes->config.pool.max;
    uint32_t target = pool->target ? 2 * pool->target : 1;
    pool->target = target < max ? target : max;
    pool->last_miss_ms = now_ms(pool);
}

void sp_pool_fill(struct sp_pool *pool)
{
    struct sp_runtime_info info;
    if (now_ms(pool) < pool->try_again_ms)
        return;
    pool->row->ops->describe(pool->row->adapter, &info);
    uint32_t wanted = pool->target > pool->n_waiting ? pool->target : pool->n_waiting;
    while (info.available && pool->ready.n + pool->making.n < wanted && pool->making.n < MAKING_MAX &&
           sp_set_fits(pool->runtimes, pool->key.limits.memory_bytes)) {
        struct sp_sandbox *sandbox;
        struct sp_error error = {0};
        int status = sp_set_prepare(pool->runtimes, pool->row, &pool->key, &pool_events, pool, &sandbox, &error);
        if (status < 0) {
            if (status != SP_EBUSY) {
                pool->failures++;
                pool->try_again_ms = now_ms(pool) + BACKOFF_MS_MAX;
                sp_set_log(pool->runtimes, LOG_WARNING, "%s: %s", pool->row->ops->name, error.text);
            }
            return;
        }
        list_add(&pool->making, sandbox);
    }
}

void sp_pool_age(struct sp_pool *pool)
{
    const struct sp_pool_config *config = &pool->runtimes->config.pool;
    uint64_t now = now_ms(pool);
    for (struct sp_sandbox *at = pool->making.first, *next; at; at = next) {
        next = at->next;
        if (now - at->made_ms > SP_SET_READY_MS)
            give_up(pool, &pool->making, at);
    }
    for (struct sp_sandbox *at = pool->ready.first, *next; at; at = next) {
        next = at->next;
        if (config->life_ms && now - at->made_ms > config->life_ms)
            give_up(pool, &pool->ready, at);
    }
    if (pool->target > config->min && config->idle_ms && now - pool->last_miss_ms > config->idle_ms) {
        pool->target--;
        pool->last_miss_ms = now;
    }
    while (pool->ready.n > pool->target)
        give_up(pool, &pool->ready, pool->ready.first);
}

bool sp_pool_evict(struct sp_pool *pool)
{
    if (!pool->ready.first)
        return false;
    give_up(pool, &pool->ready, pool->ready.first);
    return true;
}

void sp_pool_set_limits(struct sp_pool *pool, const struct sp_limits *limits)
{
    if (sp_limits_equal(&pool->key.limits, limits))
        return;
    pool->key.limits = *limits;
    sp_pool_empty(pool);
}

void sp_pool_empty(struct sp_pool *pool)
{
    while (pool->ready.first)
        give_up(pool, &pool->ready, pool->ready.first);
    while (pool->making.first)
        give_up(pool, &pool->making, pool->making.first);
}
