#ifndef SP_SCANNER_MATCH_H
#define SP_SCANNER_MATCH_H

/* Patterns over one text: the compiled databases of a policy's patterns, and the search that uses them. Knows Python's
 * `re`, Hyperscan, PCRE2; knows no policy, no language, no severity. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"
#include "proto/str.h"

enum sp_match_flag {
    SP_MATCH_IGNORE_CASE = 1 << 0,
    SP_MATCH_MULTILINE = 1 << 1,
    SP_MATCH_DOTALL = 1 << 2,
    SP_MATCH_VERBOSE = 1 << 3,
    SP_MATCH_ASCII = 1 << 4
};

/* How a pattern is searched in one of the two databases. */
enum sp_grade { SP_GRADE_EXACT, SP_GRADE_ENDS, SP_GRADE_PREFILTER, SP_GRADE_PCRE, SP_GRADE_COUNT };
const char *sp_grade_name(enum sp_grade grade);

struct sp_match_pattern {
    struct sp_str pattern; /* Python's re syntax, UTF-8 */
    unsigned flags;        /* enum sp_match_flag */
};

struct sp_matcher;       /* compiled; immutable; any thread */
struct sp_match_scratch; /* one a thread; grows to what the matchers it meets need */

/* Checks one pattern as Python would, and that it cannot match nothing and holds no control character.
 * SP_EINVALID_PATTERN with Python's own wording of the cause in our words, and the position in the text. */
int sp_match_check(const struct sp_match_pattern *pattern, struct sp_error *error);

/* Compiles n patterns, which are copied. SP_EINVALID_PATTERN under the path "[i]"; the other errors of sp_re_read. */
int sp_matcher_new(const struct sp_match_pattern *patterns, size_t n_patterns, struct sp_matcher **ret_matcher,
    struct sp_error *error);
void sp_matcher_free(struct sp_matcher *matcher);
size_t sp_matcher_bytes(const struct sp_matcher *matcher);
struct sp_reach; /* scanner/reach.h */
/* What the patterns can tell of a name in a text. Lives as long as the matcher. */
const struct sp_reach *sp_matcher_reach(const struct sp_matcher *matcher);
enum sp_grade sp_matcher_grade(const struct sp_matcher *matcher, size_t pattern, bool utf8);

int sp_match_scratch_new(struct sp_match_scratch **ret_scratch, struct sp_error *error);
void sp_match_scratch_free(struct sp_match_scratch *scratch);

/* Until it is called again, searches count the work of pattern i on from work[i], which they update: several texts of one
 * source share one budget. NULL: each search counts for itself. */
void sp_match_scratch_carry(struct sp_match_scratch *scratch, uint64_t *work);

/* One match, or the news that pattern's work budget ran out (limit set; start is how far it came). */
struct sp_match {
    uint32_t pattern;
    uint32_t start, end;
    bool limit;
};

/* May this match count? Called with candidate starts in rising order per pattern; returning false makes the search go
 * on behind that start. end is PCRE2's, so the whole match is known. */
typedef bool sp_match_accept(void *context, const struct sp_match *match);

/* All matches of the wanted patterns in text, appended to the arena, ordered by pattern, then start; matches of one
 * pattern do not overlap, as in finditer. wanted: one bool a pattern, or NULL for all. The text need not be UTF-8: a byte
 * that is not is searched as 0x1A. budget_scale_bytes: the size that budgets are computed from (64 x size + 1 MiB).
 * Errors: SP_ENO_MEMORY, SP_ETOO_LARGE (arena). */
int sp_match_search(const struct sp_matcher *matcher, struct sp_match_scratch *scratch, struct sp_str text,
    const bool *wanted, size_t budget_scale_bytes, sp_match_accept *accept, void *context, struct sp_arena *arena,
    struct sp_match **ret_matches, size_t *ret_n_matches, struct sp_error *error);

#endif
