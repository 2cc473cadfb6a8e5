/* What the gate refuses and where it puts what it lets pass. The runtime is a stand-in that notes that it was called. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "daemon/audit.h"
#include "daemon/config.h"
#include "daemon/gate.h"
#include "daemon/policy_source.h"
#include "proto/language.h"
#include "proto/scope.h"

static int n_started;
static const struct sp_sandbox_spec *started_spec;

int sp_run_start(
    struct sp_runtimes *runtimes, struct sp_run *run, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    (void)runtimes, (void)run, (void)error;
    n_started++;
    started_spec = spec;
    return 0;
}

size_t sp_runtimes_describe(const struct sp_runtimes *runtimes, const struct sp_runtime_info **ret_infos)
{
    (void)runtimes, (void)ret_infos;
    return 0;
}

const char *sp_outcome_name(enum sp_outcome outcome)
{
    (void)outcome;
    return "exited";
}

struct fixture {
    struct sp_config *config;
    struct sp_arena arena;
    struct sp_scanner *scanner;
    struct sp_audit *audit; /* on standard error */
    struct sp_identity identity;
    struct sp_params_run params;
    struct sp_gate gate;
    struct sp_error error;
    struct sp_params_file files[8];
};

static struct fixture f;

static void set_up_with(const char *yaml)
{
    struct sp_error error = {0};
    const struct sp_config_options options = {.private_daemon = true, .socket_path = "/nowhere/s"};
    f = (struct fixture){0};
    cr_assert_eq(sp_config_parse(&options, sp_str_of(yaml), &f.config, &error), 0, "%s: %s", error.path, error.text);
    cr_assert_eq(sp_scanner_new(&f.scanner, NULL), 0);
    cr_assert_eq(sp_audit_open(&(struct sp_audit_config){.required = true}, &f.audit, NULL), 0);
    sp_arena_init(&f.arena, 1 << 20);
    f.identity = (struct sp_identity){.uid = 1000, .gid = 1000, .rights = SP_RIGHT_ALL};
    f.params =
        (struct sp_params_run){.code = SP_STR("print('hi')\n"), .language = SP_STR("python"), .max_violations = 100};
    f.params.files.items = f.files;
}

static void set_up(void)
{
    set_up_with("");
}

static void tear_down(void)
{
    sp_gate_fini(&f.gate);
    sp_audit_close(f.audit);
    sp_scanner_free(f.scanner);
    sp_arena_fini(&f.arena);
    sp_config_free(f.config);
}

static int check(void)
{
    sp_gate_fini(&f.gate);
    f.gate = (struct sp_gate){0};
    f.error = (struct sp_error){0};
    return sp_gate_check(&f.gate, f.config, NULL, &f.identity, &f.params, &f.arena, &f.error);
}

static void refused(int code, const char *path)
{
    cr_assert_eq(check(), code, "%s: %s", path, f.error.text);
    cr_assert_eq(f.error.code, code);
    cr_assert_str_eq(f.error.path, path, "%s instead of %s", f.error.path, path);
}

static void add_file(const char *path, struct sp_str data)
{
    f.files[f.params.files.n_items++] = (struct sp_params_file){.path = sp_str_of(path), .data = data};
}

static void add_policy(const char *yaml)
{
    struct sp_policy_source source;
    struct sp_policy_model *model;
    uint64_t cpu_ns;
    struct sp_error error = {0};
    cr_assert_eq(sp_policy_source_init_text(&source, SP_POLICY_FORM_YAML, sp_str_of(yaml), 10000, NULL), 0);
    cr_assert_eq(sp_policy_source_model(&source, &model, &error), 0, "%s", error.text);
    cr_assert_eq(sp_policy_source_compile(model, &f.gate.policies.policies[0], &cpu_ns, NULL), 0);
    f.gate.policies.n_policies = 1;
    sp_policy_source_fini(&source);
}

#define BLOCKS_EVIL "severity_threshold: medium\npatterns: [{pattern: evil, description: d, severity: high}]\n"

/* ---- what is asked for ---- */

