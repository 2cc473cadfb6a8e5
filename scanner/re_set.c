/* Sets of code points: ranges, complements, Python's folding of case. Any thread; memory is the caller's arena. */
#include "scanner/re_set.h"

#include <stdlib.h>

#include "proto/error.h"
#include "proto/scope.h"
#include "scanner/sorted.h"

static const struct sp_re_range ascii_digits[] = {{'0', '9'}};
static const struct sp_re_range ascii_spaces[] = {{'\t', '\r'}, {' ', ' '}};
static const struct sp_re_range ascii_words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/* str.isspace, which PCRE2's \s and \p{Xps} are not. */
static const struct sp_re_range unicode_spaces[] = {{'\t', '\r'}, {0x1C, ' '}, {0x85, 0x85}, {0xA0, 0xA0},
    {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

int sp_re_set_add(struct sp_re_set *set, struct sp_arena *arena, uint32_t first, uint32_t last)
{
    int r = SP_ARENA_GROW(arena, set->ranges, set->n_ranges, set->n_room, 8);
    if (r < 0)
        return r;
    set->ranges[set->n_ranges++] = (struct sp_re_range){first, last};
    return 0;
}

static int compare_ranges(const void *a, const void *b)
{
    uint32_t x = ((const struct sp_re_range *)a)->first, y = ((const struct sp_re_range *)b)->first;
    return (x > y) - (x < y);
}

void sp_re_set_tidy(struct sp_re_set *set)
{
    if (set->n_ranges < 2)
        return;
    qsort(set->ranges, set->n_ranges, sizeof(*set->ranges), compare_ranges);
    uint32_t n = 0;
    for (uint32_t i = 1; i < set->n_ranges; i++) {
        struct sp_re_range *kept = &set->ranges[n], range = set->ranges[i];
        if (range.first > kept->last + 1)
            set->ranges[++n] = range;
        else if (range.last > kept->last)
            kept->last = range.last;
    }
    set->n_ranges = n + 1;
}

int sp_re_set_complement(struct sp_re_set *set, struct sp_arena *arena, uint32_t last)
{
    struct sp_re_set all_else = {.categories = set->categories, .negated = set->negated};
    uint32_t next = 0;
    for (size_t i = 0; i < set->n_ranges && next <= last; i++) {
        int r = set->ranges[i].first > next ? sp_re_set_add(&all_else, arena, next,
                                                  set->ranges[i].first - 1 < last ? set->ranges[i].first - 1 : last)
                                            : 0;
        if (r < 0)
            return r;
        next = set->ranges[i].last + 1;
    }
    if (next <= last) {
        int r = sp_re_set_add(&all_else, arena, next, last);
        if (r < 0)
            return r;
    }
    *set = all_else;
    return 0;
}

bool sp_re_set_has(const struct sp_re_set *set, uint32_t point)
{
    size_t low = 0, high = set->n_ranges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ranges[middle].last < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->n_ranges && set->ranges[low].first <= point;
}

/* Adds the lower case of the set's points or, backwards, the points whose lower case is in the set. */
static int add_rows(struct sp_re_set *set, struct sp_arena *arena, bool backwards)
{
    struct sp_re_set before = *set;
    for (size_t i = 0; i < sp_re_case_n_rows; i++) {
        const struct sp_re_case_row *row = &sp_re_case_rows[i];
        for (uint32_t upper = row->first; upper <= row->last; upper += row->step) {
            uint32_t lower = (uint32_t)((int32_t)upper + row->delta);
            int r = sp_re_set_has(&before, backwards ? lower : upper)
                        ? sp_re_set_add(set, arena, backwards ? upper : lower, backwards ? upper : lower)
                        : 0;
            if (r < 0)
                return r;
            /* before.ranges stays valid: the arena frees nothing, and what is added lies behind its end. */
        }
    }
    sp_re_set_tidy(set);
    return 0;
}

uint32_t sp_re_set_lower(uint32_t point, bool ascii)
{
    if (ascii || point < 0x80)
        return point >= 'A' && point <= 'Z' ? point + 32 : point;
    const struct sp_sorted table = {sp_re_case_rows, sp_re_case_n_rows, sizeof(sp_re_case_rows[0])};
    const struct sp_re_case_row *row = sp_sorted_find_point(&table, point);
    return row && (point - row->first) % row->step == 0 ? (uint32_t)((int32_t)point + row->delta) : point;
}

static int fold_ascii(struct sp_re_set *set, struct sp_arena *arena)
{
    struct sp_re_set before = *set;
    for (uint32_t c = 'A'; c <= 'Z'; c++) {
        bool upper = sp_re_set_has(&before, c), lower = sp_re_set_has(&before, c + 32);
        int r = upper != lower ? sp_re_set_add(set, arena, upper ? c + 32 : c, upper ? c + 32 : c) : 0;
        if (r < 0)
            return r;
    }
    sp_re_set_tidy(set);
    return 0;
}

/* Python matches a point when its lower case is in L: the lower case of the set's points, and what shares an upper case
 * with those. */
int sp_re_set_fold(struct sp_re_set *set, struct sp_arena *arena, bool ascii)
{
    sp_re_set_tidy(set);
    if (ascii)
        return fold_ascii(set, arena);
    int r = add_rows(set, arena, false);
    struct sp_re_set lower = *set;
    for (size_t i = 0; r >= 0 && i < sp_re_case_n_extras; i++) {
        const struct sp_re_case_extra *extra = &sp_re_case_extras[i];
        if (!sp_re_set_has(&lower, extra->point))
            continue;
        for (size_t o = 0; r >= 0 && o < SP_COUNT(extra->others) && extra->others[o]; o++)
            r = sp_re_set_add(set, arena, extra->others[o], extra->others[o]);
    }
    if (r < 0)
        return r;
    sp_re_set_tidy(set);
    return add_rows(set, arena, true);
}

int sp_re_set_add_category(
    struct sp_re_set *set, struct sp_arena *arena, enum sp_re_category category, bool ascii_flag, uint32_t last)
{
    bool ascii = ascii_flag || last <= 0x7F, space = category & (SP_RE_SPACE | SP_RE_NO_SPACE);
    if (!ascii && !space)
        return SP_EINTERNAL;
    const struct sp_re_range *rows = ascii_words;
    size_t n_rows = SP_COUNT(ascii_words);
    if (category & (SP_RE_DIGIT | SP_RE_NO_DIGIT)) {
        rows = ascii_digits;
        n_rows = SP_COUNT(ascii_digits);
    } else if (space) {
        rows = ascii_flag ? ascii_spaces : unicode_spaces;
        n_rows = ascii_flag ? SP_COUNT(ascii_spaces) : SP_COUNT(unicode_spaces);
    }
    struct sp_re_set added = {0};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < n_rows; i++)
        r = sp_re_set_add(&added, arena, rows[i].first, rows[i].last);
    if (r >= 0 && category & (SP_RE_NO_DIGIT | SP_RE_NO_SPACE | SP_RE_NO_WORD))
        r = sp_re_set_complement(&added, arena, last);
    for (size_t i = 0; r >= 0 && i < added.n_ranges; i++)
        r = sp_re_set_add(set, arena, added.ranges[i].first, added.ranges[i].last);
    return r;
}
