/* Users and what they spend. Loop thread; the policy store's. */
#include "daemon/policy_spending.h"

#define MINUTE_NS 60000000000ull

static struct sp_policy_spender *find(struct sp_policy_spending *spending, uint32_t uid, uint64_t now_ns)
{
    struct sp_policy_spender *oldest = &spending->spenders[0];
    for (size_t i = 0; i < SP_POLICY_SPENDERS; i++) {
        struct sp_policy_spender *spender = &spending->spenders[i];
        if (spender->uid == uid && spender->since_ns) {
            if (now_ns - spender->since_ns >= MINUTE_NS)
                *spender = (struct sp_policy_spender){.uid = uid, .since_ns = now_ns};
            return spender;
        }
        if (spender->since_ns < oldest->since_ns)
            oldest = spender;
    }
    *oldest = (struct sp_policy_spender){.uid = uid, .since_ns = now_ns};
    return oldest;
}

uint64_t sp_policy_spending_of(struct sp_policy_spending *spending, uint32_t uid, uint64_t now_ns)
{
    return find(spending, uid, now_ns)->spent_ns;
}

void sp_policy_spending_add(struct sp_policy_spending *spending, uint32_t uid, uint64_t now_ns, uint64_t cpu_ns)
{
    find(spending, uid, now_ns)->spent_ns += cpu_ns;
}
