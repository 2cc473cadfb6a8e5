/* Prints sallyportd.yaml(5) from the rows of the configuration's table, so that the page cannot lag behind the code. A build
 * tool: never installed, never linked into the daemon. */
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "proto/manual/page.h"

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
                           "A private daemon reads\n"
                           ".Pa ~/.config/sallyport/sallyportd.yaml\n"
                           "instead, see\n"
                           ".Xr sallyportd 8 .\n"
                           ".Nm sallyportd Fl -check-config\n"
                           "says what is wrong and where:\n"
                           ".Dl sallyportd.yaml:7:3: bounds.connections: must be between 1 and 1000000\n"
                           ".Pp\n"
                           "It must be a regular file of root's or of who starts the daemon, and nobody else may write "
                           "to it; the same holds for the operator's policies and their folder, for the audit file, "
                           "which must also have a single name, and, but for the sticky bit, for the socket's folder, "
                           "where root's or the daemon's user is meant.\n"
                           "Else the daemon does not start, and says what to change.\n"
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
    ".Sy session\n"
    "and\n"
    ".Sy exec\n"
    "are not in use yet: no method needs them.\n"
    "Without any rule root, and the user who started the daemon, have all rights, and the members of the socket's "
    "group\n"
    ".Sy scan\n"
    "and\n"
    ".Sy run .\n"
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
    ".Xr sallyport-rpc 7 ,\n"
    ".Xr sallyportd 8\n";

static const struct sp_limits *limits_of(const struct sp_table *table, const struct sp_field *field)
{
    static struct sp_limits usual, most;
    usual = sp_limits_default();
    most = sp_limits_ceiling();
    if (table != &sp_config_table)
        return NULL;
    return strcmp(field->name, "limits") == 0 ? &usual : strcmp(field->name, "ceilings") == 0 ? &most : NULL;
}

int main(void)
{
    fputs(head, stdout);
    sp_page_table(&sp_config_table, limits_of);
    fputs(tail, stdout);
    return ferror(stdout) ? 1 : 0;
}
