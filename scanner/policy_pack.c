/* A policy as MessagePack: what policy.get answers, and the canonical encoding that its id is computed over. Any thread;
 * reads the model only. The order of the keys is part of the id: it never changes. */
#include <openssl/evp.h>

#include "proto/language.h"
#include "proto/pack.h"
#include "scanner/policy.h"

#define PACKED_BYTES_MAX (4u * SP_POLICY_MODEL_BYTES)

static size_t given(const char *text)
{
    return text ? 1 : 0;
}

static void pack_optional(struct sp_buffer *buffer, const char *key, const char *text)
{
    if (!text)
        return;
    sp_pack_key(buffer, key);
    sp_pack_cstr(buffer, text);
}

static void pack_severity(struct sp_buffer *buffer, const char *key, enum sp_severity severity)
{
    sp_pack_key(buffer, key);
    sp_pack_cstr(buffer, sp_severity_name(severity));
}

static void pack_languages(struct sp_buffer *buffer, const char *key, uint32_t languages)
{
    sp_pack_key(buffer, key);
    sp_pack_array(buffer, (size_t)__builtin_popcount(languages));
    for (int i = 0; i < SP_LANGUAGE_COUNT; i++)
        if (languages & (1u << i))
            sp_pack_cstr(buffer, sp_language_name(i));
}

static size_t rule_pairs(const struct sp_policy_rule *rule)
{
    return 1 + (rule->described ? 1 : 0) + (rule->languages ? 1 : 0) + given(rule->id) + given(rule->cwe) +
           given(rule->url) + given(rule->fix);
}

static void pack_rule(struct sp_buffer *buffer, const struct sp_policy_rule *rule)
{
    if (rule->described)
        pack_optional(buffer, "description", rule->description);
    pack_severity(buffer, "severity", rule->severity);
    if (rule->languages)
        pack_languages(buffer, "languages", rule->languages);
    pack_optional(buffer, "id", rule->id);
    pack_optional(buffer, "cwe", rule->cwe);
    pack_optional(buffer, "url", rule->url);
    pack_optional(buffer, "fix", rule->fix);
}

static void pack_pattern(struct sp_buffer *buffer, const struct sp_policy_pattern *pattern)
{
    sp_pack_map(buffer, 2 + (pattern->flags ? 1 : 0) + rule_pairs(&pattern->rule));
    sp_pack_key(buffer, "pattern");
    sp_pack_text(buffer, pattern->pattern);
    sp_pack_key(buffer, "scope");
    sp_pack_cstr(buffer, sp_policy_scopes[pattern->scope]);
    if (pattern->flags) {
        sp_pack_key(buffer, "flags");
        sp_pack_array(buffer, (size_t)__builtin_popcount(pattern->flags));
        for (size_t bit = 0; sp_policy_flags[bit]; bit++)
            if (pattern->flags & (1u << bit))
                sp_pack_cstr(buffer, sp_policy_flags[bit]);
    }
    pack_rule(buffer, &pattern->rule);
}

void sp_policy_pack_model(const struct sp_policy_model *model, bool with_name, struct sp_buffer *buffer)
{
    bool named = with_name && model->name;
    bool has_dynamic = model->dynamic < SP_SEVERITY_COUNT, has_unicode = model->unicode < SP_SEVERITY_COUNT;
    sp_pack_map(buffer, 3 + (named ? 1u : 0) + (model->languages ? 1u : 0) + (model->has_allowed ? 2u : 0) +
                            (has_dynamic ? 1u : 0) + (has_unicode ? 1u : 0));
    if (named)
        pack_optional(buffer, "name", model->name);
    if (model->languages)
        pack_languages(buffer, "language", model->languages);
    pack_severity(buffer, "severity_threshold", model->threshold);
    sp_pack_key(buffer, "patterns");
    sp_pack_array(buffer, model->n_patterns);
    for (size_t i = 0; i < model->n_patterns; i++)
        pack_pattern(buffer, &model->patterns[i]);
    sp_pack_key(buffer, "restricted_modules");
    sp_pack_array(buffer, model->n_modules);
    for (size_t i = 0; i < model->n_modules; i++) {
        sp_pack_map(buffer, 1 + rule_pairs(&model->modules[i].rule));
        sp_pack_key(buffer, "name");
        sp_pack_text(buffer, model->modules[i].name);
        pack_rule(buffer, &model->modules[i].rule);
    }
    if (model->has_allowed) {
        sp_pack_key(buffer, "allowed_modules");
        sp_pack_array(buffer, model->n_allowed);
        for (size_t i = 0; i < model->n_allowed; i++)
            sp_pack_text(buffer, model->allowed[i]);
        pack_severity(buffer, "unlisted_modules", model->unlisted);
    }
    if (has_dynamic)
        pack_severity(buffer, "dynamic_code", model->dynamic);
    if (has_unicode)
        pack_severity(buffer, "unicode", model->unicode);
}

int sp_policy_identify(struct sp_policy_model *model, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, PACKED_BYTES_MAX);
    sp_policy_pack_model(model, false, &buffer);
    if (buffer.failed)
        return sp_error_set(error, buffer.failed, NULL);
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(buffer.bytes, buffer.n_bytes, digest, NULL, EVP_sha256(), NULL) != 1)
        return sp_error_set(error, SP_EINTERNAL, "libcrypto has no SHA-256");
    memcpy(model->id, "sha256:", 7);
    for (size_t i = 0; i < 32; i++)
        snprintf(model->id + 7 + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

int sp_policy_pack(const struct sp_policy *policy, struct sp_buffer *buffer)
{
    sp_policy_pack_model(policy->model, true, buffer);
    return buffer->failed;
}

int sp_policy_pack_grades(const struct sp_policy *policy, struct sp_buffer *buffer)
{
    const struct sp_policy_model *model = policy->model;
    sp_pack_array(buffer, model->n_patterns);
    for (size_t i = 0; i < model->n_patterns; i++) {
        sp_pack_map(buffer, 4);
        sp_pack_key(buffer, "rule");
        sp_pack_cstr(buffer, model->patterns[i].rule.name);
        sp_pack_key(buffer, "pattern");
        sp_pack_text(buffer, model->patterns[i].pattern);
        sp_pack_key(buffer, "ascii");
        sp_pack_cstr(buffer, sp_grade_name(sp_matcher_grade(policy->matcher, i, false)));
        sp_pack_key(buffer, "utf8");
        sp_pack_cstr(buffer, sp_grade_name(sp_matcher_grade(policy->matcher, i, true)));
    }
    return buffer->failed;
}
