/* What the gate can refuse without a look at the code; and the sandbox's specification, made from the request's own bytes on
 * the way. Loop thread; no state but the gate's. */
#include "daemon/gate.h"

#include <string.h>

#include "daemon/env_name.h"
#include "daemon/identity.h"
#include "proto/language.h"
#include "proto/scope.h"

/* argv and env are laid out on the program's first stack page by page: the kernel's own bound is a quarter of its stack. */
#define ARGUMENTS_BYTES_MAX (512u << 10)
#define PATH_SEGMENT_MAX    200

int sp_gate_check_code(const struct sp_config *config, struct sp_str code, struct sp_error *error)
{
    if (code.n_bytes <= config->code_bytes)
        return 0;
    return sp_error_set(error, SP_ETOO_LARGE, "the code has %zu bytes, more than %llu", code.n_bytes,
        (unsigned long long)config->code_bytes);
}

/* ---- what is asked for ---- */

static int check_language(const struct sp_params_run *params, struct sp_gate *gate, struct sp_error *error)
{
    int language = sp_language_find(params->language, NULL);
    if (language == SP_LANGUAGE_NONE) {
        return sp_error_set_at(error, SP_EUNSUPPORTED_LANGUAGE, "language", "there is no language \"%.*s\"",
            sp_str_int(params->language, 40), params->language.ptr);
    }
    gate->spec.language = language;
    return 0;
}

static int check_unsupported(const struct sp_params_run *params, struct sp_error *error)
{
    if (params->network.ptr && !sp_str_is(params->network, "none")) {
        return sp_error_set_at(error, SP_EINVALID_REQUEST, "network", "\"%.*s\" is not supported: only \"none\"",
            sp_str_int(params->network, 40), params->network.ptr);
    }
    if (params->libraries.n_items) {
        return sp_error_set_at(error, SP_EINVALID_REQUEST, "libraries", "installing libraries is not supported yet");
    }
    return 0;
}

static int check_runtime(struct sp_gate *gate, const struct sp_config *config, const struct sp_runtimes *runtimes,
    const struct sp_identity *identity, struct sp_str asked, struct sp_error *error)
{
    int r = 0;
    gate->spec.runtime = asked;
    if (asked.ptr && !sp_identity_may_use(identity, config, asked)) {
        r = sp_error_set(error, SP_EDENIED, "you may not use the runtime \"%.*s\"", sp_str_int(asked, 40), asked.ptr);
    } else if (!asked.ptr && runtimes) {
        const struct sp_runtime_info *infos;
        const char *reason = "there is none that you may use";
        size_t n = sp_runtimes_describe(runtimes, &infos);
        for (size_t i = 0; i < n && !gate->spec.runtime.ptr; i++) {
            if (!sp_identity_may_use(identity, config, sp_str_of(infos[i].name)))
                continue;
            if (infos[i].available)
                gate->spec.runtime = sp_str_of(infos[i].name);
            else
                reason = infos[i].reason ? infos[i].reason : "it is not available";
        }
        if (!gate->spec.runtime.ptr)
            r = sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s", reason);
    }
    if (r < 0)
        sp_error_prefix(error, "runtime");
    return r;
}

/* Only what the toolchain runs may be named: what another dialect takes for a string may be code to this one. */
static int check_dialect(
    const struct sp_gate *gate, const struct sp_runtimes *runtimes, struct sp_str language, struct sp_error *error)
{
    struct sp_str dialect;
    const struct sp_runtime_info *infos;
    sp_language_find(language, &dialect);
    size_t n = runtimes && dialect.n_bytes ? sp_runtimes_describe(runtimes, &infos) : 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < infos[i].n_languages; j++) {
            const char *runs = infos[i].dialects[j];
            if (infos[i].languages[j] != gate->spec.language || !sp_str_is(gate->spec.runtime, infos[i].name) ||
                sp_str_is(dialect, runs))
                continue;
            return sp_error_set_at(error, SP_EUNSUPPORTED_LANGUAGE, "language", "%.*s is not what %s runs: %s",
                sp_str_int(dialect, 20), dialect.ptr, infos[i].name, runs[0] ? runs : "name no dialect");
        }
    return 0;
}

/* A request can tighten what it gets without asking, or ask for more up to its ceiling. */
static int check_limits(struct sp_gate *gate, const struct sp_config *config, const struct sp_identity *identity,
    const struct sp_limits *asked, struct sp_error *error)
{
    struct sp_limits ceilings = sp_identity_ceilings(identity, config);
    uint64_t reply_bytes = config->frame_bytes / 2;
    if (ceilings.output_bytes > reply_bytes)
        ceilings.output_bytes = reply_bytes;
    gate->spec.limits = config->limits;
#define X(field, name, standard, ceiling, unit, holder)                                                                \
    if (asked->field > ceilings.field) {                                                                               \
        sp_error_set(error, SP_EINVALID_REQUEST, "is above the ceiling of %.15g", (double)ceilings.field / (unit));    \
        sp_error_prefix(error, "limits.%s", name);                                                                     \
        return SP_EINVALID_REQUEST;                                                                                    \
    }                                                                                                                  \
    if (asked->field)                                                                                                  \
        gate->spec.limits.field = asked->field;                                                                        \
    else if (gate->spec.limits.field > ceilings.field)                                                                 \
        gate->spec.limits.field = ceilings.field;
    SP_RUN_LIMITS(X)
#undef X
    return 0;
}

