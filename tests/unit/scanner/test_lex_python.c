#include <criterion/criterion.h>
#include <stdlib.h>

#include "scanner/lex_python.h"

/* A drawing of what the lexer sees, one letter a byte: c comment, s string, i the code in a field, . code. */
static void expect_as(const char *dialect, struct sp_str source, const char *drawing)
{
    struct sp_arena arena;
    struct sp_span_list spans = {0};
    struct sp_error error = {0};
    sp_arena_init(&arena, 1 << 20);
    cr_assert(sp_lex_python(source, sp_str_of(dialect), &arena, &spans, &error) == 0, "%s", error.text);
    char got[2048];
    cr_assert(source.n_bytes < sizeof(got));
    memset(got, '.', source.n_bytes);
    got[source.n_bytes] = '\0';
    uint32_t last = 0;
    for (uint32_t i = 0; i < spans.n_items; i++) {
        static const char letters[SP_SPAN_COUNT] = {'c', 's', 'h', 'r', 'i'};
        const struct sp_span *span = &spans.items[i];
        cr_expect(span->start >= last && span->start <= span->end && span->end <= source.n_bytes);
        cr_expect(span->body_start >= span->start && span->body_end <= span->end);
        last = span->start;
        memset(got + span->start, letters[span->kind], span->end - span->start);
    }
    cr_expect_str_eq(got, drawing, "%.*s\n%s\n%s", (int)source.n_bytes, source.ptr, got, drawing);
    sp_arena_fini(&arena);
}

static void expect(const char *source, const char *drawing)
{
    expect_as("", sp_str_of(source), drawing);
}

Test(lex_python, sees_comments_to_the_line_end)
{
    expect("a # b\nc", "..ccc..");
    expect("#a\r#b\r\nc", "cc.cc...");
    expect("# a \\\nb", "ccccc..");
    expect("#\x0b\x0cx\ny", "cccc..");
    expect("#", "c");
}

Test(lex_python, sees_strings_of_each_prefix)
{
    expect("'a'", "sss");
    expect("b'x' u'x' U'x' r'x'", "ssss.ssss.ssss.ssss");
    expect("Rb'x' bR'x' BR'x' rB'x'", "sssss.sssss.sssss.sssss");
    expect("rf'x' Fr'x'", "sssss.sssss");
    expect("ub'a' bu'a' ru'a' fb'a' rr'a'", "..sss...sss...sss...sss...sss");
    expect("xr'a' 1if'a'", "..sss....sss");
    expect("if'a'else'b'", "..sss....sss");
}

Test(lex_python, follows_escapes_and_joined_lines)
{
    expect("'\\'' x", "ssss..");
    expect("'a\\\nb' x", "ssssss..");
    expect("'a\\\r\nb' x", "sssssss..");
    expect("'a\\\\' x", "sssss..");
    expect("r'a\\' x' y", "ssssssss..");
}

Test(lex_python, sees_triple_strings)
{
    expect("'''a'b''c\n''' x", "sssssssssssss..");
    expect("\"\"\"\\\"\"\"\" x", "ssssssss..");
    expect("'''''' x", "ssssss..");
    expect("'' x", "ss..");
    expect("'''a\\'''' x", "sssssssss..");
}

Test(lex_python, sees_the_code_in_formatted_strings)
{
    expect("f'a{b}c'", "ssssisss");
    expect("f'{{a}}{b}'", "ssssssssiss");
    expect("rf'{a}'", "ssssiss");
    expect("b'{a}' '{a}'", "ssssss.sssss");
}

Test(lex_python, ends_a_field_at_conversion_format_and_debugging)
{
    expect("f'{a!r}'", "sssissss");
    expect("f'{a:x}'", "sssissss");
    expect("f'{a=}'", "sssisss");
    expect("f'{a = !r:x}'", "sssiissssssss");
    expect("f'{a!=b}'", "sssiiiiss");
    expect("f'{a==b}{a<=b}{a>=b}{a>b}'", "sssiiiissiiiissiiiissiiiss");
    expect("f'{(a:=1)}'", "sssiiiiiiss");
    expect("f'{a[1:2]}'", "sssiiiiiiss");
    expect("f'{ {1: 2}[1] }'", "sssiiiiiiiiiiiss");
}

Test(lex_python, sees_strings_within_fields)
{
    expect("f'{\"a\"}'", "ssssssss");
    expect("f'{x[\"a}\"]}'", "sssiissssiss");
    expect("f'{f\"{b}\"}'", "ssssssissss");
    expect("f'''{\n\"a\"\n}'''", "sssssisssissss");
}

Test(lex_python, takes_fields_of_format_specifications)
{
    expect("f'{a:{b}{c}}'", "sssissississs");
    expect("f'{a!r:>{w}}'", "sssisssssisss");
    expect("f'{a:{b!r:{c}}}'", "sssississssissss");
}

Test(lex_python, does_not_take_named_characters_for_fields)
{
    expect("f'\\N{DIGIT ONE}{b}'", "ssssssssssssssssiss");
    expect("rf'\\N{b}'", "ssssssiss");
    expect("f'\\{b}'", "ssssiss");
    expect("f'\\\\N{b}'", "ssssssiss");
}

Test(lex_python, reads_the_new_way_where_the_old_one_refuses)
{
    expect("f'{x['a']}' y", "sssiisssiss..");
    expect_as("3.12", SP_STR("f'{x['a']}' y"), "sssiisssiss..");
    expect_as("3.11", SP_STR("f'{x['a']}' y"), "sssiis.ssss..");
    expect("f'''{\na # c '''\n}''' y", "sssssiiicccccccissss..");
    expect("f'{'\\n'.join(a)}' y", "sssssssiiiiiiiiss..");
    expect("f'{f'{f'{1}'}'}' y", "sssssssssissssss..");
    expect("f'{\na\n}' y", "sssiiiss..");
}

