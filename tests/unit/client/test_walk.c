/* Folders are walked in order, without following links. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cmd/walk.h"

static char root[64];

static void run(const char *script)
{
    char command[512];
    snprintf(command, sizeof command, "cd %s && %s", root, script);
    cr_assert_eq(system(command), 0);
}

static void set_up(void)
{
    strcpy(root, "/tmp/sallyport-walk-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void tear_down(void)
{
    run("cd / && rm -rf \"$OLDPWD\"");
}

TestSuite(walk, .init = set_up, .fini = tear_down);

/* The paths below root in the order they come, each behind a blank. */
static void list(const char *from, char *ret, size_t size, uint64_t *ret_skipped)
{
    struct sp_walk *walk = NULL;
    const char *path;
    int fd;
    struct sp_error error = {0};
    ret[0] = '\0';
    cr_assert_eq(sp_walk_open(from, &walk, &error), 0, "%s", error.text);
    for (int r; (r = sp_walk_next(walk, &path, &fd, &error)) != 0;) {
        size_t n = strlen(ret);
        snprintf(ret + n, size - n, " %s%s", r < 0 ? "!" : "", path + strlen(from));
        if (r > 0)
            close(fd);
    }
    *ret_skipped = sp_walk_skipped(walk);
    sp_walk_close(walk);
}

Test(walk, in_the_order_of_names_depth_first)
{
    char paths[512];
    uint64_t n_skipped;
    run("mkdir -p b/y a .hidden empty && touch b/y/2 b/y/1 b/x b/z a/q c .hidden/h B");
    list(root, paths, sizeof paths, &n_skipped);
    cr_expect_str_eq(paths, " /.hidden/h /B /a/q /b/x /b/y/1 /b/y/2 /b/z /c");
    cr_expect_eq(n_skipped, 0u);
}

Test(walk, links_and_pipes_are_passed_over, .timeout = 10)
{
    char paths[512];
    uint64_t n_skipped;
    run("touch a && ln -s a l && ln -s . loop && ln -s /etc/passwd out && mkfifo p && ln -s nowhere d");
    list(root, paths, sizeof paths, &n_skipped);
    cr_expect_str_eq(paths, " /a");
    cr_expect_eq(n_skipped, 5u);
}

Test(walk, depth_is_bounded_and_the_rest_goes_on)
{
    char paths[16384];
    uint64_t n_skipped;
    run("touch z && p=. && for i in $(seq 250); do p=$p/d; done && mkdir -p $p && touch $p/deep");
    list(root, paths, sizeof paths, &n_skipped);
    cr_expect_null(strstr(paths, "deep"));
    cr_expect_not_null(strstr(paths, "!/d/d/d"));
    cr_expect_str_eq(paths + strlen(paths) - 3, " /z");
}

Test(walk, a_name_is_bytes)
{
    char paths[512];
    uint64_t n_skipped;
    run("touch \"$(printf 'a\\377\\nb')\"");
    list(root, paths, sizeof paths, &n_skipped);
    cr_expect_str_eq(paths, " /a\xff\nb");
}

Test(walk, what_is_no_folder_is_refused)
{
    struct sp_walk *walk = NULL;
    run("touch f");
    char path[128];
    snprintf(path, sizeof path, "%s/f", root);
    cr_expect_eq(sp_walk_open(path, &walk, NULL), SP_EINVALID_REQUEST);
    cr_expect_null(walk);
}
