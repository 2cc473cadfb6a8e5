/* What the scanner sees of a source, for people and for the tests that hold it against the language's own tools. A scan
 * with a listener: the same steps, so that it cannot tell another story than the verdict. Belongs to one scan. */
#include <stdlib.h>

#include "proto/language.h"
#include "proto/pack.h"
#include "scanner/scanner_state.h"

/* Of each list: more would not fit into an answer. */
#define ITEMS_MAX (1u << 18)

struct entry {
    struct sp_str name;
    uint32_t offset, length;
    enum sp_via via;
    bool call;
};

struct dropped {
    const char *rule; /* its name; another rule's is at another place */
    uint32_t offset, length;
    enum sp_drop reason;
};

struct entries {
    struct entry *items;
    uint32_t n_items, n_room;
};

struct sp_explaining {
    struct entries modules, names;
    struct dropped *dropped;
    uint32_t n_dropped, n_dropped_room;
    int failed;
};

static void add_entry(struct sp_scan *scan, struct sp_unit *unit, struct entries *entries, struct entry entry)
{
    if (unit->depth) {
        entry.offset = unit->offset;
        entry.length = unit->length;
        entry.via = entry.via > SP_VIA_EVALUATED ? entry.via : SP_VIA_EVALUATED;
    }
    int r = entries->n_items == ITEMS_MAX
                ? SP_ETOO_LARGE
                : SP_ARENA_GROW(scan->work, entries->items, entries->n_items, entries->n_room, 64);
    if (r < 0) {
        scan->explaining->failed = r;
        return;
    }
    /* The unit's memory goes with it. */
    if (unit->depth && sp_scan_keep(scan, entry.name, &entry.name, NULL) < 0)
        scan->explaining->failed = SP_ETOO_LARGE;
    else
        entries->items[entries->n_items++] = entry;
}

void sp_explain_unit(struct sp_scan *scan, struct sp_unit *unit)
{
    const struct sp_resolution *resolution = &unit->resolution;
    if (!scan->explaining)
        return;
    for (uint32_t i = 0; i < resolution->modules.n_items; i++) {
        const struct sp_module_use *use = &resolution->modules.items[i];
        if (!use->maybe)
            add_entry(scan, unit, &scan->explaining->modules,
                (struct entry){use->name, use->offset, use->length, use->via, false});
    }
    for (uint32_t i = 0; i < resolution->names.n_items; i++) {
        const struct sp_name_use *use = &resolution->names.items[i];
        add_entry(scan, unit, &scan->explaining->names,
            (struct entry){use->name, use->offset, use->length, use->via, use->call});
    }
}

void sp_explain_drop(
    struct sp_scan *scan, struct sp_unit *unit, const char *rule, uint32_t offset, uint32_t length, enum sp_drop reason)
{
    struct sp_explaining *explaining = scan->explaining;
    if (!explaining)
        return;
    int r = explaining->n_dropped == ITEMS_MAX
                ? SP_ETOO_LARGE
                : SP_ARENA_GROW(scan->work, explaining->dropped, explaining->n_dropped, explaining->n_dropped_room, 64);
    if (r < 0) {
        explaining->failed = r;
        return;
    }
    if (unit->depth) {
        offset = unit->offset;
        length = unit->length;
    }
    explaining->dropped[explaining->n_dropped++] = (struct dropped){rule, offset, length, reason};
}

static int by_offset(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    int order = sp_str_compare(x->name, y->name);
    return order ? order : (int)y->via - (int)x->via;
}

/* In order, each name once at a place, by its strongest via. */
static void settle(struct entries *entries)
{
    uint32_t n = 0;
    if (entries->n_items)
        qsort(entries->items, entries->n_items, sizeof(*entries->items), by_offset);
    for (uint32_t i = 0; i < entries->n_items; i++) {
        struct entry *item = &entries->items[i], *last = n ? &entries->items[n - 1] : NULL;
        if (last && last->offset == item->offset && last->length == item->length &&
            sp_str_equal(last->name, item->name))
            last->call |= item->call;
        else
            entries->items[n++] = *item;
    }
    entries->n_items = n;
}

static int by_rule(const void *a, const void *b)
{
    const struct dropped *x = a, *y = b;
    if (x->rule != y->rule)
        return (uintptr_t)x->rule < (uintptr_t)y->rule ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (int)x->reason - (int)y->reason;
}

static int by_place(const void *a, const void *b)
{
    const struct dropped *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    int order = strcmp(x->rule, y->rule);
    return order ? order : (int)x->reason - (int)y->reason;
}

