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

static void pack_numbers(const struct number *rows, size_t n_rows, struct sp_buffer *result)
{
    sp_pack_map(result, n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        sp_pack_key(result, rows[i].name);
        sp_pack_uint(result, rows[i].value);
    }
}

static void pack_workers(struct sp_workers *workers, const char *key, struct sp_buffer *result)
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
    sp_pack_key(result, key);
    pack_numbers(rows, SP_COUNT(rows), result);
}

static void pack_policies(const struct sp_policy_store *policies, struct sp_buffer *result)
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
    sp_pack_key(result, "policies");
    pack_numbers(rows, SP_COUNT(rows), result);
}

static void pack_jobs(const struct sp_jobs *jobs, struct sp_buffer *result)
{
    struct sp_jobs_stats stats;
    sp_jobs_stats(jobs, &stats);
    sp_pack_key(result, "jobs");
    sp_pack_map(result, 3);
    sp_pack_key(result, "now");
    sp_pack_map(result, SP_JOB_STATE_COUNT);
    for (int i = 0; i < SP_JOB_STATE_COUNT; i++) {
        sp_pack_key(result, sp_job_state_name((enum sp_job_state)i));
        sp_pack_uint(result, stats.now[i]);
    }
    sp_pack_key(result, "ended");
    sp_pack_map(result, SP_JOB_STATE_COUNT);
    for (int i = 0; i < SP_JOB_STATE_COUNT; i++) {
        sp_pack_key(result, sp_job_state_name((enum sp_job_state)i));
        sp_pack_uint(result, stats.ended[i]);
    }
    sp_pack_key(result, "refused_busy");
    sp_pack_uint(result, stats.refused_busy);
}

static void pack_runtimes(const struct sp_runtimes *runtimes, struct sp_buffer *result)
{
    struct sp_runtimes_stats stats = {0};
    if (runtimes)
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
    sp_pack_key(result, "runtimes");
    pack_numbers(rows, SP_COUNT(rows), result);
}

static void pack_audit(const struct sp_audit *audit, struct sp_buffer *result)
{
    struct sp_audit_stats stats;
    sp_audit_stats(audit, &stats);
    const struct number rows[] = {
        {"lines", stats.lines},
        {"bytes", stats.bytes},
        {"lost", stats.lost},
        {"failing", stats.failing},
    };
    sp_pack_key(result, "audit");
    pack_numbers(rows, SP_COUNT(rows), result);
}

static void pack_in_flight(const struct sp_quota *quota, struct sp_buffer *result)
{
    struct sp_quota_totals totals = sp_quota_totals(quota);
    const struct number rows[] = {
        {"users", totals.n_users},
        {"connections", totals.n_connections},
        {"requests", totals.n_requests},
        {"bytes", totals.n_bytes},
    };
    sp_pack_key(result, "in_flight");
    pack_numbers(rows, SP_COUNT(rows), result);
}

int sp_method_stats(struct sp_request *request, struct sp_error *error)
{
    struct sp_server *server = request->server;
    struct sp_buffer result;
    (void)error;
    sp_buffer_init(&result, RESULT_BYTES_MAX);
    sp_pack_map(&result, 13);
    sp_pack_key(&result, "version");
    sp_pack_cstr(&result, SP_VERSION);
    sp_pack_key(&result, "instance");
    sp_pack_cstr(&result, server->instance);
    sp_pack_key(&result, "uptime_ms");
    sp_pack_uint(&result, (uv_hrtime() - server->stats->started_ns) / 1000000);
    sp_pack_key(&result, "draining");
    sp_pack_bool(&result, server->draining);
    pack_in_flight(server->quota, &result);
    sp_pack_key(&result, "counters");
    sp_stats_pack_counters(server->stats, &result);
    sp_pack_key(&result, "methods");
    sp_stats_pack_methods(server->stats, &result);
    pack_workers(server->workers, "workers", &result);
    pack_workers(server->compilers, "compilers", &result);
    pack_policies(server->policies, &result);
    pack_jobs(server->jobs, &result);
    pack_runtimes(server->runtimes, &result);
    pack_audit(server->audit, &result);
    sp_request_reply(request, &result);
    sp_buffer_fini(&result);
    return 0;
}
