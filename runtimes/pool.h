#ifndef SP_RUNTIMES_POOL_H
#define SP_RUNTIMES_POOL_H

/* Ready sandboxes of one key, each to be used once. Loop thread; in the list of its row of the set. */

#include <stdbool.h>
#include <stdint.h>

#include "runtimes/adapter.h"

struct sp_set_row;

struct sp_pool_list {
    struct sp_sandbox *first, *last;
    uint32_t n;
};

struct sp_pool {
    struct sp_pool *next; /* of the row's */
    struct sp_runtimes *runtimes;
    struct sp_set_row *row;
    struct sp_sandbox_key key;
    struct sp_pool_list making, ready, leaving;
    uint32_t target;       /* how many are kept ready; between min and max, as they are asked for */
    uint64_t last_miss_ms; /* when one was asked for in vain, or target last changed */
    uint32_t failures;     /* in a row */
    uint64_t try_again_ms; /* after failures */
    uint32_t n_waiting;    /* runs of the queue that wait for it, as of the last look at it */
};

/* Puts a pool for the key among its row's. SP_ENO_MEMORY. */
int sp_pool_new(
    struct sp_runtimes *runtimes, struct sp_set_row *row, const struct sp_sandbox_key *key, struct sp_error *error);
/* It holds no sandbox any more. */
void sp_pool_free(struct sp_pool *pool);
/* Can its sandboxes be had for the key, as far as more than limits matters? */
bool sp_pool_serves(const struct sp_pool *pool, const struct sp_sandbox_key *key);
/* A ready sandbox, the oldest; it is the caller's, who sets events and owner. NULL: none. */
struct sp_sandbox *sp_pool_take(struct sp_pool *pool);
/* Somebody would have taken one. */
void sp_pool_miss(struct sp_pool *pool);
/* Makes what is missing, as far as there is room: at least one for each that waits. */
void sp_pool_fill(struct sp_pool *pool);
/* Gives up what is too old or no longer wanted, and what does not become ready. */
void sp_pool_age(struct sp_pool *pool);
/* Gives up one ready sandbox, so that another can be made. False: there is none. */
bool sp_pool_evict(struct sp_pool *pool);
/* What it makes from now on has these limits; what it holds, if made with others, is given up. */
void sp_pool_set_limits(struct sp_pool *pool, const struct sp_limits *limits);
/* Gives up all. */
void sp_pool_empty(struct sp_pool *pool);

#endif
