/* One sandbox of the embedded runtime, once the spawner was asked for it: the runner's stream, and its end, which is seen in
 * three places. Loop thread; in its adapter's list until it is freed. What the daemon needs to know about the end it sees by
 * itself, from the pidfd of PID 1 and the count of OOM kills, so that a warm run never waits for the spawner. The spawner's
 * word is waited for when a run did not end by itself, since then the answer holds what only the spawner knows.
 *
 *     told (ended was called) ⇐ stream_ended ∧ ((init_gone ∧ a clean exit) ∨ spawner_ended)
 *     freed                   ⇐ told ∧ released ∧ all handles closed */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/list.h"
#include "proto/scope.h"
#include "runtimes/bubblewrap.h"
#include "runtimes/bwrap_argv.h"
#include "runtimes/cgroup.h"
#include "runtimes/folder.h"

/* ---- the end ---- */

static void free_if_done(struct sp_bubblewrap_sandbox *box)
{
    if (!box->released || box->handles)
        return;
    struct sp_bubblewrap *adapter = box->adapter;
    char name[17];
    sp_bwrap_argv_code_name(box->id, name, sizeof name);
    sp_close_fd(&box->code_fd);
    sp_folder_remove(adapter->codes, name);
    sp_close_fd(&box->init_fd);
    sp_close_fd(&box->oom_fd);
    sp_close_fd(&box->cpu_fd);
    sp_close_fd(&box->errors_fd);
    sp_runner_reader_fini(&box->sandbox.reader);
    SP_LIST_REMOVE(box);
    free(box);
    sp_bubblewrap_free_if_closed(adapter);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct sp_bubblewrap_sandbox *box = handle->data;
    box->handles--;
    free_if_done(box);
}

static void close_stream(struct sp_bubblewrap_sandbox *box)
{
    if (!box->has_stream)
        return;
    box->has_stream = false;
    uv_close((uv_handle_t *)&box->stream, on_handle_closed);
}

static void close_init(struct sp_bubblewrap_sandbox *box)
{
    if (!box->has_init)
        return;
    box->has_init = false;
    uv_close((uv_handle_t *)&box->init, on_handle_closed);
}

static void tell_end(struct sp_bubblewrap_sandbox *box, uint64_t oom_kills)
{
    char complaint[SP_SPAWNER_TEXT_BYTES] = "";
    box->told = true;
    box->loading = false; /* LOWERED may still be on its way, and its run is gone */
    close_stream(box);
    close_init(box);
    if (!box->sandbox.reader.ready) {
        snprintf(complaint, sizeof complaint, "%s", box->end.text);
        if (!complaint[0])
            sp_bubblewrap_complaint(box->errors_fd, complaint, sizeof complaint);
    }
    struct sp_sandbox_end end = {
        .oom_kills = oom_kills,
        .cpu_us = box->end.cpu_us,
        .max_rss_bytes = box->end.max_rss_bytes,
        .complaint = complaint,
    };
    box->sandbox.events->ended(&box->sandbox, &end);
}

static void tell_end_if_over(struct sp_bubblewrap_sandbox *box)
{
    if (box->told || !box->stream_ended)
        return;
    uint64_t oom_kills = 0;
    bool gone = box->init_gone || box->init_fd < 0;
    if (box->spawner_ended && gone) {
        tell_end(box, box->end.oom_kills);
        return;
    }
    if (!box->init_gone || !box->sandbox.reader.ended || box->killed)
        return;
    if (box->oom_fd >= 0 ? !sp_cgroup_oom_kills(box->oom_fd, &oom_kills) : box->exit_signal == SIGKILL)
        return; /* its groups are gone already, or only the spawner knows: its word comes */
    tell_end(box, oom_kills);
}

static void on_init(uv_poll_t *poll, int status, int events)
{
    struct sp_bubblewrap_sandbox *box = poll->data;
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    box->init_gone = true;
    tell_end_if_over(box);
}

static void watch_init(struct sp_bubblewrap_sandbox *box)
{
    if (box->has_init || box->init_fd < 0 || box->init_gone || box->told)
        return;
    if (uv_poll_init(box->adapter->config.runtimes->loop, &box->init, box->init_fd) < 0)
        return; /* the spawner's word remains */
    box->init.data = box;
    box->has_init = true;
    box->handles++;
    uv_poll_start(&box->init, UV_READABLE, on_init);
}

/* ---- the stream ---- */

static int on_frame(void *context, const struct sp_runner_event *event)
{
    struct sp_bubblewrap_sandbox *box = context;
    if (event->type == SP_RUNNER_EXIT)
        box->exit_signal = event->signal;
    return box->sandbox.events->frame(&box->sandbox, event);
}

static void end_stream(struct sp_bubblewrap_sandbox *box)
{
    box->stream_ended = true;
    if (box->has_stream)
        uv_read_stop((uv_stream_t *)&box->stream);
    watch_init(box);
    tell_end_if_over(box);
}

static void on_read(uv_stream_t *stream, ssize_t n_bytes, const uv_buf_t *buffer)
{
    struct sp_bubblewrap_sandbox *box = stream->data;
    if (n_bytes == 0 || box->told || box->stream_ended)
        return;
    if (n_bytes > 0 && !box->sandbox.reader.broken) {
        int status =
            sp_runner_reader_feed(&box->sandbox.reader, (const uint8_t *)buffer->base, (size_t)n_bytes, on_frame, box);
        if (status < 0 && !box->sandbox.reader.ended) {
            box->sandbox.reader.broken = true;
            box->sandbox.events->broken(&box->sandbox);
        }
    }
    if (n_bytes < 0 || box->sandbox.reader.ended)
        end_stream(box);
}

