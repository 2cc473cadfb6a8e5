#include "scanner/policy.h"
#include "proto/language.h"
#include "tests/unit/scanner/preset_cases.h"
#include "tests/unit/scanner/scan_fixture.h"

static const char *const levels[] = {"minimal", "development", "production", "strict"};

/* The text as a C string; to be freed. */
static char *text_of(const char *name)
{
    const struct sp_preset *preset = sp_preset_find(sp_str_of(name));
    cr_assert_not_null(preset, "%s", name);
    char *text = strndup(preset->yaml.ptr, preset->yaml.n_bytes);
    cr_assert_eq(strlen(text), preset->yaml.n_bytes);
    return text;
}

static struct sp_policy_model *model_of(const char *name)
{
    sp_cleanup(sp_free_ptr) char *text = text_of(name);
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    char told[512];
    cr_assert(fixture_model(text, &model, &error) == 0, "%s: %s", name, sp_error_format(&error, told, sizeof(told)));
    return model;
}

static void start(struct fixture *f, const char *name)
{
    sp_cleanup(sp_free_ptr) char *text = text_of(name);
    const char *yaml = text;
    fixture_init(f, &yaml, 1);
}

static void judge(struct fixture *f, const char *language, const char *code)
{
    fixture_scan(f, language, sp_str_of(code), 0, false);
    cr_assert(f->result == 0, "%s: %s", code, f->error.text);
}

static bool blocked_by(const struct fixture *f, const char *rule)
{
    for (size_t i = 0; i < f->verdict.n_findings; i++)
        if (f->verdict.findings[i].blocking && strcmp(f->verdict.findings[i].rule, rule) == 0)
            return true;
    return false;
}

static const char *first_blocking(const struct fixture *f)
{
    for (size_t i = 0; i < f->verdict.n_findings; i++)
        if (f->verdict.findings[i].blocking)
            return f->verdict.findings[i].rule;
    return "nothing";
}

Test(preset, there_are_five_and_no_more)
{
    size_t n;
    const struct sp_preset *all = sp_preset_all(&n);
    cr_assert_eq(n, 5);
    cr_assert_str_eq(all[0].name, SP_PRESET_DEFAULT);
    for (size_t i = 1; i < n; i++)
        cr_assert_str_eq(all[i].name, levels[i - 1]);
    for (size_t i = 0; i < n; i++)
        cr_assert(all[i].summary[0] && strlen(all[i].summary) < 90);
    cr_assert_null(sp_preset_find(SP_STR("no-such")));
    cr_assert_null(sp_preset_find(SP_STR("minima")));
    cr_assert_null(sp_preset_find(SP_STR("")));
}

Test(preset, default_blocks_nothing)
{
    struct sp_policy_model *model = model_of(SP_PRESET_DEFAULT);
    cr_assert(model->threshold == SP_SEVERITY_SAFE && model->languages == 0);
    cr_assert_eq(model->n_warnings, 0);
    sp_policy_model_free(model);
}

Test(preset, each_is_a_whole_policy)
{
    for (size_t i = 0; i < SP_COUNT(levels); i++) {
        struct sp_policy_model *model = model_of(levels[i]);
        cr_assert_eq(model->n_warnings, 0, "%s: %s %s", levels[i], model->warnings[0].path, model->warnings[0].text);
        cr_assert_str_eq(model->name, levels[i]);
        cr_assert_eq(model->languages, 1u << SP_LANGUAGE_PYTHON | 1u << SP_LANGUAGE_TEXT);
        for (size_t k = 0; k < model->n_patterns; k++)
            cr_expect(model->patterns[k].rule.id && model->patterns[k].rule.cwe && model->patterns[k].rule.described,
                "%s: %s", levels[i], model->patterns[k].rule.name);
        for (size_t k = 0; k < model->n_modules; k++)
            cr_expect(model->modules[k].rule.cwe && model->modules[k].rule.described, "%s: %s", levels[i],
                model->modules[k].rule.name);
        sp_policy_model_free(model);
    }
}

