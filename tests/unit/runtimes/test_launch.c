/* What a sandbox's first process is when bubblewrap begins, told by a shell in its place, and the box that it may write to. Where
 * the machine has no namespaces to give, this is skipped. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/launch.h"
#include "runtimes/stage.h"

static char state_dir[] = "/tmp/sallyport-launch-XXXXXX";
static struct sp_stage stage = {.state = -1, .codes = -1};
static struct sp_cgroup_box box;
static char said[4096], complained[512];

static void set_up(void)
{
    struct sp_spawner_setup setup = {.runner = "/usr/bin/cat",
        .bwrap = "/usr/bin/bwrap",
        .instance = "00112233445566778899aabbccddeeff",
        .service_uid = geteuid(),
        .service_gid = getegid()};
    struct sp_error error = {0};
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        box.folders[part] = -1;
    /* As all of the spawner's are. */
    cr_assert_eq(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC), 0);
    cr_assert(mkdtemp(state_dir));
    snprintf(setup.state_dir, sizeof setup.state_dir, "%s", state_dir);
    if (sp_stage_init(&setup, &stage, &error) < 0) {
        rmdir(state_dir);
        cr_skip_test("%s", error.text);
    }
}

static void tear_down(void)
{
    sp_stage_fini(&stage);
    cr_assert_eq(rmdir(state_dir), 0);
}

TestSuite(launch, .init = set_up, .fini = tear_down);

static void read_all(int fd, char *text, size_t size)
{
    size_t n = 0;
    for (ssize_t got; n < size - 1 && (got = read(fd, text + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = 0;
}

/* The exit status of the program, which is given this input; what it said is in said and complained. */
static int launch(const char *program, const char *script)
{
    const struct sp_bwrap_argv argv = {.items = {program, "-c", script, NULL}, .n_items = 3};
    int ends[2], errors[2], status;
    struct sp_error error = {0};
    pid_t pid;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    cr_assert_eq(pipe2(errors, O_CLOEXEC), 0);
    cr_assert_eq(write(ends[0], "in\n", 3), 3); /* before anybody can be gone */
    const struct sp_launch what = {
        .argv = &argv,
        .box = &box,
        .uid = geteuid(),
        .gid = getegid(),
        .disk_bytes = 1 << 20,
        .inodes = 16,
        .stream_fd = ends[1],
        .errors_fd = errors[1],
        .seccomp_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC),
        .info_fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
    };
    cr_assert_eq(sp_launch(&what, &pid, &error), 0, "%s", error.text);
    close(ends[1]);
    close(errors[1]);
    close(what.seccomp_fd);
    close(what.info_fd);
    read_all(ends[0], said, sizeof said);
    read_all(errors[0], complained, sizeof complained);
    close(ends[0]);
    close(errors[0]);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_said(const char *script, const char *expected)
{
    cr_assert_eq(launch("/bin/sh", script), 0, "%s", complained);
    cr_assert_str_eq(said, expected);
    cr_assert_str_eq(complained, "");
}

Test(launch, descriptors_are_at_their_places_and_no_others_are_left)
{
    expect_said("read line; echo $line; readlink /proc/$$/fd/3 /proc/$$/fd/4; ls -1 /proc/$$/fd",
        "in\n/dev/zero\n/dev/null\n0\n1\n2\n3\n4\n");
    cr_assert_eq(launch("/bin/sh", "echo oh >&2; exit 3"), 3);
    cr_assert_str_eq(complained, "oh\n");
}

Test(launch, nothing_of_ours_goes_along)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(setenv("SECRET", "1", 1), 0);
    expect_said(
        "tr '\\0' '\\n' < /proc/$$/environ; grep -E '^(SigIgn|SigBlk|CapInh|CapAmb|NoNewPrivs)' /proc/$$/status",
        "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nCapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n"
        "NoNewPrivs:\t1\n");
}

Test(launch, limits_that_hold_for_every_sandbox_are_hard)
{
    expect_said("ulimit -Hc; [ $(ulimit -Hn) -le 4096 ] && echo few; [ $(ulimit -Hl) -le 64 ] && echo little",
        "0\nfew\nlittle\n");
}

Test(launch, the_box_is_bounded_and_each_ones_own)
{
    expect_said("cd " SP_STAGE_BOX "; echo *; stat -c %a work tmp; echo x > work/mine; echo *",
        "shm tmp work\n700\n1777\nshm tmp work\n");
    expect_said("cd " SP_STAGE_BOX "/work; echo *; head -c 2000000 /dev/zero > big 2> /dev/null || echo full; rm big; "
                "i=0; while true > f$i; do i=$((i + 1)); done 2> /dev/null; [ $i -lt 16 ] && echo many",
        "*\nfull\nmany\n");
    cr_assert_eq(access(SP_STAGE_BOX "/work", F_OK), -1, "it is mounted here too");
}

Test(launch, what_fails_is_said_in_one_line)
{
    cr_assert_eq(launch("/nonexistent/bwrap", ""), 127);
    cr_assert_str_eq(complained, "/nonexistent/bwrap: ENOENT\n");
    cr_assert_eq(rmdir(SP_STAGE_BOX), 0);
    cr_assert_eq(launch("/bin/sh", "echo here"), 127);
    cr_assert_str_eq(said, "");
    cr_assert_str_eq(complained, "a tmpfs for the sandbox: ENOENT\n");
}
