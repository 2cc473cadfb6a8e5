#ifndef SP_TESTS_SCAN_FIXTURE_H
#define SP_TESTS_SCAN_FIXTURE_H

/* Policies from YAML and scans in one line each, for the scanner's tests. */

#include <criterion/criterion.h>

#include "proto/scope.h"
#include "proto/yaml.h"
#include "scanner/scanner.h"

/* A verdict with all that it points into. */
struct fixture {
    struct sp_scanner *scanner;
    struct sp_policy *policies[SP_SCAN_POLICIES_MAX];
    size_t n_policies;
    struct sp_arena arena;
    struct sp_verdict verdict;
    struct sp_error error;
    int result;
};

static inline int fixture_model(const char *yaml, struct sp_policy_model **ret_model, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 8 << 20);
    int r = sp_yaml_pack(sp_str_of(yaml), sp_yaml_policy_strings, SP_EINVALID_POLICY, &buffer, error);
    if (r < 0)
        return r;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    cr_assert(
        msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, NULL) == MSGPACK_UNPACK_SUCCESS);
    r = sp_policy_model_new(&unpacked.data, ret_model, error);
    msgpack_unpacked_destroy(&unpacked);
    return r;
}

static inline struct sp_policy *fixture_policy(const char *yaml)
{
    struct sp_policy_model *model = NULL;
    struct sp_policy *policy = NULL;
    struct sp_error error = {0};
    char text[512];
    int r = fixture_model(yaml, &model, &error);
    if (r == 0)
        r = sp_policy_compile(model, &policy, &error);
    cr_assert(r == 0, "%s", sp_error_format(&error, text, sizeof(text)));
    return policy;
}

static inline void fixture_init(struct fixture *f, const char *const *yamls, size_t n_yamls)
{
    *f = (struct fixture){0};
    sp_arena_init(&f->arena, 64 << 20);
    cr_assert(sp_scanner_new(&f->scanner, &f->error) == 0, "%s", f->error.text);
    for (size_t i = 0; i < n_yamls; i++)
        f->policies[f->n_policies++] = fixture_policy(yamls[i]);
}

static inline void fixture_fini(struct fixture *f)
{
    for (size_t i = 0; i < f->n_policies; i++)
        sp_policy_unref(f->policies[i]);
    sp_scanner_free(f->scanner);
    sp_arena_fini(&f->arena);
}

/* Scans once more with what is there; result, verdict and error are the new ones. */
static inline void fixture_scan(
    struct fixture *f, const char *language, struct sp_str code, size_t violations_max, bool strict)
{
    struct sp_scan_options options = {.language = sp_str_of(language),
        .policies = (const struct sp_policy *const *)f->policies,
        .n_policies = f->n_policies,
        .violations_max = violations_max,
        .strict_encoding = strict};
    f->error = (struct sp_error){0};
    f->verdict = (struct sp_verdict){0};
    f->result = sp_scan(f->scanner, &options, code, &f->arena, &f->verdict, &f->error);
}

static inline void fixture_start(struct fixture *f, const char *yaml, const char *language, const char *code)
{
    fixture_init(f, &yaml, yaml ? 1 : 0);
    fixture_scan(f, language, sp_str_of(code), 0, false);
    cr_assert(f->result == 0, "%s", f->error.text);
}

/* One scan whose whole verdict matters. */
#define FIXTURE(f, yaml, language, code)                                                                               \
    sp_cleanup(fixture_fini) struct fixture f;                                                                         \
    fixture_start(&f, (yaml), (language), (code))

static inline const struct sp_finding *fixture_find(const struct fixture *f, const char *rule)
{
    for (size_t i = 0; i < f->verdict.n_findings; i++)
        if (strcmp(f->verdict.findings[i].rule, rule) == 0)
            return &f->verdict.findings[i];
    return NULL;
}

static inline size_t fixture_count(const struct fixture *f, const char *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < f->verdict.n_findings; i++)
        n += strcmp(f->verdict.findings[i].rule, rule) == 0;
    return n;
}

static inline msgpack_object fixture_unpack(const struct sp_buffer *buffer, msgpack_unpacked *unpacked)
{
    msgpack_unpacked_init(unpacked);
    cr_assert(buffer->failed == 0);
    size_t at = 0;
    cr_assert(
        msgpack_unpack_next(unpacked, (const char *)buffer->bytes, buffer->n_bytes, &at) == MSGPACK_UNPACK_SUCCESS);
    cr_assert(at == buffer->n_bytes, "more than one value");
    return unpacked->data;
}

#endif
