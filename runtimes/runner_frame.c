/* Packing and bounds-checked reading of the frames between an adapter and the runner. Pure functions on the caller's
 * memory; built into the daemon and into the static runner, so it needs nothing beyond libc. */
#include "runtimes/runner_frame.h"

#include <stdlib.h>

/* ---- packing ---- */

void sp_runner_pack_init(struct sp_runner_pack *pack, uint8_t *bytes, size_t room_bytes)
{
    *pack = (struct sp_runner_pack){.bytes = bytes, .room_bytes = room_bytes};
}

void sp_runner_pack_raw(struct sp_runner_pack *pack, const void *bytes, size_t n_bytes)
{
    if (pack->failed || n_bytes > pack->room_bytes - pack->n_bytes) {
        pack->failed = true;
        return;
    }
    if (n_bytes)
        memcpy(pack->bytes + pack->n_bytes, bytes, n_bytes);
    pack->n_bytes += n_bytes;
}

static void put_le(uint8_t *out, uint64_t value, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

void sp_runner_pack_u32(struct sp_runner_pack *pack, uint32_t value)
{
    uint8_t bytes[4];
    put_le(bytes, value, sizeof bytes);
    sp_runner_pack_raw(pack, bytes, sizeof bytes);
}

void sp_runner_pack_u64(struct sp_runner_pack *pack, uint64_t value)
{
    uint8_t bytes[8];
    put_le(bytes, value, sizeof bytes);
    sp_runner_pack_raw(pack, bytes, sizeof bytes);
}

void sp_runner_pack_str(struct sp_runner_pack *pack, struct sp_str text)
{
    if (text.n_bytes > SP_RUNNER_BODY_MAX) {
        pack->failed = true;
        return;
    }
    sp_runner_pack_u32(pack, (uint32_t)text.n_bytes);
    sp_runner_pack_raw(pack, text.ptr, text.n_bytes);
}

void sp_runner_pack_begin(struct sp_runner_pack *pack, enum sp_runner_frame_type type)
{
    pack->frame_at = pack->n_bytes;
    uint8_t header[SP_RUNNER_HEADER_BYTES] = {(uint8_t)type};
    sp_runner_pack_raw(pack, header, sizeof header);
}

void sp_runner_pack_end(struct sp_runner_pack *pack)
{
    if (pack->failed)
        return;
    size_t n_body = pack->n_bytes - pack->frame_at - SP_RUNNER_HEADER_BYTES;
    if (n_body > SP_RUNNER_BODY_MAX) {
        pack->failed = true;
        return;
    }
    put_le(pack->bytes + pack->frame_at + 4, n_body, 4);
}

void sp_runner_pack_empty(struct sp_runner_pack *pack, enum sp_runner_frame_type type)
{
    sp_runner_pack_begin(pack, type);
    sp_runner_pack_end(pack);
}

void sp_runner_pack_bytes(
    struct sp_runner_pack *pack, enum sp_runner_frame_type type, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    while (n_bytes > 0 && !pack->failed) {
        size_t n = n_bytes < SP_RUNNER_BODY_MAX ? n_bytes : SP_RUNNER_BODY_MAX;
        sp_runner_pack_begin(pack, type);
        sp_runner_pack_raw(pack, at, n);
        sp_runner_pack_end(pack);
        at += n;
        n_bytes -= n;
    }
}

#define FILE_FIRST_MAX (SP_RUNNER_BODY_MAX - SP_FILE_PATH_MAX - 12)

void sp_runner_pack_file(struct sp_runner_pack *pack, struct sp_str path, uint32_t mode, struct sp_str data)
{
    if (path.n_bytes > SP_FILE_PATH_MAX) {
        pack->failed = true;
        return;
    }
    struct sp_str first = {data.ptr, data.n_bytes < FILE_FIRST_MAX ? data.n_bytes : FILE_FIRST_MAX};
    sp_runner_pack_begin(pack, SP_RUNNER_FILE);
    sp_runner_pack_u32(pack, mode);
    sp_runner_pack_str(pack, path);
    sp_runner_pack_str(pack, first);
    sp_runner_pack_end(pack);
    if (data.n_bytes > first.n_bytes)
        sp_runner_pack_bytes(pack, SP_RUNNER_FILE_MORE, data.ptr + first.n_bytes, data.n_bytes - first.n_bytes);
}

void sp_runner_pack_limits(struct sp_runner_pack *pack, const struct sp_limits *limits, uint32_t flags)
{
    sp_runner_pack_begin(pack, SP_RUNNER_LIMITS);
#define X(field, name, standard, ceiling, unit, holder) sp_runner_pack_u64(pack, limits->field);
    SP_RUN_LIMITS(X)
#undef X
    sp_runner_pack_u32(pack, flags);
    sp_runner_pack_end(pack);
}

size_t sp_runner_pack_room(size_t n_bytes)
{
    return n_bytes + (n_bytes / SP_RUNNER_BODY_MAX + 2) * SP_RUNNER_HEADER_BYTES + SP_FILE_PATH_MAX + 12;
}

/* ---- reading ---- */

static uint64_t get_le(const uint8_t *bytes, size_t n_bytes)
{
    uint64_t value = 0;
    for (size_t i = n_bytes; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

int sp_runner_frame_peek(const uint8_t *bytes, size_t n_bytes, struct sp_runner_frame *ret_frame)
{
    if (n_bytes < SP_RUNNER_HEADER_BYTES)
        return 0;
    uint32_t n_body = (uint32_t)get_le(bytes + 4, 4);
    if (bytes[1] || bytes[2] || bytes[3] || n_body > SP_RUNNER_BODY_MAX)
        return SP_EPROTOCOL;
    if (n_bytes - SP_RUNNER_HEADER_BYTES < n_body)
        return 0;
    *ret_frame = (struct sp_runner_frame){.type = bytes[0], .n_body = n_body, .body = bytes + SP_RUNNER_HEADER_BYTES};
    return SP_RUNNER_FRAME_WHOLE;
}

void sp_runner_cursor_init(struct sp_runner_cursor *cursor, const struct sp_runner_frame *frame)
{
    *cursor = (struct sp_runner_cursor){.at = frame->body, .end = frame->body + frame->n_body};
}

static const uint8_t *cursor_take(struct sp_runner_cursor *cursor, size_t n_bytes)
{
    if (cursor->failed || n_bytes > (size_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *bytes = cursor->at;
    cursor->at += n_bytes;
    return bytes;
}

uint32_t sp_runner_cursor_u32(struct sp_runner_cursor *cursor)
{
    const uint8_t *bytes = cursor_take(cursor, 4);
    return bytes ? (uint32_t)get_le(bytes, 4) : 0;
}

uint64_t sp_runner_cursor_u64(struct sp_runner_cursor *cursor)
{
    const uint8_t *bytes = cursor_take(cursor, 8);
    return bytes ? get_le(bytes, 8) : 0;
}

struct sp_str sp_runner_cursor_str(struct sp_runner_cursor *cursor)
{
    uint32_t n_bytes = sp_runner_cursor_u32(cursor);
    const uint8_t *bytes = cursor_take(cursor, n_bytes);
    return bytes ? (struct sp_str){(const char *)bytes, n_bytes} : SP_STR("");
}

int sp_runner_cursor_finish(const struct sp_runner_cursor *cursor)
{
    return cursor->failed || cursor->at != cursor->end ? SP_EPROTOCOL : 0;
}

bool sp_runner_frame_path_ok(struct sp_str path)
{
    if (!path.ptr || path.n_bytes == 0 || path.n_bytes > SP_FILE_PATH_MAX || memchr(path.ptr, '\0', path.n_bytes))
        return false;
    for (size_t at = 0; at <= path.n_bytes;) {
        const char *slash = at < path.n_bytes ? memchr(path.ptr + at, '/', path.n_bytes - at) : NULL;
        size_t end = slash ? (size_t)(slash - path.ptr) : path.n_bytes;
        struct sp_str segment = {path.ptr + at, end - at};
        if (segment.n_bytes == 0 || sp_str_is(segment, ".") || sp_str_is(segment, ".."))
            return false;
        at = end + 1;
    }
    return true;
}

/* ---- events ---- */

void sp_runner_reader_init(struct sp_runner_reader *reader)
{
    *reader = (struct sp_runner_reader){0};
}

void sp_runner_reader_fini(struct sp_runner_reader *reader)
{
    if (!reader)
        return;
    free(reader->bytes);
    reader->bytes = NULL;
    reader->n_bytes = 0;
}

static int read_artifact(
    struct sp_runner_reader *reader, struct sp_runner_cursor *cursor, struct sp_runner_event *event)
{
    event->mode = sp_runner_cursor_u32(cursor);
    event->size_bytes = sp_runner_cursor_u64(cursor);
    event->path = sp_runner_cursor_str(cursor);
    event->bytes = sp_runner_cursor_str(cursor);
    if (sp_runner_cursor_finish(cursor) < 0 || reader->artifact_left_bytes > 0)
        return SP_EPROTOCOL;
    if (event->mode > 0777 || !sp_runner_frame_path_ok(event->path) || event->bytes.n_bytes > event->size_bytes)
        return SP_EPROTOCOL;
    if (reader->n_artifacts == SP_ARTIFACTS_MAX ||
        event->size_bytes > SP_RUNNER_ARTIFACTS_BYTES_MAX - reader->artifacts_bytes)
        return SP_EPROTOCOL;
    reader->n_artifacts++;
    reader->artifacts_bytes += event->size_bytes;
    reader->artifact_left_bytes = event->size_bytes - event->bytes.n_bytes;
    return 0;
}

static int read_exit(struct sp_runner_reader *reader, struct sp_runner_cursor *cursor, struct sp_runner_event *event)
{
    event->exit_code = sp_runner_cursor_u32(cursor);
    event->signal = sp_runner_cursor_u32(cursor);
    event->cpu_us = sp_runner_cursor_u64(cursor);
    event->max_rss_bytes = sp_runner_cursor_u64(cursor);
    uint32_t flags = sp_runner_cursor_u32(cursor);
    event->artifacts_cut = flags & SP_RUNNER_EXIT_ARTIFACTS_CUT;
    if (sp_runner_cursor_finish(cursor) < 0 || reader->artifact_left_bytes > 0 || flags > SP_RUNNER_EXIT_ARTIFACTS_CUT)
        return SP_EPROTOCOL;
    if (event->exit_code > 255 || event->signal > 64 || (event->exit_code && event->signal))
        return SP_EPROTOCOL;
    reader->ended = true;
    return 0;
}

static int read_event(
    struct sp_runner_reader *reader, const struct sp_runner_frame *frame, struct sp_runner_event *event)
{
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, frame);
    event->type = frame->type;
    switch (frame->type) {
    case SP_RUNNER_READY:
        if (reader->ready || frame->n_body)
            return SP_EPROTOCOL;
        reader->ready = true;
        return 0;
    case SP_RUNNER_STDOUT:
    case SP_RUNNER_STDERR:
        if (reader->n_artifacts)
            return SP_EPROTOCOL;
        event->bytes = (struct sp_str){(const char *)frame->body, frame->n_body};
        return 0;
    case SP_RUNNER_ARTIFACT: return read_artifact(reader, &cursor, event);
    case SP_RUNNER_ARTIFACT_MORE:
        if (frame->n_body == 0 || frame->n_body > reader->artifact_left_bytes)
            return SP_EPROTOCOL;
        event->bytes = (struct sp_str){(const char *)frame->body, frame->n_body};
        reader->artifact_left_bytes -= frame->n_body;
        return 0;
    case SP_RUNNER_EXIT: return read_exit(reader, &cursor, event);
    case SP_RUNNER_FAIL:
        event->error_number = (int)(sp_runner_cursor_u32(&cursor) & 0xffff);
        event->bytes = sp_runner_cursor_str(&cursor);
        reader->ended = true;
        return sp_runner_cursor_finish(&cursor);
    default: return SP_EPROTOCOL;
    }
}

/* One whole frame from the front of bytes to the callback. Returns its length, 0 where none is whole, or negative. */
static long feed_one(
    struct sp_runner_reader *reader, const uint8_t *bytes, size_t n_bytes, sp_runner_event_cb *event, void *context)
{
    struct sp_runner_frame frame;
    if (n_bytes && reader->ended)
        return SP_EPROTOCOL;
    int r = sp_runner_frame_peek(bytes, n_bytes, &frame);
    if (r <= 0)
        return r;
    struct sp_runner_event what = {0};
    r = read_event(reader, &frame, &what);
    if (r == 0)
        r = event(context, &what);
    return r < 0 ? r : (long)(SP_RUNNER_HEADER_BYTES + frame.n_body);
}

/* Completes the frame that has begun with as few of the bytes as it needs. Returns how many were taken. */
static long feed_rest(
    struct sp_runner_reader *reader, const uint8_t *bytes, size_t n_bytes, sp_runner_event_cb *event, void *context)
{
    size_t taken = 0;
    for (int step = 0; step < 2; step++) {
        size_t want = SP_RUNNER_HEADER_BYTES;
        if (reader->n_bytes >= SP_RUNNER_HEADER_BYTES)
            want += get_le(reader->bytes + 4, 4); /* was bounded when the header was peeked at */
        size_t n = want - reader->n_bytes < n_bytes - taken ? want - reader->n_bytes : n_bytes - taken;
        if (n)
            memcpy(reader->bytes + reader->n_bytes, bytes + taken, n);
        reader->n_bytes += n;
        taken += n;
        long used = feed_one(reader, reader->bytes, reader->n_bytes, event, context);
        if (used < 0)
            return used;
        if (used > 0) {
            reader->n_bytes = 0;
            break;
        }
    }
    return (long)taken;
}

static int feed(
    struct sp_runner_reader *reader, const uint8_t *bytes, size_t n_bytes, sp_runner_event_cb *event, void *context)
{
    while (n_bytes > 0) {
        long used;
        if (reader->n_bytes > 0) {
            used = feed_rest(reader, bytes, n_bytes, event, context);
        } else {
            used = feed_one(reader, bytes, n_bytes, event, context);
            if (used == 0) {
                if (!reader->bytes && !(reader->bytes = malloc(SP_RUNNER_FRAME_MAX)))
                    return SP_ENO_MEMORY;
                memcpy(reader->bytes, bytes, n_bytes); /* less than a frame */
                reader->n_bytes = n_bytes;
                return 0;
            }
        }
        if (used < 0)
            return (int)used;
        bytes += used;
        n_bytes -= (size_t)used;
    }
    return 0;
}

int sp_runner_reader_feed(
    struct sp_runner_reader *reader, const uint8_t *bytes, size_t n_bytes, sp_runner_event_cb *event, void *context)
{
    if (reader->broken)
        return SP_EPROTOCOL;
    int r = feed(reader, bytes, n_bytes, event, context);
    if (r == SP_EPROTOCOL)
        reader->broken = true;
    return r;
}
