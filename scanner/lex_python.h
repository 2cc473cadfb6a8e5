#ifndef SP_SCANNER_LEX_PYTHON_H
#define SP_SCANNER_LEX_PYTHON_H

#include "proto/str.h"
#include "scanner/span.h"

/* Flags of Python's string spans. */
enum sp_python_string {
    SP_PYTHON_RAW = 1 << 0,
    SP_PYTHON_BYTES = 1 << 1,
    SP_PYTHON_FORMATTED = 1 << 2, /* f"…" and t"…" */
    SP_PYTHON_TEMPLATE = 1 << 3,  /* t"…" (3.14) */
    SP_PYTHON_TRIPLE = 1 << 4,
    SP_PYTHON_BROKEN = 1 << 5,   /* not terminated: the span is what can be hidden least */
    SP_PYTHON_DOUBTFUL = 1 << 6, /* versions of the dialect may see another string here */
    SP_PYTHON_REFUSED = 1 << 7   /* formatted, and no reading accepts it: such code cannot run */
};

/* Which Python is meant. ANY, where no dialect is named: what is code in any of them is code. */
enum sp_python_dialect { SP_PYTHON_ANY, SP_PYTHON_3_11, SP_PYTHON_3_12, SP_PYTHON_3_13, SP_PYTHON_3_14 };

/* "", "3", "3.0" … "3.14"; SP_EUNSUPPORTED_LANGUAGE for others. */
int sp_lex_python_dialect(struct sp_str name, enum sp_python_dialect *ret_dialect, struct sp_error *error);

/* See struct sp_tongue. Linear in the size of the source, whatever it holds. */
int sp_lex_python(struct sp_str source, struct sp_str dialect, struct sp_arena *arena, struct sp_span_list *ret_spans,
    struct sp_error *error);

#endif
