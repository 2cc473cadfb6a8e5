#include <criterion/criterion.h>

#include "daemon/stats.h"

Test(stats, puts_a_latency_into_its_bucket)
{
    struct sp_stats *stats;
    cr_assert_eq(sp_stats_new(1, &stats, NULL), 0);
    sp_stats_ended(stats, SP_METHOD_SCAN, 999, 0);                 /* below a microsecond */
    sp_stats_ended(stats, SP_METHOD_SCAN, 1000, 0);                /* 1 us: below 2 */
    sp_stats_ended(stats, SP_METHOD_SCAN, 1023999, 0);             /* 1023 us: below 1024 */
    sp_stats_ended(stats, SP_METHOD_SCAN, 1024000, SP_EBUSY);      /* 1024 us: below 2048 */
    sp_stats_ended(stats, SP_METHOD_SCAN, UINT64_MAX, SP_EDENIED); /* past the last */
    const struct sp_stats_method *row = &stats->methods[SP_METHOD_SCAN];
    cr_assert_eq(row->calls, 5);
    cr_assert_eq(row->errors, 2);
    cr_assert_eq(row->buckets[0], 1);
    cr_assert_eq(row->buckets[1], 1);
    cr_assert_eq(row->buckets[10], 1);
    cr_assert_eq(row->buckets[11], 1);
    cr_assert_eq(row->buckets[SP_STATS_BUCKETS - 1], 1);
    cr_assert_eq(stats->counters[SP_STAT_ERRORS], 2);
    cr_assert_eq(stats->counters[SP_STAT_BUSY], 1);
    cr_assert_eq(stats->counters[SP_STAT_DENIED], 1);
    sp_stats_free(stats);
}

Test(stats, counts_errors_of_no_method)
{
    struct sp_stats *stats;
    cr_assert_eq(sp_stats_new(1, &stats, NULL), 0);
    sp_stats_ended(stats, -1, 0, SP_EUNKNOWN_METHOD);
    cr_assert_eq(stats->counters[SP_STAT_ERRORS], 1);
    sp_stats_free(stats);
}

Test(stats, packs_only_methods_that_were_called)
{
    struct sp_stats *stats;
    struct sp_buffer buffer;
    msgpack_unpacked unpacked;
    size_t at = 0;
    cr_assert_eq(sp_stats_new(1, &stats, NULL), 0);
    sp_stats_ended(stats, SP_METHOD_HELLO, 5000, 0);
    sp_buffer_init(&buffer, 65536);
    sp_stats_pack_methods(stats, &buffer);
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(
        msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, &at), MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(at, buffer.n_bytes);
    const msgpack_object *row = sp_decode_peek(&unpacked.data, "hello");
    cr_assert_not_null(row);
    cr_assert_eq(unpacked.data.via.map.size, 1);
    cr_assert_eq(sp_decode_peek(row, "calls")->via.u64, 1);
    cr_assert_eq(sp_decode_peek(sp_decode_peek(row, "buckets_us"), "8")->via.u64, 1);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&buffer);
    sp_stats_free(stats);
}
