#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "proto/error.h"
#include "proto/str.h"
#include "proto/utf8.h"

Test(error, every_code_has_its_own_name_and_is_found_by_it)
{
    for (int code = -1; code > -SP_ERROR_COUNT_; code--) {
        const char *name = sp_error_name(code);
        cr_assert_eq(sp_error_find(name), code, "%s", name);
        cr_assert_gt(strlen(sp_error_text(code)), 0);
    }
    cr_assert_eq(sp_error_find("nonsense"), 0);
}

Test(error, every_code_has_one_of_the_wire)
{
#define X(id, name, text) cr_expect_eq(sp_error_wire(SP_E##id), SP_E##id, "%s", name);
    SP_WIRE_ERRORS(X)
#undef X
#define X(id, name, text)                                                                                              \
    cr_expect_neq(sp_error_wire(SP_E##id), SP_E##id, "%s", name);                                                      \
    cr_expect_eq(sp_error_wire(sp_error_wire(SP_E##id)), sp_error_wire(SP_E##id), "%s", name);
    SP_LOCAL_ERRORS(X)
#undef X
}

Test(error, a_foreign_code_counts_as_internal)
{
    cr_assert_eq(sp_error_wire(-9999), SP_EINTERNAL);
    cr_assert_str_eq(sp_error_name(-9999), "internal");
    cr_assert_str_eq(sp_error_name(5), "internal");
}

Test(error, the_innermost_error_stands)
{
    struct sp_error error = {0};
    cr_assert_eq(sp_error_set(&error, SP_EBUSY, "queue %d", 3), SP_EBUSY);
    sp_error_set(&error, SP_EINTERNAL, "outer");
    cr_assert_eq(error.code, SP_EBUSY);
    cr_assert_str_eq(error.text, "queue 3");
}

Test(error, a_place_is_set_with_what_is_wrong_there)
{
    struct sp_error error = {0}, general = {0};
    cr_assert_eq(sp_error_set_at(&error, SP_EINVALID_REQUEST, "limits.pids", "is above %d", 5), SP_EINVALID_REQUEST);
    cr_assert_str_eq(error.path, "limits.pids");
    cr_assert_str_eq(error.text, "is above 5");
    cr_assert_eq(sp_error_set_at(&error, SP_EINTERNAL, "outer", "later"), SP_EINTERNAL);
    cr_assert_str_eq(error.path, "limits.pids");
    sp_error_set_at(&general, SP_EBUSY, NULL, NULL);
    cr_assert_str_eq(general.path, "");
    cr_assert_str_eq(general.text, sp_error_text(SP_EBUSY));
}

Test(error, null_is_taken_everywhere)
{
    cr_assert_eq(sp_error_set_at(NULL, SP_EBUSY, "path", "x"), SP_EBUSY);
    cr_assert_eq(sp_error_set(NULL, SP_EBUSY, "x"), SP_EBUSY);
    sp_error_prefix(NULL, "x");
    cr_assert_eq(sp_error_errno(NULL, ENOMEM, "x"), SP_ENO_MEMORY);
}

Test(error, prefixes_build_a_path)
{
    struct sp_error error = {0};
    char text[500];
    sp_error_set(&error, SP_EINVALID_POLICY, "bad");
    sp_error_prefix(&error, "severity");
    sp_error_prefix(&error, "[%d]", 3);
    sp_error_prefix(&error, "patterns");
    cr_assert_str_eq(sp_error_format(&error, text, sizeof(text)), "patterns[3].severity: bad");
}

Test(error, long_text_is_cut_at_a_code_point)
{
    struct sp_error error = {0};
    char text[1000];
    for (size_t pad = 0; pad < 4; pad++) {
        memset(text, 'a', pad);
        for (size_t i = pad; i + 2 < sizeof(text); i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3);
        text[sizeof(text) - 4] = '\0';
        error.code = 0;
        sp_error_set(&error, SP_EBUSY, "%s", text);
        size_t n = strlen(error.text);
        cr_assert_gt(n, 300);
        cr_assert_eq(sp_utf8_valid((const uint8_t *)error.text, n), n);
    }
}

/* A client that meets bytes that are no text in one takes the whole stream for broken. */
Test(error, what_it_quotes_is_text_whatever_was_sent)
{
    struct sp_error error = {0};
    char text[100];
    sp_error_set(&error, SP_EBUSY, "\"%.*s\" and \"%s\"", 2, "\xE2\x82\xAC", "a\xFFz");
    cr_assert_str_eq(error.text, "\"??\" and \"a?z\"");
    sp_error_prefix(&error, "key\xC3");
    sp_error_prefix(&error, "\xC3");
    sp_error_format(&error, text, sizeof(text));
    cr_assert_eq(sp_utf8_valid((uint8_t *)text, strlen(text)), strlen(text), "%s", text);
    /* What is cut by our own hand is cut in front of a code point. */
    cr_assert_eq(sp_str_int(SP_STR("ab\xE2\x82\xAC"), 4), 2);
    cr_assert_eq(sp_str_int(SP_STR("ab\xE2\x82\xAC"), 5), 5);
}

Test(error, a_path_too_long_is_cut_and_terminated)
{
    struct sp_error error = {0};
    sp_error_set(&error, SP_EBUSY, "x");
    for (int i = 0; i < 100; i++)
        sp_error_prefix(&error, "segment");
    cr_assert_lt(strlen(error.path), sizeof(error.path));
}
