/* The life of sandboxes in the spawner. Every one that was asked for ends with exactly one ENDED, and only when no
 * process of it is left: bubblewrap is reaped, PID 1's pidfd says gone (so that the kernel has ended its whole
 * namespace), its control groups could be removed. */
#include "runtimes/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/launch.h"
#include "runtimes/watchdog.h"

#define TICK_MS     5   /* while something leaves or is being killed */
#define WATCH_MS    100 /* between two looks at memory */
#define PATIENCE_MS 40  /* from a kill that was asked for until everything that can be killed is */

/* Bubblewrap's outer process and the runner are in the sandbox's group, but not in the program's share. */
#define EXTRA_PIDS 2

#define PENDING(op) (1u << ((op)-SP_SPAWNER_STARTED))

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct sp_cgroup_limits limits_of(const struct sp_spawner_request *request)
{
    return (struct sp_cgroup_limits){request->memory_bytes, request->pids + EXTRA_PIDS, request->cpu_milli};
}

static struct sp_slot *find(struct sp_slots *slots, uint64_t id)
{
    for (uint32_t i = 0; i < slots->n_slots; i++)
        if (slots->slots[i].state != SP_SLOT_FREE && slots->slots[i].request.id == id)
            return &slots->slots[i];
    return NULL;
}

static void shut(int *fd)
{
    sp_close_fd(fd);
    *fd = -1;
}

int sp_slots_init(struct sp_slots *slots, const struct sp_spawner_setup *setup, const struct sp_cgroup *cgroup,
    struct sp_slot_lease *lease, int epoll, int seccomp_fd, struct sp_error *error)
{
    *slots =
        (struct sp_slots){.setup = setup, .cgroup = cgroup, .lease = lease, .epoll = epoll, .seccomp_fd = seccomp_fd};
    slots->n_slots = 2 * setup->n_slots;
    slots->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slots->proc < 0)
        return sp_error_errno(error, errno, "opening /proc");
    slots->slots = calloc(slots->n_slots, sizeof *slots->slots);
    return slots->slots ? 0 : sp_error_set(error, SP_ENO_MEMORY, NULL);
}

void sp_slots_fini(struct sp_slots *slots)
{
    free(slots->slots);
    slots->slots = NULL;
    shut(&slots->proc);
}

static void set_state(struct sp_slots *slots, struct sp_slot *slot, enum sp_slot_state state)
{
    slots->n_queued += (state == SP_SLOT_QUEUED) - (slot->state == SP_SLOT_QUEUED);
    slots->n_leaving += (state == SP_SLOT_LEAVING) - (slot->state == SP_SLOT_LEAVING);
    slots->n_busy += (state != SP_SLOT_FREE) - (slot->state != SP_SLOT_FREE);
    slot->state = state;
}

int sp_slots_add(struct sp_slots *slots, const struct sp_spawner_request *request, int stream_fd, int errors_fd)
{
    struct sp_slot *slot = NULL;
    for (uint32_t i = 0; i < slots->n_slots && !slot; i++)
        if (slots->slots[i].state == SP_SLOT_FREE)
            slot = &slots->slots[i];
    if (!slot || !request->id || find(slots, request->id)) {
        shut(&stream_fd);
        shut(&errors_fd);
        return SP_EPROTOCOL;
    }
    *slot = (struct sp_slot){.request = *request, .stream_fd = stream_fd, .errors_fd = errors_fd};
    slot->info_fd = slot->init_fd = -1;
    set_state(slots, slot, SP_SLOT_QUEUED);
    return 0;
}

/* Before it is known which process is PID 1, only bubblewrap itself can be killed; the inside follows it, but only once
 * bubblewrap has come so far as to ask for that. So the kill waits a little for PID 1 to be known. */
static void kill_slot(struct sp_slots *slots, struct sp_slot *slot)
{
    if (!slot->kill_asked_ms)
        slot->kill_asked_ms = now_ms();
    if (slot->state == SP_SLOT_QUEUED) {
        shut(&slot->stream_fd);
        shut(&slot->errors_fd);
        set_state(slots, slot, SP_SLOT_LEAVING);
    } else if (slot->init_fd >= 0) {
        syscall(SYS_pidfd_send_signal, slot->init_fd, SIGKILL, NULL, 0);
        /* PID 1 would have to wait for its turn among all that the program has started before it could take them along;
         * so each gets its own signal, where there is a list of them. */
        if (slot->has_box) {
            slots->hastened = true;
            sp_cgroup_hasten(slots->cgroup, &slot->box);
            sp_cgroup_kill(slots->cgroup, &slot->box);
        }
        if (slots->cgroup->version == SP_CGROUP_NONE)
            sp_watchdog_kill(slots->proc, slot->init);
    }
}