static void on_alloc(uv_handle_t *handle, size_t suggested_bytes, uv_buf_t *ret_buffer)
{
    struct sp_bubblewrap_sandbox *box = handle->data;
    (void)suggested_bytes;
    *ret_buffer = uv_buf_init((char *)box->adapter->read_bytes, sizeof box->adapter->read_bytes);
}

static void set_reading(struct sp_bubblewrap_sandbox *box)
{
    bool reads = (box->wants_read || box->killed || box->spawner_ended) && !box->stream_ended && box->has_stream;
    if (reads == box->reads || !box->has_stream)
        return;
    box->reads = reads;
    if (reads)
        uv_read_start((uv_stream_t *)&box->stream, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&box->stream);
}

void sp_bubblewrap_box_read(struct sp_bubblewrap_sandbox *box, bool on)
{
    box->wants_read = on;
    set_reading(box);
}

struct writing {
    uv_write_t request;
    uint8_t *bytes;
};

static void on_written(uv_write_t *request, int status)
{
    struct writing *writing = SP_CONTAINER(request, struct writing, request);
    (void)status; /* a runner that is gone says so by its stream's end */
    free(writing->bytes);
    free(writing);
}

int sp_bubblewrap_box_write(struct sp_bubblewrap_sandbox *box, uint8_t *bytes, size_t n_bytes)
{
    if (!box->has_stream) {
        free(bytes);
        return 0;
    }
    uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)n_bytes);
    int n = uv_try_write((uv_stream_t *)&box->stream, &buffer, 1);
    if (n == (int)n_bytes || (n < 0 && n != UV_EAGAIN)) {
        free(bytes);
        return 0;
    }
    struct writing *writing = malloc(sizeof *writing);
    if (!writing) {
        free(bytes);
        return SP_ENO_MEMORY;
    }
    writing->bytes = bytes;
    if (n > 0)
        buffer = uv_buf_init((char *)bytes + n, (unsigned)(n_bytes - (size_t)n));
    int status = uv_write(&writing->request, (uv_stream_t *)&box->stream, &buffer, 1, on_written);
    if (status < 0) {
        free(bytes);
        free(writing);
    }
    return 0;
}

/* ---- its life ---- */

void sp_bubblewrap_box_open(struct sp_bubblewrap_sandbox *box, int stream_fd)
{
    struct sp_bubblewrap *adapter = box->adapter;
    sp_runner_reader_init(&box->sandbox.reader);
    uv_pipe_init(adapter->config.runtimes->loop, &box->stream, 0);
    box->stream.data = box;
    box->handles = 1;
    box->has_stream = true;
    SP_LIST_INSERT(&adapter->sandboxes, box);
    /* uv_pipe_open only fails for what is no socket. */
    uv_pipe_open(&box->stream, stream_fd);
    sp_bubblewrap_box_read(box, true);
}

bool sp_bubblewrap_box_started(struct sp_bubblewrap_sandbox *box, const int fds[SP_SPAWNER_FDS_MAX])
{
    if (box->told || box->init_fd >= 0)
        return false;
    box->init_fd = fds[0];
    box->oom_fd = fds[1];
    box->cpu_fd = fds[2];
    if (box->stream_ended)
        watch_init(box);
    return true;
}

void sp_bubblewrap_box_lowered(struct sp_bubblewrap_sandbox *box, int status)
{
    if (!box->loading)
        return;
    box->loading = false;
    box->sandbox.events->loaded(&box->sandbox, status);
}

static void see_spawner_end(struct sp_bubblewrap_sandbox *box)
{
    box->spawner_ended = true;
    set_reading(box);
    watch_init(box);
    tell_end_if_over(box);
}

void sp_bubblewrap_box_ended(struct sp_bubblewrap_sandbox *box, const struct sp_spawner_event *end)
{
    if (box->spawner_ended)
        return;
    box->end = *end;
    box->init_gone = true;
    see_spawner_end(box);
}

/* The end of its control input tells a runner to abort. It is what reaches one that the spawner lost: killed at the wrong
 * moment, bubblewrap's outer process leaves an inside that has not yet asked to die with it. */
static void cut(struct sp_bubblewrap_sandbox *box)
{
    uv_os_fd_t fd;
    if (box->has_stream && uv_fileno((uv_handle_t *)&box->stream, &fd) == 0)
        shutdown(fd, SHUT_WR);
}

void sp_bubblewrap_box_lost(struct sp_bubblewrap_sandbox *box)
{
    sp_bubblewrap_box_lowered(box, SP_ERUNTIME_UNAVAILABLE);
    cut(box);
    see_spawner_end(box);
}

void sp_bubblewrap_box_give_up(struct sp_bubblewrap_sandbox *box)
{
    if (box->sandbox.reader.ready || !box->spawner_ended)
        return;
    box->stream_ended = box->init_gone = true;
    tell_end_if_over(box);
}

void sp_bubblewrap_box_kill(struct sp_bubblewrap_sandbox *box)
{
    if (box->killed || box->told)
        return;
    box->killed = true;
    struct sp_spawner_request request = {.op = SP_SPAWNER_KILL, .id = box->id};
    sp_spawner_link_send(&box->adapter->link, &request, -1, -1, NULL);
    cut(box);
    set_reading(box);
}

void sp_bubblewrap_box_release(struct sp_bubblewrap_sandbox *box)
{
    box->released = true;
    free_if_done(box);
}
