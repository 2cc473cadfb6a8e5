/* What is known of Python's modules by name. Any thread; tables only. */
#include "scanner/python_modules.h"

#include <string.h>

static const struct {
    const char *name, *module;
} twins[] = {
    {"_abc", "abc"},
    {"_ast", "ast"},
    {"_asyncio", "asyncio"},
    {"_bisect", "bisect"},
    {"_blake2", "hashlib"},
    {"_bootsubprocess", "subprocess"},
    {"_bz2", "bz2"},
    {"_codecs", "codecs"},
    {"_collections", "collections"},
    {"_collections_abc", "collections"},
    {"_compat_pickle", "pickle"},
    {"_contextvars", "contextvars"},
    {"_crypt", "crypt"},
    {"_csv", "csv"},
    {"_ctypes", "ctypes"},
    {"_curses", "curses"},
    {"_curses_panel", "curses"},
    {"_datetime", "datetime"},
    {"_dbm", "dbm"},
    {"_decimal", "decimal"},
    {"_elementtree", "xml.etree.ElementTree"},
    {"_frozen_importlib", "importlib"},
    {"_frozen_importlib_external", "importlib"},
    {"_functools", "functools"},
    {"_gdbm", "dbm"},
    {"_hashlib", "hashlib"},
    {"_heapq", "heapq"},
    {"_imp", "importlib"},
    {"_io", "io"},
    {"_json", "json"},
    {"_locale", "locale"},
    {"_lsprof", "cProfile"},
    {"_lzma", "lzma"},
    {"_md5", "hashlib"},
    {"_multiprocessing", "multiprocessing"},
    {"_opcode", "opcode"},
    {"_operator", "operator"},
    {"_pickle", "pickle"},
    {"_posixshmem", "multiprocessing"},
    {"_posixsubprocess", "subprocess"},
    {"_py_abc", "abc"},
    {"_pydatetime", "datetime"},
    {"_pydecimal", "decimal"},
    {"_pyio", "io"},
    {"_queue", "queue"},
    {"_random", "random"},
    {"_sha1", "hashlib"},
    {"_sha2", "hashlib"},
    {"_sha256", "hashlib"},
    {"_sha3", "hashlib"},
    {"_sha512", "hashlib"},
    {"_signal", "signal"},
    {"_sitebuiltins", "site"},
    {"_socket", "socket"},
    {"_sqlite3", "sqlite3"},
    {"_sre", "re"},
    {"_ssl", "ssl"},
    {"_stat", "stat"},
    {"_statistics", "statistics"},
    {"_string", "string"},
    {"_strptime", "time"},
    {"_struct", "struct"},
    {"_symtable", "symtable"},
    {"_thread", "threading"},
    {"_threading_local", "threading"},
    {"_tkinter", "tkinter"},
    {"_tokenize", "tokenize"},
    {"_tracemalloc", "tracemalloc"},
    {"_uuid", "uuid"},
    {"_warnings", "warnings"},
    {"_weakref", "weakref"},
    {"_weakrefset", "weakref"},
    {"_winapi", "subprocess"},
    {"_winreg", "winreg"},
    {"_zoneinfo", "zoneinfo"},
    {"nt", "os"},
    {"posix", "os"},
    {"pyexpat", "xml.parsers.expat"},
};

static const char *const builtins[] = {
#define BUILTIN(name) name,
#include "scanner/python_reexports.inc"
#undef BUILTIN
};

static const char *const known[] = {
#define MODULE(name) name,
#include "scanner/python_reexports.inc"
#undef MODULE
};

static const struct {
    const char *path, *module;
} reexports[] = {
#define REEXPORT(path, module) {path, module},
#include "scanner/python_reexports.inc"
#undef REEXPORT
};

static const char *const shadows[] = {
#define STAR(name) name,
#include "scanner/python_reexports.inc"
#undef STAR
};

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MARKS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

static const struct {
    const char *path, *text;
} constants[] = {
    {"string.ascii_letters", LOWER UPPER},
    {"string.ascii_lowercase", LOWER},
    {"string.ascii_uppercase", UPPER},
    {"string.digits", "0123456789"},
    {"string.hexdigits", "0123456789abcdefABCDEF"},
    {"string.octdigits", "01234567"},
    {"string.printable", "0123456789" LOWER UPPER MARKS " \t\n\r\x0b\x0c"},
    {"string.punctuation", MARKS},
};

const struct sp_sorted sp_python_modules_tables[SP_PYTHON_MODULES_TABLES] = {
    [SP_PYTHON_MODULES_TWINS] = SP_SORTED(twins),
    [SP_PYTHON_MODULES_BUILTINS] = SP_SORTED(builtins),
    [SP_PYTHON_MODULES_KNOWN] = SP_SORTED(known),
    [SP_PYTHON_MODULES_REEXPORTS] = SP_SORTED(reexports),
    [SP_PYTHON_MODULES_SHADOWS] = SP_SORTED(shadows),
    [SP_PYTHON_MODULES_CONSTANTS] = SP_SORTED(constants),
};

static const void *find(enum sp_python_modules_table table, struct sp_str text)
{
    return sp_sorted_find_text(&sp_python_modules_tables[table], text);
}

struct sp_str sp_python_modules_twin(struct sp_str module)
{
    const char *dot = module.n_bytes ? memchr(module.ptr, '.', module.n_bytes) : NULL;
    struct sp_str first = {module.ptr, dot ? (size_t)(dot - module.ptr) : module.n_bytes};
    const char *const *row = find(SP_PYTHON_MODULES_TWINS, first);
    return row ? sp_str_of(row[1]) : module;
}

bool sp_python_modules_is_builtin(struct sp_str name)
{
    return find(SP_PYTHON_MODULES_BUILTINS, name);
}

bool sp_python_modules_is_known(struct sp_str module)
{
    return find(SP_PYTHON_MODULES_KNOWN, module);
}

struct sp_str sp_python_modules_reexport(struct sp_str path)
{
    const char *const *row = find(SP_PYTHON_MODULES_REEXPORTS, path);
    return sp_str_of(row ? row[1] : NULL);
}

struct sp_str sp_python_modules_constant(struct sp_str path)
{
    const char *const *row = find(SP_PYTHON_MODULES_CONSTANTS, path);
    return sp_str_of(row ? row[1] : NULL);
}

bool sp_python_modules_shadows(struct sp_str module_and_name)
{
    return find(SP_PYTHON_MODULES_SHADOWS, module_and_name);
}

static bool lies_under(struct sp_str rule, struct sp_str module)
{
    return module.n_bytes >= rule.n_bytes && memcmp(module.ptr, rule.ptr, rule.n_bytes) == 0 &&
           (module.n_bytes == rule.n_bytes || module.ptr[rule.n_bytes] == '.');
}

bool sp_python_modules_cover(struct sp_str rule, struct sp_str module)
{
    return lies_under(rule, module) || lies_under(rule, sp_python_modules_twin(module));
}
