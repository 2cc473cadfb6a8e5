/* The runner, driven over pipes in a child process, with real programs, outside of a sandbox. */
#include "runtimes/runner/runner.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/runner_frame.h"

#define OUTPUT_MAX (1u << 20)

struct bench {
    pid_t pid;
    int control, out;
    char work[32];
    struct sp_runner_reader reader;
    struct sp_runner_event last; /* its strings are gone */
    bool ready;
    char output[2][OUTPUT_MAX + 1]; /* stdout, stderr */
    size_t n_output[2];
    char artifacts[4096]; /* "path:size\n" */
    uint8_t room[4 * SP_RUNNER_FRAME_MAX];
    struct sp_runner_pack pack;
};

static struct bench *open_bench(void)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->work, "/tmp/sp-runner-XXXXXX");
    cr_assert(mkdtemp(b->work));
    int control[2], out[2];
    cr_assert_eq(pipe2(control, O_CLOEXEC), 0);
    cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
    b->pid = fork();
    if (b->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(control[1]);
        close(out[0]);
        _exit(sp_runner_run(&(struct sp_runner_config){
            .control_fd = control[0], .out_fd = out[1], .work_dir = b->work, .is_init = false}));
    }
    close(control[0]);
    close(out[1]);
    b->control = control[1];
    b->out = out[0];
    signal(SIGPIPE, SIG_IGN);
    sp_runner_reader_init(&b->reader);
    sp_runner_pack_init(&b->pack, b->room, sizeof b->room);
    return b;
}

static int close_bench(struct bench *b)
{
    if (b->control >= 0)
        close(b->control);
    close(b->out);
    int status;
    cr_assert_eq(waitpid(b->pid, &status, 0), b->pid);
    sp_runner_reader_fini(&b->reader);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", b->work);
    cr_assert_eq(system(command), 0);
    free(b);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void pack_list(struct bench *b, const char *const *items)
{
    uint32_t n = 0;
    while (items[n])
        n++;
    sp_runner_pack_u32(&b->pack, n);
    for (uint32_t i = 0; i < n; i++)
        sp_runner_pack_str(&b->pack, sp_str_of(items[i]));
}

static void spawn(struct bench *b, const char *const *argv, uint64_t flags)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", "APP_X=1", NULL};
    sp_runner_pack_begin(&b->pack, SP_RUNNER_SPAWN);
    pack_list(b, argv);
    pack_list(b, env);
    sp_runner_pack_str(&b->pack, sp_str_of(b->work));
    sp_runner_pack_str(&b->pack, SP_STR(""));
    sp_runner_pack_u64(&b->pack, flags);
    sp_runner_pack_end(&b->pack);
}

static void spawn_sh(struct bench *b, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    spawn(b, argv, 0);
}

static void go(struct bench *b, const char *glob)
{
    const char *const globs[] = {glob, NULL};
    sp_runner_pack_begin(&b->pack, SP_RUNNER_GO);
    pack_list(b, globs);
    sp_runner_pack_end(&b->pack);
}

static void send_packed(struct bench *b)
{
    cr_assert(!b->pack.failed);
    for (size_t at = 0; at < b->pack.n_bytes;) {
        ssize_t n = write(b->control, b->room + at, b->pack.n_bytes - at);
        cr_assert_gt(n, 0);
        at += (size_t)n;
    }
    sp_runner_pack_init(&b->pack, b->room, sizeof b->room);
}

static int note(void *context, const struct sp_runner_event *event)
{
    struct bench *b = context;
    if (event->type == SP_RUNNER_READY)
        b->ready = true;
    if (event->type == SP_RUNNER_STDOUT || event->type == SP_RUNNER_STDERR) {
        int i = event->type == SP_RUNNER_STDERR;
        cr_assert_leq(b->n_output[i] + event->bytes.n_bytes, OUTPUT_MAX);
        memcpy(b->output[i] + b->n_output[i], event->bytes.ptr, event->bytes.n_bytes);
        b->n_output[i] += event->bytes.n_bytes;
    }
    if (event->type == SP_RUNNER_ARTIFACT) {
        size_t n = strlen(b->artifacts);
        snprintf(b->artifacts + n, sizeof b->artifacts - n, "%.*s:%llu\n", sp_str_int(event->path, 255),
            event->path.ptr, (unsigned long long)event->size_bytes);
    }
    b->last = *event;
    return 0;
}

