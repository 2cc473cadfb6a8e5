/* Bytes between us and the service. One thread at a time: that of its connection, who owns it. What comes is walked before
 * anything is allocated for what it claims: the service is trusted with code, not with our memory. */
#include "client/wire.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"

#define READ_BYTES     (64u << 10)
#define READS_PER_CALL 16
#define SERVICE_USER   "sallyport" /* a unit may start the daemon as this account; else it listens as root */

static const struct sp_frame_limits in_limits = {.bytes_max = SP_WIRE_IN_BYTES_MAX, .items_max = SP_WIRE_IN_ITEMS_MAX};

void sp_wire_init(struct sp_wire *wire)
{
    *wire = (struct sp_wire){.fd = -1};
    sp_buffer_init(&wire->out, SP_WIRE_OUT_BYTES_MAX);
    sp_frame_init(&wire->frame, &in_limits);
}

void sp_wire_fini(struct sp_wire *wire)
{
    if (!wire)
        return;
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
    sp_buffer_fini(&wire->out);
    free(wire->in);
    wire->in = NULL;
}

bool sp_wire_trusts(unsigned peer_uid, unsigned own_uid)
{
    if (peer_uid == 0 || peer_uid == own_uid)
        return true;
    char room[4096];
    struct passwd entry, *found = NULL;
    return getpwnam_r(SERVICE_USER, &entry, room, sizeof room, &found) == 0 && found && peer_uid == found->pw_uid;
}

static int check_peer(int fd, struct sp_error *error)
{
    struct ucred peer;
    socklen_t n_bytes = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_bytes) != 0)
        return sp_error_errno(error, errno, "SO_PEERCRED");
    if (!sp_wire_trusts(peer.uid, getuid()))
        return sp_error_set(error, SP_EDENIED,
            "the socket is served by uid %lu, which is neither root, nor the user sallyport, nor you",
            (unsigned long)peer.uid);
    return 0;
}

/* A Unix socket's connect is done at once, or fails, or finds the backlog full (EAGAIN): then we try again. */
static int connect_within(int fd, const struct sockaddr_un *address, unsigned timeout_ms)
{
    struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    uint64_t until_ms = sp_clock_ms() + timeout_ms;
    for (;;) {
        if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
            return 0;
        int failed = errno;
        if ((failed != EAGAIN && failed != EINTR) || sp_clock_ms() >= until_ms)
            return failed;
        nanosleep(&pause, NULL);
    }
}

int sp_wire_connect(struct sp_wire *wire, const char *path, unsigned timeout_ms, int *ret_errno, struct sp_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n_bytes = strlen(path);
    if (n_bytes >= sizeof address.sun_path)
        return sp_error_set(error, SP_EINVALID_REQUEST, "the socket's path is too long");
    memcpy(address.sun_path, path, n_bytes + 1);
    sp_cleanup(sp_close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sp_error_errno(error, errno, "socket");
    int failed = connect_within(fd, &address, timeout_ms);
    if (failed) {
        if (ret_errno)
            *ret_errno = failed;
        if (failed == EACCES)
            return sp_error_set(error, SP_EUNREACHABLE,
                "you may not connect to %s: its folder or its mode forbids it; are you in the group %s?", path,
                SERVICE_USER);
        return sp_error_set(error, SP_EUNREACHABLE, "nobody answers at %s: %s", path, strerror(failed));
    }
    int r = check_peer(fd, error);
    if (r < 0)
        return r;
    wire->fd = SP_TAKE_FD(fd);
    return 0;
}

size_t sp_wire_unsent(const struct sp_wire *wire)
{
    return wire->out.n_bytes - wire->out_at;
}

static int lost(struct sp_error *error, int failed)
{
    if (failed == EPIPE || failed == ECONNRESET)
        return sp_error_set(error, SP_EUNREACHABLE, "the service closed the connection");
    return sp_error_set(error, SP_EUNREACHABLE, "the connection to the service broke: %s", strerror(failed));
}

int sp_wire_flush(struct sp_wire *wire, struct sp_error *error)
{
    while (sp_wire_unsent(wire)) {
        ssize_t n = send(wire->fd, wire->out.bytes + wire->out_at, sp_wire_unsent(wire), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            return lost(error, errno);
        wire->out_at += (size_t)n;
    }
    /* Moving the rest to the front costs its length: done when less than half is left. */
    if (wire->out_at && wire->out_at >= sp_wire_unsent(wire)) {
        sp_buffer_consume(&wire->out, wire->out_at);
        wire->out_at = 0;
    }
    return 0;
}

static int make_room(struct sp_wire *wire, struct sp_error *error)
{
    if (wire->in_at && wire->in_end - wire->in_at <= wire->in_at) {
        memmove(wire->in, wire->in + wire->in_at, wire->in_end - wire->in_at);
        wire->in_end -= wire->in_at;
        wire->in_at = 0;
    }
    if (wire->in_room - wire->in_end >= READ_BYTES)
        return 0;
    size_t room = wire->in_room ? wire->in_room * 2 : 2 * READ_BYTES;
    uint8_t *grown = realloc(wire->in, room);
    if (!grown)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    wire->in = grown;
    wire->in_room = room;
    return 0;
}

int sp_wire_read(struct sp_wire *wire, struct sp_error *error)
{
    int came = 0;
    for (int i = 0; i < READS_PER_CALL && !wire->at_end; i++) {
        int r = make_room(wire, error);
        if (r < 0)
            return r;
        size_t room = wire->in_room - wire->in_end;
        ssize_t n = recv(wire->fd, wire->in + wire->in_end, room, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            return lost(error, errno);
        if (n == 0)
            wire->at_end = true;
        else
            came = 1;
        wire->in_end += (size_t)n;
        if ((size_t)n < room)
            break;
    }
    return came;
}

/* The byte behind a string is the next value's head, which has been decoded, or the spare one behind the frame. An empty
 * one is left alone: msgpack-c lets it point anywhere. */
static void terminate(const char *ptr, size_t n_bytes)
{
    if (n_bytes)
        ((char *)(uintptr_t)ptr)[n_bytes] = '\0';
}

static void terminate_strings(const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_STR: terminate(object->via.str.ptr, object->via.str.size); break;
    case MSGPACK_OBJECT_BIN: terminate(object->via.bin.ptr, object->via.bin.size); break;
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++)
            terminate_strings(&object->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_MAP:
        for (uint32_t i = 0; i < object->via.map.size; i++) {
            terminate_strings(&object->via.map.ptr[i].key);
            terminate_strings(&object->via.map.ptr[i].val);
        }
        break;
    default: break;
    }
}

int sp_wire_next(struct sp_wire *wire, struct sp_message *ret_message, struct sp_error *error)
{
    size_t length, n_bytes = wire->in_end - wire->in_at;
    if (n_bytes == 0)
        return 0;
    int r = sp_frame_walk(&wire->frame, wire->in + wire->in_at, n_bytes, &length, error);
    if (r <= 0)
        return r;
    uint8_t *bytes = malloc(length + 1);
    if (!bytes)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    memcpy(bytes, wire->in + wire->in_at, length);
    bytes[length] = '\0';
    wire->in_at += length;
    if (wire->in_at == wire->in_end)
        wire->in_at = wire->in_end = 0;
    sp_frame_init(&wire->frame, &in_limits);
    r = sp_message_init(ret_message, bytes, length, error);
    if (r < 0)
        return r;
    terminate_strings(&ret_message->unpacked.data);
    return 1;
}
