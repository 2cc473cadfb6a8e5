#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config.h"
#include "proto/method.h"

static const struct sp_config_options system_wide = {0};
static const struct sp_config_options private_one = {.private_daemon = true, .starter_uid = 4711};

static struct sp_config *parse_with(const struct sp_config_options *options, const char *text)
{
    struct sp_config *config = NULL;
    struct sp_error error = {0};
    int r = sp_config_parse(options, sp_str_of(text), &config, &error);
    cr_assert_eq(r, 0, "%s: %s", error.path, error.text);
    return config;
}

static struct sp_config *parse(const char *text)
{
    return parse_with(&system_wide, text);
}

static void refuses(const char *text, const char *path, const char *words)
{
    struct sp_config *config = NULL;
    struct sp_error error = {0};
    cr_assert_eq(sp_config_parse(&system_wide, sp_str_of(text), &config, &error), SP_EINVALID_CONFIG, "%s", text);
    cr_assert_null(config);
    cr_assert_str_eq(error.path, path, "%s: path is %s", text, error.path);
    cr_assert_not_null(strstr(error.text, words), "%s: text is %s", text, error.text);
}

Test(config, an_empty_one_is_whole)
{
    struct sp_config *config = parse("");
    struct sp_limits limits = sp_limits_default(), ceilings = sp_limits_ceiling();
    cr_assert_str_eq(config->socket.path.ptr, "/run/sallyport/sallyport.sock");
    cr_assert_eq(config->socket_mode, 0660);
    cr_assert_eq(config->frame_bytes, SP_FRAME_BYTES_MAX);
    cr_assert_eq(config->code_bytes, SP_CODE_BYTES_MAX);
    cr_assert_str_eq(config->state_dir.ptr, "/run/sallyport/code");
    cr_assert_str_eq(config->policy.folder.ptr, SP_CONFIG_POLICY_DIR);
    cr_assert_eq(config->limits.wall_ms, limits.wall_ms);
    cr_assert_eq(config->ceilings.pids, ceilings.pids);
    cr_assert_gt(config->memory_total_bytes, 0);
    cr_assert_gt(config->sandboxes_max, 0);
    cr_assert_eq(config->idle_exit_ms, 0);
    cr_assert(config->audit.required);
    cr_assert_eq(config->access.n_items, 0);
    sp_config_free(config);
}

Test(config, a_private_daemons_audit_goes_to_a_file)
{
    struct sp_config *config = parse("");
    cr_assert_null(config->audit.file.ptr);
    sp_config_free(config);
    config = parse_with(&private_one, "state_dir: /run/x/code\n");
    cr_assert_str_eq(config->audit.file.ptr, "/run/x/audit/audit.log");
    cr_assert_gt(config->audit.rotate_bytes, 0);
    sp_config_free(config);
    config = parse_with(&private_one, "audit: {file: /run/y/mine}\n");
    cr_assert_str_eq(config->audit.file.ptr, "/run/y/mine");
    cr_assert_eq(config->audit.rotate_bytes, 0, "the user's own is the user's to rotate");
    sp_config_free(config);
}

Test(config, takes_what_is_written)
{
    struct sp_config *config = parse("socket: {path: /run/x/s, mode: 0600}\n"
                                     "log_level: debug\n"
                                     "workers: 3\n"
                                     "bounds:\n  connections: 12\n"
                                     "limits: {wall_ms: 5000, cpus: 0.5}\n"
                                     "env_allow: [FOO, BAR_*]\n"
                                     "policy: {default: mine}\n");
    cr_assert_str_eq(config->socket.path.ptr, "/run/x/s");
    cr_assert_str_eq(config->state_dir.ptr, "/run/x/code");
    cr_assert_eq(config->socket_mode, 0600);
    cr_assert_eq(config->log_level, SP_LOG_DEBUG);
    cr_assert_eq(config->workers, 3);
    cr_assert_eq(config->bounds.connections, 12);
    cr_assert_eq(config->limits.wall_ms, 5000);
    cr_assert_eq(config->limits.cpu_milli, 500);
    cr_assert_eq(config->env_allow.n_items, 2);
    cr_assert_str_eq(config->env_allow.items[1].ptr, "BAR_*");
    cr_assert_str_eq(config->policy.standard.ptr, "mine");
    sp_config_free(config);
}

