/* Frames become requests and find their handlers. Loop thread. The order of the checks is the point: what a peer may not do,
 * or what there is no room for, is refused before its parameters are looked at. */
#include "daemon/dispatch.h"

#include <stdlib.h>

#include "daemon/audit.h"
#include "daemon/connection.h"
#include "daemon/log.h"
#include "daemon/request.h"
#include "daemon/server.h"
#include "daemon/stats.h"

#define ARENA_BYTES_MAX (64u << 20) /* a request's; most take a few KiB */

static sp_handler *const handlers[SP_METHOD_COUNT] = {
#define X(id, function, name, right, params, work) [SP_METHOD_##id] = sp_method_##function,
    SP_METHODS(X)
#undef X
};

static int denied(struct sp_request *request, struct sp_error *error)
{
    const struct sp_method *method = &sp_methods[request->method];
    int r = sp_error_set(error, SP_EDENIED, "%s needs the right \"%s\"", method->name, sp_right_name(method->right));
    struct sp_audit_event event = {
        .kind = SP_AUDIT_DENIAL,
        .uid = request->identity.uid,
        .gid = request->identity.gid,
        .pid = request->identity.pid,
        .method = method->name,
        .error = error,
    };
    sp_audit_tell(request->server->audit, &event);
    return r;
}

static int decode(struct sp_request *request, struct sp_error *error)
{
    const struct sp_table *table = sp_methods[request->method].params;
    request->params = sp_arena_alloc(&request->arena, table->size_bytes);
    if (!request->params)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    return sp_decode(request->message.params, table, SP_EINVALID_REQUEST, &request->arena, request->params, error);
}

static int handle(struct sp_request *request, struct sp_error *error)
{
    request->method = sp_method_find(request->message.method);
    if (request->method < 0)
        return sp_error_set(error, SP_EUNKNOWN_METHOD, NULL);
    unsigned right = sp_methods[request->method].right;
    if ((request->identity.rights & right) != right)
        return denied(request, error);
    if (request->server->draining && sp_methods[request->method].is_work)
        return sp_error_set(error, SP_ESHUTTING_DOWN, NULL);
    int r = decode(request, error);
    if (r < 0)
        return r;
    return handlers[request->method](request, error);
}

static void dispatch_request(struct sp_connection *connection, struct sp_message *message, size_t n_bytes)
{
    struct sp_server *server = connection->server;
    struct sp_error error = {0};
    struct sp_request *request = NULL;
    sp_stats_add(server->stats, SP_STAT_REQUESTS, 1);
    int r = sp_quota_take(connection->account, 1, n_bytes, &error);
    if (r == 0) {
        request = calloc(1, sizeof(*request));
        if (!request) {
            r = sp_error_set(&error, SP_ENO_MEMORY, NULL);
            sp_quota_give(connection->account, 1, n_bytes);
        }
    }
    if (r < 0) {
        uint32_t msgid = message->msgid;
        sp_message_fini(message);
        sp_stats_ended(server->stats, -1, 0, r);
        sp_connection_send_error(connection, msgid, &error);
        return;
    }
    request->server = server;
    request->connection = connection;
    request->identity = connection->identity;
    request->msgid = message->msgid;
    request->message = *message;
    request->account = connection->account;
    request->charged_bytes = n_bytes;
    request->frame_bytes = server->config->frame_bytes;
    request->accepted_ns = uv_hrtime();
    sp_arena_init(&request->arena, ARENA_BYTES_MAX);
    sp_connection_link(connection, request);
    r = handle(request, &error);
    if (r < 0)
        sp_request_fail(request, &error);
}

static void cancel_request(struct sp_request *request)
{
    void (*call)(struct sp_request *) = request->cancel;
    request->cancel = NULL;
    if (call)
        call(request);
}

/* Only what is in flight on this connection can be meant; a tag may stand for several. No request ends in here. */
static void cancel(struct sp_connection *connection, const struct sp_message *message)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 64u << 10);
    struct sp_params_cancel params;
    int r = sp_decode(message->params, &sp_params_cancel_table, SP_EINVALID_REQUEST, &arena, &params, NULL);
    if (r == 0 && params.msgid <= UINT32_MAX) {
        struct sp_request *request = sp_connection_find(connection, (uint32_t)params.msgid);
        if (request)
            cancel_request(request);
    } else if (r == 0 && params.tag.ptr) {
        for (int i = 0; i < SP_CONNECTION_BUCKETS; i++)
            for (struct sp_request *each = connection->requests[i]; each; each = each->next)
                if (each->tag.ptr && sp_str_equal(each->tag, params.tag))
                    cancel_request(each);
    }
    sp_arena_fini(&arena);
}

void sp_dispatch_frame(struct sp_connection *connection, uint8_t *bytes, size_t n_bytes)
{
    struct sp_error error = {0};
    struct sp_message message;
    uint32_t msgid;
    bool peeked = sp_message_peek_msgid(bytes, n_bytes, &msgid);
    int r = sp_message_init(&message, bytes, n_bytes, &error);
    bool request = r == SP_EINVALID_REQUEST || (r == 0 && message.type == SP_MESSAGE_REQUEST);
    if (request && sp_connection_find(connection, message.msgid)) {
        if (r == 0)
            sp_message_fini(&message);
        sp_error_set(&error, SP_EPROTOCOL, "a msgid is in flight twice");
        sp_connection_finish(connection, NULL, &error);
        return;
    }
    if (r == SP_EINVALID_REQUEST) {
        sp_stats_ended(connection->server->stats, -1, 0, r);
        sp_connection_send_error(connection, message.msgid, &error);
        return;
    }
    if (r < 0) {
        sp_stats_add(connection->server->stats, SP_STAT_BROKEN_FRAMES, 1);
        if (peeked && sp_connection_find(connection, msgid))
            peeked = false; /* it would pass for the answer of the one in flight */
        sp_connection_finish(connection, peeked ? &msgid : NULL, &error);
        return;
    }
    if (request) {
        dispatch_request(connection, &message, n_bytes);
        return;
    }
    if (message.type == SP_MESSAGE_NOTIFICATION) {
        sp_stats_add(connection->server->stats, SP_STAT_NOTIFICATIONS, 1);
        if (sp_str_is(message.method, "cancel"))
            cancel(connection, &message);
    }
    /* Responses answer nothing, because nothing is asked: ignored, as unknown notifications are. */
    sp_message_fini(&message);
}
