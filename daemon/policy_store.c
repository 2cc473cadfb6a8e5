/* Policies by content and by name, and the asynchronous way from what a request names to what judges it. Loop thread;
 * owner: the server. Texts are decoded and compiled on the compilers' threads, in two steps, so that two texts of one
 * policy meet at its id in between: whoever wants a policy that is on its way waits with the others. */
#include "daemon/policy_store.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/policy_cache.h"
#include "daemon/policy_folder.h"
#include "daemon/policy_source.h"
#include "proto/decode.h"
#include "proto/pack.h"
#include "proto/scope.h"

#define DIGESTS        256
#define SPENDERS       64
#define SPENDING_NS    60000000000ull /* a minute */
#define PRESET_PREFIX  "preset:"
#define ID_PREFIX      "sha256:"
#define WARNINGS_BYTES (1u << 20)
#define COMPILE_WEIGHT 1024

/* What a text turned out to be, so that a policy that comes with each request is decoded once. */
struct digest_slot {
    uint8_t digest[32];
    char id[SP_POLICY_ID_SIZE]; /* "": empty */
};

/* CPU that a uid has spent on compiling since window_ns. */
struct spender {
    uint32_t uid;
    uint64_t window_ns, spent_ns;
};

enum step { STEP_DECODE, STEP_COMPILE };

/* A policy on its way, and who waits for it. */
struct sp_policy_pending {
    struct sp_policy_store *store;
    struct sp_task task;
    enum step step;
    uint32_t uid;
    struct sp_policy_source source;
    struct sp_policy_model *model;
    struct sp_policy *policy;
    uint64_t cpu_ns;
    int result;
    struct sp_error error;
    struct sp_policy_resolve_request *waiters;
    struct sp_policy_pending *next, **link;
};

struct sp_policy_store {
    struct sp_policy_store_config config; /* its strings are the folder's */
    struct sp_policy_folder *folder;
    struct sp_policy_cache cache;
    struct digest_slot digests[DIGESTS];
    struct spender spenders[SPENDERS];
    struct sp_policy_pending *pending;
    struct sp_policy_resolve_request *cancelled; /* to be told on the next turn of the loop */
    struct sp_policy_reload *reload;
    uv_async_t turn;
    bool has_turn;
    size_t n_pending;
    uint64_t hits, compiled, failed, compile_ns;
    void (*closed)(void *context);
    void *closed_context;
};

struct sp_policy_store_config sp_policy_store_config_default(void)
{
    return (struct sp_policy_store_config){
        .cache_bytes_max = 256u << 20,
        .cache_policies_max = 1024,
        .user_bytes_max = 64u << 20,
        .user_policies_max = 64,
        .policy_bytes_max = 4u << 20,
        .user_compile_ms = 20000,
    };
}

bool sp_policy_store_is_name(struct sp_str name)
{
    return sp_policy_name_valid(name);
}

/* ---- sets ---- */

void sp_policy_set_fini(struct sp_policy_set *set)
{
    for (size_t i = 0; i < set->n_policies; i++)
        sp_policy_unref(set->policies[i]);
    set->n_policies = 0;
}

static void fill_set(struct sp_policy_store *store, struct sp_policy_resolve_request *request, struct sp_policy *policy)
{
    struct sp_policy *mandatory = request->describe ? NULL : store->folder->mandatory;
    request->set = (struct sp_policy_set){.policies = {sp_policy_ref(policy)}, .n_policies = 1};
    if (mandatory && strcmp(sp_policy_id(mandatory), sp_policy_id(policy)) != 0)
        request->set.policies[request->set.n_policies++] = sp_policy_ref(mandatory);
}

static void describe(struct sp_policy_resolve_request *request, const char *name,
    const struct sp_policy_warning *warnings, size_t n_warnings)
{
    if (!request->describe)
        return;
    sp_buffer_init(&request->warnings, WARNINGS_BYTES);
    sp_pack_array(&request->warnings, n_warnings);
    for (size_t i = 0; i < n_warnings; i++) {
        sp_pack_map(&request->warnings, 2);
        sp_pack_key(&request->warnings, "path");
        sp_pack_cstr(&request->warnings, warnings[i].path);
        sp_pack_key(&request->warnings, "text");
        sp_pack_cstr(&request->warnings, warnings[i].text);
    }
    snprintf(request->name, sizeof(request->name), "%s", name && sp_policy_name_valid(sp_str_of(name)) ? name : "");
}

