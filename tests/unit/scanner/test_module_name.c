#include "scanner/module_name.h"

#include <criterion/criterion.h>

#include "proto/language.h"
#include "proto/scope.h"

#define PYTHON (1u << SP_LANGUAGE_PYTHON)

static bool becomes(uint32_t languages, const char *name, const char *normal)
{
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    sp_arena_init(&arena, 1 << 16);
    struct sp_error error = {0};
    struct sp_str got = {0};
    int r = sp_module_name_normal(languages, sp_str_of(name), &arena, &got, &error);
    return normal ? r == 0 && sp_str_is(got, normal) : r == SP_EINVALID_POLICY && error.text[0];
}

Test(module_name, of_python_is_identifiers_with_dots_in_the_interpreters_form)
{
    static const char *const good[] = {"os", "os.path", "_socket", "a1.b2", "google.cloud"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_expect(becomes(PYTHON, good[i], good[i]), "%s", good[i]);
    static const char *const bad[] = {"os.", ".os", "os:", "os-x", "os..path", "1os", "os.1", ".", "node:fs", "a/b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect(becomes(PYTHON, bad[i], NULL), "%s", bad[i]);
    cr_expect(becomes(PYTHON, "\xef\xbd\x8f\xef\xbd\x93", "os"));
    cr_expect(becomes(PYTHON, "\xef\xbc\x8a", NULL), "a wide asterisk");
}

Test(module_name, is_left_as_it_is_where_other_languages_may_mean_it)
{
    cr_expect(becomes(0, "node:fs", "node:fs"));
    cr_expect(becomes(0, "os-x", "os-x"));
    cr_expect(becomes(0, "os.*", NULL));
    cr_expect(becomes(PYTHON | 1u << SP_LANGUAGE_TEXT, "os-x", "os-x"));
    cr_expect_not_null(sp_module_name_doubt(0, sp_str_of("os.")));
    cr_expect_not_null(sp_module_name_doubt(0, sp_str_of(".os")));
    cr_expect_not_null(sp_module_name_doubt(0, sp_str_of("os:")));
    cr_expect_not_null(sp_module_name_doubt(0, sp_str_of("\xef\xbd\x8f\xef\xbd\x93")));
    cr_expect_null(sp_module_name_doubt(0, sp_str_of("os-x")));
    cr_expect_null(sp_module_name_doubt(0, sp_str_of("node:fs")));
}
