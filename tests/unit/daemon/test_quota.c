#include <criterion/criterion.h>

#include "daemon/quota.h"

static const struct sp_config_bounds small = {
    .connections = 3, .user_connections = 2, .user_requests = 4, .user_bytes = 1000};

static struct sp_quota *open_quota(void)
{
    struct sp_quota *quota = NULL;
    cr_assert_eq(sp_quota_new(&small, &quota, NULL), 0);
    return quota;
}

Test(quota, bounds_connections_of_a_user_and_of_all)
{
    struct sp_quota *quota = open_quota();
    struct sp_account *a, *b, *c, *none = NULL;
    struct sp_error error = {0};
    cr_assert_eq(sp_quota_connect(quota, 1, &a, NULL), 0);
    cr_assert_eq(sp_quota_connect(quota, 1, &b, NULL), 0);
    cr_assert_eq(a, b);
    cr_assert_eq(sp_quota_connect(quota, 1, &none, &error), SP_EBUSY);
    cr_assert_null(none);
    cr_assert_eq(sp_quota_connect(quota, 2, &c, NULL), 0);
    cr_assert_neq(a, c);
    cr_assert_eq(sp_quota_connect(quota, 3, &none, NULL), SP_EBUSY);
    sp_quota_disconnect(b);
    cr_assert_eq(sp_quota_connect(quota, 3, &none, NULL), 0);
    sp_quota_disconnect(none);
    sp_quota_disconnect(a);
    sp_quota_disconnect(c);
    cr_assert_eq(sp_quota_totals(quota).n_users, 0);
    cr_assert_eq(sp_quota_totals(quota).n_connections, 0);
    sp_quota_free(quota);
}

Test(quota, takes_all_or_nothing)
{
    struct sp_quota *quota = open_quota();
    struct sp_account *account;
    cr_assert_eq(sp_quota_connect(quota, 1, &account, NULL), 0);
    cr_assert_eq(sp_quota_take(account, 1, 600, NULL), 0);
    cr_assert_eq(sp_quota_take(account, 1, 600, NULL), SP_EBUSY);
    cr_assert_eq(account->n_requests, 1);
    cr_assert_eq(account->n_bytes, 600);
    cr_assert_eq(sp_quota_take(account, 3, 0, NULL), 0);
    cr_assert_eq(sp_quota_take(account, 1, 0, NULL), SP_EBUSY);
    cr_assert_eq(sp_quota_take(account, 0, 400, NULL), 0);
    cr_assert_eq(sp_quota_take(account, 0, 1, NULL), SP_EBUSY);
    sp_quota_give(account, 4, 1000);
    cr_assert_eq(sp_quota_take(account, 1, 1, NULL), 0);
    sp_quota_give(account, 1, 1);
    sp_quota_disconnect(account);
    sp_quota_free(quota);
}

Test(quota, an_account_lives_until_its_last_request_has_ended)
{
    struct sp_quota *quota = open_quota();
    struct sp_account *account, *again;
    cr_assert_eq(sp_quota_connect(quota, 1, &account, NULL), 0);
    cr_assert_eq(sp_quota_take(account, 1, 10, NULL), 0);
    sp_quota_disconnect(account);
    cr_assert_eq(sp_quota_totals(quota).n_users, 1);
    cr_assert_eq(sp_quota_connect(quota, 1, &again, NULL), 0);
    cr_assert_eq(again, account);
    sp_quota_disconnect(again);
    sp_quota_give(account, 1, 10);
    cr_assert_eq(sp_quota_totals(quota).n_users, 0);
    cr_assert_eq(sp_quota_totals(quota).n_requests, 0);
    cr_assert_eq(sp_quota_totals(quota).n_bytes, 0);
    sp_quota_free(quota);
}

Test(quota, users_that_share_a_bucket_are_told_apart)
{
    struct sp_quota *quota = NULL;
    const struct sp_config_bounds wide = {
        .connections = 5000, .user_connections = 2, .user_requests = 9, .user_bytes = 9};
    struct sp_account *accounts[1000];
    cr_assert_eq(sp_quota_new(&wide, &quota, NULL), 0);
    for (uint32_t i = 0; i < 1000; i++)
        cr_assert_eq(sp_quota_connect(quota, i * 256, &accounts[i], NULL), 0);
    cr_assert_eq(sp_quota_totals(quota).n_users, 1000);
    for (uint32_t i = 0; i < 1000; i += 2)
        sp_quota_disconnect(accounts[i]);
    for (uint32_t i = 1; i < 1000; i += 2) {
        struct sp_account *same;
        cr_assert_eq(accounts[i]->uid, i * 256);
        cr_assert_eq(sp_quota_connect(quota, i * 256, &same, NULL), 0);
        cr_assert_eq(same, accounts[i]);
        sp_quota_disconnect(same);
        sp_quota_disconnect(accounts[i]);
    }
    cr_assert_eq(sp_quota_totals(quota).n_users, 0);
    sp_quota_free(quota);
}

Test(quota, new_bounds_hold_from_now_on)
{
    struct sp_quota *quota = open_quota();
    struct sp_account *account;
    struct sp_config_bounds tight = small;
    tight.user_requests = 1;
    cr_assert_eq(sp_quota_connect(quota, 1, &account, NULL), 0);
    cr_assert_eq(sp_quota_take(account, 3, 0, NULL), 0);
    sp_quota_configure(quota, &tight);
    cr_assert_eq(sp_quota_take(account, 1, 0, NULL), SP_EBUSY);
    sp_quota_give(account, 3, 0);
    cr_assert_eq(sp_quota_take(account, 1, 0, NULL), 0);
    sp_quota_give(account, 1, 0);
    sp_quota_disconnect(account);
    sp_quota_free(quota);
}
