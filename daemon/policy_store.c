/* Policies by content and by name: what a request names, who owns which name, the operator's folder. Loop thread; owner: the
 * server. What is not at hand comes by policy_pending. */
#include "daemon/policy_store.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/policy_pending.h"
#include "daemon/policy_store_inside.h"
#include "proto/decode.h"
#include "proto/pack.h"
#include "proto/scope.h"

#define ID_PREFIX "sha256:"

struct sp_policy_store_config sp_policy_store_config_default(void)
{
    return (struct sp_policy_store_config){
        .cache_bytes_max = 256u << 20,
        .cache_policies_max = 1024,
        .user_bytes_max = 64u << 20,
        .user_policies_max = 64,
        .policy_bytes_max = 4u << 20,
        .compiles_max = 256,
        .user_compiles_max = 32,
        .user_compile_ms = 20000,
    };
}

bool sp_policy_store_is_name(struct sp_str name)
{
    return sp_policy_folder_name_valid(name);
}

/* ---- sets ---- */

void sp_policy_set_fini(struct sp_policy_set *set)
{
    for (size_t i = 0; i < set->n_policies; i++)
        sp_policy_unref(set->policies[i]);
    set->n_policies = 0;
}

static int resolved(struct sp_policy_store *store, struct sp_policy_resolve_request *request, struct sp_policy *policy)
{
    const struct sp_policy_warning *warnings;
    store->hits++;
    sp_policy_pending_fill(store, request, policy);
    size_t n = sp_policy_warnings(policy, &warnings);
    sp_policy_pending_describe(request, sp_policy_name(policy), warnings, n);
    return SP_POLICY_RESOLVED;
}

/* ---- resolving ---- */

struct sp_policy *sp_policy_store_find_id(struct sp_policy_store *store, struct sp_str id)
{
    struct sp_policy *policy = sp_policy_folder_find_id(store->folder, id);
    if (policy)
        return policy;
    struct sp_policy_entry *entry = sp_policy_cache_find(&store->cache, id);
    return entry ? entry->policy : NULL;
}

static bool starts_with(struct sp_str text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n_bytes >= n && memcmp(text.ptr, prefix, n) == 0;
}

static int unknown(struct sp_str reference, struct sp_error *error)
{
    return sp_error_set(
        error, SP_EUNKNOWN_POLICY, "there is no policy \"%.*s\"", sp_str_int(reference, 80), reference.ptr);
}

static int resolve_preset(struct sp_policy_store *store, struct sp_str reference,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    size_t n_prefix = sizeof(SP_POLICY_PRESET_PREFIX) - 1;
    struct sp_str name = {reference.ptr + n_prefix, reference.n_bytes - n_prefix};
    const struct sp_preset *preset;
    int r = sp_policy_source_preset(name, &preset, error);
    if (r < 0)
        return r;
    struct sp_policy_entry *entry = sp_policy_cache_find_name(&store->cache, SP_POLICY_UID_OPERATOR, name);
    if (entry)
        return resolved(store, request, entry->policy);
    struct sp_policy_source source;
    r = sp_policy_source_init_text(&source, SP_POLICY_FORM_PRESET, name, SP_POLICY_NAME_MAX, error);
    return r < 0 ? r : sp_policy_pending_wait(store, SP_POLICY_UID_OPERATOR, &source, request, error);
}

static struct sp_policy *find_by_name(struct sp_policy_store *store, uint32_t uid, struct sp_str name)
{
    struct sp_policy *policy = sp_policy_folder_find(store->folder, name);
    if (policy || !sp_policy_folder_name_valid(name))
        return policy;
    struct sp_policy_entry *entry = sp_policy_cache_find_name(&store->cache, uid, name);
    return entry ? entry->policy : NULL;
}