static void kill_harder(struct sp_slots *slots, struct sp_slot *slot)
{
    if (slot->init_fd >= 0)
        syscall(SYS_pidfd_send_signal, slot->init_fd, SIGKILL, NULL, 0);
    if (slot->outer)
        kill(slot->outer, SIGKILL);
    if (slot->has_box)
        sp_cgroup_kill(slots->cgroup, &slot->box);
}

void sp_slots_kill(struct sp_slots *slots, uint64_t id)
{
    struct sp_slot *slot = find(slots, id);
    if (slot)
        kill_slot(slots, slot);
}

void sp_slots_kill_all(struct sp_slots *slots)
{
    for (uint32_t i = 0; i < slots->n_slots; i++)
        if (slots->slots[i].state != SP_SLOT_FREE)
            kill_slot(slots, &slots->slots[i]);
}

void sp_slots_lower(struct sp_slots *slots, const struct sp_spawner_request *request)
{
    struct sp_slot *slot = find(slots, request->id);
    if (!slot)
        return;
    struct sp_cgroup_limits limits = limits_of(request);
    slot->lower_errno = EINVAL;
    if (slot->has_box && request->memory_bytes <= slot->request.memory_bytes && request->pids <= slot->request.pids &&
        request->cpu_milli <= slot->request.cpu_milli)
        slot->lower_errno = sp_cgroup_lower(slots->cgroup, &slot->box, &limits, NULL) < 0 ? EBUSY : 0;
    if (slot->lower_errno == 0) {
        slot->request.memory_bytes = request->memory_bytes;
        slot->request.pids = request->pids;
        slot->request.cpu_milli = request->cpu_milli;
    }
    slot->pending |= PENDING(SP_SPAWNER_LOWERED);
}

