/* Checks and standards that the table cannot hold. Main before the loop, or the loop on a reload. Everything that could only
 * fail later, at a request, is found here. */
#include "daemon/config_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/env_name.h"
#include "proto/scope.h"
#include "proto/socket_place.h"

#define PRIVATE_AUDIT_BYTES (16u << 20)

static int wrong(struct sp_error *error, const char *path, const char *text)
{
    return sp_error_set_at(error, SP_EINVALID_CONFIG, path, "%s", text);
}

static int keep(struct sp_config *config, const char *text, struct sp_str *ret, struct sp_error *error)
{
    char *copy = sp_arena_copy(&config->arena, text, strlen(text));
    if (!copy)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    *ret = sp_str_of(copy);
    return 0;
}

static uint32_t read_overflow_id(const char *path)
{
    unsigned id = 65534;
    sp_cleanup(sp_close_file) FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%u", &id) != 1)
        id = 65534;
    return id;
}

void sp_config_runtime_dir(const struct sp_config_options *options, char *ret_path, size_t size)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    if (!options->private_daemon && options->starter_uid == 0)
        snprintf(ret_path, size, "%s", SP_SOCKET_PLACE_DIR);
    else
        sp_socket_place_private_dir(
            ret_path, size, options->private_daemon && dir && dir[0] == '/' ? dir : NULL, options->starter_uid);
}

/* Whoever starts the daemon: a name that is none would only be found by the start that is root's. */
static int check_user(const struct sp_config *config, struct sp_error *error)
{
    uint32_t uid, gid;
    if (!config->user.ptr)
        return 0;
    int r = sp_config_find_user(config->user, &uid, &gid, error);
    if (r == 0 && uid == 0)
        r = sp_error_set(error, SP_EINVALID_CONFIG, "must not be root");
    if (r < 0)
        sp_error_prefix(error, "user");
    return r;
}

static bool below_tmp(const char *path)
{
    return strncmp(path, "/tmp/", 5) == 0 || strcmp(path, "/tmp") == 0;
}

