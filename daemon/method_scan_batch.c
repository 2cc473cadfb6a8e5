/* scan_batch: many sources, an answer each, in their order. Loop thread but for chunk_work. The sources are cut into chunks
 * by weight, a few of which are with the workers at any time: a batch fills the pool and never its queue, so that others
 * get their turn. What the answers take together is bounded by the frame: a verdict that does not fit any more is answered
 * by an error in its place. */
#include <stdlib.h>

#include "daemon/config.h"
#include "daemon/gate.h"
#include "daemon/server.h"
#include "daemon/vet.h"
#include "proto/pack.h"
#include "proto/scope.h"

#define CHUNK_BYTES       (64u << 10)
#define CHUNK_SOURCES_MAX 64
#define ERROR_BYTES       512 /* an error's answer at most */
#define HEAD_BYTES        64  /* of the reply's frame */
#define LINES_BYTES_MAX   (CHUNK_SOURCES_MAX * (64u << 10))

struct batch;

struct chunk {
    struct batch *batch;
    struct sp_task task;
    size_t first, n_sources, n_bytes;
    struct sp_buffer reply, lines;
};

struct batch {
    struct sp_request *request;
    struct sp_vet_context context;
    struct sp_policy_resolve_request resolve;
    const struct sp_params_source *sources;
    size_t n_sources;
    struct chunk *chunks;
    size_t n_chunks, next_chunk, n_open, open_max;
    int64_t left_bytes; /* of the reply; workers take from it atomically */
    bool resolving;
    struct sp_error error; /* why it fails as a whole */
};

static void free_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->n_chunks; i++) {
        sp_buffer_fini(&batch->chunks[i].reply);
        sp_buffer_fini(&batch->chunks[i].lines);
    }
    free(batch->chunks);
    sp_vet_context_fini(&batch->context);
    free(batch);
}

/* ---- on a worker ---- */

static void pack_error(struct sp_buffer *reply, const struct sp_error *error)
{
    char text[ERROR_BYTES - 64];
    sp_pack_map(reply, 1);
    sp_pack_key(reply, "error");
    sp_pack_map(reply, 2);
    sp_pack_key(reply, "name");
    sp_pack_cstr(reply, sp_error_name(sp_error_wire(error->code)));
    sp_pack_key(reply, "message");
    sp_pack_text(reply, sp_str_of(sp_error_format(error, text, sizeof(text))));
}

static bool take_bytes(struct batch *batch, size_t n_bytes)
{
    int64_t left = __atomic_sub_fetch(&batch->left_bytes, (int64_t)n_bytes, __ATOMIC_RELAXED);
    if (left >= 0)
        return true;
    __atomic_add_fetch(&batch->left_bytes, (int64_t)n_bytes, __ATOMIC_RELAXED);
    return false;
}

static void answer_source(struct chunk *chunk, size_t i, struct sp_scanner *scanner, struct sp_arena *arena)
{
    const struct sp_params_source *params = &chunk->batch->sources[i];
    const struct sp_vet_source source = {.code = params->code, .language = params->language, .path = params->path};
    struct sp_error error = {0};
    size_t before = chunk->reply.n_bytes;
    int r = sp_vet_source(&chunk->batch->context, &source, scanner, arena, &chunk->reply, &chunk->lines, &error);
    if (r == 0 && !take_bytes(chunk->batch, chunk->reply.n_bytes - before)) {
        chunk->reply.n_bytes = before;
        r = sp_error_set(&error, SP_ETOO_LARGE, "the verdict does not fit into the reply: send smaller batches");
    }
    if (r < 0)
        pack_error(&chunk->reply, &error);
}

static void chunk_work(struct sp_task *task, struct sp_scanner *scanner)
{
    struct chunk *chunk = SP_CONTAINER(task, struct chunk, task);
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    sp_arena_init(&arena, SP_GATE_SCAN_BYTES);
    sp_buffer_init(&chunk->reply, chunk->batch->context.reply_bytes_max + (size_t)CHUNK_SOURCES_MAX * ERROR_BYTES);
    sp_buffer_init(&chunk->lines, LINES_BYTES_MAX);
    for (size_t i = 0; i < chunk->n_sources; i++) {
        answer_source(chunk, chunk->first + i, scanner, &arena);
        sp_arena_reset(&arena);
    }
}

/* ---- on the loop ---- */

static void finish(struct batch *batch)
{
    struct sp_request *request = batch->request;
    sp_cleanup(sp_buffer_fini) struct sp_buffer reply;
    sp_buffer_init(&reply, batch->context.reply_bytes_max);
    sp_pack_array(&reply, batch->n_sources);
    for (size_t i = 0; i < batch->n_chunks && !batch->error.code; i++)
        sp_pack_raw(&reply, batch->chunks[i].reply.bytes, batch->chunks[i].reply.n_bytes);
    if (reply.failed)
        sp_error_set(&batch->error, reply.failed, "the reply is larger than a frame");
    request->cancel = NULL;
    if (batch->error.code)
        sp_request_fail(request, &batch->error);
    else
        sp_request_reply(request, &reply);
    free_batch(batch);
}

static void chunk_done(struct sp_task *task, bool cancelled);

