#ifndef SP_RUNTIMES_SET_H
#define SP_RUNTIMES_SET_H

/* The set of runtimes as its own files see it: adapters, their pools, runs, and the one account of all live sandboxes.
 * Loop thread. */

#include "proto/language.h"
#include "runtimes/adapter.h"
#include "runtimes/artifact.h"
#include "runtimes/outcome.h"
#include "runtimes/pool.h"

#define SP_SET_ROWS_MAX 8

struct sp_set_row {
    const struct sp_runtime_ops *ops;
    struct sp_adapter *adapter;
    struct sp_pool pools[SP_LANGUAGE_COUNT]; /* of languages that it can run; others are empty */
};

/*   QUEUED → STARTING → LOADING → RUNNING → ENDING
 *      └── (a ready sandbox) ──┘                     */
enum sp_run_step {
    SP_RUN_QUEUED,
    SP_RUN_STARTING, /* its own sandbox is being made */
    SP_RUN_LOADING,  /* limits are being lowered, /code is being filled */
    SP_RUN_RUNNING,  /* handed over */
    SP_RUN_ENDING    /* exited or killed; something of it may be left */
};

struct sp_run_state {
    struct sp_run *run;
    struct sp_runtimes *runtimes;
    const struct sp_sandbox_spec *spec;
    struct sp_set_row *row;
    enum sp_run_step step;
    struct sp_sandbox *sandbox;
    uv_timer_t timer; /* one at a time: waiting for a pool, starting, the deadline */
    bool warm, missed, paused, handed_over, cancelled;
    bool refused; /* the runner could not take what it was handed: the program never ran */
    uint64_t submitted_ns, handed_ns;
    uint64_t output_left_bytes;
    struct sp_outcome_facts facts;
    struct sp_run_result result;
    struct sp_artifact_list artifacts;
    struct sp_error error;                /* why it was never handed over */
    struct sp_run_state *previous, *next; /* of the queue, then of those that have a sandbox */
};

struct sp_run_list {
    struct sp_run_state *first, *last;
    uint32_t n;
};

struct sp_runtimes {
    struct sp_runtimes_config config;
    struct sp_set_row rows[SP_SET_ROWS_MAX];
    struct sp_runtime_info infos[SP_SET_ROWS_MAX];
    size_t n_rows;
    uint32_t n_live;
    uint64_t live_bytes;
    struct sp_run_list queue, active;
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

/* run.c: tries to get a queued run going. False: it must wait; *ret_blocked: for room, so nobody behind it may pass.
 * True: it left the queue, one way or another. waiting: how many runs before it wait for the same pool. */
bool sp_run_try(struct sp_run_state *state, uint32_t waiting, bool *ret_blocked);
void sp_run_fail(struct sp_run_state *state, const struct sp_error *error);

void sp_run_list_add(struct sp_run_list *list, struct sp_run_state *state);
void sp_run_list_remove(struct sp_run_list *list, struct sp_run_state *state);

#endif
