#include "resolution_fixture.h"

/* A source of so many lines behind a head: it must be answered within the arena that the fixture has, and say that not all
 * of it was followed. */
static void expect_limit(const char *head, const char *line, int n_lines)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer text;
    struct fixture f;
    sp_buffer_init(&text, 4 << 20);
    sp_buffer_append(&text, head, strlen(head));
    for (int i = 0; i < n_lines; i++)
        sp_buffer_append(&text, line, strlen(line));
    resolve(&f, (struct sp_str){(const char *)text.bytes, text.n_bytes});
    cr_expect(f.resolution.limits.n_items > 0, "no limit: %s%s", head, line);
    cr_expect(f.arena.used_bytes < (size_t)256 << 20, "%zu bytes: %s%s", f.arena.used_bytes, head, line);
    sp_arena_fini(&f.arena);
}

Test(resolve_python_emit, long_texts_are_told_within_a_budget, .timeout = 60)
{
    expect_limit("a='ab'*32768\n", "exec(a)\n", 20000);
    expect_limit("a='ab'*32768\n", "f(a[:])\n", 20000);
    expect_limit("a='ab'*32768\n", "f(a[1:])\n", 20000);
}

Test(resolve_python_emit, texts_of_the_source_cost_nothing)
{
    struct fixture f;
    sp_cleanup(sp_free_ptr) char *text = malloc(10 << 20);
    size_t n = 0;
    cr_assert(text);
    for (int i = 0; i < 8; i++) {
        n += (size_t)sprintf(text + n, "exec('");
        memset(text + n, ' ', 1 << 20);
        n += 1 << 20;
        n += (size_t)sprintf(text + n, "')\n");
    }
    resolve(&f, (struct sp_str){text, n});
    cr_expect(f.resolution.limits.n_items == 0);
    cr_expect(f.resolution.evaluated.n_items == 8);
    sp_arena_fini(&f.arena);
}
