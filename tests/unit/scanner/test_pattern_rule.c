#include "tests/unit/scanner/scan_fixture.h"

/* One pattern, word, in a scope. */
static void found(const char *scope, const char *code, const char *places)
{
    char yaml[160], told[160] = "";
    snprintf(yaml, sizeof(yaml), "severity_threshold: high\npatterns: [{pattern: 'w\\w*d', severity: low, scope: %s}]",
        scope);
    FIXTURE(f, yaml, "python", code);
    for (size_t i = 0; i < f.verdict.n_findings; i++)
        snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%zu+%zu", i ? " " : "",
            f.verdict.findings[i].offset, f.verdict.findings[i].length);
    cr_assert_str_eq(told, places, "%s in %s: %s", scope, code, told);
}

Test(pattern_rule, code_counts_where_a_match_starts_in_code)
{
    found("code", "word", "0+4");
    found("code", "'word'", "");
    found("code", "# word", "");
    found("code", "\"\"\"word\"\"\"; word", "12+4");
    found("code", "f'{word}'", "3+4");
    found("code", "f'word {x}'", "");
}

Test(pattern_rule, a_start_out_of_scope_hides_none_behind_it)
{
    FIXTURE(f, "patterns: [{pattern: '\\bopen\\s*\\([^)]*[''\"][wa][''\"][^)]*\\)', severity: high}]", "python",
        "x = \"open(\"; open(\"f\", \"w\")");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].offset, 13);
    cr_assert(sp_str_is(f.verdict.findings[0].text, "open(\"f\", \"w\")"));
}

Test(pattern_rule, a_match_may_run_on_through_a_string)
{
    FIXTURE(f, "patterns: [{pattern: 'f\\(.*\\)', severity: high}]", "python", "f('x)')");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].length, 7);
}

Test(pattern_rule, comments_are_blank_to_code)
{
    FIXTURE(f, "patterns: [{pattern: 'f\\s*\\(', severity: high}, {pattern: 'f.*secret', severity: high}]", "python",
        "f # secret\n(1)");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].length, 12);
}

Test(pattern_rule, strings_count_within_one_string)
{
    found("strings", "word", "");
    found("strings", "'word'", "1+4");
    found("strings", "# word", "");
    found("strings", "rb'''a word'''", "7+4");
    found("strings", "'w' + f() + 'd'", "");
    found("strings", "wx'd'", "");
    found("strings", "f'a word {word}'", "4+4");
}

Test(pattern_rule, comments_count_within_one_comment)
{
    found("comments", "word", "");
    found("comments", "'# word'", "");
    found("comments", "x # a word", "6+4");
}

Test(pattern_rule, anywhere_is_the_source_as_it_is)
{
    found("anywhere", "word 'word' # word", "0+4 6+4 14+4");
    FIXTURE(f, "patterns: [{pattern: 'a.#.b', severity: high, scope: anywhere}]", "python", "a # b");
    cr_assert_eq(f.verdict.n_findings, 1);
}

Test(pattern_rule, delimiters_are_no_part_of_a_string)
{
    FIXTURE(f, "patterns: [{pattern: '[''\"]a', severity: high, scope: strings}]", "python", "'a' \"'a\"");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].offset, 5);
}

Test(pattern_rule, rules_for_other_languages_are_silent)
{
    FIXTURE(f,
        "patterns: [{pattern: x, severity: high, languages: [go]}, {pattern: x, severity: low, languages: python}]",
        "python", "x");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_str_eq(f.verdict.findings[0].rule, "patterns[1]");
}

Test(pattern_rule, flags_are_heeded)
{
    FIXTURE(f,
        "patterns: [{pattern: EVAL, severity: high, flags: [ignore_case]}, {pattern: EVAL, severity: high}, {pattern: "
        "'^b', severity: high, flags: [multiline]}, {pattern: '^b', severity: high}, {pattern: 'l.b', severity: high, "
        "flags: [dotall]}]",
        "python", "eval\nb");
    cr_assert_eq(f.verdict.n_findings, 3);
    cr_assert_not_null(fixture_find(&f, "patterns[0]"));
    cr_assert_not_null(fixture_find(&f, "patterns[2]"));
    cr_assert_not_null(fixture_find(&f, "patterns[4]"));
}

