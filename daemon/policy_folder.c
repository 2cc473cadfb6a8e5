/* Reads and compiles the operator's policies. Blocks: at the start on the loop's thread, at a reload on a compiling one.
 * Owner: the policy store. A policy that others may write to is no policy of the operator's, so such files are refused. */
#include "daemon/policy_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/owned.h"
#include "daemon/policy_source.h"
#include "proto/scope.h"

#define FILES_MAX 1024

bool sp_policy_folder_name_valid(struct sp_str name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char later[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    if (name.n_bytes < 1 || name.n_bytes > SP_POLICY_NAME_MAX || !memchr(first, name.ptr[0], sizeof(first) - 1))
        return false;
    for (size_t i = 1; i < name.n_bytes; i++)
        if (!memchr(later, name.ptr[i], sizeof(later) - 1))
            return false;
    return true;
}

static int copy_text(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return text && !*ret ? SP_ENO_MEMORY : 0;
}

int sp_policy_folder_new(const char *path, const char *standard_reference, const char *mandatory_reference,
    size_t policy_bytes_max, struct sp_policy_folder **ret_folder, struct sp_error *error)
{
    struct sp_policy_folder *folder = calloc(1, sizeof(*folder));
    if (!folder)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    folder->policy_bytes_max = policy_bytes_max;
    if (copy_text(path, &folder->path) < 0 || copy_text(standard_reference, &folder->standard_reference) < 0 ||
        copy_text(mandatory_reference, &folder->mandatory_reference) < 0) {
        sp_policy_folder_free(folder);
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    *ret_folder = folder;
    return 0;
}

void sp_policy_folder_free(struct sp_policy_folder *folder)
{
    if (!folder)
        return;
    for (size_t i = 0; i < folder->n_items; i++)
        sp_policy_unref(folder->items[i].policy);
    if (folder->standard)
        sp_policy_unref(folder->standard);
    if (folder->mandatory)
        sp_policy_unref(folder->mandatory);
    free(folder->items);
    free(folder->path);
    free(folder->standard_reference);
    free(folder->mandatory_reference);
    free(folder);
}

/* The error told once more, with the file and the place in front: in the text, because the error's own line and column
 * would be taken for the folder's. */
static int in_file(const char *file, struct sp_error *inner, struct sp_error *error)
{
    char text[sizeof(inner->text)];
    snprintf(text, sizeof(text), "%s", inner->text[0] ? inner->text : sp_error_text(inner->code));
    if (inner->line)
        return sp_error_set(error, inner->code, "%s:%u:%u: %s%s%s", file, inner->line, inner->column, inner->path,
            inner->path[0] ? ": " : "", text);
    return sp_error_set(error, inner->code, "%s: %s%s%s", file, inner->path, inner->path[0] ? ": " : "", text);
}

/* Read whole, up to the bound; a file that others may write to is refused. at: AT_FDCWD or a folder. */
static int read_file(int at, const char *name, size_t max_bytes, struct sp_buffer *ret_bytes, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "cannot be read: %s", strerrordesc_np(errno));
    if (!S_ISREG(info.st_mode))
        return sp_error_set(error, SP_EINVALID_CONFIG, "is not a regular file");
    int r = sp_owned_check(&info, geteuid(), error);
    if (r < 0)
        return r;
    sp_buffer_init(ret_bytes, max_bytes);
    for (;;) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_set(error, SP_EINVALID_CONFIG, "cannot be read: %s", strerrordesc_np(errno));
        if (sp_buffer_append(ret_bytes, chunk, (size_t)n) < 0)
            return sp_error_set(error, ret_bytes->failed, "is larger than %zu bytes", max_bytes);
    }
}

static int compile_source(const struct sp_policy_source *source, struct sp_policy **ret_policy, struct sp_error *error)
{
    struct sp_policy_model *model;
    uint64_t cpu_ns;
    int r = sp_policy_source_model(source, &model, error);
    if (r < 0)
        return r;
    r = sp_policy_source_compile(model, ret_policy, &cpu_ns, error);
    if (r < 0)
        sp_policy_model_free(model);
    return r;
}

static int compile_text(enum sp_policy_form form, struct sp_str text, size_t max_bytes, struct sp_policy **ret_policy,
    struct sp_error *error)
{
    struct sp_policy_source source;
    int r = sp_policy_source_init_text(&source, form, text, max_bytes, error);
    if (r < 0)
        return r;
    r = compile_source(&source, ret_policy, error);
    sp_policy_source_fini(&source);
    return r;
}

static int load_file(int at, const char *name, size_t max_bytes, struct sp_policy **ret_policy, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer bytes = {0};
    struct sp_error inner = {0};
    int r = read_file(at, name, max_bytes, &bytes, &inner);
    if (r == 0) {
        struct sp_str text = {bytes.bytes ? (const char *)bytes.bytes : "", bytes.n_bytes};
        r = compile_text(SP_POLICY_FORM_YAML, text, max_bytes, ret_policy, &inner);
    }
    if (r == 0)
        return 0;
    sp_error_set(&inner, r, NULL); /* whatever failed without a word still fails */
    return in_file(name, &inner, error);
}

