/* stats: what the daemon does and has done, for the operator. Loop thread. Every part packs or tells its own numbers; here
 * they get their names. */
#include "daemon/audit.h"
#include "daemon/jobs.h"
#include "daemon/listen.h"
#include "daemon/policy_store.h"
#include "daemon/quota.h"
#include "daemon/request.h"
#include "daemon/server.h"
#include "daemon/stats.h"
#include "daemon/worker.h"
#include "proto/pack.h"
#include "proto/scope.h"
#include "runtimes/runtime.h"

#define RESULT_BYTES_MAX (1u << 20)

struct number {
    const char *name;
    uint64_t value;
};

static void pack_numbers(struct sp_pack_map *answer, const char *key, const struct number *rows, size_t n_rows)
{
    struct sp_buffer *buffer = sp_pack_put(answer, key);
    sp_pack_map(buffer, n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        sp_pack_key(buffer, rows[i].name);
        sp_pack_uint(buffer, rows[i].value);
    }
}

static void pack_workers(struct sp_workers *workers, const char *key, struct sp_pack_map *answer)
{
    struct sp_workers_stats stats;
    sp_workers_stats(workers, &stats);
    const struct number rows[] = {
        {"threads", stats.n_threads},
        {"waiting", stats.waiting},
        {"running", stats.running},
        {"finished", stats.finished},
        {"refused", stats.refused},
    };
    pack_numbers(answer, key, rows, SP_COUNT(rows));
}

static void pack_policies(const struct sp_policy_store *policies, struct sp_pack_map *answer)
{
    struct sp_policy_store_stats stats;
    sp_policy_store_stats(policies, &stats);
    const struct number rows[] = {
        {"policies", stats.policies},
        {"named", stats.named},
        {"bytes", stats.bytes},
        {"compiling", stats.compiling},
        {"hits", stats.hits},
        {"compiled", stats.compiled},
        {"failed", stats.failed},
        {"evicted", stats.evicted},
        {"compile_ms", (uint64_t)stats.compile_ms},
    };
    pack_numbers(answer, "policies", rows, SP_COUNT(rows));
}

static void pack_states(struct sp_pack_map *answer, const char *key, const uint64_t counts[SP_JOB_STATE_COUNT])
{
    struct sp_pack_map map = sp_pack_map_begin(sp_pack_put(answer, key));
    for (int i = 0; i < SP_JOB_STATE_COUNT; i++)
        sp_pack_uint(sp_pack_put(&map, sp_job_state_name((enum sp_job_state)i)), counts[i]);
    sp_pack_map_end(&map);
}

static void pack_jobs(const struct sp_jobs *jobs, struct sp_pack_map *answer)
{
    struct sp_jobs_stats stats;
    sp_jobs_stats(jobs, &stats);
    struct sp_pack_map map = sp_pack_map_begin(sp_pack_put(answer, "jobs"));
    pack_states(&map, "now", stats.now);
    pack_states(&map, "ended", stats.ended);
    sp_pack_uint(sp_pack_put(&map, "refused_busy"), stats.refused_busy);
    sp_pack_map_end(&map);
}

static void pack_runtimes(const struct sp_runtimes *runtimes, struct sp_pack_map *answer)
{
    struct sp_runtimes_stats stats;
    sp_runtimes_stats(runtimes, &stats);
    const struct number rows[] = {
        {"live", stats.live},
        {"ready", stats.ready},
        {"queued", stats.queued},
        {"running", stats.running},
        {"memory_bytes", stats.memory_bytes},
        {"started", stats.started},
        {"warm_hits", stats.warm_hits},
        {"cold_starts", stats.cold_starts},
        {"lost", stats.lost},
        {"killed", stats.killed},
    };
    pack_numbers(answer, "runtimes", rows, SP_COUNT(rows));
}

static void pack_audit(const struct sp_audit *audit, struct sp_pack_map *answer)
{
    struct sp_audit_stats stats;
    sp_audit_stats(audit, &stats);
    const struct number rows[] = {
        {"lines", stats.lines},
        {"bytes", stats.bytes},
        {"lost", stats.lost},
        {"failing", stats.failing},
    };
    pack_numbers(answer, "audit", rows, SP_COUNT(rows));
}

static void pack_in_flight(const struct sp_quota *quota, struct sp_pack_map *answer)
{
    struct sp_quota_totals totals = sp_quota_totals(quota);
    const struct number rows[] = {
        {"users", totals.n_users},
        {"connections", totals.n_connections},
        {"requests", totals.n_requests},
        {"bytes", totals.n_bytes},
    };
    pack_numbers(answer, "in_flight", rows, SP_COUNT(rows));
}

int sp_method_stats(struct sp_request *request, struct sp_error *error)
{
    struct sp_server *server = request->server;
    struct sp_buffer result;
    (void)error;
    sp_buffer_init(&result, RESULT_BYTES_MAX);
    struct sp_pack_map map = sp_pack_map_begin(&result);
    sp_pack_cstr(sp_pack_put(&map, "version"), SP_VERSION);
    sp_pack_cstr(sp_pack_put(&map, "instance"), server->instance);
    sp_pack_uint(sp_pack_put(&map, "uptime_ms"), (uv_hrtime() - server->stats->started_ns) / 1000000);
    sp_pack_bool(sp_pack_put(&map, "draining"), server->draining);
    pack_in_flight(server->quota, &map);
    sp_stats_pack_counters(server->stats, sp_pack_put(&map, "counters"));
    sp_stats_pack_methods(server->stats, sp_pack_put(&map, "methods"));
    pack_workers(server->workers, "workers", &map);
    pack_workers(server->compilers, "compilers", &map);
    pack_policies(server->policies, &map);
    pack_jobs(server->jobs, &map);
    pack_runtimes(server->runtimes, &map);
    pack_audit(server->audit, &map);
    sp_pack_map_end(&map);
    sp_request_reply(request, &result);
    sp_buffer_fini(&result);
    return 0;
}
