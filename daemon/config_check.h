#ifndef SP_DAEMON_CONFIG_CHECK_H
#define SP_DAEMON_CONFIG_CHECK_H

/* What the table cannot say: how values hang together, names that become numbers, standards that depend on the machine. */

#include "daemon/config.h"

/* Completes a decoded configuration in place; written is the map it came from. SP_EINVALID_CONFIG with the path. */
int sp_config_check(struct sp_config *config, const msgpack_object *written, const struct sp_config_options *options,
    struct sp_error *error);

/* The names in the rules, into numbers. Called by sp_config_check. */
int sp_config_check_access(struct sp_config *config, struct sp_error *error);

/* A user's or group's number by its name, or by its number in decimal. SP_EINVALID_CONFIG where there is none. */
int sp_config_find_user(struct sp_str name, uint32_t *ret_uid, uint32_t *ret_gid, struct sp_error *error);
int sp_config_find_group(struct sp_str name, uint32_t *ret_gid, struct sp_error *error);

/* Where the daemon's socket lies unless it is told otherwise. */
void sp_config_runtime_dir(const struct sp_config_options *options, char *ret_path, size_t size);

#endif
