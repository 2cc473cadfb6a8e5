#ifndef SP_CLIENT_AUTOSTART_H
#define SP_CLIENT_AUTOSTART_H

/* A private daemon for the user, started where nobody answers at the user's own socket. */

#include "client/wire.h"

/* Connects wire to path, whose folder is the user's own; starts a daemon first where nobody answers. daemon: the program,
 * NULL for $SALLYPORT_DAEMON or the installed one. Concurrent callers start one: a lock beside the socket is held until
 * it answers. SP_EUNREACHABLE: it did not start (the text has its own words), or not within timeout_ms. SP_EDENIED: the
 * folder is somebody else's or open to others. */
int sp_autostart_connect(
    struct sp_wire *wire, const char *path, const char *daemon, unsigned timeout_ms, struct sp_error *error);

/* The daemon that was installed with the shared library at this path, wherever both were put: false where that is none of
 * ours (a program that took the library in) or no daemon is there. */
bool sp_autostart_beside(const char *library, char *ret_path, size_t size);

/* The daemon's own words on its readiness pipe: 0 for "ready", else SP_EUNREACHABLE with what it said. */
int sp_autostart_read_line(const char *line, struct sp_error *error);

#endif
