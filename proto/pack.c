/* MessagePack encoding onto a bounded buffer, through msgpack-c's packer. Any thread; no state. */
#include "proto/pack.h"

#include "proto/utf8.h"

static int write_to_buffer(void *data, const char *bytes, size_t n_bytes)
{
    return sp_buffer_append(data, bytes, n_bytes);
}

static msgpack_packer packer_of(struct sp_buffer *buffer)
{
    return (msgpack_packer){.data = buffer, .callback = write_to_buffer};
}

void sp_pack_nil(struct sp_buffer *buffer)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_nil(&packer);
}

void sp_pack_bool(struct sp_buffer *buffer, bool value)
{
    msgpack_packer packer = packer_of(buffer);
    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

void sp_pack_uint(struct sp_buffer *buffer, uint64_t value)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_uint64(&packer, value);
}

void sp_pack_int(struct sp_buffer *buffer, int64_t value)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_int64(&packer, value);
}

void sp_pack_double(struct sp_buffer *buffer, double value)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_double(&packer, value);
}

void sp_pack_array(struct sp_buffer *buffer, size_t n_items)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_array(&packer, n_items);
}

void sp_pack_map(struct sp_buffer *buffer, size_t n_pairs)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_map(&packer, n_pairs);
}

static void pack_str(struct sp_buffer *buffer, struct sp_str text)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_str(&packer, text.n_bytes);
    msgpack_pack_str_body(&packer, text.ptr, text.n_bytes);
}

void sp_pack_cstr(struct sp_buffer *buffer, const char *text)
{
    if (text)
        pack_str(buffer, sp_str_of(text));
    else
        sp_pack_nil(buffer);
}

void sp_pack_text(struct sp_buffer *buffer, struct sp_str text)
{
    if (!text.ptr)
        sp_pack_nil(buffer);
    else if (sp_utf8_valid((const uint8_t *)text.ptr, text.n_bytes) == text.n_bytes)
        pack_str(buffer, text);
    else
        sp_pack_bin(buffer, text.ptr, text.n_bytes);
}

void sp_pack_bin(struct sp_buffer *buffer, const void *bytes, size_t n_bytes)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_bin(&packer, n_bytes);
    msgpack_pack_bin_body(&packer, bytes, n_bytes);
}

void sp_pack_object(struct sp_buffer *buffer, const msgpack_object *object)
{
    msgpack_packer packer = packer_of(buffer);
    msgpack_pack_object(&packer, *object);
}

void sp_pack_raw(struct sp_buffer *buffer, const void *bytes, size_t n_bytes)
{
    sp_buffer_append(buffer, bytes, n_bytes);
}

struct sp_pack_map sp_pack_map_begin(struct sp_buffer *buffer)
{
    static const uint8_t head[3] = {0xDE, 0, 0};
    struct sp_pack_map map = {.buffer = buffer, .head_at = buffer->n_bytes};
    sp_buffer_append(buffer, head, sizeof head);
    return map;
}

struct sp_buffer *sp_pack_put(struct sp_pack_map *map, const char *key)
{
    map->n_pairs++;
    sp_pack_key(map->buffer, key);
    return map->buffer;
}

void sp_pack_map_end(const struct sp_pack_map *map)
{
    if (map->n_pairs > UINT16_MAX && !map->buffer->failed)
        map->buffer->failed = SP_ETOO_LARGE;
    if (map->buffer->failed)
        return;
    map->buffer->bytes[map->head_at + 1] = (uint8_t)(map->n_pairs >> 8);
    map->buffer->bytes[map->head_at + 2] = (uint8_t)map->n_pairs;
}
