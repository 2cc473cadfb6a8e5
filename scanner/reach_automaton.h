#ifndef SP_SCANNER_REACH_AUTOMATON_H
#define SP_SCANNER_REACH_AUTOMATON_H

/* The positions of a pattern's tree (one a character, set or dot) and which may follow which: an automaton without its
 * transitions written out. Between reach_build.c, which makes it, and reach.c, which walks it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/re_tree.h"

#define SP_REACH_POSITIONS_MAX 256 /* of a pattern; a larger one tells all names apart */
#define SP_REACH_WORDS_MAX     (SP_REACH_POSITIONS_MAX / 64)
#define SP_REACH_ASCII_WORDS   2
#define SP_REACH_GUARDS_MAX    4

struct sp_reach_set {
    uint64_t words[SP_REACH_WORDS_MAX];
};

/* Positions that come next, or last: anywhere, and where a word begins or ends (\b). */
struct sp_reach_sets {
    struct sp_reach_set free, bounded;
};

struct sp_reach_position {
    uint64_t takes[SP_REACH_ASCII_WORDS]; /* a bit a byte of ASCII */
    struct sp_reach_sets follow;
};

/* A lookaround at an end of the pattern. */
struct sp_reach_guard {
    enum {
        SP_REACH_GUARD_BEFORE,
        SP_REACH_GUARD_AHEAD,
        SP_REACH_GUARD_BEHIND
    } kind; /* in front: looking back, ahead; or behind, looking ahead */
    struct sp_reach_sets first, last;
    bool bounded; /* holds where a word begins or ends, too */
};

struct sp_reach_pattern {
    bool opaque; /* nothing is known of it */
    bool exact;
    struct sp_reach_sets first, last;
    struct sp_reach_guard guards[SP_REACH_GUARDS_MAX];
    size_t n_guards;
    bool guarded_starts; /* there is one in front */
    bool negates;        /* one of them must not hold */
    size_t n_positions;
    struct sp_reach_position positions[];
};

static inline void sp_reach_set_add(struct sp_reach_set *set, size_t i)
{
    set->words[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline bool sp_reach_set_has(const struct sp_reach_set *set, size_t i)
{
    return set->words[i / 64] >> (i % 64) & 1;
}

static inline void sp_reach_set_join(struct sp_reach_set *set, const struct sp_reach_set *other)
{
    for (size_t i = 0; i < SP_REACH_WORDS_MAX; i++)
        set->words[i] |= other->words[i];
}

static inline void sp_reach_sets_join(struct sp_reach_sets *sets, const struct sp_reach_sets *other)
{
    sp_reach_set_join(&sets->free, &other->free);
    sp_reach_set_join(&sets->bounded, &other->bounded);
}

/* As they are behind or in front of a \b. */
static inline void sp_reach_sets_join_bounded(struct sp_reach_sets *sets, const struct sp_reach_sets *other)
{
    sp_reach_set_join(&sets->bounded, &other->free);
    sp_reach_set_join(&sets->bounded, &other->bounded);
}

static inline bool sp_reach_set_meets(const struct sp_reach_set *a, const struct sp_reach_set *b)
{
    uint64_t both = 0;
    for (size_t i = 0; i < SP_REACH_WORDS_MAX; i++)
        both |= a->words[i] & b->words[i];
    return both != 0;
}

/* Allocates *ret_pattern; returns its bytes, or SP_ENO_MEMORY. room: for a pattern of SP_REACH_POSITIONS_MAX positions. */
int sp_reach_build(const struct sp_re *re, struct sp_reach_pattern *room, struct sp_reach_pattern **ret_pattern);

#endif
