#include <criterion/criterion.h>
#include <string.h>

#include "proto/yaml.h"

static struct sp_buffer buffer;
static struct sp_error error;
static msgpack_unpacked unpacked;

static int pack(const char *yaml)
{
    size_t at = 0;
    sp_buffer_init(&buffer, 1 << 20);
    memset(&error, 0, sizeof(error));
    msgpack_unpacked_init(&unpacked);
    int r = sp_yaml_pack(sp_str_of(yaml), sp_yaml_policy_strings, SP_EINVALID_POLICY, &buffer, &error);
    if (r == 0)
        cr_assert_eq(msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, &at),
            MSGPACK_UNPACK_SUCCESS, "%s", yaml);
    return r;
}

static void done(void)
{
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&buffer);
}

Test(yaml, plain_scalars_follow_the_core_schema)
{
    static const struct {
        const char *text;
        msgpack_object_type type;
    } cases[] = {{"~", MSGPACK_OBJECT_NIL}, {"null", MSGPACK_OBJECT_NIL}, {"True", MSGPACK_OBJECT_BOOLEAN},
        {"yes", MSGPACK_OBJECT_STR}, {"on", MSGPACK_OBJECT_STR}, {"0x1F", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"0o17", MSGPACK_OBJECT_POSITIVE_INTEGER}, {"017", MSGPACK_OBJECT_POSITIVE_INTEGER},
        {"-5", MSGPACK_OBJECT_NEGATIVE_INTEGER}, {"1_000", MSGPACK_OBJECT_STR}, {"1:30", MSGPACK_OBJECT_STR},
        {"1.5", MSGPACK_OBJECT_FLOAT64}, {".5e3", MSGPACK_OBJECT_FLOAT64}, {".", MSGPACK_OBJECT_STR},
        {"1e", MSGPACK_OBJECT_STR}, {"'5'", MSGPACK_OBJECT_STR}, {"\"true\"", MSGPACK_OBJECT_STR},
        {"99999999999999999999999", MSGPACK_OBJECT_FLOAT64}, {"2001-01-01", MSGPACK_OBJECT_STR}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char yaml[100];
        snprintf(yaml, sizeof(yaml), "k: %s", cases[i].text);
        cr_assert_eq(pack(yaml), 0);
        cr_assert_eq(unpacked.data.via.map.ptr[0].val.type, cases[i].type, "%s", cases[i].text);
        done();
    }
}

Test(yaml, names_and_patterns_are_always_strings)
{
    cr_assert_eq(pack("patterns: [{pattern: 12, severity: 3}]\nname: null\n"), 0);
    const msgpack_object *row = &unpacked.data.via.map.ptr[0].val.via.array.ptr[0];
    cr_assert_eq(row->via.map.ptr[0].val.type, MSGPACK_OBJECT_STR);
    cr_assert_eq(row->via.map.ptr[1].val.type, MSGPACK_OBJECT_POSITIVE_INTEGER);
    cr_assert_eq(unpacked.data.via.map.ptr[1].val.type, MSGPACK_OBJECT_STR);
    done();
}

Test(yaml, an_empty_document_is_an_empty_map)
{
    static const char *const empty[] = {"", "# nothing\n", "---\n...\n"};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(pack(empty[i]), 0);
        cr_assert_eq(unpacked.data.type, MSGPACK_OBJECT_MAP);
        done();
    }
    cr_assert_eq(pack(empty[2]), 0);
    cr_assert_eq(unpacked.data.type, MSGPACK_OBJECT_NIL, "an explicit document without a value is null");
    done();
}

