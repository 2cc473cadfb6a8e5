/* The work bench of runtimes' tests. One thread. */
#include "tests/flow/runtimes/bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void complain(void *context, int level, const char *text)
{
    (void)context;
    if (level <= 4)
        fprintf(stderr, "# %s\n", text);
}

static void make_folder(struct bench *bench, const struct bench *sibling)
{
    bench->shares = sibling != NULL;
    if (sibling) {
        memcpy(bench->folder, sibling->folder, sizeof bench->folder);
        return;
    }
    const char *base = getenv("TMPDIR");
    snprintf(bench->folder, sizeof bench->folder, "%.90s/sallyport-flow-XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(bench->folder));
    chmod(bench->folder, 0711);
}

void bench_open(struct bench *bench, const struct bench_options *options)
{
    char state[160], instance[33];
    uint8_t random[16];
    struct sp_error error = {0};
    int fd;
    signal(SIGPIPE, SIG_IGN); /* as runtime.h asks */
    *bench = (struct bench){0};
    make_folder(bench, options ? options->sibling : NULL);
    snprintf(state, sizeof state, "%s/state", bench->folder);
    cr_assert_eq(getrandom(random, sizeof random, 0), (ssize_t)sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(instance + 2 * i, 3, "%02x", random[i]);
    struct sp_runtimes_config config = {
        .loop = &bench->loop,
        .bubblewrap = {.instance = instance, .state_dir = state},
        .sandboxes_max = 16,
        .memory_total_bytes = 4ull << 30,
        .queue_max = 64,
        .limits = sp_limits_default(),
        .pool = {.min = 1, .max = 4, .idle_ms = 60000, .life_ms = 600000, .when_empty = SP_POOL_EMPTY_TEMPORARY},
        .log = complain,
    };
    if (options && options->change)
        options->change(&config);
    struct sp_spawner_config spawner = {
        .program = SP_BUILD_DIR "/sallyport-spawner",
        .runner = SP_BUILD_DIR "/sallyport-runner",
        .state_dir = state,
        .instance = instance,
        .service_uid = (uid_t)-1,
        .service_gid = (gid_t)-1,
        .sandboxes_max = config.sandboxes_max,
    };
    cr_assert_eq(uv_loop_init(&bench->loop), 0);
    cr_assert_eq(sp_spawner_start(&spawner, &fd, &bench->spawner, &error), 0, "%s", error.text);
    config.bubblewrap.spawner_fd = fd;
    cr_assert_eq(sp_runtimes_open(&config, &bench->runtimes, &error), 0, "%s", error.text);
    const struct sp_runtime_info *infos;
    cr_assert_geq(sp_runtimes_describe(bench->runtimes, &infos), 1);
    if (!infos[0].available) {
        if (getenv("SP_TEST_MUST_RUN"))
            cr_assert_fail("%s is not available: %s", infos[0].name, infos[0].reason);
        fprintf(stderr, "# %s is not available: %s\n", infos[0].name, infos[0].reason);
        cr_skip_test("the runtime is not available here");
    }
}

static void on_closed(void *context)
{
    ((struct bench *)context)->closed = true;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* One turn that lasts no longer than 50 ms. */
void bench_turn(struct bench *bench)
{
    uv_timer_t tick;
    uv_timer_init(&bench->loop, &tick);
    uv_timer_start(&tick, on_tick, 50, 0);
    uv_run(&bench->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&bench->loop, UV_RUN_NOWAIT);
}

static bool ended(pid_t pid)
{
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == 0)
        return false;
    cr_assert_eq(status, 0, "the spawner ended with %#x", status);
    return true;
}

void bench_close(struct bench *bench)
{
    if (!bench->runtimes)
        return;
    sp_runtimes_close(bench->runtimes, on_closed, bench);
    BENCH_UNTIL(bench, 10, bench->closed);
    bench->runtimes = NULL;
    if (bench->spawner)
        BENCH_UNTIL(bench, 10, ended(bench->spawner));
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&bench->loop), 0);
    if (bench->shares)
        return;
    /* The spawner leaves nothing: an empty state folder can be removed. */
    char state[160];
    snprintf(state, sizeof state, "%s/state", bench->folder);
    cr_assert_eq(rmdir(state), 0, "the state folder is not empty");
    cr_assert_eq(rmdir(bench->folder), 0);
}

void bench_abandon(struct bench *bench)
{
    char command[256];
    sp_runtimes_close(bench->runtimes, on_closed, bench);
    BENCH_UNTIL(bench, 10, bench->closed);
    bench->runtimes = NULL;
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&bench->loop), 0);
    if (bench->shares)
        return;
    snprintf(command, sizeof command, "rm -r '%s'", bench->folder);
    cr_assert_eq(system(command), 0);
}

