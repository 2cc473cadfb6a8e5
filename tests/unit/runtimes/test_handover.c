#include <criterion/criterion.h>

#include "proto/language.h"
#include "runtimes/handover.h"

/* The types of all frames, as letters. */
static const char *types(const uint8_t *bytes, size_t n_bytes)
{
    static char text[64];
    size_t n = 0;
    while (n_bytes) {
        struct sp_runner_frame frame;
        cr_assert_eq(sp_runner_frame_peek(bytes, n_bytes, &frame), SP_RUNNER_FRAME_WHOLE);
        text[n++] = (char)('a' + frame.type);
        bytes += SP_RUNNER_HEADER_BYTES + frame.n_body;
        n_bytes -= SP_RUNNER_HEADER_BYTES + frame.n_body;
    }
    text[n] = 0;
    return text;
}

#define T(type) ((char)('a' + SP_RUNNER_##type))

static struct sp_limits limits;
static struct sp_sandbox_spec spec;
static uint8_t *bytes;
static size_t n_bytes;

static void set_up(void)
{
    limits = sp_limits_default();
    spec = (struct sp_sandbox_spec){.language = SP_LANGUAGE_PYTHON, .limits = limits};
}

static void tear_down(void)
{
    free(bytes);
}

TestSuite(handover, .init = set_up, .fini = tear_down);

Test(handover, a_plain_run_is_short)
{
    cr_assert_eq(sp_handover_pack_run(&spec, &limits, 0, &bytes, &n_bytes, NULL), 0);
    const char expected[] = {T(HANDOVER), T(GO), T(STDIN_END), 0};
    cr_assert_str_eq(types(bytes, n_bytes), expected);
}

Test(handover, limits_are_sent_where_they_differ)
{
    spec.limits.cpu_ms = 1000;
    cr_assert_eq(sp_handover_pack_run(&spec, &limits, 0, &bytes, &n_bytes, NULL), 0);
    const char expected[] = {T(LIMITS), T(HANDOVER), T(GO), T(STDIN_END), 0};
    cr_assert_str_eq(types(bytes, n_bytes), expected);
}

Test(handover, data_files_travel_and_judged_ones_do_not)
{
    struct sp_sandbox_file files[] = {
        {.path = SP_STR("judged.py"), .data = SP_STR("x"), .place = SP_FILE_PLACE_CODE},
        {.path = SP_STR("data"), .data = SP_STR("x"), .place = SP_FILE_PLACE_WORK},
    };
    spec.files = files;
    spec.n_files = 2;
    spec.input = SP_STR("in");
    cr_assert_eq(sp_handover_pack_run(&spec, &limits, 0, &bytes, &n_bytes, NULL), 0);
    const char expected[] = {T(FILE), T(HANDOVER), T(GO), T(STDIN), T(STDIN_END), 0};
    cr_assert_str_eq(types(bytes, n_bytes), expected);
    cr_assert_null(memmem(bytes, n_bytes, "judged", 6));
}

Test(handover, much_of_everything_fits)
{
    enum { N = 3 << 20 };
    char *much = memset(malloc(N), 'x', N);
    struct sp_sandbox_file files[] = {
        {.path = SP_STR("a"), .data = {much, N}, .place = SP_FILE_PLACE_WORK},
        {.path = SP_STR("b"), .data = {much, 1}, .place = SP_FILE_PLACE_WORK},
    };
    struct sp_str globs[SP_ARTIFACT_GLOBS_MAX], argv[SP_ARGV_MAX];
    for (size_t i = 0; i < SP_ARTIFACT_GLOBS_MAX; i++)
        globs[i] = (struct sp_str){much, 200};
    for (size_t i = 0; i < SP_ARGV_MAX; i++)
        argv[i] = (struct sp_str){much, 200};
    spec.files = files;
    spec.n_files = 2;
    spec.input = (struct sp_str){much, N};
    spec.artifacts = globs;
    spec.n_artifacts = SP_ARTIFACT_GLOBS_MAX;
    spec.argv = argv;
    spec.n_argv = SP_ARGV_MAX;
    cr_assert_eq(sp_handover_pack_run(&spec, &limits, 0, &bytes, &n_bytes, NULL), 0);
    free(much);
}

Test(handover, what_fits_into_no_frame_is_refused)
{
    char *much = calloc(1, SP_RUNNER_BODY_MAX + 1);
    struct sp_str glob = {much, SP_RUNNER_BODY_MAX + 1};
    spec.artifacts = &glob;
    spec.n_artifacts = 1;
    cr_assert_eq(sp_handover_pack_run(&spec, &limits, 0, &bytes, &n_bytes, NULL), SP_ETOO_LARGE);
    cr_assert_null(bytes);
    free(much);
}
