#ifndef SP_PROTO_FRAME_H
#define SP_PROTO_FRAME_H

/* Where does a MessagePack value end? Answered by walking the bytes as they come, without allocating anything: size, depth
 * and count are checked against what a header claims, before the claimed bytes are there. */

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/limits.h"

struct sp_frame_limits {
    size_t bytes_max;
    uint32_t items_max;
};

/* The state of one walk. It survives between reads, so that a frame that comes byte by byte costs no more than one that
 * comes whole. */
struct sp_frame {
    struct sp_frame_limits limits;
    size_t at;        /* bytes walked */
    uint32_t n_items; /* values begun or promised */
    uint32_t depth;
    uint32_t left[SP_FRAME_DEPTH_MAX]; /* values still to come at each depth */
};

/* Makes the frame ready for a new value. */
void sp_frame_init(struct sp_frame *frame, const struct sp_frame_limits *limits);

/* Walks on. bytes begin where the frame began and hold all that has come of it so far. Returns 1 and the length where the
 * value is whole, 0 where more must come, SP_ETOO_LARGE (bytes or items), SP_ETOO_DEEP, SP_EPROTOCOL (not MessagePack). */
int sp_frame_walk(
    struct sp_frame *frame, const uint8_t *bytes, size_t n_bytes, size_t *ret_length, struct sp_error *error);

#endif
