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
#define STRING_KEYS_MAX  64

/* The names of the keys that are strings: "0660" and numbers that are names stay as they are written. */
static size_t list_string_keys(const struct sp_table *table, size_t n_keys, const char *keys[STRING_KEYS_MAX])
{
    for (size_t i = 0; i < table->n_fields; i++) {
        if (table->fields[i].type == SP_FIELD_STRING && n_keys < STRING_KEYS_MAX)
            keys[n_keys++] = table->fields[i].name;
        else if (table->fields[i].table)
            n_keys = list_string_keys(table->fields[i].table, n_keys, keys);
    }
    return n_keys;
}

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
    const char *string_keys[STRING_KEYS_MAX + 1] = {NULL};
    list_string_keys(&sp_config_table, 0, string_keys);
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

static bool same_string(struct sp_str a, struct sp_str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && sp_str_equal(a, b);
}

static bool same_table(const struct sp_table *table, const char *now, const char *next);

/* Whether the field has the same value in two structs of its table. */
static bool same_field(const struct sp_field *field, const char *now, const char *next)
{
    now += field->offset;
    next += field->offset;
    switch (field->type) {
    case SP_FIELD_BOOL: return *(const bool *)now == *(const bool *)next;
    case SP_FIELD_UINT:
    case SP_FIELD_MILLI: return *(const uint64_t *)now == *(const uint64_t *)next;
    case SP_FIELD_CHOICE: return *(const int *)now == *(const int *)next;
    case SP_FIELD_STRING:
    case SP_FIELD_BYTES: return same_string(*(const struct sp_str *)now, *(const struct sp_str *)next);
    case SP_FIELD_STRINGS: {
        const struct sp_strings *a = (const void *)now, *b = (const void *)next;
        bool same = a->n_items == b->n_items;
        for (size_t i = 0; same && i < a->n_items; i++)
            same = same_string(a->items[i], b->items[i]);
        return same;
    }
    case SP_FIELD_TABLE: return same_table(field->table, now, next);
    case SP_FIELD_TABLES: {
        const struct sp_items *a = (const void *)now, *b = (const void *)next;
        size_t size = field->table->size_bytes;
        bool same = a->n_items == b->n_items;
        for (size_t i = 0; same && i < a->n_items; i++)
            same = same_table(field->table, (const char *)a->items + i * size, (const char *)b->items + i * size);
        return same;
    }
    case SP_FIELD_PAIRS:
    case SP_FIELD_OBJECT: break;
    }
    return false; /* no key of the configuration is one: to be noted is the safe side */
}

static bool same_table(const struct sp_table *table, const char *now, const char *next)
{
    for (size_t i = 0; i < table->n_fields; i++)
        if (!same_field(&table->fields[i], now, next))
            return false;
    return true;
}

static void compare(const struct sp_table *table, const char *prefix, const char *now, const char *next,
    void (*note)(void *context, const char *key), void *context)
{
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sp_field *field = &table->fields[i];
        char key[128];
        snprintf(key, sizeof(key), "%s%s%s", prefix, prefix[0] ? "." : "", field->name);
        if (field->type == SP_FIELD_TABLE && !(field->flags & SP_FIELD_AT_START))
            compare(field->table, key, now + field->offset, next + field->offset, note, context);
        else if (field->flags & SP_FIELD_AT_START && !same_field(field, now, next))
            note(context, key);
    }
}

void sp_config_compare(const struct sp_config *now, const struct sp_config *next,
    void (*note)(void *context, const char *key), void *context)
{
    compare(&sp_config_table, "", (const char *)now, (const char *)next, note, context);
}
