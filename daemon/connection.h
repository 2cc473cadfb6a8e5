#ifndef SP_DAEMON_CONNECTION_H
#define SP_DAEMON_CONNECTION_H

/* One peer: bytes in, frames, requests in flight, bytes out; bounded in every direction. Loop thread only. */

#include <stdbool.h>
#include <uv.h>

#include "daemon/quota.h"
#include "daemon/request.h"
#include "proto/frame.h"

/* Requests in flight are found by msgid; a table of this many lists a connection. */
#define SP_CONNECTION_BUCKETS 32
/* Frames of answers kept for a peer that does not read, besides bounds.output_bytes; past it answers become `busy`. */
#define SP_CONNECTION_OUTPUT_FRAMES 4

enum sp_connection_phase {
    SP_CONNECTION_OPEN,
    SP_CONNECTION_HALF,      /* the peer has sent all it will; answers go on */
    SP_CONNECTION_FINISHING, /* an error is on its way out, then it closes */
    SP_CONNECTION_CLOSED     /* only the handle's close is awaited */
};

struct sp_connection {
    struct sp_server *server;
    struct sp_connection *next, **link;           /* the listener's list */
    struct sp_connection *pump_next, **pump_link; /* those with something to do before the loop waits */
    uv_poll_t poll;
    int fd;
    int events; /* what poll waits for */
    enum sp_connection_phase phase;
    bool errors_as_map;
    bool paused;           /* a caller of notify was told to wait */
    uint64_t finish_by_ms; /* FINISHING: closes then, whether or not the peer has read */
    struct sp_identity identity;
    struct sp_account *account;
    struct sp_frame frame;
    struct sp_buffer input;  /* what came of frames not dispatched yet; begins where a frame begins */
    size_t input_charged;    /* of it, to the account */
    struct sp_buffer output; /* what was not written yet, from output_at on */
    size_t output_at, output_charged;
    size_t n_requests, request_bytes;
    struct sp_request *requests[SP_CONNECTION_BUCKETS];
};

/* Takes the connected socket, also on failure. SP_EBUSY past a bound. */
int sp_connection_open(struct sp_server *server, int fd, struct sp_error *error);
/* Cancels what is in flight and closes at once; the struct lives until the handle is closed. */
void sp_connection_close(struct sp_connection *connection);

/* Answers with one error where a msgid is given, writes what it can within a few seconds, and closes. */
void sp_connection_finish(struct sp_connection *connection, const uint32_t *msgid, const struct sp_error *error);

/* Rights and bounds anew, after a reload. */
void sp_connection_reconfigure(struct sp_connection *connection);

/* The request in flight of that msgid, or NULL. */
struct sp_request *sp_connection_find(struct sp_connection *connection, uint32_t msgid);
void sp_connection_link(struct sp_connection *connection, struct sp_request *request);
/* Also charges back what the request held. */
void sp_connection_unlink(struct sp_connection *connection, struct sp_request *request);

/* Bytes for the peer: written before the loop waits. false where they cannot be kept: the connection closes then. */
bool sp_connection_send(struct sp_connection *connection, const struct sp_buffer *head, const struct sp_buffer *body);
/* An error as the answer to msgid, in the form that the peer asked for. */
void sp_connection_send_error(struct sp_connection *connection, uint32_t msgid, const struct sp_error *error);
/* Answers that the peer has not read yet. */
size_t sp_connection_unread(const struct sp_connection *connection);

/* Asks for the connection to be looked after before the loop waits: more may be read, or there is something to write. */
void sp_connection_wake(struct sp_connection *connection);
/* connection_io.c: reads on, writes, closes where it is time. For the listener. True where it wants to be called again at
 * once. */
bool sp_connection_pump(struct sp_connection *connection);

#endif
