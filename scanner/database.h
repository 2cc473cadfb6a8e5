#ifndef SP_SCANNER_DATABASE_H
#define SP_SCANNER_DATABASE_H

/* The compiled form of a list of patterns for one kind of text: Hyperscan's databases, which tell candidates, and
 * PCRE2's code, which decides. Internal to the matcher. Immutable once built; any thread. */

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "scanner/match.h"
#include "scanner/re_print.h"

#define SP_DATABASE_CHUNK 512 /* patterns in one of Hyperscan's databases, at most */

struct sp_database_pattern {
    enum sp_grade grade;
    bool som; /* Hyperscan tells starts */
    pcre2_code *code;
    struct sp_re_weight *weights; /* by offset */
    size_t n_weights;
    uint32_t width_min;       /* bytes of a match, at least */
    uint64_t width_max_bytes; /* at most; UINT64_MAX: no bound */
};

struct sp_database {
    bool utf8;
    struct sp_database_pattern *patterns;
    size_t n_patterns;
    hs_database_t **chunks;
    size_t n_chunks;
    size_t bytes; /* held in all */
};

/* Builds for the patterns as read. On failure an error's path is "[i]". SP_EINVALID_PATTERN for what PCRE2 refuses for
 * its size, SP_ENO_MEMORY, SP_EINTERNAL. */
int sp_database_init(struct sp_database *database, const struct sp_re *const *patterns, size_t n_patterns, bool utf8,
    struct sp_error *error);
void sp_database_fini(struct sp_database *database);

#endif
