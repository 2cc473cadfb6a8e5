#include "resolution_fixture.h"

/* Comprehensions over comprehensions: what is walked once more at each level must not double at each. */
static void expect_answer(const char *piece, const char *last)
{
    enum { LEVELS = 40, STATEMENTS = 200 };
    sp_cleanup(sp_buffer_fini) struct sp_buffer text;
    struct fixture f;
    sp_buffer_init(&text, 4 << 20);
    for (int i = 0; i < STATEMENTS; i++) {
        for (int k = 0; k < LEVELS; k++)
            sp_buffer_append(&text, piece, strlen(piece));
        sp_buffer_append(&text, last, strlen(last));
        for (int k = 0; k < LEVELS; k++)
            sp_buffer_append(&text, "]", 1);
        sp_buffer_append(&text, "\n", 1);
    }
    resolve(&f, (struct sp_str){(const char *)text.bytes, text.n_bytes});
    sp_arena_fini(&f.arena);
}

Test(resolve_python_round, comprehensions_within_each_other_are_paid_for, .timeout = 30)
{
    expect_answer("[x for x in ", "[]");
    expect_answer("[x for x in ", "['a']");
    expect_answer("lambda: [x for x in ", "[]");
    expect_answer("lambda x=[y for y in ", "'ab'");
}
