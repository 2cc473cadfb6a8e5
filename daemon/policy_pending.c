/* Policies on their way: decoded and compiled on the compilers' threads, in two steps, so that two texts of one policy meet
 * at its id in between; whoever wants a policy that is on its way waits with the others. Of each uid one is compiled at a time,
 * and what it may spend is looked at before each: a compile cannot be broken off, so that many let in together would be past
 * all bounds, and in everybody's way. Loop thread but for compile_work; owner: the store.
 *
 *     DECODE ──► READY ──► COMPILE ──► in the cache
 *        └─ known, or another's: told, or handed to that one */
#include "daemon/policy_pending.h"

#include <stdlib.h>

#include "daemon/policy_store_inside.h"
#include "proto/list.h"
#include "proto/pack.h"
#include "proto/scope.h"

#define WARNINGS_BYTES (1u << 20)
#define COMPILE_WEIGHT 1024

enum step {
    STEP_DECODE,
    STEP_READY, /* waits until a uid that waits for it has no other being compiled */
    STEP_COMPILE
};

/* A policy on its way, and who waits for it. */
struct sp_policy_pending {
    struct sp_policy_store *store;
    struct sp_task task;
    enum step step;
    uint32_t uid;      /* who brought it, then who pays for it */
    uint32_t room_uid; /* the same, but never the operator: whose share of the room it takes */
    struct sp_policy_source source;
    char id[SP_POLICY_ID_SIZE]; /* once it is decoded: the model itself is the compiler's then */
    struct sp_policy_model *model;
    struct sp_policy *policy;
    uint64_t cpu_ns;
    int result;
    struct sp_error error;
    struct sp_policy_resolve_request *waiters;
    struct sp_policy_pending *next, **link;
};

/* ---- what a request is told ---- */

void sp_policy_pending_fill(
    struct sp_policy_store *store, struct sp_policy_resolve_request *request, struct sp_policy *policy)
{
    struct sp_policy *mandatory = request->describe ? NULL : store->folder->mandatory;
    request->set = (struct sp_policy_set){.policies = {sp_policy_ref(policy)}, .n_policies = 1};
    if (mandatory && strcmp(sp_policy_id(mandatory), sp_policy_id(policy)) != 0)
        request->set.policies[request->set.n_policies++] = sp_policy_ref(mandatory);
}

void sp_policy_pending_describe(struct sp_policy_resolve_request *request, const char *name,
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
    snprintf(
        request->name, sizeof(request->name), "%s", name && sp_policy_folder_name_valid(sp_str_of(name)) ? name : "");
}

/* ---- what a uid may spend ---- */

static int check_spending(struct sp_policy_store *store, uint32_t uid, struct sp_error *error)
{
    uint64_t most_ms = store->config.user_compile_ms;
    if (most_ms == 0 || uid == SP_POLICY_UID_OPERATOR ||
        sp_policy_spending_of(&store->spending, uid, uv_hrtime()) < most_ms * 1000000u)
        return 0;
    return sp_error_set(error, SP_EBUSY, "you have compiled policies for more than %llu ms within a minute",
        (unsigned long long)most_ms);
}

/* ---- waiting ---- */

static void add_waiter(struct sp_policy_pending *pending, struct sp_policy_resolve_request *request)
{
    request->pending = pending;
    SP_LIST_INSERT(&pending->waiters, request);
}

static void drop_waiter(struct sp_policy_resolve_request *request)
{
    SP_LIST_REMOVE(request);
    request->pending = NULL;
}

/* From here on nobody joins it. */
static void unlist(struct sp_policy_pending *pending)
{
    if (!pending->link)
        return;
    SP_LIST_REMOVE(pending);
    pending->store->n_pending--;
}

static void free_pending(struct sp_policy_pending *pending)
{
    unlist(pending);
    sp_policy_source_fini(&pending->source);
    if (pending->model)
        sp_policy_model_free(pending->model);
    if (pending->policy)
        sp_policy_unref(pending->policy);
    free(pending);
}

