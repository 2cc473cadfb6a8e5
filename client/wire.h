#ifndef SP_CLIENT_WIRE_H
#define SP_CLIENT_WIRE_H

/* The stream to the service: a non-blocking socket, what waits to be sent, and whole messages out of what was read. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/buffer.h"
#include "proto/frame.h"
#include "proto/message.h"

/* What may wait to be sent. A submit past it is SP_EBUSY. */
#define SP_WIRE_OUT_BYTES_MAX (64u << 20)
/* One message from the service: a frame and some room, since an operator may have raised the frame's limit. */
#define SP_WIRE_IN_BYTES_MAX (64u << 20)
#define SP_WIRE_IN_ITEMS_MAX (8u << 20)

struct sp_wire {
    int fd;
    struct sp_buffer out;
    size_t out_at; /* sent already */
    uint8_t *in;
    size_t in_at, in_end, in_room; /* unread messages lie in in[in_at..in_end) */
    struct sp_frame frame;         /* of the message that begins at in_at */
    bool at_end;                   /* the peer closed */
};

void sp_wire_init(struct sp_wire *wire);
void sp_wire_fini(struct sp_wire *wire);

/* Connects within timeout_ms and checks who listens. SP_EUNREACHABLE, with *ret_errno the reason (may be NULL);
 * SP_EDENIED for a peer that is none of those whom we trust; SP_EINVALID_REQUEST for a path that no address can hold. */
int sp_wire_connect(
    struct sp_wire *wire, const char *path, unsigned timeout_ms, int *ret_errno, struct sp_error *error);

/* Is this peer one whom a client may trust with its code: root, the account `sallyport`, or ourselves? A service that root
 * starts has root's credentials here, whoever it became afterwards: the kernel keeps those of listen(). */
bool sp_wire_trusts(unsigned peer_uid, unsigned own_uid);

/* Bytes that wait to be sent. */
size_t sp_wire_unsent(const struct sp_wire *wire);
/* Sends what goes without blocking. SP_EUNREACHABLE where the peer is gone. */
int sp_wire_flush(struct sp_wire *wire, struct sp_error *error);
/* Reads what has come without blocking, at most about a megabyte a call; returns 1 where bytes came, 0 where none did.
 * The end of the stream is at_end. */
int sp_wire_read(struct sp_wire *wire, struct sp_error *error);
/* Takes the next whole message out of what was read: 1, or 0 where more must come. All strings that are not empty have a NUL
 * behind them. SP_EPROTOCOL, SP_ETOO_LARGE, SP_ETOO_DEEP, SP_ENO_MEMORY: the stream is lost. */
int sp_wire_next(struct sp_wire *wire, struct sp_message *ret_message, struct sp_error *error);

#endif
