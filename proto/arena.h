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

/* What a NULL of the functions here means: SP_ETOO_LARGE where the arena's bound was the cause, else SP_ENO_MEMORY. */
int sp_arena_error(const struct sp_arena *arena);

/* Room in an array of the arena for one more item behind the n_items that it holds. *ret_room is how many there is room
 * for (0: there is no array yet): it becomes n_first, then doubles. The items move to zeroed memory, the old array stays
 * in the arena: over its life an array takes less than twice its last size. items is the address of the pointer to
 * the array. 0, or, with nothing changed, what sp_arena_error says; SP_ETOO_LARGE past UINT32_MAX items. */
int sp_arena_grow(
    struct sp_arena *arena, void *items, uint32_t n_items, uint32_t *ret_room, size_t item_bytes, uint32_t n_first);

/* The same for two lvalues, an array of any type and its uint32_t room: SP_ARENA_GROW(arena, x->items, x->n_items,
 * x->n_room, 64). */
#define SP_ARENA_GROW(arena, items, n_items, n_room, n_first)                                                          \
    ((n_items) < (n_room) ? 0 : sp_arena_grow((arena), &(items), (n_items), &(n_room), sizeof((items)[0]), (n_first)))

/* A copy with a NUL behind it. */
char *sp_arena_copy(struct sp_arena *arena, const void *bytes, size_t n_bytes);

/* printf into the arena; NULL past the bound. */
char *sp_arena_printf(struct sp_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
