/* What only a start could fail at. Main's thread, before the rights are given up. A start is what decides; this looks at the same
 * things beforehand and changes none of them. */
#include "daemon/start_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/owned.h"

#define PATH_BYTES 4096 /* every path of the configuration is shorter */

static int wrong(struct sp_error *error, const char *key, const char *path, const char *text, int failed)
{
    return sp_error_set_at(
        error, SP_EINVALID_CONFIG, key, "%.200s %s%s", path, text, failed ? strerrordesc_np(failed) : "");
}

/* The last n_made folders of the path may be missing, where there is somebody to make them. */
static int check_folder(const char *key, const char *path, int n_made, struct sp_error *error)
{
    char folder[PATH_BYTES];
    struct stat info;
    snprintf(folder, sizeof(folder), "%s", path);
    for (int n_missing = 0;; n_missing++) {
        const char *at = folder[0] ? folder : "/";
        if (stat(at, &info) == 0) {
            if (!S_ISDIR(info.st_mode))
                return wrong(error, key, at, "is no folder", 0);
            if (n_missing && eaccess(at, W_OK | X_OK) < 0)
                break;
            return 0;
        }
        if (errno != ENOENT || n_missing == n_made)
            break;
        *strrchr(folder, '/') = '\0';
    }
    return wrong(error, key, path, "cannot be made: ", errno);
}

/* One that is missing is made with the right owner. */
static int check_socket(const struct sp_config *config, const char *folder, uint32_t uid, struct sp_error *error)
{
    struct stat info;
    int r = check_folder("socket.path", folder, 2, error);
    if (r == 0 && stat(folder[0] ? folder : "/", &info) == 0) {
        r = sp_owned_check_folder_of(config->socket.path.ptr, uid, error);
        if (r < 0)
            sp_error_prefix(error, "socket.path");
    }
    return r;
}

static int check_folders(const struct sp_config *config, uint32_t uid, struct sp_error *error)
{
    char socket_folder[PATH_BYTES];
    struct stat info;
    snprintf(socket_folder, sizeof(socket_folder), "%s", config->socket.path.ptr);
    *strrchr(socket_folder, '/') = '\0';
    int r = check_socket(config, socket_folder, uid, error);
    if (r == 0)
        r = check_folder("state_dir", config->state_dir.ptr, 3, error);
    if (r < 0 || !config->python_prefix.ptr)
        return r;
    if (stat(config->python_prefix.ptr, &info) < 0)
        return wrong(error, "python_prefix", config->python_prefix.ptr, "cannot be read: ", errno);
    return S_ISDIR(info.st_mode) ? 0 : wrong(error, "python_prefix", config->python_prefix.ptr, "is no folder", 0);
}

int sp_start_check(const struct sp_config *config, const struct sp_spawner_config *spawner, struct sp_error *error)
{
    struct sp_error note = {0};
    char text[512];
    int r = sp_spawner_check(spawner, &note, error);
    if (note.code)
        sp_log(SP_LOG_WARNING, "nothing can be run: %s", sp_error_format(&note, text, sizeof(text)));
    return r < 0 ? r : check_folders(config, spawner->service_uid, error);
}
