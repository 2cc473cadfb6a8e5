/* What the resolver tells, and in which order. One thread at a time. */
#include "scanner/resolve_python.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/python_modules.h"

#define ROOM_FIRST 32
#define LIMITS_MAX 64

static bool note(struct sp_python_resolver *resolver, int r)
{
    if (r < 0 && !resolver->code)
        resolver->code = r;
    return r == 0;
}

/* Room for one more item of a list; false where memory ran out. */
#define GROW(list)                                                                                                     \
    note(resolver, SP_ARENA_GROW(resolver->arena, resolver->out.list.items, resolver->out.list.n_items,                \
                       resolver->out.list.n_room, ROOM_FIRST))

struct sp_str sp_resolve_python_emit_keep(struct sp_python_resolver *resolver, struct sp_str text)
{
    uint32_t number = sp_python_names_find(&resolver->names, text);
    if (number == UINT32_MAX) {
        struct sp_str copy = {sp_arena_copy(resolver->arena, text.ptr, text.n_bytes), text.n_bytes};
        number = copy.ptr ? sp_python_names_add(&resolver->names, copy) : UINT32_MAX;
        if (number == UINT32_MAX) {
            note(resolver, sp_arena_error(resolver->arena));
            return (struct sp_str){"", 0};
        }
    }
    return resolver->names.items[number];
}

void sp_resolve_python_emit_module(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end, enum sp_via via, bool maybe)
{
    if (resolver->quiet || name.n_bytes == 0 || !GROW(modules))
        return;
    resolver->out.modules.items[resolver->out.modules.n_items++] =
        (struct sp_module_use){.name = sp_resolve_python_emit_keep(resolver, name),
            .offset = start,
            .length = end - start,
            .via = via,
            .maybe = maybe};
}

void sp_resolve_python_emit_name(
    struct sp_python_resolver *resolver, const struct sp_python_value *path, uint32_t start, uint32_t end, bool call)
{
    if (resolver->quiet || !GROW(names))
        return;
    resolver->out.names.items[resolver->out.names.n_items++] =
        (struct sp_name_use){.name = sp_resolve_python_emit_keep(resolver, path->text),
            .offset = start,
            .length = end - start,
            .via = (enum sp_via)path->via,
            .call = call};
}

void sp_resolve_python_emit_paths(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end, bool call)
{
    struct sp_python_set told = {.limit = set->limit};
    if (sp_resolve_python_set_affords(resolver, set, &told))
        for (uint8_t i = 0; i < set->n_items; i++)
            if (set->items[i]->kind == SP_PYTHON_VALUE_PATH)
                sp_resolve_python_emit_name(resolver, set->items[i], start, end, call);
    if (told.limit && call && !resolver->quiet)
        sp_resolve_python_emit_limit(resolver, "a name with too many meanings, or too long", start, end);
}

/* The value's text in memory that lasts; NULL where there was no room, or so much was told that no more is. */
static const char *keep_text(struct sp_python_resolver *resolver, struct sp_str text)
{
    const char *source = resolver->source.ptr;
    if (text.ptr >= source && text.ptr < source + resolver->source.n_bytes)
        return text.ptr;
    if (text.n_bytes > resolver->told_bytes) {
        resolver->fold.spent = true;
        return NULL;
    }
    resolver->told_bytes -= text.n_bytes;
    const char *copy = sp_arena_copy(resolver->arena, text.ptr, text.n_bytes);
    if (!copy)
        note(resolver, sp_arena_error(resolver->arena));
    return copy;
}

void sp_resolve_python_emit_folded(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, uint32_t start, uint32_t end)
{
    if (resolver->quiet)
        return;
    /* A fold within this one is part of it. */
    while (resolver->out.folded.n_items && resolver->out.folded.items[resolver->out.folded.n_items - 1].offset >= start)
        resolver->out.folded.n_items--;
    const char *copy = keep_text(resolver, value->text);
    if (!copy || !GROW(folded))
        return;
    resolver->out.folded.items[resolver->out.folded.n_items++] =
        (struct sp_folded){.value = {copy, value->text.n_bytes},
            .offset = start,
            .length = end - start,
            .bytes = value->kind == SP_PYTHON_VALUE_BYTES};
}

