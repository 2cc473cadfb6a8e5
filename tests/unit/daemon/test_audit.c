/* Lines and the file they go to. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/audit.h"
#include "proto/scope.h"

static json_t *line_of(const struct sp_audit_event *event)
{
    struct sp_buffer line;
    sp_buffer_init(&line, 65536);
    cr_assert_eq(sp_audit_line(event, &line, NULL), 0);
    cr_assert_eq(line.bytes[line.n_bytes - 1], '\n');
    cr_assert_null(memchr(line.bytes, '\n', line.n_bytes - 1));
    json_t *parsed = json_loadb((const char *)line.bytes, line.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(parsed);
    sp_buffer_fini(&line);
    return parsed;
}

/* A terminal or a viewer takes some of them for commands, or for ends of lines. */
Test(audit, lines_hold_nothing_but_ascii)
{
    const struct sp_verdict verdict = {.language = "python"};
    const struct sp_audit_event event = {.kind = SP_AUDIT_VERDICT,
        .method = "run",
        .path = SP_STR("a\u202eb\u2028c\u00e9.py"),
        .run = "0123",
        .verdict = &verdict};
    struct sp_buffer line;
    sp_buffer_init(&line, 65536);
    cr_assert_eq(sp_audit_line(&event, &line, NULL), 0);
    for (size_t i = 0; i + 1 < line.n_bytes; i++)
        cr_assert(line.bytes[i] >= 0x20 && line.bytes[i] < 0x7f, "%02x", line.bytes[i]);
    cr_assert_not_null(memmem(line.bytes, line.n_bytes, "\\u202E", 6));
    sp_buffer_fini(&line);
}

static const char *text(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

Test(audit, tells_the_verdict_without_code_or_match)
{
    const struct sp_finding findings[] = {
        {.rule = "os-system", .description = "secret description", .text = SP_STR("SECRET")},
        {.rule = "restricted_modules[os]", .description = "", .text = SP_STR("SECRET")},
        {.rule = "os-system", .description = "", .text = SP_STR("SECRET")},
    };
    const struct sp_verdict verdict = {.language = "python",
        .sha256 = {0xab, 0x01},
        .size_bytes = 42,
        .findings = findings,
        .n_findings = 3,
        .counts = {[SP_SEVERITY_HIGH] = 3}};
    const struct sp_audit_event event = {
        .kind = SP_AUDIT_VERDICT, .uid = 7, .gid = 8, .pid = 9, .method = "run", .run = "0123", .verdict = &verdict};
    json_t *line = line_of(&event);
    cr_assert_str_eq(text(line, "event"), "verdict");
    cr_assert_str_eq(text(line, "run"), "0123");
    cr_assert_eq(json_integer_value(json_object_get(line, "uid")), 7);
    cr_assert_eq(json_integer_value(json_object_get(line, "size")), 42);
    cr_assert(json_is_false(json_object_get(line, "safe")));
    cr_assert_eq(strncmp(text(line, "sha256"), "ab0100", 6), 0);
    cr_assert_eq(strlen(text(line, "sha256")), 64);
    cr_assert_eq(json_array_size(json_object_get(line, "rules")), 2);
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(line, "counts"), "high")), 3);
    char *whole = json_dumps(line, 0);
    cr_assert_null(strstr(whole, "SECRET"));
    cr_assert_null(strstr(whole, "secret"));
    free(whole);
    json_decref(line);
}

Test(audit, tells_how_a_run_ended)
{
    const struct sp_run_result result = {.outcome = SP_OUTCOME_EXITED,
        .has_exit_code = true,
        .exit_code = 3,
        .wall_ms = 12,
        .runtime = "bubblewrap",
        .warm = true};
    const struct sp_audit_event event = {.kind = SP_AUDIT_RUN, .result = &result};
    json_t *line = line_of(&event);
    cr_assert_str_eq(text(line, "outcome"), "exited");
    cr_assert_str_eq(text(line, "runtime"), "bubblewrap");
    cr_assert_eq(json_integer_value(json_object_get(line, "exit_code")), 3);
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(line, "usage"), "wall_ms")), 12);
    json_decref(line);
}

Test(audit, holds_what_is_not_utf8)
{
    const struct sp_audit_event event = {.kind = SP_AUDIT_SCAN, .path = SP_STR("a\xff\n\"b")};
    json_t *line = line_of(&event);
    cr_assert_str_eq(text(json_object_get(line, "path"), "hex"), "61ff0a2262");
    json_decref(line);
}

