#ifndef SP_RUNTIMES_SET_H
#define SP_RUNTIMES_SET_H

/* The set of runtimes as its own files see it: adapters, their pools, runs, and the one account of all live sandboxes.
 * Loop thread. */

#include "proto/language.h"
#include "runtimes/adapter.h"
#include "runtimes/pool.h"
#include "runtimes/run_queue.h"

#define SP_SET_ROWS_MAX 8
#define SP_SET_READY_MS 15000 /* until a sandbox that does not become ready is given up */

/* One runtime. */
struct sp_set_row {
    const struct sp_runtime_ops *ops;
    struct sp_adapter *adapter; /* NULL: it could not be opened */
    struct sp_error error;      /* then: why */
    struct sp_pool *pools;      /* one a language that it can run */
};

struct sp_runtimes {
    struct sp_runtimes_config config;
    struct sp_set_row rows[SP_SET_ROWS_MAX];
    struct sp_runtime_info infos[SP_SET_ROWS_MAX];
    size_t n_rows;
    uint32_t n_live;
    uint64_t live_bytes;
    struct sp_run_queue queue, active;
    uv_timer_t kick; /* runs what waits, on the next turn of the loop */
    bool took_warm;  /* in this turn: the pools are filled a little later */
    uv_timer_t beat; /* age of pooled sandboxes */
    struct sp_runtimes_stats stats;
    bool closing;
    unsigned open_parts; /* adapters and handles that must close */
    void (*closed)(void *context);
    void *closed_context;
};

void sp_set_log(const struct sp_runtimes *runtimes, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Is there room for one more sandbox with this much memory? */
bool sp_set_fits(const struct sp_runtimes *runtimes, uint64_t memory_bytes);
/* Makes a sandbox and counts it. As prepare. */
int sp_set_prepare(struct sp_runtimes *runtimes, struct sp_set_row *row, const struct sp_sandbox_key *key,
    const struct sp_sandbox_events *events, void *owner, struct sp_sandbox **ret_sandbox, struct sp_error *error);
/* After ended: gives its room back and looks whom that helps. */
void sp_set_release(struct sp_runtimes *runtimes, struct sp_set_row *row, struct sp_sandbox *sandbox);
/* Runs what can be run, fills the pools; from the loop, soon. */
void sp_set_kick(struct sp_runtimes *runtimes);

/* As sp_runtimes_open, of the runtimes in a table; the first that is available is the default. */
int sp_set_open(const struct sp_runtimes_config *config, const struct sp_runtime_ops *const *table, size_t n_rows,
    struct sp_runtimes **ret_runtimes, struct sp_error *error);
/* The runtime of that name; name absent: the first that is available and can run the language.
 * SP_ERUNTIME_UNAVAILABLE, SP_EUNSUPPORTED_LANGUAGE. */
int sp_set_find_row(struct sp_runtimes *runtimes, struct sp_str name, int language, struct sp_set_row **ret_row,
    struct sp_error *error);
/* NULL: there is none. */
struct sp_pool *sp_set_find_pool(const struct sp_set_row *row, const struct sp_sandbox_key *key);

#endif
