#ifndef SP_PROTO_METHOD_H
#define SP_PROTO_METHOD_H

/* The table of methods: name on the wire, the right that a caller needs, its parameters. The daemon adds a handler to each
 * row, the client a call. */

#include "proto/decode.h"
#include "proto/params.h"

/* Rights: identifier, name in the configuration and on the wire. */
#define SP_RIGHTS(X)                                                                                                   \
    X(SCAN, "scan")                                                                                                    \
    X(POLICY, "policy")                                                                                                \
    X(RUN, "run")                                                                                                      \
    X(SESSION, "session")                                                                                              \
    X(EXEC, "exec")                                                                                                    \
    X(OPERATE, "operate")

enum sp_right_number {
#define X(id, name) SP_RIGHT_NUMBER_##id,
    SP_RIGHTS(X)
#undef X
        SP_RIGHT_COUNT
};

enum sp_right {
    SP_RIGHT_NONE = 0,
#define X(id, name) SP_RIGHT_##id = 1 << SP_RIGHT_NUMBER_##id,
    SP_RIGHTS(X)
#undef X
        SP_RIGHT_ALL = (1 << SP_RIGHT_COUNT) - 1
};

/* Name of one right (its bit). */
const char *sp_right_name(unsigned right);
/* NULL-terminated, in the order of the bits: choices for a decoder. */
extern const char *const sp_right_names[SP_RIGHT_COUNT + 1];

/* Identifier, function (sp_method_<function> is its handler), name on the wire, right needed, parameters (sp_params_<name>
 * their struct, sp_params_<name>_table their table), whether it is work, which a draining daemon takes no more of. */
#define SP_METHODS(X)                                                                                                  \
    X(HELLO, hello, "hello", NONE, hello, false)                                                                       \
    X(POLICY_PUT, policy_put, "policy.put", POLICY, policy_put, true)                                                  \
    X(POLICY_GET, policy_get, "policy.get", SCAN, policy_get, false)                                                   \
    X(POLICY_LIST, policy_list, "policy.list", SCAN, none, false)                                                      \
    X(POLICY_REMOVE, policy_remove, "policy.remove", POLICY, policy, true)                                             \
    X(SCAN, scan, "scan", SCAN, scan, true)                                                                            \
    X(SCAN_BATCH, scan_batch, "scan_batch", SCAN, scan_batch, true)                                                    \
    X(EXPLAIN, explain, "explain", SCAN, explain, true)                                                                \
    X(RUN, run, "run", RUN, run, true)                                                                                 \
    X(STATS, stats, "stats", OPERATE, none, false)                                                                     \
    X(RELOAD, reload, "reload", OPERATE, none, true)                                                                   \
    X(DRAIN, drain, "drain", OPERATE, none, false)

enum sp_method_number {
#define X(id, function, name, right, params, work) SP_METHOD_##id,
    SP_METHODS(X)
#undef X
        SP_METHOD_COUNT
};

struct sp_method {
    const char *name;
    unsigned right; /* enum sp_right */
    const struct sp_table *params;
    bool is_work; /* a draining daemon refuses it */
};

extern const struct sp_method sp_methods[SP_METHOD_COUNT];

/* Index into sp_methods, -1 where there is none of that name. */
int sp_method_find(struct sp_str name);

#endif
