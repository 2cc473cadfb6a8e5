/* Control groups of the second version: one folder holds all of a sandbox. Our own group must be delegated to us: its
 * controllers can only be handed down while no process is in it, so we step down into a leaf first, and our parent with
 * us. Spawner's thread. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtimes/cgroup.h"

#define LEAF "sallyport"

static bool lists(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += n)
        if ((at == text || at[-1] == ' ') && strchr(" \n", at[n]))
            return true;
    return false;
}

static bool move(int folder, const char *file, pid_t pid)
{
    char text[16];
    snprintf(text, sizeof text, "%d", (int)pid);
    return sp_cgroup_write(folder, file, text) == 0;
}

/* Hands down the controllers that we use. */
static bool hand_down(int own)
{
    return sp_cgroup_write(own, "cgroup.subtree_control", SP_CGROUP_V2_CONTROLLERS) == 0;
}

static bool find(struct sp_cgroup *cgroup, const struct sp_cgroup_paths *paths)
{
    char text[512];
    int own = sp_cgroup_open_own(paths, "cgroup2", NULL);
    if (own < 0) {
        snprintf(cgroup->note, sizeof cgroup->note, "no cgroup v2 is delegated to this service");
        return false;
    }
    if (!sp_cgroup_read(own, "cgroup.controllers", text, sizeof text) || !lists(text, "memory") ||
        !lists(text, "pids") || !lists(text, "cpu")) {
        snprintf(cgroup->note, sizeof cgroup->note, "cgroup v2 lacks the controllers memory, pids and cpu here");
        close(own);
        return false;
    }
    bool handed = hand_down(own);
    if (!handed && (mkdirat(own, LEAF, 0755) == 0 || errno == EEXIST)) {
        bool moved = move(own, LEAF "/cgroup.procs", getpid()) && move(own, LEAF "/cgroup.procs", getppid());
        handed = moved && hand_down(own);
        if (!handed) {
            move(own, "cgroup.procs", getppid());
            move(own, "cgroup.procs", getpid());
            unlinkat(own, LEAF, AT_REMOVEDIR);
        }
    }
    if (!handed) {
        snprintf(cgroup->note, sizeof cgroup->note, "cgroup v2 cannot hand down its controllers to sandboxes");
        close(own);
        return false;
    }
    cgroup->parents[SP_CGROUP_MEMORY] = own;
    return true;
}

static int put(int folder, const char *file, const char *text, struct sp_error *error)
{
    int errno_value = sp_cgroup_write(folder, file, text);
    return errno_value ? sp_error_errno(error, errno_value, file) : 0;
}

static int set(
    const struct sp_cgroup_box *box, const struct sp_cgroup_limits *limits, bool fresh, struct sp_error *error)
{
    int folder = box->folders[SP_CGROUP_MEMORY], status = 0;
    char text[64];
    if (fresh) {
        sp_cgroup_write(folder, "memory.swap.max", "0"); /* absent without swap */
        status = put(folder, "memory.oom.group", "1", error);
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)limits->memory_bytes);
    if (status == 0)
        status = put(folder, "memory.max", text, error);
    snprintf(text, sizeof text, "%llu", (unsigned long long)limits->pids);
    if (status == 0)
        status = put(folder, "pids.max", text, error);
    snprintf(text, sizeof text, "%llu 100000", (unsigned long long)limits->cpu_milli * 100);
    if (status == 0)
        status = put(folder, "cpu.max", text, error);
    return status;
}

static void usage(const struct sp_cgroup_box *box, struct sp_cgroup_usage *ret_usage)
{
    int folder = box->folders[SP_CGROUP_MEMORY];
    char text[1024];
    if (sp_cgroup_read(folder, "memory.events", text, sizeof text))
        ret_usage->oom_kills = sp_cgroup_number(text, "oom_kill");
    if (sp_cgroup_read(folder, "memory.peak", text, sizeof text))
        ret_usage->max_rss_bytes = sp_cgroup_number(text, NULL);
    if (sp_cgroup_read(folder, "cpu.stat", text, sizeof text))
        ret_usage->cpu_us = sp_cgroup_number(text, "usage_usec");
}

const struct sp_cgroup_ops sp_cgroup_v2_ops = {
    .find = find,
    .set = set,
    .usage = usage,
    .cpu_part = SP_CGROUP_MEMORY,
    .quota_file = "cpu.max",
    .no_quota = "max 100000",
    .share_file = "cpu.weight",
    .largest_share = "10000",
    .oom_file = "memory.events",
    .cpu_file = "cpu.stat",
};