/* Keeps some chunks with the workers. A queue that is full is no failure while others of this batch are still to end. */
static void submit_more(struct batch *batch)
{
    while (batch->n_open < batch->open_max && batch->next_chunk < batch->n_chunks && !batch->error.code) {
        struct chunk *chunk = &batch->chunks[batch->next_chunk];
        struct sp_error error = {0};
        chunk->task = (struct sp_task){
            .uid = batch->context.uid, .weight_bytes = chunk->n_bytes, .work = chunk_work, .done = chunk_done};
        if (sp_workers_submit(batch->request->server->workers, &chunk->task, &error) < 0) {
            if (batch->n_open == 0 || error.code != SP_EBUSY)
                batch->error = error;
            return;
        }
        batch->next_chunk++;
        batch->n_open++;
    }
}

static bool is_over(const struct batch *batch)
{
    return batch->n_open == 0 && (batch->error.code || batch->next_chunk == batch->n_chunks);
}

static void chunk_done(struct sp_task *task, bool cancelled)
{
    struct chunk *chunk = SP_CONTAINER(task, struct chunk, task);
    struct batch *batch = chunk->batch;
    batch->n_open--;
    if (cancelled)
        sp_error_set(&batch->error, SP_ECANCELLED, NULL);
    else if (chunk->reply.failed)
        sp_error_set(&batch->error, chunk->reply.failed, NULL);
    sp_vet_audit(batch->request->server, &chunk->lines);
    sp_buffer_fini(&chunk->lines);
    submit_more(batch);
    if (is_over(batch))
        finish(batch);
}

static void start_chunks(struct batch *batch)
{
    struct sp_workers_stats stats;
    sp_workers_stats(batch->request->server->workers, &stats);
    batch->open_max = 2 * (size_t)stats.n_threads;
    batch->context.policies = batch->resolve.set;
    batch->resolving = false;
    submit_more(batch);
}

static void on_resolved(struct sp_policy_resolve_request *resolve, const struct sp_error *error)
{
    struct batch *batch = resolve->data;
    if (error)
        batch->error = *error;
    else
        start_chunks(batch);
    if (is_over(batch))
        finish(batch);
}

static void cancel(struct sp_request *request)
{
    struct batch *batch = request->work;
    if (batch->resolving) {
        sp_policy_store_cancel(&batch->resolve);
        return;
    }
    sp_error_set(&batch->error, SP_ECANCELLED, NULL);
    for (size_t i = 0; i < batch->next_chunk; i++)
        sp_workers_cancel(request->server->workers, &batch->chunks[i].task);
}

static int cut(struct batch *batch, struct sp_error *error)
{
    batch->chunks = calloc(batch->n_sources, sizeof(*batch->chunks));
    if (!batch->chunks)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; i < batch->n_sources; i++) {
        struct chunk *chunk = batch->n_chunks ? &batch->chunks[batch->n_chunks - 1] : NULL;
        if (!chunk || chunk->n_bytes >= CHUNK_BYTES || chunk->n_sources == CHUNK_SOURCES_MAX) {
            chunk = &batch->chunks[batch->n_chunks++];
            *chunk = (struct chunk){.batch = batch, .first = i};
        }
        chunk->n_sources++;
        chunk->n_bytes += batch->sources[i].code.n_bytes;
    }
    return 0;
}

static int check_size(const struct sp_config *config, const struct sp_params_scan_batch *params, struct sp_error *error)
{
    const struct sp_params_source *sources = params->sources.items;
    size_t n_bytes = 0;
    for (size_t i = 0; i < params->sources.n_items; i++)
        n_bytes += sources[i].code.n_bytes;
    if (n_bytes <= config->batch_bytes)
        return 0;
    return sp_error_set_at(error, SP_ETOO_LARGE, "sources", "have %zu bytes together, more than %llu", n_bytes,
        (unsigned long long)config->batch_bytes);
}

static int reply_empty(struct sp_request *request)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer reply;
    sp_buffer_init(&reply, HEAD_BYTES);
    sp_pack_array(&reply, 0);
    sp_request_reply(request, &reply);
    return 0;
}

int sp_method_scan_batch(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_scan_batch *params = request->params;
    int r = check_size(request->server->config, params, error);
    if (r < 0)
        return r;
    if (params->sources.n_items == 0)
        return reply_empty(request);
    struct batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    batch->request = request;
    batch->sources = params->sources.items;
    batch->n_sources = params->sources.n_items;
    batch->resolving = true;
    sp_vet_context_init(&batch->context, request, params->max_violations);
    batch->left_bytes = (int64_t)batch->context.reply_bytes_max - HEAD_BYTES;
    batch->left_bytes -= (int64_t)(batch->n_sources * ERROR_BYTES);
    batch->resolve = (struct sp_policy_resolve_request){.data = batch, .done = on_resolved};
    r = cut(batch, error);
    if (r == 0)
        r = sp_policy_store_resolve(
            request->server->policies, batch->context.uid, params->policy, &batch->resolve, error);
    if (r == SP_POLICY_RESOLVED) {
        start_chunks(batch);
        r = batch->n_open ? 0 : sp_error_set(error, batch->error.code, "%s", batch->error.text);
    }
    if (r < 0) {
        free_batch(batch);
        return r;
    }
    request->work = batch;
    request->cancel = cancel;
    return 0;
}
