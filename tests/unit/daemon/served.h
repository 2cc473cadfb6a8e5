/* A server for tests: everything that a connection needs, on a real loop, but no socket that one could come to and no
 * spawner.
 * Peers are ends of socket pairs. */
#ifndef SP_TEST_DAEMON_SERVED_H
#define SP_TEST_DAEMON_SERVED_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/audit.h"
#include "daemon/connection.h"
#include "daemon/jobs.h"
#include "daemon/listen.h"
#include "daemon/policy_store.h"
#include "daemon/server.h"
#include "daemon/server_config.h"
#include "daemon/stats.h"
#include "daemon/worker.h"
#include "proto/decode.h"
#include "proto/pack.h"
#include "proto/scope.h"
#include "runtimes/runtime.h"

struct served {
    uv_loop_t loop;
    struct sp_server server;
    struct sp_listen_sockets sockets;
    char folder[64]; /* the server's files; the configuration is config.yaml in it */
    char path[96];
    int n_ended;
};

static struct served served;

static inline void served_write(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", served.folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(path, 0600), 0);
}

/* The first line of the audit file is of this event. */
static inline void served_expect_audited(const char *audit_file, const char *event)
{
    char path[160], told[64], line[512] = "";
    snprintf(path, sizeof(path), "%s/%s", served.folder, audit_file);
    snprintf(told, sizeof(told), "\"event\":\"%s\"", event);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert_not_null(fgets(line, sizeof(line), file));
    cr_assert_not_null(strstr(line, told), "%s", line);
    fclose(file);
}

/* The configuration: the folder's policies and audit file, and these lines. */
static inline void served_configure(const char *audit_file, const char *lines)
{
    char text[1024];
    snprintf(text, sizeof(text), "audit: {file: %s/%s}\npolicy: {folder: %s/policies}\n%s", served.folder, audit_file,
        served.folder, lines);
    served_write("config.yaml", text);
}

static inline void served_start(const char *lines)
{
    struct sp_error error = {0};
    char policies[96];
    served = (struct served){.sockets = {.lock_fd = -1}};
    struct sp_server *server = &served.server;
    strcpy(served.folder, "/tmp/sp_served_XXXXXX");
    cr_assert_not_null(mkdtemp(served.folder));
    snprintf(policies, sizeof(policies), "%s/policies", served.folder);
    snprintf(served.path, sizeof(served.path), "%s/config.yaml", served.folder);
    cr_assert_eq(mkdir(policies, 0755), 0);
    served_configure("audit", lines);
    server->loop = &served.loop;
    server->config_options = (struct sp_config_options){
        .path = served.path, .private_daemon = true, .socket_path = "/nowhere/s", .starter_uid = geteuid()};
    cr_assert_eq(sp_config_load(&server->config_options, &server->config, NULL, &error), 0, "%s", error.text);
    uv_loop_init(&served.loop);
    const struct sp_workers_config workers = {
        .loop = &served.loop, .n_threads = 1, .tasks_max = 100, .user_tasks_max = 100, .bytes_max = 1 << 20};
    const struct sp_audit_config audit = sp_server_config_audit(server, server->config);
    const struct sp_runtimes_config runtimes = sp_server_config_runtimes(server, server->config);
    cr_assert_eq(sp_runtimes_open(&runtimes, &server->runtimes, &error), 0, "%s", error.text);
    cr_assert_eq(sp_stats_new(0, &server->stats, NULL), 0);
    cr_assert_eq(sp_quota_new(&server->config->bounds, &server->quota, NULL), 0);
    cr_assert_eq(sp_audit_open(&audit, &server->audit, &error), 0, "%s", error.text);
    cr_assert_eq(sp_workers_start(&workers, &server->workers, NULL), 0);
    cr_assert_eq(sp_workers_start(&workers, &server->compilers, NULL), 0);
    const struct sp_policy_store_config store = sp_server_config_policies(server, server->config);
    cr_assert_eq(sp_policy_store_open(&store, &server->policies, &error), 0, "%s", error.text);
    const struct sp_jobs_config jobs = sp_server_config_jobs(server, server->config);
    cr_assert_eq(sp_jobs_open(&jobs, &server->jobs, NULL), 0);
    cr_assert_eq(sp_listen_start(server, &served.sockets, &server->listener, &error), 0, "%s", error.text);
}

static inline void served_count(void *context)
{
    (void)context;
    served.n_ended++;
}

static inline void served_until(int n_ended)
{
    while (served.n_ended < n_ended)
        uv_run(&served.loop, UV_RUN_ONCE);
}