static int resolve_reference(struct sp_policy_store *store, uint32_t uid, struct sp_str reference,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    if (starts_with(reference, SP_POLICY_PRESET_PREFIX))
        return resolve_preset(store, reference, request, error);
    if (starts_with(reference, ID_PREFIX)) {
        struct sp_policy *policy = sp_policy_store_find_id(store, reference);
        if (!policy && sp_policy_pending_join(store, reference, request))
            return 0;
        return policy ? resolved(store, request, policy) : unknown(reference, error);
    }
    struct sp_policy *policy = find_by_name(store, uid, reference);
    return policy ? resolved(store, request, policy) : unknown(reference, error);
}

static int resolve_text(struct sp_policy_store *store, uint32_t uid, const msgpack_object *argument,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    struct sp_policy_source source;
    int r = sp_policy_source_init(&source, argument, store->config.policy_bytes_max, error);
    if (r < 0)
        return r;
    const struct sp_policy_digest *slot = &store->digests[source.digest[0] % SP_POLICY_DIGESTS];
    if (!request->describe && slot->id[0] && memcmp(slot->digest, source.digest, sizeof(slot->digest)) == 0) {
        struct sp_policy *policy = sp_policy_store_find_id(store, sp_str_of(slot->id));
        if (policy) {
            sp_policy_source_fini(&source);
            return resolved(store, request, policy);
        }
    }
    return sp_policy_pending_wait(store, uid, &source, request, error);
}

int sp_policy_store_resolve(struct sp_policy_store *store, uint32_t uid, const msgpack_object *argument,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    request->store = store;
    request->uid = uid;
    request->pending = NULL;
    request->set = (struct sp_policy_set){0};
    request->name[0] = '\0';
    request->warnings = (struct sp_buffer){0};
    request->error = (struct sp_error){0};
    if (!argument || argument->type == MSGPACK_OBJECT_NIL)
        return resolved(store, request, store->folder->standard);
    struct sp_str reference;
    int r = sp_decode_str(argument, &reference) ? resolve_reference(store, uid, reference, request, error)
                                                : resolve_text(store, uid, argument, request, error);
    if (r == SP_EINVALID_REQUEST || r == SP_EUNKNOWN_POLICY)
        sp_error_prefix(error, "policy");
    return r;
}

static void on_turn(uv_async_t *handle)
{
    struct sp_policy_store *store = handle->data;
    struct sp_policy_resolve_request *request = store->cancelled, *next;
    store->cancelled = NULL;
    for (; request; request = next) {
        next = request->next;
        request->done(request, &request->error);
    }
    sp_policy_pending_begin(store);
}

void sp_policy_store_cancel(struct sp_policy_resolve_request *request)
{
    struct sp_policy_store *store = request->store;
    if (!request->pending)
        return;
    sp_policy_pending_leave(request);
    sp_error_set(&request->error, SP_ECANCELLED, NULL);
    request->next = store->cancelled;
    store->cancelled = request;
    uv_async_send(&store->turn);
}

/* ---- names ---- */

int sp_policy_store_name(
    struct sp_policy_store *store, uint32_t uid, struct sp_str name, struct sp_policy *policy, struct sp_error *error)
{
    struct sp_policy_entry *entry;
    if (!sp_policy_folder_name_valid(name))
        return sp_error_set(error, SP_EINVALID_REQUEST,
            "a name is made of a-z, 0-9, '.', '_' and '-', begins with a letter or digit, and has at most %d",
            SP_POLICY_NAME_MAX);
    if (sp_policy_folder_find(store->folder, name))
        return sp_error_set(error, SP_EDENIED, "the name \"%.*s\" is the operator's", sp_str_int(name, 64), name.ptr);
    int r = sp_policy_cache_add(&store->cache, uid, policy, &entry, error);
    return r < 0 ? r : sp_policy_cache_set_name(&store->cache, uid, name, entry, error);
}

