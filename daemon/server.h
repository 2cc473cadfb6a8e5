#ifndef SP_DAEMON_SERVER_H
#define SP_DAEMON_SERVER_H

/* All that lives as long as the daemon. One instance; loop thread only. Each part is opened and closed by its own file;
 * this is only where they find each other. */

#include <stdbool.h>
#include <uv.h>

#include "proto/error.h"

struct sp_config;
struct sp_workers;
struct sp_runtimes;
struct sp_policy_store;
struct sp_audit;
struct sp_stats;
struct sp_listener;
struct sp_quota;
struct sp_jobs;

struct sp_server {
    uv_loop_t *loop;
    struct sp_config *config;     /* replaced by a reload: never kept across a return to the loop */
    struct sp_listener *listener; /* sockets and their connections */
    struct sp_workers *workers;   /* scans */
    struct sp_workers *compilers; /* policies: apart from the scanning threads */
    struct sp_policy_store *policies;
    struct sp_runtimes *runtimes; /* NULL: none is available; run is then SP_ERUNTIME_UNAVAILABLE */
    struct sp_jobs *jobs;
    struct sp_audit *audit;
    struct sp_quota *quota;
    struct sp_stats *stats;
    char instance[33]; /* 32 hex digits: this life */
    bool draining;     /* new work is SP_ESHUTTING_DOWN */
};

#endif
