#ifndef SP_RUNTIMES_BWRAP_ARGV_H
#define SP_RUNTIMES_BWRAP_ARGV_H

/* The argument vector of bubblewrap: the whole confinement that its command line carries. Pure but for one look at which
 * of the host's top folders are links. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

/* Where the spawner's mount namespace keeps what sandboxes are made of, and what of it a sandbox shows. The stage lies
 * where nothing of the host is needed any more, and not below /tmp, where bubblewrap puts its own root. */
#define SP_STAGE        "/run"
#define SP_STAGE_ETC    SP_STAGE "/etc"
#define SP_STAGE_RUNNER SP_STAGE "/runner"
#define SP_STAGE_CODES  SP_STAGE "/code"   /* the instance's folder of /code directories */
#define SP_STAGE_PREFIX SP_STAGE "/prefix" /* the operator's environment */
#define SP_STAGE_BOX    SP_STAGE "/box"    /* a tmpfs a sandbox: all that it can write to */

/* Inside. */
#define SP_SANDBOX_RUNNER "/.runner"
#define SP_SANDBOX_UID    "1000"

#define SP_BWRAP_ARGV_MAX 128

struct sp_bwrap_plan {
    const char *bwrap;         /* program, argv[0] */
    const char *python_prefix; /* NULL or empty: none */
    uint64_t id;               /* names the /code directory */
    int seccomp_fd, info_fd;   /* as the child will have them */
    bool memory_held;          /* a memory cgroup holds the sandbox */
};

struct sp_bwrap_argv {
    const char *items[SP_BWRAP_ARGV_MAX]; /* ends with NULL; borrowed from the plan, from literals and from text */
    size_t n_items;
    char text[2048];
    size_t n_text;
};

/* SP_EINTERNAL where it does not fit. */
int sp_bwrap_argv_make(const struct sp_bwrap_plan *plan, struct sp_bwrap_argv *ret_argv, struct sp_error *error);

/* Name of a /code directory below its instance's folder; at least 17 bytes. */
void sp_bwrap_argv_code_name(uint64_t id, char *ret_name, size_t size);

#endif
