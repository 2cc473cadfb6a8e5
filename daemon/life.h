#ifndef SP_DAEMON_LIFE_H
#define SP_DAEMON_LIFE_H

/* What comes from outside the socket while the daemon lives: signals, the watchdog's beat, the wish to leave when nobody
 * needs it, the status line. Loop thread only. */

#include "proto/error.h"

struct sp_server;
struct sp_life;

int sp_life_open(struct sp_server *server, struct sp_life **ret_life, struct sp_error *error);
void sp_life_close(struct sp_life *life, void (*closed)(void *context), void *context);

#endif
