#ifndef SP_SCANNER_PYTHON_MODULES_H
#define SP_SCANNER_PYTHON_MODULES_H

/* What is known of Python's modules by name. Any thread; tables only. */

#include <stdbool.h>

#include "scanner/sorted.h"

/* The tables that the questions below are answered from: texts, sorted. */
enum sp_python_modules_table {
    SP_PYTHON_MODULES_TWINS,
    SP_PYTHON_MODULES_BUILTINS,
    SP_PYTHON_MODULES_KNOWN,
    SP_PYTHON_MODULES_REEXPORTS,
    SP_PYTHON_MODULES_SHADOWS,
    SP_PYTHON_MODULES_CONSTANTS,
    SP_PYTHON_MODULES_TABLES
};
extern const struct sp_sorted sp_python_modules_tables[SP_PYTHON_MODULES_TABLES];

/* The module that a private twin stands for ("posix" is "os", "_socket" is "socket"); others are themselves. */
struct sp_str sp_python_modules_twin(struct sp_str module);

/* Does a rule that names `rule` speak of `module`? Itself, what lies under it, and its private twins. */
bool sp_python_modules_cover(struct sp_str rule, struct sp_str module);

/* Is it a name of the builtins (3.11's)? */
bool sp_python_modules_is_builtin(struct sp_str name);

/* Is it a module of the standard library, by its whole name? */
bool sp_python_modules_is_known(struct sp_str module);

/* The module that is reached as an attribute of another ("shutil.os" is "os"); ptr NULL: none. */
struct sp_str sp_python_modules_reexport(struct sp_str path);

/* The text that a member of a module is ("string.digits"); ptr NULL: not known. */
struct sp_str sp_python_modules_constant(struct sp_str path);

/* Does `from module import *` take this name from the builtins ("os.open")? */
bool sp_python_modules_shadows(struct sp_str module_and_name);

#endif
