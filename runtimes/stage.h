#ifndef SP_RUNTIMES_STAGE_H
#define SP_RUNTIMES_STAGE_H

/* The spawner's mount namespace: what sandboxes are made of, laid out once where bubblewrap finds it. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/error.h"
#include "runtimes/spawner_wire.h"

struct sp_stage {
    int state, codes; /* the state directory, and in it the instance's folder with the lock */
    char instance[40];
};

/* Moves the calling process into a mount namespace of its own (and a user namespace, when it is not root) and lays the
 * stage. SP_EINTERNAL with the reason, SP_ENO_MEMORY. */
int sp_stage_init(const struct sp_spawner_setup *setup, struct sp_stage *ret_stage, struct sp_error *error);
/* Removes the instance's folder. Takes a half-built one. */
void sp_stage_fini(struct sp_stage *stage);

/* In a child between fork and exec: mounts what one sandbox may write to, bounded, owned by uid and gid, in a mount
 * namespace of its own. 0, or a positive errno with what failed. Allocates nothing. */
int sp_stage_make_box(uint64_t disk_bytes, uint64_t inodes, uid_t uid, gid_t gid, const char **ret_what);

#endif
