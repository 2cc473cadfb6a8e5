/* `sallyport reload`: the operator has the service read its configuration and policies again. One thread. */
#include "client/cmd/cmd.h"

static int run(const struct sp_invocation *invocation)
{
    if (invocation->operands->n_items || invocation->operands->rest)
        return sp_cmd_misused(invocation, "nothing is expected behind it");
    sp_cleanup(sallyport_close_scope) sallyport *service = NULL;
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    struct sallyport_error error;
    if (sp_cmd_open(invocation, &service, &error) < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, NULL, &error);
    if (sallyport_reload(service, &answer, &error) < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_TROUBLE, NULL, &error);
    return 0;
}

const struct sp_command sp_cmd_reload = {
    .name = "reload",
    .synopsis = "",
    .summary = "Have the service read its configuration and policies again",
    .size_bytes = sizeof(struct sp_common),
    .trouble = SP_EXIT_TROUBLE,
    .run = run,
};