static inline void served_stop(void)
{
    struct sp_server *server = &served.server;
    char command[128];
    served.n_ended = 0;
    sp_listen_close(server->listener, served_count, NULL);
    served_until(1);
    sp_jobs_close(server->jobs, served_count, NULL);
    served_until(2);
    sp_runtimes_close(server->runtimes, served_count, NULL);
    served_until(3);
    sp_workers_stop(server->workers, served_count, NULL);
    sp_workers_stop(server->compilers, served_count, NULL);
    served_until(5);
    sp_policy_store_close(server->policies, served_count, NULL);
    sp_audit_close(server->audit);
    uv_run(&served.loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&served.loop), 0);
    cr_assert_eq(sp_quota_totals(server->quota).n_requests, 0);
    cr_assert_eq(sp_quota_totals(server->quota).n_bytes, 0);
    sp_quota_free(server->quota);
    sp_stats_free(server->stats);
    sp_config_free(server->config);
    snprintf(command, sizeof(command), "rm -rf %s", served.folder);
    cr_assert_eq(system(command), 0);
}

/* ---- a peer ---- */

struct peer {
    int fd;
    struct sp_connection *connection;
    msgpack_unpacker unpacker;
    msgpack_unpacked message; /* the last one read */
};

static inline void peer_open(struct peer *peer)
{
    int fds[2];
    struct sp_error error = {0};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    cr_assert_eq(sp_connection_open(&served.server, fds[0], &error), 0, "%s", error.text);
    *peer = (struct peer){.fd = fds[1], .connection = served.server.listener->connections};
    cr_assert(msgpack_unpacker_init(&peer->unpacker, 4096));
    msgpack_unpacked_init(&peer->message);
}

static inline void peer_close(struct peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
    msgpack_unpacked_destroy(&peer->message);
    msgpack_unpacker_destroy(&peer->unpacker);
}

static inline void peer_send(struct peer *peer, const void *bytes, size_t n_bytes)
{
    cr_assert_eq(send(peer->fd, bytes, n_bytes, MSG_NOSIGNAL), (ssize_t)n_bytes);
}

/* A request whose parameters are pairs of strings, up to NULL. */
static inline void peer_pack(struct sp_buffer *frames, uint32_t msgid, const char *method, const char *const *params)
{
    size_t n = 0;
    while (params && params[2 * n])
        n++;
    sp_message_pack_request(frames, msgid, method);
    sp_pack_array(frames, 1);
    sp_pack_map(frames, n);
    for (size_t i = 0; i < 2 * n; i++)
        sp_pack_cstr(frames, params[i]);
}

static inline void peer_ask(struct peer *peer, uint32_t msgid, const char *method, const char *const *params)
{
    struct sp_buffer frames;
    sp_buffer_init(&frames, 1 << 20);
    peer_pack(&frames, msgid, method, params);
    peer_send(peer, frames.bytes, frames.n_bytes);
    sp_buffer_fini(&frames);
}

/* Reads the next message, running the loop meanwhile; NULL: the daemon has closed. */
static inline const msgpack_object *peer_read(struct peer *peer)
{
    while (msgpack_unpacker_next(&peer->unpacker, &peer->message) != MSGPACK_UNPACK_SUCCESS) {
        cr_assert(msgpack_unpacker_reserve_buffer(&peer->unpacker, 4096));
        ssize_t n = recv(peer->fd, msgpack_unpacker_buffer(&peer->unpacker), 4096, 0);
        if (n > 0)
            msgpack_unpacker_buffer_consumed(&peer->unpacker, (size_t)n);
        else if (n == 0)
            return NULL;
        else
            uv_run(&served.loop, UV_RUN_ONCE);
    }
    return &peer->message.data;
}

/* The next message answers msgid, with an error that begins so, or (begin NULL) with a result, which is returned. */
static inline const msgpack_object *peer_expect(struct peer *peer, uint32_t msgid, const char *begin)
{
    const msgpack_object *message = peer_read(peer);
    cr_assert_not_null(message, "the daemon has closed");
    cr_assert_eq(message->via.array.ptr[0].via.u64, 1);
    cr_assert_eq(message->via.array.ptr[1].via.u64, msgid);
    struct sp_str error = {"", 0};
    sp_decode_str(&message->via.array.ptr[2], &error);
    if (begin)
        cr_assert(error.n_bytes >= strlen(begin) && memcmp(error.ptr, begin, strlen(begin)) == 0, "%.*s",
            sp_str_int(error, 200), error.ptr);
    else
        cr_assert_eq(error.n_bytes, 0, "%.*s", sp_str_int(error, 200), error.ptr);
    return &message->via.array.ptr[3];
}

#endif
