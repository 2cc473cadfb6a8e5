#include <criterion/criterion.h>

#include "daemon/env_name.h"
#include "proto/scope.h"

Test(env_name, the_usual_ones_are_allowed)
{
    static const char *const names[] = {"LANG", "LC_ALL", "TZ", "NO_COLOR", "MPLBACKEND", "OMP_NUM_THREADS", "APP_X"};
    for (size_t i = 0; i < SP_COUNT(names); i++)
        cr_assert(sp_env_name_allowed(sp_str_of(names[i]), (struct sp_strings){0}), "%s", names[i]);
    cr_assert_not(sp_env_name_allowed(SP_STR("FOO"), (struct sp_strings){0}));
    cr_assert_not(sp_env_name_allowed(SP_STR("LANGUAGE"), (struct sp_strings){0}));
}

Test(env_name, the_operator_adds_names_and_prefixes)
{
    struct sp_str items[] = {SP_STR("FOO"), SP_STR("BAR_*")};
    struct sp_strings operators = {items, 2};
    cr_assert(sp_env_name_allowed(SP_STR("FOO"), operators));
    cr_assert(sp_env_name_allowed(SP_STR("BAR_1"), operators));
    cr_assert_not(sp_env_name_allowed(SP_STR("FOO1"), operators));
    cr_assert_not(sp_env_name_allowed(SP_STR("BAR"), operators));
}

Test(env_name, what_is_forbidden_stays_so_whatever_is_allowed)
{
    static const char *const names[] = {"LD_PRELOAD", "LD_", "GLIBC_TUNABLES", "MALLOC_CHECK_", "GCONV_PATH", "LOCPATH",
        "PATH", "HOME", "TMPDIR", "IFS", "PYTHONPATH", "PYTHON", "NODE_OPTIONS", "BASH_ENV", "ENV", "RUBYOPT",
        "RUBYLIB", "JAVA_TOOL_OPTIONS", "R_PROFILE_USER", "R_ENVIRON", "GOFLAGS", "GO"};
    struct sp_str items[] = {SP_STR("L*"), SP_STR("P*"), SP_STR("G*"), SP_STR("M*"), SP_STR("H*"), SP_STR("T*"),
        SP_STR("I*"), SP_STR("N*"), SP_STR("B*"), SP_STR("E*"), SP_STR("R*"), SP_STR("J*")};
    struct sp_strings operators = {items, SP_COUNT(items)};
    for (size_t i = 0; i < SP_COUNT(names); i++) {
        cr_assert(sp_env_name_forbidden(sp_str_of(names[i])), "%s", names[i]);
        cr_assert_not(sp_env_name_allowed(sp_str_of(names[i]), operators), "%s", names[i]);
    }
    cr_assert(sp_env_name_allowed(SP_STR("PAGER"), operators));
}

Test(env_name, the_list_is_what_is_allowed)
{
    struct sp_str items[] = {SP_STR("FOO")};
    char text[256], little[8];
    cr_assert_str_eq(sp_env_name_list((struct sp_strings){items, 1}, text, sizeof text),
        "LANG, LC_*, TZ, NO_COLOR, MPLBACKEND, OMP_NUM_THREADS, APP_*, FOO");
    cr_assert_str_eq(sp_env_name_list((struct sp_strings){items, 1}, little, sizeof little), "LANG, L");
}

Test(env_name, malformed_names_are_none)
{
    struct sp_str items[] = {SP_STR("A*")};
    struct sp_strings operators = {items, 1};
    cr_assert_not(sp_env_name_valid(SP_STR("")));
    cr_assert_not(sp_env_name_valid(SP_STR("1A")));
    cr_assert_not(sp_env_name_valid(SP_STR("A=B")));
    cr_assert_not(sp_env_name_allowed(SP_STR("A=B"), operators));
    cr_assert_not(sp_env_name_allowed(SP_STR("A\0B"), operators));
    cr_assert(sp_env_name_valid(SP_STR("_a9")));
}
