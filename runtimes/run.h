#ifndef SP_RUNTIMES_RUN_H
#define SP_RUNTIMES_RUN_H

/* What becomes of a run, as the set's own files see it. Loop thread. */

#include "runtimes/adapter.h"
#include "runtimes/artifact.h"
#include "runtimes/outcome.h"

struct sp_pool;
struct sp_set_row;

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

/* It leaves the queue, and is told why it never ran. */
void sp_run_fail(struct sp_run_state *state, const struct sp_error *error);
/* It leaves the queue with a sandbox that is being made, */
void sp_run_adopt(struct sp_run_state *state, struct sp_sandbox *sandbox);
/* which has become ready, or was. */
void sp_run_load(struct sp_run_state *state);
extern const struct sp_sandbox_events sp_run_events;

#endif
