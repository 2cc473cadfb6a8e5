#ifndef SP_RUNTIMES_RUNNER_FRAME_H
#define SP_RUNTIMES_RUNNER_FRAME_H

/* The language between an adapter and the runner, which is PID 1 in every sandbox: frames over two byte streams, the
 * runner's standard input and output. Little-endian. What the runner sends is hostile input to the daemon.
 *
 *     adapter  SPAWN ( FILE FILE_MORE* | LIMITS | HANDOVER )* GO ( STDIN* STDIN_END )
 *     runner   READY ( STDOUT | STDERR )* ( ARTIFACT ARTIFACT_MORE* )* EXIT      or, before GO, FAIL
 *
 * FILE and LIMITS may also come before SPAWN: the limits then hold from the program's first instruction. The runner
 * reads on only as its program takes the bytes. The end of the adapter's stream means abort, at any time. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/limits.h"
#include "proto/str.h"

#define SP_RUNNER_HEADER_BYTES        8 /* u8 type, u8 flags (0), u16 zero, u32 length of the body */
#define SP_RUNNER_BODY_MAX            (64u << 10)
#define SP_RUNNER_FRAME_MAX           (SP_RUNNER_HEADER_BYTES + SP_RUNNER_BODY_MAX)
#define SP_RUNNER_ARTIFACTS_BYTES_MAX (16ull << 20) /* all artifacts of a run together */

/* Body layouts: str is u32 length and bytes; list is u32 count and that many str. */
enum sp_runner_frame_type {
    /* adapter to runner */
    SP_RUNNER_SPAWN = 1, /* list argv, list env ("A=b"), str cwd, str filter (BPF, may be empty), u64 flags: start the
                            program; warm: it will block on fd 3 */
    SP_RUNNER_FILE = 2,  /* u32 mode, str path below /work, str first bytes; FILE_MORE frames append */
    SP_RUNNER_FILE_MORE = 3,
    SP_RUNNER_LIMITS = 4, /* a u64 for each of SP_RUN_LIMITS, in its order, u32 flags: the program's rlimits are lowered
                             now */
    SP_RUNNER_HANDOVER = 5, /* bytes for the program's fd 3; may repeat; see toolchain.h for what they hold */
    SP_RUNNER_GO = 6,       /* fd 3 is closed: the program runs. list globs of artifacts */
    SP_RUNNER_STDIN = 7,    /* bytes for its standard input; only behind GO */
    SP_RUNNER_STDIN_END = 8,
    /* runner to adapter */
    SP_RUNNER_READY = 64,  /* the program has been started; warm: it has said on fd 4 that it waits */
    SP_RUNNER_STDOUT = 65, /* bytes */
    SP_RUNNER_STDERR = 66,
    SP_RUNNER_ARTIFACT = 67, /* u32 mode, u64 size, str path, str first bytes; ARTIFACT_MORE appends */
    SP_RUNNER_ARTIFACT_MORE = 68,
    SP_RUNNER_EXIT = 69, /* u32 exit code, u32 signal, u64 microseconds of CPU since GO, u64 max rss bytes, u32 flags;
                            last */
    SP_RUNNER_FAIL = 70  /* u32 errno, str what: GO was not carried out and will not be, the program never ran; last */
};

/* SPAWN: the program gets fd 3, on which the hand-over comes, and fd 4, on which it writes one byte once it waits. */
#define SP_RUNNER_SPAWN_WARM 1u
/* LIMITS: memory_bytes as RLIMIT_DATA, pids as RLIMIT_NPROC, for where no cgroup holds them. */
#define SP_RUNNER_LIMITS_DATA  1u
#define SP_RUNNER_LIMITS_TASKS 2u
/* EXIT: more matched the globs than the bounds let out. */
#define SP_RUNNER_EXIT_ARTIFACTS_CUT 1u

/* ---- packing: any number of frames into room that the caller owns; pure, any thread ---- */

/* A failure (no room, body over its bound) sticks: check `failed` once, at the end. */
struct sp_runner_pack {
    uint8_t *bytes;
    size_t room_bytes;
    size_t n_bytes;
    size_t frame_at; /* where the open frame began */
    bool failed;
};

void sp_runner_pack_init(struct sp_runner_pack *pack, uint8_t *bytes, size_t room_bytes);
void sp_runner_pack_begin(struct sp_runner_pack *pack, enum sp_runner_frame_type type);
void sp_runner_pack_u32(struct sp_runner_pack *pack, uint32_t value);
void sp_runner_pack_u64(struct sp_runner_pack *pack, uint64_t value);
void sp_runner_pack_str(struct sp_runner_pack *pack, struct sp_str text);
void sp_runner_pack_raw(struct sp_runner_pack *pack, const void *bytes, size_t n_bytes);
void sp_runner_pack_end(struct sp_runner_pack *pack);

