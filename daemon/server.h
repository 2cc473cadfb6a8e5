#ifndef SP_DAEMON_SERVER_H
#define SP_DAEMON_SERVER_H

/* All that lives as long as the daemon. One instance; loop thread only. Each part is opened and closed by its own file;
 * this is only where they find each other. */

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "daemon/config.h"
#include "daemon/random_id.h"
#include "proto/error.h"
#include "proto/language.h"

struct sp_workers;
struct sp_runtimes;
struct sp_policy_store;
struct sp_audit;
struct sp_stats;
struct sp_listener;
struct sp_quota;
struct sp_jobs;
struct sp_drain;
struct sp_life;
struct sp_reload;

struct sp_server {
    uv_loop_t *loop;
    struct sp_config *config;     /* replaced by a reload: never kept across a return to the loop */
    struct sp_listener *listener; /* sockets and their connections */
    struct sp_workers *workers;   /* scans */
    struct sp_workers *compilers; /* policies: apart from the scanning threads */
    struct sp_policy_store *policies;
    struct sp_runtimes *runtimes;
    struct sp_jobs *jobs;
    struct sp_audit *audit;
    struct sp_quota *quota;
    struct sp_stats *stats;
    char instance[SP_RANDOM_ID_SIZE]; /* this life */
    bool draining;                    /* new work is SP_ESHUTTING_DOWN */
    struct sp_drain *drain;
    struct sp_life *life;
    struct sp_reload *reload;                /* one that goes on, or NULL */
    struct sp_config_options config_options; /* for a reload */
    bool reads_language[SP_LANGUAGE_COUNT];  /* by the scanner, tried at the start */
    char spawner_reason[320];                /* why there is no spawner */
    pid_t spawner_pid;                       /* 0: there is none, or it has ended */
    bool spawner_lost;                       /* it ended before we did: so do we, with exit status 1 */
    int stop_step;
};

struct sp_listen_sockets;

/* Opens every part, in the order in which they need each other, and listens. The caller has set config, config_options and
 * instance, and runs the loop afterwards, which ends when the daemon has drained. Takes the sockets, and spawner_fd (-1:
 * there is none, and spawner_reason says why). On failure the caller ends the process. */
int sp_server_start(
    struct sp_server *server, struct sp_listen_sockets *sockets, int spawner_fd, struct sp_error *error);
/* The start of the end, once drained: every part is closed, in the other order. */
void sp_server_stop(struct sp_server *server);

#endif
