/* What follows names: any bytes as a Python program. */
#include "tests/fuzz/fuzz_spans.h"

#define VALUE_MAX (64u << 10)

static struct sp_resolution resolve(struct sp_str text, const struct sp_span_list *spans, struct sp_arena *arena)
{
    struct sp_resolution resolution = {0};
    FUZZ_CHECK(sp_tongue_find(SP_LANGUAGE_PYTHON)->resolve(text, spans, NULL, arena, &resolution, NULL) == 0);
    return resolution;
}

/* A list is ordered by place, and its places are in the text. */
#define CHECK_PLACES(list, text)                                                                                       \
    for (uint32_t i = 0; i < (list).n_items; i++) {                                                                    \
        FUZZ_CHECK((list).items[i].offset <= (text).n_bytes);                                                          \
        FUZZ_CHECK((list).items[i].length <= (text).n_bytes - (list).items[i].offset);                                 \
        FUZZ_CHECK(i == 0 || (list).items[i - 1].offset <= (list).items[i].offset);                                    \
    }

/* Nothing that is used begins in a comment. */
static void check_code(const struct sp_zone_map *map, uint32_t offset)
{
    const struct sp_span *span = sp_zone_find(map, offset);
    FUZZ_CHECK(!span || span->kind != SP_SPAN_COMMENT);
}

static void check_names(const struct sp_resolution *resolution, const struct sp_zone_map *map, struct sp_arena *arena)
{
    uint32_t *open = sp_arena_array(arena, resolution->names.n_items + 1, sizeof(*open)), n_open = 0;
    FUZZ_CHECK(open);
    for (uint32_t i = 0; i < resolution->names.n_items; i++) {
        const struct sp_name_use *name = &resolution->names.items[i];
        uint32_t end = name->offset + name->length;
        FUZZ_CHECK(name->name.n_bytes > 0 && name->length > 0 && name->via < SP_VIA_COUNT);
        check_code(map, name->offset);
        while (n_open && open[n_open - 1] <= name->offset)
            n_open--;
        FUZZ_CHECK(n_open == 0 || end <= open[n_open - 1]);
        open[n_open++] = end;
    }
}

static void check_resolution(struct sp_str text, const struct sp_span_list *spans,
    const struct sp_resolution *resolution, struct sp_arena *arena)
{
    struct sp_zone_map map;
    FUZZ_CHECK(sp_zone_map_init(&map, spans, arena, NULL) == 0);
    CHECK_PLACES(resolution->modules, text);
    CHECK_PLACES(resolution->names, text);
    CHECK_PLACES(resolution->folded, text);
    CHECK_PLACES(resolution->evaluated, text);
    CHECK_PLACES(resolution->dynamics, text);
    CHECK_PLACES(resolution->limits, text);
    check_names(resolution, &map, arena);
    for (uint32_t i = 0; i < resolution->modules.n_items; i++) {
        FUZZ_CHECK(resolution->modules.items[i].name.n_bytes > 0 && resolution->modules.items[i].via < SP_VIA_COUNT);
        check_code(&map, resolution->modules.items[i].offset);
    }
    for (uint32_t i = 0; i < resolution->folded.n_items; i++)
        FUZZ_CHECK(resolution->folded.items[i].value.n_bytes <= VALUE_MAX && resolution->folded.items[i].length > 0);
    for (uint32_t i = 0; i < resolution->dynamics.n_items; i++)
        FUZZ_CHECK(resolution->dynamics.items[i].what[0]);
    for (uint32_t i = 0; i < resolution->code_strings.n_items; i++) {
        const struct sp_span *string = &resolution->code_strings.items[i];
        const struct sp_span *span = sp_zone_find(&map, string->start);
        FUZZ_CHECK(span && span->kind == SP_SPAN_STRING && span->start == string->start);
    }
}

/* Two texts that mean the same: the same is used at the same places. */
static void check_same(const struct sp_resolution *a, const struct sp_resolution *b)
{
    FUZZ_CHECK(a->modules.n_items == b->modules.n_items && a->names.n_items == b->names.n_items);
    FUZZ_CHECK(a->evaluated.n_items == b->evaluated.n_items && a->dynamics.n_items == b->dynamics.n_items);
    FUZZ_CHECK(a->folded.n_items == b->folded.n_items && a->limits.n_items == b->limits.n_items);
    for (uint32_t i = 0; i < a->modules.n_items; i++) {
        const struct sp_module_use *x = &a->modules.items[i], *y = &b->modules.items[i];
        FUZZ_CHECK(sp_str_equal(x->name, y->name) && x->offset == y->offset && x->length == y->length);
        FUZZ_CHECK(x->via == y->via && x->maybe == y->maybe);
    }
    for (uint32_t i = 0; i < a->names.n_items; i++) {
        const struct sp_name_use *x = &a->names.items[i], *y = &b->names.items[i];
        FUZZ_CHECK(sp_str_equal(x->name, y->name) && x->offset == y->offset && x->length == y->length);
        FUZZ_CHECK(x->via == y->via && x->call == y->call);
    }
    for (uint32_t i = 0; i < a->evaluated.n_items; i++)
        FUZZ_CHECK(a->evaluated.items[i].offset == b->evaluated.items[i].offset &&
                   a->evaluated.items[i].text.n_bytes == b->evaluated.items[i].text.n_bytes);
    for (uint32_t i = 0; i < a->dynamics.n_items; i++)
        FUZZ_CHECK(a->dynamics.items[i].offset == b->dynamics.items[i].offset &&
                   strcmp(a->dynamics.items[i].what, b->dynamics.items[i].what) == 0);
}

static void check_other(struct sp_str text, const struct sp_resolution *resolution, struct sp_arena *arena)
{
    struct sp_span_list spans = fuzz_lex(text, "", arena);
    struct sp_resolution other = resolve(text, &spans, arena);
    check_same(resolution, &other);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct sp_str text = {(const char *)bytes, n_bytes};
    struct sp_arena arena;
    sp_arena_init(&arena, 2 * FUZZ_ARENA_BYTES);
    struct sp_span_list spans = fuzz_lex(text, "", &arena);
    struct sp_resolution resolution = resolve(text, &spans, &arena);
    check_resolution(text, &spans, &resolution, &arena);
    check_other(text, &resolution, &arena);
    check_other(fuzz_blank(text, &spans, &arena), &resolution, &arena);
    check_other(fuzz_return(text, &arena), &resolution, &arena);
    sp_arena_fini(&arena);
    return 0;
}
