#ifndef SP_SCANNER_SCAN_H
#define SP_SCANNER_SCAN_H

/* One scan as its steps see it. */

#include "scanner/judge.h"
#include "scanner/unit.h"

#define SP_SCAN_DEPTH_MAX        8
#define SP_SCAN_EVALUATED_MAX(n) (4 * (size_t)(n))
#define SP_SCAN_WORK_BYTES(n)    ((256u << 20) + 256 * (size_t)(n))
#define SP_SCAN_WORK_KEEP_BYTES  (32u << 20)
#define SP_SCAN_SOURCE_BYTES_MAX (1u << 30)

/* A policy as one scan uses it. */
struct sp_scan_policy {
    const struct sp_policy *policy;
    bool *wanted;      /* a byte a pattern; rewritten for each pass */
    bool *limited;     /* patterns whose budget ran out: told once, not searched again */
    uint64_t *work;    /* of each pattern, over all texts of the source */
    size_t text_bytes; /* of all texts searched so far: what the budget is computed from */
    uint64_t *hits;    /* a restricted module's rule: where it was found last, as sp_scan_place */
    uint64_t unlisted_hit, dynamic_hit;
};

struct sp_scan {
    const struct sp_tongue *tongue;
    int language;
    struct sp_str dialect;
    struct sp_str source;
    const struct sp_share_view *view; /* of the other files of the program, or NULL */
    struct sp_match_scratch *scratch;
    struct sp_arena *work;   /* what lives as long as the scan */
    struct sp_arena *levels; /* what goes with a unit, by depth: so much is evaluated that it must not add up */
    struct sp_judge judge;
    struct sp_scan_policy policies[SP_SCAN_POLICIES_MAX];
    size_t n_policies;
    size_t evaluated_bytes;
    uint32_t n_units;
    struct sp_explaining *explaining; /* NULL: a scan */
    struct sp_str *modules;           /* canonical names, as found */
    uint32_t n_modules, n_modules_room;
};

/* Looks up language and tongue, checks that the policies serve it, readies their state. */
struct sp_scanner;
int sp_scan_begin(struct sp_scan *scan, struct sp_scanner *scanner, const struct sp_scan_options *options,
    struct sp_str code, struct sp_error *error);

/* A copy that lives as long as the scan. */
int sp_scan_keep(struct sp_scan *scan, struct sp_str text, struct sp_str *ret_text, struct sp_error *error);

/* A finding in a unit: fills in its place in the source from its place in the unit, and how far evaluation lifts its
 * via. */
int sp_scan_add(struct sp_scan *scan, struct sp_unit *unit, struct sp_judge_record record, struct sp_error *error);

/* A bound was reached; policy may be NULL. description lives as long as the work arena. */
int sp_scan_limit(struct sp_scan *scan, struct sp_unit *unit, const struct sp_policy *policy, const char *description,
    uint32_t offset, uint32_t length, struct sp_error *error);

/* The rules, over one unit. */
int sp_pattern_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy,
    const struct sp_canon *canon, struct sp_error *error);
/* Is a pattern of this scope searched in the canonical text? */
bool sp_pattern_in_canonical(enum sp_scope scope);
int sp_module_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, struct sp_error *error);
int sp_dynamic_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, struct sp_error *error);
/* Over the source only. */
int sp_unicode_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, struct sp_error *error);

/* Over the source, before all others. strict: a doubt is SP_EINVALID_CODE with line and column. */
int sp_encoding_rule(struct sp_scan *scan, struct sp_unit *unit, bool strict, struct sp_error *error);

/* All rules of all policies over a unit, then over what it evaluates. */
int sp_scan_unit(struct sp_scan *scan, struct sp_unit *unit, struct sp_error *error);

/* Sets and returns what sp_arena_error says. */
int sp_scan_no_memory(const struct sp_arena *arena, struct sp_error *error);

/* What only explain wants to know: told by the steps as they go; nothing happens in a scan. */
enum sp_drop { SP_DROP_COMMENT, SP_DROP_STRING, SP_DROP_DUPLICATE, SP_DROP_COUNT };
void sp_explain_unit(struct sp_scan *scan, struct sp_unit *unit);
/* rule: its name, which lives as long as its policy. */
void sp_explain_drop(struct sp_scan *scan, struct sp_unit *unit, const char *rule, uint32_t offset, uint32_t length,
    enum sp_drop reason);

#endif
