/* Loading a configuration: file, YAML, table, checks. Loop thread, or main before the loop; blocks on the file. The result
 * owns its strings, so that nothing of the text or of the decoder's memory has to live on. */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config_check.h"
#include "daemon/owned.h"
#include "proto/scope.h"
#include "proto/yaml.h"

#define ARENA_BYTES_MAX  (16u << 20)
#define BUFFER_BYTES_MAX (SP_YAML_BYTES_MAX * 2)

/* "0660" and numbers that are names stay as they are written. */
static const char *const string_keys[] = {
    "mode", "user", "group", "path", "default", "mandatory", "folder", "file", NULL};

static int own(struct sp_arena *arena, struct sp_str *text, struct sp_error *error)
{
    if (!text->ptr)
        return 0;
    char *copy = sp_arena_copy(arena, text->ptr, text->n_bytes);
    if (!copy)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    text->ptr = copy;
    return 0;
}

/* Copies every string that the table knows into the arena, with a NUL behind it. */
static int own_strings(struct sp_arena *arena, const struct sp_table *table, void *values, struct sp_error *error)
{
    int r = 0;
    for (size_t i = 0; i < table->n_fields && r == 0; i++) {
        const struct sp_field *field = &table->fields[i];
        void *member = (char *)values + field->offset;
        if (field->type == SP_FIELD_STRING) {
            r = own(arena, member, error);
        } else if (field->type == SP_FIELD_STRINGS) {
            struct sp_strings *list = member;
            for (size_t j = 0; j < list->n_items && r == 0; j++)
                r = own(arena, &list->items[j], error);
        } else if (field->type == SP_FIELD_TABLE) {
            r = own_strings(arena, field->table, member, error);
        } else if (field->type == SP_FIELD_TABLES) {
            struct sp_items *list = member;
            for (size_t j = 0; j < list->n_items && r == 0; j++)
                r = own_strings(arena, field->table, (char *)list->items + j * field->table->size_bytes, error);
        }
    }
    return r;
}

static int decode(
    struct sp_config *config, struct sp_str text, const struct sp_config_options *options, struct sp_error *error)
{
    struct sp_buffer packed;
    sp_buffer_init(&packed, BUFFER_BYTES_MAX);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    int r = sp_yaml_pack(text, string_keys, SP_EINVALID_CONFIG, &packed, error);
    if (r == 0) {
        size_t at = 0;
        if (msgpack_unpack_next(&unpacked, (const char *)packed.bytes, packed.n_bytes, &at) != MSGPACK_UNPACK_SUCCESS)
            r = sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    struct sp_arena arena = config->arena; /* the decoder clears the struct that it fills */
    if (r == 0)
        r = sp_decode(&unpacked.data, &sp_config_table, SP_EINVALID_CONFIG, &arena, config, error);
    if (r < 0)
        *config = (struct sp_config){0};
    config->arena = arena;
    if (r == 0)
        r = own_strings(&config->arena, &sp_config_table, config, error);
    if (r == 0)
        r = sp_config_check(config, &unpacked.data, options, error);
    if (r < 0)
        sp_yaml_locate(text, error);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&packed);
    return r;
}

int sp_config_parse(
    const struct sp_config_options *options, struct sp_str text, struct sp_config **ret_config, struct sp_error *error)
{
    struct sp_config *config = calloc(1, sizeof(*config));
    if (!config)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_arena_init(&config->arena, ARENA_BYTES_MAX);
    int r = decode(config, text, options, error);
    if (r < 0) {
        sp_config_free(config);
        return r;
    }
    *ret_config = config;
    return 0;
}

void sp_config_free(struct sp_config *config)
{
    if (!config)
        return;
    sp_arena_fini(&config->arena);
    free(config);
}

/* The whole file; ret_bytes is the caller's to free. Bounded; regular files only, and none that others may change. */
static int read_file(const struct sp_config_options *options, const char *path, char **ret_bytes, size_t *ret_n_bytes,
    struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == EACCES && options->starter_uid == 0 && geteuid() != 0)
        return sp_error_set(error, SP_EINVALID_CONFIG,
            "cannot be opened by a daemon that gave up root's rights: end it, and start it again to have the file "
            "read");
    if (fd < 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "cannot be opened: %s", strerrordesc_np(errno));
    struct stat stat;
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
        return sp_error_set(error, SP_EINVALID_CONFIG, "is no regular file");
    int r = sp_owned_check(&stat, options->starter_uid, error);
    if (r < 0)
        return r;
    size_t room = SP_YAML_BYTES_MAX + 1, n_bytes = 0;
    sp_cleanup(sp_free_ptr) char *bytes = malloc(room);
    if (!bytes)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (;;) {
        ssize_t n = read(fd, bytes + n_bytes, room - n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_set(error, SP_EINVALID_CONFIG, "cannot be read: %s", strerrordesc_np(errno));
        if (n == 0)
            break;
        n_bytes += (size_t)n;
        if (n_bytes == room)
            return sp_error_set(error, SP_EINVALID_CONFIG, "is larger than %u bytes", SP_YAML_BYTES_MAX);
    }
    *ret_bytes = SP_TAKE(bytes);
    *ret_n_bytes = n_bytes;
    return 0;
}

