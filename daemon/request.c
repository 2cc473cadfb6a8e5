/* The end of a request: reply, failure, and what it says on the way. Loop thread. A request whose connection is gone ends in
 * the same way, and says nothing. */
#include "daemon/request.h"

#include <stdlib.h>

#include "daemon/connection.h"
#include "daemon/server.h"
#include "daemon/stats.h"
#include "proto/pack.h"

#define HEAD_BYTES 512

static void end(struct sp_request *request, int code)
{
    sp_stats_ended(request->server->stats, request->method, uv_hrtime() - request->accepted_ns, code);
    sp_quota_give(request->account, 1, request->charged_bytes);
    sp_message_fini(&request->message);
    sp_arena_fini(&request->arena);
    free(request);
}

void sp_request_fail(struct sp_request *request, const struct sp_error *error)
{
    struct sp_connection *connection = request->connection;
    struct sp_error filled = *error;
    if (!filled.code)
        sp_error_set(&filled, SP_EINTERNAL, NULL);
    if (connection) {
        sp_connection_unlink(connection, request);
        sp_connection_send_error(connection, request->msgid, &filled);
    }
    end(request, filled.code);
}

void sp_request_reply(struct sp_request *request, const struct sp_buffer *result)
{
    struct sp_connection *connection = request->connection;
    const struct sp_config *config = request->server->config;
    struct sp_error error = {0};
    struct sp_buffer head;
    sp_buffer_init(&head, HEAD_BYTES);
    sp_message_pack_result(&head, request->msgid);
    size_t n_bytes = head.n_bytes + result->n_bytes;
    size_t unread_max = config->bounds.output_bytes + SP_CONNECTION_OUTPUT_FRAMES * request->frame_bytes;
    if (result->failed || head.failed)
        sp_error_set(&error, result->failed ? result->failed : head.failed, NULL);
    else if (n_bytes > request->frame_bytes)
        sp_error_set(
            &error, SP_ETOO_LARGE, "the answer has %zu bytes, more than a frame of %zu", n_bytes, request->frame_bytes);
    else if (connection && sp_connection_unread(connection) + n_bytes > unread_max)
        sp_error_set(&error, SP_EBUSY, "too many answers wait to be read");
    if (error.code) {
        sp_buffer_fini(&head);
        sp_request_fail(request, &error);
        return;
    }
    if (connection) {
        sp_connection_unlink(connection, request);
        sp_connection_send(connection, &head, result);
    }
    sp_buffer_fini(&head);
    end(request, 0);
}

bool sp_request_notify(struct sp_request *request, const char *method, const struct sp_buffer *params)
{
    struct sp_connection *connection = request->connection;
    if (!connection || params->failed)
        return true;
    struct sp_buffer head;
    sp_buffer_init(&head, HEAD_BYTES);
    sp_message_pack_notification(&head, method);
    sp_pack_array(&head, 1);
    bool sent = !head.failed && sp_connection_send(connection, &head, params);
    sp_buffer_fini(&head);
    if (!sent)
        return true; /* the connection closes, which cancels */
    if (sp_connection_unread(connection) < request->server->config->bounds.output_bytes)
        return true;
    connection->paused = true;
    return false;
}

void sp_request_watch(struct sp_request *request, void (*resume)(struct sp_request *request))
{
    request->resume = resume;
}
