#ifndef SP_RUNTIMES_FOLDER_H
#define SP_RUNTIMES_FOLDER_H

/* Folders under the state directory: made, locked, filled, removed; by descriptor, never following a link. Any thread. */

#include <stdint.h>
#include <sys/types.h>

#include "proto/error.h"
#include "proto/str.h"

/* Removes name below parent and all that it holds, at most 64 deep. What cannot be removed stays. */
void sp_folder_remove(int parent, const char *name);

/* Makes (where missing) and opens the instance's folder below state_dir (made too where missing), owned by uid and gid,
 * 0711, with an flock on it for as long as the descriptor is open. Folders of instances that live no more are removed.
 * SP_EINTERNAL. */
int sp_folder_open_instance(const char *state_dir, const char *instance, uid_t uid, gid_t gid, int *ret_state,
    int *ret_instance, struct sp_error *error);

/* Makes (where missing) and opens name below parent, with an flock on it that says for as long as the descriptor is open,
 * however its owner ends, that it is a living one's. The descriptor, or -1 with errno. Waits 100 ms at most. */
int sp_folder_make_locked(int parent, const char *name, mode_t mode);

/* Writes a new file at a checked relative path below folder, with the folders it lies in (0755). Mode is exact.
 * SP_EINVALID_REQUEST (the path is taken), SP_EINTERNAL. */
int sp_folder_write(int folder, struct sp_str path, struct sp_str data, uint32_t mode, struct sp_error *error);

#endif
