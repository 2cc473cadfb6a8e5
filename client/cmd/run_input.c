/* What a run is given, read from the command's files. One thread; the command's. */
#include "client/cmd/run_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cmd/walk.h"
#include "proto/scope.h"

void sp_run_input_free(struct sp_run_input *input)
{
    if (!input)
        return;
    sp_buffer_fini(&input->code);
    sp_buffer_fini(&input->standard);
    sp_input_policy_free(&input->policy);
    for (size_t i = 0; i < input->n_files; i++) {
        sp_buffer_fini(&input->file_bytes[i]);
        free(input->names[i]);
    }
    free(input);
}

/* Takes the bytes and the name, whatever comes of it. */
static int add_file(
    struct sp_run_input *input, struct sp_buffer *bytes, char *name, unsigned mode, struct sp_error *error)
{
    size_t i = input->n_files;
    if (!name || i == SP_FILES_MAX || bytes->n_bytes > SP_INPUT_BYTES_MAX - input->n_bytes) {
        sp_buffer_fini(bytes);
        free(name);
        if (i == SP_FILES_MAX)
            return sp_error_set(error, SP_ETOO_LARGE, "--file: more than %d files", SP_FILES_MAX);
        return name ? sp_error_set(error, SP_ETOO_LARGE,
                          "--file: the files together are larger than a request can be (%u bytes)", SP_INPUT_BYTES_MAX)
                    : sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    input->n_files++;
    input->n_bytes += bytes->n_bytes;
    input->names[i] = name;
    input->file_bytes[i] = *bytes;
    input->files[i] = (struct sallyport_file){
        .size = sizeof input->files[i],
        .path = name,
        .data = input->file_bytes[i].bytes,
        .data_bytes = input->file_bytes[i].n_bytes,
        .mode = mode,
    };
    return 0;
}

SP_CLEANUP_DEFINE(struct sp_walk *, sp_walk_close)

/* What lies below the folder, below prefix; an empty prefix puts it beside the program. */
static int read_folder(struct sp_run_input *input, const char *folder, const char *prefix, struct sp_error *error)
{
    sp_cleanup(sp_walk_close_scope) struct sp_walk *walk = NULL;
    struct sp_error why = {0};
    int r = sp_walk_open(folder, &walk, &why);
    if (r < 0)
        return sp_error_set(error, r, "%s: %s", folder, why.text);
    size_t n_folder = strlen(folder);
    for (;;) {
        const char *path = folder;
        sp_cleanup(sp_close_fd) int fd = -1;
        struct sp_buffer bytes;
        struct stat info;
        char *name = NULL;
        r = sp_walk_next(walk, &path, &fd, &why);
        if (r == 0)
            return 0;
        sp_buffer_init(&bytes, SP_INPUT_BYTES_MAX);
        if (r > 0)
            r = sp_input_read_fd(fd, &bytes, &why);
        if (r < 0 || fstat(fd, &info) != 0) {
            sp_buffer_fini(&bytes);
            return sp_error_set(error, r < 0 ? r : SP_EINVALID_REQUEST, "%s: %s", path, why.text);
        }
        const char *below = path + n_folder + strspn(path + n_folder, "/");
        if (asprintf(&name, "%s%s%s", prefix, *prefix ? "/" : "", below) < 0)
            name = NULL;
        r = add_file(input, &bytes, name, info.st_mode & 0777, error);
        if (r < 0)
            return r;
    }
}

/* SRC[:DST]. Where no DST is given it is SRC's last part, and nothing for a folder that is written with a slash behind. */
static int read_file(struct sp_run_input *input, const char *argument, struct sp_error *error)
{
    const char *colon = strrchr(argument, ':');
    sp_cleanup(sp_free_ptr) char *source = strndup(argument, colon ? (size_t)(colon - argument) : strlen(argument));
    struct stat info;
    if (!source)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    const char *slash = strrchr(source, '/');
    const char *name = colon ? colon + 1 : slash ? slash + 1 : source;
    bool is_folder = *source && stat(source, &info) == 0 && S_ISDIR(info.st_mode);
    if (!*source || (!*name && (colon || !is_folder)))
        return sp_error_set(error, SP_EINVALID_REQUEST, "--file: \"%s\" is not SRC[:DST]", argument);
    if (is_folder)
        return read_folder(input, source, name, error);
    unsigned mode = 0;
    struct sp_buffer bytes = {0};
    struct sp_error why = {0};
    int r = sp_input_read(source, &bytes, &mode, &why);
    if (r < 0)
        return sp_error_set(error, r, "%s: %s", source, why.text);
    return add_file(input, &bytes, strdup(name), strcmp(source, "-") == 0 ? 0 : mode, error);
}

static int read_all(struct sp_run_input *input, const char *path, const char *policy, const struct sp_texts *files,
    bool with_stdin, struct sp_error *error)
{
    struct sp_error why = {0};
    int r = sp_input_read(path, &input->code, NULL, &why);
    if (r < 0)
        return sp_error_set(error, r, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, why.text);
    r = sp_input_policy_read(policy, &input->policy, &why);
    if (r < 0)
        return sp_error_set(error, r, "%s: %s", policy, why.text);
    for (size_t i = 0; i < files->n_items && r == 0; i++)
        r = read_file(input, files->items[i], error);
    bool has_none = !with_stdin || strcmp(path, "-") == 0 || fcntl(STDIN_FILENO, F_GETFD) < 0;
    if (r < 0 || has_none || isatty(STDIN_FILENO))
        return r;
    sp_buffer_init(&input->standard, SP_INPUT_BYTES_MAX);
    r = sp_input_read_fd(STDIN_FILENO, &input->standard, &why);
    return r < 0 ? sp_error_set(error, r, "standard input: %s", why.text) : 0;
}

int sp_run_input_new(const char *path, const char *policy, const struct sp_texts *files, bool with_stdin,
    struct sp_run_input **ret_input, struct sp_error *error)
{
    sp_cleanup(sp_run_input_free_scope) struct sp_run_input *input = calloc(1, sizeof *input);
    if (!input)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    int r = read_all(input, path, policy, files, with_stdin, error);
    if (r < 0)
        return r;
    *ret_input = SP_TAKE(input);
    return 0;
}

struct sp_str sp_run_input_find(const struct sp_run_input *input, const char *name)
{
    for (size_t i = 0; i < input->n_files; i++)
        if (strcmp(input->names[i], name) == 0)
            return (struct sp_str){(const char *)input->file_bytes[i].bytes, input->file_bytes[i].n_bytes};
    return (struct sp_str){0};
}