#define SYSTEM "patterns: [{pattern: '\\bos\\.system\\s*\\(', severity: high}]"

Test(pattern_rule, an_alias_is_found_at_its_own_place)
{
    FIXTURE(f, SYSTEM, "python", "import os as o\no . system('x')\n");
    cr_assert_eq(f.verdict.n_findings, 1);
    const struct sp_finding *finding = &f.verdict.findings[0];
    cr_assert_eq(finding->via, SP_VIA_ALIAS);
    cr_assert(finding->line == 2 && finding->column == 1 && finding->length == 11);
    cr_assert(sp_str_is(finding->text, "o . system("));
}

static void expect_via(const char *code, enum sp_via via)
{
    FIXTURE(f, SYSTEM, "python", code);
    cr_assert_eq(f.verdict.n_findings, 1, "%zu: %s", f.verdict.n_findings, code);
    cr_expect_eq(f.verdict.findings[0].via, via, "%s: %s", sp_via_name(f.verdict.findings[0].via), code);
}

/* As with modules; what the code itself says is direct, whatever it means. */
Test(pattern_rule, of_the_ways_to_a_name_the_strongest_is_told)
{
    expect_via("import os; os.system('x')", SP_VIA_DIRECT);
    expect_via("from os import system; system('x')", SP_VIA_DIRECT);
    expect_via("from os import *; system('x')", SP_VIA_DIRECT);
    expect_via("__import__('os').system('x')", SP_VIA_CALL);
    expect_via("import os; getattr(os, 'system')('x')", SP_VIA_CALL);
    expect_via("import sys; sys.modules['os'].system('x')", SP_VIA_CALL);
    expect_via("from os import system as s; s('x')", SP_VIA_ALIAS);
    expect_via("import os as o; getattr(o, 'system')('x')", SP_VIA_ALIAS);
    expect_via("import os; s = getattr(os, 'system'); s('x')", SP_VIA_ALIAS);
    expect_via("import os\ns = getattr(x, 'y', os.system)\ns('x')", SP_VIA_ALIAS);
    expect_via("import os\ngetattr(x, 'y', os).system('x')", SP_VIA_ALIAS);
    expect_via("import os; getattr(os, 'sys' + 'tem')('x')", SP_VIA_FOLDED);
    expect_via("import os as o; getattr(o, 'metsys'[::-1])('x')", SP_VIA_FOLDED);
    expect_via("__import__('o' + 's').system('x')", SP_VIA_FOLDED);
    expect_via("import os; s = getattr(os, 'sys' + 'tem'); s('x')", SP_VIA_FOLDED);
    expect_via("exec('import os; os.system(1)')", SP_VIA_EVALUATED);
    expect_via("exec(\"import os; getattr(os, 'sys' + 'tem')(1)\")", SP_VIA_EVALUATED);
}

Test(pattern_rule, what_the_code_says_itself_counts_once)
{
    FIXTURE(f, SYSTEM, "python", "import os, re as r\nos.system('x'); r.match('y')\n");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].via, SP_VIA_DIRECT);
}

Test(pattern_rule, a_pattern_that_both_texts_match_counts_once_a_place)
{
    FIXTURE(f, "patterns: [{pattern: '\\w*system\\(', severity: high}]", "python",
        "import os as o\no.system('x'); o.system('y')\n");
    cr_assert_eq(f.verdict.n_findings, 2);
}

Test(pattern_rule, a_canonical_name_inside_a_string_is_none)
{
    FIXTURE(f, "patterns: [{pattern: 'os', severity: high}]", "python", "x = 'o' + 's'\ny = 'os'\n");
    cr_assert_eq(f.verdict.n_findings, 0);
}

Test(pattern_rule, strings_are_found_folded_too)
{
    FIXTURE(f, "patterns: [{pattern: 'rm -rf', severity: high, scope: strings}]", "python", "x = f('rm ' + '-rf /')\n");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].via, SP_VIA_FOLDED);
    cr_assert_eq(f.verdict.findings[0].offset, 6);
}