static int check_arguments(struct sp_gate *gate, const struct sp_config *config, const struct sp_params_run *params,
    struct sp_arena *arena, struct sp_error *error)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < params->argv.n_items; i++)
        n_bytes += params->argv.items[i].n_bytes + 1;
    gate->spec.argv = params->argv.items;
    gate->spec.n_argv = params->argv.n_items;

    struct sp_sandbox_env *env = sp_arena_array(arena, params->env.n_items, sizeof(*env));
    if (!env)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; i < params->env.n_items; i++) {
        struct sp_str name = params->env.items[i].name;
        n_bytes += name.n_bytes + params->env.items[i].value.n_bytes + 2;
        if (!sp_env_name_allowed(name, config->env_allow)) {
            char names[240];
            if (sp_env_name_forbidden(name))
                sp_error_set(error, SP_EINVALID_REQUEST, "is never allowed: it changes what the program loads");
            else
                sp_error_set(error, SP_EINVALID_REQUEST, "is not among the names that the operator allows (%s)",
                    sp_env_name_list(config->env_allow, names, sizeof(names)));
            sp_error_prefix(error, "env.%.*s", sp_str_int(name, 60), name.ptr);
            return SP_EINVALID_REQUEST;
        }
        env[i] = (struct sp_sandbox_env){name, params->env.items[i].value};
    }
    gate->spec.env = env;
    gate->spec.n_env = params->env.n_items;
    if (n_bytes > ARGUMENTS_BYTES_MAX)
        return sp_error_set(
            error, SP_ETOO_LARGE, "argv and env have %zu bytes together, more than %u", n_bytes, ARGUMENTS_BYTES_MAX);
    return 0;
}

/* ---- paths and files ---- */

/* NULL, or what is wrong with a path that has to stay below a folder. */
static const char *fault_of_path(struct sp_str path)
{
    size_t start = 0;
    for (size_t i = 0; i <= path.n_bytes; i++) {
        if (i < path.n_bytes && ((uint8_t)path.ptr[i] < 0x20 || path.ptr[i] == 0x7f))
            return "has a control character";
        if (i < path.n_bytes && path.ptr[i] != '/')
            continue;
        struct sp_str segment = {path.ptr + start, i - start};
        if (segment.n_bytes == 0)
            return start == 0 && i < path.n_bytes ? "must be relative" : "has an empty segment";
        if (sp_str_is(segment, ".") || sp_str_is(segment, ".."))
            return "must not have the segments \".\" and \"..\"";
        if (segment.n_bytes > PATH_SEGMENT_MAX)
            return "has a segment that is too long";
        start = i + 1;
    }
    return NULL;
}

/* Is one path the other, or a folder of it? */
static bool collide(struct sp_str a, struct sp_str b)
{
    struct sp_str shorter = a.n_bytes <= b.n_bytes ? a : b, longer = a.n_bytes <= b.n_bytes ? b : a;
    return memcmp(shorter.ptr, longer.ptr, shorter.n_bytes) == 0 &&
           (shorter.n_bytes == longer.n_bytes || longer.ptr[shorter.n_bytes] == '/');
}

static int check_path(const struct sp_params_file *files, size_t i, struct sp_error *error)
{
    const char *fault = fault_of_path(files[i].path);
    if (fault)
        return sp_error_set(error, SP_EINVALID_REQUEST, "%s", fault);
    for (size_t j = 0; j < i; j++)
        if (collide(files[i].path, files[j].path))
            return sp_error_set(error, SP_EINVALID_REQUEST, "is at the same place as files[%zu]", j);
    return 0;
}

