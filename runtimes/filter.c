/* The system call filters, as tables: calls that pass, calls that pass by the value of one argument. Any thread. */
#include "runtimes/filter.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/scope.h"

enum {
    PROGRAM = 1,
    RUNNER = 2,
    MEMORY = 4,   /* only where a cgroup counts it */
    NO_MEMORY = 8 /* only where none does */
};

/* Always, in both filters. Left out on purpose, and worth a word: sync (flushes the host's disks), setxattr (kernel memory
 * that no limit counts), vmsplice, mq_* and msg* (queues outside every limit of ours), name_to_handle_at, move_pages, sched_set* and setpriority
 * (what made itself idle, or bound itself to a busy processor, outlives its deadline by seconds: to die takes a turn). */
static const char *const calls[] = {
    /* files */
    "access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
    "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown",
    "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock", "fstat", "fstatfs", "fsync", "ftruncate",
    "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "inotify_add_watch", "inotify_init", "inotify_init1",
    "inotify_rm_watch", "lchown", "lgetxattr", "link", "linkat", "listxattr", "llistxattr", "lseek", "lstat", "mkdir",
    "mkdirat", "mknod", "mknodat", "newfstatat", "open", "openat", "openat2", "pipe", "pipe2", "pread64", "preadv",
    "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "rename",
    "renameat", "renameat2", "rmdir", "sendfile", "splice", "stat", "statfs", "statx", "symlink", "symlinkat",
    "sync_file_range", "tee", "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes", "write",
    "writev",
    /* waiting */
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
    "pause", "poll", "ppoll", "pselect6", "select", "signalfd", "signalfd4", "timerfd_create", "timerfd_gettime",
    "timerfd_settime",
    /* memory */
    "brk", "get_mempolicy", "madvise", "mbind", "membarrier", "mincore", "mlock", "mlock2", "mprotect", "mremap",
    "msync", "munlock", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "set_mempolicy",
    /* processes and threads */
    "arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_waitv", "get_robust_list",
    "get_thread_area", "getcpu", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrlimit", "getrusage",
    "getsid", "gettid", "ioprio_get", "ioprio_set", "kill", "pidfd_open", "pidfd_send_signal", "restart_syscall",
    "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
    "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_yield", "set_robust_list",
    "set_thread_area", "set_tid_address", "setpgid", "setrlimit", "setsid", "sigaltstack", "tgkill", "tkill", "vfork",
    "wait4", "waitid", "waitpid",
    /* identity: without capabilities these change nothing that matters */
    "capget", "capset", "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid", "getuid", "setfsgid",
    "setfsuid", "setgid", "setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid",
    /* time, chance, the machine */
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "getrandom", "gettimeofday", "nanosleep",
    "setitimer", "sysinfo", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
    "timer_settime", "times", "uname",
    /* sockets, once there is one */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
    "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown"};

/* For some only. */
static const struct {
    const char *name;
    int for_whom;
} some_calls[] = {{"seccomp", RUNNER}, {"prlimit64", RUNNER},
    /* memory that no rlimit counts */
    {"mmap", MEMORY}, {"memfd_create", MEMORY}, {"shmget", MEMORY}, {"shmat", MEMORY}, {"shmctl", MEMORY},
    {"shmdt", MEMORY}, {"semget", MEMORY}, {"semop", MEMORY}, {"semtimedop", MEMORY}, {"semctl", MEMORY}};

#define NAMESPACES                                                                                                     \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define WORD 0xffffffffull /* the kernel looks at the low half only, so must we */

