/* Bump allocation with a total bound. Whoever holds the arena owns it; one thread at a time. */
#include "proto/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/error.h"

#define BLOCK_BYTES_MIN 4096
#define ALIGNMENT       16

struct sp_arena_block {
    struct sp_arena_block *next;
    size_t size_bytes; /* of data */
    size_t used_bytes;
    _Alignas(ALIGNMENT) unsigned char data[];
};

void sp_arena_init(struct sp_arena *arena, size_t max_bytes)
{
    *arena = (struct sp_arena){.max_bytes = max_bytes};
}

void sp_arena_fini(struct sp_arena *arena)
{
    if (!arena)
        return;
    struct sp_arena_block *next;
    for (struct sp_arena_block *block = arena->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    arena->blocks = NULL;
    arena->used_bytes = 0;
}

void sp_arena_reset(struct sp_arena *arena)
{
    struct sp_arena_block *largest = NULL, *next;
    for (struct sp_arena_block *block = arena->blocks; block; block = next) {
        next = block->next;
        if (!largest || block->size_bytes > largest->size_bytes) {
            free(largest);
            largest = block;
        } else {
            free(block);
        }
    }
    arena->blocks = largest;
    arena->used_bytes = 0;
    arena->exhausted = 0;
    if (largest) {
        largest->next = NULL;
        largest->used_bytes = 0;
        arena->used_bytes = largest->size_bytes;
    }
}

static struct sp_arena_block *add_block(struct sp_arena *arena, size_t size)
{
    size_t left = arena->max_bytes - arena->used_bytes;
    /* Blocks double, so that a large arena has few of them. */
    size_t want = arena->used_bytes > BLOCK_BYTES_MIN ? arena->used_bytes : BLOCK_BYTES_MIN;
    if (want < size)
        want = size;
    if (want > left)
        want = size;
    if (size > left) {
        arena->exhausted = 1;
        return NULL;
    }
    struct sp_arena_block *block = malloc(sizeof(*block) + want);
    if (!block)
        return NULL;
    *block = (struct sp_arena_block){.next = arena->blocks, .size_bytes = want};
    arena->blocks = block;
    arena->used_bytes += want;
    return block;
}

void *sp_arena_alloc(struct sp_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        arena->exhausted = 1;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size == 0)
        size = ALIGNMENT;
    struct sp_arena_block *block = arena->blocks;
    if (!block || block->size_bytes - block->used_bytes < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    void *memory = block->data + block->used_bytes;
    block->used_bytes += size;
    return memset(memory, 0, size);
}

void *sp_arena_array(struct sp_arena *arena, size_t n_items, size_t item_bytes)
{
    size_t total;
    if (__builtin_mul_overflow(n_items, item_bytes, &total)) {
        arena->exhausted = 1;
        return NULL;
    }
    return sp_arena_alloc(arena, total);
}

int sp_arena_error(const struct sp_arena *arena)
{
    return arena->exhausted ? SP_ETOO_LARGE : SP_ENO_MEMORY;
}

int sp_arena_grow(
    struct sp_arena *arena, void *items, uint32_t n_items, uint32_t *ret_room, size_t item_bytes, uint32_t n_first)
{
    if (n_items < *ret_room)
        return 0;
    if (*ret_room > UINT32_MAX / 2)
        return SP_ETOO_LARGE;
    uint32_t n_room = *ret_room ? *ret_room * 2 : n_first;
    void *grown = sp_arena_array(arena, n_room, item_bytes);
    if (!grown)
        return sp_arena_error(arena);
    void *old;
    memcpy(&old, items, sizeof(old));
    if (n_items)
        memcpy(grown, old, n_items * item_bytes);
    memcpy(items, &grown, sizeof(grown));
    *ret_room = n_room;
    return 0;
}

char *sp_arena_copy(struct sp_arena *arena, const void *bytes, size_t n_bytes)
{
    if (n_bytes == SIZE_MAX) {
        arena->exhausted = 1;
        return NULL;
    }
    char *copy = sp_arena_alloc(arena, n_bytes + 1);
    if (copy && n_bytes)
        memcpy(copy, bytes, n_bytes);
    return copy;
}

char *sp_arena_printf(struct sp_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : sp_arena_alloc(arena, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}
