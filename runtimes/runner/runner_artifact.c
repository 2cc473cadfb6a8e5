/* What the program leaves in its work folder and the request asked for. All of it is hostile: links, pipes, folders
 * without end, names without end. Nothing runs any more when this is called, so what was looked at stays as it is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/runner/glob.h"
#include "runtimes/runner/runner_state.h"

#define DEPTH_MAX   32
#define ENTRIES_MAX 16384

struct walk {
    struct sp_runner *runner;
    char path[SP_FILE_PATH_MAX + 1];
    struct sp_str globs[SP_ARTIFACT_GLOBS_MAX];
    uint32_t n_globs;
    uint32_t n_files, n_entries;
    uint64_t n_bytes;
    bool cut;
};

static bool wanted(const struct walk *walk, size_t n_path)
{
    for (uint32_t i = 0; i < walk->n_globs; i++)
        if (sp_glob_match(walk->globs[i], (struct sp_str){walk->path, n_path}))
            return true;
    return false;
}

/* Reads exactly n bytes; what cannot be read is zero, since the size was promised. */
static void read_whole(int fd, uint8_t *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n = read(fd, bytes, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            memset(bytes, 0, n_bytes);
            return;
        }
        bytes += n;
        n_bytes -= (size_t)n;
    }
}

static int send_file(struct walk *walk, int fd, const struct stat *stat, size_t n_path)
{
    struct sp_runner *runner = walk->runner;
    uint64_t left = (uint64_t)stat->st_size;
    for (bool first = true; first || left > 0; first = false) {
        struct sp_runner_pack pack = sp_runner_output_pack(runner);
        sp_runner_pack_begin(&pack, first ? SP_RUNNER_ARTIFACT : SP_RUNNER_ARTIFACT_MORE);
        size_t n = SP_RUNNER_BODY_MAX;
        if (first) {
            sp_runner_pack_u32(&pack, stat->st_mode & 0777);
            sp_runner_pack_u64(&pack, (uint64_t)stat->st_size);
            sp_runner_pack_str(&pack, (struct sp_str){walk->path, n_path});
            n = SP_RUNNER_FRAME_MAX - pack.n_bytes - 4;
            n = left < n ? left : n;
            sp_runner_pack_u32(&pack, (uint32_t)n);
        }
        n = left < n ? left : n;
        read_whole(fd, pack.bytes + pack.n_bytes, n);
        pack.n_bytes += n;
        sp_runner_pack_end(&pack);
        sp_runner_output_put(runner, &pack);
        int r = sp_runner_output_flush(runner);
        if (r < 0)
            return r;
        left -= n;
    }
    return 0;
}

static int visit_file(struct walk *walk, int dir_fd, const char *name, size_t n_path)
{
    if (!wanted(walk, n_path))
        return 0;
    sp_cleanup(sp_close_fd) int fd = sp_runner_file_open(dir_fd, name, O_RDONLY | O_NONBLOCK, 0);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
        walk->cut = true;
        return 0;
    }
    uint64_t size_bytes = (uint64_t)stat.st_size;
    uint64_t one_most = walk->runner->limited ? walk->runner->limits.file_bytes : SP_RUNNER_ARTIFACTS_BYTES_MAX;
    if (walk->n_files == SP_ARTIFACTS_MAX || size_bytes > one_most ||
        size_bytes > SP_RUNNER_ARTIFACTS_BYTES_MAX - walk->n_bytes) {
        walk->cut = true; /* whole files or none; a smaller one may still fit */
        return 0;
    }
    walk->n_files++;
    walk->n_bytes += size_bytes;
    return send_file(walk, fd, &stat, n_path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    char **items;
    size_t n_items, room;
};

static void names_fini(struct names *names)
{
    for (size_t i = 0; i < names->n_items; i++)
        free(names->items[i]);
    free(names->items);
}

static bool names_add(struct names *names, const char *name)
{
    if (names->n_items == names->room) {
        size_t room = names->room ? 2 * names->room : 64;
        char **items = realloc(names->items, room * sizeof *items);
        if (!items)
            return false;
        names->items = items;
        names->room = room;
    }
    names->items[names->n_items] = strdup(name);
    if (!names->items[names->n_items])
        return false;
    names->n_items++;
    return true;
}

/* Sorted, so that what comes out, and what a bound leaves out, does not hang on the file system. */
static void list(struct walk *walk, int dir_fd, struct names *names)
{
    int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        sp_close_fd(&copy);
        walk->cut = true;
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (walk->n_entries == ENTRIES_MAX || !names_add(names, entry->d_name)) {
            walk->cut = true;
            break;
        }
        walk->n_entries++;
    }
    closedir(dir);
    if (names->n_items)
        qsort(names->items, names->n_items, sizeof *names->items, by_name);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as DEPTH_MAX. */
static int visit_folder(struct walk *walk, int dir_fd, size_t n_path, int depth)
{
    sp_cleanup(names_fini) struct names names = {0};
    list(walk, dir_fd, &names);
    for (size_t i = 0; i < names.n_items; i++) {
        const char *name = names.items[i];
        size_t n_name = strlen(name);
        struct stat stat;
        if (fstatat(dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode))
            continue; /* links, pipes and the like are no artifacts */
        if (n_path + n_name > SP_FILE_PATH_MAX) {
            walk->cut = true;
            continue;
        }
        memcpy(walk->path + n_path, name, n_name);
        int r = 0;
        if (S_ISREG(stat.st_mode)) {
            r = visit_file(walk, dir_fd, name, n_path + n_name);
        } else {
            sp_cleanup(sp_close_fd) int fd =
                depth < DEPTH_MAX ? sp_runner_file_open(dir_fd, name, O_RDONLY | O_DIRECTORY, 0) : -1;
            if (fd < 0 || n_path + n_name == SP_FILE_PATH_MAX) {
                walk->cut = true;
                continue;
            }
            walk->path[n_path + n_name] = '/';
            r = visit_folder(walk, fd, n_path + n_name + 1, depth + 1);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int sp_runner_artifact_send(struct sp_runner *runner)
{
    struct sp_runner_frame frame = {.body = runner->globs, .n_body = runner->n_globs_bytes};
    if (!frame.body)
        return 0;
    sp_cleanup(sp_free_ptr) struct walk *walk = calloc(1, sizeof *walk);
    if (!walk)
        return SP_RUNNER_ARTIFACT_CUT;
    walk->runner = runner;
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, &frame);
    walk->n_globs = sp_runner_cursor_u32(&cursor);
    for (uint32_t i = 0; i < walk->n_globs; i++)
        walk->globs[i] = sp_runner_cursor_str(&cursor);
    if (walk->n_globs == 0)
        return 0;
    if (sp_runner_file_work(runner) < 0)
        return SP_RUNNER_ARTIFACT_CUT;
    int r = visit_folder(walk, runner->work_fd, 0, 0);
    return r < 0 ? r : walk->cut ? SP_RUNNER_ARTIFACT_CUT : 0;
}
