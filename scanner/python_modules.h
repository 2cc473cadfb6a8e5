#ifndef SP_SCANNER_PYTHON_MODULES_H
#define SP_SCANNER_PYTHON_MODULES_H

/* What is known of Python's modules by name. Any thread; tables only. */

#include <stdbool.h>

#include "proto/str.h"

/* The module that a private twin stands for ("posix" is "os", "_socket" is "socket"); others are themselves. */
struct sp_str sp_python_modules_twin(struct sp_str module);

/* Does a rule that names `rule` speak of `module`? Itself, what lies under it, and its private twins. */
bool sp_python_modules_cover(struct sp_str rule, struct sp_str module);

#endif
