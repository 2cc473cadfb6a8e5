#ifndef SP_DAEMON_ENV_NAME_H
#define SP_DAEMON_ENV_NAME_H

/* Which names of environment a run may set. */

#include <stdbool.h>

#include "proto/decode.h"

/* Names that change what an interpreter or the loader loads: never, whatever the operator allows. name may be a prefix that
 * ends in '*', which is forbidden where all that it stands for is. */
bool sp_env_name_forbidden(struct sp_str name);

/* Is the name well-formed, not forbidden, and on the usual list or the operator's (names, or prefixes that end in '*')? */
bool sp_env_name_allowed(struct sp_str name, struct sp_strings operators);

/* The names that sp_env_name_allowed allows, with commas between, cut where text ends. Returns text. */
const char *sp_env_name_list(struct sp_strings operators, char *text, size_t size);

/* [A-Za-z_][A-Za-z0-9_]* */
bool sp_env_name_valid(struct sp_str name);

#endif
