/* sallyport-spawner: the process that alone has the rights to start and end sandboxes. One thread, one socket inherited
 * as descriptor 3, packets of one fixed size. It reads no file, name or text that came from outside the configuration
 * that it was started with. It ends when the daemon's end of the socket closes, and takes every sandbox with it; no
 * signal but SIGKILL ends it earlier, and then the kernel does the same by bubblewrap's --die-with-parent. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"
#include "runtimes/cgroup.h"
#include "runtimes/filter.h"
#include "runtimes/slot.h"
#include "runtimes/spawner_wire.h"
#include "runtimes/stage.h"

#define EVENT_SOCKET   (UINT64_MAX)
#define EVENT_SIGNAL   (UINT64_MAX - 1)
#define LAST_WAIT_MS   5000 /* for sandboxes to be gone when we end */
#define PACKETS_A_TURN 256

struct spawner {
    struct sp_spawner_setup setup;
    struct sp_spawner_hello hello;
    struct sp_cgroup cgroup;
    struct sp_stage stage;
    struct sp_slot_lease lease;
    struct sp_slots slots;
    int epoll, signals, seccomp_fd;
    bool wants_out; /* the socket is full */
    bool ending;
};

static bool kept_groups(void)
{
    gid_t groups[64];
    int n = getgroups((int)SP_COUNT(groups), groups);
    for (int i = 0; i < n; i++)
        if (groups[i] != getegid())
            return true;
    return n < 0;
}

/* A child of ours can be put into a group with limits: what hello claims has been done once. */
static bool cgroup_works(struct sp_cgroup *cgroup, bool *ret_cpu_counted, struct sp_error *error)
{
    static const struct sp_cgroup_limits limits = {64 << 20, 16, 1000};
    struct sp_cgroup_box box;
    int status = 0;
    if (sp_cgroup_make(cgroup, 0, &limits, &box, error) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        _exit(sp_cgroup_enter(&box) == 0 ? 0 : 1);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        sp_error_set(error, SP_EINTERNAL, "no process may be put into a control group here");
    int cpu_fd = sp_cgroup_cpu_fd(cgroup, &box);
    uint64_t cpu_us;
    *ret_cpu_counted = box.folders[SP_CGROUP_MEMORY] >= 0 && cpu_fd >= 0 && sp_cgroup_cpu_us(cpu_fd, &cpu_us);
    sp_close_fd(&cpu_fd);
    for (int i = 0; i < 200 && !sp_cgroup_remove(cgroup, &box); i++)
        usleep(1000);
    return pid > 0 && status == 0;
}

static void open_cgroup(struct spawner *spawner)
{
    struct sp_error error = {0};
    bool cpu_counted = false;
    sp_cgroup_init(&spawner->cgroup, spawner->setup.instance, NULL);
    if (spawner->cgroup.version != SP_CGROUP_NONE && !cgroup_works(&spawner->cgroup, &cpu_counted, &error)) {
        cpu_counted = false;
        sp_cgroup_fini(&spawner->cgroup);
        spawner->cgroup.version = SP_CGROUP_NONE;
        spawner->cgroup.ops = NULL;
        snprintf(spawner->cgroup.note, sizeof spawner->cgroup.note, "%.190s", error.text);
    }
    spawner->hello.cpu_counted = cpu_counted;
}

static uint8_t by(const struct sp_cgroup *cgroup, enum sp_cgroup_part part, enum sp_spawner_by otherwise)
{
    if (cgroup->version == SP_CGROUP_NONE || !sp_cgroup_has(cgroup, part))
        return (uint8_t)otherwise;
    return cgroup->version == SP_CGROUP_V2 ? SP_SPAWNER_BY_CGROUP2 : SP_SPAWNER_BY_CGROUP1;
}

/* The filter that bubblewrap loads for the runner, as a file that can only be read. */
static int make_filter(bool memory_held, struct sp_error *error)
{
    sp_cleanup(sp_free_ptr) uint8_t *bytes = NULL;
    sp_cleanup(sp_close_fd) int fd = -1;
    size_t n_bytes;
    int status = sp_filter_build(SP_FILTER_RUNNER, memory_held, &bytes, &n_bytes, error);
    if (status < 0)
        return status;
    fd = memfd_create("runner-filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, bytes, n_bytes) != (ssize_t)n_bytes || fchmod(fd, 0444) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return sp_error_errno(error, errno, "memfd for the runner's filter");
    return SP_TAKE_FD(fd);
}

/* Everything that may fail on a machine that cannot run sandboxes. */
static int make_ready(struct spawner *spawner, struct sp_error *error)
{
    struct sp_spawner_hello *hello = &spawner->hello;
    const struct sp_spawner_setup *setup = &spawner->setup;
    hello->slot_uids = setup->n_slot_uids > 0;
    hello->groups_kept = !setup->n_slot_uids && kept_groups();
    if (geteuid() == 0 && !setup->n_slot_uids)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "as root there must be slot uids");
    if (hello->groups_kept && setup->require_no_groups)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "groups cannot be dropped without root");
    open_cgroup(spawner);
    hello->memory_by = by(&spawner->cgroup, SP_CGROUP_MEMORY, SP_SPAWNER_BY_WATCHDOG);
    hello->pids_by = by(&spawner->cgroup, SP_CGROUP_PIDS, SP_SPAWNER_BY_NONE);
    hello->cpu_by = by(&spawner->cgroup, SP_CGROUP_CPU, SP_SPAWNER_BY_NONE);
    hello->kill_by_cgroup = spawner->cgroup.version == SP_CGROUP_V2 || sp_cgroup_has(&spawner->cgroup, SP_CGROUP_KILL);
    snprintf(hello->note, sizeof hello->note, "%s", spawner->cgroup.note);
    spawner->seccomp_fd = make_filter(hello->memory_by != SP_SPAWNER_BY_WATCHDOG, error);
    if (spawner->seccomp_fd < 0)
        return spawner->seccomp_fd;
    /* Before the stage covers /run, where the locks lie. */
    int status = sp_slot_lease_init(&spawner->lease, SP_SLOT_LEASE_FILE, setup->slot_uid_first, setup->n_slot_uids,
        setup->service_uid, setup->n_slots, error);
    if (status == 0)
        status = sp_stage_init(setup, &spawner->stage, error);
    return status < 0 ? status
                      : sp_slots_init(&spawner->slots, setup, &spawner->cgroup, &spawner->lease, spawner->epoll,
                            spawner->seccomp_fd, error);
}

