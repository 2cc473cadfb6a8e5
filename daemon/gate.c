/* The gate's two doors: the verdict, on a worker, and the hand-over, on the loop; owner: the job. What a sandbox gets is built
 * once, in gate_check.c, from the request's own bytes; nothing is copied or read again afterwards, so what was judged and what
 * runs cannot differ. */
#include "daemon/gate.h"

#include "daemon/audit.h"
#include "daemon/verdict_fit.h"
#include "proto/pack.h"
#include "proto/scope.h"

#define PAIR_BYTES_MAX (SP_FILE_PATH_MAX + 16) /* what a verdict here has besides a scan's: path, or files */

/* ---- the verdict ---- */

/* One source: scanned, told in the audit, and packed into bytes_max; the code's own verdict comes last and says safe only where
 * all are. */
static int judge_source(struct sp_gate *gate, size_t index, const struct sp_program *program, size_t bytes_max,
    struct sp_scanner *scanner, struct sp_arena *arena, const struct sp_buffer *files, bool *safe,
    struct sp_error *error)
{
    const struct sp_gate_source *source = &gate->sources[index];
    struct sp_scan_options options = {
        .program = program,
        .program_file = index,
        .language = source->language,
        .policies = (const struct sp_policy *const *)gate->policies.policies,
        .n_policies = gate->policies.n_policies,
        .violations_max = gate->violations_max,
        .strict_encoding = true,
    };
    struct sp_verdict verdict;
    int r = sp_scan(scanner, &options, source->bytes, arena, &verdict, error);
    if (r < 0)
        return r;
    const struct sp_audit_event event = {
        .kind = SP_AUDIT_VERDICT,
        .uid = gate->uid,
        .gid = gate->gid,
        .pid = gate->pid,
        .method = "run",
        .path = source->path,
        .run = gate->run,
        .verdict = &verdict,
    };
    r = sp_audit_line(&event, &gate->audit, error);
    if (r < 0)
        return r;
    *safe = *safe && verdict.safe;
    if (source->path.ptr) {
        r = sp_verdict_fit_pack(&verdict, 1, bytes_max, arena, &gate->verdict);
        sp_pack_key(&gate->verdict, "path");
        sp_pack_text(&gate->verdict, source->path);
        return r;
    }
    verdict.safe = *safe;
    r = sp_verdict_fit_pack(&verdict, files->n_bytes ? 1 : 0, bytes_max, arena, &gate->verdict);
    if (files->n_bytes) {
        sp_pack_key(&gate->verdict, "files");
        sp_pack_array(&gate->verdict, gate->n_sources - 1);
        sp_pack_raw(&gate->verdict, files->bytes, files->n_bytes);
    }
    return r;
}

SP_CLEANUP_DEFINE(struct sp_program *, sp_program_free)

/* What the sources are to each other: one takes from another what neither shows alone. */
static int make_program(
    const struct sp_gate *gate, struct sp_arena *arena, struct sp_program **ret_program, struct sp_error *error)
{
    struct sp_program_file *files = sp_arena_array(arena, gate->n_sources, sizeof(*files));
    if (!files)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    for (size_t i = 0; i < gate->n_sources; i++)
        files[i] = (struct sp_program_file){
            .path = gate->sources[i].path, .code = gate->sources[i].bytes, .language = gate->sources[i].language};
    return sp_program_new(files, gate->n_sources, ret_program, error);
}

int sp_gate_judge(struct sp_gate *gate, struct sp_scanner *scanner, struct sp_error *error)
{
    if (gate->step != SP_GATE_CHECKED)
        return sp_error_set(error, SP_EINTERNAL, "judged before it was checked");
    if (gate->policies.n_policies == 0)
        return sp_error_set(error, SP_EINTERNAL, "there is no policy to judge by");
    sp_cleanup(sp_buffer_fini) struct sp_buffer files;
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    sp_arena_init(&arena, SP_GATE_SCAN_BYTES);
    sp_buffer_init(&files, gate->verdict_bytes_max);
    sp_buffer_init(&gate->verdict, gate->verdict_bytes_max);
    sp_buffer_init(&gate->audit, SP_GATE_AUDIT_BYTES);
    bool safe = true;
    sp_cleanup(sp_program_free_scope) struct sp_program *program = NULL;
    int r = gate->n_sources > 1 ? make_program(gate, &arena, &program, error) : 0;
    for (size_t n = 1; n <= gate->n_sources && r == 0; n++) {
        size_t i = n % gate->n_sources;
        const struct sp_gate_source *source = &gate->sources[i];
        if (i == 0) {
            /* The files' verdicts become a part of the code's. */
            struct sp_buffer swap = files;
            files = gate->verdict;
            gate->verdict = swap;
        }
        /* Each may take an equal part of what those before it have left. */
        size_t left = gate->verdict_bytes_max - gate->verdict.n_bytes - files.n_bytes;
        size_t share = left / (gate->n_sources - n + 1);
        r = judge_source(gate, i, program, share > PAIR_BYTES_MAX ? share - PAIR_BYTES_MAX : 0, scanner, &arena, &files,
            &safe, error);
        if (r < 0 && i > 0) {
            sp_gate_name_file(source->path, error);
            sp_error_prefix(error, "files[%zu]", source->file);
        }
        sp_arena_reset(&arena);
    }
    if (r == 0 && gate->verdict.failed)
        r = sp_error_set(error, gate->verdict.failed, "the verdict is larger than can be told");
    if (r == 0)
        gate->step = safe ? SP_GATE_PASSED : SP_GATE_REFUSED;
    return r;
}

/* ---- the hand-over ---- */

static bool was_judged(const struct sp_gate *gate, struct sp_str bytes)
{
    for (size_t i = 0; i < gate->n_sources; i++)
        if (gate->sources[i].bytes.ptr == bytes.ptr && gate->sources[i].bytes.n_bytes == bytes.n_bytes)
            return true;
    return false;
}

/* Everything that lies where an interpreter loads from is what was judged: the same bytes, not equal ones. */
static bool is_what_was_judged(const struct sp_gate *gate)
{
    size_t n_unread = 0;
    for (size_t i = 0; i < gate->spec.n_files; i++)
        n_unread += gate->spec.files[i].place == SP_FILE_PLACE_CODE && !was_judged(gate, gate->spec.files[i].data);
    return was_judged(gate, gate->spec.code) && n_unread <= gate->n_binary;
}

int sp_gate_hand_over(struct sp_gate *gate, struct sp_audit *audit, struct sp_runtimes *runtimes, struct sp_run *run,
    struct sp_error *error)
{
    if (gate->step != SP_GATE_PASSED || !is_what_was_judged(gate))
        return sp_error_set(error, SP_EINTERNAL, "what was not judged does not run");
    if (!audit)
        return sp_error_set(error, SP_EINTERNAL, "there is no audit log, and nothing runs without one");
    int r = sp_audit_commit(audit, (struct sp_str){(const char *)gate->audit.bytes, gate->audit.n_bytes}, error);
    if (r < 0)
        return r;
    gate->step = SP_GATE_HANDED_OVER;
    return sp_run_start(runtimes, run, &gate->spec, error);
}

void sp_gate_fini(struct sp_gate *gate)
{
    sp_policy_set_fini(&gate->policies);
    sp_buffer_fini(&gate->verdict);
    sp_buffer_fini(&gate->audit);
}
