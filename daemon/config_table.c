/* Every key of the configuration: type, bounds, standard and one line of help, which sallyportd.yaml(5) repeats. Constant. */
#include "daemon/config.h"

#include "daemon/worker.h"
#include "proto/method.h"

#define AT(member) .offset = offsetof(struct ROW, member)
#define KIB        (1ull << 10)
#define MIB        (1ull << 20)
#define GIB        (1ull << 30)
#define PATH_MAX_B 4095
#define NAME_MAX_B 128
#define MANY       (1ull << 24)

/* Behind the help of a row: a reload only says that it has changed. */
#define AT_START .flags = SP_FIELD_AT_START

#define NUMBER(key, member, least, most, usual, text, ...)                                                             \
    {                                                                                                                  \
        key, SP_FIELD_UINT, AT(member), .min = (least), .max = (most), .standard = (usual), .help = (text),            \
                                        __VA_ARGS__                                                                    \
    }
#define TEXT(key, member, most, text, ...)                                                                             \
    {                                                                                                                  \
        key, SP_FIELD_STRING, AT(member), .min = 1, .max = (most), .help = (text), __VA_ARGS__                         \
    }
#define YESNO(key, member, usual, text, ...)                                                                           \
    {                                                                                                                  \
        key, SP_FIELD_BOOL, AT(member), .standard = (usual), .help = (text), __VA_ARGS__                               \
    }
#define PART(key, member, rows, text, ...)                                                                             \
    {                                                                                                                  \
        key, SP_FIELD_TABLE, AT(member), .table = &(rows), .help = (text), __VA_ARGS__                                 \
    }

#define ROW sp_config_socket
static const struct sp_field socket_rows[] = {
    TEXT("path", path, 107, "where the daemon listens; ignored under socket activation"),
    TEXT("mode", mode, 5, "permission bits of the socket, octal; 0660"),
    TEXT("group", group, NAME_MAX_B, "group of the socket, which may scan and run; sallyport where it exists"),
};
static const struct sp_table socket_table = SP_TABLE(struct ROW, socket_rows);
#undef ROW

#define ROW sp_config_rule
static const struct sp_field rule_rows[] = {
    {"users", SP_FIELD_STRINGS, AT(users), .min = 1, .max = NAME_MAX_B, .n_max = SP_CONFIG_NAMES_MAX,
        .help = "names, or numbers in quotes; \"*\" is everybody"},
    {"groups", SP_FIELD_STRINGS, AT(groups), .min = 1, .max = NAME_MAX_B, .n_max = SP_CONFIG_NAMES_MAX,
        .help = "names, or numbers in quotes"},
    {"rights", SP_FIELD_STRINGS, SP_FIELD_REQUIRED, AT(rights), .min = 1, .max = 16, .n_max = SP_RIGHT_COUNT,
        .help = "scan, policy, run, session, exec, operate"},
    {"runtimes", SP_FIELD_STRINGS, AT(runtimes), .min = 1, .max = 64, .n_max = 16, .help = "none named: all"},
    {"ceilings", SP_FIELD_TABLE, AT(ceilings), .table = &sp_limits_table,
        .help = "the most that a request may ask for; else as `ceilings` below; a lower one lowers what a run has that "
                "asks for nothing"},
};
static const struct sp_table rule_table = SP_TABLE(struct ROW, rule_rows);
#undef ROW

