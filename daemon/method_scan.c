/* scan: one source, one verdict. Loop thread; the work is vet's. */
#include "daemon/vet.h"

int sp_method_scan(struct sp_request *request, struct sp_error *error)
{
    const struct sp_params_scan *params = request->params;
    const struct sp_vet_source source = {.code = params->code, .language = params->language, .path = params->path};
    return sp_vet_start(request, &source, params->policy, params->max_violations, false, error);
}
