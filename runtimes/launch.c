/* Forks and becomes bubblewrap. The spawner is a small single thread, so fork is cheap and the child may call what it
 * likes, but it keeps to what allocates nothing. Order matters: control groups and mounts need our rights, the identity
 * goes last. Capabilities need no more than that: a change from root to another uid clears the permitted and effective
 * sets, exec clears them for one that never was root; the ambient and inheritable sets are cleared here, or bubblewrap
 * would refuse. */
#include "runtimes/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/stage.h"

/* What no sandbox has, whatever its limits; those are the runner's to set. */
static const struct {
    int resource;
    rlim_t most;
} rlimits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_MEMLOCK, 64 << 10},
    {RLIMIT_MSGQUEUE, 0},
    {RLIMIT_SIGPENDING, 4096}, /* counts timers too, and for all that a user runs */
    {RLIMIT_NICE, 0},
    {RLIMIT_RTPRIO, 0},
    {RLIMIT_NOFILE, 4096},
};

static void lower_rlimits(void)
{
    for (size_t i = 0; i < SP_COUNT(rlimits); i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)rlimits[i].resource, &limit) < 0)
            continue;
        if (limit.rlim_max > rlimits[i].most)
            limit.rlim_max = rlimits[i].most;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        setrlimit((__rlimit_resource_t)rlimits[i].resource, &limit);
    }
}

static int drop_inheritable(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capget, &header, data) < 0)
        return errno;
    data[0].inheritable = data[1].inheritable = 0;
    return syscall(SYS_capset, &header, data) < 0 ? errno : 0;
}

static int change_identity(uid_t uid, gid_t gid)
{
    int errno_value = drop_inheritable();
    if (errno_value)
        return errno_value;
    if (uid == geteuid())
        return 0;
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return errno;
    return 0;
}

/* No program can undo it: the filters know no sched_setaffinity. */
static void bind_to_processors(uint64_t n_cpus, uint64_t turn)
{
    cpu_set_t ours, its;
    if (!n_cpus || sched_getaffinity(0, sizeof ours, &ours) < 0 || n_cpus >= (uint64_t)CPU_COUNT(&ours))
        return;
    uint64_t n_skipped = turn % (uint64_t)CPU_COUNT(&ours);
    CPU_ZERO(&its);
    for (unsigned cpu = 0; (uint64_t)CPU_COUNT(&its) < n_cpus; cpu = (cpu + 1) % CPU_SETSIZE) {
        if (!CPU_ISSET(cpu, &ours))
            continue;
        if (n_skipped)
            n_skipped--;
        else
            CPU_SET(cpu, &its);
    }
    sched_setaffinity(0, sizeof its, &its);
}

/* Moves descriptors to their places. All are lifted above the places first, so that none covers another. */
static int place_descriptors(const struct sp_launch *launch)
{
    const struct {
        int from, to;
    } places[] = {
        {launch->stream_fd, 0},
        {launch->stream_fd, 1},
        {launch->errors_fd, 2},
        {launch->seccomp_fd, SP_LAUNCH_SECCOMP_FD},
        {launch->info_fd, SP_LAUNCH_INFO_FD},
    };
    int lifted[SP_COUNT(places)];
    for (size_t i = 0; i < SP_COUNT(places); i++)
        if ((lifted[i] = fcntl(places[i].from, F_DUPFD_CLOEXEC, 16)) < 0)
            return errno;
    for (size_t i = 0; i < SP_COUNT(places); i++)
        if (dup2(lifted[i], places[i].to) < 0)
            return errno;
    return 0;
}

__attribute__((noreturn)) static void give_up(int errors_fd, const char *what, int errno_value)
{
    char line[256];
    const char *name = strerrorname_np(errno_value);
    char *at = stpncpy(line, what, sizeof line / 2);
    at = stpcpy(at, ": ");
    at = stpcpy(at, name ? name : "unknown error");
    *at++ = '\n';
    ssize_t ignored = write(errors_fd, line, (size_t)(at - line));
    (void)ignored;
    _exit(127);
}

__attribute__((noreturn)) static void become_bubblewrap(const struct sp_launch *launch, pid_t parent)
{
    static char *const no_environment[] = {NULL};
    const char *what = "control groups";
    sigset_t none;

    int errno_value = sp_cgroup_enter(launch->box);
    if (errno_value == 0)
        errno_value = sp_stage_make_box(launch->disk_bytes, launch->inodes, launch->uid, launch->gid, &what);
    if (errno_value)
        give_up(launch->errors_fd, what, errno_value);
    lower_rlimits();
    bind_to_processors(launch->n_cpus, launch->turn);
    errno_value = change_identity(launch->uid, launch->gid);
    if (errno_value)
        give_up(launch->errors_fd, "the slot's identity", errno_value);
    /* Behind the change of identity, which clears it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
        _exit(127);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up(launch->errors_fd, "no new privileges", errno);
    errno_value = place_descriptors(launch);
    if (errno_value)
        give_up(launch->errors_fd, "descriptors", errno_value);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(launch->argv->items[0], (char *const *)launch->argv->items, no_environment);
    give_up(2, launch->argv->items[0], errno);
}

int sp_launch(const struct sp_launch *launch, pid_t *ret_pid, struct sp_error *error)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return sp_error_errno(error, errno, "fork");
    if (pid == 0)
        become_bubblewrap(launch, parent);
    *ret_pid = pid;
    return 0;
}