static bool terminated(const char *text, size_t size)
{
    return memchr(text, 0, size) != NULL;
}

static bool take_setup(struct sp_spawner_setup *setup)
{
    ssize_t n = recv(SP_SPAWNER_SOCKET_FD, setup, sizeof *setup, 0);
    return n == (ssize_t)sizeof *setup && setup->version == SP_SPAWNER_WIRE_VERSION &&
           setup->size_bytes == sizeof *setup && terminated(setup->runner, sizeof setup->runner) &&
           terminated(setup->bwrap, sizeof setup->bwrap) && terminated(setup->state_dir, sizeof setup->state_dir) &&
           terminated(setup->python_prefix, sizeof setup->python_prefix) &&
           terminated(setup->instance, sizeof setup->instance) && setup->n_slots > 0 && setup->n_slots <= 100000;
}

/* Kills and lowerings are done as they are read; starts only queue, and are made one a turn: so a kill never waits for
 * more than one of them. */
static void read_requests(struct spawner *spawner)
{
    for (int i = 0; i < PACKETS_A_TURN && !spawner->ending; i++) {
        struct sp_spawner_request request;
        int fds[SP_SPAWNER_FDS_MAX];
        ssize_t n = sp_spawner_wire_receive(SP_SPAWNER_SOCKET_FD, &request, sizeof request, fds);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n == sizeof request && request.op == SP_SPAWNER_START && fds[1] >= 0 && fds[2] < 0) {
            spawner->ending = sp_slots_add(&spawner->slots, &request, fds[0], fds[1]) < 0;
            continue;
        }
        sp_spawner_wire_close(fds); /* nobody asked for them */
        if (n == sizeof request && request.op == SP_SPAWNER_KILL)
            sp_slots_kill(&spawner->slots, request.id);
        else if (n == sizeof request && request.op == SP_SPAWNER_LOWER)
            sp_slots_lower(&spawner->slots, &request);
        else /* the end, or a peer that is not ours */
            spawner->ending = true;
    }
}

static void want_out(struct spawner *spawner, bool wants)
{
    if (wants == spawner->wants_out)
        return;
    spawner->wants_out = wants;
    struct epoll_event event = {.events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.u64 = EVENT_SOCKET};
    epoll_ctl(spawner->epoll, EPOLL_CTL_MOD, SP_SPAWNER_SOCKET_FD, &event);
}

static void send_events(struct spawner *spawner)
{
    struct sp_spawner_event event;
    int fds[SP_SPAWNER_FDS_MAX], errno_value = 0;
    for (uint32_t cursor = 0; sp_slots_next_event(&spawner->slots, &cursor, &event, fds);) {
        /* Once the daemon is gone nobody hears it. */
        errno_value = spawner->ending ? 0 : sp_spawner_wire_send(SP_SPAWNER_SOCKET_FD, &event, sizeof event, fds);
        sp_spawner_wire_close(fds);
        if (errno_value == EAGAIN)
            break;
        if (errno_value)
            spawner->ending = true;
        sp_slots_said(&spawner->slots, cursor, &event);
    }
    want_out(spawner, errno_value == EAGAIN);
}

