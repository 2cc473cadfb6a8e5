#ifndef SP_SCANNER_UNIT_H
#define SP_SCANNER_UNIT_H

/* One text of a scan, read: the source itself, or code that it evaluates. The first two of the four steps. */

#include "scanner/canon.h"
#include "scanner/tongue.h"
#include "scanner/zone.h"

struct sp_unit {
    struct sp_str text; /* as it is */
    struct sp_str code; /* with comments blanked; text itself where it has none */
    struct sp_span_list spans;
    struct sp_resolution resolution;
    struct sp_zone_map zones; /* of the spans, those that are code by their place taken out */
    bool zoned;
    unsigned depth;          /* 0: the source */
    uint32_t number;         /* of the units of the scan */
    uint32_t offset, length; /* depth > 0: the place in the source of the literal that holds it */
    struct sp_arena *arena;  /* of what goes with the unit */
    struct sp_str kept;      /* a copy of the text that findings in it point to; ptr NULL: none yet */
};

/* Lexes and resolves text into the unit, whose depth, place and arena the caller sets. Errors: those of the tongue. */
int sp_unit_read(struct sp_unit *unit, const struct sp_tongue *tongue, struct sp_str text, struct sp_str dialect,
    const struct sp_share_view *view, struct sp_error *error);

/* Makes unit->zones where they are not made yet. SP_ENO_MEMORY, SP_ETOO_LARGE. */
int sp_unit_zone(struct sp_unit *unit, struct sp_error *error);

/* The innermost span that makes an offset not code (comment, string, char, regex); NULL: it is code. Needs zones. */
const struct sp_span *sp_unit_cover(const struct sp_unit *unit, uint32_t offset);

#endif
