#include "tests/unit/scanner/scan_fixture.h"

static const char policy[] = "severity_threshold: high\nunicode: medium\n";

static void expect_in(const char *language, const char *code, size_t n_findings, const char *description)
{
    FIXTURE(f, policy, language, code);
    cr_assert_eq(f.verdict.n_findings, n_findings, "%s: %zu findings", code, f.verdict.n_findings);
    for (size_t i = 0; i < n_findings; i++) {
        cr_assert_str_eq(f.verdict.findings[i].rule, "unicode");
        cr_assert_eq(f.verdict.findings[i].kind, SP_FINDING_UNICODE);
        cr_assert_eq(f.verdict.findings[i].severity, SP_SEVERITY_MEDIUM);
        cr_assert_str_eq(f.verdict.findings[i].description, description);
    }
}

static void expect(const char *code, size_t n_findings, const char *description)
{
    expect_in("python", code, n_findings, description);
}

#define BIDI      "bidirectional control character"
#define INVISIBLE "invisible character"
#define MIXED     "identifier of mixed scripts"

Test(unicode_rule, finds_bidirectional_controls_wherever_they_stand)
{
    expect("x = 'a\u202eb'\n", 1, BIDI);
    expect("x = 1 # \u2066 \u2069\n", 2, BIDI);
    expect("\u200fx = 1\n", 1, BIDI);
}

Test(unicode_rule, a_run_of_them_is_one_finding)
{
    FIXTURE(f, policy, "python", "x = '\u202e\u2066'");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].offset, 5);
    cr_assert_eq(f.verdict.findings[0].length, 6);
    cr_assert_eq(f.verdict.findings[0].column, 6);
}

Test(unicode_rule, finds_invisible_characters)
{
    expect("pass\u200bword = 1", 1, INVISIBLE);
    expect("x = 'a\ufeffb'", 1, INVISIBLE);
    expect("x\u3164 = 1", 1, INVISIBLE);
}

Test(unicode_rule, a_byte_order_mark_in_front_is_none)
{
    expect("\ufeffx = 1", 0, NULL);
}

Test(unicode_rule, joiners_are_at_home_in_text_but_not_in_code)
{
    expect("x = '\U0001F468\u200d\U0001F469 \u2764\ufe0f 1\ufe0f\u20e3'", 0, NULL);
    expect("x = '\u0645\u06cc\u200c\u062e'", 0, NULL);
    expect("x = 'a\u200db'", 1, INVISIBLE);
    expect("\u0645\u200c\u0645 = 1", 1, INVISIBLE);
}

Test(unicode_rule, a_row_of_joiners_hides_a_text)
{
    expect("x = '\u2764\ufe0f\u200d\U0001F525 \u8fbb\U000E0100'", 0, NULL);
    expect("x = '\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F'", 0, NULL); /* England */
    expect("x = '\u2764\ufe0f\ufe00\ufe01'", 1, INVISIBLE);
    expect("x = '\u00e9\U000E0149\U000E0152'", 1, INVISIBLE);
    expect("# \u00e9\u200c\u200d\u200c\u200c", 1, INVISIBLE);
    expect("# \u00e9\U000E0072\U000E006D", 1, INVISIBLE);
    expect("# \U0001F3F4\U000E0072\U000E006D\U000E0020\U000E002D\U000E0072\U000E0066\U000E0020\U000E002F\U000E007F", 1,
        INVISIBLE);
}

Test(unicode_rule, a_text_is_for_people)
{
    expect_in("text", "\U0001F468\u200d\U0001F469 \u2764\ufe0f 1\ufe0f\u20e3 \u0645\u06cc\u200c\u062e p\u0430ssword", 0,
        NULL);
    expect_in("text", "a\u200db", 1, INVISIBLE);
    expect_in("text", "a\u202eb", 1, BIDI);
}

Test(unicode_rule, finds_identifiers_of_mixed_scripts)
{
    expect("p\u0430ssword = 1", 1, MIXED); /* Cyrillic a */
    expect("x.\u03b1b = 1; \u0441d()", 2, MIXED);
    expect("get_\u0441\u043e\u0440\u0443 = 1; f\u03bfo = 2; x_\u0430\u0301 = os_\u0430\u0431c = 3", 4, MIXED);
    expect("\u0436_\u05d0 = 1", 1, MIXED);
    FIXTURE(f, policy, "python", "ok = 1\np\u0430ss = 2\n");
    cr_assert_eq(f.verdict.findings[0].offset, 7);
    cr_assert_eq(f.verdict.findings[0].length, 5);
    cr_assert_eq(f.verdict.findings[0].line, 2);
}

Test(unicode_rule, leaves_ordinary_text_alone)
{
    expect("x = 'p\u0430ss'  # \u03b1b", 0, NULL); /* not identifiers */
    expect("\u043f\u0430\u0440\u043e\u043b\u044c = 1", 0, NULL);
    expect("stra\u00dfe = '\u20ac'; \u5909\u6570x = 2; \u30c6\u30b9\u30c8\u6570 = 3", 0, NULL);
    expect("a = 1", 0, NULL);
    /* Words of two languages, and the Greek letters of every physicist. */
    expect("def test_\u043f\u0440\u0438\u0432\u0435\u0442_2(): \u0394t = \u03c3x + \u03bb_max + \u03b2", 0, NULL);
    expect(
        "test_\u03c3\u03cd\u03c3\u03c4\u03b7\u03bc\u03b1 = _\u05e9\u05dc\u05d5\u05dd_x = \u540d\u524d_\u03a3", 0, NULL);
}

Test(unicode_rule, bytes_that_are_not_utf8_end_a_word)
{
    FIXTURE(f, policy, "text", "a\xff\xd0\xb0 b\xe2\x80");
    cr_assert_eq(f.verdict.n_findings, 0);
}

Test(unicode_rule, is_asked_for_by_the_policy)
{
    FIXTURE(f, "restricted_modules: [{name: os, severity: high}]", "python", "x = '\u202e'");
    cr_assert_eq(f.verdict.n_findings, 0);
}
