/* What codecs make of constants. One thread at a time; memory is the arena's. */
#include "scanner/fold_python.h"

#include <string.h>

#include "proto/utf8.h"

static int sextet(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

static int sextet_of_names(char byte)
{
    return byte == '-' ? 62 : byte == '_' ? 63 : sextet(byte);
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

/* Digits of n_bits each, high ones first; other bytes are passed over. `=` ends it where there are as many as fill up four
 * digits, two of which are there. */
static const struct sp_python_value *decode_bits(
    struct sp_fold_python *fold, struct sp_str text, int (*digit_of)(char), unsigned n_bits)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    uint32_t bits = 0;
    unsigned n = 0, n_digits = 0, n_pads = 0;
    for (size_t i = 0; i < text.n_bytes; i++) {
        int digit = digit_of(text.ptr[i]);
        if (text.ptr[i] == '=' && n_digits % 4 >= 2 && n_digits % 4 + ++n_pads >= 4)
            break;
        if (digit < 0)
            continue;
        n_digits++;
        n_pads = 0;
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

/* UTF-16, UTF-32: in the order that is named, else in that of the mark that it may begin with. */
static const struct sp_python_value *decode_wide(
    struct sp_fold_python *fold, struct sp_str text, unsigned unit, const char *order)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    bool big = strcmp(order, "be") == 0, marked = order[0] == '\0';
    if (!marked && !big && strcmp(order, "le") != 0)
        return NULL;
    if (marked && text.n_bytes >= unit && text.ptr[unit - 1] == '\xff' && text.ptr[unit - 2] == '\xfe')
        big = true;
    for (size_t i = 0; i + unit <= text.n_bytes; i += unit) {
        uint32_t point = 0;
        for (unsigned k = 0; k < unit; k++)
            point |= (uint32_t)(uint8_t)text.ptr[i + k] << 8 * (big ? unit - 1 - k : k);
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return NULL;
        if (!(marked && i == 0 && point == 0xfeff))
            sp_fold_python_append_point(&builder, point);
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

/* Escapes, as unicode_escape reads them; raw: those of points only. */
static const struct sp_python_value *decode_escapes(struct sp_fold_python *fold, struct sp_str text, bool raw)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    if (memchr(text.ptr, '\r', text.n_bytes))
        return NULL;
    for (size_t i = 0; raw && i + 1 < text.n_bytes; i++)
        if (text.ptr[i] == '\\' && (text.ptr[i + 1] | 0x20) != 'u')
            return NULL;
    sp_fold_python_literal(&builder, text, 0, (uint32_t)text.n_bytes, 0);
    return builder.doubt ? NULL : sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static bool is_one_of(const char *name, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Text that is written in UTF-8 or in less: the same bytes. What is no such text is an error, or loses what is wrong in it. */
static bool keeps_bytes(const struct sp_python_value *value, const char *name, bool ascii, bool encode)
{
    static const char *const wide[] = {"utf8", "u8", "utf", "utf8sig"};
    static const char *const narrow[] = {
        "ascii", "usascii", "646", "latin1", "latin", "iso88591", "l1", "cp1252", "charmap"};
    if (value->kind != (encode ? SP_PYTHON_VALUE_TEXT : SP_PYTHON_VALUE_BYTES))
        return false;
    if (is_one_of(name, narrow, sizeof(narrow) / sizeof(narrow[0])))
        return ascii;
    if (!is_one_of(name, wide, sizeof(wide) / sizeof(wide[0])))
        return false;
    bool marked = strcmp(name, "utf8sig") == 0;
    return !(marked && (encode || !ascii)) &&
           sp_utf8_valid((const uint8_t *)value->text.ptr, value->text.n_bytes) == value->text.n_bytes;
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
    if (!sp_fold_python_is_text(value))
        return NULL;
    if (strcmp(name, "rot13") == 0)
        return value->kind == SP_PYTHON_VALUE_TEXT ? rot13(fold, value) : NULL; /* of text only */
    bool ascii = sp_utf8_ascii((const uint8_t *)value->text.ptr, value->text.n_bytes) == value->text.n_bytes;
    if (keeps_bytes(value, name, ascii, encode))
        return sp_fold_python_text(
            fold, encode ? SP_PYTHON_VALUE_BYTES : SP_PYTHON_VALUE_TEXT, value->text, SP_VIA_FOLDED);
    if (encode)
        return NULL;
    static const char *const single[] = {"latin1", "latin", "iso88591", "l1", "charmap"};
    if (is_one_of(name, single, sizeof(single) / sizeof(single[0])) && value->kind == SP_PYTHON_VALUE_BYTES) {
        struct sp_fold_python_builder builder = {.fold = fold};
        for (size_t i = 0; i < value->text.n_bytes; i++)
            sp_fold_python_append_point(&builder, (uint8_t)value->text.ptr[i]);
        return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
    }
    if (strcmp(name, "hex") == 0 || strcmp(name, "hexcodec") == 0)
        return from_hex(fold, value->text);
    if (strcmp(name, "base64") == 0 || strcmp(name, "base64codec") == 0)
        return decode_bits(fold, value->text, sextet, 6);
    if (strcmp(name, "base32") == 0)
        return decode_bits(fold, value->text, quintet, 5);
    if (strcmp(name, "ascii85") == 0 || strcmp(name, "base85") == 0)
        return decode_85(fold, value->text, name[0] == 'a');
    if (strcmp(name, "unicodeescape") == 0 || strcmp(name, "rawunicodeescape") == 0)
        return ascii ? decode_escapes(fold, value->text, name[0] == 'r') : NULL;
    if (strncmp(name, "utf16", 5) == 0 || strncmp(name, "utf32", 5) == 0)
        return decode_wide(fold, value->text, name[3] == '1' ? 2 : 4, name + 5);
    return NULL;
}

const struct sp_python_value *sp_fold_python_codec_of_names(
    struct sp_fold_python *fold, const struct sp_python_value *value)
{
    return decode_bits(fold, value->text, sextet_of_names, 6);
}
