#ifndef SP_RUNTIMES_SLOT_H
#define SP_RUNTIMES_SLOT_H

/* The spawner's table of sandboxes: from a start that was asked for to the last process gone. One thread. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "proto/error.h"
#include "runtimes/cgroup.h"
#include "runtimes/slot_lease.h"
#include "runtimes/spawner_wire.h"

/*   FREE → QUEUED → STARTING → LIVE → LEAVING → FREE
 *             └────────┴──────────────┘             */
enum sp_slot_state {
    SP_SLOT_FREE,
    SP_SLOT_QUEUED,   /* waits for a uid */
    SP_SLOT_STARTING, /* bubblewrap runs and has not said yet which process is PID 1 */
    SP_SLOT_LIVE,
    SP_SLOT_LEAVING /* bubblewrap has ended; what is left is being cleared */
};

struct sp_slot {
    enum sp_slot_state state;
    struct sp_spawner_request request;
    int stream_fd, errors_fd; /* until it is started */
    int info_fd;              /* until bubblewrap has said all it says */
    char info[256];
    size_t n_info;
    bool has_uid;
    uint32_t uid_index; /* of the lease */
    pid_t outer;        /* bubblewrap, our child until it is reaped; 0: none */
    int init_fd;        /* pidfd of PID 1 */
    pid_t init;
    bool has_box;
    struct sp_cgroup_box box;
    uint64_t kill_asked_ms; /* 0: not */
    uint64_t watchdog_kills;
    struct rusage usage;
    unsigned pending; /* events to be said: SP_SLOT_PENDING(op) */
    int lower_errno, end_errno;
    struct sp_cgroup_usage end_usage;
    char text[SP_SPAWNER_TEXT_BYTES];
};

struct sp_slots {
    const struct sp_spawner_setup *setup;
    const struct sp_cgroup *cgroup;
    struct sp_slot_lease *lease;
    int epoll, seccomp_fd, proc;
    struct sp_slot *slots;
    uint32_t n_slots; /* twice setup->n_slots: those that leave or wait have places beside those that live */
    uint32_t n_queued, n_leaving, n_busy; /* busy: not free */
    uint64_t watchdog_last_ms;
};

/* What the pointers lead to stays the caller's, and outlives the table. Info descriptors are put into epoll with data.u64 =
 * index + 1. SP_EINTERNAL, SP_ENO_MEMORY. */
int sp_slots_init(struct sp_slots *slots, const struct sp_spawner_setup *setup, const struct sp_cgroup *cgroup,
    struct sp_slot_lease *lease, int epoll, int seccomp_fd, struct sp_error *error);
void sp_slots_fini(struct sp_slots *slots);

/* Queues a start; the descriptors are taken. SP_EPROTOCOL: an id in use, or more than there can be. */
int sp_slots_add(struct sp_slots *slots, const struct sp_spawner_request *request, int stream_fd, int errors_fd);
/* Unknown ids are ignored: what they named has ended. lower is answered by LOWERED, whatever comes of it. */
void sp_slots_kill(struct sp_slots *slots, uint64_t id);
void sp_slots_lower(struct sp_slots *slots, const struct sp_spawner_request *request);
void sp_slots_kill_all(struct sp_slots *slots);

/* ---- slot_start.c ---- */

/* Starts the oldest of the queue, if a uid is free. True if there may be more to start. */
bool sp_slots_start_one(struct sp_slots *slots);
/* Something came on an info descriptor. */
void sp_slots_read_info(struct sp_slots *slots, uint32_t index);

/* ---- slot_end.c ---- */

/* Reaps all children that have ended. */
void sp_slots_reap(struct sp_slots *slots);
/* Clears what leaves, kills again what does not, looks at memory where nothing else does. */
void sp_slots_tick(struct sp_slots *slots);
/* In how many milliseconds sp_slots_tick is wanted; -1: no need. */
int sp_slots_timeout_ms(const struct sp_slots *slots);

/* ---- slot.c: what is said ---- */

/* The next event to be said, with its descriptors (-1: none; to be closed by the caller, also if said is never called); false
 * when there is none. sp_slots_said takes it off. */
bool sp_slots_next_event(
    struct sp_slots *slots, uint32_t *cursor, struct sp_spawner_event *ret_event, int ret_fds[SP_SPAWNER_FDS_MAX]);
void sp_slots_said(struct sp_slots *slots, uint32_t cursor, const struct sp_spawner_event *event);

/* ---- for the table's own files ---- */

/* The bit of an event in pending. */
#define SP_SLOT_PENDING(op) (1u << ((op)-SP_SPAWNER_STARTED))

void sp_slot_set_state(struct sp_slots *slots, struct sp_slot *slot, enum sp_slot_state state);
/* Closes, and forgets the number. */
void sp_slot_shut(int *fd);
/* What the control groups of a sandbox get for what was asked. */
struct sp_cgroup_limits sp_slot_limits(const struct sp_spawner_request *request);
/* slot_end.c: asks it to end, as KILL does. */
void sp_slot_end_kill(struct sp_slots *slots, struct sp_slot *slot);
/* slot_end.c: it could not be made; text is told with ENDED. */
void sp_slot_end_fail(struct sp_slots *slots, struct sp_slot *slot, int positive_errno, const char *text);

#endif
