/* The set of runtimes: opens and closes the adapters, keeps the account of live sandboxes, and decides who gets the next
 * one. Loop thread. Room goes to the queue first, in its order, then to the pools; a run that waits for room holds up
 * those behind it, so that a large one is not starved by small ones. */
#include "runtimes/set.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "proto/scope.h"

#define BEAT_MS 250
/* Making a sandbox keeps a processor busy that a run which was just handed over could use: the pools are filled when it
 * has ended, or after this. */
#define FILL_AFTER_MS 8

static const struct sp_runtime_ops *const all_ops[] = {&sp_bubblewrap_ops};

void sp_set_log(const struct sp_runtimes *runtimes, int level, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (!runtimes->config.log)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    runtimes->config.log(runtimes->config.log_context, level, text);
}

/* ---- the account ---- */

bool sp_set_fits(const struct sp_runtimes *runtimes, uint64_t memory_bytes)
{
    return !runtimes->closing && runtimes->n_live < runtimes->config.sandboxes_max &&
           memory_bytes <= runtimes->config.memory_total_bytes &&
           runtimes->live_bytes <= runtimes->config.memory_total_bytes - memory_bytes;
}

int sp_set_prepare(struct sp_runtimes *runtimes, struct sp_set_row *row, const struct sp_sandbox_key *key,
    const struct sp_sandbox_events *events, void *owner, struct sp_sandbox **ret_sandbox, struct sp_error *error)
{
    struct sp_sandbox *sandbox;
    int status = row->ops->prepare(row->adapter, key, &sandbox, error);
    if (status < 0)
        return status;
    sandbox->events = events;
    sandbox->owner = owner;
    runtimes->n_live++;
    runtimes->live_bytes += key->limits.memory_bytes;
    *ret_sandbox = sandbox;
    return 0;
}

void sp_set_release(struct sp_runtimes *runtimes, struct sp_set_row *row, struct sp_sandbox *sandbox)
{
    runtimes->n_live--;
    runtimes->live_bytes -= sandbox->key.limits.memory_bytes;
    row->ops->release(sandbox);
    sp_set_kick(runtimes);
}

/* ---- who is next ---- */

static uint32_t count_waiting(const struct sp_runtimes *runtimes, const struct sp_set_row *row, int language)
{
    uint32_t n = 0;
    for (const struct sp_run_state *at = runtimes->queue.first; at; at = at->next)
        n += at->row == row && at->spec->language == language;
    return n;
}

static void serve_queue(struct sp_runtimes *runtimes, bool *ret_blocked)
{
    uint32_t n_waiting[SP_SET_ROWS_MAX][SP_LANGUAGE_COUNT] = {0};
    *ret_blocked = false;
    for (struct sp_run_state *at = runtimes->queue.first, *next; at && !*ret_blocked; at = next) {
        next = at->next;
        uint32_t *n = &n_waiting[at->row - runtimes->rows][at->spec->language];
        *n += !sp_run_try(at, *n, ret_blocked);
    }
}

static void each_pool(struct sp_runtimes *runtimes, void (*act)(struct sp_pool *pool))
{
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (int language = 0; language < SP_LANGUAGE_COUNT; language++)
            if (runtimes->rows[i].pools[language].runtimes)
                act(&runtimes->rows[i].pools[language]);
}

static void fill(struct sp_pool *pool)
{
    sp_pool_fill(pool, count_waiting(pool->runtimes, pool->row, pool->key.language));
}

static void close_if_empty(struct sp_runtimes *runtimes);

static void on_kick(uv_timer_t *timer)
{
    struct sp_runtimes *runtimes = timer->data;
    bool blocked;
    runtimes->took_warm = false;
    serve_queue(runtimes, &blocked);
    if (runtimes->closing)
        close_if_empty(runtimes);
    else if (runtimes->took_warm && !runtimes->queue.first)
        uv_timer_start(&runtimes->kick, on_kick, FILL_AFTER_MS, 0);
    else if (!blocked)
        each_pool(runtimes, fill);
}

void sp_set_kick(struct sp_runtimes *runtimes)
{
    if (!uv_is_closing((uv_handle_t *)&runtimes->kick))
        uv_timer_start(&runtimes->kick, on_kick, 0, 0);
}

static void on_beat(uv_timer_t *timer)
{
    struct sp_runtimes *runtimes = timer->data;
    each_pool(runtimes, sp_pool_age);
    sp_set_kick(runtimes);
}

static void on_room(void *context)
{
    sp_set_kick(context);
}

/* ---- opening ---- */

