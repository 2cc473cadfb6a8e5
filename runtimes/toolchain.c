/* The table of toolchains, and what is the same for all of them. A language is a row; what a row cannot say as data (where
 * an interpreter looks for its stub) is one function. */
#include "runtimes/toolchain.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/language.h"
#include "proto/scope.h"

/* Tells the stub, and only the one of the process that the runner starts, that it is to wait. The stub takes it away. */
#define STUB_MARK "SALLYPORT_STUB=1"

static const char python_stub[] = {
#include "python_stub.inc"
};

/* site imports sitecustomize as its last act, before the main file is opened. Debian's is a link into /etc, which in a
 * sandbox is ours to make: the one place where a stub can wait without being on the program's stack or in its modules. */
static int find_python_stub(const char *program, char *ret_path, size_t room_bytes, struct sp_error *error)
{
    char real[PATH_MAX], link[PATH_MAX], target[PATH_MAX];
    if (!realpath(program, real))
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s is not there", program);
    const char *name = strrchr(real, '/') + 1;
    if (strncmp(name, "python3.", 8) != 0)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s is no python3.N", real);
    snprintf(link, sizeof link, "/usr/lib/%.32s/sitecustomize.py", name);
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n < 0 || (size_t)n >= room_bytes || strncmp(target, "/etc/", 5) != 0)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s is no link into /etc", link);
    target[n] = '\0';
    snprintf(ret_path, room_bytes, "%s", target);
    return 0;
}

/* -I: neither the environment nor the working directory nor a user's folder decides what is imported. UTF-8 is pinned by
 * the locale, not by an option, which the program would see in sys.flags. */
static const char *const python_arguments[] = {"-I", "/code/main.py", NULL};
static const char *const python_environment[] = {
    "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/work", "LANG=C.UTF-8", NULL};

/* What the interpreter, or its libc, has looked at by the time that it waits. */
static const char *const python_early_names[] = {"LANG", "LC_ALL", "LC_CTYPE", "TZDIR", NULL};

static const struct sp_toolchain toolchains[] = {
    {.language = SP_LANGUAGE_PYTHON,
        .file_name = "main.py",
        .program = "/usr/bin/python3",
        .arguments = python_arguments,
        .environment = python_environment,
        .early_names = python_early_names,
        .stub = python_stub,
        .n_stub_bytes = sizeof python_stub,
        .find_stub = find_python_stub},
};

const struct sp_toolchain *sp_toolchain_find(int language)
{
    for (size_t i = 0; i < SP_COUNT(toolchains); i++)
        if (toolchains[i].language == language)
            return &toolchains[i];
    return NULL;
}

/* What python3 leads to is called python3.11. */
static void find_dialect(struct sp_toolchain_use *use)
{
    char real[PATH_MAX];
    const char *language = sp_language_name(use->row->language);
    if (!realpath(use->program, real))
        return;
    const char *name = strrchr(real, '/') + 1;
    if (strncmp(name, language, strlen(language)) == 0)
        snprintf(use->dialect, sizeof use->dialect, "%.15s", name + strlen(language));
}

int sp_toolchain_probe(int language, const char *prefix, struct sp_toolchain_use *ret_use, struct sp_error *error)
{
    struct sp_toolchain_use use = {.row = sp_toolchain_find(language)};
    if (!use.row)
        return sp_error_set(error, SP_EUNSUPPORTED_LANGUAGE, "%s cannot be run", sp_language_name(language));
    int n = prefix ? snprintf(use.program, sizeof use.program, "%s/bin%s", prefix, strrchr(use.row->program, '/'))
                   : snprintf(use.program, sizeof use.program, "%s", use.row->program);
    if (n < 0 || (size_t)n >= sizeof use.program)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s: the path is too long", prefix);
    if (access(use.program, X_OK) < 0)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s: %s", use.program, strerror(errno));
    if (use.row->find_stub) {
        int r = use.row->find_stub(use.program, use.stub_path, sizeof use.stub_path, error);
        if (r < 0)
            return r;
    }
    find_dialect(&use);
    *ret_use = use;
    return 0;
}

