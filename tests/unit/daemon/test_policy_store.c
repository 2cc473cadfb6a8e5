/* What a request may name, what is compiled how often, who waits for whom, the operator's folder. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/policy_reload.h"
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

static void write_policy(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", f.folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(path, 0644), 0);
}

static void set_up(void)
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

static void open_store(void)
{
    struct sp_error error = {0};
    cr_assert_eq(sp_policy_store_open(&f.config, &f.store, &error), 0, "%s", error.text);
}

static void on_true(void *flag)
{
    *(bool *)flag = true;
}

static void tear_down(void)
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
    char text[320];
    char ids[SP_SCAN_POLICIES_MAX][SP_POLICY_ID_SIZE];
    size_t n_ids;
};

static void note(struct asked *asked, const struct sp_error *error)
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

static void on_done(struct sp_policy_resolve_request *request, const struct sp_error *error)
{
    struct asked *asked = request->data;
    cr_assert(!asked->done, "done twice");
    note(asked, error);
}

static int ask_object(struct asked *asked, uint32_t uid, const msgpack_object *object)
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

static int ask(struct asked *asked, uint32_t uid, const char *reference)
{
    const msgpack_object object = {
        .type = MSGPACK_OBJECT_STR, .via.str = {.ptr = reference, .size = (uint32_t)strlen(reference)}};
    return ask_object(asked, uid, &object);
}

static int ask_yaml(struct asked *asked, uint32_t uid, const char *text)
{
    msgpack_object_kv kv = {.key = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = "yaml", .size = 4}},
        .val = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = text, .size = (uint32_t)strlen(text)}}};
    const msgpack_object object = {.type = MSGPACK_OBJECT_MAP, .via.map = {.ptr = &kv, .size = 1}};
    return ask_object(asked, uid, &object);
}

static void wait_for(struct asked *asked)
{
    while (!asked->done)
        uv_run(&f.loop, UV_RUN_ONCE);
}

static struct sp_policy_store_stats stats(void)
{
    struct sp_policy_store_stats stats;
    sp_policy_store_stats(f.store, &stats);
    return stats;
}

#define TEXT  "severity_threshold: high\npatterns: [{pattern: eval, description: d, severity: high}]\n"
#define OTHER "severity_threshold: high\npatterns: [{pattern: exec, description: d, severity: high}]\n"

Test(policy_store, compiles_once_however_many_ask, .init = set_up, .fini = tear_down)
{
    struct asked asked[20];
    memset(asked, 0, sizeof(asked));
    open_store();
    for (int i = 0; i < 20; i++)
        cr_assert_eq(ask_yaml(&asked[i], (uint32_t)i, TEXT), 0);
    for (int i = 0; i < 20; i++) {
        wait_for(&asked[i]);
        cr_assert_eq(asked[i].code, 0, "%s", asked[i].text);
        cr_assert_str_eq(asked[i].ids[0], asked[0].ids[0]);
    }
    cr_assert_eq(stats().compiled, 1);
    cr_assert_eq(ask_yaml(&asked[0], 1, TEXT), SP_POLICY_RESOLVED);
    cr_assert_eq(stats().compiled, 1);
}

Test(policy_store, meets_at_the_id_for_two_texts_of_one_policy, .init = set_up, .fini = tear_down)
{
    struct asked a = {0}, b = {0}, c = {0};
    open_store();
    cr_assert_eq(ask_yaml(&a, 1, TEXT), 0);
    cr_assert_eq(ask_yaml(&b, 2, "# another text\n" TEXT), 0);
    wait_for(&a);
    wait_for(&b);
    cr_assert_str_eq(a.ids[0], b.ids[0]);
    cr_assert_eq(stats().compiled, 1);
    cr_assert_eq(ask(&c, 3, a.ids[0]), SP_POLICY_RESOLVED);
    cr_assert_str_eq(c.ids[0], a.ids[0]);
}

Test(policy_store, names_what_is_unknown_or_wrong, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    open_store();
    cr_assert_eq(ask(&asked, 1, "nothing"), SP_EUNKNOWN_POLICY);
    cr_assert_eq(ask(&asked, 1, "sha256:00"), SP_EUNKNOWN_POLICY);
    cr_assert_eq(ask(&asked, 1, "../etc/passwd"), SP_EUNKNOWN_POLICY);
    cr_assert_eq(ask(&asked, 1, "preset:"), SP_EUNKNOWN_POLICY);
    const msgpack_object number = {.type = MSGPACK_OBJECT_POSITIVE_INTEGER};
    cr_assert_eq(ask_object(&asked, 1, &number), SP_EINVALID_REQUEST);
    cr_assert_eq(ask_yaml(&asked, 1, "patterns: [{pattern: '(', description: d, severity: hihg}]"), 0);
    wait_for(&asked);
    cr_assert_eq(asked.code, SP_EINVALID_POLICY);
    cr_assert_eq(ask(&asked, 1, "preset:nothing"), 0);
    wait_for(&asked);
    cr_assert_eq(asked.code, SP_EUNKNOWN_POLICY);
}

Test(policy_store, compiles_a_preset_once, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    open_store();
    cr_assert_eq(ask(&asked, 1, "preset:" SP_PRESET_DEFAULT), 0);
    wait_for(&asked);
    cr_assert_eq(asked.code, 0);
    cr_assert_eq(ask(&asked, 2, "preset:" SP_PRESET_DEFAULT), SP_POLICY_RESOLVED);
}

Test(policy_store, one_that_is_cancelled_leaves_the_others, .init = set_up, .fini = tear_down)
{
    struct asked a = {0}, b = {0};
    open_store();
    ask_yaml(&a, 1, TEXT);
    ask_yaml(&b, 1, TEXT);
    sp_policy_store_cancel(&a.request);
    cr_assert(!a.done, "done inside cancel");
    wait_for(&a);
    wait_for(&b);
    cr_assert_eq(a.code, SP_ECANCELLED);
    cr_assert_eq(b.code, 0);
}

Test(policy_store, who_comes_after_a_cancel_is_served, .init = set_up, .fini = tear_down)
{
    struct asked a = {0}, b = {0};
    open_store();
    for (int i = 0; i < 50; i++) {
        char text[200];
        snprintf(text, sizeof(text), "# %d\n%s", i, OTHER);
        ask_yaml(&a, 1, text);
        sp_policy_store_cancel(&a.request);
        ask_yaml(&b, 1, text);
        wait_for(&a);
        wait_for(&b);
        cr_assert_eq(a.code, SP_ECANCELLED);
        cr_assert_eq(b.code, 0, "%s", b.text);
    }
    cr_assert_eq(stats().compiling, 0);
}

Test(policy_store, bounds_what_a_uid_spends_on_compiling, .init = set_up, .fini = tear_down)
{
    struct asked a = {0}, b = {0};
    f.config.user_compile_ms = 1;
    open_store();
    char text[6000];
    size_t n = (size_t)snprintf(text, sizeof(text), "severity_threshold: high\npatterns:\n");
    for (int i = 0; i < 20; i++)
        n += (size_t)snprintf(
            text + n, sizeof(text) - n, "- {pattern: 'some%d\\.thing\\s*\\(', description: d, severity: low}\n", i);
    cr_assert_eq(ask_yaml(&a, 1, text), 0);
    wait_for(&a);
    cr_assert_eq(a.code, 0, "%s", a.text);
    cr_assert_gt(stats().compile_ms, 1);
    cr_assert_eq(ask_yaml(&b, 1, OTHER), SP_EBUSY);
    cr_assert_eq(ask_yaml(&b, 1, text), SP_POLICY_RESOLVED, "what is there costs nothing");
    cr_assert_eq(ask_yaml(&b, 2, OTHER), 0, "another uid");
    wait_for(&b);
    cr_assert_eq(b.code, 0);
}

/* A policy of its own by its number, which takes some milliseconds to compile. */
static void ask_long(struct asked *asked, uint32_t uid, int number)
{
    char text[6000];
    size_t n = (size_t)snprintf(text, sizeof(text), "severity_threshold: high\npatterns:\n");
    for (int i = 0; i < 12; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
            "- {pattern: 'some%d_%d\\.thing\\s*\\(', description: d, severity: low}\n", number, i);
    cr_assert_eq(ask_yaml(asked, uid, text), 0);
}

