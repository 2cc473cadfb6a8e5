/* The reader of command lines. Once a process, before anything else; no state. */
#include "client/cmd/cmd_args.h"

#include <stdlib.h>
#include <string.h>

#include "client/cmd/cmd_quantity.h"

struct reading {
    int argc;
    char *const *argv;
    int at;
    const struct sp_option_table *tables;
    size_t n_tables;
    char *ret;
    struct sp_error *error;
};

static const struct sp_option *find(const struct reading *reading, char letter, const char *name, size_t n_name)
{
    for (size_t t = 0; t < reading->n_tables; t++)
        for (size_t i = 0; i < reading->tables[t].n_rows; i++) {
            const struct sp_option *row = &reading->tables[t].rows[i];
            if (letter ? row->letter == letter : strlen(row->name) == n_name && memcmp(row->name, name, n_name) == 0)
                return row;
        }
    return NULL;
}

static int append(struct sp_texts *texts, const char *text, struct sp_error *error)
{
    if (texts->n_items >= SP_ARGS_TEXTS_MAX)
        return sp_error_set(error, SP_EINVALID_REQUEST, "more than %d values", SP_ARGS_TEXTS_MAX);
    if (!texts->items)
        texts->items = calloc(SP_ARGS_TEXTS_MAX, sizeof *texts->items);
    if (!texts->items)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    texts->items[texts->n_items++] = text;
    return 0;
}

static int choose(const struct sp_option *row, const char *text, int *ret, struct sp_error *error)
{
    char names[128] = "";
    for (int i = 0; row->choices[i]; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            *ret = i;
            return 0;
        }
        strncat(names, i ? ", " : "", sizeof names - strlen(names) - 1);
        strncat(names, row->choices[i], sizeof names - strlen(names) - 1);
    }
    return sp_error_set(error, SP_EINVALID_REQUEST, "--%s: unknown value \"%s\" (%s)", row->name, text, names);
}

static int wrong(const struct sp_option *row, const char *text, const char *example, struct sp_error *error)
{
    return sp_error_set(error, SP_EINVALID_REQUEST, "--%s: \"%s\" is not %s", row->name, text, example);
}

static int store(struct reading *reading, const struct sp_option *row, const char *text)
{
    void *member = reading->ret + row->offset;
    struct sp_error *error = reading->error;
    switch (row->kind) {
    case SP_OPTION_FLAG: *(bool *)member = true; return 0;
    case SP_OPTION_TEXT: *(const char **)member = text; return 0;
    case SP_OPTION_TEXTS: return append(member, text, error);
    case SP_OPTION_DURATION:
        return sp_quantity_duration(text, member) ? 0 : wrong(row, text, "a duration such as 30s or 500ms", error);
    case SP_OPTION_SIZE: return sp_quantity_size(text, member) ? 0 : wrong(row, text, "a size such as 256M", error);
    case SP_OPTION_MILLI:
        return sp_quantity_milli(text, member) ? 0 : wrong(row, text, "a number such as 1 or 0.5", error);
    case SP_OPTION_COUNT:
        return sp_quantity_count(text, row->min, row->max, member)
                   ? 0
                   : sp_error_set(error, SP_EINVALID_REQUEST, "--%s: \"%s\" is not a number from %llu to %llu",
                         row->name, text, (unsigned long long)row->min, (unsigned long long)row->max);
    case SP_OPTION_CHOICE: return choose(row, text, member, error);
    }
    return sp_error_set(error, SP_EINTERNAL, "an option of unknown kind");
}

/* The value behind an option's word: attached, or the next word. */
static int take_value(struct reading *reading, const struct sp_option *row, const char *attached)
{
    if (row->kind == SP_OPTION_FLAG) {
        if (attached)
            return sp_error_set(reading->error, SP_EINVALID_REQUEST, "--%s takes no value", row->name);
        return store(reading, row, NULL);
    }
    if (!attached) {
        if (reading->at >= reading->argc)
            return sp_error_set(reading->error, SP_EINVALID_REQUEST, "--%s needs a value: %s", row->name, row->metavar);
        attached = reading->argv[reading->at++];
    }
    return store(reading, row, attached);
}

static int take_long(struct reading *reading, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t n_name = equals ? (size_t)(equals - word) : strlen(word);
    const struct sp_option *row = find(reading, 0, word, n_name);
    if (!row)
        return sp_error_set(reading->error, SP_EINVALID_REQUEST, "unknown option --%.*s", (int)n_name, word);
    return take_value(reading, row, equals ? equals + 1 : NULL);
}

static int take_letters(struct reading *reading, const char *letters)
{
    for (; *letters; letters++) {
        const struct sp_option *row = find(reading, *letters, NULL, 0);
        if (!row)
            return sp_error_set(reading->error, SP_EINVALID_REQUEST, "unknown option -%c", *letters);
        bool takes_rest = row->kind != SP_OPTION_FLAG && letters[1];
        int r = take_value(reading, row, takes_rest ? letters + 1 : NULL);
        if (r < 0 || row->kind != SP_OPTION_FLAG)
            return r;
    }
    return 0;
}

int sp_args_parse(int argc, char *const *argv, const struct sp_option_table *tables, size_t n_tables, void *ret,
    struct sp_operands *ret_operands, struct sp_error *error)
{
    struct reading reading = {argc, argv, 1, tables, n_tables, ret, error};
    *ret_operands = (struct sp_operands){.items = calloc((size_t)argc + 1, sizeof(char *))};
    if (!ret_operands->items)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    while (reading.at < argc) {
        const char *word = argv[reading.at++];
        int r = 0;
        if (strcmp(word, "--") == 0) {
            ret_operands->rest = (const char *const *)(argv + reading.at);
            ret_operands->n_rest = (size_t)(argc - reading.at);
            break;
        }
        if (word[0] == '-' && word[1] == '-')
            r = take_long(&reading, word + 2);
        else if (word[0] == '-' && word[1])
            r = take_letters(&reading, word + 1);
        else
            ret_operands->items[ret_operands->n_items++] = word;
        if (r < 0)
            return r;
    }
    return 0;
}

void sp_args_free(const struct sp_option_table *tables, size_t n_tables, void *values, struct sp_operands *operands)
{
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].n_rows; i++)
            if (tables[t].rows[i].kind == SP_OPTION_TEXTS)
                free(((struct sp_texts *)((char *)values + tables[t].rows[i].offset))->items);
    free(operands->items);
}

void sp_args_help(FILE *file, const struct sp_option_table *tables, size_t n_tables)
{
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < tables[t].n_rows; i++) {
            const struct sp_option *row = &tables[t].rows[i];
            char words[64], letter[8] = "    ";
            if (row->letter)
                snprintf(letter, sizeof letter, "-%c, ", row->letter);
            snprintf(words, sizeof words, "%s--%s%s%s", letter, row->name, row->metavar ? " " : "",
                row->metavar ? row->metavar : "");
            fprintf(file, "  %-30s %s\n", words, row->help);
        }
}
