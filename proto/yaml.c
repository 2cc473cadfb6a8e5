/* YAML by libyaml's events, straight into MessagePack: containers take a fixed-width header whose count is patched when
 * they end, so that one pass with bounded state does. Any thread; no state. */
#include "proto/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "proto/pack.h"

const char *const sp_yaml_policy_strings[] = {"name", "pattern", "id", "description", "cwe", "url", "fix", NULL};

#define KEY_SHOWN_MAX 40 /* as the decoder shows a key in a path */

struct level {
    bool map;
    bool key_next;     /* a map's next scalar is a key */
    uint32_t n_items;  /* entries so far */
    size_t header_at;  /* of its header in the buffer */
    size_t path_bytes; /* length of the path of the container itself */
    char key[KEY_SHOWN_MAX + 1];
};

struct reader {
    yaml_parser_t parser;
    struct sp_str text;
    const char *const *string_keys;
    int code;
    struct sp_buffer *buffer; /* NULL while locating */
    struct sp_error *error;
    uint32_t depth;
    struct level levels[SP_YAML_DEPTH_MAX];
    bool has_value;
    /* locating */
    const char *target;
    bool wants_second; /* of the keys at the target */
    char path[128];
    size_t best_bytes;
    uint32_t best_line, best_column;
};

static int refuse(struct reader *reader, yaml_mark_t mark, const char *text)
{
    if (reader->error && !reader->error->code) {
        reader->error->line = (uint32_t)mark.line + 1;
        reader->error->column = (uint32_t)mark.column + 1;
    }
    return sp_error_set(reader->error, reader->code, "%s", text);
}

static bool one_of(struct sp_str text, const char *const *words)
{
    for (; *words; words++)
        if (sp_str_is(text, *words))
            return true;
    return false;
}

static size_t digits(const char *text, const char *set)
{
    return strspn(text, set);
}

/* [-+]? ( . [0-9]+ | [0-9]+ ( . [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?  of YAML 1.2.2, 10.3.2 */
static bool is_float(const char *text)
{
    static const char decimal[] = "0123456789";
    text += *text == '-' || *text == '+';
    size_t whole = digits(text, decimal);
    text += whole;
    if (*text == '.') {
        text++;
        size_t part = digits(text, decimal);
        if (!whole && !part)
            return false;
        text += part;
    } else if (!whole) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        size_t exponent = digits(text, decimal);
        if (!exponent)
            return false;
        text += exponent;
    }
    return *text == '\0';
}

/* Base 8, 10 or 16 of the core schema; false where it is none or does not fit 64 bits (then it is read as a float). */
static bool pack_integer(struct sp_buffer *buffer, const char *text)
{
    bool minus = *text == '-', sign = minus || *text == '+';
    const char *number = text + sign;
    int base = 10;
    const char *set = "0123456789";
    if (!sign && number[0] == '0' && (number[1] == 'x' || number[1] == 'o')) {
        base = number[1] == 'x' ? 16 : 8;
        set = base == 16 ? "0123456789abcdefABCDEF" : "01234567";
        number += 2;
    }
    size_t n = digits(number, set);
    if (n == 0 || number[n])
        return false;
    errno = 0;
    uint64_t value = strtoull(number, NULL, base);
    if (errno == ERANGE || (minus && value > INT64_MAX))
        return false;
    if (minus)
        sp_pack_int(buffer, -(int64_t)value);
    else
        sp_pack_uint(buffer, value);
    return true;
}

static void pack_plain(struct sp_buffer *buffer, struct sp_str text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    if (one_of(text, nulls))
        sp_pack_nil(buffer);
    else if (one_of(text, trues))
        sp_pack_bool(buffer, true);
    else if (one_of(text, falses))
        sp_pack_bool(buffer, false);
    else if (memchr(text.ptr, '\0', text.n_bytes))
        sp_pack_text(buffer, text);
    else if (pack_integer(buffer, text.ptr))
        return;
    else if (is_float(text.ptr))
        sp_pack_double(buffer, strtod(text.ptr, NULL));
    else
        sp_pack_text(buffer, text);
}

