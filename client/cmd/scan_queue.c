/* The pipeline of `sallyport scan`. One thread, which reads files while the service judges those sent before.
 *
 *     put ─► filling ─► in flight, a ring of batches, oldest first ─► told
 *
 * A batch whose answer would be larger than a frame, or that met a full queue, is asked for again source by source. */
#include "client/cmd/scan_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/scope.h"

#define BATCH_SOURCES 64
#define BATCH_BYTES   (512u << 10)
#define BUSY_TRIES    100
#define BUSY_PAUSE_MS 50

struct batch {
    struct sp_scan_source sources[BATCH_SOURCES];
    size_t n_sources, n_bytes;
    bool is_done;
    sallyport_value *answer;
    struct sallyport_error error;
};

struct sp_scan_queue {
    struct sp_scan_queue_config config;
    struct batch *batches; /* a ring of n_batches + 1: those in flight, and the one that fills */
    size_t first, n_flying;
};

SP_CLEANUP_DEFINE(sallyport_value *, sallyport_free)

void sp_scan_source_fini(struct sp_scan_source *source)
{
    free(source->path);
    sp_buffer_fini(&source->code);
    *source = (struct sp_scan_source){0};
}

int sp_scan_queue_new(const struct sp_scan_queue_config *config, struct sp_scan_queue **ret_queue)
{
    struct sp_scan_queue *queue = calloc(1, sizeof *queue);
    if (queue)
        queue->batches = calloc(config->n_batches + 1, sizeof *queue->batches);
    if (!queue || !queue->batches) {
        free(queue);
        return SALLYPORT_ENO_MEMORY;
    }
    queue->config = *config;
    *ret_queue = queue;
    return 0;
}

static struct batch *batch_at(struct sp_scan_queue *queue, size_t index)
{
    return &queue->batches[(queue->first + index) % (queue->config.n_batches + 1)];
}

static void empty(struct batch *batch)
{
    for (size_t i = 0; i < batch->n_sources; i++)
        sp_scan_source_fini(&batch->sources[i]);
    sallyport_free(batch->answer);
    batch->n_sources = batch->n_bytes = 0;
    batch->is_done = false;
    batch->answer = NULL;
    batch->error = (struct sallyport_error){0};
}

void sp_scan_queue_free(struct sp_scan_queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i <= queue->config.n_batches; i++)
        empty(&queue->batches[i]);
    free(queue->batches);
    free(queue);
}

static void batch_done(void *context, sallyport_value *answer, const struct sallyport_error *error)
{
    struct batch *batch = context;
    batch->is_done = true;
    batch->answer = answer;
    if (error)
        batch->error = *error;
}

/* The sources that can be sent; those that could not be read stay behind. */
static size_t list_sources(const struct batch *batch, struct sallyport_source list[static BATCH_SOURCES])
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n_sources; i++) {
        const struct sp_scan_source *source = &batch->sources[i];
        if (source->error.code)
            continue;
        list[n++] = (struct sallyport_source){
            .size = sizeof *list,
            .code = source->code.bytes ? (const void *)source->code.bytes : "",
            .code_bytes = source->code.n_bytes,
            .language = source->language,
            .path = source->path,
        };
    }
    return n;
}

static int submit(struct sp_scan_queue *queue, struct batch *batch, struct sallyport_error *error)
{
    struct sallyport_source list[BATCH_SOURCES];
    struct sallyport_batch_options options = {
        .size = sizeof options,
        .sources = list,
        .n_sources = list_sources(batch, list),
        .policy = queue->config.policy,
        .policy_yaml = queue->config.policy_yaml,
        .policy_yaml_bytes = queue->config.policy_yaml_bytes,
    };
    if (options.n_sources == 0) {
        batch->is_done = true;
        return 0;
    }
    int r = sallyport_submit_scan_batch(queue->config.service, &options, batch_done, batch, NULL, error);
    /* Send at once: the service shall not wait until we have read the next files. */
    return r < 0 ? r : sallyport_dispatch(queue->config.service, error);
}

/* ---- telling ---- */

/* {name, message}; whatever else came in a verdict's place is an error as well. */
static struct sallyport_error error_of(const sallyport_value *map)
{
    struct sallyport_error error = {.code = SALLYPORT_EINTERNAL};
    const char *name = sallyport_get_text(map, "name", NULL), *message = sallyport_get_text(map, "message", NULL);
    int code = name ? sp_error_find(name) : 0;
    if (code < 0)
        error.code = code;
    snprintf(error.name, sizeof error.name, "%s", name ? name : "internal");
    snprintf(error.message, sizeof error.message, "%s", message ? message : "no verdict came");
    return error;
}

static void tell_item(struct sp_scan_queue *queue, const struct sp_scan_source *source, const sallyport_value *item)
{
    /* Only a map that says whether the source is safe is a verdict. */
    bool is_verdict = sallyport_type_of(sallyport_get(item, "safe")) == SALLYPORT_BOOL;
    struct sallyport_error error = {0};
    if (!is_verdict)
        error = error_of(sallyport_get(item, "error"));
    queue->config.told(queue->config.context, source, is_verdict ? item : NULL, is_verdict ? NULL : &error);
}

