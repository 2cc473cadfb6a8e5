/* What is judged: any bytes as Python, by a policy with rules of every kind. What explain tells of them is what it
 * promises, and comments say nothing. */
#include <string.h>

#include "proto/yaml.h"
#include "scanner/scanner.h"
#include "tests/fuzz/fuzz_spans.h"

static const char policy_text[] =
    "language: python\nseverity_threshold: medium\nunicode: medium\n"
    "restricted_modules:\n"
    "  - {name: os, description: d, severity: high}\n  - {name: subprocess, description: d, severity: low}\n"
    "patterns:\n"
    "  - {pattern: '\\bos\\.system\\s*\\(', description: d, severity: high}\n"
    "  - {pattern: '(?<!x)\\beval\\s*\\(', description: d, severity: medium}\n"
    "  - {pattern: 'secret', description: d, severity: low, scope: strings}\n"
    "  - {pattern: 'nosec', description: d, severity: low, scope: comments, id: nosec}\n"
    "  - {pattern: '[^\\x00-\\x7f]', description: d, severity: low, scope: anywhere, id: anywhere}\n";

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

/* Does the finding hang on what stands in comments? */
static bool is_of_comments(const struct sp_finding *finding)
{
    return finding->kind == SP_FINDING_ENCODING || finding->kind == SP_FINDING_UNICODE ||
           strcmp(finding->rule, "nosec") == 0 || strcmp(finding->rule, "anywhere") == 0;
}

static void check_same(const struct sp_verdict *verdict, const struct sp_verdict *blanked)
{
    size_t at = 0;
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct sp_finding *x = &verdict->findings[i];
        if (is_of_comments(x))
            continue;
        while (at < blanked->n_findings && is_of_comments(&blanked->findings[at]))
            at++;
        FUZZ_CHECK(at < blanked->n_findings);
        const struct sp_finding *y = &blanked->findings[at++];
        FUZZ_CHECK(x->offset == y->offset && x->length == y->length && x->via == y->via && x->kind == y->kind);
        FUZZ_CHECK(strcmp(x->rule, y->rule) == 0 && x->blocking == y->blocking && x->line == y->line);
        FUZZ_CHECK(x->column == y->column && x->inner_offset == y->inner_offset);
    }
    while (at < blanked->n_findings && is_of_comments(&blanked->findings[at]))
        at++;
    FUZZ_CHECK(at == blanked->n_findings && verdict->n_modules == blanked->n_modules);
}

static void check_blanked(struct sp_scanner *scanner, const struct sp_scan_options *options, struct sp_str code,
    const struct sp_verdict *verdict)
{
    struct sp_arena arena;
    struct sp_verdict other;
    sp_arena_init(&arena, FUZZ_ARENA_BYTES);
    struct sp_span_list spans = fuzz_lex(code, "", &arena);
    struct sp_str blanked = fuzz_blank(code, &spans, &arena);
    if (fuzz_is_settled(&spans) && sp_scan(scanner, options, blanked, &arena, &other, NULL) == 0 && !other.truncated)
        check_same(verdict, &other);
    sp_arena_fini(&arena);
}

static uint64_t number_of(const msgpack_object *map, const char *key)
{
    for (uint32_t i = 0; i < map->via.map.size; i++)
        if (sp_str_is((struct sp_str){map->via.map.ptr[i].key.via.str.ptr, map->via.map.ptr[i].key.via.str.size}, key))
            return map->via.map.ptr[i].val.via.u64;
    FUZZ_CHECK(!"a key is missing");
    return 0;
}

/* Pairs are half-open and in order of start; so are the maps of the other lists. */
static void check_list(const msgpack_object *list, size_t n_bytes)
{
    uint64_t last = 0;
    FUZZ_CHECK(list->type == MSGPACK_OBJECT_ARRAY);
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        const msgpack_object *item = &list->via.array.ptr[i];
        bool pair = item->type == MSGPACK_OBJECT_ARRAY;
        uint64_t start = pair ? item->via.array.ptr[0].via.u64 : number_of(item, "offset");
        uint64_t end = pair ? item->via.array.ptr[1].via.u64 : start + number_of(item, "length");
        FUZZ_CHECK(last <= start && start <= end && end <= n_bytes);
        last = start;
    }
}

static void check_explained(struct sp_scanner *scanner, const struct sp_scan_options *options, struct sp_str code)
{
    struct sp_arena arena;
    struct sp_buffer buffer;
    msgpack_unpacked unpacked;
    size_t at = 0;
    sp_arena_init(&arena, FUZZ_ARENA_BYTES);
    sp_buffer_init(&buffer, 64u << 20);
    msgpack_unpacked_init(&unpacked);
    if (sp_explain(scanner, options, code, &arena, &buffer, NULL) == 0) {
        FUZZ_CHECK(
            msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, &at) == MSGPACK_UNPACK_SUCCESS);
        FUZZ_CHECK(at == buffer.n_bytes && unpacked.data.via.map.size == 9);
        for (uint32_t i = 1; i < 9; i++)
            check_list(&unpacked.data.via.map.ptr[i].val, code.n_bytes);
    }
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&buffer);
    sp_arena_fini(&arena);
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
            if (!strict && !verdict.truncated)
                check_blanked(scanner, &options, code, &verdict);
        }
        sp_buffer_fini(&buffer);
        sp_arena_fini(&arena);
    }
    check_explained(scanner, &options, code);
    return 0;
}