/* ---- runs ---- */

static void on_output(struct sp_run *run, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    struct bench_run *bench_run = run->data;
    cr_assert_not(bench_run->done);
    char **text = stream == SP_RUN_STDOUT ? &bench_run->out : &bench_run->err;
    size_t *n = stream == SP_RUN_STDOUT ? &bench_run->n_out : &bench_run->n_err;
    *text = realloc(*text, *n + n_bytes + 1);
    memcpy(*text + *n, bytes, n_bytes);
    *n += n_bytes;
    (*text)[*n] = 0;
}

static void on_started(struct sp_run *run)
{
    ((struct bench_run *)run->data)->started = true;
}

static void on_done(struct sp_run *run, const struct sp_run_result *result, const struct sp_error *error)
{
    struct bench_run *bench_run = run->data;
    cr_assert_not(bench_run->done, "done twice");
    bench_run->done = true;
    bench_run->done_ns = uv_hrtime();
    if (error)
        bench_run->error = *error;
    if (!result)
        return;
    cr_assert(bench_run->started);
    bench_run->has_result = true;
    bench_run->result = *result;
    for (size_t i = 0; i < result->n_artifacts && i < 64; i++) {
        struct sp_run_artifact *artifact = &bench_run->artifacts[i];
        *artifact = result->artifacts[i];
        artifact->path.ptr = strndup(artifact->path.ptr, artifact->path.n_bytes);
        artifact->data.ptr = memcpy(malloc(artifact->data.n_bytes + 1), artifact->data.ptr, artifact->data.n_bytes);
    }
    bench_run->result.artifacts = bench_run->artifacts;
}

struct bench_run *bench_run_new(struct bench *bench, const char *code)
{
    struct bench_run *run = calloc(1, sizeof *run);
    run->bench = bench;
    run->out = calloc(1, 1);
    run->err = calloc(1, 1);
    run->run = (struct sp_run){.data = run, .output = on_output, .started = on_started, .done = on_done};
    run->spec = (struct sp_sandbox_spec){
        .language = SP_LANGUAGE_PYTHON,
        .code = sp_str_of(code),
        .limits = sp_limits_default(),
        .runtime = sp_str_of(getenv("SP_TEST_RUNTIME")),
    };
    return run;
}

int bench_start(struct bench_run *run)
{
    int status = sp_run_start(run->bench->runtimes, &run->run, &run->spec, &run->error);
    cr_assert_not(run->done, "called back before it returned");
    return status;
}

void bench_wait(struct bench_run *run)
{
    BENCH_UNTIL(run->bench, 40, run->done);
}

void bench_run_free(struct bench_run *run)
{
    for (size_t i = 0; i < run->result.n_artifacts && i < 64; i++) {
        free((void *)run->artifacts[i].path.ptr);
        free((void *)run->artifacts[i].data.ptr);
    }
    free(run->out);
    free(run->err);
    free(run);
}

struct bench_run *bench_python(struct bench *bench, const char *code)
{
    struct bench_run *run = bench_run_new(bench, code);
    cr_assert_eq(bench_start(run), 0, "%s", run->error.text);
    bench_wait(run);
    return run;
}

static uint32_t n_ready(struct bench *bench)
{
    struct sp_runtimes_stats stats;
    sp_runtimes_stats(bench->runtimes, &stats);
    return stats.ready;
}

void bench_ready(struct bench *bench, uint32_t n)
{
    BENCH_UNTIL(bench, 20, n_ready(bench) >= n);
}

/* Counts, and gives the uid of the last one. */
static size_t find_processes(const char *text, uid_t *ret_uid)
{
    size_t n = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], line[4096];
        int pid = atoi(entry->d_name);
        if (pid <= 0 || pid == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n_bytes = fd < 0 ? -1 : read(fd, line, sizeof line);
        struct stat info;
        if (n_bytes > 0 && memmem(line, (size_t)n_bytes, text, strlen(text)) && fstat(fd, &info) == 0) {
            *ret_uid = info.st_uid;
            n++;
        }
        if (fd >= 0)
            close(fd);
    }
    closedir(proc);
    return n;
}

size_t bench_processes(const char *text)
{
    uid_t uid;
    return find_processes(text, &uid);
}

uid_t bench_uid(const char *text)
{
    uid_t uid = (uid_t)-1;
    find_processes(text, &uid);
    return uid;
}

size_t bench_instances(const struct bench *bench)
{
    char state[160];
    size_t n = 0;
    snprintf(state, sizeof state, "%s/state", bench->folder);
    DIR *folder = opendir(state);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        n += strlen(entry->d_name) == 32;
    if (folder)
        closedir(folder);
    return n;
}
