/* What every command does the same way: connecting, and telling trouble. One thread. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/cmd.h"
#include "client/cmd/out_escape.h"

static void __attribute__((format(printf, 2, 0)))
complain(const struct sp_invocation *invocation, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    bool colours = sp_out_text_colours(stderr, (enum sp_colour_choice)invocation->common->colour);
    fflush(stdout);
    sp_out_text_error(stderr, colours, SP_STR("sallyport"), 0, 0, text);
}

int sp_cmd_fail(const struct sp_invocation *invocation, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(invocation, format, args);
    va_end(args);
    return status;
}

int sp_cmd_misused(const struct sp_invocation *invocation, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(invocation, format, args);
    va_end(args);
    fprintf(stderr, "see: sallyport %s --help\n", invocation->command->name);
    return invocation->command->trouble;
}

int sp_cmd_fail_error(
    const struct sp_invocation *invocation, int status, const char *policy_file, const struct sallyport_error *error)
{
    bool is_policy = error->code == SALLYPORT_EINVALID_POLICY || error->code == SALLYPORT_EINVALID_PATTERN;
    if (!policy_file || !is_policy)
        return sp_cmd_fail(invocation, status, "%s: %s", error->name, error->message);
    fflush(stdout);
    sp_out_text_error(stderr, sp_out_text_colours(stderr, (enum sp_colour_choice)invocation->common->colour),
        sp_str_of(policy_file), error->line, error->column, error->message);
    return status;
}

/* A daemon that was installed with us, wherever that was put: ../sbin from our own place. */
static const char *own_daemon(char path[static PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return NULL;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    int length = snprintf(path, PATH_MAX, "%s/../sbin/sallyportd", self);
    return length < PATH_MAX && access(path, X_OK) == 0 ? path : NULL;
}

int sp_cmd_open(const struct sp_invocation *invocation, sallyport **ret_service, struct sallyport_error *error)
{
    char path[PATH_MAX];
    const char *variable = getenv("SALLYPORT_DAEMON");
    struct sallyport_options options = {
        .size = sizeof options,
        .socket_path = invocation->common->socket,
        .client = "sallyport/" SP_VERSION,
        .daemon_path = variable && *variable ? NULL : own_daemon(path),
        .autostart = invocation->common->no_autostart ? SALLYPORT_AUTOSTART_NEVER : SALLYPORT_AUTOSTART_ALLOWED,
    };
    return sallyport_open(&options, ret_service, error);
}

int sp_cmd_finish(const struct sp_invocation *invocation, int status, int trouble)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return sp_cmd_fail(invocation, trouble, "standard output: %s", strerror(errno));
}
