/* Spans flattened into one ordered list, so that a look-up is a binary search however deep they nest. Any thread; the map
 * is its scan's. */
#include "scanner/zone.h"

struct flattening {
    struct sp_zone_map *map;
    uint32_t *open; /* indices of the spans around the sweep's place, outermost first */
    size_t n_open;
};

static void begin_zone(struct sp_zone_map *map, uint32_t start, uint32_t span)
{
    if (map->n_zones && map->zones[map->n_zones - 1].start == start)
        map->zones[map->n_zones - 1].span = span;
    else
        map->zones[map->n_zones++] = (struct sp_zone){start, span};
}

/* Closes every open span that ends at or before offset. */
static void close_until(struct flattening *f, uint32_t offset)
{
    const struct sp_span *items = f->map->spans->items;
    while (f->n_open && items[f->open[f->n_open - 1]].end <= offset) {
        uint32_t end = items[f->open[--f->n_open]].end;
        begin_zone(f->map, end, f->n_open ? f->open[f->n_open - 1] + 1 : 0);
    }
}

int sp_zone_map_init(
    struct sp_zone_map *map, const struct sp_span_list *spans, struct sp_arena *arena, struct sp_error *error)
{
    *map = (struct sp_zone_map){.spans = spans};
    struct flattening f = {.map = map, .open = sp_arena_array(arena, spans->n_items, sizeof(*f.open))};
    map->zones = sp_arena_array(arena, 2 * (size_t)spans->n_items + 1, sizeof(*map->zones));
    if (!f.open || !map->zones)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    begin_zone(map, 0, 0);
    for (uint32_t i = 0; i < spans->n_items; i++) {
        const struct sp_span *span = &spans->items[i];
        if (span->end <= span->start)
            continue;
        close_until(&f, span->start);
        begin_zone(map, span->start, i + 1);
        f.open[f.n_open++] = i;
    }
    close_until(&f, UINT32_MAX);
    return 0;
}

const struct sp_span *sp_zone_find(const struct sp_zone_map *map, uint32_t offset)
{
    size_t low = 0, high = map->n_zones; /* zones[low].start <= offset < zones[high].start */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (map->zones[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    uint32_t span = map->zones[low].span;
    return span ? &map->spans->items[span - 1] : NULL;
}
