/* The guard of a start: a child that keeps root for the second that the start takes. Main, while there is one thread. The
 * daemon has given up its rights by the time that most starts fail, and could not remove its socket from root's folder any
 * more; who finds a socket there takes it for a daemon's. The child reads one byte, parses nothing and has no descriptor but
 * its pipe and standard error. */
#include "daemon/socket_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/scope.h"

#define GUARD_FD (STDERR_FILENO + 1)

static _Noreturn void watch(int fd, const char *path, const struct stat *bound)
{
    struct stat now;
    char started;
    if (dup2(fd, GUARD_FD) < 0)
        _exit(1);
    close_range(GUARD_FD + 1, ~0u, 0); /* the socket and its lock are not to be held for longer by us */
    ssize_t n;
    while ((n = read(GUARD_FD, &started, 1)) < 0 && errno == EINTR)
        ;
    /* By now it may be another daemon's. */
    if (n != 1 && lstat(path, &now) == 0 && now.st_dev == bound->st_dev && now.st_ino == bound->st_ino)
        unlink(path);
    _exit(0);
}

int sp_socket_guard_start(
    const struct sp_listen_sockets *sockets, struct sp_socket_guard *ret_guard, struct sp_error *error)
{
    struct stat bound;
    int fds[2];
    if (geteuid() != 0 || !sockets->path[0])
        return 0;
    if (lstat(sockets->path, &bound) < 0)
        return sp_error_errno(error, errno, "the socket");
    if (pipe2(fds, O_CLOEXEC) < 0)
        return sp_error_errno(error, errno, "pipe");
    /* Who ends the daemon by its group must not end the guard before it has done its work. */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[1]);
        watch(fds[0], sockets->path, &bound);
    }
    int failed = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(fds[0]);
    if (pid < 0) {
        close(fds[1]);
        return sp_error_errno(error, failed, "fork");
    }
    *ret_guard = (struct sp_socket_guard){pid, fds[1]};
    return 0;
}

void sp_socket_guard_end(struct sp_socket_guard *guard, bool started)
{
    if (guard->pid <= 0)
        return;
    if (started && write(guard->fd, "", 1) != 1)
        kill(guard->pid, SIGKILL); /* what serves must not lose its socket */
    close(guard->fd);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *guard = SP_SOCKET_GUARD_NONE;
}
