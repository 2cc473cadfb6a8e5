#include "tests/unit/scanner/scan_fixture.h"

static void found(const char *yaml, const char *code, const char *rules)
{
    char told[400] = "";
    FIXTURE(f, yaml, "python", code);
    for (size_t i = 0; i < f.verdict.n_findings; i++)
        snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%s@%zu %s", i ? ", " : "",
            f.verdict.findings[i].rule, f.verdict.findings[i].offset, sp_via_name(f.verdict.findings[i].via));
    cr_assert_str_eq(told, rules, "%s: %s", code, told);
}

#define OS "restricted_modules: [{name: os, severity: high, id: os}]"

Test(module_rule, restricts_a_module_and_what_lies_under_it)
{
    found(OS, "import os", "os@7 direct");
    found(OS, "import os.path", "os@7 direct");
    found(OS, "import osmium, os_x, xos", "");
    found(OS, "from os import path", "os@5 direct");
}

Test(module_rule, counts_each_site_once)
{
    found(OS, "import os\nos.system('x'); os.path.join('y')\nimport os\n", "os@7 direct, os@51 direct");
    found(OS, "import os, os.path", "os@7 direct, os@11 direct");
    found(OS, "from os import system, path, environ", "os@5 direct");
}

Test(module_rule, a_rule_may_name_what_an_import_takes_from_its_parent)
{
    found("restricted_modules: [{name: os.path, severity: high, id: p}]", "from os import path", "p@15 direct");
    found("restricted_modules: [{name: os.path, severity: high, id: p}]", "from os import system", "");
    found("restricted_modules: [{name: os.path, severity: high, id: p}]", "import os", "");
}

Test(module_rule, private_twins_count)
{
    found(OS, "import posix", "os@7 direct");
    found("restricted_modules: [{name: socket, severity: high, id: s}]", "import _socket", "s@7 direct");
}

Test(module_rule, every_way_of_loading_counts)
{
    found(OS, "__import__('os')", "os@11 call");
    found(OS, "import importlib; importlib.import_module('os')", "os@42 call");
    found(OS, "__import__('o' + 's')", "os@11 folded");
    found(OS, "import shutil; shutil.os.system('x')", "os@15 alias");
}

/* limit > evaluated > folded > alias > call > direct: a row for each value, and one for each that hides the one before. */
Test(module_rule, of_the_ways_to_a_module_the_strongest_is_told)
{
    char code[600];
    found(OS, "from os import path as p", "os@5 direct");
    found(OS, "import sys; sys.modules['os']", "os@24 call");
    found(OS, "import sys as s; s.modules['os']", "os@27 alias");
    found(OS, "i = __import__; i('os')", "os@18 alias");
    found(OS, "import shutil; getattr(shutil, 'os')", "os@15 alias");
    found(OS, "n = 'os'; __import__(n)", "os@21 folded");
    found(OS, "i = __import__; i('\\x6fs')", "os@18 folded");
    found(OS, "import sys as s; s.modules['o' + 's']", "os@27 folded");
    found(OS, "exec('import os')", "os@5 evaluated");
    found(OS, "exec('imp' + 'ort os')", "os@5 evaluated");
    found(OS, "e = exec; e(\"__import__('o' + 's')\")", "os@12 evaluated");
    found(OS, "exec(\"import sys as s; s.modules['os']\")", "os@5 evaluated");
    snprintf(code, sizeof(code), "exec('import os.%0300d')", 0);
    memset(code + 16, 'a', 300);
    found(OS, code, "limit@5 limit, os@5 evaluated");
}

Test(module_rule, of_two_ways_at_one_place_the_stronger_is_told)
{
    found(OS, "__import__('os' if x else 'os.' + 'path')", "os@11 folded");
    found(OS, "i = __import__\nif x: i = open\ni('os')", "os@32 alias");
    found(OS, "import importlib\ni = importlib.import_module if x else __import__\ni('os')", "os@68 alias");
}

Test(module_rule, several_rules_may_speak_of_one_import)
{
    found("restricted_modules: [{name: os, severity: high, id: a}, {name: os.path, severity: low, id: b}, {name: os, "
          "severity: low, id: c}]",
        "import os.path", "a@7 direct, b@7 direct, c@7 direct");
    found("restricted_modules: [{name: os, severity: low}, {name: os, severity: high}]", "import os",
        "restricted_modules[os]@7 direct");
}

Test(module_rule, of_two_equal_rules_the_severer_stands)
{
    FIXTURE(f,
        "restricted_modules: [{name: os, severity: low}, {name: os, severity: high}, {name: os, severity: medium}]",
        "python", "import os");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].severity, SP_SEVERITY_HIGH);
}

Test(module_rule, rules_for_other_languages_are_silent)
{
    found("restricted_modules: [{name: os, severity: high, id: a, languages: go}]", "import os", "");
}

#define ALLOW "allowed_modules: [math, google.cloud]\ndynamic_code: safe"

Test(module_rule, what_is_not_allowed_is_a_finding)
{
    found(ALLOW, "import math", "");
    found(ALLOW, "import math, json", "allowed_modules@13 direct");
    found("allowed_modules: []", "import math", "allowed_modules@7 direct");
    found("allowed_modules: []", "from __future__ import annotations", "");
    found("allowed_modules: []", "import __future__x", "allowed_modules@7 direct");
    found("restricted_modules: [{name: __future__, id: r}]", "import __future__", "r@7 direct");
    FIXTURE(f, "allowed_modules: [math]\nunlisted_modules: medium", "python", "import json");
    cr_assert_eq(f.verdict.findings[0].severity, SP_SEVERITY_MEDIUM);
    cr_assert_str_eq(f.verdict.findings[0].description, "json is not an allowed module");
}

Test(module_rule, allowing_a_module_allows_what_lies_under_it)
{
    found(ALLOW, "import google.cloud.storage", "");
    found(ALLOW, "from google.cloud import storage", "");
    found(ALLOW, "from google import cloud", "");
    found(ALLOW, "import google", "allowed_modules@7 direct");
    found(ALLOW, "from google import cloud, other", "allowed_modules@5 direct");
    found(ALLOW, "import mathx", "allowed_modules@7 direct");
}

Test(module_rule, a_restriction_holds_besides_the_list)
{
    found("allowed_modules: [os]\nrestricted_modules: [{name: os, severity: low, id: r}]", "import os", "r@7 direct");
}

Test(module_rule, what_stays_unknown_is_dynamic)
{
    FIXTURE(f, "restricted_modules: [{name: os, severity: high}]\nseverity_threshold: high", "python",
        "__import__(input())\n");
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_str_eq(f.verdict.findings[0].rule, "dynamic");
    cr_assert_eq(f.verdict.findings[0].kind, SP_FINDING_DYNAMIC);
    cr_assert_eq(f.verdict.findings[0].severity, SP_SEVERITY_LOW);
    cr_assert(f.verdict.safe);
    FIXTURE(g, "allowed_modules: [math]", "python", "__import__(input())\n");
    cr_assert_not(g.verdict.safe);
    FIXTURE(h, "patterns: [{pattern: zzz, severity: high}]", "python", "__import__(input())\n");
    cr_assert_eq(h.verdict.n_findings, 0, "nobody asked");
}
