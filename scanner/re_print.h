#ifndef SP_SCANNER_RE_PRINT_H
#define SP_SCANNER_RE_PRINT_H

/* A read pattern in the words of the two engines, for the two kinds of text: ASCII bytes, and valid UTF-8. PCRE2's
 * print means exactly what Python means; Hyperscan's matches that and perhaps more, never less. Nothing in a print
 * depends on the engines' own notion of a class, of case, or of Unicode, but for \p{L}, \p{N} and \p{Nd} in PCRE2's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"
#include "scanner/re_tree.h"

#define SP_RE_PRINT_BYTES     (128u * 1024)
#define SP_RE_HYPERSCAN_BYTES 15000u /* Hyperscan takes 16000 */

/* Callouts of the print besides the automatic ones, "u7" or "a7": the text before it, taken for group 7's by PCRE2's
 * folding of case, counts only if it is that by Python's, of Unicode or of ASCII. */
#define SP_RE_CALLOUT_UNICODE 'u'
#define SP_RE_CALLOUT_ASCII   'a'

/* An item of the print that does more work than its callout tells. */
struct sp_re_weight {
    uint32_t offset; /* of the item in the print */
    uint32_t items;  /* what it costs besides */
    uint32_t group;  /* and the length of what this group captured; 0: none */
};

/* To be compiled with DOTALL, USE_OFFSET_LIMIT, AUTO_CALLOUT, ALT_CIRCUMFLEX and newline LF; with UTF for utf8. */
struct sp_re_pcre2 {
    const char *text; /* terminated; in the arena, as the weights */
    size_t n_bytes;
    bool ucp;         /* \b is Unicode's: UCP needed */
    bool looks_ahead; /* has a lookahead for a certain character, which PCRE2's start optimizations misread */
    bool atomic;      /* has an atomic or possessive group, which its auto-possessification misreads */
    const struct sp_re_weight *weights; /* by offset */
    size_t n_weights;
};

/* SP_ETOO_LARGE, SP_ENO_MEMORY. */
int sp_re_print_pcre2(const struct sp_re *re, bool utf8, struct sp_arena *arena, struct sp_re_pcre2 *ret_print);

/* To be compiled with DOTALL; with UTF8 for utf8. What a match ends with and may go without is left off: the starts are
 * the same, the ends fewer. */
struct sp_re_hyperscan {
    const char *text;
    bool wider;         /* a class, a bound or a boundary is wider than Python's */
    uint32_t positions; /* that its automaton has, about */
    bool structural;    /* lookarounds, references, conditions, atomic parts were dropped */
};

/* at_dropped: print no assertion at all. SP_ETOO_LARGE where Hyperscan would not take it, SP_ENO_MEMORY. */
int sp_re_print_hyperscan(
    const struct sp_re *re, bool utf8, bool at_dropped, struct sp_arena *arena, struct sp_re_hyperscan *ret_print);

#endif
