#include "tests/unit/scanner/scan_fixture.h"

#include "scanner/scan.h"

#define OS "restricted_modules: [{name: os, severity: high, id: os}]"

Test(scan, without_a_policy_everything_is_safe)
{
    FIXTURE(f, NULL, "python", "import os\nos.system('x')\n");
    cr_assert(f.verdict.safe && f.verdict.n_findings == 0);
    cr_assert_eq(f.verdict.n_modules, 1);
    cr_assert(sp_str_is(f.verdict.modules[0], "os"));
    cr_assert_str_eq(f.verdict.language, "python");
    cr_assert_eq(f.verdict.size_bytes, 25);
}

Test(scan, an_empty_source_is_scanned)
{
    sp_cleanup(fixture_fini) struct fixture f;
    const char *yaml = OS;
    fixture_init(&f, &yaml, 1);
    fixture_scan(&f, "python", (struct sp_str){0}, 0, true);
    cr_assert_eq(f.result, 0);
    cr_assert(f.verdict.safe);
    static const uint8_t sha256[] = {0xe3, 0xb0, 0xc4, 0x42};
    cr_assert_eq(memcmp(f.verdict.sha256, sha256, 4), 0);
}

/* Whichever version runs it, the other reading hides code from us. */
Test(scan, a_string_that_versions_of_python_read_differently_is_a_limit)
{
    static const char *const dialects[] = {"python", "python:3.12", "python:3.13", "python:3.14"};
    for (size_t i = 0; i < SP_COUNT(dialects); i++) {
        FIXTURE(f, OS, dialects[i], "f'{x:{y}{{\"#}}}';import os#\"}}}'");
        const struct sp_finding *limit = fixture_find(&f, "limit");
        cr_assert(
            limit && limit->offset == 0 && limit->severity == SP_SEVERITY_HIGH && !f.verdict.safe, "%s", dialects[i]);
    }
    FIXTURE(f, OS, "python:3.11", "f'{x:{y}{{z}}}'");
    cr_assert(f.verdict.safe && f.verdict.n_findings == 0);
}

Test(scan, a_language_is_looked_up_with_its_dialect)
{
    sp_cleanup(fixture_fini) struct fixture f;
    fixture_init(&f, NULL, 0);
    fixture_scan(&f, "python:3.11", SP_STR("x"), 0, false);
    cr_assert_eq(f.result, 0, "%s", f.error.text);
    cr_assert_str_eq(f.verdict.language, "python");
    static const char *const unknown[] = {"cobol", "", "Python", "python:2.frog", "java"};
    for (size_t i = 0; i < SP_COUNT(unknown); i++) {
        fixture_scan(&f, unknown[i], SP_STR("x"), 0, false);
        cr_assert_eq(f.result, SP_EUNSUPPORTED_LANGUAGE, "%s", unknown[i]);
        cr_assert(f.error.text[0]);
    }
}

Test(scan, a_policy_for_other_languages_does_not_apply)
{
    sp_cleanup(fixture_fini) struct fixture f;
    const char *yaml = "name: pythonic\nlanguage: python\npatterns: [{pattern: x, severity: high}]";
    fixture_init(&f, &yaml, 1);
    fixture_scan(&f, "text", SP_STR("x"), 0, false);
    cr_assert_eq(f.result, SP_ENOT_APPLICABLE);
    cr_assert(strstr(f.error.text, "pythonic"));
    fixture_scan(&f, "python", SP_STR("x"), 0, false);
    cr_assert_eq(f.result, 0);
}

Test(scan, every_policy_judges)
{
    sp_cleanup(fixture_fini) struct fixture f;
    const char *yamls[] = {"severity_threshold: safe\npatterns: [{pattern: x, severity: high, id: a}]",
        "severity_threshold: high\npatterns: [{pattern: x, severity: medium, id: b}]",
        "severity_threshold: low\npatterns: [{pattern: y, severity: low, id: c}]"};
    fixture_init(&f, yamls, 3);
    fixture_scan(&f, "text", SP_STR("x"), 0, false);
    cr_assert(f.verdict.safe);
    cr_assert_eq(f.verdict.n_findings, 2);
    cr_assert_eq(f.verdict.findings[0].policy, f.policies[0]);
    cr_assert_eq(f.verdict.findings[1].policy, f.policies[1]);
    fixture_scan(&f, "text", SP_STR("xy"), 0, false);
    cr_assert_not(f.verdict.safe);
    cr_assert_eq(f.verdict.n_policies, 3);
}

Test(scan, the_same_scan_again_says_the_same)
{
    sp_cleanup(fixture_fini) struct fixture f;
    const char *yaml = "patterns: [{pattern: 'a+', severity: low}]";
    fixture_init(&f, &yaml, 1);
    for (int i = 0; i < 3; i++) {
        fixture_scan(&f, "text", SP_STR("a aa aaa"), 2, false);
        cr_assert_eq(f.verdict.n_findings, 2);
        cr_assert(f.verdict.truncated);
        cr_assert_eq(f.verdict.counts[SP_SEVERITY_LOW], 3);
    }
}

