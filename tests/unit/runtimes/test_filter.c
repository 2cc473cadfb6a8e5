/* The system call filters, loaded into forked children that try the calls. */
#include "runtimes/filter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER 250 /* not an errno that we expect */

/* Runs a call under a filter in a child. Returns 0, the errno, or minus the signal that killed it. */
struct call {
    long number, a, b, c, d, e, f;
};

static int outcome(enum sp_filter_kind kind, bool memory_held, struct call call)
{
    uint8_t *bytes = NULL;
    size_t n_bytes = 0;
    cr_assert_eq(sp_filter_build(kind, memory_held, &bytes, &n_bytes, NULL), 0);
    struct sock_fprog program = {
        .len = (unsigned short)(n_bytes / sizeof(struct sock_filter)), .filter = (struct sock_filter *)(void *)bytes};
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
            _exit(OTHER);
        errno = 0;
        long r = syscall(call.number, call.a, call.b, call.c, call.d, call.e, call.f);
        _exit(r < 0 ? errno : 0);
    }
    free(bytes);
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int in_program(struct call call)
{
    return outcome(SP_FILTER_PROGRAM, false, call);
}

Test(filter, refuses_what_a_program_never_needs)
{
    static const struct {
        const char *name;
        long number;
    } refused[] = {{"add_key", SYS_add_key}, {"keyctl", SYS_keyctl}, {"request_key", SYS_request_key},
        {"io_uring_setup", SYS_io_uring_setup}, {"bpf", SYS_bpf}, {"userfaultfd", SYS_userfaultfd},
        {"ptrace", SYS_ptrace}, {"process_vm_readv", SYS_process_vm_readv},
        {"process_vm_writev", SYS_process_vm_writev}, {"pidfd_getfd", SYS_pidfd_getfd}, {"kcmp", SYS_kcmp},
        {"mount", SYS_mount}, {"umount2", SYS_umount2}, {"pivot_root", SYS_pivot_root}, {"chroot", SYS_chroot},
        {"fsopen", SYS_fsopen}, {"open_tree", SYS_open_tree}, {"move_mount", SYS_move_mount},
        {"mount_setattr", SYS_mount_setattr}, {"unshare", SYS_unshare}, {"setns", SYS_setns}, {"seccomp", SYS_seccomp},
        {"perf_event_open", SYS_perf_event_open}, {"open_by_handle_at", SYS_open_by_handle_at},
        {"init_module", SYS_init_module}, {"sync", SYS_sync}, {"mq_open", SYS_mq_open}, {"msgget", SYS_msgget},
        {"setxattr", SYS_setxattr}, {"swapon", SYS_swapon}, {"settimeofday", SYS_settimeofday}, {"reboot", SYS_reboot},
        {"sched_setscheduler", SYS_sched_setscheduler}, {"sched_setparam", SYS_sched_setparam},
        {"sched_setattr", SYS_sched_setattr}, {"sched_setaffinity", SYS_sched_setaffinity},
        {"setpriority", SYS_setpriority}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        /* With arguments like these the kernel itself would mostly say EFAULT, EINVAL or EBADF to root. */
        int got = in_program((struct call){refused[i].number, -1, -1, -1, -1});
        cr_expect_eq(got, EPERM, "%s: %d", refused[i].name, got);
    }
}

Test(filter, clone3_and_newer_calls_are_unknown)
{
    cr_expect_eq(in_program((struct call){SYS_clone3, 0, 0}), ENOSYS);
    cr_expect_eq(in_program((struct call){457 /* statmount */, 0, 0}), ENOSYS);
    cr_expect_eq(in_program((struct call){511, 0, 0}), ENOSYS);
}

Test(filter, clone_makes_no_namespace)
{
    static const unsigned long flags[] = {
        CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        cr_expect_eq(in_program((struct call){SYS_clone, (long)(flags[i] | SIGCHLD), 0}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_clone, SIGCHLD, 0}), 0);
}

Test(filter, sockets_are_of_three_families)
{
    cr_expect_eq(in_program((struct call){SYS_socket, AF_UNIX, SOCK_STREAM, 0}), 0);
    cr_expect_eq(in_program((struct call){SYS_socket, AF_INET, SOCK_STREAM, 0}), 0);
    cr_expect_neq(in_program((struct call){SYS_socket, AF_INET6, SOCK_STREAM, 0}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, -1}), EFAULT);
    static const int families[] = {AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH, AF_TIPC, AF_CAN, AF_XDP};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        cr_expect_eq(in_program((struct call){SYS_socket, families[i], SOCK_RAW, 0}), EPERM, "%d", families[i]);
        /* The kernel drops the upper half of the register; the filter must not be fooled by it. */
        cr_expect_eq(in_program((struct call){SYS_socket, families[i] | (1l << 32), SOCK_RAW, 0}), EPERM);
    }
}