static void use_one_compiler(void)
{
    bool stopped = false;
    sp_workers_stop(f.compilers, on_true, &stopped);
    while (!stopped)
        uv_run(&f.loop, UV_RUN_ONCE);
    const struct sp_workers_config one = {.loop = &f.loop,
        .n_threads = 1,
        .tasks_max = 100,
        .user_tasks_max = 50,
        .bytes_max = 1 << 20,
        .one_by_one = true};
    cr_assert_eq(sp_workers_start(&one, &f.compilers, NULL), 0);
    f.config.compilers = f.compilers;
}

Test(policy_store, one_users_many_are_not_in_the_way_of_anothers_one, .init = set_up, .fini = tear_down)
{
    struct asked many[12], one = {0};
    memset(many, 0, sizeof(many));
    use_one_compiler();
    open_store();
    for (int i = 0; i < 12; i++)
        ask_long(&many[i], 1, i);
    wait_for(&many[0]);
    uint64_t before = stats().compiled;
    cr_assert_eq(ask_yaml(&one, 2, OTHER), 0);
    wait_for(&one);
    cr_assert_eq(one.code, 0, "%s", one.text);
    cr_assert_leq(stats().compiled - before, 4, "%d were compiled before it", (int)(stats().compiled - before));
    for (int i = 0; i < 12; i++) {
        wait_for(&many[i]);
        cr_assert_eq(many[i].code, 0, "%s", many[i].text);
    }
}

