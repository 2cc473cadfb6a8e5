/* The functions of Python that import, evaluate, reach members by name, or hand on what they are given. Any thread; a table
 * only. */
#include "scanner/resolve_python_action.h"

#include <string.h>

static const struct sp_python_action_row rows[] = {
    {"__import__", "name", SP_PYTHON_ACTION_IMPORT_TOP},
    {"atexit.register", NULL, SP_PYTHON_ACTION_SAME},
    {"bdb.Bdb", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"builtins.__getitem__", NULL, SP_PYTHON_ACTION_BUILTINS_ITEM},
    {"builtins.get", NULL, SP_PYTHON_ACTION_BUILTINS_ITEM},
    {"cProfile.run", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"cProfile.runctx", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"classmethod", NULL, SP_PYTHON_ACTION_SAME},
    {"code.InteractiveConsole", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"code.InteractiveInterpreter", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"code.compile_command", "source", SP_PYTHON_ACTION_COMPILE},
    {"code.interact", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"codeop.compile_command", "source", SP_PYTHON_ACTION_COMPILE},
    {"compile", "source", SP_PYTHON_ACTION_COMPILE},
    {"contextlib.closing", NULL, SP_PYTHON_ACTION_SAME},
    {"contextlib.nullcontext", NULL, SP_PYTHON_ACTION_SAME},
    {"copy.copy", NULL, SP_PYTHON_ACTION_SAME},
    {"copy.deepcopy", NULL, SP_PYTHON_ACTION_SAME},
    {"dataclasses._create_fn", "function made from text", SP_PYTHON_ACTION_DYNAMIC},
    {"dict", NULL, SP_PYTHON_ACTION_DICT},
    {"doctest.DocTestParser", "evaluation of what stands in texts", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.run_docstring_examples", "evaluation of what stands in texts", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.testfile", "evaluation of what stands in texts", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.testmod", "evaluation of what stands in texts", SP_PYTHON_ACTION_DYNAMIC},
    {"eval", "source", SP_PYTHON_ACTION_EVALUATE},
    {"exec", "source", SP_PYTHON_ACTION_EVALUATE},
    {"filter", NULL, SP_PYTHON_ACTION_MAP},
    {"functools.cache", NULL, SP_PYTHON_ACTION_SAME},
    {"functools.lru_cache", NULL, SP_PYTHON_ACTION_SAME},
    {"functools.partial", NULL, SP_PYTHON_ACTION_PARTIAL},
    {"functools.partialmethod", NULL, SP_PYTHON_ACTION_PARTIAL},
    {"functools.reduce", NULL, SP_PYTHON_ACTION_REDUCE},
    {"gc.get_objects", "walk over all objects (gc)", SP_PYTHON_ACTION_DYNAMIC},
    {"gc.get_referents", "walk over all objects (gc)", SP_PYTHON_ACTION_DYNAMIC},
    {"gc.get_referrers", "walk over all objects (gc)", SP_PYTHON_ACTION_DYNAMIC},
    {"getattr", NULL, SP_PYTHON_ACTION_GETATTR},
    {"globals", NULL, SP_PYTHON_ACTION_GLOBALS},
    {"imp.find_module", "name", SP_PYTHON_ACTION_FIND},
    {"imp.load_compiled", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.load_dynamic", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.load_module", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.load_source", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.__import__", "name", SP_PYTHON_ACTION_IMPORT_TOP},
    {"importlib._bootstrap.__import__", "name", SP_PYTHON_ACTION_IMPORT_TOP},
    {"importlib._bootstrap._gcd_import", "name", SP_PYTHON_ACTION_IMPORT},
    {"importlib._gcd_import", "name", SP_PYTHON_ACTION_IMPORT},
    {"importlib.find_loader", "name", SP_PYTHON_ACTION_FIND},
    {"importlib.import_module", "name", SP_PYTHON_ACTION_IMPORT},
    {"importlib.machinery.BuiltinImporter.find_spec", "fullname", SP_PYTHON_ACTION_FIND},
    {"importlib.machinery.BuiltinImporter.load_module", "fullname", SP_PYTHON_ACTION_IMPORT},
    {"importlib.machinery.ExtensionFileLoader", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.machinery.FileFinder", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.machinery.FrozenImporter.load_module", "fullname", SP_PYTHON_ACTION_IMPORT},
    {"importlib.machinery.PathFinder.find_spec", "fullname", SP_PYTHON_ACTION_FIND},
    {"importlib.machinery.SourceFileLoader", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.machinery.SourcelessFileLoader", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.util.find_spec", "name", SP_PYTHON_ACTION_FIND},
    {"importlib.util.spec_from_file_location", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"inspect.Signature.from_callable", NULL, SP_PYTHON_ACTION_ANNOTATIONS},
    {"inspect.get_annotations", NULL, SP_PYTHON_ACTION_ANNOTATIONS},
    {"inspect.getattr_static", NULL, SP_PYTHON_ACTION_GETATTR},
    {"inspect.getmembers", NULL, SP_PYTHON_ACTION_MEMBERS},
    {"inspect.getmembers_static", NULL, SP_PYTHON_ACTION_MEMBERS},
    {"inspect.signature", NULL, SP_PYTHON_ACTION_ANNOTATIONS},
    {"itertools.starmap", NULL, SP_PYTHON_ACTION_MAP},
    {"locals", NULL, SP_PYTHON_ACTION_GLOBALS},
    {"logging.config.dictConfig", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.fileConfig", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"map", NULL, SP_PYTHON_ACTION_MAP},
    {"marshal.loads", "code made from bytes", SP_PYTHON_ACTION_DYNAMIC_CONSTANT},
    {"object.__getattribute__", NULL, SP_PYTHON_ACTION_GETATTR},
    {"object.__setattr__", NULL, SP_PYTHON_ACTION_SETATTR},
    {"operator.attrgetter", NULL, SP_PYTHON_ACTION_ATTRGETTER},
    {"operator.getitem", NULL, SP_PYTHON_ACTION_GETITEM},
    {"operator.methodcaller", NULL, SP_PYTHON_ACTION_METHODCALLER},
    {"pdb.Pdb", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.run", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"pdb.runctx", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"pdb.runeval", "expression", SP_PYTHON_ACTION_EVALUATE},
    {"pickle.loads", "objects made from bytes", SP_PYTHON_ACTION_DYNAMIC_CONSTANT},
    {"pkgutil.find_loader", "fullname", SP_PYTHON_ACTION_FIND},
    {"pkgutil.get_loader", "module_or_name", SP_PYTHON_ACTION_FIND},
    {"pkgutil.resolve_name", "name", SP_PYTHON_ACTION_FIND},
    {"profile.run", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"profile.runctx", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"pydoc.locate", "path", SP_PYTHON_ACTION_FIND},
    {"pydoc.safeimport", "path", SP_PYTHON_ACTION_IMPORT},
    {"runpy._run_module_as_main", "mod_name", SP_PYTHON_ACTION_FIND},
    {"runpy.run_module", "mod_name", SP_PYTHON_ACTION_FIND},
    {"runpy.run_path", "run of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"setattr", NULL, SP_PYTHON_ACTION_SETATTR},
    {"site.addpackage", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"site.addsitedir", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"staticmethod", NULL, SP_PYTHON_ACTION_SAME},
    {"sys.meta_path.append", "import by a finder of the program's own", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.meta_path.insert", "import by a finder of the program's own", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.modules.__getitem__", NULL, SP_PYTHON_ACTION_SYS_MODULES},
    {"sys.modules.get", NULL, SP_PYTHON_ACTION_SYS_MODULES},
    {"sys.modules.items", "walk over all modules", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.modules.pop", NULL, SP_PYTHON_ACTION_SYS_MODULES},
    {"sys.modules.setdefault", NULL, SP_PYTHON_ACTION_SYS_MODULES},
    {"sys.modules.values", "walk over all modules", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.path.append", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.path.extend", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.path.insert", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.path_hooks.append", "import by a finder of the program's own", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.path_hooks.insert", "import by a finder of the program's own", SP_PYTHON_ACTION_DYNAMIC},
    {"timeit.Timer", "stmt", SP_PYTHON_ACTION_EVALUATE_TWO},
    {"timeit.repeat", "stmt", SP_PYTHON_ACTION_EVALUATE_TWO},
    {"timeit.timeit", "stmt", SP_PYTHON_ACTION_EVALUATE_TWO},
    {"trace.Trace", "evaluation of what a tracer is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"trace.Trace.run", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"types.FunctionType", "function made from a code object", SP_PYTHON_ACTION_DYNAMIC},
    {"types.SimpleNamespace", NULL, SP_PYTHON_ACTION_NAMESPACE},
    {"typing.ForwardRef", "arg", SP_PYTHON_ACTION_EVALUATE},
    {"typing.cast", NULL, SP_PYTHON_ACTION_SAME_SECOND},
    {"typing.get_type_hints", "evaluation of annotations", SP_PYTHON_ACTION_DYNAMIC},
    {"vars", NULL, SP_PYTHON_ACTION_VARS},
    {"warnings.catch_warnings", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"zipimport.zipimporter", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
};

const struct sp_sorted sp_resolve_python_action_table = SP_SORTED(rows);

const struct sp_python_action_row *sp_resolve_python_action_find(struct sp_str name)
{
    return sp_sorted_find_text(&sp_resolve_python_action_table, name);
}

bool sp_resolve_python_action_is_sink(const struct sp_python_value *value)
{
    if (value && value->kind == SP_PYTHON_VALUE_PARTIAL && value->n_items)
        return sp_resolve_python_action_is_sink(value->items[0]);
    const struct sp_python_action_row *row =
        value && value->kind == SP_PYTHON_VALUE_PATH ? sp_resolve_python_action_find(value->text) : NULL;
    if (!row)
        return false;
    switch (row->action) {
    case SP_PYTHON_ACTION_COMPILE:
    case SP_PYTHON_ACTION_EVALUATE:
    case SP_PYTHON_ACTION_EVALUATE_TWO:
    case SP_PYTHON_ACTION_FIND:
    case SP_PYTHON_ACTION_IMPORT:
    case SP_PYTHON_ACTION_IMPORT_TOP: return true;
    default: return false;
    }
}

void sp_resolve_python_action_tell_operator(struct sp_python_resolver *resolver, struct sp_str name,
    const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    bool called = name.n_bytes > 4 && memcmp(name.ptr, "__", 2) == 0 && sp_str_ends(name, SP_STR("__")) &&
                  !sp_str_is(name, "__import__");
    for (uint8_t i = 0; called && i < set->n_items; i++)
        if (sp_resolve_python_action_is_sink(set->items[i])) {
            sp_resolve_python_emit_dynamic(resolver, "import or evaluation behind an operator", start, end);
            return;
        }
}

void sp_resolve_python_action_hide(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    for (uint8_t i = 0; i < set->n_items; i++)
        if (set->items[i]->kind == SP_PYTHON_VALUE_PATH && sp_str_is(set->items[i]->text, "sys.modules"))
            sp_resolve_python_emit_dynamic(resolver, "all modules, by a way that is not followed", start, end);
}

void sp_resolve_python_action_escape(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    for (uint8_t i = 0; i < set->n_items; i++)
        if (sp_resolve_python_action_is_sink(set->items[i])) {
            sp_resolve_python_emit_dynamic(resolver, "import or evaluation that gets out of sight", start, end);
            return;
        }
    sp_resolve_python_action_hide(resolver, set, start, end);
}
