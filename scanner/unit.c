/* Reading one text: spans, blanked code, resolution. Belongs to one scan; all memory is the scan's arena. */
#include "scanner/unit.h"

static int memory_error(const struct sp_arena *arena, struct sp_error *error)
{
    return sp_error_set(error, sp_arena_error(arena), NULL);
}

/* Comments become blanks; line ends stay, so that every offset and every line hold. */
static int blank_comments(struct sp_unit *unit, struct sp_error *error)
{
    char *copy = NULL;
    for (uint32_t i = 0; i < unit->spans.n_items; i++) {
        const struct sp_span *span = &unit->spans.items[i];
        if (span->kind != SP_SPAN_COMMENT)
            continue;
        if (!copy && !(copy = sp_arena_copy(unit->arena, unit->text.ptr, unit->text.n_bytes)))
            return memory_error(unit->arena, error);
        for (uint32_t at = span->start; at < span->end; at++)
            if (copy[at] != '\n' && copy[at] != '\r')
                copy[at] = ' ';
    }
    unit->code = copy ? (struct sp_str){copy, unit->text.n_bytes} : unit->text;
    return 0;
}

int sp_unit_read(struct sp_unit *unit, const struct sp_tongue *tongue, struct sp_str text, struct sp_str dialect,
    const struct sp_share_view *view, struct sp_error *error)
{
    unit->text = text;
    int r = tongue->lex(text, dialect, unit->arena, &unit->spans, error);
    if (r == 0)
        r = blank_comments(unit, error);
    if (r == 0 && tongue->resolve)
        r = tongue->resolve(text, &unit->spans, view, unit->arena, &unit->resolution, error);
    return r;
}

int sp_unit_zone(struct sp_unit *unit, struct sp_error *error)
{
    if (unit->zoned)
        return 0;
    int r = sp_zone_map_init(&unit->zones, &unit->spans, unit->arena, error);
    unit->zoned = r == 0;
    return r;
}

/* Strings that name a module to an import are code; both lists are ordered by start. */
static bool is_code_string(const struct sp_unit *unit, const struct sp_span *span)
{
    uint32_t low = 0, high = unit->resolution.code_strings.n_items;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct sp_span *item = &unit->resolution.code_strings.items[middle];
        if (item->start == span->start)
            return true;
        if (item->start < span->start)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

const struct sp_span *sp_unit_cover(const struct sp_unit *unit, uint32_t offset)
{
    const struct sp_span *span = sp_zone_find(&unit->zones, offset);
    if (!span || span->kind == SP_SPAN_INTERPOLATION || is_code_string(unit, span))
        return NULL;
    return span;
}
