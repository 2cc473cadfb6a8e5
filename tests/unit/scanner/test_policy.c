#include "scanner/policy.h"

#include "proto/language.h"
#include "tests/unit/scanner/scan_fixture.h"

static struct sp_policy_model *model_of(const char *yaml)
{
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    char text[512];
    int r = fixture_model(yaml, &model, &error);
    cr_assert(r == 0, "%s", sp_error_format(&error, text, sizeof(text)));
    return model;
}

static void refuse(const char *yaml, int code, const char *path, const char *part)
{
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    int r = fixture_model(yaml, &model, &error);
    cr_assert(r == code, "%s: %d, not %d (%s: %s)", yaml, r, code, error.path, error.text);
    cr_assert(strcmp(error.path, path) == 0, "path \"%s\", not \"%s\" (%s)", error.path, path, error.text);
    cr_assert(strstr(error.text, part), "\"%s\" does not say \"%s\"", error.text, part);
    cr_assert(model == NULL);
}

static const char whole[] = "name: python-production\n"
                            "language: python\n"
                            "severity_threshold: medium\n"
                            "patterns:\n"
                            "  - pattern: '\\bos\\.system\\s*\\('\n"
                            "    description: System command execution\n"
                            "    severity: high\n"
                            "    scope: code\n"
                            "    languages: [python]\n"
                            "    flags: [ignore_case, dotall]\n"
                            "    id: os-system\n"
                            "    cwe: CWE-78\n"
                            "    url: https://example.org/os-system\n"
                            "    fix: use a library\n"
                            "restricted_modules:\n"
                            "  - name: os\n"
                            "    description: Operating system interface\n"
                            "    severity: high\n"
                            "allowed_modules: [math, json]\n"
                            "unlisted_modules: medium\n"
                            "dynamic_code: low\n"
                            "unicode: medium\n";

Test(policy, decodes_every_key)
{
    struct sp_policy_model *model = model_of(whole);
    cr_assert(strcmp(model->name, "python-production") == 0);
    cr_assert(model->languages == 1u << SP_LANGUAGE_PYTHON);
    cr_assert(model->threshold == SP_SEVERITY_MEDIUM);
    cr_assert(model->n_patterns == 1);
    const struct sp_policy_pattern *pattern = &model->patterns[0];
    cr_assert(sp_str_is(pattern->pattern, "\\bos\\.system\\s*\\("));
    cr_assert(strcmp(pattern->rule.name, "os-system") == 0);
    cr_assert(strcmp(pattern->rule.description, "System command execution") == 0);
    cr_assert(pattern->rule.severity == SP_SEVERITY_HIGH);
    cr_assert(pattern->scope == SP_SCOPE_CODE);
    cr_assert(pattern->rule.languages == 1u << SP_LANGUAGE_PYTHON);
    cr_assert(pattern->flags == (SP_MATCH_IGNORE_CASE | SP_MATCH_DOTALL));
    cr_assert(strcmp(pattern->rule.cwe, "CWE-78") == 0);
    cr_assert(strcmp(pattern->rule.fix, "use a library") == 0);
    cr_assert(model->n_modules == 1 && sp_str_is(model->modules[0].name, "os"));
    cr_assert(strcmp(model->modules[0].rule.name, "restricted_modules[os]") == 0);
    cr_assert(model->has_allowed && model->n_allowed == 2 && sp_str_is(model->allowed[1], "json"));
    cr_assert(model->unlisted == SP_SEVERITY_MEDIUM);
    cr_assert(model->dynamic == SP_SEVERITY_LOW);
    cr_assert(model->unicode == SP_SEVERITY_MEDIUM);
    cr_assert_eq(model->n_warnings, 0);
    sp_policy_model_free(model);
}

