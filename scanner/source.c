/* Encoding declarations, lines and columns. Any thread; no state but the caller's index. */
#include "scanner/source.h"

#include "proto/utf8.h"

#define MARK_BYTES 256
#define BOM        "\xef\xbb\xbf"

struct sp_source_mark {
    uint32_t offset, line, column;
};

static size_t bom_bytes(struct sp_str text)
{
    return text.n_bytes >= 3 && memcmp(text.ptr, BOM, 3) == 0 ? 3 : 0;
}

/* The line at the front of rest, without its end; rest moves behind it. */
static struct sp_str take_line(struct sp_str *rest)
{
    size_t n = 0;
    while (n < rest->n_bytes && rest->ptr[n] != '\n' && rest->ptr[n] != '\r')
        n++;
    struct sp_str line = {rest->ptr, n};
    if (n < rest->n_bytes)
        n += rest->ptr[n] == '\r' && n + 1 < rest->n_bytes && rest->ptr[n + 1] == '\n' ? 2 : 1;
    *rest = (struct sp_str){rest->ptr + n, rest->n_bytes - n};
    return line;
}

static bool is_spec_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '-' || byte == '_' || byte == '.';
}

/* The name in one line's comment; *ret_bare: the line is blank or nothing but a comment. */
static struct sp_str line_encoding(struct sp_str line, bool *ret_bare)
{
    size_t i = 0;
    while (i < line.n_bytes && (line.ptr[i] == ' ' || line.ptr[i] == '\t' || line.ptr[i] == '\f'))
        i++;
    *ret_bare = i == line.n_bytes || line.ptr[i] == '#';
    if (i == line.n_bytes || line.ptr[i] != '#')
        return (struct sp_str){"", 0};
    for (; line.n_bytes - i > 6; i++) {
        if (memcmp(line.ptr + i, "coding", 6) != 0 || (line.ptr[i + 6] != ':' && line.ptr[i + 6] != '='))
            continue;
        size_t start = i + 7;
        while (start < line.n_bytes && (line.ptr[start] == ' ' || line.ptr[start] == '\t'))
            start++;
        size_t end = start;
        while (end < line.n_bytes && is_spec_byte(line.ptr[end]))
            end++;
        if (end > start)
            return (struct sp_str){line.ptr + start, end - start};
    }
    return (struct sp_str){"", 0};
}

struct sp_str sp_source_python_encoding(struct sp_str source)
{
    size_t bom = bom_bytes(source);
    struct sp_str rest = {source.ptr + bom, source.n_bytes - bom};
    bool bare;
    struct sp_str name = line_encoding(take_line(&rest), &bare);
    if (name.n_bytes || !bare)
        return name;
    return line_encoding(take_line(&rest), &bare);
}

/* Names in their normal form: lower case, each run of other than letters and digits one underscore. Left out on purpose
 * are encodings with a byte >= 0x80 that means an ASCII character, or a letter that identifiers fold to one. */
static const char utf8_names[] = "utf8 utf_8 u8 utf utf8_ucs2 utf8_ucs4 cp65001 utf_8_sig ascii 646 us us_ascii "
                                 "ansi_x3_4_1968 ansi_x3_4_1986 cp367 csascii ibm367 iso646_us iso_646_irv_1991 "
                                 "iso_ir_6";
static const char single_byte_names[] =
    "latin latin1 latin_1 l1 cp819 ibm819 8859 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100 csisolatin1 "
    "latin2 l2 iso8859_2 iso_8859_2 iso_8859_2_1987 iso_ir_101 csisolatin2 "
    "latin3 l3 iso8859_3 iso_8859_3 iso_8859_3_1988 iso_ir_109 csisolatin3 "
    "latin4 l4 iso8859_4 iso_8859_4 iso_8859_4_1988 iso_ir_110 csisolatin4 "
    "cyrillic iso8859_5 iso_8859_5 iso_8859_5_1988 iso_ir_144 csisolatincyrillic "
    "arabic asmo_708 ecma_114 iso8859_6 iso_8859_6 iso_8859_6_1987 iso_ir_127 csisolatinarabic "
    "greek greek8 ecma_118 elot_928 iso8859_7 iso_8859_7 iso_8859_7_1987 iso_ir_126 csisolatingreek "
    "hebrew iso8859_8 iso_8859_8 iso_8859_8_1988 iso_ir_138 csisolatinhebrew "
    "latin5 l5 iso8859_9 iso_8859_9 iso_8859_9_1989 iso_ir_148 csisolatin5 "
    "latin6 l6 iso8859_10 iso_8859_10 iso_8859_10_1992 iso_ir_157 csisolatin6 "
    "thai iso8859_11 iso_8859_11 iso_8859_11_2001 tis620 tis_620 tis_620_0 tis_620_2529_0 tis_620_2529_1 iso_ir_166 "
    "latin7 l7 iso8859_13 iso_8859_13 latin8 l8 iso8859_14 iso_8859_14 iso_8859_14_1998 iso_celtic iso_ir_199 "
    "latin9 l9 iso8859_15 iso_8859_15 latin10 l10 iso8859_16 iso_8859_16 iso_8859_16_2001 iso_ir_226 "
    "1125 cp1125 ibm1125 cp866u ruscii 1250 cp1250 windows_1250 1251 cp1251 windows_1251 1252 cp1252 windows_1252 "
    "1253 cp1253 windows_1253 1254 cp1254 windows_1254 1255 cp1255 windows_1255 1256 cp1256 windows_1256 "
    "1257 cp1257 windows_1257 1258 cp1258 windows_1258 775 cp775 ibm775 cspc775baltic 852 cp852 ibm852 cspcp852 "
    "855 cp855 ibm855 csibm855 cp856 866 cp866 ibm866 csibm866 869 cp869 ibm869 csibm869 cp_gr cp874 cp1006 "
    "cp154 csptcp154 cyrillic_asian pt154 ptcp154 koi8_r cskoi8r koi8_t koi8_u kz1048 kz_1048 rk1048 strk1048_2002 "
    "mac_cyrillic maccyrillic mac_greek macgreek mac_latin2 maclatin2 mac_centeuro maccentraleurope palmos";

