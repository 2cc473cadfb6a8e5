#ifndef SP_DAEMON_POLICY_RELOAD_H
#define SP_DAEMON_POLICY_RELOAD_H

/* The operator's policies anew, in a store that goes on serving. Loop thread only. */

#include "daemon/policy_store.h"

struct sp_policy_folder;

/* One reload; embedded by the caller, who sets the first three fields and keeps it until done. */
struct sp_policy_reload {
    void *data;
    /* All of the new policies are there, on the loop. Negative, with error filled: nothing changes. NULL: always ready. */
    int (*ready)(struct sp_policy_reload *reload, struct sp_error *error);
    /* Exactly once, on the loop, never before start returns, and after ready without a return to the loop. error NULL on
     * success, else nothing has changed. */
    void (*done)(struct sp_policy_reload *reload, const struct sp_error *error);
    /* The store's own. */
    struct sp_policy_store *store;
    struct sp_policy_folder *folder;
    struct sp_policy_store_config config;
    struct sp_error error;
    struct sp_task task;
};

/* The folder, the default and the mandatory policy anew, compiled on the compilers; the old ones serve until all of the new
 * are there. Strings of the configuration are copied. SP_EBUSY while another goes on, or past the compilers' bounds;
 * SP_ESHUTTING_DOWN, SP_ENO_MEMORY. */
int sp_policy_reload_start(struct sp_policy_store *store, const struct sp_policy_store_config *config,
    struct sp_policy_reload *reload, struct sp_error *error);

#endif