/* The length of a policy's name in a file's name, 0 where it is no policy's file. */
static size_t name_length(const char *file)
{
    static const char *const suffixes[] = {".yaml", ".yml"};
    size_t n = strlen(file);
    for (size_t i = 0; i < SP_COUNT(suffixes); i++) {
        size_t n_suffix = strlen(suffixes[i]);
        if (file[0] != '.' && n > n_suffix && strcmp(file + n - n_suffix, suffixes[i]) == 0)
            return n - n_suffix;
    }
    return 0;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const struct sp_policy_folder_item *)a)->name, ((const struct sp_policy_folder_item *)b)->name);
}

static int add_file(struct sp_policy_folder *folder, int at, const char *file, struct sp_error *error)
{
    struct sp_str name = {file, name_length(file)};
    if (!sp_policy_folder_name_valid(name))
        return sp_error_set(
            error, SP_EINVALID_CONFIG, "%s: \"%.*s\" is no name for a policy", file, sp_str_int(name, 64), name.ptr);
    if (folder->n_items == FILES_MAX)
        return sp_error_set(error, SP_EINVALID_CONFIG, "more than %d policies in %s", FILES_MAX, folder->path);
    if (sp_policy_folder_find(folder, name))
        return sp_error_set(error, SP_EINVALID_CONFIG, "%s: there is another policy of that name", file);
    struct sp_policy_folder_item *items = reallocarray(folder->items, folder->n_items + 1, sizeof(*items));
    if (!items)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    folder->items = items;
    struct sp_policy_folder_item item = {0};
    memcpy(item.name, name.ptr, name.n_bytes);
    int r = load_file(at, file, folder->policy_bytes_max, &item.policy, error);
    if (r == 0)
        items[folder->n_items++] = item;
    return r;
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static int load_files(struct sp_policy_folder *folder, struct sp_error *error)
{
    sp_cleanup(close_folder) DIR *open = opendir(folder->path);
    folder->is_missing = !open && errno == ENOENT;
    if (folder->is_missing)
        return 0;
    struct stat info;
    if (!open || fstat(dirfd(open), &info) < 0)
        return sp_error_set(
            error, SP_EINVALID_CONFIG, "the folder %s cannot be read: %s", folder->path, strerrordesc_np(errno));
    struct sp_error inner = {0};
    if (sp_owned_check(&info, geteuid(), &inner) < 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "the folder %.200s: %s", folder->path, inner.text);
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(open);
        if (!entry && errno)
            return sp_error_set(
                error, SP_EINVALID_CONFIG, "the folder %s cannot be read: %s", folder->path, strerrordesc_np(errno));
        if (!entry)
            break;
        if (name_length(entry->d_name) == 0)
            continue;
        int r = add_file(folder, dirfd(open), entry->d_name, error);
        if (r < 0)
            return r;
    }
    if (folder->n_items)
        qsort(folder->items, folder->n_items, sizeof(*folder->items), compare_items);
    return 0;
}

/* A name of the folder, "preset:…", or a path. */
static int load_reference(const struct sp_policy_folder *folder, const char *what, const char *reference,
    struct sp_policy **ret_policy, struct sp_error *error)
{
    struct sp_str text = sp_str_of(reference);
    size_t n_prefix = sizeof(SP_POLICY_PRESET_PREFIX) - 1;
    if (strncmp(reference, SP_POLICY_PRESET_PREFIX, n_prefix) == 0)
        return compile_text(SP_POLICY_FORM_PRESET, sp_str_of(reference + n_prefix), 64, ret_policy, error);
    if (strchr(reference, '/'))
        return load_file(AT_FDCWD, reference, folder->policy_bytes_max, ret_policy, error);
    struct sp_policy *found = sp_policy_folder_find(folder, text);
    if (!found)
        return sp_error_set(error, SP_EUNKNOWN_POLICY, "the %s policy \"%.64s\" is not in %.128s%s", what, reference,
            folder->path ? folder->path : "a folder, since none is set",
            folder->is_missing ? ", which does not exist" : "");
    *ret_policy = sp_policy_ref(found);
    return 0;
}

int sp_policy_folder_load(struct sp_policy_folder *folder, struct sp_error *error)
{
    const char *standard =
        folder->standard_reference ? folder->standard_reference : SP_POLICY_PRESET_PREFIX SP_PRESET_DEFAULT;
    const char *key = "policy.folder";
    int r = folder->path ? load_files(folder, error) : 0;
    if (r == 0) {
        key = "policy.default";
        r = load_reference(folder, "default", standard, &folder->standard, error);
    }
    if (r == 0 && folder->mandatory_reference) {
        key = "policy.mandatory";
        r = load_reference(folder, "mandatory", folder->mandatory_reference, &folder->mandatory, error);
    }
    if (r < 0) {
        sp_error_set(error, r, NULL);
        sp_error_prefix(error, "%s", key);
    }
    return r;
}

struct sp_policy *sp_policy_folder_find(const struct sp_policy_folder *folder, struct sp_str name)
{
    for (size_t i = 0; i < folder->n_items; i++)
        if (sp_str_is(name, folder->items[i].name))
            return folder->items[i].policy;
    return NULL;
}

struct sp_policy *sp_policy_folder_find_id(const struct sp_policy_folder *folder, struct sp_str id)
{
    struct sp_policy *const apart[] = {folder->standard, folder->mandatory};
    for (size_t i = 0; i < SP_COUNT(apart); i++)
        if (apart[i] && sp_str_is(id, sp_policy_id(apart[i])))
            return apart[i];
    for (size_t i = 0; i < folder->n_items; i++)
        if (sp_str_is(id, sp_policy_id(folder->items[i].policy)))
            return folder->items[i].policy;
    return NULL;
}
