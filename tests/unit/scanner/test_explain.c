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
