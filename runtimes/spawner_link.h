#ifndef SP_RUNTIMES_SPAWNER_LINK_H
#define SP_RUNTIMES_SPAWNER_LINK_H

/* The daemon's end of the spawner's socket. Loop thread; before the loop runs, sp_spawner_link_wait waits instead. */

#include <uv.h>

#include "proto/error.h"
#include "runtimes/spawner_wire.h"

struct sp_spawner_packet {
    struct sp_spawner_request request;
    int fds[SP_SPAWNER_FDS_MAX]; /* owned; -1: none */
    struct sp_spawner_packet *next;
};

/* fds: of STARTED; -1 where there is none; the callee takes them. */
typedef void sp_spawner_event_cb(void *context, const struct sp_spawner_event *event, int fds[SP_SPAWNER_FDS_MAX]);

struct sp_spawner_link {
    int fd; /* -1: the spawner is gone */
    uv_poll_t poll;
    bool polls;                              /* poll is in the loop */
    struct sp_spawner_packet *first, **last; /* kills go before the rest */
    struct sp_spawner_packet *first_kill, **last_kill;
    sp_spawner_event_cb *event;
    void (*gone)(void *context); /* the spawner has ended; once, from the loop */
    void (*closed)(void *context);
    void *context, *closed_context;
};

/* Takes fd, and reads the spawner's hello; fd -1: as if the spawner were gone, with an empty hello. SP_EINTERNAL. */
int sp_spawner_link_init(
    struct sp_spawner_link *link, int fd, struct sp_spawner_hello *ret_hello, struct sp_error *error);
/* From here on events come from the loop. SP_EINTERNAL: the descriptor cannot be watched. */
int sp_spawner_link_start(struct sp_spawner_link *link, uv_loop_t *loop, sp_spawner_event_cb *event,
    void (*gone)(void *context), void *context, struct sp_error *error);
/* Drops what is queued. closed (may be NULL where it was not started) comes from the loop, at once where start was not
 * called. The struct lasts until then. */
void sp_spawner_link_close(struct sp_spawner_link *link, void (*closed)(void *context), void *context);

/* Sends or queues; the descriptors are taken (-1: none), whatever happens. SP_ERUNTIME_UNAVAILABLE once the spawner is
 * gone, SP_ENO_MEMORY. */
int sp_spawner_link_send(struct sp_spawner_link *link, const struct sp_spawner_request *request, int stream_fd,
    int errors_fd, struct sp_error *error);

/* Waits for one event, before start. SP_ETIMED_OUT, SP_ERUNTIME_UNAVAILABLE. */
int sp_spawner_link_wait(struct sp_spawner_link *link, int timeout_ms, struct sp_spawner_event *ret_event,
    int ret_fds[SP_SPAWNER_FDS_MAX], struct sp_error *error);

#endif
