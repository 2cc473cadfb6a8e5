/* A policy store on a real loop with compilers of its own, and how it is asked. */
#ifndef SP_TEST_DAEMON_STORE_FIXTURE_H
#define SP_TEST_DAEMON_STORE_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/policy_store.h"
#include "proto/decode.h"
#include "proto/pack.h"
#include "proto/scope.h"

struct fixture {
    uv_loop_t loop;
    struct sp_workers *compilers;
    struct sp_policy_store *store;
    struct sp_policy_store_config config;
    char folder[64];
    bool closed, stopped;
};

static struct fixture f;

static inline void write_policy(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", f.folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(path, 0644), 0);
}

static inline void set_up(void)
{
    f = (struct fixture){.config = sp_policy_store_config_default()};
    strcpy(f.folder, "/tmp/sp_store_XXXXXX");
    cr_assert_not_null(mkdtemp(f.folder));
    uv_loop_init(&f.loop);
    const struct sp_workers_config workers = {
        .loop = &f.loop, .n_threads = 2, .tasks_max = 100, .user_tasks_max = 50, .bytes_max = 1 << 20};
    cr_assert_eq(sp_workers_start(&workers, &f.compilers, NULL), 0);
    f.config.loop = &f.loop;
    f.config.compilers = f.compilers;
    f.config.folder = f.folder;
}

static inline void open_store(void)
{
    struct sp_error error = {0};
    cr_assert_eq(sp_policy_store_open(&f.config, &f.store, &error), 0, "%s", error.text);
}

static inline void on_true(void *flag)
{
    *(bool *)flag = true;
}

static inline void tear_down(void)
{
    char command[128];
    sp_workers_stop(f.compilers, on_true, &f.stopped);
    while (!f.stopped)
        uv_run(&f.loop, UV_RUN_ONCE);
    sp_policy_store_close(f.store, on_true, &f.closed);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    cr_assert(f.closed);
    cr_assert_eq(uv_loop_close(&f.loop), 0);
    snprintf(command, sizeof(command), "rm -rf %s", f.folder);
    cr_assert_eq(system(command), 0);
}

/* ---- asking ---- */

struct asked {
    struct sp_policy_resolve_request request;
    bool done;
    int code;
    char text[sizeof(struct sp_error)];
    char ids[SP_SCAN_POLICIES_MAX][SP_POLICY_ID_SIZE];
    size_t n_ids;
};

static inline void note(struct asked *asked, const struct sp_error *error)
{
    asked->done = true;
    asked->code = error ? error->code : 0;
    snprintf(asked->text, sizeof(asked->text), "%s", error ? error->text : "");
    asked->n_ids = error ? 0 : asked->request.set.n_policies;
    for (size_t i = 0; i < asked->n_ids; i++)
        snprintf(asked->ids[i], SP_POLICY_ID_SIZE, "%s", sp_policy_id(asked->request.set.policies[i]));
    if (!error)
        sp_policy_set_fini(&asked->request.set);
    sp_buffer_fini(&asked->request.warnings);
}

static inline void on_done(struct sp_policy_resolve_request *request, const struct sp_error *error)
{
    struct asked *asked = request->data;
    cr_assert(!asked->done, "done twice");
    note(asked, error);
}

static inline int ask_object(struct asked *asked, uint32_t uid, const msgpack_object *object)
{
    struct sp_error error = {0};
    bool describe = asked->request.describe;
    *asked = (struct asked){.request = {.data = asked, .done = on_done, .describe = describe}};
    int r = sp_policy_store_resolve(f.store, uid, object, &asked->request, &error);
    if (r != 0)
        note(asked, r < 0 ? &error : NULL);
    else
        cr_assert(!asked->done, "done before resolve returned");
    return r;
}

static inline int ask(struct asked *asked, uint32_t uid, const char *reference)
{
    const msgpack_object object = {
        .type = MSGPACK_OBJECT_STR, .via.str = {.ptr = reference, .size = (uint32_t)strlen(reference)}};
    return ask_object(asked, uid, &object);
}

static inline int ask_yaml(struct asked *asked, uint32_t uid, const char *text)
{
    msgpack_object_kv kv = {.key = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = "yaml", .size = 4}},
        .val = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = text, .size = (uint32_t)strlen(text)}}};
    const msgpack_object object = {.type = MSGPACK_OBJECT_MAP, .via.map = {.ptr = &kv, .size = 1}};
    return ask_object(asked, uid, &object);
}

static inline void wait_for(struct asked *asked)
{
    while (!asked->done)
        uv_run(&f.loop, UV_RUN_ONCE);
}

static inline struct sp_policy_store_stats stats(void)
{
    struct sp_policy_store_stats stats;
    sp_policy_store_stats(f.store, &stats);
    return stats;
}

#define TEXT  "severity_threshold: high\npatterns: [{pattern: eval, description: d, severity: high}]\n"
#define OTHER "severity_threshold: high\npatterns: [{pattern: exec, description: d, severity: high}]\n"

#endif
