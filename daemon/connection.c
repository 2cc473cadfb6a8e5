/* A connection's life: open, the list of its requests, finish, close. Loop thread; owned by the listener until its handle is
 * closed. The descriptor is polled rather than wrapped in a stream of libuv's, because a peer that is not read from, or that
 * has half-closed, must still be seen to hang up. Moving bytes is connection_io.c. */
#include "daemon/connection.h"

#include <stdlib.h>
#include <unistd.h>

#include "daemon/connection_io.h"
#include "daemon/identity.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/stats.h"
#include "proto/limits.h"
#include "proto/list.h"
#include "proto/message.h"
#include "proto/scope.h"

#define FINISH_MS        5000
#define ERROR_BYTES_MAX  4096
#define INPUT_SLACK      (64u << 10) /* a frame's start may come with the end of the one before */
#define ERROR_ROOM_BYTES (1u << 20)  /* for these, behind the bound of whole answers */

static void close_done(uv_handle_t *handle)
{
    struct sp_connection *connection = handle->data;
    struct sp_server *server = connection->server;
    close(connection->fd);
    sp_listen_forget(server->listener, connection);
    free(connection);
}

/* Everything but the handle. */
static void release(struct sp_connection *connection)
{
    if (connection->account) {
        sp_quota_give(connection->account, 0, connection->input_charged + connection->output_charged);
        sp_quota_disconnect(connection->account);
    }
    connection->account = NULL;
    sp_buffer_fini(&connection->input);
    sp_buffer_fini(&connection->output);
    sp_identity_fini(&connection->identity);
}

int sp_connection_open(struct sp_server *server, int taken_fd, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd = taken_fd;
    struct sp_connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    const struct sp_config *config = server->config;
    connection->server = server;
    connection->fd = fd;
    const struct sp_frame_limits limits = {config->frame_bytes, SP_FRAME_ITEMS_MAX};
    sp_frame_init(&connection->frame, &limits);
    sp_buffer_init(&connection->input, config->frame_bytes + INPUT_SLACK);
    sp_buffer_init(&connection->output,
        config->bounds.output_bytes + SP_CONNECTION_OUTPUT_FRAMES * config->frame_bytes + ERROR_ROOM_BYTES);
    int r = sp_identity_read(fd, &connection->identity, error);
    if (r == 0)
        r = sp_quota_connect(server->quota, connection->identity.uid, &connection->account, error);
    if (r == 0) {
        int failed = uv_poll_init(server->loop, &connection->poll, fd);
        if (failed < 0)
            r = sp_error_errno(error, -failed, "epoll");
    }
    if (r < 0) {
        release(connection);
        free(connection);
        return r;
    }
    connection->poll.data = connection;
    connection->identity.rights = sp_identity_rights(&connection->identity, config);
    SP_LIST_INSERT(&server->listener->connections, connection);
    server->listener->n_connections++;
    SP_TAKE_FD(fd);
    sp_stats_add(server->stats, SP_STAT_CONNECTIONS, 1);
    sp_log_peer(SP_LOG_DEBUG, "connection from uid %u, pid %d", connection->identity.uid, connection->identity.pid);
    sp_connection_io_update(connection);
    return 0;
}

/* The requests outlive the connection until their handlers have ended. */
static void abandon_requests(struct sp_connection *connection)
{
    for (int i = 0; i < SP_CONNECTION_BUCKETS; i++) {
        while (connection->requests[i]) {
            struct sp_request *request = connection->requests[i];
            SP_LIST_REMOVE(request);
            request->connection = NULL;
            request->resume = NULL;
            request->identity.groups = NULL;
            request->identity.n_groups = 0;
            void (*cancel)(struct sp_request *) = request->cancel;
            request->cancel = NULL;
            if (cancel)
                cancel(request);
        }
    }
    connection->n_requests = 0;
    connection->request_bytes = 0;
}

void sp_connection_close(struct sp_connection *connection)
{
    if (connection->phase == SP_CONNECTION_CLOSED)
        return;
    connection->phase = SP_CONNECTION_CLOSED;
    if (connection->pump_link)
        SP_LIST_REMOVE_BY(connection, pump_next, pump_link);
    uv_poll_stop(&connection->poll);
    abandon_requests(connection);
    release(connection);
    uv_close((uv_handle_t *)&connection->poll, close_done);
}

