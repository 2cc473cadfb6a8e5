#ifndef SP_RUNTIMES_PROC_STAT_H
#define SP_RUNTIMES_PROC_STAT_H

/* What /proc tells of a process. Any thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sp_proc_stat {
    pid_t pid, parent, session;
    char state; /* 'Z': has ended, and waits to be reaped */
    uint64_t rss_bytes;
};

/* proc: an open /proc. False: there is no such process. */
bool sp_proc_stat_read(int proc, pid_t pid, struct sp_proc_stat *ret_stat);
/* All that there are, in no order; ret_all is the caller's to free. Fewer where memory ends. */
size_t sp_proc_stat_read_all(int proc, struct sp_proc_stat **ret_all);
/* A file of the process (name: "status", …), terminated, cut where it is longer. False: it cannot be read. */
bool sp_proc_stat_text(int proc, pid_t pid, const char *name, char *text, size_t size);

#endif
