#include <criterion/criterion.h>

#include "proto/method.h"

Test(method, each_is_found_by_its_name)
{
    for (int i = 0; i < SP_METHOD_COUNT; i++)
        cr_assert_eq(sp_method_find(sp_str_of(sp_methods[i].name)), i);
    cr_assert_eq(sp_method_find(SP_STR("Scan")), -1);
    cr_assert_eq(sp_method_find(SP_STR("")), -1);
}

static void check_table(const struct sp_table *table)
{
    cr_assert_leq(table->n_fields, 64, "the decoder keeps a bit a field");
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sp_field *field = &table->fields[i];
        cr_assert_lt(field->offset, table->size_bytes);
        if (field->table)
            check_table(field->table);
    }
}

Test(method, every_table_fits_the_decoder)
{
    for (int i = 0; i < SP_METHOD_COUNT; i++)
        check_table(sp_methods[i].params);
    check_table(&sp_params_cancel_table);
}

Test(method, only_hello_asks_for_no_right)
{
    for (int i = 0; i < SP_METHOD_COUNT; i++)
        cr_assert_eq(sp_methods[i].right == SP_RIGHT_NONE, i == SP_METHOD_HELLO, "%s", sp_methods[i].name);
}

Test(method, limits_have_a_row_each_in_the_order_of_the_struct)
{
    cr_assert_eq(sp_limits_table.n_fields * sizeof(uint64_t), sizeof(struct sp_limits));
    size_t i = 0;
#define X(member, label, standard, ceiling, unit, holder)                                                              \
    cr_assert_str_eq(sp_limits_table.fields[i].name, label);                                                           \
    cr_assert_eq(sp_limits_table.fields[i].type == SP_FIELD_MILLI, (unit) == 1000, label);                             \
    cr_assert_str_eq(sp_limit_rows[SP_LIMIT_##member].name, label);                                                    \
    cr_assert_eq(sp_limits_table.fields[i++].offset, offsetof(struct sp_limits, member));
    SP_RUN_LIMITS(X)
#undef X
}

Test(method, rights_have_names)
{
    cr_assert_str_eq(sp_right_name(SP_RIGHT_RUN), "run");
    cr_assert_str_eq(sp_right_name(SP_RIGHT_RUN | SP_RIGHT_SCAN), "none");
}
