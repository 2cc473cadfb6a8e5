#ifndef SP_SCANNER_SORTED_H
#define SP_SCANNER_SORTED_H

/* Constant tables that are looked up by bisection. A row out of its place would not be found, and nothing would say so:
 * tests/unit/scanner/test_sorted.c walks every table that is handed in here, so each is declared in a header. */

#include <stddef.h>
#include <stdint.h>

#include "proto/scope.h"
#include "proto/str.h"

struct sp_sorted {
    const void *rows; /* each begins with what the table is sorted by */
    size_t n_rows, row_bytes;
};

#define SP_SORTED(table)                                                                                               \
    {                                                                                                                  \
        .rows = (table), .n_rows = SP_COUNT(table), .row_bytes = sizeof((table)[0])                                    \
    }

/* Rows that begin with a terminated text, in the order of sp_str_order: the row of that text; NULL: none. */
const void *sp_sorted_find_text(const struct sp_sorted *table, struct sp_str text);

/* Rows that begin with two uint32_t, a first and a last point, in order and apart: the row that holds the point; NULL:
 * none. */
const void *sp_sorted_find_point(const struct sp_sorted *table, uint32_t point);

#endif
