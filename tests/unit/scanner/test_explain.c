#include "tests/unit/scanner/scan_fixture.h"

/* MessagePack as JSON without blanks, for what these maps hold. */
static void print(const msgpack_object *object, char **at)
{
    switch (object->type) {
    case MSGPACK_OBJECT_STR: *at += sprintf(*at, "\"%.*s\"", (int)object->via.str.size, object->via.str.ptr); break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER: *at += sprintf(*at, "%llu", (unsigned long long)object->via.u64); break;
    case MSGPACK_OBJECT_BOOLEAN: *at += sprintf(*at, object->via.boolean ? "true" : "false"); break;
    case MSGPACK_OBJECT_ARRAY:
        *at = stpcpy(*at, "[");
        for (uint32_t i = 0; i < object->via.array.size; i++) {
            *at = stpcpy(*at, i ? "," : "");
            print(&object->via.array.ptr[i], at);
        }
        *at = stpcpy(*at, "]");
        break;
    case MSGPACK_OBJECT_MAP:
        *at = stpcpy(*at, "{");
        for (uint32_t i = 0; i < object->via.map.size; i++) {
            *at = stpcpy(*at, i ? "," : "");
            print(&object->via.map.ptr[i].key, at);
            *at = stpcpy(*at, ":");
            print(&object->via.map.ptr[i].val, at);
        }
        *at = stpcpy(*at, "}");
        break;
    default: cr_assert_fail("a type that explain does not use");
    }
}

static void expect(const char *yaml, const char *code, const char *json)
{
    sp_cleanup(fixture_fini) struct fixture f;
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_cleanup(sp_free_ptr) char *told = malloc(1 << 16);
    char *at = told;
    sp_buffer_init(&buffer, 1 << 20);
    fixture_init(&f, &yaml, yaml ? 1 : 0);
    struct sp_scan_options options = {.language = SP_STR("python"),
        .policies = (const struct sp_policy *const *)f.policies,
        .n_policies = f.n_policies};
    cr_assert_eq(sp_explain(f.scanner, &options, sp_str_of(code), &f.arena, &buffer, &f.error), 0, "%s", f.error.text);
    msgpack_unpacked unpacked;
    msgpack_object map = fixture_unpack(&buffer, &unpacked);
    print(&map, &at);
    msgpack_unpacked_destroy(&unpacked);
    cr_assert(strstr(told, json), "%s is not in\n%s", json, told);
}

Test(explain, tells_the_spans)
{
    expect(NULL, "x = 'a' # b\n",
        "{\"language\":\"python\",\"comments\":[[8,11]],\"strings\":[[4,7]],\"chars\":[],\"regexes\":[],"
        "\"interpolations\":[],\"modules\":[],\"names\":[],\"dropped\":[]}");
    expect(NULL, "f'{y}' '''z'''", "\"strings\":[[0,6],[7,14]],");
    expect(NULL, "f'{y}'", "\"interpolations\":[[3,4]],");
}

Test(explain, counts_bytes_of_the_file_as_it_is)
{
    expect(NULL, "\xef\xbb\xbfx = '\u00e9'\r\n# \u00e9\r\nf'{x!r:>{w}}'",
        "\"comments\":[[13,17]],\"strings\":[[7,11],[19,32]],\"chars\":[],\"regexes\":[],"
        "\"interpolations\":[[22,23],[28,29]],");
    expect(NULL, "f'{g(\"a\", f'{b}')}' # c", "\"strings\":[[0,19],[5,8],[10,16]],");
    expect(NULL, "f'{g(\"a\", f'{b}')}' # c", "\"interpolations\":[[3,17],[13,14]],");
    expect(NULL, "\xef\xbb\xbfimport os\r\n",
        "\"modules\":[{\"name\":\"os\",\"offset\":10,\"length\":2,\"via\":\"direct\"}],");
}

Test(explain, tells_every_way_to_a_name)
{
    static const char *const ways[][2] = {
        {"import os\nos.system", "\"name\":\"os.system\",\"offset\":10,\"length\":9,\"via\":\"direct\",\"call\":false"},
        {"from os import system as s\ns(1)",
            "\"name\":\"os.system\",\"offset\":27,\"length\":1,\"via\":\"alias\",\"call\":true"},
        {"__import__('os').system(1)",
            "\"name\":\"os.system\",\"offset\":0,\"length\":23,\"via\":\"call\",\"call\":true"},
        {"import os\ngetattr(os, 'sys' + 'tem')",
            "\"name\":\"os.system\",\"offset\":10,\"length\":26,\"via\":\"folded\",\"call\":false"},
        {"eval('exec')", "\"name\":\"exec\",\"offset\":5,\"length\":6,\"via\":\"evaluated\",\"call\":false"},
    };
    for (size_t i = 0; i < SP_COUNT(ways); i++)
        expect(NULL, ways[i][0], ways[i][1]);
}

