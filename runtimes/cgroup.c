/* What both versions of control groups share: instances' folders with a lock that says whether their owner lives,
 * sandboxes' folders in them, killing, counting, removing. Spawner's thread. The lock is flock on the folder itself, so
 * it ends with the process, however that ends. */
#include "runtimes/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/folder.h"

#define PREFIX "sallyport-"

bool sp_cgroup_read(int folder, const char *file, char *text, unsigned long size)
{
    sp_cleanup(sp_close_fd) int fd = folder < 0 ? -1 : openat(folder, file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (n < 0)
        return false;
    text[n] = 0;
    return true;
}

int sp_cgroup_write(int folder, const char *file, const char *text)
{
    sp_cleanup(sp_close_fd) int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return errno;
    return 0;
}

uint64_t sp_cgroup_number(const char *text, const char *key)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!key)
            return strtoull(line, NULL, 10);
        size_t n = strlen(key);
        if (strncmp(line, key, n) == 0 && line[n] == ' ')
            return strtoull(line + n, NULL, 10);
    }
    return 0;
}

bool sp_cgroup_oom_kills(int fd, uint64_t *ret_oom_kills)
{
    char text[1024];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return false;
    text[n] = 0;
    *ret_oom_kills = sp_cgroup_number(text, "oom_kill");
    return true;
}

bool sp_cgroup_cpu_us(int fd, uint64_t *ret_cpu_us)
{
    static const char second[] = "usage_usec";
    char text[512];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return false;
    text[n] = 0;
    bool in_us = strncmp(text, second, sizeof second - 1) == 0; /* the first version counts in nanoseconds */
    *ret_cpu_us = in_us ? sp_cgroup_number(text, second) : sp_cgroup_number(text, NULL) / 1000;
    return true;
}

/* Kills what is in the folder: at once where it has cgroup.kill, else one by one. */
static void kill_folder(int folder)
{
    if (folder < 0 || sp_cgroup_write(folder, "cgroup.kill", "1") == 0)
        return;
    int fd = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    sp_cleanup(sp_close_file) FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    char line[32];
    while (stream && fgets(line, sizeof line, stream)) {
        pid_t pid = (pid_t)atoi(line);
        if (pid > 1 && pid != getpid())
            kill(pid, SIGKILL);
    }
}

