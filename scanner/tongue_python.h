#ifndef SP_SCANNER_TONGUE_PYTHON_H
#define SP_SCANNER_TONGUE_PYTHON_H

/* Python's way of writing literals and modules' names. See struct sp_tongue. Any thread; no state. */

#include "scanner/tongue.h"

extern const struct sp_tongue_literal sp_tongue_python_literal;

/* As the interpreter compares identifiers (NFKC); what is not UTF-8 stays as it is. */
int sp_tongue_python_module_form(
    struct sp_str name, struct sp_arena *arena, struct sp_str *ret_form, struct sp_error *error);
const char *sp_tongue_python_module_refusal(struct sp_str name);

#endif