Test(pattern_rule, reads_constants_in_the_code_that_uses_them)
{
    FIXTURE(f, "patterns: [{pattern: '__import__\\(.os.\\)', severity: high}]", "python", "__import__('o' + 's')\n");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].via, SP_VIA_FOLDED);
    cr_assert_eq(f.verdict.findings[0].length, 21);
}

/* The search's own bound. */
Test(pattern_rule, a_search_that_takes_too_long_is_a_limit)
{
    char code[4000];
    memset(code, 'a', sizeof(code) - 3);
    strcpy(code + sizeof(code) - 3, "!c");
    FIXTURE(f, "patterns: [{pattern: '(?:a+)+(?=c)', severity: low, id: slow}, {pattern: 'a!c', severity: low}]",
        "text", code);
    const struct sp_finding *finding = fixture_find(&f, "limit");
    cr_assert_not_null(finding);
    cr_assert_eq(finding->kind, SP_FINDING_LIMIT);
    cr_assert_eq(finding->via, SP_VIA_LIMIT);
    cr_assert_eq(finding->severity, SP_SEVERITY_HIGH);
    cr_assert(strstr(finding->description, "slow"));
    cr_assert_eq(fixture_count(&f, "limit"), 1);
    cr_assert_eq(fixture_count(&f, "patterns[1]"), 1, "the others go on");
    cr_assert_not(f.verdict.safe);
}

/* `f` means each of 60 things, and is called 400 times: more than can be written out. */
static const char *many_meanings(void)
{
    static char code[32 << 10];
    char *at = stpcpy(code, "import os\nif c: f = os.system\n");
    for (int i = 0; i < 60; i++)
        at += sprintf(at, "if c: f = os.m%d\n", i);
    for (int i = 0; i < 400; i++)
        at += sprintf(at, "f(%d)\n", i);
    return code;
}

static size_t n_of_kind(const struct fixture *f, enum sp_finding_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < f->verdict.n_findings; i++)
        n += f->verdict.findings[i].kind == kind;
    return n;
}

Test(pattern_rule, meanings_that_no_pattern_tells_apart_take_no_room)
{
    FIXTURE(f, "patterns: [{pattern: 'os\\.system\\('}]", "python", many_meanings());
    cr_assert_eq(n_of_kind(&f, SP_FINDING_LIMIT), 0);
    cr_assert_eq(n_of_kind(&f, SP_FINDING_PATTERN), 400);
    FIXTURE(g, "patterns: [{pattern: 'os\\.m59\\([^)]*3'}, {pattern: '=.*x'}]", "python", many_meanings());
    cr_assert_eq(n_of_kind(&g, SP_FINDING_LIMIT), 0);
    cr_assert_eq(n_of_kind(&g, SP_FINDING_PATTERN), 157, "%zu", n_of_kind(&g, SP_FINDING_PATTERN));
}

Test(pattern_rule, meanings_are_told_apart_by_counting_and_looking_around)
{
    FIXTURE(f, "patterns: [{pattern: '(?<![\\w.])os\\.m\\d{2}\\([^)]*3(?!\\d)'}]", "python", many_meanings());
    cr_assert_eq(n_of_kind(&f, SP_FINDING_LIMIT), 0);
    cr_assert_eq(n_of_kind(&f, SP_FINDING_PATTERN), 40, "%zu", n_of_kind(&f, SP_FINDING_PATTERN));
    FIXTURE(g, "patterns: [{pattern: '(?<!\\.)\\bexec\\b(?=\\s*\\()'}, {pattern: '[A-Za-z0-9+/]{20,}'}]", "python",
        many_meanings());
    cr_assert_eq(g.verdict.n_findings, 0);
}

Test(pattern_rule, meanings_that_may_differ_and_are_too_many_block)
{
    FIXTURE(f, "patterns: [{pattern: '(o)s\\.(.)\\2*\\(x'}]", "python", many_meanings());
    cr_assert_eq(n_of_kind(&f, SP_FINDING_LIMIT), 1);
    cr_assert_not(f.verdict.safe);
    cr_assert_not_null(strstr(f.verdict.findings[0].description, "names may stand for so many things"));
}
