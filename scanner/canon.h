#ifndef SP_SCANNER_CANON_H
#define SP_SCANNER_CANON_H

/* The canonical second text: the code with each resolved use replaced in place by its canonical spelling, and each folded
 * constant by a plain literal. Patterns are searched in it too, so that `o.system(` is found as `os.system(`. */

#include "scanner/reach.h"
#include "scanner/tongue.h"

#define SP_CANON_NAME_MAX   256
#define SP_CANON_BYTES(n)   (2 * (size_t)(n) + (64u << 10))
#define SP_CANON_LAYERS_MAX 256 /* meanings of one place; all of them together are bounded by the text */

enum sp_canon_kind {
    SP_CANON_NAME,   /* a canonical spelling */
    SP_CANON_FOLDED, /* a literal */
    SP_CANON_JUMP    /* a line break between windows: the text behind it goes on elsewhere in the source */
};

/* [start, end) of the text stands for [from, to) of the source; between regions both run in step. */
struct sp_canon_region {
    uint32_t start, end;
    uint32_t from, to;
    uint32_t body; /* FOLDED: where the literal's content begins; it ends at end - 1 */
    uint8_t kind, via;
};

/* First comes the whole source, up to main_bytes, with one replacement at each place. Where a place has several meanings,
 * or replacements nest, windows follow: some source around each of the others. */
struct sp_canon {
    struct sp_str text; /* the arena's; ptr NULL: it does not differ from the code */
    size_t main_bytes;
    struct sp_canon_region *regions; /* ordered by start */
    uint32_t n_regions;
    bool limited;           /* a bound was reached: uses from limit_at on may not be in the text */
    uint32_t limit_at;      /* in the source */
    const char *limit_what; /* in a user's words */
};

/* What those who search the text can tell of a name in it, over all their patterns, as sp_reach_sign. */
struct sp_canon_reader {
    uint64_t (*sign)(void *context, const struct sp_reach_name *name, uint64_t *work);
    void *context;
};

/* code: the source with its comments blanked. reader: NULL where it is not known who reads. Where all windows together
 * would go past the bound, those are left out that the reader cannot tell from one that stands.
 * SP_ENO_MEMORY, SP_ETOO_LARGE (the arena's bound). */
int sp_canon_build(struct sp_canon *canon, const struct sp_tongue *tongue, struct sp_str code,
    const struct sp_resolution *resolution, const struct sp_canon_reader *reader, struct sp_arena *arena,
    struct sp_error *error);

/* The region that holds an offset of the text, NULL where it lies between regions. */
const struct sp_canon_region *sp_canon_find(const struct sp_canon *canon, uint32_t offset);

/* A range of the text as a range of the source: what it touches of a region is the whole of it. */
void sp_canon_map(const struct sp_canon *canon, uint32_t start, uint32_t end, uint32_t *ret_from, uint32_t *ret_to);

/* Does the range overlap a replacement, or lie next to one? ret_via: the strongest of them. */
bool sp_canon_touches(const struct sp_canon *canon, uint32_t start, uint32_t end, enum sp_via *ret_via);

#endif
