#ifndef SP_CLIENT_PIPELINE_H
#define SP_CLIENT_PIPELINE_H

/* A connection and its calls in flight. One thread at a time, but for wake_fd. */

#include "client/sallyport.h"
#include "client/wire.h"

#define SP_PIPELINE_BUCKETS    256
#define SP_PIPELINE_CALLS_MAX  65536
#define SP_PIPELINE_TIMEOUT_MS 60000u
/* How long a cancelled call may still take to answer. */
#define SP_PIPELINE_CANCEL_MS 10000u

struct sp_call {
    struct sp_call *next; /* in its bucket */
    uint32_t id;
    bool cancelled;
    uint64_t deadline_ms;
    sallyport_done_fn *done; /* NULL: given up; it stays so that its number is not used before its answer came */
    void *context;
    sallyport_output_fn *output;
    void *output_context;
};

struct sallyport {
    struct sp_wire wire;
    int wake_fd; /* eventfd of sallyport_interrupt */
    char *path;
    char *client; /* what hello says of us */
    unsigned timeout_ms;
    size_t frame_bytes_max; /* what the service takes */
    sallyport_value *greeting;
    struct sp_call *buckets[SP_PIPELINE_BUCKETS];
    size_t n_calls;   /* in the buckets */
    size_t n_pending; /* of these, not given up */
    uint64_t n_done;  /* calls that ended so far */
    uint32_t last_id;
    uint64_t nearest_ms; /* no deadline is before it; UINT64_MAX: none */
    bool dispatching;
    struct sp_error broken; /* code set: the connection is gone */
};

/* A request being written: begin, the parameters onto the buffer, end. */
struct sp_pipeline_request {
    size_t begin_at;
    uint32_t id;
};

/* SP_EBUSY, or why the connection is gone. */
int sp_pipeline_begin(
    struct sallyport *service, const char *method, struct sp_pipeline_request *ret_request, struct sp_error *error);
/* Ends the request and files the call, of which done and context are set; outcome: what writing the parameters gave (a
 * failure takes the request back and is returned). SP_ETOO_LARGE, SP_ENO_MEMORY. */
int sp_pipeline_end(struct sallyport *service, const struct sp_pipeline_request *request, int outcome,
    const struct sp_call *call, unsigned timeout_ms, struct sp_error *error);

/* Dispatches once; waits first where it must for the socket, wake_fd (when watched), a deadline, or timeout_ms. 1: wake_fd
 * is readable, and was emptied. */
int sp_pipeline_turn(struct sallyport *service, int timeout_ms, bool watch_wake, struct sp_error *error);

/* Asks for the call's end and moves its deadline. A call that is done already is no error. */
int sp_pipeline_cancel(struct sallyport *service, uint32_t id, struct sp_error *error);

/* The connection is gone: every pending call is done with the error. */
void sp_pipeline_break(struct sallyport *service, const struct sp_error *error);

#endif
