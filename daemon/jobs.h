#ifndef SP_DAEMON_JOBS_H
#define SP_DAEMON_JOBS_H

/* The table of the runs that go on: how many there may be, how long one may wait, what came of those that ended. Loop thread
 * only. */

#include <stddef.h>
#include <stdint.h>

#include "daemon/job.h"

struct sp_jobs_config {
    struct sp_server *server;
    size_t user_jobs_max; /* going on, per uid */
    size_t jobs_max;      /* all together */
    uint64_t wait_ms;     /* from acceptance to the hand-over at most: then SP_ETIMED_OUT; 0: for ever */
};
int sp_jobs_open(const struct sp_jobs_config *config, struct sp_jobs **ret_jobs, struct sp_error *error);
void sp_jobs_configure(struct sp_jobs *jobs, const struct sp_jobs_config *config);
/* Cancels what goes on; closed is called on the loop when no job is left. */
void sp_jobs_close(struct sp_jobs *jobs, void (*closed)(void *context), void *context);

struct sp_jobs_stats {
    uint64_t now[SP_JOB_STATE_COUNT]; /* going on, by state */
    uint64_t ended[SP_JOB_STATE_COUNT];
    uint64_t refused_busy;
};
void sp_jobs_stats(const struct sp_jobs *jobs, struct sp_jobs_stats *ret_stats);

#endif
