/* What formatting makes of constants: %, str.format, format specifications, repr. One thread at a time; memory is the
 * arena's. */
#include "scanner/fold_python.h"

#include <stdio.h>
#include <string.h>

#include "proto/utf8.h"

#define WIDTH_MAX    4096
#define NESTED_BYTES 64 /* of a specification that holds fields itself */

/* ---- repr ---- */

bool sp_fold_python_append_repr(struct sp_fold_python_builder *builder, const struct sp_python_value *value, bool ascii)
{
    if (value && value->kind == SP_PYTHON_VALUE_NUMBER)
        return sp_fold_python_append_value(builder, value);
    if (!sp_fold_python_is_text(value))
        return false;
    struct sp_str text = value->text;
    bool bytes = value->kind == SP_PYTHON_VALUE_BYTES;
    char quote = memchr(text.ptr, '\'', text.n_bytes) && !memchr(text.ptr, '"', text.n_bytes) ? '"' : '\'';
    if (bytes)
        sp_fold_python_append(builder, SP_STR("b"));
    sp_fold_python_append(builder, (struct sp_str){&quote, 1});
    for (size_t at = 0; at < text.n_bytes && !builder->failed;) {
        uint8_t byte = (uint8_t)text.ptr[at];
        uint32_t point = byte;
        size_t n = bytes || byte < 0x80 ? 1 : sp_utf8_next((const uint8_t *)text.ptr + at, text.n_bytes - at, &point);
        char out[16];
        if (n == 0 || (point >= 0x80 && !ascii && !bytes))
            return false; /* which ones are printed as they are: a table that nobody needs here */
        if (byte == '\\' || byte == (uint8_t)quote)
            snprintf(out, sizeof(out), "\\%c", byte);
        else if (byte == '\n' || byte == '\r' || byte == '\t')
            snprintf(out, sizeof(out), "\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
        else if (point < 0x20 || (point >= 0x7f && point < 0x100))
            snprintf(out, sizeof(out), "\\x%02x", point);
        else if (point >= 0x100)
            snprintf(out, sizeof(out), point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
        else
            snprintf(out, sizeof(out), "%c", byte);
        sp_fold_python_append(builder, sp_str_of(out));
        at += n;
    }
    sp_fold_python_append(builder, (struct sp_str){&quote, 1});
    return true;
}

/* ---- specifications ---- */

struct spec {
    struct sp_str fill;
    char align, sign, group, letter; /* 0: none is given */
    bool alternate, zero;
    int64_t width, precision; /* -1: none is given */
};

static bool read_number(struct sp_str text, size_t *at, int64_t *ret_number)
{
    size_t start = *at;
    int64_t number = 0;
    while (*at < text.n_bytes && text.ptr[*at] >= '0' && text.ptr[*at] <= '9' && number <= WIDTH_MAX)
        number = number * 10 + (text.ptr[(*at)++] - '0');
    if (*at > start)
        *ret_number = number;
    return *at > start && number <= WIDTH_MAX;
}

static size_t count_points(struct sp_str text, bool bytes)
{
    size_t n_points = 0;
    for (size_t at = 0; at < text.n_bytes; n_points++) {
        size_t n = bytes ? 1 : sp_utf8_next((const uint8_t *)text.ptr + at, text.n_bytes - at, NULL);
        at += n ? n : 1;
    }
    return n_points;
}

/* head (a sign, a prefix) and body in the width, n_points wide together. */
static void append_padded(struct sp_fold_python_builder *builder, const struct spec *spec, struct sp_str head,
    struct sp_str body, size_t n_points, char align)
{
    size_t n_pad = spec->width > (int64_t)n_points ? (size_t)spec->width - n_points : 0;
    size_t n_left = align == '>' || align == '=' ? n_pad : align == '^' ? n_pad / 2 : 0;
    struct sp_str fill = spec->fill.n_bytes ? spec->fill : SP_STR(" ");
    if (align == '=')
        sp_fold_python_append(builder, head);
    for (size_t i = 0; i < n_left; i++)
        sp_fold_python_append(builder, fill);
    if (align != '=')
        sp_fold_python_append(builder, head);
    sp_fold_python_append(builder, body);
    for (size_t i = n_left; i < n_pad; i++)
        sp_fold_python_append(builder, fill);
}

/* The first so many characters of it. */
static struct sp_str cut(struct sp_str text, int64_t most, bool bytes)
{
    size_t at = 0;
    for (int64_t i = 0; (most < 0 || i < most) && at < text.n_bytes; i++) {
        size_t n = bytes ? 1 : sp_utf8_next((const uint8_t *)text.ptr + at, text.n_bytes - at, NULL);
        at += n ? n : 1;
    }
    return (struct sp_str){text.ptr, at};
}

/* The digits of a number's absolute value; the number of them. */
static size_t write_digits(int64_t number, char letter, char out[72])
{
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    unsigned base = letter == 'x' || letter == 'X' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    char turned[72];
    size_t n = 0;
    do
        turned[n++] = (letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[left % base];
    while ((left /= base) > 0);
    for (size_t i = 0; i < n; i++)
        out[i] = turned[n - 1 - i];
    return n;
}

/* d x X o b of a number, with the sign and the prefix that the specification asks for. */
static void append_number(struct sp_fold_python_builder *builder, const struct spec *spec, int64_t number, char align)
{
    char digits[72], body[160], head[4];
    size_t n_digits = write_digits(number, spec->letter, digits), n_head = 0, n_body = 0;
    for (int64_t i = (int64_t)n_digits; i < spec->precision && n_body < sizeof(body) - sizeof(digits); i++)
        body[n_body++] = '0';
    for (size_t i = 0; i < n_digits; i++) {
        if (spec->group && i > 0 && (n_digits - i) % (spec->letter == 'd' ? 3 : 4) == 0)
            body[n_body++] = spec->group;
        body[n_body++] = digits[i];
    }
    if (number < 0)
        head[n_head++] = '-';
    else if (spec->sign == '+' || spec->sign == ' ')
        head[n_head++] = spec->sign;
    if (spec->alternate && spec->letter != 'd') {
        head[n_head++] = '0';
        head[n_head++] = spec->letter;
    }
    append_padded(builder, spec, (struct sp_str){head, n_head}, (struct sp_str){body, n_body}, n_head + n_body, align);
}

static bool read_spec(struct sp_str text, struct spec *ret_spec)
{
    struct spec spec = {.width = -1, .precision = -1};
    size_t at = 0, n_fill = text.n_bytes ? sp_utf8_next((const uint8_t *)text.ptr, text.n_bytes, NULL) : 0;
    if (n_fill && n_fill < text.n_bytes && strchr("<>=^", text.ptr[n_fill])) {
        spec.fill = (struct sp_str){text.ptr, n_fill};
        spec.align = text.ptr[n_fill];
        at = n_fill + 1;
    } else if (text.n_bytes && strchr("<>=^", text.ptr[0])) {
        spec.align = text.ptr[at++];
    }
    if (at < text.n_bytes && strchr("+- ", text.ptr[at]))
        spec.sign = text.ptr[at++];
    if (at < text.n_bytes && text.ptr[at] == '#')
        spec.alternate = text.ptr[at++];
    if (at < text.n_bytes && text.ptr[at] == '0')
        spec.zero = text.ptr[at++];
    if (at < text.n_bytes && text.ptr[at] >= '0' && text.ptr[at] <= '9' && !read_number(text, &at, &spec.width))
        return false;
    if (at < text.n_bytes && (text.ptr[at] == ',' || text.ptr[at] == '_'))
        spec.group = text.ptr[at++];
    if (at < text.n_bytes && text.ptr[at] == '.') {
        at++;
        if (!read_number(text, &at, &spec.precision))
            return false;
    }
    if (at < text.n_bytes)
        spec.letter = text.ptr[at++];
    *ret_spec = spec;
    return at == text.n_bytes;
}

bool sp_fold_python_append_spec(
    struct sp_fold_python_builder *builder, const struct sp_python_value *value, struct sp_str text)
{
    struct spec spec;
    if (text.n_bytes == 0)
        return sp_fold_python_append_value(builder, value);
    if (!value || !read_spec(text, &spec))
        return false;
    if (spec.zero && !spec.fill.n_bytes)
        spec.fill = SP_STR("0");
    if (value->kind == SP_PYTHON_VALUE_TEXT) {
        if ((spec.letter && spec.letter != 's') || spec.align == '=' || spec.sign || spec.group || spec.alternate)
            return false;
        struct sp_str body = cut(value->text, spec.precision, false);
        append_padded(builder, &spec, SP_STR(""), body, count_points(body, false), spec.align ? spec.align : '<');
        return true;
    }
    char align = spec.align ? spec.align : spec.zero ? '=' : '>';
    spec.letter = spec.letter ? spec.letter : 'd';
    if (value->kind != SP_PYTHON_VALUE_NUMBER || spec.precision >= 0 || !strchr("dxXobc", spec.letter))
        return false;
    if (spec.letter == 'c') {
        uint8_t bytes[4];
        size_t n = value->number < 0 ? 0 : sp_utf8_put((uint32_t)value->number, bytes);
        if (n == 0 || spec.sign || spec.alternate)
            return false;
        append_padded(builder, &spec, SP_STR(""), (struct sp_str){(char *)bytes, n}, 1, align);
        return true;
    }
    if (spec.group && (spec.zero || (spec.group == ',' && spec.letter != 'd')))
        return false;
    append_number(builder, &spec, value->number, align);
    return true;
}

/* ---- % ---- */

/* One conversion of %. */
static bool append_converted(
    struct sp_fold_python_builder *builder, const struct spec *spec, const struct sp_python_value *value, bool bytes)
{
    struct sp_fold_python_builder inner = {.fold = builder->fold};
    char align = spec->align ? spec->align : '>';
    if (!value)
        return false;
    if (strchr("diuxXo", spec->letter)) {
        struct spec plain = *spec;
        if (value->kind != SP_PYTHON_VALUE_NUMBER)
            return false;
        plain.letter = strchr("diu", spec->letter) ? 'd' : spec->letter;
        plain.fill = spec->zero && !spec->align ? SP_STR("0") : SP_STR("");
        append_number(builder, &plain, value->number, spec->zero && !spec->align ? '=' : align);
        return true;
    }
    struct sp_str body;
    if (spec->letter == 'c' && value->kind == SP_PYTHON_VALUE_NUMBER) {
        char byte = (char)value->number;
        if (value->number < 0 || value->number > (bytes ? 0xff : 0x10ffff))
            return false;
        if (bytes)
            sp_fold_python_append(&inner, (struct sp_str){&byte, 1});
        else
            sp_fold_python_append_point(&inner, (uint32_t)value->number);
        body = (struct sp_str){inner.bytes, inner.n_bytes};
    } else if (spec->letter == 'c') {
        if (!sp_fold_python_is_text(value) || count_points(value->text, bytes) != 1)
            return false;
        body = value->text;
    } else if (bytes && (spec->letter == 's' || spec->letter == 'b')) {
        if (value->kind != SP_PYTHON_VALUE_BYTES)
            return false;
        body = cut(value->text, spec->precision, true);
    } else if (strchr("sra", spec->letter)) {
        bool known = spec->letter == 's' && !bytes
                         ? sp_fold_python_append_value(&inner, value)
                         : sp_fold_python_append_repr(&inner, value, bytes || spec->letter == 'a');
        if (!known || inner.failed)
            return false;
        body = cut((struct sp_str){inner.bytes ? inner.bytes : "", inner.n_bytes}, spec->precision, false);
    } else {
        return false;
    }
    if (inner.failed)
        return false;
    append_padded(builder, spec, SP_STR(""), body, count_points(body, bytes), align);
    return true;
}

/* The arguments of %, and how many of them are taken. */
struct given {
    struct sp_fold_python *fold;
    const struct sp_python_value *arguments;
    uint32_t n_taken;
    bool many;
};

static const struct sp_python_value *take_next(struct given *given)
{
    uint32_t i = given->n_taken++;
    if (!given->many)
        return i == 0 ? given->arguments : NULL;
    return i < given->arguments->n_items ? given->arguments->items[i] : NULL;
}

static bool take_number(struct given *given, int64_t *ret_number)
{
    const struct sp_python_value *value = take_next(given);
    if (!sp_fold_python_is_number(value) || value->number < -WIDTH_MAX || value->number > WIDTH_MAX)
        return false;
    *ret_number = value->number;
    return true;
}

/* Behind the % and its key: up to and with the letter. */
static bool read_conversion(struct sp_str text, size_t *at, struct given *given, struct spec *ret_spec)
{
    struct spec spec = {.width = -1, .precision = -1};
    for (; *at < text.n_bytes && strchr("#0- +", text.ptr[*at]); ++*at) {
        char flag = text.ptr[*at];
        spec.alternate |= flag == '#';
        spec.zero |= flag == '0';
        spec.align = flag == '-' ? '<' : spec.align;
        spec.sign = flag == '+' || (flag == ' ' && !spec.sign) ? flag : spec.sign;
    }
    if (*at < text.n_bytes && text.ptr[*at] == '*') {
        ++*at;
        if (!take_number(given, &spec.width))
            return false;
        if (spec.width < 0) {
            spec.align = '<';
            spec.width = -spec.width;
        }
    } else if (*at < text.n_bytes && text.ptr[*at] >= '0' && text.ptr[*at] <= '9' &&
               !read_number(text, at, &spec.width)) {
        return false;
    }
    if (*at < text.n_bytes && text.ptr[*at] == '.') {
        ++*at;
        spec.precision = 0;
        if (*at < text.n_bytes && text.ptr[*at] == '*') {
            ++*at;
            if (!take_number(given, &spec.precision))
                return false;
            spec.precision = spec.precision < 0 ? 0 : spec.precision;
        } else {
            read_number(text, at, &spec.precision);
        }
    }
    while (*at < text.n_bytes && strchr("hlL", text.ptr[*at]))
        ++*at;
    if (*at >= text.n_bytes)
        return false;
    spec.letter = text.ptr[(*at)++];
    *ret_spec = spec;
    return true;
}

struct sp_python_value *sp_fold_python_percent(
    struct sp_fold_python *fold, const struct sp_python_value *format, const struct sp_python_value *arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    struct sp_str text = format->text;
    bool row = arguments->kind == SP_PYTHON_VALUE_SEQUENCE, bytes = format->kind == SP_PYTHON_VALUE_BYTES;
    struct given given = {.fold = fold, .arguments = arguments, .many = row};
    if (row && arguments->changes)
        return NULL; /* a list, which is one argument and printed as such */
    for (size_t at = 0; at < text.n_bytes && !builder.failed;) {
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
            struct sp_python_value key = {
                .kind = format->kind, .text = {text.ptr + at + 1, (size_t)(end - text.ptr) - at - 1}};
            value = sp_fold_python_index(fold, arguments, &key);
            at = (size_t)(end - text.ptr) + 1;
        }
        struct spec spec;
        if (!read_conversion(text, &at, &given, &spec))
            return NULL;
        if (spec.letter == '%') {
            sp_fold_python_append(&builder, SP_STR("%"));
            continue;
        }
        if (!named)
            value = take_next(&given);
        if (!append_converted(&builder, &spec, value, bytes))
            return NULL;
    }
    return sp_fold_python_build(&builder, format->kind);
}

/* ---- str.format ---- */

struct fields {
    struct sp_fold_python *fold;
    const struct sp_python_value *const *arguments;
    size_t n_arguments;
    const struct sp_python_value *named;
    uint32_t n_taken;
};

/* "0[a][1]": an argument, and what it holds; attributes are not known. */
static const struct sp_python_value *find_field(struct fields *fields, struct sp_str name)
{
    const struct sp_python_value *value = NULL;
    size_t at = 0;
    int64_t index = 0;
    while (at < name.n_bytes && name.ptr[at] != '[' && name.ptr[at] != '.')
        at++;
    struct sp_str first = {name.ptr, at};
    size_t behind = 0;
    if (first.n_bytes == 0) {
        index = fields->n_taken++;
        behind = at;
    } else if (!read_number(first, &behind, &index)) {
        behind = 0;
    }
    if (behind == at) {
        value = index < (int64_t)fields->n_arguments ? fields->arguments[index] : NULL;
    } else if (fields->named) {
        struct sp_python_value key = {.kind = SP_PYTHON_VALUE_TEXT, .text = first};
        value = sp_fold_python_index(fields->fold, fields->named, &key);
    }
    while (value && at < name.n_bytes) {
        const char *end = memchr(name.ptr + at, ']', name.n_bytes - at);
        if (name.ptr[at] != '[' || !end)
            return NULL;
        struct sp_str inner = {name.ptr + at + 1, (size_t)(end - name.ptr) - at - 1};
        struct sp_python_value key = {.kind = SP_PYTHON_VALUE_TEXT, .text = inner};
        behind = 0;
        if (read_number(inner, &behind, &key.number) && behind == inner.n_bytes)
            key = (struct sp_python_value){.kind = SP_PYTHON_VALUE_NUMBER, .number = key.number};
        else
            key.number = 0;
        value = sp_fold_python_index(fields->fold, value, &key);
        at = (size_t)(end - name.ptr) + 1;
    }
    return value;
}

static bool expand(
    struct fields *fields, struct sp_fold_python_builder *builder, struct sp_str text, unsigned n_nested);

/* One field, without its braces. */
static bool append_field(
    struct fields *fields, struct sp_fold_python_builder *builder, struct sp_str field, unsigned n_nested)
{
    size_t at = 0;
    while (at < field.n_bytes && field.ptr[at] != '!' && field.ptr[at] != ':')
        at += field.ptr[at] == '[' && memchr(field.ptr + at, ']', field.n_bytes - at)
                  ? (size_t)((const char *)memchr(field.ptr + at, ']', field.n_bytes - at) - field.ptr) - at
                  : 1;
    const struct sp_python_value *value = find_field(fields, (struct sp_str){field.ptr, at});
    struct sp_fold_python_builder converted = {.fold = fields->fold}, spec = {.fold = fields->fold};
    if (at < field.n_bytes && field.ptr[at] == '!') {
        char how = at + 1 < field.n_bytes ? field.ptr[at + 1] : 0;
        bool known = how == 's'   ? sp_fold_python_append_value(&converted, value)
                     : how == 'r' ? sp_fold_python_append_repr(&converted, value, false)
                                  : how == 'a' && sp_fold_python_append_repr(&converted, value, true);
        value = known ? sp_fold_python_build(&converted, SP_PYTHON_VALUE_TEXT) : NULL;
        at += 2;
    }
    if (!value || (at < field.n_bytes && field.ptr[at] != ':'))
        return false;
    if (at < field.n_bytes &&
        !expand(fields, &spec, (struct sp_str){field.ptr + at + 1, field.n_bytes - at - 1}, n_nested + 1))
        return false;
    return !spec.failed && spec.n_bytes <= NESTED_BYTES &&
           sp_fold_python_append_spec(builder, value, (struct sp_str){spec.bytes ? spec.bytes : "", spec.n_bytes});
}

static bool expand(struct fields *fields, struct sp_fold_python_builder *builder, struct sp_str text, unsigned n_nested)
{
    for (size_t at = 0; at < text.n_bytes && !builder->failed;) {
        char byte = text.ptr[at++];
        if (byte != '{' && byte != '}') {
            size_t run = at - 1;
            while (at < text.n_bytes && text.ptr[at] != '{' && text.ptr[at] != '}')
                at++;
            sp_fold_python_append(builder, (struct sp_str){text.ptr + run, at - run});
            continue;
        }
        if (n_nested == 0 && at < text.n_bytes && text.ptr[at] == byte) {
            sp_fold_python_append(builder, (struct sp_str){&byte, 1});
            at++;
            continue;
        }
        if (byte == '}' || n_nested > 1)
            return false;
        size_t start = at;
        for (unsigned depth = 1; at < text.n_bytes; at++) {
            depth += text.ptr[at] == '{';
            depth -= text.ptr[at] == '}';
            if (depth == 0)
                break;
        }
        if (at == text.n_bytes)
            return false;
        if (!append_field(fields, builder, (struct sp_str){text.ptr + start, at - start}, n_nested))
            return false;
        at++;
    }
    return true;
}

struct sp_python_value *sp_fold_python_format(struct sp_fold_python *fold, const struct sp_python_value *format,
    const struct sp_python_value *const *arguments, size_t n_arguments, const struct sp_python_value *named)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    struct fields fields = {.fold = fold, .arguments = arguments, .n_arguments = n_arguments, .named = named};
    return expand(&fields, &builder, format->text, 0) ? sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT) : NULL;
}
