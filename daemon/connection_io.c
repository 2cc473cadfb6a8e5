/* A connection's bytes: read, cut into frames, dispatched; written, as much as the peer takes. Loop thread. Reading ends at
 * soft bounds (requests and bytes in flight, unread answers) and goes on when they are left again; nothing is buffered
 * meanwhile but what one read had brought. */
#include "daemon/connection_io.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/dispatch.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/stats.h"
#include "proto/message.h"

#define READS_A_TURN   4
#define OUTPUT_KEPT    4096 /* an idle connection keeps no more */
#define PROGRESS_TURNS 8

static bool may_take(const struct sp_connection *connection)
{
    const struct sp_config_bounds *bounds = &connection->server->config->bounds;
    return connection->phase <= SP_CONNECTION_HALF && connection->n_requests < bounds->connection_requests &&
           connection->request_bytes < bounds->connection_bytes &&
           sp_connection_unread(connection) < bounds->output_bytes;
}

bool sp_connection_io_charge(struct sp_connection *connection)
{
    const struct {
        size_t *charged, held;
    } rows[2] = {
        {&connection->input_charged, connection->input.room_bytes},
        {&connection->output_charged, connection->output.room_bytes},
    };
    for (int i = 0; i < 2; i++) {
        if (rows[i].held > *rows[i].charged) {
            if (sp_quota_take(connection->account, 0, rows[i].held - *rows[i].charged, NULL) < 0)
                return false;
        } else {
            sp_quota_give(connection->account, 0, *rows[i].charged - rows[i].held);
        }
        *rows[i].charged = rows[i].held;
    }
    return true;
}

static void finish_broken(
    struct sp_connection *connection, const uint8_t *bytes, size_t n_bytes, const struct sp_error *error)
{
    uint32_t msgid;
    bool known = sp_message_peek_msgid(bytes, n_bytes, &msgid);
    sp_stats_add(connection->server->stats, SP_STAT_BROKEN_FRAMES, 1);
    if (known && sp_connection_find(connection, msgid))
        known = false; /* it would pass for the answer of the one in flight */
    sp_connection_finish(connection, known ? &msgid : NULL, error);
}

/* Dispatches whole frames as long as the bounds allow. Returns how many bytes were taken. */
static size_t take_frames(struct sp_connection *connection, const uint8_t *bytes, size_t n_bytes)
{
    size_t at = 0;
    while (at < n_bytes && may_take(connection)) {
        struct sp_error error = {0};
        size_t length = 0;
        int r = sp_frame_walk(&connection->frame, bytes + at, n_bytes - at, &length, &error);
        if (r == 0)
            break;
        if (r < 0) {
            finish_broken(connection, bytes + at, n_bytes - at, &error);
            return n_bytes;
        }
        const struct sp_frame_limits limits = {connection->server->config->frame_bytes, SP_FRAME_ITEMS_MAX};
        sp_frame_init(&connection->frame, &limits);
        uint8_t *copy = malloc(length);
        if (!copy) {
            sp_error_set(&error, SP_ENO_MEMORY, NULL);
            finish_broken(connection, bytes + at, n_bytes - at, &error);
            return n_bytes;
        }
        memcpy(copy, bytes + at, length);
        sp_dispatch_frame(connection, copy, length);
        at += length;
    }
    return connection->phase >= SP_CONNECTION_FINISHING ? n_bytes : at;
}

/* Frames out of what was kept. */
static void take_kept(struct sp_connection *connection)
{
    if (!connection->input.n_bytes || !may_take(connection))
        return;
    size_t taken = take_frames(connection, connection->input.bytes, connection->input.n_bytes);
    if (connection->phase == SP_CONNECTION_CLOSED)
        return;
    sp_buffer_consume(&connection->input, taken);
    if (connection->input.n_bytes == 0)
        sp_buffer_fini(&connection->input);
    sp_connection_io_charge(connection);
}

static void take_bytes(struct sp_connection *connection, const uint8_t *bytes, size_t n_bytes)
{
    size_t taken = connection->input.n_bytes ? 0 : take_frames(connection, bytes, n_bytes);
    if (connection->phase >= SP_CONNECTION_FINISHING || taken == n_bytes)
        return;
    struct sp_error error = {0};
    if (sp_buffer_append(&connection->input, bytes + taken, n_bytes - taken) < 0 ||
        !sp_connection_io_charge(connection)) {
        sp_error_set(&error, connection->input.failed ? connection->input.failed : SP_EBUSY,
            "too many bytes wait for uid %u", connection->identity.uid);
        finish_broken(connection, connection->input.bytes, connection->input.n_bytes, &error);
        return;
    }
    take_kept(connection);
}

