/* Composes bubblewrap's arguments. Spawner's thread, but pure. The root holds the system's /usr with its links, a made
 * /etc, /proc, a small /dev, the read-only /code, and three folders of one bounded tmpfs; nothing else of the host. */
#include "runtimes/bwrap_argv.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"

static void add(struct sp_bwrap_argv *argv, const char *item)
{
    if (argv->n_items < SP_BWRAP_ARGV_MAX)
        argv->items[argv->n_items] = item;
    argv->n_items++; /* past the room: noticed at the end */
}

#define ADD(argv, ...) add_all(argv, (const char *const[]){__VA_ARGS__, NULL})

static void add_all(struct sp_bwrap_argv *argv, const char *const *items)
{
    for (; *items; items++)
        add(argv, *items);
}

__attribute__((format(printf, 2, 3))) static void add_text(struct sp_bwrap_argv *argv, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof argv->text - argv->n_text;
    va_start(arguments, format);
    int n = vsnprintf(argv->text + argv->n_text, room, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= room) {
        argv->n_items = SP_BWRAP_ARGV_MAX + 1;
        return;
    }
    add(argv, argv->text + argv->n_text);
    argv->n_text += (size_t)n + 1;
}

static const char *const confinement[] = {
    "--new-session",
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--clearenv",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--as-pid-1",
    "--uid",
    SP_SANDBOX_UID,
    "--gid",
    SP_SANDBOX_UID,
    "--hostname",
    "sandbox",
    NULL,
};

/* The host's top folders: links into /usr on a merged system, folders of their own on others. */
static void add_system(struct sp_bwrap_argv *argv)
{
    static const char *const tops[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    ADD(argv, "--ro-bind", "/usr", "/usr");
    for (size_t i = 0; i < SP_COUNT(tops); i++) {
        char target[PATH_MAX];
        struct stat info;
        ssize_t n = readlink(tops[i], target, sizeof target - 1);
        if (n > 0) {
            target[n] = 0;
            add(argv, "--symlink");
            add_text(argv, "%s", target);
            add(argv, tops[i]);
        } else if (stat(tops[i], &info) == 0 && S_ISDIR(info.st_mode)) {
            ADD(argv, "--ro-bind", tops[i], tops[i]);
        }
    }
}

static const char *const rest[] = {
    "--ro-bind",
    SP_STAGE_ETC,
    "/etc", /* made by us */
    "--ro-bind-try",
    "/etc/ld.so.cache",
    "/etc/ld.so.cache", /* over empty places in it */
    "--ro-bind-try",
    "/etc/alternatives",
    "/etc/alternatives",
    "--ro-bind",
    SP_STAGE_RUNNER,
    SP_SANDBOX_RUNNER,
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--bind",
    SP_STAGE_BOX "/shm",
    "/dev/shm",
    "--bind",
    SP_STAGE_BOX "/tmp",
    "/tmp",
    "--bind",
    SP_STAGE_BOX "/work",
    "/work",
    NULL,
};

/* Both take writes until they are told not to. */
static const char *const last[] = {
    "--remount-ro",
    "/dev",
    "--remount-ro",
    "/",
    "--chdir",
    "/work",
    "--",
    SP_SANDBOX_RUNNER,
    NULL,
};

void sp_bwrap_argv_code_name(uint64_t id, char *ret_name, size_t size)
{
    snprintf(ret_name, size, "%016llx", (unsigned long long)id);
}

int sp_bwrap_argv_make(const struct sp_bwrap_plan *plan, struct sp_bwrap_argv *ret_argv, struct sp_error *error)
{
    char code[17];
    ret_argv->n_items = ret_argv->n_text = 0;
    add(ret_argv, plan->bwrap);
    add_all(ret_argv, confinement);
    add_system(ret_argv);
    add_all(ret_argv, rest);
    sp_bwrap_argv_code_name(plan->id, code, sizeof code);
    add(ret_argv, "--ro-bind");
    add_text(ret_argv, "%s/%s", SP_STAGE_CODES, code);
    add(ret_argv, "/code");
    if (plan->python_prefix && plan->python_prefix[0])
        ADD(ret_argv, "--ro-bind", SP_STAGE_PREFIX, plan->python_prefix);
    add(ret_argv, "--seccomp");
    add_text(ret_argv, "%d", plan->seccomp_fd);
    add(ret_argv, "--info-fd");
    add_text(ret_argv, "%d", plan->info_fd);
    /* A shared mapping of /dev/zero is memory that no process is seen to hold. /dev/full reads the same and maps nothing. */
    if (!plan->memory_held)
        ADD(ret_argv, "--dev-bind", "/dev/full", "/dev/zero");
    add_all(ret_argv, last);
    if (ret_argv->n_items >= SP_BWRAP_ARGV_MAX)
        return sp_error_set(error, SP_EINTERNAL, "bubblewrap's arguments do not fit");
    ret_argv->items[ret_argv->n_items] = NULL;
    return 0;
}