Test(explain, tells_modules_and_names)
{
    expect(NULL, "import os as o\no.system('x')\n",
        "\"modules\":[{\"name\":\"os\",\"offset\":7,\"length\":2,\"via\":\"direct\"}]");
    expect(NULL, "import os as o\no.system('x')\n",
        "{\"name\":\"os.system\",\"offset\":15,\"length\":8,\"via\":\"alias\",\"call\":true}");
    expect(
        NULL, "from os import path\n", "\"modules\":[{\"name\":\"os\",\"offset\":5,\"length\":2,\"via\":\"direct\"}],");
}

Test(explain, tells_what_evaluated_code_uses)
{
    expect(
        NULL, "exec('import re')", "\"modules\":[{\"name\":\"re\",\"offset\":5,\"length\":11,\"via\":\"evaluated\"}]");
}

#define EVAL "patterns: [{pattern: 'eval\\(', severity: high, id: e}]"

Test(explain, tells_what_was_dropped_and_why)
{
    expect(EVAL, "x # eval(1)", "\"dropped\":[{\"rule\":\"e\",\"offset\":4,\"length\":5,\"reason\":\"comment\"}]");
    expect(EVAL, "'eval('", "\"dropped\":[{\"rule\":\"e\",\"offset\":1,\"length\":5,\"reason\":\"string\"}]");
    expect(EVAL, "eval(1)", "\"dropped\":[]");
    expect("patterns: [{pattern: 'system\\(', severity: high, id: e}]", "import os as o\no.system(1)",
        "\"dropped\":[{\"rule\":\"e\",\"offset\":15,\"length\":9,\"reason\":\"duplicate\"}]");
}

Test(explain, tells_what_another_scope_dropped)
{
    expect("patterns: [{pattern: 'key', severity: high, id: k, scope: strings}]", "key # key\n'key'",
        "\"dropped\":[{\"rule\":\"k\",\"offset\":6,\"length\":3,\"reason\":\"comment\"}]");
    expect("patterns: [{pattern: 'key', severity: high, id: k, scope: comments}]", "key # key\n'key'",
        "\"dropped\":[{\"rule\":\"k\",\"offset\":11,\"length\":3,\"reason\":\"string\"}]");
    expect(
        "patterns: [{pattern: 'key', severity: high, id: k, scope: anywhere}]", "key # key\n'key'", "\"dropped\":[]");
    expect("patterns: [{pattern: 'key', severity: high, id: k}]", "exec('x # key')",
        "\"dropped\":[{\"rule\":\"k\",\"offset\":5,\"length\":9,\"reason\":\"comment\"}]");
}

/* One rule at one place counts once. */
Test(explain, tells_what_modules_are_dropped)
{
    static const char code[] = "a = 'os'\nif x: a = 'os.path'\n__import__(a)";
    expect("restricted_modules: [{name: os, severity: high}]", code,
        "\"dropped\":[{\"rule\":\"restricted_modules[os]\",\"offset\":40,\"length\":1,\"reason\":\"duplicate\"}]");
    expect("allowed_modules: [math]", code,
        "\"dropped\":[{\"rule\":\"allowed_modules\",\"offset\":40,\"length\":1,\"reason\":\"duplicate\"}]");
    expect("restricted_modules: [{name: os, severity: high}]", "import os\nimport os", "\"dropped\":[]");
}

/* Never the half of it for the whole. */
Test(explain, what_does_not_fit_is_refused)
{
    sp_cleanup(fixture_fini) struct fixture f;
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    const char *yaml = "patterns: [{pattern: 'a', severity: low}]";
    size_t n_bytes = 600000;
    sp_cleanup(sp_free_ptr) char *code = malloc(n_bytes);
    sp_buffer_init(&buffer, 256 << 20);
    fixture_init(&f, &yaml, 1);
    for (size_t i = 0; i < n_bytes; i++)
        code[i] = i % 2 ? 'a' : '#';
    struct sp_scan_options options = {
        .language = SP_STR("python"), .policies = (const struct sp_policy *const *)f.policies, .n_policies = 1};
    cr_assert_eq(
        sp_explain(f.scanner, &options, (struct sp_str){code, n_bytes}, &f.arena, &buffer, &f.error), SP_ETOO_LARGE);
    cr_assert_eq(sp_explain(f.scanner, &options, (struct sp_str){code, 20000}, &f.arena, &buffer, &f.error), 0);
    msgpack_unpacked unpacked;
    msgpack_object map = fixture_unpack(&buffer, &unpacked);
    cr_assert_eq(map.via.map.ptr[8].val.via.array.size, 10000);
    msgpack_unpacked_destroy(&unpacked);
}

Test(explain, what_overlaps_is_dropped_once)
{
    expect("patterns: [{pattern: '\\w+', severity: high, id: w}]", "# word",
        "\"dropped\":[{\"rule\":\"w\",\"offset\":2,\"length\":4,\"reason\":\"comment\"}]");
}

Test(explain, refuses_what_a_scan_refuses)
{
    sp_cleanup(fixture_fini) struct fixture f;
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    fixture_init(&f, NULL, 0);
    struct sp_scan_options options = {.language = SP_STR("cobol")};
    cr_assert_eq(sp_explain(f.scanner, &options, SP_STR("x"), &f.arena, &buffer, &f.error), SP_EUNSUPPORTED_LANGUAGE);
    cr_assert_eq(buffer.n_bytes, 0);
}
