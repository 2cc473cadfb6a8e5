#ifndef SP_PROTO_MANUAL_PAGE_H
#define SP_PROTO_MANUAL_PAGE_H

/* What generated manual pages share: tables of fields as mdoc lists, on standard output. Build tools only, one thread. */

#include "proto/decode.h"
#include "proto/limits.h"

/* Where a field's table is one of limits, the values that stand for absent ones; else NULL. */
typedef const struct sp_limits *sp_page_limits_fn(const struct sp_table *table, const struct sp_field *field);

/* Text that mdoc takes for text: a leading dot or quote, and backslashes, would be requests. */
void sp_page_text(const char *text);

/* A list of the table's fields, each with help, kind and bounds; tables within it are lists within it. limits_of may be
 * NULL. */
void sp_page_table(const struct sp_table *table, sp_page_limits_fn *limits_of);

/* Fields without help, in this table and those within it: what a page has no words for. */
size_t sp_page_count_silent(const struct sp_table *table);

#endif
