#ifndef SP_DAEMON_LIFE_H
#define SP_DAEMON_LIFE_H

/* What comes from outside the socket while the daemon lives: signals, the watchdog's beat, the wish to leave when nobody
 * needs it, the status line. Loop thread only. */

#include "proto/error.h"

struct sp_server;
struct sp_life;

/* From here on signals are the loop's. *ret_life is set as soon as there is something to close, also on failure.
 * SP_ENO_MEMORY, SP_EINTERNAL. */
int sp_life_open(struct sp_server *server, struct sp_life **ret_life, struct sp_error *error);
/* closed is called once on the loop, when nothing is left; the pointer is dead then. */
void sp_life_close(struct sp_life *life, void (*closed)(void *context), void *context);

#endif
