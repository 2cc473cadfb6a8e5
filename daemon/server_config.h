#ifndef SP_DAEMON_SERVER_CONFIG_H
#define SP_DAEMON_SERVER_CONFIG_H

/* What of the configuration each part is told: in one place, for the start and for a reload. Strings are the
 * configuration's. */

#include "daemon/audit.h"
#include "daemon/config.h"
#include "daemon/jobs.h"
#include "daemon/policy_store.h"
#include "daemon/server.h"
#include "runtimes/runtime.h"
#include "runtimes/spawner.h"

struct sp_audit_config sp_server_config_audit(const struct sp_server *server, const struct sp_config *config);
struct sp_policy_store_config sp_server_config_policies(const struct sp_server *server, const struct sp_config *config);
struct sp_jobs_config sp_server_config_jobs(struct sp_server *server, const struct sp_config *config);
struct sp_runtimes_config sp_server_config_runtimes(struct sp_server *server, const struct sp_config *config);
struct sp_spawner_config sp_server_config_spawner(const struct sp_server *server, const struct sp_config *config);

#endif