/* A frame without a body. */
void sp_runner_pack_empty(struct sp_runner_pack *pack, enum sp_runner_frame_type type);
/* As many frames of bytes as n_bytes need; none for none. */
void sp_runner_pack_bytes(
    struct sp_runner_pack *pack, enum sp_runner_frame_type type, const void *bytes, size_t n_bytes);
/* FILE and its FILE_MOREs. */
void sp_runner_pack_file(struct sp_runner_pack *pack, struct sp_str path, uint32_t mode, struct sp_str data);
void sp_runner_pack_limits(struct sp_runner_pack *pack, const struct sp_limits *limits, uint32_t flags);
/* Room that is enough for pack_bytes of n_bytes, and for pack_file with a path of at most SP_FILE_PATH_MAX. */
size_t sp_runner_pack_room(size_t n_bytes);

/* ---- reading ---- */

struct sp_runner_frame {
    uint8_t type;
    uint32_t n_body;
    const uint8_t *body; /* into the bytes that were read */
};

#define SP_RUNNER_FRAME_WHOLE 1

/* The frame that bytes begin with. 0: it is not whole yet; SP_RUNNER_FRAME_WHOLE: *ret_frame is set, and it takes
 * SP_RUNNER_HEADER_BYTES + n_body of the bytes; SP_EPROTOCOL: these bytes are no frame. */
int sp_runner_frame_peek(const uint8_t *bytes, size_t n_bytes, struct sp_runner_frame *ret_frame);

/* Walks a body. Once it has failed, all it yields is 0 and empty. */
struct sp_runner_cursor {
    const uint8_t *at, *end;
    bool failed;
};

void sp_runner_cursor_init(struct sp_runner_cursor *cursor, const struct sp_runner_frame *frame);
uint32_t sp_runner_cursor_u32(struct sp_runner_cursor *cursor);
uint64_t sp_runner_cursor_u64(struct sp_runner_cursor *cursor);
struct sp_str sp_runner_cursor_str(struct sp_runner_cursor *cursor); /* borrowed from the body */
/* 0 when nothing failed and nothing is left over, else SP_EPROTOCOL. */
int sp_runner_cursor_finish(const struct sp_runner_cursor *cursor);

/* ---- the daemon's side: hostile bytes in, events out ---- */

/* Which fields a type sets; the rest is zero. All memory is borrowed until the callback returns. */
struct sp_runner_event {
    enum sp_runner_frame_type type;
    struct sp_str bytes;    /* STDOUT, STDERR, ARTIFACT, ARTIFACT_MORE; FAIL: what failed */
    struct sp_str path;     /* ARTIFACT: relative, no empty, "." or ".." segment, at most SP_FILE_PATH_MAX */
    uint32_t mode;          /* ARTIFACT: permission bits */
    uint64_t size_bytes;    /* ARTIFACT: of the whole file; exactly as many bytes follow */
    uint32_t exit_code;     /* EXIT: 0..255 */
    uint32_t signal;        /* EXIT: 0..64; 0: it exited */
    uint64_t cpu_us;        /* EXIT */
    uint64_t max_rss_bytes; /* EXIT */
    bool artifacts_cut;     /* EXIT */
    int error_number;       /* FAIL: an errno */
};

/* Returns 0, or a negative code that ends the feed. Must not free the reader. */
typedef int sp_runner_event_cb(void *context, const struct sp_runner_event *event);

/* Incremental: any cutting of the stream gives the same events. Bounded: it keeps at most one frame. */
struct sp_runner_reader {
    uint8_t *bytes; /* the part of a frame that has come; NULL until one comes in parts */
    size_t n_bytes;
    bool ready;
    bool ended;                   /* EXIT or FAIL has come: nothing may follow */
    bool broken;                  /* SP_EPROTOCOL was returned: it is returned for ever */
    uint32_t n_artifacts;         /* at most SP_ARTIFACTS_MAX */
    uint64_t artifact_left_bytes; /* of the artifact that is coming in */
    uint64_t artifacts_bytes;     /* claimed so far, at most SP_RUNNER_ARTIFACTS_BYTES_MAX */
};

void sp_runner_reader_init(struct sp_runner_reader *reader);
void sp_runner_reader_fini(struct sp_runner_reader *reader);
/* Calls back for each frame that is whole. SP_EPROTOCOL for what a runner cannot have sent (also: anything behind EXIT or
 * FAIL), SP_ENO_MEMORY, or what the callback returned. Events that were reported before the fault stand; an EXIT that
 * did not come as the last thing is for the caller to weigh: bytes behind it are the fault. */
int sp_runner_reader_feed(
    struct sp_runner_reader *reader, const uint8_t *bytes, size_t n_bytes, sp_runner_event_cb *event, void *context);

/* Is this a path that may be made or was found below a folder: relative, 1 to SP_FILE_PATH_MAX bytes, no NUL, no empty,
 * "." or ".." segment? */
bool sp_runner_frame_path_ok(struct sp_str path);

#endif
