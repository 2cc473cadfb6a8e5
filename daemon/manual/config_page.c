/* Prints sallyportd.yaml(5) from the rows of the configuration's table, so that the page cannot lag behind the code. A build
 * tool: never installed, never linked into the daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"

/* A bound that is there for arithmetic alone. */
#define ENDLESS (UINT64_MAX / 4)

static const char head[] = ".Dd November 24, 2026\n"
                           ".Dt SALLYPORTD.YAML 5\n"
                           ".Os\n"
                           ".Sh NAME\n"
                           ".Nm sallyportd.yaml\n"
                           ".Nd configuration of the Sallyport daemon\n"
                           ".Sh DESCRIPTION\n"
                           "The file\n"
                           ".Pa " SP_CONFIG_PATH "\n"
                           "is YAML: the core schema of version 1.2, in one document, without anchors, tags, merge "
                           "keys, doubled or unknown keys.\n"
                           "All of it is optional, the file itself included.\n"
                           ".Nm sallyportd Fl -check-config\n"
                           "says what is wrong and where:\n"
                           ".Dl sallyportd.yaml:7:3: bounds.connections: must be between 1 and 1000000\n"
                           ".Pp\n"
                           "On SIGHUP, and by the method\n"
                           ".Sy reload ,\n"
                           "the daemon reads the file again.\n"
                           "A file with an error changes nothing.\n"
                           "Keys that only a restart can change are named in the log.\n"
                           ".Sh KEYS\n"
                           "A key within a key is written below it, indented.\n"
                           "Sizes are bytes, times milliseconds, as the names say.\n";

static const char tail[] =
    ".Sh RIGHTS\n"
    "A rule of\n"
    ".Ic access\n"
    "gives its\n"
    ".Ic rights\n"
    "to the users and to the members of the groups that it names; the rights of all rules that fit add up.\n"
    "Rights are\n"
    ".Sy scan\n"
    "(scan, scan_batch, explain, and policies inside a request),\n"
    ".Sy policy\n"
    "(put and remove policies),\n"
    ".Sy run ,\n"
    ".Sy session ,\n"
    ".Sy exec ,\n"
    "and\n"
    ".Sy operate\n"
    "(stats, reload, drain).\n"
    "Who a peer is comes from the kernel, once, when it connects.\n"
    "The overflow user (65534, often called nobody) and group stand for everybody whom a user namespace does not map; "
    "no\n"
    "rule gives them rights.\n"
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa " SP_CONFIG_PATH "\n"
    ".It Pa " SP_CONFIG_POLICY_DIR "\n"
    "The operator's policies, one\n"
    ".Ar name Ns Pa .yaml\n"
    "each.\n"
    ".El\n"
    ".Sh EXAMPLES\n"
    ".Bd -literal\n"
    "log_level: notice\n"
    "access:\n"
    "  - users: [root]\n"
    "    rights: [scan, policy, run, session, operate]\n"
    "  - groups: [agents]\n"
    "    rights: [scan, run]\n"
    "    ceilings: {wall_ms: 60000, memory_bytes: 536870912}\n"
    "policy:\n"
    "  mandatory: baseline\n"
    "audit:\n"
    "  file: /var/log/sallyport/audit.log\n"
    ".Ed\n"
    ".Sh SEE ALSO\n"
    ".Xr sallyport 1 ,\n"
    ".Xr sallyport-policy 5 ,\n"
    ".Xr sallyportd 8\n";

/* Text that mdoc takes for text: a leading dot or quote, and backslashes, would be requests. */
static void print_text(const char *text)
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

static const char *kind_of(const struct sp_field *field)
{
    switch (field->type) {
    case SP_FIELD_BOOL: return "boolean";
    case SP_FIELD_UINT: return "integer";
    case SP_FIELD_MILLI: return "number";
    case SP_FIELD_STRING:
    case SP_FIELD_BYTES: return "string";
    case SP_FIELD_CHOICE: return "one of the names";
    case SP_FIELD_STRINGS: return "list of strings";
    case SP_FIELD_TABLES: return "list of maps";
    case SP_FIELD_PAIRS:
    case SP_FIELD_TABLE:
    case SP_FIELD_OBJECT: return "map";
    }
    return "value";
}

/* limits: where the field is one of theirs, what is built in. */
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
        if (standard) {
            fputs("; standard ", stdout);
            print_number(field, standard);
        }
    } else if (field->type == SP_FIELD_BOOL) {
        printf("; standard %s", field->standard ? "true" : "false");
    } else if (field->type == SP_FIELD_CHOICE) {
        printf("; standard %s", field->choices[field->standard]);
    }
}

static void print_table(const struct sp_table *table, const struct sp_limits *limits)
{
    const struct sp_limits usual = sp_limits_default(), most = sp_limits_ceiling();
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sp_field *field = &table->fields[i];
        printf(".It Ic %s\n", field->name);
        if (field->help)
            print_text(field->help);
        printf("%s(%s", field->help ? " " : "", kind_of(field));
        print_standard(field, limits);
        puts(")");
        if (field->table)
            print_table(field->table, table != &sp_config_table              ? NULL
                                      : strcmp(field->name, "limits") == 0   ? &usual
                                      : strcmp(field->name, "ceilings") == 0 ? &most
                                                                             : NULL);
    }
    puts(".El");
}

int main(void)
{
    fputs(head, stdout);
    print_table(&sp_config_table, NULL);
    fputs(tail, stdout);
    return ferror(stdout) ? 1 : 0;
}