Test(preset, cases_both_ways, .timeout = 120)
{
    for (size_t level = 0; level < SP_COUNT(levels); level++) {
        sp_cleanup(fixture_fini) struct fixture f;
        start(&f, levels[level]);
        for (size_t i = 0; i < SP_COUNT(preset_cases); i++) {
            const struct preset_case *row = &preset_cases[i];
            bool refused = level >= row->from;
            judge(&f, row->language, row->code);
            cr_expect(f.verdict.safe == !refused, "%s %s: %s (%s)", levels[level], refused ? "lets pass" : "refuses",
                row->code, first_blocking(&f));
            const char *rule = level == STRICT ? row->strict_rule : row->rule;
            cr_expect(!refused || blocked_by(&f, rule), "%s: %s is not blocked by %s but by %s", levels[level],
                row->code, rule, first_blocking(&f));
        }
    }
}

/* A pattern that no case fires might as well not be there. */
Test(preset, every_pattern_fires_in_some_case, .timeout = 120)
{
    for (size_t level = 0; level < SP_COUNT(levels); level++) {
        sp_cleanup(fixture_fini) struct fixture f;
        start(&f, levels[level]);
        struct sp_policy_model *model = model_of(levels[level]);
        bool *fired = calloc(model->n_patterns, sizeof(*fired));
        for (size_t i = 0; i < SP_COUNT(preset_cases); i++) {
            judge(&f, preset_cases[i].language, preset_cases[i].code);
            for (size_t k = 0; k < model->n_patterns; k++)
                fired[k] = fired[k] || fixture_find(&f, model->patterns[k].rule.name);
        }
        for (size_t k = 0; k < model->n_patterns; k++)
            cr_expect(fired[k], "%s: %s", levels[level], model->patterns[k].rule.name);
        free(fired);
        sp_policy_model_free(model);
    }
}

static const struct sp_policy_pattern *find_pattern(const struct sp_policy_model *model, const char *id)
{
    for (size_t i = 0; i < model->n_patterns; i++)
        if (strcmp(model->patterns[i].rule.name, id) == 0)
            return &model->patterns[i];
    return NULL;
}

static const struct sp_policy_module *find_module(const struct sp_policy_model *model, struct sp_str name)
{
    for (size_t i = 0; i < model->n_modules; i++)
        if (sp_str_equal(model->modules[i].name, name))
            return &model->modules[i];
    return NULL;
}

/* A rule is written once in each preset that holds it: it must say the same in all. */
Test(preset, a_rule_is_the_same_wherever_it_stands)
{
    struct sp_policy_model *last = model_of("production"), *strict = model_of("strict");
    for (size_t level = MINIMAL; level < PRODUCTION; level++) {
        struct sp_policy_model *model = model_of(levels[level]);
        for (size_t i = 0; i < model->n_patterns; i++) {
            const struct sp_policy_pattern *here = &model->patterns[i], *there = find_pattern(last, here->rule.name);
            cr_assert_not_null(there, "%s: %s", levels[level], here->rule.name);
            cr_expect(sp_str_equal(here->pattern, there->pattern) && here->scope == there->scope &&
                          here->flags == there->flags && here->rule.severity == there->rule.severity &&
                          here->rule.languages == there->rule.languages,
                "%s: %s", levels[level], here->rule.name);
        }
        for (size_t i = 0; i < model->n_modules; i++) {
            const struct sp_policy_module *there = find_module(last, model->modules[i].name);
            cr_assert_not_null(there, "%s: %s", levels[level], model->modules[i].rule.name);
            cr_expect_eq(there->rule.severity, model->modules[i].rule.severity, "%s", there->rule.name);
        }
        sp_policy_model_free(model);
    }
    for (size_t i = 0; i < strict->n_patterns; i++) {
        const struct sp_policy_pattern *here = &strict->patterns[i], *there = find_pattern(last, here->rule.name);
        cr_expect(!there || (sp_str_equal(here->pattern, there->pattern) && here->scope == there->scope &&
                                here->flags == there->flags && here->rule.severity == there->rule.severity),
            "strict: %s", here->rule.name);
    }
    sp_policy_model_free(last);
    sp_policy_model_free(strict);
}

