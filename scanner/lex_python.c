/* Splits Python into comments, strings, the code inside formatted strings, and the rest, which is code. Any thread; all
 * memory is the arena's.
 *
 * Formatted strings have two readings. Up to 3.11 the literal is found first, as if it were a plain one, and its
 * replacement fields are looked for inside. From 3.12 on a field is ordinary code, which may hold the same quotes,
 * comments and newlines. A source that names no dialect is read the old way where that way accepts it, else the new way:
 * what one of them refuses cannot run there. Where both refuse, nothing can run, and what is left matters to patterns
 * only: the old way then, with every open field taken as code.
 *
 * Linear time: a reading that failed is never tried again in the same source, and a literal that was found to have no
 * end keeps later ones of its kind from looking for theirs. */
#include "scanner/lex_python.h"

#include <string.h>

#define NONE      UINT32_MAX
#define DEPTH_MAX 512 /* strings and format specifications within each other: CPython stops at 200 brackets */

/* READ_313: behind a field in a format specification, {{ is one brace again. READ_312: it opens a field, as READ_311 has it. */
enum reading { READ_311, READ_312, READ_313, READ_COUNT };

/* What is known to be wrong with the source; given back when a reading is. */
struct faults {
    bool open_triple[2]; /* of " and ': one without an end was met */
    bool open_joined;    /* a literal over several joined lines without an end was met */
    bool refused;        /* the old reading refuses a formatted string */
};

struct lexer {
    const uint8_t *text;
    uint32_t n_bytes;
    enum sp_python_dialect dialect;
    bool failed[READ_COUNT]; /* never of READ_311: it is what remains */
    bool doubtful;           /* met in the formatted string: what READ_312 and READ_313 read differently */
    struct faults faults;
    unsigned depth;
    struct sp_span_list *spans;
    struct sp_arena *arena;
    int code; /* SP_E… once memory ran out */
};

struct literal {
    uint8_t quote;
    bool triple, raw;
};

static uint32_t lex_string(struct lexer *lexer, uint32_t quote, uint32_t floor, uint32_t end, enum reading reading);
static uint32_t lex_pieces(
    struct lexer *lexer, uint32_t at, uint32_t end, struct literal literal, bool spec, enum reading reading);

static bool is_name_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_' || byte >= 0x80;
}

