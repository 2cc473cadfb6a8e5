/* Control groups of the first version: a hierarchy a controller, each with folders of its own; kill comes from the
 * second version's mount beside them, which may be without controllers. Spawner's thread. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtimes/cgroup.h"

static const struct {
    const char *type, *option;
} hierarchies[SP_CGROUP_PARTS] = {
    [SP_CGROUP_MEMORY] = {"cgroup", "memory"},
    [SP_CGROUP_PIDS] = {"cgroup", "pids"},
    [SP_CGROUP_CPU] = {"cgroup", "cpu"},
    [SP_CGROUP_CPUACCT] = {"cgroup", "cpuacct"},
    [SP_CGROUP_KILL] = {"cgroup2", NULL},
};

static bool same(int folder, int other)
{
    struct stat a, b;
    return fstat(folder, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool find(struct sp_cgroup *cgroup, const struct sp_cgroup_paths *paths)
{
    bool any = false;
    for (int part = 0; part < SP_CGROUP_PARTS; part++) {
        cgroup->parents[part] = sp_cgroup_open_own(paths, hierarchies[part].type, hierarchies[part].option);
        /* Mounted together, as most systems do: the one folder serves both. */
        if (part == SP_CGROUP_CPUACCT && same(cgroup->parents[part], cgroup->parents[SP_CGROUP_CPU])) {
            close(cgroup->parents[part]);
            cgroup->parents[part] = -1;
        }
        any |= part != SP_CGROUP_KILL && cgroup->parents[part] >= 0;
    }
    return any;
}

static int write_number(int folder, const char *file, uint64_t number, struct sp_error *error)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    int errno_value = sp_cgroup_write(folder, file, text);
    return errno_value ? sp_error_errno(error, errno_value, file) : 0;
}

/* memory.memsw must never be below memory.limit; it is absent where swap is not accounted. */
static int set_memory(int folder, uint64_t bytes, struct sp_error *error)
{
    int status = write_number(folder, "memory.limit_in_bytes", bytes, error);
    if (status < 0)
        return status;
    char text[32];
    if (sp_cgroup_read(folder, "memory.memsw.limit_in_bytes", text, sizeof text))
        return write_number(folder, "memory.memsw.limit_in_bytes", bytes, error);
    return 0;
}

static int set(
    const struct sp_cgroup_box *box, const struct sp_cgroup_limits *limits, bool fresh, struct sp_error *error)
{
    (void)fresh;
    int status = 0;
    if (box->folders[SP_CGROUP_MEMORY] >= 0)
        status = set_memory(box->folders[SP_CGROUP_MEMORY], limits->memory_bytes, error);
    if (status == 0 && box->folders[SP_CGROUP_PIDS] >= 0)
        status = write_number(box->folders[SP_CGROUP_PIDS], "pids.max", limits->pids, error);
    if (status == 0 && box->folders[SP_CGROUP_CPU] >= 0) /* the period stays at its 100 ms */
        status = write_number(box->folders[SP_CGROUP_CPU], "cpu.cfs_quota_us", limits->cpu_milli * 100, error);
    return status;
}

static void usage(const struct sp_cgroup_box *box, struct sp_cgroup_usage *ret_usage)
{
    char text[1024];
    if (sp_cgroup_read(box->folders[SP_CGROUP_MEMORY], "memory.oom_control", text, sizeof text))
        ret_usage->oom_kills = sp_cgroup_number(text, "oom_kill");
    if (sp_cgroup_read(box->folders[SP_CGROUP_MEMORY], "memory.max_usage_in_bytes", text, sizeof text))
        ret_usage->max_rss_bytes = sp_cgroup_number(text, NULL);
    if (sp_cgroup_read(box->folders[SP_CGROUP_CPUACCT], "cpuacct.usage", text, sizeof text) ||
        sp_cgroup_read(box->folders[SP_CGROUP_CPU], "cpuacct.usage", text, sizeof text))
        ret_usage->cpu_us = sp_cgroup_number(text, NULL) / 1000;
}

const struct sp_cgroup_ops sp_cgroup_v1_ops = {
    .find = find,
    .set = set,
    .usage = usage,
    .cpu_part = SP_CGROUP_CPU,
    .quota_file = "cpu.cfs_quota_us",
    .no_quota = "-1",
    .share_file = "cpu.shares",
    .largest_share = "262144",
    .oom_file = "memory.oom_control",
    .cpu_file = "cpuacct.usage",
};
