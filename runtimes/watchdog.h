#ifndef SP_RUNTIMES_WATCHDOG_H
#define SP_RUNTIMES_WATCHDOG_H

/* Where no memory cgroup holds a sandbox: a look at what its processes use, page tables included, now and then. Best effort:
 * between two looks more may be used, and files in its tmpfs are not counted (they have a bound of their own). */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sp_watchdog_item {
    pid_t init;           /* PID 1 of the sandbox, as seen from outside; 0: an empty place */
    uint64_t limit_bytes; /* below it a rough sum is enough */
    uint64_t used_bytes;  /* set: what its tree holds. Never too low, and exact (a page that is shared by three counts a
                             third for each) where the rough sum would be over the limit and the kernel tells */
    uint32_t processes;   /* set */
};

/* One pass over proc (an open /proc) for all items. Processes whose chain of parents leads to no item are left out. */
void sp_watchdog_look(int proc, struct sp_watchdog_item *items, size_t n_items);

/* Kills the tree below init, which is left to the caller. Best effort: what is started meanwhile is left to the kernel,
 * when init dies. */
void sp_watchdog_kill(int proc, pid_t init);

#endif
