#ifndef SP_SCANNER_PYTHON_TOKEN_H
#define SP_SCANNER_PYTHON_TOKEN_H

/* Python's tokens over code and spans: names, operators, strings by their span, line ends and indentation. Tolerant: what
 * CPython refuses still gives tokens. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/str.h"
#include "scanner/hash.h"
#include "scanner/span.h"

#define SP_PYTHON_KEYWORDS(X)                                                                                          \
    X(FALSE, "False")                                                                                                  \
    X(NONE, "None")                                                                                                    \
    X(TRUE, "True")                                                                                                    \
    X(AND, "and")                                                                                                      \
    X(AS, "as")                                                                                                        \
    X(ASSERT, "assert")                                                                                                \
    X(ASYNC, "async")                                                                                                  \
    X(AWAIT, "await")                                                                                                  \
    X(BREAK, "break")                                                                                                  \
    X(CLASS, "class")                                                                                                  \
    X(CONTINUE, "continue")                                                                                            \
    X(DEF, "def")                                                                                                      \
    X(DEL, "del")                                                                                                      \
    X(ELIF, "elif")                                                                                                    \
    X(ELSE, "else")                                                                                                    \
    X(EXCEPT, "except")                                                                                                \
    X(FINALLY, "finally")                                                                                              \
    X(FOR, "for")                                                                                                      \
    X(FROM, "from")                                                                                                    \
    X(GLOBAL, "global")                                                                                                \
    X(IF, "if")                                                                                                        \
    X(IMPORT, "import")                                                                                                \
    X(IN, "in")                                                                                                        \
    X(IS, "is")                                                                                                        \
    X(LAMBDA, "lambda")                                                                                                \
    X(NONLOCAL, "nonlocal")                                                                                            \
    X(NOT, "not")                                                                                                      \
    X(OR, "or")                                                                                                        \
    X(PASS, "pass")                                                                                                    \
    X(RAISE, "raise")                                                                                                  \
    X(RETURN, "return")                                                                                                \
    X(TRY, "try")                                                                                                      \
    X(WHILE, "while")                                                                                                  \
    X(WITH, "with")                                                                                                    \
    X(YIELD, "yield")

enum sp_python_keyword {
#define X(id, word) SP_PYTHON_##id,
    SP_PYTHON_KEYWORDS(X)
#undef X
        SP_PYTHON_KEYWORD_COUNT
};

/* Names as numbers: equal text, equal number. The keywords come first. */
struct sp_python_names {
    struct sp_str *items;
    uint32_t n_items, n_room;
    uint32_t *slots; /* hash table of numbers + 1 */
    uint32_t n_slots;
    struct sp_hash_key key;
    struct sp_arena *arena;
    bool too_long; /* one met whose normal form was not asked for: it is compared as it is written */
    uint32_t too_long_at;
};

/* SP_ENO_MEMORY, SP_ETOO_LARGE. */
int sp_python_names_init(struct sp_python_names *names, struct sp_arena *arena);
/* The number of a text, which must live as long as the table; UINT32_MAX when memory ran out. */
uint32_t sp_python_names_add(struct sp_python_names *names, struct sp_str text);
/* The number, or UINT32_MAX for a text that was never added. */
uint32_t sp_python_names_find(const struct sp_python_names *names, struct sp_str text);

enum sp_python_token_kind {
    SP_PYTHON_TOKEN_END,
    SP_PYTHON_TOKEN_NEWLINE,
    SP_PYTHON_TOKEN_INDENT,
    SP_PYTHON_TOKEN_DEDENT,
    SP_PYTHON_TOKEN_NAME,
    SP_PYTHON_TOKEN_KEYWORD,
    SP_PYTHON_TOKEN_NUMBER,
    SP_PYTHON_TOKEN_STRING,
    SP_PYTHON_TOKEN_OPERATOR
};

/* An operator's bytes as one number: SP_PYTHON_OP("**"). */
#define SP_PYTHON_OP(text)                                                                                             \
    ((uint32_t)(text)[0] | (sizeof(text) > 2 ? (uint32_t)(text)[1] << 8 : 0) |                                         \
        (sizeof(text) > 3 ? (uint32_t)(text)[sizeof(text) > 3 ? 2 : 0] << 16 : 0))

struct sp_python_token {
    uint32_t start, end;
    uint32_t value; /* NAME, KEYWORD: the number; STRING: the span's index; OPERATOR: its bytes */
    uint8_t kind;
};

#define SP_PYTHON_INDENTS 100 /* as CPython has it; deeper lines count as this deep */

struct sp_python_cursor {
    struct sp_str source;
    const struct sp_span_list *spans;
    struct sp_python_names *names;
    uint32_t at, end;
    uint32_t span;    /* the first span that may start at or behind `at` */
    uint32_t n_open;  /* brackets; newlines inside them mean nothing */
    uint32_t line_at; /* where the line of a newline inside brackets begins */
    bool line_start;
    bool fresh_line; /* the last newline stood inside brackets, and nothing came behind it */
    bool inner;      /* within a replacement field: no lines */
    bool failed;     /* memory ran out */
    uint16_t n_indents;
    uint16_t n_dedents; /* still to be told */
    uint32_t indents[SP_PYTHON_INDENTS];
    struct sp_python_token token; /* the current one */
    uint32_t last_end;            /* of the token before */
};

/* Over the whole source; the first token is current. */
void sp_python_cursor_init(struct sp_python_cursor *cursor, struct sp_str source, const struct sp_span_list *spans,
    struct sp_python_names *names);
/* Over the code of one interpolation span. */
void sp_python_cursor_init_inner(
    struct sp_python_cursor *cursor, const struct sp_python_cursor *outer, uint32_t span_index);
void sp_python_cursor_next(struct sp_python_cursor *cursor);

#endif