void sp_connection_finish(struct sp_connection *connection, const uint32_t *msgid, const struct sp_error *error)
{
    if (connection->phase >= SP_CONNECTION_FINISHING)
        return;
    connection->phase = SP_CONNECTION_FINISHING;
    connection->finish_by_ms = uv_now(connection->server->loop) + FINISH_MS;
    sp_log_peer(SP_LOG_INFO, "closing a connection of uid %u: %s", connection->identity.uid, error->text);
    abandon_requests(connection);
    if (msgid)
        sp_connection_send_error(connection, *msgid, error);
    sp_connection_wake(connection);
}

void sp_connection_reconfigure(struct sp_connection *connection)
{
    const struct sp_config *config = connection->server->config;
    size_t input_max = config->frame_bytes + INPUT_SLACK;
    if (input_max > connection->input.max_bytes)
        connection->input.max_bytes = input_max;
    size_t output_max =
        config->bounds.output_bytes + SP_CONNECTION_OUTPUT_FRAMES * config->frame_bytes + ERROR_ROOM_BYTES;
    if (output_max > connection->output.max_bytes)
        connection->output.max_bytes = output_max;
    connection->identity.rights = sp_identity_rights(&connection->identity, config);
    for (int i = 0; i < SP_CONNECTION_BUCKETS; i++)
        for (struct sp_request *request = connection->requests[i]; request; request = request->next)
            request->identity.rights = connection->identity.rights;
    sp_connection_wake(connection);
}

struct sp_request *sp_connection_find(struct sp_connection *connection, uint32_t msgid)
{
    struct sp_request *request = connection->requests[msgid % SP_CONNECTION_BUCKETS];
    while (request && request->msgid != msgid)
        request = request->next;
    return request;
}

void sp_connection_link(struct sp_connection *connection, struct sp_request *request)
{
    SP_LIST_INSERT(&connection->requests[request->msgid % SP_CONNECTION_BUCKETS], request);
    connection->n_requests++;
    connection->request_bytes += request->charged_bytes;
}

void sp_connection_unlink(struct sp_connection *connection, struct sp_request *request)
{
    SP_LIST_REMOVE(request);
    connection->n_requests--;
    connection->request_bytes -= request->charged_bytes;
    sp_connection_wake(connection);
}

size_t sp_connection_unread(const struct sp_connection *connection)
{
    return connection->output.n_bytes - connection->output_at;
}

static void slow_reader(struct sp_connection *connection)
{
    sp_stats_add(connection->server->stats, SP_STAT_SLOW_READERS, 1);
    sp_log_peer(SP_LOG_NOTICE, "uid %u, pid %d does not read its answers; its connection is closed",
        connection->identity.uid, connection->identity.pid);
    sp_connection_close(connection);
}

bool sp_connection_send(struct sp_connection *connection, const struct sp_buffer *head, const struct sp_buffer *body)
{
    if (connection->phase == SP_CONNECTION_CLOSED)
        return false;
    sp_buffer_append(&connection->output, head->bytes, head->n_bytes);
    if (body)
        sp_buffer_append(&connection->output, body->bytes, body->n_bytes);
    if (connection->output.failed || !sp_connection_io_charge(connection)) {
        slow_reader(connection);
        return false;
    }
    sp_connection_wake(connection);
    return true;
}

void sp_connection_send_error(struct sp_connection *connection, uint32_t msgid, const struct sp_error *error)
{
    struct sp_buffer response;
    sp_buffer_init(&response, ERROR_BYTES_MAX);
    sp_message_pack_error(&response, msgid, error, connection->errors_as_map);
    if (response.failed)
        sp_connection_close(connection);
    else
        sp_connection_send(connection, &response, NULL);
    sp_buffer_fini(&response);
}

void sp_connection_wake(struct sp_connection *connection)
{
    struct sp_listener *listener = connection->server->listener;
    if (connection->pump_link || connection->phase == SP_CONNECTION_CLOSED)
        return;
    SP_LIST_INSERT_BY(&listener->pumps, connection, pump_next, pump_link);
}
