#ifndef SP_RUNTIMES_BUBBLEWRAP_H
#define SP_RUNTIMES_BUBBLEWRAP_H

/* The adapter of the embedded runtime, as its own files see it. */

#include "proto/language.h"
#include "runtimes/adapter.h"
#include "runtimes/handover.h"
#include "runtimes/spawner_link.h"

struct sp_bubblewrap_sandbox {
    struct sp_sandbox sandbox; /* first */
    struct sp_bubblewrap *adapter;
    uint64_t id;
    uv_pipe_t stream;          /* the runner's */
    uv_poll_t init;            /* pidfd of PID 1 */
    bool has_stream, has_init; /* handles in the loop */
    int init_fd, oom_fd, cpu_fd, errors_fd, code_fd;
    unsigned handles; /* open */
    bool reads, wants_read;
    bool stream_ended;  /* EOF: or EXIT, behind which nothing counts */
    bool init_gone;     /* the pidfd says so */
    bool spawner_ended; /* ENDED came, or will never come */
    bool killed, told, released;
    bool loading; /* waits for LOWERED */
    uint32_t exit_signal;
    struct sp_spawner_event end;
    struct sp_bubblewrap_sandbox *next, **link; /* of all that the adapter knows */
};

/* The adapter. */
struct sp_bubblewrap {
    struct sp_adapter_config config;
    struct sp_spawner_link link;
    struct sp_spawner_hello hello;
    uint32_t limit_flags; /* of the runner's LIMITS */
    uint8_t *filter;      /* the program's */
    size_t n_filter_bytes;
    struct sp_toolchain_use uses[SP_LANGUAGE_COUNT]; /* row NULL: cannot be run */
    int codes;                                       /* the instance's folder of /code directories */
    bool available;
    char reason[300];
    uint64_t next_id;
    uint32_t n_unended, n_unended_max; /* starts whose ENDED has not come */
    bool wants_room;
    struct sp_bubblewrap_sandbox *sandboxes;
    struct sp_runtime_limit_info limits[SP_LIMIT_COUNT];
    size_t n_limits;
    int languages[SP_LANGUAGE_COUNT];
    const char *dialects[SP_LANGUAGE_COUNT]; /* one of each of these */
    size_t n_languages;
    uv_timer_t mourning; /* for a second after the spawner has ended: looks for what it left */
    unsigned n_looks;
    unsigned open_parts; /* the link, the timer: not yet closed */
    void (*closed)(void *context);
    void *closed_context;
    uint8_t read_bytes[64 << 10];
};

/* bubblewrap_probe.c: makes one sandbox for each language that there is a toolchain for, and ends it; blocks. Sets
 * available, reason, languages. */
void sp_bubblewrap_probe(struct sp_bubblewrap *adapter);
/* bubblewrap_probe.c: what limits are in force, by what. */
void sp_bubblewrap_describe_limits(struct sp_bubblewrap *adapter);

/* Makes the /code directory of a sandbox and the request to start it; ret_ours is our end of its stream. */
int sp_bubblewrap_begin(struct sp_bubblewrap *adapter, const struct sp_limits *limits, uint64_t *ret_id, int *ret_ours,
    int *ret_errors, int *ret_code, struct sp_error *error);
/* What bubblewrap or its child complained of, as one line; "" for nothing. */
void sp_bubblewrap_complaint(int errors_fd, char *text, size_t size);

/* Frees a closed adapter once its last sandbox is gone, and says so. */
void sp_bubblewrap_free_if_closed(struct sp_bubblewrap *adapter);

/* ---- bubblewrap_box.c: one sandbox; all on the loop ---- */

/* Puts a box, whose id, adapter and descriptors are set, among the adapter's and reads its stream, which it takes. From here
 * on it is freed by itself, once it was told to end and is released. */
void sp_bubblewrap_box_open(struct sp_bubblewrap_sandbox *box, int stream_fd);
/* As the row's functions of these names (adapter.h). */
void sp_bubblewrap_box_read(struct sp_bubblewrap_sandbox *box, bool on);
int sp_bubblewrap_box_write(struct sp_bubblewrap_sandbox *box, uint8_t *bytes, size_t n_bytes);
void sp_bubblewrap_box_kill(struct sp_bubblewrap_sandbox *box);
void sp_bubblewrap_box_release(struct sp_bubblewrap_sandbox *box);
/* What the spawner says of it; may call its events. started: true where it takes the descriptors, in the order of the wire (-1: none). lost: the
 * spawner is gone, and will never say ended. */
bool sp_bubblewrap_box_started(struct sp_bubblewrap_sandbox *box, const int fds[SP_SPAWNER_FDS_MAX]);
void sp_bubblewrap_box_lowered(struct sp_bubblewrap_sandbox *box, int status);
void sp_bubblewrap_box_ended(struct sp_bubblewrap_sandbox *box, const struct sp_spawner_event *end);
void sp_bubblewrap_box_lost(struct sp_bubblewrap_sandbox *box);
/* A lost one that never became ready, and whose stream will not end any more: nothing is waited for. */
void sp_bubblewrap_box_give_up(struct sp_bubblewrap_sandbox *box);

#endif
