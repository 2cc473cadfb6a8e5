/* What is judged: any bytes as Python, by a policy with rules of every kind. */
#include <string.h>

#include "proto/yaml.h"
#include "scanner/scanner.h"
#include "tests/fuzz/fuzz.h"

static const char policy_text[] =
    "language: python\nseverity_threshold: medium\nunicode: medium\n"
    "restricted_modules:\n"
    "  - {name: os, description: d, severity: high}\n  - {name: subprocess, description: d, severity: low}\n"
    "patterns:\n"
    "  - {pattern: '\\bos\\.system\\s*\\(', description: d, severity: high}\n"
    "  - {pattern: '(?<!x)\\beval\\s*\\(', description: d, severity: medium}\n"
    "  - {pattern: 'secret', description: d, severity: low, scope: strings}\n"
    "  - {pattern: 'nosec', description: d, severity: low, scope: comments}\n"
    "  - {pattern: '[^\\x00-\\x7f]', description: d, severity: low, scope: anywhere}\n";

static struct sp_policy *make_policy(void)
{
    struct sp_buffer buffer;
    struct sp_policy_model *model = NULL;
    struct sp_policy *policy = NULL;
    msgpack_unpacked unpacked;
    size_t at = 0;
    sp_buffer_init(&buffer, 1u << 20);
    msgpack_unpacked_init(&unpacked);
    FUZZ_CHECK(sp_yaml_pack(SP_STR(policy_text), sp_yaml_policy_strings, SP_EINVALID_POLICY, &buffer, NULL) == 0);
    FUZZ_CHECK(
        msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, &at) == MSGPACK_UNPACK_SUCCESS);
    FUZZ_CHECK(sp_policy_model_new(&unpacked.data, &model, NULL) == 0);
    FUZZ_CHECK(sp_policy_compile(model, &policy, NULL) == 0);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&buffer);
    return policy;
}

static void check_verdict(const struct sp_verdict *verdict, size_t n_bytes)
{
    size_t blocking = 0;
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct sp_finding *finding = &verdict->findings[i];
        FUZZ_CHECK(finding->offset <= n_bytes && finding->length <= n_bytes - finding->offset);
        FUZZ_CHECK(finding->line >= 1 && finding->column >= 1);
        FUZZ_CHECK(i == 0 || verdict->findings[i - 1].offset <= finding->offset);
        FUZZ_CHECK(finding->text.n_bytes <= 200);
        blocking += finding->blocking;
    }
    FUZZ_CHECK(verdict->truncated || verdict->safe == (blocking == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static struct sp_policy *policy;
    static struct sp_scanner *scanner;
    if (!policy) {
        policy = make_policy();
        FUZZ_CHECK(sp_scanner_new(&scanner, NULL) == 0);
    }
    const struct sp_policy *policies[] = {policy};
    struct sp_scan_options options = {.language = SP_STR("python"), .policies = policies, .n_policies = 1};
    struct sp_str code = {(const char *)bytes, n_bytes};
    for (int strict = 0; strict < 2; strict++) {
        struct sp_arena arena;
        struct sp_verdict verdict;
        struct sp_buffer buffer;
        sp_arena_init(&arena, 64u << 20);
        sp_buffer_init(&buffer, 64u << 20);
        options.strict_encoding = strict;
        if (sp_scan(scanner, &options, code, &arena, &verdict, NULL) == 0) {
            check_verdict(&verdict, n_bytes);
            FUZZ_CHECK(sp_verdict_pack(&verdict, 0, &buffer) == 0);
        }
        sp_buffer_fini(&buffer);
        sp_arena_fini(&arena);
    }
    return 0;
}
