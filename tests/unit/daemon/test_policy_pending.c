/* What is compiled how often, who waits for whom, who is told what. */
#include "store_fixture.h"

Test(policy_pending, compiles_once_however_many_ask, .init = set_up, .fini = tear_down)
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

Test(policy_pending, meets_at_the_id_for_two_texts_of_one_policy, .init = set_up, .fini = tear_down)
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

Test(policy_pending, one_that_is_cancelled_leaves_the_others, .init = set_up, .fini = tear_down)
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

Test(policy_pending, who_comes_after_a_cancel_is_served, .init = set_up, .fini = tear_down)
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

Test(policy_pending, bounds_what_a_uid_spends_on_compiling, .init = set_up, .fini = tear_down)
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

Test(policy_pending, one_users_many_are_not_in_the_way_of_anothers_one, .init = set_up, .fini = tear_down)
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

Test(policy_pending, what_is_asked_for_at_once_is_not_past_the_bound, .init = set_up, .fini = tear_down)
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

Test(policy_pending, who_may_spend_no_more_leaves_it_to_the_others_who_wait, .init = set_up, .fini = tear_down)
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

Test(policy_pending, what_waits_for_its_turn_can_be_given_up, .init = set_up, .fini = tear_down)
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

Test(policy_pending, what_was_decoded_for_nobody_is_given_up, .init = set_up, .fini = tear_down)
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

Test(policy_pending, bounds_how_many_are_on_their_way, .init = set_up, .fini = tear_down)
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

Test(policy_pending, presets_take_their_askers_room, .init = set_up, .fini = tear_down)
{
    struct asked asked[3] = {0}, other = {0};
    f.config.compiles_max = 3;
    f.config.user_compiles_max = 2;
    open_store();
    cr_assert_eq(ask(&asked[0], 1, "preset:minimal"), 0);
    cr_assert_eq(ask(&asked[1], 1, "preset:strict"), 0);
    cr_assert_eq(ask(&asked[2], 1, "preset:production"), SP_EBUSY);
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

Test(policy_pending, who_is_told_may_ask_for_the_same_again, .init = set_up, .fini = tear_down)
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

Test(policy_pending, what_is_told_lasts_until_all_are_told, .init = set_up, .fini = tear_down)
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
