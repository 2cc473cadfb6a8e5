/* Against made folders of plain files, since the real thing is not everywhere; the conformance suite has that. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtimes/cgroup.h"
#include "runtimes/folder.h"

static char base[] = "/tmp/sallyport-cgroup-XXXXXX";
static char own[64], mounts[64];

static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    for (char *slash = whole + strlen(base) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    cr_assert(file, "%s", whole);
    fputs(text, file);
    fclose(file);
}

static void set_up(void)
{
    cr_assert(mkdtemp(base));
    snprintf(own, sizeof own, "%s/own", base);
    snprintf(mounts, sizeof mounts, "%s/mounts", base);
}

static void tear_down(void)
{
    sp_folder_remove(AT_FDCWD, base);
}

TestSuite(cgroup, .init = set_up, .fini = tear_down);

static int open_own(const char *type, const char *option)
{
    struct sp_cgroup_paths paths = {own, mounts};
    return sp_cgroup_open_own(&paths, type, option);
}

__attribute__((format(printf, 1, 2))) static void put_mounts(const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put("mounts", text);
}

Test(cgroup, finds_its_own_folder_in_a_hierarchy)
{
    put("memory/a/b/here", "");
    put("own", "9:name=systemd:/\n4:memory:/a/b\n3:cpu,cpuacct:/x\n0::/\n");
    put_mounts("30 20 0:25 / %s/memory rw,relatime shared:1 - cgroup cgroup rw,memory\n"
               "31 20 0:26 / %s/elsewhere rw - cgroup2 cgroup2 rw\n",
        base, base);
    int folder = open_own("cgroup", "memory");
    cr_assert_geq(folder, 0);
    cr_assert_eq(faccessat(folder, "here", F_OK, 0), 0);
    close(folder);
    cr_assert_lt(open_own("cgroup", "pids"), 0);
    cr_assert_lt(open_own("cgroup", "mem"), 0, "a name that only begins so");
    cr_assert_lt(open_own("cgroup2", NULL), 0, "its folder is not there");
}

Test(cgroup, finds_it_in_a_container)
{
    put("memory/c/here", "");
    put("own", "4:memory:/docker/x/c\n");
    put_mounts("30 20 0:25 /docker/x %s/memory rw - cgroup cgroup rw,memory\n", base);
    int folder = open_own("cgroup", "memory");
    cr_assert_geq(folder, 0);
    cr_assert_eq(faccessat(folder, "here", F_OK, 0), 0);
    close(folder);
}

Test(cgroup, reads_numbers_behind_words)
{
    static const char text[] = "oom_kill_disable 7\nunder_oom 0\noom_kill 3\n";
    cr_assert_eq(sp_cgroup_number(text, "oom_kill"), 3);
    cr_assert_eq(sp_cgroup_number(text, "oom"), 0);
    cr_assert_eq(sp_cgroup_number("12345\n", NULL), 12345);
    cr_assert_eq(sp_cgroup_number("", "oom_kill"), 0);
}

Test(cgroup, without_any_there_is_none_and_a_reason)
{
    struct sp_cgroup cgroup;
    struct sp_cgroup_paths paths = {own, mounts};
    struct sp_cgroup_box box;
    struct sp_cgroup_limits limits = {1, 1, 1};
    put("own", "");
    put("mounts", "");
    sp_cgroup_init(&cgroup, "0123", &paths);
    cr_assert_eq(cgroup.version, SP_CGROUP_NONE);
    cr_assert_gt(strlen(cgroup.note), 0);
    cr_assert_not(sp_cgroup_has(&cgroup, SP_CGROUP_MEMORY));
    /* All of it may be called all the same. */
    cr_assert_eq(sp_cgroup_make(&cgroup, 1, &limits, &box, NULL), 0);
    cr_assert_eq(sp_cgroup_enter(&box), 0);
    sp_cgroup_kill(&cgroup, &box);
    sp_cgroup_hasten(&cgroup, &box);
    cr_assert_lt(sp_cgroup_oom_fd(&cgroup, &box), 0);
    cr_assert(sp_cgroup_remove(&cgroup, &box));
    sp_cgroup_fini(&cgroup);
}

/* A folder that already has the kernel's files, as mkdir in a real hierarchy would make it. */
static struct sp_cgroup_box made_box(const char *folder, const char *const *files)
{
    struct sp_cgroup_box box = {.name = "1"};
    char path[256];
    for (; *files; files++) {
        snprintf(path, sizeof path, "%s/%s", folder, *files);
        put(path, "");
    }
    snprintf(path, sizeof path, "%s/%s", base, folder);
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        box.folders[part] = open(path, O_RDONLY | O_DIRECTORY);
    return box;
}

