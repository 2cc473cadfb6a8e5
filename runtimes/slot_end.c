/* How a sandbox ends: kills, which grow harder, children that are reaped, memory that is watched where nothing else holds it,
 * and what must be gone before ENDED is said: bubblewrap is reaped, PID 1's pidfd says gone (so that the kernel has ended its
 * whole namespace), its control groups could be removed. Spawner's thread, part of the table of sandboxes. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"
#include "runtimes/slot.h"
#include "runtimes/watchdog.h"

#define TICK_MS     5   /* while something leaves or is being killed */
#define WATCH_MS    100 /* between two looks at memory */
#define PATIENCE_MS 40  /* from a kill that was asked for until everything that can be killed is */

/* Before it is known which process is PID 1, only bubblewrap itself can be killed; the inside follows it, but only once
 * bubblewrap has come so far as to ask for that. So the kill waits a little for PID 1 to be known. */
void sp_slot_end_kill(struct sp_slots *slots, struct sp_slot *slot)
{
    if (!slot->kill_asked_ms)
        slot->kill_asked_ms = sp_clock_ms();
    if (slot->state == SP_SLOT_QUEUED) {
        sp_slot_shut(&slot->stream_fd);
        sp_slot_shut(&slot->errors_fd);
        sp_slot_set_state(slots, slot, SP_SLOT_LEAVING);
    } else if (slot->init_fd >= 0) {
        syscall(SYS_pidfd_send_signal, slot->init_fd, SIGKILL, NULL, 0);
        /* PID 1 would have to wait for its turn among all that the program has started before it could take them along;
         * so each gets its own signal, where there is a list of them. */
        if (slot->has_box) {
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

void sp_slot_end_fail(struct sp_slots *slots, struct sp_slot *slot, int positive_errno, const char *text)
{
    slot->end_errno = positive_errno;
    snprintf(slot->text, sizeof slot->text, "%.*s", (int)sizeof slot->text - 1, text);
    if (slot->outer)
        kill_harder(slots, slot);
    else
        sp_slot_set_state(slots, slot, SP_SLOT_LEAVING);
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
            sp_slot_shut(&slot->info_fd);
            lost |= slot->init_fd < 0;
            slot->outer = 0;
            slot->usage = usage;
            sp_slot_set_state(slots, slot, SP_SLOT_LEAVING);
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
    sp_slot_shut(&slot->init_fd);
    slot->end_usage.oom_kills += slot->watchdog_kills;
    if (!slot->end_usage.cpu_us)
        slot->end_usage.cpu_us = usage_us(&slot->usage);
    if (!slot->end_usage.max_rss_bytes)
        slot->end_usage.max_rss_bytes = (uint64_t)slot->usage.ru_maxrss * 1024;
    if (slot->has_uid)
        sp_slot_lease_give(slots->lease, slot->uid_index);
    slot->has_uid = false;
    slot->pending |= SP_SLOT_PENDING(SP_SPAWNER_ENDED);
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
        sp_slot_end_kill(slots, slot);
    }
    free(items);
}

static bool watches(const struct sp_slots *slots)
{
    return slots->n_busy && !sp_cgroup_has(slots->cgroup, SP_CGROUP_MEMORY);
}

void sp_slots_tick(struct sp_slots *slots)
{
    uint64_t now = sp_clock_ms();
    for (uint32_t i = 0; slots->n_busy && i < slots->n_slots; i++) {
        struct sp_slot *slot = &slots->slots[i];
        if (slot->state == SP_SLOT_LEAVING && !(slot->pending & SP_SLOT_PENDING(SP_SPAWNER_ENDED)))
            try_to_clear(slots, slot);
        else if (slot->kill_asked_ms && now - slot->kill_asked_ms > PATIENCE_MS &&
                 (slot->state == SP_SLOT_STARTING || slot->state == SP_SLOT_LIVE))
            kill_harder(slots, slot);
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