static void turn(struct spawner *spawner, int timeout_ms)
{
    struct epoll_event events[64];
    struct signalfd_siginfo infos[16];
    int n = epoll_wait(spawner->epoll, events, (int)SP_COUNT(events), timeout_ms);
    if (!spawner->ending)
        read_requests(spawner);
    for (int i = 0; i < n; i++)
        if (events[i].data.u64 != EVENT_SOCKET && events[i].data.u64 != EVENT_SIGNAL)
            sp_slots_read_info(&spawner->slots, (uint32_t)(events[i].data.u64 - 1));
    while (read(spawner->signals, infos, sizeof infos) > 0)
        ;
    sp_slots_reap(&spawner->slots);
    sp_slots_tick(&spawner->slots);
    send_events(spawner);
}

static void serve(struct spawner *spawner)
{
    bool more = false;
    while (!spawner->ending) {
        turn(spawner, more ? 0 : sp_slots_timeout_ms(&spawner->slots));
        more = !spawner->ending && sp_slots_start_one(&spawner->slots);
    }
    sp_slots_kill_all(&spawner->slots);
    epoll_ctl(spawner->epoll, EPOLL_CTL_DEL, SP_SPAWNER_SOCKET_FD, NULL);
    for (uint64_t until_ms = sp_clock_ms() + LAST_WAIT_MS; spawner->slots.n_busy && sp_clock_ms() < until_ms;)
        turn(spawner, 5);
}

static int watch(struct spawner *spawner)
{
    sigset_t all;
    /* The daemon decides when it ends; a service manager's or a terminal's signals reach us too. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    spawner->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    spawner->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event socket = {.events = EPOLLIN, .data.u64 = EVENT_SOCKET};
    struct epoll_event signal = {.events = EPOLLIN, .data.u64 = EVENT_SIGNAL};
    if (spawner->signals < 0 || spawner->epoll < 0 ||
        epoll_ctl(spawner->epoll, EPOLL_CTL_ADD, SP_SPAWNER_SOCKET_FD, &socket) < 0 ||
        epoll_ctl(spawner->epoll, EPOLL_CTL_ADD, spawner->signals, &signal) < 0)
        return -1;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Sandboxes that spin must not keep us from ending one of them. We do little and sleep else; what we start has no part in it.
 * Without the right to it we take our turn as everybody does. */
static void take_precedence(void)
{
    struct sched_param first = {.sched_priority = 1}, usual = {0};
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first) < 0 && setpriority(PRIO_PROCESS, 0, -20) == 0)
        sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &usual);
}

int main(int argc, char **argv)
{
    (void)argv;
    static struct spawner spawner = {.stage = {.state = -1, .codes = -1},
        .lease.locks = -1,
        .slots.proc = -1,
        .epoll = -1,
        .signals = -1,
        .seccomp_fd = -1};
    struct sp_error error = {0};
    if (argc != 1 || fcntl(SP_SPAWNER_SOCKET_FD, F_SETFD, FD_CLOEXEC) < 0 || !take_setup(&spawner.setup) ||
        watch(&spawner) < 0) {
        fprintf(stderr, "sallyport-spawner: started by sallyportd only\n");
        return 2;
    }
    take_precedence();
    spawner.cgroup.version = SP_CGROUP_NONE;
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        spawner.cgroup.parents[part] = spawner.cgroup.instances[part] = -1;
    spawner.hello.version = SP_SPAWNER_WIRE_VERSION;
    spawner.hello.size_bytes = sizeof spawner.hello;
    spawner.hello.pid = getpid();
    bool ready = make_ready(&spawner, &error) == 0;
    spawner.hello.available = ready;
    snprintf(spawner.hello.text, sizeof spawner.hello.text, "%.199s", error.text);
    bool heard = send(SP_SPAWNER_SOCKET_FD, &spawner.hello, sizeof spawner.hello, MSG_NOSIGNAL) >= 0;
    if (heard && ready)
        serve(&spawner);
    else if (heard) /* nothing to do, but the daemon must not take our end for an accident */
        while (recv(SP_SPAWNER_SOCKET_FD, &spawner.hello, sizeof spawner.hello, 0) > 0)
            ;
    sp_slots_fini(&spawner.slots);
    sp_slot_lease_fini(&spawner.lease);
    sp_cgroup_fini(&spawner.cgroup);
    sp_stage_fini(&spawner.stage);
    return 0;
}
