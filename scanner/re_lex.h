#ifndef SP_SCANNER_RE_LEX_H
#define SP_SCANNER_RE_LEX_H

/* The tokens of a pattern, with the one token of lookahead that Python's reader has: it is what decides which of two
 * errors is told, and where. Internal to the reader (re_read, re_group, re_class). */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"

#define SP_RE_LEX_END UINT32_MAX

/* A code point, or a backslash and the code point behind it. */
struct sp_re_token {
    uint32_t point; /* SP_RE_LEX_END behind the last */
    bool escaped;
};

/* The first failure stands in code and error, and the lexer is at its end from then on: a reader need not look at each
 * step, only at `code` when it is through. */
struct sp_re_lex {
    const uint32_t *points;
    uint32_t n_points;
    uint32_t index; /* behind `next` */
    struct sp_re_token next;
    int code;
    struct sp_error *error;
};

void sp_re_lex_init(struct sp_re_lex *lex, const uint32_t *points, uint32_t n_points, struct sp_error *error);

/* Takes the next token. */
struct sp_re_token sp_re_lex_get(struct sp_re_lex *lex);

/* Is the next token this unescaped point? match takes it if so. */
bool sp_re_lex_peek(const struct sp_re_lex *lex, uint32_t point);
bool sp_re_lex_match(struct sp_re_lex *lex, uint32_t point);

/* Where the next token begins, in code points; and going back there. */
uint32_t sp_re_lex_tell(const struct sp_re_lex *lex);
void sp_re_lex_seek(struct sp_re_lex *lex, uint32_t position);

/* Takes up to the terminator and past it: the name's extent in *ret_start, *ret_n; false on failure. what: "group
 * name", for the error. */
bool sp_re_lex_until(
    struct sp_re_lex *lex, uint32_t terminator, const char *what, uint32_t *ret_start, uint32_t *ret_n);

/* How many code points the token spans: 0 at the end, 1 or 2. */
uint32_t sp_re_token_n(struct sp_re_token token);

/* SP_EINVALID_PATTERN with "… at position N". Returns the code. */
int sp_re_lex_fail(struct sp_re_lex *lex, uint32_t position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Any other code (memory, bounds). */
int sp_re_lex_stop(struct sp_re_lex *lex, int code, const char *text);

#endif
