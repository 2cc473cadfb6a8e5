#ifndef SP_PROTO_DECODE_H
#define SP_PROTO_DECODE_H

/* The one way in: whatever comes from outside (a request's parameters, a policy, a configuration file) is one MessagePack
 * object tree, decoded by a table into a struct. Everything is bounded by the table, and what is wrong is named by its
 * path: "patterns[3].severity: unknown severity "hihg" (safe, low, medium, high)". */

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"
#include "proto/str.h"

enum sp_field_type {
    SP_FIELD_BOOL,    /* bool */
    SP_FIELD_UINT,    /* uint64_t within min..max; a float that is integral is taken */
    SP_FIELD_MILLI,   /* uint64_t: thousandths of a number (cpus 0.5 is 500), within min..max thousandths */
    SP_FIELD_STRING,  /* struct sp_str: UTF-8 without NUL, length within min..max bytes; may come as bin */
    SP_FIELD_BYTES,   /* struct sp_str: any bytes, length within min..max; str or bin */
    SP_FIELD_CHOICE,  /* int: index of the name in choices */
    SP_FIELD_STRINGS, /* struct sp_strings: list of STRING, each within min..max bytes, at most n_max */
    SP_FIELD_PAIRS,   /* struct sp_pairs: map of STRING to STRING, values within min..max bytes, at most n_max */
    SP_FIELD_TABLE,   /* a struct by its own table */
    SP_FIELD_TABLES,  /* struct sp_items: list of structs by their table, at most n_max */
    SP_FIELD_OBJECT   /* const msgpack_object *: as it is, for a later decoder */
};

enum sp_field_flag {
    SP_FIELD_REQUIRED = 1 << 0,
    SP_FIELD_ANY_CASE = 1 << 1, /* CHOICE: ASCII case does not matter */
    SP_FIELD_BY_INDEX = 1 << 2, /* CHOICE: the index itself is taken too */
    SP_FIELD_AT_START = 1 << 3  /* nothing to the decoder: whoever is told later keeps what it began with */
};

struct sp_strings {
    struct sp_str *items;
    size_t n_items;
};

struct sp_pair {
    struct sp_str name, value;
};

struct sp_pairs {
    struct sp_pair *items;
    size_t n_items;
};

struct sp_items {
    void *items; /* array of the table's struct */
    size_t n_items;
};

struct sp_table;

struct sp_field {
    const char *name;
    enum sp_field_type type;
    unsigned flags;
    size_t offset;     /* of the member in the table's struct */
    uint64_t min, max; /* numbers: value; strings: bytes. max 0 with a string: none allowed to be longer than 0 */
    uint64_t n_max;    /* lists and maps */
    uint64_t standard; /* BOOL, UINT, MILLI, CHOICE: value where the field is absent */
    const char *const *choices; /* CHOICE: NULL-terminated */
    const char *noun;           /* CHOICE: what it is called in errors; NULL: the field's name */
    const struct sp_table *table;
    const char *help; /* one line for the documentation; may be NULL */
};

struct sp_table {
    size_t size_bytes; /* of the struct */
    const struct sp_field *fields;
    size_t n_fields;
};

#define SP_TABLE(type, rows)                                                                                           \
    {                                                                                                                  \
        .size_bytes = sizeof(type), .fields = (rows), .n_fields = sizeof(rows) / sizeof((rows)[0])                     \
    }

/* Decodes object (a map; NULL or nil counts as an empty one) into *ret, which is filled with standards first. Strings are
 * borrowed from the object, lists are the arena's. Unknown and doubled keys, ext values and wrong types are refused with
 * `code`. An explicit nil is as if the key were absent. Errors: code, SP_ETOO_LARGE (arena), SP_ENO_MEMORY. On failure
 * *ret is undefined. */
int sp_decode(const msgpack_object *object, const struct sp_table *table, int code, struct sp_arena *arena, void *ret,
    struct sp_error *error);

/* str or bin as a string; false for every other type. */
bool sp_decode_str(const msgpack_object *object, struct sp_str *ret);

/* The value of a key of a map, borrowed; NULL where the key is not given, or object is NULL or no map. For what differs
 * between absent and standard. */
const msgpack_object *sp_decode_peek(const msgpack_object *object, const char *key);

#endif
