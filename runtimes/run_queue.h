#ifndef SP_RUNTIMES_RUN_QUEUE_H
#define SP_RUNTIMES_RUN_QUEUE_H

/* Runs in a row: those that wait for a sandbox, in the order of service, and those that have one. Loop thread. */

#include <stdbool.h>
#include <stdint.h>

struct sp_run_state;
struct sp_runtimes;

struct sp_run_queue {
    struct sp_run_state *first, *last;
    uint32_t n;
};

/* Gives sandboxes to those that wait. True: nobody waits for room. */
bool sp_run_queue_serve(struct sp_runtimes *runtimes);
/* Puts a run where its owner's turn comes. */
void sp_run_queue_wait(struct sp_run_queue *queue, struct sp_run_state *state);
/* Puts it at the end. */
void sp_run_queue_add(struct sp_run_queue *queue, struct sp_run_state *state);
void sp_run_queue_remove(struct sp_run_queue *queue, struct sp_run_state *state);

#endif
