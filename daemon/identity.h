#ifndef SP_DAEMON_IDENTITY_H
#define SP_DAEMON_IDENTITY_H

/* Who is at the other end of a socket, and what the configuration lets them do. Loop thread. */

#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/request.h"

/* Reads uid, gid, pid and all groups of a connected socket's peer from the kernel: never from the peer. groups is malloc'ed,
 * to be released by fini. Rights are not set. */
int sp_identity_read(int fd, struct sp_identity *ret_identity, struct sp_error *error);
void sp_identity_fini(struct sp_identity *identity);

/* The rights of all matching rules together. The overflow uid and gid, which stand for whatever a user namespace does not
 * map, match no rule. */
unsigned sp_identity_rights(const struct sp_identity *identity, const struct sp_config *config);

/* The most that a run of this identity may ask for: the highest of the rules that match and hold the right to run. */
struct sp_limits sp_identity_ceilings(const struct sp_identity *identity, const struct sp_config *config);
/* May it use the runtime of that name? */
bool sp_identity_may_use(const struct sp_identity *identity, const struct sp_config *config, struct sp_str runtime);

#endif
