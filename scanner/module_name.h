#ifndef SP_SCANNER_MODULE_NAME_H
#define SP_SCANNER_MODULE_NAME_H

/* How the name of a module in a policy is spelled: so that a rule which can never match is not taken for a defence. */

#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"
#include "proto/str.h"

/* The name as rules of these languages (a bit each) look for it, in the arena. Where there is only one it is brought into
 * the form in which that one compares names. SP_EINVALID_POLICY for what can never match there, whatever
 * the languages for blanks and the like; SP_ENO_MEMORY, SP_ETOO_LARGE from the arena. */
int sp_module_name_normal(
    uint32_t languages, struct sp_str name, struct sp_arena *arena, struct sp_str *ret_name, struct sp_error *error);

/* Why a name may never match, though perhaps in some language: a sentence's end; NULL: no doubt. */
const char *sp_module_name_doubt(uint32_t languages, struct sp_str name);

#endif
