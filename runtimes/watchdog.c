/* Sums the resident memory of process trees in one pass over /proc. Spawner's thread. A process that lost its parent
 * inside a sandbox is its PID 1's child, so the chain of parents always leads there. */
#include "runtimes/watchdog.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static struct sp_watchdog_item *find_item(struct sp_watchdog_item *items, size_t n_items, pid_t pid)
{
    for (size_t i = 0; i < n_items; i++)
        if (items[i].init && items[i].init == pid)
            return &items[i];
    return NULL;
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
        items[i].rss_bytes = items[i].processes = 0;
    if (n)
        qsort(all, n, sizeof *all, by_pid);
    for (size_t i = 0; i < n; i++) {
        const struct process *at = &all[i];
        for (int steps = 0; at && steps < 4096; steps++) {
            struct sp_watchdog_item *item = find_item(items, n_items, at->pid);
            if (item) {
                item->rss_bytes += all[i].rss_pages * page_bytes;
                item->processes++;
                break;
            }
            struct process key = {.pid = at->parent};
            at = key.pid ? bsearch(&key, all, n, sizeof *all, by_pid) : NULL;
        }
    }
}
