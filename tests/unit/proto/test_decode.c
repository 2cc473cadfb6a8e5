#include <criterion/criterion.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/yaml.h"

/* The cases are written in YAML, which comes to the decoder as the same object tree that a request does. */

struct inner {
    int severity;
    struct sp_str text;
};

struct outer {
    bool flag;
    uint64_t number, milli;
    struct sp_str name, bytes;
    int choice;
    struct sp_strings strings;
    struct sp_pairs pairs;
    struct inner inner;
    struct sp_items list;
    const msgpack_object *any;
};

static const char *const severities[] = {"safe", "low", "medium", "high", NULL};
#define AT(type, member) .offset = offsetof(struct type, member)
static const struct sp_field inner_rows[] = {
    {"severity", SP_FIELD_CHOICE, SP_FIELD_ANY_CASE | SP_FIELD_BY_INDEX, AT(inner, severity), .choices = severities,
        .standard = 2},
    {"text", SP_FIELD_STRING, SP_FIELD_REQUIRED, AT(inner, text), .min = 1, .max = 10},
};
static const struct sp_table inner_table = SP_TABLE(struct inner, inner_rows);
static const struct sp_field outer_rows[] = {
    {"flag", SP_FIELD_BOOL, AT(outer, flag), .standard = 1},
    {"number", SP_FIELD_UINT, AT(outer, number), .min = 2, .max = 1000, .standard = 7},
    {"milli", SP_FIELD_MILLI, AT(outer, milli), .min = 1, .max = 8000},
    {"name", SP_FIELD_STRING, AT(outer, name), .max = 10},
    {"bytes", SP_FIELD_BYTES, AT(outer, bytes), .max = 10},
    {"choice", SP_FIELD_CHOICE, AT(outer, choice), .choices = severities, .noun = "kind"},
    {"strings", SP_FIELD_STRINGS, AT(outer, strings), .max = 5, .n_max = 3},
    {"pairs", SP_FIELD_PAIRS, AT(outer, pairs), .max = 5, .n_max = 3},
    {"inner", SP_FIELD_TABLE, AT(outer, inner), .table = &inner_table},
    {"list", SP_FIELD_TABLES, AT(outer, list), .n_max = 3, .table = &inner_table},
    {"any", SP_FIELD_OBJECT, AT(outer, any)},
};
static const struct sp_table outer_table = SP_TABLE(struct outer, outer_rows);

static struct sp_arena arena;
static msgpack_unpacked unpacked;
static struct outer outer;
static char text[500];
static bool is_doubled;

static int decode(const char *yaml)
{
    struct sp_buffer buffer;
    struct sp_error error = {0};
    size_t at = 0;
    sp_buffer_init(&buffer, 1 << 20);
    cr_assert_eq(sp_yaml_pack(sp_str_of(yaml), NULL, SP_EINVALID_CONFIG, &buffer, NULL), 0, "%s", yaml);
    sp_arena_init(&arena, 1 << 20);
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(
        msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, &at), MSGPACK_UNPACK_SUCCESS);
    int r = sp_decode(&unpacked.data, &outer_table, SP_EINVALID_REQUEST, &arena, &outer, &error);
    text[0] = '\0';
    is_doubled = error.is_doubled;
    if (r < 0) {
        cr_assert_eq(error.code, r);
        sp_error_format(&error, text, sizeof(text));
    }
    /* Strings point into the buffer: kept until the test's process ends, in place of a request's message. */
    static struct sp_buffer kept;
    sp_buffer_fini(&kept);
    kept = buffer;
    return r;
}

static void done(void)
{
    sp_arena_fini(&arena);
    msgpack_unpacked_destroy(&unpacked);
}

Test(decode, absent_fields_take_their_standards)
{
    cr_assert_eq(decode("{inner: {text: x}}"), 0);
    cr_assert(outer.flag);
    cr_assert_eq(outer.number, 7);
    cr_assert_null(outer.name.ptr);
    cr_assert_eq(outer.inner.severity, 2);
    done();
}

Test(decode, every_type_is_read)
{
    cr_assert_eq(decode("{flag: false, number: 5.0, milli: 0.5, name: abc, bytes: '', choice: low, strings: [a, b],"
                        " pairs: {k: v}, inner: {text: t, severity: HIGH}, list: [{text: u, severity: 1}], any: [1]}"),
        0, "%s", text);
    cr_assert_not(outer.flag);
    cr_assert_eq(outer.number, 5);
    cr_assert_eq(outer.milli, 500);
    cr_assert(sp_str_is(outer.name, "abc"));
    cr_assert_not_null(outer.bytes.ptr);
    cr_assert_eq(outer.choice, 1);
    cr_assert_eq(outer.strings.n_items, 2);
    cr_assert(sp_str_is(outer.pairs.items[0].value, "v"));
    cr_assert_eq(outer.inner.severity, 3);
    cr_assert_eq(((struct inner *)outer.list.items)[0].severity, 1);
    cr_assert_eq(outer.any->type, MSGPACK_OBJECT_ARRAY);
    done();
}

