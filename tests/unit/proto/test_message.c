#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/message.h"
#include "proto/pack.h"

static struct sp_buffer buffer;

static void start(void)
{
    sp_buffer_init(&buffer, 1 << 20);
}

static int decode(struct sp_message *message, struct sp_error *error)
{
    size_t n;
    uint8_t *bytes = sp_buffer_take(&buffer, &n);
    return sp_message_init(message, bytes, n, error);
}

TestSuite(message, .init = start);

Test(message, a_request_comes_apart)
{
    struct sp_message message;
    sp_message_pack_request(&buffer, 70000, "scan");
    sp_pack_array(&buffer, 1);
    sp_pack_map(&buffer, 1);
    sp_pack_key(&buffer, "code");
    sp_pack_cstr(&buffer, "x");
    cr_assert_eq(decode(&message, NULL), 0);
    cr_assert_eq(message.type, SP_MESSAGE_REQUEST);
    cr_assert_eq(message.msgid, 70000);
    cr_assert(sp_str_is(message.method, "scan"));
    cr_assert_eq(message.params->via.map.size, 1);
    sp_message_fini(&message);
}

Test(message, params_may_be_none_or_nil_but_not_two)
{
    struct sp_message message;
    for (size_t n = 0; n < 3; n++) {
        struct sp_error error = {0};
        sp_message_pack_request(&buffer, 7, "hello");
        sp_pack_array(&buffer, n);
        for (size_t i = 0; i < n; i++)
            sp_pack_nil(&buffer);
        int r = decode(&message, &error);
        cr_assert_eq(r, n < 2 ? 0 : SP_EINVALID_REQUEST);
        cr_assert_eq(message.msgid, 7, "also where it is refused, so that it can be answered");
        if (r == 0)
            cr_assert_null(message.params);
        sp_message_fini(&message);
    }
}

Test(message, a_notification_may_carry_anything)
{
    struct sp_message message;
    sp_message_pack_notification(&buffer, "nvim_error_event");
    sp_pack_array(&buffer, 2);
    sp_pack_uint(&buffer, 0);
    sp_pack_cstr(&buffer, "text");
    cr_assert_eq(decode(&message, NULL), 0);
    cr_assert_eq(message.type, SP_MESSAGE_NOTIFICATION);
    cr_assert_null(message.params);
    sp_message_fini(&message);
}

Test(message, what_is_not_rpc_is_refused)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {{"G", 1}, {"\x90", 1}, {"\x94\x00\x01\xA1x", 5}, {"\x94\x03\x01\xA1x\x90", 6},
        {"\x93\x00\x01\xA1x", 5}, {"\x94\x00\xFF\xA1x\x90", 6},
        {"\x94\x00\xCF\x00\x00\x00\x01\x00\x00\x00\x00\xA1x\x90", 14}, {"\x80", 1}, {"\x93\x02\xA0\x90", 4},
        {"\xC0\xC0", 2}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sp_message message;
        sp_buffer_append(&buffer, cases[i].bytes, cases[i].n);
        cr_assert_eq(decode(&message, NULL), SP_EPROTOCOL, "case %zu", i);
    }
}

Test(message, a_msgid_is_read_from_a_broken_frame)
{
    static const uint32_t ids[] = {0, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        uint32_t msgid = 1;
        sp_message_pack_request(&buffer, ids[i], "x");
        cr_assert(sp_message_peek_msgid(buffer.bytes, buffer.n_bytes, &msgid));
        cr_assert_eq(msgid, ids[i]);
        cr_assert_not(sp_message_peek_msgid(buffer.bytes, 2, &msgid));
        sp_buffer_fini(&buffer);
    }
    uint32_t msgid;
    cr_assert_not(sp_message_peek_msgid((const uint8_t *)"\x94\x01\x01", 3, &msgid), "a response has no one to answer");
}

