/* JSON: what is not UTF-8 becomes U+FFFD, and the truth stands beside it. */
#include "tests/unit/client/fake.h"

#include <locale.h>

#include "client/cmd/out_json.h"

static void is(void (*fill)(struct sp_buffer *buffer), int indent, const char *expected)
{
    char *text = NULL;
    size_t n_bytes;
    setlocale(LC_CTYPE, "C.UTF-8");
    sallyport_value *answer = fake_answer(fill);
    FILE *file = open_memstream(&text, &n_bytes);
    sp_out_json_value(file, answer, indent);
    fclose(file);
    cr_expect_str_eq(text, expected);
    free(text);
    sallyport_free(answer);
}

static void fill_plain(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 8);
    sp_pack_key(buffer, "a");
    sp_pack_nil(buffer);
    sp_pack_key(buffer, "b");
    sp_pack_bool(buffer, true);
    sp_pack_key(buffer, "c");
    sp_pack_int(buffer, -5);
    sp_pack_key(buffer, "d");
    sp_pack_double(buffer, 1.25);
    sp_pack_key(buffer, "e");
    sp_pack_array(buffer, 0);
    sp_pack_key(buffer, "f");
    sp_pack_map(buffer, 0);
    sp_pack_key(buffer, "g");
    sp_pack_text(buffer, SP_STR("q\"\\\n\t\x01\x7f é 日 \U0001F600"));
    sp_pack_key(buffer, "h");
    sp_pack_text(buffer, SP_STR("\u202e\xC2\x85\U000E0041"));
}

Test(out_json, values)
{
    is(fill_plain, 0,
        "{\"a\":null,\"b\":true,\"c\":-5,\"d\":1.25,\"e\":[],\"f\":{},"
        "\"g\":\"q\\\"\\\\\\n\\t\\u0001\\u007f é 日 \U0001F600\",\"h\":\"\\u202e\\u0085\\udb40\\udc41\"}");
}

static void fill_small(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 1);
    sp_pack_key(buffer, "a");
    sp_pack_array(buffer, 2);
    sp_pack_uint(buffer, 1);
    sp_pack_map(buffer, 0);
}

Test(out_json, indented)
{
    is(fill_small, 2, "{\n  \"a\": [\n    1,\n    {}\n  ]\n}");
}

static void fill_bytes(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 5);
    sp_pack_key(buffer, "stdout");
    sp_pack_bin(buffer, "ok\xff\n", 4);
    sp_pack_key(buffer, "cut");
    sp_pack_bin(buffer, "\xe2\x82", 2); /* one code point broken off: one U+FFFD, as Python decodes */
    sp_pack_key(buffer, "surrogate");
    sp_pack_bin(buffer, "\xed\xa0\x80", 3);
    sp_pack_key(buffer, "four");
    sp_pack_bin(buffer,
        "\xf0\x9f\x98"
        "a",
        4);
    sp_pack_key(buffer, "fine");
    sp_pack_bin(buffer, "as text", 7);
}

Test(out_json, bytes_have_both_forms)
{
    is(fill_bytes, 0,
        "{\"stdout\":\"ok\uFFFD\\n\",\"stdout_base64\":\"b2v/Cg==\","
        "\"cut\":\"\uFFFD\",\"cut_base64\":\"4oI=\","
        "\"surrogate\":\"\uFFFD\uFFFD\uFFFD\",\"surrogate_base64\":\"7aCA\","
        "\"four\":\"\uFFFD"
        "a\",\"four_base64\":\"8J+YYQ==\","
        "\"fine\":\"as text\"}");
}

static void fill_list(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 1);
    sp_pack_key(buffer, "modules");
    sp_pack_array(buffer, 2);
    sp_pack_cstr(buffer, "os");
    sp_pack_bin(buffer, "\xff", 1);
}

Test(out_json, a_list_of_texts_has_both_forms)
{
    is(fill_list, 0, "{\"modules\":[\"os\",\"\uFFFD\"],\"modules_base64\":[\"b3M=\",\"/w==\"]}");
}

Test(out_json, a_key_of_ours)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *file = open_memstream(&text, &n_bytes);
    sp_out_json_text(file, "path", SP_STR("a\xff.py"));
    fclose(file);
    cr_expect_str_eq(text, "\"path\":\"a\uFFFD.py\",\"path_base64\":\"Yf8ucHk=\"");
    free(text);
}
