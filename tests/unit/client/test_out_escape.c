/* Text of others on a terminal. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>

#include "client/cmd/out_escape.h"

static void shows(void (*print)(FILE *, struct sp_str), struct sp_str text, const char *expected)
{
    char *shown = NULL;
    size_t n_bytes = 0;
    setlocale(LC_CTYPE, "C.UTF-8");
    FILE *file = open_memstream(&shown, &n_bytes);
    print(file, text);
    fclose(file);
    cr_expect_str_eq(shown, expected);
    free(shown);
}

static void print_stream(FILE *file, struct sp_str text)
{
    sp_escape_print_stream(file, text.ptr, text.n_bytes);
}

Test(out_escape, controls_and_what_is_not_utf8)
{
    shows(sp_escape_print, SP_STR("a\033[31mb\x7f\0c\n\t\r"), "a\\x1b[31mb\\x7f\\x00c\\n\\t\\r");
    shows(sp_escape_print, SP_STR("\xff\xc3(\xc2\x9b"), "\\xff\\xc3(\\u009b");
    shows(sp_escape_print, SP_STR("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

Test(out_escape, what_reorders_or_hides)
{
    shows(sp_escape_print, SP_STR("a\u202eb\u2066c\u200fd\u061ce"), "a\\u202eb\\u2066c\\u200fd\\u061ce");
    shows(sp_escape_print, SP_STR("a\u200bb\ufeffc\u2028d\U000E0041"), "a\\u200bb\\ufeffc\\u2028d\\U000e0041");
}

Test(out_escape, what_is_seen_stays)
{
    shows(sp_escape_print, SP_STR("prix: 3 €, 日本, é, \\n"), "prix: 3 €, 日本, é, \\n");
}

Test(out_escape, columns)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    cr_expect_eq(sp_escape_columns('a'), 1);
    cr_expect_eq(sp_escape_columns(0x65E5), 2);
    cr_expect_eq(sp_escape_columns(0x301), 0);
    cr_expect_eq(sp_escape_columns(0x202E), -1);
    cr_expect_eq(sp_escape_columns(0x9B), -1);
}

Test(out_escape, output_keeps_its_lines)
{
    shows(print_stream, SP_STR("a\tb\r\n\033]0;x\a\u202e\u200d\xff"), "a\tb\r\n\\x1b]0;x\\x07\\u202e\u200d\\xff");
}
