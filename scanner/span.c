/* The list of spans that a lexer fills. Any thread, one at a time; all memory is the arena's. */
#include "scanner/span.h"

#include <string.h>

#define ROOM_FIRST 64

int sp_span_add(struct sp_span_list *list, struct sp_arena *arena, struct sp_span span)
{
    if (list->n_items == list->n_room) {
        if (list->n_room > UINT32_MAX / 2)
            return SP_ETOO_LARGE;
        uint32_t n_room = list->n_room ? list->n_room * 2 : ROOM_FIRST;
        struct sp_span *items = sp_arena_array(arena, n_room, sizeof(*items));
        if (!items)
            return arena->exhausted ? SP_ETOO_LARGE : SP_ENO_MEMORY;
        if (list->n_items)
            memcpy(items, list->items, list->n_items * sizeof(*items));
        list->items = items;
        list->n_room = n_room;
    }
    list->items[list->n_items++] = span;
    return 0;
}
