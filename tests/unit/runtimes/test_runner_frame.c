/* Frames between adapter and runner: packing, and reading what a hostile sandbox may send. */
#include "runtimes/runner_frame.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define LOG_MAX 64

/* What a feed reported, as one line an event. */
struct log {
    char lines[LOG_MAX][96];
    size_t n_lines;
    size_t n_bytes; /* of all events */
    int answer;
};

static int note(void *context, const struct sp_runner_event *event)
{
    struct log *log = context;
    log->n_bytes += event->bytes.n_bytes;
    if (log->n_lines < LOG_MAX)
        snprintf(log->lines[log->n_lines++], sizeof log->lines[0], "%d %.*s %.*s %u %u", (int)event->type,
            sp_str_int(event->path, 16), event->path.ptr ? event->path.ptr : "", sp_str_int(event->bytes, 16),
            event->bytes.ptr ? event->bytes.ptr : "", event->exit_code, event->signal);
    return log->answer;
}

static uint8_t room[SP_RUNNER_FRAME_MAX * 4];

static struct sp_runner_pack begin(void)
{
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sizeof room);
    return pack;
}

static void add_exit(struct sp_runner_pack *pack, uint32_t code, uint32_t signal, uint32_t flags)
{
    sp_runner_pack_begin(pack, SP_RUNNER_EXIT);
    sp_runner_pack_u32(pack, code);
    sp_runner_pack_u32(pack, signal);
    sp_runner_pack_u64(pack, 1);
    sp_runner_pack_u64(pack, 2);
    sp_runner_pack_u32(pack, flags);
    sp_runner_pack_end(pack);
}

static void add_artifact(struct sp_runner_pack *pack, const char *path, uint64_t size, const char *first)
{
    sp_runner_pack_begin(pack, SP_RUNNER_ARTIFACT);
    sp_runner_pack_u32(pack, 0644);
    sp_runner_pack_u64(pack, size);
    sp_runner_pack_str(pack, sp_str_of(path));
    sp_runner_pack_str(pack, sp_str_of(first));
    sp_runner_pack_end(pack);
}

/* Feeds what is packed in pieces of a size. Returns the first code that was not 0. */
static int feed(const struct sp_runner_pack *pack, size_t piece, struct log *log)
{
    cr_assert(!pack->failed);
    struct sp_runner_reader reader;
    sp_runner_reader_init(&reader);
    int r = 0;
    for (size_t at = 0; at < pack->n_bytes && r == 0; at += piece) {
        /* A block of its own, so that a read past the piece is seen. */
        size_t n = pack->n_bytes - at < piece ? pack->n_bytes - at : piece;
        uint8_t *copy = malloc(n);
        memcpy(copy, pack->bytes + at, n);
        r = sp_runner_reader_feed(&reader, copy, n, note, log);
        free(copy);
    }
    if (r == SP_EPROTOCOL) {
        uint8_t byte = 0;
        cr_expect_eq(sp_runner_reader_feed(&reader, &byte, 1, note, log), SP_EPROTOCOL, "broken stays broken");
    }
    sp_runner_reader_fini(&reader);
    return r;
}

Test(runner_frame, any_cutting_gives_the_same_events)
{
    struct sp_runner_pack pack = begin();
    sp_runner_pack_empty(&pack, SP_RUNNER_READY);
    sp_runner_pack_bytes(&pack, SP_RUNNER_STDOUT, "hello", 5);
    sp_runner_pack_bytes(&pack, SP_RUNNER_STDERR, "oh", 2);
    add_artifact(&pack, "a/b.txt", 6, "abc");
    sp_runner_pack_bytes(&pack, SP_RUNNER_ARTIFACT_MORE, "def", 3);
    add_artifact(&pack, "empty", 0, "");
    add_exit(&pack, 7, 0, 1);
    struct log whole = {0};
    cr_assert_eq(feed(&pack, pack.n_bytes, &whole), 0);
    cr_expect_eq(whole.n_lines, 7);
    cr_expect_str_eq(whole.lines[0], "64   0 0");
    cr_expect_str_eq(whole.lines[1], "65  hello 0 0");
    cr_expect_str_eq(whole.lines[3], "67 a/b.txt abc 0 0");
    cr_expect_str_eq(whole.lines[6], "69   7 0");
    for (size_t piece = 1; piece < pack.n_bytes; piece++) {
        struct log log = {0};
        cr_assert_eq(feed(&pack, piece, &log), 0, "pieces of %zu", piece);
        cr_expect_eq(memcmp(&log, &whole, sizeof log), 0, "pieces of %zu", piece);
    }
}

