/* reload and drain: the operator's two levers over the socket. Loop thread. */
#include "daemon/drain.h"
#include "daemon/reload.h"
#include "daemon/request.h"
#include "daemon/server.h"
#include "proto/pack.h"

static void answer(struct sp_request *request, const char *key)
{
    struct sp_buffer result;
    sp_buffer_init(&result, 256);
    sp_pack_map(&result, 1);
    sp_pack_key(&result, key);
    sp_pack_bool(&result, true);
    sp_request_reply(request, &result);
    sp_buffer_fini(&result);
}

static void reloaded(void *context, const struct sp_error *error)
{
    struct sp_request *request = context;
    if (error)
        sp_request_fail(request, error);
    else
        answer(request, "reloaded");
}

int sp_method_reload(struct sp_request *request, struct sp_error *error)
{
    return sp_reload_start(request->server, &request->identity, reloaded, request, error);
}

/* Answered at once: what drains is the daemon, and this request would wait for itself. */
int sp_method_drain(struct sp_request *request, struct sp_error *error)
{
    struct sp_drain *drain = request->server->drain;
    (void)error;
    answer(request, "draining");
    sp_drain_start(drain, "asked to over the socket", false);
    return 0;
}
