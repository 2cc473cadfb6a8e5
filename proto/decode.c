/* The table-driven decoder. Any thread; no state. Everything that a peer, a policy's author or an operator writes comes
 * through here, so that bounds and the naming of what is wrong are in one place. */
#include "proto/decode.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "proto/utf8.h"

struct decoding {
    int code;
    struct sp_arena *arena;
    struct sp_error *error;
};

static int decode_map(struct decoding *d, const msgpack_object *object, const struct sp_table *table, void *ret);

static const char *type_name(const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL: return "nil";
    case MSGPACK_OBJECT_BOOLEAN: return "a boolean";
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return "an integer";
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: return "a float";
    case MSGPACK_OBJECT_STR:
    case MSGPACK_OBJECT_BIN: return "a string";
    case MSGPACK_OBJECT_ARRAY: return "a list";
    case MSGPACK_OBJECT_MAP: return "a map";
    default: return "an ext value";
    }
}

static int wrong_type(struct decoding *d, const char *want, const msgpack_object *object)
{
    return sp_error_set(d->error, d->code, "must be %s, is %s", want, type_name(object));
}

static int doubled_key(struct decoding *d)
{
    if (d->error && !d->error->code)
        d->error->is_doubled = true;
    return sp_error_set(d->error, d->code, "the key is there twice");
}

static int out_of_memory(struct decoding *d)
{
    return sp_error_set(d->error, sp_arena_error(d->arena), NULL);
}

bool sp_decode_str(const msgpack_object *object, struct sp_str *ret)
{
    static const char empty[] = "";
    if (object->type == MSGPACK_OBJECT_STR)
        *ret = (struct sp_str){object->via.str.ptr, object->via.str.size};
    else if (object->type == MSGPACK_OBJECT_BIN)
        *ret = (struct sp_str){object->via.bin.ptr, object->via.bin.size};
    else
        return false;
    if (!ret->ptr)
        ret->ptr = empty;
    return true;
}

const msgpack_object *sp_decode_peek(const msgpack_object *object, const char *key)
{
    if (!object || object->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        struct sp_str name;
        if (sp_decode_str(&object->via.map.ptr[i].key, &name) && sp_str_is(name, key))
            return &object->via.map.ptr[i].val;
    }
    return NULL;
}

static int decode_string(
    struct decoding *d, const msgpack_object *object, const struct sp_field *field, bool bytes, struct sp_str *ret)
{
    struct sp_str text;
    if (!sp_decode_str(object, &text))
        return wrong_type(d, "a string", object);
    if (text.n_bytes > field->max)
        return sp_error_set(d->error, d->code == SP_EINVALID_REQUEST ? SP_ETOO_LARGE : d->code,
            "is %zu bytes long, more than %llu", text.n_bytes, (unsigned long long)field->max);
    if (text.n_bytes < field->min)
        return sp_error_set(d->error, d->code, field->min == 1 ? "must not be empty" : "is shorter than %llu bytes",
            (unsigned long long)field->min);
    if (!bytes) {
        size_t valid = sp_utf8_valid((const uint8_t *)text.ptr, text.n_bytes);
        if (valid < text.n_bytes)
            return sp_error_set(d->error, d->code, "is not UTF-8 at byte %zu", valid);
        if (memchr(text.ptr, '\0', text.n_bytes))
            return sp_error_set(d->error, d->code, "must not hold a NUL");
    }
    *ret = text;
    return 0;
}

/* The value in thousandths where milli is set, so that one routine bounds both. */
static int out_of_range(struct decoding *d, const struct sp_field *field, bool milli)
{
    if (field->max >= UINT64_MAX / 4) /* a bound that is there for arithmetic alone */
        return sp_error_set(d->error, d->code, "must be at least %.15g", (double)field->min / (milli ? 1000 : 1));
    if (milli)
        return sp_error_set(
            d->error, d->code, "must be between %.15g and %.15g", (double)field->min / 1000, (double)field->max / 1000);
    return sp_error_set(d->error, d->code, "must be between %" PRIu64 " and %" PRIu64, field->min, field->max);
}