static int open_row(struct sp_runtimes *runtimes, const struct sp_runtime_ops *ops, struct sp_error *error)
{
    struct sp_set_row *row = &runtimes->rows[runtimes->n_rows];
    struct sp_adapter_config config = {.runtimes = &runtimes->config, .room = on_room, .context = runtimes};
    struct sp_runtime_info info;
    *row = (struct sp_set_row){.ops = ops};
    int status = ops->open(&config, &row->adapter, error);
    if (status < 0)
        return status;
    runtimes->n_rows++;
    ops->describe(row->adapter, &info);
    for (size_t i = 0; i < info.n_languages; i++)
        sp_pool_init(&row->pools[info.languages[i]], runtimes, row, info.languages[i]);
    if (!info.available)
        sp_set_log(runtimes, LOG_WARNING, "%s is not available: %s", info.name, info.reason);
    return 0;
}

int sp_runtimes_open(const struct sp_runtimes_config *config, struct sp_runtimes **ret_runtimes, struct sp_error *error)
{
    struct sp_runtimes *runtimes = calloc(1, sizeof *runtimes);
    if (!runtimes) {
        close(config->spawner_fd);
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    runtimes->config = *config;
    if (runtimes->config.pool.max < runtimes->config.pool.min)
        runtimes->config.pool.max = runtimes->config.pool.min;
    /* One adapter there is; of several, those that cannot be opened would be left out. */
    int status = open_row(runtimes, all_ops[0], error);
    if (status < 0) {
        free(runtimes);
        return status;
    }
    uv_timer_init(config->loop, &runtimes->kick);
    uv_timer_init(config->loop, &runtimes->beat);
    runtimes->kick.data = runtimes->beat.data = runtimes;
    uv_timer_start(&runtimes->beat, on_beat, BEAT_MS, BEAT_MS);
    sp_set_kick(runtimes);
    *ret_runtimes = runtimes;
    return 0;
}

/* ---- closing ---- */

static void part_closed(struct sp_runtimes *runtimes)
{
    if (--runtimes->open_parts)
        return;
    void (*closed)(void *) = runtimes->closed;
    void *context = runtimes->closed_context;
    free(runtimes);
    closed(context);
}

static void on_handle_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void on_adapter_closed(void *context)
{
    part_closed(context);
}

static void close_if_empty(struct sp_runtimes *runtimes)
{
    if (runtimes->n_live || runtimes->queue.first || runtimes->active.first || runtimes->open_parts)
        return;
    runtimes->open_parts = (unsigned)runtimes->n_rows + 2;
    uv_close((uv_handle_t *)&runtimes->kick, on_handle_closed);
    uv_close((uv_handle_t *)&runtimes->beat, on_handle_closed);
    for (size_t i = 0; i < runtimes->n_rows; i++)
        runtimes->rows[i].ops->close(runtimes->rows[i].adapter, on_adapter_closed, runtimes);
}

void sp_runtimes_close(struct sp_runtimes *runtimes, void (*closed)(void *context), void *context)
{
    runtimes->closing = true;
    runtimes->closed = closed;
    runtimes->closed_context = context;
    uv_timer_stop(&runtimes->beat);
    for (struct sp_run_state *at = runtimes->queue.first; at; at = at->next)
        sp_run_cancel(at->run);
    for (struct sp_run_state *at = runtimes->active.first; at; at = at->next)
        sp_run_cancel(at->run);
    each_pool(runtimes, sp_pool_empty);
    sp_set_kick(runtimes);
}

/* ---- what is told ---- */

size_t sp_runtimes_describe(const struct sp_runtimes *runtimes, const struct sp_runtime_info **ret_infos)
{
    struct sp_runtime_info *infos = ((struct sp_runtimes *)runtimes)->infos; /* a cache of what the adapters say */
    for (size_t i = 0; i < runtimes->n_rows; i++)
        runtimes->rows[i].ops->describe(runtimes->rows[i].adapter, &infos[i]);
    *ret_infos = infos;
    return runtimes->n_rows;
}

void sp_runtimes_stats(const struct sp_runtimes *runtimes, struct sp_runtimes_stats *ret_stats)
{
    *ret_stats = runtimes->stats;
    ret_stats->live = runtimes->n_live;
    ret_stats->memory_bytes = runtimes->live_bytes;
    ret_stats->queued = runtimes->queue.n;
    ret_stats->running = ret_stats->ready = 0;
    for (const struct sp_run_state *at = runtimes->active.first; at; at = at->next)
        ret_stats->running += at->step == SP_RUN_RUNNING;
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (int language = 0; language < SP_LANGUAGE_COUNT; language++)
            ret_stats->ready += runtimes->rows[i].pools[language].ready.n;
}

/* ---- lists of runs ---- */

void sp_run_list_add(struct sp_run_list *list, struct sp_run_state *state)
{
    state->next = NULL;
    state->previous = list->last;
    if (list->last)
        list->last->next = state;
    else
        list->first = state;
    list->last = state;
    list->n++;
}

void sp_run_list_remove(struct sp_run_list *list, struct sp_run_state *state)
{
    if (state->previous)
        state->previous->next = state->next;
    else
        list->first = state->next;
    if (state->next)
        state->next->previous = state->previous;
    else
        list->last = state->previous;
    state->previous = state->next = NULL;
    list->n--;
}
