#ifndef SP_RUNTIMES_RUNNER_RUNNER_STATE_H
#define SP_RUNTIMES_RUNNER_RUNNER_STATE_H

/* What the files of the runner share. One thread. The runner has no texts and no sp_error: its functions return 0 or a
 * negative errno, which a FAIL frame carries to the adapter. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtimes/runner/runner.h"
#include "runtimes/runner_frame.h"

/* Bytes of the frame that is being carried out, on their way into a pipe of the program. */
struct sp_runner_sink {
    int fd; /* -1: closed, what comes is dropped */
    const uint8_t *bytes;
    size_t n_bytes;
};

struct sp_runner {
    struct sp_runner_config config;

    /* the adapter's frames: in[in_at..n_in) is not carried out yet */
    uint8_t in[SP_RUNNER_FRAME_MAX];
    size_t in_at, n_in;
    bool spawned, went; /* SPAWN, GO were seen */
    struct sp_runner_sink handover, input;

    /* one frame to the adapter: out[out_at..n_out) is not written yet */
    uint8_t out[SP_RUNNER_FRAME_MAX];
    size_t out_at, n_out;

    /* the program */
    pid_t child;            /* 0: none, or reaped */
    uint64_t before_cpu_us; /* what it had used when GO came: its start is not the run's */
    int status;             /* as of waitpid, once it was reaped */
    bool ended;             /* it was reaped */
    int streams[2];         /* its stdout and stderr */
    int ready_fd;           /* its fd 4: -1 once it has spoken or closed it */
    bool ready, said_ready;

    int file_fd; /* the file that FILE_MORE appends to */
    int work_fd; /* config.work_dir; -1 until it is needed */

    bool limited;
    struct sp_limits limits;
    uint32_t limit_flags;

    uint8_t *globs; /* GO's body */
    uint32_t n_globs_bytes;

    int failed; /* a negative errno: FAIL is sent, then the runner leaves */
    const char *failed_at;
};

/* Notes the first failure. Returns the negative errno. */
int sp_runner_fail(struct sp_runner *runner, int negative_errno, const char *what);

/* runner_control.c: carries out what lies in runner->in, until a frame is not whole or waits for a sink. */
int sp_runner_control_handle(struct sp_runner *runner);
/* Writes what a sink holds, as much as its pipe takes. */
void sp_runner_control_drain(struct sp_runner_sink *sink);

/* runner_child.c */
int sp_runner_child_spawn(struct sp_runner *runner, const struct sp_runner_frame *frame);
/* Lowers the limits of the program that was started, or notes them for the one that will be. */
int sp_runner_child_limit(struct sp_runner *runner);
/* CPU time of the program so far, 0 where it cannot be told. */
uint64_t sp_runner_child_cpu_us(const struct sp_runner *runner);

/* runner_file.c */
int sp_runner_file_work(struct sp_runner *runner); /* opens work_fd */
int sp_runner_file_begin(struct sp_runner *runner, struct sp_str path, uint32_t mode);
int sp_runner_file_append(struct sp_runner *runner, const uint8_t *bytes, size_t n_bytes);
/* openat of one name (no '/'), never through a link, never out of the folder. Returns the descriptor or -errno. */
int sp_runner_file_open(int dir_fd, const char *name, int flags, mode_t mode);

/* runner_artifact.c: sends every file below work_dir that a glob matches, within the bounds. Only once nothing runs any
 * more. Returns 0, SP_RUNNER_ARTIFACT_CUT where a bound left some out, or -errno when the adapter is gone. */
#define SP_RUNNER_ARTIFACT_CUT 1
int sp_runner_artifact_send(struct sp_runner *runner);

/* runner_output.c: the one frame on its way to the adapter. put: only when it is empty. */
bool sp_runner_output_empty(const struct sp_runner *runner);
/* Begins a frame; end with sp_runner_output_put. */
struct sp_runner_pack sp_runner_output_pack(struct sp_runner *runner);
void sp_runner_output_put(struct sp_runner *runner, const struct sp_runner_pack *pack);
/* Reads one frame's worth from fd and makes it a frame of type. Returns the bytes read, 0 at the end, or -errno. */
ssize_t sp_runner_output_read(struct sp_runner *runner, enum sp_runner_frame_type type, int fd);
/* Writes what it can without blocking. */
int sp_runner_output_write(struct sp_runner *runner);
/* Blocks until all is written; -EPIPE where the adapter has gone. */
int sp_runner_output_flush(struct sp_runner *runner);

#endif
