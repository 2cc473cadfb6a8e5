#ifndef SP_RUNTIMES_HANDOVER_H
#define SP_RUNTIMES_HANDOVER_H

/* The two messages to a runner, as frames in one piece of memory: what to start, and the run itself. Pure. The bytes are
 * the caller's to free. */

#include <stdint.h>

#include "proto/error.h"
#include "proto/limits.h"
#include "runtimes/runtime.h"
#include "runtimes/toolchain.h"

/* LIMITS and SPAWN: starts the language's interpreter, which waits for the hand-over. spec: of the
 * one run that it is started for, or NULL. SP_ENO_MEMORY, SP_ETOO_LARGE, SP_EINVALID_REQUEST. */
int sp_handover_pack_spawn(const struct sp_toolchain_use *use, const struct sp_sandbox_spec *spec, struct sp_str filter,
    const struct sp_limits *limits, uint32_t limit_flags, uint8_t **ret_bytes, size_t *ret_n_bytes,
    struct sp_error *error);

/* FILEs for /work, LIMITS where they differ from those that it was spawned with, HANDOVER, GO, STDIN, STDIN_END.
 * SP_ENO_MEMORY, SP_ETOO_LARGE. */
int sp_handover_pack_run(const struct sp_sandbox_spec *spec, const struct sp_limits *made, uint32_t limit_flags,
    uint8_t **ret_bytes, size_t *ret_n_bytes, struct sp_error *error);

#endif
