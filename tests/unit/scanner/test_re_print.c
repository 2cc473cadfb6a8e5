#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "scanner/match.h"
#include "scanner/re_print.h"
#include "scanner/re_read.h"

static struct sp_arena arena;

static void setup(void)
{
    sp_arena_init(&arena, 16u << 20);
}

static void teardown(void)
{
    sp_arena_fini(&arena);
}

TestSuite(re_print, .init = setup, .fini = teardown);

static struct sp_re *read_ok(const char *pattern)
{
    struct sp_error error = {0};
    struct sp_re *re = NULL;
    cr_assert(eq(int, sp_re_read(sp_str_of(pattern), 0, &re, &error), 0), "%s: %s", pattern, error.text);
    return re;
}

static char *pcre2(const char *pattern, bool utf8)
{
    struct sp_re *re = read_ok(pattern);
    struct sp_re_pcre2 print;
    cr_assert(eq(int, sp_re_print_pcre2(re, utf8, &arena, &print), 0));
    sp_re_free(re);
    return (char *)print.text;
}

static struct sp_re_hyperscan hyperscan(const char *pattern, bool utf8)
{
    struct sp_re *re = read_ok(pattern);
    struct sp_re_hyperscan print;
    cr_assert(eq(int, sp_re_print_hyperscan(re, utf8, false, &arena, &print), 0));
    sp_re_free(re);
    return print;
}

Test(re_print, spells_classes_out_in_ascii)
{
    cr_expect(eq(str, pcre2("\\da", false), "[0-9]a"));
    cr_expect(eq(str, pcre2("\\s", false), "[\\x09-\\x0d\\x1c-\\x20]"));
    cr_expect(eq(str, pcre2("(?a)\\s", false), "[\\x09-\\x0d\\x20]"));
    cr_expect(eq(str, pcre2(".", false), "[^\\n]"));
    cr_expect(eq(str, pcre2("(?s).", false), "."));
    cr_expect(eq(str, pcre2("[^\\W\\d]", false), "[A-Z_a-z]"));
}

Test(re_print, folds_as_python_does)
{
    cr_expect(eq(str, pcre2("(?i)s", false), "[Ss]"));
    cr_expect(eq(str, pcre2("(?i)s", true), "[Ss\\x{17f}]"));
    cr_expect(eq(str, pcre2("(?i)i", true), "[Ii\\x{130}\\x{131}]"));
    cr_expect(eq(str, pcre2("(?ia)i", true), "[Ii]"));
    cr_expect(eq(str, pcre2("(?i)\\u212a", false), "[Kk]")); /* the Kelvin sign */
}

Test(re_print, keeps_what_cannot_be_in_the_text_from_matching)
{
    cr_expect(eq(str, pcre2("é", false), "\\xff"));
    cr_expect(eq(str, pcre2("\\ud800", true), "[^\\x{0}-\\x{10ffff}]"));
    cr_expect(eq(str, pcre2("[^\\ud800]", true), "."));
}

Test(re_print, spells_anchors_by_the_flags_in_force)
{
    cr_expect(eq(str, pcre2("^a$", false), "\\Aa$"));
    cr_expect(eq(str, pcre2("(?m)^a$", false), "(?m:^)a(?m:$)"));
    cr_expect(eq(str, pcre2("\\Aa\\Z", false), "\\Aa\\z"));
}

Test(re_print, lets_no_verb_of_pcre2_through)
{
    cr_expect(eq(str, pcre2("[[:alpha:]]b", false), "[\\x3a\\x5bahlp]\\x5db"));
    cr_expect(eq(str, pcre2("a{,3}b", false), "a{0,3}b"));
    cr_expect(eq(str, pcre2("a{,b", false), "a\\x7b\\x2cb"));
}

Test(re_print, widens_for_hyperscan_and_says_so)
{
    struct sp_re_hyperscan print = hyperscan("\\bos\\.system\\s*\\(", false);
    cr_expect(eq(str, (char *)print.text, "\\bos\\x2esystem[\\x09-\\x0d\\x1c-\\x20]*\\x28"));
    cr_expect(eq(int, print.wider || print.structural, 0));
    print = hyperscan("\\bos", true);
    cr_expect(eq(str, (char *)print.text, "os"));
    cr_expect(print.wider);
    print = hyperscan("(?<!x)(a)\\1b", false);
    cr_expect(eq(str, (char *)print.text, "(?:a)(?:.{1})b"));
    cr_expect(print.structural);
    cr_expect(eq(str, (char *)hyperscan("(ab)x\\1?c", false).text, "(?:ab)x(?:.{2})?c"));
    print = hyperscan("a\\w", true);
    cr_expect(eq(str, (char *)print.text, "a[0-9A-Z_a-z\\x{80}-\\x{10ffff}]"));
    cr_expect(print.wider);
}

Test(re_print, leaves_off_what_a_match_may_end_without)
{
    struct sp_re_hyperscan print = hyperscan("a(?:b*|c+)", false);
    cr_expect(eq(str, (char *)print.text, "a(?:|c)"));
    cr_expect(eq(int, print.wider || print.structural, 0));
    cr_expect(eq(str, (char *)hyperscan("ab*$", false).text, "ab*$"));
}

Test(re_print, weighs_what_a_callout_does_not_see)
{
    struct sp_re *re = read_ok("x[ab]{500}(y+)\\1z");
    struct sp_re_pcre2 print;
    cr_assert(eq(int, sp_re_print_pcre2(re, false, &arena, &print), 0));
    cr_assert(eq(sz, print.n_weights, 2));
    cr_expect(eq(int, print.weights[0].offset, 1));
    cr_expect(eq(int, print.weights[0].items, 500));
    cr_expect(eq(int, print.weights[1].group, 1));
    cr_expect(eq(int, strncmp(print.text + print.weights[1].offset, "\\g{1}", 5), 0));
    sp_re_free(re);
}