Test(decode, what_is_wrong_is_named_by_its_path)
{
    static const struct {
        const char *yaml;
        int code;
        const char *text;
    } cases[] = {
        {"{list: [{text: a}, {text: b, severity: hihg}]}", SP_EINVALID_REQUEST,
            "list[1].severity: unknown severity \"hihg\" (safe, low, medium, high)"},
        {"{list: [{}]}", SP_EINVALID_REQUEST, "list[0].text: is missing"},
        {"{list: [3]}", SP_EINVALID_REQUEST, "list[0]: must be a map, is an integer"},
        {"{inner: {text: null}}", SP_EINVALID_REQUEST, "inner.text: is missing"},
        {"{nubmer: 3}", SP_EINVALID_REQUEST,
            "nubmer: unknown key (known: flag, number, milli, name, bytes, choice, strings, pairs, inner, list, any)"},
        {"{number: 3, number: 4}", SP_EINVALID_REQUEST, "number: the key is there twice"},
        {"{number: null, number: 4}", SP_EINVALID_REQUEST, "number: the key is there twice"},
        {"{number: 1}", SP_EINVALID_REQUEST, "number: must be between 2 and 1000"},
        {"{number: -1}", SP_EINVALID_REQUEST, "number: must not be negative"},
        {"{number: 2.5}", SP_EINVALID_REQUEST, "number: must be an integer"},
        {"{number: .5e300}", SP_EINVALID_REQUEST, "number: is out of range"},
        {"{number: '5'}", SP_EINVALID_REQUEST, "number: must be an integer, is a string"},
        {"{milli: 8.001}", SP_EINVALID_REQUEST, "milli: must be between 0.001 and 8"},
        {"{milli: 18446744073709551615}", SP_EINVALID_REQUEST, "milli: must be between 0.001 and 8"},
        {"{flag: 1}", SP_EINVALID_REQUEST, "flag: must be a boolean, is an integer"},
        {"{name: 12345678901}", SP_EINVALID_REQUEST, "name: must be a string, is an integer"},
        {"{name: '12345678901'}", SP_ETOO_LARGE, "name: is 11 bytes long, more than 10"},
        {"{name: \"a\\0b\"}", SP_EINVALID_REQUEST, "name: must not hold a NUL"},
        {"{choice: 1}", SP_EINVALID_REQUEST, "choice: must be a string, is an integer"},
        {"{choice: LOW}", SP_EINVALID_REQUEST, "choice: unknown kind \"LOW\" (safe, low, medium, high)"},
        {"{inner: {text: x, severity: 4}}", SP_EINVALID_REQUEST,
            "inner.severity: unknown severity 4 (safe, low, medium, high)"},
        {"{strings: [a, b, c, d]}", SP_ETOO_LARGE, "strings: has 4 entries, more than 3"},
        {"{strings: [a, 'bcdefg']}", SP_ETOO_LARGE, "strings[1]: is 6 bytes long, more than 5"},
        {"{pairs: {a: 1}}", SP_EINVALID_REQUEST, "pairs.a: must be a string, is an integer"},
        {"{pairs: {a: x, a: y}}", SP_EINVALID_REQUEST, "pairs.a: the key is there twice"},
        {"{inner: {text: ''}}", SP_EINVALID_REQUEST, "inner.text: must not be empty"},
        {"{1: 2}", SP_EINVALID_REQUEST,
            "1: unknown key (known: flag, number, milli, name, bytes, choice, strings, pairs, "
            "inner, list, any)"},
        {"[1]", SP_EINVALID_REQUEST, "must be a map, is a list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(decode(cases[i].yaml), cases[i].code, "%s", cases[i].yaml);
        cr_assert_str_eq(text, cases[i].text);
        cr_assert_eq(is_doubled, strstr(text, "twice") != NULL, "%s", text);
        done();
    }
}

Test(decode, bytes_that_are_not_utf8_are_refused_in_strings_only)
{
    msgpack_object_kv pair = {.key = {.type = MSGPACK_OBJECT_STR}, .val = {.type = MSGPACK_OBJECT_BIN}};
    msgpack_object map = {.type = MSGPACK_OBJECT_MAP, .via.map = {1, &pair}};
    struct sp_error error = {0};
    pair.key.via.str.ptr = "name";
    pair.key.via.str.size = 4;
    pair.val.via.bin.ptr = "a\xFF";
    pair.val.via.bin.size = 2;
    sp_arena_init(&arena, 1000);
    cr_assert_eq(sp_decode(&map, &outer_table, SP_EINVALID_REQUEST, &arena, &outer, &error), SP_EINVALID_REQUEST);
    cr_assert_str_eq(sp_error_format(&error, text, sizeof(text)), "name: is not UTF-8 at byte 1");
    pair.key.via.str.ptr = "bytes";
    pair.key.via.str.size = 5;
    cr_assert_eq(sp_decode(&map, &outer_table, SP_EINVALID_REQUEST, &arena, &outer, NULL), 0);
    pair.val.type = MSGPACK_OBJECT_EXT;
    cr_assert_eq(sp_decode(&map, &outer_table, SP_EINVALID_REQUEST, &arena, &outer, NULL), SP_EINVALID_REQUEST);
    sp_arena_fini(&arena);
}

Test(decode, a_list_past_the_arena_is_too_large)
{
    msgpack_object items[3] = {0};
    msgpack_object_kv pair = {.key = {.type = MSGPACK_OBJECT_STR}, .val = {.type = MSGPACK_OBJECT_ARRAY}};
    msgpack_object map = {.type = MSGPACK_OBJECT_MAP, .via.map = {1, &pair}};
    pair.key.via.str.ptr = "strings";
    pair.key.via.str.size = 7;
    pair.val.via.array.ptr = items;
    pair.val.via.array.size = 3;
    sp_arena_init(&arena, 16);
    cr_assert_eq(sp_decode(&map, &outer_table, SP_EINVALID_REQUEST, &arena, &outer, NULL), SP_ETOO_LARGE);
    sp_arena_fini(&arena);
}
