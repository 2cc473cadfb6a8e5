/* Counters and latency histograms. Loop thread. */
#include "daemon/stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/pack.h"

static const char *const names[SP_STAT_COUNT] = {
#define X(id, name) name,
    SP_STATS(X)
#undef X
};

int sp_stats_new(uint64_t now_ns, struct sp_stats **ret_stats, struct sp_error *error)
{
    struct sp_stats *stats = calloc(1, sizeof(*stats));
    if (!stats)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    stats->started_ns = now_ns;
    *ret_stats = stats;
    return 0;
}

void sp_stats_free(struct sp_stats *stats)
{
    free(stats);
}

void sp_stats_ended(struct sp_stats *stats, int method, uint64_t elapsed_ns, int code)
{
    if (code < 0)
        sp_stats_add(stats, SP_STAT_ERRORS, 1);
    if (code == SP_EBUSY)
        sp_stats_add(stats, SP_STAT_BUSY, 1);
    if (code == SP_EDENIED)
        sp_stats_add(stats, SP_STAT_DENIED, 1);
    if (method < 0)
        return;
    struct sp_stats_method *row = &stats->methods[method];
    uint64_t us = elapsed_ns / 1000;
    unsigned bucket = us ? 64u - (unsigned)__builtin_clzll(us) : 0;
    row->calls++;
    row->errors += code < 0;
    row->total_us += us;
    row->buckets[bucket < SP_STATS_BUCKETS ? bucket : SP_STATS_BUCKETS - 1]++;
}

void sp_stats_pack_counters(const struct sp_stats *stats, struct sp_buffer *buffer)
{
    sp_pack_map(buffer, SP_STAT_COUNT);
    for (int i = 0; i < SP_STAT_COUNT; i++) {
        sp_pack_key(buffer, names[i]);
        sp_pack_uint(buffer, stats->counters[i]);
    }
}

static void pack_method(const struct sp_stats_method *row, struct sp_buffer *buffer)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    sp_pack_uint(sp_pack_put(&map, "calls"), row->calls);
    sp_pack_uint(sp_pack_put(&map, "errors"), row->errors);
    sp_pack_double(sp_pack_put(&map, "mean_us"), (double)row->total_us / (double)row->calls);
    struct sp_pack_map buckets = sp_pack_map_begin(sp_pack_put(&map, "buckets_us"));
    for (int i = 0; i < SP_STATS_BUCKETS; i++) {
        char below[24];
        snprintf(below, sizeof(below), "%llu", 1ull << i);
        if (row->buckets[i])
            sp_pack_uint(sp_pack_put(&buckets, below), row->buckets[i]);
    }
    sp_pack_map_end(&buckets);
    sp_pack_map_end(&map);
}

void sp_stats_pack_methods(const struct sp_stats *stats, struct sp_buffer *buffer)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    for (int i = 0; i < SP_METHOD_COUNT; i++)
        if (stats->methods[i].calls)
            pack_method(&stats->methods[i], sp_pack_put(&map, sp_methods[i].name));
    sp_pack_map_end(&map);
}