int sp_policy_store_remove(struct sp_policy_store *store, uint32_t uid, struct sp_str reference, char *ret_id,
    struct sp_buffer *result, struct sp_error *error)
{
    bool by_id = starts_with(reference, ID_PREFIX);
    struct sp_policy_entry *entry = by_id ? sp_policy_cache_find(&store->cache, reference)
                                          : sp_policy_cache_find_name(&store->cache, uid, reference);
    const struct sp_policy_name **names = NULL;
    size_t n_names = 0;
    if (!by_id && (sp_policy_folder_find(store->folder, reference) || starts_with(reference, SP_POLICY_PRESET_PREFIX)))
        return sp_error_set(error, SP_EDENIED, "\"%.*s\" is the operator's", sp_str_int(reference, 64), reference.ptr);
    if (!entry)
        return unknown(reference, error);
    int r = sp_policy_cache_names(&store->cache, uid, entry, &names, &n_names, error);
    if (r < 0)
        return r;
    if (n_names == 0) {
        free(names);
        return sp_error_set(error, SP_EUNKNOWN_POLICY, "no name of yours points at that policy");
    }
    snprintf(ret_id, SP_POLICY_ID_SIZE, "%s", sp_policy_id(entry->policy));
    sp_pack_map(result, 2);
    sp_pack_key(result, "id");
    sp_pack_cstr(result, ret_id);
    sp_pack_key(result, "names");
    sp_pack_array(result, by_id ? n_names : 1);
    for (size_t i = 0; i < n_names; i++) {
        if (!by_id && !sp_str_is(reference, names[i]->text))
            continue;
        sp_pack_cstr(result, names[i]->text);
        /* The name's own text goes with the name. */
        char text[SP_POLICY_NAME_MAX + 1];
        memcpy(text, names[i]->text, sizeof(text));
        sp_policy_cache_drop_name(&store->cache, uid, sp_str_of(text));
    }
    free(names);
    return result->failed;
}

static void pack_row(
    struct sp_buffer *result, unsigned extra_pairs, const char *name, const char *id, const char *origin)
{
    sp_pack_map(result, 3 + extra_pairs);
    sp_pack_key(result, "name");
    sp_pack_cstr(result, name);
    sp_pack_key(result, "id");
    sp_pack_cstr(result, id);
    sp_pack_key(result, "origin");
    sp_pack_cstr(result, origin);
}

static void pack_presets(const struct sp_policy_store *store, struct sp_buffer *result)
{
    size_t n_presets;
    const struct sp_preset *presets = sp_preset_all(&n_presets);
    for (size_t i = 0; i < n_presets; i++) {
        char name[sizeof(SP_POLICY_PRESET_PREFIX) + SP_POLICY_NAME_MAX];
        snprintf(name, sizeof(name), SP_POLICY_PRESET_PREFIX "%s", presets[i].name);
        pack_row(result, 1, name, store->preset_ids[i], "preset");
        sp_pack_key(result, "summary");
        sp_pack_cstr(result, presets[i].summary);
    }
}

int sp_policy_store_list(struct sp_policy_store *store, uint32_t uid, struct sp_buffer *result)
{
    const struct sp_policy_name **names = NULL;
    size_t n_names = 0, n_shadowed = 0, n_presets;
    sp_preset_all(&n_presets);
    int r = sp_policy_cache_names(&store->cache, uid, NULL, &names, &n_names, NULL);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n_names; i++)
        n_shadowed += sp_policy_folder_find(store->folder, sp_str_of(names[i]->text)) != NULL;
    sp_pack_array(result, store->folder->n_items + n_names - n_shadowed + n_presets);
    for (size_t i = 0; i < store->folder->n_items; i++)
        pack_row(result, 0, store->folder->items[i].name, sp_policy_id(store->folder->items[i].policy), "operator");
    for (size_t i = 0; i < n_names; i++)
        if (!sp_policy_folder_find(store->folder, sp_str_of(names[i]->text)))
            pack_row(result, 0, names[i]->text, sp_policy_id(names[i]->entry->policy), "own");
    pack_presets(store, result);
    free(names);
    return result->failed;
}

/* ---- life ---- */

static struct sp_policy_cache_bounds bounds_of(const struct sp_policy_store_config *config)
{
    return (struct sp_policy_cache_bounds){
        .bytes_max = config->cache_bytes_max,
        .policies_max = config->cache_policies_max,
        .user_bytes_max = config->user_bytes_max,
        .user_policies_max = config->user_policies_max,
    };
}

