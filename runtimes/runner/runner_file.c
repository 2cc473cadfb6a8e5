/* Files that come over the control stream, into the work folder. Done before the program runs; still no name is followed
 * out of the folder or through a link. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/runner/runner_state.h"

int sp_runner_file_open(int dir_fd, const char *name, int flags, mode_t mode)
{
    flags |= O_NOFOLLOW | O_CLOEXEC;
    struct open_how how = {
        .flags = (uint64_t)flags,
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof how);
    /* Engines' kernels and filters may not know openat2. For a single name O_NOFOLLOW says the same. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = openat(dir_fd, name, flags, mode);
    return fd < 0 ? -errno : (int)fd;
}

int sp_runner_file_work(struct sp_runner *runner)
{
    if (runner->work_fd >= 0)
        return 0;
    runner->work_fd = open(runner->config.work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return runner->work_fd < 0 ? -errno : 0;
}

/* Makes the folders that path runs through. Returns a descriptor of the last one and the name in it, or -errno. */
static int make_parents(int work_fd, char *path, const char **ret_name)
{
    sp_cleanup(sp_close_fd) int dir = fcntl(work_fd, F_DUPFD_CLOEXEC, 0);
    if (dir < 0)
        return -errno;
    char *slash;
    while ((slash = strchr(path, '/'))) {
        *slash = '\0';
        if (mkdirat(dir, path, 0755) < 0 && errno != EEXIST)
            return -errno;
        int next = sp_runner_file_open(dir, path, O_RDONLY | O_DIRECTORY, 0);
        if (next < 0)
            return next;
        close(dir);
        dir = next;
        path = slash + 1;
    }
    *ret_name = path;
    return SP_TAKE_FD(dir);
}

int sp_runner_file_begin(struct sp_runner *runner, struct sp_str path, uint32_t mode)
{
    if (!sp_runner_frame_path_ok(path) || mode > 0777)
        return -EINVAL;
    if (runner->file_fd >= 0)
        close(runner->file_fd);
    runner->file_fd = -1;
    int r = sp_runner_file_work(runner);
    if (r < 0)
        return r;
    char copy[SP_FILE_PATH_MAX + 1];
    memcpy(copy, path.ptr, path.n_bytes);
    copy[path.n_bytes] = '\0';
    const char *name = NULL;
    sp_cleanup(sp_close_fd) int dir = make_parents(runner->work_fd, copy, &name);
    if (dir < 0)
        return dir;
    int fd = sp_runner_file_open(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);
    if (fd < 0)
        return fd;
    runner->file_fd = fd;
    return fchmod(fd, mode) < 0 ? -errno : 0;
}

int sp_runner_file_append(struct sp_runner *runner, const uint8_t *bytes, size_t n_bytes)
{
    if (runner->file_fd < 0)
        return -EPROTO;
    while (n_bytes > 0) {
        ssize_t n = write(runner->file_fd, bytes, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes += n;
        n_bytes -= (size_t)n;
    }
    return 0;
}