Test(audit, names_an_error_and_never_its_text)
{
    struct sp_error error = {0};
    sp_error_set(&error, SP_EINVALID_REQUEST, "unknown name \"SECRET\"");
    sp_error_prefix(&error, "env.X");
    const struct sp_audit_event event = {.kind = SP_AUDIT_REFUSAL, .error = &error};
    json_t *line = line_of(&event);
    cr_assert_str_eq(text(line, "error"), "invalid_request");
    cr_assert_str_eq(text(line, "at"), "env.X");
    char *whole = json_dumps(line, 0);
    cr_assert_null(strstr(whole, "SECRET"));
    free(whole);
    json_decref(line);
}

Test(audit, says_where_more_rules_were_hit_than_it_tells)
{
    struct sp_finding findings[SP_AUDIT_RULES_MAX + 1];
    char names[SP_COUNT(findings)][16];
    for (size_t i = 0; i < SP_COUNT(findings); i++) {
        snprintf(names[i], sizeof(names[i]), "rule-%zu", i);
        findings[i] = (struct sp_finding){.rule = names[i], .description = ""};
    }
    for (size_t n = SP_AUDIT_RULES_MAX; n <= SP_COUNT(findings); n++) {
        const struct sp_verdict verdict = {.language = "python", .findings = findings, .n_findings = n};
        json_t *line = line_of(&(struct sp_audit_event){.kind = SP_AUDIT_SCAN, .verdict = &verdict});
        cr_assert_eq(json_array_size(json_object_get(line, "rules")), SP_AUDIT_RULES_MAX);
        cr_assert_eq(json_is_true(json_object_get(line, "rules_truncated")), n > SP_AUDIT_RULES_MAX);
        json_decref(line);
    }
}

/* ---- the file ---- */

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/sp_audit_XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

static size_t read_all(const char *path, char *bytes, size_t room)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, bytes, room - 1);
    if (fd >= 0)
        close(fd);
    bytes[n] = '\0';
    return (size_t)n;
}

Test(audit, writes_to_a_private_file_and_opens_it_anew, .init = make_folder, .fini = remove_folder)
{
    char path[128], moved[128], bytes[256];
    struct stat info;
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    snprintf(moved, sizeof(moved), "%s/audit.log.1", folder);
    umask(0);
    const struct sp_audit_config config = {.file = path, .required = true};
    struct sp_audit *audit;
    cr_assert_eq(sp_audit_open(&config, &audit, NULL), 0);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(sp_audit_add(audit, SP_STR("one\n"), NULL), 0);
    cr_assert_eq(read_all(path, bytes, sizeof(bytes)), 0, "added lines wait for the loop");
    cr_assert_eq(sp_audit_commit(audit, SP_STR("two\n"), NULL), 0);
    read_all(path, bytes, sizeof(bytes));
    cr_assert_str_eq(bytes, "one\ntwo\n");
    cr_assert_eq(rename(path, moved), 0);
    cr_assert_eq(sp_audit_reopen(audit, &config, NULL), 0);
    cr_assert_eq(sp_audit_commit(audit, SP_STR("three\n"), NULL), 0);
    read_all(path, bytes, sizeof(bytes));
    cr_assert_str_eq(bytes, "three\n");
    struct sp_audit_stats stats;
    sp_audit_stats(audit, &stats);
    cr_assert_eq(stats.lines, 3);
    cr_assert_eq(stats.lost, 0);
    sp_audit_close(audit);
}

/* In place of the C library's, for the whole program: what lay in the file when it was asked for. */
static struct {
    unsigned calls;
    int failure;
    off_t n_bytes;
} synced;

int fdatasync(int fd)
{
    struct stat info;
    synced.calls++;
    synced.n_bytes = fstat(fd, &info) == 0 ? info.st_size : -1;
    errno = synced.failure;
    return synced.failure ? -1 : 0;
}

