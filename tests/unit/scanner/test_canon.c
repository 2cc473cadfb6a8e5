#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/canon.h"

static struct sp_arena arena;

static void set_up(void)
{
    sp_arena_init(&arena, 256 << 20);
}

static void tear_down(void)
{
    sp_arena_fini(&arena);
}

TestSuite(canon, .init = set_up, .fini = tear_down);

/* A resolution written by hand: uses are told by the words that they stand on. */
struct made {
    struct sp_str code;
    struct sp_name_use names[64];
    struct sp_folded folded[64];
    struct sp_resolution resolution;
};

static void make(struct made *made, const char *code)
{
    memset(made, 0, sizeof(*made));
    made->code = sp_str_of(code);
    made->resolution.names.items = made->names;
    made->resolution.folded.items = made->folded;
}

static uint32_t find(const struct made *made, const char *part, int nth)
{
    const char *at = made->code.ptr;
    for (int i = 0; i <= nth; i++) {
        at = strstr(i ? at + 1 : at, part);
        cr_assert_not_null(at);
    }
    return (uint32_t)(at - made->code.ptr);
}

static void name(struct made *made, const char *part, int nth, const char *canonical, enum sp_via via)
{
    made->names[made->resolution.names.n_items++] =
        (struct sp_name_use){sp_str_of(canonical), find(made, part, nth), (uint32_t)strlen(part), via, false};
}

static void fold(struct made *made, const char *part, const char *value, bool bytes)
{
    made->folded[made->resolution.folded.n_items++] =
        (struct sp_folded){sp_str_of(value), find(made, part, 0), (uint32_t)strlen(part), bytes};
}

static struct sp_canon build(struct made *made)
{
    struct sp_canon canon;
    struct sp_error error = {0};
    cr_assert_eq(
        sp_canon_build(&canon, sp_tongue_find(SP_LANGUAGE_PYTHON), made->code, &made->resolution, NULL, &arena, &error),
        0, "%s", error.text);
    return canon;
}

static void expect_text(const struct sp_canon *canon, const char *text)
{
    cr_assert(sp_str_is(canon->text, text), "%.*s", (int)canon->text.n_bytes, canon->text.ptr);
}

/* Where a part of the canonical text lies in the source, as the source's words. */
static struct sp_str mapped(const struct made *made, const struct sp_canon *canon, const char *part, bool in_windows)
{
    const char *from = canon->text.ptr + (in_windows ? canon->main_bytes : 0);
    const char *at = memmem(from, canon->text.n_bytes - (size_t)(from - canon->text.ptr), part, strlen(part));
    cr_assert_not_null(at, "%s", part);
    uint32_t start = (uint32_t)(at - canon->text.ptr), first, last;
    sp_canon_map(canon, start, start + (uint32_t)strlen(part), &first, &last);
    return (struct sp_str){made->code.ptr + first, last - first};
}

Test(canon, is_not_built_where_nothing_differs)
{
    struct made made;
    make(&made, "os.system('a' )");
    name(&made, "os.system", 0, "os.system", SP_VIA_DIRECT);
    fold(&made, "'a'", "a", false);
    struct sp_canon canon = build(&made);
    cr_assert_null(canon.text.ptr);
    cr_assert_not(canon.limited);
}

Test(canon, replaces_in_place_and_maps_back)
{
    struct made made;
    make(&made, "x = o.system(y) + s(z)\n");
    name(&made, "o.system", 0, "os.system", SP_VIA_ALIAS);
    name(&made, "s(", 0, "subprocess.run", SP_VIA_ALIAS);
    made.names[1].length = 1;
    struct sp_canon canon = build(&made);
    expect_text(&canon, "x = os.system(y) + subprocess.run(z)\n");
    cr_assert(sp_str_is(mapped(&made, &canon, "os.system(", false), "o.system("));
    cr_assert(sp_str_is(mapped(&made, &canon, "system(", false), "o.system("));
    cr_assert(sp_str_is(mapped(&made, &canon, "subprocess.run(z", false), "s(z"));
    cr_assert(sp_str_is(mapped(&made, &canon, "x =", false), "x ="));
    cr_assert(sp_str_is(mapped(&made, &canon, "z)\n", false), "z)\n"));
    cr_assert(sp_str_is(mapped(&made, &canon, "= os", false), "= o.system"));
}

