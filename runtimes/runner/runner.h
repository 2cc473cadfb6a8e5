#ifndef SP_RUNTIMES_RUNNER_RUNNER_H
#define SP_RUNTIMES_RUNNER_RUNNER_H

/* The runner's one way in, for its main and for tests. */

#include <stdbool.h>

struct sp_runner_config {
    int control_fd;       /* frames come from here; its end means abort */
    int out_fd;           /* frames go here */
    const char *work_dir; /* files go and artifacts come from below it */
    bool is_init; /* PID 1 of its own namespace: kills and reaps everything in it; else its child's group only */
};

/* Runs one program from SPAWN to EXIT. Blocks. Closes both descriptors' work, not the descriptors. Returns the status to
 * leave with: 0 after EXIT or FAIL was written, 1 when it was told to abort or the adapter is gone. */
int sp_runner_run(const struct sp_runner_config *config);

#endif
