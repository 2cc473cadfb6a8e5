/* Starts the spawner, in the daemon's main thread, before there is a loop, a worker or anything to copy. It is not a
 * fork that goes on, but a program of its own. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/slot_uid.h"
#include "runtimes/spawner.h"
#include "runtimes/spawner_wire.h"

#define HELLO_WAIT_MS 10000

static int copy_path(char *to, const char *from, const char *standard, const char *what, struct sp_error *error)
{
    const char *path = from && *from ? from : standard;
    if (*path && *path != '/')
        return sp_error_set(error, SP_EINVALID_CONFIG, "%s: not an absolute path: %.100s", what, path);
    if (strlen(path) >= SP_SPAWNER_PATH_BYTES)
        return sp_error_set(error, SP_EINVALID_CONFIG, "%s: the path is too long", what);
    strcpy(to, path);
    return 0;
}

static int set_up_slots(const struct sp_spawner_config *config, struct sp_spawner_setup *setup, struct sp_error *error)
{
    setup->service_uid = config->service_uid == (uid_t)-1 ? geteuid() : config->service_uid;
    setup->service_gid = config->service_gid == (gid_t)-1 ? getegid() : config->service_gid;
    setup->n_slots = (config->sandboxes_max ? config->sandboxes_max : 1) + SP_SPAWNER_SPARE_SLOTS;
    if (geteuid() != 0)
        return 0;
    setup->slot_uid_first = config->n_slot_uids ? config->slot_uid_first : SP_SPAWNER_SLOT_UID_FIRST;
    setup->n_slot_uids = config->n_slot_uids ? config->n_slot_uids : SP_SPAWNER_SLOT_UIDS;
    return sp_slot_uid_check(setup->slot_uid_first, setup->n_slot_uids, setup->service_uid, NULL, error);
}

/* A program that was installed with us, wherever that was put; else where it should be. */
static const char *find_beside(const char *name, char room[static PATH_MAX])
{
    char self[PATH_MAX], path[2 * PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash) {
        *slash = '\0';
        snprintf(path, sizeof path, "%s/" SP_LIBEXEC_FROM_SBIN "/%s", self, name);
        if (access(path, X_OK) == 0 && realpath(path, room))
            return room;
    }
    snprintf(room, PATH_MAX, SP_LIBEXEC_DIR "/%s", name);
    return room;
}

static int set_up(const struct sp_spawner_config *config, struct sp_spawner_setup *setup, struct sp_error *error)
{
    char runner[PATH_MAX];
    const struct {
        char *to;
        const char *from, *standard, *what;
    } paths[] = {
        {setup->runner, config->runner, find_beside("sallyport-runner", runner), "runner"},
        {setup->bwrap, config->bwrap, "/usr/bin/bwrap", "bwrap"},
        {setup->state_dir, config->state_dir, "", "state_dir"},
        {setup->python_prefix, config->python_prefix, "", "python_prefix"},
    };
    setup->version = SP_SPAWNER_WIRE_VERSION;
    setup->size_bytes = sizeof *setup;
    setup->require_no_groups = config->require_no_groups;
    for (size_t i = 0; i < SP_COUNT(paths); i++) {
        int status = copy_path(paths[i].to, paths[i].from, paths[i].standard, paths[i].what, error);
        if (status < 0)
            return status;
    }
    if (!config->instance || strlen(config->instance) != 32 || strspn(config->instance, "0123456789abcdef") != 32)
        return sp_error_set(error, SP_EINVALID_CONFIG, "the instance is not 32 hexadecimal digits");
    strcpy(setup->instance, config->instance);
    if (!setup->state_dir[0])
        return sp_error_set(error, SP_EINVALID_CONFIG, "state_dir: must be given");
    return set_up_slots(config, setup, error);
}

