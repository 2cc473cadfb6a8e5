/* What the embedded runtime can do here: one real sandbox a language, made, brought to the point where its interpreter
 * waits, and ended; and the words for it. Runs in the daemon's start, before the loop, and waits; bounded. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"
#include "runtimes/bubblewrap.h"
#include "runtimes/bwrap_argv.h"
#include "runtimes/filter.h"
#include "runtimes/folder.h"

#define PROBE_MS 10000

struct probe {
    bool ready;
    char complaint[200];
};

static int on_frame(void *context, const struct sp_runner_event *event)
{
    struct probe *probe = context;
    if (event->type == SP_RUNNER_READY)
        probe->ready = true;
    if (event->type == SP_RUNNER_FAIL)
        snprintf(probe->complaint, sizeof probe->complaint, "%.*s: %s", sp_str_int(event->bytes, 120), event->bytes.ptr,
            strerror(event->error_number));
    if (event->type == SP_RUNNER_STDERR && !probe->complaint[0])
        snprintf(probe->complaint, sizeof probe->complaint, "%.*s", sp_str_int(event->bytes, 180), event->bytes.ptr);
    if (event->type == SP_RUNNER_EXIT && !probe->complaint[0])
        snprintf(probe->complaint, sizeof probe->complaint, "the interpreter ended with status %u, signal %u",
            event->exit_code, event->signal);
    return 0;
}

static bool send_all(int fd, const uint8_t *bytes, size_t n_bytes)
{
    while (n_bytes) {
        ssize_t n = send(fd, bytes, n_bytes, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

/* Reads the runner's stream until it is ready or has ended. */
static void await_ready(int fd, struct probe *probe, uint64_t until_ms)
{
    static uint8_t bytes[SP_RUNNER_FRAME_MAX];
    struct sp_runner_reader reader;
    sp_runner_reader_init(&reader);
    while (!probe->ready && sp_clock_ms() < until_ms) {
        struct pollfd look = {.fd = fd, .events = POLLIN};
        if (poll(&look, 1, 50) <= 0)
            continue;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0 || sp_runner_reader_feed(&reader, bytes, (size_t)n, on_frame, probe) < 0)
            break;
    }
    sp_runner_reader_fini(&reader);
}

/* Until the spawner says that nothing of it is left. */
static int await_end(struct sp_bubblewrap *adapter, uint64_t id, char *text, size_t size, struct sp_error *error)
{
    for (uint64_t until_ms = sp_clock_ms() + PROBE_MS; sp_clock_ms() < until_ms;) {
        struct sp_spawner_event event;
        int fds[SP_SPAWNER_FDS_MAX];
        int status = sp_spawner_link_wait(&adapter->link, 100, &event, fds, NULL);
        if (status == SP_ETIMED_OUT)
            continue;
        if (status < 0)
            return sp_error_set(error, status, "the spawner has ended");
        for (unsigned i = 0; i < SP_SPAWNER_FDS_MAX; i++)
            sp_close_fd(&fds[i]);
        if (event.op == SP_SPAWNER_ENDED && event.id == id) {
            snprintf(text, size, "%s", event.text);
            adapter->n_unended--;
            return 0;
        }
    }
    return sp_error_set(error, SP_EINTERNAL, "a sandbox does not end");
}

