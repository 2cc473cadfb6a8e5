#ifndef SP_SCANNER_FOLD_PYTHON_APPLY_H
#define SP_SCANNER_FOLD_PYTHON_APPLY_H

/* Functions and methods that only compute: between the files of folding, for their tables. */

#include "scanner/fold_python.h"

/* ---- number ---- */

sp_fold_python_apply sp_fold_python_number_abs, sp_fold_python_number_bin, sp_fold_python_number_bool,
    sp_fold_python_number_divmod, sp_fold_python_number_from_bytes, sp_fold_python_number_hex,
    sp_fold_python_number_int, sp_fold_python_number_max, sp_fold_python_number_min, sp_fold_python_number_oct,
    sp_fold_python_number_pow, sp_fold_python_number_range, sp_fold_python_number_round, sp_fold_python_number_sum,
    sp_fold_python_number_to_bytes;
/* All of one kind, and one that < knows? Then their order, as memcmp has it. */
bool sp_fold_python_number_comparable(const struct sp_python_value *const *items, size_t n_items);
int sp_fold_python_number_order(const struct sp_python_value *a, const struct sp_python_value *b);

/* ---- search ---- */

sp_fold_python_apply sp_fold_python_search_count, sp_fold_python_search_endswith, sp_fold_python_search_find,
    sp_fold_python_search_isalnum, sp_fold_python_search_isalpha, sp_fold_python_search_isdigit,
    sp_fold_python_search_islower, sp_fold_python_search_isspace, sp_fold_python_search_isupper,
    sp_fold_python_search_partition, sp_fold_python_search_rfind, sp_fold_python_search_rpartition,
    sp_fold_python_search_rsplit, sp_fold_python_search_split, sp_fold_python_search_splitlines,
    sp_fold_python_search_startswith;
bool sp_fold_python_search_is_ascii(const struct sp_python_value *value);
/* A blank of ASCII, as strip() takes them off: of text there are more than of bytes. */
bool sp_fold_python_search_is_blank(char byte, bool bytes);

#endif
