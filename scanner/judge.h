#ifndef SP_SCANNER_JUDGE_H
#define SP_SCANNER_JUDGE_H

/* Findings folded into a verdict: counted exactly, kept within a bound, put in order, given their lines and texts. */

#include "scanner/policy.h"

#define SP_JUDGE_TEXT_MAX 200

/* A finding as a step of the scan reports it; strings live as long as the policies or the scan's work arena. */
struct sp_judge_record {
    const struct sp_policy *policy;    /* NULL: of the scanner itself */
    const struct sp_policy_rule *rule; /* NULL: name below */
    const char *name;
    const char *description; /* NULL: the rule's; with a subject: what is said of it, "is not an allowed module" */
    struct sp_str subject;
    enum sp_finding_kind kind;
    enum sp_severity severity;
    enum sp_via via;
    bool blocking;           /* set by the judge */
    uint32_t offset, length; /* in the source */
    struct sp_str inner;     /* the evaluated text that it lies in; ptr NULL: none */
    uint32_t inner_offset, inner_length;
};

struct sp_judge {
    const struct sp_policy *const *policies;
    size_t n_policies;
    bool can_block;        /* some policy's threshold is above safe */
    size_t records_max;    /* how many are told in the end */
    struct sp_arena *work; /* what is needed until the verdict is made */
    struct sp_judge_record *records;
    size_t n_records, n_room;
    size_t counts[SP_SEVERITY_COUNT];
    size_t n_blocking;
};

void sp_judge_init(struct sp_judge *judge, const struct sp_policy *const *policies, size_t n_policies,
    size_t records_max, struct sp_arena *work);

/* Whoever adds has seen to it that the same rule at the same place is added once. SP_ENO_MEMORY, SP_ETOO_LARGE. */
int sp_judge_add(struct sp_judge *judge, struct sp_judge_record record);

/* Fills the verdict's findings, counts, safe, truncated; memory that outlives the scan comes from arena. */
int sp_judge_finish(struct sp_judge *judge, struct sp_str source, struct sp_arena *arena, struct sp_verdict *verdict,
    struct sp_error *error);

#endif
