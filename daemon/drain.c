/* Draining, in phases that only go forward:
 *
 *   idle ──start──► grace ──nothing in flight──────────────► flush ──► drained
 *                     └──grace over, or asked again──► kill ──┘
 *
 * Loop thread. A timer of its own looks at the state some times a second, so that no other part has to know that the daemon
 * is ending. */
#include "daemon/drain.h"

#include <stdlib.h>
#include <unistd.h>

#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/server.h"

#define LOOK_MS  10
#define FLUSH_MS 2000  /* for peers to read their last answers */
#define KILL_MS  10000 /* for what was cancelled to end */
#define STUCK_MS 20000 /* from drained to the end of the process */

enum phase { PHASE_IDLE, PHASE_GRACE, PHASE_KILL, PHASE_FLUSH, PHASE_DRAINED };

struct sp_drain {
    struct sp_server *server;
    void (*drained)(struct sp_server *server);
    uv_timer_t timer;
    enum phase phase;
    uint64_t until_ms; /* of the phase */
    void (*closed)(void *context);
    void *context;
};

int sp_drain_open(struct sp_server *server, void (*drained)(struct sp_server *server), struct sp_drain **ret_drain,
    struct sp_error *error)
{
    struct sp_drain *drain = calloc(1, sizeof(*drain));
    if (!drain)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    drain->server = server;
    drain->drained = drained;
    uv_timer_init(server->loop, &drain->timer);
    drain->timer.data = drain;
    *ret_drain = drain;
    return 0;
}

static void enter(struct sp_drain *drain, enum phase phase, uint64_t wait_ms)
{
    drain->phase = phase;
    drain->until_ms = uv_now(drain->server->loop) + wait_ms;
}

/* Each is told once: a handler that was cancelled ends its request itself. */
static void cancel_all(struct sp_listener *listener)
{
    for (struct sp_connection *connection = listener->connections; connection; connection = connection->next) {
        for (int i = 0; i < SP_CONNECTION_BUCKETS; i++) {
            struct sp_request *request = connection->requests[i];
            while (request && !request->cancel)
                request = request->next;
            while (request) {
                void (*cancel)(struct sp_request *) = request->cancel;
                request->cancel = NULL;
                cancel(request);
                /* The list may have changed: from its start again, past those that were told. */
                request = connection->requests[i];
                while (request && !request->cancel)
                    request = request->next;
            }
        }
    }
}

static bool all_written(const struct sp_listener *listener)
{
    for (const struct sp_connection *connection = listener->connections; connection; connection = connection->next)
        if (sp_connection_unread(connection) > 0)
            return false;
    return true;
}

static void look(uv_timer_t *timer)
{
    struct sp_drain *drain = timer->data;
    struct sp_server *server = drain->server;
    bool late = uv_now(server->loop) >= drain->until_ms;
    size_t n_requests = sp_quota_totals(server->quota).n_requests;
    if (drain->phase == PHASE_GRACE && n_requests == 0) {
        enter(drain, PHASE_FLUSH, FLUSH_MS);
    } else if (drain->phase == PHASE_GRACE && late) {
        sp_log(SP_LOG_NOTICE, "the grace is over; %zu requests are cancelled", n_requests);
        enter(drain, PHASE_KILL, KILL_MS);
        cancel_all(server->listener);
    } else if (drain->phase == PHASE_KILL && (n_requests == 0 || late)) {
        if (n_requests)
            sp_log(SP_LOG_WARNING, "%zu requests have not ended", n_requests);
        enter(drain, PHASE_FLUSH, FLUSH_MS);
    }
    if (drain->phase == PHASE_FLUSH && (late || all_written(server->listener))) {
        enter(drain, PHASE_DRAINED, STUCK_MS);
        drain->drained(server);
    } else if (drain->phase == PHASE_DRAINED && late) {
        sp_log(SP_LOG_ERROR, "the daemon does not come to its end (step %d); it is ended", server->stop_step);
        _exit(1);
    }
}

void sp_drain_start(struct sp_drain *drain, const char *why, bool at_once)
{
    struct sp_server *server = drain->server;
    if (drain->phase == PHASE_IDLE) {
        sp_log(SP_LOG_NOTICE, "draining: %s", why);
        server->draining = true;
        sp_notify_stopping();
        sp_listen_stop(server->listener);
        enter(drain, PHASE_GRACE, server->config->drain_grace_ms);
        uv_timer_start(&drain->timer, look, 0, LOOK_MS);
    } else if (drain->phase == PHASE_GRACE && at_once) {
        drain->until_ms = uv_now(server->loop);
    }
}

static void close_done(uv_handle_t *handle)
{
    struct sp_drain *drain = handle->data;
    void (*closed)(void *) = drain->closed;
    void *context = drain->context;
    drain->server->drain = NULL;
    free(drain);
    closed(context);
}

void sp_drain_close(struct sp_drain *drain, void (*closed)(void *context), void *context)
{
    drain->closed = closed;
    drain->context = context;
    uv_close((uv_handle_t *)&drain->timer, close_done);
}
