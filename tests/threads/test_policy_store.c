/* The policy store under ThreadSanitizer: policies of different texts and one content, asked for, cancelled and asked for by
 * id while they are compiled. Every request ends exactly once, and what it gets is what its text says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy_store.h"
#include "proto/decode.h"

#define N_POLICIES 20
#define N_ASKED    300
#define N_ROUNDS   10

struct asked {
    struct sp_policy_resolve_request request;
    unsigned rounds, number;
    bool waiting;
};

static uv_loop_t *loop;
static struct sp_workers *compilers;
static struct sp_policy_store *store;
static struct asked asked[N_ASKED];
static char ids[N_POLICIES][SP_POLICY_ID_SIZE];
static unsigned n_ended, n_resolved, n_cancelled, seed = 1;

static void fail(const char *what)
{
    fprintf(stderr, "test_policy_store: %s\n", what);
    exit(1);
}

static unsigned next_random(void)
{
    seed = seed * 1103515245u + 12345u;
    return seed >> 16;
}

static void closed(void *context)
{
    (void)context;
}

static void stopped(void *context)
{
    (void)context;
    sp_policy_store_close(store, closed, NULL);
}

static void ask(struct asked *each);

static void ended(struct asked *each, const struct sp_error *error)
{
    if (!error) {
        const char *id = sp_policy_id(each->request.set.policies[0]);
        if (ids[each->number][0] && strcmp(ids[each->number], id) != 0)
            fail("another policy than was asked for");
        snprintf(ids[each->number], SP_POLICY_ID_SIZE, "%s", id);
        sp_policy_set_fini(&each->request.set);
        n_resolved++;
    } else if (error->code == SP_ECANCELLED) {
        n_cancelled++;
    } else if (error->code != SP_EUNKNOWN_POLICY) {
        fail(error->text);
    }
    if (++each->rounds < N_ROUNDS)
        ask(each);
    else if (++n_ended == N_ASKED)
        sp_workers_stop(compilers, stopped, NULL);
}

static void on_done(struct sp_policy_resolve_request *request, const struct sp_error *error)
{
    struct asked *each = request->data;
    if (!each->waiting)
        fail("a request ended twice");
    each->waiting = false;
    ended(each, error);
}

static void ask(struct asked *each)
{
    char text[200];
    struct sp_error error = {0};
    each->number = next_random() % N_POLICIES;
    each->request = (struct sp_policy_resolve_request){.data = each, .done = on_done};
    snprintf(text, sizeof(text),
        "# %u\nseverity_threshold: low\npatterns: [{pattern: word%u, severity: low, description: d}]",
        next_random() % 1000, each->number);
    msgpack_object_kv kv = {.key = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = "yaml", .size = 4}},
        .val = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = text, .size = (uint32_t)strlen(text)}}};
    msgpack_object object = {.type = MSGPACK_OBJECT_MAP, .via.map = {.ptr = &kv, .size = 1}};
    const char *id = ids[each->number];
    if (id[0] && next_random() % 3 == 0)
        object = (msgpack_object){.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = id, .size = (uint32_t)strlen(id)}};
    each->waiting = true;
    int r = sp_policy_store_resolve(store, each->number, &object, &each->request, &error);
    if (r != 0) {
        each->waiting = false;
        ended(each, r < 0 ? &error : NULL);
        return;
    }
    struct asked *other = &asked[next_random() % N_ASKED];
    if (next_random() % 3 == 0 && other->waiting && other->request.pending)
        sp_policy_store_cancel(&other->request);
}

int main(void)
{
    struct sp_error error = {0};
    loop = uv_default_loop();
    const struct sp_workers_config workers = {
        .loop = loop, .n_threads = 3, .tasks_max = 1000, .user_tasks_max = 1000, .bytes_max = 1 << 24};
    struct sp_policy_store_config config = sp_policy_store_config_default();
    if (sp_workers_start(&workers, &compilers, &error) < 0)
        fail(error.text);
    config.loop = loop;
    config.compilers = compilers;
    config.cache_policies_max = 5; /* so that most are compiled again and again */
    config.compiles_max = config.user_compiles_max = 1000;
    if (sp_policy_store_open(&config, &store, &error) < 0)
        fail(error.text);
    for (int i = 0; i < N_ASKED; i++)
        ask(&asked[i]);
    uv_run(loop, UV_RUN_DEFAULT);
    if (n_ended != N_ASKED || n_resolved == 0 || n_cancelled == 0)
        fail("requests were lost");
    printf("%u resolved, %u cancelled\n", n_resolved, n_cancelled);
    return uv_loop_close(loop) == 0 ? 0 : 1;
}