Test(lex_python, takes_comments_and_line_ends_behind_an_expression_the_new_way)
{
    expect("f'''{a!r # '''\n}''' y", "sssssissscccccsssss..");
    expect("f'''{a= # '''\n}''' y", "sssssisscccccsssss..");
    expect("f'{a= \\\n:x}' y", "sssissssssss..");
    expect("f'{x:a\n}' y", "sssisssss..");
    expect("f'{x:a # \n # '\n}' y", "sssissssssscccsss..");
    expect("f'{x:a\n{y}}' y", "sssisssiiiss..");
    expect_as("3.11", SP_STR("f'{x:a\n}' y"), "sssiss..sss");
}

/* As many fields as CPython has room for, each in the format specification of the last. */
Test(lex_python, follows_fields_as_deep_as_they_may_be)
{
    char text[2048] = "", drawing[2048] = "";
    for (int i = 0; i < 99; i++) {
        strcat(text, "f'{a:{");
        strcat(drawing, "sssiss");
    }
    strcat(text, "(e)");
    strcat(drawing, "iii");
    for (int i = 0; i < 99; i++) {
        strcat(text, "}}'");
        strcat(drawing, "sss");
    }
    expect(text, drawing);
}

static bool is_doubtful(const char *dialect, const char *source)
{
    struct sp_arena arena;
    struct sp_span_list spans = {0};
    bool doubtful = false;
    sp_arena_init(&arena, 1 << 20);
    cr_assert(sp_lex_python(sp_str_of(source), sp_str_of(dialect), &arena, &spans, NULL) == 0);
    for (uint32_t i = 0; i < spans.n_items; i++)
        doubtful |= spans.items[i].flags & SP_PYTHON_DOUBTFUL;
    sp_arena_fini(&arena);
    return doubtful;
}

/* Behind a field in a format specification {{ is a brace to 3.13, and opens a field to those before. */
Test(lex_python, says_where_versions_read_a_string_differently)
{
    static const char source[] = "f'{x:{y}{{\"#}}}';a#\"}}}'";
    expect_as("3.12", sp_str_of(source), "sssissississssssssssisss");
    expect_as("3.13", sp_str_of(source), "sssississsssssss..cccccc");
    cr_expect(is_doubtful("", source) && is_doubtful("3.12", source) && is_doubtful("3.13", source));
    cr_expect_not(is_doubtful("", "f'{x:{y}}}}' f'{{{x}' f'{x:{{y}}}' f'{x:{y}{z}}'"));
    cr_expect_not(is_doubtful("3.11", "f'{x:{y}{{z}}}'"));
}

Test(lex_python, reads_template_strings_where_they_may_be)
{
    expect("t'{a}' T'x'", "sssiss.ssss");
    expect_as("3.14", SP_STR("rt'{a}'"), "ssssiss");
    expect_as("3.11", SP_STR("t'{a}'"), ".sssss");
}

Test(lex_python, hides_least_where_code_is_broken)
{
    expect("'abc\nimport os", "ssss..........");
    expect("'abc\\\nimport os", "sssss..........");
    expect("'''abc\nimport os", "sss.............");
    expect("f'{a\nb", "sssi..");
    expect("f'''{a\nb", "ssss....");
    expect("f'{a b'", "sssiiis");
    expect("f'{a#b}'", "sssiiiss");
}

Test(lex_python, takes_odd_bytes_as_code)
{
    expect_as("", (struct sp_str){"\xef\xbb\xbf'a'\0'b'\xff", 11}, "...sss.sss.");
    expect_as("", SP_STR(""), "");
    expect_as("", SP_STR("\x0c'a'"), ".sss");
}

Test(lex_python, knows_its_dialects)
{
    static const char *const good[] = {"", "3", "3.0", "3.9", "3.11", "3.12", "3.14"};
    static const char *const bad[] = {"2", "2.7", "3.15", "3.011", "3.", "4", "3.x", "3.1a", " 3"};
    enum sp_python_dialect dialect;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_expect(sp_lex_python_dialect(sp_str_of(good[i]), &dialect, NULL) == 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect(sp_lex_python_dialect(sp_str_of(bad[i]), &dialect, NULL) == SP_EUNSUPPORTED_LANGUAGE, "%s", bad[i]);
}

/* Whatever the bytes: the spans are in order, and nest as their header says. */
Test(lex_python, gives_spans_in_order_for_any_bytes)
{
    static const char alphabet[] = "'\"#f{}\\\n:!=rb(ax\r";
    srand(11);
    for (int round = 0; round < 20000; round++) {
        char text[48];
        size_t n = (size_t)rand() % sizeof(text);
        struct sp_arena arena;
        struct sp_span_list spans = {0};
        for (size_t i = 0; i < n; i++)
            text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
        sp_arena_init(&arena, 1 << 20);
        cr_assert(sp_lex_python((struct sp_str){text, n}, SP_STR(""), &arena, &spans, NULL) == 0);
        for (uint32_t i = 0; i < spans.n_items; i++) {
            const struct sp_span *span = &spans.items[i];
            cr_assert(span->start <= span->end && span->end <= n, "%.*s", (int)n, text);
            cr_assert(i == 0 || span->start >= spans.items[i - 1].start, "%.*s", (int)n, text);
            for (uint32_t k = 0; k < i; k++) {
                const struct sp_span *before = &spans.items[k];
                cr_assert(before->end <= span->start || before->end >= span->end, "crossing: %.*s", (int)n, text);
                if (before->end > span->start && before->kind == SP_SPAN_COMMENT)
                    cr_assert_fail("within a comment: %.*s", (int)n, text);
            }
        }
        sp_arena_fini(&arena);
    }
}
