#ifndef SP_SCANNER_SPAN_H
#define SP_SCANNER_SPAN_H

/* What a lexer says of a source: which bytes are not code. The meeting point of lexers, resolvers and the matcher. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"

enum sp_span_class {
    SP_SPAN_COMMENT,       /* from the comment's first byte to before its newline */
    SP_SPAN_STRING,        /* prefix, quotes and all between, interpolations included */
    SP_SPAN_CHAR,          /* character or rune literal */
    SP_SPAN_REGEX,         /* regular expression literal */
    SP_SPAN_INTERPOLATION, /* the code inside an interpolation, without delimiters, conversion and format text */
    SP_SPAN_COUNT
};

/* Half-open byte ranges into the source, ordered by start; an interpolation lies inside its string, and strings and
 * comments inside an interpolation lie inside it: a span's parent is the innermost earlier one that contains it.
 * A byte is code unless its innermost span is COMMENT, STRING, CHAR or REGEX. */
struct sp_span {
    uint32_t start, end;
    uint32_t body_start, body_end; /* without prefix and delimiters; equal to start and end for INTERPOLATION */
    uint8_t kind;                  /* enum sp_span_class */
    uint8_t flags;                 /* the language's own (raw, bytes, formatted, broken …): its lexer's header */
};

struct sp_span_list {
    struct sp_span *items;
    uint32_t n_items;
    uint32_t n_room;
};

/* Appends; SP_ENO_MEMORY, or SP_ETOO_LARGE past the arena's bound. */
int sp_span_add(struct sp_span_list *list, struct sp_arena *arena, struct sp_span span);

#endif
