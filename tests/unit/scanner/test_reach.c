#include "scanner/reach.h"

#include <criterion/criterion.h>
#include <string.h>

#include "scanner/re_read.h"

static uint64_t sign(const char *pattern, const char *name, const char *around)
{
    struct sp_re *re = NULL;
    struct sp_error error = {0};
    struct sp_reach reach;
    uint64_t work = 0;
    cr_assert_eq(sp_re_read(sp_str_of(pattern), 0, &re, &error), 0, "%s: %s", pattern, error.text);
    cr_assert_eq(sp_reach_init(&reach, (const struct sp_re *const *)&re, 1, &error), 0);
    struct sp_reach_name asked = {sp_str_of(name), (unsigned char)around[0], (unsigned char)around[1]};
    uint64_t told = sp_reach_sign(&reach, 0, &asked, &work);
    sp_reach_fini(&reach);
    sp_re_free(re);
    return told;
}

Test(reach, a_name_no_match_can_take_a_byte_of_is_nothing)
{
    static const char *const none[][3] = {{"os\\.system\\(", "object.__and__", " ("},
        {"os\\.system\\(", "os.path", " ("}, {"os\\.system\\(", "os.system", " ."}, {"eval\\s*\\(", "medieval.x", "=,"},
        {"\\bos\\b", "osmium", " ("}, {"subprocess\\.\\w+", "other.call", "(,"}, {"(?<=x)os", "json", " ,"},
        {"a{2,3}\\(", "b", " ("}};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        cr_expect_eq(sign(none[i][0], none[i][1], none[i][2]), SP_REACH_NONE, "%s %s", none[i][0], none[i][1]);
    static const char *const some[][3] = {{"os\\.system\\(", "os.system", " ("}, {"os\\.system\\(", "x.os", " ."},
        {"=\\s*os\\b", "os", "=,"}, {"open\\([^)]*os\\.environ", "os.environ", "(,"}, {"[^)]*x", "anything", "(,"},
        {"(?i)OS\\.SYSTEM", "os.system", " ("}, {"\\w+\\(", "f", " ("}, {"(?=os\\.system)o", "os.system", " ("},
        {"\\((?=os\\.system)", "os.system", "(,"}, {"\\bfoo(?=.*ab)", "xab", "(,"}, {"(os)\\.\\1", "os.os", " ("},
        {"[.]system\\b", "os.system", " ,"}, {"a{2,3}\\(", "aa", " ("}};
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        cr_expect_neq(sign(some[i][0], some[i][1], some[i][2]), SP_REACH_NONE, "%s %s", some[i][0], some[i][1]);
}

Test(reach, names_that_no_match_can_tell_apart_are_equal_and_others_are_not)
{
    const char *wide = "open\\([^)]*os\\.environ";
    cr_expect_eq(sign(wide, "object.__and__", "(,"), sign(wide, "object.__ror__.x", "(,"));
    cr_expect_neq(sign(wide, "object.__and__", "(,"), sign(wide, "os.environ", "(,"));
    cr_expect_neq(sign(wide, "object.__and__", "(,"), sign(wide, "open", " ("));
    cr_expect_neq(sign("\\bsystem\\b", "os.system", " ("), sign("\\bsystem\\b", "os_system", " ("));
    cr_expect_neq(sign("\\w+\\.\\w+\\(", "a.b", " ("), sign("\\w+\\.\\w+\\(", "a", " ("));
}

static void same(const char *pattern, const char *a, const char *b, const char *around, bool are)
{
    uint64_t x = sign(pattern, a, around), y = sign(pattern, b, around);
    cr_expect((x == y) == are && x != SP_REACH_UNKNOWN && y != SP_REACH_UNKNOWN, "%s: %s and %s", pattern, a, b);
}