/* Reads until something holds, or the end. Returns false at the end. */
static bool read_some(struct bench *b)
{
    uint8_t bytes[10000];
    struct pollfd fd = {b->out, POLLIN, 0};
    cr_assert_gt(poll(&fd, 1, 20000), 0, "the runner says nothing");
    ssize_t n = read(b->out, bytes, sizeof bytes);
    cr_assert_geq(n, 0);
    cr_assert_eq(sp_runner_reader_feed(&b->reader, bytes, (size_t)n, note, b), 0);
    return n > 0;
}

static void read_all(struct bench *b)
{
    while (read_some(b))
        ;
}

Test(runner, tells_output_and_status)
{
    struct bench *b = open_bench();
    spawn_sh(b, "echo out; echo err >&2; echo $APP_X; pwd; exit 7");
    go(b, NULL);
    send_packed(b);
    read_all(b);
    char want[64];
    snprintf(want, sizeof want, "out\n1\n%s\n", b->work);
    cr_expect_str_eq(b->output[0], want);
    cr_expect_str_eq(b->output[1], "err\n");
    cr_expect(b->ready);
    cr_expect_eq(b->last.type, SP_RUNNER_EXIT);
    cr_expect_eq(b->last.exit_code, 7);
    cr_expect_gt(b->last.max_rss_bytes, 100000);
    cr_expect_eq(close_bench(b), 0);
}

Test(runner, tells_the_signal)
{
    struct bench *b = open_bench();
    spawn_sh(b, "kill -11 $$");
    go(b, NULL);
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->last.type, SP_RUNNER_EXIT);
    cr_expect_eq(b->last.signal, SIGSEGV);
    cr_expect_eq(close_bench(b), 0);
}

Test(runner, a_program_that_is_not_there_fails)
{
    struct bench *b = open_bench();
    const char *const argv[] = {"/nosuch", NULL};
    spawn(b, argv, 0);
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->last.type, SP_RUNNER_FAIL);
    cr_expect_eq(b->last.error_number, ENOENT);
    cr_expect(!b->ready);
    close_bench(b);
}

Test(runner, warm_program_waits_for_the_hand_over)
{
    struct bench *b = open_bench();
    const char *const argv[] = {
        "/bin/sh", "-c", "echo w >&4; exec 4>&-; cat <&3; ls -l /proc/self/fd/4 2>&1 | wc -l", NULL};
    spawn(b, argv, SP_RUNNER_SPAWN_WARM);
    send_packed(b);
    while (!b->ready)
        cr_assert(read_some(b));
    sp_runner_pack_bytes(&b->pack, SP_RUNNER_HANDOVER, "part ", 5);
    sp_runner_pack_bytes(&b->pack, SP_RUNNER_HANDOVER, "whole\n", 6);
    send_packed(b);
    while (b->n_output[0] < 11)
        cr_assert(read_some(b), "handed over before GO");
    go(b, NULL);
    send_packed(b);
    read_all(b);
    cr_expect_eq(strncmp(b->output[0], "part whole\n", 11), 0, "%s", b->output[0]);
    cr_expect_eq(b->last.exit_code, 0);
    close_bench(b);
}

Test(runner, warm_program_that_dies_is_never_ready)
{
    struct bench *b = open_bench();
    const char *const argv[] = {"/bin/sh", "-c", "echo broken >&2; exit 3", NULL};
    spawn(b, argv, SP_RUNNER_SPAWN_WARM);
    send_packed(b);
    read_all(b);
    cr_expect(!b->ready);
    cr_expect_eq(b->last.type, SP_RUNNER_EXIT);
    cr_expect_eq(b->last.exit_code, 3);
    cr_expect_str_eq(b->output[1], "broken\n");
    close_bench(b);
}

Test(runner, input_arrives_and_ends)
{
    struct bench *b = open_bench();
    spawn_sh(b, "wc -c");
    go(b, NULL);
    send_packed(b);
    static char bytes[100000];
    sp_runner_pack_bytes(&b->pack, SP_RUNNER_STDIN, bytes, sizeof bytes);
    sp_runner_pack_empty(&b->pack, SP_RUNNER_STDIN_END);
    send_packed(b);
    read_all(b);
    cr_expect_str_eq(b->output[0], "100000\n");
    close_bench(b);
}

