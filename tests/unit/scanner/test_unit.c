#include "scanner/unit.h"

#include <criterion/criterion.h>

#include "proto/language.h"

static struct sp_arena arena;

static void set_up(void)
{
    sp_arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
    sp_arena_fini(&arena);
}

TestSuite(unit, .init = set_up, .fini = tear_down);

static struct sp_unit read_text(const char *text)
{
    struct sp_unit unit = {.arena = &arena};
    struct sp_error error = {0};
    const struct sp_tongue *tongue = sp_tongue_find(SP_LANGUAGE_PYTHON);
    cr_assert_eq(sp_unit_read(&unit, tongue, sp_str_of(text), SP_STR(""), NULL, &error), 0, "%s", error.text);
    cr_assert_eq(sp_unit_zone(&unit, &error), 0);
    return unit;
}

Test(unit, blanks_comments_and_keeps_every_line)
{
    struct sp_unit unit = read_text("a # b\r\n'# c' # \u00e9\n# d");
    cr_assert(sp_str_is(unit.code, "a    \r\n'# c'     \n   "), "%.*s", (int)unit.code.n_bytes, unit.code.ptr);
    cr_assert(sp_str_is(unit.text, "a # b\r\n'# c' # \u00e9\n# d"));
}

Test(unit, copies_nothing_without_comments)
{
    struct sp_unit unit = read_text("a = '#'");
    cr_assert_eq(unit.code.ptr, unit.text.ptr);
}

Test(unit, tells_what_covers_an_offset)
{
    struct sp_unit unit = read_text("a 'b' f'c{d}' # e");
    cr_assert_null(sp_unit_cover(&unit, 0));
    cr_assert_eq(sp_unit_cover(&unit, 3)->kind, SP_SPAN_STRING);
    cr_assert_eq(sp_unit_cover(&unit, 8)->kind, SP_SPAN_STRING);
    cr_assert_null(sp_unit_cover(&unit, 10), "inside an interpolation");
    cr_assert_eq(sp_unit_cover(&unit, 16)->kind, SP_SPAN_COMMENT);
}

Test(unit, strings_that_name_modules_are_code)
{
    struct sp_unit unit = read_text("'a' 'b' 'c'");
    unit.resolution.code_strings.items = &unit.spans.items[1];
    unit.resolution.code_strings.n_items = 1;
    cr_assert_not_null(sp_unit_cover(&unit, 1));
    cr_assert_null(sp_unit_cover(&unit, 5));
    cr_assert_not_null(sp_unit_cover(&unit, 9));
}
