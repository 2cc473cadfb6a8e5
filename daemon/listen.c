/* Listening, accepting, and the turn of the loop in which connections are looked after: all that happened in one wait is read
 * first and answered in one write each. Loop thread. */
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/stats.h"
#include "proto/list.h"
#include "proto/scope.h"

#define ACCEPTS_A_TURN 64
#define TICK_MS        1000

static void close_done(uv_handle_t *handle)
{
    struct sp_listener *listener = handle->data;
    listener->n_handles--;
    if (!listener->closed || listener->n_handles || listener->n_connections)
        return;
    void (*closed)(void *) = listener->closed;
    void *context = listener->context;
    if (listener->spare_fd >= 0)
        close(listener->spare_fd);
    listener->server->listener = NULL;
    free(listener);
    closed(context);
}

void sp_listen_forget(struct sp_listener *listener, struct sp_connection *connection)
{
    SP_LIST_REMOVE(connection);
    listener->n_connections--;
    /* The last handle to close may be a connection's. */
    if (listener->closed && !listener->n_connections && !listener->n_handles) {
        listener->n_handles = 1;
        close_done(&(uv_handle_t){.data = listener});
    }
}

/* No descriptor is left for a new connection: the spare one takes it, only to hang up, so that the peer does not wait. */
static void hang_up(struct sp_listener *listener, int listening_fd)
{
    sp_log_peer(SP_LOG_WARNING, "out of descriptors; a connection is refused");
    if (listener->spare_fd >= 0)
        close(listener->spare_fd);
    int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        close(fd);
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool accept_one(struct sp_listener *listener, int listening_fd)
{
    int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        hang_up(listener, listening_fd);
        return false;
    }
    if (fd < 0)
        return errno == EINTR || errno == ECONNABORTED;
    struct sp_error error = {0};
    if (sp_connection_open(listener->server, fd, &error) < 0) {
        sp_stats_add(listener->server->stats, SP_STAT_CONNECTIONS_REFUSED, 1);
        sp_log_peer(SP_LOG_NOTICE, "a connection is refused: %s", error.text);
    }
    return true;
}

static void on_incoming(uv_poll_t *poll, int status, int events)
{
    struct sp_listener *listener = poll->data;
    (void)events;
    if (status < 0)
        return;
    int fd = listener->sockets.fds[poll - listener->polls];
    for (int i = 0; i < ACCEPTS_A_TURN && accept_one(listener, fd); i++)
        ;
}

void sp_listen_accept(struct sp_listener *listener)
{
    for (size_t i = 0; i < listener->n_polls && !listener->stopped; i++)
        on_incoming(&listener->polls[i], 0, UV_READABLE);
}

static void idle_turn(uv_idle_t *idle)
{
    (void)idle; /* its being active is what keeps the loop from waiting */
}

static void pump_all(struct sp_listener *listener)
{
    struct sp_connection *again = NULL;
    while (listener->pumps) {
        struct sp_connection *connection = listener->pumps;
        SP_LIST_REMOVE_BY(connection, pump_next, pump_link);
        if (sp_connection_pump(connection) && !connection->pump_link)
            SP_LIST_INSERT_BY(&again, connection, pump_next, pump_link);
    }
    listener->pumps = again;
    if (again)
        again->pump_link = &listener->pumps;
    if (again)
        uv_idle_start(&listener->idle, idle_turn);
    else
        uv_idle_stop(&listener->idle);
}

static void before_wait(uv_prepare_t *prepare)
{
    pump_all(prepare->data);
}

static void after_wait(uv_check_t *check)
{
    pump_all(check->data);
}

static void tick(uv_timer_t *timer)
{
    struct sp_listener *listener = timer->data;
    uint64_t now_ms = uv_now(listener->server->loop);
    for (struct sp_connection *connection = listener->connections, *next; connection; connection = next) {
        next = connection->next;
        if (connection->phase == SP_CONNECTION_FINISHING && now_ms >= connection->finish_by_ms)
            sp_connection_close(connection);
    }
}

static void add_handle(struct sp_listener *listener, uv_handle_t *handle)
{
    handle->data = listener;
    listener->n_handles++;
}

static int start_polls(struct sp_listener *listener, struct sp_error *error)
{
    for (size_t i = 0; i < listener->sockets.n_fds; i++) {
        int fd = listener->sockets.fds[i];
        int failed = uv_poll_init(listener->server->loop, &listener->polls[i], fd);
        if (failed < 0)
            return sp_error_errno(error, -failed, "epoll");
        listener->n_polls++;
        add_handle(listener, (uv_handle_t *)&listener->polls[i]);
        failed = uv_poll_start(&listener->polls[i], UV_READABLE, on_incoming);
        if (failed < 0)
            return sp_error_errno(error, -failed, "epoll");
    }
    return 0;
}

int sp_listen_start(struct sp_server *server, struct sp_listen_sockets *sockets, struct sp_listener **ret_listener,
    struct sp_error *error)
{
    struct sp_listener *listener = calloc(1, sizeof(*listener));
    if (!listener)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    listener->server = server;
    listener->sockets = *sockets;
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sockets->n_fds = 0;
    sockets->lock_fd = -1;
    sockets->path[0] = '\0';
    uv_prepare_init(server->loop, &listener->prepare);
    uv_check_init(server->loop, &listener->check);
    uv_idle_init(server->loop, &listener->idle);
    uv_timer_init(server->loop, &listener->tick);
    add_handle(listener, (uv_handle_t *)&listener->prepare);
    add_handle(listener, (uv_handle_t *)&listener->check);
    add_handle(listener, (uv_handle_t *)&listener->idle);
    add_handle(listener, (uv_handle_t *)&listener->tick);
    uv_prepare_start(&listener->prepare, before_wait);
    uv_check_start(&listener->check, after_wait);
    uv_timer_start(&listener->tick, tick, TICK_MS, TICK_MS);
    *ret_listener = listener; /* from here on sp_listen_close releases it */
    int r = start_polls(listener, error);
    if (r < 0)
        sp_listen_unbind(&listener->sockets);
    return r;
}

void sp_listen_stop(struct sp_listener *listener)
{
    if (listener->stopped)
        return;
    listener->stopped = true;
    for (size_t i = 0; i < listener->n_polls; i++) {
        uv_poll_stop(&listener->polls[i]);
        uv_close((uv_handle_t *)&listener->polls[i], close_done);
    }
    sp_listen_unbind(&listener->sockets);
}

void sp_listen_close(struct sp_listener *listener, void (*closed)(void *context), void *context)
{
    sp_listen_stop(listener);
    listener->closed = closed;
    listener->context = context;
    for (struct sp_connection *connection = listener->connections, *next; connection; connection = next) {
        next = connection->next;
        sp_connection_close(connection);
    }
    uv_close((uv_handle_t *)&listener->prepare, close_done);
    uv_close((uv_handle_t *)&listener->check, close_done);
    uv_close((uv_handle_t *)&listener->idle, close_done);
    uv_close((uv_handle_t *)&listener->tick, close_done);
}
