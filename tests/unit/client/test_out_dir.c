/* What a sandbox gives out is written below its folder, and nowhere else. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cmd/out_dir.h"

static char base[64], folder[80], outside[80];
static struct sp_out_dir dir;

static void set_up(void)
{
    strcpy(base, "/tmp/sallyport-out-XXXXXX");
    cr_assert_not_null(mkdtemp(base));
    snprintf(folder, sizeof folder, "%s/out", base);
    snprintf(outside, sizeof outside, "%s/outside", base);
    mkdir(outside, 0755);
    cr_assert_eq(sp_out_dir_open(&dir, folder, NULL), 0);
}

static void tear_down(void)
{
    char command[128];
    sp_out_dir_close(&dir);
    snprintf(command, sizeof command, "rm -rf %s", base);
    cr_assert_eq(system(command), 0);
}

TestSuite(out_dir, .init = set_up, .fini = tear_down);

static int write_at(const char *path, const char *data)
{
    return sp_out_dir_write(&dir, sp_str_of(path), sp_str_of(data), 0644, NULL);
}

static void holds(const char *below, const char *path, const char *expected)
{
    char full[256], data[64] = "";
    snprintf(full, sizeof full, "%s/%s", below, path);
    int fd = open(full, O_RDONLY | O_NOFOLLOW);
    cr_assert_geq(fd, 0, "%s", full);
    cr_expect_geq(read(fd, data, sizeof data - 1), 0);
    close(fd);
    cr_expect_str_eq(data, expected);
}

static void is_missing(const char *below, const char *path)
{
    char full[256];
    struct stat info;
    snprintf(full, sizeof full, "%s/%s", below, path);
    cr_expect_neq(lstat(full, &info), 0, "%s", full);
}

static void link_in(const char *target, const char *name)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", folder, name);
    cr_assert_eq(symlink(target, full), 0);
}

Test(out_dir, files_and_folders_are_made)
{
    cr_expect_eq(write_at("a.txt", "one"), 0);
    cr_expect_eq(write_at("b/c/d.txt", "two"), 0);
    cr_expect_eq(write_at("b/c/d.txt", "three"), 0);
    holds(folder, "a.txt", "one");
    holds(folder, "b/c/d.txt", "three");
    is_missing(folder, ".sallyport-partial");
}

Test(out_dir, paths_that_lead_out_are_refused)
{
    static const char *const wrong[] = {"../x", "a/../../x", "/x", "", "a//b", "a/", "./a", "a/.", "..", ".",
        ".sallyport-partial", "a/.sallyport-partial"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_lt(write_at(wrong[i], "x"), 0, "%s", wrong[i]);
    cr_expect_lt(sp_out_dir_write(&dir, SP_STR("a\0b"), SP_STR("x"), 0, NULL), 0);
    is_missing(base, "x");
}

Test(out_dir, links_are_not_followed)
{
    link_in(outside, "door");
    link_in("..", "up");
    cr_expect_lt(write_at("door/x", "x"), 0);
    cr_expect_lt(write_at("up/x", "x"), 0);
    is_missing(outside, "x");
    is_missing(base, "x");
}

Test(out_dir, a_link_at_the_path_is_replaced_not_written_through)
{
    char secret[128];
    snprintf(secret, sizeof secret, "%s/secret", outside);
    int fd = open(secret, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(write(fd, "mine", 4), 4);
    close(fd);
    link_in(secret, "x");
    cr_expect_eq(write_at("x", "theirs"), 0);
    holds(outside, "secret", "mine");
    holds(folder, "x", "theirs");
    char other[128];
    snprintf(other, sizeof other, "%s/hard", folder);
    cr_assert_eq(link(secret, other), 0);
    cr_expect_eq(write_at("hard", "theirs"), 0);
    holds(outside, "secret", "mine");
}

Test(out_dir, a_pipe_at_the_path_does_not_hold_us_up, .timeout = 10)
{
    char full[128];
    snprintf(full, sizeof full, "%s/pipe", folder);
    cr_assert_eq(mkfifo(full, 0600), 0);
    cr_expect_eq(write_at("pipe", "x"), 0);
    holds(folder, "pipe", "x");
}

Test(out_dir, a_folder_at_the_path_stays)
{
    cr_expect_eq(write_at("a/b", "x"), 0);
    cr_expect_lt(write_at("a", "x"), 0);
    cr_expect_lt(write_at("a/b/c", "x"), 0);
    holds(folder, "a/b", "x");
}

Test(out_dir, modes_bring_no_rights_but_to_execute)
{
    char full[128];
    struct stat info;
    umask(022);
    cr_expect_eq(sp_out_dir_write(&dir, SP_STR("x"), SP_STR(""), 04777, NULL), 0);
    snprintf(full, sizeof full, "%s/x", folder);
    cr_assert_eq(stat(full, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0755u);
}

Test(out_dir, number_and_bytes_are_bounded)
{
    dir.files_max = 2;
    dir.bytes_max = 5;
    cr_expect_eq(write_at("a", "12345"), 0);
    cr_expect_eq(write_at("b", "1"), SP_ETOO_LARGE);
    cr_expect_eq(write_at("c", ""), 0);
    cr_expect_eq(write_at("d", ""), SP_ETOO_LARGE);
    is_missing(folder, "b");
    is_missing(folder, "d");
}

Test(out_dir, depth_is_bounded)
{
    char path[256] = "";
    for (int i = 0; i < 100; i++)
        strcat(path, "d/");
    strcat(path, "f");
    cr_expect_lt(write_at(path, "x"), 0);
}
