#include "tests/unit/scanner/scan_fixture.h"

static const char policy[] = "severity_threshold: high\nunicode: low\n";

static void scan(struct fixture *f, const char *language, struct sp_str code, bool strict)
{
    const char *yaml = policy;
    fixture_init(f, &yaml, 1);
    fixture_scan(f, language, code, 0, strict);
}

static size_t n_encoding(struct sp_str code)
{
    sp_cleanup(fixture_fini) struct fixture f;
    scan(&f, "python", code, false);
    cr_assert_eq(f.result, 0, "%s", f.error.text);
    size_t n = fixture_count(&f, "encoding");
    for (size_t i = 0; i < f.verdict.n_findings; i++) {
        const struct sp_finding *finding = &f.verdict.findings[i];
        if (finding->kind != SP_FINDING_ENCODING)
            continue;
        cr_assert(finding->severity == SP_SEVERITY_HIGH && finding->blocking && finding->policy == NULL);
    }
    cr_assert_eq(f.verdict.safe, n == 0);
    return n;
}

static void refused(const char *language, struct sp_str code, uint32_t line, uint32_t column)
{
    sp_cleanup(fixture_fini) struct fixture f;
    scan(&f, language, code, true);
    cr_assert_eq(f.result, SP_EINVALID_CODE, "%d %.*s", f.result, (int)code.n_bytes, code.ptr);
    cr_assert(f.error.line == line && f.error.column == column, "%u:%u", f.error.line, f.error.column);
}

static void taken(struct sp_str code)
{
    sp_cleanup(fixture_fini) struct fixture f;
    scan(&f, "python", code, true);
    cr_assert_eq(f.result, 0, "%s", f.error.text);
    cr_assert_eq(f.verdict.n_findings, 0);
}

Test(encoding_rule, a_scan_reports_what_hides_code)
{
    cr_assert_eq(n_encoding(SP_STR("x = 1\n\0import os")), 1);
    cr_assert_eq(n_encoding(SP_STR("# -*- coding: utf-7 -*-\n+AAo-x")), 1);
    cr_assert_eq(n_encoding(SP_STR("#!/usr/bin/python\n# coding: shift_jis\n")), 1);
    cr_assert_eq(n_encoding(SP_STR("# coding: no-such-thing\n")), 1);
    cr_assert_eq(n_encoding(SP_STR("# coding: utf-16\n\0x")), 2);
}

Test(encoding_rule, a_scan_reads_single_byte_encodings_as_they_are)
{
    cr_assert_eq(n_encoding(SP_STR("# coding: latin-1\nx = 'caf\xe9' # \xe9\n")), 0);
    cr_assert_eq(n_encoding(SP_STR("# vim: set fileencoding=cp1252 :\nx = 'a'")), 0);
    cr_assert_eq(n_encoding(SP_STR("x = 'caf\xe9'")), 0);
    cr_assert_eq(n_encoding(SP_STR("# coding: utf-8\nx = '\u00e9'")), 0);
    cr_assert_eq(n_encoding(SP_STR("x = 1 # NUL: \\0")), 0);
}

/* In Latin-1 the byte BA is a letter that Python folds to o. */
Test(encoding_rule, a_scan_reports_names_in_a_single_byte_encoding)
{
    cr_assert_eq(n_encoding(SP_STR("# coding: latin-1\nimport \xbas\n")), 1);
    cr_assert_eq(n_encoding(SP_STR("# coding: utf-8\nimport \xbas\n")), 0);
}

Test(encoding_rule, the_place_is_told)
{
    sp_cleanup(fixture_fini) struct fixture f;
    scan(&f, "python", SP_STR("#!x\n# coding: utf-7\n"), false);
    const struct sp_finding *finding = fixture_find(&f, "encoding");
    cr_assert_not_null(finding);
    cr_assert(finding->line == 2 && finding->column == 11);
    cr_assert(sp_str_is(finding->text, "utf-7"));
}

Test(encoding_rule, what_is_to_be_run_is_refused_instead)
{
    refused("python", SP_STR("x = 1\ny = '\0'"), 2, 6);
    refused("python", SP_STR("x = '\xc3\xa9\xff'"), 1, 7);
    refused("python", SP_STR("# coding: latin-1\n"), 1, 11);
    refused("python", SP_STR("\n# coding: utf-7\n"), 2, 11);
    refused("text", SP_STR("a\xff"), 1, 2);
    refused("text", SP_STR("\0"), 1, 1);
}

/* These are looked up among the codecs, where a program may have put its own. */
Test(encoding_rule, what_is_to_be_run_names_no_encoding_that_a_program_can_replace)
{
    refused("python", SP_STR("# coding: u8\n"), 1, 11);
    refused("python", SP_STR("# coding: cp65001\n"), 1, 11);
    refused("python", SP_STR("# coding: 646\n"), 1, 11);
    refused("python", SP_STR("# coding: utf.8\n"), 1, 11);
    taken(SP_STR("# coding: UTF_8\n"));
    taken(SP_STR("# coding: utf8\n"));
    taken(SP_STR("# coding: utf-8-sig\n"));
    taken(SP_STR("# coding: us-ascii\n"));
    taken(SP_STR("# -*- coding: utf-8-unix -*-\n"));
    cr_assert_eq(n_encoding(SP_STR("# coding: u8\n")), 0);
}

Test(encoding_rule, what_is_to_be_run_may_say_that_it_is_utf8)
{
    taken(SP_STR("# -*- coding: utf-8 -*-\nx = '\u00e9'"));
    taken(SP_STR("\xef\xbb\xbfx = 1"));
    taken(SP_STR("# coding: ascii\n"));
    taken(SP_STR("x = 1\nx = 2\n# coding: latin-1\n"));
}
