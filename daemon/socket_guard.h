#ifndef SP_DAEMON_SOCKET_GUARD_H
#define SP_DAEMON_SOCKET_GUARD_H

/* Removes the socket of a start that fails after root was given up. Main only, before the loop runs. */

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/listen.h"

struct sp_socket_guard {
    pid_t pid; /* 0: none is needed */
    int fd;
};

#define SP_SOCKET_GUARD_NONE ((struct sp_socket_guard){0, -1})

/* Between bind and the drop of rights, by one thread. Leaves ret_guard as it is where who starts can remove its socket later
 * too: not started by root, or under socket activation. */
int sp_socket_guard_start(
    const struct sp_listen_sockets *sockets, struct sp_socket_guard *ret_guard, struct sp_error *error);

/* The start is over: the socket stays, or is gone when this returns. A process that ends without a word has failed too. */
void sp_socket_guard_end(struct sp_socket_guard *guard, bool started);

#endif