static const char *get(const struct sp_cgroup_box *box, const char *file)
{
    static char text[128];
    cr_assert(sp_cgroup_read(box->folders[SP_CGROUP_MEMORY], file, text, sizeof text), "%s", file);
    return text;
}

Test(cgroup, writes_the_second_versions_files)
{
    static const char *const files[] = {
        "memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max", NULL};
    struct sp_cgroup_box box = made_box("v2", files);
    struct sp_cgroup_limits limits = {1048576, 66, 500};
    cr_assert_eq(sp_cgroup_v2_ops.set(&box, &limits, true, NULL), 0);
    cr_assert_str_eq(get(&box, "memory.max"), "1048576");
    cr_assert_str_eq(get(&box, "memory.swap.max"), "0");
    cr_assert_str_eq(get(&box, "memory.oom.group"), "1");
    cr_assert_str_eq(get(&box, "pids.max"), "66");
    cr_assert_str_eq(get(&box, "cpu.max"), "50000 100000");
}

Test(cgroup, counts_the_second_versions_usage)
{
    static const char *const files[] = {NULL};
    struct sp_cgroup_box box = made_box("v2", files);
    struct sp_cgroup_usage usage = {0};
    put("v2/memory.events", "low 0\noom 1\noom_kill 4\noom_group_kill 9\n");
    put("v2/memory.peak", "777\n");
    put("v2/cpu.stat", "usage_usec 1234\nuser_usec 1\n");
    box = made_box("v2", files);
    sp_cgroup_v2_ops.usage(&box, &usage);
    cr_assert_eq(usage.oom_kills, 4);
    cr_assert_eq(usage.max_rss_bytes, 777);
    cr_assert_eq(usage.cpu_us, 1234);
}

Test(cgroup, writes_the_first_versions_files)
{
    static const char *const files[] = {
        "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "pids.max", "cpu.cfs_quota_us", NULL};
    struct sp_cgroup_box box = made_box("v1", files);
    struct sp_cgroup_limits limits = {1048576, 66, 500};
    cr_assert_eq(sp_cgroup_v1_ops.set(&box, &limits, true, NULL), 0);
    cr_assert_str_eq(get(&box, "memory.limit_in_bytes"), "1048576");
    cr_assert_str_eq(get(&box, "memory.memsw.limit_in_bytes"), "1048576");
    cr_assert_str_eq(get(&box, "pids.max"), "66");
    cr_assert_str_eq(get(&box, "cpu.cfs_quota_us"), "50000");
}

Test(cgroup, a_limit_that_cannot_be_set_is_an_error)
{
    static const char *const files[] = {"memory.limit_in_bytes", NULL};
    struct sp_cgroup_box box = made_box("v1", files);
    struct sp_cgroup_limits limits = {1, 1, 1};
    struct sp_error error = {0};
    cr_assert_lt(sp_cgroup_v1_ops.set(&box, &limits, true, &error), 0);
    cr_assert(strstr(error.text, "pids.max"));
}

Test(cgroup, what_dies_comes_before_its_siblings_and_not_before_the_host)
{
    static const char *const files[] = {"cpu.cfs_quota_us", "cpu.shares", NULL};
    struct sp_cgroup_box box = made_box("v1/1", files), instance = made_box("v1", files);
    struct sp_cgroup cgroup = {.version = SP_CGROUP_V1, .ops = &sp_cgroup_v1_ops};
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        cgroup.instances[part] = instance.folders[part];
    sp_cgroup_hasten(&cgroup, &box);
    cr_assert_str_eq(get(&box, "cpu.cfs_quota_us"), "-1");
    cr_assert_str_eq(get(&box, "cpu.shares"), "262144");
    cr_assert_str_eq(get(&instance, "cpu.cfs_quota_us"), "");
    cr_assert_str_eq(get(&instance, "cpu.shares"), "");
}

Test(cgroup, reads_either_versions_processor_time)
{
    static const char *const files[] = {NULL};
    struct sp_cgroup cgroup = {.version = SP_CGROUP_V2, .ops = &sp_cgroup_v2_ops};
    uint64_t cpu_us = 0;
    put("v2/cpu.stat", "usage_usec 1234\nuser_usec 1\n");
    put("v2/cpuacct.usage", "5678000\n");
    struct sp_cgroup_box box = made_box("v2", files);
    cr_assert(sp_cgroup_cpu_us(sp_cgroup_cpu_fd(&cgroup, &box), &cpu_us));
    cr_assert_eq(cpu_us, 1234);
    cgroup = (struct sp_cgroup){.version = SP_CGROUP_V1, .ops = &sp_cgroup_v1_ops};
    cr_assert(sp_cgroup_cpu_us(sp_cgroup_cpu_fd(&cgroup, &box), &cpu_us));
    cr_assert_eq(cpu_us, 5678);
    cr_assert_not(sp_cgroup_cpu_us(-1, &cpu_us));
}
