/* Toolchains: rows, and what is packed from them. */
#include "runtimes/toolchain.h"

#include <criterion/criterion.h>

#include "proto/language.h"

static struct sp_runner_frame only_frame(const struct sp_runner_pack *pack, enum sp_runner_frame_type type)
{
    struct sp_runner_frame frame = {0};
    cr_assert(!pack->failed);
    cr_assert_eq(sp_runner_frame_peek(pack->bytes, pack->n_bytes, &frame), SP_RUNNER_FRAME_WHOLE);
    cr_assert_eq(frame.type, type);
    cr_assert_eq(pack->n_bytes, SP_RUNNER_HEADER_BYTES + frame.n_body);
    return frame;
}

Test(toolchain, python_is_there_and_text_is_not)
{
    struct sp_toolchain_use use;
    struct sp_error error = {0};
    cr_assert_eq(sp_toolchain_probe(SP_LANGUAGE_PYTHON, NULL, &use, &error), 0, "%s", error.text);
    cr_expect_str_eq(use.program, "/usr/bin/python3");
    cr_expect_str_eq(use.row->file_name, "main.py");
    cr_expect_eq(strncmp(use.stub_path, "/etc/python3.", 13), 0, "%s", use.stub_path);
    cr_expect_eq(strncmp(use.stub_path + strlen("/etc/python"), use.dialect, strlen(use.dialect)), 0);
    cr_expect_eq(strncmp(use.dialect, "3.", 2), 0, "%s", use.dialect);
    cr_expect_gt(use.row->n_stub_bytes, 100);
    cr_expect_null(memchr(use.row->stub, '\0', use.row->n_stub_bytes));
    cr_expect_eq(sp_toolchain_probe(SP_LANGUAGE_TEXT, NULL, &use, &error), SP_EUNSUPPORTED_LANGUAGE);
    cr_expect_null(sp_toolchain_find(SP_LANGUAGE_NONE));
}

Test(toolchain, a_missing_prefix_is_told)
{
    struct sp_toolchain_use use;
    struct sp_error error = {0};
    cr_expect_eq(sp_toolchain_probe(SP_LANGUAGE_PYTHON, "/nosuch", &use, &error), SP_ERUNTIME_UNAVAILABLE);
    cr_expect(strstr(error.text, "/nosuch/bin/python3"), "%s", error.text);
    char path[400];
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    cr_expect_eq(sp_toolchain_probe(SP_LANGUAGE_PYTHON, path, &use, NULL), SP_ERUNTIME_UNAVAILABLE);
}

Test(toolchain, spawn_names_the_main_file_and_marks_the_stub)
{
    struct sp_toolchain_use use;
    cr_assert_eq(sp_toolchain_probe(SP_LANGUAGE_PYTHON, NULL, &use, NULL), 0);
    static uint8_t room[4096];
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sizeof room);
    cr_assert_eq(sp_toolchain_pack_spawn(&use, NULL, SP_STR("12345678"), &pack, NULL), 0);
    struct sp_runner_frame frame = only_frame(&pack, SP_RUNNER_SPAWN);
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, &frame);
    cr_assert_eq(sp_runner_cursor_u32(&cursor), 3);
    cr_expect(sp_str_is(sp_runner_cursor_str(&cursor), "/usr/bin/python3"));
    cr_expect(sp_str_is(sp_runner_cursor_str(&cursor), "-I"));
    cr_expect(sp_str_is(sp_runner_cursor_str(&cursor), "/code/main.py"));
    bool marked = false, utf8 = false;
    for (uint32_t n = sp_runner_cursor_u32(&cursor); n > 0; n--) {
        struct sp_str pair = sp_runner_cursor_str(&cursor);
        marked = marked || sp_str_is(pair, "SALLYPORT_STUB=1");
        utf8 = utf8 || sp_str_is(pair, "LANG=C.UTF-8");
    }
    cr_expect(marked && utf8);
    cr_expect(sp_str_is(sp_runner_cursor_str(&cursor), "/work"));
    cr_expect(sp_str_is(sp_runner_cursor_str(&cursor), "12345678"));
    cr_expect_eq(sp_runner_cursor_u64(&cursor), SP_RUNNER_SPAWN_WARM);
    cr_expect_eq(sp_runner_cursor_finish(&cursor), 0);
}

Test(toolchain, hand_over_carries_arguments_and_environment)
{
    struct sp_str argv[] = {SP_STR("a"), SP_STR("")};
    struct sp_sandbox_env env[] = {{SP_STR("APP_X"), SP_STR("1=2")}};
    struct sp_sandbox_spec spec = {.argv = argv, .n_argv = 2, .env = env, .n_env = 1};
    uint8_t room[1024];
    struct sp_runner_pack pack;
    cr_assert_leq(sp_toolchain_handover_room(&spec), sizeof room);
    sp_runner_pack_init(&pack, room, sp_toolchain_handover_room(&spec));
    cr_assert_eq(sp_toolchain_pack_handover(&spec, &pack, NULL), 0);
    struct sp_runner_frame frame = only_frame(&pack, SP_RUNNER_HANDOVER);
    static const char want[] = "\2\0\0\0\1\0\0\0a\0\0\0\0\1\0\0\0\5\0\0\0APP_X\3\0\0\0001=2";
    cr_assert_eq(frame.n_body, sizeof want - 1);
    cr_expect_arr_eq(frame.body, want, sizeof want - 1);
}

