#ifndef SP_RUNTIMES_CGROUP_H
#define SP_RUNTIMES_CGROUP_H

/* Control groups of sandboxes, whichever version the machine gives us: v2 where a subtree is delegated, v1 where its
 * hierarchies are writable, or none. Below our own group there is one folder an instance, and in it one a sandbox.
 * Used by the spawner, a single thread; sp_cgroup_enter also by its children between fork and exec. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"

/* Hierarchies that may be folders apart. On v2 only the first is used and holds all. */
enum sp_cgroup_part {
    SP_CGROUP_MEMORY,
    SP_CGROUP_PIDS,
    SP_CGROUP_CPU,
    SP_CGROUP_CPUACCT,
    SP_CGROUP_KILL,
    SP_CGROUP_PARTS
};

enum sp_cgroup_version { SP_CGROUP_NONE, SP_CGROUP_V1, SP_CGROUP_V2 };

struct sp_cgroup_limits {
    uint64_t memory_bytes, pids, cpu_milli;
};

struct sp_cgroup_usage {
    uint64_t oom_kills, cpu_us, max_rss_bytes; /* 0 where not known */
};

struct sp_cgroup_ops; /* what differs between the versions */

struct sp_cgroup {
    enum sp_cgroup_version version;
    const struct sp_cgroup_ops *ops;
    int parents[SP_CGROUP_PARTS];   /* folders that hold the instances'; -1: none */
    int instances[SP_CGROUP_PARTS]; /* our own, with a lock on it while we live; -1: the part is not to be had */
    char name[64];                  /* of our instance's folders */
    char note[200];                 /* why no better version, or empty */
};

/* One sandbox's. */
struct sp_cgroup_box {
    int folders[SP_CGROUP_PARTS];
    char name[24];
};

/* Where to look; NULL: /proc/self/cgroup and /proc/self/mountinfo. */
struct sp_cgroup_paths {
    const char *own_cgroups, *mounts;
};

/* Finds what can be used, makes the instance's folders, and reaps those of instances that live no more: kills what runs
 * in them. Never fails: version NONE where there is nothing, with the reason in note. */
void sp_cgroup_init(struct sp_cgroup *cgroup, const char *instance, const struct sp_cgroup_paths *paths);
/* Removes the instance's folders, which must hold no process. */
void sp_cgroup_fini(struct sp_cgroup *cgroup);

/* Is the part to be had, so that a box gets its limits? */
bool sp_cgroup_has(const struct sp_cgroup *cgroup, enum sp_cgroup_part part);

/* A sandbox's folders with its limits; number is a name among the living. SP_EINTERNAL. */
int sp_cgroup_make(const struct sp_cgroup *cgroup, uint64_t number, const struct sp_cgroup_limits *limits,
    struct sp_cgroup_box *ret_box, struct sp_error *error);
/* Puts the calling process into it. 0 or a positive errno; allocates nothing. */
int sp_cgroup_enter(const struct sp_cgroup_box *box);
/* Changes limits that are in force. SP_EINTERNAL where the kernel refuses. */
int sp_cgroup_lower(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box,
    const struct sp_cgroup_limits *limits, struct sp_error *error);
void sp_cgroup_usage(
    const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box, struct sp_cgroup_usage *ret_usage);
/* Kills all that is in it, in one step where the kernel can. */
void sp_cgroup_kill(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box);
/* Lifts the sandbox's limit of processor time and gives it the largest share among its siblings: what is killed needs the
 * processor to die, and must not wait for its next period, or behind those that live on. What all sandboxes have together
 * stays as it is: raised, it would go to whichever of them spins, and neither the host nor who reaps got a turn. */
void sp_cgroup_hasten(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box);
/* A new descriptor of the file with the count of OOM kills, for sp_cgroup_oom_kills; -1 without a memory part. */
int sp_cgroup_oom_fd(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box);
/* A new descriptor of the file with the processor time of all that is or was in it, for sp_cgroup_cpu_us; -1: not counted,
 * or no share of the processor bounds how fast it grows. */
int sp_cgroup_cpu_fd(const struct sp_cgroup *cgroup, const struct sp_cgroup_box *box);
/* True once its folders are gone; false while a process is still leaving: try again soon. */
bool sp_cgroup_remove(const struct sp_cgroup *cgroup, struct sp_cgroup_box *box);

/* The count in a file of sp_cgroup_oom_fd (either version). False once the folder is removed. Any process. */
bool sp_cgroup_oom_kills(int fd, uint64_t *ret_oom_kills);
/* The same of a file of sp_cgroup_cpu_fd. */
bool sp_cgroup_cpu_us(int fd, uint64_t *ret_cpu_us);

/* ---- for the versions' own files ---- */

/* What a group of the second version has to hand down, so that those below it can have limits. */
#define SP_CGROUP_V2_CONTROLLERS "+memory +pids +cpu"

struct sp_cgroup_ops {
    /* Fills parents (open folders that may hold instances). False with the reason in note. */
    bool (*find)(struct sp_cgroup *cgroup, const struct sp_cgroup_paths *paths);
    /* Writes the limits; fresh: also what a box gets once. SP_EINTERNAL. */
    int (*set)(
        const struct sp_cgroup_box *box, const struct sp_cgroup_limits *limits, bool fresh, struct sp_error *error);
    /* What it can tell; the rest of *ret_usage, zeroed before, stays. */
    void (*usage)(const struct sp_cgroup_box *box, struct sp_cgroup_usage *ret_usage);
    const char *oom_file, *cpu_file;
    enum sp_cgroup_part cpu_part;
    const char *quota_file, *no_quota;
    const char *share_file, *largest_share;
};
extern const struct sp_cgroup_ops sp_cgroup_v1_ops, sp_cgroup_v2_ops;

/* The whole small file, terminated, into text; false where it cannot be read. */
bool sp_cgroup_read(int folder, const char *file, char *text, unsigned long size);
/* 0 or a positive errno. */
int sp_cgroup_write(int folder, const char *file, const char *text);
/* The number behind a word ("oom_kill 3") or, key NULL, the first number; 0 where there is none. */
uint64_t sp_cgroup_number(const char *text, const char *key);
/* Finds one mount of the type with the option (v1's controller; NULL: any) and opens the folder of our own group in it;
 * -1 where there is none or it may not be written. */
int sp_cgroup_open_own(const struct sp_cgroup_paths *paths, const char *type, const char *option);

#endif
