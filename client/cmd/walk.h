#ifndef SP_CLIENT_WALK_H
#define SP_CLIENT_WALK_H

/* The files below a folder, in the order of their names, one at a time. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"

struct sp_walk;

/* Links are not followed, other file systems are entered, at most 200 folders deep. SP_EINVALID_REQUEST: cannot be opened. */
int sp_walk_open(const char *path, struct sp_walk **ret_walk, struct sp_error *error);
void sp_walk_close(struct sp_walk *walk);

/* The next regular file: 1, with its path (the walk's, until the next call) and a descriptor that is the caller's; 0 at the
 * end. Negative for what can't be read (*ret_path set): the walk goes on behind it. */
int sp_walk_next(struct sp_walk *walk, const char **ret_path, int *ret_fd, struct sp_error *error);

/* What was neither a regular file nor a folder. */
uint64_t sp_walk_skipped(const struct sp_walk *walk);

#endif
