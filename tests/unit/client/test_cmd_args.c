/* Command lines by a table. */
#include <criterion/criterion.h>
#include <string.h>

#include "client/cmd/cmd_args.h"

struct values {
    bool json;
    const char *policy;
    uint64_t wall_ms;
    struct sp_texts files;
    int format;
};

static const char *const formats[] = {"text", "json", NULL};
static const struct sp_option rows[] = {
    {'p', "policy", SP_OPTION_TEXT, offsetof(struct values, policy), "POLICY", ""},
    {'j', "json", SP_OPTION_FLAG, offsetof(struct values, json), NULL, ""},
    {0, "timeout", SP_OPTION_DURATION, offsetof(struct values, wall_ms), "TIME", ""},
    {0, "file", SP_OPTION_TEXTS, offsetof(struct values, files), "FILE", ""},
    {0, "format", SP_OPTION_CHOICE, offsetof(struct values, format), "FORMAT", "", formats},
};
static const struct sp_option_table table = {rows, sizeof rows / sizeof *rows};

struct parsed {
    struct values values;
    struct sp_operands operands;
    struct sp_error error;
    int r;
};

static struct parsed parse(const char *const *words)
{
    int argc = 0;
    struct parsed parsed = {0};
    while (words[argc])
        argc++;
    parsed.r = sp_args_parse(
        argc, (char *const *)(uintptr_t)words, &table, 1, &parsed.values, &parsed.operands, &parsed.error);
    return parsed;
}

#define PARSE(...) parse((const char *const[]){"command", __VA_ARGS__, NULL})

static void done(struct parsed *parsed)
{
    sp_args_free(&table, 1, &parsed->values, &parsed->operands);
}

Test(cmd_args, options_and_operands_mix)
{
    struct parsed parsed = PARSE("a", "-p", "x", "--timeout=2s", "b", "--file", "1", "--file=2", "-", "-j");
    cr_assert_eq(parsed.r, 0, "%s", parsed.error.text);
    cr_expect_str_eq(parsed.values.policy, "x");
    cr_expect_eq(parsed.values.wall_ms, 2000u);
    cr_expect_eq(parsed.values.files.n_items, 2u);
    cr_expect_str_eq(parsed.values.files.items[1], "2");
    cr_expect(parsed.values.json);
    cr_expect_eq(parsed.operands.n_items, 3u);
    cr_expect_str_eq(parsed.operands.items[2], "-");
    cr_expect_null(parsed.operands.rest);
    done(&parsed);
}

Test(cmd_args, behind_two_dashes_nothing_is_an_option)
{
    struct parsed parsed = PARSE("f", "--", "-p", "--", "x");
    cr_assert_eq(parsed.r, 0);
    cr_expect_eq(parsed.operands.n_items, 1u);
    cr_expect_eq(parsed.operands.n_rest, 3u);
    cr_expect_str_eq(parsed.operands.rest[0], "-p");
    cr_expect_str_eq(parsed.operands.rest[1], "--");
    done(&parsed);
}

Test(cmd_args, letters_stand_together)
{
    struct parsed parsed = PARSE("-jpx");
    cr_assert_eq(parsed.r, 0);
    cr_expect(parsed.values.json);
    cr_expect_str_eq(parsed.values.policy, "x");
    done(&parsed);
}

Test(cmd_args, what_is_wrong_is_named)
{
    static const struct {
        const char *words[3], *named;
    } wrong[] = {{{"--unknown", NULL}, "--unknown"}, {{"-x", NULL}, "-x"}, {{"-p", NULL}, "--policy"},
        {{"--json=1", NULL}, "--json"}, {{"--timeout", "soon", NULL}, "soon"},
        {{"--format", "xml", NULL}, "text, json"}, {{"--pol", "x", NULL}, "--pol"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct parsed parsed = PARSE(wrong[i].words[0], wrong[i].words[1], wrong[i].words[2]);
        cr_expect_eq(parsed.r, SP_EINVALID_REQUEST, "%s", wrong[i].words[0]);
        cr_expect_not_null(strstr(parsed.error.text, wrong[i].named), "%s", parsed.error.text);
        done(&parsed);
    }
}

Test(cmd_args, lists_are_bounded)
{
    const char *words[SP_ARGS_TEXTS_MAX + 3] = {"command"};
    for (size_t i = 1; i <= SP_ARGS_TEXTS_MAX + 1; i++)
        words[i] = "--file=x";
    struct parsed parsed = parse(words);
    cr_expect_eq(parsed.r, SP_EINVALID_REQUEST);
    done(&parsed);
}
