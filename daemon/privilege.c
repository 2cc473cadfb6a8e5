/* Giving up root. Main's thread, while there is no other. Whatever fails here ends the start: a daemon that kept more rights
 * than it should would look as healthy as any. */
#include "daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config_check.h"

#define PATH_BYTES 4096 /* every path of the configuration is shorter */

int sp_privilege_find(const struct sp_config *config, struct sp_privilege *ret_privilege, struct sp_error *error)
{
    struct sp_privilege privilege = {.uid = geteuid(), .gid = getegid()};
    if (privilege.uid == 0) {
        uint32_t uid = (uint32_t)config->slot_uids.first, gid = uid;
        const char *key = "user";
        int r = 0;
        if (config->user.ptr) {
            r = sp_config_find_user(config->user, &uid, &gid, error);
        } else if (sp_config_find_user(SP_STR(SP_CONFIG_SERVICE), &uid, &gid, NULL) < 0 && getpwuid(uid)) {
            key = "slot_uids.first"; /* the spawner does not ask whose the service's uid is */
            r = sp_error_set(error, SP_EINVALID_CONFIG,
                "%u is somebody's, and the daemon would be that user: there is none named " SP_CONFIG_SERVICE, uid);
        }
        if (r == 0 && uid == 0)
            r = sp_error_set(error, SP_EINVALID_CONFIG, "must not be root");
        if (r < 0) {
            sp_error_prefix(error, "%s", key);
            return r;
        }
        privilege = (struct sp_privilege){.uid = uid, .gid = gid};
    }
    *ret_privilege = privilege;
    return 0;
}

/* The service manager makes /run/sallyport and /var/log/sallyport for root, who starts us. */
static bool is_ours(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && strcmp(slash + 1, SP_CONFIG_SERVICE) == 0;
}

/* Makes the last one or two folders of the path. owner NULL: they stay those of who starts us. */
static int make_folder(
    const char *path, mode_t mode, const struct sp_privilege *owner, int depth, struct sp_error *error)
{
    struct stat stat_now;
    if (stat(path, &stat_now) == 0) {
        if (!S_ISDIR(stat_now.st_mode))
            return sp_error_set(error, SP_EINVALID_CONFIG, "%s is no folder", path);
        bool stays = !owner || geteuid() != 0 || stat_now.st_uid != 0 || !is_ours(path);
        return stays || lchown(path, owner->uid, owner->gid) == 0 ? 0
                                                                  : sp_error_errno(error, errno, "chown of a folder");
    }
    if (mkdir(path, mode) < 0) {
        char parent[PATH_BYTES];
        snprintf(parent, sizeof(parent), "%s", path);
        char *slash = strrchr(parent, '/');
        if (errno != ENOENT || depth == 0 || !slash || slash == parent)
            return sp_error_set(error, SP_EINVALID_CONFIG, "%s cannot be made: %s", path, strerrordesc_np(errno));
        *slash = '\0';
        int r = make_folder(parent, mode, owner, depth - 1, error);
        if (r < 0)
            return r;
        if (mkdir(path, mode) < 0 && errno != EEXIST)
            return sp_error_set(error, SP_EINVALID_CONFIG, "%s cannot be made: %s", path, strerrordesc_np(errno));
    }
    if (owner && owner->uid != geteuid() && lchown(path, owner->uid, owner->gid) < 0)
        return sp_error_errno(error, errno, "chown of a folder");
    return 0;
}

/* The folder of a file; "" for one at the root. */
static void folder_of(const char *file, char ret_path[PATH_BYTES])
{
    snprintf(ret_path, PATH_BYTES, "%s", file);
    *strrchr(ret_path, '/') = '\0';
}

int sp_privilege_prepare(const struct sp_config *config, const struct sp_privilege *privilege, struct sp_error *error)
{
    char path[PATH_BYTES];
    mode_t mode = config->private_daemon ? 0700 : 0755;
    /* A private daemon's folder stays its user's, who also locks in it; root's must let its daemon through. */
    const struct sp_privilege *socket_owner = config->private_daemon ? NULL : privilege;
    if (config->private_daemon && geteuid() == 0)
        mode = 0711;
    folder_of(config->socket.path.ptr, path);
    int r = path[0] ? make_folder(path, mode, socket_owner, 1, error) : 0;
    if (r < 0)
        return r;
    folder_of(config->state_dir.ptr, path);
    r = path[0] ? make_folder(path, 0711, privilege, 1, error) : 0;
    if (r < 0 || !config->audit.file.ptr)
        return r;
    folder_of(config->audit.file.ptr, path);
    return path[0] ? make_folder(path, 0750, privilege, 0, error) : 0;
}

int sp_privilege_check_audit(const struct sp_config *config, struct sp_error *error)
{
    char path[PATH_BYTES], parent[PATH_BYTES];
    struct stat stat_now;
    if (!config->audit.file.ptr)
        return 0;
    folder_of(config->audit.file.ptr, path);
    if (!path[0])
        return 0;
    if (stat(path, &stat_now) == 0)
        return S_ISDIR(stat_now.st_mode) && geteuid() == 0 && stat_now.st_uid == 0 && is_ours(path)
                   ? SP_PRIVILEGE_HANDED
                   : 0;
    int failed = errno;
    folder_of(path, parent);
    /* A private daemon's own one is beside state_dir, whose folder a start makes too. */
    bool own = config->private_daemon && config->audit.rotate_bytes;
    if (failed == ENOENT && (own || eaccess(parent[0] ? parent : "/", W_OK | X_OK) == 0))
        return SP_PRIVILEGE_HANDED;
    if (failed == ENOENT)
        failed = errno;
    return sp_error_set_at(
        error, SP_EINVALID_CONFIG, "audit.file", "%s cannot be made: %s", path, strerrordesc_np(failed));
}

int sp_privilege_drop(const struct sp_privilege *privilege, struct sp_error *error)
{
    if (geteuid() == 0) {
        if (setgroups(0, NULL) < 0)
            return sp_error_errno(error, errno, "setgroups");
        if (setresgid(privilege->gid, privilege->gid, privilege->gid) < 0)
            return sp_error_errno(error, errno, "setresgid");
        if (setresuid(privilege->uid, privilege->uid, privilege->uid) < 0)
            return sp_error_errno(error, errno, "setresuid");
        if (setuid(0) == 0 || setgid(0) == 0)
            return sp_error_set(error, SP_EINTERNAL, "root could be had back");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return sp_error_errno(error, errno, "no new privileges");
#ifdef __SANITIZE_ADDRESS__
    prctl(PR_SET_DUMPABLE, 1); /* the leak checker attaches to its own process */
#endif
    return 0;
}
