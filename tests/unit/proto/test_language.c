#include <criterion/criterion.h>

#include "proto/language.h"

Test(language, names_are_exact_and_carry_a_dialect)
{
    struct sp_str dialect;
    cr_assert_eq(sp_language_find(SP_STR("python:3.12"), &dialect), SP_LANGUAGE_PYTHON);
    cr_assert(sp_str_is(dialect, "3.12"));
    cr_assert_eq(sp_language_find(SP_STR("python"), &dialect), SP_LANGUAGE_PYTHON);
    cr_assert_eq(dialect.n_bytes, 0);
    cr_assert_eq(sp_language_find(SP_STR("Python"), NULL), SP_LANGUAGE_NONE);
    cr_assert_eq(sp_language_find(SP_STR("pytho"), NULL), SP_LANGUAGE_NONE);
    cr_assert_eq(sp_language_find(SP_STR(""), NULL), SP_LANGUAGE_NONE);
    cr_assert_eq(sp_language_find((struct sp_str){0}, NULL), SP_LANGUAGE_NONE);
}

Test(language, every_row_is_found_by_its_own_name)
{
    for (int language = 0; language < SP_LANGUAGE_COUNT; language++)
        cr_assert_eq(sp_language_find(sp_str_of(sp_language_name(language)), NULL), language);
}

Test(language, suffixes_tell_the_language_of_a_path)
{
    static const struct {
        const char *path;
        int language;
    } cases[] = {{"main.py", SP_LANGUAGE_PYTHON}, {"a/b.PY", SP_LANGUAGE_PYTHON}, {"a.b/c", SP_LANGUAGE_NONE},
        {"x.tar.gz", SP_LANGUAGE_NONE}, {".py", SP_LANGUAGE_PYTHON}, {"py", SP_LANGUAGE_NONE}, {"", SP_LANGUAGE_NONE},
        {"a.", SP_LANGUAGE_NONE}, {"s.sh", SP_LANGUAGE_BASH}, {"x.hpp", SP_LANGUAGE_CPP}, {"x.h", SP_LANGUAGE_C},
        {"a.R", SP_LANGUAGE_R}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(sp_language_of_path(sp_str_of(cases[i].path)), cases[i].language, "%s", cases[i].path);
}

Test(language, shebangs_tell_the_language_of_a_script)
{
    static const struct {
        const char *data;
        int language;
    } cases[] = {{"#!/usr/bin/python3\nx", SP_LANGUAGE_PYTHON}, {"#!/usr/bin/env python3 -u", SP_LANGUAGE_PYTHON},
        {"#!/usr/bin/env -S A=1 python3.11 -I\n", SP_LANGUAGE_PYTHON}, {"#! /bin/sh\r\n", SP_LANGUAGE_BASH},
        {"#!/usr/bin/awk -f\n", SP_LANGUAGE_NONE}, {"#!", SP_LANGUAGE_NONE}, {"#!\n/usr/bin/python3", SP_LANGUAGE_NONE},
        {" #!/bin/sh", SP_LANGUAGE_NONE}, {"#!/usr/bin/env\n", SP_LANGUAGE_NONE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(sp_language_of_shebang(sp_str_of(cases[i].data)), cases[i].language, "%s", cases[i].data);
}

Test(language, a_suffix_is_that_of_the_last_part)
{
    static const char *const cases[][2] = {
        {"x.tar.gz", ".gz"}, {"a.b/c", ""}, {".py", ".py"}, {"a.", "."}, {"", ""}, {"/", ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert(sp_str_is(sp_language_suffix(sp_str_of(cases[i][0])), cases[i][1]), "%s", cases[i][0]);
}

Test(language, a_list_holds_whole_words_only)
{
    cr_assert(sp_language_lists("ab cd", SP_STR("ab")));
    cr_assert(sp_language_lists("ab cd", SP_STR("CD")));
    cr_assert_not(sp_language_lists("ab cd", SP_STR("a")));
    cr_assert_not(sp_language_lists("ab cd", SP_STR("b cd")));
    cr_assert_not(sp_language_lists("ab cd", SP_STR("")));
    cr_assert_not(sp_language_lists("", SP_STR("")));
}
