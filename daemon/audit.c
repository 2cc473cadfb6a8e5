/* The audit log's writing. Loop thread; owner: the server. Scans' lines gather and are written together before the loop
 * waits again; the gate's are written at once, since a run must not begin without them, and so is what is rare. All lines
 * pass write_pending: a chain of authentication codes over the lines belongs in there. */
#include "daemon/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/owned.h"
#include "proto/scope.h"

#define PENDING_BYTES (256u << 10)

struct sp_audit {
    int fd; /* -1: standard error */
    bool sync, required;
    struct sp_buffer pending;
    size_t n_pending;     /* lines */
    size_t written_bytes; /* of pending: a write that was cut short goes on there */
    uv_prepare_t before_wait;
    bool has_loop;
    struct sp_audit_stats stats;
};

/* Who was refused is not who started the daemon. */
static int cannot_open(const char *file, int failed, struct sp_error *error)
{
    char as[300] = "", buffer[4096];
    struct passwd user, *found = NULL;
    if (failed == EACCES && getpwuid_r(geteuid(), &user, buffer, sizeof(buffer), &found) == 0 && found)
        snprintf(as, sizeof(as), " for the user %.40s (uid %u), who the daemon is", found->pw_name, geteuid());
    else if (failed == EACCES)
        snprintf(as, sizeof(as), " for the uid %u, which the daemon has", geteuid());
    return sp_error_set_at(
        error, SP_EINVALID_CONFIG, "audit.file", "%.180s cannot be opened%s: %s", file, as, strerrordesc_np(failed));
}

