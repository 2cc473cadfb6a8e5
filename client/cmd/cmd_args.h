#ifndef SP_CLIENT_CMD_ARGS_H
#define SP_CLIENT_CMD_ARGS_H

/* Command lines by a table of options: what is read, checked and shown as help are the same rows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/error.h"

#define SP_ARGS_TEXTS_MAX 512

enum sp_option_kind {
    SP_OPTION_FLAG,     /* bool */
    SP_OPTION_TEXT,     /* const char * */
    SP_OPTION_TEXTS,    /* struct sp_texts: may be given again */
    SP_OPTION_DURATION, /* uint64_t, milliseconds */
    SP_OPTION_SIZE,     /* uint64_t, bytes */
    SP_OPTION_MILLI,    /* uint64_t, thousandths */
    SP_OPTION_COUNT,    /* uint64_t, within min..max */
    SP_OPTION_CHOICE    /* int: index into choices */
};

struct sp_texts {
    const char **items;
    size_t n_items;
};

struct sp_option {
    char letter; /* 0: none */
    const char *name;
    enum sp_option_kind kind;
    size_t offset;       /* in the command's struct */
    const char *metavar; /* NULL for a flag */
    const char *help;
    const char *const *choices; /* NULL-terminated */
    uint64_t min, max;
};

struct sp_option_table {
    const struct sp_option *rows;
    size_t n_rows;
};

/* What is not an option. `rest` is what stands behind "--", NULL where there is none. */
struct sp_operands {
    const char **items;
    size_t n_items;
    const char *const *rest;
    size_t n_rest;
};

/* Reads argv (argv[0] is skipped) into *ret by both tables; words and operands may be mixed. Strings are argv's, lists are
 * freed by sp_args_free. SP_EINVALID_REQUEST says which word is wrong. */
int sp_args_parse(int argc, char *const *argv, const struct sp_option_table *tables, size_t n_tables, void *ret,
    struct sp_operands *ret_operands, struct sp_error *error);
void sp_args_free(const struct sp_option_table *tables, size_t n_tables, void *values, struct sp_operands *operands);

/* The tables' rows for a help text. */
void sp_args_help(FILE *file, const struct sp_option_table *tables, size_t n_tables);

#endif
