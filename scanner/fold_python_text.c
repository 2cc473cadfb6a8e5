/* Literals. One thread at a time; memory is the arena's. */
#include "scanner/fold_python.h"

#include <string.h>
#include <strings.h>

#include "proto/utf8.h"
#include "scanner/lex_python.h"

#define NO_POINT UINT32_MAX /* a name that is not known here */

/* The names that Unicode gives the characters of ASCII, by which \N{…} may spell a program. */
static const char *const ascii_names[] = {
    "SPACE",
    "EXCLAMATION MARK",
    "QUOTATION MARK",
    "NUMBER SIGN",
    "DOLLAR SIGN",
    "PERCENT SIGN",
    "AMPERSAND",
    "APOSTROPHE",
    "LEFT PARENTHESIS",
    "RIGHT PARENTHESIS",
    "ASTERISK",
    "PLUS SIGN",
    "COMMA",
    "HYPHEN-MINUS",
    "FULL STOP",
    "SOLIDUS",
    "DIGIT ZERO",
    "DIGIT ONE",
    "DIGIT TWO",
    "DIGIT THREE",
    "DIGIT FOUR",
    "DIGIT FIVE",
    "DIGIT SIX",
    "DIGIT SEVEN",
    "DIGIT EIGHT",
    "DIGIT NINE",
    "COLON",
    "SEMICOLON",
    "LESS-THAN SIGN",
    "EQUALS SIGN",
    "GREATER-THAN SIGN",
    "QUESTION MARK",
    "COMMERCIAL AT",
};
static const char *const bracket_names[] = {
    "LEFT SQUARE BRACKET", "REVERSE SOLIDUS", "RIGHT SQUARE BRACKET", "CIRCUMFLEX ACCENT", "LOW LINE", "GRAVE ACCENT"};
static const char *const brace_names[] = {"LEFT CURLY BRACKET", "VERTICAL LINE", "RIGHT CURLY BRACKET", "TILDE"};

static bool same_name(struct sp_str name, const char *known)
{
    return name.n_bytes == strlen(known) && strncasecmp(name.ptr, known, name.n_bytes) == 0;
}