/* make: O_CREAT, or 0 for a file that has to be there; *ret_fd stays as it is then where it is not. */
static int open_regular(const char *file, int make, int *ret_fd, uint64_t *ret_n_bytes, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd =
        open(file, O_WRONLY | O_APPEND | make | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    struct stat info;
    if (fd < 0 && errno == ENOENT && !make)
        return 0;
    if (fd < 0 || fstat(fd, &info) < 0)
        return cannot_open(file, errno, error);
    struct sp_error inner = {0};
    int r = 0;
    if (!S_ISREG(info.st_mode))
        r = sp_error_set(&inner, SP_EINVALID_CONFIG, "is not a regular file");
    else if (info.st_nlink > 1) /* one that has lost its name is only old */
        r = sp_error_set(
            &inner, SP_EINVALID_CONFIG, "has another name too: unlink that, or the lines go there as well");
    else
        r = sp_owned_check(&info, geteuid(), &inner);
    if (r < 0)
        return sp_error_set_at(error, r, "audit.file", "%.200s: %s", file, inner.text);
    *ret_fd = SP_TAKE_FD(fd);
    *ret_n_bytes = (uint64_t)info.st_size;
    return 0;
}

/* Private daemons of one user share a file: only who holds it locked moves it, and only what still has its name. */
static bool move_away(const char *file, int fd)
{
    char aside[PATH_MAX];
    struct stat held, named;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return false;
    bool moved = snprintf(aside, sizeof(aside), "%s.1", file) < (int)sizeof(aside) && fstat(fd, &held) == 0 &&
                 lstat(file, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev &&
                 rename(file, aside) == 0;
    flock(fd, LOCK_UN);
    return moved;
}

static int open_file(const struct sp_audit_config *config, int *ret_fd, struct sp_error *error)
{
    uint64_t n_bytes;
    *ret_fd = -1;
    if (!config->file)
        return 0;
    int r = open_regular(config->file, O_CREAT, ret_fd, &n_bytes, error);
    if (r < 0 || !config->rotate_bytes || n_bytes <= config->rotate_bytes || !move_away(config->file, *ret_fd))
        return r;
    sp_close_fd(ret_fd);
    return open_regular(config->file, O_CREAT, ret_fd, &n_bytes, error);
}

int sp_audit_check(const char *file, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int fd = -1;
    uint64_t n_bytes;
    int r = file ? open_regular(file, 0, &fd, &n_bytes, error) : 0;
    if (r < 0 || fd >= 0 || !file)
        return r;
    sp_cleanup(sp_free_ptr) char *folder = strdup(file);
    if (!folder)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    return eaccess(slash ? folder : ".", W_OK | X_OK) == 0 ? 0 : cannot_open(file, errno, error);
}

/* Writes what is pending; 0, or a positive errno. What could not be written stays. */
static int write_pending(struct sp_audit *audit)
{
    struct sp_buffer *pending = &audit->pending;
    while (audit->written_bytes < pending->n_bytes) {
        ssize_t n = write(audit->fd < 0 ? STDERR_FILENO : audit->fd, pending->bytes + audit->written_bytes,
            pending->n_bytes - audit->written_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            audit->stats.failing = true;
            return n < 0 ? errno : EIO;
        }
        audit->written_bytes += (size_t)n;
    }
    audit->stats.lines += audit->n_pending;
    audit->stats.bytes += pending->n_bytes;
    audit->stats.failing = false;
    audit->n_pending = 0;
    audit->written_bytes = 0;
    sp_buffer_reset(pending);
    return 0;
}

static void on_before_wait(uv_prepare_t *handle)
{
    struct sp_audit *audit = handle->data;
    if (audit->pending.n_bytes)
        write_pending(audit);
}

int sp_audit_open(const struct sp_audit_config *config, struct sp_audit **ret_audit, struct sp_error *error)
{
    struct sp_audit *audit = calloc(1, sizeof(*audit));
    if (!audit)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    int r = open_file(config, &audit->fd, error);
    if (r < 0) {
        free(audit);
        return r;
    }
    audit->sync = config->sync;
    audit->required = config->required;
    sp_buffer_init(&audit->pending, config->pending_bytes ? config->pending_bytes : PENDING_BYTES);
    if (config->loop) {
        uv_prepare_init(config->loop, &audit->before_wait);
        uv_prepare_start(&audit->before_wait, on_before_wait);
        uv_unref((uv_handle_t *)&audit->before_wait);
        audit->before_wait.data = audit;
        audit->has_loop = true;
    }
    *ret_audit = audit;
    return 0;
}

static void free_audit(struct sp_audit *audit)
{
    if (audit->fd >= 0)
        close(audit->fd);
    sp_buffer_fini(&audit->pending);
    free(audit);
}

static void on_closed(uv_handle_t *handle)
{
    free_audit(handle->data);
}

void sp_audit_close(struct sp_audit *audit)
{
    if (!audit)
        return;
    int failed = write_pending(audit);
    if (failed)
        sp_log(SP_LOG_ERROR, "%zu lines of the audit log are lost: %s", audit->n_pending, strerrordesc_np(failed));
    if (audit->has_loop)
        uv_close((uv_handle_t *)&audit->before_wait, on_closed);
    else
        free_audit(audit);
}

int sp_audit_prepare(const struct sp_audit_config *config, int *ret_fd, struct sp_error *error)
{
    return open_file(config, ret_fd, error);
}

void sp_audit_switch(struct sp_audit *audit, const struct sp_audit_config *config, int fd)
{
    /* Whole lines stay in one file. */
    write_pending(audit);
    audit->written_bytes = 0;
    if (audit->fd >= 0)
        close(audit->fd);
    audit->fd = fd;
    audit->sync = config->sync;
    audit->required = config->required;
}

int sp_audit_reopen(struct sp_audit *audit, const struct sp_audit_config *config, struct sp_error *error)
{
    int fd;
    int r = sp_audit_prepare(config, &fd, error);
    if (r == 0)
        sp_audit_switch(audit, config, fd);
    return r;
}

static size_t count_lines(struct sp_str lines)
{
    size_t n = 0;
    for (size_t i = 0; i < lines.n_bytes; i++)
        n += lines.ptr[i] == '\n';
    return n;
}

int sp_audit_add(struct sp_audit *audit, struct sp_str lines, struct sp_error *error)
{
    size_t n = count_lines(lines);
    if (lines.n_bytes > audit->pending.max_bytes - audit->pending.n_bytes)
        write_pending(audit);
    if (sp_buffer_append(&audit->pending, lines.ptr, lines.n_bytes) < 0) {
        audit->pending.failed = 0;
        audit->stats.lost += n;
        return sp_error_set(error, SP_EBUSY, "the audit log cannot be written");
    }
    audit->n_pending += n;
    return 0;
}

int sp_audit_commit(struct sp_audit *audit, struct sp_str lines, struct sp_error *error)
{
    int r = sp_audit_add(audit, lines, NULL);
    int failed = r < 0 ? ENOSPC : write_pending(audit);
    if (!failed && audit->sync && audit->fd >= 0 && fdatasync(audit->fd) < 0)
        failed = errno;
    if (!failed || !audit->required)
        return 0;
    return sp_error_set(error, SP_EINTERNAL, "the audit log cannot be written (%s), and nothing runs without it",
        strerrordesc_np(failed));
}

void sp_audit_tell(struct sp_audit *audit, const struct sp_audit_event *event)
{
    if (!audit)
        return;
    sp_cleanup(sp_buffer_fini) struct sp_buffer line;
    sp_buffer_init(&line, 64u << 10);
    if (sp_audit_line(event, &line, NULL) < 0) {
        audit->stats.lost++;
        return;
    }
    if (sp_audit_add(audit, (struct sp_str){(const char *)line.bytes, line.n_bytes}, NULL) == 0)
        write_pending(audit);
}

void sp_audit_stats(const struct sp_audit *audit, struct sp_audit_stats *ret_stats)
{
    *ret_stats = audit->stats;
}