Test(policy_store, what_is_asked_for_at_once_is_not_past_the_bound, .init = set_up, .fini = tear_down)
{
    struct asked asked[10];
    int n_busy = 0;
    memset(asked, 0, sizeof(asked));
    f.config.user_compile_ms = 1;
    open_store();
    for (int i = 0; i < 10; i++)
        ask_long(&asked[i], 1, i);
    for (int i = 0; i < 10; i++) {
        wait_for(&asked[i]);
        n_busy += asked[i].code == SP_EBUSY;
        cr_assert(asked[i].code == 0 || strstr(asked[i].text, "within a minute"), "%s", asked[i].text);
    }
    cr_assert_eq(n_busy, 9);
    cr_assert_eq(stats().compiled, 1);
    cr_assert_eq(stats().compiling, 0);
}

Test(policy_store, who_may_spend_no_more_leaves_it_to_the_others_who_wait, .init = set_up, .fini = tear_down)
{
    struct asked first = {0}, mine = {0}, theirs = {0};
    f.config.user_compile_ms = 1;
    use_one_compiler();
    open_store();
    ask_long(&first, 1, 1);
    ask_long(&mine, 1, 2);
    ask_long(&theirs, 2, 2);
    wait_for(&first);
    wait_for(&mine);
    wait_for(&theirs);
    cr_assert_eq(theirs.code, 0, "%s", theirs.text);
    cr_assert_eq(stats().compiled, 2);
}

Test(policy_store, what_waits_for_its_turn_can_be_given_up, .init = set_up, .fini = tear_down)
{
    struct asked asked[10];
    memset(asked, 0, sizeof(asked));
    open_store();
    for (int i = 0; i < 10; i++)
        ask_long(&asked[i], 1, i);
    wait_for(&asked[0]);
    for (int i = 1; i < 10; i++)
        sp_policy_store_cancel(&asked[i].request);
    for (int i = 1; i < 10; i++)
        wait_for(&asked[i]);
    cr_assert_eq(asked[9].code, SP_ECANCELLED);
    while (stats().compiling)
        uv_run(&f.loop, UV_RUN_ONCE);
    cr_assert_leq(stats().compiled, 4);
}

