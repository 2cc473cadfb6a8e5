#ifndef SP_CLIENT_OUT_ESCAPE_H
#define SP_CLIENT_OUT_ESCAPE_H

/* Text of others, made fit for a terminal: control characters, bidirectional and invisible ones, and what is not UTF-8 are
 * shown as escapes. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/str.h"

struct sp_escaped {
    char text[16]; /* as it is shown; not terminated */
    size_t n_text;
    size_t n_columns; /* on a terminal */
};

/* The next code point, or the next byte that belongs to none: returns how many bytes it takes (n_bytes > 0). A tab and a
 * newline are escaped like the other controls. */
size_t sp_escape_next(const char *bytes, size_t n_bytes, struct sp_escaped *ret);

/* Text in one line. */
void sp_escape_print(FILE *file, struct sp_str text);

/* A program's output: newline, tab and carriage return go through, and so does what is merely invisible; controls and what
 * reorders text do not. */
void sp_escape_print_stream(FILE *file, const char *bytes, size_t n_bytes);

/* Columns on a terminal; needs a UTF-8 LC_CTYPE (the command sets one). -1 for what has no shape of its own. */
int sp_escape_columns(uint32_t point);

#endif