Test(runner_frame, largest_frame_passes_and_a_larger_one_does_not)
{
    static uint8_t bytes[SP_RUNNER_BODY_MAX + 1];
    struct sp_runner_pack pack = begin();
    sp_runner_pack_bytes(&pack, SP_RUNNER_STDOUT, bytes, sizeof bytes);
    struct log log = {0};
    cr_expect_eq(feed(&pack, 1000, &log), 0);
    cr_expect_eq(log.n_lines, 2);
    cr_expect_eq(log.n_bytes, sizeof bytes);
    pack = begin();
    sp_runner_pack_begin(&pack, SP_RUNNER_STDOUT);
    sp_runner_pack_raw(&pack, bytes, sizeof bytes);
    sp_runner_pack_end(&pack);
    cr_expect(pack.failed);
    static const uint8_t claims[SP_RUNNER_HEADER_BYTES] = {SP_RUNNER_STDOUT, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
    struct sp_runner_frame frame;
    cr_expect_eq(sp_runner_frame_peek(claims, sizeof claims, &frame), SP_EPROTOCOL);
}

Test(runner_frame, nothing_may_follow_the_exit)
{
    struct sp_runner_pack pack = begin();
    add_exit(&pack, 0, 0, 0);
    add_exit(&pack, 0, 0, 0);
    struct log log = {0};
    cr_expect_eq(feed(&pack, pack.n_bytes, &log), SP_EPROTOCOL);
    cr_expect_eq(log.n_lines, 1, "the first one was told");
    pack = begin();
    add_exit(&pack, 0, 0, 0);
    sp_runner_pack_raw(&pack, "x", 1);
    log = (struct log){0};
    cr_expect_eq(feed(&pack, 3, &log), SP_EPROTOCOL);
}

Test(runner_frame, rejects_what_a_runner_cannot_send)
{
    struct log log = {0};
    struct sp_runner_pack pack;
#define REJECTS(...)                                                                                                   \
    do {                                                                                                               \
        pack = begin();                                                                                                \
        __VA_ARGS__;                                                                                                   \
        cr_expect_eq(feed(&pack, pack.n_bytes, &log), SP_EPROTOCOL, #__VA_ARGS__);                                     \
    } while (0)
    REJECTS(sp_runner_pack_empty(&pack, SP_RUNNER_GO));
    REJECTS(sp_runner_pack_empty(&pack, 0));
    REJECTS(sp_runner_pack_empty(&pack, 71));
    REJECTS(sp_runner_pack_empty(&pack, SP_RUNNER_READY); sp_runner_pack_empty(&pack, SP_RUNNER_READY));
    REJECTS(sp_runner_pack_bytes(&pack, SP_RUNNER_READY, "x", 1));
    REJECTS(add_exit(&pack, 256, 0, 0));
    REJECTS(add_exit(&pack, 0, 65, 0));
    REJECTS(add_exit(&pack, 1, 9, 0));
    REJECTS(add_exit(&pack, 0, 0, 2));
    REJECTS(sp_runner_pack_bytes(&pack, SP_RUNNER_EXIT, "short", 5));
    REJECTS(sp_runner_pack_bytes(&pack, SP_RUNNER_FAIL, "short", 5));
    REJECTS(add_artifact(&pack, "a", 4, "abc"); add_exit(&pack, 0, 0, 0));
    REJECTS(add_artifact(&pack, "a", 4, "abc"); add_artifact(&pack, "b", 0, ""));
    REJECTS(add_artifact(&pack, "a", 2, "abc"));
    REJECTS(add_artifact(&pack, "a", 4, "abc"); sp_runner_pack_bytes(&pack, SP_RUNNER_ARTIFACT_MORE, "de", 2));
    REJECTS(sp_runner_pack_bytes(&pack, SP_RUNNER_ARTIFACT_MORE, "de", 2));
    REJECTS(add_artifact(&pack, "a", 0, ""); sp_runner_pack_bytes(&pack, SP_RUNNER_STDOUT, "late", 4));
    REJECTS(add_artifact(&pack, "a", SP_RUNNER_ARTIFACTS_BYTES_MAX + 1, ""));
    REJECTS(add_artifact(&pack, "a", UINT64_MAX, ""));
    REJECTS(add_artifact(&pack, "../a", 0, ""));
    REJECTS(for (int i = 0; i <= SP_ARTIFACTS_MAX; i++) add_artifact(&pack, "a", 0, ""));
#undef REJECTS
    static const uint8_t flagged[SP_RUNNER_HEADER_BYTES] = {SP_RUNNER_READY, 1};
    struct sp_runner_frame frame;
    cr_expect_eq(sp_runner_frame_peek(flagged, sizeof flagged, &frame), SP_EPROTOCOL);
}

Test(runner_frame, the_callbacks_code_ends_the_feed)
{
    struct sp_runner_pack pack = begin();
    sp_runner_pack_bytes(&pack, SP_RUNNER_STDOUT, "a", 1);
    sp_runner_pack_bytes(&pack, SP_RUNNER_STDOUT, "b", 1);
    struct log log = {.answer = SP_ENO_MEMORY};
    cr_expect_eq(feed(&pack, pack.n_bytes, &log), SP_ENO_MEMORY);
    cr_expect_eq(log.n_lines, 1);
}

Test(runner_frame, paths_stay_below_their_folder)
{
    static const char *const good[] = {"a", "a/b", "...", "a b/.c", "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(sp_runner_frame_path_ok(sp_str_of(good[i])), "%s", good[i]);
    static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "./a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect(!sp_runner_frame_path_ok(sp_str_of(bad[i])), "%s", bad[i]);
    cr_expect(!sp_runner_frame_path_ok((struct sp_str){"a\0b", 3}));
    cr_expect(!sp_runner_frame_path_ok((struct sp_str){0}));
    char longest[SP_FILE_PATH_MAX + 1];
    memset(longest, 'a', sizeof longest);
    cr_expect(sp_runner_frame_path_ok((struct sp_str){longest, SP_FILE_PATH_MAX}));
    cr_expect(!sp_runner_frame_path_ok((struct sp_str){longest, SP_FILE_PATH_MAX + 1}));
}

Test(runner_frame, cursors_do_not_run_over)
{
    /* A string that claims more than the body holds. */
    static const uint8_t body[] = {0xff, 0xff, 0xff, 0xff, 'a'};
    struct sp_runner_frame frame = {.body = body, .n_body = sizeof body};
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, &frame);
    cr_expect_eq(sp_runner_cursor_str(&cursor).n_bytes, 0);
    cr_expect(cursor.failed);
    cr_expect_eq(sp_runner_cursor_u32(&cursor), 0);
    cr_expect_eq(sp_runner_cursor_finish(&cursor), SP_EPROTOCOL);
    sp_runner_cursor_init(&cursor, &frame);
    sp_runner_cursor_u32(&cursor);
    cr_expect_eq(sp_runner_cursor_finish(&cursor), SP_EPROTOCOL, "a byte is left over");
}

Test(runner_frame, room_is_enough)
{
    static char data[3 * SP_RUNNER_BODY_MAX];
    static uint8_t own[4 * SP_RUNNER_FRAME_MAX];
    static const size_t sizes[] = {0, 1, SP_RUNNER_BODY_MAX - SP_FILE_PATH_MAX, SP_RUNNER_BODY_MAX,
        SP_RUNNER_BODY_MAX + 1, 2 * SP_RUNNER_BODY_MAX, sizeof data};
    char path[SP_FILE_PATH_MAX];
    memset(path, 'p', sizeof path);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct sp_runner_pack pack;
        sp_runner_pack_init(&pack, own, sp_runner_pack_room(sizes[i]));
        sp_runner_pack_file(&pack, (struct sp_str){path, sizeof path}, 0644, (struct sp_str){data, sizes[i]});
        cr_expect(!pack.failed, "a file of %zu", sizes[i]);
        sp_runner_pack_init(&pack, own, sp_runner_pack_room(sizes[i]));
        sp_runner_pack_bytes(&pack, SP_RUNNER_STDIN, data, sizes[i]);
        cr_expect(!pack.failed, "bytes of %zu", sizes[i]);
    }
}
