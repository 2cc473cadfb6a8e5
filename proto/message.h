#ifndef SP_PROTO_MESSAGE_H
#define SP_PROTO_MESSAGE_H

/* MessagePack-RPC: frames as requests, responses and notifications, and back. */

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"

enum sp_message_type { SP_MESSAGE_REQUEST = 0, SP_MESSAGE_RESPONSE = 1, SP_MESSAGE_NOTIFICATION = 2 };

/* One decoded message. It owns the frame's bytes, which all strings in it point into. */
struct sp_message {
    enum sp_message_type type;
    uint32_t msgid;               /* REQUEST, RESPONSE */
    struct sp_str method;         /* REQUEST, NOTIFICATION */
    const msgpack_object *params; /* the map, NULL where none was given; REQUEST and NOTIFICATION */
    const msgpack_object *error;  /* RESPONSE; NULL where it is nil */
    const msgpack_object *result; /* RESPONSE */
    uint8_t *bytes;               /* owned, by malloc */
    msgpack_unpacked unpacked;
};

/* Decodes one whole frame, as sp_frame_walk found it. Takes bytes, also on failure, when nothing is left to be released.
 * A notification may have parameters of any shape (unknown ones are ignored whatever they carry): where they are not at
 * most one map, params is NULL. SP_EPROTOCOL: not MessagePack-RPC. SP_EINVALID_REQUEST: a request whose method or params
 * are of the wrong shape; message->msgid is set then, so that it can be answered. */
int sp_message_init(struct sp_message *message, uint8_t *bytes, size_t n_bytes, struct sp_error *error);
void sp_message_fini(struct sp_message *message);

/* The msgid of a request whose frame is broken, too large, not whole or of the wrong shape, from its first bytes; false where
 * it cannot be read. */
bool sp_message_peek_msgid(const uint8_t *bytes, size_t n_bytes, uint32_t *ret_msgid);

/* Heads; what follows on the buffer is params' array, or the result. */
void sp_message_pack_request(struct sp_buffer *buffer, uint32_t msgid, const char *method);
void sp_message_pack_notification(struct sp_buffer *buffer, const char *method);
void sp_message_pack_result(struct sp_buffer *buffer, uint32_t msgid);

/* A whole error response, by sp_error_wire: "name: path: text", or with as_map {code, name, message, data: {path, line, column}}. */
void sp_message_pack_error(struct sp_buffer *buffer, uint32_t msgid, const struct sp_error *error, bool as_map);

#endif
