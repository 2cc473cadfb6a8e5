/* The calls of the public header, each in its two forms: submitted, and submitted and waited for. The thread is the
 * caller's. A blocking call dispatches whatever else is in flight on its connection meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/answer.h"
#include "client/ask.h"
#include "client/pipeline.h"
#include "proto/limits.h"

/* Of a service that does not tell how long a run may wait. */
#define RUN_WAIT_MS 60000u
/* For what comes after a run's own time: its end, its files, the way of the answer. */
#define RUN_EXTRA_MS 60000u

struct waiting {
    bool is_done;
    sallyport_value *answer;
    struct sallyport_error error;
};

static void wait_done(void *context, sallyport_value *answer, const struct sallyport_error *error)
{
    struct waiting *waiting = context;
    waiting->is_done = true;
    waiting->answer = answer;
    if (error)
        waiting->error = *error;
}

/* The public error of a failure that is ours; r unchanged. */
static int publish(int r, const struct sp_error *error, struct sallyport_error *ret_error)
{
    return r < 0 ? sp_answer_publish(error, ret_error) : r;
}

static int wait_for(sallyport *service, uint32_t id, const struct waiting *waiting, struct sp_error *error)
{
    int r = sallyport_dispatch(service, NULL);
    while (r >= 0 && !waiting->is_done) {
        r = sp_pipeline_turn(service, -1, true, error);
        if (r > 0)
            r = sp_pipeline_cancel(service, id, error);
    }
    return waiting->is_done ? 0 : r;
}

static int finish(sallyport *service, uint32_t id, struct waiting *waiting, sallyport_value **ret_answer,
    struct sallyport_error *ret_error)
{
    struct sp_error error = {0};
    int r = wait_for(service, id, waiting, &error);
    if (!waiting->is_done) {
        /* The call points at our frame: what could not be waited for must not stay in flight. */
        sp_error_set(&error, r, NULL);
        sp_pipeline_break(service, &error);
    }
    if (waiting->error.code) {
        if (ret_error)
            *ret_error = waiting->error;
        return waiting->error.code;
    }
    if (ret_answer)
        *ret_answer = waiting->answer;
    else
        sallyport_free(waiting->answer);
    return 0;
}

static int check_idle(const sallyport *service, struct sallyport_error *ret_error)
{
    struct sp_error error = {0};
    if (!service->dispatching)
        return 0;
    return publish(sp_error_set(&error, SP_EINVALID_REQUEST, "a done or output function cannot make a blocking call"),
        &error, ret_error);
}

/* Writes one request: ask is what writes its parameters onto `out`. */
#define SUBMIT(method, call_timeout_ms, ask, ...)                                                                      \
    do {                                                                                                               \
        struct sp_error error = {0};                                                                                   \
        struct sp_pipeline_request request;                                                                            \
        struct sp_call call = {.done = done, .context = context, __VA_ARGS__};                                         \
        int r = sp_pipeline_begin(service, (method), &request, &error);                                                \
        if (r == 0) {                                                                                                  \
            struct sp_buffer *out = &service->wire.out;                                                                \
            r = sp_pipeline_end(service, &request, (ask), &call, (call_timeout_ms), &error);                           \
        }                                                                                                              \
        if (r == 0 && ret_call)                                                                                        \
            *ret_call = request.id;                                                                                    \
        return publish(r, &error, ret_error);                                                                          \
    } while (0)

/* Waits for one call: `submitted` is a submit that ends in WAITING. */
#define WAITING wait_done, &waiting, &id, ret_error
#define BLOCK(submitted)                                                                                               \
    do {                                                                                                               \
        struct waiting waiting = {0};                                                                                  \
        uint32_t id = 0;                                                                                               \
        int r = check_idle(service, ret_error);                                                                        \
        if (r == 0)                                                                                                    \
            r = (submitted);                                                                                           \
        return r < 0 ? r : finish(service, id, &waiting, ret_answer, ret_error);                                       \
    } while (0)

#define DONE_PARAMETERS  sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *ret_error
#define BLOCK_PARAMETERS sallyport_value **ret_answer, struct sallyport_error *ret_error

/* ---- code ---- */

/* A field of options whose size may be smaller than ours. */
#define FIELD(options, field)                                                                                          \
    ((options) && (options)->size >= offsetof(__typeof__(*(options)), field) + sizeof((options)->field)                \
            ? (options)->field                                                                                         \
            : 0)

static uint64_t told_ms(const sallyport *service, const char *path, uint64_t otherwise_ms)
{
    int64_t told = sallyport_get_int(service->greeting, path, 0);
    return told > 0 ? (uint64_t)told : otherwise_ms;
}

