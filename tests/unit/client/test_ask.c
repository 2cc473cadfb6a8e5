/* What the client packs is what the service's tables read. */
#include "tests/unit/client/fake.h"

#include "client/ask.h"
#include "proto/params.h"

struct decoded {
    struct sp_buffer buffer;
    msgpack_unpacked unpacked;
    struct sp_arena arena;
};

static void decode(struct decoded *decoded, const struct sp_table *table, void *ret)
{
    size_t at = 0;
    struct sp_error error = {0};
    cr_assert_eq(decoded->buffer.failed, 0);
    msgpack_unpacked_init(&decoded->unpacked);
    cr_assert_eq(msgpack_unpack_next(&decoded->unpacked, (char *)decoded->buffer.bytes, decoded->buffer.n_bytes, &at),
        MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(at, decoded->buffer.n_bytes);
    sp_arena_init(&decoded->arena, 1 << 20);
    cr_assert_eq(sp_decode(&decoded->unpacked.data, table, SP_EINVALID_REQUEST, &decoded->arena, ret, &error), 0,
        "%s: %s", error.path, error.text);
}

static void decoded_fini(struct decoded *decoded)
{
    msgpack_unpacked_destroy(&decoded->unpacked);
    sp_arena_fini(&decoded->arena);
    sp_buffer_fini(&decoded->buffer);
}

static void ignore_output(void *context, enum sallyport_stream stream, const char *bytes, size_t n_bytes)
{
    (void)context;
    (void)stream;
    (void)bytes;
    (void)n_bytes;
}

Test(ask, run_reads_back_whole)
{
    static const char *const argv[] = {"a", "b c"}, *const env[] = {"LANG=C", "APP_X=1=2"}, *const globs[] = {"**"};
    struct sallyport_file files[] = {
        {.size = sizeof *files, .path = "data.bin", .data = "\xff\x00", .data_bytes = 2, .mode = 0755},
        {.size = sizeof *files, .path = "empty"}};
    struct sallyport_run_options options = {.size = sizeof options,
        .code = "print(1)",
        .code_bytes = 8,
        .language = "python:3.11",
        .policy = "strict",
        .runtime = "bubblewrap",
        .argv = argv,
        .n_argv = 2,
        .env = env,
        .n_env = 2,
        .input = "in",
        .input_bytes = 2,
        .files = files,
        .n_files = 2,
        .artifacts = globs,
        .n_artifacts = 1,
        .wall_ms = 1500,
        .cpu_ms = 1600,
        .memory_bytes = 1 << 28,
        .cpu_milli = 500,
        .file_bytes = 1700,
        .disk_bytes = 1800,
        .output_bytes = 1900,
        .open_files = 20,
        .output = ignore_output,
        .tag = "t"};
    struct decoded decoded;
    struct sp_params_run run;
    sp_buffer_init(&decoded.buffer, 1 << 20);
    cr_assert_eq(sp_ask_run(&decoded.buffer, &options, NULL), 0);
    decode(&decoded, &sp_params_run_table, &run);
    cr_expect(sp_str_is(run.code, "print(1)"));
    cr_expect(sp_str_is(run.language, "python:3.11"));
    cr_expect(sp_str_is(run.runtime, "bubblewrap"));
    cr_expect_eq(run.argv.n_items, 2u);
    cr_expect(sp_str_is(run.argv.items[1], "b c"));
    cr_expect_eq(run.env.n_items, 2u);
    cr_expect(sp_str_is(run.env.items[1].name, "APP_X"));
    cr_expect(sp_str_is(run.env.items[1].value, "1=2"));
    cr_expect(sp_str_is(run.input, "in"));
    const struct sp_params_file *got = run.files.items;
    cr_expect_eq(run.files.n_items, 2u);
    cr_expect_eq(got[0].data.n_bytes, 2u);
    cr_expect_eq(got[0].mode, 0755u);
    cr_expect_eq(got[1].data.n_bytes, 0u);
    cr_expect_eq(run.limits.pids, 0u);
#define X(field, name, standard, ceiling, unit, holder) cr_expect_eq(run.limits.field, options.field, "%s", name);
    SP_RUN_LIMITS(X)
#undef X
    cr_expect(run.stream);
    cr_expect(sp_str_is(run.tag, "t"));
    decoded_fini(&decoded);
}

Test(ask, scan_and_batch_read_back_whole)
{
    struct sallyport_scan_options scan = {.size = sizeof scan,
        .code = "\xff",
        .code_bytes = 1,
        .language = "python",
        .path = "bad\xff.py",
        .policy_yaml = "patterns: []",
        .policy_yaml_bytes = 12,
        .max_violations = 5};
    struct decoded decoded;
    struct sp_params_scan got;
    sp_buffer_init(&decoded.buffer, 1 << 20);
    cr_assert_eq(sp_ask_scan(&decoded.buffer, &scan, NULL), 0);
    decode(&decoded, &sp_params_scan_table, &got);
    cr_expect_eq(got.code.n_bytes, 1u);
    cr_expect(sp_str_is(got.path, "bad\xEF\xBF\xBD.py"));
    cr_expect_eq(got.max_violations, 5u);
    struct sp_str yaml;
    cr_assert(sp_decode_str(sp_decode_peek(got.policy, "yaml"), &yaml));
    cr_expect(sp_str_is(yaml, "patterns: []"));
    decoded_fini(&decoded);

    struct sallyport_source sources[20];
    struct sallyport_batch_options batch = {.size = sizeof batch, .sources = sources, .n_sources = 20, .policy = "p"};
    for (size_t i = 0; i < 20; i++)
        sources[i] =
            (struct sallyport_source){.size = sizeof *sources, .code = "x", .code_bytes = i % 2, .language = "text"};
    struct sp_params_scan_batch many;
    sp_buffer_init(&decoded.buffer, 1 << 20);
    cr_assert_eq(sp_ask_scan_batch(&decoded.buffer, &batch, NULL), 0);
    decode(&decoded, &sp_params_scan_batch_table, &many);
    cr_expect_eq(many.sources.n_items, 20u);
    decoded_fini(&decoded);
}

Test(ask, options_of_another_version)
{
    /* Shorter than ours: what it lacks is zero. Longer: zeros pass, what we can't honour does not. */
    struct {
        struct sallyport_scan_options known;
        uint64_t unknown;
    } longer = {
        .known = {.size = sizeof longer, .code = "x", .code_bytes = 1, .language = "text", .max_violations = 9}};
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    cr_expect_eq(sp_ask_scan(&buffer, &longer.known, NULL), 0);
    longer.unknown = 1;
    cr_expect_eq(sp_ask_scan(&buffer, &longer.known, NULL), SP_EINVALID_REQUEST);
    longer.known.size = offsetof(struct sallyport_scan_options, max_violations);
    struct decoded decoded;
    struct sp_params_scan got;
    sp_buffer_init(&decoded.buffer, 1 << 20);
    cr_assert_eq(sp_ask_scan(&decoded.buffer, &longer.known, NULL), 0);
    decode(&decoded, &sp_params_scan_table, &got);
    cr_expect_eq(got.max_violations, 1000u);
    decoded_fini(&decoded);
    longer.known.size = 0;
    cr_expect_eq(sp_ask_scan(&buffer, &longer.known, NULL), SP_EINVALID_REQUEST);
    cr_expect_eq(sp_ask_scan(&buffer, NULL, NULL), SP_EINVALID_REQUEST);
    sp_buffer_fini(&buffer);
}

Test(ask, environment_without_a_name_is_refused)
{
    static const char *const wrong[][1] = {{"NAME"}, {"=x"}, {""}};
    for (size_t i = 0; i < 3; i++) {
        struct sallyport_run_options options = {
            .size = sizeof options, .code = "", .language = "text", .env = wrong[i], .n_env = 1};
        struct sp_buffer buffer;
        sp_buffer_init(&buffer, 1 << 20);
        cr_expect_eq(sp_ask_run(&buffer, &options, NULL), SP_EINVALID_REQUEST, "%s", wrong[i][0]);
        sp_buffer_fini(&buffer);
    }
}

static int ask_run(struct sallyport_run_options options, struct sp_error *error)
{
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    options.size = sizeof options;
    options.language = "text";
    *error = (struct sp_error){0};
    int r = sp_ask_run(&buffer, &options, error);
    sp_buffer_fini(&buffer);
    return r;
}

Test(ask, a_count_of_things_at_null_is_refused)
{
    static const char *const hole[] = {"a", NULL};
    static const struct sallyport_file file = {.size = sizeof file, .path = "f", .data_bytes = 1};
    const struct {
        struct sallyport_run_options options;
        const char *what;
    } cases[] = {
        {{.code_bytes = 1}, "code"},
        {{.n_argv = 1}, "argv"},
        {{.argv = hole, .n_argv = 2}, "argv[1]"},
        {{.n_env = 1}, "env"},
        {{.env = hole + 1, .n_env = 1}, "env[0]"},
        {{.input_bytes = 1}, "stdin"},
        {{.n_files = 1}, "files"},
        {{.files = &file, .n_files = 1}, "data"},
        {{.n_libraries = 1}, "libraries"},
        {{.n_artifacts = 1}, "artifacts"},
        {{.policy_yaml_bytes = 1}, "policy_yaml"},
    };
    struct sp_error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(ask_run(cases[i].options, &error), SP_EINVALID_REQUEST, "%s", cases[i].what);
        cr_expect(strncmp(error.text, cases[i].what, strlen(cases[i].what)) == 0, "%s: %s", cases[i].what, error.text);
    }
    cr_expect_eq(ask_run((struct sallyport_run_options){0}, &error), 0);

    struct sallyport_scan_options scan = {.size = sizeof scan, .language = "text", .policy_yaml_bytes = 1};
    struct sallyport_batch_options batch = {.size = sizeof batch, .n_sources = 1};
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 1 << 20);
    cr_expect_eq(sp_ask_scan(&buffer, &scan, NULL), SP_EINVALID_REQUEST);
    cr_expect_eq(sp_ask_scan_batch(&buffer, &batch, NULL), SP_EINVALID_REQUEST);
    sp_buffer_fini(&buffer);
}
