#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/listen.h"

static char dir[64], path[100];
static struct sp_config *config;

static void set_up(void)
{
    struct sp_error error = {0};
    snprintf(dir, sizeof(dir), "/var/tmp/sallyport-unit-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    const struct sp_config_options options = {.socket_path = path, .private_daemon = true, .starter_uid = geteuid()};
    cr_assert_eq(sp_config_parse(&options, SP_STR("socket: {mode: 0640}\n"), &config, &error), 0, "%s", error.text);
}

static void tear_down(void)
{
    char lock[128];
    snprintf(lock, sizeof(lock), "%s.lock", path);
    sp_config_free(config);
    unlink(lock);
    unlink(path);
    rmdir(dir);
}

static int bind_to(struct sp_listen_sockets *sockets, struct sp_error *error)
{
    return sp_listen_bind(config, geteuid(), sockets, error);
}

static int connect_to(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = connect(fd, (struct sockaddr *)&address, sizeof(address));
    close(fd);
    return r;
}

Test(listen_bind, has_its_mode_before_anybody_can_connect, .init = set_up, .fini = tear_down)
{
    struct sp_listen_sockets sockets;
    struct stat stat;
    cr_assert_eq(bind_to(&sockets, NULL), 0);
    cr_assert_eq(lstat(path, &stat), 0);
    cr_assert_eq(stat.st_mode & 0777, 0640);
    cr_assert_eq(connect_to(), -1); /* bound, and not listening */
    cr_assert_eq(sp_listen_begin(&sockets, NULL), 0);
    cr_assert_eq(connect_to(), 0);
    cr_assert(fcntl(sockets.fds[0], F_GETFD) & FD_CLOEXEC);
    sp_listen_unbind(&sockets);
    cr_assert_eq(lstat(path, &stat), -1);
}

static void refuses(mode_t mode, uid_t uid, const char *words)
{
    struct sp_listen_sockets sockets;
    struct sp_error error = {0};
    cr_assert_eq(chmod(dir, mode), 0);
    cr_assert_eq(chown(dir, uid, (gid_t)-1), 0);
    cr_assert_eq(bind_to(&sockets, &error), SP_EINVALID_CONFIG, "%s", words);
    cr_assert_str_eq(error.path, "socket.path");
    cr_assert(strstr(error.text, dir) && strstr(error.text, words), "%s", error.text);
    cr_assert_eq(access(path, F_OK), -1);
    cr_assert_eq(chown(dir, geteuid(), (gid_t)-1), 0);
}

Test(listen_bind, a_folder_that_others_may_change_is_refused, .init = set_up, .fini = tear_down)
{
    struct sp_listen_sockets sockets;
    refuses(0757, geteuid(), "everybody may write to it: chmod go-w it");
    refuses(0775, geteuid(), "its group may write to it: chmod go-w it");
    if (geteuid() == 0) {
        refuses(0755, 12345, "belongs to user 12345");
        refuses(01777, 12345, "belongs to user 12345");
    }
    cr_assert_eq(chmod(dir, 01777), 0);
    cr_assert_eq(bind_to(&sockets, NULL), 0);
    sp_listen_unbind(&sockets);
}

Test(listen_bind, a_second_one_is_refused_while_the_first_holds_the_lock, .init = set_up, .fini = tear_down)
{
    struct sp_listen_sockets first, second;
    struct sp_error error = {0};
    cr_assert_eq(bind_to(&first, NULL), 0);
    cr_assert_eq(bind_to(&second, &error), SP_EBUSY);
    cr_assert_not_null(strstr(error.text, "another daemon"));
    cr_assert_eq(listen(first.fds[0], 1), 0); /* it was left alone */
    cr_assert_eq(connect_to(), 0);
    sp_listen_unbind(&first);
    cr_assert_eq(bind_to(&second, NULL), 0);
    sp_listen_unbind(&second);
}

Test(listen_bind, a_stale_socket_is_replaced_and_a_served_one_is_not, .init = set_up, .fini = tear_down)
{
    struct sp_listen_sockets sockets;
    struct sp_error error = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(fd, 8), 0);
    cr_assert_eq(bind_to(&sockets, &error), SP_EBUSY);
    cr_assert_not_null(strstr(error.text, "another program"));
    close(fd);
    cr_assert_eq(bind_to(&sockets, NULL), 0);
    sp_listen_unbind(&sockets);
}

Test(listen_bind, what_is_no_socket_stays, .init = set_up, .fini = tear_down)
{
    struct sp_listen_sockets sockets;
    struct sp_error error = {0};
    struct stat stat;
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
    cr_assert_eq(bind_to(&sockets, &error), SP_EINVALID_CONFIG);
    cr_assert_eq(lstat(path, &stat), 0);
    cr_assert(S_ISREG(stat.st_mode));
}

/* In a child, because descriptor 3 is the test's own. */
static int take_a_pair(void)
{
    struct sp_listen_sockets sockets;
    char pid[16];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || dup2(pair[0], 3) < 0)
        return 1;
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    if (bind_to(&sockets, NULL) != SP_EINVALID_CONFIG)
        return 2;
    return getenv("LISTEN_FDS") ? 3 : 0;
}

Test(listen_bind, takes_only_listening_sockets_from_the_service_manager, .init = set_up, .fini = tear_down)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(take_a_pair());
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
}
