/* The list of spans that a lexer fills. Any thread, one at a time; all memory is the arena's. */
#include "scanner/span.h"

#define ROOM_FIRST 64

int sp_span_add(struct sp_span_list *list, struct sp_arena *arena, struct sp_span span)
{
    int r = SP_ARENA_GROW(arena, list->items, list->n_items, list->n_room, ROOM_FIRST);
    if (r < 0)
        return r;
    list->items[list->n_items++] = span;
    return 0;
}
