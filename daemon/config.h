#ifndef SP_DAEMON_CONFIG_H
#define SP_DAEMON_CONFIG_H

/* The operator's configuration. Every key is a row of one table (config_table.c), which sallyportd.yaml(5) is made from. A
 * loaded configuration is immutable and owns its memory; a reload makes a new one. Loop thread only, once the daemon
 * runs.
 * All strings end in a NUL: `path.ptr` is a C string, or NULL where the key is absent. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/arena.h"
#include "proto/decode.h"
#include "proto/error.h"
#include "proto/limits.h"

#define SP_CONFIG_PATH       "/etc/sallyport/sallyportd.yaml"
#define SP_CONFIG_RULES_MAX  256
#define SP_CONFIG_NAMES_MAX  256
#define SP_CONFIG_ID_NONE    UINT32_MAX
#define SP_CONFIG_SERVICE    "sallyport"
#define SP_CONFIG_POLICY_DIR "/etc/sallyport/policies"

enum sp_log_level { SP_LOG_ERROR, SP_LOG_WARNING, SP_LOG_NOTICE, SP_LOG_INFO, SP_LOG_DEBUG, SP_LOG_LEVEL_COUNT };

struct sp_config_socket {
    struct sp_str path;  /* never absent once loaded */
    struct sp_str mode;  /* octal, as written */
    struct sp_str group; /* as written; resolved: group_gid */
};

/* Who may do what. Names are resolved when the configuration is loaded. */
struct sp_config_rule {
    struct sp_strings users, groups; /* names, numbers in quotes, or "*" among the users for everybody */
    struct sp_strings rights;        /* names of proto/method.h */
    struct sp_strings runtimes;      /* none: all */
    struct sp_limits ceilings;       /* 0: the configuration's */
    /* resolved */
    uint32_t *uids, *gids;
    size_t n_uids, n_gids;
    bool everybody;
    unsigned rights_mask;
};

struct sp_config_bounds {
    uint64_t connections, user_connections; /* never 0 once loaded */
    uint64_t connection_requests;           /* soft: past it a connection is not read from */
    uint64_t connection_bytes;              /* soft: of its requests in flight */
    uint64_t user_requests;                 /* hard: past it a request is answered busy */
    uint64_t user_bytes;                    /* hard: of requests in flight and of what waits to be read */
    uint64_t output_bytes;                  /* soft: past it a connection is not read from and output is paused */
    uint64_t scan_tasks, user_scan_tasks, scan_bytes; /* waiting for a worker */
    uint64_t compile_tasks, user_compile_tasks;       /* policies waiting to be compiled */
    uint64_t user_runs;                               /* runs in flight */
    uint64_t runs_waiting;                            /* for a sandbox, all users together */
};

struct sp_config_policy {
    struct sp_str standard;             /* `default`: a name, preset:… or path; absent: the one that ships */
    struct sp_str mandatory;            /* judges besides; absent: none */
    struct sp_str folder;               /* never absent once loaded; may not exist */
    uint64_t user_policies, user_bytes; /* kept for one uid */
    uint64_t cache_bytes;               /* compiled ones that no name points at */
};

struct sp_config_audit {
    struct sp_str
        file;      /* absent: standard error, which is the journal under a service manager; never in a private daemon */
    bool required; /* a line that can't be written refuses the run */
    bool sync;     /* a verdict reaches the disk before its code is handed over */
    uint64_t rotate_bytes; /* not a key: a file that is larger makes way when it is opened; 0: none does */
};

struct sp_config_pool {
    uint64_t min, max, idle_ms, life_ms, wait_ms;
    int when_empty; /* as sp_pool_config */
};

struct sp_config_slots {
    uint64_t first, count;
};

struct sp_config_programs {
    struct sp_str spawner, runner, bwrap; /* absent: as installed */
};

struct sp_config {
    struct sp_config_socket socket;
    struct sp_str user;      /* the service's, taken on when started by root; absent: "sallyport" where there is one */
    struct sp_str state_dir; /* never absent once loaded */
    int log_level;           /* enum sp_log_level */
    uint64_t workers, compilers;
    uint64_t frame_bytes, code_bytes, batch_bytes;
    struct sp_config_bounds bounds;
    struct sp_items access;            /* struct sp_config_rule */
    struct sp_limits limits, ceilings; /* all set once loaded */
    struct sp_strings env_allow;       /* names, or a prefix and "*" */
    bool binary_files;
    struct sp_config_policy policy;
    struct sp_config_audit audit;
    struct sp_config_pool pool;
    uint64_t sandboxes_max, memory_total_bytes; /* never 0 once loaded */
    struct sp_str python_prefix;
    bool require_no_groups;
    struct sp_config_slots slot_uids;
    struct sp_config_programs programs;
    uint64_t run_wait_ms;                  /* from acceptance to the hand-over */
    uint64_t drain_grace_ms, idle_exit_ms; /* idle_exit 0: never */

    /* resolved and derived */
    mode_t socket_mode;
    uint32_t group_gid; /* of the socket; SP_CONFIG_ID_NONE: none */
    uint32_t overflow_uid, overflow_gid;
    bool private_daemon;  /* its own user may do all */
    uint32_t starter_uid; /* whose private daemon it is; else he may do all where no rule is written */
    struct sp_arena arena;
    char path[256]; /* the file it came from, where a reload has to find one too; "" for none */
};

struct sp_config_options {
    const char *path;        /* NULL: the standard path, which may be missing */
    const char *socket_path; /* overrides socket.path; may be NULL */
    bool private_daemon;
    uint32_t starter_uid; /* who started it: whose private daemon it is */
};

/* Reads, decodes and checks. On failure SP_EINVALID_CONFIG (or SP_ENO_MEMORY, SP_EINTERNAL) with line, column and path where
 * they are known, and ret_path, which may be NULL, set to the file they are in (256 bytes). */
int sp_config_load(
    const struct sp_config_options *options, struct sp_config **ret_config, char *ret_path, struct sp_error *error);
/* The same from text in memory, for tests. */
int sp_config_parse(
    const struct sp_config_options *options, struct sp_str text, struct sp_config **ret_config, struct sp_error *error);
void sp_config_free(struct sp_config *config);

/* The error's line and column, by its path, where the file is there and has it; for what is found after the loading. */
void sp_config_locate(const char *file, struct sp_error *error);

/* "file:line:column: path: text" into text. Returns text. */
const char *sp_config_complaint(const char *file, const struct sp_error *error, char *text, size_t size);

/* Notes, by name, each key of now that a reload cannot change and that differs in next; note is called for each. */
void sp_config_compare(const struct sp_config *now, const struct sp_config *next,
    void (*note)(void *context, const char *key), void *context);

/* Every key, with its help text. */
extern const struct sp_table sp_config_table;

#endif