static uint32_t named_point(struct sp_str name)
{
    static const char small[] = "LATIN SMALL LETTER ", capital[] = "LATIN CAPITAL LETTER ";
    if (name.n_bytes == sizeof(small) && strncasecmp(name.ptr, small, sizeof(small) - 1) == 0)
        return (uint32_t)(name.ptr[sizeof(small) - 1] | 0x20);
    if (name.n_bytes == sizeof(capital) && strncasecmp(name.ptr, capital, sizeof(capital) - 1) == 0)
        return (uint32_t)(name.ptr[sizeof(capital) - 1] & ~0x20);
    for (uint32_t i = 0; i < sizeof(ascii_names) / sizeof(ascii_names[0]); i++)
        if (same_name(name, ascii_names[i]))
            return ' ' + i;
    for (uint32_t i = 0; i < sizeof(bracket_names) / sizeof(bracket_names[0]); i++)
        if (same_name(name, bracket_names[i]))
            return '[' + i;
    for (uint32_t i = 0; i < sizeof(brace_names) / sizeof(brace_names[0]); i++)
        if (same_name(name, brace_names[i]))
            return '{' + i;
    if (same_name(name, "LINE FEED") || same_name(name, "NEW LINE") || same_name(name, "LF"))
        return '\n';
    return NO_POINT;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Up to n_digits digits of the base at text[*at]. */
static uint32_t digits(struct sp_str text, size_t *at, int n_digits, int base)
{
    uint32_t value = 0;
    for (int i = 0; i < n_digits && *at < text.n_bytes; i++) {
        int digit = hex_digit(text.ptr[*at]);
        if (digit < 0 || digit >= base)
            break;
        value = value * (uint32_t)base + (uint32_t)digit;
        ++*at;
    }
    return value;
}

/* One escape: *at stands behind the backslash, and is moved behind what belongs to it. false: the backslash stays, and
 * nothing is taken. *ret_none: it stands for nothing (a joined line). */
static bool escape(struct sp_str text, size_t *at, bool bytes, uint32_t *ret_point, bool *ret_none)
{
    static const char plain[] = "\\'\"abfnrtv", means[] = "\\'\"\a\b\f\n\r\t\v";
    *ret_none = false;
    if (*at >= text.n_bytes)
        return false;
    char byte = text.ptr[*at];
    const char *found = memchr(plain, byte, sizeof(plain) - 1);
    if (found) {
        *ret_point = (uint8_t)means[found - plain];
        ++*at;
        return true;
    }
    if (byte == '\n' || byte == '\r') {
        *at += byte == '\r' && *at + 1 < text.n_bytes && text.ptr[*at + 1] == '\n' ? 2 : 1;
        *ret_none = true;
        return true;
    }
    if (byte >= '0' && byte <= '7') {
        *ret_point = digits(text, at, 3, 8) & (bytes ? 0xff : 0x1ff);
        return true;
    }
    int n_digits = byte == 'x' ? 2 : bytes ? 0 : byte == 'u' ? 4 : byte == 'U' ? 8 : 0;
    if (n_digits) {
        ++*at;
        *ret_point = digits(text, at, n_digits, 16);
        return true;
    }
    if (byte == 'N' && !bytes && *at + 1 < text.n_bytes && text.ptr[*at + 1] == '{') {
        const char *start = text.ptr + *at + 2;
        const char *end = memchr(start, '}', text.n_bytes - *at - 2);
        if (!end)
            return false;
        *ret_point = named_point((struct sp_str){start, (size_t)(end - start)});
        *at = (size_t)(end - text.ptr) + 1;
        return true;
    }
    return false;
}

void sp_fold_python_literal(
    struct sp_fold_python_builder *builder, struct sp_str source, uint32_t start, uint32_t end, unsigned flags)
{
    struct sp_str text = {source.ptr + start, end - start};
    size_t at = 0;
    while (at < text.n_bytes && !builder->failed) {
        size_t run = at;
        bool formatted = flags & SP_PYTHON_FORMATTED;
        while (run < text.n_bytes && text.ptr[run] != '\\' && text.ptr[run] != '\r' &&
               !(formatted && (text.ptr[run] == '{' || text.ptr[run] == '}')))
            run++;
        sp_fold_python_append(builder, (struct sp_str){text.ptr + at, run - at});
        at = run;
        if (at >= text.n_bytes)
            return;
        char byte = text.ptr[at++];
        if (byte == '\r') {
            at += at < text.n_bytes && text.ptr[at] == '\n';
            sp_fold_python_append(builder, SP_STR("\n"));
            continue;
        }
        if (byte != '\\') {
            /* A doubled brace. */
            at += at < text.n_bytes && text.ptr[at] == byte;
            sp_fold_python_append(builder, (struct sp_str){&byte, 1});
            continue;
        }
        uint32_t point = 0;
        bool none = false;
        if ((flags & SP_PYTHON_RAW) || !escape(text, &at, flags & SP_PYTHON_BYTES, &point, &none)) {
            sp_fold_python_append(builder, SP_STR("\\"));
        } else if (!none && (flags & SP_PYTHON_BYTES)) {
            char value = (char)point;
            sp_fold_python_append(builder, (struct sp_str){&value, 1});
        } else if (!none) {
            builder->doubt |= point == NO_POINT;
            sp_fold_python_append_point(builder, point);
        }
    }
}

/* Is a printable ASCII character spelled by its number or name? Quotes and backslashes have escapes of their own. */
static bool spells_ascii(struct sp_str text, bool bytes)
{
    for (size_t at = 0; at < text.n_bytes;) {
        const char *found = memchr(text.ptr + at, '\\', text.n_bytes - at);
        if (!found)
            return false;
        at = (size_t)(found - text.ptr) + 1;
        size_t behind = at;
        uint32_t point = 0;
        bool none;
        if (!escape(text, &behind, bytes, &point, &none)) {
            at++;
            continue;
        }
        if (!none && behind - at > 1 && point > ' ' && point < 0x7f)
            return true;
        at = behind;
    }
    return false;
}

struct sp_python_value *sp_fold_python_string(
    struct sp_fold_python *fold, struct sp_str source, const struct sp_span *span, bool *ret_doubt)
{
    *ret_doubt = false;
    enum sp_python_value_kind kind = span->flags & SP_PYTHON_BYTES ? SP_PYTHON_VALUE_BYTES : SP_PYTHON_VALUE_TEXT;
    struct sp_str body = {source.ptr + span->body_start, span->body_end - span->body_start};
    bool escapes = !(span->flags & SP_PYTHON_RAW) && memchr(body.ptr, '\\', body.n_bytes);
    if (!escapes && !memchr(body.ptr, '\r', body.n_bytes))
        return sp_fold_python_text(fold, kind, body, SP_VIA_DIRECT);
    struct sp_fold_python_builder builder = {.fold = fold};
    sp_fold_python_literal(&builder, source, span->body_start, span->body_end, span->flags);
    struct sp_python_value *value = sp_fold_python_build(&builder, kind);
    *ret_doubt = builder.doubt;
    if (value && !(escapes && spells_ascii(body, kind == SP_PYTHON_VALUE_BYTES)))
        value->via = SP_VIA_DIRECT;
    return value;
}
