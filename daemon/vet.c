/* Scans that run nothing. sp_vet_source runs on a worker, the rest on the loop. A request's work is one allocation that
 * lives from the handler to the reply. */
#include "daemon/vet.h"

#include <stdlib.h>

#include "daemon/audit.h"
#include "daemon/config.h"
#include "daemon/gate.h"
#include "daemon/server.h"
#include "proto/scope.h"

#define LINES_BYTES_MAX (64u << 10) /* of one source */

/* ---- on a worker ---- */

static int scan_source(const struct sp_vet_context *context, const struct sp_vet_source *source,
    struct sp_scanner *scanner, struct sp_arena *arena, struct sp_buffer *reply, struct sp_buffer *lines,
    struct sp_error *error)
{
    if (context->policies.n_policies == 0)
        return sp_error_set(error, SP_EINTERNAL, "there is no policy to judge by");
    const struct sp_scan_options options = {
        .language = source->language,
        .policies = (const struct sp_policy *const *)context->policies.policies,
        .n_policies = context->policies.n_policies,
        .violations_max = context->violations_max,
    };
    if (context->explain)
        return sp_explain(scanner, &options, source->code, arena, reply, error);
    struct sp_verdict verdict;
    int r = sp_scan(scanner, &options, source->code, arena, &verdict, error);
    if (r < 0)
        return r;
    const struct sp_audit_event event = {
        .kind = SP_AUDIT_SCAN,
        .uid = context->uid,
        .gid = context->gid,
        .pid = context->pid,
        .method = context->method,
        .path = source->path,
        .verdict = &verdict,
    };
    r = sp_audit_line(&event, lines, error);
    return r < 0 ? r : sp_verdict_pack(&verdict, 0, reply);
}

int sp_vet_source(const struct sp_vet_context *context, const struct sp_vet_source *source, struct sp_scanner *scanner,
    struct sp_arena *arena, struct sp_buffer *reply, struct sp_buffer *lines, struct sp_error *error)
{
    size_t reply_bytes = reply->n_bytes, lines_bytes = lines->n_bytes;
    int r = 0;
    if (source->code.n_bytes > context->code_bytes_max)
        r = sp_error_set(error, SP_ETOO_LARGE, "the code has %zu bytes, more than %zu", source->code.n_bytes,
            context->code_bytes_max);
    if (r == 0)
        r = scan_source(context, source, scanner, arena, reply, lines, error);
    if (r == 0 && reply->failed)
        r = reply->failed;
    if (r < 0) {
        sp_error_set(error, r, NULL);
        reply->n_bytes = reply_bytes;
        reply->failed = 0;
        lines->n_bytes = lines_bytes;
    }
    return r;
}

/* ---- on the loop ---- */

void sp_vet_context_init(struct sp_vet_context *context, const struct sp_request *request, size_t violations_max)
{
    const struct sp_config *config = request->server->config;
    *context = (struct sp_vet_context){
        .violations_max = violations_max,
        .reply_bytes_max = request->frame_bytes,
        .code_bytes_max = config->code_bytes,
        .uid = request->identity.uid,
        .gid = request->identity.gid,
        .pid = request->identity.pid,
        .method = sp_methods[request->method].name,
    };
}

void sp_vet_context_fini(struct sp_vet_context *context)
{
    sp_policy_set_fini(&context->policies);
}

void sp_vet_audit(struct sp_server *server, const struct sp_buffer *lines)
{
    if (server->audit && lines->n_bytes)
        sp_audit_add(server->audit, (struct sp_str){(const char *)lines->bytes, lines->n_bytes}, NULL);
}

/* One request's scan. */
struct vet {
    struct sp_request *request;
    struct sp_vet_context context;
    struct sp_vet_source source;
    struct sp_policy_resolve_request resolve;
    struct sp_task task;
    bool on_worker;
    struct sp_error error;
    struct sp_buffer reply, lines;
};

static void free_vet(struct vet *vet)
{
    sp_vet_context_fini(&vet->context);
    sp_buffer_fini(&vet->reply);
    sp_buffer_fini(&vet->lines);
    free(vet);
}

/* Answers, and ends both. */
static void finish(struct vet *vet)
{
    struct sp_request *request = vet->request;
    request->cancel = NULL;
    if (vet->error.code) {
        sp_request_fail(request, &vet->error);
    } else {
        sp_vet_audit(request->server, &vet->lines);
        sp_request_reply(request, &vet->reply);
    }
    free_vet(vet);
}

static void scan_work(struct sp_task *task, struct sp_scanner *scanner)
{
    struct vet *vet = SP_CONTAINER(task, struct vet, task);
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    sp_arena_init(&arena, SP_GATE_SCAN_BYTES);
    sp_buffer_init(&vet->reply, vet->context.reply_bytes_max);
    sp_buffer_init(&vet->lines, LINES_BYTES_MAX);
    sp_vet_source(&vet->context, &vet->source, scanner, &arena, &vet->reply, &vet->lines, &vet->error);
}

static void scan_done(struct sp_task *task, bool cancelled)
{
    struct vet *vet = SP_CONTAINER(task, struct vet, task);
    if (cancelled)
        sp_error_set(&vet->error, SP_ECANCELLED, NULL);
    finish(vet);
}

static int submit(struct vet *vet, struct sp_error *error)
{
    vet->context.policies = vet->resolve.set;
    vet->task = (struct sp_task){
        .uid = vet->context.uid, .weight_bytes = vet->source.code.n_bytes, .work = scan_work, .done = scan_done};
    vet->on_worker = true;
    return sp_workers_submit(vet->request->server->workers, &vet->task, error);
}

static void on_resolved(struct sp_policy_resolve_request *resolve, const struct sp_error *error)
{
    struct vet *vet = resolve->data;
    if (error)
        vet->error = *error;
    if (error || submit(vet, &vet->error) < 0)
        finish(vet);
}

static void cancel(struct sp_request *request)
{
    struct vet *vet = request->work;
    if (vet->on_worker)
        sp_workers_cancel(request->server->workers, &vet->task);
    else
        sp_policy_store_cancel(&vet->resolve);
}

int sp_vet_start(struct sp_request *request, const struct sp_vet_source *source, const msgpack_object *policy,
    size_t violations_max, bool explain, struct sp_error *error)
{
    int r = sp_gate_check_code(request->server->config, source->code, error);
    if (r < 0) {
        sp_error_prefix(error, "code");
        return r;
    }
    struct vet *vet = calloc(1, sizeof(*vet));
    if (!vet)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    vet->request = request;
    vet->source = *source;
    sp_vet_context_init(&vet->context, request, violations_max);
    vet->context.explain = explain;
    vet->resolve = (struct sp_policy_resolve_request){.data = vet, .done = on_resolved};
    r = sp_policy_store_resolve(request->server->policies, vet->context.uid, policy, &vet->resolve, error);
    if (r == SP_POLICY_RESOLVED)
        r = submit(vet, error);
    if (r < 0) {
        free_vet(vet);
        return r;
    }
    request->work = vet;
    request->cancel = cancel;
    return 0;
}
