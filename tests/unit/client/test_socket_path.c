/* Where the socket is, by what is said, by what is installed, by who asks. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/socket_path.h"

static char root[] = "/tmp/sallyport-root-XXXXXX";

static struct sp_socket_world world_of(const char *runtime_dir, uid_t uid)
{
    return (struct sp_socket_world){.root = "/nonexistent", .runtime_dir_variable = runtime_dir, .uid = uid};
}

static void is(const struct sp_socket_world *world, const char *given, enum sp_socket_kind kind, const char *path)
{
    struct sp_socket_path found;
    struct sp_error error = {0};
    cr_assert_eq(sp_socket_path_find(world, given, &found, &error), 0, "%s", error.text);
    cr_expect_eq(found.kind, kind);
    cr_expect_str_eq(found.path, path);
}

Test(socket_path, what_is_said_wins)
{
    struct sp_socket_world world = world_of("/run/user/7", 7);
    world.socket_variable = "/var/b.sock";
    is(&world, "/var/a.sock", SP_SOCKET_NAMED, "/var/a.sock");
    is(&world, NULL, SP_SOCKET_NAMED, "/var/b.sock");
    world.socket_variable = "";
    is(&world, "", SP_SOCKET_PRIVATE, "/run/user/7/sallyport/sallyport.sock");
}

Test(socket_path, installed_service_comes_before_the_users_own)
{
    char path[128];
    cr_assert_not_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/etc", root);
    mkdir(path, 0755);
    struct sp_socket_world world = world_of("/run/user/7", 7);
    world.root = root;
    is(&world, NULL, SP_SOCKET_PRIVATE, "/run/user/7/sallyport/sallyport.sock");
    snprintf(path, sizeof path, "%s/etc/sallyport", root);
    mkdir(path, 0755);
    is(&world, NULL, SP_SOCKET_INSTALLED, "/run/sallyport/sallyport.sock");
    rmdir(path);
    /* What cannot be looked at is not known to be missing: here by a loop of links. */
    cr_assert_eq(symlink(path, path), 0);
    is(&world, NULL, SP_SOCKET_INSTALLED, "/run/sallyport/sallyport.sock");
    unlink(path);
    snprintf(path, sizeof path, "%s/etc", root);
    rmdir(path);
    rmdir(root);
}

Test(socket_path, without_a_runtime_folder_it_goes_by_the_user)
{
    struct sp_socket_world world = world_of(NULL, 1234);
    is(&world, NULL, SP_SOCKET_PRIVATE, "/run/user/1234/sallyport/sallyport.sock");
    world.uid = 0;
    is(&world, NULL, SP_SOCKET_PRIVATE, "/run/sallyport-private/sallyport.sock");
}

Test(socket_path, never_below_a_shared_place)
{
    static const char *const shared[] = {"/tmp", "/tmp/me", "/var/tmp/x", "/dev/shm/x", "relative"};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        struct sp_socket_world world = world_of(shared[i], 7);
        struct sp_socket_path found;
        struct sp_error error = {0};
        cr_expect_eq(sp_socket_path_find(&world, NULL, &found, &error), SP_EUNREACHABLE, "%s", shared[i]);
    }
    struct sp_socket_world world = world_of("/tmpfiles", 7);
    is(&world, NULL, SP_SOCKET_PRIVATE, "/tmpfiles/sallyport/sallyport.sock");
}

Test(socket_path, a_link_into_a_shared_place_is_one)
{
    char link[] = "/var/sallyport-link-XXXXXX", target[] = "/tmp/sallyport-target-XXXXXX";
    cr_assert_not_null(mkdtemp(target));
    int fd = mkstemp(link);
    if (fd < 0) /* nobody but root can make one there */
        return;
    close(fd);
    unlink(link);
    cr_assert_eq(symlink(target, link), 0);
    struct sp_socket_world world = world_of(link, 7);
    struct sp_socket_path found;
    cr_expect_eq(sp_socket_path_find(&world, NULL, &found, NULL), SP_EUNREACHABLE);
    unlink(link);
    rmdir(target);
}

Test(socket_path, longer_than_an_address_is_refused)
{
    char path[200];
    struct sp_socket_world world = world_of("/run/user/7", 7);
    struct sp_socket_path found;
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[108] = '\0';
    cr_expect_eq(sp_socket_path_find(&world, path, &found, NULL), SP_EINVALID_REQUEST);
    path[107] = '\0';
    cr_expect_eq(sp_socket_path_find(&world, path, &found, NULL), 0);
}
