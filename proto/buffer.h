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

/* Allocates nothing. */
void sp_buffer_init(struct sp_buffer *buffer, size_t max_bytes);
/* Frees the memory, and leaves an empty buffer of the same bound. NULL is nothing. */
void sp_buffer_fini(struct sp_buffer *buffer);
/* Forgets the content and the failure, keeps the memory. */
void sp_buffer_reset(struct sp_buffer *buffer);
/* 0 or what `failed` says; nothing is appended then. bytes may be NULL where n_bytes is 0. */
int sp_buffer_append(struct sp_buffer *buffer, const void *bytes, size_t n_bytes);
/* Removes n_bytes from the front; there must be as many. */
void sp_buffer_consume(struct sp_buffer *buffer, size_t n_bytes);
/* Moves the bytes out, to be freed with free(), NULL where none ever came; the buffer is empty afterwards. */
uint8_t *sp_buffer_take(struct sp_buffer *buffer, size_t *ret_n_bytes);

#endif
