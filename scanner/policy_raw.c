/* The keys of a policy, a row each: what decodes it is what its documentation says. Any thread; tables only. */
#include "scanner/policy_raw.h"

static const char *const severities[] = {"safe", "low", "medium", "high", NULL};

#define TEXT_ROW(owner, member, most, text)                                                                            \
    {                                                                                                                  \
        .name = #member, .type = SP_FIELD_STRING, .offset = offsetof(owner, rule.member), .min = 1, .max = (most),     \
        .help = (text)                                                                                                 \
    }
#define RULE_ROWS(owner)                                                                                               \
    TEXT_ROW(owner, description, SP_POLICY_TEXT_MAX, "what a finding says"),                                           \
        TEXT_ROW(owner, id, SP_POLICY_ID_MAX, "the rule's name in findings; unique in the policy"),                    \
        TEXT_ROW(owner, cwe, SP_POLICY_TEXT_MAX, "the weakness that the rule is about, repeated by findings"),         \
        TEXT_ROW(owner, url, SP_POLICY_TEXT_MAX, "where to read more, repeated by findings"),                          \
        TEXT_ROW(owner, fix, SP_POLICY_TEXT_MAX, "what to do instead, repeated by findings"),                          \
        {.name = "languages",                                                                                          \
            .type = SP_FIELD_OBJECT,                                                                                   \
            .offset = offsetof(owner, rule.languages),                                                                 \
            .help = "the languages that the rule is for; all by default"},                                             \
        SEVERITY_ROW(                                                                                                  \
            "severity", owner, rule.severity, SP_POLICY_RAW_ABSENT, "safe, low, medium or high; high by default")
#define SEVERITY_ROW(key, owner, member, value, text)                                                                  \
    {                                                                                                                  \
        .name = (key), .type = SP_FIELD_CHOICE, .flags = SP_FIELD_ANY_CASE | SP_FIELD_BY_INDEX,                        \
        .offset = offsetof(owner, member), .choices = severities, .noun = "severity", .standard = (value),             \
        .help = (text)                                                                                                 \
    }

static const struct sp_field pattern_rows[] = {
    {.name = "pattern",
        .type = SP_FIELD_STRING,
        .flags = SP_FIELD_REQUIRED,
        .offset = offsetof(struct sp_policy_raw_pattern, pattern),
        .min = 1,
        .max = SP_POLICY_PATTERN_MAX,
        .help = "a regular expression of Python's re"},
    {.name = "scope",
        .type = SP_FIELD_CHOICE,
        .offset = offsetof(struct sp_policy_raw_pattern, scope),
        .choices = sp_policy_scopes,
        .standard = SP_SCOPE_CODE,
        .help = "where a match counts: code, strings, comments, anywhere"},
    {.name = "flags",
        .type = SP_FIELD_STRINGS,
        .offset = offsetof(struct sp_policy_raw_pattern, flags),
        .min = 1,
        .max = 32,
        .n_max = 5,
        .help = "ignore_case, multiline, dotall, verbose, ascii"},
    RULE_ROWS(struct sp_policy_raw_pattern),
};
static const struct sp_table pattern_table = SP_TABLE(struct sp_policy_raw_pattern, pattern_rows);

static const struct sp_field module_rows[] = {
    {.name = "name",
        .type = SP_FIELD_STRING,
        .flags = SP_FIELD_REQUIRED,
        .offset = offsetof(struct sp_policy_raw_module, name),
        .min = 1,
        .max = SP_POLICY_MODULE_MAX,
        .help = "the module; what lies under it is meant too"},
    RULE_ROWS(struct sp_policy_raw_module),
};
static const struct sp_table module_table = SP_TABLE(struct sp_policy_raw_module, module_rows);

static const struct sp_field policy_rows[] = {
    {.name = "name",
        .type = SP_FIELD_STRING,
        .offset = offsetof(struct sp_policy_raw, name),
        .min = 1,
        .max = SP_POLICY_NAME_MAX,
        .help = "what it is called; no part of its id"},
    {.name = "language",
        .type = SP_FIELD_OBJECT,
        .offset = offsetof(struct sp_policy_raw, language),
        .help = "the language or languages that it judges; all by default"},
    SEVERITY_ROW("severity_threshold", struct sp_policy_raw, threshold, SP_POLICY_RAW_ABSENT,
        "findings of this severity or above block; safe blocks nothing; medium by default"),
    {.name = "patterns",
        .type = SP_FIELD_TABLES,
        .offset = offsetof(struct sp_policy_raw, patterns),
        .n_max = SP_POLICY_RULES_MAX,
        .table = &pattern_table,
        .help = "regular expressions"},
    {.name = "restricted_modules",
        .type = SP_FIELD_TABLES,
        .offset = offsetof(struct sp_policy_raw, modules),
        .n_max = SP_POLICY_RULES_MAX,
        .table = &module_table,
        .help = "modules that are findings"},
    {.name = "allowed_modules",
        .type = SP_FIELD_OBJECT,
        .offset = offsetof(struct sp_policy_raw, allowed),
        .help = "every other module is a finding"},
    SEVERITY_ROW("unlisted_modules", struct sp_policy_raw, unlisted, SP_POLICY_RAW_ABSENT,
        "severity of a module that is not allowed; high by default"),
    SEVERITY_ROW("dynamic_code", struct sp_policy_raw, dynamic, SP_POLICY_RAW_ABSENT,
        "severity of an import or evaluation whose target is not known; that of unlisted_modules where modules are "
        "allow-listed, low where only restricted"),
    SEVERITY_ROW("unicode", struct sp_policy_raw, unicode, SP_POLICY_RAW_ABSENT,
        "severity of bidirectional controls, invisible characters, mixed-script identifiers; not looked for by "
        "default"),
};
const struct sp_table sp_policy_raw_table = SP_TABLE(struct sp_policy_raw, policy_rows);

static const struct sp_field allowed_rows[] = {
    {.name = SP_POLICY_RAW_ALLOWED,
        .type = SP_FIELD_STRINGS,
        .offset = offsetof(struct sp_policy_raw_allowed, names),
        .min = 1,
        .max = SP_POLICY_MODULE_MAX,
        .n_max = SP_POLICY_RULES_MAX},
};
const struct sp_table sp_policy_raw_allowed_table = SP_TABLE(struct sp_policy_raw_allowed, allowed_rows);
