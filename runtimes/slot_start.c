/* How a sandbox comes to live: its control groups, bubblewrap, and which process is PID 1, as bubblewrap tells by its info
 * descriptor. Spawner's thread, part of the table of sandboxes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/launch.h"
#include "runtimes/proc_stat.h"
#include "runtimes/slot.h"

static int launch(struct sp_slots *slots, struct sp_slot *slot, struct sp_error *error)
{
    const struct sp_spawner_setup *setup = slots->setup;
    struct sp_cgroup_limits limits = sp_slot_limits(&slot->request);
    int status = sp_cgroup_make(slots->cgroup, slot->request.id, &limits, &slot->box, error);
    if (status < 0)
        return status;
    slot->has_box = true;

    struct sp_bwrap_plan plan = {
        .bwrap = setup->bwrap,
        .python_prefix = setup->python_prefix,
        .id = slot->request.id,
        .seccomp_fd = SP_LAUNCH_SECCOMP_FD,
        .info_fd = SP_LAUNCH_INFO_FD,
        .memory_held = slots->cgroup->version != SP_CGROUP_NONE && sp_cgroup_has(slots->cgroup, SP_CGROUP_MEMORY),
    };
    static struct sp_bwrap_argv argv; /* large, and one at a time */
    status = sp_bwrap_argv_make(&plan, &argv, error);
    if (status < 0)
        return status;
    /* Its own open file description for each: bubblewrap reads the filter to its end. */
    char seccomp_path[40];
    snprintf(seccomp_path, sizeof seccomp_path, "/proc/self/fd/%d", slots->seccomp_fd);
    sp_cleanup(sp_close_fd) int seccomp_fd = open(seccomp_path, O_RDONLY | O_CLOEXEC);
    int info[2];
    if (seccomp_fd < 0)
        return sp_error_errno(error, errno, "the runner's filter");
    if (pipe2(info, O_CLOEXEC) < 0)
        return sp_error_errno(error, errno, "pipe");
    fcntl(info[0], F_SETFL, O_NONBLOCK);
    struct sp_launch what = {
        .argv = &argv,
        .box = &slot->box,
        .uid = setup->n_slot_uids ? setup->slot_uid_first + slot->uid_index : geteuid(),
        .gid = setup->n_slot_uids ? setup->slot_uid_first + slot->uid_index : getegid(),
        .disk_bytes = slot->request.disk_bytes,
        .inodes = slot->request.inodes,
        .n_cpus = sp_cgroup_has(slots->cgroup, SP_CGROUP_CPU) ? 0 : (slot->request.cpu_milli + 999) / 1000,
        .turn = slot->request.id,
        .stream_fd = slot->stream_fd,
        .errors_fd = slot->errors_fd,
        .seccomp_fd = seccomp_fd,
        .info_fd = info[1],
    };
    status = sp_launch(&what, &slot->outer, error);
    close(info[1]);
    slot->info_fd = info[0];
    if (status < 0)
        return status;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)(slot - slots->slots) + 1};
    if (epoll_ctl(slots->epoll, EPOLL_CTL_ADD, info[0], &event) < 0)
        return sp_error_errno(error, errno, "epoll_ctl");
    return 0;
}

bool sp_slots_start_one(struct sp_slots *slots)
{
    struct sp_slot *oldest = NULL;
    for (uint32_t i = 0; slots->n_queued && i < slots->n_slots; i++) {
        struct sp_slot *slot = &slots->slots[i];
        if (slot->state == SP_SLOT_QUEUED && (!oldest || slot->request.id < oldest->request.id))
            oldest = slot;
    }
    if (!oldest || !sp_slot_lease_take(slots->lease, &oldest->uid_index))
        return false;
    oldest->has_uid = true;
    sp_slot_set_state(slots, oldest, SP_SLOT_STARTING);
    struct sp_error error = {0};
    if (launch(slots, oldest, &error) < 0)
        sp_slot_end_fail(slots, oldest, EIO, error.text);
    sp_slot_shut(&oldest->stream_fd);
    sp_slot_shut(&oldest->errors_fd);
    return slots->n_queued > 0;
}

/* Is pid a child of parent? While bubblewrap lives and has not reaped it, its child's number is its child's. */
static bool is_child(int proc, pid_t pid, pid_t parent)
{
    struct sp_proc_stat found;
    return sp_proc_stat_read(proc, pid, &found) && found.parent == parent;
}

static void know_init(struct sp_slots *slots, struct sp_slot *slot, pid_t init)
{
    slot->init_fd = (int)syscall(SYS_pidfd_open, init, 0);
    if (slot->init_fd >= 0 && !is_child(slots->proc, init, slot->outer))
        sp_slot_shut(&slot->init_fd);
    if (slot->init_fd < 0) {
        sp_slot_end_fail(slots, slot, ESRCH, "the sandbox ended while it was made");
        return;
    }
    slot->init = init;
    sp_slot_set_state(slots, slot, SP_SLOT_LIVE);
    slot->pending |= SP_SLOT_PENDING(SP_SPAWNER_STARTED);
    if (slot->kill_asked_ms)
        sp_slot_end_kill(slots, slot);
}

/* One JSON object with the number of the child first: {"child-pid": 123, … 0: not there yet. */
static pid_t parse_init(const char *info)
{
    static const char key[] = "\"child-pid\":";
    const char *at = strstr(info, key);
    char *end = NULL;
    long pid = at ? strtol(at + sizeof key - 1, &end, 10) : 0;
    return pid > 1 && pid < INT_MAX && *end && strchr(",}\n ", *end) ? (pid_t)pid : 0;
}

/* It is read to its end: bubblewrap goes on writing, and must not find the pipe closed. */
void sp_slots_read_info(struct sp_slots *slots, uint32_t index)
{
    struct sp_slot *slot = index < slots->n_slots ? &slots->slots[index] : NULL;
    if (!slot || slot->info_fd < 0)
        return;
    char text[512];
    ssize_t n;
    while ((n = read(slot->info_fd, text, sizeof text)) > 0) {
        size_t room = sizeof slot->info - 1 - slot->n_info, kept = (size_t)n < room ? (size_t)n : room;
        memcpy(slot->info + slot->n_info, text, kept);
        slot->n_info += kept;
        slot->info[slot->n_info] = 0;
    }
    bool over = n == 0 || (errno != EAGAIN && errno != EINTR);
    if (over)
        sp_slot_shut(&slot->info_fd);
    if (slot->state != SP_SLOT_STARTING)
        return;
    pid_t init = parse_init(slot->info);
    if (init)
        know_init(slots, slot, init);
    else if (over) /* its complaint is on its standard error */
        sp_slot_end_fail(slots, slot, EIO, "");
}
