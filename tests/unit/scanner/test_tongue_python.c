#include "scanner/tongue_python.h"

#include <criterion/criterion.h>
#include <string.h>

#include "proto/scope.h"

static bool is_spelled(unsigned char byte, char quote, const char *text)
{
    char out[SP_TONGUE_SPELLED_MAX];
    size_t n = sp_tongue_python_literal.spell(byte, quote, out);
    return sp_str_is((struct sp_str){out, n}, text);
}

Test(tongue_python, spells_what_a_literal_cannot_hold)
{
    cr_expect(is_spelled('a', '"', "a"));
    cr_expect(is_spelled('"', '"', "\\\""));
    cr_expect(is_spelled('"', '\'', "\""));
    cr_expect(is_spelled('\\', '"', "\\\\"));
    cr_expect(is_spelled('\n', '"', "\\n"));
    cr_expect(is_spelled(0, '"', "\\x00"));
    cr_expect(is_spelled(0xFE, '"', "\\xfe"));
    cr_expect_str_eq(sp_tongue_python_literal.bytes_prefix, "b");
}

Test(tongue_python, module_names_are_compared_in_the_interpreters_form)
{
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    struct sp_str form;
    sp_arena_init(&arena, 1 << 16);
    cr_assert_eq(sp_tongue_python_module_form(SP_STR("\xef\xbd\x8f\xef\xbd\x93"), &arena, &form, NULL), 0);
    cr_expect(sp_str_is(form, "os"));
    cr_assert_eq(sp_tongue_python_module_form(SP_STR("\xff"), &arena, &form, NULL), 0);
    cr_expect(sp_str_is(form, "\xff"), "no UTF-8: as it is");
    cr_expect_null(sp_tongue_python_module_refusal(SP_STR("os.path")));
    cr_expect_not_null(sp_tongue_python_module_refusal(SP_STR("os-x")));
}
