#ifndef SP_DAEMON_CONNECTION_IO_H
#define SP_DAEMON_CONNECTION_IO_H

/* The part of a connection that moves bytes; for connection.c. */

#include "daemon/connection.h"

/* Waits for what the connection's state asks for. */
void sp_connection_io_update(struct sp_connection *connection);
/* Brings the account in line with what the buffers hold; false past the user's bound. */
bool sp_connection_io_charge(struct sp_connection *connection);

#endif
