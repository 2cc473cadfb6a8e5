/* Which code points a single item of a pattern matches. One thread; results live in the caller's arena. */
#include "scanner/re_units.h"

#include "proto/error.h"
#include "scanner/match.h"

#define ASCII_LAST     0x7Fu
#define WIDE_RANGES    16 /* non-ASCII ranges in Hyperscan's print */
#define CATEGORIES_ALL 6

/* Keeps what lies within first..last. */
static int cut(struct sp_re_set *set, struct sp_arena *arena, uint32_t first, uint32_t last)
{
    struct sp_re_set kept = {.categories = set->categories, .negated = set->negated};
    for (size_t i = 0; i < set->n_ranges; i++) {
        uint32_t a = set->ranges[i].first > first ? set->ranges[i].first : first;
        uint32_t b = set->ranges[i].last < last ? set->ranges[i].last : last;
        int r = a <= b ? sp_re_set_add(&kept, arena, a, b) : 0;
        if (r < 0)
            return r;
    }
    *set = kept;
    return 0;
}

static int drop_surrogates(struct sp_re_set *set, struct sp_arena *arena)
{
    struct sp_re_set low = *set, high = *set;
    int r = cut(&low, arena, 0, 0xD7FF);
    if (r == 0)
        r = cut(&high, arena, 0xE000, SP_RE_POINT_MAX);
    for (size_t i = 0; r == 0 && i < high.n_ranges; i++)
        r = sp_re_set_add(&low, arena, high.ranges[i].first, high.ranges[i].last);
    *set = low;
    return r;
}

/* The ranges as written, folded where case is ignored: fresh memory, so that the tree stays as it is. */
static int folded(const struct sp_re_node *node, struct sp_arena *arena, struct sp_re_set *set)
{
    *set = (struct sp_re_set){0};
    int r = 0;
    if (node->kind == SP_RE_CHAR)
        r = sp_re_set_add(set, arena, node->point, node->point);
    for (size_t i = 0; r == 0 && node->kind == SP_RE_SET && i < node->set->n_ranges; i++)
        r = sp_re_set_add(set, arena, node->set->ranges[i].first, node->set->ranges[i].last);
    if (node->kind == SP_RE_SET) {
        set->categories = node->set->categories;
        set->negated = node->set->negated;
    }
    if (r < 0)
        return r;
    sp_re_set_tidy(set);
    return node->flags & SP_MATCH_IGNORE_CASE ? sp_re_set_fold(set, arena, node->flags & SP_MATCH_ASCII) : 0;
}

/* Turns the categories into ranges that have few; the others stay. */
static int expand(struct sp_re_set *set, struct sp_arena *arena, bool ascii_flag, uint32_t last)
{
    unsigned left = 0;
    for (unsigned bit = 0; bit < CATEGORIES_ALL; bit++) {
        unsigned category = set->categories & (1u << bit);
        if (!category)
            continue;
        int r = sp_re_set_add_category(set, arena, (enum sp_re_category)category, ascii_flag, last);
        if (r == SP_EINTERNAL)
            left |= category;
        else if (r < 0)
            return r;
    }
    set->categories = left;
    sp_re_set_tidy(set);
    return 0;
}

int sp_re_units_of(const struct sp_re_node *node, bool utf8, struct sp_arena *arena, struct sp_re_units *ret_units)
{
    struct sp_re_set set;
    int r = folded(node, arena, &set);
    uint32_t last = utf8 ? SP_RE_POINT_MAX : ASCII_LAST;
    if (r == 0)
        r = expand(&set, arena, node->flags & SP_MATCH_ASCII, last);
    if (r == 0)
        r = utf8 ? drop_surrogates(&set, arena) : cut(&set, arena, 0, ASCII_LAST);
    if (r == 0 && !utf8 && set.negated) {
        r = sp_re_set_complement(&set, arena, ASCII_LAST);
        set.negated = false;
    }
    if (r == 0)
        ret_units->set = set;
    return r;
}

int sp_re_units_widen(const struct sp_re_node *node, struct sp_re_units *units, struct sp_arena *arena, bool *wider)
{
    struct sp_re_units ascii;
    int r = sp_re_units_of(node, false, arena, &ascii);
    if (r < 0)
        return r;
    struct sp_re_set *set = &units->set, high = *set;
    if (set->negated) {
        r = sp_re_set_complement(&high, arena, SP_RE_POINT_MAX);
        if (r == 0)
            r = drop_surrogates(&high, arena);
    }
    if (r == 0)
        r = cut(&high, arena, ASCII_LAST + 1, SP_RE_POINT_MAX);
    if (r < 0)
        return r;
    if (set->categories || high.n_ranges > WIDE_RANGES) {
        *wider = true;
        high = (struct sp_re_set){0};
        r = sp_re_set_add(&high, arena, ASCII_LAST + 1, SP_RE_POINT_MAX);
    }
    *set = ascii.set;
    set->categories = 0;
    set->negated = false;
    for (size_t i = 0; r == 0 && i < high.n_ranges; i++)
        r = sp_re_set_add(set, arena, high.ranges[i].first, high.ranges[i].last);
    return r;
}
