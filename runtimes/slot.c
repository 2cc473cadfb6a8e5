/* The spawner's table of sandboxes: who is in it, what the daemon asks of them and is told. Spawner's thread. Every one that
 * was asked for ends with exactly one ENDED, and only when no process of it is left. How one comes to live is slot_start.c,
 * how it ends is slot_end.c. */
#include "runtimes/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"

/* Bubblewrap's outer process and the runner are in the sandbox's group, but not in the program's share. */
#define EXTRA_PIDS 2

static struct sp_slot *find(struct sp_slots *slots, uint64_t id)
{
    for (uint32_t i = 0; i < slots->n_slots; i++)
        if (slots->slots[i].state != SP_SLOT_FREE && slots->slots[i].request.id == id)
            return &slots->slots[i];
    return NULL;
}

void sp_slot_shut(int *fd)
{
    sp_close_fd(fd);
    *fd = -1;
}

struct sp_cgroup_limits sp_slot_limits(const struct sp_spawner_request *request)
{
    return (struct sp_cgroup_limits){request->memory_bytes, request->pids + EXTRA_PIDS, request->cpu_milli};
}

void sp_slot_set_state(struct sp_slots *slots, struct sp_slot *slot, enum sp_slot_state state)
{
    slots->n_queued += (state == SP_SLOT_QUEUED) - (slot->state == SP_SLOT_QUEUED);
    slots->n_leaving += (state == SP_SLOT_LEAVING) - (slot->state == SP_SLOT_LEAVING);
    slots->n_busy += (state != SP_SLOT_FREE) - (slot->state != SP_SLOT_FREE);
    slot->state = state;
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
    sp_slot_shut(&slots->proc);
}

int sp_slots_add(struct sp_slots *slots, const struct sp_spawner_request *request, int stream_fd, int errors_fd)
{
    struct sp_slot *slot = NULL;
    for (uint32_t i = 0; i < slots->n_slots && !slot; i++)
        if (slots->slots[i].state == SP_SLOT_FREE)
            slot = &slots->slots[i];
    if (!slot || !request->id || find(slots, request->id)) {
        sp_slot_shut(&stream_fd);
        sp_slot_shut(&errors_fd);
        return SP_EPROTOCOL;
    }
    *slot = (struct sp_slot){.request = *request, .stream_fd = stream_fd, .errors_fd = errors_fd};
    slot->info_fd = slot->init_fd = -1;
    sp_slot_set_state(slots, slot, SP_SLOT_QUEUED);
    return 0;
}

void sp_slots_kill(struct sp_slots *slots, uint64_t id)
{
    struct sp_slot *slot = find(slots, id);
    if (slot)
        sp_slot_end_kill(slots, slot);
}

void sp_slots_kill_all(struct sp_slots *slots)
{
    for (uint32_t i = 0; i < slots->n_slots; i++)
        if (slots->slots[i].state != SP_SLOT_FREE)
            sp_slot_end_kill(slots, &slots->slots[i]);
}

void sp_slots_lower(struct sp_slots *slots, const struct sp_spawner_request *request)
{
    struct sp_slot *slot = find(slots, request->id);
    if (!slot)
        return;
    struct sp_cgroup_limits limits = sp_slot_limits(request);
    slot->lower_errno = EINVAL;
    if (slot->has_box && request->memory_bytes <= slot->request.memory_bytes && request->pids <= slot->request.pids &&
        request->cpu_milli <= slot->request.cpu_milli)
        slot->lower_errno = sp_cgroup_lower(slots->cgroup, &slot->box, &limits, NULL) < 0 ? EBUSY : 0;
    if (slot->lower_errno == 0) {
        slot->request.memory_bytes = request->memory_bytes;
        slot->request.pids = request->pids;
        slot->request.cpu_milli = request->cpu_milli;
    }
    slot->pending |= SP_SLOT_PENDING(SP_SPAWNER_LOWERED);
}

/* Each has its place, so that none comes without those before it. */
static void fill_started(struct sp_slots *slots, struct sp_slot *slot, int ret_fds[SP_SPAWNER_FDS_MAX])
{
    ret_fds[0] = fcntl(slot->init_fd, F_DUPFD_CLOEXEC, 3);
    if (ret_fds[0] >= 0 && slot->has_box)
        ret_fds[1] = sp_cgroup_oom_fd(slots->cgroup, &slot->box);
    if (ret_fds[1] >= 0)
        ret_fds[2] = sp_cgroup_cpu_fd(slots->cgroup, &slot->box);
}

bool sp_slots_next_event(
    struct sp_slots *slots, uint32_t *cursor, struct sp_spawner_event *ret_event, int ret_fds[SP_SPAWNER_FDS_MAX])
{
    for (unsigned i = 0; i < SP_SPAWNER_FDS_MAX; i++)
        ret_fds[i] = -1;
    for (; slots->n_busy && *cursor < slots->n_slots; ++*cursor) {
        struct sp_slot *slot = &slots->slots[*cursor];
        if (slot->state == SP_SLOT_FREE || !slot->pending)
            continue;
        /* In the order of their numbers: started, lowered, ended. */
        uint32_t op = SP_SPAWNER_STARTED + (uint32_t)__builtin_ctz(slot->pending);
        *ret_event = (struct sp_spawner_event){.op = op, .id = slot->request.id};
        if (op == SP_SPAWNER_STARTED && slot->init_fd >= 0)
            fill_started(slots, slot, ret_fds);
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
    slot->pending &= ~SP_SLOT_PENDING(event->op);
    if (event->op == SP_SPAWNER_ENDED)
        sp_slot_set_state(slots, slot, SP_SLOT_FREE);
}
