/* The table of methods and the tables of their parameters. Any thread; constant. */
#include "proto/method.h"

const char *const sp_right_names[SP_RIGHT_COUNT + 1] = {
#define X(id, name) name,
    SP_RIGHTS(X)
#undef X
};

const char *sp_right_name(unsigned right)
{
    for (int i = 0; i < SP_RIGHT_COUNT; i++)
        if (right == 1u << i)
            return sp_right_names[i];
    return "none";
}

const struct sp_method sp_methods[SP_METHOD_COUNT] = {
#define X(id, function, n, r, p, work)                                                                                 \
    [SP_METHOD_##id] = {.name = n, .right = SP_RIGHT_##r, .params = &sp_params_##p##_table, .is_work = work},
    SP_METHODS(X)
#undef X
};

int sp_method_find(struct sp_str name)
{
    for (int i = 0; i < SP_METHOD_COUNT; i++)
        if (sp_str_is(name, sp_methods[i].name))
            return i;
    return -1;
}
