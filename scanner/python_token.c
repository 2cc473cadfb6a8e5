/* The cursor over Python's tokens, and the table of names. One thread at a time; memory is the arena's.
 *
 * Broken code must not hide what follows it: a bracket that is never closed would make one line of the rest of the file,
 * so a line inside brackets that begins with a word no expression can hold ends them all. */
#include "scanner/python_token.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "proto/scope.h"
#include "proto/utf8.h"

#define NAMES_FIRST 256
#define NORMAL_BYTES                                                                                                   \
    1024 /* of a name that is brought to its normal form: marks are sorted in the square of their number */

static const char *const keywords[SP_PYTHON_KEYWORD_COUNT] = {
#define X(id, word) [SP_PYTHON_##id] = word,
    SP_PYTHON_KEYWORDS(X)
#undef X
};

/* ---- names ---- */

static uint32_t *slot_of(const struct sp_python_names *names, struct sp_str text)
{
    for (uint32_t i = (uint32_t)sp_hash_text(names->key, text);; i++) {
        uint32_t *slot = &names->slots[i & (names->n_slots - 1)];
        if (*slot == 0 || sp_str_equal(names->items[*slot - 1], text))
            return slot;
    }
}

static int grow(struct sp_python_names *names)
{
    uint32_t n_room = names->n_room ? names->n_room * 2 : NAMES_FIRST;
    struct sp_str *items = sp_arena_array(names->arena, n_room, sizeof(*items));
    uint32_t *slots = sp_arena_array(names->arena, (size_t)n_room * 2, sizeof(*slots));
    if (!items || !slots)
        return sp_arena_error(names->arena);
    if (names->n_items)
        memcpy(items, names->items, names->n_items * sizeof(*items));
    names->items = items;
    names->n_room = n_room;
    names->slots = slots;
    names->n_slots = n_room * 2;
    for (uint32_t i = 0; i < names->n_items; i++)
        *slot_of(names, items[i]) = i + 1;
    return 0;
}

int sp_python_names_init(struct sp_python_names *names, struct sp_arena *arena)
{
    *names = (struct sp_python_names){.arena = arena, .key = sp_hash_key()};
    int r = grow(names);
    for (int i = 0; r == 0 && i < SP_PYTHON_KEYWORD_COUNT; i++)
        sp_python_names_add(names, sp_str_of(keywords[i]));
    return r;
}

uint32_t sp_python_names_add(struct sp_python_names *names, struct sp_str text)
{
    uint32_t *slot = slot_of(names, text);
    if (*slot)
        return *slot - 1;
    if (names->n_items == names->n_room) {
        if (grow(names))
            return UINT32_MAX;
        slot = slot_of(names, text);
    }
    names->items[names->n_items++] = text;
    *slot = names->n_items;
    return names->n_items - 1;
}

uint32_t sp_python_names_find(const struct sp_python_names *names, struct sp_str text)
{
    return *slot_of(names, text) - 1;
}

/* A name that is not ASCII, as the interpreter compares it. Bytes that are not UTF-8 can only be those of a single-byte
 * encoding, where two letters fold to ASCII ones. */
static struct sp_str normal_form(struct sp_arena *arena, struct sp_str raw)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)raw.ptr, (utf8proc_ssize_t)raw.n_bytes, &mapped,
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    struct sp_str normal = raw;
    if (n >= 0) {
        normal = (struct sp_str){sp_arena_copy(arena, mapped, (size_t)n), (size_t)n};
    } else if (n == UTF8PROC_ERROR_INVALIDUTF8) {
        char *copy = sp_arena_copy(arena, raw.ptr, raw.n_bytes);
        for (size_t i = 0; copy && i < raw.n_bytes; i++)
            copy[i] = copy[i] == '\xaa' ? 'a' : copy[i] == '\xba' ? 'o' : copy[i];
        normal.ptr = copy;
    }
    free(mapped);
    return normal;
}

/* ---- tokens ---- */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_name_byte(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte >= 0x80;
}

