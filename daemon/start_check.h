#ifndef SP_DAEMON_START_CHECK_H
#define SP_DAEMON_START_CHECK_H

/* Whether a start would find what the configuration leads to, for --check-config: nothing is made, nothing is started. */

#include "daemon/config.h"
#include "runtimes/spawner.h"

/* Programs, python_prefix, slot_uids, and the folders of socket and state. Main, with the rights of who would start it.
 * SP_EINVALID_CONFIG with the path of the key. What the daemon would start without is a warning in the log. */
int sp_start_check(const struct sp_config *config, const struct sp_spawner_config *spawner, struct sp_error *error);

#endif
