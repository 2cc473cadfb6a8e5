#ifndef SP_DAEMON_POLICY_STORE_H
#define SP_DAEMON_POLICY_STORE_H

/* Policies by content and by name: those that callers put, the operator's folder, the presets. Loop thread only; policies
 * are compiled on threads of their own, each once however many ask for it at the same time, and of each uid one at a time. */

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/worker.h"
#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"
#include "scanner/scanner.h"

struct sp_policy_store;

struct sp_policy_store_config {
    uv_loop_t *loop;
    struct sp_workers *compilers;
    const char *folder;           /* *.yaml and *.yml in it are the operator's, named by their file; NULL: none */
    const char *default_policy;   /* a name of the folder, a path, or "preset:…"; NULL: that of SP_PRESET_DEFAULT */
    const char *mandatory_policy; /* likewise; judges besides whatever a request asks for; NULL: none */
    size_t cache_bytes_max;       /* compiled policies that nothing names */
    size_t cache_policies_max;
    size_t user_bytes_max; /* what one uid's policies hold, named or not */
    size_t user_policies_max;
    size_t policy_bytes_max;                /* text or MessagePack of one */
    size_t compiles_max, user_compiles_max; /* on their way: all together, and of one uid */
    uint64_t user_compile_ms;               /* CPU that one uid may spend on compiling within a minute; 0: no bound */
};

/* Bounds for whoever sets none; no strings, no loop, no compilers. */
struct sp_policy_store_config sp_policy_store_config_default(void);

/* Reads and compiles the operator's folder, the default and the mandatory policy; blocks until that is done: for the start,
 * and for --check-config (compilers and loop NULL: nothing can be resolved then but what is there). Strings are copied.
 * SP_EINVALID_POLICY, SP_EINVALID_PATTERN with the file in front of the text, SP_EUNKNOWN_POLICY, SP_EINVALID_CONFIG (a
 * folder that can't be read or that others may write to). */
int sp_policy_store_open(
    const struct sp_policy_store_config *config, struct sp_policy_store **ret_store, struct sp_error *error);
/* After the compilers have stopped. closed is called on the loop once nothing is left (at once without a loop). */
void sp_policy_store_close(struct sp_policy_store *store, void (*closed)(void *context), void *context);

/* ---- resolving what a request names ---- */

/* The policies that judge one request; each is a reference. */
struct sp_policy_set {
    struct sp_policy *policies[SP_SCAN_POLICIES_MAX];
    size_t n_policies;
};
void sp_policy_set_fini(struct sp_policy_set *set);

struct sp_policy_resolve_request {
    void *data;
    /* Exactly once, on the loop, never before resolve or cancel returned; not called where resolve did not return 0.
     * error NULL: set is filled, and the caller's. */
    void (*done)(struct sp_policy_resolve_request *request, const struct sp_error *error);
    /* For policy.put: without the mandatory policy, and with what the text says of itself: name and warnings. */
    bool describe;
    struct sp_policy_set set;
    char name[65];             /* describe: the policy's own, or "" */
    struct sp_buffer warnings; /* describe: a packed list of {path, text}; the caller's to release */
    /* The store's own. */
    struct sp_policy_store *store;
    uint32_t uid;
    struct sp_policy_pending *pending;
    struct sp_policy_resolve_request *next, **link;
    struct sp_error error;
};

/* The policy was at hand: set is filled, done is not called. */
#define SP_POLICY_RESOLVED 1

/* argument: an id, a name, "preset:…", a map, or {yaml: text}; NULL: the default policy. It is not needed any more when
 * this returns. SP_POLICY_RESOLVED, 0 (done follows) or SP_EUNKNOWN_POLICY, SP_EINVALID_REQUEST, SP_EINVALID_POLICY,
 * SP_EBUSY (compile quota), SP_ETOO_LARGE, SP_ENO_MEMORY. done's errors are those and SP_EINVALID_PATTERN. */
int sp_policy_store_resolve(struct sp_policy_store *store, uint32_t uid, const msgpack_object *argument,
    struct sp_policy_resolve_request *request, struct sp_error *error);
/* done follows with SP_ECANCELLED; what others wait for too goes on. Only between a resolve that returned 0 and done. */
void sp_policy_store_cancel(struct sp_policy_resolve_request *request);

/* ---- names ---- */

/* Points the uid's name at the policy. SP_EINVALID_REQUEST (not a name), SP_EDENIED (the operator's), SP_ETOO_LARGE (the
 * uid's bounds). */
int sp_policy_store_name(
    struct sp_policy_store *store, uint32_t uid, struct sp_str name, struct sp_policy *policy, struct sp_error *error);
bool sp_policy_store_is_name(struct sp_str name);

/* Removes the uid's name, or all of the uid's names of an id; appends a map {id, names}. SP_EUNKNOWN_POLICY, SP_EDENIED (the
 * operator's). ret_id has room for SP_POLICY_ID_SIZE. */
int sp_policy_store_remove(struct sp_policy_store *store, uint32_t uid, struct sp_str reference, char *ret_id,
    struct sp_buffer *result, struct sp_error *error);
#define SP_POLICY_ID_SIZE 72 /* "sha256:", 64 digits, NUL */

/* A list of {name, id, origin: "operator" | "own" | "preset"} of what the uid can name, each origin's in the order of names;
 * the presets last, from the one that refuses least to the one that refuses most, with their summary. */
int sp_policy_store_list(struct sp_policy_store *store, uint32_t uid, struct sp_buffer *result);

struct sp_policy_store_stats {
    size_t policies, named, bytes, compiling;
    uint64_t hits, compiled, failed, evicted;
    double compile_ms; /* CPU, all together */
};
void sp_policy_store_stats(const struct sp_policy_store *store, struct sp_policy_store_stats *ret_stats);

#endif