Test(audit, a_verdict_is_on_the_disk_once_it_is_committed, .init = make_folder, .fini = remove_folder)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    struct sp_audit_config config = {.file = path, .required = true, .sync = true};
    struct sp_audit *audit;
    cr_assert_eq(sp_audit_open(&config, &audit, NULL), 0);
    cr_assert_eq(sp_audit_add(audit, SP_STR("scan\n"), NULL), 0);
    cr_expect_eq(synced.calls, 0, "scans do not wait for the disk");
    cr_assert_eq(sp_audit_commit(audit, SP_STR("verdict\n"), NULL), 0);
    cr_expect_eq(synced.calls, 1);
    cr_expect_eq(synced.n_bytes, 13, "both lines were written before");
    synced.failure = EIO;
    cr_expect_eq(sp_audit_commit(audit, SP_STR("verdict\n"), NULL), SP_EINTERNAL, "what may be lost does not count");
    config.required = false;
    cr_assert_eq(sp_audit_reopen(audit, &config, NULL), 0);
    cr_expect_eq(sp_audit_commit(audit, SP_STR("verdict\n"), NULL), 0);
    cr_expect_eq(synced.calls, 3);
    config.sync = false;
    cr_assert_eq(sp_audit_reopen(audit, &config, NULL), 0);
    cr_expect_eq(sp_audit_commit(audit, SP_STR("verdict\n"), NULL), 0);
    cr_expect_eq(synced.calls, 3, "not configured");
    sp_audit_close(audit);
}

Test(audit, a_large_file_makes_way_when_it_is_opened, .init = make_folder, .fini = remove_folder)
{
    char path[128], aside[128], bytes[256];
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    snprintf(aside, sizeof(aside), "%s/audit.log.1", folder);
    const struct sp_audit_config config = {.file = path, .rotate_bytes = 4};
    const char *const expected[][2] = {{"one\n", ""}, {"one\ntwo\n", ""}, {"three\n", "one\ntwo\n"}};
    const struct sp_str lines[] = {SP_STR("one\n"), SP_STR("two\n"), SP_STR("three\n")};
    for (size_t i = 0; i < SP_COUNT(lines); i++) {
        struct sp_audit *audit;
        cr_assert_eq(sp_audit_open(&config, &audit, NULL), 0);
        cr_assert_eq(sp_audit_commit(audit, lines[i], NULL), 0);
        sp_audit_close(audit);
        read_all(path, bytes, sizeof(bytes));
        cr_expect_str_eq(bytes, expected[i][0]);
        read_all(aside, bytes, sizeof(bytes));
        cr_expect_str_eq(bytes, expected[i][1]);
    }
}

Test(audit, a_file_that_lost_its_name_is_not_moved_by_another, .init = make_folder, .fini = remove_folder)
{
    char path[128], aside[128], bytes[256];
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    snprintf(aside, sizeof(aside), "%s/audit.log.1", folder);
    const struct sp_audit_config config = {.file = path, .rotate_bytes = 4};
    struct sp_audit *first, *second;
    cr_assert_eq(sp_audit_open(&config, &first, NULL), 0);
    cr_assert_eq(sp_audit_commit(first, SP_STR("12345\n"), NULL), 0);
    cr_assert_eq(sp_audit_open(&config, &second, NULL), 0);
    cr_assert_eq(sp_audit_commit(first, SP_STR("old\n"), NULL), 0);
    cr_assert_eq(sp_audit_commit(second, SP_STR("new\n"), NULL), 0);
    sp_audit_close(first);
    sp_audit_close(second);
    read_all(path, bytes, sizeof(bytes));
    cr_expect_str_eq(bytes, "new\n");
    read_all(aside, bytes, sizeof(bytes));
    cr_expect_str_eq(bytes, "12345\nold\n", "nothing is lost");
}

Test(audit, refuses_a_file_that_is_a_link_or_a_device, .init = make_folder, .fini = remove_folder)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/link", folder);
    cr_assert_eq(symlink("/etc/passwd", path), 0);
    struct sp_audit *audit = NULL;
    cr_assert_eq(sp_audit_open(&(struct sp_audit_config){.file = path}, &audit, NULL), SP_EINVALID_CONFIG);
    cr_assert_eq(sp_audit_open(&(struct sp_audit_config){.file = "/dev/null"}, &audit, NULL), SP_EINVALID_CONFIG);
}

