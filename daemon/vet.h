#ifndef SP_DAEMON_VET_H
#define SP_DAEMON_VET_H

/* Scans that run nothing: one source judged or explained on a worker, told in the audit, answered. What scan, scan_batch and
 * explain share. */

#include "daemon/policy_store.h"
#include "daemon/request.h"
#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"
#include "scanner/scanner.h"

/* What a worker has to know besides the source; immutable while workers run. */
struct sp_vet_context {
    struct sp_policy_set policies; /* the context's */
    size_t violations_max;
    bool explain;
    size_t reply_bytes_max;
    size_t code_bytes_max;
    /* For the audit. */
    uint32_t uid, gid;
    int32_t pid;
    const char *method;
};

struct sp_vet_source {
    struct sp_str code, language, path; /* path may be absent */
};

/* On a worker: appends the verdict's (or explanation's) map to reply and the audit line to lines. The arena is the scan's.
 * On failure nothing was appended. */
int sp_vet_source(const struct sp_vet_context *context, const struct sp_vet_source *source, struct sp_scanner *scanner,
    struct sp_arena *arena, struct sp_buffer *reply, struct sp_buffer *lines, struct sp_error *error);

/* On the loop: who asks, and the configuration's bounds. */
void sp_vet_context_init(struct sp_vet_context *context, const struct sp_request *request, size_t violations_max);
void sp_vet_context_fini(struct sp_vet_context *context);

/* The whole way of a request with one source: resolves its policy, scans on a worker, replies or fails. */
int sp_vet_start(struct sp_request *request, const struct sp_vet_source *source, const msgpack_object *policy,
    size_t violations_max, bool explain, struct sp_error *error);

/* Hands lines that a worker made to the audit log. */
void sp_vet_audit(struct sp_server *server, const struct sp_buffer *lines);

#endif
