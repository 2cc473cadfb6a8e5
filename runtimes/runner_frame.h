#ifndef SP_RUNTIMES_RUNNER_FRAME_H
#define SP_RUNTIMES_RUNNER_FRAME_H

/* The language between an adapter and the runner, which is PID 1 in every sandbox: frames over two byte streams, the
 * runner's standard input and output. Little-endian. What the runner sends is hostile input to the daemon. */

#include <stddef.h>
#include <stdint.h>

#define SP_RUNNER_HEADER_BYTES 8 /* u8 type, u8 flags, u16 zero, u32 length of the body */
#define SP_RUNNER_BODY_MAX     (64u << 10)

/* Body layouts: str is u32 length and bytes; list is u32 count and that many str. */
enum sp_runner_frame_type {
    /* adapter to runner */
    SP_RUNNER_SPAWN = 1, /* first: list argv, list env ("A=b"), str cwd, str filter (BPF), u64 flags: start the program,
                            warm: it will block on fd 3 */
    SP_RUNNER_FILE = 2,  /* u32 mode, str path below /work, str first bytes; FILE_MORE frames append */
    SP_RUNNER_FILE_MORE = 3,
    SP_RUNNER_LIMITS = 4,   /* nine u64: struct sp_limits in its order: the program's rlimits are lowered now */
    SP_RUNNER_HANDOVER = 5, /* bytes for the program's fd 3; may repeat; see toolchain.h for what they hold */
    SP_RUNNER_GO = 6,       /* fd 3 is closed: the program runs. list globs of artifacts */
    SP_RUNNER_STDIN = 7,    /* bytes for its standard input */
    SP_RUNNER_STDIN_END = 8,
    /* runner to adapter */
    SP_RUNNER_READY = 64,  /* the program has been started and (warm) blocks on fd 3 */
    SP_RUNNER_STDOUT = 65, /* bytes */
    SP_RUNNER_STDERR = 66,
    SP_RUNNER_ARTIFACT = 67, /* u32 mode, u64 size, str path, str first bytes; ARTIFACT_MORE appends */
    SP_RUNNER_ARTIFACT_MORE = 68,
    SP_RUNNER_EXIT =
        69, /* u32 exit code, u32 signal, u64 user+system microseconds, u64 max rss bytes, u32 flags: last */
    SP_RUNNER_FAIL = 70 /* u32 errno, str what: the program could not be started; last */
};

#define SP_RUNNER_EXIT_ARTIFACTS_CUT 1u

#endif
