#ifndef SP_DAEMON_POLICY_CACHE_H
#define SP_DAEMON_POLICY_CACHE_H

/* Compiled policies by id, and the names that point at them. A plain container: knows no loop and compiles nothing. What no
 * name points at goes when room is needed, the longest unused first, and of the uid first that is past its share. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/str.h"
#include "scanner/scanner.h"

#define SP_POLICY_UID_OPERATOR UINT32_MAX /* no uid: (uid_t)-1 is nobody's */
#define SP_POLICY_NAME_MAX     64

struct sp_policy_entry {
    struct sp_policy *policy; /* a reference */
    uint32_t uid;             /* who had it compiled */
    size_t size_bytes;
    size_t n_names;
    struct sp_policy_entry *chain;         /* of the table by id */
    struct sp_policy_entry *newer, *older; /* by last use */
};

struct sp_policy_name {
    uint32_t uid;
    char text[SP_POLICY_NAME_MAX + 1];
    struct sp_policy_entry *entry;
    struct sp_policy_name *chain;
};

struct sp_policy_cache_bounds {
    size_t bytes_max, policies_max;           /* of those without a name */
    size_t user_bytes_max, user_policies_max; /* a uid: bytes with and without a name (each), names */
};

#define SP_POLICY_CACHE_BUCKETS 512

struct sp_policy_cache {
    struct sp_policy_cache_bounds bounds;
    struct sp_policy_entry *entries[SP_POLICY_CACHE_BUCKETS];
    struct sp_policy_name *names[SP_POLICY_CACHE_BUCKETS];
    struct sp_policy_entry *newest, *oldest;
    size_t n_entries, n_names;
    size_t size_bytes;           /* all */
    size_t loose_bytes, n_loose; /* those without a name */
    uint64_t evicted;
};

void sp_policy_cache_init(struct sp_policy_cache *cache, const struct sp_policy_cache_bounds *bounds);
void sp_policy_cache_fini(struct sp_policy_cache *cache);

/* NULL where it is not there; else it counts as used now. id: "sha256:<hex>". */
struct sp_policy_entry *sp_policy_cache_find(struct sp_policy_cache *cache, struct sp_str id);
/* Adds a policy (a reference is taken), or finds the one of the same id. Never gives up the entry that it returns. */
int sp_policy_cache_add(struct sp_policy_cache *cache, uint32_t uid, struct sp_policy *policy,
    struct sp_policy_entry **ret_entry, struct sp_error *error);

struct sp_policy_entry *sp_policy_cache_find_name(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name);
/* SP_ETOO_LARGE past the uid's bounds, which the operator does not have. */
int sp_policy_cache_set_name(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name,
    struct sp_policy_entry *entry, struct sp_error *error);
bool sp_policy_cache_drop_name(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name);
/* The uid's names (of one entry, or of all with NULL), sorted; an array to be freed, of borrowed pointers. */
int sp_policy_cache_names(const struct sp_policy_cache *cache, uint32_t uid, const struct sp_policy_entry *entry,
    const struct sp_policy_name ***ret_names, size_t *ret_n_names, struct sp_error *error);

#endif