Test(policy, fills_in_defaults)
{
    struct sp_policy_model *model = model_of("patterns:\n  - pattern: eval\n    severity: 2\n");
    cr_assert(model->name == NULL && model->languages == 0);
    cr_assert(model->threshold == SP_SEVERITY_MEDIUM);
    cr_assert(model->patterns[0].scope == SP_SCOPE_CODE && model->patterns[0].flags == 0);
    cr_assert(strcmp(model->patterns[0].rule.name, "patterns[0]") == 0);
    cr_assert(strstr(model->patterns[0].rule.description, "eval"));
    cr_assert(!model->has_allowed && model->unlisted == SP_SEVERITY_HIGH);
    cr_assert(model->dynamic == SP_SEVERITY_COUNT && model->unicode == SP_SEVERITY_COUNT);
    sp_policy_model_free(model);
}

Test(policy, dynamic_code_follows_the_modules)
{
    struct sp_policy_model *model = model_of("restricted_modules: [{name: os, severity: high}]");
    cr_assert(model->dynamic == SP_SEVERITY_LOW);
    sp_policy_model_free(model);
    model = model_of("allowed_modules: [math]\nunlisted_modules: medium");
    cr_assert(model->dynamic == SP_SEVERITY_MEDIUM);
    sp_policy_model_free(model);
    model = model_of("allowed_modules: []\nrestricted_modules: [{name: os, severity: low}]");
    cr_assert(model->has_allowed && model->n_allowed == 0);
    cr_assert(model->dynamic == SP_SEVERITY_HIGH);
    sp_policy_model_free(model);
    model = model_of("allowed_modules: [math]\ndynamic_code: safe");
    cr_assert(model->dynamic == SP_SEVERITY_SAFE);
    sp_policy_model_free(model);
}

Test(policy, takes_severities_in_any_case_and_as_numbers)
{
    static const struct {
        const char *text;
        enum sp_severity severity;
    } rows[] = {{"SAFE", SP_SEVERITY_SAFE}, {"Low", SP_SEVERITY_LOW}, {"mEDIUM", SP_SEVERITY_MEDIUM},
        {"HIGH", SP_SEVERITY_HIGH}, {"0", SP_SEVERITY_SAFE}, {"3", SP_SEVERITY_HIGH}};
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        char yaml[64];
        snprintf(yaml, sizeof(yaml), "severity_threshold: %s\nunicode: low", rows[i].text);
        struct sp_policy_model *model = model_of(yaml);
        cr_assert(model->threshold == rows[i].severity, "%s", rows[i].text);
        sp_policy_model_free(model);
    }
}

Test(policy, takes_one_language_or_several)
{
    struct sp_policy_model *model = model_of("language: [go, python]\nunicode: low");
    cr_assert(model->languages == (1u << SP_LANGUAGE_PYTHON | 1u << SP_LANGUAGE_GO));
    sp_policy_model_free(model);
    refuse("language: []", SP_EINVALID_POLICY, "language", "1 to");
    refuse("language: cobol", SP_EINVALID_POLICY, "language", "unknown language \"cobol\" (text, python");
    refuse("language: [python, 'python:3.11']", SP_EINVALID_POLICY, "language[1]", "unknown language");
    refuse("language: 7", SP_EINVALID_POLICY, "language", "must be a language");
}