Test(gate, refuses_by_name_what_is_not_supported, .init = set_up, .fini = tear_down)
{
    struct sp_str library = SP_STR("numpy");
    f.params.network = SP_STR("host");
    refused(SP_EINVALID_REQUEST, "network");
    f.params.network = SP_STR("none");
    cr_assert_eq(check(), 0);
    f.params.libraries = (struct sp_strings){&library, 1};
    refused(SP_EINVALID_REQUEST, "libraries");
    f.params.libraries.n_items = 0;
    f.params.language = SP_STR("klingon");
    refused(SP_EUNSUPPORTED_LANGUAGE, "language");
}

Test(gate, bounds_the_size_of_code, .fini = tear_down)
{
    set_up_with("code_bytes: 1024");
    char code[1025];
    memset(code, ' ', sizeof(code));
    f.params.code = (struct sp_str){code, 1024};
    cr_assert_eq(check(), 0, "%s", f.error.text);
    f.params.code.n_bytes = 1025;
    refused(SP_ETOO_LARGE, "code");
    f.params.code.n_bytes = 1;
    add_file("helper.py", (struct sp_str){code, 1025});
    refused(SP_ETOO_LARGE, "files[0]");
}

Test(gate, takes_limits_up_to_the_ceiling, .init = set_up, .fini = tear_down)
{
    cr_assert_eq(check(), 0);
    cr_assert_eq(f.gate.spec.limits.wall_ms, 30000);
    f.params.limits.wall_ms = 100;
    f.params.limits.cpu_milli = 500;
    cr_assert_eq(check(), 0);
    cr_assert_eq(f.gate.spec.limits.wall_ms, 100);
    cr_assert_eq(f.gate.spec.limits.cpu_milli, 500);
    cr_assert_eq(f.gate.spec.limits.pids, 64);
    f.params.limits.wall_ms = 240000;
    cr_assert_eq(check(), 0);
    f.params.limits.wall_ms = 240001;
    refused(SP_EINVALID_REQUEST, "limits.wall_ms");
    f.params.limits = (struct sp_limits){.memory_bytes = 4ull << 30};
    refused(SP_EINVALID_REQUEST, "limits.memory_bytes");
    f.params.limits = (struct sp_limits){.cpu_milli = 8001};
    refused(SP_EINVALID_REQUEST, "limits.cpus");
}

Test(gate, env_is_an_allow_list, .init = set_up, .fini = tear_down)
{
    static const char *const good[] = {"LANG", "LC_ALL", "TZ", "NO_COLOR", "APP_X"};
    static const char *const bad[] = {"LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "PATH", "HOME", "IFS", "BASH_ENV",
        "NODE_OPTIONS", "FOO", "lang", "GLIBC_TUNABLES", "MALLOC_CHECK_", "GCONV_PATH", "LOCPATH", "TMPDIR", "RUBYOPT",
        "JAVA_TOOL_OPTIONS", "R_PROFILE", "GOFLAGS", "A=B", ""};
    struct sp_pair pair = {.value = SP_STR("v")};
    f.params.env = (struct sp_pairs){&pair, 1};
    for (size_t i = 0; i < SP_COUNT(good); i++) {
        pair.name = sp_str_of(good[i]);
        cr_assert_eq(check(), 0, "%s", good[i]);
        cr_assert(sp_str_equal(f.gate.spec.env[0].name, pair.name));
    }
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        char path[64];
        pair.name = sp_str_of(bad[i]);
        snprintf(path, sizeof(path), "env.%s", bad[i]);
        refused(SP_EINVALID_REQUEST, path);
    }
}

Test(gate, operators_add_names_but_never_the_forbidden, .fini = tear_down)
{
    struct sp_pair pair = {.name = SP_STR("FOO_BAR"), .value = SP_STR("v")};
    set_up_with("env_allow: [FOO_*]");
    f.params.env = (struct sp_pairs){&pair, 1};
    cr_assert_eq(check(), 0, "%s", f.error.text);
    pair.name = SP_STR("PYTHONPATH");
    refused(SP_EINVALID_REQUEST, "env.PYTHONPATH");
}