static int probe_language(struct sp_bubblewrap *adapter, int language, struct sp_error *error)
{
    struct sp_toolchain_use use;
    struct sp_str filter = {(const char *)adapter->filter, adapter->n_filter_bytes};
    const struct sp_limits *limits = &adapter->config.runtimes->limits;
    sp_cleanup(sp_free_ptr) uint8_t *bytes = NULL;
    sp_cleanup(sp_close_fd) int ours = -1;
    sp_cleanup(sp_close_fd) int errors = -1;
    sp_cleanup(sp_close_fd) int code = -1;
    struct probe probe = {0};
    char said[200] = "", complained[200], name[17];
    size_t n_bytes;
    uint64_t id;

    int status = sp_toolchain_probe(language, adapter->config.runtimes->bubblewrap.python_prefix, &use, error);
    if (status == 0)
        status = sp_handover_pack_spawn(&use, NULL, filter, limits, adapter->limit_flags, &bytes, &n_bytes, error);
    if (status == 0)
        status = sp_bubblewrap_begin(adapter, limits, &id, &ours, &errors, &code, error);
    if (status < 0)
        return status;
    if (send_all(ours, bytes, n_bytes))
        await_ready(ours, &probe, sp_clock_ms() + PROBE_MS);
    struct sp_spawner_request kill = {.op = SP_SPAWNER_KILL, .id = id};
    sp_spawner_link_send(&adapter->link, &kill, -1, -1, NULL);
    status = await_end(adapter, id, said, sizeof said, error);
    sp_bwrap_argv_code_name(id, name, sizeof name);
    sp_folder_remove(adapter->codes, name);
    if (status < 0)
        return status;
    if (!probe.ready) {
        sp_bubblewrap_complaint(errors, complained, sizeof complained);
        const char *why = complained[0] ? complained : said[0] ? said : probe.complaint;
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "%s", why[0] ? why : "the interpreter did not start");
    }
    adapter->uses[language] = use;
    adapter->dialects[adapter->n_languages] = adapter->uses[language].dialect;
    adapter->languages[adapter->n_languages++] = language;
    return 0;
}

void sp_bubblewrap_probe(struct sp_bubblewrap *adapter)
{
    struct sp_error error = {0};
    bool held = adapter->hello.memory_by != SP_SPAWNER_BY_WATCHDOG;
    if (sp_filter_build(SP_FILTER_PROGRAM, held, &adapter->filter, &adapter->n_filter_bytes, &error) == 0) {
        for (int language = 0; language < SP_LANGUAGE_COUNT; language++)
            if (sp_toolchain_find(language))
                probe_language(adapter, language, &error);
    }
    adapter->available = adapter->n_languages > 0;
    snprintf(adapter->reason, sizeof adapter->reason, "%.280s", error.text);
}

static void add(struct sp_bubblewrap *adapter, enum sp_limit limit, const char *by, bool best_effort, const char *note)
{
    adapter->limits[limit] = (struct sp_runtime_limit_info){sp_limit_rows[limit].name, by, best_effort, note};
}

void sp_bubblewrap_describe_limits(struct sp_bubblewrap *adapter)
{
    static const char *const names[] = {
        [SP_SPAWNER_BY_NONE] = "none",
        [SP_SPAWNER_BY_CGROUP1] = "cgroup1",
        [SP_SPAWNER_BY_CGROUP2] = "cgroup2",
        [SP_SPAWNER_BY_WATCHDOG] = "watchdog",
    };
    const struct sp_spawner_hello *hello = &adapter->hello;
    const char *note = hello->note[0] ? hello->note : NULL;
    add(adapter, SP_LIMIT_wall_ms, "timer", false, NULL);
    if (hello->cpu_counted)
        add(adapter, SP_LIMIT_cpu_ms, names[hello->cpu_by % SP_COUNT(names)], false, NULL);
    else
        add(adapter, SP_LIMIT_cpu_ms, "rlimit", true, "each process has it for itself, in whole seconds");
    if (hello->memory_by == SP_SPAWNER_BY_WATCHDOG)
        add(adapter, SP_LIMIT_memory_bytes, "rlimit+watchdog", true, note);
    else
        add(adapter, SP_LIMIT_memory_bytes, names[hello->memory_by % SP_COUNT(names)], false, NULL);
    if (hello->pids_by == SP_SPAWNER_BY_NONE)
        add(adapter, SP_LIMIT_pids, "rlimit", false, NULL);
    else
        add(adapter, SP_LIMIT_pids, names[hello->pids_by % SP_COUNT(names)], false, NULL);
    if (hello->cpu_by == SP_SPAWNER_BY_NONE)
        add(adapter, SP_LIMIT_cpu_milli, "affinity", true, "whole processors, which others use too");
    else
        add(adapter, SP_LIMIT_cpu_milli, names[hello->cpu_by % SP_COUNT(names)], false, NULL);
    add(adapter, SP_LIMIT_disk_bytes, "tmpfs", false, NULL);
    add(adapter, SP_LIMIT_file_bytes, "rlimit", false, NULL);
    add(adapter, SP_LIMIT_open_files, "rlimit", false, "each process has it for itself");
    add(adapter, SP_LIMIT_output_bytes, "daemon", false, NULL);
    adapter->n_limits = SP_LIMIT_COUNT;
}
