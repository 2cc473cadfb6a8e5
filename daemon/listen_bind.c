/* The sockets before they serve: the service manager's, or our own, made under a lock. Main, before the loop and before
 * privileges are dropped. */
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/owned.h"
#include "proto/scope.h"

#define BACKLOG 1024

/* 1: sockets came from the service manager. */
static int take_activated(struct sp_listen_sockets *sockets, struct sp_error *error)
{
    int n = sd_listen_fds(1);
    if (n < 0)
        return sp_error_errno(error, -n, "socket activation");
    if (n == 0)
        return 0;
    if (n > SP_LISTEN_SOCKETS_MAX)
        return sp_error_set(error, SP_EINVALID_CONFIG, "more than %d sockets were passed", SP_LISTEN_SOCKETS_MAX);
    for (int i = 0; i < n; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
            return sp_error_set(
                error, SP_EINVALID_CONFIG, "descriptor %d, which was passed, is no listening Unix stream socket", fd);
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
            return sp_error_errno(error, errno, "fcntl");
        sockets->fds[sockets->n_fds++] = fd;
    }
    sockets->activated = true;
    return 1;
}

/* The lock lies beside the socket and is never removed: removing it would let two hold it. */
static int take_lock(const char *path, int *ret_fd, struct sp_error *error)
{
    char lock_path[128];
    snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
    sp_cleanup(sp_close_fd) int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "%s cannot be made: %s", lock_path, strerrordesc_np(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return sp_error_set(error, SP_EBUSY, "another daemon serves %s", path);
    *ret_fd = SP_TAKE_FD(fd);
    return 0;
}

/* Somebody may serve the path without holding our lock. */
static int remove_stale(const struct sockaddr_un *address, struct sp_error *error)
{
    struct stat stat;
    if (lstat(address->sun_path, &stat) < 0)
        return 0;
    if (!S_ISSOCK(stat.st_mode))
        return sp_error_set(error, SP_EINVALID_CONFIG, "%s is there and is no socket", address->sun_path);
    sp_cleanup(sp_close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sp_error_errno(error, errno, "socket");
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno != ECONNREFUSED)
        return sp_error_set(error, SP_EBUSY, "another program serves %s", address->sun_path);
    if (unlink(address->sun_path) < 0)
        return sp_error_errno(error, errno, "a stale socket cannot be removed");
    return 0;
}

static int make_socket(const struct sp_config *config, uint32_t owner_uid, const struct sockaddr_un *address,
    int *ret_fd, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sp_error_errno(error, errno, "socket");
    /* Made with its rights at once: to change them afterwards by its path would follow what somebody put there. */
    mode_t before = umask(~config->socket_mode & 0777);
    int bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    int failed = errno;
    umask(before);
    if (bound < 0)
        return sp_error_set(
            error, SP_EINVALID_CONFIG, "%s cannot be made: %s", address->sun_path, strerrordesc_np(failed));
    gid_t group = config->group_gid == SP_CONFIG_ID_NONE ? (gid_t)-1 : config->group_gid;
    uid_t owner = owner_uid == geteuid() ? (uid_t)-1 : owner_uid;
    if ((owner != (uid_t)-1 || group != (gid_t)-1) && lchown(address->sun_path, owner, group) < 0) {
        int r = sp_error_errno(error, errno, "chown of the socket");
        unlink(address->sun_path);
        return r;
    }
    *ret_fd = SP_TAKE_FD(fd);
    return 0;
}

int sp_listen_bind(
    const struct sp_config *config, uint32_t owner_uid, struct sp_listen_sockets *ret_sockets, struct sp_error *error)
{
    struct sp_listen_sockets sockets = {.lock_fd = -1};
    int r = take_activated(&sockets, error);
    if (r < 0)
        return r;
    if (r > 0) {
        *ret_sockets = sockets;
        return 0;
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", config->socket.path.ptr);
    sp_cleanup(sp_close_fd) int lock_fd = -1;
    /* Whoever else may change the folder could put a link, or a socket of their own, where ours is. */
    r = sp_owned_check_folder_of(address.sun_path, owner_uid, error);
    if (r < 0)
        sp_error_prefix(error, "socket.path");
    if (r == 0)
        r = take_lock(address.sun_path, &lock_fd, error);
    if (r == 0)
        r = remove_stale(&address, error);
    if (r == 0)
        r = make_socket(config, owner_uid, &address, &sockets.fds[0], error);
    if (r < 0)
        return r;
    sockets.n_fds = 1;
    sockets.lock_fd = SP_TAKE_FD(lock_fd);
    memcpy(sockets.path, address.sun_path, sizeof(sockets.path));
    *ret_sockets = sockets;
    return 0;
}

int sp_listen_begin(const struct sp_listen_sockets *sockets, struct sp_error *error)
{
    for (size_t i = 0; i < sockets->n_fds && !sockets->activated; i++)
        if (listen(sockets->fds[i], BACKLOG) < 0)
            return sp_error_errno(error, errno, "listen");
    return 0;
}

void sp_listen_unbind(struct sp_listen_sockets *sockets)
{
    /* Where the folder is not ours the path stays, and the next start finds it stale. */
    if (sockets->path[0])
        unlink(sockets->path);
    for (size_t i = 0; i < sockets->n_fds; i++)
        close(sockets->fds[i]);
    if (sockets->lock_fd >= 0)
        close(sockets->lock_fd);
    *sockets = (struct sp_listen_sockets){.lock_fd = -1};
}
