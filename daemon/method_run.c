/* run: a job whose caller waits for it. Loop thread. With `stream` the program's output goes out as it comes, in
 * notifications that never cut a code point of valid UTF-8 in two; a peer that does not read pauses the program. */
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/job_result.h"
#include "daemon/request.h"
#include "daemon/server.h"
#include "proto/pack.h"
#include "proto/scope.h"
#include "proto/utf8.h"

#define CHUNK_BYTES_MAX (64u << 10) /* of output in one notification */

/* The begun code point at the end of what one stream has brought. */
struct tail {
    uint8_t bytes[4];
    size_t n_bytes;
};

struct running {
    struct sp_request *request;
    struct sp_job *job;
    const struct sp_params_run *params;
    struct tail tails[2];
};

static bool notify(struct running *running, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer params;
    sp_buffer_init(&params, CHUNK_BYTES_MAX + 1024);
    sp_pack_map(&params, 4);
    sp_pack_key(&params, "msgid");
    sp_pack_uint(&params, running->request->msgid);
    sp_pack_key(&params, "tag");
    sp_pack_text(&params, running->params->tag);
    sp_pack_key(&params, "stream");
    sp_pack_cstr(&params, stream == SP_RUN_STDERR ? "stderr" : "stdout");
    sp_pack_key(&params, "data");
    sp_pack_text(&params, (struct sp_str){(const char *)bytes, n_bytes});
    /* Out of memory for a piece of output: the run cannot be told truly any more. */
    if (params.failed) {
        sp_job_cancel(running->job);
        return true;
    }
    return sp_request_notify(running->request, "output", &params);
}

/* Joins what was held back with what has come, and holds back what is not whole yet. */
static bool send_output(struct running *running, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    struct tail *tail = &running->tails[stream == SP_RUN_STDERR];
    uint8_t chunk[CHUNK_BYTES_MAX];
    bool reads = true;
    while (n_bytes) {
        size_t n = tail->n_bytes, room = sizeof(chunk) - n;
        memcpy(chunk, tail->bytes, n);
        size_t taken = n_bytes < room ? n_bytes : room;
        memcpy(chunk + n, bytes, taken);
        n += taken;
        bytes += taken;
        n_bytes -= taken;
        tail->n_bytes = sp_utf8_partial(chunk, n);
        n -= tail->n_bytes;
        memcpy(tail->bytes, chunk + n, tail->n_bytes);
        if (n)
            reads = notify(running, stream, chunk, n);
    }
    return reads;
}

static bool on_output(void *data, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    return send_output(data, stream, bytes, n_bytes);
}

static void flush_tails(struct running *running)
{
    for (int i = 0; i < 2; i++)
        if (running->tails[i].n_bytes)
            notify(running, i == 0 ? SP_RUN_STDOUT : SP_RUN_STDERR, running->tails[i].bytes, running->tails[i].n_bytes);
}

static void on_resume(struct sp_request *request)
{
    struct running *running = request->work;
    sp_job_resume(running->job);
}

static void free_running(struct running *running)
{
    sp_job_free(running->job);
    free(running);
}

static void reply(struct running *running, const struct sp_run_result *result)
{
    struct sp_request *request = running->request;
    size_t frame_bytes = request->frame_bytes;
    size_t kept = sp_job_result_bytes(running->job) + SP_GATE_ANSWER_BYTES;
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    struct sp_error error = {0};
    sp_buffer_init(&buffer, frame_bytes);
    int r = sp_job_result_pack(running->job, result, frame_bytes > kept ? frame_bytes - kept : 0, &buffer);
    if (r == 0) {
        sp_request_reply(request, &buffer);
        return;
    }
    sp_error_set(&error, r, NULL);
    sp_request_fail(request, &error);
}

static void on_ended(void *data, const struct sp_run_result *result, const struct sp_error *error)
{
    struct running *running = data;
    struct sp_request *request = running->request;
    request->cancel = NULL;
    if (running->params->stream) {
        sp_request_watch(request, NULL);
        if (result)
            flush_tails(running);
    }
    if (error)
        sp_request_fail(request, error);
    else
        reply(running, result);
    free_running(running);
}

static void cancel(struct sp_request *request)
{
    struct running *running = request->work;
    sp_job_cancel(running->job);
}

int sp_method_run(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_run *params = request->params;
    struct running *running = calloc(1, sizeof(*running));
    if (!running)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    running->request = request;
    running->params = params;
    const struct sp_job_listener listener = {
        .data = running, .output = params->stream ? on_output : NULL, .ended = on_ended};
    int r = sp_job_start(
        request->server->jobs, &request->identity, params, request->accepted_ns, &listener, &running->job, error);
    if (r < 0) {
        free(running);
        return r;
    }
    request->work = running;
    request->tag = params->tag;
    request->cancel = cancel;
    if (params->stream)
        sp_request_watch(request, on_resume);
    return 0;
}