Test(runner, input_that_nobody_reads_does_not_hold_up_the_exit)
{
    struct bench *b = open_bench();
    spawn_sh(b, "exec 0<&-; sleep 0.2; exit 5");
    go(b, NULL);
    static char bytes[2 * SP_RUNNER_BODY_MAX];
    sp_runner_pack_bytes(&b->pack, SP_RUNNER_STDIN, bytes, sizeof bytes);
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->last.exit_code, 5);
    close_bench(b);
}

/* How many bytes the runner holds for a peer that does not read: what fits into pipes and one frame, and the program
 * blocks. */
Test(runner, a_slow_reader_stops_the_program)
{
    struct bench *b = open_bench();
    spawn_sh(
        b, "i=0; while [ $i -lt 40 ]; do head -c 20000 /dev/zero; i=$((i+1)); echo $i >progress; done; echo done >&2");
    go(b, NULL);
    send_packed(b);
    usleep(700000);
    char path[64], text[16] = "";
    snprintf(path, sizeof path, "%s/progress", b->work);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    cr_assert(fgets(text, sizeof text, file));
    fclose(file);
    /* Two pipes of 64 KiB, one frame of at most 64 KiB: 11 times 20,000 at the most. */
    cr_expect_leq(atoi(text), 12);
    read_all(b);
    cr_expect_eq(b->n_output[0], 800000);
    cr_expect_str_eq(b->output[1], "done\n");
    close_bench(b);
}

Test(runner, end_of_control_aborts_while_a_program_runs)
{
    struct bench *b = open_bench();
    spawn_sh(b, "echo $$; sleep 100");
    go(b, NULL);
    send_packed(b);
    while (b->n_output[0] == 0)
        cr_assert(read_some(b));
    pid_t program = atoi(b->output[0]);
    close(b->control);
    b->control = -1;
    read_all(b);
    cr_expect_neq(b->last.type, SP_RUNNER_EXIT);
    cr_expect_eq(close_bench(b), 1);
    cr_expect(kill(program, 0) < 0 && errno == ESRCH);
}

Test(runner, frames_out_of_order_fail)
{
    struct bench *b = open_bench();
    go(b, NULL);
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->last.type, SP_RUNNER_FAIL);
    cr_expect_eq(b->last.error_number, EPROTO);
    close_bench(b);

    b = open_bench();
    spawn_sh(b, "sleep 10");
    sp_runner_pack_bytes(&b->pack, SP_RUNNER_STDIN, "x", 1);
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->last.type, SP_RUNNER_FAIL, "input before GO");
    close_bench(b);
}

Test(runner, limits_are_lowered_in_a_running_program)
{
    struct bench *b = open_bench();
    const char *const argv[] = {
        "/bin/sh", "-c", "echo w >&4; cat <&3 >/dev/null; ulimit -t; ulimit -f; ulimit -n; ulimit -c", NULL};
    spawn(b, argv, SP_RUNNER_SPAWN_WARM);
    send_packed(b);
    while (!b->ready)
        cr_assert(read_some(b));
    struct sp_limits limits = sp_limits_default();
    limits.cpu_ms = 1500;
    limits.file_bytes = 1024 * 512;
    limits.open_files = 33;
    sp_runner_pack_limits(&b->pack, &limits, 0);
    go(b, NULL);
    send_packed(b);
    read_all(b);
    cr_expect_str_eq(b->output[0], "2\n1024\n33\n0\n");
    close_bench(b);
}

Test(runner, program_has_clean_signals_and_a_group_of_its_own)
{
    struct bench *b = open_bench();
    const char *const argv[] = {"/bin/sh", "-c",
        "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -s '\\t\\n' '  '; awk '{print ($1 == $5 && $5 == $6)}' "
        "/proc/$$/stat",
        NULL};
    spawn(b, argv, 0);
    go(b, NULL);
    send_packed(b);
    read_all(b);
    cr_expect(strstr(b->output[0], "SigBlk: 0000000000000000"), "%s", b->output[0]);
    cr_expect(strstr(b->output[0], "SigIgn: 0000000000000000"), "%s", b->output[0]);
    cr_expect(strstr(b->output[0], " 1\n"), "%s", b->output[0]);
    close_bench(b);
}

