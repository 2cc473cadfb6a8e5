/* The lexer of plain text: no comments, no strings. Any thread; no state. */
#include "scanner/lex_text.h"

int sp_lex_text(struct sp_str source, struct sp_str dialect, struct sp_arena *arena, struct sp_span_list *ret_spans,
    struct sp_error *error)
{
    (void)arena;
    if (dialect.n_bytes)
        return sp_error_set(error, SP_EUNSUPPORTED_LANGUAGE, "text has no dialects");
    if (source.n_bytes >= UINT32_MAX / 2)
        return sp_error_set(error, SP_ETOO_LARGE, "the source is too large");
    *ret_spans = (struct sp_span_list){0};
    return 0;
}
