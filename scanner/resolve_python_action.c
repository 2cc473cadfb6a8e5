/* The functions of Python that import, evaluate, reach members by name, or hand on what they are given. Any thread; a table
 * only. */
#include "scanner/resolve_python_action.h"

#include <string.h>

#include "scanner/python_modules.h"
#include "scanner/share_python.h"

#define NESTED_DEPTH 2
#define NESTED_MAX   32 /* items that are looked at for what they hold */
#define NESTED_FREE  8  /* at no charge */

static const struct sp_python_action_row rows[] = {
    {"__import__", "name", SP_PYTHON_ACTION_IMPORT_TOP},
    {"_interpreters.exec", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"_interpreters.run_string", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"_xxsubinterpreters.run_string", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"asyncio.__main__.AsyncIOInteractiveConsole", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"atexit.register", NULL, SP_PYTHON_ACTION_SAME},
    {"bdb.Bdb", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"bdb.Tdb", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"bdb.set_trace", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"bdb.test", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"breakpoint", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"builtins.__getitem__", NULL, SP_PYTHON_ACTION_BUILTINS_ITEM},
    {"builtins.get", NULL, SP_PYTHON_ACTION_BUILTINS_ITEM},
    {"cProfile.Profile", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"cProfile.Profile.run", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"cProfile.Profile.runctx", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"cProfile.main", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"cProfile.run", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"cProfile.runctx", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"classmethod", NULL, SP_PYTHON_ACTION_SAME},
    {"code.InteractiveConsole", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"code.InteractiveConsole.interact", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"code.InteractiveInterpreter", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"code.InteractiveInterpreter.runcode", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"code.InteractiveInterpreter.runsource", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
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
    {"distutils.core.run_setup", "run of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.DebugRunner", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.DocFileSuite", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.DocTestParser", "evaluation of what stands in texts", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.DocTestRunner", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.DocTestSuite", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.debug", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.debug_script", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.debug_src", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.run_docstring_examples", "evaluation of what stands in texts", SP_PYTHON_ACTION_DYNAMIC},
    {"doctest.script_from_examples", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
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
    {"idlelib.run.Executive", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.find_module", "name", SP_PYTHON_ACTION_FIND},
    {"imp.load_compiled", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.load_dynamic", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.load_module", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"imp.load_source", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.__import__", "name", SP_PYTHON_ACTION_IMPORT_TOP},
    {"importlib._bootstrap.__import__", "name", SP_PYTHON_ACTION_IMPORT_TOP},
    {"importlib._bootstrap._find_spec", "name", SP_PYTHON_ACTION_FIND},
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
    {"importlib.metadata.EntryPoint", "an object by a name in text", SP_PYTHON_ACTION_DYNAMIC},
    {"importlib.util.find_spec", "name", SP_PYTHON_ACTION_FIND},
    {"importlib.util.spec_from_file_location", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"inspect.Signature.from_callable", NULL, SP_PYTHON_ACTION_ANNOTATIONS},
    {"inspect.get_annotations", NULL, SP_PYTHON_ACTION_ANNOTATIONS},
    {"inspect.getattr_static", NULL, SP_PYTHON_ACTION_GETATTR},
    {"inspect.getclosurevars", "names that another function sees, by a way that is not followed",
        SP_PYTHON_ACTION_DYNAMIC},
    {"inspect.getmembers", NULL, SP_PYTHON_ACTION_MEMBERS},
    {"inspect.getmembers_static", NULL, SP_PYTHON_ACTION_MEMBERS},
    {"inspect.signature", NULL, SP_PYTHON_ACTION_ANNOTATIONS},
    {"interpreters.run_string", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"itertools.starmap", NULL, SP_PYTHON_ACTION_MAP},
    {"locals", NULL, SP_PYTHON_ACTION_GLOBALS},
    {"logging.config.BaseConfigurator", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.ConvertingDict", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.ConvertingList", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.ConvertingTuple", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.DictConfigurator", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config._resolve", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.dictConfig", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.fileConfig", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"logging.config.listen", "objects by names in a configuration", SP_PYTHON_ACTION_DYNAMIC},
    {"map", NULL, SP_PYTHON_ACTION_MAP},
    {"marshal.loads", "code made from bytes", SP_PYTHON_ACTION_DYNAMIC_CONSTANT},
    {"multiprocessing.set_executable", "start of a program", SP_PYTHON_ACTION_DYNAMIC},
    {"multiprocessing.spawn.set_executable", "start of a program", SP_PYTHON_ACTION_DYNAMIC},
    {"object.__getattribute__", NULL, SP_PYTHON_ACTION_GETATTR},
    {"object.__setattr__", NULL, SP_PYTHON_ACTION_SETATTR},
    {"operator.attrgetter", NULL, SP_PYTHON_ACTION_ATTRGETTER},
    {"operator.getitem", NULL, SP_PYTHON_ACTION_GETITEM},
    {"operator.methodcaller", NULL, SP_PYTHON_ACTION_METHODCALLER},
    {"pdb.Pdb", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.help", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.main", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.pm", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.post_mortem", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.run", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"pdb.runcall", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.runctx", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"pdb.runeval", "expression", SP_PYTHON_ACTION_EVALUATE},
    {"pdb.set_trace", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pdb.test", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"pickle.Unpickler", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"pickle.Unpickler.find_class", "import of a computed name", SP_PYTHON_ACTION_DYNAMIC},
    {"pickle._Unpickler", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"pickle._Unpickler.find_class", "import of a computed name", SP_PYTHON_ACTION_DYNAMIC},
    {"pickle._loads", "objects made from bytes", SP_PYTHON_ACTION_DYNAMIC_CONSTANT},
    {"pickle.loads", "objects made from bytes", SP_PYTHON_ACTION_DYNAMIC_CONSTANT},
    {"pkgutil.find_loader", "fullname", SP_PYTHON_ACTION_FIND},
    {"pkgutil.get_loader", "module_or_name", SP_PYTHON_ACTION_FIND},
    {"pkgutil.resolve_name", "name", SP_PYTHON_ACTION_FIND},
    {"profile.Profile", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"profile.Profile.run", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"profile.Profile.runctx", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"profile.main", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"profile.run", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"profile.runctx", "statement", SP_PYTHON_ACTION_EVALUATE},
    {"pydoc.doc", "thing", SP_PYTHON_ACTION_FIND},
    {"pydoc.importfile", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"pydoc.locate", "path", SP_PYTHON_ACTION_FIND},
    {"pydoc.pipepager", "start of a program", SP_PYTHON_ACTION_DYNAMIC},
    {"pydoc.render_doc", "thing", SP_PYTHON_ACTION_FIND},
    {"pydoc.resolve", "thing", SP_PYTHON_ACTION_FIND},
    {"pydoc.safeimport", "path", SP_PYTHON_ACTION_IMPORT},
    {"pydoc.tempfilepager", "start of a program", SP_PYTHON_ACTION_DYNAMIC},
    {"pydoc.writedoc", "thing", SP_PYTHON_ACTION_FIND},
    {"rlcompleter.Completer", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"runpy._run_module_as_main", "mod_name", SP_PYTHON_ACTION_FIND},
    {"runpy.run_module", "mod_name", SP_PYTHON_ACTION_FIND},
    {"runpy.run_path", "run of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"setattr", NULL, SP_PYTHON_ACTION_SETATTR},
    {"site.addpackage", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"site.addsitedir", "module path that the program changes", SP_PYTHON_ACTION_DYNAMIC},
    {"staticmethod", NULL, SP_PYTHON_ACTION_SAME},
    {"string.Formatter", "members of an object by names in text", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.__breakpointhook__", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"sys.breakpointhook", "evaluation of what a debugger is fed", SP_PYTHON_ACTION_DYNAMIC},
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
    {"test.support.import_helper.import_fresh_module", "name", SP_PYTHON_ACTION_IMPORT},
    {"test.support.import_helper.import_module", "name", SP_PYTHON_ACTION_IMPORT},
    {"test.support.run_in_subinterp", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"timeit.Timer", "stmt", SP_PYTHON_ACTION_EVALUATE_TWO},
    {"timeit.main", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"timeit.repeat", "stmt", SP_PYTHON_ACTION_EVALUATE_TWO},
    {"timeit.timeit", "stmt", SP_PYTHON_ACTION_EVALUATE_TWO},
    {"trace.Trace", "evaluation of what a tracer is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"trace.Trace.run", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"trace.Trace.runctx", "cmd", SP_PYTHON_ACTION_EVALUATE},
    {"trace.main", "evaluation of what an interpreter is fed", SP_PYTHON_ACTION_DYNAMIC},
    {"types.CodeType", "function made from a code object", SP_PYTHON_ACTION_DYNAMIC},
    {"types.FunctionType", "function made from a code object", SP_PYTHON_ACTION_DYNAMIC},
    {"types.LambdaType", "function made from a code object", SP_PYTHON_ACTION_DYNAMIC},
    {"types.SimpleNamespace", NULL, SP_PYTHON_ACTION_NAMESPACE},
    {"typing.ForwardRef", "arg", SP_PYTHON_ACTION_EVALUATE},
    {"typing.cast", NULL, SP_PYTHON_ACTION_SAME_SECOND},
    {"typing.get_type_hints", "evaluation of annotations", SP_PYTHON_ACTION_DYNAMIC},
    {"unittest.TestLoader", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"unittest.TestLoader.discover", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"unittest.TestLoader.loadTestsFromName", "name", SP_PYTHON_ACTION_FIND},
    {"unittest.TestLoader.loadTestsFromNames", "name", SP_PYTHON_ACTION_FIND},
    {"unittest.defaultTestLoader.discover", "import of a file by its path", SP_PYTHON_ACTION_DYNAMIC},
    {"unittest.defaultTestLoader.loadTestsFromName", "name", SP_PYTHON_ACTION_FIND},
    {"unittest.defaultTestLoader.loadTestsFromNames", "name", SP_PYTHON_ACTION_FIND},
    {"unittest.mock._importer", "target", SP_PYTHON_ACTION_IMPORT},
    {"unittest.mock.patch", "target", SP_PYTHON_ACTION_FIND},
    {"unittest.mock.patch.dict", "target", SP_PYTHON_ACTION_FIND},
    {"unittest.mock.patch.multiple", "target", SP_PYTHON_ACTION_FIND},
    {"vars", NULL, SP_PYTHON_ACTION_VARS},
    {"warnings._getcategory", "category", SP_PYTHON_ACTION_FIND},
    {"warnings.catch_warnings", NULL, SP_PYTHON_ACTION_INSTANCE},
    {"xmlrpc.server.resolve_dotted_attribute", "members of an object by names in text", SP_PYTHON_ACTION_DYNAMIC},
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
    case SP_PYTHON_ACTION_BUILTINS_ITEM:
    case SP_PYTHON_ACTION_COMPILE:
    case SP_PYTHON_ACTION_DYNAMIC:
    case SP_PYTHON_ACTION_EVALUATE:
    case SP_PYTHON_ACTION_EVALUATE_TWO:
    case SP_PYTHON_ACTION_FIND:
    case SP_PYTHON_ACTION_IMPORT:
    case SP_PYTHON_ACTION_IMPORT_TOP:
    case SP_PYTHON_ACTION_SYS_MODULES: return true;
    default: return false;
    }
}

bool sp_resolve_python_action_is_power(struct sp_str path)
{
    static const char *const modules[] = {"__main__", "builtins", "imp", "importlib", "importlib.machinery",
        "importlib.util", "inspect", "operator", "pkgutil", "runpy", "sys", "sys.modules", "types"};
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
        if (sp_str_is(path, modules[i]))
            return true;
    const struct sp_python_action_row *row = sp_resolve_python_action_find(path);
    switch (row ? row->action : SP_PYTHON_ACTION_SAME) {
    case SP_PYTHON_ACTION_ANNOTATIONS:
    case SP_PYTHON_ACTION_DICT:
    case SP_PYTHON_ACTION_GETITEM:
    case SP_PYTHON_ACTION_INSTANCE:
    case SP_PYTHON_ACTION_MAP:
    case SP_PYTHON_ACTION_NAMESPACE:
    case SP_PYTHON_ACTION_PARTIAL:
    case SP_PYTHON_ACTION_REDUCE:
    case SP_PYTHON_ACTION_SAME:
    case SP_PYTHON_ACTION_SAME_SECOND: return false;
    default: return true;
    }
}

bool sp_resolve_python_action_gives_power(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, unsigned depth)
{
    if (!value)
        return false;
    if (sp_resolve_python_action_is_sink(value))
        return true;
    switch (value->kind) {
    case SP_PYTHON_VALUE_NAMESPACE:
    case SP_PYTHON_VALUE_GETTER: return true;
    case SP_PYTHON_VALUE_PATH: return sp_resolve_python_action_is_power(value->text);
    case SP_PYTHON_VALUE_FUNCTION:
        resolver->functions[value->number].asked = resolver->walk;
        return resolver->functions[value->number].gives_power;
    default: break;
    }
    if (depth > 0 && value->n_items && !sp_resolve_python_set_pay(resolver, value->n_items / NESTED_FREE + 1))
        return true;
    for (uint32_t i = 0; depth > 0 && i < value->n_items; i++)
        if (sp_resolve_python_action_gives_power(resolver, value->items[i], depth - 1))
            return true;
    return false;
}

/* Is it a function of the program's own that answers what imports, evaluates or reaches modules? */
static bool answers_power(struct sp_python_resolver *resolver, const struct sp_python_value *value)
{
    return value->kind == SP_PYTHON_VALUE_FUNCTION && sp_resolve_python_action_gives_power(resolver, value, 0);
}

void sp_resolve_python_action_tell_operator(struct sp_python_resolver *resolver, struct sp_str name,
    const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    bool called = name.n_bytes > 4 && memcmp(name.ptr, "__", 2) == 0 && sp_str_ends(name, SP_STR("__")) &&
                  !sp_str_is(name, "__import__");
    for (uint8_t i = 0; called && i < set->n_items; i++)
        if (sp_resolve_python_action_is_sink(set->items[i]) || answers_power(resolver, set->items[i])) {
            sp_resolve_python_emit_dynamic(resolver, "import or evaluation behind an operator", start, end);
            return;
        }
}

/* Does the dictionary belong to a module, and not to a class or to a function's call? */
static bool is_of_module(const struct sp_python_value *space)
{
    if (space->text.n_bytes == 0)
        return space->number == 0;
    return sp_python_modules_is_known(space->text) ||
           (!memchr(space->text.ptr, '.', space->text.n_bytes) && !sp_python_modules_is_builtin(space->text));
}

const char *sp_resolve_python_action_power(const struct sp_python_value *value, unsigned depth)
{
    if (!value)
        return NULL;
    switch (value->kind) {
    case SP_PYTHON_VALUE_PATH:
        return sp_str_is(value->text, "sys.modules") ? "all modules, by a way that is not followed" : NULL;
    case SP_PYTHON_VALUE_NAMESPACE:
        return is_of_module(value) ? "names of a module, by a way that is not followed" : NULL;
    case SP_PYTHON_VALUE_METHOD:
    case SP_PYTHON_VALUE_SEQUENCE:
    case SP_PYTHON_VALUE_DICT:
    case SP_PYTHON_VALUE_PARTIAL: break;
    default: return NULL;
    }
    const char *what = NULL;
    bool row = value->kind == SP_PYTHON_VALUE_SEQUENCE || value->kind == SP_PYTHON_VALUE_DICT;
    for (uint32_t i = 0; depth > 0 && i < value->n_items && i < NESTED_MAX && !what; i++) {
        what = sp_resolve_python_action_power(value->items[i], depth - 1);
        if (!what && row && value->items[i] && sp_resolve_python_action_is_sink(value->items[i]))
            what = "import or evaluation that gets out of sight";
    }
    return what;
}

void sp_resolve_python_action_hide(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    for (uint8_t i = 0; i < set->n_items; i++) {
        if (set->items[i]->n_items > NESTED_FREE && !sp_resolve_python_set_pay(resolver, NESTED_MAX)) {
            if (!resolver->quiet)
                sp_resolve_python_emit_limit(resolver, "rows within rows", start, end);
            return;
        }
        const char *what = sp_resolve_python_action_power(set->items[i], NESTED_DEPTH);
        if (!what && answers_power(resolver, set->items[i]))
            what = "import or evaluation that a function answers whose calls are not seen";
        if (what)
            sp_resolve_python_emit_dynamic(resolver, what, start, end);
    }
}

void sp_resolve_python_action_escape(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    for (uint8_t i = 0; i < set->n_items; i++)
        if (sp_resolve_python_action_is_sink(set->items[i])) {
            sp_resolve_python_emit_dynamic(resolver, "import or evaluation that gets out of sight", start, end);
            return;
        }
    sp_share_python_hand_out(resolver, set, start, end);
    sp_resolve_python_action_hide(resolver, set, start, end);
}
