#ifndef SP_CLIENT_SOCKET_PATH_H
#define SP_CLIENT_SOCKET_PATH_H

/* Where the service's socket is. */

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "proto/error.h"

enum sp_socket_kind {
    SP_SOCKET_NAMED,     /* said by the caller or by $SALLYPORT_SOCKET */
    SP_SOCKET_INSTALLED, /* the machine's service: never replaced by a private daemon */
    SP_SOCKET_PRIVATE    /* the user's own: may be started */
};

struct sp_socket_path {
    enum sp_socket_kind kind;
    char path[PATH_MAX];
};

/* What the answer depends on, so that tests can say it. */
struct sp_socket_world {
    const char *root; /* put before /etc and the unit folders; "" on a real machine */
    const char *socket_variable;
    const char *runtime_dir_variable;
    uid_t uid;
};

/* The world as it is. */
struct sp_socket_world sp_socket_path_world(void);

/* given: the caller's own path, or NULL. SP_EINVALID_REQUEST (a path that no socket address can hold), SP_EUNREACHABLE (the
 * user's runtime folder lies where others can write). */
int sp_socket_path_find(
    const struct sp_socket_world *world, const char *given, struct sp_socket_path *ret_path, struct sp_error *error);

#endif
