#ifndef SP_PROTO_PARAMS_H
#define SP_PROTO_PARAMS_H

/* Parameters of the methods, decoded. Strings point into the message; absent ones have ptr NULL. Bounds that depend on the
 * configuration (the size of code) are checked by the daemon; those here hold for everybody. */

#include "proto/decode.h"
#include "proto/limits.h"

struct sp_params_none {
    char nothing;
};

enum sp_errors_form { SP_ERRORS_STRING, SP_ERRORS_MAP };

struct sp_params_hello {
    struct sp_str client;
    int errors; /* enum sp_errors_form */
};

struct sp_params_policy_put {
    const msgpack_object *policy;
    struct sp_str name;
};

struct sp_params_policy {
    struct sp_str policy;
};

/* Unlike `policy`, what is asked about may also be the policy itself, which needs no name and gets none. */
struct sp_params_policy_get {
    const msgpack_object *policy;
};

/* `policy`, where it appears: an id, a name, "preset:…", the map itself, or {yaml: text}. NULL: the operator's default. */
struct sp_params_scan {
    struct sp_str code, language, path;
    const msgpack_object *policy;
    uint64_t max_violations;
};

struct sp_params_source {
    struct sp_str code, language, path;
};

struct sp_params_scan_batch {
    struct sp_items sources; /* struct sp_params_source */
    const msgpack_object *policy;
    uint64_t max_violations;
};

struct sp_params_explain {
    struct sp_str code, language;
    const msgpack_object *policy;
};

struct sp_params_file {
    struct sp_str path, data;
    uint64_t mode; /* permission bits; 0: not given */
};

struct sp_params_run {
    struct sp_str code, language, runtime, network, input, tag;
    const msgpack_object *policy;
    struct sp_strings argv, libraries, artifacts;
    struct sp_pairs env;
    struct sp_items files;   /* struct sp_params_file */
    struct sp_limits limits; /* 0: not asked for */
    bool stream;
    uint64_t max_violations;
};

/* The notifications cancel {tag} and cancel {msgid}. */
struct sp_params_cancel {
    struct sp_str tag;
    uint64_t msgid; /* UINT64_MAX: not given */
};

extern const struct sp_table sp_limits_table, sp_params_none_table, sp_params_hello_table, sp_params_policy_put_table,
    sp_params_policy_table, sp_params_policy_get_table, sp_params_scan_table, sp_params_scan_batch_table,
    sp_params_explain_table, sp_params_run_table, sp_params_cancel_table;

#endif