Test(config, strings_outlive_the_text)
{
    char text[] = "socket: {path: /run/abc/s}\naccess: [{users: ['12'], rights: [scan], runtimes: [bubblewrap]}]\n";
    struct sp_config *config = parse(text);
    memset(text, 'x', sizeof(text) - 1);
    const struct sp_config_rule *rule = config->access.items;
    cr_assert_str_eq(config->socket.path.ptr, "/run/abc/s");
    cr_assert_str_eq(rule->runtimes.items[0].ptr, "bubblewrap");
    sp_config_free(config);
}

Test(config, the_argument_wins_over_the_socket_that_is_written)
{
    struct sp_config_options options = {.socket_path = "/run/arg/s"};
    struct sp_config *config = parse_with(&options, "socket: {path: /run/x/s}\n");
    cr_assert_str_eq(config->socket.path.ptr, "/run/arg/s");
    sp_config_free(config);
}

Test(config, a_private_one_lies_where_its_user_does)
{
    setenv("XDG_RUNTIME_DIR", "/run/user/4711", 1);
    setenv("XDG_CONFIG_HOME", "/home/x/.c", 1);
    struct sp_config *config = parse_with(&private_one, "");
    cr_assert_str_eq(config->socket.path.ptr, "/run/user/4711/sallyport/sallyport.sock");
    cr_assert_str_eq(config->state_dir.ptr, "/run/user/4711/sallyport/code");
    cr_assert_str_eq(config->policy.folder.ptr, "/home/x/.c/sallyport/policies");
    cr_assert_eq(config->socket_mode, 0600);
    cr_assert_eq(config->idle_exit_ms, 300000);
    cr_assert_eq(config->starter_uid, 4711);
    sp_config_free(config);
    config = parse_with(&private_one, "idle_exit_ms: 0\n");
    cr_assert_eq(config->idle_exit_ms, 0);
    sp_config_free(config);
}

/* Whose daemon gives up root's rights, and then cannot enter root's folders. */
Test(config, a_private_one_of_roots_does_not_lie_in_roots_folders)
{
    const struct sp_config_options of_root = {.private_daemon = true, .starter_uid = 0};
    setenv("XDG_RUNTIME_DIR", "/run/user/0", 1);
    setenv("HOME", "/root", 1);
    unsetenv("XDG_CONFIG_HOME");
    struct sp_config *config = parse_with(&of_root, "");
    cr_assert_str_eq(config->socket.path.ptr, "/run/user/0/sallyport/sallyport.sock");
    cr_assert(strncmp(config->state_dir.ptr, "/run/sallyport-private/", 23) == 0);
    cr_assert_str_eq(config->policy.folder.ptr, SP_CONFIG_POLICY_DIR);
    sp_config_free(config);
}

Test(config, rules_become_numbers)
{
    struct sp_config *config = parse("access:\n"
                                     "  - users: [root, '1234']\n"
                                     "    groups: [root]\n"
                                     "    rights: [scan, run]\n"
                                     "    ceilings: {wall_ms: 1000}\n"
                                     "  - users: ['*']\n"
                                     "    rights: [scan]\n");
    const struct sp_config_rule *rules = config->access.items;
    cr_assert_eq(rules[0].n_uids, 2);
    cr_assert_eq(rules[0].uids[0], 0);
    cr_assert_eq(rules[0].uids[1], 1234);
    cr_assert_eq(rules[0].n_gids, 1);
    cr_assert_eq(rules[0].gids[0], 0);
    cr_assert_eq(rules[0].rights_mask, SP_RIGHT_SCAN | SP_RIGHT_RUN);
    cr_assert_eq(rules[0].ceilings.wall_ms, 1000);
    cr_assert_eq(rules[0].ceilings.pids, config->ceilings.pids);
    cr_assert(rules[1].everybody);
    cr_assert_eq(rules[1].n_uids, 0);
    sp_config_free(config);
}