/* By one argument: passes where (argument & mask) == value. */
static const struct {
    const char *name;
    unsigned argument;
    uint64_t mask, value;
    int for_whom;
} argument_calls[] = {{"clone", 0, NAMESPACES, 0, PROGRAM | RUNNER},
    {"prlimit64", 0, WORD, 0, PROGRAM}, /* of itself: of PID 1 it would be the runner's death */
    /* Private, or of a file. What is shared and anonymous stays when its pages are unmapped, and then no process is
     * seen to hold it. */
    {"mmap", 3, MAP_SHARED, 0, NO_MEMORY}, {"mmap", 3, MAP_ANONYMOUS, 0, NO_MEMORY},
    {"personality", 0, WORD, 0, PROGRAM | RUNNER}, {"personality", 0, WORD, WORD, PROGRAM | RUNNER}, /* asks */
#define SOCKET(domain)                                                                                                 \
    {"socket", 0, WORD, domain, PROGRAM | RUNNER},                                                                     \
    {                                                                                                                  \
        "socketpair", 0, WORD, domain, PROGRAM | RUNNER                                                                \
    }
    SOCKET(AF_UNIX), SOCKET(AF_INET), SOCKET(AF_INET6),
#undef SOCKET
#define PRCTL(option)                                                                                                  \
    {                                                                                                                  \
        "prctl", 0, WORD, option, PROGRAM | RUNNER                                                                     \
    }
    PRCTL(PR_SET_NAME), PRCTL(PR_GET_NAME), PRCTL(PR_SET_PDEATHSIG), PRCTL(PR_GET_PDEATHSIG), PRCTL(PR_SET_DUMPABLE),
    PRCTL(PR_GET_DUMPABLE), PRCTL(PR_SET_NO_NEW_PRIVS), PRCTL(PR_GET_NO_NEW_PRIVS), PRCTL(PR_GET_SECCOMP),
    PRCTL(PR_CAPBSET_READ), PRCTL(PR_CAPBSET_DROP), PRCTL(PR_GET_KEEPCAPS), PRCTL(PR_SET_KEEPCAPS),
    PRCTL(PR_GET_SECUREBITS), PRCTL(PR_CAP_AMBIENT), PRCTL(PR_SET_TIMERSLACK), PRCTL(PR_GET_TIMERSLACK),
    PRCTL(PR_SET_CHILD_SUBREAPER), PRCTL(PR_GET_CHILD_SUBREAPER), PRCTL(PR_SET_THP_DISABLE), PRCTL(PR_GET_THP_DISABLE),
    PRCTL(PR_GET_TID_ADDRESS), PRCTL(PR_SET_VMA), PRCTL(PR_GET_SPECULATION_CTRL),
#undef PRCTL
/* Terminals made in the sandbox, sizes, flags. Not: TIOCSTI and TIOCLINUX, which type for whoever holds the terminal. */
#define IOCTL(request)                                                                                                 \
    {                                                                                                                  \
        "ioctl", 1, WORD, request, PROGRAM | RUNNER                                                                    \
    }
    IOCTL(FIOCLEX), IOCTL(FIONCLEX), IOCTL(FIONBIO), IOCTL(FIOASYNC), IOCTL(FIONREAD), IOCTL(TCGETS), IOCTL(TCSETS),
    IOCTL(TCSETSW), IOCTL(TCSETSF), IOCTL(TCSBRK), IOCTL(TCSBRKP), IOCTL(TCXONC), IOCTL(TCFLSH), IOCTL(TIOCGWINSZ),
    IOCTL(TIOCSWINSZ), IOCTL(TIOCGPGRP), IOCTL(TIOCSPGRP), IOCTL(TIOCGSID), IOCTL(TIOCSCTTY), IOCTL(TIOCNOTTY),
    IOCTL(TIOCOUTQ), IOCTL(TIOCEXCL), IOCTL(TIOCNXCL), IOCTL(TIOCGPTN), IOCTL(TIOCSPTLCK), IOCTL(TIOCGPTPEER),
    IOCTL(TIOCGETD), IOCTL(TIOCGEXCL), IOCTL(TIOCGPTLCK), IOCTL(TIOCPKT), IOCTL(0x8910 /* SIOCGIFNAME */),
    IOCTL(0x8912 /* SIOCGIFCONF */), IOCTL(0x8913 /* SIOCGIFFLAGS */), IOCTL(0x8915 /* SIOCGIFADDR */),
    IOCTL(0x891b /* SIOCGIFNETMASK */), IOCTL(0x8921 /* SIOCGIFMTU */), IOCTL(0x8927 /* SIOCGIFHWADDR */),
    IOCTL(0x8933 /* SIOCGIFINDEX */), IOCTL(0x40049409 /* FICLONE: shutil and cp try it */),
    IOCTL(0x80086601 /* FS_IOC_GETFLAGS */)
#undef IOCTL
};