static int decode_number(
    struct decoding *d, const msgpack_object *object, const struct sp_field *field, bool milli, uint64_t *ret)
{
    double scale = milli ? 1000 : 1;
    uint64_t value;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        if (__builtin_mul_overflow(object->via.u64, (uint64_t)scale, &value))
            value = UINT64_MAX;
    } else if (object->type == MSGPACK_OBJECT_FLOAT32 || object->type == MSGPACK_OBJECT_FLOAT64) {
        double scaled = object->via.f64 * scale;
        if (milli)
            scaled = round(scaled);
        if (!isfinite(scaled) || scaled != floor(scaled))
            return sp_error_set(d->error, d->code, "must be %s", milli ? "a number" : "an integer");
        if (scaled < 0 || scaled >= 18446744073709549568.0)
            return sp_error_set(d->error, d->code, "is out of range");
        value = (uint64_t)scaled;
    } else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        return sp_error_set(d->error, d->code, "must not be negative");
    } else {
        return wrong_type(d, milli ? "a number" : "an integer", object);
    }
    if (value < field->min || value > field->max)
        return out_of_range(d, field, milli);
    *ret = value;
    return 0;
}

static int decode_choice(struct decoding *d, const msgpack_object *object, const struct sp_field *field, int *ret)
{
    int n_choices = 0;
    while (field->choices[n_choices])
        n_choices++;
    struct sp_str text = {0};
    if (sp_decode_str(object, &text)) {
        for (int i = 0; i < n_choices; i++) {
            if (strlen(field->choices[i]) != text.n_bytes)
                continue;
            if (field->flags & SP_FIELD_ANY_CASE ? strncasecmp(field->choices[i], text.ptr, text.n_bytes) == 0
                                                 : memcmp(field->choices[i], text.ptr, text.n_bytes) == 0) {
                *ret = i;
                return 0;
            }
        }
    } else if ((field->flags & SP_FIELD_BY_INDEX) && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        if (object->via.u64 < (uint64_t)n_choices) {
            *ret = (int)object->via.u64;
            return 0;
        }
    } else {
        return wrong_type(d, field->flags & SP_FIELD_BY_INDEX ? "a name or a number" : "a string", object);
    }
    char names[200];
    size_t n = 0;
    names[0] = '\0';
    for (int i = 0; i < n_choices && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", field->choices[i]);
    const char *noun = field->noun ? field->noun : field->name;
    if (!text.ptr)
        return sp_error_set(
            d->error, d->code, "unknown %s %llu (%s)", noun, (unsigned long long)object->via.u64, names);
    if (sp_utf8_valid((const uint8_t *)text.ptr, text.n_bytes) < text.n_bytes)
        return sp_error_set(d->error, d->code, "unknown %s (%s)", noun, names);
    return sp_error_set(d->error, d->code, "unknown %s \"%.*s\" (%s)", noun, sp_str_int(text, 40), text.ptr, names);
}

static int check_count(struct decoding *d, size_t n, const struct sp_field *field)
{
    if (n <= field->n_max)
        return 0;
    return sp_error_set(d->error, d->code == SP_EINVALID_REQUEST ? SP_ETOO_LARGE : d->code,
        "has %zu entries, more than %llu", n, (unsigned long long)field->n_max);
}

/* The count within its bound, and memory for so many. */
static int make_items(struct decoding *d, size_t n, const struct sp_field *field, size_t item_bytes, void **ret_items)
{
    int r = check_count(d, n, field);
    if (r < 0)
        return r;
    void *items = sp_arena_array(d->arena, n, item_bytes);
    if (!items)
        return out_of_memory(d);
    *ret_items = items;
    return 0;
}

static int decode_strings(
    struct decoding *d, const msgpack_object *object, const struct sp_field *field, struct sp_strings *ret)
{
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return wrong_type(d, "a list", object);
    size_t n = object->via.array.size;
    void *room = NULL;
    int r = make_items(d, n, field, sizeof(struct sp_str), &room);
    if (r < 0)
        return r;
    struct sp_str *items = room;
    for (size_t i = 0; i < n; i++) {
        r = decode_string(d, &object->via.array.ptr[i], field, false, &items[i]);
        if (r < 0) {
            sp_error_prefix(d->error, "[%zu]", i);
            return r;
        }
    }
    *ret = (struct sp_strings){items, n};
    return 0;
}

static int decode_pairs(
    struct decoding *d, const msgpack_object *object, const struct sp_field *field, struct sp_pairs *ret)
{
    static const struct sp_field key_bounds = {.min = 1, .max = 255};
    if (object->type != MSGPACK_OBJECT_MAP)
        return wrong_type(d, "a map", object);
    size_t n = object->via.map.size;
    void *room = NULL;
    int r = make_items(d, n, field, sizeof(struct sp_pair), &room);
    if (r < 0)
        return r;
    struct sp_pair *items = room;
    for (size_t i = 0; i < n; i++) {
        const msgpack_object_kv *kv = &object->via.map.ptr[i];
        r = decode_string(d, &kv->key, &key_bounds, false, &items[i].name);
        if (r < 0) {
            sp_error_prefix(d->error, "key %zu", i);
            return r;
        }
        for (size_t j = 0; j < i && r == 0; j++)
            if (sp_str_equal(items[j].name, items[i].name))
                r = doubled_key(d);
        if (r == 0)
            r = decode_string(d, &kv->val, field, false, &items[i].value);
        if (r < 0) {
            sp_error_prefix(d->error, "%.*s", sp_str_int(items[i].name, 40), items[i].name.ptr);
            return r;
        }
    }
    *ret = (struct sp_pairs){items, n};
    return 0;
}

static int decode_tables(
    struct decoding *d, const msgpack_object *object, const struct sp_field *field, struct sp_items *ret)
{
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return wrong_type(d, "a list", object);
    size_t n = object->via.array.size;
    void *room = NULL;
    int r = make_items(d, n, field, field->table->size_bytes, &room);
    if (r < 0)
        return r;
    char *items = room;
    for (size_t i = 0; i < n; i++) {
        const msgpack_object *item = &object->via.array.ptr[i];
        r = item->type == MSGPACK_OBJECT_MAP ? decode_map(d, item, field->table, items + i * field->table->size_bytes)
                                             : wrong_type(d, "a map", item);
        if (r < 0) {
            sp_error_prefix(d->error, "[%zu]", i);
            return r;
        }
    }
    *ret = (struct sp_items){items, n};
    return 0;
}

static int decode_field(struct decoding *d, const msgpack_object *object, const struct sp_field *field, void *member)
{
    switch (field->type) {
    case SP_FIELD_BOOL:
        if (object->type != MSGPACK_OBJECT_BOOLEAN)
            return wrong_type(d, "a boolean", object);
        *(bool *)member = object->via.boolean;
        return 0;
    case SP_FIELD_UINT: return decode_number(d, object, field, false, member);
    case SP_FIELD_MILLI: return decode_number(d, object, field, true, member);
    case SP_FIELD_STRING: return decode_string(d, object, field, false, member);
    case SP_FIELD_BYTES: return decode_string(d, object, field, true, member);
    case SP_FIELD_CHOICE: return decode_choice(d, object, field, member);
    case SP_FIELD_STRINGS: return decode_strings(d, object, field, member);
    case SP_FIELD_PAIRS: return decode_pairs(d, object, field, member);
    case SP_FIELD_TABLE: return decode_map(d, object, field->table, member);
    case SP_FIELD_TABLES: return decode_tables(d, object, field, member);
    case SP_FIELD_OBJECT: *(const msgpack_object **)member = object; return 0;
    }
    return sp_error_set(d->error, SP_EINTERNAL, "a table row of unknown type");
}

static void set_standards(const struct sp_table *table, char *ret)
{
    memset(ret, 0, table->size_bytes);
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sp_field *field = &table->fields[i];
        void *member = ret + field->offset;
        switch (field->type) {
        case SP_FIELD_BOOL: *(bool *)member = field->standard != 0; break;
        case SP_FIELD_UINT:
        case SP_FIELD_MILLI: *(uint64_t *)member = field->standard; break;
        case SP_FIELD_CHOICE: *(int *)member = (int)field->standard; break;
        case SP_FIELD_TABLE: set_standards(field->table, member); break;
        default: break;
        }
    }
}

