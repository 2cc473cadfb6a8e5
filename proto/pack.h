#ifndef SP_PROTO_PACK_H
#define SP_PROTO_PACK_H

#include <stdbool.h>

#include "proto/buffer.h"

/* MessagePack onto a buffer. Integers take their shortest form. Failures stick to the buffer: check buffer->failed once
 * at the end. One thread at a time. */

void sp_pack_nil(struct sp_buffer *buffer);
void sp_pack_bool(struct sp_buffer *buffer, bool value);
void sp_pack_uint(struct sp_buffer *buffer, uint64_t value);
void sp_pack_int(struct sp_buffer *buffer, int64_t value);
void sp_pack_double(struct sp_buffer *buffer, double value);
void sp_pack_array(struct sp_buffer *buffer, size_t n_items);
void sp_pack_map(struct sp_buffer *buffer, size_t n_pairs);

/* str without a check: for what is known to be UTF-8 (our own words). NULL packs nil. */
void sp_pack_cstr(struct sp_buffer *buffer, const char *text);
/* str when valid UTF-8, else bin; absent (ptr NULL) packs nil. For source code, output, names from outside. */
void sp_pack_text(struct sp_buffer *buffer, struct sp_str text);
void sp_pack_bin(struct sp_buffer *buffer, const void *bytes, size_t n_bytes);
/* Any object tree, as it is. */
void sp_pack_object(struct sp_buffer *buffer, const msgpack_object *object);
/* Bytes that are MessagePack already. */
void sp_pack_raw(struct sp_buffer *buffer, const void *bytes, size_t n_bytes);

/* A map whose length is known only once its pairs are written: its head takes the long form and is filled in last. Lives
 * where it is packed; maps may be nested. */
struct sp_pack_map {
    struct sp_buffer *buffer;
    size_t head_at, n_pairs;
};
struct sp_pack_map sp_pack_map_begin(struct sp_buffer *buffer);
/* One more pair: packs its key, and returns the buffer for its value. */
struct sp_buffer *sp_pack_put(struct sp_pack_map *map, const char *key);
/* More than 65535 pairs: the buffer fails with SP_ETOO_LARGE. */
void sp_pack_map_end(const struct sp_pack_map *map);

/* A key of a map, for readable call sites: sp_pack_key(b, "safe"), sp_pack_bool(b, …). */
#define sp_pack_key(buffer, key) sp_pack_cstr(buffer, key)

#endif
