#ifndef SP_DAEMON_LISTEN_H
#define SP_DAEMON_LISTEN_H

/* The sockets that peers come to, and all connections. Loop thread only, but for bind, which main calls before the loop
 * and before privileges are dropped. */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/config.h"
#include "daemon/connection.h"

#define SP_LISTEN_SOCKETS_MAX 4

/* Sockets before the loop serves them. */
struct sp_listen_sockets {
    int fds[SP_LISTEN_SOCKETS_MAX];
    size_t n_fds;
    int lock_fd;    /* held as long as the path is ours; -1 under socket activation */
    char path[108]; /* "" under socket activation */
    bool activated;
};

/* Takes the sockets of the service manager where there are any, else makes the configuration's: under a lock, a socket that
 * nobody serves is replaced, one that somebody serves is SP_EBUSY. owner_uid: who the daemon will be. Mode and group are
 * set before anybody can connect. */
int sp_listen_bind(
    const struct sp_config *config, uint32_t owner_uid, struct sp_listen_sockets *ret_sockets, struct sp_error *error);
/* Lets peers connect; they wait until the loop runs. Before privileges are dropped: the kernel tells a peer the credentials
 * of this moment, and root's are those that everybody can trust, whoever the daemon becomes. */
int sp_listen_begin(const struct sp_listen_sockets *sockets, struct sp_error *error);
/* Closes them and removes the path. Idempotent; of sockets that were taken nothing is left to do. */
void sp_listen_unbind(struct sp_listen_sockets *sockets);

struct sp_listener {
    struct sp_server *server;
    struct sp_listen_sockets sockets;
    uv_poll_t polls[SP_LISTEN_SOCKETS_MAX];
    size_t n_polls;
    uv_prepare_t prepare; /* before the loop waits: connections are pumped */
    uv_check_t check;     /* after it has waited: the same, so that answers go out in one write */
    uv_idle_t idle;       /* keeps the loop from waiting while a connection has more to do */
    uv_timer_t tick;      /* a second: connections that are finishing */
    struct sp_connection *connections;
    size_t n_connections;
    struct sp_connection *pumps;
    bool stopped;
    int spare_fd; /* given up to say no where descriptors have run out */
    unsigned n_handles;
    void (*closed)(void *context);
    void *context;
    uint8_t
        read_buffer[64 << 10]; /* shared by all connections: what is left after a read goes to the connection's own */
};

/* Serves the sockets and takes them, which are gone again on failure. Once *ret_listener is set, also on failure,
 * sp_listen_close releases it. */
int sp_listen_start(struct sp_server *server, struct sp_listen_sockets *sockets, struct sp_listener **ret_listener,
    struct sp_error *error);
/* Takes in who waits already. */
void sp_listen_accept(struct sp_listener *listener);
/* Nobody new: closes the sockets, removes the path. Connections go on. */
void sp_listen_stop(struct sp_listener *listener);
/* Stops and closes all connections; closed is called once nothing is left, and the listener is gone then. */
void sp_listen_close(struct sp_listener *listener, void (*closed)(void *context), void *context);
/* A connection is gone. */
void sp_listen_forget(struct sp_listener *listener, struct sp_connection *connection);

#endif
