/* Growing bytes with a bound and a sticky failure. Owned by whoever holds it; one thread at a time. */
#include "proto/buffer.h"

#include <stdlib.h>
#include <string.h>

void sp_buffer_init(struct sp_buffer *buffer, size_t max_bytes)
{
    *buffer = (struct sp_buffer){.max_bytes = max_bytes};
}

void sp_buffer_fini(struct sp_buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->bytes);
    *buffer = (struct sp_buffer){.max_bytes = buffer->max_bytes};
}

void sp_buffer_reset(struct sp_buffer *buffer)
{
    buffer->n_bytes = 0;
    buffer->failed = 0;
}

int sp_buffer_append(struct sp_buffer *buffer, const void *bytes, size_t n_bytes)
{
    if (buffer->failed)
        return buffer->failed;
    if (n_bytes > buffer->max_bytes - buffer->n_bytes)
        return buffer->failed = SP_ETOO_LARGE;
    size_t want = buffer->n_bytes + n_bytes;
    if (want > buffer->room_bytes) {
        size_t room = buffer->room_bytes ? buffer->room_bytes : 256;
        while (room < want)
            room *= 2;
        if (room > buffer->max_bytes)
            room = buffer->max_bytes;
        uint8_t *grown = realloc(buffer->bytes, room);
        if (!grown)
            return buffer->failed = SP_ENO_MEMORY;
        buffer->bytes = grown;
        buffer->room_bytes = room;
    }
    if (n_bytes)
        memcpy(buffer->bytes + buffer->n_bytes, bytes, n_bytes);
    buffer->n_bytes = want;
    return 0;
}

void sp_buffer_consume(struct sp_buffer *buffer, size_t n_bytes)
{
    buffer->n_bytes -= n_bytes;
    if (buffer->n_bytes)
        memmove(buffer->bytes, buffer->bytes + n_bytes, buffer->n_bytes);
}

uint8_t *sp_buffer_take(struct sp_buffer *buffer, size_t *ret_n_bytes)
{
    uint8_t *bytes = buffer->bytes;
    *ret_n_bytes = buffer->n_bytes;
    *buffer = (struct sp_buffer){.max_bytes = buffer->max_bytes};
    return bytes;
}
