/* All of a reload or nothing of it. */
#include "served.h"

#include "daemon/reload.h"

static void start(void)
{
    served_start("");
    served_write("policies/one.yaml", "patterns: []\n");
}

struct told {
    bool done;
    struct sp_error error;
};

static void on_done(void *context, const struct sp_error *error)
{
    struct told *told = context;
    cr_assert(!told->done, "done twice");
    told->done = true;
    if (error)
        told->error = *error;
}

static struct told reload(void)
{
    struct told told = {0};
    if (sp_reload_start(&served.server, NULL, on_done, &told, &told.error) < 0) {
        cr_assert(!told.done);
        return told;
    }
    cr_assert(!told.done, "done before start returned");
    while (!told.done)
        uv_run(&served.loop, UV_RUN_ONCE);
    return told;
}

/* The bytes of the audit file of that name, after one line more. */
static off_t audit_grows(const char *name)
{
    char path[160];
    struct stat before = {0}, after = {0};
    snprintf(path, sizeof(path), "%s/%s", served.folder, name);
    stat(path, &before);
    sp_audit_tell(served.server.audit, &(struct sp_audit_event){.kind = SP_AUDIT_START, .of_daemon = true});
    stat(path, &after);
    return after.st_size - before.st_size;
}

static bool knows(const char *policy)
{
    const msgpack_object name = {
        .type = MSGPACK_OBJECT_STR, .via.str = {.ptr = policy, .size = (uint32_t)strlen(policy)}};
    struct sp_policy_resolve_request request = {0};
    bool known = sp_policy_store_resolve(served.server.policies, 0, &name, &request, NULL) == SP_POLICY_RESOLVED;
    sp_policy_set_fini(&request.set);
    return known;
}

static void nothing_has_changed(void)
{
    cr_assert_eq(served.server.config->code_bytes, SP_CODE_BYTES_MAX);
    cr_assert(!knows("one"));
    cr_assert_gt(audit_grows("audit"), 0);
    cr_assert_null(served.server.reload);
    cr_assert_eq(served.server.stats->counters[SP_STAT_RELOADS], 0);
    cr_assert_eq(served.server.stats->counters[SP_STAT_RELOADS_FAILED], 1);
}

Test(reload, replaces_everything, .init = start, .fini = served_stop)
{
    served_configure("other", "code_bytes: 5000\n");
    struct told told = reload();
    cr_assert_eq(told.error.code, 0, "%s", told.error.text);
    cr_assert_eq(served.server.config->code_bytes, 5000);
    cr_assert(knows("one"));
    cr_assert_eq(audit_grows("audit"), 0);
    cr_assert_gt(audit_grows("other"), 0);
    served_expect_audited("other", "policy.reload");
}

Test(reload, changes_nothing_where_the_audit_file_cannot_be_opened, .init = start, .fini = served_stop)
{
    served_configure("policies", "code_bytes: 5000\n");
    struct told told = reload();
    cr_assert_eq(told.error.code, SP_EINVALID_CONFIG);
    cr_assert_not_null(strstr(told.error.text, "/config.yaml:1:"), "%s", told.error.text);
    cr_assert_not_null(strstr(told.error.text, ": audit.file: "), "%s", told.error.text);
    nothing_has_changed();
}

Test(reload, changes_nothing_where_a_policy_is_bad, .init = start, .fini = served_stop)
{
    served_configure("other", "code_bytes: 5000\n");
    served_write("policies/two.yaml", "patterns: [{pattern: '('}]\n");
    cr_assert_neq(reload().error.code, 0);
    nothing_has_changed();
}

Test(reload, changes_nothing_where_the_mandatory_policy_is_not_there, .init = start, .fini = served_stop)
{
    char text[256];
    snprintf(text, sizeof(text), "code_bytes: 5000\npolicy: {folder: %s/policies, mandatory: gone}\n", served.folder);
    served_write("config.yaml", text);
    cr_assert_eq(reload().error.code, SP_EUNKNOWN_POLICY);
    nothing_has_changed();
}

Test(reload, refuses_a_configuration_that_has_gone, .init = start, .fini = served_stop)
{
    cr_assert_eq(unlink(served.path), 0);
    /* The standard file may be missing at a start, but not once it was read. */
    served.server.config_options.path = NULL;
    struct told told = reload();
    cr_assert_eq(told.error.code, SP_EINVALID_CONFIG);
    cr_assert_not_null(strstr(told.error.text, "No such file"), "%s", told.error.text);
    nothing_has_changed();
}

Test(reload, goes_on_without_a_configuration_that_never_was, .init = start, .fini = served_stop)
{
    char folder[] = "/var/tmp/sp_reload_XXXXXX", socket[64], audit[64], command[128];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(socket, sizeof(socket), "%s/s", folder);
    snprintf(audit, sizeof(audit), "%s/audit", folder);
    cr_assert_eq(mkdir(audit, 0700), 0);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    /* What root's has besides lies where a real one's does. */
    served.server.config_options =
        (struct sp_config_options){.private_daemon = true, .socket_path = socket, .starter_uid = 4711};
    served.server.config->path[0] = '\0';
    struct told told = reload();
    cr_assert_eq(told.error.code, 0, "%s", told.error.text);
    served.server.config_options.socket_path = "/nowhere/s";
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

Test(reload, goes_one_at_a_time_and_not_while_the_daemon_drains, .init = start, .fini = served_stop)
{
    struct told told = {0};
    cr_assert_eq(sp_reload_start(&served.server, NULL, on_done, &told, NULL), 0);
    cr_assert_eq(sp_reload_start(&served.server, NULL, NULL, NULL, NULL), SP_EBUSY);
    while (!told.done)
        uv_run(&served.loop, UV_RUN_ONCE);
    served.server.draining = true;
    cr_assert_eq(sp_reload_start(&served.server, NULL, NULL, NULL, NULL), SP_ESHUTTING_DOWN);
}

Test(reload, does_not_go_back_to_an_audit_file_that_was_rotated_meanwhile, .init = start, .fini = served_stop)
{
    char path[160], rotated[160];
    struct told told = {0};
    snprintf(path, sizeof(path), "%s/audit", served.folder);
    snprintf(rotated, sizeof(rotated), "%s/audit.1", served.folder);
    cr_assert_eq(sp_reload_start(&served.server, NULL, on_done, &told, NULL), 0);
    cr_assert_eq(rename(path, rotated), 0);
    while (!told.done)
        uv_run(&served.loop, UV_RUN_ONCE);
    cr_assert_gt(audit_grows("audit"), 0);
}
