/* Escapes for what is shown of others' text: paths, source lines, names, messages, a program's output on a terminal. Any
 * thread; no state. What could move the cursor, reorder the line or hide in it does none of that here. */
#include "client/cmd/out_escape.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "proto/scope.h"
#include "proto/utf8.h"

/* Besides what wcwidth calls unprintable: reordering and invisible code points, first and last. */
static const uint32_t hidden[][2] = {{0x00AD, 0x00AD}, /* soft hyphen */
    {0x061C, 0x061C},                                  /* Arabic letter mark */
    {0x115F, 0x1160},                                  /* Hangul fillers */
    {0x17B4, 0x17B5},                                  /* Khmer inherent vowels */
    {0x180B, 0x180E},                                  /* Mongolian selectors */
    {0x200B, 0x200F},                                  /* zero width, directional marks */
    {0x2028, 0x202E},                                  /* separators, embeddings, overrides */
    {0x2060, 0x206F},                                  /* joiners, isolates */
    {0x3164, 0x3164},                                  /* Hangul filler */
    {0xFE00, 0xFE0F},                                  /* variation selectors */
    {0xFEFF, 0xFEFF},                                  /* byte order mark */
    {0xFFA0, 0xFFA0},                                  /* Hangul filler */
    {0xFFF9, 0xFFFB},                                  /* interlinear annotation */
    {0xE000, 0xF8FF},                                  /* private use */
    {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}};

static const uint32_t reordering[][2] = {{0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

static bool is_reordering(uint32_t point)
{
    for (size_t i = 0; i < SP_COUNT(reordering); i++)
        if (point >= reordering[i][0] && point <= reordering[i][1])
            return true;
    return false;
}

static bool is_hidden(uint32_t point)
{
    for (size_t i = 0; i < SP_COUNT(hidden); i++)
        if (point >= hidden[i][0] && point <= hidden[i][1])
            return true;
    return false;
}

int sp_escape_columns(uint32_t point)
{
    if (is_control(point) || is_hidden(point))
        return -1;
    return wcwidth((wchar_t)point);
}

static const char *short_name(uint32_t point)
{
    switch (point) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

size_t sp_escape_next(const char *bytes, size_t n_bytes, struct sp_escaped *ret)
{
    uint32_t point = 0;
    size_t length = sp_utf8_next((const uint8_t *)bytes, n_bytes, &point);
    int columns = length ? sp_escape_columns(point) : -1;
    if (length && columns >= 0) {
        memcpy(ret->text, bytes, length);
        ret->n_text = length;
        ret->n_columns = (size_t)columns;
        return length;
    }
    int n;
    const char *name = length ? short_name(point) : NULL;
    if (!length)
        n = snprintf(ret->text, sizeof ret->text, "\\x%02x", (unsigned char)bytes[0]);
    else if (name)
        n = snprintf(ret->text, sizeof ret->text, "%s", name);
    else
        n = snprintf(ret->text, sizeof ret->text,
            point < 0x80      ? "\\x%02x"
            : point < 0x10000 ? "\\u%04x"
                              : "\\U%08x",
            point);
    ret->n_text = ret->n_columns = (size_t)n;
    return length ? length : 1;
}

void sp_escape_print(FILE *file, struct sp_str text)
{
    for (size_t at = 0; at < text.n_bytes;) {
        struct sp_escaped shown;
        at += sp_escape_next(text.ptr + at, text.n_bytes - at, &shown);
        fwrite(shown.text, 1, shown.n_text, file);
    }
}

void sp_escape_print_stream(FILE *file, const char *bytes, size_t n_bytes)
{
    for (size_t at = 0; at < n_bytes;) {
        uint32_t point;
        size_t length = sp_utf8_next((const uint8_t *)bytes + at, n_bytes - at, &point);
        bool passes = length && (point == '\n' || point == '\t' || point == '\r' ||
                                    (!is_control(point) && !is_reordering(point)));
        if (passes) {
            fwrite(bytes + at, 1, length, file);
            at += length;
            continue;
        }
        struct sp_escaped shown;
        at += sp_escape_next(bytes + at, n_bytes - at, &shown);
        fwrite(shown.text, 1, shown.n_text, file);
    }
}