/* Longer than the service takes: what it answers says more than that the time is up. */
static unsigned run_timeout_ms(const sallyport *service, const struct sallyport_run_options *options)
{
    uint64_t given_ms = FIELD(options, timeout_ms);
    if (given_ms)
        return (unsigned)given_ms;
    uint64_t wall_ms = FIELD(options, wall_ms);
    if (wall_ms == 0)
        wall_ms = told_ms(service, "limits.run.wall_ms", sp_limits_ceiling().wall_ms);
    uint64_t more_ms = told_ms(service, "limits.run_wait_ms", RUN_WAIT_MS) + RUN_EXTRA_MS;
    return wall_ms > UINT32_MAX || wall_ms + more_ms > UINT32_MAX ? UINT32_MAX : (unsigned)(wall_ms + more_ms);
}

int sallyport_submit_run(sallyport *service, const struct sallyport_run_options *options, DONE_PARAMETERS)
{
    SUBMIT("run", run_timeout_ms(service, options), sp_ask_run(out, options, &error), .output = FIELD(options, output),
        .output_context = FIELD(options, output_context));
}

int sallyport_submit_scan(sallyport *service, const struct sallyport_scan_options *options, DONE_PARAMETERS)
{
    SUBMIT("scan", FIELD(options, timeout_ms), sp_ask_scan(out, options, &error));
}

int sallyport_submit_scan_batch(sallyport *service, const struct sallyport_batch_options *options, DONE_PARAMETERS)
{
    SUBMIT("scan_batch", FIELD(options, timeout_ms), sp_ask_scan_batch(out, options, &error));
}

int sallyport_submit_explain(sallyport *service, const struct sallyport_explain_options *options, DONE_PARAMETERS)
{
    SUBMIT("explain", FIELD(options, timeout_ms), sp_ask_explain(out, options, &error));
}

int sallyport_run(sallyport *service, const struct sallyport_run_options *options, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_run(service, options, WAITING));
}

int sallyport_scan(sallyport *service, const struct sallyport_scan_options *options, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_scan(service, options, WAITING));
}

int sallyport_scan_batch(sallyport *service, const struct sallyport_batch_options *options, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_scan_batch(service, options, WAITING));
}

int sallyport_explain(sallyport *service, const struct sallyport_explain_options *options, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_explain(service, options, WAITING));
}

/* ---- policies ---- */

int sallyport_submit_policy_put(
    sallyport *service, const void *yaml, size_t yaml_bytes, const char *name, DONE_PARAMETERS)
{
    SUBMIT("policy.put", 0, sp_ask_policy_put(out, yaml, yaml_bytes, name, &error));
}

int sallyport_submit_policy_check(sallyport *service, const void *yaml, size_t yaml_bytes, DONE_PARAMETERS)
{
    SUBMIT("policy.get", 0, sp_ask_policy_check(out, yaml, yaml_bytes, &error));
}

int sallyport_submit_policy_get(sallyport *service, const char *policy, DONE_PARAMETERS)
{
    SUBMIT("policy.get", 0, sp_ask_policy(out, policy, &error));
}

int sallyport_submit_policy_list(sallyport *service, DONE_PARAMETERS)
{
    SUBMIT("policy.list", 0, sp_ask_nothing(out));
}

int sallyport_submit_policy_remove(sallyport *service, const char *policy, DONE_PARAMETERS)
{
    SUBMIT("policy.remove", 0, sp_ask_policy(out, policy, &error));
}

int sallyport_policy_put(sallyport *service, const void *yaml, size_t yaml_bytes, const char *name, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_policy_put(service, yaml, yaml_bytes, name, WAITING));
}

int sallyport_policy_check(sallyport *service, const void *yaml, size_t yaml_bytes, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_policy_check(service, yaml, yaml_bytes, WAITING));
}

int sallyport_policy_get(sallyport *service, const char *policy, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_policy_get(service, policy, WAITING));
}

int sallyport_policy_list(sallyport *service, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_policy_list(service, WAITING));
}

int sallyport_policy_remove(sallyport *service, const char *policy, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_policy_remove(service, policy, WAITING));
}

/* ---- the service ---- */

int sallyport_submit_hello(sallyport *service, DONE_PARAMETERS)
{
    SUBMIT("hello", 0, sp_ask_hello(out, service->client));
}

int sallyport_submit_stats(sallyport *service, DONE_PARAMETERS)
{
    SUBMIT("stats", 0, sp_ask_nothing(out));
}

int sallyport_submit_reload(sallyport *service, DONE_PARAMETERS)
{
    SUBMIT("reload", 0, sp_ask_nothing(out));
}

int sallyport_submit_drain(sallyport *service, DONE_PARAMETERS)
{
    SUBMIT("drain", 0, sp_ask_nothing(out));
}

int sallyport_hello(sallyport *service, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_hello(service, WAITING));
}

int sallyport_stats(sallyport *service, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_stats(service, WAITING));
}

int sallyport_reload(sallyport *service, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_reload(service, WAITING));
}

int sallyport_drain(sallyport *service, BLOCK_PARAMETERS)
{
    BLOCK(sallyport_submit_drain(service, WAITING));
}

void sallyport_interrupt(sallyport *service)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t written = write(service->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
    errno = saved;
}