static uint8_t peek(const struct sp_python_cursor *cursor, uint32_t ahead)
{
    uint32_t at = cursor->at + ahead;
    return at < cursor->end ? (uint8_t)cursor->source.ptr[at] : 0;
}

static void skip_newline(struct sp_python_cursor *cursor)
{
    cursor->at += peek(cursor, 0) == '\r' && peek(cursor, 1) == '\n' ? 2 : 1;
}

/* The span that starts where the cursor stands, or NULL. */
static const struct sp_span *span_here(struct sp_python_cursor *cursor)
{
    const struct sp_span_list *spans = cursor->spans;
    while (cursor->span < spans->n_items && spans->items[cursor->span].start < cursor->at)
        cursor->span++;
    if (cursor->span >= spans->n_items || spans->items[cursor->span].start != cursor->at)
        return NULL;
    const struct sp_span *span = &spans->items[cursor->span];
    return span->kind == SP_SPAN_INTERPOLATION ? NULL : span;
}

/* Blanks, comments and joined lines. */
static void skip_blanks(struct sp_python_cursor *cursor)
{
    for (;;) {
        uint8_t byte = peek(cursor, 0);
        if (cursor->at >= cursor->end)
            return;
        if (byte == ' ' || byte == '\t' || byte == '\f' || byte == '\0') {
            cursor->at++;
        } else if (byte == '\\') {
            cursor->at++;
            if (peek(cursor, 0) == '\n' || peek(cursor, 0) == '\r')
                skip_newline(cursor);
        } else if (byte == '#') {
            const struct sp_span *span = span_here(cursor);
            if (!span || span->kind != SP_SPAN_COMMENT)
                return;
            cursor->at = span->end;
        } else if ((byte == '\n' || byte == '\r') && (cursor->n_open > 0 || cursor->inner)) {
            skip_newline(cursor);
            cursor->line_at = cursor->at;
            cursor->fresh_line = true;
        } else {
            return;
        }
    }
}

/* At the first line that holds something: how deep it is. Blank lines and comments count for nothing. */
static uint32_t line_column(struct sp_python_cursor *cursor)
{
    for (;;) {
        uint32_t column = 0;
        for (;; cursor->at++) {
            uint8_t byte = peek(cursor, 0);
            if (byte == ' ')
                column++;
            else if (byte == '\t')
                column = (column / 8 + 1) * 8;
            else if (byte == '\f')
                column = 0;
            else
                break;
        }
        skip_blanks(cursor);
        uint8_t byte = peek(cursor, 0);
        if (cursor->at >= cursor->end || (byte != '\n' && byte != '\r'))
            return column;
        skip_newline(cursor);
    }
}

static void set(struct sp_python_cursor *cursor, enum sp_python_token_kind kind, uint32_t start)
{
    cursor->token.kind = (uint8_t)kind;
    cursor->token.start = start;
    cursor->token.end = cursor->at;
}

/* INDENT or DEDENT where the new line is deeper or less deep; false: neither. */
static bool indentation(struct sp_python_cursor *cursor)
{
    uint32_t column = line_column(cursor);
    if (cursor->at >= cursor->end)
        column = 0;
    if (column > cursor->indents[cursor->n_indents] && cursor->n_indents + 1 < SP_PYTHON_INDENTS) {
        cursor->indents[++cursor->n_indents] = column;
        set(cursor, SP_PYTHON_TOKEN_INDENT, cursor->at);
        return true;
    }
    while (cursor->n_indents > 0 && column < cursor->indents[cursor->n_indents]) {
        cursor->n_indents--;
        cursor->n_dedents++;
    }
    if (cursor->n_dedents == 0)
        return false;
    cursor->n_dedents--;
    set(cursor, SP_PYTHON_TOKEN_DEDENT, cursor->at);
    return true;
}