/* What the file is decides where it goes: what an interpreter could load goes to /code, and only when it is judged. */
static int place_file(struct sp_gate *gate, const struct sp_config *config, const struct sp_params_file *file, size_t i,
    struct sp_sandbox_file *ret_file, struct sp_error *error)
{
    int language = SP_LANGUAGE_NONE;
    *ret_file = (struct sp_sandbox_file){
        .path = file->path, .data = file->data, .mode = (uint32_t)file->mode, .place = SP_FILE_PLACE_CODE};
    switch (sp_file_classify(file->path, file->data, &language)) {
    case SP_FILE_DATA: ret_file->place = SP_FILE_PLACE_WORK; return 0;
    case SP_FILE_SOURCE:
        gate->sources[gate->n_sources++] = (struct sp_gate_source){
            .path = file->path, .file = i, .bytes = file->data, .language = sp_str_of(sp_language_name(language))};
        gate->source_bytes += file->data.n_bytes;
        return 0;
    case SP_FILE_UNJUDGED:
        return sp_error_set(
            error, SP_EUNSUPPORTED_LANGUAGE, "is source in %s, which cannot be judged", sp_language_name(language));
    case SP_FILE_BINARY:
        if (config->binary_files) {
            gate->n_binary++;
            return 0;
        }
        return sp_error_set(error, SP_EINVALID_REQUEST,
            "is a file that an interpreter loads and no scanner reads; the operator does not allow binary_files");
    }
    return sp_error_set(error, SP_EINTERNAL, "a file of unknown class");
}

void sp_gate_name_file(struct sp_str path, struct sp_error *error)
{
    struct sp_error named = {0};
    if (!error)
        return;
    sp_error_set(&named, error->code, "%.*s: %s", sp_str_int(path, 100), path.ptr, error->text);
    memcpy(error->text, named.text, sizeof(error->text));
}

static int check_files(struct sp_gate *gate, const struct sp_config *config, const struct sp_params_run *params,
    struct sp_arena *arena, struct sp_error *error)
{
    const struct sp_params_file *files = params->files.items;
    size_t n = params->files.n_items;
    struct sp_sandbox_file *placed = sp_arena_array(arena, n, sizeof(*placed));
    gate->sources = sp_arena_array(arena, n + 1, sizeof(*gate->sources));
    if (!placed || !gate->sources)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    gate->sources[gate->n_sources++] = (struct sp_gate_source){.bytes = params->code, .language = params->language};
    gate->source_bytes = params->code.n_bytes;
    for (size_t i = 0; i < n; i++) {
        int r = check_path(files, i, error);
        if (r < 0) {
            sp_gate_name_file(files[i].path, error);
            sp_error_prefix(error, "files[%zu].path", i);
            return r;
        }
        size_t n_sources = gate->n_sources;
        r = place_file(gate, config, &files[i], i, &placed[i], error);
        if (r == 0 && gate->n_sources > n_sources)
            r = sp_gate_check_code(config, files[i].data, error);
        if (r < 0) {
            sp_gate_name_file(files[i].path, error);
            sp_error_prefix(error, "files[%zu]", i);
            return r;
        }
    }
    gate->spec.files = placed;
    gate->spec.n_files = n;
    return 0;
}

static int check_artifacts(struct sp_gate *gate, const struct sp_params_run *params, struct sp_error *error)
{
    for (size_t i = 0; i < params->artifacts.n_items; i++) {
        const char *fault = fault_of_path(params->artifacts.items[i]);
        if (fault) {
            sp_error_set(error, SP_EINVALID_REQUEST, "%s", fault);
            sp_error_prefix(error, "artifacts[%zu]", i);
            return SP_EINVALID_REQUEST;
        }
    }
    gate->spec.artifacts = params->artifacts.items;
    gate->spec.n_artifacts = params->artifacts.n_items;
    return 0;
}

int sp_gate_check(struct sp_gate *gate, const struct sp_config *config, const struct sp_runtimes *runtimes,
    const struct sp_identity *identity, const struct sp_params_run *params, struct sp_arena *arena,
    struct sp_error *error)
{
    uint64_t verdict_bytes = config->frame_bytes / 2 - SP_GATE_ANSWER_BYTES;
    gate->verdict_bytes_max = verdict_bytes < SP_GATE_VERDICT_BYTES ? verdict_bytes : SP_GATE_VERDICT_BYTES;
    gate->violations_max = params->max_violations;
    gate->uid = identity->uid;
    gate->gid = identity->gid;
    gate->pid = identity->pid;
    gate->spec.code = params->code;
    gate->spec.input = params->input;
    gate->spec.owner_uid = identity->uid;
    int r = check_language(params, gate, error);
    if (r == 0)
        r = check_unsupported(params, error);
    if (r == 0 && (r = sp_gate_check_code(config, params->code, error)) < 0)
        sp_error_prefix(error, "code");
    if (r == 0)
        r = check_runtime(gate, config, runtimes, identity, params->runtime, error);
    if (r == 0)
        r = check_dialect(gate, runtimes, params->language, error);
    if (r == 0)
        r = check_limits(gate, config, identity, &params->limits, error);
    if (r == 0)
        r = check_arguments(gate, config, params, arena, error);
    if (r == 0)
        r = check_files(gate, config, params, arena, error);
    if (r == 0)
        r = check_artifacts(gate, params, error);
    if (r == 0)
        gate->step = SP_GATE_CHECKED;
    return r;
}
