#ifndef SP_RUNTIMES_FILTER_H
#define SP_RUNTIMES_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

/* Which system calls pass, as seccomp's BPF for this machine's architecture. An allow-list; what is not on it fails with
 * EPERM, what is newer than the list and clone3 with ENOSYS (so that libraries fall back), and a call of a foreign
 * architecture (i386, x32) kills the process. */
enum sp_filter_kind {
    SP_FILTER_RUNNER, /* for the whole sandbox (bwrap --seccomp): what the runner needs besides its program */
    SP_FILTER_PROGRAM /* the runner loads it in the program, before exec: prlimit64 of itself only, no further filters */
};

/* memory_held: a memory cgroup holds the sandbox; without one memfd_create and System V memory, which no rlimit counts,
 * are refused. The bytes are struct sock_filter, for free(). SP_EINTERNAL, SP_ENO_MEMORY. Any thread. */
int sp_filter_build(
    enum sp_filter_kind kind, bool memory_held, uint8_t **ret_bytes, size_t *ret_n_bytes, struct sp_error *error);

#endif
