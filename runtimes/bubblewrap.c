/* The embedded runtime: bubblewrap, by way of the spawner. The adapter: what the machine can do, making sandboxes, their
 * limits and files, the spawner's events. Loop thread. What happens to one sandbox is bubblewrap_box.c. */
#include "runtimes/bubblewrap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/bwrap_argv.h"
#include "runtimes/cgroup.h"
#include "runtimes/folder.h"
#include "runtimes/orphans.h"

/* After the spawner was killed. */
#define LOOK_MS   20
#define LOOKS_MAX 50

static struct sp_bubblewrap_sandbox *of(struct sp_sandbox *sandbox)
{
    return (struct sp_bubblewrap_sandbox *)sandbox;
}

static struct sp_bubblewrap *adapter_of(struct sp_adapter *adapter)
{
    return (struct sp_bubblewrap *)adapter;
}

/* ---- the end ---- */

static void free_adapter(struct sp_bubblewrap *adapter)
{
    sp_close_fd(&adapter->codes);
    free(adapter->filter);
    free(adapter);
}

void sp_bubblewrap_free_if_closed(struct sp_bubblewrap *adapter)
{
    if (!adapter->closed || adapter->open_parts || adapter->sandboxes)
        return;
    void (*closed)(void *) = adapter->closed;
    void *context = adapter->closed_context;
    free_adapter(adapter);
    closed(context);
}

/* ---- making ---- */

static struct sp_spawner_request request_of(uint32_t op, uint64_t id, const struct sp_limits *limits)
{
    return (struct sp_spawner_request){
        .op = op,
        .id = id,
        .memory_bytes = limits->memory_bytes,
        .pids = limits->pids,
        .cpu_milli = limits->cpu_milli,
        .disk_bytes = limits->disk_bytes,
        .inodes = SP_RUN_INODES,
    };
}

void sp_bubblewrap_complaint(int errors_fd, char *text, size_t size)
{
    ssize_t n = errors_fd < 0 ? -1 : read(errors_fd, text, size - 1);
    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
            *at = '?';
}

static int make_code(struct sp_bubblewrap *adapter, uint64_t id, int *ret_code, struct sp_error *error)
{
    char name[17];
    sp_bwrap_argv_code_name(id, name, sizeof name);
    if (mkdirat(adapter->codes, name, 0755) < 0)
        return sp_error_errno(error, errno, "making a /code directory");
    int code = openat(adapter->codes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (code < 0 || fchmod(code, 0755) < 0) {
        sp_error_errno(error, errno, "opening a /code directory");
        sp_close_fd(&code);
        unlinkat(adapter->codes, name, AT_REMOVEDIR);
        return SP_EINTERNAL;
    }
    *ret_code = code;
    return 0;
}

int sp_bubblewrap_begin(struct sp_bubblewrap *adapter, const struct sp_limits *limits, uint64_t *ret_id, int *ret_ours,
    int *ret_errors, int *ret_code, struct sp_error *error)
{
    int ends[2], errors[2];
    uint64_t id = adapter->next_id++;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return sp_error_errno(error, errno, "socketpair");
    sp_cleanup(sp_close_fd) int ours = ends[0];
    sp_cleanup(sp_close_fd) int theirs = ends[1];
    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0)
        return sp_error_errno(error, errno, "pipe");
    sp_cleanup(sp_close_fd) int our_errors = errors[0];
    sp_cleanup(sp_close_fd) int their_errors = errors[1];
    sp_cleanup(sp_close_fd) int code = -1;
    int status = make_code(adapter, id, &code, error);
    if (status < 0)
        return status;
    struct sp_spawner_request request = request_of(SP_SPAWNER_START, id, limits);
    status = sp_spawner_link_send(&adapter->link, &request, SP_TAKE_FD(theirs), SP_TAKE_FD(their_errors), error);
    if (status < 0) {
        char name[17];
        sp_bwrap_argv_code_name(id, name, sizeof name);
        sp_folder_remove(adapter->codes, name);
        return status;
    }
    adapter->n_unended++;
    *ret_id = id;
    *ret_ours = SP_TAKE_FD(ours);
    *ret_errors = SP_TAKE_FD(our_errors);
    *ret_code = SP_TAKE_FD(code);
    return 0;
}

