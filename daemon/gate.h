#ifndef SP_DAEMON_GATE_H
#define SP_DAEMON_GATE_H

/* The gate: what stands between a request and a sandbox. Three steps, in this order and no other: check what is asked for
 * (loop), judge every byte that an interpreter could load (worker), hand over those very bytes (loop). The hand-over is the
 * only caller of sp_run_start. It takes bytes, never paths. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/request.h"
#include "proto/arena.h"
#include "proto/params.h"
#include "runtimes/runtime.h"
#include "scanner/scanner.h"

struct sp_config;
struct sp_server;

/* A source that has to be judged: the code (index 0) or a helper file. */
struct sp_gate_source {
    struct sp_str path; /* absent: the code itself */
    struct sp_str bytes;
    struct sp_str language; /* as the request has it, or by the file's suffix or shebang */
    struct sp_verdict verdict;
};

enum sp_gate_step { SP_GATE_NEW, SP_GATE_CHECKED, SP_GATE_PASSED, SP_GATE_REFUSED, SP_GATE_HANDED_OVER };

/* One request at the gate. All memory is arena's or what params point at: both outlive the run. */
struct sp_gate {
    enum sp_gate_step step;
    struct sp_arena *arena;
    struct sp_sandbox_spec spec;
    struct sp_gate_source *sources;
    size_t n_sources;
    size_t size_bytes; /* of all sources */
    size_t violations_max;
    const struct sp_policy *const *policies; /* set by check's caller before judge */
    size_t n_policies;
    uint8_t digest[32]; /* over all that was judged, taken by judge, proven by hand_over */
};

/* Checks all that can be refused without a look at the code, and makes the sandbox's specification; errors name what is
 * wrong by its path ("files[2].path", "limits.wall_ms", "env.LD_PRELOAD"). SP_EINVALID_REQUEST, SP_ETOO_LARGE,
 * SP_EUNSUPPORTED_LANGUAGE, SP_EDENIED (a runtime or a ceiling that the caller's rules forbid), SP_ENO_MEMORY. */
int sp_gate_check(struct sp_gate *gate, const struct sp_config *config, const struct sp_identity *identity,
    const struct sp_params_run *params, struct sp_arena *arena, struct sp_error *error);

/* Judges the code and every file that was found to be source. On a worker. 0: gate->step says PASSED or REFUSED.
 * Errors as sp_scan, path "files[i]" where a helper file is the cause. */
int sp_gate_judge(struct sp_gate *gate, struct sp_scanner *scanner, struct sp_error *error);

/* Hands over what passed. SP_EINTERNAL for what did not pass, or is not any more what was judged; else as sp_run_start. */
int sp_gate_hand_over(struct sp_gate *gate, struct sp_runtimes *runtimes, struct sp_run *run, struct sp_error *error);

/* The verdict as a map: the code's, with `safe` only where every file is safe too, and `files: [{path, …verdict}]` where
 * helper files were judged. */
int sp_gate_pack_verdict(const struct sp_gate *gate, struct sp_buffer *buffer);

/* Bounds that a scan of any kind has: the size of the code by the configuration. */
int sp_gate_check_code(const struct sp_config *config, struct sp_str code, struct sp_error *error);

#endif