static bool is_early(const struct sp_toolchain *row, struct sp_str name)
{
    for (size_t i = 0; row && row->early_names && row->early_names[i]; i++)
        if (sp_str_is(name, row->early_names[i]))
            return true;
    return false;
}

static bool is_pair(const char *pair, struct sp_str name)
{
    return strncmp(pair, name.ptr, name.n_bytes) == 0 && pair[name.n_bytes] == '=';
}

/* It is what the interpreter is started with anyhow. */
static bool is_usual(const struct sp_toolchain *row, const struct sp_sandbox_env *variable)
{
    for (size_t i = 0; row->environment[i]; i++)
        if (is_pair(row->environment[i], variable->name))
            return sp_str_is(variable->value, row->environment[i] + variable->name.n_bytes + 1);
    return false;
}

bool sp_toolchain_starts_alike(const struct sp_sandbox_spec *spec)
{
    const struct sp_toolchain *row = sp_toolchain_find(spec->language);
    for (size_t i = 0; i < spec->n_env; i++)
        if (is_early(row, spec->env[i].name) && !is_usual(row, &spec->env[i]))
            return false;
    return true;
}

static uint32_t count(const char *const *items)
{
    uint32_t n = 0;
    while (items[n])
        n++;
    return n;
}

static bool is_replaced(
    const struct sp_toolchain *row, const char *pair, const struct sp_sandbox_env *env, size_t n_env)
{
    for (size_t i = 0; i < n_env; i++)
        if (is_early(row, env[i].name) && is_pair(pair, env[i].name))
            return true;
    return false;
}

/* The run's own, of the names that are looked at early, take the place of the usual ones, as setenv would have it. */
static void pack_environment(
    const struct sp_toolchain *row, const struct sp_sandbox_spec *spec, bool warm, struct sp_runner_pack *pack)
{
    const struct sp_sandbox_env *env = spec ? spec->env : NULL;
    size_t n_env = spec ? spec->n_env : 0;
    uint32_t n = warm;
    for (size_t i = 0; row->environment[i]; i++)
        n += !is_replaced(row, row->environment[i], env, n_env);
    for (size_t k = 0; k < n_env; k++)
        n += is_early(row, env[k].name);
    sp_runner_pack_u32(pack, n);
    for (size_t i = 0; row->environment[i]; i++)
        if (!is_replaced(row, row->environment[i], env, n_env))
            sp_runner_pack_str(pack, sp_str_of(row->environment[i]));
    for (size_t k = 0; k < n_env; k++) {
        if (!is_early(row, env[k].name))
            continue;
        sp_runner_pack_u32(pack, (uint32_t)(env[k].name.n_bytes + 1 + env[k].value.n_bytes));
        sp_runner_pack_raw(pack, env[k].name.ptr, env[k].name.n_bytes);
        sp_runner_pack_raw(pack, "=", 1);
        sp_runner_pack_raw(pack, env[k].value.ptr, env[k].value.n_bytes);
    }
    if (warm)
        sp_runner_pack_str(pack, SP_STR(STUB_MARK));
}

static int check(const struct sp_sandbox_spec *spec, struct sp_error *error);