static int launch(struct sp_slots *slots, struct sp_slot *slot, struct sp_error *error)
{
    const struct sp_spawner_setup *setup = slots->setup;
    struct sp_cgroup_limits limits = limits_of(&slot->request);
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
        .cgroup = slots->cgroup,
        .box = &slot->box,
        .uid = setup->n_slot_uids ? setup->slot_uid_first + slot->uid_index : geteuid(),
        .gid = setup->n_slot_uids ? setup->slot_uid_first + slot->uid_index : getegid(),
        .disk_bytes = slot->request.disk_bytes,
        .inodes = slot->request.inodes,
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

static void fail(struct sp_slots *slots, struct sp_slot *slot, int positive_errno, const char *text)
{
    slot->end_errno = positive_errno;
    snprintf(slot->text, sizeof slot->text, "%.*s", (int)sizeof slot->text - 1, text);
    if (slot->outer)
        kill_harder(slots, slot);
    else
        set_state(slots, slot, SP_SLOT_LEAVING);
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
    set_state(slots, oldest, SP_SLOT_STARTING);
    struct sp_error error = {0};
    if (launch(slots, oldest, &error) < 0)
        fail(slots, oldest, EIO, error.text);
    shut(&oldest->stream_fd);
    shut(&oldest->errors_fd);
    return slots->n_queued > 0;
}

/* Is pid a child of parent? While bubblewrap lives and has not reaped it, its child's number is its child's. */
static bool is_child(int proc, pid_t pid, pid_t parent)
{
    char path[32], text[512];
    int found = 0;
    snprintf(path, sizeof path, "%d/stat", (int)pid);
    sp_cleanup(sp_close_fd) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    text[n] = 0;
    char *at = strrchr(text, ')');
    return at && sscanf(at + 1, " %*c %d", &found) == 1 && found == parent;
}

static void know_init(struct sp_slots *slots, struct sp_slot *slot, pid_t init)
{
    slot->init_fd = (int)syscall(SYS_pidfd_open, init, 0);
    if (slot->init_fd >= 0 && !is_child(slots->proc, init, slot->outer))
        shut(&slot->init_fd);
    if (slot->init_fd < 0) {
        fail(slots, slot, ESRCH, "the sandbox ended while it was made");
        return;
    }
    slot->init = init;
    set_state(slots, slot, SP_SLOT_LIVE);
    slot->pending |= PENDING(SP_SPAWNER_STARTED);
    if (slot->kill_asked_ms)
        kill_slot(slots, slot);
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
        shut(&slot->info_fd);
    if (slot->state != SP_SLOT_STARTING)
        return;
    pid_t init = parse_init(slot->info);
    if (init)
        know_init(slots, slot, init);
    else if (over) /* its complaint is on its standard error */
        fail(slots, slot, EIO, "");
}

/* Bubblewrap's child waits for bubblewrap before it asks to die with it: where bubblewrap has ended before that, the child
 * would wait for ever, as ours. No child of ours but bubblewrap is meant to be. */
static void kill_strays(const struct sp_slots *slots)
{
    char text[4096];
    sp_cleanup(sp_close_fd) int fd = openat(slots->proc, "thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return;
    text[n] = 0;
    char *at = text, *end;
    for (long pid; (pid = strtol(at, &end, 10)) > 0 && *end == ' '; at = end) {
        bool known = false;
        for (uint32_t i = 0; i < slots->n_slots && !known; i++)
            known = slots->slots[i].state != SP_SLOT_FREE && slots->slots[i].outer == pid;
        if (!known)
            kill((pid_t)pid, SIGKILL);
    }
}

void sp_slots_reap(struct sp_slots *slots)
{
    int status;
    bool lost = false;
    struct rusage usage;
    for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &usage)) > 0;)
        for (uint32_t i = 0; i < slots->n_slots; i++) {
            struct sp_slot *slot = &slots->slots[i];
            if (slot->state == SP_SLOT_FREE || slot->outer != pid)
                continue;
            /* It may have said who PID 1 is just before it ended. */
            sp_slots_read_info(slots, i);
            shut(&slot->info_fd);
            lost |= slot->init_fd < 0;
            slot->outer = 0;
            slot->usage = usage;
            set_state(slots, slot, SP_SLOT_LEAVING);
        }
    if (lost)
        kill_strays(slots);
}

static bool gone(int pidfd)
{
    struct pollfd look = {.fd = pidfd, .events = POLLIN};
    return pidfd < 0 || (poll(&look, 1, 0) == 1 && look.revents);
}