static int check_socket(struct sp_config *config, const struct sp_config_options *options, struct sp_error *error)
{
    struct sp_config_socket *socket = &config->socket;
    char dir[400], path[450];
    int r = 0;
    if (options->socket_path) {
        if (strlen(options->socket_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
            return wrong(error, "socket.path", "is too long for a socket");
        r = keep(config, options->socket_path, &socket->path, error);
    } else if (!socket->path.ptr) {
        sp_config_runtime_dir(options, dir, sizeof(dir));
        snprintf(path, sizeof(path), "%s/" SP_SOCKET_PLACE_NAME, dir);
        if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
            return wrong(error, "socket.path", "XDG_RUNTIME_DIR is too long for a socket");
        r = keep(config, config->private_daemon ? path : SP_SOCKET_PLACE_SERVICE, &socket->path, error);
    }
    if (r < 0)
        return r;
    if (socket->path.ptr[0] != '/')
        return wrong(error, "socket.path", "must be an absolute path");
    config->socket_mode = config->private_daemon ? 0600 : 0660;
    if (socket->mode.ptr) {
        char *end;
        unsigned long mode = strtoul(socket->mode.ptr, &end, 8);
        if (*end || socket->mode.ptr[0] < '0' || socket->mode.ptr[0] > '7' || mode > 0777)
            return wrong(error, "socket.mode", "must be octal permission bits, as in 0660");
        config->socket_mode = (mode_t)mode;
    }
    config->group_gid = SP_CONFIG_ID_NONE;
    if (socket->group.ptr) {
        r = sp_config_find_group(socket->group, &config->group_gid, error);
        if (r < 0)
            sp_error_prefix(error, "socket.group");
    } else if (!config->private_daemon) {
        (void)sp_config_find_group(SP_STR(SP_CONFIG_SERVICE), &config->group_gid, NULL);
    }
    return r;
}

/* Beside the socket, but not below /tmp; and where root starts the daemon, not where only root gets to. */
static void find_state_dir(const struct sp_config *config, const struct sp_config_options *options, char path[450])
{
    const char *socket = config->socket.path.ptr, *slash = strrchr(socket, '/');
    snprintf(path, 450, "%.*s/code", (int)(slash - socket), socket);
    if (options->private_daemon && options->starter_uid == 0)
        snprintf(path, 450, SP_SOCKET_PLACE_PRIVATE_ROOT_DIR "/code");
    else if (below_tmp(socket) || slash == socket) {
        char dir[400];
        sp_config_runtime_dir(options, dir, sizeof(dir));
        snprintf(path, 450, "%s/code", dir);
    }
}

static int check_paths(struct sp_config *config, const struct sp_config_options *options, struct sp_error *error)
{
    char path[450];
    int r = 0;
    if (!config->state_dir.ptr) {
        find_state_dir(config, options, path);
        r = keep(config, path, &config->state_dir, error);
    }
    if (r == 0 && !config->policy.folder.ptr) {
        const char *home = getenv("HOME"), *config_home = getenv("XDG_CONFIG_HOME");
        /* Root's daemon gives up its rights and cannot read root's home then. */
        bool at_home = options->private_daemon && options->starter_uid != 0;
        snprintf(path, sizeof(path), SP_CONFIG_POLICY_DIR);
        if (at_home && config_home && config_home[0] == '/')
            snprintf(path, sizeof(path), "%s/sallyport/policies", config_home);
        else if (at_home && home && home[0] == '/')
            snprintf(path, sizeof(path), "%s/.config/sallyport/policies", home);
        r = keep(config, path, &config->policy.folder, error);
    }
    if (r < 0)
        return r;
    const struct {
        const char *key;
        struct sp_str path;
    } rows[] = {
        {"state_dir", config->state_dir},
        {"policy.folder", config->policy.folder},
        {"audit.file", config->audit.file},
        {"python_prefix", config->python_prefix},
        {"programs.spawner", config->programs.spawner},
        {"programs.runner", config->programs.runner},
        {"programs.bwrap", config->programs.bwrap},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        if (rows[i].path.ptr && rows[i].path.ptr[0] != '/')
            return wrong(error, rows[i].key, "must be an absolute path");
    if (below_tmp(config->state_dir.ptr))
        return wrong(error, "state_dir", "must not be below /tmp");
    if (!config->private_daemon || config->audit.file.ptr)
        return 0;
    /* Nobody reads the standard error of a daemon that started by itself, and nobody rotates its files. */
    snprintf(path, sizeof(path), "%.*s/audit/audit.log",
        (int)(strrchr(config->state_dir.ptr, '/') - config->state_dir.ptr), config->state_dir.ptr);
    config->audit.rotate_bytes = PRIVATE_AUDIT_BYTES;
    return keep(config, path, &config->audit.file, error);
}

static int above_ceiling(struct sp_error *error, const char *path, const char *ceiling, double most)
{
    return sp_error_set_at(error, SP_EINVALID_CONFIG, path, "is more than %s, which is %.15g", ceiling, most);
}

/* What is not written is as it is built in, but never above what the machine, or what is written, allows. */
static int check_limits(struct sp_config *config, struct sp_error *error)
{
    struct sp_limits usual = sp_limits_default(), most = sp_limits_ceiling();
    uint64_t output_max = config->frame_bytes / 2;
    if (config->ceilings.memory_bytes > config->memory_total_bytes)
        return wrong(error, "ceilings.memory_bytes", "is more than memory_total_bytes");
    if (config->ceilings.output_bytes > output_max)
        return wrong(error, "ceilings.output_bytes", "is more than half of frame_bytes");
    if (most.memory_bytes > config->memory_total_bytes)
        most.memory_bytes = config->memory_total_bytes;
    if (most.output_bytes > output_max)
        most.output_bytes = output_max;
#define X(field, name, standard, ceiling, unit, holder)                                                                \
    if (!config->ceilings.field)                                                                                       \
        config->ceilings.field = most.field;                                                                           \
    if (!config->limits.field)                                                                                         \
        config->limits.field = usual.field < config->ceilings.field ? usual.field : config->ceilings.field;            \
    if (config->limits.field > config->ceilings.field)                                                                 \
        return above_ceiling(error, "limits." name, "ceilings." name, (double)config->ceilings.field / (unit));
    SP_RUN_LIMITS(X)
#undef X
    return 0;
}

static int check_machine(struct sp_config *config, struct sp_error *error)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE), cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t memory = pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 1ull << 30;
    if (!config->memory_total_bytes)
        config->memory_total_bytes = memory / 2;
    if (config->memory_total_bytes < SP_MEMORY_BYTES_MIN)
        return wrong(error, "memory_total_bytes", "is less than one sandbox needs");
    if (!config->sandboxes_max) {
        config->sandboxes_max = 16 * (uint64_t)(cores > 0 ? cores : 1);
        if (config->sandboxes_max > 256)
            config->sandboxes_max = 256;
        if (config->sandboxes_max > config->slot_uids.count)
            config->sandboxes_max = config->slot_uids.count;
    }
    if (config->sandboxes_max > config->slot_uids.count)
        return wrong(error, "sandboxes_max", "is more than slot_uids.count");
    return 0;
}

static int check_env(const struct sp_config *config, struct sp_error *error)
{
    for (size_t i = 0; i < config->env_allow.n_items; i++) {
        struct sp_str name = config->env_allow.items[i], stem = name;
        if (stem.ptr[stem.n_bytes - 1] == '*')
            stem.n_bytes--;
        int r = 0;
        if (!sp_env_name_valid(stem))
            r = sp_error_set(error, SP_EINVALID_CONFIG, "is no name of an environment variable");
        else if (sp_env_name_forbidden(name))
            r = sp_error_set(error, SP_EINVALID_CONFIG, "%.*s can never be allowed", sp_str_int(name, 64), name.ptr);
        if (r < 0) {
            sp_error_prefix(error, "env_allow[%zu]", i);
            return r;
        }
    }
    return 0;
}

int sp_config_check(struct sp_config *config, const msgpack_object *written, const struct sp_config_options *options,
    struct sp_error *error)
{
    config->private_daemon = options->private_daemon;
    config->starter_uid = options->starter_uid;
    config->overflow_uid = read_overflow_id("/proc/sys/kernel/overflowuid");
    config->overflow_gid = read_overflow_id("/proc/sys/kernel/overflowgid");
    if (config->private_daemon && !sp_decode_peek(written, "idle_exit_ms"))
        config->idle_exit_ms = 300000;
    struct sp_config_bounds *bounds = &config->bounds;
    if (!bounds->user_connections) /* one user of a shared daemon must not keep the others out */
        bounds->user_connections = config->private_daemon ? bounds->connections : (bounds->connections + 3) / 4;
    if (config->code_bytes > config->frame_bytes)
        return wrong(error, "code_bytes", "is more than frame_bytes");
    if (config->pool.min > config->pool.max)
        return wrong(error, "pool.min", "is more than pool.max");
    int r = check_user(config, error);
    if (r == 0)
        r = check_socket(config, options, error);
    if (r == 0)
        r = check_paths(config, options, error);
    if (r == 0)
        r = check_machine(config, error);
    if (r == 0)
        r = check_limits(config, error);
    if (r == 0)
        r = check_env(config, error);
    if (r == 0)
        r = sp_config_check_access(config, error);
    return r;
}
