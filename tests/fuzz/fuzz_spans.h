#ifndef SP_TESTS_FUZZ_SPANS_H
#define SP_TESTS_FUZZ_SPANS_H

/* What the fuzzers of the scanner's language half share: texts made from others, and reading them. */

#include <string.h>

#include "proto/language.h"
#include "scanner/lex_python.h"
#include "scanner/tongue.h"
#include "scanner/zone.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_ARENA_BYTES ((size_t)256 << 20)

static inline struct sp_span_list fuzz_lex(struct sp_str text, const char *dialect, struct sp_arena *arena)
{
    struct sp_span_list spans = {0};
    FUZZ_CHECK(sp_lex_python(text, sp_str_of(dialect), arena, &spans, NULL) == 0);
    return spans;
}

static inline char *fuzz_copy(struct sp_str text, struct sp_arena *arena)
{
    char *copy = sp_arena_alloc(arena, text.n_bytes + 1);
    FUZZ_CHECK(copy);
    if (text.n_bytes)
        memcpy(copy, text.ptr, text.n_bytes);
    return copy;
}

static inline bool fuzz_is_newline(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* The text without its comments, as the scan blanks them. */
static inline struct sp_str fuzz_blank(struct sp_str text, const struct sp_span_list *spans, struct sp_arena *arena)
{
    char *copy = fuzz_copy(text, arena);
    for (uint32_t i = 0; i < spans->n_items; i++)
        for (uint32_t at = spans->items[i].start; spans->items[i].kind == SP_SPAN_COMMENT && at < spans->items[i].end;
             at++)
            copy[at] = ' ';
    return (struct sp_str){copy, text.n_bytes};
}

/* The text with lone carriage returns for line feeds. A text that has carriage returns stays as it is. */
static inline struct sp_str fuzz_return(struct sp_str text, struct sp_arena *arena)
{
    char *copy = fuzz_copy(text, arena);
    if (text.n_bytes && memchr(text.ptr, '\r', text.n_bytes))
        return (struct sp_str){copy, text.n_bytes};
    for (size_t i = 0; i < text.n_bytes; i++)
        copy[i] = copy[i] == '\n' ? '\r' : copy[i];
    return (struct sp_str){copy, text.n_bytes};
}

/* What cannot run, or runs differently from one version to the next, is read by what comes behind it too. */
static inline bool fuzz_is_settled(const struct sp_span_list *spans)
{
    for (uint32_t i = 0; i < spans->n_items; i++)
        if (spans->items[i].flags & (SP_PYTHON_BROKEN | SP_PYTHON_DOUBTFUL | SP_PYTHON_REFUSED))
            return false;
    return true;
}

#endif
