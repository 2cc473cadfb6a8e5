/* explain: what the scanner sees in a source. Loop thread; the work is vet's. */
#include "daemon/vet.h"

int sp_method_explain(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_explain *params = request->params;
    const struct sp_vet_source source = {.code = params->code, .language = params->language};
    return sp_vet_start(request, &source, params->policy, 0, true, error);
}
