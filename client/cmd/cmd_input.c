/* Reading for the commands. One thread; bounded by what a request can carry. */
#include "client/cmd/cmd_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/language.h"
#include "proto/scope.h"

#define READ_BYTES (64u << 10)

int sp_input_read_fd(int fd, struct sp_buffer *bytes, struct sp_error *error)
{
    struct stat info;
    char chunk[READ_BYTES];
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
        return sp_error_set(error, SP_EINVALID_REQUEST, "is a folder");
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
        if (n == 0)
            return 0;
        int r = sp_buffer_append(bytes, chunk, (size_t)n);
        if (r < 0)
            return sp_error_set(error, r,
                r == SP_ETOO_LARGE ? "is larger than a request can be (%u bytes)" : "out of memory (%u)",
                SP_INPUT_BYTES_MAX);
    }
}

int sp_input_read(const char *path, struct sp_buffer *ret_bytes, unsigned *ret_mode, struct sp_error *error)
{
    struct sp_buffer bytes;
    struct stat info = {0};
    sp_buffer_init(&bytes, SP_INPUT_BYTES_MAX);
    bool is_standard = strcmp(path, "-") == 0;
    sp_cleanup(sp_close_fd) int opened = is_standard ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (!is_standard && opened < 0)
        return sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
    int fd = is_standard ? STDIN_FILENO : opened;
    if (ret_mode && fstat(fd, &info) == 0)
        *ret_mode = info.st_mode & 0777;
    int r = sp_input_read_fd(fd, &bytes, error);
    if (r < 0) {
        sp_buffer_fini(&bytes);
        return r;
    }
    *ret_bytes = bytes;
    return 0;
}

const char *sp_input_language(const char *given, struct sp_str path, struct sp_str data)
{
    if (given)
        return given;
    int language = sp_language_of_path(path);
    if (language == SP_LANGUAGE_NONE)
        language = sp_language_of_shebang(data);
    return language == SP_LANGUAGE_NONE ? NULL : sp_language_name(language);
}

bool sp_input_policy_is_file(const char *argument)
{
    return strchr(argument, '/') || sp_str_ends(sp_str_of(argument), SP_STR(".yaml"));
}

int sp_input_policy_read(const char *argument, struct sp_input_policy *ret_policy, struct sp_error *error)
{
    struct sp_input_policy policy = {0};
    if (argument && sp_input_policy_is_file(argument)) {
        policy.file = argument;
        int r = sp_input_read(argument, &policy.yaml, NULL, error);
        if (r < 0)
            return r;
        if (!policy.yaml.bytes) /* an empty file is an empty text, not none */
            r = sp_buffer_append(&policy.yaml, "\n", 1);
        if (r < 0)
            return sp_error_set(error, r, NULL);
    } else {
        policy.reference = argument;
    }
    *ret_policy = policy;
    return 0;
}

void sp_input_policy_free(struct sp_input_policy *policy)
{
    sp_buffer_fini(&policy->yaml);
}
