#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/scope.h"
#include "scanner/source.h"

static void expect_encoding(const char *source, const char *name)
{
    struct sp_str found = sp_source_python_encoding(sp_str_of(source));
    cr_expect(sp_str_is(found, name), "%s: %.*s", source, sp_str_int(found, 99), found.ptr);
}

Test(source, finds_a_declaration_on_the_first_or_second_line)
{
    expect_encoding("# -*- coding: latin-1 -*-\n", "latin-1");
    expect_encoding("#!/usr/bin/python3\n# vim: set fileencoding=cp1252 :\n", "cp1252");
    expect_encoding("\xef\xbb\xbf# coding: utf-8\n", "utf-8");
    expect_encoding(" \t\f# coding:\t koi8_r more\r\nx", "koi8_r");
    expect_encoding("\r# coding=utf-7\r", "utf-7");
    expect_encoding("# encoding:coding: a", "coding");
}

Test(source, ignores_what_is_no_declaration)
{
    expect_encoding("x = 1 # coding: latin-1\n", "");
    expect_encoding("x = 1\n# coding: latin-1\n", "");
    expect_encoding("\n\n# coding: latin-1\n", "");
    expect_encoding("'''\n# coding: latin-1\n'''\n", "");
    expect_encoding("# coding latin-1\n", "");
    expect_encoding("# coding : latin-1\n", "");
    expect_encoding("# coding:\n", "");
    expect_encoding("# coding", "");
    expect_encoding("", "");
}

Test(source, reads_the_first_two_lines_whatever_ends_them)
{
    static const char *const ends[] = {"\n", "\r", "\r\n"};
    for (size_t i = 0; i < SP_COUNT(ends); i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s\f # coding: one%s# coding: two", ends[i], ends[i]);
        expect_encoding(text, "one");
        snprintf(text, sizeof(text), "\xef\xbb\xbf \t# a%s%s# coding: three", ends[i], ends[i]);
        expect_encoding(text, "");
        snprintf(text, sizeof(text), "x%s# coding: two", ends[i]);
        expect_encoding(text, "");
    }
    expect_encoding("#\n\r# coding: three", "");
    expect_encoding("\\\n# coding: two", "");
    expect_encoding("\x0b# coding: one", "");
    expect_encoding("#coding: \xc3\xa9 coding=one", "one");
    expect_encoding("#CODING: one", "");
}

Test(source, knows_which_encodings_read_code_as_it_is)
{
    static const char *const utf8[] = {
        "utf-8", "UTF8", "U8", "utf_8_sig", "utf-8-unix", "UTF_8-dos", "ASCII", "us-ascii", "cp65001"};
    static const char *const bytes[] = {
        "latin-1", "Latin 1", "latin-1-unix", "iso-latin-1", "ISO-8859-15", "windows-1252", "koi8-r", "mac_greek"};
    static const char *const other[] = {"utf-7", "utf-16", "shift_jis", "unicode_escape", "raw_unicode_escape", "rot13",
        "gbk", "cp437", "mac_arabic", "hz", "cp037", "no-such", "", "utf8-unix", "utf-8.x", "iso-8859-15-unix",
        "a very long name that is longer than any codec has"};
    for (size_t i = 0; i < SP_COUNT(utf8); i++)
        cr_expect(sp_source_reading_of(sp_str_of(utf8[i])) == SP_SOURCE_UTF8, "%s", utf8[i]);
    for (size_t i = 0; i < SP_COUNT(bytes); i++)
        cr_expect(sp_source_reading_of(sp_str_of(bytes[i])) == SP_SOURCE_BYTES, "%s", bytes[i]);
    for (size_t i = 0; i < SP_COUNT(other); i++)
        cr_expect(sp_source_reading_of(sp_str_of(other[i])) == SP_SOURCE_OTHER, "%s", other[i]);
}

static void expect_position(struct sp_str text, size_t offset, uint32_t line, uint32_t column)
{
    struct sp_arena arena;
    struct sp_source_index index;
    uint32_t got_line = 0, got_column = 0;
    sp_arena_init(&arena, 1 << 20);
    cr_assert(sp_source_index_init(&index, text, &arena, NULL) == 0);
    sp_source_position(&index, offset, &got_line, &got_column);
    cr_expect(got_line == line && got_column == column, "%zu: %u:%u and not %u:%u", offset, got_line, got_column, line,
        column);
    sp_arena_fini(&arena);
}

Test(source, counts_lines_at_each_kind_of_end)
{
    struct sp_str text = SP_STR("ab\ncd\r\nef\rgh");
    expect_position(text, 0, 1, 1);
    expect_position(text, 2, 1, 3);
    expect_position(text, 3, 2, 1);
    expect_position(text, 5, 2, 3);
    expect_position(text, 6, 2, 4);
    expect_position(text, 7, 3, 1);
    expect_position(text, 10, 4, 1);
    expect_position(text, 12, 4, 3);
    expect_position(text, 99, 4, 3);
}

Test(source, counts_columns_in_code_points)
{
    struct sp_str text = SP_STR("\xef\xbb\xbfh\xc3\xa9\xf0\x9f\x98\x80x\xff\xfey");
    expect_position(text, 0, 1, 1);
    expect_position(text, 3, 1, 1);
    expect_position(text, 4, 1, 2);
    expect_position(text, 5, 1, 2); /* inside a code point */
    expect_position(text, 6, 1, 3);
    expect_position(text, 10, 1, 4);
    expect_position(text, 12, 1, 6);
    expect_position(text, 13, 1, 7);
}

/* The slow way, to compare with: from the text's beginning each time. */
static void walk(const char *bytes, size_t n, size_t offset, uint32_t *line, uint32_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == n || bytes[i + 1] != '\n'))) {
            ++*line;
            *column = 1;
        } else {
            ++*column;
        }
    }
}

Test(source, agrees_with_a_walk_at_every_offset)
{
    static const char alphabet[] = "aaaaaaaaaaaaa\n\r";
    char text[3000];
    struct sp_arena arena;
    struct sp_source_index index;
    srand(7);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
    sp_arena_init(&arena, 1 << 20);
    cr_assert(sp_source_index_init(&index, (struct sp_str){text, sizeof(text)}, &arena, NULL) == 0);
    for (size_t i = 0; i <= sizeof(text); i++) {
        uint32_t line, column, want_line, want_column;
        sp_source_position(&index, i, &line, &column);
        walk(text, sizeof(text), i, &want_line, &want_column);
        cr_assert(line == want_line && column == want_column, "%zu: %u:%u and not %u:%u", i, line, column, want_line,
            want_column);
    }
    sp_arena_fini(&arena);
}
