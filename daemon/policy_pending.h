#ifndef SP_DAEMON_POLICY_PENDING_H
#define SP_DAEMON_POLICY_PENDING_H

/* The store's inside: its state, and policies that are on their way. Nobody includes this but the store's own files. */

#include "daemon/policy_cache.h"
#include "daemon/policy_folder.h"
#include "daemon/policy_source.h"
#include "daemon/policy_store.h"

#define SP_POLICY_DIGESTS  256
#define SP_POLICY_SPENDERS 64

/* What a text turned out to be, so that a policy that comes with each request is decoded once. */
struct sp_policy_digest {
    uint8_t digest[32];
    char id[SP_POLICY_ID_SIZE]; /* "": empty */
};

/* CPU that a uid has spent on compiling since window_ns. */
struct sp_policy_spender {
    uint32_t uid;
    uint64_t window_ns, spent_ns;
};

struct sp_policy_store {
    struct sp_policy_store_config config; /* its strings are the folder's */
    struct sp_policy_folder *folder;
    struct sp_policy_cache cache;
    struct sp_policy_digest digests[SP_POLICY_DIGESTS];
    struct sp_policy_spender spenders[SP_POLICY_SPENDERS];
    struct sp_policy_pending *pending;           /* the oldest first */
    struct sp_policy_resolve_request *cancelled; /* to be told on the next turn of the loop */
    struct sp_policy_reload *reload;
    uv_async_t turn;
    bool has_turn;
    size_t n_pending;
    uint64_t hits, compiled, failed, compile_ns;
    void (*closed)(void *context);
    void *closed_context;
};

/* Fills the set of a request: the policy, and the mandatory one. */
void sp_policy_pending_fill(
    struct sp_policy_store *store, struct sp_policy_resolve_request *request, struct sp_policy *policy);
/* What a request that wants the text described is told of it. */
void sp_policy_pending_describe(struct sp_policy_resolve_request *request, const char *name,
    const struct sp_policy_warning *warnings, size_t n_warnings);

/* The request waits for what source becomes, perhaps with others. Takes the source, also on failure. */
int sp_policy_pending_wait(struct sp_policy_store *store, uint32_t uid, struct sp_policy_source *source,
    struct sp_policy_resolve_request *request, struct sp_error *error);
/* The request waits for the policy of that id, if it is on its way. */
bool sp_policy_pending_join(struct sp_policy_store *store, struct sp_str id, struct sp_policy_resolve_request *request);
/* Compiles what is decoded and whose turn it is. Requests may be told. */
void sp_policy_pending_begin(struct sp_policy_store *store);
/* The request waits no more; what nobody waits for is given up. */
void sp_policy_pending_leave(struct sp_policy_resolve_request *request);

/* Bounds and compilers are config's from now on, strings those of the folder that is in force. */
void sp_policy_store_keep_config(struct sp_policy_store *store, const struct sp_policy_store_config *config);
/* In the folder or the cache; borrowed. */
struct sp_policy *sp_policy_store_find_id(struct sp_policy_store *store, struct sp_str id);

#endif
