/* Bisection in constant tables. Any thread; nothing is kept. */
#include "scanner/sorted.h"

static const char *row_at(const struct sp_sorted *table, size_t i)
{
    return (const char *)table->rows + i * table->row_bytes;
}

const void *sp_sorted_find_text(const struct sp_sorted *table, struct sp_str text)
{
    size_t low = 0, high = table->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const void *row = row_at(table, middle);
        int order = sp_str_order(text, *(const char *const *)row);
        if (order == 0)
            return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const void *sp_sorted_find_point(const struct sp_sorted *table, uint32_t point)
{
    size_t low = 0, high = table->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const void *row = row_at(table, middle);
        const uint32_t *bounds = row; /* first, last */
        if (point < bounds[0])
            high = middle;
        else if (point > bounds[1])
            low = middle + 1;
        else
            return row;
    }
    return NULL;
}
