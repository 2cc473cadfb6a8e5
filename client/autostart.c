/* Starting the user's private daemon. The caller's thread, which may be one of many in its process: the child does only
 * what is async-signal-safe. The daemon belongs to nobody afterwards; it leaves by itself when it is idle. */
#include "client/autostart.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"

#ifndef SP_DAEMON_PROGRAM
#define SP_DAEMON_PROGRAM "/usr/sbin/sallyportd"
#endif
#define READY_FD     3
#define LIBRARY_NAME "libsallyport.so"

/* The socket's folder: made if need be, ours, closed to others. Opened, so that the lock is made in what was checked. */
static int open_folder(const char *path, int *ret_fd, struct sp_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path || (size_t)(slash - path) >= sizeof folder)
        return sp_error_set(error, SP_EINVALID_REQUEST, "the socket's path has no folder");
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    /* Root's daemon gives up its rights, and must still reach its socket then. */
    if (mkdir(folder, geteuid() == 0 ? 0711 : 0700) != 0 && errno != EEXIST) {
        const char *variable = getenv("XDG_RUNTIME_DIR");
        return sp_error_set(error, SP_EUNREACHABLE, "no folder for a private daemon's socket: %s: %s%s", folder,
            strerror(errno), variable && *variable ? "" : "; set XDG_RUNTIME_DIR to a folder of yours");
    }
    sp_cleanup(sp_close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        return sp_error_set(error, SP_EUNREACHABLE, "%s: %s", folder, strerror(errno));
    if (info.st_uid != geteuid() || (info.st_mode & 022))
        return sp_error_set(error, SP_EDENIED, "%s is not yours alone: its owner and who may write to it", folder);
    *ret_fd = SP_TAKE_FD(fd);
    return 0;
}

static int lock_folder(int folder_fd, uint64_t until_ms, int *ret_fd, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd =
        openat(folder_fd, "autostart.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_error_errno(error, errno, "autostart.lock");
    struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return sp_error_errno(error, errno, "flock");
        if (sp_clock_ms() >= until_ms)
            return sp_error_set(
                error, SP_EUNREACHABLE, "another process is starting a private daemon and does not finish");
        nanosleep(&pause, NULL);
    }
    *ret_fd = SP_TAKE_FD(fd);
    return 0;
}

/* In the child's child: nothing of ours but the readiness pipe goes on, and no signal is blocked or ignored. */
_Noreturn static void become_daemon(const char *program, char *const argv[], int ready_fd)
{
    int null_fd = open("/dev/null", O_RDWR);
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    if (null_fd >= 0 && chdir("/") == 0) {
        /* ready_fd may be any number, also one of those that are written to here. */
        int high_fd = fcntl(ready_fd, F_DUPFD, 64);
        if (high_fd >= 0 && dup2(null_fd, 0) >= 0 && dup2(null_fd, 1) >= 0 && dup2(null_fd, 2) >= 0 &&
            dup2(high_fd, READY_FD) >= 0) {
            close_range(READY_FD + 1, ~0u, 0);
            execv(program, argv);
            ready_fd = READY_FD;
        }
    }
    const char *reason = strerrordesc_np(errno);
    if (!reason)
        reason = "cannot be started";
    ssize_t written = write(ready_fd, reason, strlen(reason));
    (void)written;
    _exit(127);
}

