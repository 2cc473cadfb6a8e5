/* Signals, watchdog, idle exit, status. Loop thread. The watchdog's beat comes from the loop itself, so that a loop that is
 * stuck does not beat. */
#include "daemon/life.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/drain.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/server.h"
#include "daemon/server_config.h"

#define TICK_MS   250
#define N_SIGNALS 3

static const int signals[N_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

struct sp_life {
    struct sp_server *server;
    uv_signal_t signals[N_SIGNALS];
    uv_timer_t tick, beat;
    uint64_t busy_ms;   /* when somebody was last here */
    bool reload_wanted; /* SIGHUP came while a reload went on, which may have read what is old by now */
    char status[128];
    unsigned n_handles;
    void (*closed)(void *context);
    void *context;
};

static void reload(struct sp_life *life)
{
    life->reload_wanted = sp_reload_start(life->server, NULL, NULL, NULL, NULL) == SP_EBUSY;
}

/* The audit's file was perhaps rotated: that counts also where the new configuration is bad. */
static void hang_up(struct sp_life *life)
{
    struct sp_server *server = life->server;
    struct sp_error error = {0};
    const struct sp_audit_config audit = sp_server_config_audit(server, server->config);
    if (sp_audit_reopen(server->audit, &audit, &error) < 0)
        sp_log(SP_LOG_ERROR, "the audit goes on in the old file: %s", error.text);
    reload(life);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct sp_life *life = handle->data;
    struct sp_server *server = life->server;
    if (number == SIGHUP)
        hang_up(life);
    else
        sp_drain_start(server->drain, number == SIGTERM ? "SIGTERM" : "SIGINT", server->draining);
}

static void on_beat(uv_timer_t *timer)
{
    (void)timer;
    sp_notify_watchdog();
}

/* Who connects in the moment of leaving is still let in, and keeps the daemon. */
static void leave_if_idle(struct sp_life *life)
{
    struct sp_server *server = life->server;
    uint64_t now_ms = uv_now(server->loop), idle_ms = server->config->idle_exit_ms;
    struct sp_quota_totals totals = sp_quota_totals(server->quota);
    if (totals.n_connections || totals.n_requests) {
        life->busy_ms = now_ms;
        return;
    }
    if (!idle_ms || server->draining || now_ms - life->busy_ms < idle_ms)
        return;
    sp_listen_accept(server->listener);
    if (sp_quota_totals(server->quota).n_connections == 0)
        sp_drain_start(server->drain, "nobody was here for the time of idle_exit_ms", false);
}

/* Nobody could start another spawner with its rights: we have given up ours. Whoever started us (the service manager, the next
 * client of a private daemon) starts both again. */
static void leave_without_spawner(struct sp_server *server)
{
    if (server->spawner_pid <= 0 || waitpid(server->spawner_pid, NULL, WNOHANG) != server->spawner_pid)
        return;
    server->spawner_pid = 0;
    if (server->draining)
        return;
    server->spawner_lost = true;
    sp_log(SP_LOG_ERROR, "the spawner has ended, and with it every run: this daemon ends too");
    sp_drain_start(server->drain, "no spawner", false);
}

static void on_tick(uv_timer_t *timer)
{
    struct sp_life *life = timer->data;
    struct sp_quota_totals totals = sp_quota_totals(life->server->quota);
    char status[sizeof(life->status)];
    leave_if_idle(life);
    leave_without_spawner(life->server);
    if (life->reload_wanted)
        reload(life);
    snprintf(status, sizeof(status), "%s; %zu connections, %zu requests in flight",
        life->server->draining ? "draining" : "serving", totals.n_connections, totals.n_requests);
    if (strcmp(status, life->status) == 0)
        return;
    memcpy(life->status, status, sizeof(status));
    sp_notify_status(status);
}

static void add_handle(struct sp_life *life, uv_handle_t *handle)
{
    handle->data = life;
    life->n_handles++;
}

int sp_life_open(struct sp_server *server, struct sp_life **ret_life, struct sp_error *error)
{
    struct sp_life *life = calloc(1, sizeof(*life));
    if (!life)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    life->server = server;
    life->busy_ms = uv_now(server->loop);
    *ret_life = life;
    uv_timer_init(server->loop, &life->tick);
    add_handle(life, (uv_handle_t *)&life->tick);
    uv_timer_start(&life->tick, on_tick, TICK_MS, TICK_MS);
    uv_timer_init(server->loop, &life->beat);
    add_handle(life, (uv_handle_t *)&life->beat);
    uint64_t beat_ms = sp_notify_watchdog_us() / 2000;
    if (beat_ms)
        uv_timer_start(&life->beat, on_beat, 0, beat_ms);
    for (int i = 0; i < N_SIGNALS; i++) {
        int failed = uv_signal_init(server->loop, &life->signals[i]);
        if (failed < 0)
            return sp_error_errno(error, -failed, "signal");
        add_handle(life, (uv_handle_t *)&life->signals[i]);
        failed = uv_signal_start(&life->signals[i], on_signal, signals[i]);
        if (failed < 0)
            return sp_error_errno(error, -failed, "signal");
    }
    return 0;
}

static void close_done(uv_handle_t *handle)
{
    struct sp_life *life = handle->data;
    if (--life->n_handles)
        return;
    void (*closed)(void *) = life->closed;
    void *context = life->context;
    free(life);
    closed(context);
}

void sp_life_close(struct sp_life *life, void (*closed)(void *context), void *context)
{
    life->closed = closed;
    life->context = context;
    uv_handle_t *handles[] = {(uv_handle_t *)&life->tick, (uv_handle_t *)&life->beat, (uv_handle_t *)&life->signals[0],
        (uv_handle_t *)&life->signals[1], (uv_handle_t *)&life->signals[2]};
    for (unsigned i = 0, n = life->n_handles; i < n; i++)
        uv_close(handles[i], close_done);
}
