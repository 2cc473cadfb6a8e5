/* Answers and errors in their public form. Any thread that holds the answer; constant once made. */
#include "client/answer.h"

#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/scope.h"

/* The public codes are ours: a row that moves breaks here, not in a program that was built against us. */
#define X(id, name, text) _Static_assert((int)SALLYPORT_E##id == (int)SP_E##id, "error codes keep their numbers");
SP_ERRORS(X)
#undef X

/* The root stands first, so that its address is the answer's. */
struct sallyport_answer {
    msgpack_object root;
    struct sp_message message;
};

static const msgpack_object *object_of(const sallyport_value *value)
{
    return (const msgpack_object *)value;
}

static const sallyport_value *value_of(const msgpack_object *object)
{
    return (const sallyport_value *)object;
}

int sp_answer_new(struct sp_message *message, sallyport_value **ret_answer, struct sp_error *error)
{
    struct sallyport_answer *answer = calloc(1, sizeof *answer);
    if (!answer) {
        sp_message_fini(message);
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    answer->message = *message;
    answer->root = *message->result;
    *message = (struct sp_message){0};
    *ret_answer = (sallyport_value *)answer;
    return 0;
}

void sallyport_free(sallyport_value *root)
{
    struct sallyport_answer *answer = (struct sallyport_answer *)root;
    if (!answer)
        return;
    sp_message_fini(&answer->message);
    free(answer);
}

static const msgpack_object *member(const msgpack_object *map, const char *key, size_t n_bytes)
{
    if (map->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        struct sp_str name;
        if (sp_decode_str(&map->via.map.ptr[i].key, &name) && sp_str_equal(name, (struct sp_str){key, n_bytes}))
            return &map->via.map.ptr[i].val;
    }
    return NULL;
}

/* One step of a path, "[3]" or "name"; *path moves behind it. */
static const msgpack_object *step(const msgpack_object *object, const char **path)
{
    const char *at = *path;
    if (*at == '[') {
        char *end;
        if (at[1] < '0' || at[1] > '9')
            return NULL;
        unsigned long long index = strtoull(at + 1, &end, 10);
        if (*end != ']')
            return NULL;
        *path = end + 1;
        if (object->type != MSGPACK_OBJECT_ARRAY || index >= object->via.array.size)
            return NULL;
        return &object->via.array.ptr[index];
    }
    size_t n_bytes = strcspn(at, ".[");
    *path = at + n_bytes;
    return n_bytes ? member(object, at, n_bytes) : NULL;
}

const sallyport_value *sallyport_get(const sallyport_value *value, const char *path)
{
    const msgpack_object *object = object_of(value);
    if (!path)
        return value;
    while (object && *path) {
        object = step(object, &path);
        if (*path == '.')
            path++;
    }
    return value_of(object);
}

enum sallyport_type sallyport_type_of(const sallyport_value *value)
{
    if (!value)
        return SALLYPORT_NIL;
    switch (object_of(value)->type) {
    case MSGPACK_OBJECT_BOOLEAN: return SALLYPORT_BOOL;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return SALLYPORT_INT;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return SALLYPORT_DOUBLE;
    case MSGPACK_OBJECT_STR: return SALLYPORT_TEXT;
    case MSGPACK_OBJECT_BIN: return SALLYPORT_BYTES;
    case MSGPACK_OBJECT_ARRAY: return SALLYPORT_LIST;
    case MSGPACK_OBJECT_MAP: return SALLYPORT_MAP;
    default: return SALLYPORT_NIL;
    }
}

bool sallyport_get_bool(const sallyport_value *value, const char *path)
{
    const msgpack_object *object = object_of(sallyport_get(value, path));
    return object && object->type == MSGPACK_OBJECT_BOOLEAN && object->via.boolean;
}

int64_t sallyport_get_int(const sallyport_value *value, const char *path, int64_t fallback)
{
    const msgpack_object *object = object_of(sallyport_get(value, path));
    if (!object)
        return fallback;
    switch (object->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER: return object->via.u64 > INT64_MAX ? INT64_MAX : (int64_t)object->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return object->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return object->via.f64 > -9e18 && object->via.f64 < 9e18 ? (int64_t)object->via.f64 : fallback;
    default: return fallback;
    }
}

double sallyport_get_double(const sallyport_value *value, const char *path, double fallback)
{
    const msgpack_object *object = object_of(sallyport_get(value, path));
    if (!object)
        return fallback;
    switch (object->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER: return (double)object->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return (double)object->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return object->via.f64;
    default: return fallback;
    }
}

static const char *text_of(const msgpack_object *object, size_t *ret_n_bytes)
{
    struct sp_str text;
    if (!object || !sp_decode_str(object, &text))
        return NULL;
    if (ret_n_bytes)
        *ret_n_bytes = text.n_bytes;
    return text.n_bytes ? text.ptr : "";
}

const char *sallyport_get_text(const sallyport_value *value, const char *path, size_t *ret_n_bytes)
{
    return text_of(object_of(sallyport_get(value, path)), ret_n_bytes);
}

size_t sallyport_get_count(const sallyport_value *value, const char *path)
{
    const msgpack_object *object = object_of(sallyport_get(value, path));
    if (object && object->type == MSGPACK_OBJECT_ARRAY)
        return object->via.array.size;
    return object && object->type == MSGPACK_OBJECT_MAP ? object->via.map.size : 0;
}

const sallyport_value *sallyport_at(const sallyport_value *value, size_t index)
{
    const msgpack_object *object = object_of(value);
    if (index >= sallyport_get_count(value, NULL))
        return NULL;
    return value_of(
        object->type == MSGPACK_OBJECT_ARRAY ? &object->via.array.ptr[index] : &object->via.map.ptr[index].val);
}

const char *sallyport_key_at(const sallyport_value *map, size_t index, size_t *ret_n_bytes)
{
    const msgpack_object *object = object_of(map);
    if (sallyport_type_of(map) != SALLYPORT_MAP || index >= object->via.map.size)
        return NULL;
    return text_of(&object->via.map.ptr[index].key, ret_n_bytes);
}

/* A wire name as a code: what a later service calls by a name that we don't know is internal to us, its name is kept in
 * the text. */
static int code_of(struct sp_str name)
{
    char terminated[64];
    if (name.n_bytes == 0 || name.n_bytes >= sizeof terminated)
        return 0;
    memcpy(terminated, name.ptr, name.n_bytes);
    terminated[name.n_bytes] = '\0';
    return sp_error_find(terminated);
}

static int set_named(struct sp_str name, struct sp_str text, struct sp_error *error)
{
    int code = code_of(name);
    if (code < 0)
        return sp_error_set(error, code, "%.*s", sp_str_int(text, 319), text.ptr ? text.ptr : "");
    return sp_error_set(error, SP_EINTERNAL, "the service says: %.*s%s%.*s", sp_str_int(name, 60),
        name.ptr ? name.ptr : "", name.n_bytes ? ": " : "", sp_str_int(text, 200), text.ptr ? text.ptr : "");
}

static struct sp_str text_at(const sallyport_value *value, const char *path)
{
    struct sp_str text = {0};
    text.ptr = sallyport_get_text(value, path, &text.n_bytes);
    return text;
}

/* "path: text": the service puts the path before the text, we keep them apart. */
static bool begins(struct sp_str text, struct sp_str path)
{
    return text.n_bytes > path.n_bytes + 2 && memcmp(text.ptr, path.ptr, path.n_bytes) == 0 &&
           memcmp(text.ptr + path.n_bytes, ": ", 2) == 0;
}

int sp_answer_error(const msgpack_object *object, struct sp_error *error)
{
    struct sp_error said = {0};
    struct sp_str text;
    if (sp_decode_str(object, &text)) {
        const char *colon = text.n_bytes ? memmem(text.ptr, text.n_bytes, ": ", 2) : NULL;
        struct sp_str name = {text.ptr, colon ? (size_t)(colon - text.ptr) : 0};
        size_t skipped = colon && code_of(name) < 0 ? name.n_bytes + 2 : 0;
        set_named(
            skipped ? name : (struct sp_str){0}, (struct sp_str){text.ptr + skipped, text.n_bytes - skipped}, &said);
    } else {
        const sallyport_value *map = value_of(object);
        struct sp_str path = text_at(map, "data.path");
        text = text_at(map, "message");
        if (path.n_bytes && path.n_bytes < sizeof said.path && begins(text, path)) {
            memcpy(said.path, path.ptr, path.n_bytes);
            text = (struct sp_str){text.ptr + path.n_bytes + 2, text.n_bytes - path.n_bytes - 2};
        }
        set_named(text_at(map, "name"), text, &said);
        said.line = (uint32_t)sallyport_get_int(map, "data.line", 0);
        said.column = (uint32_t)sallyport_get_int(map, "data.column", 0);
    }
    if (error && !error->code)
        *error = said;
    return said.code;
}

int sp_answer_publish(const struct sp_error *error, struct sallyport_error *ret_public)
{
    if (!ret_public)
        return error->code;
    *ret_public = (struct sallyport_error){.code = error->code, .line = error->line, .column = error->column};
    strncpy(ret_public->name, sp_error_name(error->code), sizeof ret_public->name - 1);
    memcpy(ret_public->path, error->path, sizeof error->path);
    sp_error_format(error, ret_public->message, sizeof ret_public->message);
    return error->code;
}
