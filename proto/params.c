/* The parameters of every method, as tables. Any thread; constant. */
#include "proto/params.h"

#define AT(member)         .offset = offsetof(struct ROW, member)
#define NAME_MAX_BYTES     64
#define POLICY_REF_BYTES   128
#define PATH_MAX_BYTES     4096
#define ARGUMENT_MAX_BYTES (64u << 10) /* what one frame to the runner holds; a variable with its name */
#define VIOLATIONS_MAX     100000

const struct sp_table sp_params_none_table = {.size_bytes = sizeof(struct sp_params_none)};

#define ROW sp_params_hello
static const char *const errors_forms[] = {"string", "map", NULL};
static const struct sp_field hello_rows[] = {
    {"client", SP_FIELD_STRING, AT(client), .max = 128, .help = "what the client calls itself, for the log"},
    {"errors", SP_FIELD_CHOICE, AT(errors), .choices = errors_forms, .noun = "form of errors",
        .help = "how errors are answered from now on"},
};
const struct sp_table sp_params_hello_table = SP_TABLE(struct ROW, hello_rows);
#undef ROW

#define ROW sp_params_policy_put
static const struct sp_field policy_put_rows[] = {
    {"policy", SP_FIELD_OBJECT, SP_FIELD_REQUIRED, AT(policy), .help = "a map, or {yaml: text}"},
    {"name", SP_FIELD_STRING, AT(name), .min = 1, .max = NAME_MAX_BYTES, .help = "a name to point at it"},
};
const struct sp_table sp_params_policy_put_table = SP_TABLE(struct ROW, policy_put_rows);
#undef ROW

#define ROW sp_params_policy
static const struct sp_field policy_rows[] = {
    {"policy", SP_FIELD_STRING, SP_FIELD_REQUIRED, AT(policy), .min = 1, .max = POLICY_REF_BYTES,
        .help = "an id or a name"},
};
const struct sp_table sp_params_policy_table = SP_TABLE(struct ROW, policy_rows);
#undef ROW

#define ROW sp_params_policy_get
static const struct sp_field policy_get_rows[] = {
    {"policy", SP_FIELD_OBJECT, SP_FIELD_REQUIRED, AT(policy), .help = "an id, a name, a map, or {yaml: text}"},
};
const struct sp_table sp_params_policy_get_table = SP_TABLE(struct ROW, policy_get_rows);
#undef ROW

#define CODE_ROW                                                                                                       \
    {                                                                                                                  \
        "code", SP_FIELD_BYTES, SP_FIELD_REQUIRED, AT(code), .max = SP_FRAME_BYTES_MAX, .help = "the source"           \
    }
#define LANGUAGE_ROW                                                                                                   \
    {                                                                                                                  \
        "language", SP_FIELD_STRING, SP_FIELD_REQUIRED, AT(language),                                                  \
            .min = 1, .max = NAME_MAX_BYTES, .help = "its language, with a dialect behind a colon where it matters"    \
    }
#define POLICY_ROW                                                                                                     \
    {                                                                                                                  \
        "policy", SP_FIELD_OBJECT, AT(policy),                                                                         \
            .help = "id, name, preset:…, map, or {yaml: text}; else the default policy"                              \
    }
#define VIOLATIONS_ROW                                                                                                 \
    {                                                                                                                  \
        "max_violations", SP_FIELD_UINT, AT(max_violations), .min = 1, .max = VIOLATIONS_MAX, .standard = 1000,        \
                                                             .help = "how many findings are told"                      \
    }
#define SOURCE_PATH_ROW                                                                                                \
    {                                                                                                                  \
        "path", SP_FIELD_STRING, AT(path), .max = PATH_MAX_BYTES, .help = "where it is from, for the audit"            \
    }

#define ROW sp_params_scan
static const struct sp_field scan_rows[] = {CODE_ROW, LANGUAGE_ROW, POLICY_ROW, SOURCE_PATH_ROW, VIOLATIONS_ROW};
const struct sp_table sp_params_scan_table = SP_TABLE(struct ROW, scan_rows);
#undef ROW

#define ROW sp_params_source
static const struct sp_field source_rows[] = {CODE_ROW, LANGUAGE_ROW, SOURCE_PATH_ROW};
static const struct sp_table source_table = SP_TABLE(struct ROW, source_rows);
#undef ROW

#define ROW sp_params_scan_batch
static const struct sp_field scan_batch_rows[] = {
    {"sources", SP_FIELD_TABLES, SP_FIELD_REQUIRED, AT(sources), .n_max = SP_BATCH_MAX, .table = &source_table,
        .help = "what to judge"},
    POLICY_ROW,
    VIOLATIONS_ROW,
};
const struct sp_table sp_params_scan_batch_table = SP_TABLE(struct ROW, scan_batch_rows);
#undef ROW

#define ROW sp_params_explain
static const struct sp_field explain_rows[] = {CODE_ROW, LANGUAGE_ROW, POLICY_ROW};
const struct sp_table sp_params_explain_table = SP_TABLE(struct ROW, explain_rows);
#undef ROW