#define ROW sp_config_bounds
static const struct sp_field bounds_rows[] = {
    NUMBER("connections", connections, 1, 1000000, 12000, "connections at once"),
    NUMBER("user_connections", user_connections, 0, 1000000, 0,
        "connections of one user; 0: a quarter of all, in a private daemon all of them"),
    NUMBER("connection_requests", connection_requests, 1, 65536, 256,
        "requests in flight on a connection, past which it is not read from"),
    NUMBER("connection_bytes", connection_bytes, 64 * KIB, 16 * GIB, 32 * MIB,
        "bytes of these requests, past which it is not read from"),
    NUMBER("user_requests", user_requests, 1, MANY, 8192, "requests of a user in flight, past which they are busy"),
    NUMBER(
        "user_bytes", user_bytes, 64 * KIB, 64 * GIB, 256 * MIB, "bytes held for a user, past which requests are busy"),
    NUMBER("output_bytes", output_bytes, 4 * KIB, 1 * GIB, 1 * MIB,
        "answers that a peer has not read yet, past which it is not read from and output is paused"),
    NUMBER("scan_tasks", scan_tasks, 1, MANY, 16384, "scans waiting for a worker", AT_START),
    NUMBER("user_scan_tasks", user_scan_tasks, 1, MANY, 8192, "the same of one user", AT_START),
    NUMBER("scan_bytes", scan_bytes, 1 * MIB, 64 * GIB, 1 * GIB, "bytes waiting for a worker", AT_START),
    NUMBER("compile_tasks", compile_tasks, 1, 65536, 256, "policies waiting to be compiled, or being so"),
    NUMBER("user_compile_tasks", user_compile_tasks, 1, 65536, 32, "the same of one user"),
    NUMBER("user_runs", user_runs, 1, 65536, 256, "runs of one user, waiting ones included"),
    NUMBER("runs_waiting", runs_waiting, 1, 65536, 1024, "runs waiting for a sandbox", AT_START),
};
static const struct sp_table bounds_table = SP_TABLE(struct ROW, bounds_rows);
#undef ROW

#define ROW sp_config_policy
static const struct sp_field policy_rows[] = {
    TEXT("default", standard, PATH_MAX_B,
        "judges where a request names none: a name in the folder, a preset, or a file's path; else preset:default, "
        "which reports and blocks nothing"),
    TEXT("mandatory", mandatory, PATH_MAX_B, "judges every request besides its own; named in the same ways"),
    TEXT("folder", folder, PATH_MAX_B, "the operator's policies, one <name>.yaml each"),
    NUMBER("user_policies", user_policies, 1, 65536, 256, "policies kept for one user"),
    NUMBER("user_bytes", user_bytes, 1 * MIB, 64 * GIB, 256 * MIB, "memory of the policies kept for one user"),
    NUMBER(
        "cache_bytes", cache_bytes, 1 * MIB, 64 * GIB, 256 * MIB, "memory of compiled policies that no name points at"),
};
static const struct sp_table policy_table = SP_TABLE(struct ROW, policy_rows);
#undef ROW

#define ROW sp_config_audit
static const struct sp_field audit_rows[] = {
    TEXT("file", file, PATH_MAX_B,
        "where the audit lines go; the daemon's user must be able to write there; else to standard error, which is the "
        "journal under a service manager; those of a private daemon to audit/audit.log beside state_dir"),
    YESNO("required", required, 1, "a line that cannot be written refuses the run"),
    YESNO("sync", sync, 1,
        "a verdict is on the disk before its code is handed over; without a file it is written, and nobody waits for "
        "the "
        "journal's disk"),
};
static const struct sp_table audit_table = SP_TABLE(struct ROW, audit_rows);
#undef ROW

#define ROW sp_config_pool
static const char *const when_empty[] = {"wait", "fail", "temporary", NULL};
static const struct sp_field pool_rows[] = {
    NUMBER("min", min, 0, 1024, 2, "sandboxes kept ready a language"),
    NUMBER("max", max, 1, 1024, 8, "at most so many"),
    NUMBER("idle_ms", idle_ms, 1000, 86400000, 300000, "those above min are given up after this time unused"),
    NUMBER("life_ms", life_ms, 1000, 86400000, 3600000, "none is older when it is used"),
    {"when_empty", SP_FIELD_CHOICE, AT(when_empty), .choices = when_empty, .standard = 2,
        .help = "what a run does that finds none: wait, fail, or make one of its own (temporary)"},
    NUMBER("wait_ms", wait_ms, 1, 600000, 10000, "how long it waits"),
};
static const struct sp_table pool_table = SP_TABLE(struct ROW, pool_rows);
#undef ROW

#define ROW sp_config_slots
static const struct sp_field slots_rows[] = {
    NUMBER("first", first, 1000, UINT32_MAX - 65536, 1900000000, "the first uid"),
    NUMBER("count", count, 1, 65536, 1000, "how many"),
};
static const struct sp_table slots_table = SP_TABLE(struct ROW, slots_rows);
#undef ROW

