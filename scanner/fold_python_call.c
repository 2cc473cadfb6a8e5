/* Methods of constants and the functions that only compute. One thread at a time; memory is the arena's. */
#include "scanner/fold_python.h"

#include <string.h>
#include <strings.h>

#include "proto/utf8.h"

typedef const struct sp_python_value *apply(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments);

static bool is_text(const struct sp_python_value *value)
{
    return value && (value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES);
}

static bool is_number(const struct sp_python_value *value)
{
    return value && value->kind == SP_PYTHON_VALUE_NUMBER;
}

static const struct sp_python_value *argument(
    const struct sp_python_value *const *arguments, size_t n_arguments, size_t i)
{
    return i < n_arguments ? arguments[i] : NULL;
}

/* ---- codecs ---- */

static int sextet(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    if (byte == '+' || byte == '-')
        return 62;
    return byte == '/' || byte == '_' ? 63 : -1;
}

static int quintet(char byte)
{
    if (byte >= '2' && byte <= '7')
        return byte - '2' + 26;
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'z' ? byte - 'a' : -1;
}

static int nibble(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Digits of n_bits each, high ones first; other bytes are passed over, `=` ends it. */
static const struct sp_python_value *decode_bits(
    struct sp_fold_python *fold, struct sp_str text, int (*digit_of)(char), unsigned n_bits)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < text.n_bytes && text.ptr[i] != '='; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit < 0)
            continue;
        bits = bits << n_bits | (uint32_t)digit;
        n += n_bits;
        if (n >= 8) {
            n -= 8;
            char byte = (char)(bits >> n);
            sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
            bits &= (1u << n) - 1;
        }
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