/* Tells everybody, and ends. policy NULL: error. Who is told may ask for the same again, or have the cache give it up. */
static void finish(struct sp_policy_pending *pending, struct sp_policy *policy, const struct sp_error *error)
{
    struct sp_policy_resolve_request *request;
    unlist(pending);
    if (policy)
        sp_policy_ref(policy);
    while ((request = pending->waiters)) {
        drop_waiter(request);
        if (policy)
            sp_policy_pending_fill(pending->store, request, policy);
        request->done(request, policy ? NULL : error);
    }
    if (policy)
        sp_policy_unref(policy);
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
    struct sp_policy_digest *slot = &store->digests[digest[0] % SP_POLICY_DIGESTS];
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
}

/* Once it is decoded it has an id. */
static struct sp_policy_pending *find_id(struct sp_policy_store *store, struct sp_str id)
{
    for (struct sp_policy_pending *pending = store->pending; pending; pending = pending->next)
        if (pending->step != STEP_DECODE && sp_str_is(id, pending->id))
            return pending;
    return NULL;
}

/* ---- whose turn it is ---- */

static bool may_begin(const struct sp_policy_store *store, uint32_t uid)
{
    for (const struct sp_policy_pending *each = store->pending; each; each = each->next)
        if (each->step == STEP_COMPILE && each->uid == uid)
            return false;
    return true;
}

/* Who waits for it and can have it begin now. Many of one uid may wait. */
static struct sp_policy_resolve_request *find_payer(
    const struct sp_policy_store *store, const struct sp_policy_pending *pending)
{
    uint32_t refused = SP_POLICY_UID_OPERATOR;
    for (struct sp_policy_resolve_request *request = pending->waiters; request; request = request->next) {
        if (request->uid == refused)
            continue;
        if (pending->uid == SP_POLICY_UID_OPERATOR || may_begin(store, request->uid))
            return request;
        refused = request->uid;
    }
    return NULL;
}

static void submit(struct sp_policy_pending *pending, uint32_t uid, uint32_t payer_uid)
{
    struct sp_error error = {0};
    pending->uid = uid;
    pending->room_uid = payer_uid;
    pending->task.uid = uid;
    pending->step = STEP_COMPILE;
    if (sp_workers_submit(pending->store->config.compilers, &pending->task, &error) < 0)
        finish(pending, NULL, &error);
}

/* Begins the first that can; who is over the bound is told so, and others may have it. False: nothing is to be done. */
static bool begin_one(struct sp_policy_store *store)
{
    struct sp_policy_resolve_request *payer = NULL;
    struct sp_policy_pending *pending;
    struct sp_error error = {0};
    for (pending = store->pending; pending; pending = pending->next)
        if (pending->step == STEP_READY && (payer = find_payer(store, pending)))
            break;
    if (!pending)
        return false;
    uint32_t uid = pending->uid == SP_POLICY_UID_OPERATOR ? pending->uid : payer->uid;
    if (check_spending(store, uid, &error) == 0) {
        submit(pending, uid, payer->uid);
        return true;
    }
    drop_waiter(payer);
    if (!pending->waiters)
        free_pending(pending);
    payer->done(payer, &error);
    return true;
}

/* Who is told may do anything with the store meanwhile: each time it is looked through anew. */
void sp_policy_pending_begin(struct sp_policy_store *store)
{
    while (begin_one(store))
        ;
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
        sp_policy_pending_describe(request, sp_policy_model_name(pending->model), warnings, n_warnings);

    const char *id = pending->id;
    snprintf(pending->id, sizeof(pending->id), "%s", sp_policy_model_id(pending->model));
    remember_digest(store, pending->source.digest, id);
    struct sp_policy *known = sp_policy_store_find_id(store, sp_str_of(id));
    if (known) {
        store->hits++;
        settle(pending, known);
        return;
    }
    struct sp_policy_pending *other = find_id(store, sp_str_of(id));
    if (other) {
        struct sp_policy_resolve_request *request;
        while ((request = pending->waiters)) {
            drop_waiter(request);
            add_waiter(other, request);
        }
        free_pending(pending);
        return;
    }
    if (pending->waiters)
        pending->step = STEP_READY;
    else
        free_pending(pending); /* all left while it was being decoded */
}

