#ifndef SP_SCANNER_RE_READER_H
#define SP_SCANNER_RE_READER_H

/* What the parts of the reader share: the grammar (re_read.c), what stands behind "(?" (re_group.c). */

#include "scanner/re_lex.h"
#include "scanner/re_tree.h"

/* Flags of the pattern's own syntax, beside those of enum sp_match_flag. */
#define SP_RE_FLAG_UNICODE  (1u << 8)
#define SP_RE_FLAG_TEMPLATE (1u << 9)

struct sp_re_reader_group {
    uint32_t name, n_name; /* extent in the pattern; n_name 0: unnamed */
    bool closed;
    uint32_t width_min, width_max;
};

struct sp_re_reader {
    struct sp_re_lex lex;
    struct sp_re *re;
    unsigned flags; /* those of the whole pattern, as far as read */
    unsigned depth;
    bool repeats;                                       /* there is a repetition */
    struct sp_re_reader_group groups[SP_RE_GROUPS + 1]; /* 0 is the whole */
    uint32_t n_groups;                                  /* whole included, as Python counts */
    uint32_t lookbehind_groups;                         /* n_groups where the outermost lookbehind began; 0: in none */
    /* The first condition on each group number, and on any larger one: must exist in the end. */
    uint32_t conditions[SP_RE_GROUPS + 1], n_conditions;
    uint32_t condition_positions[SP_RE_GROUPS + 1];
};

/* A new node at `position`; NULL (and lex.code set) without memory. */
struct sp_re_node *sp_re_reader_node(
    struct sp_re_reader *reader, enum sp_re_kind kind, unsigned flags, uint32_t position);

/* Alternatives up to a closing parenthesis or the end, and one alternative. NULL on failure. */
struct sp_re_node *sp_re_reader_alternatives(struct sp_re_reader *reader, unsigned flags);
struct sp_re_node *sp_re_reader_sequence(struct sp_re_reader *reader, unsigned *flags, bool first);

/* What stands behind "(" at `start`. ret_node stays NULL for a comment or global flags, which may change *flags.
 * first: nothing stands before it in the whole pattern. */
void sp_re_reader_group(
    struct sp_re_reader *reader, unsigned *flags, uint32_t start, bool first, struct sp_re_node **ret_node);

/* A reference to a closed group; fails inside a lookbehind where Python does. */
struct sp_re_node *sp_re_reader_backref(struct sp_re_reader *reader, unsigned flags, uint32_t position, uint32_t index);

uint32_t sp_re_width_min(uint64_t width);
uint32_t sp_re_width_max(uint64_t width);

#endif
