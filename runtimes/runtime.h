#ifndef SP_RUNTIMES_RUNTIME_H
#define SP_RUNTIMES_RUNTIME_H

/* What the daemon sees of running bytes: the set of runtimes, and a run in one of them. Nothing outside an adapter knows
 * which one it talks to. All functions run on the loop's thread, in a process that ignores SIGPIPE: a sandbox may end while
 * it is written to. What an adapter implements is runtimes/adapter.h. */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/error.h"
#include "proto/limits.h"
#include "proto/str.h"

struct sp_runtimes; /* the adapters, their pools, the bound on all live sandboxes */

/* ---- what is run ---- */

enum sp_file_place {
    SP_FILE_PLACE_CODE, /* judged: into the read-only /code, first on the module path */
    SP_FILE_PLACE_WORK  /* data: into /work, the working directory */
};

struct sp_sandbox_file {
    struct sp_str path; /* relative, no "..", no empty segment: checked by sp_run_start */
    struct sp_str data;
    uint32_t mode; /* permission bits; 0: 0644 */
    enum sp_file_place place;
};

struct sp_sandbox_env {
    struct sp_str name, value;
};

/* All memory is the caller's and must last until the run is done. Everything in here was judged already. */
struct sp_sandbox_spec {
    int language;              /* proto/language.h */
    struct sp_str code;        /* the main file, at /code/<the toolchain's file name> */
    const struct sp_str *argv; /* behind the program's own name */
    size_t n_argv;
    const struct sp_sandbox_env *env;
    size_t n_env;
    struct sp_str input; /* standard input, then its end */
    const struct sp_sandbox_file *files;
    size_t n_files;
    const struct sp_str *artifacts; /* globs below /work; matched files come back */
    size_t n_artifacts;
    struct sp_limits limits; /* all set */
    struct sp_str runtime;   /* "bubblewrap", …; absent: the first that is available */
    uint32_t owner_uid;      /* owners take turns for a sandbox */
};

/* ---- how it ended ---- */

enum sp_outcome {
    SP_OUTCOME_EXITED,
    SP_OUTCOME_SIGNALED,
    SP_OUTCOME_TIMED_OUT,
    SP_OUTCOME_OOM_KILLED,
    SP_OUTCOME_OUTPUT_LIMIT,
    SP_OUTCOME_CANCELLED,
    SP_OUTCOME_LOST,
    SP_OUTCOME_COUNT
};
/* Its name on the wire. Static. */
const char *sp_outcome_name(enum sp_outcome outcome);

struct sp_run_artifact {
    struct sp_str path, data;
    uint32_t mode;
};

struct sp_run_result {
    enum sp_outcome outcome;
    bool has_exit_code;
    int exit_code; /* EXITED */
    int signal;    /* SIGNALED, else 0 */
    bool stdout_truncated, stderr_truncated;
    uint64_t wall_ms, cpu_ms, max_rss_bytes, oom_kills;
    double start_ms; /* submit to hand-over */
    double run_ms;   /* hand-over to the last process gone */
    bool warm;
    const char *runtime;
    const struct sp_run_artifact *artifacts; /* valid during done */
    size_t n_artifacts;
    bool artifacts_truncated; /* more matched than the bounds let out */
};

enum sp_run_stream { SP_RUN_STDOUT = 1, SP_RUN_STDERR = 2 };

struct sp_run;
/* Bytes that the program wrote, as they come; both streams together at most limits.output_bytes. */
typedef void sp_run_output_cb(struct sp_run *run, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes);
/* Exactly once for every start that returned 0. result NULL: the run ended before it was handed over, and error says why
 * (SP_ERUNTIME_UNAVAILABLE, SP_ECANCELLED, SP_EBUSY, SP_EINVALID_REQUEST …). Otherwise the program was handed over, and all
 * that its sandbox held is gone. The run may be freed in here. */
typedef void sp_run_done_cb(struct sp_run *run, const struct sp_run_result *result, const struct sp_error *error);
/* The program is about to be handed over: from here on it answers a result, unless the sandbox cannot hold its files. May
 * be NULL. */
typedef void sp_run_started_cb(struct sp_run *run);

/* One run; embedded by the caller, who sets the first four fields. */
struct sp_run {
    void *data;
    sp_run_output_cb *output;
    sp_run_started_cb *started;
    sp_run_done_cb *done;
    struct sp_run_state *state; /* the runtimes' own */
};

/* Queues a run: it waits while the number or memory of live sandboxes is at its bound. Never calls back before it
 * returns. SP_EINVALID_REQUEST (a file's path, too many files or artifacts, more memory than all sandboxes may have),
 * SP_ERUNTIME_UNAVAILABLE, SP_EUNSUPPORTED_LANGUAGE, SP_EBUSY (queue full), SP_ESHUTTING_DOWN, SP_ENO_MEMORY: done is not
 * called then. */
