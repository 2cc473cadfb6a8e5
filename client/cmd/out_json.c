/* The writer of JSON. Any thread; no state. Control, bidirectional and invisible characters are written as escapes, which is
 * the same JSON and harmless where somebody looks at it on a terminal. */
#include "client/cmd/out_json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/cmd/out_escape.h"
#include "client/cmd/out_text.h"
#include "proto/utf8.h"

struct writing {
    FILE *file;
    int indent;
    int level;
};

static void put_unit(FILE *file, unsigned unit)
{
    fprintf(file, "\\u%04x", unit);
}

static void put_point(FILE *file, const uint8_t *bytes, size_t length, uint32_t point)
{
    if (point == '"' || point == '\\')
        fprintf(file, "\\%c", (char)point);
    else if (point == '\n')
        fputs("\\n", file);
    else if (point == '\t')
        fputs("\\t", file);
    else if (point == '\r')
        fputs("\\r", file);
    else if (point < 0x7F ? point >= 0x20 : sp_escape_columns(point) >= 0)
        fwrite(bytes, 1, length, file);
    else if (point < 0x10000)
        put_unit(file, point);
    else {
        put_unit(file, 0xD800 + ((point - 0x10000) >> 10));
        put_unit(file, 0xDC00 + ((point - 0x10000) & 0x3FF));
    }
}

/* How many bytes one U+FFFD stands for: the longest beginning of a code point that is broken off, as Unicode recommends and
 * Python decodes. */
static size_t broken_length(const uint8_t *bytes, size_t n_bytes)
{
    for (size_t n = n_bytes < 3 ? n_bytes : 3; n > 1; n--)
        if (sp_utf8_partial(bytes, n) == n)
            return n;
    return 1;
}

static void put_string(FILE *file, struct sp_str text)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    putc('"', file);
    for (size_t at = 0; at < text.n_bytes;) {
        uint32_t point;
        size_t length = sp_utf8_next(bytes + at, text.n_bytes - at, &point);
        if (length)
            put_point(file, bytes + at, length, point);
        else
            fputs("\xEF\xBF\xBD", file);
        at += length ? length : broken_length(bytes + at, text.n_bytes - at);
    }
    putc('"', file);
}

static void put_base64(FILE *file, struct sp_str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    putc('"', file);
    for (size_t at = 0; at < text.n_bytes; at += 3) {
        size_t left = text.n_bytes - at;
        uint32_t three = (uint32_t)bytes[at] << 16;
        if (left > 1)
            three |= (uint32_t)bytes[at + 1] << 8;
        if (left > 2)
            three |= bytes[at + 2];
        putc(digits[three >> 18], file);
        putc(digits[three >> 12 & 63], file);
        putc(left > 1 ? digits[three >> 6 & 63] : '=', file);
        putc(left > 2 ? digits[three & 63] : '=', file);
    }
    putc('"', file);
}

static bool is_utf8(struct sp_str text)
{
    return sp_utf8_valid((const uint8_t *)text.ptr, text.n_bytes) == text.n_bytes;
}

static void new_line(const struct writing *writing)
{
    if (writing->indent)
        fprintf(writing->file, "\n%*s", writing->indent * writing->level, "");
}

static void put_double(FILE *file, double number)
{
    if (!isfinite(number))
        fputs("null", file);
    else
        fprintf(file, "%.15g", number);
}

static void put_value(struct writing *writing, const sallyport_value *value);

static void put_list(
    struct writing *writing, const sallyport_value *list, void (*put)(struct writing *, const sallyport_value *))
{
    size_t n_items = sallyport_get_count(list, NULL);
    putc('[', writing->file);
    writing->level++;
    for (size_t i = 0; i < n_items; i++) {
        if (i)
            putc(',', writing->file);
        new_line(writing);
        put(writing, sallyport_at(list, i));
    }
    writing->level--;
    if (n_items)
        new_line(writing);
    putc(']', writing->file);
}

