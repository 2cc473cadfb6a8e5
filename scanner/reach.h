#ifndef SP_SCANNER_REACH_H
#define SP_SCANNER_REACH_H

/* What patterns can tell of a name that stands in a text: whether any match can take a byte of it, and whether two names
 * are one and the same to them. By the positions of each pattern's tree, so that no text needs to be written for it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/str.h"
#include "scanner/re_tree.h"

struct sp_reach {
    struct sp_reach_pattern **patterns;
    size_t n_patterns;
    size_t bytes; /* held in all */
};

/* Immutable once built; any thread. SP_ENO_MEMORY. */
int sp_reach_init(
    struct sp_reach *reach, const struct sp_re *const *patterns, size_t n_patterns, struct sp_error *error);
void sp_reach_fini(struct sp_reach *reach);

/* A name between two bytes of the text around it. */
struct sp_reach_name {
    struct sp_str text; /* ASCII; begins and ends with a letter, a digit or _ */
    unsigned char before, after;
};

#define SP_REACH_NONE    0
#define SP_REACH_UNKNOWN UINT64_MAX

/* What the pattern can tell of the name, as a number: NONE where no match can take a byte of it, else equal for two names
 * that no match can tell apart, or UNKNOWN. Adds the steps it took to *work. */
uint64_t sp_reach_sign(const struct sp_reach *reach, size_t pattern, const struct sp_reach_name *name, uint64_t *work);

/* The sign over several patterns; sign is that of pattern `index`, neither NONE nor UNKNOWN. */
uint64_t sp_reach_join(uint64_t others, size_t index, uint64_t sign);

#endif