Test(config, names_what_is_wrong)
{
    refuses("sockets: {}\n", "sockets", "unknown key");
    refuses("workers: many\n", "workers", "must be an integer");
    refuses("workers: 257\n", "workers", "must be between 0 and 256");
    refuses("log_level: loud\n", "log_level", "unknown level \"loud\" (error, warning");
    refuses("socket: {path: relative}\n", "socket.path", "absolute");
    refuses("socket: {mode: 0888}\n", "socket.mode", "octal");
    refuses("socket: {group: no-such-group}\n", "socket.group", "there is no group");
    refuses("state_dir: /tmp/x\n", "state_dir", "below /tmp");
    refuses("audit: {file: log}\n", "audit.file", "absolute");
    refuses("access: [{users: [nobody-of-that-name], rights: [scan]}]\n", "access[0].users[0]", "there is no user");
    refuses("access: [{users: ['4294967295'], rights: [scan]}]\n", "access[0].users[0]", "there is no user");
    refuses("access: [{groups: [no-such-group], rights: [scan]}]\n", "access[0].groups[0]", "there is no group");
    refuses("access: [{users: [root], rights: [scan, fly]}]\n", "access[0].rights[1]", "unknown right \"fly\"");
    refuses("access: [{rights: [scan]}]\n", "access[0]", "neither users nor groups");
    refuses("access: [{users: [root]}]\n", "access[0].rights", "is missing");
    refuses("limits: {wall_ms: 300000}\nceilings: {wall_ms: 1000}\n", "limits.wall_ms", "ceilings.wall_ms");
    refuses(
        "ceilings: {output_bytes: 8388608}\nframe_bytes: 1048576\n", "ceilings.output_bytes", "half of frame_bytes");
    refuses("frame_bytes: 65536\ncode_bytes: 100000\n", "code_bytes", "frame_bytes");
    refuses(
        "memory_total_bytes: 9000000\nceilings: {memory_bytes: 9999999}\n", "ceilings.memory_bytes", "memory_total");
    refuses("memory_total_bytes: 1000000\n", "memory_total_bytes", "less than one sandbox needs");
    refuses("limits: {memory_bytes: 1}\n", "limits.memory_bytes", "at least 4194304");
    refuses("user: no-such-user\n", "user", "there is no user");
    refuses("user: root\n", "user", "must not be root");
    refuses("user: '0'\n", "user", "must not be root");
    refuses("env_allow: [LD_PRELOAD]\n", "env_allow[0]", "can never be allowed");
    refuses("env_allow: [PYTHON*]\n", "env_allow[0]", "can never be allowed");
    refuses("env_allow: [A, 'B C']\n", "env_allow[1]", "is no name");
    refuses("env_allow: ['*']\n", "env_allow[0]", "is no name");
    refuses("pool: {min: 9, max: 3}\n", "pool.min", "pool.max");
    refuses("sandboxes_max: 20\nslot_uids: {count: 10}\n", "sandboxes_max", "slot_uids.count");
    refuses("workers: 1\nworkers: 2\n", "workers", "twice");
}

Test(config, says_line_and_column)
{
    struct sp_config *config = NULL;
    struct sp_error error = {0};
    char text[512];
    int r = sp_config_parse(&system_wide, SP_STR("workers: 1\nbounds:\n  connections: none\n"), &config, &error);
    cr_assert_eq(r, SP_EINVALID_CONFIG);
    cr_assert_eq(error.line, 3);
    cr_assert_eq(error.column, 3);
    sp_config_complaint("/etc/x.yaml", &error, text, sizeof(text));
    cr_assert_str_eq(text, "/etc/x.yaml:3:3: bounds.connections: must be an integer, is a string");
}

Test(config, limits_do_not_raise_ceilings)
{
    refuses("limits: {wall_ms: 900000}\n", "limits.wall_ms", "ceilings.wall_ms, which is 240000");
    refuses("limits: {cpus: 9}\n", "limits.cpus", "ceilings.cpus, which is 8");
    refuses(
        "limits: {memory_bytes: 2000000000}\nmemory_total_bytes: 1000000000\n", "limits.memory_bytes", "1000000000");
    struct sp_config *config = parse("limits: {wall_ms: 900000}\nceilings: {wall_ms: 900000}\n");
    cr_assert_eq(config->ceilings.wall_ms, 900000);
    sp_config_free(config);
}

Test(config, small_machines_lower_what_is_not_written)
{
    struct sp_config *config = parse("memory_total_bytes: 100000000\n");
    cr_assert_eq(config->ceilings.memory_bytes, 100000000);
    cr_assert_eq(config->limits.memory_bytes, 100000000);
    sp_config_free(config);
}

