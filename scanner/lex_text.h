#ifndef SP_SCANNER_LEX_TEXT_H
#define SP_SCANNER_LEX_TEXT_H

#include "proto/str.h"
#include "scanner/span.h"

/* Plain text: all of it is code, for patterns. It has no dialects. See struct sp_tongue. */
int sp_lex_text(struct sp_str source, struct sp_str dialect, struct sp_arena *arena, struct sp_span_list *ret_spans,
    struct sp_error *error);

#endif
