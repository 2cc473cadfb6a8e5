#ifndef SP_DAEMON_RELOAD_H
#define SP_DAEMON_RELOAD_H

/* A new configuration and new policies while the daemon runs. All or nothing: what is bad leaves the old in force. Loop
 * thread only. */

#include "proto/error.h"

struct sp_identity;
struct sp_server;

/* Reads the configuration and the operator's policies again. by: who asked, for the audit; NULL: a signal. done (may be NULL)
 * exactly once where 0 was returned, on the loop, never before start returns; error NULL on success, else it says why
 * nothing has changed. SP_EBUSY while another goes on, SP_ESHUTTING_DOWN, SP_EINVALID_CONFIG (also a file that has gone),
 * SP_ENO_MEMORY. */
int sp_reload_start(struct sp_server *server, const struct sp_identity *by,
    void (*done)(void *context, const struct sp_error *error), void *context, struct sp_error *error);

#endif