static void put_base64_item(struct writing *writing, const sallyport_value *value)
{
    put_base64(writing->file, sp_out_text_of(value, NULL));
}

/* Does "<key>_base64" have to stand beside it? */
static bool loses_bytes(const sallyport_value *value)
{
    struct sp_str text = sp_out_text_of(value, NULL);
    if (text.ptr)
        return !is_utf8(text);
    if (sallyport_type_of(value) != SALLYPORT_LIST)
        return false;
    bool lost = false;
    for (size_t i = 0; i < sallyport_get_count(value, NULL); i++) {
        text = sp_out_text_of(sallyport_at(value, i), NULL);
        if (!text.ptr)
            return false;
        lost = lost || !is_utf8(text);
    }
    return lost;
}

static void put_key(const struct writing *writing, struct sp_str key)
{
    put_string(writing->file, key);
    putc(':', writing->file);
    if (writing->indent)
        putc(' ', writing->file);
}

static void put_pairs(struct writing *writing, const sallyport_value *map, bool follows)
{
    size_t n_pairs = sallyport_get_count(map, NULL);
    for (size_t i = 0; i < n_pairs; i++) {
        const sallyport_value *value = sallyport_at(map, i);
        struct sp_str key = {0};
        key.ptr = sallyport_key_at(map, i, &key.n_bytes);
        if (!key.ptr)
            continue; /* a key that is no text has no form in JSON */
        if (follows)
            putc(',', writing->file);
        follows = true;
        new_line(writing);
        put_key(writing, key);
        put_value(writing, value);
        if (!loses_bytes(value))
            continue;
        char name[128];
        int n = snprintf(name, sizeof name, "%.*s_base64", sp_str_int(key, 100), key.ptr);
        putc(',', writing->file);
        new_line(writing);
        put_key(writing, (struct sp_str){name, (size_t)n});
        if (sallyport_type_of(value) == SALLYPORT_LIST)
            put_list(writing, value, put_base64_item);
        else
            put_base64(writing->file, sp_out_text_of(value, NULL));
    }
}

static void put_map(struct writing *writing, const sallyport_value *map)
{
    putc('{', writing->file);
    writing->level++;
    put_pairs(writing, map, false);
    writing->level--;
    if (sallyport_get_count(map, NULL))
        new_line(writing);
    putc('}', writing->file);
}

static void put_value(struct writing *writing, const sallyport_value *value)
{
    switch (sallyport_type_of(value)) {
    case SALLYPORT_NIL: fputs("null", writing->file); break;
    case SALLYPORT_BOOL: fputs(sallyport_get_bool(value, NULL) ? "true" : "false", writing->file); break;
    case SALLYPORT_INT: fprintf(writing->file, "%" PRId64, sallyport_get_int(value, NULL, 0)); break;
    case SALLYPORT_DOUBLE: put_double(writing->file, sallyport_get_double(value, NULL, 0)); break;
    case SALLYPORT_TEXT:
    case SALLYPORT_BYTES: put_string(writing->file, sp_out_text_of(value, NULL)); break;
    case SALLYPORT_LIST: put_list(writing, value, put_value); break;
    case SALLYPORT_MAP: put_map(writing, value); break;
    }
}

void sp_out_json_value(FILE *file, const sallyport_value *value, int indent)
{
    struct writing writing = {.file = file, .indent = indent};
    put_value(&writing, value);
}

void sp_out_json_pairs(FILE *file, const sallyport_value *map, bool follows)
{
    struct writing writing = {.file = file};
    put_pairs(&writing, map, follows);
}

void sp_out_json_text(FILE *file, const char *key, struct sp_str text)
{
    fprintf(file, "\"%s\":", key);
    put_string(file, text);
    if (is_utf8(text))
        return;
    fprintf(file, ",\"%s_base64\":", key);
    put_base64(file, text);
}
