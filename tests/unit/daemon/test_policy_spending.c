#include <criterion/criterion.h>

#include "daemon/policy_spending.h"

#define SECOND_NS 1000000000ull

static struct sp_policy_spending spending;

static uint64_t spent(uint32_t uid, uint64_t now_s)
{
    return sp_policy_spending_of(&spending, uid, now_s * SECOND_NS);
}

static void spend(uint32_t uid, uint64_t now_s, uint64_t cpu_ns)
{
    sp_policy_spending_add(&spending, uid, now_s * SECOND_NS, cpu_ns);
}

Test(policy_spending, adds_up_each_users_own)
{
    cr_assert_eq(spent(1, 1), 0);
    spend(1, 1, 10);
    spend(2, 1, 5);
    spend(1, 2, 10);
    cr_assert_eq(spent(1, 3), 20);
    cr_assert_eq(spent(2, 3), 5);
    cr_assert_eq(spent(0, 3), 0);
}

Test(policy_spending, forgets_after_a_minute)
{
    spend(1, 1, 10);
    spend(1, 31, 10);
    cr_assert_eq(spent(1, 60), 20);
    cr_assert_eq(spent(1, 61), 0);
    spend(1, 61, 7);
    cr_assert_eq(spent(1, 120), 7);
}

Test(policy_spending, gives_up_the_oldest_for_one_more)
{
    for (uint32_t uid = 0; uid < SP_POLICY_SPENDERS; uid++)
        spend(uid, 1 + uid / 8, 10);
    spend(1000, 10, 3);
    cr_assert_eq(spent(1000, 10), 3);
    cr_assert_eq(spent(SP_POLICY_SPENDERS - 1, 10), 10);
    for (uint32_t uid = 1; uid < SP_POLICY_SPENDERS; uid++)
        cr_assert_eq(spent(uid, 10), 10, "uid %u", uid);
}
