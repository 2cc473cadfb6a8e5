#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <time.h>

#include "scanner/match.h"

static struct sp_match_scratch *scratch;
static struct sp_arena arena;

static void setup(void)
{
    sp_arena_init(&arena, 64u << 20);
    cr_assert(eq(int, sp_match_scratch_new(&scratch, NULL), 0));
}

static void teardown(void)
{
    sp_match_scratch_free(scratch);
    sp_arena_fini(&arena);
}

TestSuite(match, .init = setup, .fini = teardown);

static struct sp_matcher *compile(const char *const *texts, size_t n)
{
    struct sp_match_pattern patterns[16] = {0};
    cr_assert(le(sz, n, 16));
    for (size_t i = 0; i < n; i++)
        patterns[i].pattern = sp_str_of(texts[i]);
    struct sp_error error = {0};
    struct sp_matcher *matcher = NULL;
    cr_assert(eq(int, sp_matcher_new(patterns, n, &matcher, &error), 0), "%s: %s", error.path, error.text);
    return matcher;
}

/* "pattern:start-end …", with '!' for a limit. */
static char *search_with(
    struct sp_matcher *matcher, struct sp_str text, const bool *wanted, sp_match_accept *accept, void *context)
{
    struct sp_match *matches;
    size_t n_matches, at = 0;
    struct sp_error error = {0};
    int r = sp_match_search(
        matcher, scratch, text, wanted, text.n_bytes, accept, context, &arena, &matches, &n_matches, &error);
    cr_assert(eq(int, r, 0), "%s", error.text);
    char *out = sp_arena_alloc(&arena, 64 + 32 * n_matches);
    for (size_t i = 0; i < n_matches; i++)
        at += (size_t)sprintf(out + at, "%s%u:%u-%u%s", i ? " " : "", matches[i].pattern, matches[i].start,
            matches[i].end, matches[i].limit ? "!" : "");
    return out;
}

static char *search_one(const char *pattern, const char *text)
{
    struct sp_matcher *matcher = compile(&pattern, 1);
    char *out = search_with(matcher, sp_str_of(text), NULL, NULL, NULL);
    sp_matcher_free(matcher);
    return out;
}

Test(match, finds_all_in_the_order_of_pattern_and_start)
{
    static const char *const texts[] = {"b+", "a"};
    struct sp_matcher *matcher = compile(texts, 2);
    cr_expect(eq(str, search_with(matcher, SP_STR("abba b"), NULL, NULL, NULL), "0:1-3 0:5-6 1:0-1 1:3-4"));
    cr_expect(eq(str, search_with(matcher, SP_STR(""), NULL, NULL, NULL), ""));
    cr_expect(eq(str, search_with(matcher, (struct sp_str){0}, NULL, NULL, NULL), ""));
    static const bool wanted[] = {false, true};
    cr_expect(eq(str, search_with(matcher, SP_STR("abba b"), wanted, NULL, NULL), "1:0-1 1:3-4"));
    sp_matcher_free(matcher);
}

Test(match, takes_the_length_from_pythons_preferences)
{
    cr_expect(eq(str, search_one("a|ab", "abab"), "0:0-1 0:2-3"));
    cr_expect(eq(str, search_one("x.*?y", "x1y x2y"), "0:0-3 0:4-7"));
    cr_expect(eq(str, search_one("x.*y", "x1y x2y"), "0:0-7"));
    cr_expect(eq(str, search_one("(a+)b\\1", "aabaaaba"), "0:0-5 0:5-8"));
}

