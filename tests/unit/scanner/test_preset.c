#include "scanner/policy.h"

#include "tests/unit/scanner/scan_fixture.h"

Test(preset, default_blocks_nothing)
{
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    cr_assert(sp_preset_model(SP_PRESET_DEFAULT, &model, &error) == 0, "%s", error.text);
    cr_assert(model->threshold == SP_SEVERITY_SAFE && model->languages == 0);
    cr_assert_eq(model->n_warnings, 0);
    sp_policy_model_free(model);
    cr_assert(sp_preset_model("no-such", &model, &error) == SP_EUNKNOWN_POLICY);
}