int sp_run_start(
    struct sp_runtimes *runtimes, struct sp_run *run, const struct sp_sandbox_spec *spec, struct sp_error *error);

/* Kills the whole tree; done follows with outcome CANCELLED (or SP_ECANCELLED before the hand-over). Idempotent. */
void sp_run_cancel(struct sp_run *run);

/* Stops and resumes reading of the program's output, for a slow peer: the program then blocks in write, its deadline
 * runs on. Once the run was killed or its program has ended, what the kernel still holds of its output (some 200 KiB at
 * most, within the output limit) comes although paused, so that done does not wait for the peer. */
void sp_run_pause(struct sp_run *run);
void sp_run_resume(struct sp_run *run);

/* ---- the set ---- */

struct sp_pool_config {
    uint32_t min, max; /* ready sandboxes a key */
    uint64_t idle_ms;  /* unused ones above min are given up after this */
    uint64_t life_ms;  /* none is older than this when used */
    enum { SP_POOL_EMPTY_WAIT, SP_POOL_EMPTY_FAIL, SP_POOL_EMPTY_TEMPORARY } when_empty;
    uint64_t wait_ms; /* with WAIT */
};

/* What bubblewrap needs and no other runtime does. */
struct sp_bubblewrap_config {
    int spawner_fd; /* from sp_spawner_start; owned from here on, also when open fails. -1: there is none, and */
    const char *no_spawner;    /* why, for describe; NULL or empty: nothing is known */
    const char *instance;      /* 32 hex digits: this life of the daemon; as in sp_spawner_config */
    const char *state_dir;     /* as in sp_spawner_config: /code directories lie below it */
    const char *python_prefix; /* an operator's environment, bound read-only; NULL: none */
};

struct sp_runtimes_config {
    uv_loop_t *loop;
    uint32_t sandboxes_max;      /* live at once, pools included */
    uint64_t memory_total_bytes; /* sum of their memory limits */
    uint32_t queue_max;          /* runs that wait */
    struct sp_limits limits;     /* what a run has that asks for nothing; what warm sandboxes are made with */
    struct sp_pool_config pool;
    struct sp_bubblewrap_config bubblewrap;
    /* Log lines of this room go through here; level as syslog(3). May be NULL. */
    void (*log)(void *context, int level, const char *text);
    void *log_context;
};

/* Probes what the machine can do (one real sandbox a runtime, made and ended) before it returns; pools fill afterwards.
 * Succeeds also where no runtime is available: describe says why. SP_ENO_MEMORY, SP_EINTERNAL: none of them could be opened.
 * Strings of the configuration are not copied, and last until closed. */
int sp_runtimes_open(
    const struct sp_runtimes_config *config, struct sp_runtimes **ret_runtimes, struct sp_error *error);
/* Other limits for what asks for none: sandboxes that wait with the old ones are given up, and made anew. Runs keep what they
 * have. */
void sp_runtimes_set_limits(struct sp_runtimes *runtimes, const struct sp_limits *limits);
/* Cancels what runs, empties the pools; closed is called once when nothing is left. */
void sp_runtimes_close(struct sp_runtimes *runtimes, void (*closed)(void *context), void *context);

/* What is in force, told by hello and status: a claim is made only for what was probed. */
struct sp_runtime_limit_info {
    const char *name; /* as on the wire: "memory_bytes", "cpus", … */
    const char *by;   /* "cgroup2", "cgroup1", "rlimit", "watchdog", "tmpfs", … */
    bool best_effort;
    const char *note; /* NULL or why */
};

struct sp_runtime_info {
    const char *name;
    bool available;
    const char *reason;    /* why not available, or NULL */
    const char *isolation; /* "namespaces+seccomp" … */
    bool groups_kept;
    const struct sp_runtime_limit_info *limits;
    size_t n_limits;
    const int *languages; /* that it can run */
    size_t n_languages;
    const char *const *dialects; /* one a language: which of its dialects runs; "": not known */
};

/* Their number, and an array of them, the runtimes' own: it is filled anew by the next call. */
size_t sp_runtimes_describe(const struct sp_runtimes *runtimes, const struct sp_runtime_info **ret_infos);

struct sp_runtimes_stats {
    uint32_t live, ready, queued, running;
    uint64_t memory_bytes; /* sum of the live ones' limits */
    uint64_t started, warm_hits, cold_starts, lost, killed;
};
void sp_runtimes_stats(const struct sp_runtimes *runtimes, struct sp_runtimes_stats *ret_stats);

#endif
