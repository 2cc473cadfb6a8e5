/* Stores into what Python imports by: its lists, its caches, the members of its importer. A program that changes them has an
 * ordinary import run what nobody judged. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/python_modules.h"

static bool is_one_of(struct sp_str text, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (sp_str_is(text, names[i]))
            return true;
    return false;
}

/* "importlib" and what lies under it. */
static bool lies_under(struct sp_str text, const char *name)
{
    struct sp_str top = sp_str_of(name);
    return text.n_bytes >= top.n_bytes && sp_str_equal((struct sp_str){text.ptr, top.n_bytes}, top) &&
           (text.n_bytes == top.n_bytes || text.ptr[top.n_bytes] == '.');
}

bool sp_resolve_python_store_is_source(const struct sp_python_value *value)
{
    static const char *const names[] = {
        "sys.meta_path", "sys.modules", "sys.path", "sys.path_hooks", "sys.path_importer_cache"};
    return value && value->kind == SP_PYTHON_VALUE_PATH &&
           (is_one_of(value->text, names, sizeof(names) / sizeof(names[0])) ||
               sp_str_ends(value->text, SP_STR(".__path__")) ||
               sp_str_ends(value->text, SP_STR(".submodule_search_locations")));
}

bool sp_resolve_python_store_changes(struct sp_str method)
{
    static const char *const names[] = {"__iadd__", "__init__", "__ior__", "__setitem__", "append", "extend", "iadd",
        "iconcat", "insert", "insort", "ior", "setdefault", "setitem", "update"};
    size_t n = method.n_bytes;
    while (n > 0 && method.ptr[n - 1] != '.')
        n--;
    return is_one_of((struct sp_str){method.ptr + n, method.n_bytes - n}, names, sizeof(names) / sizeof(names[0]));
}

void sp_resolve_python_store_tell(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, uint32_t start, uint32_t end)
{
    if (sp_resolve_python_store_is_source(value))
        sp_resolve_python_emit_dynamic(resolver, "module path that the program changes", start, end);
}

void sp_resolve_python_store_member(struct sp_python_resolver *resolver, const struct sp_python_value *owner,
    struct sp_str name, uint32_t start, uint32_t end)
{
    static const char *const importers[] = {"_frozen_importlib", "_frozen_importlib_external", "codecs", "encodings",
        "importlib", "io", "_io", "zipimport"};
    static const char *const sources[] = {"meta_path", "modules", "path", "path_hooks", "path_importer_cache"};
    bool space = owner->kind == SP_PYTHON_VALUE_NAMESPACE;
    if ((owner->kind != SP_PYTHON_VALUE_PATH && !space) || owner->text.n_bytes == 0)
        return;
    if (sp_str_is(owner->text, "__main__"))
        sp_resolve_python_keep_set(resolver, name);
    bool known = name.ptr != NULL, told = false;
    if (sp_str_is(owner->text, "sys"))
        told = !known || is_one_of(name, sources, sizeof(sources) / sizeof(sources[0]));
    else if (sp_str_is(owner->text, "builtins"))
        told = !known || sp_python_modules_is_builtin(name);
    for (size_t i = 0; i < sizeof(importers) / sizeof(importers[0]) && !told; i++)
        told = lies_under(owner->text, importers[i]) && !sp_str_is(name, "__module__");
    told = told || (!known && sp_str_is(owner->text, "string")); /* which has constants: scanner/python_modules.c */
    char text[SP_PYTHON_NAME_MAX];
    if (!told && known && owner->text.n_bytes + 1 + name.n_bytes <= sizeof(text)) {
        memcpy(text, owner->text.ptr, owner->text.n_bytes);
        text[owner->text.n_bytes] = '.';
        memcpy(text + owner->text.n_bytes + 1, name.ptr, name.n_bytes);
        told = sp_python_modules_constant((struct sp_str){text, owner->text.n_bytes + 1 + name.n_bytes}).ptr;
    }
    if (told)
        sp_resolve_python_emit_dynamic(
            resolver, "member that imports rest on, and that the program changes", start, end);
}
