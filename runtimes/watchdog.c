/* Sums the resident memory of process trees in one pass over /proc. Spawner's thread. A process that lost its parent
 * inside a sandbox is its PID 1's child, so the chain of parents always leads there. */
#include "runtimes/watchdog.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/scope.h"

struct process {
    pid_t pid, parent;
    uint64_t rss_pages;
};

/* "pid (name) state ppid …", resident pages are field 24. The name may hold anything, so look behind the last ')'. */
static bool read_process(int proc, const char *name, struct process *ret_process)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "%.32s/stat", name);
    sp_cleanup(sp_close_fd) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    text[n] = 0;
    char *at = strrchr(text, ')');
    int parent;
    long long rss_pages;
    if (!at ||
        sscanf(at + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %lld",
            &parent, &rss_pages) != 2)
        return false;
    *ret_process = (struct process){(pid_t)atoi(name), parent, rss_pages > 0 ? (uint64_t)rss_pages : 0};
    return true;
}

static int by_pid(const void *left, const void *right)
{
    pid_t a = ((const struct process *)left)->pid, b = ((const struct process *)right)->pid;
    return a < b ? -1 : a > b;
}

/* The item whose tree a process is in. */
static struct sp_watchdog_item *find_item(
    struct sp_watchdog_item *items, size_t n_items, const struct process *all, size_t n, const struct process *at)
{
    for (int steps = 0; at && steps < 4096; steps++) {
        for (size_t i = 0; i < n_items; i++)
            if (items[i].init && items[i].init == at->pid)
                return &items[i];
        struct process key = {.pid = at->parent};
        at = key.pid ? bsearch(&key, all, n, sizeof *all, by_pid) : NULL;
    }
    return NULL;
}

/* The process's fair share of its pages; what it has in all where the kernel does not tell. */
static uint64_t share_bytes(int proc, const struct process *process, uint64_t rss_bytes)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "%d/smaps_rollup", (int)process->pid);
    sp_cleanup(sp_close_fd) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return rss_bytes;
    text[n] = 0;
    const char *at = strstr(text, "\nPss:");
    unsigned long long kib;
    return at && sscanf(at, "\nPss: %llu kB", &kib) == 1 ? kib * 1024 : rss_bytes;
}

static size_t read_all(int proc, struct process **ret_all)
{
    size_t n = 0, room = 0;
    int copy = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    *ret_all = NULL;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        if (n == room) {
            room = room ? 2 * room : 256;
            struct process *more = reallocarray(*ret_all, room, sizeof **ret_all);
            if (!more)
                break;
            *ret_all = more;
        }
        n += read_process(proc, entry->d_name, *ret_all + n);
    }
    if (entries)
        closedir(entries);
    return n;
}

void sp_watchdog_look(int proc, struct sp_watchdog_item *items, size_t n_items)
{
    sp_cleanup(sp_free_ptr) struct process *all = NULL;
    size_t n = read_all(proc, &all);
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < n_items; i++)
        items[i].used_bytes = items[i].processes = 0;
    if (n)
        qsort(all, n, sizeof *all, by_pid);
    for (size_t i = 0; i < n; i++) {
        struct sp_watchdog_item *item = find_item(items, n_items, all, n, &all[i]);
        if (!item)
            continue;
        item->used_bytes += all[i].rss_pages * page_bytes;
        item->processes++;
    }
    for (size_t k = 0; k < n_items; k++) {
        if (!items[k].init || items[k].used_bytes <= items[k].limit_bytes)
            continue;
        items[k].used_bytes = 0;
        for (size_t i = 0; i < n; i++)
            if (find_item(&items[k], 1, all, n, &all[i]))
                items[k].used_bytes += share_bytes(proc, &all[i], all[i].rss_pages * page_bytes);
    }
}

/* By its pidfd, and only if it is still who was looked at: a number can be another's by now. */
static void kill_process(int proc, const struct process *process)
{
    char name[16];
    struct process again;
    snprintf(name, sizeof name, "%d", (int)process->pid);
    sp_cleanup(sp_close_fd) int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (fd >= 0 && read_process(proc, name, &again) && again.parent == process->parent)
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

void sp_watchdog_kill(int proc, pid_t init)
{
    sp_cleanup(sp_free_ptr) struct process *all = NULL;
    struct sp_watchdog_item item = {.init = init};
    size_t n = read_all(proc, &all);
    if (n)
        qsort(all, n, sizeof *all, by_pid);
    for (size_t i = 0; i < n; i++)
        if (all[i].pid != init && find_item(&item, 1, all, n, &all[i]))
            kill_process(proc, &all[i]);
}
