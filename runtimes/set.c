/* The set of runtimes: opens and closes the adapters, keeps the account of live sandboxes, and says when there is room. Loop
 * thread. Room goes to the queue first (run_queue.c), then to the pools (pool.c). */
#include "runtimes/set.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "proto/scope.h"
#include "runtimes/run.h"

#define BEAT_MS 250
/* Making a sandbox keeps a processor busy that a run which was just handed over could use: the pools are filled when it
 * has ended, or after this. */
#define FILL_AFTER_MS 8

/* The runtimes there are, in the order of preference: a row and a file each. */
static const struct sp_runtime_ops *const all_ops[] = {&sp_bubblewrap_ops};
_Static_assert(SP_COUNT(all_ops) <= SP_SET_ROWS_MAX, "a set holds them all");

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

/* ---- the turns ---- */

static void each_pool(struct sp_runtimes *runtimes, void (*act)(struct sp_pool *pool))
{
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (struct sp_pool *pool = runtimes->rows[i].pools, *next; pool; pool = next) {
            next = pool->next;
            act(pool);
        }
}

static void close_if_empty(struct sp_runtimes *runtimes);

static void on_kick(uv_timer_t *timer)
{
    struct sp_runtimes *runtimes = timer->data;
    runtimes->took_warm = false;
    bool room = sp_run_queue_serve(runtimes);
    if (runtimes->closing)
        close_if_empty(runtimes);
    else if (runtimes->took_warm && !runtimes->queue.first)
        uv_timer_start(&runtimes->kick, on_kick, FILL_AFTER_MS, 0);
    else if (room)
        each_pool(runtimes, sp_pool_fill);
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

static void describe(const struct sp_set_row *row, struct sp_runtime_info *ret_info)
{
    if (row->adapter)
        row->ops->describe(row->adapter, ret_info);
    else
        *ret_info = (struct sp_runtime_info){.name = row->ops->name, .reason = row->error.text, .isolation = "none"};
}

static int open_row(struct sp_runtimes *runtimes, struct sp_set_row *row, struct sp_error *error)
{
    struct sp_adapter_config config = {.runtimes = &runtimes->config, .room = on_room, .context = runtimes};
    struct sp_runtime_info info;
    int status = row->ops->open(&config, &row->adapter, &row->error);
    describe(row, &info);
    for (size_t i = 0; i < info.n_languages; i++) {
        struct sp_sandbox_key key = {.language = info.languages[i], .limits = runtimes->config.limits};
        if (sp_pool_new(runtimes, row, &key, NULL) < 0)
            sp_set_log(runtimes, LOG_WARNING, "%s: no memory for a pool", info.name);
    }
    if (!info.available)
        sp_set_log(runtimes, LOG_WARNING, "%s is not available: %s", info.name, info.reason);
    return status < 0 ? sp_error_set(error, status, "%s: %s", row->ops->name, row->error.text) : 0;
}

int sp_set_open(const struct sp_runtimes_config *config, const struct sp_runtime_ops *const *table, size_t n_rows,
    struct sp_runtimes **ret_runtimes, struct sp_error *error)
{
    struct sp_error row_error = {0};
    struct sp_runtimes *runtimes = calloc(1, sizeof *runtimes);
    if (!runtimes) {
        sp_close_fd((int[]){config->bubblewrap.spawner_fd});
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    runtimes->config = *config;
    if (runtimes->config.pool.max < runtimes->config.pool.min)
        runtimes->config.pool.max = runtimes->config.pool.min;
    bool any = false;
    for (; runtimes->n_rows < n_rows && runtimes->n_rows < SP_SET_ROWS_MAX; runtimes->n_rows++) {
        struct sp_set_row *row = &runtimes->rows[runtimes->n_rows];
        row->ops = table[runtimes->n_rows];
        any |= open_row(runtimes, row, &row_error) == 0;
    }
    sp_close_fd((int[]){SP_TAKE_FD(runtimes->config.bubblewrap.spawner_fd)}); /* where no row took it */
    /* Those that cannot be opened are told of beside others; where there are no others, nothing can be run. */
    if (!any) {
        free(runtimes);
        return sp_error_set(error, row_error.code, "%s", row_error.text);
    }
    uv_timer_init(config->loop, &runtimes->kick);
    uv_timer_init(config->loop, &runtimes->beat);
    runtimes->kick.data = runtimes->beat.data = runtimes;
    uv_timer_start(&runtimes->beat, on_beat, BEAT_MS, BEAT_MS);
    sp_set_kick(runtimes);
    *ret_runtimes = runtimes;
    return 0;
}

int sp_runtimes_open(const struct sp_runtimes_config *config, struct sp_runtimes **ret_runtimes, struct sp_error *error)
{
    return sp_set_open(config, all_ops, SP_COUNT(all_ops), ret_runtimes, error);
}

void sp_runtimes_set_limits(struct sp_runtimes *runtimes, const struct sp_limits *limits)
{
    runtimes->config.limits = *limits;
    for (size_t i = 0; i < runtimes->n_rows; i++)
        for (struct sp_pool *pool = runtimes->rows[i].pools; pool; pool = pool->next)
            sp_pool_set_limits(pool, limits);
    sp_set_kick(runtimes);
}

/* ---- finding ---- */

static bool runs(const struct sp_runtime_info *info, int language)
{
    for (size_t i = 0; i < info->n_languages; i++)
        if (info->languages[i] == language)
            return true;
    return false;
}

int sp_set_find_row(
    struct sp_runtimes *runtimes, struct sp_str name, int language, struct sp_set_row **ret_row, struct sp_error *error)
{
    struct sp_error unavailable = {0}, unsupported = {0};
    for (size_t i = 0; i < runtimes->n_rows; i++) {
        struct sp_runtime_info info;
        describe(&runtimes->rows[i], &info);
        if (name.ptr && !sp_str_is(name, info.name))
            continue;
        if (!info.available) {
            sp_error_set(&unavailable, SP_ERUNTIME_UNAVAILABLE, "%s: %s", info.name, info.reason);
        } else if (!runs(&info, language)) {
            sp_error_set(
                &unsupported, SP_EUNSUPPORTED_LANGUAGE, "%s cannot run %s here", info.name, sp_language_name(language));
        } else {
            *ret_row = &runtimes->rows[i];
            return 0;
        }
    }
    /* What is available counts for more: the language is what it lacks. */
    const struct sp_error *why = unsupported.code ? &unsupported : &unavailable;
    if (!why->code)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "there is no such runtime");
    return sp_error_set(error, why->code, "%s", why->text);
}

struct sp_pool *sp_set_find_pool(const struct sp_set_row *row, const struct sp_sandbox_key *key)
{
    struct sp_pool *pool = row->pools;
    while (pool && !sp_pool_serves(pool, key))
        pool = pool->next;
    return pool;
}

/* ---- closing ---- */

static void part_closed(struct sp_runtimes *runtimes)
{
    if (--runtimes->open_parts)
        return;
    void (*closed)(void *) = runtimes->closed;
    void *context = runtimes->closed_context;
    each_pool(runtimes, sp_pool_free);
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
    runtimes->open_parts = 2;
    for (size_t i = 0; i < runtimes->n_rows; i++)
        runtimes->open_parts += runtimes->rows[i].adapter != NULL;
    uv_close((uv_handle_t *)&runtimes->kick, on_handle_closed);
    uv_close((uv_handle_t *)&runtimes->beat, on_handle_closed);
    for (size_t i = 0; i < runtimes->n_rows; i++)
        if (runtimes->rows[i].adapter)
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
        describe(&runtimes->rows[i], &infos[i]);
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
        for (const struct sp_pool *pool = runtimes->rows[i].pools; pool; pool = pool->next)
            ret_stats->ready += pool->ready.n;
}