Test(runner, files_arrive_with_parents_and_mode)
{
    struct bench *b = open_bench();
    static char data[100000];
    memset(data, 'd', sizeof data);
    spawn_sh(b, "stat -c '%a %s %n' a/b/c d");
    sp_runner_pack_file(&b->pack, SP_STR("a/b/c"), 0750, (struct sp_str){data, sizeof data});
    sp_runner_pack_file(&b->pack, SP_STR("d"), 0644, SP_STR(""));
    go(b, NULL);
    send_packed(b);
    read_all(b);
    /* The program may have looked before they were there: it is not warm. So look again. */
    char path[64];
    struct stat stat_;
    snprintf(path, sizeof path, "%s/a/b/c", b->work);
    cr_assert_eq(stat(path, &stat_), 0);
    cr_expect_eq(stat_.st_size, sizeof data);
    cr_expect_eq(stat_.st_mode & 0777, 0750);
    close_bench(b);
}

Test(runner, files_stay_below_work_and_follow_no_link)
{
    static const char *const paths[] = {"../x", "/x", "link/x", "link"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct bench *b = open_bench();
        char path[64];
        snprintf(path, sizeof path, "%s/link", b->work);
        cr_assert_eq(symlink("/tmp", path), 0);
        sp_runner_pack_file(&b->pack, sp_str_of(paths[i]), 0644, SP_STR("evil"));
        send_packed(b);
        read_all(b);
        cr_expect_eq(b->last.type, SP_RUNNER_FAIL, "%s", paths[i]);
        close_bench(b);
    }
}

Test(runner, artifacts_are_plain_files_that_match)
{
    struct bench *b = open_bench();
    spawn_sh(b, "mkdir -p o/p; printf 12345 >o/p/a.txt; printf x >o/b.txt; : >o/empty.txt; printf no >o/c.bin; "
                "ln -s /etc/passwd o/link.txt; ln -s /etc o/dir; mkfifo o/pipe.txt; ln o/b.txt hard.txt; "
                "head -c 200000 /dev/zero >o/z.txt");
    go(b, "o/**/*.txt");
    send_packed(b);
    read_all(b);
    cr_expect_str_eq(b->artifacts, "o/b.txt:1\no/empty.txt:0\no/p/a.txt:5\no/z.txt:200000\n");
    cr_expect(!b->last.artifacts_cut);
    cr_expect_eq(b->last.type, SP_RUNNER_EXIT);
    close_bench(b);
}

Test(runner, artifacts_are_bounded)
{
    struct bench *b = open_bench();
    spawn_sh(b, "truncate -s 10G huge; i=0; while [ $i -lt 300 ]; do : >f$i; i=$((i+1)); done");
    go(b, "*");
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->reader.n_artifacts, SP_ARTIFACTS_MAX);
    cr_expect(b->last.artifacts_cut);
    cr_expect_null(strstr(b->artifacts, "huge"));
    close_bench(b);
}

Test(runner, an_endless_folder_ends)
{
    struct bench *b = open_bench();
    spawn_sh(b, "i=0; while [ $i -lt 60 ]; do mkdir d; cd d; i=$((i+1)); done; : >x");
    go(b, "**");
    send_packed(b);
    read_all(b);
    cr_expect_eq(b->last.type, SP_RUNNER_EXIT);
    cr_expect(b->last.artifacts_cut);
    close_bench(b);
}

Test(runner, what_the_program_started_is_killed_with_it)
{
    struct bench *b = open_bench();
    spawn_sh(b, "(trap '' TERM HUP INT; sleep 100) & echo $!; exit 0");
    go(b, NULL);
    send_packed(b);
    read_all(b);
    pid_t left = atoi(b->output[0]);
    cr_expect_eq(b->last.type, SP_RUNNER_EXIT);
    close_bench(b);
    /* An orphan's zombie is for whoever is PID 1 here to reap. */
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", left);
    FILE *file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file))
        cr_expect(strstr(text, ") Z"), "%s", text);
    if (file)
        fclose(file);
}