Test(config, one_user_of_a_shared_daemon_has_a_quarter_of_its_connections)
{
    static const struct {
        const struct sp_config_options *options;
        const char *text;
        uint64_t expected;
    } rows[] = {
        {&system_wide, "", 3000},
        {&system_wide, "bounds: {connections: 1}\n", 1},
        {&system_wide, "bounds: {connections: 400}\n", 100},
        {&system_wide, "bounds: {connections: 400, user_connections: 300}\n", 300},
        {&private_one, "", 12000},
        {&private_one, "bounds: {connections: 400}\n", 400},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sp_config *config = parse_with(rows[i].options, rows[i].text);
        cr_assert_eq(config->bounds.user_connections, rows[i].expected, "row %zu", i);
        sp_config_free(config);
    }
}

Test(config, a_named_file_must_be_there_and_the_standard_one_not)
{
    struct sp_config_options options = {.path = "/nonexistent/sallyportd.yaml"};
    struct sp_config *config = NULL;
    struct sp_error error = {0};
    char path[256];
    cr_assert_eq(sp_config_load(&options, &config, path, &error), SP_EINVALID_CONFIG);
    cr_assert_str_eq(path, options.path);
    cr_assert_not_null(strstr(error.text, "No such file"));
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    cr_assert_eq(sp_config_load(&private_one, &config, path, NULL), 0);
    sp_config_free(config);
}

/* Whatever hides the file must not pass for its absence: the standards judge less than what was written. */
Test(config, a_standard_file_that_cannot_be_read_is_not_a_missing_one)
{
    char dir[] = "/tmp/sp_config_XXXXXX", sub[64], file[96];
    struct sp_config *config = NULL;
    cr_assert_not_null(mkdtemp(dir));
    setenv("XDG_CONFIG_HOME", dir, 1);
    snprintf(sub, sizeof(sub), "%s/sallyport", dir);
    snprintf(file, sizeof(file), "%s/sallyportd.yaml", sub);
    cr_assert_eq(symlink(sub, sub), 0);
    cr_assert_eq(sp_config_load(&private_one, &config, NULL, NULL), SP_EINVALID_CONFIG, "a loop of links");
    unlink(sub);
    cr_assert_eq(mkdir(sub, 0700), 0);
    cr_assert_eq(symlink("/nonexistent", file), 0);
    cr_assert_eq(sp_config_load(&private_one, &config, NULL, NULL), SP_EINVALID_CONFIG, "a link to nowhere");
    unlink(file);
    cr_assert_eq(sp_config_load(&private_one, &config, NULL, NULL), 0, "no file at all");
    sp_config_free(config);
    rmdir(sub);
    rmdir(dir);
}

static void is_no_configuration(const struct sp_config_options *options, const char *words)
{
    struct sp_config *config = NULL;
    struct sp_error error = {0};
    cr_assert_eq(sp_config_load(options, &config, NULL, &error), SP_EINVALID_CONFIG, "%s", words);
    cr_assert_not_null(strstr(error.text, words), "%s", error.text);
}

Test(config, a_file_that_others_may_write_to_is_no_configuration)
{
    char file[] = "/tmp/sp_config_XXXXXX";
    struct sp_config_options options = {.path = file};
    struct sp_config *config = NULL;
    int fd = mkstemp(file);
    cr_assert_eq(fchmod(fd, 0644), 0);
    cr_assert_eq(sp_config_load(&options, &config, NULL, NULL), 0);
    sp_config_free(config);
    cr_assert_eq(fchmod(fd, 0646), 0);
    is_no_configuration(&options, "everybody may write to it: chmod go-w");
    cr_assert_eq(fchmod(fd, 0664), 0);
    is_no_configuration(&options, "its group may write to it: chmod go-w");
    close(fd);
    unlink(file);
}

/* As under sudo -E: the home is another user's. */
Test(config, a_file_of_another_user_is_no_configuration)
{
    char dir[] = "/tmp/sp_config_XXXXXX", sub[64], file[96];
    struct sp_config_options options = {.private_daemon = true, .starter_uid = geteuid()};
    struct sp_config *config = NULL;
    if (geteuid() != 0)
        cr_skip("only root can give a file away");
    cr_assert_not_null(mkdtemp(dir));
    setenv("XDG_CONFIG_HOME", dir, 1);
    snprintf(sub, sizeof(sub), "%s/sallyport", dir);
    snprintf(file, sizeof(file), "%s/sallyportd.yaml", sub);
    cr_assert_eq(mkdir(sub, 0755), 0);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    cr_assert_eq(sp_config_load(&options, &config, NULL, NULL), 0);
    sp_config_free(config);
    cr_assert_eq(fchown(fd, 12345, 12345), 0);
    is_no_configuration(&options, "belongs to user 12345, who could change it: it must be root's (chown it)");
    options.starter_uid = 12345;
    cr_assert_eq(sp_config_load(&options, &config, NULL, NULL), 0, "who started it may configure it");
    sp_config_free(config);
    close(fd);
    unlink(file);
    rmdir(sub);
    rmdir(dir);
}

