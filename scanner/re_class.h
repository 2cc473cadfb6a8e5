#ifndef SP_SCANNER_RE_CLASS_H
#define SP_SCANNER_RE_CLASS_H

/* Classes in brackets and the escapes that stand in and out of them. Internal to the reader. */

#include "proto/arena.h"
#include "scanner/re_lex.h"
#include "scanner/re_set.h"

/* The category of \d \D \s \S \w \W, 0 for any other escape. */
unsigned sp_re_class_category(struct sp_re_token token);

/* The point that \a \b \f \n \r \t \v \\ stand for, SP_RE_LEX_END for any other escape. */
uint32_t sp_re_class_simple(struct sp_re_token token);

/* The point of \x \u \U \N, whose token has been taken; SP_RE_LEX_END where it is none of these (or failed). */
uint32_t sp_re_class_coded(struct sp_re_lex *lex, struct sp_re_token token);

/* Up to n octal digits behind the value. ret_n: how many were taken. */
uint32_t sp_re_class_octal(struct sp_re_lex *lex, uint32_t value, uint32_t n, uint32_t *ret_n);

/* Reads what stands behind an opening bracket at `start`, closing bracket included. Failures are in lex->code. */
void sp_re_class_read(struct sp_re_lex *lex, struct sp_arena *arena, uint32_t start, struct sp_re_set *set);

#endif
