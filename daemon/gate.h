#ifndef SP_DAEMON_GATE_H
#define SP_DAEMON_GATE_H

/* The gate: what stands between a request and a sandbox. Three steps, in this order and no other: check what is asked for
 * (loop), judge every byte that an interpreter could load (worker), hand over those very bytes (loop). The hand-over is the
 * only caller of sp_run_start. It takes bytes, never paths. */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/policy_store.h"
#include "daemon/random_id.h"
#include "daemon/request.h"
#include "proto/arena.h"
#include "proto/params.h"
#include "runtimes/runtime.h"
#include "scanner/scanner.h"

struct sp_audit;

/* Memory of one scan, and of a run's whole verdict as it is told; less where half a frame is less, since the other half is
 * the output's. */
#define SP_GATE_SCAN_BYTES    (512u << 20)
#define SP_GATE_VERDICT_BYTES (4u << 20)
#define SP_GATE_ANSWER_BYTES  (4u << 10) /* what a run's answer has besides verdict, output and artifacts */
#define SP_GATE_AUDIT_BYTES   (1u << 20)

/* A source that has to be judged: the code (index 0) or a helper file. */
struct sp_gate_source {
    struct sp_str path; /* absent: the code itself */
    size_t file;        /* index into the request's files */
    struct sp_str bytes;
    struct sp_str language; /* as the request has it, or by the file's suffix or shebang */
};

enum sp_gate_step { SP_GATE_NEW, SP_GATE_CHECKED, SP_GATE_PASSED, SP_GATE_REFUSED, SP_GATE_HANDED_OVER };

/* One request at the gate; zeroed before check. What it points at is the arena's, or the request's: both outlive the run. */
struct sp_gate {
    enum sp_gate_step step;
    struct sp_sandbox_spec spec;
    struct sp_gate_source *sources;
    size_t n_sources;
    size_t source_bytes; /* of all */
    size_t n_binary;     /* files that the operator lets pass unread */
    size_t violations_max;
    size_t verdict_bytes_max;      /* so that the answer fits into a frame whatever the program writes */
    struct sp_policy_set policies; /* set between check and judge; the gate's */
    /* Who and what, for the audit. */
    uint32_t uid, gid;
    int32_t pid;
    char run[SP_RANDOM_ID_SIZE]; /* the run's id */
    /* What judge leaves. */
    struct sp_buffer verdict; /* a packed map */
    struct sp_buffer audit;   /* lines */
};

/* Checks all that can be refused without a look at the code, and makes the sandbox's specification; errors name what is
 * wrong by its path ("files[2].path", "limits.wall_ms", "env.LD_PRELOAD"). runtimes NULL: any name of a runtime is taken.
 * SP_EINVALID_REQUEST, SP_ETOO_LARGE, SP_EUNSUPPORTED_LANGUAGE (or a dialect that does not run here), SP_EDENIED (a runtime
 * that the caller's rules forbid), SP_ERUNTIME_UNAVAILABLE, SP_ENO_MEMORY. */
int sp_gate_check(struct sp_gate *gate, const struct sp_config *config, const struct sp_runtimes *runtimes,
    const struct sp_identity *identity, const struct sp_params_run *params, struct sp_arena *arena,
    struct sp_error *error);

/* Judges the code and every file that was found to be source, and makes verdict and audit lines. On a worker. 0: step says
 * PASSED or REFUSED. Findings that have no room in the answer are left out, and the verdict says so. Errors as sp_scan (path
 * "files[i]" where a helper file is the cause), SP_ETOO_LARGE (a verdict without findings that still has no room). */
int sp_gate_judge(struct sp_gate *gate, struct sp_scanner *scanner, struct sp_error *error);

/* Writes the verdict's audit lines, and then hands over what passed. SP_EINTERNAL for what did not pass, or is not what was
 * judged, or where the lines can't be written (audit NULL: there is nowhere to write them); else as sp_run_start. */
int sp_gate_hand_over(struct sp_gate *gate, struct sp_audit *audit, struct sp_runtimes *runtimes, struct sp_run *run,
    struct sp_error *error);

void sp_gate_fini(struct sp_gate *gate);

/* What every source must be that is scanned, run or not: within the configuration's code_bytes. SP_ETOO_LARGE, without a
 * path. */
int sp_gate_check_code(const struct sp_config *config, struct sp_str code, struct sp_error *error);

/* Puts the file's path in front of the error's text: a caller of many files does not count them. */
void sp_gate_name_file(struct sp_str path, struct sp_error *error);

#endif
