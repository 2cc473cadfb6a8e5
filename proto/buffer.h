#ifndef SP_PROTO_BUFFER_H
#define SP_PROTO_BUFFER_H

#include <msgpack.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/str.h"

/* Bytes that grow up to a bound. Once an append failed, `failed` holds the code (SP_ETOO_LARGE, SP_ENO_MEMORY), and all
 * later ones fail too: a writer may check once at the end. One thread at a time. */
struct sp_buffer {
    uint8_t *bytes;
    size_t n_bytes;
    size_t room_bytes;
    size_t max_bytes;
    int failed;
};

void sp_buffer_init(struct sp_buffer *buffer, size_t max_bytes);
void sp_buffer_fini(struct sp_buffer *buffer);
/* Forgets the content and the failure, keeps the memory. */
void sp_buffer_reset(struct sp_buffer *buffer);
int sp_buffer_append(struct sp_buffer *buffer, const void *bytes, size_t n_bytes);
/* Removes n bytes from the front (n at most n_bytes). */
void sp_buffer_consume(struct sp_buffer *buffer, size_t n_bytes);
/* Moves the bytes out, to be freed with free(); the buffer is empty afterwards. */
uint8_t *sp_buffer_take(struct sp_buffer *buffer, size_t *ret_n_bytes);

#endif