Test(policy_store, what_was_decoded_for_nobody_is_given_up, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    open_store();
    ask_yaml(&asked, 1, TEXT);
    usleep(100000); /* it is decoded; only the loop does not know yet, and the cancel comes too late for the thread */
    sp_policy_store_cancel(&asked.request);
    wait_for(&asked);
    for (int i = 0; i < 1000 && stats().compiling; i++) {
        uv_run(&f.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    cr_assert_eq(stats().compiling, 0);
    cr_assert_eq(stats().compiled, 0);
}

Test(policy_store, bounds_how_many_are_on_their_way, .init = set_up, .fini = tear_down)
{
    struct asked asked[3], more = {0};
    memset(asked, 0, sizeof(asked));
    f.config.user_compiles_max = 2;
    f.config.compiles_max = 3;
    open_store();
    for (int i = 0; i < 2; i++)
        ask_long(&asked[i], 1, i);
    cr_assert_eq(ask_yaml(&more, 1, TEXT), SP_EBUSY);
    ask_long(&asked[2], 2, 2);
    cr_assert_eq(ask_yaml(&more, 3, TEXT), SP_EBUSY);
    for (int i = 0; i < 3; i++)
        wait_for(&asked[i]);
    cr_assert_eq(ask_yaml(&more, 1, TEXT), 0);
    wait_for(&more);
    cr_assert_eq(more.code, 0);
}

/* ---- names ---- */

static struct sp_policy *put(uint32_t uid, const char *name, const char *text, int expected)
{
    struct asked asked = {0};
    const struct sp_policy *kept;
    struct sp_error error = {0};
    ask_yaml(&asked, uid, text);
    wait_for(&asked);
    cr_assert_eq(asked.code, 0, "%s", asked.text);
    struct sp_policy_resolve_request request = {.describe = true};
    const msgpack_object id = {
        .type = MSGPACK_OBJECT_STR, .via.str = {.ptr = asked.ids[0], .size = (uint32_t)strlen(asked.ids[0])}};
    cr_assert_eq(sp_policy_store_resolve(f.store, uid, &id, &request, &error), SP_POLICY_RESOLVED);
    kept = request.set.policies[0];
    cr_assert_eq(sp_policy_store_name(f.store, uid, sp_str_of(name), (struct sp_policy *)kept, NULL), expected);
    sp_policy_set_fini(&request.set);
    sp_buffer_fini(&request.warnings);
    return (struct sp_policy *)kept;
}

/* Else names of presets that there are not would fill it for everybody. */
Test(policy_store, presets_take_their_askers_room, .init = set_up, .fini = tear_down)
{
    struct asked asked[3] = {0}, other = {0};
    f.config.compiles_max = 3;
    f.config.user_compiles_max = 2;
    open_store();
    cr_assert_eq(ask(&asked[0], 1, "preset:a"), 0);
    cr_assert_eq(ask(&asked[1], 1, "preset:b"), 0);
    cr_assert_eq(ask(&asked[2], 1, "preset:c"), SP_EBUSY);
    cr_assert_eq(ask(&other, 2, "preset:" SP_PRESET_DEFAULT), 0);
    wait_for(&other);
    cr_assert_eq(other.code, 0, "%s", other.text);
    wait_for(&asked[1]);
}

/* ---- what may be done by whom is told ---- */

static struct asked again;
static struct sp_policy *newcomer;

static void ask_again(struct sp_policy_resolve_request *request, const struct sp_error *error)
{
    snprintf(((struct asked *)request->data)->text, sizeof(again.text), "%s", request->name);
    on_done(request, error);
    again.request.describe = true;
    if (!again.request.data)
        cr_assert_eq(ask_yaml(&again, 1, "name: it\n" TEXT), 0);
    again.request.done = ask_again;
}

Test(policy_store, who_is_told_may_ask_for_the_same_again, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0}, first = {0};
    again = (struct asked){0};
    open_store();
    cr_assert_eq(ask_yaml(&asked, 1, TEXT), 0);
    wait_for(&asked);
    first.request.describe = true;
    cr_assert_eq(ask_yaml(&first, 1, "name: it\n" TEXT), 0);
    first.request.done = ask_again;
    wait_for(&first);
    wait_for(&again);
    cr_assert_str_eq(again.request.name, "it");
}

/* The cache has room for one, and gets another. */
static void give_up(struct sp_policy_resolve_request *request, const struct sp_error *error)
{
    on_done(request, error);
    cr_assert_eq(sp_policy_store_name(f.store, 1, sp_str_of("other"), newcomer, NULL), 0);
}

Test(policy_store, what_is_told_lasts_until_all_are_told, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0}, first = {0}, second = {0};
    f.config.cache_policies_max = 1;
    write_policy("operators.yaml", OTHER);
    open_store();
    cr_assert_eq(ask_yaml(&asked, 1, TEXT), 0);
    wait_for(&asked);
    struct sp_policy_resolve_request request = {0};
    const msgpack_object name = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = "operators", .size = 9}};
    cr_assert_eq(sp_policy_store_resolve(f.store, 1, &name, &request, NULL), SP_POLICY_RESOLVED);
    newcomer = request.set.policies[0];
    first.request.describe = second.request.describe = true;
    cr_assert_eq(ask_yaml(&first, 1, TEXT), 0);
    cr_assert_eq(ask_yaml(&second, 1, TEXT), 0);
    first.request.done = second.request.done = give_up;
    wait_for(&first);
    wait_for(&second);
    cr_assert_str_eq(second.ids[0], asked.ids[0]);
    cr_assert_str_eq(first.ids[0], asked.ids[0]);
    sp_policy_set_fini(&request.set);
}

