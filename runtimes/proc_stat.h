#ifndef SP_RUNTIMES_PROC_STAT_H
#define SP_RUNTIMES_PROC_STAT_H

/* What /proc tells of a process. Any thread. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sp_proc_stat {
    pid_t pid, parent;
    uint64_t rss_bytes;
};

/* proc: an open /proc. False: there is no such process. */
bool sp_proc_stat_read(int proc, pid_t pid, struct sp_proc_stat *ret_stat);
/* A file of the process (name: "status", …), terminated, cut where it is longer. False: it cannot be read. */
bool sp_proc_stat_text(int proc, pid_t pid, const char *name, char *text, size_t size);

#endif
