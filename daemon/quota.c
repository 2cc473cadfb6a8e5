/* The accounts of users. Loop thread. An account is found once a connection and is then held by pointer, by the connection
 * and by its requests, which may outlive it. */
#include "daemon/quota.h"

#include <stdlib.h>

#include "proto/list.h"

#define BUCKETS 256

struct sp_quota {
    struct sp_config_bounds bounds;
    struct sp_quota_totals totals;
    struct sp_account *buckets[BUCKETS];
};

int sp_quota_new(const struct sp_config_bounds *bounds, struct sp_quota **ret_quota, struct sp_error *error)
{
    struct sp_quota *quota = calloc(1, sizeof(*quota));
    if (!quota)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    quota->bounds = *bounds;
    *ret_quota = quota;
    return 0;
}

void sp_quota_free(struct sp_quota *quota)
{
    free(quota);
}

void sp_quota_configure(struct sp_quota *quota, const struct sp_config_bounds *bounds)
{
    quota->bounds = *bounds;
}

static struct sp_account **bucket_of(struct sp_quota *quota, uint32_t uid)
{
    return &quota->buckets[(uid ^ uid >> 8 ^ uid >> 16) % BUCKETS];
}

int sp_quota_connect(struct sp_quota *quota, uint32_t uid, struct sp_account **ret_account, struct sp_error *error)
{
    struct sp_account *account = *bucket_of(quota, uid);
    while (account && account->uid != uid)
        account = account->next;
    if (quota->totals.n_connections >= quota->bounds.connections)
        return sp_error_set(error, SP_EBUSY, "there are %zu connections already", quota->totals.n_connections);
    if (account && account->n_connections >= quota->bounds.user_connections)
        return sp_error_set(error, SP_EBUSY, "uid %u has %zu connections already", uid, account->n_connections);
    if (!account) {
        account = calloc(1, sizeof(*account));
        if (!account)
            return sp_error_set(error, SP_ENO_MEMORY, NULL);
        account->quota = quota;
        account->uid = uid;
        SP_LIST_INSERT(bucket_of(quota, uid), account);
        quota->totals.n_users++;
    }
    account->n_connections++;
    quota->totals.n_connections++;
    *ret_account = account;
    return 0;
}

static void free_if_empty(struct sp_account *account)
{
    if (account->n_connections || account->n_requests || account->n_bytes)
        return;
    account->quota->totals.n_users--;
    SP_LIST_REMOVE(account);
    free(account);
}

void sp_quota_disconnect(struct sp_account *account)
{
    account->n_connections--;
    account->quota->totals.n_connections--;
    free_if_empty(account);
}

int sp_quota_take(struct sp_account *account, size_t n_requests, size_t n_bytes, struct sp_error *error)
{
    struct sp_quota *quota = account->quota;
    if (n_requests && account->n_requests + n_requests > quota->bounds.user_requests)
        return sp_error_set(error, SP_EBUSY, "uid %u has %zu requests in flight", account->uid, account->n_requests);
    if (n_bytes && account->n_bytes + n_bytes > quota->bounds.user_bytes)
        return sp_error_set(error, SP_EBUSY, "%zu bytes are in flight for uid %u", account->n_bytes, account->uid);
    account->n_requests += n_requests;
    account->n_bytes += n_bytes;
    quota->totals.n_requests += n_requests;
    quota->totals.n_bytes += n_bytes;
    return 0;
}

void sp_quota_give(struct sp_account *account, size_t n_requests, size_t n_bytes)
{
    account->n_requests -= n_requests;
    account->n_bytes -= n_bytes;
    account->quota->totals.n_requests -= n_requests;
    account->quota->totals.n_bytes -= n_bytes;
    free_if_empty(account);
}

struct sp_quota_totals sp_quota_totals(const struct sp_quota *quota)
{
    return quota->totals;
}