static bool has_word(const char *list, const char *word, size_t n_bytes)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (n == n_bytes && memcmp(list, word, n) == 0)
            return true;
        list += n;
        list += strspn(list, " ");
    }
    return false;
}

/* Is it the stem, or the stem with a hyphen and anything behind it ("utf-8-unix")? The interpreter takes a few names so
 * before it asks its codecs; to it - and _ are the same. */
static bool has_stem(struct sp_str name, const char *stem)
{
    size_t n = strlen(stem);
    if (name.n_bytes < n)
        return false;
    for (size_t i = 0; i < name.n_bytes && i <= n; i++) {
        char byte = name.ptr[i] == '_'                         ? '-'
                    : name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? (char)(name.ptr[i] | 0x20)
                                                               : name.ptr[i];
        if (byte != (i < n ? stem[i] : '-'))
            return false;
    }
    return true;
}

enum sp_source_reading sp_source_reading_of(struct sp_str name)
{
    if (has_stem(name, "utf-8"))
        return SP_SOURCE_UTF8;
    if (has_stem(name, "latin-1") || has_stem(name, "iso-8859-1") || has_stem(name, "iso-latin-1"))
        return SP_SOURCE_BYTES;
    char normal[32];
    size_t n = 0;
    for (size_t i = 0; i < name.n_bytes; i++) {
        char byte = name.ptr[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte | 0x20);
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (!plain && (n == 0 || normal[n - 1] == '_'))
            continue;
        if (n == sizeof(normal))
            return SP_SOURCE_OTHER;
        normal[n++] = plain ? byte : '_';
    }
    while (n > 0 && normal[n - 1] == '_')
        n--;
    if (has_word(utf8_names, normal, n))
        return SP_SOURCE_UTF8;
    return has_word(single_byte_names, normal, n) ? SP_SOURCE_BYTES : SP_SOURCE_OTHER;
}

bool sp_source_reading_is_fixed(struct sp_str name)
{
    char plain[12];
    if (has_stem(name, "utf-8"))
        return true;
    if (name.n_bytes > sizeof(plain))
        return false;
    for (size_t i = 0; i < name.n_bytes; i++) {
        char byte = name.ptr[i];
        plain[i] = byte == '-' ? '_' : byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    return has_word("utf8 ascii us_ascii", plain, name.n_bytes);
}

/* Moves the mark over the code point that it stands at. */
static void step(struct sp_str text, struct sp_source_mark *mark)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr + mark->offset;
    size_t left = text.n_bytes - mark->offset;
    if (*bytes == '\n' || (*bytes == '\r' && (left == 1 || bytes[1] != '\n'))) {
        mark->offset++;
        mark->line++;
        mark->column = 1;
        return;
    }
    size_t n = *bytes < 0x80 ? 1 : sp_utf8_next(bytes, left, NULL);
    mark->offset += n ? (uint32_t)n : 1;
    mark->column++;
}

int sp_source_index_init(
    struct sp_source_index *index, struct sp_str text, struct sp_arena *arena, struct sp_error *error)
{
    if (text.n_bytes > INT32_MAX)
        return sp_error_set(error, SP_ETOO_LARGE, "the source is too large");
    size_t n_marks = text.n_bytes / MARK_BYTES + 1;
    struct sp_source_mark *marks = sp_arena_array(arena, n_marks, sizeof(*marks));
    if (!marks)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    /* marks[i] stands at the first code point from i * MARK_BYTES on. */
    struct sp_source_mark mark = {.offset = (uint32_t)bom_bytes(text), .line = 1, .column = 1};
    for (size_t i = 0; i < n_marks; i++) {
        while (mark.offset < i * MARK_BYTES && mark.offset < text.n_bytes)
            step(text, &mark);
        marks[i] = mark;
    }
    *index = (struct sp_source_index){.text = text, .marks = marks, .n_marks = n_marks};
    return 0;
}

void sp_source_position(const struct sp_source_index *index, size_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
    if (offset > index->text.n_bytes)
        offset = index->text.n_bytes;
    size_t i = offset / MARK_BYTES;
    while (i > 0 && index->marks[i].offset > offset)
        i--;
    struct sp_source_mark mark = index->marks[i];
    struct sp_source_mark next = mark;
    while (next.offset < offset) {
        step(index->text, &next);
        if (next.offset <= offset)
            mark = next;
    }
    *ret_line = mark.line;
    *ret_column = mark.column;
}