Test(policy, names_what_is_wrong_and_where)
{
    refuse("patterns: [{pattern: a, severity: high}, {pattern: b, severity: hihg}]", SP_EINVALID_POLICY,
        "patterns[1].severity", "unknown severity \"hihg\" (safe, low, medium, high)");
    refuse("severity_threshold: 4", SP_EINVALID_POLICY, "severity_threshold", "unknown severity 4");
    refuse("patterns: [{severity: high}]", SP_EINVALID_POLICY, "patterns[0].pattern", "is missing");
    refuse("patterns: [{pattern: a, flags: [ignorecase]}]", SP_EINVALID_POLICY, "patterns[0].flags[0]",
        "unknown flag \"ignorecase\" (ignore_case,");
    refuse("patterns: [{pattern: a, scope: string}]", SP_EINVALID_POLICY, "patterns[0].scope",
        "unknown scope \"string\" (code, strings, comments, anywhere)");
    refuse("paterns: []", SP_EINVALID_POLICY, "paterns", "unknown key");
    refuse("restricted_modules: [os]", SP_EINVALID_POLICY, "restricted_modules[0]", "must be a map");
    refuse("restricted_modules: [{name: 'os *'}]", SP_EINVALID_POLICY, "restricted_modules[0].name", "no blanks");
    refuse("restricted_modules: [{name: 'os.*'}]", SP_EINVALID_POLICY, "restricted_modules[0].name", "no wildcard");
    refuse("language: python\nrestricted_modules: [{name: os.}]", SP_EINVALID_POLICY, "restricted_modules[0].name",
        "can never match");
    refuse("restricted_modules: [{name: os-x, languages: [python]}]", SP_EINVALID_POLICY, "restricted_modules[0].name",
        "can never match");
    refuse(
        "language: python\nallowed_modules: [a, '.os']", SP_EINVALID_POLICY, "allowed_modules[1]", "can never match");
    refuse("restricted_modules: [{name: 'os;'}]", SP_EINVALID_POLICY, "restricted_modules[0].name", "holds no ;");
    refuse("allowed_modules: [a, 7]", SP_EINVALID_POLICY, "allowed_modules[1]", "must be a string");
    refuse("allowed_modules: math", SP_EINVALID_POLICY, "allowed_modules", "must be a list");
    refuse("name: Big", SP_EINVALID_POLICY, "name", "lower-case");
    refuse("name: -x", SP_EINVALID_POLICY, "name", "lower-case");
    refuse(
        "patterns: [{pattern: a, languages: [x]}]", SP_EINVALID_POLICY, "patterns[0].languages[0]", "unknown language");
    refuse("[]", SP_EINVALID_POLICY, "", "must be a map");
}

Test(policy, refuses_a_pattern_as_python_would)
{
    refuse("patterns: [{pattern: a}, {pattern: '(a'}]", SP_EINVALID_PATTERN, "patterns[1].pattern", "");
    refuse("patterns: [{pattern: 'x*'}]", SP_EINVALID_PATTERN, "patterns[0].pattern", "");
}

Test(policy, ids_are_unique_and_never_the_scanners_own)
{
    refuse("patterns: [{pattern: a, id: x}, {pattern: b, id: y}]\nrestricted_modules: [{name: os, id: x}]",
        SP_EINVALID_POLICY, "restricted_modules[0].id", "is the id of patterns[0] already");
    refuse("patterns: [{pattern: a, id: limit}]", SP_EINVALID_POLICY, "patterns[0].id", "of the scanner's own");
    refuse("patterns: [{pattern: a, id: 'patterns[1]'}]", SP_EINVALID_POLICY, "patterns[0].id", "letters, digits");
}

static void repeat(char **at, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *at = stpcpy(*at, text);
}

Test(policy, bounds_what_it_takes)
{
    char *yaml = malloc(1 << 20), *at = yaml;
    at = stpcpy(at, "allowed_modules:\n");
    repeat(&at, "- m\n", SP_POLICY_RULES_MAX);
    struct sp_policy_model *model = model_of(yaml);
    cr_assert(model->n_allowed == SP_POLICY_RULES_MAX);
    sp_policy_model_free(model);
    stpcpy(at, "restricted_modules: [{name: os}]\n");
    refuse(yaml, SP_EINVALID_POLICY, "", "has 10001 rules, more than 10000");
    stpcpy(at, "- m\n");
    refuse(yaml, SP_EINVALID_POLICY, "allowed_modules", "10001 entries");
    at = stpcpy(yaml, "patterns: [{pattern: ");
    repeat(&at, "a", SP_POLICY_PATTERN_MAX + 1);
    stpcpy(at, "}]");
    refuse(yaml, SP_EINVALID_POLICY, "patterns[0].pattern", "65537 bytes long");
    free(yaml);
}