static int resolved(struct sp_policy_store *store, struct sp_policy_resolve_request *request, struct sp_policy *policy)
{
    const struct sp_policy_warning *warnings;
    store->hits++;
    fill_set(store, request, policy);
    size_t n = sp_policy_warnings(policy, &warnings);
    describe(request, sp_policy_name(policy), warnings, n);
    return SP_POLICY_RESOLVED;
}

/* ---- what a uid may spend ---- */

static struct spender *find_spender(struct sp_policy_store *store, uint32_t uid)
{
    struct spender *oldest = &store->spenders[0];
    uint64_t now_ns = uv_hrtime();
    for (size_t i = 0; i < SPENDERS; i++) {
        struct spender *spender = &store->spenders[i];
        if (spender->uid == uid && spender->window_ns) {
            if (now_ns - spender->window_ns >= SPENDING_NS)
                *spender = (struct spender){.uid = uid, .window_ns = now_ns};
            return spender;
        }
        if (spender->window_ns < oldest->window_ns)
            oldest = spender;
    }
    *oldest = (struct spender){.uid = uid, .window_ns = now_ns};
    return oldest;
}

static int check_spending(struct sp_policy_store *store, uint32_t uid, struct sp_error *error)
{
    uint64_t most_ms = store->config.user_compile_ms;
    if (most_ms == 0 || uid == SP_POLICY_UID_OPERATOR || find_spender(store, uid)->spent_ns < most_ms * 1000000u)
        return 0;
    return sp_error_set(error, SP_EBUSY, "you have compiled policies for more than %llu ms within a minute",
        (unsigned long long)most_ms);
}

/* ---- waiting ---- */

static void add_waiter(struct sp_policy_pending *pending, struct sp_policy_resolve_request *request)
{
    request->pending = pending;
    request->next = pending->waiters;
    request->link = &pending->waiters;
    if (request->next)
        request->next->link = &request->next;
    pending->waiters = request;
}

static void drop_waiter(struct sp_policy_resolve_request *request)
{
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
    request->pending = NULL;
    request->next = NULL;
    request->link = NULL;
}

static void free_pending(struct sp_policy_pending *pending)
{
    *pending->link = pending->next;
    if (pending->next)
        pending->next->link = pending->link;
    pending->store->n_pending--;
    sp_policy_source_fini(&pending->source);
    if (pending->model)
        sp_policy_model_free(pending->model);
    if (pending->policy)
        sp_policy_unref(pending->policy);
    free(pending);
}

/* Tells everybody, and ends. policy NULL: error. */
static void finish(struct sp_policy_pending *pending, struct sp_policy *policy, const struct sp_error *error)
{
    struct sp_policy_resolve_request *request;
    while ((request = pending->waiters)) {
        drop_waiter(request);
        if (policy)
            fill_set(pending->store, request, policy);
        request->done(request, policy ? NULL : error);
    }
    free_pending(pending);
}

static void finish_error(struct sp_policy_pending *pending, int code, const char *text)
{
    struct sp_error error = {0};
    sp_error_set(&error, code, text ? "%s" : NULL, text);
    finish(pending, NULL, &error);
}

/* ---- compiling ---- */

static void remember_digest(struct sp_policy_store *store, const uint8_t *digest, const char *id)
{
    struct digest_slot *slot = &store->digests[digest[0] % DIGESTS];
    memcpy(slot->digest, digest, sizeof(slot->digest));
    snprintf(slot->id, sizeof(slot->id), "%s", id);
}

static void compile_work(struct sp_task *task, struct sp_scanner *scanner)
{
    (void)scanner;
    struct sp_policy_pending *pending = SP_CONTAINER(task, struct sp_policy_pending, task);
    if (pending->step == STEP_DECODE) {
        pending->result = sp_policy_source_model(&pending->source, &pending->model, &pending->error);
        return;
    }
    pending->result = sp_policy_source_compile(pending->model, &pending->policy, &pending->cpu_ns, &pending->error);
    if (pending->result == 0)
        pending->model = NULL;
}

