#include <criterion/criterion.h>

#include "scanner/scanner.h"

Test(names, every_value_has_one)
{
    for (int i = 0; i < SP_SEVERITY_COUNT; i++)
        cr_assert_not_null(sp_severity_name(i), "%d", i);
    for (int i = 0; i < SP_FINDING_COUNT; i++)
        cr_assert_not_null(sp_finding_kind_name(i), "%d", i);
    for (int i = 0; i < SP_VIA_COUNT; i++)
        cr_assert_not_null(sp_via_name(i), "%d", i);
}

Test(names, other_values_have_none)
{
    cr_assert_null(sp_severity_name(SP_SEVERITY_COUNT));
    cr_assert_null(sp_finding_kind_name(SP_FINDING_COUNT));
    cr_assert_null(sp_via_name(-1));
}

Test(names, vias_rise_in_strength)
{
    static const char *const order[] = {"direct", "call", "alias", "folded", "evaluated", "limit"};
    for (int i = 0; i < SP_VIA_COUNT; i++)
        cr_assert_str_eq(sp_via_name(i), order[i]);
}
