#ifndef SP_PROTO_LIMITS_H
#define SP_PROTO_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds of the wire. Defaults; the configuration can lower or raise those that it names. */
#define SP_FRAME_BYTES_MAX    (16u << 20) /* one frame */
#define SP_FRAME_DEPTH_MAX    32
#define SP_FRAME_ITEMS_MAX    (256u << 10) /* objects in one frame: an object costs 24 bytes once decoded */
#define SP_CODE_BYTES_MAX     (1u << 20)
#define SP_FILES_MAX          256
#define SP_FILE_PATH_MAX      255
#define SP_ARGV_MAX           256
#define SP_ENV_MAX            64
#define SP_ARTIFACT_GLOBS_MAX 16
#define SP_ARTIFACTS_MAX      256 /* files brought out of one run */
/* All artifacts of a run together: with the output at its largest they still fit into one answer. */
#define SP_ARTIFACTS_BYTES_MAX (7ull << 20)
#define SP_TAG_BYTES_MAX       64
#define SP_BATCH_MAX           4096

/* Limits of a run: field, name on the wire, default, ceiling of what a request may ask, unit, who holds it. A field counts in
 * so many parts of what the wire's number does: cpus are thousandths of one, so that a request's 0.5 is 500. Whoever looks
 * after a run holds what can be asked of any sandbox; the rest a sandbox is made with. A request can tighten, only the
 * operator's configuration can allow more. */
#define SP_RUN_LIMITS(X)                                                                                               \
    X(wall_ms, "wall_ms", 30000ull, 240000ull, 1, SP_LIMIT_BY_RUN)                                                     \
    X(cpu_ms, "cpu_ms", 30000ull, 240000ull, 1, SP_LIMIT_BY_SANDBOX)                                                   \
    X(memory_bytes, "memory_bytes", 256ull << 20, 2048ull << 20, 1, SP_LIMIT_BY_SANDBOX)                               \
    X(cpu_milli, "cpus", 1000ull, 8000ull, 1000, SP_LIMIT_BY_SANDBOX)                                                  \
    X(pids, "pids", 64ull, 512ull, 1, SP_LIMIT_BY_SANDBOX)                                                             \
    X(file_bytes, "file_bytes", 64ull << 20, 512ull << 20, 1, SP_LIMIT_BY_SANDBOX)                                     \
    X(disk_bytes, "disk_bytes", 64ull << 20, 512ull << 20, 1, SP_LIMIT_BY_SANDBOX)                                     \
    X(output_bytes, "output_bytes", 1ull << 20, 8ull << 20, 1, SP_LIMIT_BY_RUN)                                        \
    X(open_files, "open_files", 256ull, 2048ull, 1, SP_LIMIT_BY_SANDBOX)

enum sp_limit_holder { SP_LIMIT_BY_RUN, SP_LIMIT_BY_SANDBOX };

enum sp_limit {
#define X(field, name, standard, ceiling, unit, holder) SP_LIMIT_##field,
    SP_RUN_LIMITS(X)
#undef X
        SP_LIMIT_COUNT
};

struct sp_limit_row {
    const char *name; /* on the wire */
    uint64_t standard, ceiling;
    uint32_t unit;
};
/* limits.c; one an sp_limit. */
extern const struct sp_limit_row sp_limit_rows[SP_LIMIT_COUNT];

/* Below these no interpreter starts, whatever holds the limit. */
#define SP_MEMORY_BYTES_MIN (4u << 20)
#define SP_CPU_MILLI_MIN    10

struct sp_limits {
#define X(field, name, standard, ceiling, unit, holder) uint64_t field;
    SP_RUN_LIMITS(X)
#undef X
};

#define SP_RUN_INODES 4096

static inline struct sp_limits sp_limits_default(void)
{
    return (struct sp_limits){
#define X(field, name, standard, ceiling, unit, holder) .field = (standard),
        SP_RUN_LIMITS(X)
#undef X
    };
}

static inline bool sp_limits_equal(const struct sp_limits *a, const struct sp_limits *b)
{
#define X(field, name, standard, ceiling, unit, holder) &&a->field == b->field
    return true SP_RUN_LIMITS(X);
#undef X
}

static inline struct sp_limits sp_limits_ceiling(void)
{
    return (struct sp_limits){
#define X(field, name, standard, ceiling, unit, holder) .field = (ceiling),
        SP_RUN_LIMITS(X)
#undef X
    };
}

#endif
