/* Whose a file is, before it is believed: whoever can change the configuration, a policy or the place of the socket decides
 * what is run. Any thread; no state. */
#include "daemon/owned.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096 /* every path of the configuration is shorter */

static int check_owner(const struct stat *info, uint32_t also_uid, struct sp_error *error)
{
    if (info->st_uid == 0 || info->st_uid == geteuid() || info->st_uid == also_uid)
        return 0;
    if (geteuid() == 0 && also_uid == 0)
        return sp_error_set(error, SP_EINVALID_CONFIG,
            "belongs to user %u, who could change it: it must be root's (chown it)", info->st_uid);
    return sp_error_set(error, SP_EINVALID_CONFIG,
        "belongs to user %u, who could change it: it must be root's or user %u's (chown it)", info->st_uid,
        geteuid() == 0 ? also_uid : geteuid());
}

static int check_writers(const struct stat *info, struct sp_error *error)
{
    if (!(info->st_mode & (S_IWGRP | S_IWOTH)))
        return 0;
    return sp_error_set(error, SP_EINVALID_CONFIG, "%s may write to it: chmod go-w it",
        info->st_mode & S_IWOTH ? "everybody" : "its group");
}

int sp_owned_check(const struct stat *info, uint32_t also_uid, struct sp_error *error)
{
    int r = check_owner(info, also_uid, error);
    return r < 0 ? r : check_writers(info, error);
}

int sp_owned_check_folder_of(const char *path, uint32_t also_uid, struct sp_error *error)
{
    char folder[PATH_BYTES];
    struct stat info;
    struct sp_error inner = {0};
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    const char *name = slash ? folder : ".";
    if (stat(name, &info) < 0)
        return sp_error_set(
            error, SP_EINVALID_CONFIG, "the folder %.200s cannot be looked at: %s", name, strerrordesc_np(errno));
    int r = check_owner(&info, also_uid, &inner);
    if (r == 0 && !(info.st_mode & S_ISVTX))
        r = check_writers(&info, &inner);
    return r < 0 ? sp_error_set(error, r, "the folder %.200s: %s", name, inner.text) : 0;
}
