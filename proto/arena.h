#ifndef SP_PROTO_ARENA_H
#define SP_PROTO_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct sp_arena_block;

/* Memory of one request: allocated in a bump, freed at once. Bounded in total: past max_bytes an allocation returns
 * NULL, as it does when the system is out of memory, and `exhausted` says that the bound was the cause.
 * One thread at a time. */
struct sp_arena {
    struct sp_arena_block *blocks;
    size_t used_bytes; /* taken from the system */
    size_t max_bytes;
    int exhausted;
};

void sp_arena_init(struct sp_arena *arena, size_t max_bytes);
void sp_arena_fini(struct sp_arena *arena);

/* Forgets all that was allocated but keeps the largest block, so that a steady state allocates nothing. */
void sp_arena_reset(struct sp_arena *arena);

/* Zeroed memory, aligned for any type; NULL past the bound. */
void *sp_arena_alloc(struct sp_arena *arena, size_t size);

/* n_items * item_bytes with the overflow checked. */
void *sp_arena_array(struct sp_arena *arena, size_t n_items, size_t item_bytes);

/* A copy with a NUL behind it. */
char *sp_arena_copy(struct sp_arena *arena, const void *bytes, size_t n_bytes);

/* printf into the arena; NULL past the bound. */
char *sp_arena_printf(struct sp_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