static int unknown_key(struct decoding *d, struct sp_str key, const struct sp_table *table)
{
    char names[200];
    size_t n = 0;
    names[0] = '\0';
    for (size_t i = 0; i < table->n_fields; i++) {
        const char *name = table->fields[i].name;
        if (n + strlen(name) + sizeof(", , ...") > sizeof(names)) {
            snprintf(names + n, sizeof(names) - n, ", ...");
            break;
        }
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", name);
    }
    if (sp_utf8_valid((const uint8_t *)key.ptr, key.n_bytes) < key.n_bytes)
        return sp_error_set(d->error, d->code, "unknown key that is not UTF-8 (known: %s)", names);
    sp_error_set(d->error, d->code, "unknown key (known: %s)", table->n_fields ? names : "none");
    sp_error_prefix(d->error, "%.*s", sp_str_int(key, 40), key.ptr);
    return d->code;
}

static const struct sp_field *find_field(const struct sp_table *table, struct sp_str key)
{
    for (size_t i = 0; i < table->n_fields; i++)
        if (sp_str_is(key, table->fields[i].name))
            return &table->fields[i];
    return NULL;
}

static int decode_map(struct decoding *d, const msgpack_object *object, const struct sp_table *table, void *ret)
{
    /* A bit a field: no table has more than 64 rows, which test_method proves. A nil counts as absent, not as unseen. */
    uint64_t seen = 0, given = 0;
    set_standards(table, ret);
    if (object && object->type == MSGPACK_OBJECT_NIL)
        object = NULL;
    if (object && object->type != MSGPACK_OBJECT_MAP)
        return wrong_type(d, "a map", object);
    for (uint32_t i = 0; object && i < object->via.map.size; i++) {
        const msgpack_object_kv *kv = &object->via.map.ptr[i];
        struct sp_str key;
        if (!sp_decode_str(&kv->key, &key))
            return sp_error_set(d->error, d->code, "a key must be a string, is %s", type_name(&kv->key));
        const struct sp_field *field = find_field(table, key);
        if (!field)
            return unknown_key(d, key, table);
        uint64_t bit = 1ull << (field - table->fields);
        int r = 0;
        if (seen & bit)
            r = doubled_key(d);
        else if (kv->val.type != MSGPACK_OBJECT_NIL)
            r = decode_field(d, &kv->val, field, (char *)ret + field->offset);
        if (r < 0) {
            sp_error_prefix(d->error, "%s", field->name);
            return r;
        }
        seen |= bit;
        given |= kv->val.type != MSGPACK_OBJECT_NIL ? bit : 0;
    }
    for (size_t i = 0; i < table->n_fields; i++) {
        if ((table->fields[i].flags & SP_FIELD_REQUIRED) && !(given & (1ull << i))) {
            return sp_error_set_at(d->error, d->code, table->fields[i].name, "is missing");
        }
    }
    return 0;
}

int sp_decode(const msgpack_object *object, const struct sp_table *table, int code, struct sp_arena *arena, void *ret,
    struct sp_error *error)
{
    struct decoding d = {.code = code, .arena = arena, .error = error};
    return decode_map(&d, object, table, ret);
}
