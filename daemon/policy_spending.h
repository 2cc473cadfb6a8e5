#ifndef SP_DAEMON_POLICY_SPENDING_H
#define SP_DAEMON_POLICY_SPENDING_H

/* What users spend on compiling, by the minute. A plain container: knows no clock; now_ns is of one that is never set, and not 0.
 * It has a bounded number of places, and gives up the oldest minute for a user whom it does not know. */

#include <stddef.h>
#include <stdint.h>

#define SP_POLICY_SPENDERS 64

struct sp_policy_spender {
    uint32_t uid;
    uint64_t since_ns, spent_ns; /* since_ns 0: a free place */
};

/* All 0 at first. */
struct sp_policy_spending {
    struct sp_policy_spender spenders[SP_POLICY_SPENDERS];
};

/* CPU that the user has spent within the minute that began with its first look or compilation. */
uint64_t sp_policy_spending_of(struct sp_policy_spending *spending, uint32_t uid, uint64_t now_ns);
void sp_policy_spending_add(struct sp_policy_spending *spending, uint32_t uid, uint64_t now_ns, uint64_t cpu_ns);

#endif
