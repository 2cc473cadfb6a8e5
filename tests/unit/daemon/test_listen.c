/* Accepting on a real socket, and what is left of it where listening fails or ends. */
#include "served.h"

#include <sys/un.h>

static char path[96];

static void bind_socket(struct sp_listen_sockets *sockets)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(path, sizeof(path), "%s/s", served.folder);
    strcpy(address.sun_path, path);
    *sockets = (struct sp_listen_sockets){.lock_fd = -1, .n_fds = 1};
    sockets->fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(sockets->fds[0], (struct sockaddr *)&address, sizeof(address)), 0);
    strcpy(sockets->path, path);
}

static void start(void)
{
    served_start("");
    /* The one of the fixture has no socket: it gives way to one that has. */
    sp_listen_close(served.server.listener, served_count, NULL);
    served_until(1);
}

static int come(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

Test(listen, takes_who_comes_until_it_stops, .init = start, .fini = served_stop)
{
    struct sp_listen_sockets sockets;
    bind_socket(&sockets);
    cr_assert_eq(sp_listen_begin(&sockets, NULL), 0);
    cr_assert_eq(sp_listen_start(&served.server, &sockets, &served.server.listener, NULL), 0);
    cr_assert_eq(sockets.n_fds, 0, "the sockets were taken");
    int fds[3];
    for (int i = 0; i < 3; i++)
        cr_assert_geq(fds[i] = come(), 0);
    while (served.server.listener->n_connections < 3)
        uv_run(&served.loop, UV_RUN_ONCE);
    sp_listen_stop(served.server.listener);
    cr_assert_eq(access(path, F_OK), -1);
    cr_assert_eq(come(), -1);
    cr_assert_eq(served.server.listener->n_connections, 3, "connections go on");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

Test(listen, leaves_no_socket_behind_where_it_fails, .init = start, .fini = served_stop)
{
    struct sp_listen_sockets sockets;
    bind_socket(&sockets);
    close(sockets.fds[0]);
    sockets.fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_neq(sp_listen_start(&served.server, &sockets, &served.server.listener, NULL), 0);
    cr_assert_eq(access(path, F_OK), -1);
}
