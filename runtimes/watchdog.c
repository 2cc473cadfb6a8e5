/* Sums the resident memory of process trees, and the page tables for it, in one pass over /proc. Spawner's thread. A process
 * that lost its parent inside a sandbox is its PID 1's child, so the chain of parents always leads there. */
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
#include "runtimes/proc_stat.h"

static int by_pid(const void *left, const void *right)
{
    pid_t a = ((const struct sp_proc_stat *)left)->pid, b = ((const struct sp_proc_stat *)right)->pid;
    return a < b ? -1 : a > b;
}

/* The item whose tree a process is in. */
static struct sp_watchdog_item *find_item(struct sp_watchdog_item *items, size_t n_items,
    const struct sp_proc_stat *all, size_t n, const struct sp_proc_stat *at)
{
    for (int steps = 0; at && steps < 4096; steps++) {
        for (size_t i = 0; i < n_items; i++)
            if (items[i].init && items[i].init == at->pid)
                return &items[i];
        struct sp_proc_stat key = {.pid = at->parent};
        at = key.pid ? bsearch(&key, all, n, sizeof *all, by_pid) : NULL;
    }
    return NULL;
}

/* A field of a file of the process that is told in KiB; otherwise where the kernel does not tell. */
static uint64_t field_bytes(int proc, pid_t pid, const char *file, const char *field, uint64_t otherwise)
{
    char text[4096];
    const char *at = sp_proc_stat_text(proc, pid, file, text, sizeof text) ? strstr(text, field) : NULL;
    unsigned long long kib;
    return at && sscanf(at + strlen(field), " %llu kB", &kib) == 1 ? kib * 1024 : otherwise;
}

/* The kernel's own for its address space, which a program can make large without a page of its own. */
static uint64_t tables_bytes(int proc, const struct sp_proc_stat *process)
{
    return field_bytes(proc, process->pid, "status", "\nVmPTE:", 0);
}

/* The process's fair share of its pages; what it has in all where the kernel does not tell. */
static uint64_t share_bytes(int proc, const struct sp_proc_stat *process)
{
    return field_bytes(proc, process->pid, "smaps_rollup", "\nPss:", process->rss_bytes);
}

void sp_watchdog_look(int proc, struct sp_watchdog_item *items, size_t n_items)
{
    sp_cleanup(sp_free_ptr) struct sp_proc_stat *all = NULL;
    size_t n = sp_proc_stat_read_all(proc, &all);
    for (size_t i = 0; i < n_items; i++)
        items[i].used_bytes = items[i].processes = 0;
    if (n)
        qsort(all, n, sizeof *all, by_pid);
    for (size_t i = 0; i < n; i++) {
        struct sp_watchdog_item *item = find_item(items, n_items, all, n, &all[i]);
        if (!item)
            continue;
        item->used_bytes += all[i].rss_bytes + tables_bytes(proc, &all[i]);
        item->processes++;
    }
    for (size_t k = 0; k < n_items; k++) {
        if (!items[k].init || items[k].used_bytes <= items[k].limit_bytes)
            continue;
        items[k].used_bytes = 0;
        for (size_t i = 0; i < n; i++)
            if (find_item(&items[k], 1, all, n, &all[i]))
                items[k].used_bytes += share_bytes(proc, &all[i]) + tables_bytes(proc, &all[i]);
    }
}

/* By its pidfd, and only if it is still who was looked at: a number can be another's by now. */
static void kill_process(int proc, const struct sp_proc_stat *process)
{
    struct sp_proc_stat again;
    sp_cleanup(sp_close_fd) int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (fd >= 0 && sp_proc_stat_read(proc, process->pid, &again) && again.parent == process->parent)
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

void sp_watchdog_kill(int proc, pid_t init)
{
    sp_cleanup(sp_free_ptr) struct sp_proc_stat *all = NULL;
    struct sp_watchdog_item item = {.init = init};
    size_t n = sp_proc_stat_read_all(proc, &all);
    if (n)
        qsort(all, n, sizeof *all, by_pid);
    for (size_t i = 0; i < n; i++)
        if (all[i].pid != init && find_item(&item, 1, all, n, &all[i]))
            kill_process(proc, &all[i]);
}
