/* Reads /proc/PID/stat. Any thread; no state. */
#include "runtimes/proc_stat.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/scope.h"

bool sp_proc_stat_text(int proc, pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "%d/%.40s", (int)pid, name);
    sp_cleanup(sp_close_fd) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (n <= 0)
        return false;
    text[n] = 0;
    return true;
}

/* "pid (name) state ppid pgrp session …", resident pages are field 24. The name may hold anything, so look behind the last ')'. */
bool sp_proc_stat_read(int proc, pid_t pid, struct sp_proc_stat *ret_stat)
{
    char text[1024];
    char *at = sp_proc_stat_text(proc, pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    char state;
    int parent, session;
    long long rss_pages;
    if (!at || sscanf(at + 1, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %lld",
                   &state, &parent, &session, &rss_pages) != 4)
        return false;
    uint64_t pages = rss_pages > 0 ? (uint64_t)rss_pages : 0;
    *ret_stat = (struct sp_proc_stat){pid, parent, session, state, pages * (uint64_t)sysconf(_SC_PAGESIZE)};
    return true;
}

size_t sp_proc_stat_read_all(int proc, struct sp_proc_stat **ret_all)
{
    size_t n = 0, room = 0;
    sp_cleanup(sp_close_fd) int copy = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (entries)
        SP_TAKE_FD(copy);
    *ret_all = NULL;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        if (n == room) {
            room = room ? 2 * room : 256;
            struct sp_proc_stat *more = reallocarray(*ret_all, room, sizeof **ret_all);
            if (!more)
                break;
            *ret_all = more;
        }
        n += sp_proc_stat_read(proc, (pid_t)atoi(entry->d_name), *ret_all + n);
    }
    if (entries)
        closedir(entries);
    return n;
}
