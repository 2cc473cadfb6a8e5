/* Writing what a sandbox gave out. One thread; the folder is the user's. The names come from a program that nobody trusts,
 * and the folder may hold links from an earlier run: the kernel resolves every step beneath the folder, without links. */
#include "client/cmd/out_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/limits.h"
#include "proto/scope.h"

#define BYTES_MAX (256ull << 20)
#define PARTIAL   ".sallyport-partial"
#define DEPTH_MAX 64

int sp_out_dir_open(struct sp_out_dir *dir, const char *path, struct sp_error *error)
{
    *dir = (struct sp_out_dir){.fd = -1, .files_max = SP_ARTIFACTS_MAX, .bytes_max = BYTES_MAX};
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return sp_error_set(error, SP_EINVALID_REQUEST, "%s: %s", path, strerror(errno));
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0)
        return sp_error_set(error, SP_EINVALID_REQUEST, "%s: %s", path, strerror(errno));
    return 0;
}

void sp_out_dir_close(struct sp_out_dir *dir)
{
    if (dir->fd >= 0)
        close(dir->fd);
    dir->fd = -1;
}

/* A part of a path that names something beneath, and cannot be a file that is being written. */
static bool is_part(struct sp_str part)
{
    return part.n_bytes > 0 && part.n_bytes <= NAME_MAX && !sp_str_is(part, ".") && !sp_str_is(part, "..") &&
           !sp_str_is(part, PARTIAL) && !memchr(part.ptr, '\0', part.n_bytes);
}

static int open_beneath(int folder_fd, const char *name, uint64_t flags, mode_t mode)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, folder_fd, name, &how, sizeof how);
}

static int failed(struct sp_str path, struct sp_error *error)
{
    return sp_error_set(error, SP_EINTERNAL, "%.*s: %s", sp_str_int(path, 200), path.ptr, strerror(errno));
}

static int write_all(int fd, struct sp_str data)
{
    for (size_t at = 0; at < data.n_bytes;) {
        ssize_t n = write(fd, data.ptr + at, data.n_bytes - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += (size_t)n;
    }
    return 0;
}

/* A file of its own, renamed into place when it is whole: what stood there is never written through. */
static int write_file(
    int folder_fd, const char *name, struct sp_str path, struct sp_str data, unsigned mode, struct sp_error *error)
{
    unlinkat(folder_fd, PARTIAL, 0);
    sp_cleanup(sp_close_fd) int fd =
        open_beneath(folder_fd, PARTIAL, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0111 ? 0777 : 0666);
    if (fd < 0)
        return failed(path, error);
    if (write_all(fd, data) == 0 && renameat(folder_fd, PARTIAL, folder_fd, name) == 0)
        return 0;
    int r = failed(path, error);
    unlinkat(folder_fd, PARTIAL, 0);
    return r;
}

int sp_out_dir_write(
    struct sp_out_dir *dir, struct sp_str path, struct sp_str data, unsigned mode, struct sp_error *error)
{
    if (dir->n_files >= dir->files_max || data.n_bytes > dir->bytes_max - dir->n_bytes)
        return sp_error_set(error, SP_ETOO_LARGE, "more files or bytes came than are taken (%u files, %llu bytes)",
            dir->files_max, (unsigned long long)dir->bytes_max);
    sp_cleanup(sp_close_fd) int folder_fd = -1;
    const char *at = path.ptr, *stop = path.ptr + path.n_bytes;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        const char *slash = memchr(at, '/', (size_t)(stop - at));
        struct sp_str part = {at, (size_t)((slash ? slash : stop) - at)};
        char name[NAME_MAX + 1];
        if (!is_part(part))
            break;
        memcpy(name, part.ptr, part.n_bytes);
        name[part.n_bytes] = '\0';
        int above_fd = folder_fd >= 0 ? folder_fd : dir->fd;
        if (!slash) {
            int r = write_file(above_fd, name, path, data, mode, error);
            if (r < 0)
                return r;
            dir->n_files++;
            dir->n_bytes += data.n_bytes;
            return 0;
        }
        if (mkdirat(above_fd, name, 0777) != 0 && errno != EEXIST)
            return failed(path, error);
        int next_fd = open_beneath(above_fd, name, O_RDONLY | O_DIRECTORY, 0);
        if (next_fd < 0)
            return failed(path, error);
        sp_close_fd(&folder_fd);
        folder_fd = next_fd;
        at = slash + 1;
    }
    return sp_error_set(
        error, SP_EINVALID_REQUEST, "a file's path is not one below a folder: %.*s", sp_str_int(path, 200), path.ptr);
}