Test(toolchain, hand_over_is_cut_into_frames)
{
    static char value[100000];
    memset(value, 'v', sizeof value);
    struct sp_sandbox_env env[] = {{SP_STR("APP_X"), {value, 60000}}, {SP_STR("APP_Y"), {value, 60000}}};
    struct sp_sandbox_spec spec = {.env = env, .n_env = 2};
    static uint8_t room[200000];
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sp_toolchain_handover_room(&spec));
    cr_assert_eq(sp_toolchain_pack_handover(&spec, &pack, NULL), 0);
    struct sp_runner_frame frame;
    cr_assert_eq(sp_runner_frame_peek(pack.bytes, pack.n_bytes, &frame), SP_RUNNER_FRAME_WHOLE);
    cr_expect_eq(frame.n_body, SP_RUNNER_BODY_MAX);
    env[0].value.n_bytes = sizeof value;
    cr_expect_eq(sp_toolchain_pack_handover(&spec, &pack, NULL), SP_ETOO_LARGE);
}

Test(toolchain, hand_over_refuses_what_an_environment_cannot_hold)
{
    static const struct sp_sandbox_env bad[] = {{SP_STR("A\0B"), SP_STR("")}, {SP_STR("A=B"), SP_STR("")},
        {SP_STR(""), SP_STR("x")}, {SP_STR("A"), SP_STR("\0")}};
    uint8_t room[1024];
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sizeof room);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sp_sandbox_spec spec = {.env = &bad[i], .n_env = 1};
        cr_expect_eq(sp_toolchain_pack_handover(&spec, &pack, NULL), SP_EINVALID_REQUEST, "%zu", i);
    }
    struct sp_str argv = SP_STR("a\0b");
    struct sp_sandbox_spec spec = {.argv = &argv, .n_argv = 1};
    cr_expect_eq(sp_toolchain_pack_handover(&spec, &pack, NULL), SP_EINVALID_REQUEST);
    cr_expect_eq(pack.n_bytes, 0);
}

Test(toolchain, what_the_interpreter_looks_at_early_is_started_with)
{
    static const struct sp_sandbox_env usual[] = {
        {SP_STR("LANG"), SP_STR("C.UTF-8")}, {SP_STR("APP_X"), SP_STR("1")}, {SP_STR("LC_NUMERIC"), SP_STR("C")}};
    static const struct sp_sandbox_env other[] = {
        {SP_STR("APP_X"), SP_STR("1")}, {SP_STR("LANG"), SP_STR("C")}, {SP_STR("LC_ALL"), SP_STR("POSIX")}};
    struct sp_sandbox_spec spec = {.language = SP_LANGUAGE_PYTHON, .env = usual, .n_env = 3};
    cr_expect(sp_toolchain_starts_alike(&spec));
    spec.env = other;
    cr_expect_not(sp_toolchain_starts_alike(&spec));

    struct sp_toolchain_use use;
    cr_assert_eq(sp_toolchain_probe(SP_LANGUAGE_PYTHON, NULL, &use, NULL), 0);
    static uint8_t room[4096];
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sizeof room);
    cr_assert_eq(sp_toolchain_pack_spawn(&use, &spec, SP_STR("12345678"), &pack, NULL), 0);
    struct sp_runner_frame frame = only_frame(&pack, SP_RUNNER_SPAWN);
    struct sp_runner_cursor cursor;
    sp_runner_cursor_init(&cursor, &frame);
    for (uint32_t n = sp_runner_cursor_u32(&cursor); n > 0; n--)
        sp_runner_cursor_str(&cursor);
    static const char *const want[] = {
        "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/work", "LANG=C", "LC_ALL=POSIX", "SALLYPORT_STUB=1"};
    cr_assert_eq(sp_runner_cursor_u32(&cursor), sizeof want / sizeof *want);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        cr_expect(sp_str_is(sp_runner_cursor_str(&cursor), want[i]), "%s", want[i]);

    sp_runner_pack_init(&pack, room, sp_toolchain_handover_room(&spec));
    cr_assert_eq(sp_toolchain_pack_handover(&spec, &pack, NULL), 0);
    frame = only_frame(&pack, SP_RUNNER_HANDOVER);
    static const char late[] = "\0\0\0\0\1\0\0\0\5\0\0\0APP_X\1\0\0\0001";
    cr_assert_eq(frame.n_body, sizeof late - 1);
    cr_expect_arr_eq(frame.body, late, sizeof late - 1);
}
