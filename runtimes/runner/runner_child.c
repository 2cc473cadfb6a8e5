/* Starting the program, and its limits. It is started while its sandbox still lies in a pool, so that a run finds it
 * waiting on fd 3; its limits are lowered when the run is known. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/runner/runner_state.h"

#define ARGV_MAX   (SP_ARGV_MAX + 16)
#define ENVP_MAX   (SP_ENV_MAX + 64)
#define HANDOVER   3 /* the program's descriptors of a warm start */
#define READINESS  4
#define OUT_OF_WAY 16 /* our pipes lie above what a program gets */

/* SPAWN, unpacked; strings are terminated and lie in text. */
struct plan {
    char *argv[ARGV_MAX + 1];
    char *envp[ENVP_MAX + 1];
    char *cwd;
    struct sock_fprog filter;
    bool warm;
    char text[SP_RUNNER_BODY_MAX + ARGV_MAX + ENVP_MAX + 2];
    size_t n_text;
    _Alignas(struct sock_filter) uint8_t code[SP_RUNNER_BODY_MAX];
};

static char *keep(struct plan *plan, struct sp_str text)
{
    char *at = plan->text + plan->n_text; /* all of a body's strings and their ends fit */
    memcpy(at, text.ptr, text.n_bytes);
    at[text.n_bytes] = '\0';
    plan->n_text += text.n_bytes + 1;
    return at;
}

static int keep_list(struct plan *plan, struct sp_runner_cursor *cursor, char **items, size_t most)
{
    uint32_t n = sp_runner_cursor_u32(cursor);
    if (n > most)
        return -E2BIG;
    for (uint32_t i = 0; i < n; i++) {
        struct sp_str text = sp_runner_cursor_str(cursor);
        if (cursor->failed || memchr(text.ptr, '\0', text.n_bytes))
            return -EINVAL;
        items[i] = keep(plan, text);
    }
    items[n] = NULL;
    return 0;
}

static int make_plan(struct plan *plan, const struct sp_runner_frame *frame)
{
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, frame);
    int r = keep_list(plan, &cursor, plan->argv, ARGV_MAX);
    if (r == 0)
        r = keep_list(plan, &cursor, plan->envp, ENVP_MAX);
    if (r < 0)
        return r;
    plan->cwd = keep(plan, sp_runner_cursor_str(&cursor));
    struct sp_str filter = sp_runner_cursor_str(&cursor);
    uint64_t flags = sp_runner_cursor_u64(&cursor);
    if (sp_runner_cursor_finish(&cursor) < 0 || !plan->argv[0] || filter.n_bytes % sizeof(struct sock_filter) ||
        filter.n_bytes / sizeof(struct sock_filter) > BPF_MAXINSNS || flags > SP_RUNNER_SPAWN_WARM)
        return -EINVAL;
    memcpy(plan->code, filter.ptr, filter.n_bytes);
    plan->filter.len = (unsigned short)(filter.n_bytes / sizeof(struct sock_filter));
    plan->filter.filter = (struct sock_filter *)plan->code;
    plan->warm = flags & SP_RUNNER_SPAWN_WARM;
    return 0;
}

/* ---- limits ---- */

static int lower(pid_t pid, int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit limit;
    if (prlimit(pid, resource, NULL, &limit) < 0)
        return -errno;
    /* What was inherited may be tighter already; nothing is ever raised. */
    limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
    limit.rlim_cur = soft < limit.rlim_cur ? soft : limit.rlim_cur;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    return prlimit(pid, resource, &limit, NULL) < 0 ? -errno : 0;
}

