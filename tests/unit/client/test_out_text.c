/* Findings as compilers print them: the line, and the caret under the place. */
#include "tests/unit/client/fake.h"

#include <locale.h>

#include "client/cmd/out_text.h"

static struct {
    const char *description, *via;
    size_t offset, length;
    bool has_inner;
} finding;

static void fill(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, finding.has_inner ? 10 : 9);
    sp_pack_key(buffer, "rule");
    sp_pack_cstr(buffer, "patterns[0]");
    sp_pack_key(buffer, "description");
    sp_pack_cstr(buffer, finding.description);
    sp_pack_key(buffer, "severity");
    sp_pack_cstr(buffer, "high");
    sp_pack_key(buffer, "via");
    sp_pack_cstr(buffer, finding.via);
    sp_pack_key(buffer, "offset");
    sp_pack_uint(buffer, finding.offset);
    sp_pack_key(buffer, "length");
    sp_pack_uint(buffer, finding.length);
    sp_pack_key(buffer, "line");
    sp_pack_uint(buffer, 3);
    sp_pack_key(buffer, "column");
    sp_pack_uint(buffer, 5);
    sp_pack_key(buffer, "fix");
    sp_pack_cstr(buffer, "");
    if (!finding.has_inner)
        return;
    sp_pack_key(buffer, "inner");
    sp_pack_map(buffer, 3);
    sp_pack_key(buffer, "offset");
    sp_pack_uint(buffer, 0);
    sp_pack_key(buffer, "line");
    sp_pack_uint(buffer, 1);
    sp_pack_key(buffer, "column");
    sp_pack_uint(buffer, 2);
}

static char *shown(struct sp_str source, bool colours)
{
    char *text = NULL;
    size_t n_bytes;
    setlocale(LC_CTYPE, "C.UTF-8");
    sallyport_value *answer = fake_answer(fill);
    FILE *file = open_memstream(&text, &n_bytes);
    sp_out_text_finding(file, colours, SP_STR("a.py"), source, answer, false);
    fclose(file);
    sallyport_free(answer);
    return text;
}

#define HEAD "a.py:3:5: high: what [patterns[0]]\n"

static void is(const char *source, size_t offset, size_t length, const char *expected)
{
    finding.description = "what";
    finding.via = "direct";
    finding.offset = offset;
    finding.length = length;
    finding.has_inner = false;
    char *text = shown(sp_str_of(source), false);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(out_text, caret_stands_under_the_place)
{
    is("x = 1\nimport os\ny", 6, 9, HEAD "    import os\n    ^~~~~~~~~\n");
    is("x = eval(y)", 4, 5, HEAD "    x = eval(y)\n        ^~~~~\n");
    is("a\r\nbc\r\n", 4, 1, HEAD "    bc\n     ^\n");
    is("a\rbc\rd", 2, 2, HEAD "    bc\n    ^~\n");
}

Test(out_text, tabs_and_wide_characters_take_their_columns)
{
    is("\tos.system(", 1, 9, HEAD "            os.system(\n            ^~~~~~~~~\n");
    is("ab\tc", 3, 1, HEAD "    ab      c\n            ^\n");
    is("\"日本\"; os", 10, 2, HEAD "    \"日本\"; os\n            ^~\n");
    is("e\u0301; os", 5, 2, HEAD "    e\u0301; os\n       ^~\n");
}

Test(out_text, what_is_escaped_takes_the_columns_of_its_escape)
{
    is("\033; os", 3, 2, HEAD "    \\x1b; os\n          ^~\n");
    is("\u202e os", 4, 2, HEAD "    \\u202e os\n           ^~\n");
    is("\xff os", 2, 2, HEAD "    \\xff os\n         ^~\n");
}

Test(out_text, mark_ends_with_the_line)
{
    is("f(\n1)\n", 0, 5, HEAD "    f(\n    ^~\n");
    is("", 0, 0, HEAD);
    is("x", 1, 0, HEAD "    x\n     ^\n");
    is("x", 99, 1, HEAD);
    is("x\n", 2, 0, HEAD "    \n    ^\n");
}

Test(out_text, long_lines_are_shown_in_part)
{
    char source[2001];
    memset(source, 'a', 2000);
    source[2000] = '\0';
    finding.description = "what";
    finding.via = "direct";
    finding.offset = 1000;
    finding.length = 1000;
    char *text = shown(sp_str_of(source), false);
    size_t longest = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        longest = strlen(line) > longest ? strlen(line) : longest;
    cr_expect_eq(longest, 164u);
    free(text);
}

Test(out_text, words_of_others_are_escaped)
{
    finding.description = "red \033[31m\u202e";
    finding.via = "folded";
    finding.offset = finding.length = 0;
    finding.has_inner = true;
    char *text = shown((struct sp_str){0}, false);
    cr_expect_str_eq(text, "a.py:3:5: high: red \\x1b[31m\\u202e [patterns[0]]\n    = via: folded\n"
                           "    = inside evaluated code: line 1, column 2\n");
    free(text);
}

Test(out_text, colours_only_where_they_are_wanted)
{
    finding.description = "what";
    finding.via = "direct";
    char *text = shown(SP_STR("x"), true);
    cr_expect_not_null(strstr(text, "\033[1;31mhigh: \033[0m"));
    free(text);
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    cr_expect_not(sp_out_text_colours(stdout, SP_COLOUR_AUTO));
    cr_expect(sp_out_text_colours(stdout, SP_COLOUR_ALWAYS));
    cr_expect_not(sp_out_text_colours(stdout, SP_COLOUR_NEVER));
}

static size_t n_policies;

static void fill_verdict(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 3);
    sp_pack_key(buffer, "policies");
    sp_pack_array(buffer, n_policies);
    for (size_t i = 0; i < n_policies; i++)
        sp_pack_cstr(buffer, i ? "sha256:b" : "sha256:a");
    sp_pack_key(buffer, "truncated");
    sp_pack_bool(buffer, false);
    sp_pack_key(buffer, "violations");
    sp_pack_array(buffer, 1);
    sp_pack_map(buffer, 4);
    sp_pack_key(buffer, "rule");
    sp_pack_cstr(buffer, "patterns[0]");
    sp_pack_key(buffer, "policy");
    sp_pack_cstr(buffer, "sha256:b");
    sp_pack_key(buffer, "severity");
    sp_pack_cstr(buffer, "high");
    sp_pack_key(buffer, "description");
    sp_pack_cstr(buffer, "what");
}

Test(out_text, a_finding_says_its_policy_where_several_judge)
{
    for (n_policies = 1; n_policies <= 2; n_policies++) {
        char *text = NULL;
        size_t n_bytes;
        sallyport_value *verdict = fake_answer(fill_verdict);
        FILE *file = open_memstream(&text, &n_bytes);
        sp_out_text_verdict(file, false, SP_STR("a.py"), (struct sp_str){0}, verdict);
        fclose(file);
        cr_expect_str_eq(text, n_policies == 1 ? "a.py: high: what [patterns[0]]\n"
                                               : "a.py: high: what [patterns[0]]\n    = policy: sha256:b\n");
        free(text);
        sallyport_free(verdict);
    }
}
