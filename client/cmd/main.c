/* The command `sallyport`: finds the command in the table, reads its command line, runs it. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd/cmd.h"
#include "client/cmd/out_escape.h"

static const struct sp_command *const commands[] = {
    &sp_cmd_run, &sp_cmd_scan, &sp_cmd_explain, &sp_cmd_policy, &sp_cmd_status, &sp_cmd_reload};

static const char *const colour_names[] = {
    [SP_COLOUR_AUTO] = "auto", [SP_COLOUR_ALWAYS] = "always", [SP_COLOUR_NEVER] = "never", NULL};

static const struct sp_option common_rows[] = {
    {0, "socket", SP_OPTION_TEXT, offsetof(struct sp_common, socket), "PATH", "the service's socket"},
    {0, "no-autostart", SP_OPTION_FLAG, offsetof(struct sp_common, no_autostart), NULL, "never start a private daemon"},
    {0, "color", SP_OPTION_CHOICE, offsetof(struct sp_common, colour), "WHEN", "auto, always or never", colour_names},
    {'h', "help", SP_OPTION_FLAG, offsetof(struct sp_common, help), NULL, "this help"},
};

static void print_commands(FILE *file)
{
    fputs("usage: sallyport COMMAND [OPTION]... [ARGUMENT]...\n\n", file);
    for (size_t i = 0; i < SP_COUNT(commands); i++)
        fprintf(file, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help       Show this, or with a COMMAND its options\n  version    Show the version\n", file);
    fputs("\nsallyport COMMAND --help tells more; so does sallyport(1).\n", file);
}

static int run(const struct sp_command *command, int argc, char **argv)
{
    const struct sp_option_table tables[] = {command->options, {common_rows, SP_COUNT(common_rows)}};
    void *options = calloc(1, command->size_bytes);
    struct sp_operands operands = {0};
    struct sp_error error = {0};
    if (!options)
        return command->trouble;
    struct sp_invocation invocation = {command, options, options, &operands};
    int status;
    if (sp_args_parse(argc, argv, tables, SP_COUNT(tables), options, &operands, &error) < 0) {
        status = sp_cmd_misused(&invocation, "%s", error.text);
    } else if (invocation.common->help) {
        printf("usage: sallyport %s %s\n\n%s.\n\n", command->name, command->synopsis, command->summary);
        sp_args_help(stdout, tables, SP_COUNT(tables));
        status = sp_cmd_finish(&invocation, 0, command->trouble);
    } else {
        status = command->run(&invocation);
    }
    sp_args_free(tables, SP_COUNT(tables), options, &operands);
    free(options);
    return status;
}

static const struct sp_command *find(const char *name)
{
    for (size_t i = 0; i < SP_COUNT(commands); i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

/* How many words the option at the front of words takes, if it is one that all commands have; else 0. */
static int common_words(int n_words, char *const *words)
{
    for (size_t i = 0; i < SP_COUNT(common_rows); i++) {
        const struct sp_option *row = &common_rows[i];
        size_t n_name = strlen(row->name);
        if (row->letter || strncmp(words[0], "--", 2) != 0 || strncmp(words[0] + 2, row->name, n_name) != 0)
            continue;
        char behind = words[0][2 + n_name];
        if (behind == '=' || (!behind && row->kind == SP_OPTION_FLAG))
            return 1;
        if (!behind)
            return n_words < 2 ? 1 : 2;
    }
    return 0;
}

/* Options before the command are its own: it is put before them. */
static void put_command_first(int argc, char **argv)
{
    int at = 1, n;
    while (at < argc && (n = common_words(argc - at, argv + at)) > 0)
        at += n;
    if (at >= argc)
        return;
    char *command = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = command;
}

int main(int argc, char **argv)
{
    /* Widths of characters need to know UTF-8, whatever the user's language. */
    setlocale(LC_CTYPE, "C.UTF-8");
    put_command_first(argc, argv);
    const char *name = argc > 1 ? argv[1] : "";
    const struct sp_command *command = find(name), *asked = argc > 2 ? find(argv[2]) : NULL;
    if (command)
        return run(command, argc - 1, argv + 1);
    if (strcmp(name, "help") == 0 && asked) {
        char help[] = "--help";
        char *words[] = {argv[2], help, NULL};
        return run(asked, 2, words);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("sallyport %s\n", SP_VERSION);
        return 0;
    }
    bool is_help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
    if (!is_help && *name) {
        fputs("sallyport: error: there is no command \"", stderr);
        sp_escape_print(stderr, sp_str_of(name));
        fputs("\"\n", stderr);
    }
    print_commands(is_help ? stdout : stderr);
    return is_help ? 0 : SP_EXIT_TROUBLE;
}