Test(canon, spells_constants_as_plain_literals)
{
    struct made made;
    make(&made, "f('o' + 's'); g(\"a\" \"b\"); h(b'x' + c)");
    fold(&made, "'o' + 's'", "os", false);
    fold(&made, "\"a\" \"b\"", "q\"\n\\\xc3\xa9\xff", false);
    fold(&made, "b'x' + c", "\x01z'", true);
    struct sp_canon canon = build(&made);
    expect_text(&canon, "f('os'); g(\"q\\\"\\n\\\\\xc3\xa9\\xff\"); h(b'\\x01z\\'')");
    const struct sp_canon_region *region = sp_canon_find(&canon, 3);
    cr_assert(region && region->kind == SP_CANON_FOLDED && region->body == 3 && region->end == 6);
    cr_assert(sp_str_is(mapped(&made, &canon, "s')", false), "'o' + 's')"));
}

Test(canon, cuts_long_runs_of_one_byte)
{
    struct made made;
    char *value = sp_arena_alloc(&arena, 60001);
    memset(value, 'z', 60000);
    memcpy(value + 1000, "rm -rf", 6);
    make(&made, "f(z * 60000)");
    fold(&made, "z * 60000", value, false);
    struct sp_canon canon = build(&made);
    cr_assert_not(canon.limited);
    cr_assert_eq(canon.text.n_bytes, strlen("f('')") + 256 + 6 + 256);
    cr_assert_not_null(strstr(canon.text.ptr, "zrm -rfz"));
}

Test(canon, several_meanings_each_have_a_text)
{
    struct made made;
    make(&made, "a = 1\nf(x)\nb = 2\n");
    name(&made, "f", 0, "eval", SP_VIA_ALIAS);
    name(&made, "f", 0, "exec", SP_VIA_ALIAS);
    name(&made, "f", 0, "os.system", SP_VIA_ALIAS);
    struct sp_canon canon = build(&made);
    expect_text(&canon, "a = 1\neval(x)\nb = 2\n\nexec(x)\nos.system(x)");
    cr_assert(sp_str_is(mapped(&made, &canon, "exec(x", true), "f(x"));
    cr_assert(sp_str_is(mapped(&made, &canon, "os.system(", true), "f("));
}

Test(canon, nested_uses_are_found_in_windows)
{
    struct made made;
    make(&made, "getattr(o, 'sys' + 'tem')('ls')");
    name(&made, "getattr(o, 'sys' + 'tem')", 0, "os.system", SP_VIA_CALL);
    fold(&made, "'sys' + 'tem'", "system", false);
    struct sp_canon canon = build(&made);
    expect_text(&canon, "os.system('ls')\ngetattr(o, 'system')('ls')");
    cr_assert(sp_str_is(mapped(&made, &canon, "(o, 'system')", true), "(o, 'sys' + 'tem')"));
}

Test(canon, a_shorter_name_of_the_same_use_adds_nothing)
{
    struct made made;
    make(&made, "o.path.join(x)");
    name(&made, "o.path.join", 0, "os.path.join", SP_VIA_ALIAS);
    name(&made, "o.path", 0, "os.path", SP_VIA_ALIAS);
    name(&made, "o", 0, "os", SP_VIA_ALIAS);
    struct sp_canon canon = build(&made);
    expect_text(&canon, "os.path.join(x)");
}

