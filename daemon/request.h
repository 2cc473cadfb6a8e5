#ifndef SP_DAEMON_REQUEST_H
#define SP_DAEMON_REQUEST_H

/* One request in flight, from the frame to its reply. Loop thread only; a worker sees what a task of its own carries, never
 * a request. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/message.h"
#include "proto/method.h"

struct sp_server;
struct sp_connection;
struct sp_account;

/* Who asks: read once at accept. */
struct sp_identity {
    uint32_t uid, gid;
    int32_t pid;      /* for the audit, never for a decision */
    uint32_t *groups; /* the connection's; includes gid */
    size_t n_groups;
    unsigned rights; /* enum sp_right bits */
};

struct sp_request {
    struct sp_server *server;
    struct sp_connection *connection; /* NULL once it is gone: replies are then dropped */
    struct sp_identity identity;      /* a copy; groups NULL once the connection is gone */
    uint32_t msgid;
    int method;                /* enum sp_method_number */
    struct sp_message message; /* the parameters' strings point into it */
    struct sp_arena arena;     /* freed after the reply */
    void *params;              /* struct sp_params_<table>, decoded before the handler is called */
    uint64_t accepted_ns;      /* uv_hrtime */
    /* Set by a handler that can be cancelled (cancel notification, closed connection); called at most once, the handler
     * still replies or fails exactly once afterwards. */
    void (*cancel)(struct sp_request *request);
    void *work;                      /* the handler's own */
    struct sp_str tag;               /* run's, for cancel {tag} */
    struct sp_request *next, **link; /* the connection's list */
    /* The request's own. */
    struct sp_account *account; /* what it counts against */
    size_t charged_bytes;
    size_t frame_bytes; /* the answer's at most: as it was when the request came, whatever a reload says since */
    void (*resume)(struct sp_request *request);
};

/* The handler of a method: replies or fails exactly once, at once or later, on the loop. A negative return is the failure
 * itself, with error filled: the dispatcher then fails the request. */
typedef int sp_handler(struct sp_request *request, struct sp_error *error);

#define X(id, function, name, right, params, work) sp_handler sp_method_##function;
SP_METHODS(X)
#undef X

/* Answers and ends the request (which is freed: nobody touches it afterwards). result: whole MessagePack value, copied. A
 * reply over the frame limit becomes SP_ETOO_LARGE. */
void sp_request_reply(struct sp_request *request, const struct sp_buffer *result);
void sp_request_fail(struct sp_request *request, const struct sp_error *error);

/* Sends a notification ([2, method, [params]]) to the request's connection; params: whole MessagePack map, copied. Returns
 * true while the peer reads fast enough; false asks the caller to pause until `resume` of sp_request_watch is called. */
bool sp_request_notify(struct sp_request *request, const char *method, const struct sp_buffer *params);
/* resume is called, on the loop, when a paused connection's queue has drained. NULL: no longer. It may end its own request,
 * and no other. */
void sp_request_watch(struct sp_request *request, void (*resume)(struct sp_request *request));

#endif
