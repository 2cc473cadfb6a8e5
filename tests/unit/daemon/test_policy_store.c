/* What a request may name, whose names are whose, the operator's folder. */
#include "store_fixture.h"

#include "daemon/policy_reload.h"

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
}

Test(
    policy_store, a_preset_that_is_not_there_is_told_at_once_and_with_those_that_are, .init = set_up, .fini = tear_down)
{
    static const char *const bad[] = {"nothing", "", "Minimal", "minimal ", "../minimal"};
    open_store();
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        struct sp_policy_resolve_request request = {0};
        struct sp_error error = {0};
        char text[80];
        int n = snprintf(text, sizeof(text), "preset:%s", bad[i]);
        const msgpack_object name = {.type = MSGPACK_OBJECT_STR, .via.str = {.ptr = text, .size = (uint32_t)n}};
        cr_assert_eq(sp_policy_store_resolve(f.store, 1, &name, &request, &error), SP_EUNKNOWN_POLICY, "%s", bad[i]);
        cr_assert_not_null(strstr(error.text, "(default, minimal, development, production, strict)"), "%s", error.text);
    }
    cr_assert_eq(stats().compiling, 0);
}

/* Each as the store's list tells it, and under the id that the list tells. */
Test(policy_store, every_preset_compiles_and_is_listed_with_its_id, .init = set_up, .fini = tear_down)
{
    size_t n_presets;
    const struct sp_preset *presets = sp_preset_all(&n_presets);
    struct sp_buffer list;
    open_store();
    sp_buffer_init(&list, 100000);
    cr_assert_eq(sp_policy_store_list(f.store, 1, &list), 0);
    cr_assert_eq(list.bytes[0], 0x90 + n_presets);
    for (size_t i = 0; i < n_presets; i++) {
        struct asked asked = {0};
        char name[80];
        snprintf(name, sizeof(name), "preset:%s", presets[i].name);
        if (ask(&asked, 1, name) == 0)
            wait_for(&asked);
        cr_assert_eq(asked.code, 0, "%s: %s", name, asked.text);
        cr_assert_not_null(memmem(list.bytes, list.n_bytes, name, strlen(name)), "%s", name);
        cr_assert_not_null(memmem(list.bytes, list.n_bytes, asked.ids[0], strlen(asked.ids[0])), "%s", name);
        cr_assert_not_null(
            memmem(list.bytes, list.n_bytes, presets[i].summary, strlen(presets[i].summary)), "%s", name);
    }
    sp_buffer_fini(&list);
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
    size_t n_presets;
    sp_preset_all(&n_presets);
    cr_assert_eq(result.bytes[0], 0x91 + n_presets, "the name is listed once");
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
