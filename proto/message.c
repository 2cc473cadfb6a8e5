/* MessagePack-RPC's three shapes over msgpack-c's decoder. Any thread; a message belongs to one. The frame was walked
 * before, so that what msgpack-c allocates is bounded by what has really come. */
#include "proto/message.h"

#include <stdlib.h>

#include "proto/pack.h"

static bool read_uint(const msgpack_object *object, uint64_t max, uint64_t *ret)
{
    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER || object->via.u64 > max)
        return false;
    *ret = object->via.u64;
    return true;
}

static bool read_method(const msgpack_object *object, struct sp_str *ret)
{
    if (object->type == MSGPACK_OBJECT_STR)
        *ret = (struct sp_str){object->via.str.ptr, object->via.str.size};
    else if (object->type == MSGPACK_OBJECT_BIN)
        *ret = (struct sp_str){object->via.bin.ptr, object->via.bin.size};
    else
        return false;
    return ret->n_bytes > 0;
}

/* Params are an array of at most one map; a nil in it is none. */
static bool read_params(const msgpack_object *object, const msgpack_object **ret)
{
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size > 1)
        return false;
    if (object->via.array.size == 0 || object->via.array.ptr[0].type == MSGPACK_OBJECT_NIL)
        return true;
    if (object->via.array.ptr[0].type != MSGPACK_OBJECT_MAP)
        return false;
    *ret = &object->via.array.ptr[0];
    return true;
}

static int not_rpc(struct sp_error *error)
{
    return sp_error_set(error, SP_EPROTOCOL, "not a MessagePack-RPC message");
}

static int read_message(struct sp_message *message, struct sp_error *error)
{
    const msgpack_object *object = &message->unpacked.data;
    uint64_t type, msgid = 0;
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size < 3 ||
        !read_uint(&object->via.array.ptr[0], SP_MESSAGE_NOTIFICATION, &type))
        return not_rpc(error);
    const msgpack_object *items = object->via.array.ptr;
    if (object->via.array.size != (type == SP_MESSAGE_NOTIFICATION ? 3u : 4u))
        return not_rpc(error);
    message->type = (enum sp_message_type)type;
    if (type != SP_MESSAGE_NOTIFICATION && !read_uint(&items[1], UINT32_MAX, &msgid))
        return not_rpc(error);
    message->msgid = (uint32_t)msgid;
    switch (message->type) {
    case SP_MESSAGE_REQUEST:
        if (!read_method(&items[2], &message->method))
            return sp_error_set(error, SP_EINVALID_REQUEST, "the method must be a string");
        if (!read_params(&items[3], &message->params))
            return sp_error_set(error, SP_EINVALID_REQUEST, "the parameters must be a list of at most one map");
        return 0;
    case SP_MESSAGE_RESPONSE:
        message->error = items[2].type == MSGPACK_OBJECT_NIL ? NULL : &items[2];
        message->result = &items[3];
        return 0;
    case SP_MESSAGE_NOTIFICATION:
        if (!read_method(&items[1], &message->method))
            return not_rpc(error);
        (void)read_params(&items[2], &message->params);
        return 0;
    }
    return not_rpc(error);
}

int sp_message_init(struct sp_message *message, uint8_t *bytes, size_t n_bytes, struct sp_error *error)
{
    *message = (struct sp_message){.bytes = bytes};
    msgpack_unpacked_init(&message->unpacked);
    size_t at = 0;
    msgpack_unpack_return unpacked = msgpack_unpack_next(&message->unpacked, (const char *)bytes, n_bytes, &at);
    int r;
    if (unpacked == MSGPACK_UNPACK_NOMEM_ERROR)
        r = sp_error_set(error, SP_ENO_MEMORY, NULL);
    else if (unpacked != MSGPACK_UNPACK_SUCCESS || at != n_bytes)
        r = sp_error_set(error, SP_EPROTOCOL, "not one MessagePack value");
    else
        r = read_message(message, error);
    if (r < 0)
        sp_message_fini(message);
    return r;
}

