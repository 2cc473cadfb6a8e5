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
#define SP_SET_READY_MS 15000 /* until a sandbox that does not become ready is given up */

/* One runtime. */
struct sp_set_row {
    const struct sp_runtime_ops *ops;
    struct sp_adapter *adapter; /* NULL: it could not be opened */
    struct sp_error error;      /* then: why */
    struct sp_pool *pools;      /* one a language that it can run */
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
    struct sp_sandbox_key key;
    struct sp_pool *pool; /* NULL: none has sandboxes of this key */
    enum sp_run_step step;
    struct sp_sandbox *sandbox;
    uv_timer_t timer; /* one at a time: waiting for a pool, starting, the deadline */
    bool warm, missed, paused, handed_over, cancelled;
    bool refused;   /* the runner could not take what it was handed: the program never ran */
    uint64_t round; /* of the queue: see run_queue.c */
    uint64_t submitted_ns, handed_ns;
    uint64_t deadline_ms; /* of uv_now, once it is handed over */
    bool counts_cpu;      /* the processor time of its processes together could be used up before */
    uint64_t cpu_before_us;
    uint64_t output_left_bytes;
    struct sp_outcome_facts facts;
    struct sp_run_result result;
    struct sp_artifact_list artifacts;
    struct sp_error error;                /* why it was never handed over */
    struct sp_run_state *previous, *next; /* of the queue, then of those that have a sandbox */
};

struct sp_run_queue {
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

/* ---- set.c ---- */

/* As sp_runtimes_open, of the runtimes in a table; the first that is available is the default. */
int sp_set_open(const struct sp_runtimes_config *config, const struct sp_runtime_ops *const *table, size_t n_rows,
    struct sp_runtimes **ret_runtimes, struct sp_error *error);
/* The runtime of that name; name absent: the first that is available and can run the language.
 * SP_ERUNTIME_UNAVAILABLE, SP_EUNSUPPORTED_LANGUAGE. */
int sp_set_find_row(struct sp_runtimes *runtimes, struct sp_str name, int language, struct sp_set_row **ret_row,
    struct sp_error *error);
/* NULL: there is none. */
struct sp_pool *sp_set_find_pool(const struct sp_set_row *row, const struct sp_sandbox_key *key);

/* ---- run_queue.c ---- */

/* Gives sandboxes to those that wait. True: nobody waits for room. */
bool sp_run_queue_serve(struct sp_runtimes *runtimes);
/* Puts a run where its owner's turn comes. */
void sp_run_queue_wait(struct sp_run_queue *queue, struct sp_run_state *state);
/* Puts it at the end. */
void sp_run_queue_add(struct sp_run_queue *queue, struct sp_run_state *state);
void sp_run_queue_remove(struct sp_run_queue *queue, struct sp_run_state *state);

/* ---- run.c: what becomes of a queued run ---- */

/* It leaves the queue, and is told why it never ran. */
void sp_run_fail(struct sp_run_state *state, const struct sp_error *error);
/* It leaves the queue with a sandbox that is being made, */
void sp_run_adopt(struct sp_run_state *state, struct sp_sandbox *sandbox);
/* which has become ready, or was. */
void sp_run_load(struct sp_run_state *state);
extern const struct sp_sandbox_events sp_run_events;

#endif
