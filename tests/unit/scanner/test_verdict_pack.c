#include "proto/decode.h"
#include "tests/unit/scanner/scan_fixture.h"

static const msgpack_object *get(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = sp_decode_peek(map, key);
    cr_assert_not_null(value, "%s is missing", key);
    return value;
}

static void is_text(const msgpack_object *map, const char *key, const char *text)
{
    struct sp_str value;
    cr_assert(sp_decode_str(get(map, key), &value), "%s is no string", key);
    cr_assert(sp_str_is(value, text), "%s is %.*s", key, (int)value.n_bytes, value.ptr);
}

static void is_number(const msgpack_object *map, const char *key, uint64_t number)
{
    const msgpack_object *value = get(map, key);
    cr_assert_eq(value->type, MSGPACK_OBJECT_POSITIVE_INTEGER);
    cr_assert_eq(value->via.u64, number, "%s is %llu", key, (unsigned long long)value->via.u64);
}

static void is_flag(const msgpack_object *map, const char *key, bool flag)
{
    const msgpack_object *value = get(map, key);
    cr_assert_eq(value->type, MSGPACK_OBJECT_BOOLEAN);
    cr_assert_eq(value->via.boolean, flag, "%s", key);
}

Test(verdict_pack, holds_every_key)
{
    FIXTURE(f,
        "severity_threshold: high\n"
        "patterns: [{pattern: 'ev.l', severity: high, description: D, id: e, cwe: C, fix: F, url: U},"
        "           {pattern: 'x', severity: low}]\n",
        "text", "a\n\u00e9 eval x\n");
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    cr_assert_eq(sp_verdict_pack(&f.verdict, 0, &buffer), 0);
    msgpack_unpacked unpacked;
    msgpack_object map = fixture_unpack(&buffer, &unpacked);
    cr_assert_eq(map.via.map.size, 9);
    is_flag(&map, "safe", false);
    is_flag(&map, "truncated", false);
    is_text(&map, "language", "text");
    is_text(&map, "sha256", "8dd77930627d72844c6ccc344f00a2664bb196b0eb051387150ab29efcc52736");
    is_number(&map, "size", 12);
    cr_assert_eq(get(&map, "modules")->via.array.size, 0);
    const msgpack_object *policies = get(&map, "policies");
    struct sp_str id;
    cr_assert_eq(policies->via.array.size, 1);
    cr_assert(sp_decode_str(&policies->via.array.ptr[0], &id) && sp_str_is(id, sp_policy_id(f.policies[0])));
    const msgpack_object *counts = get(&map, "counts");
    cr_assert_eq(counts->via.map.size, 3);
    is_number(counts, "low", 1);
    is_number(counts, "medium", 0);
    is_number(counts, "high", 1);
    const msgpack_object *violations = get(&map, "violations");
    cr_assert_eq(violations->via.array.size, 2);
    const msgpack_object *first = &violations->via.array.ptr[0];
    cr_assert_eq(first->via.map.size, 15);
    is_text(first, "policy", sp_policy_id(f.policies[0]));
    is_text(first, "rule", "e");
    is_text(first, "kind", "pattern");
    is_text(first, "description", "D");
    is_text(first, "severity", "high");
    is_flag(first, "blocking", true);
    is_text(first, "via", "direct");
    is_number(first, "offset", 5);
    is_number(first, "length", 4);
    is_number(first, "line", 2);
    is_number(first, "column", 3);
    is_text(first, "text", "eval");
    is_text(first, "cwe", "C");
    is_text(first, "fix", "F");
    is_text(first, "url", "U");
    cr_assert_eq(violations->via.array.ptr[1].via.map.size, 12);
    is_text(&violations->via.array.ptr[1], "rule", "patterns[1]");
    msgpack_unpacked_destroy(&unpacked);
}

Test(verdict_pack, leaves_room_for_the_callers_pairs)
{
    FIXTURE(f, NULL, "text", "x");
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    cr_assert_eq(sp_verdict_pack(&f.verdict, 1, &buffer), 0);
    cr_assert_eq(buffer.bytes[0], 0x80 | 10);
}

Test(verdict_pack, bytes_that_are_not_utf8_are_bin)
{
    FIXTURE(f, "patterns: [{pattern: 'a.', severity: low, scope: anywhere}]", "text", "a\xff");
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    cr_assert_eq(sp_verdict_pack(&f.verdict, 0, &buffer), 0);
    msgpack_unpacked unpacked;
    msgpack_object map = fixture_unpack(&buffer, &unpacked);
    const msgpack_object *violations = get(&map, "violations");
    cr_assert_eq(violations->via.array.size, 1);
    cr_assert_eq(get(&violations->via.array.ptr[0], "text")->type, MSGPACK_OBJECT_BIN);
    msgpack_unpacked_destroy(&unpacked);
}

Test(verdict_pack, a_full_buffer_is_told)
{
    FIXTURE(f, NULL, "text", "x");
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 20);
    cr_assert_eq(sp_verdict_pack(&f.verdict, 0, &buffer), SP_ETOO_LARGE);
}
