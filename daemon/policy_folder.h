#ifndef SP_DAEMON_POLICY_FOLDER_H
#define SP_DAEMON_POLICY_FOLDER_H

/* The operator's policies: what lies in the configured folder, the default and the mandatory one. Immutable once loaded. */

#include <stddef.h>

#include "daemon/policy_cache.h"

struct sp_policy_folder_item {
    char name[SP_POLICY_NAME_MAX + 1];
    struct sp_policy *policy;
};

struct sp_policy_folder {
    char *path, *standard_reference, *mandatory_reference; /* owned; NULL: none */
    size_t policy_bytes_max;
    struct sp_policy_folder_item *items; /* sorted by name */
    size_t n_items;
    bool is_missing;             /* nothing is at the path */
    struct sp_policy *standard;  /* never NULL once loaded */
    struct sp_policy *mandatory; /* NULL: none */
};

/* Copies the strings; nothing is read yet. */
int sp_policy_folder_new(const char *path, const char *standard_reference, const char *mandatory_reference,
    size_t policy_bytes_max, struct sp_policy_folder **ret_folder, struct sp_error *error);
void sp_policy_folder_free(struct sp_policy_folder *folder);

/* Reads and compiles all of it; blocks; any thread. Once. The path of an error is the key of the
 * configuration that led to it, the text names the policy's file and the place in it. */
int sp_policy_folder_load(struct sp_policy_folder *folder, struct sp_error *error);

struct sp_policy *sp_policy_folder_find(const struct sp_policy_folder *folder, struct sp_str name);
struct sp_policy *sp_policy_folder_find_id(const struct sp_policy_folder *folder, struct sp_str id);

/* [a-z0-9][a-z0-9._-]{0,63} */
bool sp_policy_folder_name_valid(struct sp_str name);

#endif
