/* Walking a folder by descriptors: a name is looked up in the folder that was read, whatever is renamed meanwhile. One
 * thread. Memory: the names of the folders on the way down, nothing of those done. */
#include "client/cmd/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"

#define DEPTH_MAX  200
#define PATH_BYTES 8192

struct level {
    int fd;
    char **names; /* sorted */
    size_t n_names, at;
    size_t path_bytes; /* of the folder's path */
};

struct sp_walk {
    struct level levels[DEPTH_MAX];
    size_t n_levels;
    uint64_t n_skipped;
    char path[PATH_BYTES];
};

SP_CLEANUP_DEFINE(struct sp_walk *, sp_walk_close)
SP_CLEANUP_DEFINE(DIR *, closedir)

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_level(struct level *level)
{
    for (size_t i = 0; i < level->n_names; i++)
        free(level->names[i]);
    free(level->names);
    if (level->fd >= 0)
        close(level->fd);
}

static int read_names(struct level *level, struct sp_error *error)
{
    int copy = fcntl(level->fd, F_DUPFD_CLOEXEC, 0);
    sp_cleanup(closedir_scope) DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (!dir) {
        sp_close_fd(&copy);
        return sp_error_errno(error, errno, "fdopendir");
    }
    size_t room = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry && errno)
            return sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (level->n_names == room) {
            room = room ? room * 2 : 16;
            char **grown = reallocarray(level->names, room, sizeof *grown);
            if (!grown)
                return sp_error_set(error, SP_ENO_MEMORY, NULL);
            level->names = grown;
        }
        if (!(level->names[level->n_names] = strdup(entry->d_name)))
            return sp_error_set(error, SP_ENO_MEMORY, NULL);
        level->n_names++;
    }
    if (level->n_names)
        qsort(level->names, level->n_names, sizeof *level->names, compare);
    return 0;
}

/* Takes fd. */
static int push(struct sp_walk *walk, int fd, struct sp_error *error)
{
    struct level level = {.fd = fd, .path_bytes = strlen(walk->path)};
    int r = walk->n_levels < DEPTH_MAX ? read_names(&level, error)
                                       : sp_error_set(error, SP_ETOO_DEEP, "folders are nested too deep");
    if (r < 0) {
        free_level(&level);
        return r;
    }
    walk->levels[walk->n_levels++] = level;
    return 0;
}

int sp_walk_open(const char *path, struct sp_walk **ret_walk, struct sp_error *error)
{
    sp_cleanup(sp_walk_close_scope) struct sp_walk *walk = calloc(1, sizeof *walk);
    size_t n_bytes = strlen(path);
    if (!walk)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (n_bytes >= PATH_BYTES)
        return sp_error_set(error, SP_EINVALID_REQUEST, "the path is too long");
    memcpy(walk->path, path, n_bytes + 1);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
    int r = push(walk, fd, error);
    if (r < 0)
        return r;
    *ret_walk = SP_TAKE(walk);
    return 0;
}

void sp_walk_close(struct sp_walk *walk)
{
    if (!walk)
        return;
    for (size_t i = 0; i < walk->n_levels; i++)
        free_level(&walk->levels[i]);
    free(walk);
}

static int set_path(struct sp_walk *walk, const struct level *level, const char *name, struct sp_error *error)
{
    size_t n_bytes = level->path_bytes, n_name = strlen(name);
    if (n_bytes + n_name + 2 > PATH_BYTES)
        return sp_error_set(error, SP_EINVALID_REQUEST, "the path is too long");
    if (n_bytes && walk->path[n_bytes - 1] != '/')
        walk->path[n_bytes++] = '/';
    memcpy(walk->path + n_bytes, name, n_name + 1);
    return 0;
}

/* 1: a regular file. 0: a folder, entered, or something to be skipped. */
static int enter(struct sp_walk *walk, const struct level *level, const char *name, int *ret_fd, struct sp_error *error)
{
    struct stat info;
    int r = set_path(walk, level, name, error);
    if (r < 0)
        return r;
    if (fstatat(level->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        walk->n_skipped++;
        return 0;
    }
    /* Not to wait for a pipe that took the file's place meanwhile. */
    int fd = openat(level->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0) {
        r = sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
        sp_close_fd(&fd);
        return r;
    }
    if (S_ISDIR(info.st_mode))
        return push(walk, fd, error);
    if (!S_ISREG(info.st_mode)) {
        walk->n_skipped++;
        close(fd);
        return 0;
    }
    *ret_fd = fd;
    return 1;
}

int sp_walk_next(struct sp_walk *walk, const char **ret_path, int *ret_fd, struct sp_error *error)
{
    while (walk->n_levels) {
        struct level *level = &walk->levels[walk->n_levels - 1];
        walk->path[level->path_bytes] = '\0';
        if (level->at == level->n_names) {
            free_level(level);
            walk->n_levels--;
            continue;
        }
        int r = enter(walk, level, level->names[level->at++], ret_fd, error);
        *ret_path = walk->path;
        if (r != 0)
            return r;
    }
    return 0;
}

uint64_t sp_walk_skipped(const struct sp_walk *walk)
{
    return walk->n_skipped;
}
