#ifndef SP_DAEMON_STATS_H
#define SP_DAEMON_STATS_H

/* What the daemon has done since it started. Loop thread only: plain additions. */

#include <stdint.h>

#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/method.h"

/* Identifier, name in `stats`. */
#define SP_STATS(X)                                                                                                    \
    X(CONNECTIONS, "connections")                                                                                      \
    X(CONNECTIONS_REFUSED, "connections_refused")                                                                      \
    X(REQUESTS, "requests")                                                                                            \
    X(NOTIFICATIONS, "notifications")                                                                                  \
    X(ERRORS, "errors")                                                                                                \
    X(BUSY, "busy")                                                                                                    \
    X(DENIED, "denied")                                                                                                \
    X(BROKEN_FRAMES, "broken_frames")                                                                                  \
    X(SLOW_READERS, "slow_readers")                                                                                    \
    X(BYTES_IN, "bytes_in")                                                                                            \
    X(BYTES_OUT, "bytes_out")                                                                                          \
    X(READS, "reads")                                                                                                  \
    X(WRITES, "writes")                                                                                                \
    X(RELOADS, "reloads")                                                                                              \
    X(RELOADS_FAILED, "reloads_failed")

enum sp_stat {
#define X(id, name) SP_STAT_##id,
    SP_STATS(X)
#undef X
        SP_STAT_COUNT
};

/* Bucket i counts what took less than 2^i microseconds and did not fit into the one before. */
#define SP_STATS_BUCKETS 32

struct sp_stats_method {
    uint64_t calls, errors, total_us;
    uint64_t buckets[SP_STATS_BUCKETS];
};

struct sp_stats {
    uint64_t started_ns; /* uv_hrtime */
    uint64_t counters[SP_STAT_COUNT];
    struct sp_stats_method methods[SP_METHOD_COUNT];
};

int sp_stats_new(uint64_t now_ns, struct sp_stats **ret_stats, struct sp_error *error);
void sp_stats_free(struct sp_stats *stats);

static inline void sp_stats_add(struct sp_stats *stats, enum sp_stat stat, uint64_t n)
{
    stats->counters[stat] += n;
}

/* A request has ended. */
void sp_stats_ended(struct sp_stats *stats, int method, uint64_t elapsed_ns, int code);

/* Two maps: the counters, and per method that was called {calls, errors, mean_us, buckets_us: {"<2^i>": n}}. */
void sp_stats_pack_counters(const struct sp_stats *stats, struct sp_buffer *buffer);
void sp_stats_pack_methods(const struct sp_stats *stats, struct sp_buffer *buffer);

#endif