static void end_step(struct sp_policy_pending *pending, bool cancelled)
{
    struct sp_policy_store *store = pending->store;
    if (cancelled && !pending->waiters) {
        free_pending(pending);
        return;
    }
    if (cancelled) {
        /* Somebody came while the cancelling was on its way, or the threads are stopping. */
        struct sp_error error = {0};
        if (pending->step == STEP_COMPILE)
            pending->step = STEP_READY;
        else if (sp_workers_submit(store->config.compilers, &pending->task, &error) < 0)
            finish(pending, NULL, &error);
        return;
    }
    if (pending->step == STEP_COMPILE) {
        if (pending->result == 0)
            pending->model = NULL; /* consumed */
        sp_policy_spending_add(&store->spending, pending->uid, uv_hrtime(), pending->cpu_ns);
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

static void compile_done(struct sp_task *task, bool cancelled)
{
    struct sp_policy_pending *pending = SP_CONTAINER(task, struct sp_policy_pending, task);
    struct sp_policy_store *store = pending->store;
    end_step(pending, cancelled);
    sp_policy_pending_begin(store);
}

/* How many may be on their way: all together, and of one uid. */
static int check_room(struct sp_policy_store *store, uint32_t uid, struct sp_error *error)
{
    size_t n = 0;
    for (const struct sp_policy_pending *each = store->pending; each; each = each->next)
        n += each->room_uid == uid;
    if (n >= store->config.user_compiles_max)
        return sp_error_set(error, SP_EBUSY, "too many policies of yours are waiting to be compiled");
    if (store->n_pending >= store->config.compiles_max)
        return sp_error_set(error, SP_EBUSY, "too many policies are waiting to be compiled");
    return 0;
}

/* A turn of the loop comes: nobody is told before resolve has returned. */
static void join(struct sp_policy_pending *pending, struct sp_policy_resolve_request *request)
{
    add_waiter(pending, request);
    if (pending->step == STEP_READY)
        uv_async_send(&pending->store->turn);
}

int sp_policy_pending_wait(struct sp_policy_store *store, uint32_t uid, struct sp_policy_source *source,
    struct sp_policy_resolve_request *request, struct sp_error *error)
{
    struct sp_policy_pending *pending, **end = &store->pending;
    for (; (pending = *end); end = &pending->next) {
        if (memcmp(pending->source.digest, source->digest, sizeof(source->digest)) != 0)
            continue;
        /* Who wants the text described waits for its decoding, which may be over. */
        if (request->describe && pending->step != STEP_DECODE)
            continue;
        sp_policy_source_fini(source);
        join(pending, request);
        return 0;
    }
    int r = store->config.compilers ? check_spending(store, uid, error)
                                    : sp_error_set(error, SP_EUNKNOWN_POLICY, "nothing is compiled here");
    if (r == 0)
        r = check_room(store, request->uid, error);
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
        .room_uid = request->uid,
        .source = *source,
        .task = {.uid = uid,
            .weight_bytes = source->bytes.n_bytes + COMPILE_WEIGHT,
            .work = compile_work,
            .done = compile_done},
    };
    SP_LIST_INSERT(end, pending);
    store->n_pending++;
    r = sp_workers_submit(store->config.compilers, &pending->task, error);
    if (r < 0) {
        free_pending(pending);
        return r;
    }
    add_waiter(pending, request);
    return 0;
}

bool sp_policy_pending_join(struct sp_policy_store *store, struct sp_str id, struct sp_policy_resolve_request *request)
{
    struct sp_policy_pending *pending = find_id(store, id);
    if (!pending || request->describe)
        return false;
    join(pending, request);
    return true;
}

void sp_policy_pending_leave(struct sp_policy_resolve_request *request)
{
    struct sp_policy_pending *pending = request->pending;
    drop_waiter(request);
    if (pending->waiters)
        return;
    if (pending->step == STEP_READY)
        free_pending(pending);
    else
        sp_workers_cancel(pending->store->config.compilers, &pending->task);
}