Test(message, a_msgid_is_read_whatever_the_form_of_head_and_number)
{
    static const struct {
        const char *bytes;
        size_t n;
        bool found;
    } cases[] = {{"\x92\x00\x07", 3, true}, {"\x9F\x00\x07", 3, true}, {"\xDC\x00\x04\x00\x07", 5, true},
        {"\xDD\x00\x00\x00\x04\x00\x07", 7, true}, {"\x94\xCC\x00\x07", 4, true},
        {"\x94\x00\xCF\x00\x00\x00\x00\x00\x00\x00\x07", 11, true}, {"\x94\x00\xD0\x07", 4, true},
        {"\x94\x00\xD1\x00\x07", 5, true}, {"\x94\x00\xD0\xFF", 4, false}, {"\x94\x00\xFF", 3, false},
        {"\x94\x00\xCF\x00\x00\x00\x01\x00\x00\x00\x07", 11, false}, {"\x94\x00\xCD\x00", 4, false},
        {"\xDC\x00\x04", 3, false}, {"\xDD\x00", 2, false}, {"\x94\x00", 2, false}, {"\x90", 1, false},
        {"\x84\x00\x07", 3, false}, {"\x94\x00\xA1\x07", 4, false}, {"", 0, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t msgid = 0;
        bool found = sp_message_peek_msgid((const uint8_t *)cases[i].bytes, cases[i].n, &msgid);
        cr_expect_eq(found, cases[i].found, "case %zu", i);
        cr_expect_eq(msgid, found ? 7u : 0u, "case %zu", i);
    }
}

Test(message, only_the_names_of_the_wire_are_answered)
{
    static const char *const local[] = {"no_memory", "invalid_config", "unreachable", "protocol"};
    for (int code = -1; code > -SP_ERROR_COUNT_; code--) {
        struct sp_error error = {0};
        sp_error_set(&error, code, "x");
        start();
        sp_message_pack_error(&buffer, 5, &error, code % 2);
        for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
            cr_expect_null(memmem(buffer.bytes, buffer.n_bytes, local[i], strlen(local[i])), "%s", local[i]);
        sp_buffer_fini(&buffer);
    }
}

Test(message, an_error_is_a_string_or_a_map)
{
    struct sp_error error = {0};
    struct sp_message message;
    sp_error_set(&error, SP_EINVALID_POLICY, "bad");
    sp_error_prefix(&error, "name");
    sp_message_pack_error(&buffer, 5, &error, false);
    cr_assert_eq(decode(&message, NULL), 0);
    cr_assert_eq(message.type, SP_MESSAGE_RESPONSE);
    cr_assert_eq(message.error->type, MSGPACK_OBJECT_STR);
    cr_assert_arr_eq(message.error->via.str.ptr, "invalid_policy: name: bad", message.error->via.str.size);
    sp_message_fini(&message);

    start();
    sp_message_pack_error(&buffer, 5, &error, true);
    cr_assert_eq(decode(&message, NULL), 0);
    cr_assert_eq(message.error->type, MSGPACK_OBJECT_MAP);
    cr_assert_eq(message.error->via.map.size, 4);
    sp_message_fini(&message);
}

Test(message, the_deepest_frame_that_the_walker_takes_is_decoded)
{
    struct sp_message message;
    size_t length;
    uint8_t bytes[128] = {0x93, 0x02, 0xA1, 'x'};
    size_t n = 4;
    for (int depth = 1; depth < SP_FRAME_DEPTH_MAX; depth++)
        bytes[n++] = 0x91;
    bytes[n++] = 0xC0;
    struct sp_frame frame;
    sp_frame_init(&frame, &(struct sp_frame_limits){.bytes_max = 1000, .items_max = 1000});
    cr_assert_eq(sp_frame_walk(&frame, bytes, n, &length, NULL), 1);
    sp_buffer_append(&buffer, bytes, n);
    cr_assert_eq(decode(&message, NULL), 0);
    sp_message_fini(&message);
}