static bool is_newline(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static uint32_t add(struct lexer *lexer, enum sp_span_class kind, uint32_t start, uint32_t end)
{
    if (lexer->code)
        return 0;
    lexer->code = sp_span_add(lexer->spans, lexer->arena,
        (struct sp_span){.start = start, .end = end, .body_start = start, .body_end = end, .kind = (uint8_t)kind});
    return lexer->code ? 0 : lexer->spans->n_items - 1;
}

static uint32_t line_end(const struct lexer *lexer, uint32_t at, uint32_t end)
{
    while (at < end && !is_newline(lexer->text[at]))
        at++;
    return at;
}

static uint32_t lex_comment(struct lexer *lexer, uint32_t at, uint32_t end)
{
    uint32_t stop = line_end(lexer, at, end);
    uint32_t index = add(lexer, SP_SPAN_COMMENT, at, stop);
    if (!lexer->code)
        lexer->spans->items[index].body_start = at + 1;
    return stop;
}

/* The flags that the letters before a quote mean, and where they begin. */
static unsigned prefix_of(const struct lexer *lexer, uint32_t quote, uint32_t floor, uint32_t *ret_start)
{
    uint32_t start = quote;
    while (start > floor && quote - start < 3 && is_name_byte(lexer->text[start - 1]))
        start--;
    unsigned flags = 0;
    bool plain_u = false;
    uint32_t n = quote - start;
    *ret_start = quote;
    if (n == 0 || n > 2)
        return 0;
    for (uint32_t i = start; i < quote; i++) {
        unsigned flag = 0;
        switch (lexer->text[i] | 0x20) {
        case 'r': flag = SP_PYTHON_RAW; break;
        case 'b': flag = SP_PYTHON_BYTES; break;
        case 'f': flag = SP_PYTHON_FORMATTED; break;
        case 't':
            if (lexer->dialect == SP_PYTHON_ANY || lexer->dialect == SP_PYTHON_3_14)
                flag = SP_PYTHON_TEMPLATE;
            break;
        case 'u': plain_u = n == 1; break;
        default: break;
        }
        if (!flag && !plain_u)
            return 0;
        flags |= flag;
    }
    /* Two letters: one of them is r, and they are not the same. */
    if (n == 2 && (!(flags & SP_PYTHON_RAW) || flags == SP_PYTHON_RAW))
        return 0;
    *ret_start = start;
    if (flags & SP_PYTHON_TEMPLATE)
        flags |= SP_PYTHON_FORMATTED;
    return flags;
}

/* Where the literal whose body starts at `at` ends, as the tokenizer finds it: the first quote that no backslash is
 * before. false: it has no end within the source's rules; then the end is the line's for a simple literal, and for a
 * triple one nothing but its opening is hidden. */
static bool find_end(
    struct lexer *lexer, uint32_t at, uint32_t end, struct literal literal, uint32_t *ret_body_end, uint32_t *ret_end)
{
    const uint8_t *text = lexer->text;
    uint32_t i = at, first_line_end = NONE;
    if (literal.triple) {
        bool *open = &lexer->faults.open_triple[literal.quote == '\''];
        while (!*open && i < end) {
            uint8_t byte = text[i];
            if (byte == '\\') {
                i += 2;
            } else if (byte == literal.quote && end - i >= 3 && text[i + 1] == byte && text[i + 2] == byte) {
                *ret_body_end = i;
                *ret_end = i + 3;
                return true;
            } else {
                i++;
            }
        }
        *open = true;
        *ret_body_end = *ret_end = at;
        return false;
    }
    while (i < end) {
        uint8_t byte = text[i];
        if (byte == literal.quote) {
            *ret_body_end = i;
            *ret_end = i + 1;
            return true;
        }
        if (is_newline(byte))
            break;
        if (byte != '\\') {
            i++;
            continue;
        }
        if (end - i < 2) {
            i = end;
            break;
        }
        if (is_newline(text[i + 1])) {
            if (first_line_end == NONE)
                first_line_end = i + 1;
            if (lexer->faults.open_joined)
                break;
            if (text[i + 1] == '\r' && end - i > 2 && text[i + 2] == '\n')
                i++;
        }
        i += 2;
    }
    if (first_line_end != NONE) {
        lexer->faults.open_joined = true;
        i = first_line_end;
    }
    *ret_body_end = *ret_end = i < end ? i : end;
    return false;
}

/* Blanks, and in the new reading comments and joined lines: what may stand behind a field's expression. */
static uint32_t skip_trivia(struct lexer *lexer, uint32_t at, uint32_t end, enum reading reading)
{
    const uint8_t *text = lexer->text;
    while (at < end && !lexer->code) {
        if (is_blank(text[at]))
            at++;
        else if (reading != READ_311 && text[at] == '#')
            at = lex_comment(lexer, at, end);
        else if (reading != READ_311 && text[at] == '\\' && end - at > 1 && is_newline(text[at + 1]))
            at += 2;
        else
            break;
    }
    return at;
}

/* The code of a replacement field from `at` on: to the byte that ends the field's expression (one of } ! :), to `end` where
 * there is none (old reading), NONE where the new reading fails. *ret_code_end: the same, or the = of a debugging field. */
static uint32_t lex_field_code(
    struct lexer *lexer, uint32_t at, uint32_t end, enum reading reading, uint32_t *ret_code_end)
{
    const uint8_t *text = lexer->text;
    uint32_t i = at, n_open = 0, equals = NONE;
    for (;;) {
        i = skip_trivia(lexer, i, end, reading);
        if (i >= end || lexer->code)
            break;
        uint8_t byte = text[i], next = i + 1 < end ? text[i + 1] : 0;
        if (n_open == 0 && (byte == '}' || byte == ':' || (byte == '!' && next != '='))) {
            *ret_code_end = equals == NONE ? i : equals;
            return i;
        }
        /* What follows the = of a debugging field can only be its end. */
        if (equals != NONE)
            lexer->faults.refused = true;
        equals = NONE;
        switch (byte) {
        case '"':
        case '\'':
            i = lex_string(lexer, i, at, end, reading);
            if (i == NONE)
                return NONE;
            continue;
        case '#':
        case '\\':
            if (reading != READ_311)
                return NONE;
            lexer->faults.refused = true;
            break;
        case '(':
        case '[':
        case '{': n_open++; break;
        case ')':
        case ']':
        case '}':
            if (n_open > 0)
                n_open--;
            else if (reading != READ_311)
                return NONE;
            else
                lexer->faults.refused = true;
            break;
        case '<':
        case '>':
        case '!':
            if (next == '=')
                i++;
            break;
        case '=':
            if (next == '=')
                i++;
            else if (n_open == 0)
                equals = i;
            break;
        default: break;
        }
        i++;
    }
    *ret_code_end = end;
    return reading != READ_311 ? NONE : end;
}

/* One replacement field, from its brace to behind its closing one. */
static uint32_t lex_field(
    struct lexer *lexer, uint32_t brace, uint32_t end, struct literal literal, enum reading reading)
{
    const uint8_t *text = lexer->text;
    uint32_t index = add(lexer, SP_SPAN_INTERPOLATION, brace + 1, brace + 1), code_end;
    uint32_t i = lex_field_code(lexer, brace + 1, end, reading, &code_end);
    if (i == NONE || lexer->code)
        return NONE;
    lexer->spans->items[index].end = lexer->spans->items[index].body_end = code_end;
    if (i < end && text[i] == '!') {
        i++;
        while (i < end && is_name_byte(text[i]))
            i++;
        if (reading != READ_311)
            i = skip_trivia(lexer, i, end, reading);
    }
    if (i < end && text[i] == ':') {
        i = lex_pieces(lexer, i + 1, end, literal, true, reading);
        if (i == NONE)
            return NONE;
    }
    if (i < end && text[i] == '}')
        return i + 1;
    lexer->faults.refused = true;
    return reading != READ_311 ? NONE : i;
}

/* A line end in the format specification of a string that is not triple ends the specification, new reading: comments may
 * follow, and fields, and the field's closing brace, which is the answer. */
static uint32_t lex_behind_spec(struct lexer *lexer, uint32_t at, uint32_t end, enum reading reading)
{
    uint32_t code_end, i = skip_trivia(lexer, at, end, reading);
    if (i < end && lexer->text[i] == '}')
        return i;
    uint32_t index = add(lexer, SP_SPAN_INTERPOLATION, i, i);
    i = lex_field_code(lexer, i, end, reading, &code_end);
    if (i == NONE || lexer->code || lexer->text[i] != '}')
        return NONE;
    lexer->spans->items[index].end = lexer->spans->items[index].body_end = i;
    return i;
}

/* Literal text and fields. Old reading: within [at, end), which is the literal's body; the answer is end, or the brace
 * that ends a format specification. New reading: to the closing quote, or that brace; NONE where it fails. */
static uint32_t lex_pieces(
    struct lexer *lexer, uint32_t at, uint32_t end, struct literal literal, bool spec, enum reading reading)
{
    const uint8_t *text = lexer->text;
    uint32_t i = at;
    bool named = false;        /* inside \N{…}, new reading */
    bool behind_field = false; /* in a specification */
    if (++lexer->depth > DEPTH_MAX) {
        lexer->depth--;
        lexer->faults.refused = true;
        if (reading != READ_311)
            return NONE;
        add(lexer, SP_SPAN_INTERPOLATION, at, end);
        return end;
    }
    while (i < end && i != NONE && !lexer->code) {
        uint8_t byte = text[i], next = i + 1 < end ? text[i + 1] : 0;
        if (byte == '{') {
            lexer->doubtful |= behind_field && next == '{';
            bool doubled = next == '{' && (!spec || (behind_field && reading == READ_313));
            if (named || doubled) {
                i += named ? 1 : 2;
                continue;
            }
            i = lex_field(lexer, i, end, literal, reading);
            behind_field = spec;
            continue;
        }
        if (byte == '}') {
            if (spec && !named)
                break;
            if (!named && next == '}') {
                i++;
            } else if (!named) {
                lexer->faults.refused = true;
                if (reading != READ_311) {
                    i = NONE;
                    break;
                }
            }
            named = false;
            i++;
            continue;
        }
        if (byte == '\\') {
            if (next == '{' || next == '}') {
                i++;
            } else if (next == 'N' && !literal.raw) {
                bool opens = i + 2 < end && text[i + 2] == '{';
                if (reading != READ_311) {
                    named = opens;
                    i += opens ? 3 : 2;
                } else {
                    i += 3;
                    while (opens && i < end && text[i++] != '}')
                        ;
                }
            } else {
                i += next == '\r' && i + 2 < end && text[i + 2] == '\n' ? 3 : 2;
            }
            continue;
        }
        if (reading != READ_311) {
            if (byte == literal.quote &&
                (!literal.triple || (end - i >= 3 && text[i + 1] == byte && text[i + 2] == byte))) {
                if (spec)
                    i = NONE;
                break;
            }
            if (is_newline(byte) && !literal.triple) {
                i = spec && (!behind_field || reading == READ_312) ? lex_behind_spec(lexer, i, end, reading) : NONE;
                break;
            }
        }
        i++;
    }
    lexer->depth--;
    if (i == NONE || lexer->code || (reading != READ_311 && i >= end))
        return NONE;
    if (i >= end && spec)
        lexer->faults.refused = true;
    return i < end ? i : end;
}

/* A formatted string in one reading; `index` is its span, the body begins at its body_start. Answers its end, or NONE
 * where the new reading fails. */
static uint32_t lex_formatted(
    struct lexer *lexer, uint32_t index, uint32_t end, struct literal literal, enum reading reading)
{
    uint32_t body = lexer->spans->items[index].body_start, body_end, string_end;
    if (reading != READ_311) {
        body_end = lex_pieces(lexer, body, end, literal, false, reading);
        if (body_end == NONE || lexer->code)
            return NONE;
        string_end = body_end + (literal.triple ? 3 : 1);
    } else {
        bool closed = find_end(lexer, body, end, literal, &body_end, &string_end);
        if (!closed) {
            lexer->faults.refused = true;
            lexer->spans->items[index].flags |= SP_PYTHON_BROKEN;
        }
        lex_pieces(lexer, body, body_end, literal, false, READ_311);
        if (lexer->code)
            return end;
    }
    lexer->spans->items[index].body_end = body_end;
    lexer->spans->items[index].end = string_end;
    return string_end;
}

/* May the dialect have this reading? */
static bool may_read(enum sp_python_dialect dialect, unsigned flags, enum reading reading)
{
    switch (reading) {
    case READ_311: return dialect <= SP_PYTHON_3_11 && !(flags & SP_PYTHON_TEMPLATE);
    case READ_312: return (dialect == SP_PYTHON_ANY || dialect == SP_PYTHON_3_12) && !(flags & SP_PYTHON_TEMPLATE);
    default: return dialect != SP_PYTHON_3_11;
    }
}

/* A formatted string outside of all others: the first reading that accepts it, else the old one. Where the readings agree
 * on a string that the first accepts, and they do but for what is doubtful, one is as good as another. */
static uint32_t lex_formatted_top(struct lexer *lexer, uint32_t index, uint32_t end, struct literal literal)
{
    struct faults faults = lexer->faults;
    struct sp_span span = lexer->spans->items[index];
    for (int attempt = 0;; attempt++) {
        bool last = attempt == READ_COUNT;
        enum reading reading = last ? READ_311 : (enum reading)attempt;
        if (!last && (lexer->failed[reading] || !may_read(lexer->dialect, span.flags, reading)))
            continue;
        lexer->faults = faults;
        lexer->faults.refused = lexer->doubtful = false;
        lexer->depth = 0;
        lexer->spans->n_items = index + 1;
        lexer->spans->items[index] = span;
        uint32_t stop = lex_formatted(lexer, index, end, literal, reading);
        if (lexer->code)
            return end;
        if (last || (reading == READ_311 ? !lexer->faults.refused : stop != NONE)) {
            if (lexer->doubtful && lexer->dialect != SP_PYTHON_3_11)
                lexer->spans->items[index].flags |= SP_PYTHON_DOUBTFUL;
            if (last)
                lexer->spans->items[index].flags |= SP_PYTHON_REFUSED;
            return stop;
        }
        lexer->failed[reading] = reading != READ_311;
    }
}

/* A string of any kind whose first quote is at `quote`; its prefix lies behind `floor`. Answers its end, or NONE where the
 * new reading of the string around it fails. */
static uint32_t lex_string(struct lexer *lexer, uint32_t quote, uint32_t floor, uint32_t end, enum reading reading)
{
    const uint8_t *text = lexer->text;
    uint32_t start;
    unsigned flags = prefix_of(lexer, quote, floor, &start);
    struct literal literal = {.quote = text[quote], .raw = flags & SP_PYTHON_RAW};
    literal.triple = end - quote >= 3 && text[quote + 1] == text[quote] && text[quote + 2] == text[quote];
    if (literal.triple)
        flags |= SP_PYTHON_TRIPLE;
    uint32_t body = quote + (literal.triple ? 3 : 1);
    uint32_t index = add(lexer, SP_SPAN_STRING, start, body);
    if (lexer->code)
        return end;
    struct sp_span *span = &lexer->spans->items[index];
    span->flags = (uint8_t)flags;
    span->body_start = span->body_end = body;
    if (flags & SP_PYTHON_FORMATTED) {
        if (lexer->depth == 0)
            return lex_formatted_top(lexer, index, end, literal);
        return lex_formatted(lexer, index, end, literal, reading);
    }
    if (!find_end(lexer, body, end, literal, &span->body_end, &span->end)) {
        lexer->faults.refused = true;
        span->flags |= SP_PYTHON_BROKEN;
        if (reading != READ_311)
            return NONE;
    }
    return span->end;
}

int sp_lex_python_dialect(struct sp_str name, enum sp_python_dialect *ret_dialect, struct sp_error *error)
{
    int minor = -1;
    if (name.n_bytes == 0 || sp_str_is(name, "3")) {
        *ret_dialect = SP_PYTHON_ANY;
        return 0;
    }
    if ((name.n_bytes == 3 || name.n_bytes == 4) && memcmp(name.ptr, "3.", 2) == 0) {
        minor = 0;
        for (size_t i = 2; i < name.n_bytes && minor >= 0; i++)
            minor = name.ptr[i] >= '0' && name.ptr[i] <= '9' ? minor * 10 + name.ptr[i] - '0' : -1;
        if (name.n_bytes == 4 && name.ptr[2] == '0')
            minor = -1;
    }
    if (minor < 0 || minor > 14)
        return sp_error_set(error, SP_EUNSUPPORTED_LANGUAGE, "python has no dialect '%.*s' (3.0 to 3.14)",
            sp_str_int(name, 32), name.ptr);
    *ret_dialect = minor <= 11   ? SP_PYTHON_3_11
                   : minor == 12 ? SP_PYTHON_3_12
                   : minor == 13 ? SP_PYTHON_3_13
                                 : SP_PYTHON_3_14;
    return 0;
}

int sp_lex_python(struct sp_str source, struct sp_str dialect, struct sp_arena *arena, struct sp_span_list *ret_spans,
    struct sp_error *error)
{
    static const bool stops[256] = {['#'] = true, ['"'] = true, ['\''] = true};
    if (source.n_bytes >= UINT32_MAX / 2)
        return sp_error_set(error, SP_ETOO_LARGE, "the source is too large");
    struct sp_span_list spans = {0};
    struct lexer lexer = {
        .text = (const uint8_t *)source.ptr,
        .n_bytes = (uint32_t)source.n_bytes,
        .spans = &spans,
        .arena = arena,
    };
    int r = sp_lex_python_dialect(dialect, &lexer.dialect, error);
    if (r)
        return r;
    uint32_t i = 0, floor = 0;
    while (i < lexer.n_bytes) {
        while (i < lexer.n_bytes && !stops[lexer.text[i]])
            i++;
        if (i >= lexer.n_bytes)
            break;
        if (lexer.text[i] == '#')
            i = lex_comment(&lexer, i, lexer.n_bytes);
        else
            i = lex_string(&lexer, i, floor, lexer.n_bytes, READ_311);
        floor = i;
        if (lexer.code)
            return sp_error_set(error, lexer.code, NULL);
    }
    *ret_spans = spans;
    return 0;
}