Test(gate, bounds_argv_and_env_together, .init = set_up, .fini = tear_down)
{
    static char large[130000];
    struct sp_str argv[8];
    memset(large, 'x', sizeof(large));
    for (size_t i = 0; i < SP_COUNT(argv); i++)
        argv[i] = (struct sp_str){large, sizeof(large)};
    f.params.argv = (struct sp_strings){argv, 4};
    cr_assert_eq(check(), 0);
    f.params.argv.n_items = 5;
    refused(SP_ETOO_LARGE, "");
}

/* ---- files ---- */

Test(gate, refuses_paths_that_leave_their_folder, .init = set_up, .fini = tear_down)
{
    static const char *const bad[] = {
        "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", ".", "..", "a/..", "a\nb", "a\x7f"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        f.params.files.n_items = 0;
        add_file(bad[i], SP_STR("x"));
        refused(SP_EINVALID_REQUEST, "files[0].path");
        struct sp_str glob = sp_str_of(bad[i]);
        f.params.files.n_items = 0;
        f.params.artifacts = (struct sp_strings){&glob, 1};
        refused(SP_EINVALID_REQUEST, "artifacts[0]");
        f.params.artifacts.n_items = 0;
    }
}

Test(gate, refuses_two_files_at_one_place, .init = set_up, .fini = tear_down)
{
    add_file("data/a", SP_STR("x"));
    add_file("data/ab", SP_STR("x"));
    cr_assert_eq(check(), 0);
    add_file("data", SP_STR("x"));
    refused(SP_EINVALID_REQUEST, "files[2].path");
}

Test(gate, puts_source_beside_the_code_and_data_into_the_work_folder, .init = set_up, .fini = tear_down)
{
    add_file("helper.py", SP_STR("x = 1\n"));
    add_file("table.csv", SP_STR("a,b\n"));
    add_file("tool", SP_STR("#!/usr/bin/env python3\nx = 1\n"));
    cr_assert_eq(check(), 0, "%s", f.error.text);
    cr_assert_eq(f.gate.spec.files[0].place, SP_FILE_PLACE_CODE);
    cr_assert_eq(f.gate.spec.files[1].place, SP_FILE_PLACE_WORK);
    cr_assert_eq(f.gate.spec.files[2].place, SP_FILE_PLACE_CODE);
    cr_assert_eq(f.gate.n_sources, 3);
    cr_assert(sp_str_is(f.gate.sources[1].language, "python"));
}

Test(gate, refuses_what_an_interpreter_loads_and_nobody_reads, .init = set_up, .fini = tear_down)
{
    static const char *const bad[] = {
        "x.pyc", "x.so", "x.pth", "x.egg", "x.whl", "x.jar", "x.class", "x.node", "x.wasm"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        f.params.files.n_items = 0;
        add_file(bad[i], SP_STR("x"));
        refused(SP_EINVALID_REQUEST, "files[0]");
    }
    f.params.files.n_items = 0;
    add_file("helper.rb", SP_STR("x"));
    refused(SP_EUNSUPPORTED_LANGUAGE, "files[0]");
}

Test(gate, lets_binary_files_pass_where_the_operator_does, .fini = tear_down)
{
    set_up_with("binary_files: true");
    add_file("x.so", SP_STR("\x7f"
                            "ELF"));
    cr_assert_eq(check(), 0, "%s", f.error.text);
    cr_assert_eq(f.gate.spec.files[0].place, SP_FILE_PLACE_CODE);
    cr_assert_eq(f.gate.n_sources, 1);
}

/* ---- the verdict and the hand-over ---- */

static int hand_over(void)
{
    struct sp_run run;
    f.error = (struct sp_error){0};
    return sp_gate_hand_over(&f.gate, f.audit, NULL, &run, &f.error);
}

