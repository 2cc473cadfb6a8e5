#ifndef SP_SCANNER_RE_TREE_H
#define SP_SCANNER_RE_TREE_H

/* A pattern of Python's `re`, read: what the reader makes and the printer prints. A tree lives in the arena of its
 * sp_re and is immutable once read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "scanner/re_set.h"

#define SP_RE_PATTERN_BYTES 8192 /* longest pattern */
#define SP_RE_DEPTH         100  /* groups within groups */
#define SP_RE_GROUPS        500
#define SP_RE_REPEAT_MAX    65535 /* largest bound of a repetition that PCRE2 takes */
#define SP_RE_INFINITE      UINT32_MAX

enum sp_re_kind {
    SP_RE_SEQUENCE, /* children one behind the other */
    SP_RE_CHAR,     /* one code point */
    SP_RE_SET,
    SP_RE_ANY,       /* `.` */
    SP_RE_AT,        /* enum sp_re_at */
    SP_RE_GROUP,     /* one child */
    SP_RE_BRANCH,    /* children are the alternatives */
    SP_RE_REPEAT,    /* one child */
    SP_RE_LOOK,      /* one child */
    SP_RE_BACKREF,   /* of group `index` */
    SP_RE_CONDITION, /* on group `index`: child "then", and perhaps "else" */
    SP_RE_KIND_COUNT
};

enum sp_re_at {
    SP_RE_AT_BEGIN,      /* \A */
    SP_RE_AT_END,        /* \Z: the very end */
    SP_RE_AT_LINE_BEGIN, /* ^ */
    SP_RE_AT_LINE_END,   /* $ */
    SP_RE_AT_BOUNDARY,
    SP_RE_AT_NO_BOUNDARY
};

enum sp_re_greed { SP_RE_GREEDY, SP_RE_LAZY, SP_RE_POSSESSIVE };

struct sp_re_node {
    enum sp_re_kind kind;
    unsigned flags;    /* enum sp_match_flag, as in force here */
    uint32_t position; /* in the pattern, in code points */
    union {
        uint32_t point;              /* CHAR */
        const struct sp_re_set *set; /* SET, as written: not folded */
        enum sp_re_at at;            /* AT */
        uint32_t index;              /* GROUP (0: not capturing), BACKREF, CONDITION */
        struct {                     /* REPEAT */
            uint32_t min, max;       /* max SP_RE_INFINITE: no bound */
            enum sp_re_greed greed;
        } repeat;
        struct { /* LOOK */
            bool behind, negated;
        } look;
    };
    bool atomic; /* GROUP */
    /* Code points that a match of this node takes, at least and at most, as Python reckons them. */
    uint32_t width_min, width_max;
    struct sp_re_node *child, *next;
};

struct sp_re {
    struct sp_arena arena;
    struct sp_re_node *root; /* a SEQUENCE or a BRANCH */
    uint32_t n_groups;       /* capturing ones */
};

#endif
