/* `sallyport explain`: what the scanner sees in a source. One thread. */
#include <string.h>

#include "client/cmd/cmd.h"
#include "client/cmd/cmd_input.h"
#include "client/cmd/out_escape.h"
#include "client/cmd/out_json.h"

struct options {
    struct sp_common common;
    const char *policy, *language;
    bool json;
};

static const struct sp_option rows[] = {
    {'p', "policy", SP_OPTION_TEXT, offsetof(struct options, policy), "POLICY", "a file, a name or an id"},
    {'l', "language", SP_OPTION_TEXT, offsetof(struct options, language), "LANG", "else by suffix or shebang"},
    {0, "json", SP_OPTION_FLAG, offsetof(struct options, json), NULL, "as JSON"},
};

/* Lines and columns of offsets that never go back. */
struct cursor {
    struct sp_str source;
    size_t at;
    unsigned long line, column;
};

static void move_to(struct cursor *cursor, size_t offset)
{
    if (offset < cursor->at)
        *cursor = (struct cursor){.source = cursor->source, .line = 1, .column = 1};
    for (; cursor->at < offset && cursor->at < cursor->source.n_bytes; cursor->at++) {
        const char *at = cursor->source.ptr + cursor->at;
        bool ends = *at == '\n' || (*at == '\r' && !(cursor->at + 1 < cursor->source.n_bytes && at[1] == '\n'));
        if (ends) {
            cursor->line++;
            cursor->column = 1;
        } else if (((unsigned char)*at & 0xC0) != 0x80) {
            cursor->column++;
        }
    }
}

static void print_text(const sallyport_value *item, const char *key)
{
    struct sp_str text = sp_out_text_of(item, key);
    if (!text.n_bytes)
        return;
    fputs("  ", stdout);
    sp_escape_print(stdout, text);
}

static void print_uses(const sallyport_value *answer, const char *key, struct sp_str source, const char *third)
{
    const sallyport_value *list = sallyport_get(answer, key);
    size_t n_items = sallyport_get_count(list, NULL);
    struct cursor cursor = {.source = source, .line = 1, .column = 1};
    printf("%s: %zu\n", key, n_items);
    for (size_t i = 0; i < n_items; i++) {
        const sallyport_value *item = sallyport_at(list, i);
        move_to(&cursor, (size_t)sallyport_get_int(item, "offset", 0));
        printf("  %lu:%lu", cursor.line, cursor.column);
        print_text(item, third);
        print_text(item, "via");
        print_text(item, "reason");
        fputs(sallyport_get_bool(item, "call") ? "  called\n" : "\n", stdout);
    }
}

static void print_ranges(const sallyport_value *answer, const char *key, struct sp_str source)
{
    const sallyport_value *list = sallyport_get(answer, key);
    size_t n_items = sallyport_get_count(list, NULL);
    struct cursor cursor = {.source = source, .line = 1, .column = 1};
    printf("%s: %zu\n", key, n_items);
    for (size_t i = 0; i < n_items; i++) {
        const sallyport_value *range = sallyport_at(list, i);
        size_t from = (size_t)sallyport_get_int(sallyport_at(range, 0), NULL, 0);
        size_t to = (size_t)sallyport_get_int(sallyport_at(range, 1), NULL, 0);
        move_to(&cursor, from);
        printf("  %lu:%lu  ", cursor.line, cursor.column);
        if (from <= to && to <= source.n_bytes) {
            bool is_long = to - from > 60;
            sp_escape_print(stdout, (struct sp_str){source.ptr + from, is_long ? 60 : to - from});
            fputs(is_long ? " ..." : "", stdout);
        }
        putchar('\n');
    }
}

static void print_answer(const sallyport_value *answer, struct sp_str source)
{
    static const char *const ranges[] = {"comments", "strings", "chars", "regexes", "interpolations"};
    fputs("language:", stdout);
    print_text(answer, "language");
    putchar('\n');
    print_uses(answer, "modules", source, "name");
    print_uses(answer, "names", source, "name");
    for (size_t i = 0; i < SP_COUNT(ranges); i++)
        print_ranges(answer, ranges[i], source);
    print_uses(answer, "dropped", source, "rule");
}

static int run(const struct sp_invocation *invocation)
{
    const struct options *options = invocation->options;
    if (invocation->operands->n_items != 1 || invocation->operands->rest)
        return sp_cmd_misused(invocation, "one FILE is needed, or - for standard input");
    const char *path = invocation->operands->items[0];
    sp_cleanup(sp_buffer_fini) struct sp_buffer code = {0};
    sp_cleanup(sp_input_policy_free) struct sp_input_policy policy = {0};
    sp_cleanup(sallyport_close_scope) sallyport *service = NULL;
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    struct sallyport_error error;
    struct sp_error own = {0};
    if (sp_input_read(path, &code, NULL, &own) < 0)
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "%s: %s", path, own.text);
    if (sp_input_policy_read(options->policy, &policy, &own) < 0)
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "%s: %s", options->policy, own.text);
    struct sp_str source = {code.bytes ? (const char *)code.bytes : "", code.n_bytes};
    const char *language = sp_input_language(options->language, sp_str_of(path), source);
    if (!language)
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "%s: its language is not known; say it with -l", path);
    struct sallyport_explain_options ask = {
        .size = sizeof ask,
        .code = source.ptr,
        .code_bytes = source.n_bytes,
        .language = language,
        .policy = policy.reference,
        .policy_yaml = policy.yaml.bytes,
        .policy_yaml_bytes = policy.yaml.n_bytes,
    };
    int r = sp_cmd_open(invocation, &service, &error);
    if (r < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, NULL, &error);
    r = sallyport_explain(service, &ask, &answer, &error);
    if (r < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_TROUBLE, policy.file, &error);
    if (!sallyport_get_text(answer, "language", NULL))
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "the service did not tell what it sees");
    if (options->json) {
        sp_out_json_value(stdout, answer, 0);
        putchar('\n');
    } else {
        print_answer(answer, source);
    }
    return sp_cmd_finish(invocation, 0, SP_EXIT_TROUBLE);
}

const struct sp_command sp_cmd_explain = {
    .name = "explain",
    .synopsis = "[-p POLICY] [-l LANG] [--json] FILE|-",
    .summary = "Show what the scanner sees: comments, strings, modules, names",
    .options = {rows, SP_COUNT(rows)},
    .size_bytes = sizeof(struct options),
    .trouble = SP_EXIT_TROUBLE,
    .run = run,
};
