/* The rules for the socket's place: what was said, else the machine's service where one is installed, else the user's own.
 * Any thread; no state. Its caller is the opening of a connection. */
#include "client/socket_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/scope.h"
#include "proto/socket_place.h"

/* Any of these means: this machine has a service. */
static const char *const installed[] = {
    "/etc/sallyport",
    "/etc/systemd/system/sallyport.service",
    "/etc/systemd/system/sallyport.socket",
    "/usr/local/lib/systemd/system/sallyport.service",
    "/usr/local/lib/systemd/system/sallyport.socket",
    "/usr/lib/systemd/system/sallyport.service",
    "/usr/lib/systemd/system/sallyport.socket",
    "/lib/systemd/system/sallyport.service",
    "/lib/systemd/system/sallyport.socket",
};

/* Others can make what they like there. */
static const char *const shared_places[] = {"/tmp", "/var/tmp", "/dev/shm"};

struct sp_socket_world sp_socket_path_world(void)
{
    return (struct sp_socket_world){
        .root = "",
        .socket_variable = getenv("SALLYPORT_SOCKET"),
        .runtime_dir_variable = getenv("XDG_RUNTIME_DIR"),
        .uid = getuid(),
    };
}

static bool is_given(const char *text)
{
    return text && *text;
}

static int put(struct sp_socket_path *path, enum sp_socket_kind kind, const char *text, struct sp_error *error)
{
    size_t n_bytes = strlen(text);
    if (n_bytes >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return sp_error_set(
            error, SP_EINVALID_REQUEST, "the socket's path is longer than a socket address can hold: %s", text);
    path->kind = kind;
    memcpy(path->path, text, n_bytes + 1);
    return 0;
}

/* Only what is surely not there is not installed: a private daemon must not take the place of a service that is hidden. */
static bool is_installed(const struct sp_socket_world *world)
{
    for (size_t i = 0; i < SP_COUNT(installed); i++) {
        char path[PATH_MAX];
        struct stat info;
        if (snprintf(path, sizeof path, "%s%s", world->root, installed[i]) >= (int)sizeof path)
            return true;
        if (stat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR))
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *folder)
{
    size_t n_bytes = strlen(folder);
    return strncmp(path, folder, n_bytes) == 0 && (path[n_bytes] == '/' || path[n_bytes] == '\0');
}

static int check_runtime_dir(const char *dir, struct sp_error *error)
{
    char resolved[PATH_MAX];
    const char *real = realpath(dir, resolved) ? resolved : dir;
    if (dir[0] != '/')
        return sp_error_set(error, SP_EUNREACHABLE, "XDG_RUNTIME_DIR is not an absolute path: %s", dir);
    for (size_t i = 0; i < SP_COUNT(shared_places); i++)
        if (is_below(dir, shared_places[i]) || is_below(real, shared_places[i]))
            return sp_error_set(error, SP_EUNREACHABLE, "XDG_RUNTIME_DIR lies below %s, where others can write: %s",
                shared_places[i], dir);
    return 0;
}

int sp_socket_path_find(
    const struct sp_socket_world *world, const char *given, struct sp_socket_path *ret_path, struct sp_error *error)
{
    if (is_given(given))
        return put(ret_path, SP_SOCKET_NAMED, given, error);
    if (is_given(world->socket_variable))
        return put(ret_path, SP_SOCKET_NAMED, world->socket_variable, error);
    if (is_installed(world))
        return put(ret_path, SP_SOCKET_INSTALLED, SP_SOCKET_PLACE_SERVICE, error);

    char folder[PATH_MAX], path[PATH_MAX];
    const char *runtime_dir = is_given(world->runtime_dir_variable) ? world->runtime_dir_variable : NULL;
    int r = runtime_dir ? check_runtime_dir(runtime_dir, error) : 0;
    if (r < 0)
        return r;
    if (sp_socket_place_private_dir(folder, sizeof folder, runtime_dir, world->uid) >= (int)sizeof folder ||
        snprintf(path, sizeof path, "%s/" SP_SOCKET_PLACE_NAME, folder) >= (int)sizeof path)
        return sp_error_set(error, SP_EINVALID_REQUEST, "XDG_RUNTIME_DIR is too long");
    return put(ret_path, SP_SOCKET_PRIVATE, path, error);
}