Test(yaml, what_is_refused_is_refused_with_its_place)
{
    static const struct {
        const char *yaml;
        uint32_t line, column;
        const char *text;
    } cases[] = {
        {"a: &x 1", 1, 4, "anchors and tags are not allowed"},
        {"a: [&x {}]", 1, 5, "anchors and tags are not allowed"},
        {"a:\n  b: *x", 2, 6, "aliases are not allowed"},
        {"a: !!str 1", 1, 4, "anchors and tags are not allowed"},
        {"<<: {a: 1}", 1, 1, "merge keys are not allowed"},
        {"a: 1\n---\nb: 2", 2, 1, "only one document is allowed"},
        {"? [a]\n: 1", 1, 3, "a key must be a scalar"},
        {"[[[[[[[[[[[[[[[[[", 1, 17, "nests too deep"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(pack(cases[i].yaml), SP_EINVALID_POLICY, "%s", cases[i].yaml);
        cr_assert_str_eq(error.text, cases[i].text);
        cr_assert_eq(error.line, cases[i].line, "%s: line %u", cases[i].yaml, error.line);
        cr_assert_eq(error.column, cases[i].column, "%s: column %u", cases[i].yaml, error.column);
        done();
    }
    cr_assert_eq(pack("a: [1\nb: \"\n"), SP_EINVALID_POLICY);
    cr_assert_gt(error.line, 0);
    done();
    cr_assert_eq(pack("a: \"\xFF\""), SP_EINVALID_POLICY);
    done();
}

Test(yaml, a_document_past_the_buffer_is_too_large)
{
    struct sp_buffer small;
    sp_buffer_init(&small, 10);
    cr_assert_eq(sp_yaml_pack(SP_STR("a: 0123456789012345"), NULL, SP_EINVALID_POLICY, &small, NULL), SP_ETOO_LARGE);
    sp_buffer_fini(&small);
}

Test(yaml, a_path_is_located)
{
    static const char yaml[] =
        "name: x\npatterns:\n  - pattern: a\n    severity: low\n  - {pattern: b, sverity: hihg}\n"
        "other: [1, [2, 3]]\n";
    static const struct {
        const char *path;
        uint32_t line, column;
    } cases[] = {{"name", 1, 1}, {"patterns[1].sverity", 5, 18}, {"patterns[0].severity", 4, 5},
        {"patterns[1].pattern", 5, 6}, {"patterns[1].missing", 5, 5}, {"patterns[7]", 2, 1}, {"other[1][1]", 6, 16},
        {"", 1, 1}, {"nothing", 1, 1}, {"nam", 1, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sp_error e = {.code = SP_EINVALID_POLICY};
        strcpy(e.path, cases[i].path);
        sp_yaml_locate(SP_STR(yaml), &e);
        cr_assert_eq(e.line, cases[i].line, "%s: line %u", cases[i].path, e.line);
        cr_assert_eq(e.column, cases[i].column, "%s: column %u", cases[i].path, e.column);
    }
}

Test(yaml, a_doubled_key_is_located_where_it_is_doubled)
{
    static const struct {
        const char *yaml, *path;
        uint32_t line, column;
    } cases[] = {
        {"name: x\nother: 1\nname: y\n", "name", 3, 1},
        {"a: {b: 1}\nc: [1]\na: {b: 2}\na: 3\n", "a", 3, 1},
        {"list:\n  - {k: 1, k: 2}\n  - {k: 3}\n", "list[0].k", 2, 12},
        {"list: [{k: 1}]\nlist: [{k: 1}]\n", "list", 2, 1},
        {"name: x\n", "name", 1, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sp_error e = {.code = SP_EINVALID_POLICY, .is_doubled = true};
        strcpy(e.path, cases[i].path);
        sp_yaml_locate(sp_str_of(cases[i].yaml), &e);
        cr_assert_eq(e.line, cases[i].line, "%s: line %u", cases[i].yaml, e.line);
        cr_assert_eq(e.column, cases[i].column, "%s: column %u", cases[i].yaml, e.column);
    }
}

Test(yaml, a_byte_order_mark_is_no_part_of_the_text)
{
    cr_assert_eq(pack("\xef\xbb\xbfname: a\n"), 0);
    cr_assert(sp_str_is((struct sp_str){unpacked.data.via.map.ptr[0].key.via.str.ptr, 4}, "name"));
    done();
}

Test(yaml, what_is_not_utf8_is_told_with_its_place)
{
    static const char *const texts[] = {"name: a\r\nb: \xc3\xa9\xff\n", "\xef\xbb\xbfname: a\nb: x\x01\n"};
    for (size_t i = 0; i < 2; i++) {
        struct sp_buffer bytes = {0};
        struct sp_error wrong = {0};
        sp_buffer_init(&bytes, 1 << 20);
        cr_assert_lt(sp_yaml_pack(sp_str_of(texts[i]), NULL, SP_EINVALID_POLICY, &bytes, &wrong), 0);
        cr_assert_eq(wrong.line, 2, "%u", wrong.line);
        cr_assert_eq(wrong.column, 5, "%u", wrong.column);
        sp_buffer_fini(&bytes);
    }
}
