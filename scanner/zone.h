#ifndef SP_SCANNER_ZONE_H
#define SP_SCANNER_ZONE_H

/* Which innermost span a byte of a source lies in, for many look-ups. */

#include "scanner/span.h"

/* From start up to the next zone's start the innermost span is `span` - 1; 0: none. */
struct sp_zone {
    uint32_t start, span;
};

struct sp_zone_map {
    const struct sp_span_list *spans;
    struct sp_zone *zones; /* the arena's */
    size_t n_zones;
};

/* One pass over the spans, which must outlive the map. SP_ENO_MEMORY, SP_ETOO_LARGE. */
int sp_zone_map_init(
    struct sp_zone_map *map, const struct sp_span_list *spans, struct sp_arena *arena, struct sp_error *error);

/* The innermost span around an offset, NULL where there is none. */
const struct sp_span *sp_zone_find(const struct sp_zone_map *map, uint32_t offset);

#endif
