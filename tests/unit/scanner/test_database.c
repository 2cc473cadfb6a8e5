#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "scanner/match.h"

static struct sp_matcher *compile(const char *const *texts, size_t n)
{
    struct sp_match_pattern *patterns = calloc(n, sizeof(*patterns));
    for (size_t i = 0; i < n; i++)
        patterns[i].pattern = sp_str_of(texts[i]);
    struct sp_error error = {0};
    struct sp_matcher *matcher = NULL;
    cr_assert(eq(int, sp_matcher_new(patterns, n, &matcher, &error), 0), "%s", error.text);
    free(patterns);
    return matcher;
}

Test(database, grades_patterns)
{
    static const char *const texts[] = {"\\bos\\.system\\s*\\(", "(?<!x)import", "abc", "a(?=b)"};
    struct sp_matcher *matcher = compile(texts, 4);
    cr_expect(eq(int, sp_matcher_grade(matcher, 0, false), SP_GRADE_EXACT));
    cr_expect(eq(int, sp_matcher_grade(matcher, 0, true), SP_GRADE_ENDS)); /* \b is not Hyperscan's there */
    cr_expect(eq(int, sp_matcher_grade(matcher, 1, false), SP_GRADE_PREFILTER));
    cr_expect(eq(int, sp_matcher_grade(matcher, 2, true), SP_GRADE_EXACT));
    cr_expect(eq(int, sp_matcher_grade(matcher, 3, true), SP_GRADE_PREFILTER));
    cr_expect(gt(sz, sp_matcher_bytes(matcher), 1000));
    sp_matcher_free(matcher);
}

Test(database, keeps_the_others_when_hyperscan_refuses_one)
{
    static const char *const texts[] = {"abc", "foo^bar", "xyz"};
    struct sp_matcher *matcher = compile(texts, 3);
    cr_expect(eq(int, sp_matcher_grade(matcher, 0, false), SP_GRADE_EXACT));
    cr_expect(ne(int, sp_matcher_grade(matcher, 1, false), SP_GRADE_EXACT));
    cr_expect(eq(int, sp_matcher_grade(matcher, 2, false), SP_GRADE_EXACT));
    sp_matcher_free(matcher);
}

Test(database, names_the_pattern_that_is_refused)
{
    struct sp_match_pattern patterns[] = {{.pattern = SP_STR("abc")}, {.pattern = SP_STR("(a")}};
    struct sp_error error = {0};
    struct sp_matcher *matcher = NULL;
    cr_expect(eq(int, sp_matcher_new(patterns, 2, &matcher, &error), SP_EINVALID_PATTERN));
    cr_expect(eq(str, error.path, "[1]"));
    cr_expect(eq(ptr, matcher, NULL));
}

Test(database, refuses_what_is_too_large_to_search)
{
    struct sp_match_pattern pattern = {.pattern = SP_STR("(?:(?:ab){200}c){200}")};
    struct sp_error error = {0};
    struct sp_matcher *matcher = NULL;
    cr_expect(eq(int, sp_matcher_new(&pattern, 1, &matcher, &error), SP_EINVALID_PATTERN));
    cr_expect(strstr(error.text, "cannot be searched") != NULL, "%s", error.text);
}

Test(database, compiles_none)
{
    struct sp_matcher *matcher = NULL;
    cr_assert(eq(int, sp_matcher_new(NULL, 0, &matcher, NULL), 0));
    sp_matcher_free(matcher);
}
