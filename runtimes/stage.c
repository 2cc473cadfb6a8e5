/* Lays out the stage: a small tmpfs over /run in a private mount namespace, with the made /etc, a copy of the runner, the
 * instance's /code directories and the operator's environment bound into it. What is bound is opened before /run is
 * covered, so any of it may lie there. Spawner's thread, and its children. */
#include "runtimes/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "runtimes/bwrap_argv.h"
#include "runtimes/folder.h"
#include "runtimes/toolchain.h"

#define NAME "sandbox"

/* The made /etc. Empty text: a place that the sandbox's own mount covers. */
static const struct {
    const char *name, *text;
} etc_files[] = {
    {"passwd", NAME ":x:" SP_SANDBOX_UID ":" SP_SANDBOX_UID ":" NAME ":/work:/bin/sh\n"
                    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    {"group", NAME ":x:" SP_SANDBOX_UID ":\nnogroup:x:65534:\n"},
    {"hosts", "127.0.0.1 localhost " NAME "\n::1 localhost\n"},
    {"hostname", NAME "\n"},
    {"host.conf", "multi on\n"},
    {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n"},
    {"resolv.conf", "# there is no network\n"},
    {"shells", "/bin/sh\n"},
    {"timezone", "Etc/UTC\n"},
    {"ld.so.cache", ""},
};

static const struct {
    const char *name, *target;
} etc_links[] = {
    {"localtime", "/usr/share/zoneinfo/Etc/UTC"},
    {"os-release", "../usr/lib/os-release"},
    {"mtab", "../proc/self/mounts"},
};

static int failed(struct sp_error *error, const char *what)
{
    return sp_error_errno(error, errno, what);
}

static int write_text(const char *path, const char *text)
{
    sp_cleanup(sp_close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t n = strlen(text);
    return fd < 0 || write(fd, text, n) != (ssize_t)n || fchmod(fd, 0644) < 0 ? -1 : 0;
}

static int write_map(const char *file, unsigned id)
{
    char text[64];
    snprintf(text, sizeof text, "%u %u 1", id, id);
    sp_cleanup(sp_close_fd) int fd = open(file, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int enter_namespaces(struct sp_error *error)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (uid == 0) {
        if (unshare(CLONE_NEWNS) < 0)
            return failed(error, "unsharing the mount namespace");
    } else {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            return failed(error, "making a user namespace");
        sp_cleanup(sp_close_fd) int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "deny", 4) < 0 || write_map("/proc/self/uid_map", uid) < 0 ||
            write_map("/proc/self/gid_map", gid) < 0)
            return failed(error, "mapping ourselves into the user namespace");
    }
    /* Later mounts of the host still arrive; ours never leave. */
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return failed(error, "parting from the host's mounts");
    return 0;
}

static int make_etc(struct sp_error *error)
{
    char path[64];
    if (mkdir(SP_STAGE_ETC, 0755) < 0 || mkdir(SP_STAGE_ETC "/alternatives", 0755) < 0)
        return failed(error, "making the sandboxes' /etc");
    for (size_t i = 0; i < SP_COUNT(etc_files); i++) {
        snprintf(path, sizeof path, SP_STAGE_ETC "/%s", etc_files[i].name);
        if (write_text(path, etc_files[i].text) < 0)
            return failed(error, "writing the sandboxes' /etc");
    }
    for (size_t i = 0; i < SP_COUNT(etc_links); i++) {
        snprintf(path, sizeof path, SP_STAGE_ETC "/%s", etc_links[i].name);
        if (symlink(etc_links[i].target, path) < 0)
            return failed(error, "linking in the sandboxes' /etc");
    }
    return 0;
}

/* A toolchain's stub lies where its interpreter looks for it: below the made /etc. What cannot be made is noticed by the
 * probe of that language. */
static void make_stub(int language, const char *prefix)
{
    struct sp_toolchain_use use;
    char path[512];
    if (sp_toolchain_probe(language, prefix[0] ? prefix : NULL, &use, NULL) < 0 ||
        strncmp(use.stub_path, "/etc/", 5) != 0 || strstr(use.stub_path, "/../"))
        return;
    snprintf(path, sizeof path, SP_STAGE "%s", use.stub_path);
    for (char *slash = path + sizeof SP_STAGE_ETC; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
    sp_cleanup(sp_close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, use.row->stub, use.row->n_stub_bytes) != (ssize_t)use.row->n_stub_bytes)
        unlink(path);
}

/* A copy, so that an upgrade of the package never changes what a living instance starts. */
static int copy_runner(int from, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int to = open(SP_STAGE_RUNNER, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (to < 0)
        return failed(error, "copying the runner");
    for (ssize_t n; (n = sendfile(to, from, NULL, 1 << 20));)
        if (n < 0)
            return failed(error, "copying the runner");
    return fchmod(to, 0555) < 0 ? failed(error, "copying the runner") : 0;
}

static int bind_folder(int folder, const char *place, struct sp_error *error)
{
    char from[40];
    snprintf(from, sizeof from, "/proc/self/fd/%d", folder);
    if (mkdir(place, 0755) < 0 || mount(from, place, NULL, MS_BIND | MS_REC, NULL) < 0)
        return failed(error, place);
    return 0;
}

static int lay(const struct sp_spawner_setup *setup, struct sp_stage *stage, struct sp_error *error)
{
    sp_cleanup(sp_close_fd) int runner = open(setup->runner, O_RDONLY | O_CLOEXEC);
    if (runner < 0)
        return failed(error, setup->runner);
    sp_cleanup(sp_close_fd) int prefix = -1;
    if (setup->python_prefix[0]) {
        prefix = open(setup->python_prefix, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (prefix < 0)
            return failed(error, setup->python_prefix);
    }
    int status = sp_folder_open_instance(
        setup->state_dir, setup->instance, setup->service_uid, setup->service_gid, &stage->state, &stage->codes, error);
    if (status < 0)
        return status;
    if (mount("tmpfs", SP_STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=32m,nr_inodes=256,mode=0755") < 0)
        return failed(error, "laying the stage over " SP_STAGE);
    if (mkdir(SP_STAGE_BOX, 0755) < 0)
        return failed(error, SP_STAGE_BOX);
    status = make_etc(error);
    for (int language = 0; status == 0 && language < SP_LANGUAGE_COUNT; language++)
        make_stub(language, setup->python_prefix);
    if (status == 0)
        status = copy_runner(runner, error);
    if (status == 0)
        status = bind_folder(stage->codes, SP_STAGE_CODES, error);
    if (status == 0 && prefix >= 0)
        status = bind_folder(prefix, SP_STAGE_PREFIX, error);
    return status;
}

int sp_stage_init(const struct sp_spawner_setup *setup, struct sp_stage *ret_stage, struct sp_error *error)
{
    struct sp_stage stage = {.state = -1, .codes = -1};
    snprintf(stage.instance, sizeof stage.instance, "%s", setup->instance);
    umask(022);
    int status = enter_namespaces(error);
    if (status == 0)
        status = lay(setup, &stage, error);
    if (status < 0) {
        sp_stage_fini(&stage);
        return status;
    }
    *ret_stage = stage;
    return 0;
}

void sp_stage_fini(struct sp_stage *stage)
{
    if (stage->codes >= 0 && stage->state >= 0) {
        umount2(SP_STAGE_CODES, MNT_DETACH);
        sp_folder_remove(stage->state, stage->instance);
    }
    sp_close_fd(&stage->codes);
    sp_close_fd(&stage->state);
    stage->codes = stage->state = -1;
}

/* Decimal digits without stdio, which may allocate. */
static char *put_number(char *at, uint64_t number)
{
    char digits[20];
    int n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    while (n)
        *at++ = digits[--n];
    return at;
}

int sp_stage_make_box(uint64_t disk_bytes, uint64_t inodes, uid_t uid, gid_t gid, const char **ret_what)
{
    static const struct {
        const char *path;
        mode_t mode;
        bool own;
    } folders[] = {
        {SP_STAGE_BOX "/work", 0700, true},
        {SP_STAGE_BOX "/tmp", 01777, false},
        {SP_STAGE_BOX "/shm", 01777, false},
    };
    char options[96];
    char *at = stpcpy(options, "mode=0755,size=");
    at = put_number(at, disk_bytes);
    at = stpcpy(at, ",nr_inodes=");
    *put_number(at, inodes) = 0;

    *ret_what = "a mount namespace for the sandbox";
    if (unshare(CLONE_NEWNS) < 0)
        return errno;
    *ret_what = "a tmpfs for the sandbox";
    if (mount("tmpfs", SP_STAGE_BOX, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
        return errno;
    *ret_what = "folders for the sandbox";
    for (size_t i = 0; i < SP_COUNT(folders); i++)
        if (mkdir(folders[i].path, 0700) < 0 || (folders[i].own && chown(folders[i].path, uid, gid) < 0) ||
            chmod(folders[i].path, folders[i].mode) < 0)
            return errno;
    return 0;
}
