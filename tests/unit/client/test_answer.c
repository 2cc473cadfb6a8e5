/* Answers as trees, and errors in every form that a service gives them. */
#include "tests/unit/client/fake.h"

static void fill_tree(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 6);
    sp_pack_key(buffer, "verdict");
    sp_pack_map(buffer, 2);
    sp_pack_key(buffer, "safe");
    sp_pack_bool(buffer, true);
    sp_pack_key(buffer, "violations");
    sp_pack_array(buffer, 2);
    sp_pack_nil(buffer);
    sp_pack_map(buffer, 1);
    sp_pack_key(buffer, "line");
    sp_pack_uint(buffer, 7);
    sp_pack_key(buffer, "stdout");
    sp_pack_text(buffer, SP_STR("hello\n"));
    sp_pack_key(buffer, "stderr");
    sp_pack_bin(buffer, "\xff\x00\xfe", 3);
    sp_pack_key(buffer, "empty");
    sp_pack_cstr(buffer, "");
    sp_pack_key(buffer, "wall");
    sp_pack_double(buffer, 1.5);
    sp_pack_key(buffer, "code");
    sp_pack_int(buffer, -3);
}

Test(answer, values_are_found_by_path)
{
    sallyport_value *answer = fake_answer(fill_tree);
    cr_expect(sallyport_get_bool(answer, "verdict.safe"));
    cr_expect_eq(sallyport_get_int(answer, "verdict.violations[1].line", 0), 7);
    cr_expect_eq(sallyport_get_int(answer, "code", 0), -3);
    cr_expect_float_eq(sallyport_get_double(answer, "wall", 0), 1.5, 1e-9);
    cr_expect_eq(sallyport_get_count(answer, "verdict.violations"), 2u);
    cr_expect_eq(sallyport_get_count(answer, NULL), 6u);
    cr_expect_str_eq(sallyport_key_at(answer, 1, NULL), "stdout");
    cr_expect_eq(sallyport_at(answer, 1), sallyport_get(answer, "stdout"));
    cr_expect_eq(sallyport_get(answer, ""), answer);
    sallyport_free(answer);
}

Test(answer, text_has_a_terminator_and_bytes_their_length)
{
    sallyport_value *answer = fake_answer(fill_tree);
    size_t n_bytes = 99;
    cr_expect_str_eq(sallyport_get_text(answer, "stdout", NULL), "hello\n");
    const char *bytes = sallyport_get_text(answer, "stderr", &n_bytes);
    cr_expect_eq(n_bytes, 3u);
    cr_expect_arr_eq(bytes, "\xff\x00\xfe\x00", 4);
    cr_expect_eq(sallyport_type_of(sallyport_get(answer, "stderr")), SALLYPORT_BYTES);
    cr_expect_eq(sallyport_type_of(sallyport_get(answer, "stdout")), SALLYPORT_TEXT);
    cr_expect_str_eq(sallyport_get_text(answer, "empty", &n_bytes), "");
    cr_expect_eq(n_bytes, 0u);
    sallyport_free(answer);
}

Test(answer, what_is_missing_is_never_true)
{
    static const char *const paths[] = {"verdict.unsafe", "verdict.safe.more", "verdict.violations[2]",
        "verdict.violations[-1]", "verdict.violations[", "verdict.violations[1", "verdict..safe", "[0]", ".",
        "stdout[0]", "verdict.violations[99999999999999999999]"};
    sallyport_value *answer = fake_answer(fill_tree);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        cr_expect_null(sallyport_get(answer, paths[i]), "%s", paths[i]);
        cr_expect_not(sallyport_get_bool(answer, paths[i]), "%s", paths[i]);
    }
    cr_expect_not(sallyport_get_bool(answer, "code"));
    cr_expect_not(sallyport_get_bool(answer, "stdout"));
    cr_expect_not(sallyport_get_bool(NULL, "safe"));
    cr_expect_null(sallyport_get_text(NULL, NULL, NULL));
    cr_expect_null(sallyport_at(answer, 6));
    cr_expect_eq(sallyport_get_int(NULL, "x", 42), 42);
    cr_expect_eq(sallyport_get_int(answer, "stdout", 42), 42);
    sallyport_free(answer);
    sallyport_free(NULL);
}

static struct sp_error error_from(void (*fill)(struct sp_buffer *buffer))
{
    struct sp_error error = {0};
    sallyport_value *answer = fake_answer(fill);
    int code = sp_answer_error((const msgpack_object *)answer, &error);
    cr_expect_eq(code, error.code);
    cr_expect_lt(code, 0);
    sallyport_free(answer);
    return error;
}

static void fill_string(struct sp_buffer *buffer)
{
    sp_pack_cstr(buffer, "denied: you may not: really");
}

static void fill_unnamed(struct sp_buffer *buffer)
{
    sp_pack_cstr(buffer, "it broke: badly");
}

static void fill_number(struct sp_buffer *buffer)
{
    sp_pack_uint(buffer, 3);
}

static void fill_new_name(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 2);
    sp_pack_key(buffer, "name");
    sp_pack_cstr(buffer, "from_the_future");
    sp_pack_key(buffer, "message");
    sp_pack_cstr(buffer, "wait");
}

static void fill_map(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 4);
    sp_pack_key(buffer, "code");
    sp_pack_int(buffer, 0); /* the name counts, not the number */
    sp_pack_key(buffer, "name");
    sp_pack_cstr(buffer, "invalid_policy");
    sp_pack_key(buffer, "message");
    sp_pack_cstr(buffer, "patterns[3].severity: unknown severity");
    sp_pack_key(buffer, "data");
    sp_pack_map(buffer, 3);
    sp_pack_key(buffer, "path");
    sp_pack_cstr(buffer, "patterns[3].severity");
    sp_pack_key(buffer, "line");
    sp_pack_uint(buffer, 12);
    sp_pack_key(buffer, "column");
    sp_pack_uint(buffer, 5);
}

Test(answer, errors_are_read_in_both_forms)
{
    struct sp_error error = error_from(fill_string);
    cr_expect_eq(error.code, SP_EDENIED);
    cr_expect_str_eq(error.text, "you may not: really");
    error = error_from(fill_map);
    cr_expect_eq(error.code, SP_EINVALID_POLICY);
    cr_expect_eq(error.line, 12u);
    cr_expect_eq(error.column, 5u);
    struct sallyport_error shown;
    sp_answer_publish(&error, &shown);
    cr_expect_str_eq(shown.name, "invalid_policy");
    cr_expect_str_eq(shown.path, "patterns[3].severity");
    cr_expect_str_eq(shown.message, "patterns[3].severity: unknown severity");
}

Test(answer, errors_of_no_known_form_are_errors_still)
{
    struct sp_error error = error_from(fill_unnamed);
    cr_expect_eq(error.code, SP_EINTERNAL);
    cr_expect_not_null(strstr(error.text, "it broke: badly"));
    error = error_from(fill_number);
    cr_expect_eq(error.code, SP_EINTERNAL);
    error = error_from(fill_new_name);
    cr_expect_eq(error.code, SP_EINTERNAL);
    cr_expect_not_null(strstr(error.text, "from_the_future: wait"));
}
