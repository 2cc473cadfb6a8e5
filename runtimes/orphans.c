/* Finds what a dead spawner left by its session, whose number the kernel gives to nobody else while a process is in it. */
#include "runtimes/orphans.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "proto/scope.h"
#include "runtimes/proc_stat.h"

static bool lives(const struct sp_proc_stat *process)
{
    return process->state != 'Z' && process->state != 'X';
}

size_t sp_orphans_kill(pid_t session)
{
    sp_cleanup(sp_close_fd) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sp_cleanup(sp_free_ptr) struct sp_proc_stat *all = NULL;
    size_t n_found = 0, n = proc < 0 || session <= 1 ? 0 : sp_proc_stat_read_all(proc, &all);
    for (size_t i = 0; i < n; i++)
        if (all[i].pid == session && lives(&all[i]))
            return 0;
    for (size_t i = 0; i < n; i++)
        if (all[i].session == session && all[i].pid != session && lives(&all[i])) {
            kill(all[i].pid, SIGKILL);
            n_found++;
        }
    return n_found;
}
