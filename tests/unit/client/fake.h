#ifndef SP_TESTS_UNIT_CLIENT_FAKE_H
#define SP_TESTS_UNIT_CLIENT_FAKE_H

/* What the client's unit tests share: answers made by hand, and a scripted service for faults that a real one can't show. */

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/answer.h"
#include "client/sallyport.h"
#include "client/wire.h"
#include "proto/pack.h"

/* An answer whose result is what fill packs. */
static inline sallyport_value *fake_answer(void (*fill)(struct sp_buffer *buffer))
{
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    sp_message_pack_result(&buffer, 1);
    fill(&buffer);
    cr_assert_eq(buffer.failed, 0);
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    cr_assert_eq(write(ends[1], buffer.bytes, buffer.n_bytes), (ssize_t)buffer.n_bytes);
    sp_buffer_fini(&buffer);
    struct sp_wire wire;
    struct sp_message message;
    sallyport_value *answer = NULL;
    sp_wire_init(&wire);
    wire.fd = ends[0];
    cr_assert_eq(sp_wire_read(&wire, NULL), 1);
    cr_assert_eq(sp_wire_next(&wire, &message, NULL), 1);
    cr_assert_eq(sp_answer_new(&message, &answer, NULL), 0);
    sp_wire_fini(&wire);
    close(ends[1]);
    return answer;
}

/* ---- a scripted service ---- */

struct fake {
    char folder[64], path[100];
    int listen_fd;
    pthread_t thread;
    void (*script)(int fd);
};

/* What the thread of the script has read and not used. */
static __thread struct sp_buffer fake_buffer;

static inline void *fake_serve(void *context)
{
    struct fake *fake = context;
    int fd = accept(fake->listen_fd, NULL, NULL);
    if (fd >= 0) {
        fake->script(fd);
        close(fd);
    }
    sp_buffer_fini(&fake_buffer);
    return NULL;
}

/* Serves one connection by the script, on a thread of its own. */
static inline void fake_start(struct fake *fake, void (*script)(int fd))
{
    *fake = (struct fake){.folder = "/tmp/sallyport-fake-XXXXXX", .script = script};
    cr_assert_not_null(mkdtemp(fake->folder));
    snprintf(fake->path, sizeof fake->path, "%s/s", fake->folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, fake->path, strlen(fake->path) + 1);
    fake->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fake->listen_fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fake->listen_fd, 4), 0);
    cr_assert_eq(pthread_create(&fake->thread, NULL, fake_serve, fake), 0);
}

static inline void fake_stop(struct fake *fake)
{
    shutdown(fake->listen_fd, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listen_fd);
    unlink(fake->path);
    rmdir(fake->folder);
}

/* The next message that the client sends, decoded as a service would. False at the end of the stream. */
static inline bool fake_read(int fd, struct sp_message *ret_message)
{
    const struct sp_frame_limits limits = {.bytes_max = 16 << 20, .items_max = 1 << 20};
    if (!fake_buffer.max_bytes)
        sp_buffer_init(&fake_buffer, 32 << 20);
    for (;;) {
        struct sp_frame frame;
        size_t length;
        sp_frame_init(&frame, &limits);
        if (fake_buffer.n_bytes && sp_frame_walk(&frame, fake_buffer.bytes, fake_buffer.n_bytes, &length, NULL) == 1) {
            uint8_t *bytes = malloc(length);
            memcpy(bytes, fake_buffer.bytes, length);
            sp_buffer_consume(&fake_buffer, length);
            return sp_message_init(ret_message, bytes, length, NULL) == 0;
        }
        char chunk[65536];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n <= 0)
            return false;
        sp_buffer_append(&fake_buffer, chunk, (size_t)n);
    }
}

static inline void fake_send(int fd, const struct sp_buffer *buffer)
{
    for (size_t at = 0; at < buffer->n_bytes;) {
        ssize_t n = send(fd, buffer->bytes + at, buffer->n_bytes - at, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

static inline void fake_reply(int fd, uint32_t msgid, void (*fill)(struct sp_buffer *buffer))
{
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    sp_message_pack_result(&buffer, msgid);
    fill(&buffer);
    fake_send(fd, &buffer);
    sp_buffer_fini(&buffer);
}

static inline void fake_fill_greeting(struct sp_buffer *buffer)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    sp_pack_cstr(sp_pack_put(&map, "version"), "fake");
    struct sp_pack_map limits = sp_pack_map_begin(sp_pack_put(&map, "limits"));
    sp_pack_uint(sp_pack_put(&limits, "run_wait_ms"), 700000);
    struct sp_pack_map run = sp_pack_map_begin(sp_pack_put(&limits, "run"));
    sp_pack_uint(sp_pack_put(&run, "wall_ms"), 20000);
    sp_pack_map_end(&run);
    sp_pack_map_end(&limits);
    sp_pack_map_end(&map);
}

/* Answers hello; returns false where the client is gone. */
static inline bool fake_greet(int fd)
{
    struct sp_message message;
    if (!fake_read(fd, &message))
        return false;
    fake_reply(fd, message.msgid, fake_fill_greeting);
    sp_message_fini(&message);
    return true;
}

static inline sallyport *fake_open(const struct fake *fake)
{
    struct sallyport_options options = {.size = sizeof options, .socket_path = fake->path, .timeout_ms = 5000};
    struct sallyport_error error = {0};
    sallyport *service = NULL;
    cr_assert_eq(sallyport_open(&options, &service, &error), 0, "%s", error.message);
    return service;
}

#endif
