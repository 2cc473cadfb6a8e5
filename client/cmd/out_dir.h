#ifndef SP_CLIENT_OUT_DIR_H
#define SP_CLIENT_OUT_DIR_H

/* Files from a sandbox, written below a folder and nowhere else. */

#include <stdint.h>

#include "proto/error.h"
#include "proto/str.h"

struct sp_out_dir {
    int fd;
    uint32_t n_files, files_max;
    uint64_t n_bytes, bytes_max;
};

/* Opens the folder, makes it where it is missing (its parent must be there). SP_EINVALID_REQUEST: no such folder. */
int sp_out_dir_open(struct sp_out_dir *dir, const char *path, struct sp_error *error);
void sp_out_dir_close(struct sp_out_dir *dir);

/* Writes one regular file, with the folders on its way. Paths are relative, without "..", "." or empty parts; symbolic
 * links on the way are not followed; what stands at the path is replaced, unless it is a folder. Only the execute bits of
 * mode count. SP_EINVALID_REQUEST (path), SP_ETOO_LARGE (a bound), SP_EINTERNAL (the file system says no). */
int sp_out_dir_write(
    struct sp_out_dir *dir, struct sp_str path, struct sp_str data, unsigned mode, struct sp_error *error);

#endif
