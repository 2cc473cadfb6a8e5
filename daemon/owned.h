#ifndef SP_DAEMON_OWNED_H
#define SP_DAEMON_OWNED_H

#include <stdint.h>
#include <sys/stat.h>

#include "proto/error.h"

/* What the daemon believes belongs to root, to who the daemon is at this moment or to also_uid, and nobody else may write to
 * it. SP_EINVALID_CONFIG says what is wrong and what to do; the caller puts the name in front. Any thread; no state. */
int sp_owned_check(const struct stat *info, uint32_t also_uid, struct sp_error *error);

/* The same of the folder that a socket lies in, by the socket's path; a folder with the sticky bit may be written to by others,
 * who cannot take away in it what is not theirs. The text has the name. */
int sp_owned_check_folder_of(const char *path, uint32_t also_uid, struct sp_error *error);

#endif