/* Starts the program with a readiness pipe, of which our end comes back. It is nobody's child: its parent ends at once. */
static int spawn(const char *program, const char *path, int *ret_ready_fd, struct sp_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return sp_error_errno(error, errno, "pipe");
    sp_cleanup(sp_close_fd) int read_fd = ends[0];
    sp_cleanup(sp_close_fd) int write_fd = ends[1];
    char number[12];
    snprintf(number, sizeof number, "%d", READY_FD);
    const char *const argv[] = {program, "--private", "--socket", path, "--ready-fd", number, NULL};
    pid_t child = fork();
    if (child < 0)
        return sp_error_errno(error, errno, "fork");
    if (child == 0) {
        setsid();
        pid_t grandchild = fork();
        if (grandchild == 0)
            become_daemon(program, (char *const *)(uintptr_t)argv, write_fd);
        _exit(grandchild < 0 ? 1 : 0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    *ret_ready_fd = SP_TAKE_FD(read_fd);
    return 0;
}

int sp_autostart_read_line(const char *line, struct sp_error *error)
{
    if (strcmp(line, "ready") == 0)
        return 0;
    return sp_error_set(
        error, SP_EUNREACHABLE, "the private daemon did not start: %s", *line ? line : "it ended without a word");
}

/* Reads up to the pipe's end or the first newline. */
static int await_ready(int ready_fd, uint64_t until_ms, struct sp_error *error)
{
    char line[256];
    size_t n_bytes = 0;
    while (n_bytes < sizeof line - 1) {
        uint64_t now = sp_clock_ms();
        struct pollfd poll_fd = {.fd = ready_fd, .events = POLLIN};
        if (now >= until_ms)
            return sp_error_set(error, SP_EUNREACHABLE, "the private daemon was not ready in time");
        if (poll(&poll_fd, 1, until_ms - now < 1000 ? (int)(until_ms - now) : 1000) <= 0)
            continue;
        ssize_t n = read(ready_fd, line + n_bytes, sizeof line - 1 - n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        n_bytes += (size_t)n;
        if (memchr(line, '\n', n_bytes))
            break;
    }
    line[n_bytes] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return sp_autostart_read_line(line, error);
}

bool sp_autostart_beside(const char *library, char *ret_path, size_t size)
{
    char resolved[PATH_MAX];
    const char *slash = realpath(library, resolved) ? strrchr(resolved, '/') : NULL;
    if (!slash || strncmp(slash + 1, LIBRARY_NAME, strlen(LIBRARY_NAME)) != 0)
        return false;
    int n = snprintf(ret_path, size, "%.*s/" SP_SBIN_FROM_LIB "/sallyportd", (int)(slash - resolved), resolved);
    return n >= 0 && (size_t)n < size && access(ret_path, X_OK) == 0;
}

static const char *program_of(const char *given, char room[static PATH_MAX])
{
    static const char anchor; /* something of this library's */
    const char *variable = getenv("SALLYPORT_DAEMON");
    Dl_info info;
    if (given && *given)
        return given;
    if (variable && *variable)
        return variable;
    if (dladdr(&anchor, &info) && info.dli_fname && sp_autostart_beside(info.dli_fname, room, PATH_MAX))
        return room;
    return SP_DAEMON_PROGRAM;
}

int sp_autostart_connect(
    struct sp_wire *wire, const char *path, const char *daemon, unsigned timeout_ms, struct sp_error *error)
{
    uint64_t until_ms = sp_clock_ms() + timeout_ms;
    sp_cleanup(sp_close_fd) int folder_fd = -1;
    sp_cleanup(sp_close_fd) int lock_fd = -1;
    sp_cleanup(sp_close_fd) int ready_fd = -1;
    int r = open_folder(path, &folder_fd, error);
    if (r == 0)
        r = lock_folder(folder_fd, until_ms, &lock_fd, error);
    if (r < 0)
        return r;
    /* Whoever held the lock before us may have started one. */
    int failed = 0;
    struct sp_error refused = {0};
    r = sp_wire_connect(wire, path, timeout_ms, &failed, &refused);
    if (r == 0 || (failed != ENOENT && failed != ECONNREFUSED))
        return r == 0 ? 0 : sp_error_set(error, r, "%s", refused.text);
    char room[PATH_MAX];
    r = spawn(program_of(daemon, room), path, &ready_fd, error);
    if (r == 0)
        r = await_ready(ready_fd, until_ms, error);
    return r < 0 ? r : sp_wire_connect(wire, path, timeout_ms, NULL, error);
}
