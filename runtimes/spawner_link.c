/* Talks to the spawner. Loop thread, owned by the bubblewrap adapter. A packet goes out at once where the socket takes it;
 * else it waits in one of two queues, of which the kills' is served first. Both are bounded by the number of sandboxes. */
#include "runtimes/spawner_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/scope.h"

int sp_spawner_link_init(
    struct sp_spawner_link *link, int fd, struct sp_spawner_hello *ret_hello, struct sp_error *error)
{
    *link = (struct sp_spawner_link){.fd = fd};
    link->last = &link->first;
    link->last_kill = &link->first_kill;
    if (fd < 0) {
        *ret_hello = (struct sp_spawner_hello){0};
        return 0;
    }
    if (recv(fd, ret_hello, sizeof *ret_hello, MSG_DONTWAIT) != (ssize_t)sizeof *ret_hello ||
        ret_hello->version != SP_SPAWNER_WIRE_VERSION || ret_hello->size_bytes != sizeof *ret_hello)
        return sp_error_set(error, SP_EINTERNAL, "the spawner's descriptor is none");
    ret_hello->text[sizeof ret_hello->text - 1] = ret_hello->note[sizeof ret_hello->note - 1] = 0;
    return 0;
}

static ssize_t receive(int fd, struct sp_spawner_event *event, int fds[SP_SPAWNER_FDS_MAX])
{
    ssize_t n = sp_spawner_wire_receive(fd, event, sizeof *event, fds);
    if (n == sizeof *event)
        event->text[sizeof event->text - 1] = 0;
    return n;
}

static void free_packet(struct sp_spawner_packet *packet)
{
    sp_spawner_wire_close(packet->fds);
    free(packet);
}

static void lose(struct sp_spawner_link *link)
{
    if (link->fd < 0)
        return;
    if (link->polls)
        uv_poll_stop(&link->poll);
    close(link->fd);
    link->fd = -1;
    for (struct sp_spawner_packet **queue = &link->first; queue;
         queue = queue == &link->first ? &link->first_kill : NULL)
        for (struct sp_spawner_packet *packet; (packet = *queue);) {
            *queue = packet->next;
            free_packet(packet);
        }
    link->last = &link->first;
    link->last_kill = &link->first_kill;
}

static int flush(struct sp_spawner_packet **first, struct sp_spawner_packet ***last, int fd)
{
    while (*first) {
        struct sp_spawner_packet *packet = *first;
        int errno_value = sp_spawner_wire_send(fd, &packet->request, sizeof packet->request, packet->fds);
        if (errno_value)
            return errno_value;
        *first = packet->next;
        if (!*first)
            *last = first;
        free_packet(packet);
    }
    return 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct sp_spawner_link *link)
{
    if (link->polls && link->fd >= 0)
        uv_poll_start(&link->poll, link->first || link->first_kill ? UV_READABLE | UV_WRITABLE : UV_READABLE, on_poll);
}

/* What the queues hold, kills first. False: the spawner is gone. */
static bool flush_all(struct sp_spawner_link *link)
{
    int errno_value = flush(&link->first_kill, &link->last_kill, link->fd);
    if (errno_value == 0)
        errno_value = flush(&link->first, &link->last, link->fd);
    return errno_value == 0 || errno_value == EAGAIN;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct sp_spawner_link *link = poll->data;
    (void)status;
    (void)events;
    bool alive = flush_all(link);
    while (alive && link->fd >= 0) {
        struct sp_spawner_event event;
        int fds[SP_SPAWNER_FDS_MAX];
        ssize_t n = receive(link->fd, &event, fds);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        alive = n == sizeof event;
        if (alive)
            link->event(link->context, &event, fds);
        else
            sp_spawner_wire_close(fds);
    }
    if (link->fd < 0)
        return;
    if (alive) {
        watch(link);
        return;
    }
    lose(link);
    link->gone(link->context);
}

int sp_spawner_link_start(struct sp_spawner_link *link, uv_loop_t *loop, sp_spawner_event_cb *event,
    void (*gone)(void *context), void *context, struct sp_error *error)
{
    int status = uv_poll_init(loop, &link->poll, link->fd);
    if (status < 0)
        return sp_error_errno(error, -status, "uv_poll_init");
    link->poll.data = link;
    link->polls = true;
    link->event = event;
    link->gone = gone;
    link->context = context;
    watch(link);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct sp_spawner_link *link = handle->data;
    link->polls = false;
    link->closed(link->closed_context);
}

void sp_spawner_link_close(struct sp_spawner_link *link, void (*closed)(void *context), void *context)
{
    lose(link);
    if (!link->polls) {
        if (closed)
            closed(context);
        return;
    }
    link->closed = closed;
    link->closed_context = context;
    uv_close((uv_handle_t *)&link->poll, on_closed);
}

int sp_spawner_link_send(struct sp_spawner_link *link, const struct sp_spawner_request *request, int stream_fd,
    int errors_fd, struct sp_error *error)
{
    int fds[SP_SPAWNER_FDS_MAX] = {stream_fd, errors_fd, -1};
    bool is_kill = request->op == SP_SPAWNER_KILL;
    int errno_value = link->fd < 0 ? EPIPE : EAGAIN;
    if (link->fd >= 0 && !link->first_kill && (is_kill || !link->first))
        errno_value = sp_spawner_wire_send(link->fd, request, sizeof *request, fds);
    if (errno_value == EAGAIN) {
        struct sp_spawner_packet *packet = malloc(sizeof *packet);
        if (packet) {
            *packet = (struct sp_spawner_packet){.request = *request, .fds = {fds[0], fds[1], fds[2]}};
            struct sp_spawner_packet ***last = is_kill ? &link->last_kill : &link->last;
            **last = packet;
            *last = &packet->next;
            watch(link);
            return 0;
        }
        sp_spawner_wire_close(fds);
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    }
    sp_spawner_wire_close(fds);
    /* A dead spawner is noticed by the loop, which tells everybody at once. */
    return errno_value ? sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "the spawner has ended") : 0;
}

int sp_spawner_link_wait(struct sp_spawner_link *link, int timeout_ms, struct sp_spawner_event *ret_event,
    int ret_fds[SP_SPAWNER_FDS_MAX], struct sp_error *error)
{
    struct pollfd look = {.fd = link->fd, .events = POLLIN};
    int n = poll(&look, 1, timeout_ms);
    if (n == 0 || (n < 0 && errno == EINTR))
        return sp_error_set(error, SP_ETIMED_OUT, "the spawner does not answer");
    if (n < 0 || receive(link->fd, ret_event, ret_fds) != (ssize_t)sizeof *ret_event) {
        lose(link);
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "the spawner has ended");
    }
    return 0;
}
