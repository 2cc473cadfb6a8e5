#include <criterion/criterion.h>

#include "scanner/zone.h"

static struct sp_arena arena;

static void set_up(void)
{
    sp_arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
    sp_arena_fini(&arena);
}

TestSuite(zone, .init = set_up, .fini = tear_down);

/* The innermost span by looking at all of them. */
static const struct sp_span *slow_find(const struct sp_span_list *spans, uint32_t offset)
{
    const struct sp_span *found = NULL;
    for (uint32_t i = 0; i < spans->n_items; i++)
        if (spans->items[i].start <= offset && offset < spans->items[i].end)
            found = &spans->items[i];
    return found;
}

static void check(struct sp_span *items, uint32_t n_items, uint32_t n_bytes)
{
    struct sp_span_list spans = {.items = items, .n_items = n_items, .n_room = n_items};
    struct sp_zone_map map;
    cr_assert_eq(sp_zone_map_init(&map, &spans, &arena, NULL), 0);
    for (uint32_t i = 0; i < n_bytes; i++)
        cr_assert_eq(sp_zone_find(&map, i), slow_find(&spans, i), "%u", i);
}

Test(zone, without_spans_all_is_code)
{
    check(NULL, 0, 10);
}

Test(zone, finds_the_innermost)
{
    struct sp_span items[] = {
        {.start = 0, .end = 3, .kind = SP_SPAN_COMMENT},
        {.start = 5, .end = 30, .kind = SP_SPAN_STRING},
        {.start = 8, .end = 20, .kind = SP_SPAN_INTERPOLATION},
        {.start = 8, .end = 12, .kind = SP_SPAN_STRING},
        {.start = 15, .end = 20, .kind = SP_SPAN_STRING},
        {.start = 22, .end = 22, .kind = SP_SPAN_INTERPOLATION},
        {.start = 25, .end = 30, .kind = SP_SPAN_INTERPOLATION},
        {.start = 30, .end = 31, .kind = SP_SPAN_COMMENT},
    };
    check(items, sizeof(items) / sizeof(items[0]), 40);
}

Test(zone, deep_nesting_is_found_through)
{
    struct sp_span items[100];
    for (uint32_t i = 0; i < 100; i++)
        items[i] = (struct sp_span){.start = i, .end = 300 - i, .kind = SP_SPAN_INTERPOLATION};
    check(items, 100, 310);
}
