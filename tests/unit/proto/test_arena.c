#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "proto/arena.h"

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
    cr_assert_null(sp_arena_copy(&arena, "", SIZE_MAX));
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
