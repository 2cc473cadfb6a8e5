#include <criterion/criterion.h>
#include <stdbool.h>

#include "runtimes/bwrap_argv.h"

static struct sp_bwrap_argv argv;
static bool held = true;

static void make(const char *prefix)
{
    struct sp_bwrap_plan plan = {.bwrap = "/usr/bin/bwrap",
        .python_prefix = prefix,
        .id = 0xabc,
        .seccomp_fd = 3,
        .info_fd = 4,
        .memory_held = held};
    struct sp_error error = {0};
    cr_assert_eq(sp_bwrap_argv_make(&plan, &argv, &error), 0, "%s", error.text);
}

static size_t find(const char *item, size_t from)
{
    for (size_t i = from; i < argv.n_items; i++)
        if (strcmp(argv.items[i], item) == 0)
            return i;
    return SIZE_MAX;
}

static bool has3(const char *a, const char *b, const char *c)
{
    for (size_t i = 0; i + 2 < argv.n_items; i++)
        if (!strcmp(argv.items[i], a) && !strcmp(argv.items[i + 1], b) && !strcmp(argv.items[i + 2], c))
            return true;
    return false;
}

Test(bwrap_argv, holds_the_whole_confinement)
{
    static const char *const wanted[] = {"--new-session", "--unshare-all", "--unshare-user", "--disable-userns",
        "--clearenv", "--cap-drop", "--die-with-parent", "--as-pid-1", "--seccomp", "--info-fd"};
    make(NULL);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_assert_neq(find(wanted[i], 1), SIZE_MAX, "%s", wanted[i]);
    cr_assert_str_eq(argv.items[0], "/usr/bin/bwrap");
    cr_assert_null(argv.items[argv.n_items]);
}

Test(bwrap_argv, ends_with_the_runner_behind_the_remounts)
{
    make(NULL);
    cr_assert_str_eq(argv.items[argv.n_items - 1], SP_SANDBOX_RUNNER);
    cr_assert_str_eq(argv.items[argv.n_items - 2], "--");
    size_t dev = find("--remount-ro", 0), root = find("--remount-ro", dev + 1);
    cr_assert_str_eq(argv.items[dev + 1], "/dev");
    cr_assert_str_eq(argv.items[root + 1], "/");
    /* No mount behind them. */
    cr_assert_eq(find("--bind", root), SIZE_MAX);
    cr_assert_eq(find("--ro-bind", root), SIZE_MAX);
}

Test(bwrap_argv, binds_nothing_writable_but_the_box)
{
    make("/opt/venv");
    for (size_t i = 0; i < argv.n_items; i++) {
        cr_assert_str_neq(argv.items[i], "--dev-bind");
        cr_assert_str_neq(argv.items[i], "--share-net");
        if (strcmp(argv.items[i], "--bind") == 0)
            cr_assert_eq(strncmp(argv.items[i + 1], SP_STAGE_BOX "/", sizeof SP_STAGE_BOX), 0, "%s", argv.items[i + 1]);
        if (strncmp(argv.items[i], "--ro-bind", 9) == 0)
            cr_assert(strncmp(argv.items[i + 1], SP_STAGE "/", 5) == 0 || strncmp(argv.items[i + 1], "/usr", 4) == 0 ||
                          strncmp(argv.items[i + 1], "/etc/ld.so.cache", 16) == 0 ||
                          strncmp(argv.items[i + 1], "/etc/alternatives", 17) == 0 ||
                          strncmp(argv.items[i + 1], "/lib", 4) == 0 || strstr(argv.items[i + 1], "bin"),
                "%s", argv.items[i + 1]);
    }
}

Test(bwrap_argv, names_code_by_the_id)
{
    make(NULL);
    cr_assert(has3("--ro-bind", SP_STAGE_CODES "/0000000000000abc", "/code"));
}

Test(bwrap_argv, binds_a_prefix_where_it_is)
{
    make("/opt/venv");
    cr_assert(has3("--ro-bind", SP_STAGE_PREFIX, "/opt/venv"));
    make("");
    cr_assert_eq(find(SP_STAGE_PREFIX, 0), SIZE_MAX);
}

Test(bwrap_argv, maps_no_zeros_where_nothing_counts_them)
{
    held = false;
    make(NULL);
    cr_assert(has3("--dev-bind", "/dev/full", "/dev/zero"));
    cr_assert_lt(find("--dev-bind", 0), find("--remount-ro", 0));
}