/* Can no expression hold this word? */
static bool begins_statement(uint32_t keyword)
{
    switch (keyword) {
    case SP_PYTHON_ASSERT:
    case SP_PYTHON_BREAK:
    case SP_PYTHON_CLASS:
    case SP_PYTHON_CONTINUE:
    case SP_PYTHON_DEF:
    case SP_PYTHON_DEL:
    case SP_PYTHON_EXCEPT:
    case SP_PYTHON_FINALLY:
    case SP_PYTHON_GLOBAL:
    case SP_PYTHON_IMPORT:
    case SP_PYTHON_NONLOCAL:
    case SP_PYTHON_PASS:
    case SP_PYTHON_RAISE:
    case SP_PYTHON_RETURN:
    case SP_PYTHON_TRY:
    case SP_PYTHON_WHILE:
    case SP_PYTHON_WITH: return true;
    default: return false;
    }
}

static void name_token(struct sp_python_cursor *cursor)
{
    uint32_t start = cursor->at;
    bool ascii = true;
    while (cursor->at < cursor->end && is_name_byte(peek(cursor, 0)))
        ascii &= (uint8_t)cursor->source.ptr[cursor->at++] < 0x80;
    struct sp_str text = {cursor->source.ptr + start, cursor->at - start};
    if (!ascii && text.n_bytes <= NORMAL_BYTES) {
        text = normal_form(cursor->names->arena, text);
    } else if (!ascii && !cursor->names->too_long) {
        cursor->names->too_long = true;
        cursor->names->too_long_at = start;
    }
    uint32_t number = text.ptr ? sp_python_names_add(cursor->names, text) : UINT32_MAX;
    if (number == UINT32_MAX) {
        cursor->failed = true;
        number = 0;
    }
    bool keyword = ascii && number < SP_PYTHON_KEYWORD_COUNT;
    if (keyword && cursor->fresh_line && cursor->n_open > 0 && !cursor->inner && begins_statement(number)) {
        cursor->n_open = 0;
        cursor->at = cursor->line_at;
        cursor->line_start = true;
        cursor->fresh_line = false;
        set(cursor, SP_PYTHON_TOKEN_NEWLINE, cursor->at);
        return;
    }
    set(cursor, keyword ? SP_PYTHON_TOKEN_KEYWORD : SP_PYTHON_TOKEN_NAME, start);
    cursor->token.value = number;
}

/* Digits with single underscores between them. */
static void skip_digits(struct sp_python_cursor *cursor)
{
    while (is_digit(peek(cursor, 0)) || (peek(cursor, 0) == '_' && is_digit(peek(cursor, 1))))
        cursor->at++;
}

/* A word behind a number is one of its own (`1if`), and so is an attribute's dot (`1..real`). */
static void number_token(struct sp_python_cursor *cursor)
{
    uint32_t start = cursor->at;
    uint8_t second = peek(cursor, 1) | 0x20;
    if (peek(cursor, 0) == '0' && (second == 'x' || second == 'o' || second == 'b')) {
        cursor->at += 2;
        bool hex = second == 'x';
        for (;; cursor->at++) {
            uint8_t byte = peek(cursor, 0), low = byte | 0x20;
            if (!is_digit(byte) && byte != '_' && !(hex && low >= 'a' && low <= 'f'))
                break;
        }
    } else {
        skip_digits(cursor);
        if (peek(cursor, 0) == '.') {
            cursor->at++;
            skip_digits(cursor);
        }
        uint8_t sign = peek(cursor, 1);
        uint32_t n = sign == '+' || sign == '-' ? 2 : 1;
        if ((peek(cursor, 0) | 0x20) == 'e' && is_digit(peek(cursor, n))) {
            cursor->at += n;
            skip_digits(cursor);
        }
        if ((peek(cursor, 0) | 0x20) == 'j')
            cursor->at++;
    }
    set(cursor, SP_PYTHON_TOKEN_NUMBER, start);
}

