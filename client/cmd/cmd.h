#ifndef SP_CLIENT_CMD_H
#define SP_CLIENT_CMD_H

/* What the commands share: their table, the options that all have, and how trouble is told. */

#include "client/cmd/cmd_args.h"
#include "client/cmd/out_text.h"
#include "client/sallyport.h"
#include "proto/scope.h"

/* Exit statuses that are not a command's own. */
enum sp_exit {
    SP_EXIT_BLOCKED = 1, /* scan: something blocks; policy: not valid, or not there */
    SP_EXIT_TROUBLE = 2, /* scan, and wrong usage of the others */
    SP_EXIT_TIMED_OUT = 124,
    SP_EXIT_SERVICE = 125, /* trouble in Sallyport */
    SP_EXIT_REFUSED = 126,
    SP_EXIT_CANCELLED = 130,
    SP_EXIT_SIGNAL = 128,
    SP_EXIT_KILLED = 137
};

/* The first member of every command's options. */
struct sp_common {
    const char *socket;
    bool no_autostart;
    bool help;
    int colour; /* enum sp_colour_choice */
};

struct sp_invocation {
    const struct sp_command *command;
    const void *options; /* the command's struct */
    const struct sp_common *common;
    const struct sp_operands *operands;
};

struct sp_command {
    const char *name, *synopsis, *summary;
    struct sp_option_table options;
    size_t size_bytes; /* of its struct */
    int trouble;       /* exit status where the command line is wrong */
    int (*run)(const struct sp_invocation *invocation);
};

extern const struct sp_command sp_cmd_run, sp_cmd_scan, sp_cmd_explain, sp_cmd_policy, sp_cmd_status, sp_cmd_reload;

/* "sallyport: …" on standard error; what came from elsewhere is escaped. Return status, for `return sp_cmd_fail(…)`. */
int sp_cmd_fail(const struct sp_invocation *invocation, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for wrong usage: names the help. Returns the command's trouble status. */
int sp_cmd_misused(const struct sp_invocation *invocation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A service's or the library's error. policy_file: whose text an error of a policy is about; NULL for none. */
int sp_cmd_fail_error(
    const struct sp_invocation *invocation, int status, const char *policy_file, const struct sallyport_error *error);

/* Connects as the common options say. */
int sp_cmd_open(const struct sp_invocation *invocation, sallyport **ret_service, struct sallyport_error *error);

/* Flushes standard output; a failure is told. Returns status, or trouble's. */
int sp_cmd_finish(const struct sp_invocation *invocation, int status, int trouble);

SP_CLEANUP_DEFINE(sallyport *, sallyport_close)
SP_CLEANUP_DEFINE(sallyport_value *, sallyport_free)

#endif
