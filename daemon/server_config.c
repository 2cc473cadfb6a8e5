/* From the configuration to the parts' own. Loop thread, and main. */
#include "daemon/server_config.h"

#include "daemon/log.h"

struct sp_audit_config sp_server_config_audit(const struct sp_server *server, const struct sp_config *config)
{
    return (struct sp_audit_config){
        .loop = server->loop,
        .file = config->audit.file.ptr,
        .sync = config->audit.sync,
        .required = config->audit.required,
        .rotate_bytes = config->audit.rotate_bytes,
    };
}

struct sp_policy_store_config sp_server_config_policies(const struct sp_server *server, const struct sp_config *config)
{
    struct sp_policy_store_config policies = sp_policy_store_config_default();
    policies.loop = server->loop;
    policies.compilers = server->compilers;
    policies.folder = config->policy.folder.ptr;
    policies.default_policy = config->policy.standard.ptr;
    policies.mandatory_policy = config->policy.mandatory.ptr;
    policies.cache_bytes_max = config->policy.cache_bytes;
    policies.user_bytes_max = config->policy.user_bytes;
    policies.user_policies_max = config->policy.user_policies;
    policies.compiles_max = config->bounds.compile_tasks;
    policies.user_compiles_max = config->bounds.user_compile_tasks;
    return policies;
}

struct sp_jobs_config sp_server_config_jobs(struct sp_server *server, const struct sp_config *config)
{
    return (struct sp_jobs_config){
        .server = server,
        .user_jobs_max = config->bounds.user_runs,
        .jobs_max = config->bounds.runs_waiting + config->sandboxes_max,
        .wait_ms = config->run_wait_ms,
    };
}

static void log_runtimes(void *context, int level, const char *text)
{
    (void)context;
    sp_log(sp_log_level_of_syslog(level), "%s", text);
}

struct sp_runtimes_config sp_server_config_runtimes(struct sp_server *server, const struct sp_config *config)
{
    return (struct sp_runtimes_config){
        .loop = server->loop,
        .sandboxes_max = (uint32_t)config->sandboxes_max,
        .memory_total_bytes = config->memory_total_bytes,
        .queue_max = (uint32_t)config->bounds.runs_waiting,
        .limits = config->limits,
        .pool =
            {
                .min = (uint32_t)config->pool.min,
                .max = (uint32_t)config->pool.max,
                .idle_ms = config->pool.idle_ms,
                .life_ms = config->pool.life_ms,
                .when_empty = config->pool.when_empty,
                .wait_ms = config->pool.wait_ms,
            },
        .bubblewrap =
            {
                .spawner_fd = -1,
                .no_spawner = server->spawner_reason,
                .instance = server->instance,
                .state_dir = config->state_dir.ptr,
                .python_prefix = config->python_prefix.ptr,
            },
        .log = log_runtimes,
    };
}

struct sp_spawner_config sp_server_config_spawner(const struct sp_server *server, const struct sp_config *config)
{
    return (struct sp_spawner_config){
        .program = config->programs.spawner.ptr,
        .runner = config->programs.runner.ptr,
        .bwrap = config->programs.bwrap.ptr,
        .state_dir = config->state_dir.ptr,
        .instance = server->instance,
        .python_prefix = config->python_prefix.ptr,
        .slot_uid_first = (uint32_t)config->slot_uids.first,
        .n_slot_uids = (uint32_t)config->slot_uids.count,
        .sandboxes_max = (uint32_t)config->sandboxes_max,
        .require_no_groups = config->require_no_groups,
    };
}