#define ROW sp_params_file
static const struct sp_field file_rows[] = {
    {"path", SP_FIELD_STRING, SP_FIELD_REQUIRED, AT(path), .min = 1, .max = SP_FILE_PATH_MAX,
        .help = "where it lies: relative, without . and .."},
    {"data", SP_FIELD_BYTES, SP_FIELD_REQUIRED, AT(data), .max = SP_FRAME_BYTES_MAX, .help = "its bytes"},
    {"mode", SP_FIELD_UINT, AT(mode), .max = 0777, .help = "its permission bits; 0 is not given"},
};
static const struct sp_table file_table = SP_TABLE(struct ROW, file_rows);
#undef ROW

/* A limit's own ceiling is the caller's, by the configuration; here only what a number can be. 0 is no limit to ask for,
 * nor is what no interpreter can start under. */
#define ROW     sp_limits
#define CEILING (UINT64_MAX / 4)
static const struct sp_field limit_rows[] = {
    {"wall_ms", SP_FIELD_UINT, AT(wall_ms), .min = 1, .max = CEILING, .help = "wall-clock time"},
    {"cpu_ms", SP_FIELD_UINT, AT(cpu_ms), .min = 1, .max = CEILING, .help = "CPU time of all processes"},
    {"memory_bytes", SP_FIELD_UINT, AT(memory_bytes), .min = SP_MEMORY_BYTES_MIN, .max = CEILING,
        .help = "memory of all processes"},
    {"cpus", SP_FIELD_MILLI, AT(cpu_milli), .min = SP_CPU_MILLI_MIN, .max = CEILING,
        .help = "cores; 0.5 is half of one"},
    {"pids", SP_FIELD_UINT, AT(pids), .min = 1, .max = CEILING, .help = "processes and threads"},
    {"file_bytes", SP_FIELD_UINT, AT(file_bytes), .min = 1, .max = CEILING, .help = "size of one file"},
    {"disk_bytes", SP_FIELD_UINT, AT(disk_bytes), .min = 1, .max = CEILING, .help = "size of /work, and of /tmp"},
    {"output_bytes", SP_FIELD_UINT, AT(output_bytes), .min = 1, .max = SP_FRAME_BYTES_MAX / 2,
        .help = "standard output and standard error together"},
    {"open_files", SP_FIELD_UINT, AT(open_files), .min = 8, .max = CEILING, .help = "descriptors a process"},
};
const struct sp_table sp_limits_table = SP_TABLE(struct ROW, limit_rows);
#undef ROW

#define ROW sp_params_run
static const struct sp_field run_rows[] = {
    CODE_ROW,
    LANGUAGE_ROW,
    POLICY_ROW,
    VIOLATIONS_ROW,
    {"runtime", SP_FIELD_STRING, AT(runtime), .min = 1, .max = NAME_MAX_BYTES,
        .help = "else the first that is available"},
    {"argv", SP_FIELD_STRINGS, AT(argv), .max = ARGUMENT_MAX_BYTES, .n_max = SP_ARGV_MAX,
        .help = "the program's arguments, without its own name"},
    {"env", SP_FIELD_PAIRS, AT(env), .max = ARGUMENT_MAX_BYTES, .n_max = SP_ENV_MAX,
        .help = "environment variables, of the names that the operator allows"},
    {"stdin", SP_FIELD_BYTES, AT(input), .max = SP_FRAME_BYTES_MAX, .help = "what it reads on standard input"},
    {"files", SP_FIELD_TABLES, AT(files), .n_max = SP_FILES_MAX, .table = &file_table,
        .help = "source is judged and lies in /code, all else in /work"},
    {"libraries", SP_FIELD_STRINGS, AT(libraries), .min = 1, .max = 256, .n_max = 64,
        .help = "libraries to be installed; refused so far"},
    {"limits", SP_FIELD_TABLE, AT(limits), .table = &sp_limits_table,
        .help = "what is not given is the operator's standard"},
    {"network", SP_FIELD_STRING, AT(network), .max = NAME_MAX_BYTES, .help = "only \"none\" so far"},
    {"artifacts", SP_FIELD_STRINGS, AT(artifacts), .min = 1, .max = SP_FILE_PATH_MAX, .n_max = SP_ARTIFACT_GLOBS_MAX,
        .help = "which files of /work to bring back; ** is any number of folders"},
    {"stream", SP_FIELD_BOOL, AT(stream), .help = "output comes as notifications"},
    {"tag", SP_FIELD_STRING, AT(tag), .min = 1, .max = SP_TAG_BYTES_MAX, .help = "the caller's own name for the run"},
};
const struct sp_table sp_params_run_table = SP_TABLE(struct ROW, run_rows);
#undef ROW

#define ROW sp_params_cancel
static const struct sp_field cancel_rows[] = {
    {"tag", SP_FIELD_STRING, AT(tag), .min = 1, .max = SP_TAG_BYTES_MAX, .help = "the tag that the run was given"},
    {"msgid", SP_FIELD_UINT, AT(msgid), .max = UINT32_MAX, .standard = UINT64_MAX, .help = "the msgid of the request"},
};
const struct sp_table sp_params_cancel_table = SP_TABLE(struct ROW, cancel_rows);
#undef ROW