Test(policy_store, names_belong_to_the_uid_that_put_them, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    open_store();
    put(1, "mine", TEXT, 0);
    put(2, "mine", OTHER, 0);
    cr_assert_eq(ask(&asked, 3, "mine"), SP_EUNKNOWN_POLICY);
    cr_assert_eq(ask(&asked, 1, "mine"), SP_POLICY_RESOLVED);
    char first[SP_POLICY_ID_SIZE];
    strcpy(first, asked.ids[0]);
    cr_assert_eq(ask(&asked, 2, "mine"), SP_POLICY_RESOLVED);
    cr_assert_str_neq(asked.ids[0], first);

    struct sp_buffer result;
    char id[SP_POLICY_ID_SIZE];
    sp_buffer_init(&result, 10000);
    cr_assert_eq(sp_policy_store_remove(f.store, 3, SP_STR("mine"), id, &result, NULL), SP_EUNKNOWN_POLICY);
    cr_assert_eq(sp_policy_store_remove(f.store, 3, sp_str_of(first), id, &result, NULL), SP_EUNKNOWN_POLICY);
    cr_assert_eq(sp_policy_store_remove(f.store, 1, sp_str_of(first), id, &result, NULL), 0);
    cr_assert_str_eq(id, first);
    cr_assert_eq(ask(&asked, 1, "mine"), SP_EUNKNOWN_POLICY);
    cr_assert_eq(ask(&asked, 2, "mine"), SP_POLICY_RESOLVED);
    sp_buffer_fini(&result);
}

