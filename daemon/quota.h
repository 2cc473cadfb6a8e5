#ifndef SP_DAEMON_QUOTA_H
#define SP_DAEMON_QUOTA_H

/* What one user holds of the daemon, over all connections: connections, requests in flight, bytes. Loop thread only. */

#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"

struct sp_quota;

/* One uid's account; lives while it holds anything. */
struct sp_account {
    struct sp_quota *quota;
    uint32_t uid;
    size_t n_connections, n_requests, n_bytes;
    struct sp_account *next, **link;
};

int sp_quota_new(const struct sp_config_bounds *bounds, struct sp_quota **ret_quota, struct sp_error *error);
/* Nothing is held any more. */
void sp_quota_free(struct sp_quota *quota);
/* The bounds from now on; what is held already stays. */
void sp_quota_configure(struct sp_quota *quota, const struct sp_config_bounds *bounds);

/* A connection: SP_EBUSY past the bound of all or of this user. */
int sp_quota_connect(struct sp_quota *quota, uint32_t uid, struct sp_account **ret_account, struct sp_error *error);
/* Gives the connection back; the account may be gone afterwards. */
void sp_quota_disconnect(struct sp_account *account);

/* Requests and bytes, all or nothing: SP_EBUSY past the user's bound. */
int sp_quota_take(struct sp_account *account, size_t n_requests, size_t n_bytes, struct sp_error *error);
void sp_quota_give(struct sp_account *account, size_t n_requests, size_t n_bytes);

struct sp_quota_totals {
    size_t n_users, n_connections, n_requests, n_bytes;
};
struct sp_quota_totals sp_quota_totals(const struct sp_quota *quota);

#endif