__attribute__((noreturn)) static void become_spawner(const char *program, int socket)
{
    char *const argv[] = {"sallyport-spawner", NULL};
    char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    sigset_t none;
    /* No descriptor of the daemon's but the socket and the three standard ones. */
    if (dup2(socket, SP_SPAWNER_SOCKET_FD) != SP_SPAWNER_SOCKET_FD && socket != SP_SPAWNER_SOCKET_FD)
        _exit(127);
    fcntl(SP_SPAWNER_SOCKET_FD, F_SETFD, 0);
    close_range(SP_SPAWNER_SOCKET_FD + 1, ~0u, 0);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* A session of its own: no terminal's signals, and where the kernel shares the processor by sessions, a share that nothing
     * which the same user runs beside it can take away. Kills must not wait for that. */
    if (setsid() < 0 || chdir("/") < 0)
        _exit(127);
    execve(program, argv, environment);
    _exit(127);
}

/* Waits for hello and leaves it in the socket, for who takes the socket over. */
static int wait_for_hello(int fd, struct sp_error *error)
{
    struct sp_spawner_hello hello;
    struct pollfd look = {.fd = fd, .events = POLLIN};
    int n = 0;
    for (int tries = 0; tries < 8 && (n = poll(&look, 1, HELLO_WAIT_MS)) < 0 && errno == EINTR; tries++)
        ;
    if (n <= 0)
        return sp_error_set(error, SP_EINTERNAL, "the spawner does not answer");
    if (recv(fd, &hello, sizeof hello, MSG_PEEK | MSG_DONTWAIT) != (ssize_t)sizeof hello ||
        hello.version != SP_SPAWNER_WIRE_VERSION || hello.size_bytes != sizeof hello)
        return sp_error_set(error, SP_EINTERNAL, "the spawner did not start, or is of another version");
    return 0;
}

static const char *program_of(const struct sp_spawner_config *config, char room[static PATH_MAX])
{
    return config->program && *config->program ? config->program : find_beside("sallyport-spawner", room);
}

static int check_program(const char *key, const char *path, struct sp_error *error)
{
    struct stat info;
    int failed = stat(path, &info) < 0 || eaccess(path, X_OK) < 0 ? errno : S_ISREG(info.st_mode) ? 0 : EACCES;
    if (!failed)
        return 0;
    return sp_error_set_at(
        error, SP_EINVALID_CONFIG, key, "%.200s cannot be started: %s", path, strerrordesc_np(failed));
}

int sp_spawner_check(const struct sp_spawner_config *config, struct sp_error *ret_note, struct sp_error *error)
{
    char room[PATH_MAX];
    struct sp_spawner_setup setup = {0};
    int status = set_up(config, &setup, error);
    const struct {
        const char *key, *path;
        bool is_note; /* a start goes on without it */
    } rows[] = {
        {"programs.spawner", program_of(config, room), false},
        {"programs.runner", setup.runner, !config->runner},
        {"programs.bwrap", setup.bwrap, !config->bwrap},
    };
    for (size_t i = 0; i < SP_COUNT(rows) && status == 0; i++) {
        int found = check_program(rows[i].key, rows[i].path, rows[i].is_note ? ret_note : error);
        status = rows[i].is_note ? 0 : found;
    }
    return status;
}

int sp_spawner_start(const struct sp_spawner_config *config, int *ret_fd, pid_t *ret_pid, struct sp_error *error)
{
    char room[PATH_MAX];
    const char *program = program_of(config, room);
    struct sp_spawner_setup setup = {0};
    int status = set_up(config, &setup, error);
    if (status < 0)
        return status;
    if (access(program, X_OK) < 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "programs.spawner: %.180s: %s", program, strerror(errno));
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return sp_error_errno(error, errno, "socketpair");
    sp_cleanup(sp_close_fd) int ours = ends[0];
    sp_cleanup(sp_close_fd) int theirs = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return sp_error_errno(error, errno, "fork");
    if (pid == 0)
        become_spawner(program, theirs);
    close(theirs);
    theirs = -1;
    if (send(ours, &setup, sizeof setup, MSG_NOSIGNAL) != (ssize_t)sizeof setup)
        status = sp_error_errno(error, errno, "telling the spawner");
    if (status == 0)
        status = wait_for_hello(ours, error);
    if (status < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return status;
    }
    *ret_fd = SP_TAKE_FD(ours);
    *ret_pid = pid;
    return 0;
}