#define ROW sp_config_programs
static const struct sp_field programs_rows[] = {
    TEXT("spawner", spawner, 511, "sallyport-spawner, elsewhere than installed"),
    TEXT("runner", runner, 511, "sallyport-runner, elsewhere than installed"),
    TEXT("bwrap", bwrap, 511, "bubblewrap; /usr/bin/bwrap"),
};
static const struct sp_table programs_table = SP_TABLE(struct ROW, programs_rows);
#undef ROW

#define ROW sp_config
static const char *const levels[] = {"error", "warning", "notice", "info", "debug", NULL};
static const struct sp_field config_rows[] = {
    PART("socket", socket, socket_table, "where the daemon listens", AT_START),
    TEXT("user", user, NAME_MAX_B, "who the daemon becomes when root starts it; sallyport, else the first slot uid",
        AT_START),
    TEXT("state_dir", state_dir, 400, "where code is laid out for sandboxes; not below /tmp; daemons may share it",
        AT_START),
    {"log_level", SP_FIELD_CHOICE, AT(log_level), .choices = levels, .standard = SP_LOG_INFO, .noun = "level",
        .help = "error, warning, notice, info, debug"},
    NUMBER("workers", workers, 0, SP_WORKERS_MAX, 0, "threads that scan; 0 is one a core", AT_START),
    NUMBER("compilers", compilers, 1, 64, 2,
        "threads that compile policies, one of each user at a time: with a single one a long policy is in everybody's "
        "way",
        AT_START),
    NUMBER("frame_bytes", frame_bytes, 64 * KIB, 1 * GIB, SP_FRAME_BYTES_MAX, "the largest message, either way"),
    NUMBER("code_bytes", code_bytes, 1 * KIB, 512 * MIB, SP_CODE_BYTES_MAX, "the largest source"),
    NUMBER("batch_bytes", batch_bytes, 1 * KIB, 1 * GIB, SP_FRAME_BYTES_MAX, "all sources of a batch together"),
    PART("bounds", bounds, bounds_table, "how much may be in flight"),
    {"access", SP_FIELD_TABLES, AT(access), .n_max = SP_CONFIG_RULES_MAX, .table = &rule_table,
        .help = "who may do what; without it root may do all, the socket's group may scan and run"},
    PART("limits", limits, sp_limits_table,
        "what a run has that asks for nothing; none may be above its ceiling, written or not"),
    PART("ceilings", ceilings, sp_limits_table, "the most that a run may ask for"),
    {"env_allow", SP_FIELD_STRINGS, AT(env_allow), .min = 1, .max = 255, .n_max = 256,
        .help = "names of environment that a run may set besides the usual; a * at the end stands for any rest"},
    YESNO("binary_files", binary_files, 0, "files that an interpreter loads but no lexer reads may be run"),
    PART("policy", policy, policy_table, "policies"),
    PART("audit", audit, audit_table, "the audit lines"),
    PART("pool", pool, pool_table, "sandboxes kept ready", AT_START),
    NUMBER("sandboxes_max", sandboxes_max, 0, 65536, 0,
        "sandboxes at once, ready ones included; 0: 16 a core, at most 256", AT_START),
    NUMBER("memory_total_bytes", memory_total_bytes, 0, 1ull << 60, 0,
        "sum of the memory limits of all sandboxes; 0: half of the machine's memory", AT_START),
    TEXT("python_prefix", python_prefix, 511, "an environment of the operator's with libraries, seen read-only",
        AT_START),
    YESNO("require_no_groups", require_no_groups, 0,
        "run nothing in a sandbox that would keep groups of an ordinary user", AT_START),
    PART("slot_uids", slot_uids, slots_table, "one uid a sandbox, when root starts the daemon; daemons may share them",
        AT_START),
    PART("programs", programs, programs_table, "programs that are started", AT_START),
    NUMBER("run_wait_ms", run_wait_ms, 1000, 3600000, 60000, "how long a run waits until it is handed over"),
    NUMBER("drain_grace_ms", drain_grace_ms, 0, 3600000, 30000, "how long running work may go on when the daemon ends"),
    NUMBER("idle_exit_ms", idle_exit_ms, 0, 86400000, 0,
        "the daemon leaves when nobody was connected for so long; 0: never (a private one: 300000)"),
};
const struct sp_table sp_config_table = SP_TABLE(struct ROW, config_rows);
#undef ROW