/* Only what is surely missing counts as missing: a file that can't be looked at, after the rights were given up perhaps, or
 * a link that leads nowhere must not turn into the standards. */
static bool is_missing(const char *path)
{
    struct stat stat;
    return lstat(path, &stat) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* The file to read: the named one, which must be there, or the standard one, which may be missing. */
static int find_file(const struct sp_config_options *options, char path[256], bool *ret_found, struct sp_error *error)
{
    const char *home = getenv("HOME"), *config_home = getenv("XDG_CONFIG_HOME");
    int n;
    if (options->path)
        n = snprintf(path, 256, "%s", options->path);
    else if (!options->private_daemon)
        n = snprintf(path, 256, "%s", SP_CONFIG_PATH);
    else if (config_home && config_home[0] == '/')
        n = snprintf(path, 256, "%s/sallyport/sallyportd.yaml", config_home);
    else if (home && home[0] == '/')
        n = snprintf(path, 256, "%s/.config/sallyport/sallyportd.yaml", home);
    else
        n = 0;
    if (n >= 256)
        return sp_error_set(error, SP_EINVALID_CONFIG, "the path of the configuration is too long");
    *ret_found = n > 0 && (options->path || !is_missing(path));
    return 0;
}

int sp_config_load(
    const struct sp_config_options *options, struct sp_config **ret_config, char *ret_path, struct sp_error *error)
{
    char path[256] = "";
    bool found = false;
    int r = find_file(options, path, &found, error);
    if (ret_path)
        memcpy(ret_path, found || r < 0 ? path : "", found || r < 0 ? sizeof(path) : 1);
    if (r < 0)
        return r;
    sp_cleanup(sp_free_ptr) char *bytes = NULL;
    size_t n_bytes = 0;
    if (found)
        r = read_file(options, path, &bytes, &n_bytes, error);
    struct sp_config *config = NULL;
    if (r == 0)
        r = sp_config_parse(options, (struct sp_str){found ? bytes : "", n_bytes}, &config, error);
    if (r < 0)
        return r;
    if (found)
        memcpy(config->path, path, sizeof(path));
    *ret_config = config;
    return 0;
}

void sp_config_locate(const char *file, struct sp_error *error)
{
    sp_cleanup(sp_free_ptr) char *bytes = NULL;
    size_t n_bytes;
    const struct sp_config_options any = {0};
    if (file[0] && error->path[0] && !error->line && read_file(&any, file, &bytes, &n_bytes, NULL) == 0)
        sp_yaml_locate((struct sp_str){bytes, n_bytes}, error);
}

const char *sp_config_complaint(const char *file, const struct sp_error *error, char *text, size_t size)
{
    char what[sizeof(error->path) + sizeof(error->text) + 4], place[32] = "";
    if (error->line)
        snprintf(place, sizeof(place), ":%u:%u", error->line, error->column);
    snprintf(text, size, "%s%s: %s", file && file[0] ? file : "configuration", place,
        sp_error_format(error, what, sizeof(what)));
    return text;
}

static bool same(struct sp_str a, struct sp_str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && sp_str_equal(a, b);
}

void sp_config_compare(const struct sp_config *now, const struct sp_config *next,
    void (*note)(void *context, const char *key), void *context)
{
    const struct {
        const char *key;
        bool equal;
    } rows[] = {
        {"socket", same(now->socket.path, next->socket.path) && now->socket_mode == next->socket_mode &&
                       now->group_gid == next->group_gid},
        {"user", same(now->user, next->user)},
        {"state_dir", same(now->state_dir, next->state_dir)},
        {"workers", now->workers == next->workers},
        {"compilers", now->compilers == next->compilers},
        {"pool", memcmp(&now->pool, &next->pool, sizeof(now->pool)) == 0},
        {"sandboxes_max", now->sandboxes_max == next->sandboxes_max},
        {"memory_total_bytes", now->memory_total_bytes == next->memory_total_bytes},
        {"python_prefix", same(now->python_prefix, next->python_prefix)},
        {"require_no_groups", now->require_no_groups == next->require_no_groups},
        {"slot_uids", now->slot_uids.first == next->slot_uids.first && now->slot_uids.count == next->slot_uids.count},
        {"programs", same(now->programs.spawner, next->programs.spawner) &&
                         same(now->programs.runner, next->programs.runner) &&
                         same(now->programs.bwrap, next->programs.bwrap)},
        {"bounds.runs_waiting", now->bounds.runs_waiting == next->bounds.runs_waiting},
        {"bounds.scan_tasks", now->bounds.scan_tasks == next->bounds.scan_tasks &&
                                  now->bounds.user_scan_tasks == next->bounds.user_scan_tasks &&
                                  now->bounds.scan_bytes == next->bounds.scan_bytes},
        {"bounds.compile_tasks", now->bounds.compile_tasks == next->bounds.compile_tasks &&
                                     now->bounds.user_compile_tasks == next->bounds.user_compile_tasks},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        if (!rows[i].equal)
            note(context, rows[i].key);
}
