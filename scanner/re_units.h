#ifndef SP_SCANNER_RE_UNITS_H
#define SP_SCANNER_RE_UNITS_H

/* What one CHAR or SET of a pattern matches, folded and within the bounds of a kind of text. Internal to the printer. */

#include "scanner/re_tree.h"

struct sp_re_units {
    /* Tidy ranges without surrogates, and the categories among \d \D \w \W that are Unicode's; the latter, and a
     * negation, are left only for utf8. */
    struct sp_re_set set;
};

int sp_re_units_of(const struct sp_re_node *node, bool utf8, struct sp_arena *arena, struct sp_re_units *ret_units);

/* Makes the units of UTF-8 text into plain ranges that are few; *wider where they are more than was meant. */
int sp_re_units_widen(const struct sp_re_node *node, struct sp_re_units *units, struct sp_arena *arena, bool *wider);

#endif