/* Five digits of base 85 for four bytes. first: the digit of zero; the table of the other alphabet is git's. */
static const struct sp_python_value *decode_85(struct sp_fold_python *fold, struct sp_str text, bool ascii85)
{
    static const char alphabet[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    struct sp_fold_python_builder builder = {.fold = fold};
    uint32_t word = 0;
    unsigned n = 0;
    for (size_t i = 0; i <= text.n_bytes; i++) {
        bool last = i == text.n_bytes;
        if (last && n == 0)
            break;
        char byte = last ? 0 : text.ptr[i];
        if (!last && ascii85 && byte == 'z' && n == 0) {
            sp_fold_python_append(&builder, (struct sp_str){"\0\0\0\0", 4});
            continue;
        }
        const char *found = last || ascii85 ? NULL : memchr(alphabet, byte, sizeof(alphabet) - 1);
        int digit = last ? 84 : ascii85 ? byte - '!' : found ? (int)(found - alphabet) : -1;
        if (digit < 0 || digit > 84)
            continue;
        unsigned n_out = 4;
        if (last) {
            n_out = n - 1;
            for (; n < 4; n++)
                word = word * 85 + 84;
        }
        word = word * 85 + (uint32_t)digit;
        if (++n < 5)
            continue;
        char out[4] = {(char)(word >> 24), (char)(word >> 16), (char)(word >> 8), (char)word};
        sp_fold_python_append(&builder, (struct sp_str){out, n_out});
        word = 0;
        n = 0;
        if (last)
            break;
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *rot13(struct sp_fold_python *fold, const struct sp_python_value *value)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    for (size_t i = 0; i < value->text.n_bytes; i++) {
        char byte = value->text.ptr[i], low = (char)(byte | 0x20);
        if (low >= 'a' && low <= 'm')
            byte = (char)(byte + 13);
        else if (low >= 'n' && low <= 'z')
            byte = (char)(byte - 13);
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, value->kind);
}

/* Hex digits in pairs, blanks between them allowed. */
static const struct sp_python_value *from_hex(struct sp_fold_python *fold, struct sp_str text)
{
    return decode_bits(fold, text, nibble, 4);
}

static const struct sp_python_value *decode_wide(
    struct sp_fold_python *fold, struct sp_str text, unsigned unit, bool big)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    for (size_t i = 0; i + unit <= text.n_bytes; i += unit) {
        uint32_t point = 0;
        for (unsigned k = 0; k < unit; k++)
            point |= (uint32_t)(uint8_t)text.ptr[i + k] << 8 * (big ? unit - 1 - k : k);
        if (point != 0xfeff || i > 0)
            sp_fold_python_append_point(&builder, point);
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

const struct sp_python_value *sp_fold_python_codec(
    struct sp_fold_python *fold, const struct sp_python_value *value, struct sp_str codec, bool encode)
{
    char name[24];
    size_t n = 0;
    for (size_t i = 0; i < codec.n_bytes; i++) {
        char byte = codec.ptr[i];
        if (byte == '-' || byte == '_' || byte == ' ')
            continue;
        if (n == sizeof(name) - 1)
            return NULL;
        name[n++] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    }
    name[n] = '\0';
    if (!is_text(value))
        return NULL;
    if (strcmp(name, "rot13") == 0)
        return rot13(fold, value);
    bool utf8 = strcmp(name, "utf8") == 0 || strcmp(name, "u8") == 0 || strcmp(name, "ascii") == 0 ||
                strcmp(name, "utf") == 0 || strcmp(name, "usascii") == 0 || strcmp(name, "utf8sig") == 0;
    bool latin1 = strcmp(name, "latin1") == 0 || strcmp(name, "latin") == 0 || strcmp(name, "iso88591") == 0 ||
                  strcmp(name, "l1") == 0 || strcmp(name, "cp1252") == 0 || strcmp(name, "charmap") == 0;
    bool ascii = sp_utf8_ascii((const uint8_t *)value->text.ptr, value->text.n_bytes) == value->text.n_bytes;
    if (utf8 || (latin1 && ascii))
        return sp_fold_python_text(
            fold, encode ? SP_PYTHON_VALUE_BYTES : SP_PYTHON_VALUE_TEXT, value->text, SP_VIA_FOLDED);
    if (encode)
        return NULL;
    if (latin1) {
        struct sp_fold_python_builder builder = {.fold = fold};
        for (size_t i = 0; i < value->text.n_bytes; i++)
            sp_fold_python_append_point(&builder, (uint8_t)value->text.ptr[i]);
        return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
    }
    if (strcmp(name, "hex") == 0 || strcmp(name, "hexcodec") == 0)
        return from_hex(fold, value->text);
    if (strcmp(name, "base64") == 0 || strcmp(name, "base64codec") == 0)
        return decode_bits(fold, value->text, sextet, 6);
    if (strcmp(name, "unicodeescape") == 0 || strcmp(name, "rawunicodeescape") == 0) {
        struct sp_fold_python_builder builder = {.fold = fold};
        sp_fold_python_literal(&builder, value->text, 0, (uint32_t)value->text.n_bytes, 0);
        return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
    }
    if (strncmp(name, "utf16", 5) == 0 || strncmp(name, "utf32", 5) == 0)
        return decode_wide(fold, value->text, name[3] == '1' ? 2 : 4, strcmp(name + 5, "be") == 0);
    return NULL;
}

/* ---- methods ---- */

static const struct sp_python_value *cased(struct sp_fold_python *fold, const struct sp_python_value *self, int how)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    bool inside = false;
    for (size_t i = 0; i < self->text.n_bytes; i++) {
        char byte = self->text.ptr[i];
        bool small = byte >= 'a' && byte <= 'z', large = byte >= 'A' && byte <= 'Z';
        if ((small || large) && (how == 's' || (how == 'l' && large) || (how == 'u' && small) ||
                                    (how == 't' && inside == large) || (how == 'c' && (i == 0 ? small : large))))
            byte = (char)(byte ^ 0x20);
        inside = small || large;
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, self->kind);
}

#define CASED(name, how)                                                                                               \
    static const struct sp_python_value *name(struct sp_fold_python *fold, const struct sp_python_value *self,         \
        const struct sp_python_value *const *arguments, size_t n_arguments)                                            \
    {                                                                                                                  \
        (void)arguments;                                                                                               \
        (void)n_arguments;                                                                                             \
        return is_text(self) ? cased(fold, self, how) : NULL;                                                          \
    }
CASED(text_lower, 'l')
CASED(text_upper, 'u')
CASED(text_swapcase, 's')
CASED(text_title, 't')
CASED(text_capitalize, 'c')

static const struct sp_python_value *text_join(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *given = argument(arguments, n_arguments, 0);
    if (!is_text(self) || !given || (given->kind == SP_PYTHON_VALUE_BYTES))
        return NULL;
    const struct sp_python_value *items = sp_fold_python_items(fold, given);
    for (uint32_t i = 0; items && i < items->n_items; i++) {
        if (!items->items[i] || items->items[i]->kind != self->kind)
            return NULL;
        if (i > 0)
            sp_fold_python_append(&builder, self->text);
        sp_fold_python_append(&builder, items->items[i]->text);
    }
    return items ? sp_fold_python_build(&builder, self->kind) : NULL;
}

static const struct sp_python_value *text_replace(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *old = argument(arguments, n_arguments, 0);
    const struct sp_python_value *new = argument(arguments, n_arguments, 1);
    if (!is_text(self) || !is_text(old) || !is_text(new) || old->text.n_bytes == 0)
        return NULL;
    int64_t left = n_arguments > 2 && is_number(arguments[2]) ? arguments[2]->number : -1;
    struct sp_str text = self->text;
    for (size_t at = 0; at <= text.n_bytes && !builder.failed;) {
        const char *found =
            left == 0 ? NULL : memmem(text.ptr + at, text.n_bytes - at, old->text.ptr, old->text.n_bytes);
        size_t stop = found ? (size_t)(found - text.ptr) : text.n_bytes;
        sp_fold_python_append(&builder, (struct sp_str){text.ptr + at, stop - at});
        if (!found)
            break;
        sp_fold_python_append(&builder, new->text);
        at = stop + old->text.n_bytes;
        left--;
    }
    return sp_fold_python_build(&builder, self->kind);
}

static bool strips(char byte, const struct sp_python_value *set)
{
    if (!set)
        return byte == ' ' || (byte >= '\t' && byte <= '\r');
    return memchr(set->text.ptr, byte, set->text.n_bytes);
}

static const struct sp_python_value *strip(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *set, bool left, bool right)
{
    if (!is_text(self) || (set && !is_text(set)))
        return NULL;
    struct sp_str text = self->text;
    while (left && text.n_bytes && strips(text.ptr[0], set))
        text = (struct sp_str){text.ptr + 1, text.n_bytes - 1};
    while (right && text.n_bytes && strips(text.ptr[text.n_bytes - 1], set))
        text.n_bytes--;
    return sp_fold_python_text(fold, self->kind, text, SP_VIA_FOLDED);
}

#define STRIPPED(name, left, right)                                                                                    \
    static const struct sp_python_value *name(struct sp_fold_python *fold, const struct sp_python_value *self,         \
        const struct sp_python_value *const *arguments, size_t n_arguments)                                            \
    {                                                                                                                  \
        return strip(fold, self, argument(arguments, n_arguments, 0), left, right);                                    \
    }
STRIPPED(text_strip, true, true)
STRIPPED(text_lstrip, true, false)
STRIPPED(text_rstrip, false, true)

static const struct sp_python_value *text_removeprefix(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *head = argument(arguments, n_arguments, 0);
    if (!is_text(self) || !is_text(head))
        return NULL;
    struct sp_str text = self->text;
    if (text.n_bytes >= head->text.n_bytes && memcmp(text.ptr, head->text.ptr, head->text.n_bytes) == 0)
        text = (struct sp_str){text.ptr + head->text.n_bytes, text.n_bytes - head->text.n_bytes};
    return sp_fold_python_text(fold, self->kind, text, SP_VIA_FOLDED);
}

static const struct sp_python_value *text_removesuffix(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *tail = argument(arguments, n_arguments, 0);
    if (!is_text(self) || !is_text(tail))
        return NULL;
    struct sp_str text = self->text;
    if (sp_str_ends(text, tail->text))
        text.n_bytes -= tail->text.n_bytes;
    return sp_fold_python_text(fold, self->kind, text, SP_VIA_FOLDED);
}

static const struct sp_python_value *text_split(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *by = argument(arguments, n_arguments, 0);
    if (!is_text(self) || (n_arguments > 0 && (!is_text(by) || by->text.n_bytes == 0)) || n_arguments > 1 ||
        self->text.n_bytes > SP_FOLD_PYTHON_ITEMS)
        return NULL;
    const struct sp_python_value *items[SP_FOLD_PYTHON_ITEMS / 2];
    size_t n_items = 0;
    struct sp_str text = self->text;
    for (size_t at = 0; at <= text.n_bytes;) {
        size_t stop = at, behind;
        if (by) {
            const char *found = memmem(text.ptr + at, text.n_bytes - at, by->text.ptr, by->text.n_bytes);
            stop = found ? (size_t)(found - text.ptr) : text.n_bytes;
            behind = found ? stop + by->text.n_bytes : text.n_bytes + 1;
        } else {
            while (at < text.n_bytes && strips(text.ptr[at], NULL))
                at++;
            if (at == text.n_bytes)
                break;
            stop = at;
            while (stop < text.n_bytes && !strips(text.ptr[stop], NULL))
                stop++;
            behind = stop;
        }
        if (n_items == sizeof(items) / sizeof(items[0]))
            return NULL;
        items[n_items++] =
            sp_fold_python_text(fold, self->kind, (struct sp_str){text.ptr + at, stop - at}, SP_VIA_FOLDED);
        at = behind;
    }
    const struct sp_python_value **kept = sp_arena_array(fold->arena, n_items + 1, sizeof(*kept));
    if (!kept)
        return NULL;
    memcpy(kept, items, n_items * sizeof(*kept));
    return sp_fold_python_sequence(fold, kept, n_items);
}

static const struct sp_python_value *text_format(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return self->kind == SP_PYTHON_VALUE_TEXT ? sp_fold_python_format(fold, self, arguments, n_arguments) : NULL;
}

static const struct sp_python_value *text_coded(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments, bool encode)
{
    const struct sp_python_value *codec = argument(arguments, n_arguments, 0);
    if (n_arguments > 0 && (!codec || codec->kind != SP_PYTHON_VALUE_TEXT))
        return NULL;
    return sp_fold_python_codec(fold, self, codec ? codec->text : SP_STR("utf8"), encode);
}

static const struct sp_python_value *text_decode(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return text_coded(fold, self, arguments, n_arguments, false);
}

static const struct sp_python_value *text_encode(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return text_coded(fold, self, arguments, n_arguments, true);
}

static const struct sp_python_value *text_translate(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *table = argument(arguments, n_arguments, 0);
    struct sp_fold_python_builder builder = {.fold = fold};
    if (self->kind != SP_PYTHON_VALUE_TEXT || !table || table->kind != SP_PYTHON_VALUE_DICT || table->n_items > 512)
        return NULL;
    for (size_t at = 0; at < self->text.n_bytes && !builder.failed;) {
        uint32_t point = 0xfffd;
        size_t n = sp_utf8_next((const uint8_t *)self->text.ptr + at, self->text.n_bytes - at, &point);
        at += n ? n : 1;
        struct sp_python_value key = {.kind = SP_PYTHON_VALUE_NUMBER, .number = point};
        bool found = false;
        for (uint32_t i = 0; i < table->n_items && !found; i += 2) {
            found = table->items[i] && sp_fold_python_equal(table->items[i], &key, 0);
            if (!found)
                continue;
            const struct sp_python_value *to = table->items[i + 1];
            if (is_number(to))
                sp_fold_python_append_point(&builder, (uint32_t)to->number);
            else if (to && to->kind == SP_PYTHON_VALUE_TEXT)
                sp_fold_python_append(&builder, to->text);
        }
        if (!found)
            sp_fold_python_append_point(&builder, point);
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static const struct sp_python_value *bytes_hex(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    struct sp_fold_python_builder builder = {.fold = fold};
    if (self->kind != SP_PYTHON_VALUE_BYTES || n_arguments > 0)
        return NULL;
    for (size_t i = 0; i < self->text.n_bytes; i++) {
        uint8_t byte = (uint8_t)self->text.ptr[i];
        char pair[2] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        sp_fold_python_append(&builder, (struct sp_str){pair, 2});
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static const struct sp_python_value *any_item(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_index(fold, self, argument(arguments, n_arguments, 0));
}

static const struct sp_python_value *any_add(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_ADD, self, argument(arguments, n_arguments, 0));
}

static const struct sp_python_value *dict_values(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    if (self->kind != SP_PYTHON_VALUE_DICT || n_arguments)
        return NULL;
    const struct sp_python_value **items = sp_arena_array(fold->arena, self->n_items / 2 + 1, sizeof(*items));
    for (uint32_t i = 0; items && i < self->n_items / 2; i++)
        items[i] = self->items[i * 2 + 1];
    return items ? sp_fold_python_sequence(fold, items, self->n_items / 2) : NULL;
}

static const struct sp_python_value *dict_keys(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return self->kind == SP_PYTHON_VALUE_DICT && !n_arguments ? sp_fold_python_items(fold, self) : NULL;
}

static const struct sp_python_value *sequence_pop(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_python_value last = {.kind = SP_PYTHON_VALUE_NUMBER, .number = -1};
    return sp_fold_python_index(fold, self, n_arguments ? arguments[0] : &last);
}

static const struct {
    const char *name;
    apply *apply;
} methods[] = {
    {"__add__", any_add},
    {"__getitem__", any_item},
    {"capitalize", text_capitalize},
    {"casefold", text_lower},
    {"decode", text_decode},
    {"encode", text_encode},
    {"format", text_format},
    {"get", any_item},
    {"hex", bytes_hex},
    {"join", text_join},
    {"keys", dict_keys},
    {"lower", text_lower},
    {"lstrip", text_lstrip},
    {"pop", sequence_pop},
    {"removeprefix", text_removeprefix},
    {"removesuffix", text_removesuffix},
    {"replace", text_replace},
    {"rsplit", text_split},
    {"rstrip", text_rstrip},
    {"split", text_split},
    {"strip", text_strip},
    {"swapcase", text_swapcase},
    {"title", text_title},
    {"translate", text_translate},
    {"upper", text_upper},
    {"values", dict_values},
};

const struct sp_python_value *sp_fold_python_method(struct sp_fold_python *fold, const struct sp_python_value *value,
    struct sp_str name, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    for (size_t i = 0; value && i < sizeof(methods) / sizeof(methods[0]); i++)
        if (sp_str_is(name, methods[i].name))
            return methods[i].apply(fold, value, arguments, n_arguments);
    return NULL;
}

/* ---- functions ---- */

static const struct sp_python_value *call_chr(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)n_arguments;
    struct sp_fold_python_builder builder = {.fold = fold};
    if (!is_number(self) || self->number < 0 || self->number > 0x10ffff)
        return NULL;
    (void)arguments;
    sp_fold_python_append_point(&builder, (uint32_t)self->number);
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static const struct sp_python_value *call_ord(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    uint32_t point = 0;
    if (!is_text(self))
        return NULL;
    if (self->kind == SP_PYTHON_VALUE_BYTES)
        return self->text.n_bytes == 1 ? sp_fold_python_number(fold, (uint8_t)self->text.ptr[0]) : NULL;
    size_t n = sp_utf8_next((const uint8_t *)self->text.ptr, self->text.n_bytes, &point);
    return n && n == self->text.n_bytes ? sp_fold_python_number(fold, point) : NULL;
}

static const struct sp_python_value *call_len(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    const struct sp_python_value *items = sp_fold_python_items(fold, self);
    return items ? sp_fold_python_number(fold, items->n_items) : NULL;
}

static const struct sp_python_value *call_str(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    if (self && self->kind == SP_PYTHON_VALUE_BYTES && n_arguments > 1)
        return text_decode(fold, self, arguments + 1, n_arguments - 1);
    return sp_fold_python_append_value(&builder, self) ? sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT) : NULL;
}

static const struct sp_python_value *call_bytes(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    if (!self || self->kind == SP_PYTHON_VALUE_BYTES)
        return self;
    if (self->kind == SP_PYTHON_VALUE_TEXT)
        return n_arguments > 1 ? text_encode(fold, self, arguments + 1, n_arguments - 1) : NULL;
    if (self->kind != SP_PYTHON_VALUE_SEQUENCE)
        return NULL;
    for (uint32_t i = 0; i < self->n_items; i++) {
        if (!is_number(self->items[i]) || self->items[i]->number < 0 || self->items[i]->number > 255)
            return NULL;
        char byte = (char)self->items[i]->number;
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *call_items(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return sp_fold_python_items(fold, self);
}

static const struct sp_python_value *call_reversed(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    const struct sp_python_value *step = sp_fold_python_number(fold, -1);
    const struct sp_python_value *items = sp_fold_python_items(fold, self);
    return items && step ? sp_fold_python_slice(fold, items, NULL, NULL, step) : NULL;
}

static const struct sp_python_value *call_range(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments < 1 || n_arguments > 3)
        return NULL;
    for (size_t i = 0; i < n_arguments; i++)
        if (!is_number(arguments[i]))
            return NULL;
    int64_t from = n_arguments > 1 ? self->number : 0;
    int64_t to = n_arguments > 1 ? arguments[1]->number : self->number;
    int64_t by = n_arguments > 2 ? arguments[2]->number : 1;
    int64_t n = by > 0 && to > from ? (to - from + by - 1) / by : by < 0 && to < from ? (from - to - by - 1) / -by : 0;
    if (by == 0 || n > SP_FOLD_PYTHON_ITEMS)
        return NULL;
    const struct sp_python_value **items = sp_arena_array(fold->arena, (size_t)n + 1, sizeof(*items));
    for (int64_t i = 0; items && i < n; i++)
        items[i] = sp_fold_python_number(fold, from + i * by);
    return items ? sp_fold_python_sequence(fold, items, (size_t)n) : NULL;
}

static const struct sp_python_value *call_int(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *given = argument(arguments, n_arguments, 1);
    if (is_number(self) && n_arguments == 1)
        return self;
    if (!is_text(self) || (n_arguments > 1 && !is_number(given)))
        return NULL;
    int64_t base = given ? given->number : 10, value = 0;
    struct sp_str text = strip(fold, self, NULL, true, true)->text;
    size_t i = 0;
    bool minus = text.n_bytes && text.ptr[0] == '-';
    i += minus;
    if (text.n_bytes - i > 2 && text.ptr[i] == '0' && (text.ptr[i + 1] | 0x20) > '9') {
        int marked = (text.ptr[i + 1] | 0x20) == 'x' ? 16 : (text.ptr[i + 1] | 0x20) == 'o' ? 8 : 2;
        if (base == 0 || base == marked) {
            base = marked;
            i += 2;
        }
    }
    if (base < 2 || base > 36 || i == text.n_bytes)
        return NULL;
    for (; i < text.n_bytes; i++) {
        char byte = text.ptr[i], low = (char)(byte | 0x20);
        int digit = byte >= '0' && byte <= '9' ? byte - '0' : low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
        if (byte == '_')
            continue;
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return NULL;
    }
    return sp_fold_python_number(fold, minus ? -value : value);
}

static const struct sp_python_value *call_maketrans(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments == 1)
        return self && self->kind == SP_PYTHON_VALUE_DICT ? self : NULL;
    const struct sp_python_value *from = sp_fold_python_items(fold, self);
    const struct sp_python_value *to = sp_fold_python_items(fold, argument(arguments, n_arguments, 1));
    const struct sp_python_value *gone = n_arguments > 2 ? sp_fold_python_items(fold, arguments[2]) : NULL;
    if (!from || !to || from->n_items != to->n_items || from->n_items > 256 || (gone && gone->n_items > 256))
        return NULL;
    uint32_t n_gone = gone ? gone->n_items : 0, n = 0;
    const struct sp_python_value **items =
        sp_arena_array(fold->arena, 2 * (size_t)(from->n_items + n_gone) + 1, sizeof(*items));
    struct sp_python_value *dict = sp_fold_python_value(fold, SP_PYTHON_VALUE_DICT);
    if (!items || !dict)
        return NULL;
    for (uint32_t i = 0; i < from->n_items + n_gone; i++) {
        items[n++] = call_ord(fold, i < from->n_items ? from->items[i] : gone->items[i - from->n_items], NULL, 1);
        items[n++] = i < from->n_items ? to->items[i] : NULL;
    }
    dict->items = items;
    dict->n_items = n;
    return dict;
}

static const struct sp_python_value *call_base64(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return is_text(self) ? decode_bits(fold, self->text, sextet, 6) : NULL;
}

static const struct sp_python_value *call_base32(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return is_text(self) ? decode_bits(fold, self->text, quintet, 5) : NULL;
}

static const struct sp_python_value *call_hex(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return is_text(self) ? from_hex(fold, self->text) : NULL;
}

static const struct sp_python_value *call_a85(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return is_text(self) && n_arguments == 1 ? decode_85(fold, self->text, true) : NULL;
}

static const struct sp_python_value *call_b85(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return is_text(self) && n_arguments == 1 ? decode_85(fold, self->text, false) : NULL;
}

static const struct sp_python_value *call_add(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_ADD, self, argument(arguments, n_arguments, 1));
}

static const struct sp_python_value *call_getitem(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_index(fold, self, argument(arguments, n_arguments, 1));
}

static const struct sp_python_value *call_next(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    struct sp_python_value first = {.kind = SP_PYTHON_VALUE_NUMBER};
    return self && self->kind == SP_PYTHON_VALUE_SEQUENCE ? sp_fold_python_index(fold, self, &first) : NULL;
}

static const struct {
    const char *name;
    apply *apply; /* self is the first argument */
} functions[] = {
    {"base64.a85decode", call_a85},
    {"base64.b16decode", call_hex},
    {"base64.b32decode", call_base32},
    {"base64.b64decode", call_base64},
    {"base64.b85decode", call_b85},
    {"base64.decodebytes", call_base64},
    {"base64.standard_b64decode", call_base64},
    {"base64.urlsafe_b64decode", call_base64},
    {"binascii.a2b_base64", call_base64},
    {"binascii.a2b_hex", call_hex},
    {"binascii.unhexlify", call_hex},
    {"bytearray", call_bytes},
    {"bytearray.fromhex", call_hex},
    {"bytes", call_bytes},
    {"bytes.fromhex", call_hex},
    {"chr", call_chr},
    {"codecs.decode", text_decode},
    {"codecs.encode", text_encode},
    {"frozenset", call_items},
    {"int", call_int},
    {"iter", call_items},
    {"len", call_len},
    {"list", call_items},
    {"memoryview", call_bytes},
    {"next", call_next},
    {"operator.add", call_add},
    {"operator.concat", call_add},
    {"operator.getitem", call_getitem},
    {"ord", call_ord},
    {"range", call_range},
    {"reversed", call_reversed},
    {"str", call_str},
    {"str.maketrans", call_maketrans},
    {"sys.intern", call_str},
    {"tuple", call_items},
};

const struct sp_python_value *sp_fold_python_call(
    struct sp_fold_python *fold, struct sp_str name, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments == 0)
        return NULL;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (!sp_str_is(name, functions[i].name))
            continue;
        if (functions[i].apply == text_decode || functions[i].apply == text_encode)
            return functions[i].apply(fold, arguments[0], arguments + 1, n_arguments - 1);
        return functions[i].apply(fold, arguments[0], arguments, n_arguments);
    }
    /* str.lower("OS"): a method by its class. */
    static const char *const classes[] = {"str.", "bytes.", "bytearray.", "dict.", "list."};
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t n = strlen(classes[i]);
        if (name.n_bytes > n && memcmp(name.ptr, classes[i], n) == 0)
            return sp_fold_python_method(
                fold, arguments[0], (struct sp_str){name.ptr + n, name.n_bytes - n}, arguments + 1, n_arguments - 1);
    }
    return NULL;
}
