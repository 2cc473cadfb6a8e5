/* What becomes of a socket when a start succeeds, fails, or ends without a word. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/socket_guard.h"

static char folder[64];
static struct sp_listen_sockets sockets;

static void touch(const char *path)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fclose(file);
}

static void set_up(void)
{
    strcpy(folder, "/tmp/sp_guard_XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    sockets = (struct sp_listen_sockets){.lock_fd = -1};
    snprintf(sockets.path, sizeof(sockets.path), "%s/s", folder);
    touch(sockets.path);
}

static void tear_down(void)
{
    unlink(sockets.path);
    rmdir(folder);
}

static void start(struct sp_socket_guard *guard)
{
    struct sp_error error = {0};
    if (geteuid() != 0)
        cr_skip_test("only root has rights to give up");
    *guard = SP_SOCKET_GUARD_NONE;
    cr_assert_eq(sp_socket_guard_start(&sockets, guard, &error), 0, "%s", error.text);
    cr_assert_gt(guard->pid, 0);
}

Test(socket_guard, leaves_the_socket_of_a_start_that_succeeds, .init = set_up, .fini = tear_down)
{
    struct sp_socket_guard guard;
    start(&guard);
    sp_socket_guard_end(&guard, true);
    cr_assert_eq(access(sockets.path, F_OK), 0);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "the child is gone");
}

Test(socket_guard, removes_the_socket_of_a_start_that_fails, .init = set_up, .fini = tear_down)
{
    struct sp_socket_guard guard;
    start(&guard);
    kill(guard.pid, SIGTERM); /* as a service manager would */
    sp_socket_guard_end(&guard, false);
    cr_assert_eq(access(sockets.path, F_OK), -1);
    sp_socket_guard_end(&guard, false);
}

Test(socket_guard, leaves_what_is_another_daemons_by_now, .init = set_up, .fini = tear_down)
{
    struct sp_socket_guard guard;
    char other[80];
    start(&guard);
    snprintf(other, sizeof(other), "%s/other", folder);
    touch(other);
    cr_assert_eq(rename(other, sockets.path), 0);
    sp_socket_guard_end(&guard, false);
    cr_assert_eq(access(sockets.path, F_OK), 0);
}

Test(socket_guard, is_not_needed_under_socket_activation)
{
    struct sp_socket_guard guard = SP_SOCKET_GUARD_NONE;
    sockets = (struct sp_listen_sockets){.lock_fd = -1, .activated = true};
    cr_assert_eq(sp_socket_guard_start(&sockets, &guard, NULL), 0);
    cr_assert_eq(guard.pid, 0);
    sp_socket_guard_end(&guard, false);
}
