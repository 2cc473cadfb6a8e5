/* Who gets the next sandbox. Owners take turns: the queue is kept in the order of service, by rounds, each with one run of
 * an owner at most. A run that waits for room holds up those behind it, so that a large one is not starved by small ones,
 * and one that waits for a sandbox of its pool lets them pass. Loop thread. */
#include "runtimes/run_queue.h"

#include "runtimes/run.h"
#include "runtimes/set.h"

static void fail_queued(struct sp_run_state *state, int code, const char *text)
{
    struct sp_error error = {0};
    sp_error_set(&error, code, text ? "%s" : NULL, text);
    sp_run_fail(state, &error);
}

/* Room that pooled sandboxes take is given up for a run: what leaves already is waited for. */
static void make_room(struct sp_runtimes *runtimes)
{
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (struct sp_pool *pool = runtimes->rows[i].pools; pool; pool = pool->next)
            if (pool->leaving.n)
                return;
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (struct sp_pool *pool = runtimes->rows[i].pools; pool; pool = pool->next)
            if (sp_pool_evict(pool))
                return;
}

static bool start_cold(struct sp_run_state *state, bool *ret_blocked)
{
    struct sp_runtimes *runtimes = state->runtimes;
    struct sp_sandbox *sandbox;
    struct sp_error error = {0};
    if (!sp_set_fits(runtimes, state->key.limits.memory_bytes)) {
        make_room(runtimes);
        *ret_blocked = true;
        return false;
    }
    int status = sp_set_prepare(runtimes, state->row, &state->key, &sp_run_events, state, &sandbox, &error);
    if (status == SP_EBUSY) {
        *ret_blocked = true;
        return false;
    }
    if (status < 0)
        sp_run_fail(state, &error);
    else
        sp_run_adopt(state, sandbox);
    return true;
}

static void on_wait_over(uv_timer_t *timer)
{
    fail_queued(timer->data, SP_EBUSY, "no sandbox became ready in time");
}

/* Tries to get a queued run going. False: it must wait; *ret_blocked: for room, so nobody behind it may pass. True: it left
 * the queue, one way or another. */
static bool try(struct sp_run_state *state, bool *ret_blocked)
{
    const struct sp_pool_config *config = &state->runtimes->config.pool;
    const struct sp_runtime_ops *ops = state->row->ops;
    struct sp_pool *pool = state->pool;
    struct sp_runtime_info info;
    ops->describe(state->row->adapter, &info);
    if (state->cancelled || !info.available) {
        fail_queued(
            state, state->cancelled ? SP_ECANCELLED : SP_ERUNTIME_UNAVAILABLE, state->cancelled ? NULL : info.reason);
        return true;
    }
    if (!pool || ops->fit(state->row->adapter, &pool->key.limits, &state->key.limits) == SP_FIT_COLD)
        return start_cold(state, ret_blocked);
    struct sp_sandbox *sandbox = sp_pool_take(pool);
    if (sandbox) {
        sp_run_adopt(state, sandbox);
        state->warm = true;
        state->runtimes->took_warm = true;
        sp_run_load(state);
        return true;
    }
    if (!state->missed)
        sp_pool_miss(pool);
    state->missed = true;
    if (config->when_empty == SP_POOL_EMPTY_FAIL) {
        fail_queued(state, SP_EBUSY, "no sandbox is ready");
        return true;
    }
    if (config->when_empty == SP_POOL_EMPTY_WAIT) {
        if (!uv_is_active((uv_handle_t *)&state->timer))
            uv_timer_start(&state->timer, on_wait_over, config->wait_ms, 0);
        return false;
    }
    /* One that is being made already is there sooner than another. */
    return pool->making.n > pool->n_waiting ? false : start_cold(state, ret_blocked);
}

bool sp_run_queue_serve(struct sp_runtimes *runtimes)
{
    bool blocked = false;
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (struct sp_pool *pool = runtimes->rows[i].pools; pool; pool = pool->next)
            pool->n_waiting = 0;
    for (struct sp_run_state *at = runtimes->queue.first, *next; at && !blocked; at = next) {
        next = at->next;
        struct sp_pool *pool = at->pool;
        if (!try(at, &blocked) && pool)
            pool->n_waiting++;
    }
    return !blocked;
}

/* Before `next`; NULL: at the end. */
static void insert(struct sp_run_queue *queue, struct sp_run_state *state, struct sp_run_state *next)
{
    state->next = next;
    state->previous = next ? next->previous : queue->last;
    *(state->previous ? &state->previous->next : &queue->first) = state;
    *(next ? &next->previous : &queue->last) = state;
    queue->n++;
}

/* One round after the last that its owner waits for, and never before the round that is being served: an owner that comes
 * with one run at a time passes nobody by more than others do. */
void sp_run_queue_wait(struct sp_run_queue *queue, struct sp_run_state *state)
{
    struct sp_run_state *at = queue->last;
    state->round = queue->first ? queue->first->round : 0;
    for (; at; at = at->previous)
        if (at->spec->owner_uid == state->spec->owner_uid) {
            state->round = at->round + 1;
            break;
        }
    for (at = queue->last; at && at->round > state->round;)
        at = at->previous;
    insert(queue, state, at ? at->next : queue->first);
}

void sp_run_queue_add(struct sp_run_queue *queue, struct sp_run_state *state)
{
    insert(queue, state, NULL);
}

void sp_run_queue_remove(struct sp_run_queue *queue, struct sp_run_state *state)
{
    *(state->previous ? &state->previous->next : &queue->first) = state->next;
    *(state->next ? &state->next->previous : &queue->last) = state->previous;
    state->previous = state->next = NULL;
    queue->n--;
}
