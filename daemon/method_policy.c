/* policy.put, get, list and remove. Loop thread. put and get resolve what they are given, which may take a compilation; the
 * rest is answered at once. Whatever changes what a name means is told in the audit. */
#include <stdlib.h>

#include "daemon/audit.h"
#include "daemon/config.h"
#include "daemon/policy_source.h"
#include "daemon/policy_store.h"
#include "daemon/request.h"
#include "daemon/server.h"
#include "proto/decode.h"
#include "proto/pack.h"
#include "proto/scope.h"

/* One request's resolution. */
struct asked {
    struct sp_request *request;
    struct sp_policy_resolve_request resolve;
    void (*answer)(struct asked *asked, struct sp_policy *policy);
};

static void free_asked(struct asked *asked)
{
    sp_policy_set_fini(&asked->resolve.set);
    sp_buffer_fini(&asked->resolve.warnings);
    free(asked);
}

static void tell(struct sp_request *request, enum sp_audit_event_kind kind, struct sp_str name, const char *id)
{
    const struct sp_audit_event event = {
        .kind = kind,
        .uid = request->identity.uid,
        .gid = request->identity.gid,
        .pid = request->identity.pid,
        .method = sp_methods[request->method].name,
        .name = name,
        .policy = id,
    };
    sp_audit_tell(request->server->audit, &event);
}

static void answer(struct asked *asked, const struct sp_error *error)
{
    asked->request->cancel = NULL;
    if (error)
        sp_request_fail(asked->request, error);
    else
        asked->answer(asked, asked->resolve.set.policies[0]);
    free_asked(asked);
}

static void on_resolved(struct sp_policy_resolve_request *resolve, const struct sp_error *error)
{
    answer(resolve->data, error);
}

static void cancel(struct sp_request *request)
{
    struct asked *asked = request->work;
    sp_policy_store_cancel(&asked->resolve);
}

static int ask(struct sp_request *request, const msgpack_object *policy,
    void (*on_policy)(struct asked *asked, struct sp_policy *policy), struct sp_error *error)
{
    struct asked *asked = calloc(1, sizeof(*asked));
    if (!asked)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    asked->request = request;
    asked->answer = on_policy;
    asked->resolve = (struct sp_policy_resolve_request){.data = asked, .done = on_resolved, .describe = true};
    request->work = asked;
    int r = sp_policy_store_resolve(request->server->policies, request->identity.uid, policy, &asked->resolve, error);
    if (r < 0) {
        free_asked(asked);
        return r;
    }
    if (r == SP_POLICY_RESOLVED)
        answer(asked, NULL);
    else
        request->cancel = cancel;
    return 0;
}

static void pack_warnings(struct asked *asked, struct sp_buffer *reply)
{
    const struct sp_buffer *warnings = &asked->resolve.warnings;
    sp_pack_key(reply, "warnings");
    if (warnings->n_bytes && !warnings->failed)
        sp_pack_raw(reply, warnings->bytes, warnings->n_bytes);
    else
        sp_pack_array(reply, 0);
}

static void reply_with(struct sp_request *request, struct sp_buffer *reply)
{
    struct sp_error error = {0};
    if (reply->failed) {
        sp_error_set(&error, reply->failed, NULL);
        sp_request_fail(request, &error);
    } else {
        sp_request_reply(request, reply);
    }
}

/* ---- put ---- */

static void answer_put(struct asked *asked, struct sp_policy *policy)
{
    struct sp_request *request = asked->request;
    const struct sp_params_policy_put *params = request->params;
    struct sp_error error = {0};
    struct sp_str name = params->name;
    /* The policy's own name serves where none is given. */
    if (!name.ptr && asked->resolve.name[0])
        name = sp_str_of(asked->resolve.name);
    if (name.ptr && sp_policy_store_name(request->server->policies, request->identity.uid, name, policy, &error) < 0) {
        sp_error_prefix(&error, "name");
        sp_request_fail(request, &error);
        return;
    }
    tell(request, SP_AUDIT_POLICY_PUT, name, sp_policy_id(policy));
    sp_cleanup(sp_buffer_fini) struct sp_buffer reply;
    sp_buffer_init(&reply, request->frame_bytes);
    sp_pack_map(&reply, 3);
    sp_pack_key(&reply, "id");
    sp_pack_cstr(&reply, sp_policy_id(policy));
    sp_pack_key(&reply, "name");
    sp_pack_text(&reply, name);
    pack_warnings(asked, &reply);
    reply_with(request, &reply);
}

int sp_method_policy_put(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_policy_put *params = request->params;
    if (params->name.ptr && !sp_policy_store_is_name(params->name)) {
        return sp_error_set_at(
            error, SP_EINVALID_REQUEST, "name", "a name is [a-z0-9][a-z0-9._-]*, at most 64 of them");
    }
    return ask(request, params->policy, answer_put, error);
}

/* ---- get ---- */

static void answer_get(struct asked *asked, struct sp_policy *policy)
{
    const struct sp_params_policy_get *params = asked->request->params;
    struct sp_str reference;
    const struct sp_preset *preset =
        params->policy && sp_decode_str(params->policy, &reference) ? sp_policy_source_find_preset(reference) : NULL;
    sp_cleanup(sp_buffer_fini) struct sp_buffer reply;
    sp_buffer_init(&reply, asked->request->frame_bytes);
    sp_pack_map(&reply, preset ? 5 : 4);
    sp_pack_key(&reply, "id");
    sp_pack_cstr(&reply, sp_policy_id(policy));
    sp_pack_key(&reply, "policy");
    sp_policy_pack(policy, &reply);
    if (preset) {
        sp_pack_key(&reply, "yaml");
        sp_pack_text(&reply, preset->yaml);
    }
    pack_warnings(asked, &reply);
    sp_pack_key(&reply, "grades");
    sp_policy_pack_grades(policy, &reply);
    reply_with(asked->request, &reply);
}

int sp_method_policy_get(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_policy_get *params = request->params;
    return ask(request, params->policy, answer_get, error);
}

/* ---- list, remove ---- */

int sp_method_policy_list(struct sp_request *request, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer reply;
    sp_buffer_init(&reply, request->frame_bytes);
    int r = sp_policy_store_list(request->server->policies, request->identity.uid, &reply);
    if (r < 0)
        return sp_error_set(error, r, NULL);
    sp_request_reply(request, &reply);
    return 0;
}

int sp_method_policy_remove(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_policy *params = request->params;
    char id[SP_POLICY_ID_SIZE];
    sp_cleanup(sp_buffer_fini) struct sp_buffer reply;
    sp_buffer_init(&reply, request->frame_bytes);
    int r = sp_policy_store_remove(request->server->policies, request->identity.uid, params->policy, id, &reply, error);
    if (r < 0) {
        sp_error_prefix(error, "policy");
        return sp_error_set(error, r, NULL);
    }
    tell(request, SP_AUDIT_POLICY_REMOVE, params->policy, id);
    sp_request_reply(request, &reply);
    return 0;
}