Test(reach, counted_repeats_count)
{
    same("os\\..{1,3}\\(", "os.m10", "os.a.b", " (", true);
    same("os\\..{1,3}\\(", "os.m10", "os.m1", " (", false); /* a byte more may follow */
    same("os\\..{1,3}\\(", "os.m10", "os.m100", " (", false);
    same("[a-z]{4,}=", "abcd", "abcdefgh", " (", true);
    same("[a-z]{4,}=", "abc", "abcd", "(=", false);
    cr_expect_eq(sign("(?:[0-9]{1,3}\\.){3}[0-9]", "abc", " ("), SP_REACH_NONE);
}

Test(reach, words_end_where_they_do)
{
    same("\\beval\\b\\s*\\(", "a.eval", "b.eval", " (", true);
    same("\\beval\\b\\s*\\(", "a.eval", "medieval", " (", false);
    same("=.*\\bos\\b.*x", "os.a", "a.os", "=(", true);
    same("=.*\\bos\\b.*x", "os.a", "so.a", "=(", false);
    same("=(?:\\b|a)os", "os.a", "aos.a", "=(", true);
    same("=(?:a|\\b)?os", "os", "bos", "=(", false);
    same("import\\b(?!.*\\bos\\b)", "os.x", "so.x", " (", false);
    same("import\\b(?!.*\\bos\\b)", "ao.x", "so.x", " (", true);
    cr_expect_eq(sign("\\beval\\b\\s*\\(", "medieval", " ("), SP_REACH_NONE);
    cr_expect_eq(sign("o\\Bs\\(", "os", " ("), SP_REACH_UNKNOWN);
}

Test(reach, what_was_remembered_outside_of_names_is_the_same_for_all)
{
    same("(['\"]).*os\\.x.*\\1", "a.b", "c", "(,", true);
    same("(['\"]).*os\\.x.*\\1", "os.x", "c", "(,", false);
    same("([=(])\\w+\\1", "a.b", "c.b", "=(", true);
    same("([=(])\\w+\\1", "a.b", "c", "=(", false);
}

Test(reach, lookarounds_are_asked_at_the_ends)
{
    same("(?<![\\w.])exec\\(", "os.m1", "os.path.x", " (", true);
    same("(?<![\\w.])exec\\(", "exec", "m.exec", " (", false);
    same("(?<![\\w.])exec\\(", "m.exec", "n.exec", " (", true);
    same("(?<!s\\.)exec\\(", "os.exec", "sys.exec", " (", true);
    same("(?<!s\\.)exec\\(", "os.exec", "io.exec", " (", false);
    same("(?<!s\\.)exec\\(", "exec", "io.exec", " (", false); /* s. may stand before the name */
    same("(?<=a)\\(", "aa", "ba", "=(", true);
    same("(?<!a)\\(", "a", "b", "=(", false);
    same("(?!os\\.)\\w+\\.kill", "os.kill", "so.kill", " (", false);
    same("(?!os\\.)\\w+\\.kill", "ab.kill", "so.kill", " (", true);
    same("open(?=\\()", "open", "io.open", " (", true);
    same("(?=x)open|y(?=z)", "a", "a.b", " (", true);
    same("import(?!.*os)", "os.x", "so.x", " (", false);
}

Test(reach, a_pattern_that_remembers_or_is_large_says_that_it_does_not_know)
{
    cr_expect_eq(sign("x.{0,900}y", "name", "(,"), SP_REACH_UNKNOWN);
    cr_expect_eq(sign("(a|b)\\1", "aa", "(,"), SP_REACH_UNKNOWN);
    cr_expect_eq(sign("(\\b)=\\1", "core", "(,"), SP_REACH_UNKNOWN);
    cr_expect_eq(sign("(a|b)\\1", "core", "(,"), SP_REACH_NONE);
    cr_expect_eq(sign("(c)(?(1)a|b)", "core", "(,"), SP_REACH_UNKNOWN);
    cr_expect_eq(sign("(?>a+)b?", "a", "(,"), SP_REACH_UNKNOWN);
    cr_expect_eq(sign("o(?!x)s", "os", "(,"), SP_REACH_UNKNOWN);
    char large[1024] = "";
    memset(large, 'a', 400);
    cr_expect_eq(sign(large, "b", "(,"), SP_REACH_UNKNOWN);
}