static uint64_t usage_us(const struct rusage *usage)
{
    return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static void try_to_clear(struct sp_slots *slots, struct sp_slot *slot)
{
    if (!gone(slot->init_fd)) {
        kill_harder(slots, slot);
        return;
    }
    if (slot->has_box) {
        struct sp_cgroup_usage usage;
        sp_cgroup_usage(slots->cgroup, &slot->box, &usage);
        if (usage.oom_kills >= slot->end_usage.oom_kills)
            slot->end_usage = usage;
        if (!sp_cgroup_remove(slots->cgroup, &slot->box)) {
            kill_harder(slots, slot);
            return;
        }
        slot->has_box = false;
    }
    shut(&slot->init_fd);
    slot->end_usage.oom_kills += slot->watchdog_kills;
    if (!slot->end_usage.cpu_us)
        slot->end_usage.cpu_us = usage_us(&slot->usage);
    if (!slot->end_usage.max_rss_bytes)
        slot->end_usage.max_rss_bytes = (uint64_t)slot->usage.ru_maxrss * 1024;
    if (slot->has_uid)
        sp_slot_lease_give(slots->lease, slot->uid_index);
    slot->has_uid = false;
    slot->pending |= PENDING(SP_SPAWNER_ENDED);
}

static void watch_memory(struct sp_slots *slots)
{
    struct sp_watchdog_item *items = calloc(slots->n_slots, sizeof *items);
    if (!items)
        return;
    for (uint32_t i = 0; i < slots->n_slots; i++) {
        items[i].init = slots->slots[i].state == SP_SLOT_LIVE ? slots->slots[i].init : 0;
        items[i].limit_bytes = slots->slots[i].request.memory_bytes;
    }
    sp_watchdog_look(slots->proc, items, slots->n_slots);
    for (uint32_t i = 0; i < slots->n_slots; i++) {
        struct sp_slot *slot = &slots->slots[i];
        if (!items[i].init || slot->kill_asked_ms || items[i].used_bytes <= items[i].limit_bytes)
            continue;
        slot->watchdog_kills = 1;
        kill_slot(slots, slot);
    }
    free(items);
}

static bool watches(const struct sp_slots *slots)
{
    return slots->n_busy && !sp_cgroup_has(slots->cgroup, SP_CGROUP_MEMORY);
}

void sp_slots_tick(struct sp_slots *slots)
{
    uint64_t now = now_ms();
    bool killing = false;
    for (uint32_t i = 0; slots->n_busy && i < slots->n_slots; i++) {
        struct sp_slot *slot = &slots->slots[i];
        killing |= slot->state != SP_SLOT_FREE && slot->kill_asked_ms && slot->has_box;
        if (slot->state == SP_SLOT_LEAVING && !(slot->pending & PENDING(SP_SPAWNER_ENDED)))
            try_to_clear(slots, slot);
        else if (slot->kill_asked_ms && now - slot->kill_asked_ms > PATIENCE_MS &&
                 (slot->state == SP_SLOT_STARTING || slot->state == SP_SLOT_LIVE))
            kill_harder(slots, slot);
    }
    if (slots->hastened && !killing) {
        slots->hastened = false;
        sp_cgroup_calm(slots->cgroup);
    }
    if (watches(slots) && now - slots->watchdog_last_ms >= WATCH_MS) {
        slots->watchdog_last_ms = now;
        watch_memory(slots);
    }
}

int sp_slots_timeout_ms(const struct sp_slots *slots)
{
    /* What queues still, waits for a uid; nobody tells when another daemon gives one back. */
    if (slots->n_leaving || slots->n_queued)
        return TICK_MS;
    for (uint32_t i = 0; slots->n_busy && i < slots->n_slots; i++)
        if (slots->slots[i].state != SP_SLOT_FREE && slots->slots[i].kill_asked_ms)
            return TICK_MS;
    return watches(slots) ? WATCH_MS : -1;
}

static void fill_started(struct sp_slots *slots, struct sp_slot *slot, int ret_fds[2], size_t *ret_n_fds)
{
    ret_fds[0] = fcntl(slot->init_fd, F_DUPFD_CLOEXEC, 3);
    *ret_n_fds = ret_fds[0] >= 0;
    ret_fds[1] = *ret_n_fds && slot->has_box ? sp_cgroup_oom_fd(slots->cgroup, &slot->box) : -1;
    *ret_n_fds += ret_fds[1] >= 0;
}

bool sp_slots_next_event(
    struct sp_slots *slots, uint32_t *cursor, struct sp_spawner_event *ret_event, int ret_fds[2], size_t *ret_n_fds)
{
    for (; slots->n_busy && *cursor < slots->n_slots; ++*cursor) {
        struct sp_slot *slot = &slots->slots[*cursor];
        if (slot->state == SP_SLOT_FREE || !slot->pending)
            continue;
        /* In the order of their numbers: started, lowered, ended. */
        uint32_t op = SP_SPAWNER_STARTED + (uint32_t)__builtin_ctz(slot->pending);
        *ret_event = (struct sp_spawner_event){.op = op, .id = slot->request.id};
        *ret_n_fds = 0;
        if (op == SP_SPAWNER_STARTED && slot->init_fd >= 0)
            fill_started(slots, slot, ret_fds, ret_n_fds);
        if (op == SP_SPAWNER_LOWERED)
            ret_event->positive_errno = slot->lower_errno;
        if (op == SP_SPAWNER_ENDED) {
            ret_event->positive_errno = slot->end_errno;
            ret_event->oom_kills = slot->end_usage.oom_kills;
            ret_event->cpu_us = slot->end_usage.cpu_us;
            ret_event->max_rss_bytes = slot->end_usage.max_rss_bytes;
            memcpy(ret_event->text, slot->text, sizeof ret_event->text);
        }
        return true;
    }
    return false;
}

void sp_slots_said(struct sp_slots *slots, uint32_t cursor, const struct sp_spawner_event *event)
{
    struct sp_slot *slot = &slots->slots[cursor];
    slot->pending &= ~PENDING(event->op);
    if (event->op == SP_SPAWNER_ENDED)
        set_state(slots, slot, SP_SLOT_FREE);
}
