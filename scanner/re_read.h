#ifndef SP_SCANNER_RE_READ_H
#define SP_SCANNER_RE_READ_H

/* The reader of Python 3.11's `re` grammar. Refuses what re.compile refuses, at the position that re.error tells. */

#include "proto/error.h"
#include "proto/str.h"
#include "scanner/re_tree.h"

/* Reads a pattern under flags (enum sp_match_flag). SP_EINVALID_PATTERN with "cause at position N" (code points), also
 * for what is valid in Python but refused here, with a hint: a pattern that can match nothing, a control character, a
 * character name, a repetition over SP_RE_REPEAT_MAX. SP_ETOO_LARGE, SP_ETOO_DEEP for our bounds, SP_ENO_MEMORY. */
int sp_re_read(struct sp_str pattern, unsigned flags, struct sp_re **ret_re, struct sp_error *error);
void sp_re_free(struct sp_re *re);

#endif