/* Kills and removes what a dead instance left: each sandbox's folder, then its own. */
static void reap_instance(int parent, const char *name, int instance)
{
    int copy = openat(instance, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        sp_cleanup(sp_close_fd) int box = openat(instance, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (int i = 0; i < 200 && unlinkat(instance, entry->d_name, AT_REMOVEDIR) < 0 && errno == EBUSY; i++) {
            kill_folder(box);
            usleep(5000);
        }
    }
    if (entries)
        closedir(entries);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static void reap_dead(int parent)
{
    int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        sp_cleanup(sp_close_fd) int instance = openat(parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat info;
        if (instance >= 0 && fstat(instance, &info) == 0 && info.st_uid == geteuid() &&
            flock(instance, LOCK_EX | LOCK_NB) == 0)
            reap_instance(parent, entry->d_name, instance);
    }
    if (entries)
        closedir(entries);
}

static void clear(struct sp_cgroup *cgroup)
{
    for (int part = 0; part < SP_CGROUP_PARTS; part++) {
        sp_close_fd(&cgroup->parents[part]);
        sp_close_fd(&cgroup->instances[part]);
        cgroup->parents[part] = cgroup->instances[part] = -1;
    }
}

static bool adopt(struct sp_cgroup *cgroup)
{
    bool any = false;
    for (int part = 0; part < SP_CGROUP_PARTS; part++) {
        if (cgroup->parents[part] < 0)
            continue;
        reap_dead(cgroup->parents[part]);
        cgroup->instances[part] = sp_folder_make_locked(cgroup->parents[part], cgroup->name, 0755);
        any |= cgroup->instances[part] >= 0;
    }
    if (cgroup->version == SP_CGROUP_V2 && any)
        any = sp_cgroup_write(cgroup->instances[0], "cgroup.subtree_control", SP_CGROUP_V2_CONTROLLERS) == 0;
    return any;
}

void sp_cgroup_init(struct sp_cgroup *cgroup, const char *instance, const struct sp_cgroup_paths *paths)
{
    static const struct sp_cgroup_paths self = {"/proc/self/cgroup", "/proc/self/mountinfo"};
    static const struct {
        enum sp_cgroup_version version;
        const struct sp_cgroup_ops *ops;
    } versions[] = {{SP_CGROUP_V2, &sp_cgroup_v2_ops}, {SP_CGROUP_V1, &sp_cgroup_v1_ops}};

    *cgroup = (struct sp_cgroup){0};
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        cgroup->parents[part] = cgroup->instances[part] = -1;
    snprintf(cgroup->name, sizeof cgroup->name, PREFIX "%.40s", instance);
    for (size_t i = 0; i < SP_COUNT(versions); i++) {
        cgroup->version = versions[i].version;
        cgroup->ops = versions[i].ops;
        if (cgroup->ops->find(cgroup, paths ? paths : &self) && adopt(cgroup))
            return;
        sp_cgroup_fini(cgroup);
    }
    cgroup->version = SP_CGROUP_NONE;
    cgroup->ops = NULL;
    if (!cgroup->note[0])
        snprintf(cgroup->note, sizeof cgroup->note, "no control group may be written here");
}

void sp_cgroup_fini(struct sp_cgroup *cgroup)
{
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        if (cgroup->instances[part] >= 0)
            unlinkat(cgroup->parents[part], cgroup->name, AT_REMOVEDIR);
    clear(cgroup);
}

bool sp_cgroup_has(const struct sp_cgroup *cgroup, enum sp_cgroup_part part)
{
    if (cgroup->version == SP_CGROUP_V2)
        return cgroup->instances[SP_CGROUP_MEMORY] >= 0;
    return cgroup->instances[part] >= 0;
}

int sp_cgroup_make(const struct sp_cgroup *cgroup, uint64_t number, const struct sp_cgroup_limits *limits,
    struct sp_cgroup_box *ret_box, struct sp_error *error)
{
    struct sp_cgroup_box box;
    int status = 0;
    snprintf(box.name, sizeof box.name, "%llu", (unsigned long long)number);
    for (int part = 0; part < SP_CGROUP_PARTS; part++) {
        box.folders[part] = -1;
        if (cgroup->instances[part] < 0 || status < 0)
            continue;
        if (mkdirat(cgroup->instances[part], box.name, 0755) < 0)
            status = sp_error_errno(error, errno, "making a control group");
        else
            box.folders[part] = openat(cgroup->instances[part], box.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (status == 0 && box.folders[part] < 0)
            status = sp_error_errno(error, errno, "opening a control group");
    }
    if (status == 0 && cgroup->ops)
        status = cgroup->ops->set(&box, limits, true, error);
    if (status < 0) {
        sp_cgroup_remove(cgroup, &box);
        return status;
    }
    *ret_box = box;
    return 0;
}

int sp_cgroup_enter(const struct sp_cgroup_box *box)
{
    for (int part = 0; part < SP_CGROUP_PARTS; part++) {
        int errno_value = box->folders[part] < 0 ? 0 : sp_cgroup_write(box->folders[part], "cgroup.procs", "0");
        if (errno_value)
            return errno_value;
    }
    return 0;
}

int sp_cgroup_lower(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box,
    const struct sp_cgroup_limits *limits, struct sp_error *error)
{
    return cgroup->ops ? cgroup->ops->set(box, limits, false, error) : 0;
}

void sp_cgroup_usage(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box, struct sp_cgroup_usage *ret_usage)
{
    *ret_usage = (struct sp_cgroup_usage){0};
    if (cgroup->ops)
        cgroup->ops->usage(box, ret_usage);
}

void sp_cgroup_kill(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box)
{
    int part = cgroup->version == SP_CGROUP_V1 ? SP_CGROUP_KILL : SP_CGROUP_MEMORY;
    for (int i = 0; i < SP_CGROUP_PARTS && box->folders[part] < 0; i++)
        part = i; /* without cgroup.kill: the first that has a list of processes */
    kill_folder(box->folders[part]);
}

void sp_cgroup_hasten(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box)
{
    const struct sp_cgroup_ops *ops = cgroup->ops;
    if (!ops || box->folders[ops->cpu_part] < 0)
        return;
    sp_cgroup_write(box->folders[ops->cpu_part], ops->quota_file, ops->no_quota);
    sp_cgroup_write(box->folders[ops->cpu_part], ops->share_file, ops->largest_share);
}

int sp_cgroup_oom_fd(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box)
{
    if (!cgroup->ops || box->folders[SP_CGROUP_MEMORY] < 0)
        return -1;
    return openat(box->folders[SP_CGROUP_MEMORY], cgroup->ops->oom_file, O_RDONLY | O_CLOEXEC);
}

int sp_cgroup_cpu_fd(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box)
{
    const struct sp_cgroup_ops *ops = cgroup->ops;
    if (!ops || box->folders[ops->cpu_part] < 0)
        return -1;
    int own = box->folders[SP_CGROUP_CPUACCT];
    return openat(own >= 0 ? own : box->folders[ops->cpu_part], ops->cpu_file, O_RDONLY | O_CLOEXEC);
}

bool sp_cgroup_remove(const struct sp_cgroup *cgroup, struct sp_cgroup_box *box)
{
    bool gone = true;
    for (int part = 0; part < SP_CGROUP_PARTS; part++) {
        if (cgroup->instances[part] < 0)
            continue;
        if (unlinkat(cgroup->instances[part], box->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
            gone = false;
            continue;
        }
        sp_close_fd(&box->folders[part]);
        box->folders[part] = -1;
    }
    return gone;
}
