#ifndef SP_DAEMON_POLICY_RELOAD_H
#define SP_DAEMON_POLICY_RELOAD_H

/* The operator's policies anew, in a store that goes on serving. Loop thread only. */

#include "daemon/policy_store.h"

struct sp_policy_folder;

/* The folder, the default and the mandatory policy anew, compiled on the compilers; the old ones serve until all of the new
 * are there. ready is called then, on the loop: negative, with error filled, and nothing changes (NULL: always ready). done exactly once, on the loop, never before
 * start returns, and after ready without a return to the loop; error NULL on success, else nothing has changed. One at a
 * time: SP_EBUSY. */
struct sp_policy_reload {
    void *data;
    int (*ready)(struct sp_policy_reload *reload, struct sp_error *error);
    void (*done)(struct sp_policy_reload *reload, const struct sp_error *error);
    /* The store's own. */
    struct sp_policy_store *store;
    struct sp_policy_folder *folder;
    struct sp_policy_store_config config;
    struct sp_error error;
    struct sp_task task;
};
int sp_policy_reload_start(struct sp_policy_store *store, const struct sp_policy_store_config *config,
    struct sp_policy_reload *reload, struct sp_error *error);

#endif
