#ifndef SP_RUNTIMES_SLOT_UID_H
#define SP_RUNTIMES_SLOT_UID_H

#include <stdint.h>

#include "proto/error.h"

/* Files in which somebody may have a uid or gid of a range; NULL members are left out. */
struct sp_slot_uid_files {
    const char *passwd, *group;  /* "name:x:ID:…" */
    const char *subuid, *subgid; /* "name:FIRST:COUNT" */
};

/* SP_EINVALID_CONFIG, naming file and owner, where an id of [first, first + n) is used, or the range is none. except is
 * one id that may be in it (the service's own). files NULL: those of the system. */
int sp_slot_uid_check(
    uint32_t first, uint32_t n, uint32_t except, const struct sp_slot_uid_files *files, struct sp_error *error);

#endif