/* The search goes on behind each dropped start: what overlaps the one before, of the same rule, is the same news. */
static void settle_dropped(struct sp_explaining *explaining)
{
    struct dropped *items = explaining->dropped;
    size_t n = 0;
    if (explaining->n_dropped == 0)
        return;
    qsort(items, explaining->n_dropped, sizeof(*items), by_rule);
    for (size_t i = 0; i < explaining->n_dropped; i++) {
        const struct dropped *last = n ? &items[n - 1] : NULL;
        if (last && last->rule == items[i].rule && items[i].offset < last->offset + last->length)
            continue;
        items[n++] = items[i];
    }
    qsort(items, n, sizeof(*items), by_place);
    explaining->n_dropped = n;
}

static void pack_spans(
    struct sp_buffer *buffer, const char *key, const struct sp_span_list *spans, enum sp_span_class kind)
{
    size_t n = 0;
    for (uint32_t i = 0; i < spans->n_items; i++)
        n += spans->items[i].kind == kind;
    sp_pack_key(buffer, key);
    sp_pack_array(buffer, n);
    for (uint32_t i = 0; i < spans->n_items; i++) {
        if (spans->items[i].kind != kind)
            continue;
        sp_pack_array(buffer, 2);
        sp_pack_uint(buffer, spans->items[i].start);
        sp_pack_uint(buffer, spans->items[i].end);
    }
}

static void pack_place(struct sp_buffer *buffer, uint32_t offset, uint32_t length)
{
    sp_pack_key(buffer, "offset");
    sp_pack_uint(buffer, offset);
    sp_pack_key(buffer, "length");
    sp_pack_uint(buffer, length);
}

static void pack_entries(struct sp_buffer *buffer, const char *key, const struct entries *entries, bool with_call)
{
    sp_pack_key(buffer, key);
    sp_pack_array(buffer, entries->n_items);
    for (size_t i = 0; i < entries->n_items; i++) {
        const struct entry *entry = &entries->items[i];
        sp_pack_map(buffer, with_call ? 5 : 4);
        sp_pack_key(buffer, "name");
        sp_pack_text(buffer, entry->name);
        pack_place(buffer, entry->offset, entry->length);
        sp_pack_key(buffer, "via");
        sp_pack_cstr(buffer, sp_via_name(entry->via));
        if (with_call) {
            sp_pack_key(buffer, "call");
            sp_pack_bool(buffer, entry->call);
        }
    }
}

static void pack_dropped(struct sp_buffer *buffer, const struct sp_explaining *explaining)
{
    static const char *const reasons[SP_DROP_COUNT] = {"comment", "string", "duplicate"};
    sp_pack_key(buffer, "dropped");
    sp_pack_array(buffer, explaining->n_dropped);
    for (size_t i = 0; i < explaining->n_dropped; i++) {
        const struct dropped *dropped = &explaining->dropped[i];
        sp_pack_map(buffer, 4);
        sp_pack_key(buffer, "rule");
        sp_pack_cstr(buffer, dropped->rule);
        pack_place(buffer, dropped->offset, dropped->length);
        sp_pack_key(buffer, "reason");
        sp_pack_cstr(buffer, reasons[dropped->reason]);
    }
}

int sp_explain(struct sp_scanner *scanner, const struct sp_scan_options *options, struct sp_str code,
    struct sp_arena *arena, struct sp_buffer *buffer, struct sp_error *error)
{
    struct sp_scan scan;
    struct sp_explaining explaining = {0};
    struct sp_unit unit = {.arena = &scanner->levels[0]};
    (void)arena; /* what is packed needs no memory that outlives the scan */
    int r = sp_scan_begin(&scan, scanner, options, code, error);
    scan.explaining = &explaining;
    if (r == 0)
        r = sp_unit_read(&unit, scan.tongue, scan.source, scan.dialect, scan.view, error);
    if (r == 0)
        r = sp_encoding_rule(&scan, &unit, options->strict_encoding, error);
    if (r == 0)
        r = sp_scan_unit(&scan, &unit, error);
    if (r == 0 && explaining.failed)
        r = sp_error_set(error, explaining.failed, NULL);
    if (r < 0)
        return r;
    settle(&explaining.modules);
    settle(&explaining.names);
    settle_dropped(&explaining);
    sp_pack_map(buffer, 9);
    sp_pack_key(buffer, "language");
    sp_pack_cstr(buffer, sp_language_name(scan.language));
    pack_spans(buffer, "comments", &unit.spans, SP_SPAN_COMMENT);
    pack_spans(buffer, "strings", &unit.spans, SP_SPAN_STRING);
    pack_spans(buffer, "chars", &unit.spans, SP_SPAN_CHAR);
    pack_spans(buffer, "regexes", &unit.spans, SP_SPAN_REGEX);
    pack_spans(buffer, "interpolations", &unit.spans, SP_SPAN_INTERPOLATION);
    pack_entries(buffer, "modules", &explaining.modules, false);
    pack_entries(buffer, "names", &explaining.names, true);
    pack_dropped(buffer, &explaining);
    return buffer->failed ? sp_error_set(error, buffer->failed, NULL) : 0;
}