/* Numbers that came after this list was made are not refused but unknown. The numbers are the same on all architectures
 * from 424 on; the last one that is on the list, or left off it on purpose, is 462. */
#define NEWER_FIRST 449
#define NEWER_LAST  511

SP_CLEANUP_DEFINE(void *, seccomp_release)

static bool listed(int number)
{
    for (size_t i = 0; i < SP_COUNT(calls); i++)
        if (seccomp_syscall_resolve_name(calls[i]) == number)
            return true;
    return false;
}

static int add_calls(scmp_filter_ctx filter, int whom)
{
    int r = 0;
    for (size_t i = 0; i < SP_COUNT(calls) && r == 0; i++) {
        int number = seccomp_syscall_resolve_name(calls[i]);
        if (number >= 0) /* else this architecture or library does not have it */
            r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    for (size_t i = 0; i < SP_COUNT(some_calls) && r == 0; i++) {
        int number = seccomp_syscall_resolve_name(some_calls[i].name);
        if (number >= 0 && (some_calls[i].for_whom & whom))
            r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    for (size_t i = 0; i < SP_COUNT(argument_calls) && r == 0; i++) {
        int number = seccomp_syscall_resolve_name(argument_calls[i].name);
        if (number < 0 || !(argument_calls[i].for_whom & whom))
            continue;
        struct scmp_arg_cmp compare = {
            argument_calls[i].argument, SCMP_CMP_MASKED_EQ, argument_calls[i].mask, argument_calls[i].value};
        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &compare);
    }
    return r;
}

static int add_unknown(scmp_filter_ctx filter)
{
    int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    for (int number = NEWER_FIRST; number <= NEWER_LAST && r == 0; number++)
        if (!listed(number))
            r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
    return r;
}

/* libseccomp writes programs to descriptors only. */
static int export(scmp_filter_ctx filter, uint8_t **ret_bytes, size_t *ret_n_bytes, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return sp_error_errno(error, errno, "memfd_create");
    int r = seccomp_export_bpf(filter, fd);
    off_t size = r < 0 ? 0 : lseek(fd, 0, SEEK_END);
    if (r < 0 || size <= 0)
        return sp_error_errno(error, r < 0 ? -r : EIO, "seccomp_export_bpf");
    sp_cleanup(sp_free_ptr) uint8_t *bytes = malloc((size_t)size);
    if (!bytes)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (pread(fd, bytes, (size_t)size, 0) != size)
        return sp_error_errno(error, EIO, "reading the filter");
    *ret_bytes = SP_TAKE(bytes);
    *ret_n_bytes = (size_t)size;
    return 0;
}

int sp_filter_build(
    enum sp_filter_kind kind, bool memory_held, uint8_t **ret_bytes, size_t *ret_n_bytes, struct sp_error *error)
{
    sp_cleanup(seccomp_release_scope) void *filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    int whom = (kind == SP_FILTER_RUNNER ? RUNNER : PROGRAM) | (memory_held ? MEMORY : NO_MEMORY);
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r == 0)
        r = add_calls(filter, whom);
    if (r == 0)
        r = add_unknown(filter);
    return r < 0 ? sp_error_errno(error, -r, "building the system call filter")
                 : export(filter, ret_bytes, ret_n_bytes, error);
}