/* The path of the value that comes next, into reader->path. */
static void enter_path(struct reader *reader)
{
    if (reader->depth == 0) {
        reader->path[0] = '\0';
        return;
    }
    const struct level *level = &reader->levels[reader->depth - 1];
    size_t at = level->path_bytes, room = sizeof(reader->path) - at;
    if (level->map)
        snprintf(reader->path + at, room, "%s%s", at ? "." : "", level->key);
    else
        snprintf(reader->path + at, room, "[%u]", level->n_items);
}

/* Remembers the mark where reader->path is the target or leads to it, and more of it than before. */
static void compare_path(struct reader *reader, yaml_mark_t mark)
{
    size_t n = strlen(reader->path);
    if (strncmp(reader->path, reader->target, n) != 0 || n < reader->best_bytes)
        return;
    char next = reader->target[n];
    if (n > 0 && next != '\0' && next != '.' && next != '[')
        return;
    if (n == reader->best_bytes && reader->best_line) {
        if (!reader->wants_second || next != '\0')
            return;
        reader->wants_second = false;
    }
    reader->best_bytes = n;
    reader->best_line = (uint32_t)mark.line + 1;
    reader->best_column = (uint32_t)mark.column + 1;
}

/* A value has begun or, as a scalar, come whole. */
static void count_value(struct reader *reader)
{
    if (reader->depth == 0) {
        reader->has_value = true;
        return;
    }
    struct level *level = &reader->levels[reader->depth - 1];
    level->n_items++;
    level->key_next = true;
}

static int open_container(struct reader *reader, bool map, yaml_mark_t mark)
{
    if (reader->depth && reader->levels[reader->depth - 1].map && reader->levels[reader->depth - 1].key_next)
        return refuse(reader, mark, "a key must be a scalar");
    if (reader->depth == SP_YAML_DEPTH_MAX)
        return refuse(reader, mark, "nests too deep");
    enter_path(reader);
    /* In a map the key at this path was compared. */
    if (reader->target && !(reader->depth && reader->levels[reader->depth - 1].map))
        compare_path(reader, mark);
    count_value(reader);
    reader->levels[reader->depth++] = (struct level){
        .map = map,
        .key_next = true,
        .path_bytes = strlen(reader->path),
        .header_at = reader->buffer ? reader->buffer->n_bytes : 0,
    };
    if (reader->buffer) {
        const uint8_t header[5] = {map ? 0xDF : 0xDD};
        sp_buffer_append(reader->buffer, header, sizeof(header));
    }
    return 0;
}

static void close_container(struct reader *reader)
{
    const struct level *level = &reader->levels[--reader->depth];
    if (!reader->buffer || reader->buffer->failed)
        return;
    uint8_t *header = reader->buffer->bytes + level->header_at;
    for (int i = 0; i < 4; i++)
        header[1 + i] = (uint8_t)(level->n_items >> (24 - 8 * i));
}

static int take_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct sp_str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct level *level = reader->depth ? &reader->levels[reader->depth - 1] : NULL;
    if (level && level->map && level->key_next) {
        if (plain && sp_str_is(text, "<<"))
            return refuse(reader, event->start_mark, "merge keys are not allowed");
        snprintf(level->key, sizeof(level->key), "%.*s", sp_str_int(text, KEY_SHOWN_MAX), text.ptr);
        level->key_next = false;
        enter_path(reader);
        if (reader->target)
            compare_path(reader, event->start_mark);
        if (reader->buffer)
            sp_pack_text(reader->buffer, text);
        return 0;
    }
    enter_path(reader);
    if (reader->target && !(level && level->map))
        compare_path(reader, event->start_mark);
    if (reader->buffer) {
        bool stays = level && level->map && reader->string_keys && one_of(sp_str_of(level->key), reader->string_keys);
        if (plain && !stays)
            pack_plain(reader->buffer, text);
        else
            sp_pack_text(reader->buffer, text);
    }
    count_value(reader);
    return 0;
}

