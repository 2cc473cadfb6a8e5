/* Reloading. Loop thread; it reads the configuration's file there, which is short and the operator's. Policies compile on
 * their threads meanwhile. Whatever can fail comes first, the audit file last of it: in the turn of the loop in which all is
 * replaced, so that a file which was rotated meanwhile is not gone back to. */
#include "daemon/reload.h"

#include <stdlib.h>

#include "daemon/connection.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/policy_reload.h"
#include "daemon/server_config.h"
#include "daemon/stats.h"
#include "proto/scope.h"
#include "runtimes/runtime.h"

struct sp_reload {
    struct sp_server *server;
    struct sp_config *config;
    struct sp_policy_reload policies;
    int audit_fd; /* of the new file, once the policies are good */
    struct sp_audit_event event;
    void (*done)(void *context, const struct sp_error *error);
    void *context;
};

static void note_unchanged(void *context, const char *key)
{
    (void)context;
    sp_log(SP_LOG_WARNING, "%s: takes effect with the next start", key);
}

/* Nothing in here can fail. */
static void apply(struct sp_server *server, struct sp_config *config, int audit_fd)
{
    const struct sp_audit_config audit = sp_server_config_audit(server, config);
    sp_audit_switch(server->audit, &audit, audit_fd);
    sp_config_compare(server->config, config, note_unchanged, NULL);
    sp_config_free(server->config);
    server->config = config;
    sp_log_set_level((enum sp_log_level)config->log_level);
    sp_quota_configure(server->quota, &config->bounds);
    const struct sp_jobs_config jobs = sp_server_config_jobs(server, config);
    sp_jobs_configure(server->jobs, &jobs);
    sp_runtimes_set_limits(server->runtimes, &config->limits);
    if (!server->listener)
        return;
    for (struct sp_connection *each = server->listener->connections; each; each = each->next)
        sp_connection_reconfigure(each);
}

/* ret_told: for who asked over the wire, who has no other way to learn the place. */
static void complain(
    struct sp_server *server, const char *file, const struct sp_error *error, struct sp_error *ret_told)
{
    char text[1024];
    struct sp_error placed = *error;
    sp_config_locate(file, &placed);
    sp_config_complaint(file, &placed, text, sizeof(text));
    sp_stats_add(server->stats, SP_STAT_RELOADS_FAILED, 1);
    sp_log(SP_LOG_ERROR, "not reloaded, the old configuration stays: %s", text);
    *ret_told = (struct sp_error){0};
    sp_error_set(ret_told, error->code, "%s", text);
    ret_told->line = placed.line;
    ret_told->column = placed.column;
}

static int policies_ready(struct sp_policy_reload *policies, struct sp_error *error)
{
    struct sp_reload *reload = policies->data;
    const struct sp_audit_config audit = sp_server_config_audit(reload->server, reload->config);
    return sp_audit_prepare(&audit, &reload->audit_fd, error);
}

static void policies_done(struct sp_policy_reload *policies, const struct sp_error *error)
{
    struct sp_reload *reload = policies->data;
    struct sp_server *server = reload->server;
    struct sp_error told;
    server->reload = NULL;
    if (error) {
        complain(server, reload->config->path, error, &told);
        sp_config_free(reload->config);
    } else {
        sp_stats_add(server->stats, SP_STAT_RELOADS, 1);
        apply(server, reload->config, reload->audit_fd);
        sp_audit_tell(server->audit, &reload->event);
        sp_log(SP_LOG_NOTICE, "reloaded");
    }
    if (!server->draining)
        sp_notify_ready();
    if (reload->done)
        reload->done(reload->context, error ? &told : NULL);
    free(reload);
}

int sp_reload_start(struct sp_server *server, const struct sp_identity *by,
    void (*done)(void *context, const struct sp_error *error), void *context, struct sp_error *error)
{
    struct sp_error own = {0};
    char file[256] = "";
    if (server->draining)
        return sp_error_set(error, SP_ESHUTTING_DOWN, NULL);
    if (server->reload)
        return sp_error_set(error, SP_EBUSY, "a reload goes on");
    sp_cleanup(sp_free_ptr) struct sp_reload *reload = calloc(1, sizeof(*reload));
    if (!reload)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_notify_reloading();
    /* A file that was there must be there still: without it the standards would come into force, and what the operator had
     * made mandatory would not. */
    struct sp_config_options options = server->config_options;
    if (server->config->path[0])
        options.path = server->config->path;
    int r = sp_config_load(&options, &reload->config, file, &own);
    if (r == 0) {
        const struct sp_policy_store_config policies = sp_server_config_policies(server, reload->config);
        *reload = (struct sp_reload){
            .server = server,
            .config = reload->config,
            .policies = {.data = reload, .ready = policies_ready, .done = policies_done},
            .audit_fd = -1,
            .event = {.kind = SP_AUDIT_POLICY_RELOAD, .of_daemon = !by, .method = by ? "reload" : NULL},
            .done = done,
            .context = context,
        };
        if (by) {
            reload->event.uid = by->uid;
            reload->event.gid = by->gid;
            reload->event.pid = by->pid;
        }
        r = sp_policy_reload_start(server->policies, &policies, &reload->policies, &own);
        file[0] = '\0'; /* what is wrong from here on is not in it */
    }
    if (r < 0) {
        struct sp_error told;
        complain(server, file, &own, &told);
        sp_config_free(reload->config);
        sp_notify_ready();
        if (error && !error->code)
            *error = file[0] ? told : own;
        return r;
    }
    server->reload = SP_TAKE(reload);
    return 0;
}
