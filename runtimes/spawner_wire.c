/* Packets between the daemon and its spawner, with descriptors beside them. Either end's one thread; no state. */
#include "runtimes/spawner_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/scope.h"

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(SP_SPAWNER_FDS_MAX * sizeof(int))];
};

int sp_spawner_wire_send(int fd, const void *packet, size_t n_bytes, const int fds[SP_SPAWNER_FDS_MAX])
{
    union control control = {0};
    struct iovec part = {(void *)packet, n_bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    size_t n_fds = 0;
    while (n_fds < SP_SPAWNER_FDS_MAX && fds[n_fds] >= 0)
        n_fds++;
    if (n_fds) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

ssize_t sp_spawner_wire_receive(int fd, void *packet, size_t n_bytes, int ret_fds[SP_SPAWNER_FDS_MAX])
{
    union control control;
    struct iovec part = {packet, n_bytes};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    for (unsigned i = 0; i < SP_SPAWNER_FDS_MAX; i++)
        ret_fds[i] = -1;
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return n;
    /* Room for them is rounded up, so that one more may have come. */
    size_t n_fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < n_fds; i++) {
        int one;
        memcpy(&one, CMSG_DATA(header) + i * sizeof one, sizeof one);
        if (i < SP_SPAWNER_FDS_MAX)
            ret_fds[i] = one;
        else
            close(one);
    }
    return n;
}

void sp_spawner_wire_close(int fds[SP_SPAWNER_FDS_MAX])
{
    for (unsigned i = 0; i < SP_SPAWNER_FDS_MAX; i++) {
        sp_close_fd(&fds[i]);
        fds[i] = -1;
    }
}
