/* Folders under the state directory. Used by the spawner (instances) and by the daemon (a sandbox's /code). Everything
 * goes by descriptor, so that a swapped path element leads nowhere. */
#include "runtimes/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/limits.h"
#include "proto/scope.h"
#include "runtimes/runner_frame.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define DEPTH_MAX    64
#define LOCK_TRIES   100 /* of 1 ms */

static void remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || depth > DEPTH_MAX)
        return;
    int folder = openat(parent, name, FOLDER_FLAGS);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (!entries) {
        sp_close_fd(&folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(folder, entry->d_name, depth + 1);
    closedir(entries);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void sp_folder_remove(int parent, const char *name)
{
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        remove_tree(parent, name, 0);
}

static bool names_instance(const char *name)
{
    return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

/* The lock of a living instance is held by its spawner; what can be locked is nobody's. */
static void reap_dead(int state, const char *own)
{
    int copy = openat(state, ".", FOLDER_FLAGS);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (!names_instance(entry->d_name) || strcmp(entry->d_name, own) == 0)
            continue;
        sp_cleanup(sp_close_fd) int folder = openat(state, entry->d_name, FOLDER_FLAGS);
        if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0)
            sp_folder_remove(state, entry->d_name);
    }
    if (entries)
        closedir(entries);
}

/* Until it is locked, another instance may take it for a dead one's: then, once that has removed it, it is made again. */
int sp_folder_make_locked(int parent, const char *name, mode_t mode)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        struct stat held, named;
        if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
            return -1;
        sp_cleanup(sp_close_fd) int folder = openat(parent, name, FOLDER_FLAGS);
        if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0 && fstat(folder, &held) == 0 &&
            fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && held.st_ino == named.st_ino)
            return SP_TAKE_FD(folder);
        usleep(1000);
    }
    errno = EBUSY;
    return -1;
}

int sp_folder_open_instance(const char *state_dir, const char *instance, uid_t uid, gid_t gid, int *ret_state,
    int *ret_instance, struct sp_error *error)
{
    bool made = mkdir(state_dir, 0711) == 0;
    if (!made && errno != EEXIST)
        return sp_error_errno(error, errno, "making the state directory");
    sp_cleanup(sp_close_fd) int state = open(state_dir, FOLDER_FLAGS);
    if (state < 0)
        return sp_error_errno(error, errno, "opening the state directory");
    if (made && (fchmod(state, 0711) < 0 || (geteuid() == 0 && fchown(state, uid, gid) < 0)))
        return sp_error_errno(error, errno, "the state directory's owner");
    reap_dead(state, instance);
    sp_cleanup(sp_close_fd) int folder = sp_folder_make_locked(state, instance, 0711);
    if (folder < 0)
        return sp_error_errno(error, errno, "making the instance's state directory");
    if (fchmod(folder, 0711) < 0 || (geteuid() == 0 && fchown(folder, uid, gid) < 0))
        return sp_error_errno(error, errno, "the instance's state directory's owner");
    *ret_state = SP_TAKE_FD(state);
    *ret_instance = SP_TAKE_FD(folder);
    return 0;
}

static int write_all(int fd, struct sp_str data)
{
    for (size_t at = 0; at < data.n_bytes;) {
        ssize_t n = write(fd, data.ptr + at, data.n_bytes - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        at += (size_t)n;
    }
    return 0;
}

int sp_folder_write(int folder, struct sp_str path, struct sp_str data, uint32_t mode, struct sp_error *error)
{
    char name[SP_FILE_PATH_MAX + 1];
    if (!sp_runner_frame_path_ok(path))
        return sp_error_set(error, SP_EINVALID_REQUEST, "the path of a file is not relative and plain");
    memcpy(name, path.ptr, path.n_bytes);
    name[path.n_bytes] = 0;
    sp_cleanup(sp_close_fd) int inner = -1;
    char *last = name;
    for (char *slash; (slash = strchr(last, '/')); last = slash + 1) {
        *slash = 0;
        int parent = inner >= 0 ? inner : folder;
        bool made = mkdirat(parent, last, 0755) == 0;
        if (!made && errno != EEXIST)
            return sp_error_errno(error, errno, "making a folder below /code");
        int next = openat(parent, last, FOLDER_FLAGS);
        if (next < 0)
            return errno == ENOTDIR || errno == ELOOP
                       ? sp_error_set(error, SP_EINVALID_REQUEST, "%s: a file and a folder at one path", name)
                       : sp_error_errno(error, errno, "opening a folder below /code");
        if (made)
            fchmod(next, 0755); /* whatever the umask */
        sp_close_fd(&inner);
        inner = next;
    }
    sp_cleanup(sp_close_fd) int fd =
        openat(inner >= 0 ? inner : folder, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? sp_error_set(error, SP_EINVALID_REQUEST, "%s: two files at one path", last)
                               : sp_error_errno(error, errno, "making a file below /code");
    int errno_value = write_all(fd, data);
    if (errno_value || fchmod(fd, mode & 0777) < 0)
        return sp_error_errno(error, errno_value ? errno_value : errno, "writing a file below /code");
    return 0;
}
