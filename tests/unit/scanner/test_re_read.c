#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "scanner/match.h"
#include "scanner/re_read.h"

static struct sp_re *read_ok(const char *pattern, unsigned flags)
{
    struct sp_error error = {0};
    struct sp_re *re = NULL;
    int r = sp_re_read(sp_str_of(pattern), flags, &re, &error);
    cr_assert(eq(int, r, 0), "%s: %s", pattern, error.text);
    return re;
}

static const char *refusal(const char *pattern)
{
    static struct sp_error error;
    error = (struct sp_error){0};
    struct sp_re *re = NULL;
    int r = sp_re_read(sp_str_of(pattern), 0, &re, &error);
    if (r == 0) {
        sp_re_free(re);
        return "";
    }
    cr_assert(eq(int, r, SP_EINVALID_PATTERN));
    cr_assert(eq(ptr, re, NULL));
    return error.text;
}

static void refused_at(const char *pattern, int position)
{
    const char *text = refusal(pattern), *at = strstr(text, " at position ");
    cr_assert(at != NULL, "%s: '%s'", pattern, text);
    cr_expect(eq(int, atoi(at + strlen(" at position ")), position), "%s: %s", pattern, text);
}

Test(re_read, takes_the_grammar)
{
    static const char *const patterns[] = {"\\bos\\.system\\s*\\(", "(?P<q>['\"]).*?(?P=q)", "(a)?(?(1)b|c)", "(?i:a)b",
        "(?i)a", "x{,3}y", "x{}", "x{2", "[]a]", "[^]a]", "[a-]", "a++b", "(?>a|b)c", "(?<=ab)c", "(?<!a)b",
        "(?#note)x", "\\0x\\101", "(?s-i:.)", "\\u0061\\U00010400\\x41", "a(?=b)*c", "é|ü", "(?P<größe>a)"};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        sp_re_free(read_ok(patterns[i], 0));
    }
    sp_re_free(read_ok("a b # note\n c", SP_MATCH_VERBOSE));
}

Test(re_read, refuses_at_pythons_position)
{
    refused_at("*a", 0);
    refused_at("a**", 2);
    refused_at("^*", 1);
    refused_at("a{3,2}", 2);
    refused_at("(a", 0);
    refused_at("a)", 1);
    refused_at("[a", 0);
    refused_at("b[z-a]", 2);
    refused_at("\\1", 1);
    refused_at("(\\1)", 1);
    refused_at("\\q", 0);
    refused_at("a\\", 1);
    refused_at("*\\", 1); /* the token ahead is read first */
    refused_at("(?P<1a>x)", 4);
    refused_at("(?P=n)", 4);
    refused_at("(?P<n>a)(?P<n>b)", 12);
    refused_at("(?(2)a)", 3);
    refused_at("(a)(?(1)b|c|d)", 11);
    refused_at("(?(999)a)(?(501)b)", 3);
    refused_at("(?(999)a)*+*", 11); /* groups may be to come: first what else is wrong */
    refused_at("(?(1073741823)a)*+*", 3);
    refused_at("a(?i)", 1);
    refused_at("(?iL)x", 4);
    refused_at("(?i-i:x)", 5);
    refused_at("(?<=(a)\\1)b", 9);
    refused_at("éé(", 2);
    refused_at("\\x4", 0);
    refused_at("(?z)", 1);
}

Test(re_read, refuses_variable_lookbehind)
{
    refused_at("(?<=a|bc)d", 0);
    refused_at("x(?<!a*)d", 1);
}

Test(re_read, refuses_what_can_match_nothing)
{
    static const char *const patterns[] = {"", "x*", "a|", "\\b", "(?=x)", "^$", "(a?)\\1", "(?:a|b?)"};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        cr_expect(strstr(refusal(patterns[i]), "match nothing") != NULL, "%s", patterns[i]);
    cr_expect(eq(str, (char *)refusal("(a)?\\1"), ""));
}

Test(re_read, refuses_control_characters)
{
    cr_expect(strstr(refusal("\bos"), "control character") != NULL);
    cr_expect(strstr(refusal("a\xC2\x85"), "control character") != NULL);
    cr_expect(eq(str, (char *)refusal("a\tb"), ""));
}

Test(re_read, bounds_depth_size_and_repetition)
{
    struct sp_error error = {0};
    struct sp_re *re = NULL;
    char deep[2 * 300 + 2];
    memset(deep, '(', 300);
    deep[300] = 'a';
    memset(deep + 301, ')', 300);
    deep[601] = '\0';
    cr_expect(eq(int, sp_re_read(sp_str_of(deep), 0, &re, &error), SP_ETOO_DEEP));
    char *large = malloc(SP_RE_PATTERN_BYTES + 2);
    memset(large, 'a', SP_RE_PATTERN_BYTES + 1);
    large[SP_RE_PATTERN_BYTES + 1] = '\0';
    error = (struct sp_error){0};
    cr_expect(eq(int, sp_re_read(sp_str_of(large), 0, &re, &error), SP_EINVALID_PATTERN));
    large[SP_RE_PATTERN_BYTES] = '\0';
    cr_expect(eq(int, sp_re_read(sp_str_of(large), 0, &re, &error), 0));
    sp_re_free(re);
    free(large);
    cr_expect(strstr(refusal("a{70000}"), "repetitions go up to") != NULL);
}

Test(re_read, refuses_what_is_not_utf8)
{
    cr_expect(strstr(refusal("a\xFF"), "not UTF-8") != NULL);
}
