#ifndef SP_RUNTIMES_ADAPTER_H
#define SP_RUNTIMES_ADAPTER_H

/* What a runtime implements: a row of functions, asynchronous, on the loop's thread. An adapter makes sandboxes with a
 * runner in them, carries the runner's stream, changes limits, fills /code, kills, and says when nothing is left. What a
 * run is, how it ends, pools, bounds: all that is the same for every adapter and lies above (run.c, pool.c, set.c). */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/error.h"
#include "proto/limits.h"
#include "runtimes/runner_frame.h"
#include "runtimes/runtime.h"

struct sp_adapter; /* the adapter's own */
struct sp_sandbox;

/* What a sandbox is made for. Pools are found by all of it but the limits, which can be lowered (sp_pool_serves). */
struct sp_sandbox_key {
    int language;
    struct sp_limits limits;
    /* The run whose environment the interpreter must be started with; NULL: it is started for no run in particular. Valid
     * until the sandbox has ended. */
    const struct sp_sandbox_spec *starts_as;
};

/* What is known of it when nothing of it is left; 0 where not known. */
struct sp_sandbox_end {
    uint64_t oom_kills, cpu_us, max_rss_bytes;
    const char *complaint; /* what the engine said when it failed to make it; never NULL; valid during the call */
};

/* Told to whom the sandbox belongs at that moment, from the loop, never from within a function of the row. */
struct sp_sandbox_events {
    /* A frame of the runner; context is the sandbox. Not the frame after EXIT or FAIL. */
    sp_runner_event_cb *frame;
    /* The runner broke the rules of its stream. kill is up to the owner. */
    void (*broken)(struct sp_sandbox *sandbox);
    /* load has ended, with 0 or SP_E… */
    void (*loaded)(struct sp_sandbox *sandbox, int status);
    /* Exactly once: no process of it is left and all frames were told. What is left to do is release. */
    void (*ended)(struct sp_sandbox *sandbox, const struct sp_sandbox_end *end);
};

/* The part that is the same in every adapter, at the head of its own struct. The owner sets events and owner. */
struct sp_sandbox {
    struct sp_adapter *adapter;
    const struct sp_sandbox_events *events;
    void *owner;
    struct sp_sandbox_key key;
    struct sp_runner_reader reader;
    uint64_t made_ms;                   /* uv_now when it was asked for */
    struct sp_sandbox *previous, *next; /* in the owner's list */
};

/* How limits that are wanted relate to those a sandbox was made with. */
enum sp_fit {
    SP_FIT_AS_IS, /* the runner does the rest */
    SP_FIT_LOWER, /* load lowers them */
    SP_FIT_COLD   /* can only be had from the start */
};

/* load: nothing to wait for, there will be no event. */
#define SP_ADAPTER_DONE 1

struct sp_adapter_config {
    struct sp_runtimes_config *runtimes; /* valid as long as the adapter; a descriptor that is taken becomes -1 */
    void (*room)(void *context);         /* prepare may succeed again after SP_EBUSY */
    void *context;
};

struct sp_runtime_ops {
    const char *name;

    /* Finds out what the machine can do, by making one sandbox and ending it; may block for some seconds, before the loop
     * runs. Also succeeds where the runtime is not available: describe says why. SP_ENO_MEMORY, SP_EINTERNAL. */
    int (*open)(const struct sp_adapter_config *config, struct sp_adapter **ret_adapter, struct sp_error *error);
    /* All sandboxes were released before. closed comes once; where nothing has to be waited for, at once. */
    void (*close)(struct sp_adapter *adapter, void (*closed)(void *context), void *context);
    /* May change while it runs: available may become false. Memory is the adapter's. */
    void (*describe)(const struct sp_adapter *adapter, struct sp_runtime_info *ret_info);

    /* Begins to make a sandbox, with its runner told to start the language's interpreter. READY or ended follow; until
     * ended it is the caller's to kill, then to release. The key is copied.
     * SP_EBUSY: not now, room will be called. SP_ERUNTIME_UNAVAILABLE, SP_EUNSUPPORTED_LANGUAGE, SP_ENO_MEMORY;
     * of the key's starts_as: SP_EINVALID_REQUEST, SP_ETOO_LARGE. */
    int (*prepare)(struct sp_adapter *adapter, const struct sp_sandbox_key *key, struct sp_sandbox **ret_sandbox,
        struct sp_error *error);
    enum sp_fit (*fit)(const struct sp_adapter *adapter, const struct sp_limits *made, const struct sp_limits *wanted);
    /* Lowers limits and puts the code and the judged files into /code. SP_ADAPTER_DONE, or 0 and loaded follows (not where
     * ended comes first), or an error: SP_EINVALID_REQUEST (two files at one path), SP_ERUNTIME_UNAVAILABLE, SP_EINTERNAL,
     * SP_ENO_MEMORY. The spec lasts until ended. */
    int (*load)(struct sp_sandbox *sandbox, const struct sp_sandbox_spec *spec, struct sp_error *error);
    /* Flags for the runner's LIMITS frame. */
    uint32_t (*limit_flags)(const struct sp_adapter *adapter);
    /* Processor time of all that ran in it so far, which grows no faster than its limit of processors lets it. False: that
     * is not counted here. */
    bool (*cpu_us)(struct sp_sandbox *sandbox, uint64_t *ret_cpu_us);
    /* Frames to the runner; bytes were malloc'd and are taken, also on failure. A peer that is gone is no failure.
     * SP_ENO_MEMORY. */
    int (*write)(struct sp_sandbox *sandbox, uint8_t *bytes, size_t n_bytes);
    /* Stops and resumes reading of the stream. Reading resumes by itself once the sandbox is killed or ends. */
    void (*read)(struct sp_sandbox *sandbox, bool on);
    /* Kills everything in it; ended follows. Idempotent. */
    void (*kill)(struct sp_sandbox *sandbox);
    /* After ended. The pointer is dead. */
    void (*release)(struct sp_sandbox *sandbox);
};

extern const struct sp_runtime_ops sp_bubblewrap_ops;

#endif
