#ifndef SP_DAEMON_PRIVILEGE_H
#define SP_DAEMON_PRIVILEGE_H

/* From root to the service's user. Main, before the loop and before anything from outside is parsed. */

#include <sys/types.h>

#include "daemon/config.h"

struct sp_privilege {
    uid_t uid; /* who the daemon will be; as it is now where it was not started by root */
    gid_t gid;
};

/* The configuration's user, else "sallyport" where there is one, else the first of the slots' uids, which the spawner then
 * leaves to it. SP_EINVALID_CONFIG: the user is not there, or is root. */
int sp_privilege_find(const struct sp_config *config, struct sp_privilege *ret_privilege, struct sp_error *error);

/* The folders of socket, state and audit, made where they are missing, for the service's user; a private daemon's socket
 * folder for who starts it. */
int sp_privilege_prepare(const struct sp_config *config, const struct sp_privilege *privilege, struct sp_error *error);

/* For a check that makes nothing: SP_PRIVILEGE_HANDED where prepare would make the audit file's folder or hand it over to the
 * user; 0 where it is left as it is. SP_EINVALID_CONFIG, as prepare, where it could not be made. */
#define SP_PRIVILEGE_HANDED 1
int sp_privilege_check_audit(const struct sp_config *config, struct sp_error *error);

/* Becomes the user for good: groups, gid, uid, no new privileges. Also proves that there is no way back. */
int sp_privilege_drop(const struct sp_privilege *privilege, struct sp_error *error);

#endif
