#ifndef SP_RUNTIMES_SPAWNER_WIRE_H
#define SP_RUNTIMES_SPAWNER_WIRE_H

/* What the daemon and its spawner say to each other: one fixed-size struct a packet of a SOCK_SEQPACKET socketpair,
 * descriptors beside it. Both ends are built together, so the layout is the compiler's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SP_SPAWNER_WIRE_VERSION 3u
#define SP_SPAWNER_PATH_BYTES   512u
#define SP_SPAWNER_TEXT_BYTES   200u
#define SP_SPAWNER_FDS_MAX      3u
#define SP_SPAWNER_SOCKET_FD    3  /* where the spawner finds its end */
#define SP_SPAWNER_SPARE_SLOTS  16 /* more than may live at once, for those that are just leaving */

/* The first packet, daemon to spawner: all that a sandbox is made of. Nothing later can change it. */
struct sp_spawner_setup {
    uint32_t version, size_bytes;
    char runner[SP_SPAWNER_PATH_BYTES];
    char bwrap[SP_SPAWNER_PATH_BYTES];
    char state_dir[SP_SPAWNER_PATH_BYTES];
    char python_prefix[SP_SPAWNER_PATH_BYTES]; /* empty: none */
    char instance[40];
    uint32_t service_uid, service_gid;
    uint32_t slot_uid_first, n_slot_uids; /* n 0: everything runs as the spawner's own uid */
    uint32_t n_slots;
    uint8_t require_no_groups;
};

/* How each limit is enforced. */
enum sp_spawner_by { SP_SPAWNER_BY_NONE, SP_SPAWNER_BY_CGROUP1, SP_SPAWNER_BY_CGROUP2, SP_SPAWNER_BY_WATCHDOG };

/* The spawner's first packet. */
struct sp_spawner_hello {
    uint32_t version, size_bytes;
    pid_t pid; /* its own, which is its session's too */
    uint8_t available, groups_kept, slot_uids;
    uint8_t memory_by, pids_by, cpu_by; /* enum sp_spawner_by */
    uint8_t kill_by_cgroup;
    uint8_t cpu_counted;              /* the processor time of a sandbox's processes together */
    char text[SP_SPAWNER_TEXT_BYTES]; /* why not available */
    char note[SP_SPAWNER_TEXT_BYTES]; /* why no cgroup, or empty */
};

enum sp_spawner_op {
    SP_SPAWNER_START = 1, /* with two descriptors: the runner's end of its stream, and where bwrap's complaints go */
    SP_SPAWNER_LOWER,     /* memory_bytes, pids, cpu_milli of a sandbox; answered by LOWERED */
    SP_SPAWNER_KILL,
    /* spawner to daemon */
    /* With the pidfd of PID 1 and, where a memory cgroup holds it, its file of OOM counts and, where that is counted too,
     * of processor time; without where it has ended by then. */
    SP_SPAWNER_STARTED = 64,
    SP_SPAWNER_LOWERED,
    SP_SPAWNER_ENDED /* exactly one for each START: no process of it is left, its slot is free */
};

struct sp_spawner_request {
    uint32_t op, zero;
    uint64_t id; /* the daemon's name for the sandbox: never 0, never used twice; names its /code directory */
    uint64_t memory_bytes, pids, cpu_milli, disk_bytes, inodes;
};

struct sp_spawner_event {
    uint32_t op;
    int32_t positive_errno; /* LOWERED, ENDED: 0 or what failed */
    uint64_t id;
    uint64_t oom_kills, cpu_us, max_rss_bytes;
    char text[SP_SPAWNER_TEXT_BYTES];
};

/* Sends one packet with the descriptors before the first -1, which stay the caller's. Never waits. 0 or a positive errno. */
int sp_spawner_wire_send(int fd, const void *packet, size_t n_bytes, const int fds[SP_SPAWNER_FDS_MAX]);
/* One packet with its descriptors, of which those that did not come are -1. Never waits. As recvmsg. */
ssize_t sp_spawner_wire_receive(int fd, void *packet, size_t n_bytes, int ret_fds[SP_SPAWNER_FDS_MAX]);
/* Closes them, and leaves -1. */
void sp_spawner_wire_close(int fds[SP_SPAWNER_FDS_MAX]);

#endif