static int prepare(
    struct sp_adapter *base, const struct sp_sandbox_key *key, struct sp_sandbox **ret_sandbox, struct sp_error *error)
{
    struct sp_bubblewrap *adapter = adapter_of(base);
    if (!adapter->available)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "bubblewrap: %s", adapter->reason);
    if (adapter->n_unended >= adapter->n_unended_max) {
        adapter->wants_room = true;
        return sp_error_set(error, SP_EBUSY, "too many sandboxes are still ending");
    }
    sp_cleanup(sp_free_ptr) uint8_t *spawn = NULL;
    sp_cleanup(sp_free_ptr) struct sp_bubblewrap_sandbox *box = calloc(1, sizeof *box);
    size_t n_spawn;
    if (!box)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    if ((unsigned)key->language >= SP_LANGUAGE_COUNT || !adapter->uses[key->language].row)
        return sp_error_set(
            error, SP_EUNSUPPORTED_LANGUAGE, "bubblewrap cannot run %s here", sp_language_name(key->language));
    struct sp_str filter = {(const char *)adapter->filter, adapter->n_filter_bytes};
    int status = sp_handover_pack_spawn(&adapter->uses[key->language], key->starts_as, filter, &key->limits,
        adapter->limit_flags, &spawn, &n_spawn, error);
    if (status < 0)
        return status;
    int ours;
    box->code_fd = box->init_fd = box->oom_fd = box->cpu_fd = box->errors_fd = -1;
    status = sp_bubblewrap_begin(adapter, &key->limits, &box->id, &ours, &box->errors_fd, &box->code_fd, error);
    if (status < 0)
        return status;

    box->adapter = adapter;
    box->sandbox.adapter = base;
    box->sandbox.key = *key;
    box->sandbox.made_ms = uv_now(adapter->config.runtimes->loop);
    sp_bubblewrap_box_open(box, ours);
    sp_bubblewrap_box_write(box, SP_TAKE(spawn), n_spawn);
    *ret_sandbox = &box->sandbox;
    box = NULL;
    return 0;
}

/* ---- limits and files ---- */

/* Whole ones are what a sandbox gets where no control group holds its share. */
static uint64_t processors(const struct sp_limits *limits)
{
    return (limits->cpu_milli + 999) / 1000;
}

static enum sp_fit fit(const struct sp_adapter *base, const struct sp_limits *made, const struct sp_limits *wanted)
{
    const struct sp_bubblewrap *adapter = (const struct sp_bubblewrap *)base;
#define X(field, name, standard, ceiling, unit, holder)                                                                \
    if ((holder) == SP_LIMIT_BY_SANDBOX && wanted->field > made->field)                                                \
        return SP_FIT_COLD;
    SP_RUN_LIMITS(X)
#undef X
    if (wanted->disk_bytes != made->disk_bytes)
        return SP_FIT_COLD;
    if (processors(wanted) != processors(made) && adapter->hello.cpu_by == SP_SPAWNER_BY_NONE)
        return SP_FIT_COLD;
    bool same = wanted->memory_bytes == made->memory_bytes && wanted->pids == made->pids &&
                wanted->cpu_milli == made->cpu_milli;
    return same ? SP_FIT_AS_IS : SP_FIT_LOWER;
}

static uint32_t limit_flags(const struct sp_adapter *base)
{
    return ((const struct sp_bubblewrap *)base)->limit_flags;
}

static int fill_code(struct sp_bubblewrap_sandbox *box, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    const struct sp_toolchain_use *use = &box->adapter->uses[box->sandbox.key.language];
    int status = sp_folder_write(box->code_fd, sp_str_of(use->row->file_name), spec->code, 0644, error);
    for (size_t i = 0; status == 0 && i < spec->n_files; i++) {
        const struct sp_sandbox_file *file = &spec->files[i];
        if (file->place == SP_FILE_PLACE_CODE)
            /* Others are whom the sandbox is among; nobody writes. */
            status = sp_folder_write(
                box->code_fd, file->path, file->data, ((file->mode ? file->mode : 0644) | 0444) & 0755, error);
    }
    return status;
}

