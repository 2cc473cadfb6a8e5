#ifndef SP_DAEMON_DISPATCH_H
#define SP_DAEMON_DISPATCH_H

/* From a frame to its handler: message, msgid, quota, method, right, parameters. Loop thread only. */

#include <stddef.h>
#include <stdint.h>

struct sp_connection;

/* Takes bytes (one whole frame, by malloc). May close the connection. */
void sp_dispatch_frame(struct sp_connection *connection, uint8_t *bytes, size_t n_bytes);

#endif
