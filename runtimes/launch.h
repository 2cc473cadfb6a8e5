#ifndef SP_RUNTIMES_LAUNCH_H
#define SP_RUNTIMES_LAUNCH_H

/* The step from the spawner to bubblewrap: fork, and in the child the limits, the mounts, the change of identity. */

#include <stdint.h>
#include <sys/types.h>

#include "proto/error.h"
#include "runtimes/bwrap_argv.h"
#include "runtimes/cgroup.h"

struct sp_launch {
    const struct sp_bwrap_argv *argv;
    const struct sp_cgroup_box *box;
    uid_t uid; /* the slot's; our own: nothing is dropped */
    gid_t gid;
    uint64_t disk_bytes, inodes;
    /* Where no control group holds its share: how many processors it may use (0: all), beginning at the turn-th, so that
     * sandboxes are spread. Best effort. */
    uint64_t n_cpus, turn;
    int stream_fd;  /* becomes standard input and output */
    int errors_fd;  /* becomes standard error */
    int seccomp_fd; /* becomes SP_LAUNCH_SECCOMP_FD */
    int info_fd;    /* becomes SP_LAUNCH_INFO_FD */
};

#define SP_LAUNCH_SECCOMP_FD 3
#define SP_LAUNCH_INFO_FD    4

/* The child's pid. What fails in the child is said on errors_fd in one line, and the child exits with status 127.
 * SP_EINTERNAL. The caller keeps its descriptors. */
int sp_launch(const struct sp_launch *launch, pid_t *ret_pid, struct sp_error *error);

#endif