Test(config, what_is_no_regular_file_is_no_configuration)
{
    is_no_configuration(&(struct sp_config_options){.path = "/dev/null"}, "is no regular file");
    struct sp_config_options options = {.path = "/usr"};
    struct sp_config *config = NULL;
    cr_assert_eq(sp_config_load(&options, &config, NULL, NULL), SP_EINVALID_CONFIG);
}

static size_t n_noted;
static char noted[64];

static void note(void *context, const char *key)
{
    cr_assert_eq(context, &n_noted);
    n_noted++;
    snprintf(noted, sizeof(noted), "%s", key);
}

Test(config, tells_what_a_reload_cannot_change)
{
    struct sp_config *one = parse("workers: 1\n"), *two = parse("workers: 2\ncode_bytes: 5000\n");
    sp_config_compare(one, two, note, &n_noted);
    cr_assert_eq(n_noted, 1);
    cr_assert_str_eq(noted, "workers");
    sp_config_compare(one, one, note, &n_noted);
    cr_assert_eq(n_noted, 1);
    sp_config_free(one);
    sp_config_free(two);
}

/* Of each kind one, and what belongs together under one name. */
Test(config, tells_what_a_reload_cannot_change_by_its_key)
{
    static const struct {
        const char *key, *text;
    } rows[] = {
        {"socket", "socket: {mode: 0600}\n"},
        {"socket", "socket: {path: /run/x/s}\nstate_dir: /run/sallyport/code\n"},
        {"user", "user: daemon\n"},
        {"state_dir", "state_dir: /run/x/code\n"},
        {"compilers", "compilers: 3\n"},
        {"bounds.scan_tasks", "bounds: {scan_tasks: 5}\n"},
        {"bounds.runs_waiting", "bounds: {runs_waiting: 5}\n"},
        {"pool", "pool: {when_empty: fail}\n"},
        {"memory_total_bytes", "memory_total_bytes: 4000000000\n"},
        {"python_prefix", "python_prefix: /opt/x\n"},
        {"require_no_groups", "require_no_groups: true\n"},
        {"slot_uids", "slot_uids: {first: 5000}\n"},
        {"programs", "programs: {bwrap: /opt/bwrap}\n"},
        {NULL, "log_level: debug\nbounds: {connections: 5, compile_tasks: 7}\nlimits: {wall_ms: 5000}\n"
               "policy: {folder: /opt/p}\naudit: {file: /opt/a}\naccess: [{users: [root], rights: [scan]}]\n"},
    };
    struct sp_config *plain = parse("");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sp_config *other = parse(rows[i].text);
        n_noted = 0;
        sp_config_compare(plain, other, note, &n_noted);
        sp_config_compare(other, other, note, &n_noted);
        cr_assert_eq(n_noted, rows[i].key ? 1 : 0, "%s: %zu, %s", rows[i].text, n_noted, noted);
        cr_assert(!rows[i].key || strcmp(noted, rows[i].key) == 0, "%s: %s", rows[i].text, noted);
        sp_config_free(other);
    }
    sp_config_free(plain);
}

Test(config, a_string_that_looks_like_a_number_is_a_string)
{
    static const char *const texts[] = {"state_dir: 12\n", "python_prefix: 12\n", "programs: {bwrap: 12}\n",
        "policy: {folder: 12}\n", "audit: {file: 12}\n", "socket: {path: 12}\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sp_config *config = NULL;
        struct sp_error error = {0};
        cr_assert_eq(sp_config_parse(&system_wide, sp_str_of(texts[i]), &config, &error), SP_EINVALID_CONFIG);
        cr_assert_str_eq(error.text, "must be an absolute path", "%s: %s", texts[i], error.text);
    }
}

static void has_help(const struct sp_table *table)
{
    for (size_t i = 0; i < table->n_fields; i++) {
        if (table->fields[i].table && table->fields[i].table != &sp_limits_table)
            has_help(table->fields[i].table);
        cr_assert(table->fields[i].help && table->fields[i].help[0], "%s has no help", table->fields[i].name);
    }
}

Test(config, every_key_has_its_line_for_the_manual)
{
    has_help(&sp_config_table);
}