Test(policy_store, refuses_what_is_no_name, .init = set_up, .fini = tear_down)
{
    static const char *const bad[] = {"", "Upper", "-x", ".x", "a/b", "a b", "a:b",
        "0123456789012345678901234567890123456789012345678901234567890123x"};
    static const char *const good[] = {
        "a", "0", "a.b_c-d", "0123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < SP_COUNT(bad); i++)
        cr_assert(!sp_policy_store_is_name(sp_str_of(bad[i])), "%s", bad[i]);
    for (size_t i = 0; i < SP_COUNT(good); i++)
        cr_assert(sp_policy_store_is_name(sp_str_of(good[i])), "%s", good[i]);
    open_store();
    put(1, "Upper", TEXT, SP_EINVALID_REQUEST);
}

/* ---- the operator's ---- */

static char reload_text[320];

static void on_reloaded(struct sp_policy_reload *reload, const struct sp_error *error)
{
    snprintf(reload_text, sizeof(reload_text), "%s", error ? error->text : "");
    *(bool *)reload->data = true;
}

Test(policy_store, names_of_the_folder_win, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    struct sp_buffer result;
    char id[SP_POLICY_ID_SIZE];
    open_store();
    put(1, "house", OTHER, 0);
    write_policy("house.yaml", TEXT);
    struct sp_policy_reload reload = {0};
    bool done = false;
    reload.data = &done;
    reload.done = on_reloaded;
    cr_assert_eq(sp_policy_reload_start(f.store, &f.config, &reload, NULL), 0);
    cr_assert_eq(sp_policy_reload_start(f.store, &f.config, &reload, NULL), SP_EBUSY);
    while (!done)
        uv_run(&f.loop, UV_RUN_ONCE);
    cr_assert_str_eq(reload_text, "");
    cr_assert_eq(ask(&asked, 1, "house"), SP_POLICY_RESOLVED);
    char operators[SP_POLICY_ID_SIZE];
    strcpy(operators, asked.ids[0]);
    put(1, "house", OTHER, SP_EDENIED);
    sp_buffer_init(&result, 10000);
    cr_assert_eq(sp_policy_store_remove(f.store, 1, SP_STR("house"), id, &result, NULL), SP_EDENIED);
    cr_assert_eq(ask(&asked, 1, "house"), SP_POLICY_RESOLVED);
    cr_assert_str_eq(asked.ids[0], operators);
    cr_assert_eq(sp_policy_store_list(f.store, 1, &result), 0);
    cr_assert_eq(result.bytes[0], 0x91, "the name is listed once");
    sp_buffer_fini(&result);
}

Test(policy_store, a_reload_that_fails_changes_nothing, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    bool done = false;
    struct sp_policy_reload reload = {.data = &done, .done = on_reloaded};
    write_policy("house.yaml", TEXT);
    open_store();
    write_policy("house.yaml", OTHER);
    write_policy("broken.yaml", "severity_threshold: high\npatterns:\n  - pattern: x\n    severity: hihg\n");
    cr_assert_eq(sp_policy_reload_start(f.store, &f.config, &reload, NULL), 0);
    while (!done)
        uv_run(&f.loop, UV_RUN_ONCE);
    cr_assert_not_null(strstr(reload_text, "broken.yaml:4:"), "%s", reload_text);
    cr_assert_not_null(strstr(reload_text, "patterns[0].severity"), "%s", reload_text);
    struct asked old = {0};
    ask_yaml(&old, 1, TEXT);
    wait_for(&old);
    cr_assert_eq(ask(&asked, 1, "house"), SP_POLICY_RESOLVED);
    cr_assert_str_eq(asked.ids[0], old.ids[0]);
}

Test(policy_store, the_mandatory_policy_judges_besides, .init = set_up, .fini = tear_down)
{
    struct asked asked = {0};
    write_policy("must.yaml", TEXT);
    f.config.mandatory_policy = "must";
    open_store();
    cr_assert_eq(ask_object(&asked, 1, NULL), SP_POLICY_RESOLVED);
    cr_assert_eq(asked.n_ids, 2);
    cr_assert_eq(ask(&asked, 1, "must"), SP_POLICY_RESOLVED);
    cr_assert_eq(asked.n_ids, 1, "the same one twice");
    asked.request.describe = true;
    cr_assert_eq(ask_object(&asked, 1, NULL), SP_POLICY_RESOLVED);
    cr_assert_eq(asked.n_ids, 1);
}

Test(policy_store, the_default_may_be_a_file_a_name_or_a_preset, .init = set_up, .fini = tear_down)
{
    static const char *const bad[] = {"nothing", "preset:nothing", "./nothing.yaml"};
    char path[160];
    struct sp_error error;
    write_policy("house.yaml", TEXT);
    snprintf(path, sizeof(path), "%s/house.yaml", f.folder);
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        f.config.default_policy = bad[i];
        error = (struct sp_error){0};
        cr_assert_lt(sp_policy_store_open(&f.config, &f.store, &error), 0);
        cr_assert_neq(error.text[0], '\0');
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    f.config.default_policy = path;
    open_store();
    struct asked asked = {0}, same = {0};
    cr_assert_eq(ask_object(&asked, 1, NULL), SP_POLICY_RESOLVED);
    cr_assert_eq(ask(&same, 1, "house"), SP_POLICY_RESOLVED);
    cr_assert_str_eq(asked.ids[0], same.ids[0]);
}

Test(policy_store, refuses_a_folder_that_others_write_to, .init = set_up, .fini = tear_down)
{
    struct sp_error error = {0};
    char path[160];
    write_policy("house.yaml", TEXT);
    snprintf(path, sizeof(path), "%s/house.yaml", f.folder);
    const struct {
        const char *path;
        mode_t mode, before;
    } rows[] = {{f.folder, 0757, 0755}, {f.folder, 0775, 0755}, {path, 0646, 0644}, {path, 0664, 0644}};
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        cr_assert_eq(chmod(rows[i].path, rows[i].mode), 0);
        error = (struct sp_error){0};
        cr_assert_eq(sp_policy_store_open(&f.config, &f.store, &error), SP_EINVALID_CONFIG, "row %zu", i);
        cr_assert_not_null(strstr(error.text, rows[i].path == path ? "house.yaml: " : f.folder), "%s", error.text);
        cr_assert_not_null(strstr(error.text, "may write to it: chmod go-w it"), "%s", error.text);
        cr_assert_eq(chmod(rows[i].path, rows[i].before), 0);
    }
    open_store();
}

Test(policy_store, refuses_what_belongs_to_others, .init = set_up, .fini = tear_down)
{
    struct sp_error error = {0};
    char path[160];
    write_policy("house.yaml", TEXT);
    snprintf(path, sizeof(path), "%s/house.yaml", f.folder);
    for (const char *each = path; geteuid() == 0 && each; each = each == path ? f.folder : NULL) {
        cr_assert_eq(chown(each, 12345, 0), 0);
        error = (struct sp_error){0};
        cr_assert_eq(sp_policy_store_open(&f.config, &f.store, &error), SP_EINVALID_CONFIG, "%s", each);
        cr_assert_not_null(strstr(error.text, "belongs to user 12345"), "%s", error.text);
        cr_assert_eq(chown(each, 0, 0), 0);
    }
    open_store();
}
