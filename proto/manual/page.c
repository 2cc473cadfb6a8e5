/* Fields as mdoc. Build tools only; writes to standard output, whose errors the caller looks at in the end. */
#include "proto/manual/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A bound that is there for arithmetic alone. */
#define ENDLESS (UINT64_MAX / 4)

void sp_page_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++)
        if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
}

static void print_number(const struct sp_field *field, uint64_t value)
{
    if (field->type == SP_FIELD_MILLI)
        printf("%g", (double)value / 1000);
    else
        printf("%" PRIu64, value);
}

static void print_length(const struct sp_field *field)
{
    if (field->min)
        printf("%" PRIu64 " to %" PRIu64 " bytes", field->min, field->max);
    else
        printf("at most %" PRIu64 " bytes", field->max);
}

static void print_choices(const struct sp_field *field)
{
    fputs("one of ", stdout);
    for (size_t i = 0; field->choices[i]; i++)
        printf("%s%s", i ? ", " : "", field->choices[i]);
}

static void print_kind(const struct sp_field *field)
{
    switch (field->type) {
    case SP_FIELD_BOOL: fputs("boolean", stdout); break;
    case SP_FIELD_UINT: fputs("integer", stdout); break;
    case SP_FIELD_MILLI: fputs("number", stdout); break;
    case SP_FIELD_BYTES:
        fputs("bytes, ", stdout);
        print_length(field);
        break;
    case SP_FIELD_STRING:
        fputs("string, ", stdout);
        print_length(field);
        break;
    case SP_FIELD_CHOICE: print_choices(field); break;
    case SP_FIELD_STRINGS:
        printf("list of at most %" PRIu64 " strings, each ", field->n_max);
        print_length(field);
        break;
    case SP_FIELD_PAIRS:
        printf("map of at most %" PRIu64 " strings, each ", field->n_max);
        print_length(field);
        break;
    case SP_FIELD_TABLES: printf("list of at most %" PRIu64 " maps", field->n_max); break;
    case SP_FIELD_TABLE: fputs("map", stdout); break;
    case SP_FIELD_OBJECT: fputs("string or map", stdout); break;
    }
}

static void print_standard(const struct sp_field *field, const struct sp_limits *limits)
{
    uint64_t standard = field->standard;
    if (field->type == SP_FIELD_UINT || field->type == SP_FIELD_MILLI) {
        fputs(", ", stdout);
        print_number(field, field->min);
        if (field->max < ENDLESS) {
            fputs(" to ", stdout);
            print_number(field, field->max);
        } else {
            fputs(" or more", stdout);
        }
        if (limits)
            memcpy(&standard, (const char *)limits + field->offset, sizeof standard);
        if (standard && standard < ENDLESS) {
            fputs("; standard ", stdout);
            print_number(field, standard);
        }
    } else if (field->type == SP_FIELD_BOOL) {
        printf("; standard %s", field->standard ? "true" : "false");
    } else if (field->type == SP_FIELD_CHOICE) {
        printf("; standard %s", field->choices[field->standard]);
    }
}

static void print_table(const struct sp_table *table, sp_page_limits_fn *limits_of, const struct sp_limits *limits)
{
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sp_field *field = &table->fields[i];
        printf(".It Ic %s\n", field->name);
        if (field->help)
            sp_page_text(field->help);
        fputs(field->help ? " (" : "(", stdout);
        print_kind(field);
        if (field->flags & SP_FIELD_REQUIRED)
            fputs("; required", stdout);
        print_standard(field, limits);
        if (field->flags & SP_FIELD_AT_START)
            fputs("; only a new start changes it", stdout);
        puts(")");
        if (field->table)
            print_table(field->table, limits_of, limits_of ? limits_of(table, field) : NULL);
    }
    puts(".El");
}

void sp_page_table(const struct sp_table *table, sp_page_limits_fn *limits_of)
{
    print_table(table, limits_of, NULL);
}

size_t sp_page_count_silent(const struct sp_table *table)
{
    size_t n_silent = 0;
    for (size_t i = 0; i < table->n_fields; i++) {
        n_silent += !table->fields[i].help;
        if (table->fields[i].table)
            n_silent += sp_page_count_silent(table->fields[i].table);
    }
    return n_silent;
}