Test(match, asks_no_optimization_of_pcre2_that_misses_matches)
{
    /* What a lookahead asks for and what must follow may be one character. */
    cr_expect(eq(str, search_one("(?=a)b?a", "a"), "0:0-1"));
    cr_expect(eq(str, search_one("(?=e)(?:l|)eval", "xeval"), "0:1-5"));
    cr_expect(eq(str, search_one("(?=[aéèêëēė])b?a", "a"), "0:0-1"));
    cr_expect(eq(str, search_one("(?=[^\\x00-`b-\\U0010FFFF])b?a", "a"), "0:0-1"));
    /* What comes behind an atomic group that may be empty may need what stands before it. */
    cr_expect(eq(str, search_one("b?(?>(a)?)b", "b"), "0:0-1"));
    cr_expect(eq(str, search_one("\\w*(?:\\s|#)?+eval", "myeval"), "0:0-6"));
    cr_expect(eq(str, search_one("e{0,2}(?>(?:x|y)*)eval", "eval"), "0:0-4"));
}

Test(match, finds_the_start_that_an_earlier_one_hides)
{
    cr_expect(
        eq(str, search_one("\\bopen\\s*\\([^)]*['\"][wa]['\"][^)]*\\)", "x = open(1); open(\"f\", \"w\")"), "0:13-27"));
    cr_expect(eq(str, search_one("a\\w*b", "a1b a2b_ab"), "0:0-3 0:4-10"));
}

static bool accept_from(void *context, const struct sp_match *match)
{
    return match->start >= *(uint32_t *)context;
}

Test(match, goes_on_behind_a_start_that_is_refused)
{
    /* The leftmost match begins in the string and runs over the one that counts. */
    const char *pattern = "\\bopen\\s*\\([^)]*['\"][wa]['\"][^)]*\\)", *text = "x = \"open(\"; open(\"f\", \"w\")";
    struct sp_matcher *matcher = compile(&pattern, 1);
    uint32_t from = 11;
    cr_expect(eq(str, search_with(matcher, sp_str_of(text), NULL, NULL, NULL), "0:5-27"));
    cr_expect(eq(str, search_with(matcher, sp_str_of(text), NULL, accept_from, &from), "0:13-27"));
    sp_matcher_free(matcher);
    pattern = "é+";
    matcher = compile(&pattern, 1);
    from = 2;
    cr_expect(eq(str, search_with(matcher, SP_STR("ééé"), NULL, accept_from, &from), "0:2-6"));
    sp_matcher_free(matcher);
}

static bool note_and_refuse(void *context, const struct sp_match *match)
{
    snprintf((char *)context + strlen(context), 16, " %u-%u", match->start, match->end);
    return false;
}

Test(match, asks_for_starts_in_rising_order)
{
    const char *pattern = "a+";
    struct sp_matcher *matcher = compile(&pattern, 1);
    char starts[128] = "";
    search_with(matcher, SP_STR("baaa a"), NULL, note_and_refuse, starts);
    cr_expect(eq(str, starts, " 1-4 2-4 3-4 5-6"));
    sp_matcher_free(matcher);
}

Test(match, reads_what_is_not_utf8_as_a_control_character)
{
    cr_expect(eq(str, search_one("os\\.system", "\xFF\xC3(os.system"), "0:3-12"));
    cr_expect(eq(str,
        search_one("a.b", "a\xFF"
                          "b"),
        "0:0-3"));
    cr_expect(eq(str,
        search_one("a\\x1ab", "a\xFF"
                              "b"),
        "0:0-3"));
    cr_expect(eq(str,
        search_one("a\xC3\xBF"
                   "b",
            "a\xFF"
            "b"),
        ""));
}

Test(match, keeps_unicode_the_default)
{
    cr_expect(eq(str, search_one("\\bgr\\w+e\\b", "x größe gré"), "0:2-9"));
    cr_expect(eq(str, search_one("(?a)gr\\w+", "größe grau"), "0:8-12"));
    cr_expect(eq(str, search_one("(?i)\\beval", "évaleval EVAL"), "0:10-14"));
    cr_expect(eq(str, search_one("(?i)os\\.kill", "o\xC5\xBF.\xE2\x84\xAAill"), "0:0-10"));
    cr_expect(eq(str, search_one("(?i)(\xCE\xBC)\\1", "\xCE\xBC\xC2\xB5 \xCE\xBC\xCE\x9C"), "0:5-9"));
}

