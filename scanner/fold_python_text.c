/* Literals, formatting, and the methods of text. One thread at a time; memory is the arena's. */
#include "scanner/fold_python.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/utf8.h"
#include "scanner/lex_python.h"

/* ---- literals ---- */

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
    return 0xfffd;
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
    struct sp_fold_python *fold, struct sp_str source, const struct sp_span *span)
{
    enum sp_python_value_kind kind = span->flags & SP_PYTHON_BYTES ? SP_PYTHON_VALUE_BYTES : SP_PYTHON_VALUE_TEXT;
    struct sp_str body = {source.ptr + span->body_start, span->body_end - span->body_start};
    bool escapes = !(span->flags & SP_PYTHON_RAW) && memchr(body.ptr, '\\', body.n_bytes);
    if (!escapes && !memchr(body.ptr, '\r', body.n_bytes))
        return sp_fold_python_text(fold, kind, body, SP_VIA_DIRECT);
    struct sp_fold_python_builder builder = {.fold = fold};
    sp_fold_python_literal(&builder, source, span->body_start, span->body_end, span->flags);
    struct sp_python_value *value = sp_fold_python_build(&builder, kind);
    if (value && !(escapes && spells_ascii(body, kind == SP_PYTHON_VALUE_BYTES)))
        value->via = SP_VIA_DIRECT;
    return value;
}

/* ---- formatting ---- */

/* One conversion: flags and width of the printf kind, and its letter. */
static bool append_converted(
    struct sp_fold_python_builder *builder, struct sp_str flags, char letter, const struct sp_python_value *value)
{
    if (!value)
        return false;
    if (letter == 'c' && value->kind == SP_PYTHON_VALUE_NUMBER) {
        sp_fold_python_append_point(builder, (uint32_t)value->number);
        return true;
    }
    if ((letter == 's' || letter == 'c') && flags.n_bytes == 0 && value->kind == SP_PYTHON_VALUE_BYTES) {
        sp_fold_python_append(builder, value->text); /* bytes % bytes */
        return true;
    }
    if ((letter == 's' || letter == 'c') && flags.n_bytes == 0)
        return sp_fold_python_append_value(builder, value);
    if (letter == 's' && value->kind == SP_PYTHON_VALUE_TEXT && flags.ptr[0] == '.') {
        size_t at = 1, n = 0;
        uint32_t most = digits(flags, &at, 5, 10);
        for (uint32_t i = 0; i < most && n < value->text.n_bytes; i++) {
            size_t step = sp_utf8_next((const uint8_t *)value->text.ptr + n, value->text.n_bytes - n, NULL);
            n += step ? step : 1;
        }
        sp_fold_python_append(builder, (struct sp_str){value->text.ptr, n});
        return at == flags.n_bytes;
    }
    if (value->kind != SP_PYTHON_VALUE_NUMBER || !strchr("dixXo", letter) || flags.n_bytes > 4)
        return false;
    size_t at = 0;
    bool zero = flags.n_bytes && flags.ptr[0] == '0';
    uint32_t width = digits(flags, &at, 3, 10);
    if (at != flags.n_bytes)
        return false;
    char out[64];
    int n = snprintf(out, sizeof(out),
        letter == 'x'   ? "%llx"
        : letter == 'X' ? "%llX"
        : letter == 'o' ? "%llo"
                        : "%lld",
        (long long)value->number);
    for (uint32_t i = (uint32_t)n; i < width; i++)
        sp_fold_python_append(builder, zero ? SP_STR("0") : SP_STR(" "));
    sp_fold_python_append(builder, (struct sp_str){out, (size_t)n});
    return value->number >= 0 || letter == 'd' || letter == 'i';
}