static void pause_ms(long ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000};
    nanosleep(&time, NULL);
}

/* A whole scan's failure, as opposed to one source's. */
static bool is_fatal(int code)
{
    switch (code) {
    case SALLYPORT_ETOO_LARGE:
    case SALLYPORT_EBUSY:
    case SALLYPORT_ETIMED_OUT:
    case SALLYPORT_EINVALID_CODE:
    case SALLYPORT_EINVALID_REQUEST:
    case SALLYPORT_ENOT_APPLICABLE:
    case SALLYPORT_EUNSUPPORTED_LANGUAGE: return false;
    default: return true;
    }
}

static int tell_alone(struct sp_scan_queue *queue, const struct sp_scan_source *source, struct sallyport_error *error)
{
    struct sallyport_scan_options options = {
        .size = sizeof options,
        .code = source->code.bytes ? (const void *)source->code.bytes : "",
        .code_bytes = source->code.n_bytes,
        .language = source->language,
        .path = source->path,
        .policy = queue->config.policy,
        .policy_yaml = queue->config.policy_yaml,
        .policy_yaml_bytes = queue->config.policy_yaml_bytes,
    };
    sp_cleanup(sallyport_free_scope) sallyport_value *verdict = NULL;
    int r = SALLYPORT_EBUSY;
    for (int i = 0; r == SALLYPORT_EBUSY && i < BUSY_TRIES; i++) {
        if (i)
            pause_ms(BUSY_PAUSE_MS);
        r = sallyport_scan(queue->config.service, &options, &verdict, error);
    }
    if (r < 0 && is_fatal(r))
        return r;
    if (r < 0)
        queue->config.told(queue->config.context, source, NULL, error);
    else
        tell_item(queue, source, verdict);
    return 0;
}

/* A verdict that the others of its batch left no room for is asked for again. */
static int tell_sent(struct sp_scan_queue *queue, const struct sp_scan_source *source, const sallyport_value *item,
    struct sallyport_error *error)
{
    const char *name = sallyport_get_text(item, "error.name", NULL);
    if (name && strcmp(name, sp_error_name(SP_ETOO_LARGE)) == 0)
        return tell_alone(queue, source, error);
    tell_item(queue, source, item);
    return 0;
}

static int tell_batch(struct sp_scan_queue *queue, struct batch *batch, struct sallyport_error *error)
{
    if (batch->error.code && is_fatal(batch->error.code)) {
        if (error)
            *error = batch->error;
        return batch->error.code;
    }
    int r = 0;
    for (size_t i = 0, sent = 0; i < batch->n_sources && r == 0; i++) {
        const struct sp_scan_source *source = &batch->sources[i];
        if (source->error.code)
            queue->config.told(queue->config.context, source, NULL, &source->error);
        else if (batch->error.code)
            r = tell_alone(queue, source, error);
        else
            r = tell_sent(queue, source, sallyport_at(batch->answer, sent++), error);
    }
    return r;
}

/* Tells of the oldest batches that are done; waits until at most `flying_max` are left. */
static int drain(struct sp_scan_queue *queue, size_t flying_max, struct sallyport_error *error)
{
    while (queue->n_flying) {
        struct batch *oldest = batch_at(queue, 0);
        int r = 0;
        if (!oldest->is_done && queue->n_flying <= flying_max)
            return 0;
        while (!oldest->is_done && r == 0)
            r = sallyport_wait(queue->config.service, -1, error);
        if (r < 0 && !oldest->is_done)
            return r;
        r = tell_batch(queue, oldest, error);
        empty(oldest);
        queue->first = (queue->first + 1) % (queue->config.n_batches + 1);
        queue->n_flying--;
        if (r < 0)
            return r;
    }
    return 0;
}

static int send_filling(struct sp_scan_queue *queue, struct sallyport_error *error)
{
    struct batch *filling = batch_at(queue, queue->n_flying);
    if (filling->n_sources == 0)
        return 0;
    int r = submit(queue, filling, error);
    if (r == SALLYPORT_ETOO_LARGE || r == SALLYPORT_EBUSY)
        batch_done(filling, NULL, error); /* source by source */
    else if (r < 0)
        return r;
    queue->n_flying++;
    return drain(queue, queue->config.n_batches - 1, error);
}

int sp_scan_queue_put(struct sp_scan_queue *queue, struct sp_scan_source *source, struct sallyport_error *error)
{
    struct batch *filling = batch_at(queue, queue->n_flying);
    int r = 0;
    if (filling->n_bytes + source->code.n_bytes > BATCH_BYTES || filling->n_sources == BATCH_SOURCES) {
        r = send_filling(queue, error);
        filling = batch_at(queue, queue->n_flying);
    }
    if (r < 0) {
        sp_scan_source_fini(source);
        return r;
    }
    filling->n_bytes += source->code.n_bytes;
    filling->sources[filling->n_sources++] = *source;
    *source = (struct sp_scan_source){0};
    return 0;
}

int sp_scan_queue_finish(struct sp_scan_queue *queue, struct sallyport_error *error)
{
    int r = send_filling(queue, error);
    return r < 0 ? r : drain(queue, 0, error);
}