static int load(struct sp_sandbox *sandbox, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    struct sp_bubblewrap_sandbox *box = of(sandbox);
    int status = fill_code(box, spec, error);
    if (status < 0)
        return status;
    if (fit(sandbox->adapter, &sandbox->key.limits, &spec->limits) != SP_FIT_LOWER)
        return SP_ADAPTER_DONE;
    struct sp_spawner_request request = request_of(SP_SPAWNER_LOWER, box->id, &spec->limits);
    status = sp_spawner_link_send(&box->adapter->link, &request, -1, -1, error);
    box->loading = status == 0;
    return status;
}

/* ---- the row's word for one sandbox ---- */

static int write_(struct sp_sandbox *sandbox, uint8_t *bytes, size_t n_bytes)
{
    return sp_bubblewrap_box_write(of(sandbox), bytes, n_bytes);
}

static bool cpu_us(struct sp_sandbox *sandbox, uint64_t *ret_cpu_us)
{
    return of(sandbox)->cpu_fd >= 0 && sp_cgroup_cpu_us(of(sandbox)->cpu_fd, ret_cpu_us);
}

static void read_(struct sp_sandbox *sandbox, bool on)
{
    sp_bubblewrap_box_read(of(sandbox), on);
}

static void kill_(struct sp_sandbox *sandbox)
{
    sp_bubblewrap_box_kill(of(sandbox));
}

static void release(struct sp_sandbox *sandbox)
{
    sp_bubblewrap_box_release(of(sandbox));
}

/* ---- the spawner's events ---- */

static struct sp_bubblewrap_sandbox *find(struct sp_bubblewrap *adapter, uint64_t id)
{
    struct sp_bubblewrap_sandbox *box = adapter->sandboxes;
    while (box && box->id != id)
        box = box->next;
    return box;
}

static void on_event(void *context, const struct sp_spawner_event *event, int fds[SP_SPAWNER_FDS_MAX])
{
    struct sp_bubblewrap *adapter = context;
    struct sp_bubblewrap_sandbox *box = find(adapter, event->id);
    if (event->op != SP_SPAWNER_STARTED || !box || !sp_bubblewrap_box_started(box, fds)) {
        for (unsigned i = 0; i < SP_SPAWNER_FDS_MAX; i++)
            sp_close_fd(&fds[i]);
    }
    if (event->op == SP_SPAWNER_LOWERED && box)
        sp_bubblewrap_box_lowered(box, event->positive_errno ? SP_EINVALID_REQUEST : 0);
    if (event->op != SP_SPAWNER_ENDED)
        return;
    adapter->n_unended--;
    if (box)
        sp_bubblewrap_box_ended(box, event);
    if (adapter->wants_room && adapter->n_unended < adapter->n_unended_max) {
        adapter->wants_room = false;
        adapter->config.room(adapter->config.context);
    }
}

static void each_box(struct sp_bubblewrap *adapter, void (*act)(struct sp_bubblewrap_sandbox *box))
{
    for (struct sp_bubblewrap_sandbox *box = adapter->sandboxes, *next; box; box = next) {
        next = box->next;
        act(box);
    }
}

static void on_mourning(uv_timer_t *timer)
{
    struct sp_bubblewrap *adapter = timer->data;
    sp_orphans_kill(adapter->hello.pid);
    if (++adapter->n_looks < LOOKS_MAX)
        return;
    uv_timer_stop(timer);
    each_box(adapter, sp_bubblewrap_box_give_up);
}

static void mourn(struct sp_bubblewrap *adapter)
{
    adapter->available = false;
    snprintf(adapter->reason, sizeof adapter->reason, "the spawner has ended");
    uv_timer_start(&adapter->mourning, on_mourning, LOOK_MS, LOOK_MS);
}

/* The kernel ends all that the spawner started, but for what orphans.h tells of. Each sandbox's stream tells when. */
static void on_gone(void *context)
{
    struct sp_bubblewrap *adapter = context;
    mourn(adapter);
    each_box(adapter, sp_bubblewrap_box_lost);
    adapter->config.room(adapter->config.context);
}