Test(filter, terminals_cannot_be_typed_into)
{
    cr_expect_eq(in_program((struct call){SYS_ioctl, -1, TIOCSTI, 0}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_ioctl, -1, TIOCSTI | (1l << 32), 0}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_ioctl, -1, TIOCLINUX, 0}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_ioctl, -1, TIOCGWINSZ, 0}), EBADF);
}

Test(filter, prlimit_of_others_is_the_runners)
{
    long other = getpid();
    cr_expect_eq(in_program((struct call){SYS_prlimit64, 0, RLIMIT_CORE, 0, 0}), 0);
    cr_expect_eq(in_program((struct call){SYS_prlimit64, 1, RLIMIT_CORE, 0, 0}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_prlimit64, other, RLIMIT_CORE, 0, 0}), EPERM);
    cr_expect_neq(outcome(SP_FILTER_RUNNER, false, (struct call){SYS_prlimit64, other, RLIMIT_CORE, 0, 0}), OTHER);
    cr_expect_eq(outcome(SP_FILTER_RUNNER, false, (struct call){SYS_prlimit64, other, RLIMIT_CORE, 0, 0}), 0);
    cr_expect_eq(outcome(SP_FILTER_RUNNER, false, (struct call){SYS_seccomp, -1, 0, 0}), EINVAL);
}

Test(filter, memory_that_no_rlimit_counts_needs_a_cgroup)
{
    static const char name[] = "x";
    struct call memfd = {SYS_memfd_create, (long)name, 0};
    struct call shared = {SYS_shmget, 0 /* IPC_PRIVATE */, 0, 0};
    cr_expect_eq(in_program(memfd), EPERM);
    cr_expect_eq(in_program(shared), EPERM);
    cr_expect_eq(outcome(SP_FILTER_PROGRAM, true, memfd), 0);
    cr_expect_eq(outcome(SP_FILTER_PROGRAM, true, shared), EINVAL); /* a segment of no bytes */
    struct call mapped = {SYS_mmap, 0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0};
    cr_expect_eq(in_program(mapped), EPERM);
    mapped.d |= 1l << 32;
    cr_expect_eq(in_program(mapped), EPERM);
    cr_expect_eq(outcome(SP_FILTER_PROGRAM, true, mapped), 0);
    mapped.d = MAP_PRIVATE | MAP_ANONYMOUS;
    cr_expect_eq(in_program(mapped), 0);
    mapped.d = MAP_SHARED;
    cr_expect_eq(in_program(mapped), EBADF);
}

#ifdef __x86_64__
static int foreign(int which)
{
    uint8_t *bytes = NULL;
    size_t n_bytes = 0;
    cr_assert_eq(sp_filter_build(SP_FILTER_PROGRAM, false, &bytes, &n_bytes, NULL), 0);
    struct sock_fprog program = {
        .len = (unsigned short)(n_bytes / sizeof(struct sock_filter)), .filter = (struct sock_filter *)(void *)bytes};
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        signal(SIGSEGV, SIG_DFL); /* sanitizers handle it */
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
            _exit(OTHER);
        long r = 0;
        if (which == 32)
            __asm__ volatile("int $0x80" : "=a"(r) : "a"(20 /* getpid */) : "memory");
        else
            r = syscall(0x40000000 | SYS_getpid);
        _exit(r < 0 ? 1 : 0);
    }
    free(bytes);
    int status;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

Test(filter, foreign_architectures_kill)
{
    cr_expect_eq(foreign(64 /* x32 */), SIGSYS);
    int got = foreign(32);
    cr_expect(got == SIGSYS || got == SIGSEGV, "%d", got); /* SEGV: a kernel without i386 */
}
#endif

Test(filter, lets_ordinary_calls_pass)
{
    cr_expect_eq(in_program((struct call){SYS_getpid}), 0);
    cr_expect_neq(in_program((struct call){SYS_futex, 0, 129, 1}), EPERM);
    cr_expect_eq(in_program((struct call){SYS_openat, -100, (long)"/", 0}), 0);
    cr_expect_eq(in_program((struct call){SYS_close_range, 100, 101, 0}), 0);
}
