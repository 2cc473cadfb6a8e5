/* `sallyport status`: what the service says of itself. One thread. */
#include <string.h>

#include "client/cmd/cmd.h"
#include "client/cmd/out_escape.h"
#include "client/cmd/out_json.h"

struct options {
    struct sp_common common;
    bool json;
};

static const struct sp_option rows[] = {
    {0, "json", SP_OPTION_FLAG, offsetof(struct options, json), NULL, "as JSON"},
};

static void print_names(const char *label, const sallyport_value *list)
{
    printf("%-10s", label);
    for (size_t i = 0; i < sallyport_get_count(list, NULL); i++) {
        putchar(' ');
        const sallyport_value *item = sallyport_at(list, i);
        sp_out_text_print(stdout, item, sallyport_type_of(item) == SALLYPORT_MAP ? "name" : NULL);
    }
    putchar('\n');
}

/* A value in one line: numbers and words as they are, maps as "key value". */
static void print_value(const sallyport_value *value)
{
    switch (sallyport_type_of(value)) {
    case SALLYPORT_TEXT:
    case SALLYPORT_BYTES: sp_out_text_print(stdout, value, NULL); break;
    case SALLYPORT_MAP:
    case SALLYPORT_LIST:
        for (size_t i = 0; i < sallyport_get_count(value, NULL); i++) {
            const char *key = sallyport_key_at(value, i, NULL);
            fputs(i ? ", " : "", stdout);
            if (key) {
                sp_escape_print(stdout, sp_str_of(key));
                putchar(' ');
            }
            print_value(sallyport_at(value, i));
        }
        break;
    case SALLYPORT_DOUBLE: printf("%.1f", sallyport_get_double(value, NULL, 0)); break;
    default: sp_out_json_value(stdout, value, 0); break;
    }
}

static void print_runtime(const sallyport_value *runtime)
{
    printf("%-10s ", "runtime");
    sp_out_text_print(stdout, runtime, "name");
    if (!sallyport_get_bool(runtime, "available")) {
        fputs(": not available: ", stdout);
        sp_out_text_print(stdout, runtime, "reason");
        putchar('\n');
        return;
    }
    fputs(": ", stdout);
    sp_out_text_print(stdout, runtime, "isolation");
    putchar('\n');
    const sallyport_value *limits = sallyport_get(runtime, "limits");
    for (size_t i = 0; i < sallyport_get_count(limits, NULL); i++) {
        const sallyport_value *limit = sallyport_at(limits, i);
        fputs("             ", stdout);
        sp_out_text_print(stdout, limit, "name");
        fputs(" by ", stdout);
        sp_out_text_print(stdout, limit, "by");
        fputs(sallyport_get_bool(limit, "best_effort") ? ", best effort" : "", stdout);
        if (sallyport_get_text(limit, "note", NULL)) {
            fputs(": ", stdout);
            sp_out_text_print(stdout, limit, "note");
        }
        putchar('\n');
    }
}

static void print_limits(const sallyport_value *greeting)
{
    const sallyport_value *usual = sallyport_get(greeting, "limits.run");
    const sallyport_value *most = sallyport_get(greeting, "limits.ceilings");
    if (sallyport_get_count(usual, NULL))
        puts("limits     of a run, standard and most");
    for (size_t i = 0; i < sallyport_get_count(usual, NULL); i++) {
        const char *key = sallyport_key_at(usual, i, NULL);
        fputs("             ", stdout);
        sp_escape_print(stdout, sp_str_of(key ? key : ""));
        putchar(' ');
        sp_out_json_value(stdout, sallyport_at(usual, i), 0);
        fputs(", ", stdout);
        sp_out_json_value(stdout, sallyport_get(most, key), 0);
        putchar('\n');
    }
}

static void print_status(const sallyport *service, const sallyport_value *greeting, const sallyport_value *stats)
{
    printf("%-10s ", "service");
    sp_out_text_print(stdout, greeting, "version");
    fputs(" at ", stdout);
    sp_escape_print(stdout, sp_str_of(sallyport_socket_path(service)));
    putchar('\n');
    print_names("rights", sallyport_get(greeting, "rights"));
    print_names("languages", sallyport_get(greeting, "languages"));
    print_limits(greeting);
    const sallyport_value *runtimes = sallyport_get(greeting, "runtimes");
    for (size_t i = 0; i < sallyport_get_count(runtimes, NULL); i++)
        print_runtime(sallyport_at(runtimes, i));
    for (size_t i = 0; i < sallyport_get_count(stats, NULL); i++) {
        const char *key = sallyport_key_at(stats, i, NULL);
        sp_escape_print(stdout, sp_str_of(key ? key : ""));
        fputs(": ", stdout);
        print_value(sallyport_at(stats, i));
        putchar('\n');
    }
}

static int run(const struct sp_invocation *invocation)
{
    const struct options *options = invocation->options;
    if (invocation->operands->n_items || invocation->operands->rest)
        return sp_cmd_misused(invocation, "nothing is expected behind it");
    sp_cleanup(sallyport_close_scope) sallyport *service = NULL;
    sp_cleanup(sallyport_free_scope) sallyport_value *stats = NULL;
    struct sallyport_error error;
    if (sp_cmd_open(invocation, &service, &error) < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, NULL, &error);
    /* Counters are the operator's; others see the greeting alone. */
    int r = sallyport_stats(service, &stats, &error);
    if (r < 0 && r != SALLYPORT_EDENIED)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, NULL, &error);
    const sallyport_value *greeting = sallyport_greeting(service);
    if (options->json) {
        fputc('{', stdout);
        sp_out_json_text(stdout, "socket", sp_str_of(sallyport_socket_path(service)));
        sp_out_json_pairs(stdout, greeting, true);
        fputs(",\"stats\":", stdout);
        sp_out_json_value(stdout, stats, 0);
        fputs("}\n", stdout);
    } else {
        print_status(service, greeting, stats);
    }
    return sp_cmd_finish(invocation, 0, SP_EXIT_SERVICE);
}

const struct sp_command sp_cmd_status = {
    .name = "status",
    .synopsis = "[--json]",
    .summary = "Show what the service is and does",
    .options = {rows, SP_COUNT(rows)},
    .size_bytes = sizeof(struct options),
    .trouble = SP_EXIT_TROUBLE,
    .run = run,
};
