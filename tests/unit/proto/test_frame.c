#include <criterion/criterion.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/pack.h"

static const struct sp_frame_limits limits = {.bytes_max = 1000, .items_max = 100};

static int walk(const uint8_t *bytes, size_t n, size_t *ret_length)
{
    struct sp_frame frame;
    sp_frame_init(&frame, &limits);
    return sp_frame_walk(&frame, bytes, n, ret_length, NULL);
}

/* One value of every kind of header that MessagePack has. */
static void pack_all(struct sp_buffer *buffer)
{
    static const uint8_t odd[] = {
        0xC4, 1, 'x', 0xC5, 0, 1, 'x', 0xC6, 0, 0, 0, 1, 'x',          /* bin */
        0xC7, 1, 5, 'x', 0xC8, 0, 1, 5, 'x', 0xC9, 0, 0, 0, 1, 5, 'x', /* ext */
        0xD4, 1, 2, 0xD5, 1, 2, 2, 0xD6, 1, 2, 2, 2, 2,                /* fixext 1, 2, 4 */
        0xD9, 1, 'x', 0xDA, 0, 1, 'x', 0xDB, 0, 0, 0, 1, 'x',          /* str */
        0xDC, 0, 1, 0xC0, 0xDD, 0, 0, 0, 1, 0xC2,                      /* array */
        0xDE, 0, 1, 0xC0, 0xC0, 0xDF, 0, 0, 0, 1, 0xC0, 0xC3,          /* map */
        0xD7, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xCA, 1, 2, 3, 4,             /* fixext 8, float 32 */
        0xD8, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,       /* fixext 16 */
    };
    sp_pack_array(buffer, 15 + 19);
    sp_pack_raw(buffer, odd, sizeof(odd)); /* 19 values */
    sp_pack_nil(buffer);
    sp_pack_bool(buffer, true);
    sp_pack_uint(buffer, 5);
    sp_pack_uint(buffer, 200);
    sp_pack_uint(buffer, 60000);
    sp_pack_uint(buffer, 1u << 31);
    sp_pack_uint(buffer, UINT64_MAX);
    sp_pack_int(buffer, -5);
    sp_pack_int(buffer, -100);
    sp_pack_int(buffer, -30000);
    sp_pack_int(buffer, INT32_MIN);
    sp_pack_int(buffer, INT64_MIN);
    sp_pack_double(buffer, 0.5);
    sp_pack_cstr(buffer, "fixstr");
    sp_pack_array(buffer, 0);
}

Test(frame, ends_where_the_value_ends_however_it_comes)
{
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1000);
    pack_all(&buffer);
    size_t whole = buffer.n_bytes, length = 0;
    sp_buffer_append(&buffer, "more", 4);
    cr_assert_eq(walk(buffer.bytes, buffer.n_bytes, &length), 1);
    cr_assert_eq(length, whole);

    struct sp_frame frame;
    sp_frame_init(&frame, &limits);
    for (size_t n = 0; n < whole; n++)
        cr_assert_eq(sp_frame_walk(&frame, buffer.bytes, n, &length, NULL), 0, "after %zu bytes", n);
    cr_assert_eq(sp_frame_walk(&frame, buffer.bytes, whole, &length, NULL), 1);
    cr_assert_eq(length, whole);
    sp_buffer_fini(&buffer);
}

Test(frame, rejects_oversized)
{
    /* Claims of 4 GiB, refused at the header, before a byte of the payload is there. */
    static const uint8_t claims[][6] = {{0xC6, 0xFF, 0xFF, 0xFF, 0xFF}, {0xDB, 0xFF, 0xFF, 0xFF, 0xFF},
        {0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 1}, {0xDD, 0xFF, 0xFF, 0xFF, 0xFF}, {0xDF, 0xFF, 0xFF, 0xFF, 0xFF},
        {0xDF, 0x80, 0, 0, 0}, {0xDA, 0x03, 0xE6}};
    size_t length;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
        cr_assert_eq(walk(claims[i], 5, &length), SP_ETOO_LARGE, "claim %zu", i);
}

Test(frame, takes_what_is_just_within_the_bounds)
{
    uint8_t bytes[1000] = {0xDA, 0x03, 0xE5}; /* 3 + 997 */
    size_t length;
    cr_assert_eq(walk(bytes, sizeof(bytes), &length), 1);
    cr_assert_eq(length, 1000);
    uint8_t items[120] = {0xDC, 0, 99}; /* the array and 99 in it */
    cr_assert_eq(walk(items, sizeof(items), &length), 1);
    items[2] = 100;
    cr_assert_eq(walk(items, sizeof(items), &length), SP_ETOO_LARGE);
}

Test(frame, rejects_nesting_past_the_bound)
{
    uint8_t bytes[SP_FRAME_DEPTH_MAX + 1];
    size_t length;
    memset(bytes, 0x91, sizeof(bytes));
    bytes[SP_FRAME_DEPTH_MAX] = 0xC0;
    cr_assert_eq(walk(bytes, sizeof(bytes), &length), 1);
    bytes[SP_FRAME_DEPTH_MAX] = 0x91;
    cr_assert_eq(walk(bytes, sizeof(bytes), &length), SP_ETOO_DEEP);
    memset(bytes, 0x81, sizeof(bytes));
    cr_assert_eq(walk(bytes, sizeof(bytes), &length), SP_ETOO_DEEP, "maps as keys of maps");
}

Test(frame, rejects_the_byte_that_is_never_used)
{
    static const uint8_t bytes[] = {0x92, 0xC0, 0xC1};
    size_t length;
    struct sp_frame frame;
    struct sp_error error = {0};
    sp_frame_init(&frame, &limits);
    cr_assert_eq(sp_frame_walk(&frame, bytes, sizeof(bytes), &length, &error), SP_EPROTOCOL);
    cr_assert_str_eq(error.text, "byte 2 is not MessagePack");
}