static int limit_process(const struct sp_runner *runner, pid_t pid)
{
    const struct sp_limits *limits = &runner->limits;
    uint64_t cpu_s = (limits->cpu_ms + 999) / 1000;
    const struct {
        bool wanted;
        int resource;
        uint64_t soft, hard;
    } rows[] = {
        {true, RLIMIT_CORE, 0, 0},
        {true, RLIMIT_MSGQUEUE, 0, 0},
        {runner->limited, RLIMIT_CPU, cpu_s, cpu_s + 1}, /* SIGXCPU first: it can be told from other kills */
        {runner->limited, RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes},
        {runner->limited, RLIMIT_NOFILE, limits->open_files, limits->open_files},
        {runner->limited && (runner->limit_flags & SP_RUNNER_LIMITS_DATA), RLIMIT_DATA, limits->memory_bytes,
            limits->memory_bytes},
        /* one more: the runner itself counts */
        {runner->limited && (runner->limit_flags & SP_RUNNER_LIMITS_TASKS), RLIMIT_NPROC, limits->pids + 1,
            limits->pids + 1},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        int r = rows[i].wanted ? lower(pid, rows[i].resource, rows[i].soft, rows[i].hard) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int sp_runner_child_limit(struct sp_runner *runner)
{
    runner->limited = true;
    return runner->child ? limit_process(runner, runner->child) : 0;
}

uint64_t sp_runner_child_cpu_us(const struct sp_runner *runner)
{
    clockid_t clock;
    struct timespec used;
    if (!runner->child || clock_getcpuclockid(runner->child, &clock) != 0 || clock_gettime(clock, &used) < 0)
        return 0;
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

/* ---- the child's side of fork: only what is safe there ---- */

static void reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= SIGRTMAX; number++)
        sigaction(number, &standard, NULL); /* fails for a few, which have nothing to reset */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Where memory runs out, the kernel shall pick the program, not the runner that is to tell of it. */
static void prefer_for_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = write(fd, "900", 3);
    (void)n; /* best effort: the exit is told in any case, by the adapter if not by us */
    close(fd);
}

static int enter(const struct sp_runner *runner, const struct plan *plan, const int *fds)
{
    setsid();
    int n_fds = plan->warm ? READINESS + 1 : STDERR_FILENO + 1;
    for (int i = 0; i < n_fds; i++)
        if (dup2(fds[i], i) < 0)
            return -errno;
    if (close_range((unsigned)n_fds, ~0u, CLOSE_RANGE_CLOEXEC) < 0 && errno != ENOSYS && errno != EPERM)
        return -errno;
    if (chdir(plan->cwd) < 0)
        return -errno;
    umask(022);
    reset_signals();
    prefer_for_oom();
    int r = limit_process(runner, 0);
    if (r < 0)
        return r;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (plan->filter.len && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &plan->filter) < 0)
        return -errno;
    execve(plan->argv[0], plan->argv, plan->envp);
    return -errno;
}

/* ---- the parent's side ---- */

struct pipes {
    int child[READINESS + 1]; /* what becomes the program's 0 to 4 */
    int ours[READINESS + 1];
    int report[2]; /* an errno of the child's, or its end when exec succeeded */
};

static void close_pair(int *a, int *b)
{
    sp_close_fd(a);
    sp_close_fd(b);
    *a = *b = -1;
}

static void pipes_close(struct pipes *pipes)
{
    for (size_t i = 0; i < SP_COUNT(pipes->ours); i++)
        close_pair(&pipes->child[i], &pipes->ours[i]);
    close_pair(&pipes->report[0], &pipes->report[1]);
}

static int pipe_high(int *read_end, int *write_end)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    *read_end = fcntl(fds[0], F_DUPFD_CLOEXEC, OUT_OF_WAY);
    *write_end = fcntl(fds[1], F_DUPFD_CLOEXEC, OUT_OF_WAY);
    close(fds[0]);
    close(fds[1]);
    return *read_end < 0 || *write_end < 0 ? -EMFILE : 0;
}

static int pipes_open(struct pipes *pipes, bool warm)
{
    memset(pipes, 0xff, sizeof *pipes); /* all -1 */
    for (int i = 0; i < (warm ? READINESS + 1 : STDERR_FILENO + 1); i++) {
        bool program_reads = i == STDIN_FILENO || i == HANDOVER;
        int r =
            program_reads ? pipe_high(&pipes->child[i], &pipes->ours[i]) : pipe_high(&pipes->ours[i], &pipes->child[i]);
        if (r < 0)
            return r;
        if (fcntl(pipes->ours[i], F_SETFL, O_NONBLOCK) < 0)
            return -errno;
    }
    return pipe_high(&pipes->report[0], &pipes->report[1]);
}

SP_CLEANUP_DEFINE(struct pipes *, pipes_close)

int sp_runner_child_spawn(struct sp_runner *runner, const struct sp_runner_frame *frame)
{
    sp_cleanup(sp_free_ptr) struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return -ENOMEM;
    int r = make_plan(plan, frame);
    if (r < 0)
        return r;
    struct pipes pipes;
    sp_cleanup(pipes_close_scope) __attribute__((unused)) struct pipes *at_end = &pipes;
    r = pipes_open(&pipes, plan->warm);
    if (r < 0)
        return r;
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        int error = -enter(runner, plan, pipes.child);
        ssize_t n = write(pipes.report[1], &error, sizeof error);
        _exit(n == sizeof error ? 127 : 126);
    }
    runner->child = pid;
    sp_close_fd(&pipes.report[1]);
    pipes.report[1] = -1;
    int error = 0;
    ssize_t n;
    do
        n = read(pipes.report[0], &error, sizeof error);
    while (n < 0 && errno == EINTR);
    if (n != 0)
        return n == sizeof error ? -error : -EIO;
    runner->input.fd = SP_TAKE_FD(pipes.ours[STDIN_FILENO]);
    runner->streams[0] = SP_TAKE_FD(pipes.ours[STDOUT_FILENO]);
    runner->streams[1] = SP_TAKE_FD(pipes.ours[STDERR_FILENO]);
    runner->handover.fd = SP_TAKE_FD(pipes.ours[HANDOVER]);
    runner->ready_fd = SP_TAKE_FD(pipes.ours[READINESS]);
    runner->ready = !plan->warm;
    return 0;
}
