#ifndef SP_DAEMON_POLICY_PENDING_H
#define SP_DAEMON_POLICY_PENDING_H

/* Policies that are on their way, and who waits for them. Loop thread; the policy store's. */

#include "daemon/policy_source.h"
#include "daemon/policy_store.h"

/* Fills the set of a request: the policy, and the mandatory one. */
void sp_policy_pending_fill(
    struct sp_policy_store *store, struct sp_policy_resolve_request *request, struct sp_policy *policy);
/* What a request that wants the text described is told of it. */
void sp_policy_pending_describe(struct sp_policy_resolve_request *request, const char *name,
    const struct sp_policy_warning *warnings, size_t n_warnings);

/* The request waits for what source becomes, perhaps with others; uid: whose that is, who asks or the operator. Takes the source,
 * also on failure. SP_EBUSY (no room, or the uid has spent too much), SP_EUNKNOWN_POLICY (nothing is compiled here),
 * SP_ESHUTTING_DOWN, SP_ENO_MEMORY. */
int sp_policy_pending_wait(struct sp_policy_store *store, uint32_t uid, struct sp_policy_source *source,
    struct sp_policy_resolve_request *request, struct sp_error *error);
/* The request waits for the policy of that id, if it is on its way. */
bool sp_policy_pending_join(struct sp_policy_store *store, struct sp_str id, struct sp_policy_resolve_request *request);
/* Compiles what is decoded and whose turn it is. Requests may be told. */
void sp_policy_pending_begin(struct sp_policy_store *store);
/* The request waits no more; what nobody waits for is given up. */
void sp_policy_pending_leave(struct sp_policy_resolve_request *request);

#endif