static struct sp_policy_pending *find_compiling(struct sp_policy_store *store, struct sp_str id)
{
    for (struct sp_policy_pending *pending = store->pending; pending; pending = pending->next)
        if (pending->step == STEP_COMPILE && pending->model && sp_str_is(id, sp_policy_model_id(pending->model)))
            return pending;
    return NULL;
}

static struct sp_policy *find_by_id(struct sp_policy_store *store, struct sp_str id)
{
    struct sp_policy *policy = sp_policy_folder_find_id(store->folder, id);
    if (policy)
        return policy;
    struct sp_policy_entry *entry = sp_policy_cache_find(&store->cache, id);
    return entry ? entry->policy : NULL;
}

/* The policy is there: it is kept, and told. A preset is found by its name from now on. */
static void settle(struct sp_policy_pending *pending, struct sp_policy *policy)
{
    struct sp_policy_store *store = pending->store;
    struct sp_policy_entry *entry;
    struct sp_error error = {0};
    int r = sp_policy_cache_add(&store->cache, pending->uid, policy, &entry, &error);
    if (r == 0 && pending->source.form == SP_POLICY_FORM_PRESET) {
        struct sp_str name = {(const char *)pending->source.bytes.bytes, pending->source.bytes.n_bytes};
        r = sp_policy_cache_set_name(&store->cache, SP_POLICY_UID_OPERATOR, name, entry, &error);
    }
    finish(pending, r == 0 ? entry->policy : NULL, &error);
}

/* The model is there: is that policy known, or on its way already? Else it is compiled now. */
static void decoded(struct sp_policy_pending *pending)
{
    struct sp_policy_store *store = pending->store;
    const struct sp_policy_warning *warnings;
    size_t n_warnings = sp_policy_model_warnings(pending->model, &warnings);
    for (struct sp_policy_resolve_request *request = pending->waiters; request; request = request->next)
        describe(request, sp_policy_model_name(pending->model), warnings, n_warnings);

    const char *id = sp_policy_model_id(pending->model);
    remember_digest(store, pending->source.digest, id);
    struct sp_policy *known = find_by_id(store, sp_str_of(id));
    if (known) {
        store->hits++;
        settle(pending, known);
        return;
    }
    struct sp_policy_pending *other = find_compiling(store, sp_str_of(id));
    if (other) {
        struct sp_policy_resolve_request *request;
        while ((request = pending->waiters)) {
            drop_waiter(request);
            add_waiter(other, request);
        }
        free_pending(pending);
        return;
    }
    pending->step = STEP_COMPILE;
    int r = sp_workers_submit(store->config.compilers, &pending->task, &pending->error);
    if (r < 0)
        finish(pending, NULL, &pending->error);
}

static void compile_done(struct sp_task *task, bool cancelled)
{
    struct sp_policy_pending *pending = SP_CONTAINER(task, struct sp_policy_pending, task);
    struct sp_policy_store *store = pending->store;
    if (cancelled && !pending->waiters) {
        free_pending(pending);
        return;
    }
    if (cancelled) {
        /* Somebody came while the cancelling was on its way, or the threads are stopping. */
        struct sp_error error = {0};
        if (sp_workers_submit(store->config.compilers, &pending->task, &error) < 0)
            finish(pending, NULL, &error);
        return;
    }
    if (pending->step == STEP_COMPILE) {
        find_spender(store, pending->uid)->spent_ns += pending->cpu_ns;
        store->compile_ns += pending->cpu_ns;
    }
    if (pending->result < 0) {
        store->failed++;
        if (pending->error.code)
            finish(pending, NULL, &pending->error);
        else
            finish_error(pending, pending->result, NULL);
    } else if (pending->step == STEP_DECODE) {
        decoded(pending);
    } else {
        store->compiled++;
        settle(pending, pending->policy);
    }
}