/* What production restricts no list of strict may allow. */
Test(preset, strict_allows_nothing_that_production_restricts)
{
    struct sp_policy_model *production = model_of("production"), *strict = model_of("strict");
    cr_assert(strict->has_allowed && strict->unlisted == SP_SEVERITY_HIGH && strict->dynamic == SP_SEVERITY_HIGH);
    for (size_t i = 0; i < strict->n_allowed; i++) {
        struct sp_str allowed = strict->allowed[i];
        for (size_t k = 0; k < production->n_modules; k++) {
            struct sp_str name = production->modules[k].name;
            bool under = name.n_bytes >= allowed.n_bytes && memcmp(name.ptr, allowed.ptr, allowed.n_bytes) == 0 &&
                         (name.n_bytes == allowed.n_bytes || name.ptr[allowed.n_bytes] == '.');
            cr_expect(!under, "%.*s allows %.*s", (int)allowed.n_bytes, allowed.ptr, (int)name.n_bytes, name.ptr);
        }
    }
    sp_policy_model_free(production);
    sp_policy_model_free(strict);
}

/* What the patterns and modules of LLM Sandbox's guide for Python refuse at its usual threshold: production too. */
static const char *const guide_refuses[] = {
    "import os\nos.system('ls')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "__import__('math')",
    "import pickle\npickle.loads(x)",
    "import pickle\npickle.load(f)",
    "import os",
    "import os as operating_system",
    "from os import system, environ",
    "import subprocess",
    "import ctypes",
    "import importlib",
    "import socket\nsocket.socket()",
    "import socket\ns = socket.socket()\ns.connect(('x', 1))",
    "import requests\nrequests.get('https://internal.company.com')",
    "import requests\nrequests.delete('x')",
    "import boto3",
    "import google.cloud",
    "import azure.storage",
    "import psutil",
    "import os\nos.remove('x')",
    "import os\nos.rmdir('x')",
    "import shutil\nshutil.rmtree('x')",
    "import shutil\nshutil.move('a', 'b')",
    "import shutil\nshutil.copy('a', 'b')",
    "open('/data/x', 'w')",
};

/* What they refuse and production does not, on purpose: results are files; sqlite3 connects to a file; attributes by name
 * are everywhere, and those of modules that cannot be told are `dynamic`. */
static const char *const guide_refuses_too_much[] = {
    "open('out.csv', 'w')",
    "import sqlite3\nsqlite3.connect('x.db')",
    "import cryptography",
    "from re import compile\ncompile('x')",
};

Test(preset, production_refuses_what_the_guide_refuses)
{
    sp_cleanup(fixture_fini) struct fixture f;
    start(&f, "production");
    for (size_t i = 0; i < SP_COUNT(guide_refuses); i++) {
        judge(&f, "python", guide_refuses[i]);
        cr_expect(!f.verdict.safe, "%s", guide_refuses[i]);
    }
    for (size_t i = 0; i < SP_COUNT(guide_refuses_too_much); i++) {
        judge(&f, "python", guide_refuses_too_much[i]);
        cr_expect(f.verdict.safe, "%s: %s", guide_refuses_too_much[i], first_blocking(&f));
    }
}

Test(preset, another_language_is_not_let_through)
{
    sp_cleanup(fixture_fini) struct fixture f;
    start(&f, "production");
    fixture_scan(&f, "javascript", SP_STR("1"), 0, false);
    cr_assert(f.result < 0);
}
