#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "proto/arena.h"
#include "proto/error.h"

Test(arena, memory_is_zeroed_aligned_and_apart)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    unsigned char *last = NULL;
    for (size_t size = 0; size < 5000; size += 37) {
        unsigned char *memory = sp_arena_alloc(&arena, size);
        cr_assert_not_null(memory);
        cr_assert_eq((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            cr_assert_eq(memory[i], 0);
        memset(memory, 0xAA, size);
        cr_assert_neq(memory, last);
        last = memory;
    }
    sp_arena_fini(&arena);
}

Test(arena, stops_at_its_bound_and_says_so)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 10000);
    size_t total = 0;
    while (sp_arena_alloc(&arena, 100))
        cr_assert_leq(total += 100, 10000);
    cr_assert(arena.exhausted);
    cr_assert_geq(total, 8000);
    cr_assert_leq(arena.used_bytes, 10000);
    sp_arena_fini(&arena);
}

Test(arena, reset_keeps_the_largest_block_so_a_steady_state_takes_nothing_new)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            cr_assert_not_null(sp_arena_alloc(&arena, 1000));
        sp_arena_reset(&arena);
    }
    size_t before = arena.used_bytes;
    cr_assert_not_null(sp_arena_alloc(&arena, 1000));
    cr_assert_eq(arena.used_bytes, before);
    sp_arena_fini(&arena);
}

Test(arena, products_that_overflow_are_refused)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    cr_assert_null(sp_arena_array(&arena, SIZE_MAX / 2, 3));
    cr_assert_null(sp_arena_alloc(&arena, SIZE_MAX));
    sp_arena_fini(&arena);
    sp_arena_init(&arena, 1 << 20);
    cr_assert_null(sp_arena_copy(&arena, "", SIZE_MAX));
    cr_assert_eq(sp_arena_error(&arena), SP_ETOO_LARGE);
    sp_arena_fini(&arena);
}

Test(arena, copies_and_prints)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    char *copy = sp_arena_copy(&arena, "abc", 2);
    cr_assert_str_eq(copy, "ab");
    cr_assert_str_eq(sp_arena_printf(&arena, "%s-%d", copy, 7), "ab-7");
    sp_arena_fini(&arena);
}

Test(arena, tells_its_bound_from_a_system_without_memory)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 100);
    cr_assert_eq(sp_arena_error(&arena), SP_ENO_MEMORY, "the bound is not reached");
    cr_assert_null(sp_arena_alloc(&arena, 101));
    cr_assert_eq(sp_arena_error(&arena), SP_ETOO_LARGE);
    sp_arena_fini(&arena);
}

Test(arena, arrays_double_keep_their_items_and_stop_at_the_bound)
{
    struct {
        uint64_t *items;
        uint32_t n_items, n_room;
    } list = {0};
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 16);
    int r = 0;
    while ((r = SP_ARENA_GROW(&arena, list.items, list.n_items, list.n_room, 5)) == 0) {
        cr_assert_lt(list.n_items, list.n_room);
        cr_assert_eq(list.n_room % 5, 0);
        cr_assert_leq(list.n_room, list.n_items < 5 ? 5 : 2 * list.n_items);
        cr_assert_eq(list.items[list.n_items], 0, "room is zeroed");
        list.items[list.n_items] = list.n_items + 1;
        list.n_items++;
    }
    cr_assert_eq(r, SP_ETOO_LARGE);
    cr_assert_geq(list.n_items, 1000);
    cr_assert_eq(list.n_room, list.n_items, "a failure changes nothing");
    for (uint32_t i = 0; i < list.n_items; i++)
        cr_assert_eq(list.items[i], i + 1);
    sp_arena_fini(&arena);
}

Test(arena, arrays_never_pass_what_their_room_can_count)
{
    struct sp_arena arena;
    sp_arena_init(&arena, SIZE_MAX);
    char *items = NULL;
    uint32_t n_room = UINT32_MAX / 2 + 1;
    cr_assert_eq(SP_ARENA_GROW(&arena, items, n_room, n_room, 1), SP_ETOO_LARGE);
    cr_assert_eq(n_room, UINT32_MAX / 2 + 1);
    sp_arena_fini(&arena);
}
