/* Calls in flight over one connection: written in turn, answered in any order, each done exactly once. The thread is the
 * caller's; nothing blocks but sp_pipeline_turn and sallyport_wait. Owned by whoever opened the connection. */
#include "client/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/answer.h"
#include "proto/clock.h"
#include "proto/decode.h"
#include "proto/pack.h"

/* ---- the table of calls ---- */

static struct sp_call **find_link(struct sallyport *service, uint32_t id)
{
    struct sp_call **link = &service->buckets[id % SP_PIPELINE_BUCKETS];
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

static struct sp_call *take_call(struct sallyport *service, struct sp_call **link)
{
    struct sp_call *call = *link;
    *link = call->next;
    service->n_calls--;
    return call;
}

static void finish(
    struct sallyport *service, const struct sp_call *call, sallyport_value *answer, const struct sp_error *error)
{
    struct sallyport_error public_error;
    if (error)
        sp_answer_publish(error, &public_error);
    service->n_pending--;
    service->n_done++;
    call->done(call->context, answer, error ? &public_error : NULL);
}

void sp_pipeline_break(struct sallyport *service, const struct sp_error *error)
{
    if (!service->broken.code)
        service->broken = *error;
    for (size_t i = 0; i < SP_PIPELINE_BUCKETS; i++)
        while (service->buckets[i]) {
            struct sp_call *call = take_call(service, &service->buckets[i]);
            if (call->done)
                finish(service, call, NULL, &service->broken);
            free(call);
        }
    service->nearest_ms = UINT64_MAX;
}

/* ---- asking ---- */

static int is_broken(const struct sallyport *service, struct sp_error *error)
{
    return sp_error_set(error, service->broken.code, "%s", service->broken.text);
}

int sp_pipeline_begin(
    struct sallyport *service, const char *method, struct sp_pipeline_request *ret_request, struct sp_error *error)
{
    if (service->broken.code)
        return is_broken(service, error);
    if (service->n_calls >= SP_PIPELINE_CALLS_MAX)
        return sp_error_set(error, SP_EBUSY, "too many calls wait for their answers");
    do
        service->last_id++;
    while (*find_link(service, service->last_id));
    struct sp_buffer *out = &service->wire.out;
    *ret_request = (struct sp_pipeline_request){.begin_at = out->n_bytes, .id = service->last_id};
    sp_message_pack_request(out, ret_request->id, method);
    sp_pack_array(out, 1);
    return 0;
}

static void take_back(struct sp_buffer *out, size_t n_bytes)
{
    out->n_bytes = n_bytes;
    out->failed = 0;
}

int sp_pipeline_end(struct sallyport *service, const struct sp_pipeline_request *request, int outcome,
    const struct sp_call *call, unsigned timeout_ms, struct sp_error *error)
{
    struct sp_buffer *out = &service->wire.out;
    size_t n_bytes = out->n_bytes - request->begin_at;
    if (outcome == 0 && n_bytes > service->frame_bytes_max)
        outcome = sp_error_set(error, SP_ETOO_LARGE, "the request is larger than the service takes (%zu of %zu bytes)",
            n_bytes, service->frame_bytes_max);
    if (outcome == 0 && out->failed == SP_ETOO_LARGE)
        outcome = request->begin_at ? sp_error_set(error, SP_EBUSY, "too much waits to be sent")
                                    : sp_error_set(error, SP_ETOO_LARGE, "the request is too large");
    if (outcome == 0 && out->failed)
        outcome = sp_error_set(error, out->failed, NULL);
    struct sp_call *filed = outcome == 0 ? malloc(sizeof *filed) : NULL;
    if (outcome == 0 && !filed)
        outcome = sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (outcome < 0) {
        take_back(out, request->begin_at);
        return outcome;
    }
    *filed = *call;
    filed->id = request->id;
    filed->deadline_ms = sp_clock_ms() + (timeout_ms ? timeout_ms : service->timeout_ms);
    struct sp_call **bucket = &service->buckets[filed->id % SP_PIPELINE_BUCKETS];
    filed->next = *bucket;
    *bucket = filed;
    service->n_calls++;
    service->n_pending++;
    if (filed->deadline_ms < service->nearest_ms)
        service->nearest_ms = filed->deadline_ms;
    return 0;
}

static int send_cancel(struct sallyport *service, uint32_t id, struct sp_error *error)
{
    struct sp_buffer *out = &service->wire.out;
    size_t begin_at = out->n_bytes;
    sp_message_pack_notification(out, "cancel");
    sp_pack_array(out, 1);
    sp_pack_map(out, 1);
    sp_pack_key(out, "msgid");
    sp_pack_uint(out, id);
    if (!out->failed)
        return 0;
    int r = sp_error_set(error, SP_EBUSY, "too much waits to be sent");
    take_back(out, begin_at);
    return r;
}

int sp_pipeline_cancel(struct sallyport *service, uint32_t id, struct sp_error *error)
{
    struct sp_call *call = *find_link(service, id);
    if (!call || !call->done || call->cancelled)
        return 0;
    int r = send_cancel(service, id, error);
    if (r < 0)
        return r;
    call->cancelled = true;
    uint64_t latest_ms = sp_clock_ms() + SP_PIPELINE_CANCEL_MS;
    if (latest_ms < call->deadline_ms)
        call->deadline_ms = latest_ms;
    if (call->deadline_ms < service->nearest_ms)
        service->nearest_ms = call->deadline_ms;
    return 0;
}

int sallyport_cancel(sallyport *service, uint32_t call, struct sallyport_error *ret_error)
{
    struct sp_error error = {0};
    int r = sp_pipeline_cancel(service, call, &error);
    return r < 0 ? sp_answer_publish(&error, ret_error) : 0;
}

/* ---- what comes ---- */

static void take_response(struct sallyport *service, struct sp_message *message)
{
    struct sp_call **link = find_link(service, message->msgid);
    if (!*link) {
        sp_message_fini(message); /* an answer to nothing that we asked */
        return;
    }
    struct sp_call *call = take_call(service, link);
    struct sp_error error = {0};
    sallyport_value *answer = NULL;
    int r;
    if (message->error) {
        r = sp_answer_error(message->error, &error);
        sp_message_fini(message);
    } else {
        r = sp_answer_new(message, &answer, &error);
    }
    if (call->done)
        finish(service, call, answer, r < 0 ? &error : NULL);
    else
        sallyport_free(answer);
    free(call);
}

/* output {msgid, tag, stream, data} */
static void take_output(struct sallyport *service, const msgpack_object *params)
{
    const sallyport_value *map = (const sallyport_value *)params;
    int64_t id = sallyport_get_int(map, "msgid", -1);
    if (id < 0 || id > UINT32_MAX)
        return;
    struct sp_call *call = *find_link(service, (uint32_t)id);
    const char *stream = sallyport_get_text(map, "stream", NULL);
    size_t n_bytes = 0;
    const char *bytes = sallyport_get_text(map, "data", &n_bytes);
    if (!call || !call->done || !call->output || !stream || !bytes)
        return;
    call->output(
        call->output_context, strcmp(stream, "stderr") == 0 ? SALLYPORT_STDERR : SALLYPORT_STDOUT, bytes, n_bytes);
}

static void take_message(struct sallyport *service, struct sp_message *message)
{
    if (message->type == SP_MESSAGE_RESPONSE) {
        take_response(service, message);
        return;
    }
    /* Notifications that we don't know, and requests, which a service has no reason to send, mean nothing to us. */
    if (message->type == SP_MESSAGE_NOTIFICATION && message->params && sp_str_is(message->method, "output"))
        take_output(service, message->params);
    sp_message_fini(message);
}

static void expire(struct sallyport *service)
{
    uint64_t now_ms = sp_clock_ms(), nearest_ms = UINT64_MAX;
    if (now_ms < service->nearest_ms)
        return;
    for (size_t i = 0; i < SP_PIPELINE_BUCKETS; i++)
        for (struct sp_call *call = service->buckets[i]; call; call = call->next) {
            if (!call->done)
                continue;
            if (call->deadline_ms > now_ms) {
                nearest_ms = call->deadline_ms < nearest_ms ? call->deadline_ms : nearest_ms;
                continue;
            }
            struct sp_call given_up = *call;
            struct sp_error error = {0};
            if (!call->cancelled)
                (void)send_cancel(service, call->id, NULL);
            sp_error_set(&error, call->cancelled ? SP_ECANCELLED : SP_ETIMED_OUT, "%s",
                call->cancelled ? "the call was cancelled" : "the service did not answer in time");
            call->done = NULL;
            finish(service, &given_up, NULL, &error);
        }
    /* A done function may have submitted: what it filed is nearer, or was seen. */
    service->nearest_ms = nearest_ms;
    for (size_t i = 0; i < SP_PIPELINE_BUCKETS; i++)
        for (struct sp_call *call = service->buckets[i]; call; call = call->next)
            if (call->done && call->deadline_ms < service->nearest_ms)
                service->nearest_ms = call->deadline_ms;
}

static int dispatch_once(struct sallyport *service, struct sp_error *error)
{
    /* A service that answers and closes is read before the failure to send counts. */
    struct sp_error send_error = {0};
    int sent = sp_wire_flush(&service->wire, &send_error);
    int r;
    do {
        r = sp_wire_read(&service->wire, error);
        if (r < 0)
            return r;
        struct sp_message message;
        int whole;
        while ((whole = sp_wire_next(&service->wire, &message, error)) > 0)
            take_message(service, &message);
        if (whole < 0)
            return whole;
    } while (sent < 0 && r > 0);
    if (sent < 0)
        return sp_error_set(error, sent, "%s", send_error.text);
    if (service->wire.at_end)
        return sp_error_set(error, SP_EUNREACHABLE, "the service closed the connection");
    expire(service);
    return sp_wire_flush(&service->wire, error);
}

static int dispatch(struct sallyport *service, struct sp_error *error)
{
    if (service->dispatching)
        return sp_error_set(error, SP_EINVALID_REQUEST, "a done or output function cannot wait or dispatch");
    if (service->broken.code)
        return is_broken(service, error);
    struct sp_error failed = {0};
    service->dispatching = true;
    int r = dispatch_once(service, &failed);
    if (r < 0)
        sp_pipeline_break(service, &failed);
    service->dispatching = false;
    return r < 0 ? is_broken(service, error) : 0;
}

int sallyport_dispatch(sallyport *service, struct sallyport_error *ret_error)
{
    struct sp_error error = {0};
    int r = dispatch(service, &error);
    return r < 0 ? sp_answer_publish(&error, ret_error) : 0;
}

/* ---- waiting ---- */

int sallyport_fd(const sallyport *service)
{
    return service->wire.fd;
}

int sallyport_events(const sallyport *service)
{
    return SALLYPORT_READ | (sp_wire_unsent(&service->wire) ? SALLYPORT_WRITE : 0);
}

size_t sallyport_pending(const sallyport *service)
{
    return service->n_pending;
}

int sallyport_timeout_ms(const sallyport *service)
{
    if (service->n_pending == 0 || service->nearest_ms == UINT64_MAX)
        return -1;
    uint64_t now_ms = sp_clock_ms();
    if (service->nearest_ms <= now_ms)
        return 0;
    uint64_t left_ms = service->nearest_ms - now_ms;
    return left_ms > 1000000 ? 1000000 : (int)left_ms;
}

static int shorter(int a_ms, int b_ms)
{
    if (a_ms < 0 || b_ms < 0)
        return a_ms < 0 ? b_ms : a_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

int sp_pipeline_turn(struct sallyport *service, int timeout_ms, bool watch_wake, struct sp_error *error)
{
    struct pollfd fds[2] = {
        {.fd = service->wire.fd, .events = POLLIN},
        {.fd = watch_wake ? service->wake_fd : -1, .events = POLLIN},
    };
    if (sp_wire_unsent(&service->wire))
        fds[0].events |= POLLOUT;
    int n = poll(fds, 2, shorter(sallyport_timeout_ms(service), timeout_ms));
    if (n < 0 && errno != EINTR)
        return sp_error_errno(error, errno, "poll");
    int woken = 0;
    if (n > 0 && fds[1].revents) {
        uint64_t count;
        woken = read(service->wake_fd, &count, sizeof count) > 0;
    }
    int r = dispatch(service, error);
    return r < 0 ? r : woken;
}

int sallyport_wait(sallyport *service, int timeout_ms, struct sallyport_error *ret_error)
{
    struct sp_error error = {0};
    uint64_t until_ms = timeout_ms < 0 ? UINT64_MAX : sp_clock_ms() + (unsigned)timeout_ms;
    uint64_t n_done = service->n_done;
    int r = dispatch(service, &error);
    while (r >= 0 && service->n_done == n_done && service->n_pending) {
        uint64_t now_ms = sp_clock_ms();
        if (now_ms >= until_ms)
            break;
        uint64_t left_ms = until_ms - now_ms;
        r = sp_pipeline_turn(service, left_ms > 1000000 ? 1000000 : (int)left_ms, false, &error);
    }
    return r < 0 ? sp_answer_publish(&error, ret_error) : 0;
}