static int take_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT: return refuse(reader, event->start_mark, "aliases are not allowed");
    case YAML_DOCUMENT_START_EVENT:
        return reader->has_value ? refuse(reader, event->start_mark, "only one document is allowed") : 0;
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor || event->data.scalar.tag)
            return refuse(reader, event->start_mark, "anchors and tags are not allowed");
        return take_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor || event->data.sequence_start.tag)
            return refuse(reader, event->start_mark, "anchors and tags are not allowed");
        return open_container(reader, false, event->start_mark);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor || event->data.mapping_start.tag)
            return refuse(reader, event->start_mark, "anchors and tags are not allowed");
        return open_container(reader, true, event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: close_container(reader); return 0;
    default: return 0;
    }
}

/* Where a byte of the text stands. libyaml tells no mark for a byte that it cannot read. */
static yaml_mark_t mark_of(struct sp_str text, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < text.n_bytes; i++) {
        bool ends = text.ptr[i] == '\n' || (text.ptr[i] == '\r' && (i + 1 == text.n_bytes || text.ptr[i + 1] != '\n'));
        if (ends)
            mark.line++;
        mark.column = ends ? 0 : mark.column + (((unsigned char)text.ptr[i] & 0xC0) != 0x80);
    }
    return mark;
}

static int parser_error(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return sp_error_set(reader->error, SP_ENO_MEMORY, NULL);
    char text[200];
    snprintf(text, sizeof(text), "not YAML: %s", parser->problem ? parser->problem : "cannot be read");
    return refuse(reader,
        parser->error == YAML_READER_ERROR ? mark_of(reader->text, parser->problem_offset) : parser->problem_mark,
        text);
}

static int read_events(struct reader *reader)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event))
            return parser_error(reader);
        bool end = event.type == YAML_STREAM_END_EVENT;
        int r = take_event(reader, &event);
        yaml_event_delete(&event);
        if (r < 0)
            return r;
        if (reader->buffer && reader->buffer->failed)
            return sp_error_set(reader->error, reader->buffer->failed, "the document is too large");
        if (end)
            return 0;
    }
}

static int read_text(struct reader *reader, struct sp_str text)
{
    if (!yaml_parser_initialize(&reader->parser))
        return sp_error_set(reader->error, SP_ENO_MEMORY, NULL);
    static const char mark[] = "\xef\xbb\xbf";
    size_t n_mark = strlen(mark);
    if (text.n_bytes >= n_mark && memcmp(text.ptr, mark, n_mark) == 0)
        text = (struct sp_str){text.ptr + n_mark, text.n_bytes - n_mark};
    reader->text = text;
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)text.ptr, text.n_bytes);
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    int r = read_events(reader);
    yaml_parser_delete(&reader->parser);
    return r;
}

int sp_yaml_pack(
    struct sp_str text, const char *const *string_keys, int code, struct sp_buffer *buffer, struct sp_error *error)
{
    if (text.n_bytes > SP_YAML_BYTES_MAX)
        return sp_error_set(error, SP_ETOO_LARGE, "the document is larger than %u bytes", SP_YAML_BYTES_MAX);
    struct reader reader = {.string_keys = string_keys, .code = code, .buffer = buffer, .error = error};
    int r = read_text(&reader, text);
    if (r < 0)
        return r;
    if (!reader.has_value)
        sp_pack_map(buffer, 0);
    return buffer->failed;
}

void sp_yaml_locate(struct sp_str text, struct sp_error *error)
{
    if (!error || !error->code || error->line)
        return;
    struct reader reader = {.code = SP_EINTERNAL, .target = error->path, .wants_second = error->is_doubled};
    if (read_text(&reader, text) < 0)
        return;
    error->line = reader.best_line;
    error->column = reader.best_column;
}