Test(gate, hands_over_the_very_bytes_that_were_judged, .init = set_up, .fini = tear_down)
{
    add_file("helper.py", SP_STR("x = 1\n"));
    cr_assert_eq(check(), 0);
    cr_assert_eq(hand_over(), SP_EINTERNAL, "handed over before it was judged");
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), 0, "%s", f.error.text);
    cr_assert_eq(f.gate.step, SP_GATE_PASSED);
    cr_assert_eq(hand_over(), 0, "%s", f.error.text);
    cr_assert_eq(n_started, 1);
    cr_assert_eq(started_spec->code.ptr, f.params.code.ptr);
    cr_assert_eq(started_spec->files[0].data.ptr, f.files[0].data.ptr);
    cr_assert_eq(hand_over(), SP_EINTERNAL, "handed over twice");
    cr_assert_eq(n_started, 1);
}

Test(gate, refuses_what_the_policy_blocks_in_code_or_file, .init = set_up, .fini = tear_down)
{
    f.params.code = SP_STR("evil()\n");
    cr_assert_eq(check(), 0);
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), 0);
    cr_assert_eq(f.gate.step, SP_GATE_REFUSED);
    cr_assert_eq(hand_over(), SP_EINTERNAL);

    f.params.code = SP_STR("print('fine')\n");
    add_file("helper.py", SP_STR("evil()\n"));
    cr_assert_eq(check(), 0);
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), 0);
    cr_assert_eq(f.gate.step, SP_GATE_REFUSED);
    cr_assert_eq(hand_over(), SP_EINTERNAL);
    cr_assert_eq(n_started, 0);

    /* The whole verdict is not safe, the file's findings are told, and each source has its line. */
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(msgpack_unpack_next(&unpacked, (char *)f.gate.verdict.bytes, f.gate.verdict.n_bytes, NULL),
        MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(sp_decode_peek(&unpacked.data, "safe")->via.boolean, false);
    const msgpack_object *files = sp_decode_peek(&unpacked.data, "files");
    cr_assert_eq(files->via.array.size, 1);
    cr_assert_eq(sp_decode_peek(&files->via.array.ptr[0], "violations")->via.array.size, 1);
    struct sp_str path;
    cr_assert(sp_decode_str(sp_decode_peek(&files->via.array.ptr[0], "path"), &path));
    cr_assert(sp_str_is(path, "helper.py"));
    msgpack_unpacked_destroy(&unpacked);
    size_t n_lines = 0;
    for (size_t i = 0; i < f.gate.audit.n_bytes; i++)
        n_lines += f.gate.audit.bytes[i] == '\n';
    cr_assert_eq(n_lines, 2);
}

/* A run's answer is its verdict and what it wrote: both fit, because each has its half of a frame. */
Test(gate, tells_no_more_than_fits_into_an_answer, .fini = tear_down)
{
    char code[5 * 3000 + 1] = "", *at = code;
    set_up_with("frame_bytes: 65536\ncode_bytes: 60000\n");
    for (int i = 0; i < 3000; i++)
        at = stpcpy(at, i == 2999 ? "evil\n" : "dull\n");
    f.params.code = sp_str_of(code);
    f.params.max_violations = 3000;
    add_file("helper.py", f.params.code);
    cr_assert_eq(check(), 0, "%s", f.error.text);
    add_policy("severity_threshold: medium\npatterns: [{pattern: evil, description: d, severity: high}, "
               "{pattern: dull, description: d, severity: low}]\n");
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), 0, "%s", f.error.text);
    cr_assert_eq(f.gate.step, SP_GATE_REFUSED);
    cr_assert_leq(f.gate.verdict.n_bytes, 32768 - SP_GATE_ANSWER_BYTES);
    cr_assert_gt(f.gate.verdict.n_bytes, 20000, "there was room for more");

    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(msgpack_unpack_next(&unpacked, (char *)f.gate.verdict.bytes, f.gate.verdict.n_bytes, NULL),
        MSGPACK_UNPACK_SUCCESS);
    const msgpack_object *files = sp_decode_peek(&unpacked.data, "files"), *counts, *violations;
    const msgpack_object *verdicts[] = {&unpacked.data, &files->via.array.ptr[0]};
    for (size_t i = 0; i < SP_COUNT(verdicts); i++) {
        cr_assert_eq(sp_decode_peek(verdicts[i], "safe")->via.boolean, false);
        cr_assert_eq(sp_decode_peek(verdicts[i], "truncated")->via.boolean, true);
        counts = sp_decode_peek(verdicts[i], "counts");
        cr_assert_eq(sp_decode_peek(counts, "low")->via.u64, 2999);
        cr_assert_eq(sp_decode_peek(counts, "high")->via.u64, 1);
        violations = sp_decode_peek(verdicts[i], "violations");
        cr_assert_gt(violations->via.array.size, 10);
        const msgpack_object *last = &violations->via.array.ptr[violations->via.array.size - 1];
        cr_assert_eq(sp_decode_peek(last, "blocking")->via.boolean, true, "what blocks is told first");
    }
    msgpack_unpacked_destroy(&unpacked);
}

