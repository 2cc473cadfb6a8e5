/* hello: who we are, who the caller is to us, what there is. Loop thread. Nothing is claimed but what was probed: languages by
 * the scanner's own answer, runtimes by their description. */
#include "daemon/connection.h"
#include "daemon/identity.h"
#include "daemon/log.h"
#include "daemon/request.h"
#include "daemon/server.h"
#include "proto/pack.h"
#include "runtimes/runtime.h"

#define PROTOCOL         1
#define RESULT_BYTES_MAX (4u << 20)

static void pack_identity(const struct sp_identity *identity, struct sp_pack_map *answer)
{
    sp_pack_uint(sp_pack_put(answer, "uid"), identity->uid);
    struct sp_buffer *buffer = sp_pack_put(answer, "groups");
    sp_pack_array(buffer, identity->n_groups);
    for (size_t i = 0; i < identity->n_groups; i++)
        sp_pack_uint(buffer, identity->groups[i]);
    buffer = sp_pack_put(answer, "rights");
    sp_pack_array(buffer, (size_t)__builtin_popcount(identity->rights));
    for (int i = 0; i < SP_RIGHT_COUNT; i++)
        if (identity->rights & 1u << i)
            sp_pack_cstr(buffer, sp_right_names[i]);
}

static void pack_run_limits(const struct sp_limits *limits, struct sp_buffer *result)
{
    const uint64_t values[SP_LIMIT_COUNT] = {
#define X(field, name, standard, ceiling, unit, holder) [SP_LIMIT_##field] = limits->field,
        SP_RUN_LIMITS(X)
#undef X
    };
    sp_pack_map(result, SP_LIMIT_COUNT);
    for (int i = 0; i < SP_LIMIT_COUNT; i++) {
        uint32_t unit = sp_limit_rows[i].unit;
        sp_pack_key(result, sp_limit_rows[i].name);
        if (values[i] % unit)
            sp_pack_double(result, (double)values[i] / unit);
        else
            sp_pack_uint(result, values[i] / unit);
    }
}

static void pack_limits(const struct sp_request *request, struct sp_pack_map *answer)
{
    const struct sp_config *config = request->server->config;
    struct sp_limits ceilings = sp_identity_ceilings(&request->identity, config), usual = config->limits;
#define X(field, name, standard, ceiling, unit, holder)                                                                \
    if (usual.field > ceilings.field)                                                                                  \
        usual.field = ceilings.field;
    SP_RUN_LIMITS(X)
#undef X
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"frame_bytes", config->frame_bytes},
        {"code_bytes", config->code_bytes},
        {"batch_bytes", config->batch_bytes},
        {"batch_sources", SP_BATCH_MAX},
        {"depth", SP_FRAME_DEPTH_MAX},
        {"requests", config->bounds.connection_requests},
        {"run_wait_ms", config->run_wait_ms},
    };
    struct sp_pack_map map = sp_pack_map_begin(sp_pack_put(answer, "limits"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        sp_pack_uint(sp_pack_put(&map, rows[i].name), rows[i].value);
    pack_run_limits(&usual, sp_pack_put(&map, "run"));
    pack_run_limits(&ceilings, sp_pack_put(&map, "ceilings"));
    sp_pack_map_end(&map);
}

static void pack_languages(const struct sp_server *server, struct sp_buffer *buffer)
{
    size_t n = 0;
    for (int i = 0; i < SP_LANGUAGE_COUNT; i++)
        n += server->reads_language[i];
    sp_pack_array(buffer, n);
    for (int i = 0; i < SP_LANGUAGE_COUNT; i++)
        if (server->reads_language[i])
            sp_pack_cstr(buffer, sp_language_name(i));
}

static void pack_runtime_limit(const struct sp_runtime_limit_info *limit, struct sp_buffer *buffer)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    sp_pack_cstr(sp_pack_put(&map, "name"), limit->name);
    sp_pack_cstr(sp_pack_put(&map, "by"), limit->by);
    sp_pack_bool(sp_pack_put(&map, "best_effort"), limit->best_effort);
    sp_pack_cstr(sp_pack_put(&map, "note"), limit->note);
    sp_pack_map_end(&map);
}

static void pack_runtime(const struct sp_runtime_info *info, struct sp_buffer *buffer)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    sp_pack_cstr(sp_pack_put(&map, "name"), info->name);
    sp_pack_bool(sp_pack_put(&map, "available"), info->available);
    sp_pack_cstr(sp_pack_put(&map, "reason"), info->reason);
    sp_pack_cstr(sp_pack_put(&map, "isolation"), info->isolation);
    sp_pack_bool(sp_pack_put(&map, "groups_kept"), info->groups_kept);
    sp_pack_array(sp_pack_put(&map, "languages"), info->n_languages);
    for (size_t i = 0; i < info->n_languages; i++)
        sp_pack_cstr(buffer, sp_language_name(info->languages[i]));
    sp_pack_array(sp_pack_put(&map, "limits"), info->n_limits);
    for (size_t i = 0; i < info->n_limits; i++)
        pack_runtime_limit(&info->limits[i], buffer);
    sp_pack_map_end(&map);
}

/* Those that the caller may use. */
static void pack_runtimes(const struct sp_request *request, struct sp_buffer *buffer)
{
    const struct sp_server *server = request->server;
    const struct sp_runtime_info *infos;
    size_t n_infos = sp_runtimes_describe(server->runtimes, &infos), n_shown = 0;
    for (size_t i = 0; i < n_infos; i++)
        n_shown += sp_identity_may_use(&request->identity, server->config, sp_str_of(infos[i].name));
    sp_pack_array(buffer, n_shown);
    for (size_t i = 0; i < n_infos; i++)
        if (sp_identity_may_use(&request->identity, server->config, sp_str_of(infos[i].name)))
            pack_runtime(&infos[i], buffer);
}

int sp_method_hello(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_hello *params = request->params;
    struct sp_connection *connection = request->connection;
    (void)error;
    if (sp_decode_peek(request->message.params, "errors"))
        connection->errors_as_map = params->errors == SP_ERRORS_MAP;
    if (params->client.ptr)
        sp_log_peer(SP_LOG_DEBUG, "uid %u, pid %d is %.*s", request->identity.uid, request->identity.pid,
            sp_str_int(params->client, 128), params->client.ptr);
    struct sp_buffer result;
    sp_buffer_init(&result, RESULT_BYTES_MAX);
    struct sp_pack_map map = sp_pack_map_begin(&result);
    sp_pack_cstr(sp_pack_put(&map, "version"), SP_VERSION);
    sp_pack_uint(sp_pack_put(&map, "protocol"), PROTOCOL);
    pack_identity(&request->identity, &map);
    pack_limits(request, &map);
    pack_languages(request->server, sp_pack_put(&map, "languages"));
    pack_runtimes(request, sp_pack_put(&map, "runtimes"));
    sp_pack_map_end(&map);
    sp_request_reply(request, &result);
    sp_buffer_fini(&result);
    return 0;
}
