#ifndef SP_DAEMON_POLICY_STORE_INSIDE_H
#define SP_DAEMON_POLICY_STORE_INSIDE_H

/* The store's inside. Nobody includes this but policy_store.c, policy_pending.c and policy_reload.c. */

#include "daemon/policy_cache.h"
#include "daemon/policy_folder.h"
#include "daemon/policy_spending.h"
#include "daemon/policy_store.h"

#define SP_POLICY_DIGESTS 256

/* What a text turned out to be, so that a policy that comes with each request is decoded once. */
struct sp_policy_digest {
    uint8_t digest[32];
    char id[SP_POLICY_ID_SIZE]; /* "": empty */
};

struct sp_policy_store {
    struct sp_policy_store_config config; /* its strings are the folder's */
    struct sp_policy_folder *folder;
    struct sp_policy_cache cache;
    struct sp_policy_digest digests[SP_POLICY_DIGESTS];
    struct sp_policy_spending spending;
    struct sp_policy_pending *pending;           /* the oldest first */
    struct sp_policy_resolve_request *cancelled; /* to be told on the next turn of the loop */
    struct sp_policy_reload *reload;
    char (*preset_ids)[SP_POLICY_ID_SIZE]; /* in the order of sp_preset_all */
    uv_async_t turn;
    bool has_turn;
    size_t n_pending;
    uint64_t hits, compiled, failed, compile_ns;
    void (*closed)(void *context);
    void *closed_context;
};

/* Bounds and compilers are config's from now on, strings those of the folder that is in force. */
void sp_policy_store_keep_config(struct sp_policy_store *store, const struct sp_policy_store_config *config);
/* In the folder or the cache; borrowed. */
struct sp_policy *sp_policy_store_find_id(struct sp_policy_store *store, struct sp_str id);

#endif