/* Takes the source, also on failure. */
static int wait_for(struct sp_policy_store *store, uint32_t uid, struct sp_policy_source *source,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    struct sp_policy_pending *pending;
    for (pending = store->pending; pending; pending = pending->next) {
        if (memcmp(pending->source.digest, source->digest, sizeof(source->digest)) != 0)
            continue;
        /* Who wants the text described waits for its decoding, which may be over. */
        if (request->describe && pending->step != STEP_DECODE)
            continue;
        sp_policy_source_fini(source);
        add_waiter(pending, request);
        return 0;
    }
    int r = store->config.compilers ? check_spending(store, uid, error)
                                    : sp_error_set(error, SP_EUNKNOWN_POLICY, "nothing is compiled here");
    pending = r == 0 ? calloc(1, sizeof(*pending)) : NULL;
    if (r == 0 && !pending)
        r = sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (r < 0) {
        sp_policy_source_fini(source);
        return r;
    }
    *pending = (struct sp_policy_pending){
        .store = store,
        .uid = uid,
        .source = *source,
        .task = {.uid = uid,
            .weight_bytes = source->bytes.n_bytes + COMPILE_WEIGHT,
            .work = compile_work,
            .done = compile_done},
    };
    pending->next = store->pending;
    pending->link = &store->pending;
    if (pending->next)
        pending->next->link = &pending->next;
    store->pending = pending;
    store->n_pending++;
    r = sp_workers_submit(store->config.compilers, &pending->task, error);
    if (r < 0) {
        free_pending(pending);
        return r;
    }
    add_waiter(pending, request);
    return 0;
}

/* ---- resolving ---- */

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
    size_t n_prefix = sizeof(PRESET_PREFIX) - 1;
    struct sp_str name = {reference.ptr + n_prefix, reference.n_bytes - n_prefix};
    if (!sp_policy_name_valid(name))
        return unknown(reference, error);
    struct sp_policy_entry *entry = sp_policy_cache_find_name(&store->cache, SP_POLICY_UID_OPERATOR, name);
    if (entry)
        return resolved(store, request, entry->policy);
    struct sp_policy_source source;
    int r = sp_policy_source_init_text(&source, SP_POLICY_FORM_PRESET, name, SP_POLICY_NAME_MAX, error);
    return r < 0 ? r : wait_for(store, SP_POLICY_UID_OPERATOR, &source, request, error);
}

static struct sp_policy *find_by_name(struct sp_policy_store *store, uint32_t uid, struct sp_str name)
{
    struct sp_policy *policy = sp_policy_folder_find(store->folder, name);
    if (policy || !sp_policy_name_valid(name))
        return policy;
    struct sp_policy_entry *entry = sp_policy_cache_find_name(&store->cache, uid, name);
    return entry ? entry->policy : NULL;
}