Test(canon, tells_what_a_match_touches)
{
    struct made made;
    make(&made, "a; o.x; b + c");
    name(&made, "o.x", 0, "os.x", SP_VIA_ALIAS);
    fold(&made, "b + c", "bc", false);
    struct sp_canon canon = build(&made);
    expect_text(&canon, "a; os.x; 'bc'");
    enum sp_via via;
    cr_assert_not(sp_canon_touches(&canon, 0, 2, &via));
    cr_assert(sp_canon_touches(&canon, 0, 4, &via) && via == SP_VIA_ALIAS);
    cr_assert(sp_canon_touches(&canon, 7, 8, &via) && via == SP_VIA_ALIAS, "next to it counts");
    cr_assert(sp_canon_touches(&canon, 0, 13, &via) && via == SP_VIA_FOLDED, "the strongest");
}

Test(canon, long_names_are_a_limit)
{
    struct made made;
    char *long_name = sp_arena_alloc(&arena, SP_CANON_NAME_MAX + 2);
    memset(long_name, 'a', SP_CANON_NAME_MAX + 1);
    make(&made, "x = f(y); z = g(y)");
    name(&made, "f", 0, long_name, SP_VIA_ALIAS);
    name(&made, "g", 0, "os.system", SP_VIA_ALIAS);
    struct sp_canon canon = build(&made);
    cr_assert(canon.limited && canon.limit_at == 4);
    expect_text(&canon, "x = f(y); z = os.system(y)");
    long_name[SP_CANON_NAME_MAX] = '\0';
    make(&made, "x = f(y)");
    name(&made, "f", 0, long_name, SP_VIA_ALIAS);
    canon = build(&made);
    cr_assert_not(canon.limited);
}

/* n uses of one byte each that all stand for long names. */
static struct sp_canon grow(struct made *made, uint32_t n, size_t name_bytes)
{
    char *code = sp_arena_alloc(&arena, 2 * (size_t)n + 1);
    char *canonical = sp_arena_alloc(&arena, name_bytes + 1);
    struct sp_name_use *names = sp_arena_array(&arena, n, sizeof(*names));
    memset(canonical, 'n', name_bytes);
    for (uint32_t i = 0; i < n; i++) {
        code[2 * i] = 'f';
        code[2 * i + 1] = ';';
        names[i] = (struct sp_name_use){{canonical, name_bytes}, 2 * i, 1, SP_VIA_ALIAS, false};
    }
    make(made, code);
    made->resolution.names.items = names;
    made->resolution.names.n_items = n;
    return build(made);
}

Test(canon, text_is_bounded_and_the_bound_is_told)
{
    struct made made;
    struct sp_canon canon = grow(&made, 100000, 200);
    cr_assert(canon.limited);
    cr_assert_leq(canon.text.n_bytes, SP_CANON_BYTES(made.code.n_bytes));
    cr_assert_gt(canon.limit_at, 0);
    canon = grow(&made, 1000, 3);
    cr_assert_not(canon.limited);
    cr_assert_eq(canon.text.n_bytes, 4000);
}

Test(canon, every_offset_maps_into_the_source_in_order)
{
    struct made made;
    make(&made, "aa bb cc\ndd ee ff\n");
    name(&made, "bb", 0, "b", SP_VIA_ALIAS);
    name(&made, "bb", 0, "long.name", SP_VIA_ALIAS);
    name(&made, "ee", 0, "another.name", SP_VIA_ALIAS);
    struct sp_canon canon = build(&made);
    uint32_t before = 0;
    for (uint32_t i = 0; i < canon.text.n_bytes; i++) {
        uint32_t from, to;
        sp_canon_map(&canon, i, i + 1, &from, &to);
        cr_assert_lt(from, to + 1);
        cr_assert_leq(to, made.code.n_bytes);
        if (i && i < canon.main_bytes)
            cr_assert_geq(from, before, "%u", i);
        before = from;
    }
}

Test(canon, uses_outside_of_the_code_are_left_out)
{
    struct made made;
    make(&made, "f(x)");
    made.names[0] = (struct sp_name_use){SP_STR("os"), 3, 9, SP_VIA_ALIAS, false};
    made.names[1] = (struct sp_name_use){SP_STR("os"), 1, 0, SP_VIA_ALIAS, false};
    made.resolution.names.n_items = 2;
    struct sp_canon canon = build(&made);
    cr_assert_null(canon.text.ptr);
}