Test(audit, refuses_a_file_that_others_could_change, .init = make_folder, .fini = remove_folder)
{
    char path[128], other[128];
    struct sp_audit *audit = NULL;
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    const struct sp_audit_config config = {.file = path};
    const struct {
        const char *words;
        mode_t mode;
        uid_t uid;
        bool linked;
    } rows[] = {
        {"audit.log: everybody may write to it: chmod go-w it", 0606, geteuid(), false},
        {"audit.log: its group may write to it: chmod go-w it", 0660, geteuid(), false},
        {"audit.log: belongs to user 12345", 0600, 12345, false},
        {"audit.log: has another name too", 0600, geteuid(), true},
    };
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct sp_error error = {0};
        if (rows[i].uid != geteuid() && geteuid() != 0)
            continue;
        cr_assert_eq(fchown(fd, rows[i].uid, (gid_t)-1), 0);
        cr_assert_eq(fchmod(fd, rows[i].mode), 0);
        cr_assert(!rows[i].linked || link(path, other) == 0);
        cr_assert_eq(sp_audit_open(&config, &audit, &error), SP_EINVALID_CONFIG, "row %zu", i);
        cr_assert_str_eq(error.path, "audit.file");
        cr_assert_not_null(strstr(error.text, rows[i].words), "%s", error.text);
        cr_assert_eq(sp_audit_check(path, NULL), SP_EINVALID_CONFIG);
        cr_assert_eq(fchown(fd, geteuid(), (gid_t)-1), 0);
        unlink(other);
    }
    close(fd);
    cr_assert_eq(sp_audit_check(path, NULL), 0);
}

Test(audit, is_checked_without_being_made, .init = make_folder, .fini = remove_folder)
{
    char path[128], link[128], nowhere[128];
    struct sp_error error = {0};
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    snprintf(link, sizeof(link), "%s/link", folder);
    snprintf(nowhere, sizeof(nowhere), "%s/no/audit.log", folder);
    cr_assert_eq(sp_audit_check(NULL, NULL), 0);
    cr_assert_eq(sp_audit_check(path, NULL), 0);
    cr_assert_eq(access(path, F_OK), -1);
    cr_assert_eq(sp_audit_check(nowhere, &error), SP_EINVALID_CONFIG);
    cr_assert_str_eq(error.path, "audit.file");
    cr_assert_eq(sp_audit_check(folder, NULL), SP_EINVALID_CONFIG);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(sp_audit_check(path, NULL), 0);
    cr_assert_eq(symlink(path, link), 0);
    cr_assert_eq(sp_audit_check(link, NULL), SP_EINVALID_CONFIG);
}

/* A file that takes no more: its size is limited, and the signal that goes with that ignored. */
static void fill(struct sp_audit **ret_audit, bool required, char *path, size_t size)
{
    snprintf(path, size, "%s/audit.log", folder);
    const struct sp_audit_config config = {.file = path, .required = required, .pending_bytes = 100};
    cr_assert_eq(sp_audit_open(&config, ret_audit, NULL), 0);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, RLIM_INFINITY}), 0);
}

Test(audit, refuses_a_run_whose_line_cannot_be_written, .init = make_folder)
{
    char path[128], bytes[256];
    struct sp_audit *audit;
    struct sp_error error = {0};
    fill(&audit, true, path, sizeof(path));
    cr_assert_eq(sp_audit_commit(audit, SP_STR("0123456789abcdef\n"), &error), SP_EINTERNAL);
    struct sp_audit_stats stats;
    sp_audit_stats(audit, &stats);
    cr_assert(stats.failing);
    /* Once there is room again the line goes on where it was cut, and none is lost. */
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    cr_assert_eq(sp_audit_commit(audit, SP_STR("next\n"), NULL), 0);
    read_all(path, bytes, sizeof(bytes));
    cr_assert_str_eq(bytes, "0123456789abcdef\nnext\n");
    sp_audit_close(audit);
    remove_folder();
}

Test(audit, counts_lines_that_are_lost, .init = make_folder)
{
    char path[128], long_line[101];
    struct sp_audit *audit;
    fill(&audit, false, path, sizeof(path));
    memset(long_line, 'x', sizeof(long_line));
    long_line[sizeof(long_line) - 1] = '\n';
    cr_assert_eq(sp_audit_commit(audit, (struct sp_str){long_line, sizeof(long_line)}, NULL), 0, "not required");
    cr_assert_eq(sp_audit_add(audit, SP_STR("short\n"), NULL), 0);
    struct sp_audit_stats stats;
    sp_audit_stats(audit, &stats);
    cr_assert_eq(stats.lost, 1);
    sp_audit_close(audit);
    remove_folder();
}
