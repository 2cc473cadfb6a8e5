#ifndef SP_SCANNER_POLICY_RAW_H
#define SP_SCANNER_POLICY_RAW_H

/* A policy's map as the decoder leaves it: between its tables and the model that is checked and copied from it. All views
 * into the map, or the scratch arena's. */

#include <msgpack.h>

#include "proto/decode.h"
#include "scanner/policy.h"

#define SP_POLICY_RAW_ABSENT SP_SEVERITY_COUNT /* a severity that is not given */

struct sp_policy_raw_rule {
    struct sp_str description, id, cwe, url, fix;
    const msgpack_object *languages;
    int severity;
};

struct sp_policy_raw_pattern {
    struct sp_policy_raw_rule rule;
    struct sp_str pattern;
    struct sp_strings flags;
    int scope;
};

struct sp_policy_raw_module {
    struct sp_policy_raw_rule rule;
    struct sp_str name;
};

struct sp_policy_raw {
    struct sp_str name;
    const msgpack_object *language;
    const msgpack_object *allowed; /* whether it is there at all */
    struct sp_items patterns, modules;
    int threshold, unlisted, dynamic, unicode;
};

/* allowed_modules is decoded apart, as a map of that one key, since an empty list differs from none. */
#define SP_POLICY_RAW_ALLOWED "allowed_modules"
struct sp_policy_raw_allowed {
    struct sp_strings names;
};

extern const struct sp_table sp_policy_raw_table;         /* into struct sp_policy_raw */
extern const struct sp_table sp_policy_raw_allowed_table; /* into struct sp_policy_raw_allowed */

#endif
