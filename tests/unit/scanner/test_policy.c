#include "tests/unit/scanner/scan_fixture.h"

#include "proto/language.h"
#include "proto/pack.h"
#include "scanner/policy.h"

SP_CLEANUP_DEFINE(struct sp_policy *, sp_policy_unref)

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

static bool warns(const struct sp_policy_model *model, const char *path, const char *part)
{
    const struct sp_policy_warning *warnings;
    size_t n = sp_policy_model_warnings(model, &warnings);
    for (size_t i = 0; i < n; i++)
        if (strcmp(warnings[i].path, path) == 0 && strstr(warnings[i].text, part))
            return true;
    return false;
}

static size_t n_warnings(const struct sp_policy_model *model)
{
    const struct sp_policy_warning *warnings;
    return sp_policy_model_warnings(model, &warnings);
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
    cr_assert(n_warnings(model) == 0);
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

Test(policy, warns_of_what_is_perhaps_not_meant)
{
    struct sp_policy_model *model = model_of("language: python\n"
                                             "patterns:\n"
                                             "  - {pattern: a, languages: [go]}\n"
                                             "  - {pattern: b, severity: low}\n"
                                             "  - {pattern: b, severity: high}\n"
                                             "restricted_modules:\n"
                                             "  - {name: os, severity: low}\n"
                                             "  - {name: re, severity: low}\n"
                                             "  - {name: re, severity: low}\n"
                                             "allowed_modules: [os, math]\n");
    cr_assert(warns(model, "severity_threshold", "is missing: medium"));
    cr_assert(warns(model, "patterns[0].languages", "never used"));
    cr_assert(warns(model, "patterns[0].severity", "is missing: high"));
    cr_assert(warns(model, "patterns[2].pattern", "the same as patterns[1]"));
    cr_assert(warns(model, "allowed_modules[0]", "os is restricted as well"));
    cr_assert(warns(model, "restricted_modules[2].name", "listed twice"));
    cr_assert(n_warnings(model) == 6);
    sp_policy_model_free(model);
    model = model_of("severity_threshold: high\nunlisted_modules: low");
    cr_assert(warns(model, "unlisted_modules", "no effect"));
    cr_assert(warns(model, "", "no rules"));
    sp_policy_model_free(model);
}

Test(policy, warnings_are_bounded_and_the_last_says_how_many_more)
{
    char *yaml = malloc(1 << 16), *at = stpcpy(yaml, "severity_threshold: low\npatterns:\n");
    for (int i = 0; i < 100; i++)
        at += sprintf(at, "- pattern: p%d\n", i);
    struct sp_policy_model *model = model_of(yaml);
    cr_assert(n_warnings(model) == SP_POLICY_WARNINGS_MAX);
    cr_assert(warns(model, "", "37 more"));
    sp_policy_model_free(model);
    free(yaml);
}

Test(policy, id_is_of_what_it_means_not_of_how_it_is_written)
{
    struct sp_policy_model *a =
        model_of("name: a\nseverity_threshold: medium\nrestricted_modules: [{name: os, severity: "
                 "high}]\ndynamic_code: low");
    struct sp_policy_model *b = model_of("restricted_modules: [{severity: 3, name: os}]");
    struct sp_policy_model *c = model_of("restricted_modules: [{severity: 2, name: os}]");
    cr_assert(strncmp(a->id, "sha256:", 7) == 0 && strlen(a->id) == 71);
    cr_assert(strspn(a->id + 7, "0123456789abcdef") == 64);
    cr_assert(strcmp(a->id, b->id) == 0);
    cr_assert(strcmp(a->id, c->id) != 0);
    sp_policy_model_free(a);
    sp_policy_model_free(b);
    sp_policy_model_free(c);
}

Test(policy, every_key_but_the_name_is_in_the_id)
{
    static const char *const others[] = {"language: [python, text]\n", "severity_threshold: low\n",
        "unlisted_modules: low\n", "dynamic_code: high\n", "unicode: low\n"};
    struct sp_policy_model *model = model_of(whole);
    for (size_t i = 0; i < SP_COUNT(others); i++) {
        size_t n_key = strcspn(others[i], ":");
        char yaml[2048] = "";
        for (const char *line = whole; *line; line += strcspn(line, "\n") + 1)
            if (strncmp(line, others[i], n_key) != 0)
                strncat(yaml, line, strcspn(line, "\n") + 1);
        struct sp_policy_model *other = model_of(strcat(yaml, others[i]));
        cr_assert(strcmp(model->id, other->id) != 0, "%s", others[i]);
        sp_policy_model_free(other);
    }
    sp_policy_model_free(model);
}

Test(policy, packs_to_what_decodes_to_the_same_id)
{
    static const char *const yamls[] = {whole, "name: x", "allowed_modules: []",
        "patterns: [{pattern: '[é]', scope: strings}]\nlanguage: [python, text]",
        "restricted_modules: [{name: os, languages: python, id: A.b:c/d-1}]"};
    for (size_t i = 0; i < SP_COUNT(yamls); i++) {
        struct sp_policy_model *model = model_of(yamls[i]), *again = NULL;
        sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
        sp_buffer_init(&buffer, 1 << 20);
        cr_assert(sp_policy_model_pack(model, &buffer) == 0);
        msgpack_unpacked unpacked;
        msgpack_object object = fixture_unpack(&buffer, &unpacked);
        struct sp_error error = {0};
        cr_assert(sp_policy_model_new(&object, &again, &error) == 0, "%s: %s", error.path, error.text);
        msgpack_unpacked_destroy(&unpacked);
        cr_assert(strcmp(model->id, again->id) == 0);
        cr_assert((model->name == NULL) == (again->name == NULL));
        sp_policy_model_free(model);
        sp_policy_model_free(again);
    }
}

Test(policy, is_released_with_its_last_reference)
{
    struct sp_policy *policy = fixture_policy(whole);
    cr_assert(sp_policy_ref(policy) == policy);
    sp_policy_unref(policy);
    cr_assert(strcmp(sp_policy_name(policy), "python-production") == 0);
    cr_assert(sp_policy_bytes(policy) > sizeof(*policy));
    cr_assert(sp_policy_serves(policy, SP_LANGUAGE_PYTHON) && !sp_policy_serves(policy, SP_LANGUAGE_TEXT));
    sp_policy_unref(policy);
    sp_policy_unref(NULL);
}

Test(policy, tells_the_grades_of_its_patterns)
{
    sp_cleanup(sp_policy_unref_scope) struct sp_policy *policy = fixture_policy(whole);
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    cr_assert(sp_policy_pack_grades(policy, &buffer) == 0);
    msgpack_unpacked unpacked;
    msgpack_object list = fixture_unpack(&buffer, &unpacked);
    cr_assert(list.type == MSGPACK_OBJECT_ARRAY && list.via.array.size == 1);
    cr_assert(list.via.array.ptr[0].type == MSGPACK_OBJECT_MAP && list.via.array.ptr[0].via.map.size == 4);
    msgpack_unpacked_destroy(&unpacked);
}

static size_t walk(const struct sp_policy *policy, const char *module, char names[8][32])
{
    struct sp_policy_walk state;
    struct sp_policy_hit hit;
    size_t n = 0;
    sp_policy_walk_init(&state, sp_str_of(module));
    while (n < 8 && sp_policy_walk_restricted(policy, &state, &hit))
        snprintf(names[n++], 32, "%.*s", (int)hit.name.n_bytes, hit.name.ptr);
    return n;
}

Test(policy, finds_modules_by_whole_prefixes)
{
    sp_cleanup(sp_policy_unref_scope) struct sp_policy *policy =
        fixture_policy("restricted_modules: [{name: os}, {name: os.path}, {name: os/exec}, {name: std::fs}]");
    char names[8][32];
    cr_assert(walk(policy, "os", names) == 1 && strcmp(names[0], "os") == 0);
    cr_assert(walk(policy, "os.path.x", names) == 2 && strcmp(names[1], "os.path") == 0);
    cr_assert(walk(policy, "os/exec", names) == 2 && strcmp(names[1], "os/exec") == 0);
    cr_assert(walk(policy, "std::fs::x", names) == 1);
    cr_assert(walk(policy, "osmium", names) == 0);
    cr_assert(walk(policy, "xos", names) == 0);
    cr_assert(walk(policy, "", names) == 0);
}

Test(policy, preset_default_blocks_nothing)
{
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    cr_assert(sp_preset_model(SP_PRESET_DEFAULT, &model, &error) == 0, "%s", error.text);
    cr_assert(model->threshold == SP_SEVERITY_SAFE && model->languages == 0);
    cr_assert(n_warnings(model) == 0);
    sp_policy_model_free(model);
    cr_assert(sp_preset_model("no-such", &model, &error) == SP_EUNKNOWN_POLICY);
}