static bool hung_up(const struct sp_connection *connection)
{
    struct pollfd polled = {.fd = connection->fd};
    return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void read_some(struct sp_connection *connection)
{
    struct sp_listener *listener = connection->server->listener;
    for (int i = 0; i < READS_A_TURN && connection->phase == SP_CONNECTION_OPEN && may_take(connection); i++) {
        ssize_t n = recv(connection->fd, listener->read_buffer, sizeof(listener->read_buffer), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0 || (n == 0 && hung_up(connection))) {
            sp_connection_close(connection);
            return;
        }
        if (n == 0) {
            connection->phase = SP_CONNECTION_HALF;
            return;
        }
        sp_stats_add(connection->server->stats, SP_STAT_READS, 1);
        sp_stats_add(connection->server->stats, SP_STAT_BYTES_IN, (uint64_t)n);
        take_bytes(connection, listener->read_buffer, (size_t)n);
        if ((size_t)n < sizeof(listener->read_buffer))
            return;
    }
}

/* The peer reads again: those who were told to pause hear it. */
static void resume_paused(struct sp_connection *connection)
{
    connection->paused = false;
    for (int i = 0; i < SP_CONNECTION_BUCKETS; i++) {
        for (struct sp_request *request = connection->requests[i], *next; request; request = next) {
            next = request->next;
            if (request->resume)
                request->resume(request);
            if (connection->phase == SP_CONNECTION_CLOSED)
                return;
        }
    }
}

static void write_some(struct sp_connection *connection)
{
    while (sp_connection_unread(connection) > 0) {
        ssize_t n = send(connection->fd, connection->output.bytes + connection->output_at,
            sp_connection_unread(connection), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) {
            sp_connection_close(connection);
            return;
        }
        sp_stats_add(connection->server->stats, SP_STAT_WRITES, 1);
        sp_stats_add(connection->server->stats, SP_STAT_BYTES_OUT, (uint64_t)n);
        connection->output_at += (size_t)n;
    }
    if (sp_connection_unread(connection) == 0) {
        connection->output_at = 0;
        if (connection->output.room_bytes > OUTPUT_KEPT)
            sp_buffer_fini(&connection->output);
        sp_buffer_reset(&connection->output);
    } else if (connection->output_at > connection->output.n_bytes / 2) {
        sp_buffer_consume(&connection->output, connection->output_at);
        connection->output_at = 0;
    }
    sp_connection_io_charge(connection);
    if (connection->paused && sp_connection_unread(connection) < connection->server->config->bounds.output_bytes / 2)
        resume_paused(connection);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
    struct sp_connection *connection = poll->data;
    if (status < 0 || ((events & UV_PRIORITIZED) && !(events & UV_READABLE) && hung_up(connection))) {
        sp_connection_close(connection);
        return;
    }
    if (events & UV_READABLE)
        read_some(connection);
    sp_connection_wake(connection);
}

/* A hang-up is told for UV_PRIORITIZED alone too. */
void sp_connection_io_update(struct sp_connection *connection)
{
    int events = UV_PRIORITIZED;
    if (connection->phase == SP_CONNECTION_OPEN && may_take(connection))
        events |= UV_READABLE;
    if (sp_connection_unread(connection) > 0)
        events |= UV_WRITABLE;
    if (events == connection->events)
        return;
    connection->events = events;
    uv_poll_start(&connection->poll, events, on_events);
}

static bool has_ended(const struct sp_connection *connection)
{
    if (sp_connection_unread(connection) > 0)
        return false;
    return connection->phase == SP_CONNECTION_FINISHING ||
           (connection->phase == SP_CONNECTION_HALF && connection->n_requests == 0 &&
               (connection->input.n_bytes == 0 || may_take(connection)));
}

bool sp_connection_pump(struct sp_connection *connection)
{
    bool more = true;
    for (int i = 0; i < PROGRESS_TURNS && more; i++) {
        size_t kept = connection->input.n_bytes;
        bool blocked = !may_take(connection);
        take_kept(connection);
        if (connection->phase == SP_CONNECTION_CLOSED)
            return false;
        write_some(connection);
        if (connection->phase == SP_CONNECTION_CLOSED)
            return false;
        /* What was kept goes on where some of it went, or where only now it may; a frame that is not whole waits. */
        more = connection->input.n_bytes > 0 && may_take(connection) && (connection->input.n_bytes < kept || blocked);
    }
    if (has_ended(connection) && !more) {
        sp_connection_close(connection);
        return false;
    }
    sp_connection_io_update(connection);
    return more;
}
