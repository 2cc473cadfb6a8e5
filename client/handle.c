/* Opening and closing a connection: find the socket, connect or start, check, greet. The caller's thread; blocks within its
 * time. The handle is the caller's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/answer.h"
#include "client/ask.h"
#include "client/autostart.h"
#include "client/pipeline.h"
#include "client/socket_path.h"
#include "proto/limits.h"
#include "proto/scope.h"
#include "proto/socket_place.h"

SP_CLEANUP_DEFINE(struct sallyport *, sallyport_close)

static bool is_nobody(int r, int failed)
{
    return r == SP_EUNREACHABLE && (failed == ENOENT || failed == ECONNREFUSED);
}

/* A service that was only started, never installed, comes before a private daemon too. 1: connected; 0: nobody whom we
 * trust is there. One that is there and closed to us is no reason to take a weaker one. */
static int connect_service(struct sallyport *service, struct sp_error *error)
{
    struct sp_error refused = {0};
    int failed = 0;
    int r = sp_wire_connect(&service->wire, SP_SOCKET_PLACE_SERVICE, service->timeout_ms, &failed, &refused);
    if (is_nobody(r, failed) || r == SP_EDENIED)
        return 0;
    if (r < 0)
        return sp_error_set(error, r, "%s", refused.text);
    char *path = strdup(SP_SOCKET_PLACE_SERVICE);
    if (!path)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    free(service->path);
    service->path = path;
    return 1;
}

static int connect_to(struct sallyport *service, const struct sp_socket_path *where,
    const struct sallyport_options *options, struct sp_error *error)
{
    struct sp_error refused = {0};
    int failed = 0, r = 0;
    if (where->kind == SP_SOCKET_PRIVATE && (r = connect_service(service, error)) != 0)
        return r < 0 ? r : 0;
    r = sp_wire_connect(&service->wire, where->path, service->timeout_ms, &failed, &refused);
    if (!is_nobody(r, failed))
        return r < 0 ? sp_error_set(error, r, "%s", refused.text) : 0;
    if (where->kind == SP_SOCKET_PRIVATE && options->autostart != SALLYPORT_AUTOSTART_NEVER)
        return sp_autostart_connect(&service->wire, where->path, options->daemon_path, service->timeout_ms, error);
    if (where->kind == SP_SOCKET_INSTALLED)
        return sp_error_set(error, r, "a service is installed here but not running: %s", refused.text);
    return sp_error_set(error, r, "%s", refused.text);
}

static int open_service(const struct sallyport_options *options, struct sallyport **ret_service, struct sp_error *error)
{
    struct sallyport_options own = {0};
    struct sp_socket_path where;
    struct sp_socket_world world = sp_socket_path_world();
    int r = options ? sp_ask_adopt(options, options->size, sizeof own, &own, error) : 0;
    if (r == 0)
        r = sp_socket_path_find(&world, own.socket_path, &where, error);
    if (r < 0)
        return r;
    sp_cleanup(sallyport_close_scope) struct sallyport *service = calloc(1, sizeof *service);
    if (!service)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_wire_init(&service->wire);
    service->nearest_ms = UINT64_MAX;
    service->frame_bytes_max = SP_FRAME_BYTES_MAX;
    service->timeout_ms = own.timeout_ms ? own.timeout_ms : SP_PIPELINE_TIMEOUT_MS;
    service->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (service->wake_fd < 0)
        return sp_error_errno(error, errno, "eventfd");
    service->path = strdup(where.path);
    service->client = strdup(own.client ? own.client : "libsallyport/" SP_VERSION);
    if (!service->path || !service->client)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    r = connect_to(service, &where, &own, error);
    if (r < 0)
        return r;
    *ret_service = SP_TAKE(service);
    return 0;
}

int sallyport_open(const struct sallyport_options *options, sallyport **ret_service, struct sallyport_error *ret_error)
{
    struct sp_error error = {0};
    sp_cleanup(sallyport_close_scope) struct sallyport *service = NULL;
    int r = open_service(options, &service, &error);
    if (r < 0)
        return sp_answer_publish(&error, ret_error);
    /* The greeting settles the form of errors, and is the first proof that a service of ours speaks there. */
    r = sallyport_hello(service, &service->greeting, ret_error);
    if (r < 0)
        return r;
    int64_t frame_bytes = sallyport_get_int(service->greeting, "limits.frame_bytes", 0);
    if (frame_bytes > 0)
        service->frame_bytes_max = (size_t)frame_bytes;
    *ret_service = SP_TAKE(service);
    return 0;
}

void sallyport_close(sallyport *service)
{
    if (!service)
        return;
    struct sp_error error = {0};
    sp_error_set(&error, SP_ECANCELLED, "the connection was closed");
    service->dispatching = true;
    sp_pipeline_break(service, &error);
    sp_wire_fini(&service->wire);
    if (service->wake_fd >= 0)
        close(service->wake_fd);
    sallyport_free(service->greeting);
    free(service->path);
    free(service->client);
    free(service);
}

const sallyport_value *sallyport_greeting(const sallyport *service)
{
    return service->greeting;
}

const char *sallyport_socket_path(const sallyport *service)
{
    return service->path;
}

const char *sallyport_version(void)
{
    return SP_VERSION;
}