struct sp_python_value *sp_fold_python_percent(
    struct sp_fold_python *fold, const struct sp_python_value *format, const struct sp_python_value *arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    struct sp_str text = format->text;
    bool many = arguments->kind == SP_PYTHON_VALUE_SEQUENCE;
    uint32_t n_used = 0;
    for (size_t at = 0; at < text.n_bytes;) {
        const char *found = memchr(text.ptr + at, '%', text.n_bytes - at);
        size_t stop = found ? (size_t)(found - text.ptr) : text.n_bytes;
        sp_fold_python_append(&builder, (struct sp_str){text.ptr + at, stop - at});
        if (!found)
            break;
        at = stop + 1;
        const struct sp_python_value *value = NULL;
        bool named = at < text.n_bytes && text.ptr[at] == '(';
        if (named) {
            const char *end = memchr(text.ptr + at, ')', text.n_bytes - at);
            if (!end || arguments->kind != SP_PYTHON_VALUE_DICT)
                return NULL;
            struct sp_python_value key = {.kind = SP_PYTHON_VALUE_TEXT};
            key.text = (struct sp_str){text.ptr + at + 1, (size_t)(end - text.ptr) - at - 1};
            value = sp_fold_python_index(fold, arguments, &key);
            at = (size_t)(end - text.ptr) + 1;
        }
        size_t flags = at;
        while (at < text.n_bytes && (text.ptr[at] == '.' || (text.ptr[at] >= '0' && text.ptr[at] <= '9')))
            at++;
        if (at >= text.n_bytes)
            return NULL;
        char letter = text.ptr[at++];
        if (letter == '%') {
            sp_fold_python_append(&builder, SP_STR("%"));
            continue;
        }
        if (!named)
            value = many ? (n_used < arguments->n_items ? arguments->items[n_used] : NULL)
                         : (n_used == 0 ? arguments : NULL);
        n_used++;
        if (!append_converted(&builder, (struct sp_str){text.ptr + flags, at - 1 - flags}, letter, value))
            return NULL;
    }
    return sp_fold_python_build(&builder, format->kind);
}

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

struct sp_python_value *sp_fold_python_format(struct sp_fold_python *fold, const struct sp_python_value *format,
    const struct sp_python_value *const *arguments, size_t n_arguments, const struct sp_python_value *named)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    struct sp_str text = format->text;
    uint32_t n_used = 0;
    for (size_t at = 0; at < text.n_bytes && !builder.failed;) {
        char byte = text.ptr[at++];
        if (byte != '{' && byte != '}') {
            size_t run = at - 1;
            while (at < text.n_bytes && text.ptr[at] != '{' && text.ptr[at] != '}')
                at++;
            sp_fold_python_append(&builder, (struct sp_str){text.ptr + run, at - run});
            continue;
        }
        if (at < text.n_bytes && text.ptr[at] == byte) {
            sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
            at++;
            continue;
        }
        if (byte == '}')
            return NULL;
        size_t start = at;
        const struct sp_python_value *value = NULL;
        uint32_t index = digits(text, &at, 4, 10);
        if (at == start && named)
            while (at < text.n_bytes && is_word(text.ptr[at]))
                at++;
        if (at == start)
            index = n_used++;
        if (at > start && is_word(text.ptr[start]) && !(text.ptr[start] >= '0' && text.ptr[start] <= '9')) {
            struct sp_python_value key = {.kind = SP_PYTHON_VALUE_TEXT, .text = {text.ptr + start, at - start}};
            value = sp_fold_python_index(fold, named, &key);
        } else if (index < n_arguments) {
            value = arguments[index];
        }
        if (at + 1 < text.n_bytes && text.ptr[at] == '!' && text.ptr[at + 1] == 's')
            at += 2;
        struct sp_str flags = {text.ptr + at, 0};
        char letter = 's';
        if (at < text.n_bytes && text.ptr[at] == ':') {
            size_t spec = ++at;
            while (at < text.n_bytes && text.ptr[at] != '}' && text.ptr[at] != '{')
                at++;
            flags = (struct sp_str){text.ptr + spec, at - spec};
            if (flags.n_bytes && !(text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9'))
                letter = flags.ptr[--flags.n_bytes];
        }
        if (at >= text.n_bytes || text.ptr[at] != '}' || !strchr("sdcxXo", letter))
            return NULL;
        at++;
        if (!append_converted(&builder, flags, letter, value))
            return NULL;
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}
