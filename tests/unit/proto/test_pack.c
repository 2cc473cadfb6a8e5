#include <criterion/criterion.h>
#include <string.h>

#include "proto/pack.h"

static struct sp_buffer buffer;

static void expect(const void *bytes, size_t n)
{
    cr_assert_eq(buffer.n_bytes, n);
    cr_assert_eq(memcmp(buffer.bytes, bytes, n), 0);
    sp_buffer_fini(&buffer);
}

static void start(void)
{
    sp_buffer_init(&buffer, 1000);
}

TestSuite(pack, .init = start);

Test(pack, integers_take_their_shortest_form)
{
    sp_pack_uint(&buffer, 1);
    sp_pack_uint(&buffer, 128);
    sp_pack_uint(&buffer, 256);
    sp_pack_int(&buffer, -1);
    expect("\x01\xCC\x80\xCD\x01\x00\xFF", 7);
}

Test(pack, text_is_str_when_utf8_else_bin_and_nil_when_absent)
{
    sp_pack_text(&buffer, SP_STR("\xC3\xA9"));
    sp_pack_text(&buffer, SP_STR("\xC3"));
    sp_pack_text(&buffer, (struct sp_str){0});
    expect("\xA2\xC3\xA9\xC4\x01\xC3\xC0", 7);
}

Test(pack, a_map_counts_its_own_pairs)
{
    struct sp_pack_map map = sp_pack_map_begin(&buffer);
    sp_pack_uint(sp_pack_put(&map, "a"), 1);
    struct sp_pack_map inner = sp_pack_map_begin(sp_pack_put(&map, "b"));
    sp_pack_nil(sp_pack_put(&inner, "c"));
    sp_pack_map_end(&inner);
    sp_pack_map_end(&map);
    expect("\xDE\x00\x02\xA1\x61\x01\xA1\x62\xDE\x00\x01\xA1\x63\xC0", 14);
}

Test(pack, a_map_of_too_many_pairs_fails)
{
    struct sp_pack_map map = sp_pack_map_begin(&buffer);
    map.n_pairs = UINT16_MAX + 1;
    sp_pack_map_end(&map);
    cr_assert_eq(buffer.failed, SP_ETOO_LARGE);
    sp_buffer_fini(&buffer);
}

Test(pack, a_map_that_did_not_fit_is_left_alone)
{
    buffer.max_bytes = 2;
    struct sp_pack_map map = sp_pack_map_begin(&buffer);
    sp_pack_map_end(&map);
    cr_assert_eq(buffer.failed, SP_ETOO_LARGE);
    sp_buffer_fini(&buffer);
}

Test(pack, a_failure_shows_at_the_end)
{
    buffer.max_bytes = 3;
    sp_pack_array(&buffer, 2);
    sp_pack_cstr(&buffer, "abc");
    sp_pack_nil(&buffer);
    cr_assert_eq(buffer.failed, SP_ETOO_LARGE);
    sp_buffer_fini(&buffer);
}
