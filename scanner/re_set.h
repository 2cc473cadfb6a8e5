#ifndef SP_SCANNER_RE_SET_H
#define SP_SCANNER_RE_SET_H

/* Sets of code points, as a pattern's classes hold them, and Python's folding of case over them. Pure; any thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"

#define SP_RE_POINT_MAX 0x10FFFFu

struct sp_re_range {
    uint32_t first, last;
};

/* Categories whose extent depends on the ASCII flag, as bits of sp_re_set.categories. */
enum sp_re_category {
    SP_RE_DIGIT = 1 << 0,
    SP_RE_NO_DIGIT = 1 << 1,
    SP_RE_SPACE = 1 << 2,
    SP_RE_NO_SPACE = 1 << 3,
    SP_RE_WORD = 1 << 4,
    SP_RE_NO_WORD = 1 << 5
};

/* A class: the union of ranges and categories, or, negated, all else. */
struct sp_re_set {
    struct sp_re_range *ranges; /* in any order and overlapping, until sp_re_set_tidy */
    uint32_t n_ranges, n_room;
    unsigned categories;
    bool negated;
};

/* Adds a range. 0, or SP_ENO_MEMORY, SP_ETOO_LARGE from the arena. */
int sp_re_set_add(struct sp_re_set *set, struct sp_arena *arena, uint32_t first, uint32_t last);

/* Sorts and merges the ranges. */
void sp_re_set_tidy(struct sp_re_set *set);

/* Replaces tidy ranges by all else up to `last`. */
int sp_re_set_complement(struct sp_re_set *set, struct sp_arena *arena, uint32_t last);

/* Adds what Python's IGNORECASE matches besides: with ascii only A-Z and a-z fold. Leaves the ranges tidy. */
int sp_re_set_fold(struct sp_re_set *set, struct sp_arena *arena, bool ascii);

/* Is the point in the (tidy) ranges? Looks neither at categories nor at negation. */
bool sp_re_set_has(const struct sp_re_set *set, uint32_t point);

/* The lower case of a point, as Python's `re` has it. */
uint32_t sp_re_set_lower(uint32_t point, bool ascii);

/* Adds the ranges that a category has: within ASCII, or, for those of \s and its complement, all. Returns
 * SP_EINTERNAL for a Unicode category that is not a matter of few ranges (\d, \w and their complements). */
int sp_re_set_add_category(
    struct sp_re_set *set, struct sp_arena *arena, enum sp_re_category category, bool ascii_flag, uint32_t last);

/* ---- the tables of re_case.c, made by tests/truth/re_case.py from the reference interpreter ---- */

/* Sorted: the points first, first + step, …, last have the lower case that lies `delta` behind. */
struct sp_re_case_row {
    uint32_t first, last;
    uint32_t step;
    int32_t delta;
};
extern const struct sp_re_case_row sp_re_case_rows[];
extern const size_t sp_re_case_n_rows;

/* Lower-case points that Python holds equal to `point` because they share an upper case; 0: none. */
struct sp_re_case_extra {
    uint32_t point, others[2];
};
extern const struct sp_re_case_extra sp_re_case_extras[];
extern const size_t sp_re_case_n_extras;

#endif
