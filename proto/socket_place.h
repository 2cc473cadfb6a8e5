#ifndef SP_PROTO_SOCKET_PLACE_H
#define SP_PROTO_SOCKET_PLACE_H

/* Where the socket is that nobody has named: daemon and client have to mean the same place. Any thread; needs libc only. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SP_SOCKET_PLACE_NAME "sallyport.sock"
#define SP_SOCKET_PLACE_DIR  "/run/sallyport"
/* The machine's service. It may be there without being installed: whoever may start a private daemon looks here first. */
#define SP_SOCKET_PLACE_SERVICE SP_SOCKET_PLACE_DIR "/" SP_SOCKET_PLACE_NAME
/* Of root's private daemon. Not the service's: that one's name is a promise about who answers. */
#define SP_SOCKET_PLACE_PRIVATE_ROOT_DIR "/run/sallyport-private"

/* The folder of a user's private daemon. runtime_dir: an absolute path, or NULL where the user has none. As snprintf. */
static inline int sp_socket_place_private_dir(char *ret_path, size_t size, const char *runtime_dir, uint32_t uid)
{
    if (runtime_dir)
        return snprintf(ret_path, size, "%s/sallyport", runtime_dir);
    if (uid == 0)
        return snprintf(ret_path, size, "%s", SP_SOCKET_PLACE_PRIVATE_ROOT_DIR);
    return snprintf(ret_path, size, "/run/user/%u/sallyport", uid);
}

#endif