Test(gate, does_not_run_what_it_cannot_tell_the_verdict_of, .fini = tear_down)
{
    char names[200][24];
    static struct sp_params_file files[200];
    set_up_with("frame_bytes: 65536\ncode_bytes: 60000\n");
    for (size_t i = 0; i < SP_COUNT(files); i++) {
        snprintf(names[i], sizeof(names[i]), "helper%zu.py", i);
        files[i] = (struct sp_params_file){.path = sp_str_of(names[i]), .data = SP_STR("x = 1\n")};
    }
    f.params.files = (struct sp_items){files, SP_COUNT(files)};
    cr_assert_eq(check(), 0, "%s", f.error.text);
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), SP_ETOO_LARGE);
    cr_assert_eq(hand_over(), SP_EINTERNAL);
    cr_assert_eq(n_started, 0);
}

Test(gate, refuses_code_that_its_interpreter_reads_otherwise, .init = set_up, .fini = tear_down)
{
    static const struct sp_str bad[] = {
        {"print(1)\0evil", 13}, {"# -*- coding: utf-7 -*-\nx\n", 26}, {"x = '\xff'\n", 8}};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        f.params.code = bad[i];
        cr_assert_eq(check(), 0);
        add_policy(BLOCKS_EVIL);
        cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), SP_EINVALID_CODE, "%zu", i);
        cr_assert_eq(hand_over(), SP_EINTERNAL);
    }
    f.params.code = SP_STR("print(1)\n");
    add_file("helper.py", bad[0]);
    cr_assert_eq(check(), 0);
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), SP_EINVALID_CODE);
    cr_assert_str_eq(f.error.path, "files[0]");
}

Test(gate, does_not_judge_without_a_policy, .init = set_up, .fini = tear_down)
{
    cr_assert_eq(check(), 0);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), SP_EINTERNAL);
    cr_assert_eq(hand_over(), SP_EINTERNAL);
}

Test(gate, runs_nothing_without_an_audit_log, .init = set_up, .fini = tear_down)
{
    struct sp_run run;
    cr_assert_eq(check(), 0);
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), 0);
    cr_assert_eq(f.gate.step, SP_GATE_PASSED);
    cr_assert_eq(sp_gate_hand_over(&f.gate, NULL, NULL, &run, &f.error), SP_EINTERNAL);
    cr_assert_eq(n_started, 0);
}

Test(gate, runs_nothing_whose_verdict_cannot_be_written, .init = set_up, .fini = tear_down)
{
    struct sp_run run;
    struct sp_audit *audit;
    char path[] = "/tmp/sp_gate_XXXXXX";
    close(mkstemp(path));
    const struct sp_audit_config config = {.file = path, .required = true, .pending_bytes = 10};
    cr_assert_eq(sp_audit_open(&config, &audit, NULL), 0);
    cr_assert_eq(check(), 0);
    add_policy(BLOCKS_EVIL);
    cr_assert_eq(sp_gate_judge(&f.gate, f.scanner, &f.error), 0);
    cr_assert_eq(sp_gate_hand_over(&f.gate, audit, NULL, &run, &f.error), SP_EINTERNAL);
    cr_assert_eq(n_started, 0);
    sp_audit_close(audit);
    unlink(path);
}
