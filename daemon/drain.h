#ifndef SP_DAEMON_DRAIN_H
#define SP_DAEMON_DRAIN_H

/* The end of the daemon's work: what is new is refused, what runs gets its grace, then it is cancelled and reported, then the
 * server is stopped. Loop thread only. */

#include <stdbool.h>

#include "proto/error.h"

struct sp_server;
struct sp_drain;

/* drained is called once, on the loop, when nothing is in flight any more and the answers are out, or the time for that has
 * passed too. SP_ENO_MEMORY. */
int sp_drain_open(struct sp_server *server, void (*drained)(struct sp_server *server), struct sp_drain **ret_drain,
    struct sp_error *error);
/* Begins; why is for the log. Called again it ends the grace where at_once is set. */
void sp_drain_start(struct sp_drain *drain, const char *why, bool at_once);
/* As sp_life_close. */
void sp_drain_close(struct sp_drain *drain, void (*closed)(void *context), void *context);

#endif
