/* The adapter's frames, carried out one by one, in order. A frame whose bytes go into a pipe of the program holds up what
 * comes behind it until the pipe has taken them: nothing is buffered beyond one frame. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/runner/runner_state.h"

/* Which frames may come when, as a table: SPAWN once, no hand-over before it, no input before GO, nothing but it after. */
enum when { BEFORE_SPAWN = 1, BEFORE_GO = 2, AFTER_GO = 4 };
static const uint8_t allowed[] = {
    [SP_RUNNER_SPAWN] = BEFORE_SPAWN,
    [SP_RUNNER_FILE] = BEFORE_SPAWN | BEFORE_GO,
    [SP_RUNNER_FILE_MORE] = BEFORE_SPAWN | BEFORE_GO,
    [SP_RUNNER_LIMITS] = BEFORE_SPAWN | BEFORE_GO,
    [SP_RUNNER_HANDOVER] = BEFORE_GO,
    [SP_RUNNER_GO] = BEFORE_GO,
    [SP_RUNNER_STDIN] = AFTER_GO,
    [SP_RUNNER_STDIN_END] = AFTER_GO,
};

static int handle_file(struct sp_runner *runner, struct sp_runner_cursor *cursor)
{
    uint32_t mode = sp_runner_cursor_u32(cursor);
    struct sp_str path = sp_runner_cursor_str(cursor);
    struct sp_str first = sp_runner_cursor_str(cursor);
    if (sp_runner_cursor_finish(cursor) < 0)
        return -EPROTO;
    int r = sp_runner_file_begin(runner, path, mode);
    return r < 0 ? r : sp_runner_file_append(runner, (const uint8_t *)first.ptr, first.n_bytes);
}

static int handle_limits(struct sp_runner *runner, struct sp_runner_cursor *cursor)
{
    struct sp_limits limits;
#define X(field, name, standard, ceiling, unit, holder) limits.field = sp_runner_cursor_u64(cursor);
    SP_RUN_LIMITS(X)
#undef X
    uint32_t flags = sp_runner_cursor_u32(cursor);
    if (sp_runner_cursor_finish(cursor) < 0)
        return -EPROTO;
    runner->limits = limits;
    runner->limit_flags = flags;
    return sp_runner_child_limit(runner);
}

static int handle_go(struct sp_runner *runner, const struct sp_runner_frame *frame)
{
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, frame);
    uint32_t n = sp_runner_cursor_u32(&cursor);
    if (n > SP_ARTIFACT_GLOBS_MAX)
        return -EPROTO;
    for (uint32_t i = 0; i < n; i++)
        sp_runner_cursor_str(&cursor);
    if (sp_runner_cursor_finish(&cursor) < 0)
        return -EPROTO;
    runner->globs = malloc(frame->n_body);
    if (!runner->globs)
        return -ENOMEM;
    memcpy(runner->globs, frame->body, frame->n_body);
    runner->n_globs_bytes = frame->n_body;
    runner->went = true;
    runner->before_cpu_us = sp_runner_child_cpu_us(runner);
    if (runner->file_fd >= 0)
        close(runner->file_fd);
    runner->file_fd = -1;
    sp_close_fd(&runner->handover.fd);
    runner->handover.fd = -1;
    return 0;
}

static int handle(struct sp_runner *runner, const struct sp_runner_frame *frame)
{
    enum when now = runner->went ? AFTER_GO : runner->spawned ? BEFORE_GO : BEFORE_SPAWN;
    if (frame->type >= SP_COUNT(allowed) || !(allowed[frame->type] & now))
        return sp_runner_fail(runner, -EPROTO, "a frame out of order");
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, frame);
    int r = 0;
    switch (frame->type) {
    case SP_RUNNER_SPAWN:
        runner->spawned = true;
        r = sp_runner_child_spawn(runner, frame);
        return r < 0 ? sp_runner_fail(runner, r, "starting the program") : 0;
    case SP_RUNNER_FILE:
        r = handle_file(runner, &cursor);
        return r < 0 ? sp_runner_fail(runner, r, "writing a file") : 0;
    case SP_RUNNER_FILE_MORE:
        r = sp_runner_file_append(runner, frame->body, frame->n_body);
        return r < 0 ? sp_runner_fail(runner, r, "writing a file") : 0;
    case SP_RUNNER_LIMITS:
        r = handle_limits(runner, &cursor);
        return r < 0 ? sp_runner_fail(runner, r, "lowering the limits") : 0;
    case SP_RUNNER_HANDOVER:
        runner->handover.bytes = frame->body;
        runner->handover.n_bytes = frame->n_body;
        break;
    case SP_RUNNER_GO: r = handle_go(runner, frame); return r < 0 ? sp_runner_fail(runner, r, "going") : 0;
    case SP_RUNNER_STDIN:
        runner->input.bytes = frame->body;
        runner->input.n_bytes = frame->n_body;
        break;
    case SP_RUNNER_STDIN_END:
        sp_close_fd(&runner->input.fd);
        runner->input.fd = -1;
        break;
    }
    return 0;
}

void sp_runner_control_drain(struct sp_runner_sink *sink)
{
    while (sink->n_bytes > 0) {
        ssize_t n = sink->fd < 0 ? -1 : write(sink->fd, sink->bytes, sink->n_bytes);
        if (n < 0 && sink->fd >= 0 && errno == EINTR)
            continue;
        if (n < 0 && sink->fd >= 0 && errno == EAGAIN)
            return;
        if (n < 0) { /* the program reads no more: the rest is dropped, as a shell's pipe would */
            sp_close_fd(&sink->fd);
            sink->fd = -1;
            sink->n_bytes = 0;
            return;
        }
        sink->bytes += n;
        sink->n_bytes -= (size_t)n;
    }
}

int sp_runner_control_handle(struct sp_runner *runner)
{
    for (;;) {
        sp_runner_control_drain(&runner->handover);
        sp_runner_control_drain(&runner->input);
        if (runner->handover.n_bytes || runner->input.n_bytes)
            return 0;
        struct sp_runner_frame frame;
        int r = sp_runner_frame_peek(runner->in + runner->in_at, runner->n_in - runner->in_at, &frame);
        if (r < 0)
            return sp_runner_fail(runner, -EPROTO, "reading a frame");
        if (r == 0)
            break;
        runner->in_at += SP_RUNNER_HEADER_BYTES + frame.n_body;
        r = handle(runner, &frame);
        if (r < 0)
            return r;
    }
    /* Sinks are empty: nothing points into the bytes any more. */
    memmove(runner->in, runner->in + runner->in_at, runner->n_in - runner->in_at);
    runner->n_in -= runner->in_at;
    runner->in_at = 0;
    return 0;
}
