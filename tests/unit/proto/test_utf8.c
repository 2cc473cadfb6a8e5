#include <criterion/criterion.h>
#include <string.h>

#include "proto/utf8.h"

Test(utf8, every_code_point_survives_a_round_trip)
{
    for (uint32_t point = 0; point <= 0x110010; point++) {
        uint8_t bytes[4];
        uint32_t back = 0xFFFFFFFF;
        size_t n = sp_utf8_put(point, bytes);
        if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
            cr_assert_eq(n, 0);
            continue;
        }
        cr_assert_eq(sp_utf8_next(bytes, n, &back), n);
        cr_assert_eq(back, point);
        if (n > 1)
            cr_assert_eq(sp_utf8_next(bytes, n - 1, NULL), 0);
    }
}

Test(utf8, malformed_bytes_are_found_where_they_stand)
{
    static const char *const bad[] = {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xE2\x28\xA1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64] = "good, good, good ";
        size_t at = strlen(text);
        strcat(text, bad[i]);
        cr_assert_eq(sp_utf8_valid((const uint8_t *)text, strlen(text)), at, "case %zu", i);
    }
}

Test(utf8, ascii_ends_at_the_first_high_byte)
{
    for (size_t at = 0; at < 40; at++) {
        uint8_t bytes[40];
        memset(bytes, 'a', sizeof(bytes));
        bytes[at] = 0x80;
        cr_assert_eq(sp_utf8_ascii(bytes, sizeof(bytes)), at);
        cr_assert_eq(sp_utf8_ascii(bytes, at), at);
    }
}

Test(utf8, a_partial_tail_is_what_more_bytes_could_make_whole)
{
    static const struct {
        const char *bytes;
        size_t partial;
    } cases[] = {{"a", 0}, {"", 0}, {"a\xE2", 1}, {"a\xE2\x82", 2}, {"a\xE2\x82\xAC", 0}, {"\xF0\x9F\x98", 3},
        {"\x80\x80\x80\x80", 0}, {"a\xFF", 0}, {"\xC3", 1}, {"\xC0", 0}, {"\xE0\x80", 0}, {"\xED\xA0", 0},
        {"\xED\x9F", 2}, {"\xF4\x90", 0}, {"\xF4\x8F", 2}, {"\xF5", 0}, {"\xE0\xA0", 2}, {"\xF0\x90", 2},
        {"\xF0\x8F", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(
            sp_utf8_partial((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)), cases[i].partial, "case %zu", i);
}
