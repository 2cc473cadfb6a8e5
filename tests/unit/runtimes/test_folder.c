#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/folder.h"

static char base[] = "/tmp/sallyport-folder-XXXXXX";
static int base_fd;

static void set_up(void)
{
    cr_assert(mkdtemp(base));
    base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void tear_down(void)
{
    close(base_fd);
    sp_folder_remove(AT_FDCWD, base);
    cr_assert_neq(access(base, F_OK), 0);
}

TestSuite(folder, .init = set_up, .fini = tear_down);

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int write_file(const char *path, const char *text, uint32_t mode)
{
    return sp_folder_write(base_fd, sp_str_of(path), sp_str_of(text), mode, NULL);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    cr_assert_eq(fstatat(base_fd, path, &info, AT_SYMLINK_NOFOLLOW), 0, "%s", path);
    return info.st_mode & 07777;
}

Test(folder, writes_with_exact_modes_whatever_the_umask)
{
    umask(077);
    cr_assert_eq(write_file("deep/er/file", "x", 0644), 0);
    cr_assert_eq(mode_of("deep"), 0755);
    cr_assert_eq(mode_of("deep/er"), 0755);
    cr_assert_eq(mode_of("deep/er/file"), 0644);
}

Test(folder, never_sets_more_than_permission_bits)
{
    cr_assert_eq(write_file("file", "x", 06755), 0);
    cr_assert_eq(mode_of("file"), 0755);
}

Test(folder, writes_no_path_twice)
{
    cr_assert_eq(write_file("a", "x", 0644), 0);
    cr_assert_eq(write_file("a", "y", 0644), SP_EINVALID_REQUEST);
    cr_assert_eq(write_file("a/b", "y", 0644), SP_EINVALID_REQUEST);
}

Test(folder, follows_no_link)
{
    cr_assert_eq(symlinkat("/tmp", base_fd, "link"), 0);
    cr_assert_neq(write_file("link/sallyport-escaped", "x", 0644), 0);
    cr_assert_neq(access("/tmp/sallyport-escaped", F_OK), 0);
    cr_assert_eq(write_file("link", "x", 0644), SP_EINVALID_REQUEST);
}

Test(folder, refuses_paths_that_leave)
{
    cr_assert_eq(write_file("../up", "x", 0644), SP_EINVALID_REQUEST);
    cr_assert_eq(write_file("/tmp/abs", "x", 0644), SP_EINVALID_REQUEST);
    cr_assert_eq(write_file("a/../b", "x", 0644), SP_EINVALID_REQUEST);
}

Test(folder, removes_links_not_what_they_lead_to)
{
    cr_assert_eq(write_file("keep/file", "x", 0644), 0);
    cr_assert_eq(write_file("gone/file", "x", 0644), 0);
    cr_assert_eq(symlinkat("../keep", base_fd, "gone/link"), 0);
    sp_folder_remove(base_fd, "gone");
    cr_assert_neq(faccessat(base_fd, "gone", F_OK, 0), 0);
    cr_assert_eq(faccessat(base_fd, "keep/file", F_OK, 0), 0);
}

static int open_instance(const char *name, int *ret_state, int *ret_folder)
{
    char state[64];
    snprintf(state, sizeof state, "%s/state", base);
    return sp_folder_open_instance(state, name, getuid(), getgid(), ret_state, ret_folder, NULL);
}

Test(folder, a_living_instance_stays_and_a_dead_one_goes)
{
    int state, a, other, b;
    cr_assert_eq(open_instance(A, &state, &a), 0);
    cr_assert_eq(mode_of("state"), 0711);
    cr_assert_eq(mode_of("state/" A), 0711);
    cr_assert_eq(open_instance(B, &other, &b), 0);
    cr_assert_eq(faccessat(state, A, F_OK, 0), 0, "A lives");
    cr_assert_eq(write_file("state/" A "/left/main.py", "x", 0644), 0);
    close(a);
    close(b);
    cr_assert_eq(open_instance(B, &other, &b), 0);
    cr_assert_neq(faccessat(state, A, F_OK, 0), 0, "A is dead");
}

Test(folder, leaves_what_is_no_instance_alone)
{
    int state, a;
    cr_assert_eq(write_file("state/notes", "x", 0644), 0);
    cr_assert_eq(write_file("state/ABCDABCDABCDABCDABCDABCDABCDABCD/x", "x", 0644), 0);
    cr_assert_eq(open_instance(A, &state, &a), 0);
    cr_assert_eq(faccessat(state, "notes", F_OK, 0), 0);
    cr_assert_eq(faccessat(state, "ABCDABCDABCDABCDABCDABCDABCDABCD/x", F_OK, 0), 0);
}
