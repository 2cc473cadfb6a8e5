/* Reads /proc/PID/stat. Any thread; no state. */
#include "runtimes/proc_stat.h"

#include <fcntl.h>
#include <stdio.h>
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

/* "pid (name) state ppid …", resident pages are field 24. The name may hold anything, so look behind the last ')'. */
bool sp_proc_stat_read(int proc, pid_t pid, struct sp_proc_stat *ret_stat)
{
    char text[1024];
    char *at = sp_proc_stat_text(proc, pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    int parent;
    long long rss_pages;
    if (!at ||
        sscanf(at + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %lld",
            &parent, &rss_pages) != 2)
        return false;
    uint64_t pages = rss_pages > 0 ? (uint64_t)rss_pages : 0;
    *ret_stat = (struct sp_proc_stat){pid, parent, pages * (uint64_t)sysconf(_SC_PAGESIZE)};
    return true;
}
