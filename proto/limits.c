/* The limits of a run as a table, for those who go through them by number. Any thread; constant. */
#include "proto/limits.h"

const struct sp_limit_row sp_limit_rows[SP_LIMIT_COUNT] = {
#define X(field, name, standard, ceiling, unit, holder) [SP_LIMIT_##field] = {name, standard, ceiling, unit},
    SP_RUN_LIMITS(X)
#undef X
};
