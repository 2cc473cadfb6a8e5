/* The walker over MessagePack's headers. Any thread; the state is the caller's. Our own, because msgpack-c has no walk that
 * checks what a header claims without building what it claims. */
#include "proto/frame.h"

#include <stdbool.h>

enum shape { SHAPE_FIXED, SHAPE_BYTES, SHAPE_ARRAY, SHAPE_MAP, SHAPE_INVALID };

struct header {
    uint8_t shape;
    uint8_t n_length; /* bytes of the length field behind the first byte */
    uint8_t extra;    /* payload besides: value bytes, ext type */
};

/* First bytes 0xC0..0xDF, in order, after the MessagePack specification. */
static const struct header headers[32] = {
    {SHAPE_FIXED, 0, 0}, {SHAPE_INVALID, 0, 0}, {SHAPE_FIXED, 0, 0}, {SHAPE_FIXED, 0, 0}, /* nil, -, false, true */
    {SHAPE_BYTES, 1, 0}, {SHAPE_BYTES, 2, 0}, {SHAPE_BYTES, 4, 0},                        /* bin */
    {SHAPE_BYTES, 1, 1}, {SHAPE_BYTES, 2, 1}, {SHAPE_BYTES, 4, 1},                        /* ext */
    {SHAPE_FIXED, 0, 4}, {SHAPE_FIXED, 0, 8},                                             /* float */
    {SHAPE_FIXED, 0, 1}, {SHAPE_FIXED, 0, 2}, {SHAPE_FIXED, 0, 4}, {SHAPE_FIXED, 0, 8},   /* uint */
    {SHAPE_FIXED, 0, 1}, {SHAPE_FIXED, 0, 2}, {SHAPE_FIXED, 0, 4}, {SHAPE_FIXED, 0, 8},   /* int */
    {SHAPE_FIXED, 0, 2}, {SHAPE_FIXED, 0, 3}, {SHAPE_FIXED, 0, 5}, {SHAPE_FIXED, 0, 9},
    {SHAPE_FIXED, 0, 17},                                          /* fixext */
    {SHAPE_BYTES, 1, 0}, {SHAPE_BYTES, 2, 0}, {SHAPE_BYTES, 4, 0}, /* str */
    {SHAPE_ARRAY, 2, 0}, {SHAPE_ARRAY, 4, 0},                      /* array */
    {SHAPE_MAP, 2, 0}, {SHAPE_MAP, 4, 0},                          /* map */
};

void sp_frame_init(struct sp_frame *frame, const struct sp_frame_limits *limits)
{
    frame->limits = *limits;
    frame->at = 0;
    frame->n_items = 1;
    frame->depth = 0;
}

/* The shape and length that the header at bytes tells; false where it is not whole yet. */
static bool read_header(const uint8_t *bytes, size_t n_bytes, struct header *ret_header, uint64_t *ret_length)
{
    uint8_t first = bytes[0];
    struct header header = {SHAPE_FIXED, 0, 0};
    uint64_t length = 0;
    if (first >= 0xC0 && first <= 0xDF) {
        header = headers[first - 0xC0];
        if (n_bytes < 1u + header.n_length)
            return false;
        for (unsigned i = 0; i < header.n_length; i++)
            length = length << 8 | bytes[1 + i];
    } else if (first >= 0x80 && first <= 0x8F) {
        header.shape = SHAPE_MAP;
        length = first & 0x0F;
    } else if (first >= 0x90 && first <= 0x9F) {
        header.shape = SHAPE_ARRAY;
        length = first & 0x0F;
    } else if (first >= 0xA0 && first <= 0xBF) {
        header.shape = SHAPE_BYTES;
        length = first & 0x1F;
    }
    *ret_header = header;
    *ret_length = length;
    return true;
}

/* A value is complete: so are the containers whose last one it was. True when that ends the whole frame. */
static bool complete(struct sp_frame *frame)
{
    while (frame->depth > 0) {
        if (--frame->left[frame->depth - 1] > 0)
            return false;
        frame->depth--;
    }
    return true;
}

static int open_container(struct sp_frame *frame, uint64_t n_values, struct sp_error *error)
{
    if (n_values > frame->limits.items_max - frame->n_items)
        return sp_error_set(error, SP_ETOO_LARGE, "the frame claims more than %u values", frame->limits.items_max);
    if (frame->depth == SP_FRAME_DEPTH_MAX)
        return sp_error_set(error, SP_ETOO_DEEP, "the frame nests deeper than %d", SP_FRAME_DEPTH_MAX);
    frame->n_items += (uint32_t)n_values;
    frame->left[frame->depth++] = (uint32_t)n_values;
    return 0;
}

int sp_frame_walk(
    struct sp_frame *frame, const uint8_t *bytes, size_t n_bytes, size_t *ret_length, struct sp_error *error)
{
    while (frame->at < n_bytes) {
        struct header header;
        uint64_t length;
        if (!read_header(bytes + frame->at, n_bytes - frame->at, &header, &length))
            return 0;
        if (header.shape == SHAPE_INVALID)
            return sp_error_set(error, SP_EPROTOCOL, "byte %zu is not MessagePack", frame->at);
        uint64_t size = 1u + header.n_length + header.extra + (header.shape == SHAPE_BYTES ? length : 0);
        if (size > frame->limits.bytes_max - frame->at)
            return sp_error_set(error, SP_ETOO_LARGE, "the frame claims more than %zu bytes", frame->limits.bytes_max);
        if (header.shape == SHAPE_ARRAY || header.shape == SHAPE_MAP) {
            uint64_t n_values = header.shape == SHAPE_MAP ? 2 * length : length;
            if (n_values > 0) {
                int r = open_container(frame, n_values, error);
                if (r < 0)
                    return r;
                frame->at += size;
                continue;
            }
        }
        if (size > n_bytes - frame->at)
            return 0;
        frame->at += size;
        if (complete(frame)) {
            *ret_length = frame->at;
            return 1;
        }
    }
    return 0;
}