static int resolve_reference(struct sp_policy_store *store, uint32_t uid, struct sp_str reference,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    if (starts_with(reference, PRESET_PREFIX))
        return resolve_preset(store, reference, request, error);
    if (starts_with(reference, ID_PREFIX)) {
        struct sp_policy *policy = find_by_id(store, reference);
        struct sp_policy_pending *pending = policy ? NULL : find_compiling(store, reference);
        if (pending && !request->describe) {
            add_waiter(pending, request);
            return 0;
        }
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
    const struct digest_slot *slot = &store->digests[source.digest[0] % DIGESTS];
    if (!request->describe && slot->id[0] && memcmp(slot->digest, source.digest, sizeof(slot->digest)) == 0) {
        struct sp_policy *policy = find_by_id(store, sp_str_of(slot->id));
        if (policy) {
            sp_policy_source_fini(&source);
            return resolved(store, request, policy);
        }
    }
    return wait_for(store, uid, &source, request, error);
}

int sp_policy_store_resolve(struct sp_policy_store *store, uint32_t uid, const msgpack_object *argument,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    request->store = store;
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
}

void sp_policy_store_cancel(struct sp_policy_resolve_request *request)
{
    struct sp_policy_pending *pending = request->pending;
    if (!pending)
        return;
    struct sp_policy_store *store = request->store;
    drop_waiter(request);
    sp_error_set(&request->error, SP_ECANCELLED, NULL);
    request->next = store->cancelled;
    store->cancelled = request;
    uv_async_send(&store->turn);
    if (!pending->waiters)
        sp_workers_cancel(store->config.compilers, &pending->task);
}

/* ---- names ---- */

int sp_policy_store_name(
    struct sp_policy_store *store, uint32_t uid, struct sp_str name, struct sp_policy *policy, struct sp_error *error)
{
    struct sp_policy_entry *entry;
    if (!sp_policy_name_valid(name))
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
    if (!by_id && (sp_policy_folder_find(store->folder, reference) || starts_with(reference, PRESET_PREFIX)))
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

static void pack_row(struct sp_buffer *result, const char *name, const struct sp_policy *policy, const char *origin)
{
    sp_pack_map(result, 3);
    sp_pack_key(result, "name");
    sp_pack_cstr(result, name);
    sp_pack_key(result, "id");
    sp_pack_cstr(result, sp_policy_id(policy));
    sp_pack_key(result, "origin");
    sp_pack_cstr(result, origin);
}

int sp_policy_store_list(struct sp_policy_store *store, uint32_t uid, struct sp_buffer *result)
{
    const struct sp_policy_name **names = NULL;
    size_t n_names = 0, n_shadowed = 0;
    int r = sp_policy_cache_names(&store->cache, uid, NULL, &names, &n_names, NULL);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n_names; i++)
        n_shadowed += sp_policy_folder_find(store->folder, sp_str_of(names[i]->text)) != NULL;
    sp_pack_array(result, store->folder->n_items + n_names - n_shadowed);
    for (size_t i = 0; i < store->folder->n_items; i++)
        pack_row(result, store->folder->items[i].name, store->folder->items[i].policy, "operator");
    for (size_t i = 0; i < n_names; i++)
        if (!sp_policy_folder_find(store->folder, sp_str_of(names[i]->text)))
            pack_row(result, names[i]->text, names[i]->entry->policy, "own");
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

static void keep_config(struct sp_policy_store *store, const struct sp_policy_store_config *config)
{
    store->config = *config;
    store->config.folder = store->folder->path;
    store->config.default_policy = store->folder->standard_reference;
    store->config.mandatory_policy = store->folder->mandatory_reference;
    store->cache.bounds = bounds_of(config);
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
    keep_config(store, config);
    *ret_store = store;
    return 0;
}

static void free_store(struct sp_policy_store *store)
{
    void (*closed)(void *) = store->closed;
    void *context = store->closed_context;
    sp_policy_cache_fini(&store->cache);
    sp_policy_folder_free(store->folder);
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

/* ---- reload ---- */

static void reload_work(struct sp_task *task, struct sp_scanner *scanner)
{
    (void)scanner;
    struct sp_policy_reload *reload = SP_CONTAINER(task, struct sp_policy_reload, task);
    sp_policy_folder_load(reload->folder, &reload->error);
}

static void reload_done(struct sp_task *task, bool cancelled)
{
    struct sp_policy_reload *reload = SP_CONTAINER(task, struct sp_policy_reload, task);
    struct sp_policy_store *store = reload->store;
    struct sp_policy_folder *unused = reload->folder;
    store->reload = NULL;
    reload->folder = NULL;
    if (cancelled)
        sp_error_set(&reload->error, SP_ECANCELLED, NULL);
    if (reload->error.code == 0) {
        struct sp_policy_folder *old = store->folder;
        store->folder = unused;
        unused = old;
        keep_config(store, &reload->config);
    }
    sp_policy_folder_free(unused);
    reload->done(reload, reload->error.code ? &reload->error : NULL);
}

int sp_policy_store_reload(struct sp_policy_store *store, const struct sp_policy_store_config *config,
    struct sp_policy_reload *reload, struct sp_error *error)
{
    if (store->reload)
        return sp_error_set(error, SP_EBUSY, "the policies are being reloaded");
    reload->store = store;
    reload->config = *config;
    reload->error = (struct sp_error){0};
    reload->task = (struct sp_task){.uid = SP_POLICY_UID_OPERATOR, .work = reload_work, .done = reload_done};
    int r = sp_policy_folder_new(config->folder, config->default_policy, config->mandatory_policy,
        config->policy_bytes_max, &reload->folder, error);
    if (r == 0) {
        r = sp_workers_submit(config->compilers, &reload->task, error);
        if (r < 0)
            sp_policy_folder_free(SP_TAKE(reload->folder));
    }
    if (r == 0)
        store->reload = reload;
    return r;
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