/* ---- the adapter ---- */

static int open_(const struct sp_adapter_config *config, struct sp_adapter **ret_adapter, struct sp_error *error)
{
    struct sp_runtimes_config *runtimes = config->runtimes;
    struct sp_bubblewrap_config *own = &runtimes->bubblewrap;
    struct sp_bubblewrap *adapter = calloc(1, sizeof *adapter);
    if (!adapter)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    adapter->config = *config;
    adapter->codes = -1;
    adapter->next_id = 1;
    adapter->n_unended_max = runtimes->sandboxes_max + SP_SPAWNER_SPARE_SLOTS;
    bool has_spawner = own->spawner_fd >= 0;
    int status = sp_spawner_link_init(&adapter->link, SP_TAKE_FD(own->spawner_fd), &adapter->hello, error);
    adapter->limit_flags = (adapter->hello.memory_by == SP_SPAWNER_BY_WATCHDOG ? SP_RUNNER_LIMITS_DATA : 0) |
                           (adapter->hello.pids_by == SP_SPAWNER_BY_NONE ? SP_RUNNER_LIMITS_TASKS : 0);
    if (status == 0 && adapter->hello.available) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", own->state_dir, own->instance);
        adapter->codes = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (adapter->codes < 0)
            status = sp_error_errno(error, errno, "opening the instance's state directory");
        else
            sp_bubblewrap_probe(adapter);
    } else if (status == 0) {
        const char *reason = !has_spawner && own->no_spawner ? own->no_spawner : adapter->hello.text;
        snprintf(adapter->reason, sizeof adapter->reason, "%s", reason[0] ? reason : "there is no spawner");
    }
    bool ended = has_spawner && adapter->link.fd < 0; /* while it was tried */
    if (status == 0 && has_spawner && !ended)
        status = sp_spawner_link_start(&adapter->link, runtimes->loop, on_event, on_gone, adapter, error);
    if (status < 0) {
        sp_spawner_link_close(&adapter->link, NULL, NULL);
        free_adapter(adapter);
        return status;
    }
    if (adapter->available)
        sp_bubblewrap_describe_limits(adapter);
    uv_timer_init(runtimes->loop, &adapter->mourning);
    adapter->mourning.data = adapter;
    if (ended)
        mourn(adapter);
    *ret_adapter = (struct sp_adapter *)adapter;
    return 0;
}

static void part_closed(void *context)
{
    struct sp_bubblewrap *adapter = context;
    adapter->open_parts--;
    sp_bubblewrap_free_if_closed(adapter);
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void close_(struct sp_adapter *base, void (*closed)(void *context), void *context)
{
    struct sp_bubblewrap *adapter = adapter_of(base);
    adapter->closed = closed;
    adapter->closed_context = context;
    adapter->open_parts = 2;
    uv_close((uv_handle_t *)&adapter->mourning, on_timer_closed);
    sp_spawner_link_close(&adapter->link, part_closed, adapter);
}

static void describe(const struct sp_adapter *base, struct sp_runtime_info *ret_info)
{
    const struct sp_bubblewrap *adapter = (const struct sp_bubblewrap *)base;
    *ret_info = (struct sp_runtime_info){
        .name = "bubblewrap",
        .available = adapter->available,
        .reason = adapter->available ? NULL : adapter->reason,
        .isolation = adapter->available ? "namespaces+seccomp" : "none",
        .groups_kept = adapter->hello.groups_kept,
        .limits = adapter->limits,
        .n_limits = adapter->n_limits,
        .languages = adapter->languages,
        .n_languages = adapter->n_languages,
        .dialects = adapter->dialects,
    };
}

const struct sp_runtime_ops sp_bubblewrap_ops = {
    .name = "bubblewrap",
    .open = open_,
    .close = close_,
    .describe = describe,
    .prepare = prepare,
    .fit = fit,
    .load = load,
    .limit_flags = limit_flags,
    .cpu_us = cpu_us,
    .write = write_,
    .read = read_,
    .kill = kill_,
    .release = release,
};