void sp_message_fini(struct sp_message *message)
{
    if (!message)
        return;
    msgpack_unpacked_destroy(&message->unpacked);
    free(message->bytes);
    message->bytes = NULL;
    message->params = message->error = message->result = NULL;
    message->method = (struct sp_str){0};
}

/* An integer that is not negative, in any of its forms; *at moves behind it. */
static bool peek_uint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
    if (*at == end)
        return false;
    uint8_t first = *(*at)++;
    *ret = first;
    if (first < 0x80)
        return true;
    if (first < 0xCC || first > 0xD3)
        return false;
    size_t n_bytes = (size_t)1 << ((first - 0xCC) & 3);
    bool negative = first >= 0xD0 && *at < end && **at >= 0x80;
    if ((size_t)(end - *at) < n_bytes || negative)
        return false;
    *ret = 0;
    while (n_bytes--)
        *ret = *ret << 8 | *(*at)++;
    return true;
}

bool sp_message_peek_msgid(const uint8_t *bytes, size_t n_bytes, uint32_t *ret_msgid)
{
    if (n_bytes == 0)
        return false;
    uint8_t first = bytes[0];
    size_t n_head = (first & 0xF0) == 0x90 ? 1 : first == 0xDC ? 3 : first == 0xDD ? 5 : 0;
    if (!n_head || n_bytes < n_head)
        return false;
    const uint8_t *at = bytes + n_head, *end = bytes + n_bytes;
    uint64_t type, msgid;
    if (!peek_uint(&at, end, &type) || type != SP_MESSAGE_REQUEST || !peek_uint(&at, end, &msgid) || msgid > UINT32_MAX)
        return false;
    *ret_msgid = (uint32_t)msgid;
    return true;
}

void sp_message_pack_request(struct sp_buffer *buffer, uint32_t msgid, const char *method)
{
    sp_pack_array(buffer, 4);
    sp_pack_uint(buffer, SP_MESSAGE_REQUEST);
    sp_pack_uint(buffer, msgid);
    sp_pack_cstr(buffer, method);
}

void sp_message_pack_notification(struct sp_buffer *buffer, const char *method)
{
    sp_pack_array(buffer, 3);
    sp_pack_uint(buffer, SP_MESSAGE_NOTIFICATION);
    sp_pack_cstr(buffer, method);
}

void sp_message_pack_result(struct sp_buffer *buffer, uint32_t msgid)
{
    sp_pack_array(buffer, 4);
    sp_pack_uint(buffer, SP_MESSAGE_RESPONSE);
    sp_pack_uint(buffer, msgid);
    sp_pack_nil(buffer);
}

void sp_message_pack_error(struct sp_buffer *buffer, uint32_t msgid, const struct sp_error *error, bool as_map)
{
    char message[sizeof(error->path) + sizeof(error->text) + 8];
    int code = sp_error_wire(error->code);
    sp_error_format(error, message, sizeof(message));
    sp_pack_array(buffer, 4);
    sp_pack_uint(buffer, SP_MESSAGE_RESPONSE);
    sp_pack_uint(buffer, msgid);
    if (as_map) {
        sp_pack_map(buffer, 4);
        sp_pack_key(buffer, "code");
        sp_pack_int(buffer, code);
        sp_pack_key(buffer, "name");
        sp_pack_cstr(buffer, sp_error_name(code));
        sp_pack_key(buffer, "message");
        sp_pack_cstr(buffer, message);
        sp_pack_key(buffer, "data");
        sp_pack_map(buffer, 3);
        sp_pack_key(buffer, "path");
        sp_pack_cstr(buffer, error->path);
        sp_pack_key(buffer, "line");
        sp_pack_uint(buffer, error->line);
        sp_pack_key(buffer, "column");
        sp_pack_uint(buffer, error->column);
    } else {
        char named[sizeof(message) + 32];
        snprintf(named, sizeof(named), "%s: %s", sp_error_name(code), message);
        sp_pack_cstr(buffer, named);
    }
    sp_pack_nil(buffer);
}