Test(scan, modules_are_listed_once_and_in_order)
{
    FIXTURE(f, NULL, "python", "import sys, os\nimport json\nfrom os import path\nimport json\n");
    cr_assert_eq(f.verdict.n_modules, 3);
    cr_assert(sp_str_is(f.verdict.modules[0], "json"));
    cr_assert(sp_str_is(f.verdict.modules[1], "os"));
    cr_assert(sp_str_is(f.verdict.modules[2], "sys"));
}

Test(scan, evaluated_code_is_code)
{
    FIXTURE(f, OS "\npatterns: [{pattern: 'system\\(', severity: high, id: p}]", "python",
        "x = 1\nexec('''\nimport os as o\no.system(1)''')\n");
    cr_assert_eq(f.verdict.n_findings, 2);
    const struct sp_finding *module = fixture_find(&f, "os"), *call = fixture_find(&f, "p");
    cr_assert(module && call);
    cr_assert_eq(module->via, SP_VIA_EVALUATED);
    cr_assert_eq(module->offset, 11, "%zu", module->offset);
    cr_assert(module->line == 2 && module->column == 6 && module->has_inner);
    cr_assert(module->inner_offset == 8 && module->inner_line == 2 && module->inner_column == 8);
    cr_assert(sp_str_is(module->text, "os"));
    cr_assert(call->inner_line == 3 && call->via == SP_VIA_EVALUATED && call->offset == module->offset);
    cr_assert(f.verdict.n_modules == 1 && sp_str_is(f.verdict.modules[0], "os"));
}

/* exec("exec('…')"), n deep around import os; each level quotes what is within. */
static char *nest(int depth)
{
    char *code = strdup("import os");
    for (int i = 0; i < depth; i++) {
        char *outer = malloc(4 * strlen(code) + 32), *at = stpcpy(outer, "exec(\"");
        for (const char *c = code; *c; c++) {
            if (*c == '"' || *c == '\\')
                *at++ = '\\';
            *at++ = *c;
        }
        strcpy(at, "\")");
        free(code);
        code = outer;
    }
    return code;
}

Test(scan, evaluation_is_followed_to_its_depth_and_no_further)
{
    for (int depth = 1; depth <= SP_SCAN_DEPTH_MAX + 1; depth++) {
        sp_cleanup(sp_free_ptr) char *code = nest(depth);
        FIXTURE(f, OS, "python", code);
        cr_assert_not(f.verdict.safe, "%d", depth);
        cr_assert_eq(fixture_count(&f, "os"), depth <= SP_SCAN_DEPTH_MAX, "%d", depth);
        cr_assert_eq(fixture_count(&f, "limit"), depth > SP_SCAN_DEPTH_MAX, "%d", depth);
    }
}

Test(scan, what_is_evaluated_is_bounded_in_all)
{
    FIXTURE(f, OS, "python", "a = 'pass;' * 8\nb = a * 2\nexec(b)\nexec(b)\nexec(b)\nexec(b)\n");
    const struct sp_finding *limit = fixture_find(&f, "limit");
    cr_assert_not_null(limit);
    cr_assert_eq(limit->severity, SP_SEVERITY_HIGH);
    cr_assert_not(f.verdict.safe);
}

Test(scan, many_small_evaluated_texts_do_not_add_up)
{
    const size_t n = 20000;
    char *code = malloc(n * 16), *at = code;
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, "exec('x=eval')\n");
    FIXTURE(f, "patterns: [{pattern: 'eval', severity: low}]", "python", code);
    cr_assert_eq(f.verdict.counts[SP_SEVERITY_LOW], n);
    cr_assert_eq(f.verdict.n_findings, SP_SCAN_VIOLATIONS);
    cr_assert_eq(f.verdict.findings[7].line, 8);
    free(code);
}

Test(scan, a_verdict_holds_without_its_scanner)
{
    sp_cleanup(fixture_fini) struct fixture f;
    const char *yaml = "allowed_modules: []";
    char *code = strdup("exec('import ' + 'o' + 's')");
    fixture_init(&f, &yaml, 1);
    fixture_scan(&f, "python", sp_str_of(code), 0, false);
    sp_scanner_free(f.scanner);
    f.scanner = NULL;
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_str_eq(f.verdict.findings[0].description, "os is not an allowed module");
    cr_assert(sp_str_is(f.verdict.findings[0].text, "os"));
    cr_assert(sp_str_is(f.verdict.modules[0], "os"));
    free(code);
}

Test(scan, too_many_policies_are_refused)
{
    sp_cleanup(fixture_fini) struct fixture f;
    fixture_init(&f, NULL, 0);
    f.n_policies = SP_SCAN_POLICIES_MAX + 1;
    fixture_scan(&f, "text", SP_STR("x"), 0, false);
    f.n_policies = 0;
    cr_assert_eq(f.result, SP_EINVALID_REQUEST);
}

Test(scan, memory_of_the_verdict_is_bounded_by_the_callers_arena)
{
    sp_cleanup(fixture_fini) struct fixture f;
    const char *yaml = "patterns: [{pattern: a, severity: low}]";
    fixture_init(&f, &yaml, 1);
    f.arena.max_bytes = 4096;
    char code[4096];
    memset(code, 'a', sizeof(code));
    fixture_scan(&f, "text", (struct sp_str){code, sizeof(code)}, 0, false);
    cr_assert_eq(f.result, SP_ETOO_LARGE);
}