int sp_toolchain_pack_spawn(const struct sp_toolchain_use *use, const struct sp_sandbox_spec *spec,
    struct sp_str filter, struct sp_runner_pack *pack, struct sp_error *error)
{
    const struct sp_toolchain *row = use->row;
    bool warm = row->stub;
    int status = spec ? check(spec, error) : 0;
    if (status < 0)
        return status;
    sp_runner_pack_begin(pack, SP_RUNNER_SPAWN);
    sp_runner_pack_u32(pack, 1 + count(row->arguments));
    sp_runner_pack_str(pack, sp_str_of(use->program));
    for (size_t i = 0; row->arguments[i]; i++)
        sp_runner_pack_str(pack, sp_str_of(row->arguments[i]));
    pack_environment(row, spec, warm, pack);
    sp_runner_pack_str(pack, SP_STR("/work"));
    sp_runner_pack_str(pack, filter);
    sp_runner_pack_u64(pack, warm ? SP_RUNNER_SPAWN_WARM : 0);
    sp_runner_pack_end(pack);
    return pack->failed ? sp_error_set(error, SP_ETOO_LARGE, "env: too long to start with") : 0;
}

static size_t handover_bytes(const struct sp_sandbox_spec *spec)
{
    size_t n_bytes = 8;
    for (size_t i = 0; i < spec->n_argv; i++)
        n_bytes += 4 + spec->argv[i].n_bytes;
    for (size_t i = 0; i < spec->n_env; i++)
        n_bytes +=
            8 + spec->env[i].name.n_bytes + spec->env[i].value.n_bytes; /* early ones, which are not in it, too */
    return n_bytes;
}

size_t sp_toolchain_handover_room(const struct sp_sandbox_spec *spec)
{
    return sp_runner_pack_room(handover_bytes(spec));
}

/* What an environment or a vector of arguments cannot hold. */
static bool holds_nul(struct sp_str text)
{
    return text.n_bytes && memchr(text.ptr, '\0', text.n_bytes);
}

static int check(const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    for (size_t i = 0; i < spec->n_argv; i++)
        if (holds_nul(spec->argv[i]))
            return sp_error_set(error, SP_EINVALID_REQUEST, "argv[%zu]: a NUL byte", i);
    for (size_t i = 0; i < spec->n_env; i++) {
        struct sp_str name = spec->env[i].name;
        if (name.n_bytes == 0 || holds_nul(name) || memchr(name.ptr, '=', name.n_bytes))
            return sp_error_set(error, SP_EINVALID_REQUEST, "env: a name that is empty, or holds '=' or a NUL byte");
        if (holds_nul(spec->env[i].value))
            return sp_error_set(error, SP_EINVALID_REQUEST, "env.%.*s: a NUL byte", sp_str_int(name, 64), name.ptr);
    }
    return 0;
}

int sp_toolchain_pack_handover(const struct sp_sandbox_spec *spec, struct sp_runner_pack *pack, struct sp_error *error)
{
    int r = check(spec, error);
    if (r < 0)
        return r;
    size_t n_bytes = handover_bytes(spec);
    sp_cleanup(sp_free_ptr) uint8_t *bytes = malloc(n_bytes);
    if (!bytes)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    struct sp_runner_pack body;
    sp_runner_pack_init(&body, bytes, n_bytes);
    sp_runner_pack_u32(&body, (uint32_t)spec->n_argv);
    for (size_t i = 0; i < spec->n_argv; i++)
        sp_runner_pack_str(&body, spec->argv[i]);
    const struct sp_toolchain *row = sp_toolchain_find(spec->language);
    uint32_t n_late = 0;
    for (size_t i = 0; i < spec->n_env; i++)
        n_late += !is_early(row, spec->env[i].name);
    sp_runner_pack_u32(&body, n_late);
    for (size_t i = 0; i < spec->n_env; i++) {
        if (is_early(row, spec->env[i].name))
            continue;
        sp_runner_pack_str(&body, spec->env[i].name);
        sp_runner_pack_str(&body, spec->env[i].value);
    }
    if (body.failed)
        return sp_error_set(
            error, SP_ETOO_LARGE, "an argument or a variable is longer than %u bytes", SP_RUNNER_BODY_MAX);
    sp_runner_pack_bytes(pack, SP_RUNNER_HANDOVER, body.bytes, body.n_bytes);
    return pack->failed ? sp_error_set(error, SP_ETOO_LARGE, "no room for the hand-over") : 0;
}