void sp_policy_store_keep_config(struct sp_policy_store *store, const struct sp_policy_store_config *config)
{
    store->config = *config;
    store->config.folder = store->folder->path;
    store->config.default_policy = store->folder->standard_reference;
    store->config.mandatory_policy = store->folder->mandatory_reference;
    store->cache.bounds = bounds_of(config);
}

/* Their ids hang on what they say alone, and a preset that cannot be read is found at the start. */
static int identify_presets(struct sp_policy_store *store, struct sp_error *error)
{
    size_t n_presets;
    const struct sp_preset *presets = sp_preset_all(&n_presets);
    store->preset_ids = calloc(n_presets, sizeof(*store->preset_ids));
    int r = store->preset_ids ? 0 : sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; i < n_presets && r == 0; i++) {
        struct sp_policy_source source;
        struct sp_policy_model *model;
        r = sp_policy_source_init_text(
            &source, SP_POLICY_FORM_PRESET, sp_str_of(presets[i].name), SP_POLICY_NAME_MAX, error);
        if (r < 0)
            break;
        r = sp_policy_source_model(&source, &model, error);
        sp_policy_source_fini(&source);
        if (r < 0)
            break;
        snprintf(store->preset_ids[i], sizeof(store->preset_ids[i]), "%s", sp_policy_model_id(model));
        sp_policy_model_free(model);
    }
    return r;
}

int sp_policy_store_open(
    const struct sp_policy_store_config *config, struct sp_policy_store **ret_store, struct sp_error *error)
{
    struct sp_policy_store *store = calloc(1, sizeof(*store));
    if (!store)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    struct sp_policy_cache_bounds bounds = bounds_of(config);
    sp_policy_cache_init(&store->cache, &bounds);
    int r = sp_policy_folder_new(config->folder, config->default_policy, config->mandatory_policy,
        config->policy_bytes_max, &store->folder, error);
    if (r == 0)
        r = sp_policy_folder_load(store->folder, error);
    if (r == 0)
        r = identify_presets(store, error);
    if (r == 0 && config->loop) {
        r = uv_async_init(config->loop, &store->turn, on_turn);
        if (r < 0)
            r = sp_error_errno(error, -r, "uv_async_init");
        store->turn.data = store;
        store->has_turn = r == 0;
    }
    if (r < 0) {
        sp_policy_store_close(store, NULL, NULL);
        return r;
    }
    sp_policy_store_keep_config(store, config);
    *ret_store = store;
    return 0;
}

static void free_store(struct sp_policy_store *store)
{
    void (*closed)(void *) = store->closed;
    void *context = store->closed_context;
    sp_policy_cache_fini(&store->cache);
    sp_policy_folder_free(store->folder);
    free(store->preset_ids);
    free(store);
    if (closed)
        closed(context);
}

static void on_turn_closed(uv_handle_t *handle)
{
    free_store(handle->data);
}

void sp_policy_store_close(struct sp_policy_store *store, void (*closed)(void *context), void *context)
{
    if (!store) {
        if (closed)
            closed(context);
        return;
    }
    store->closed = closed;
    store->closed_context = context;
    if (!store->has_turn) {
        free_store(store);
        return;
    }
    on_turn(&store->turn);
    uv_close((uv_handle_t *)&store->turn, on_turn_closed);
}

void sp_policy_store_stats(const struct sp_policy_store *store, struct sp_policy_store_stats *ret_stats)
{
    *ret_stats = (struct sp_policy_store_stats){
        .policies = store->cache.n_entries + store->folder->n_items,
        .named = store->cache.n_names + store->folder->n_items,
        .bytes = store->cache.size_bytes,
        .compiling = store->n_pending,
        .hits = store->hits,
        .compiled = store->compiled,
        .failed = store->failed,
        .evicted = store->cache.evicted,
        .compile_ms = (double)store->compile_ns / 1e6,
    };
}
