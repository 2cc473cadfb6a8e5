/* Putting the parts together and taking them apart. Loop thread. The order of opening is sp_server_start's, that of closing a
 * table's (steps), and both are nowhere else: a part is opened after what it calls and closed before it. */
#include "daemon/server.h"

#include <stdio.h>

#include "daemon/audit.h"
#include "daemon/drain.h"
#include "daemon/jobs.h"
#include "daemon/life.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/policy_store.h"
#include "daemon/quota.h"
#include "daemon/server_config.h"
#include "daemon/stats.h"
#include "daemon/worker.h"
#include "scanner/scanner.h"

/* What hello says is what was tried: an empty source in each language. */
static int try_languages(struct sp_server *server, struct sp_error *error)
{
    struct sp_scanner *scanner;
    int r = sp_scanner_new(&scanner, error);
    if (r < 0)
        return r;
    struct sp_arena arena;
    sp_arena_init(&arena, 16u << 20);
    for (int language = 0; language < SP_LANGUAGE_COUNT; language++) {
        struct sp_scan_options options = {.language = sp_str_of(sp_language_name(language))};
        struct sp_verdict verdict;
        server->reads_language[language] = sp_scan(scanner, &options, SP_STR(""), &arena, &verdict, NULL) == 0;
        sp_arena_reset(&arena);
    }
    sp_arena_fini(&arena);
    sp_scanner_free(scanner);
    return 0;
}

static int start_workers(struct sp_server *server, struct sp_error *error)
{
    const struct sp_config *config = server->config;
    const struct sp_workers_config workers = {
        .loop = server->loop,
        .n_threads = (unsigned)config->workers,
        .tasks_max = config->bounds.scan_tasks,
        .user_tasks_max = config->bounds.user_scan_tasks,
        .bytes_max = config->bounds.scan_bytes,
    };
    int r = sp_workers_start(&workers, &server->workers, error);
    if (r < 0)
        return r;
    const struct sp_workers_config compilers = {
        .loop = server->loop,
        .n_threads = (unsigned)config->compilers,
        .tasks_max = SIZE_MAX, /* the store's bounds are those that count */
        .user_tasks_max = SIZE_MAX,
        .bytes_max = config->bounds.scan_bytes,
        .one_by_one = true,
    };
    return sp_workers_start(&compilers, &server->compilers, error);
}

int sp_server_start(struct sp_server *server, struct sp_listen_sockets *sockets, int spawner_fd, struct sp_error *error)
{
    const struct sp_config *config = server->config;
    const struct sp_audit_config audit = sp_server_config_audit(server, config);
    struct sp_runtimes_config runtimes = sp_server_config_runtimes(server, config);
    runtimes.bubblewrap.spawner_fd = spawner_fd;
    int r = sp_runtimes_open(&runtimes, &server->runtimes, error);
    if (r == 0)
        r = sp_stats_new(uv_hrtime(), &server->stats, error);
    if (r == 0)
        r = sp_quota_new(&config->bounds, &server->quota, error);
    if (r == 0)
        r = sp_audit_open(&audit, &server->audit, error);
    if (r == 0)
        r = try_languages(server, error);
    if (r == 0)
        r = start_workers(server, error);
    if (r == 0) {
        const struct sp_policy_store_config policies = sp_server_config_policies(server, config);
        r = sp_policy_store_open(&policies, &server->policies, error);
    }
    if (r == 0) {
        const struct sp_jobs_config jobs = sp_server_config_jobs(server, config);
        r = sp_jobs_open(&jobs, &server->jobs, error);
    }
    if (r == 0)
        r = sp_drain_open(server, sp_server_stop, &server->drain, error);
    if (r == 0)
        r = sp_life_open(server, &server->life, error);
    if (r == 0)
        r = sp_listen_start(server, sockets, &server->listener, error);
    if (r < 0)
        return r;
    sp_audit_tell(server->audit, &(struct sp_audit_event){.kind = SP_AUDIT_START, .of_daemon = true});
    return 0;
}

static void next_step(void *context);

static void stop_listener(struct sp_server *server)
{
    sp_listen_close(server->listener, next_step, server);
}

static void stop_jobs(struct sp_server *server)
{
    sp_jobs_close(server->jobs, next_step, server);
}

static void stop_runtimes(struct sp_server *server)
{
    sp_runtimes_close(server->runtimes, next_step, server);
}

static void stop_workers(struct sp_server *server)
{
    sp_workers_stop(server->workers, next_step, server);
}

static void stop_compilers(struct sp_server *server)
{
    sp_workers_stop(server->compilers, next_step, server);
}

static void stop_policies(struct sp_server *server)
{
    sp_policy_store_close(server->policies, next_step, server);
}

static void stop_life(struct sp_server *server)
{
    sp_life_close(server->life, next_step, server);
}

static void stop_drain(struct sp_server *server)
{
    sp_drain_close(server->drain, next_step, server);
}

static void stop_rest(struct sp_server *server)
{
    sp_audit_tell(server->audit, &(struct sp_audit_event){.kind = SP_AUDIT_STOP, .of_daemon = true});
    sp_audit_close(server->audit);
    sp_quota_free(server->quota);
    sp_stats_free(server->stats);
    server->audit = NULL;
    server->quota = NULL;
    server->stats = NULL;
}

/* The drain's timer stays to the last: it ends a stop that gets stuck. */
static void (*const steps[])(struct sp_server *server) = {
    stop_listener,
    stop_jobs,
    stop_runtimes,
    stop_workers,
    stop_compilers,
    stop_policies,
    stop_life,
    stop_drain,
    stop_rest,
};

static void next_step(void *context)
{
    struct sp_server *server = context;
    steps[server->stop_step++](server);
}

void sp_server_stop(struct sp_server *server)
{
    next_step(server);
}