static void operator_token(struct sp_python_cursor *cursor)
{
    static const char *const long_ones[] = {"**=", "//=", ">>=", "<<=", "...", "->", ":=", "**", "//", ">>", "<<",
        "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "@=", "&=", "|=", "^="};
    uint32_t start = cursor->at, value = peek(cursor, 0);
    uint32_t n = 1;
    /* Most operators are one byte, and what follows them begins no second one. */
    static const char seconds[] = "*/<>.=";
    uint8_t second = peek(cursor, 1);
    size_t n_long = second && memchr(seconds, second, sizeof(seconds) - 1) ? SP_COUNT(long_ones) : 0;
    for (size_t i = 0; i < n_long; i++) {
        const char *text = long_ones[i];
        if ((uint8_t)text[0] == value && (uint8_t)text[1] == second &&
            (!text[2] || (uint8_t)text[2] == peek(cursor, 2))) {
            n = text[2] ? 3 : 2;
            value |= (uint32_t)text[1] << 8 | (uint32_t)text[2] << 16;
            break;
        }
    }
    if (value == '(' || value == '[' || value == '{')
        cursor->n_open++;
    else if ((value == ')' || value == ']' || value == '}') && cursor->n_open > 0)
        cursor->n_open--;
    cursor->at += n;
    set(cursor, SP_PYTHON_TOKEN_OPERATOR, start);
    cursor->token.value = value;
}

void sp_python_cursor_next(struct sp_python_cursor *cursor)
{
    cursor->last_end = cursor->token.end;
    if (cursor->n_dedents > 0) {
        cursor->n_dedents--;
        set(cursor, SP_PYTHON_TOKEN_DEDENT, cursor->at);
        return;
    }
    if (cursor->line_start) {
        cursor->line_start = false;
        if (indentation(cursor))
            return;
    }
    cursor->fresh_line = false;
    skip_blanks(cursor);
    if (cursor->at >= cursor->end) {
        if (cursor->token.kind != SP_PYTHON_TOKEN_END && cursor->token.kind != SP_PYTHON_TOKEN_NEWLINE &&
            cursor->token.kind != SP_PYTHON_TOKEN_DEDENT && !cursor->inner) {
            cursor->line_start = true;
            cursor->n_open = 0;
            set(cursor, SP_PYTHON_TOKEN_NEWLINE, cursor->at);
            return;
        }
        set(cursor, SP_PYTHON_TOKEN_END, cursor->at);
        return;
    }
    uint8_t byte = peek(cursor, 0);
    if (byte == '\n' || byte == '\r') {
        uint32_t start = cursor->at;
        skip_newline(cursor);
        cursor->line_start = true;
        set(cursor, SP_PYTHON_TOKEN_NEWLINE, start);
        return;
    }
    const struct sp_span *span = span_here(cursor);
    if (span) {
        uint32_t start = cursor->at;
        cursor->token.value = cursor->span;
        cursor->at = span->end;
        set(cursor, SP_PYTHON_TOKEN_STRING, start);
        return;
    }
    if (is_digit(byte) || (byte == '.' && is_digit(peek(cursor, 1))))
        number_token(cursor);
    else if (is_name_byte(byte))
        name_token(cursor);
    else
        operator_token(cursor);
}

void sp_python_cursor_init(struct sp_python_cursor *cursor, struct sp_str source, const struct sp_span_list *spans,
    struct sp_python_names *names)
{
    *cursor = (struct sp_python_cursor){
        .source = source,
        .spans = spans,
        .names = names,
        .end = (uint32_t)source.n_bytes,
        .line_start = true,
    };
    if (source.n_bytes >= 3 && memcmp(source.ptr, "\xef\xbb\xbf", 3) == 0)
        cursor->at = 3;
    sp_python_cursor_next(cursor);
}

void sp_python_cursor_init_inner(
    struct sp_python_cursor *cursor, const struct sp_python_cursor *outer, uint32_t span_index)
{
    const struct sp_span *span = &outer->spans->items[span_index];
    *cursor = (struct sp_python_cursor){
        .source = outer->source,
        .spans = outer->spans,
        .names = outer->names,
        .at = span->start,
        .end = span->end,
        .span = span_index + 1,
        .inner = true,
    };
    sp_python_cursor_next(cursor);
}