Test(match, shares_a_scratch_among_matchers)
{
    for (int round = 0; round < 40; round++) {
        const char *pattern = round % 2 ? "(?<=x)ab" : "\\w+ab";
        struct sp_matcher *matcher = compile(&pattern, 1);
        cr_expect(eq(str, search_with(matcher, SP_STR("xab"), NULL, NULL, NULL), round % 2 ? "0:1-3" : "0:0-3"));
        sp_matcher_free(matcher);
    }
}

Test(match, finds_as_many_as_there_are)
{
    char *text = malloc(100000);
    for (size_t i = 0; i < 100000; i++)
        text[i] = i % 2 ? 'a' : ' ';
    const char *pattern = "a";
    struct sp_matcher *matcher = compile(&pattern, 1);
    struct sp_match *matches;
    size_t n_matches = 0;
    cr_assert(eq(int,
        sp_match_search(matcher, scratch, (struct sp_str){text, 100000}, NULL, 100000, NULL, NULL, &arena, &matches,
            &n_matches, NULL),
        0));
    cr_expect(eq(sz, n_matches, 50000));
    sp_matcher_free(matcher);
    free(text);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each pattern over the text that hurts it: either the answer, or the news that the budget ran out, and in a time that
 * grows as the text does. */
Test(match, bounds_its_work, .timeout = 120)
{
    static const struct {
        const char *pattern, *unit, *end;
    } rows[] = {
        {"(?<!x)\\s*import", " ", ""},
        {"(a+)+$", "a", "b"},
        {"(?:a|a)*b", "a", ""},
        {"(\\w+)\\s*=\\s*\\1;", "a", ""},
        {"(?s).*?x.*?y.*?z", "xy", ""},
        {"\\bopen\\([^)]*w", "open(", ""},
        {"(?<=a)[ab]{500}c", "ab", ""},
        {"(?i)(a*)\\1c", "\xC3\xA9", "aaaa"},
        {"^\\s*\\w+\\s*$x", " ", ""},
        {"(?m)^(\\s*#.*\\n)+import", "#\n", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sp_matcher *matcher = compile(&rows[i].pattern, 1);
        double seconds[2];
        for (int large = 0; large < 2; large++) {
            size_t unit = strlen(rows[i].unit), n = 0, n_bytes = large ? 200000 : 50000;
            char *text = malloc(n_bytes + 16);
            for (; n + unit <= n_bytes; n += unit)
                memcpy(text + n, rows[i].unit, unit);
            memcpy(text + n, rows[i].end, strlen(rows[i].end));
            double before = cpu_seconds();
            search_with(matcher, (struct sp_str){text, n + strlen(rows[i].end)}, NULL, NULL, NULL);
            seconds[large] = cpu_seconds() - before;
            free(text);
        }
        cr_expect(lt(dbl, seconds[1], 4 * 4 * seconds[0] + 0.2), "%s: %f s, then %f s", rows[i].pattern, seconds[0],
            seconds[1]);
        sp_matcher_free(matcher);
    }
}

Test(match, tells_that_the_budget_ran_out)
{
    char text[20001];
    memset(text, ' ', 20000);
    text[20000] = '\0';
    char *found = search_one("(?<!x)\\s*import", text);
    /* Hyperscan knows that there is no "import"; where there is one the blanks must be walked. */
    cr_expect(eq(str, found, ""));
    memcpy(text + 19990, "ximport", 7);
    memcpy(text, "import", 6);
    found = search_one("(?<!x)\\s*import", text);
    cr_expect(eq(int, strncmp(found, "0:0-6 0:", 8), 0), "%s", found);
    cr_expect(eq(int, found[strlen(found) - 1], '!'), "%s", found);
}
