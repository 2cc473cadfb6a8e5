#include "proto/language.h"
#include "scanner/policy.h"

#include "tests/unit/scanner/scan_fixture.h"

SP_CLEANUP_DEFINE(struct sp_policy *, sp_policy_unref)

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

Test(policy_compile, is_released_with_its_last_reference)
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

Test(policy_compile, tells_the_grades_of_its_patterns)
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

Test(policy_compile, finds_modules_by_whole_prefixes)
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