void sp_resolve_python_emit_evaluated(
    struct sp_python_resolver *resolver, struct sp_str text, uint32_t start, uint32_t end, bool expression)
{
    sp_resolve_python_keep_evaluated(resolver, text);
    const char *copy = resolver->quiet ? NULL : keep_text(resolver, text);
    if (!copy || !GROW(evaluated))
        return;
    resolver->out.evaluated.items[resolver->out.evaluated.n_items++] = (struct sp_evaluated){
        .text = {copy, text.n_bytes}, .offset = start, .length = end - start, .expression = expression};
}

void sp_resolve_python_emit_dynamic(struct sp_python_resolver *resolver, const char *what, uint32_t start, uint32_t end)
{
    if (resolver->quiet || !GROW(dynamics))
        return;
    resolver->out.dynamics.items[resolver->out.dynamics.n_items++] =
        (struct sp_dynamic){.what = what, .offset = start, .length = end - start};
}

void sp_resolve_python_emit_limit(struct sp_python_resolver *resolver, const char *what, uint32_t start, uint32_t end)
{
    /* A few are as good as all. */
    if (resolver->out.limits.n_items >= LIMITS_MAX || !GROW(limits))
        return;
    resolver->out.limits.items[resolver->out.limits.n_items++] =
        (struct sp_resolve_limit){.what = what, .offset = start, .length = end - start};
}

/* ---- order ---- */

/* By place, the outer before the inner, then by content. */
#define COMPARE(function, type, rest)                                                                                  \
    static int function(const void *left, const void *right)                                                           \
    {                                                                                                                  \
        const type *a = left, *b = right;                                                                              \
        if (a->offset != b->offset)                                                                                    \
            return a->offset < b->offset ? -1 : 1;                                                                     \
        if (a->length != b->length)                                                                                    \
            return a->length > b->length ? -1 : 1;                                                                     \
        return rest;                                                                                                   \
    }
COMPARE(compare_modules, struct sp_module_use, sp_str_compare(a->name, b->name))
COMPARE(compare_names, struct sp_name_use, sp_str_compare(a->name, b->name))
COMPARE(compare_folded, struct sp_folded, sp_str_compare(a->value, b->value))
COMPARE(compare_evaluated, struct sp_evaluated, sp_str_compare(a->text, b->text))
COMPARE(compare_dynamics, struct sp_dynamic, strcmp(a->what, b->what))
COMPARE(compare_limits, struct sp_resolve_limit, strcmp(a->what, b->what))

/* Most of it is in order already. */
static void sort(void *items, uint32_t n_items, size_t item_bytes, int (*compare)(const void *, const void *))
{
    for (uint32_t i = 1; i < n_items; i++) {
        const char *item = (const char *)items + i * item_bytes;
        if (compare(item - item_bytes, item) > 0) {
            qsort(items, n_items, item_bytes, compare);
            return;
        }
    }
}

/* What is told twice is kept once; of two ways to a module the stronger is kept, and one that is sure. */
#define FINISH(list, compare, merge)                                                                                   \
    do {                                                                                                               \
        uint32_t n = resolver->out.list.n_items, kept = 0;                                                             \
        sort(resolver->out.list.items, n, sizeof(resolver->out.list.items[0]), compare);                               \
        for (uint32_t i = 0; i < n; i++) {                                                                             \
            if (kept && compare(&resolver->out.list.items[kept - 1], &resolver->out.list.items[i]) == 0) {             \
                merge;                                                                                                 \
                continue;                                                                                              \
            }                                                                                                          \
            resolver->out.list.items[kept++] = resolver->out.list.items[i];                                            \
        }                                                                                                              \
        resolver->out.list.n_items = kept;                                                                             \
    } while (0)

void sp_resolve_python_emit_finish(struct sp_python_resolver *resolver)
{
    FINISH(modules, compare_modules, {
        struct sp_module_use *have = &resolver->out.modules.items[kept - 1];
        const struct sp_module_use *more = &resolver->out.modules.items[i];
        have->maybe &= more->maybe;
        have->via = more->via > have->via ? more->via : have->via;
    });
    FINISH(names, compare_names, {
        struct sp_name_use *have = &resolver->out.names.items[kept - 1];
        const struct sp_name_use *more = &resolver->out.names.items[i];
        have->via = more->via > have->via ? more->via : have->via;
        have->call |= more->call;
    });
    FINISH(folded, compare_folded, {});
    FINISH(evaluated, compare_evaluated, {});
    FINISH(dynamics, compare_dynamics, {});
    FINISH(limits, compare_limits, {});
}
