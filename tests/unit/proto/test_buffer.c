#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/buffer.h"

Test(buffer, grows_to_its_bound_and_not_past_it)
{
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1000);
    for (int i = 0; i < 10; i++) {
        char block[100];
        memset(block, 'a' + i, sizeof(block));
        cr_assert_eq(sp_buffer_append(&buffer, block, sizeof(block)), 0);
    }
    cr_assert_eq(sp_buffer_append(&buffer, "x", 1), SP_ETOO_LARGE);
    cr_assert_eq(sp_buffer_append(&buffer, "", 0), SP_ETOO_LARGE, "a failure sticks");
    cr_assert_eq(buffer.n_bytes, 1000);
    cr_assert_leq(buffer.room_bytes, 1000);
    cr_assert_eq(buffer.bytes[999], 'j');
    sp_buffer_fini(&buffer);
}

Test(buffer, reset_forgets_failure_and_content)
{
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 4);
    sp_buffer_append(&buffer, "abcde", 5);
    cr_assert_eq(buffer.failed, SP_ETOO_LARGE);
    sp_buffer_reset(&buffer);
    cr_assert_eq(sp_buffer_append(&buffer, "abcd", 4), 0);
    sp_buffer_fini(&buffer);
}

Test(buffer, consume_takes_from_the_front_and_take_moves_out)
{
    struct sp_buffer buffer;
    size_t n;
    sp_buffer_init(&buffer, 100);
    sp_buffer_append(&buffer, "abcdef", 6);
    sp_buffer_consume(&buffer, 2);
    uint8_t *bytes = sp_buffer_take(&buffer, &n);
    cr_assert_eq(n, 4);
    cr_assert_arr_eq(bytes, "cdef", 4);
    cr_assert_null(buffer.bytes);
    free(bytes);
    sp_buffer_fini(&buffer);
}
