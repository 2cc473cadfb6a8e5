#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/tongue.h"

/* What a source costs the resolver, and whether it reached a bound. */
struct cost {
    uint64_t n_work;
    size_t n_bytes, lasting_bytes;
    bool limited;
};

static struct cost cost_of(const char *source)
{
    const struct sp_tongue *python = sp_tongue_find(SP_LANGUAGE_PYTHON);
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    struct sp_error error = {0};
    struct sp_span_list spans = {0};
    struct sp_resolution resolution = {0};
    struct sp_str text = sp_str_of(source);
    sp_arena_init(&arena, (size_t)1 << 30);
    cr_assert(python->lex(text, SP_STR(""), &arena, &spans, &error) == 0, "%s", error.text);
    cr_assert(python->resolve(text, &spans, NULL, &arena, &resolution, &error) == 0, "%s", error.text);
    return (struct cost){.n_work = resolution.n_work,
        .n_bytes = text.n_bytes,
        .lasting_bytes = arena.used_bytes,
        .limited = resolution.limits.n_items > 0};
}

/* Members that hang on each other, each on the one before it: every one may be all of those. */
static char *chain_of_members(uint32_t n_lines)
{
    char *text = malloc(32 + 32 * (size_t)n_lines);
    cr_assert(text);
    size_t n = (size_t)sprintf(text, "import math\n");
    for (uint32_t i = 1; i <= n_lines; i++)
        n += (size_t)sprintf(text + n, "math.a%u = math.a%u\n", i, i - 1);
    return text;
}

/* Of eight walks. */
static uint64_t budget_of(const struct cost *cost)
{
    return 8 * ((1u << 16) + cost->n_bytes);
}

Test(resolve_python_set, members_that_hang_on_each_other_cost_what_the_budget_holds)
{
    sp_cleanup(sp_free_ptr) char *few = chain_of_members(250), *many = chain_of_members(16000);
    struct cost small = cost_of(few), large = cost_of(many);
    cr_expect(small.limited && large.limited, "what was not looked at is told");
    cr_expect(small.n_work < budget_of(&small), "%llu", (unsigned long long)small.n_work);
    cr_expect(large.n_work < budget_of(&large), "%llu for %zu bytes", (unsigned long long)large.n_work, large.n_bytes);
    cr_expect(large.lasting_bytes < 80 * large.n_bytes, "%zu for %zu bytes", large.lasting_bytes, large.n_bytes);
}

Test(resolve_python_set, a_name_of_a_few_meanings_costs_nothing_of_the_budget)
{
    sp_cleanup(sp_free_ptr) char *text = malloc(1 << 20);
    cr_assert(text);
    size_t n = 0;
    for (int i = 0; i < 8; i++)
        n += (size_t)sprintf(text + n, "import math\nx = math.f%d\n", i);
    for (int i = 0; i < 8000; i++)
        n += (size_t)sprintf(text + n, "y%d = x\n", i);
    struct cost cost = cost_of(text);
    cr_expect(!cost.limited);
    cr_expect(cost.n_work > 8 * 8000, "they are copied all the same: %llu", (unsigned long long)cost.n_work);
}

Test(resolve_python_set, calls_of_calls_are_followed_to_the_end_of_the_largest_source)
{
    enum { CALLS = 500000 };
    sp_cleanup(sp_free_ptr) char *text = malloc(2 * CALLS + 2);
    cr_assert(text);
    text[0] = 'a';
    for (size_t i = 0; i < CALLS; i++)
        memcpy(text + 1 + 2 * i, "()", 2);
    text[2 * CALLS + 1] = '\0';
    struct cost cost = cost_of(text);
    cr_expect(!cost.limited);
}

/* Rows of rows of rows of one value: a line, and millions of items. */
Test(resolve_python_set, rows_of_rows_are_kept_within_a_budget, .timeout = 60)
{
    struct cost one = cost_of("q = ((('x',) * 300,) * 300,) * 300\n");
    cr_expect(one.limited);
    cr_expect(one.lasting_bytes < (size_t)128 << 20, "%zu", one.lasting_bytes);
    struct cost few = cost_of("q = ((('x',) * 30,) * 30,) * 30\n");
    cr_expect(!few.limited);
}
