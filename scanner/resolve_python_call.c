/* What calls do: the functions of Python that import, evaluate, reach members by name, or hand on what they are given.
 * One thread at a time. */
#include "scanner/resolve_python.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/python_modules.h"

#define CALLS_MAX  8 /* callbacks within callbacks */
#define CALL_PRICE 8 /* of a callback, in what sp_resolve_python_scope_pay counts */

enum action {
    ACT_ATTRGETTER,
    ACT_BUILTINS_ITEM,
    ACT_COMPILE,
    ACT_DICT,
    ACT_DYNAMIC,
    ACT_EVALUATE,
    ACT_EVALUATE_TWO,
    ACT_FIND,
    ACT_GETATTR,
    ACT_GETITEM,
    ACT_GLOBALS,
    ACT_IMPORT,
    ACT_IMPORT_TOP,
    ACT_MAP,
    ACT_MEMBERS,
    ACT_METHODCALLER,
    ACT_NAMESPACE,
    ACT_PARTIAL,
    ACT_REDUCE,
    ACT_SAME,
    ACT_SAME_SECOND,
    ACT_SETATTR,
    ACT_SYS_MODULES,
    ACT_VARS
};

/* Sorted by name. */
static const struct row {
    const char *name;
    const char *what; /* DYNAMIC: what it is; else the keyword of its first argument */
    enum action action;
} rows[] = {
    {"__import__", "name", ACT_IMPORT_TOP},
    {"atexit.register", NULL, ACT_SAME},
    {"builtins.__getitem__", NULL, ACT_BUILTINS_ITEM},
    {"builtins.get", NULL, ACT_BUILTINS_ITEM},
    {"cProfile.run", "statement", ACT_EVALUATE},
    {"cProfile.runctx", "statement", ACT_EVALUATE},
    {"classmethod", NULL, ACT_SAME},
    {"code.InteractiveConsole", "evaluation of what an interpreter is fed", ACT_DYNAMIC},
    {"code.InteractiveInterpreter", "evaluation of what an interpreter is fed", ACT_DYNAMIC},
    {"code.compile_command", "source", ACT_COMPILE},
    {"code.interact", "evaluation of what an interpreter is fed", ACT_DYNAMIC},
    {"codeop.compile_command", "source", ACT_COMPILE},
    {"compile", "source", ACT_COMPILE},
    {"contextlib.closing", NULL, ACT_SAME},
    {"contextlib.nullcontext", NULL, ACT_SAME},
    {"copy.copy", NULL, ACT_SAME},
    {"copy.deepcopy", NULL, ACT_SAME},
    {"dict", NULL, ACT_DICT},
    {"eval", "source", ACT_EVALUATE},
    {"exec", "source", ACT_EVALUATE},
    {"filter", NULL, ACT_MAP},
    {"functools.cache", NULL, ACT_SAME},
    {"functools.lru_cache", NULL, ACT_SAME},
    {"functools.partial", NULL, ACT_PARTIAL},
    {"functools.partialmethod", NULL, ACT_PARTIAL},
    {"functools.reduce", NULL, ACT_REDUCE},
    {"gc.get_objects", "walk over all objects (gc)", ACT_DYNAMIC},
    {"gc.get_referents", "walk over all objects (gc)", ACT_DYNAMIC},
    {"gc.get_referrers", "walk over all objects (gc)", ACT_DYNAMIC},
    {"getattr", NULL, ACT_GETATTR},
    {"globals", NULL, ACT_GLOBALS},
    {"imp.find_module", "name", ACT_FIND},
    {"imp.load_compiled", "import of a file by its path", ACT_DYNAMIC},
    {"imp.load_dynamic", "import of a file by its path", ACT_DYNAMIC},
    {"imp.load_module", "import of a file by its path", ACT_DYNAMIC},
    {"imp.load_source", "import of a file by its path", ACT_DYNAMIC},
    {"importlib.__import__", "name", ACT_IMPORT_TOP},
    {"importlib._bootstrap.__import__", "name", ACT_IMPORT_TOP},
    {"importlib._bootstrap._gcd_import", "name", ACT_IMPORT},
    {"importlib._gcd_import", "name", ACT_IMPORT},
    {"importlib.find_loader", "name", ACT_FIND},
    {"importlib.import_module", "name", ACT_IMPORT},
    {"importlib.machinery.BuiltinImporter.find_spec", "fullname", ACT_FIND},
    {"importlib.machinery.BuiltinImporter.load_module", "fullname", ACT_IMPORT},
    {"importlib.machinery.ExtensionFileLoader", "import of a file by its path", ACT_DYNAMIC},
    {"importlib.machinery.FileFinder", "import of a file by its path", ACT_DYNAMIC},
    {"importlib.machinery.FrozenImporter.load_module", "fullname", ACT_IMPORT},
    {"importlib.machinery.PathFinder.find_spec", "fullname", ACT_FIND},
    {"importlib.machinery.SourceFileLoader", "import of a file by its path", ACT_DYNAMIC},
    {"importlib.machinery.SourcelessFileLoader", "import of a file by its path", ACT_DYNAMIC},
    {"importlib.util.find_spec", "name", ACT_FIND},
    {"importlib.util.spec_from_file_location", "import of a file by its path", ACT_DYNAMIC},
    {"inspect.getattr_static", NULL, ACT_GETATTR},
    {"inspect.getmembers", NULL, ACT_MEMBERS},
    {"inspect.getmembers_static", NULL, ACT_MEMBERS},
    {"itertools.starmap", NULL, ACT_MAP},
    {"locals", NULL, ACT_GLOBALS},
    {"map", NULL, ACT_MAP},
    {"object.__getattribute__", NULL, ACT_GETATTR},
    {"object.__setattr__", NULL, ACT_SETATTR},
    {"operator.attrgetter", NULL, ACT_ATTRGETTER},
    {"operator.getitem", NULL, ACT_GETITEM},
    {"operator.methodcaller", NULL, ACT_METHODCALLER},
    {"pdb.run", "statement", ACT_EVALUATE},
    {"pdb.runctx", "statement", ACT_EVALUATE},
    {"pdb.runeval", "expression", ACT_EVALUATE},
    {"pkgutil.find_loader", "fullname", ACT_FIND},
    {"pkgutil.get_loader", "module_or_name", ACT_FIND},
    {"pkgutil.resolve_name", "name", ACT_FIND},
    {"profile.run", "statement", ACT_EVALUATE},
    {"profile.runctx", "statement", ACT_EVALUATE},
    {"pydoc.locate", "path", ACT_FIND},
    {"pydoc.safeimport", "path", ACT_IMPORT},
    {"runpy._run_module_as_main", "mod_name", ACT_FIND},
    {"runpy.run_module", "mod_name", ACT_FIND},
    {"runpy.run_path", "run of a file by its path", ACT_DYNAMIC},
    {"setattr", NULL, ACT_SETATTR},
    {"site.addpackage", "module path that the program changes", ACT_DYNAMIC},
    {"site.addsitedir", "module path that the program changes", ACT_DYNAMIC},
    {"staticmethod", NULL, ACT_SAME},
    {"sys.meta_path.append", "import by a finder of the program's own", ACT_DYNAMIC},
    {"sys.meta_path.insert", "import by a finder of the program's own", ACT_DYNAMIC},
    {"sys.modules.__getitem__", NULL, ACT_SYS_MODULES},
    {"sys.modules.get", NULL, ACT_SYS_MODULES},
    {"sys.modules.items", "walk over all modules", ACT_DYNAMIC},
    {"sys.modules.pop", NULL, ACT_SYS_MODULES},
    {"sys.modules.setdefault", NULL, ACT_SYS_MODULES},
    {"sys.modules.values", "walk over all modules", ACT_DYNAMIC},
    {"sys.path.append", "module path that the program changes", ACT_DYNAMIC},
    {"sys.path.extend", "module path that the program changes", ACT_DYNAMIC},
    {"sys.path.insert", "module path that the program changes", ACT_DYNAMIC},
    {"sys.path_hooks.append", "import by a finder of the program's own", ACT_DYNAMIC},
    {"sys.path_hooks.insert", "import by a finder of the program's own", ACT_DYNAMIC},
    {"timeit.Timer", "stmt", ACT_EVALUATE_TWO},
    {"timeit.repeat", "stmt", ACT_EVALUATE_TWO},
    {"timeit.timeit", "stmt", ACT_EVALUATE_TWO},
    {"trace.Trace.run", "cmd", ACT_EVALUATE},
    {"types.FunctionType", "function made from a code object", ACT_DYNAMIC},
    {"types.SimpleNamespace", NULL, ACT_NAMESPACE},
    {"typing.cast", NULL, ACT_SAME_SECOND},
    {"vars", NULL, ACT_VARS},
    {"zipimport.zipimporter", "import of a file by its path", ACT_DYNAMIC},
};

static int compare_row(const void *key, const void *element)
{
    const struct sp_str *name = key;
    const struct row *row = element;
    size_t n = strlen(row->name);
    int r = memcmp(name->ptr, row->name, name->n_bytes < n ? name->n_bytes : n);
    return r ? r : (name->n_bytes > n) - (name->n_bytes < n);
}

static const struct row *find_row(struct sp_str name)
{
    return bsearch(&name, rows, sizeof(rows) / sizeof(rows[0]), sizeof(rows[0]), compare_row);
}

bool sp_resolve_python_call_is_sink(const struct sp_python_value *value)
{
    if (value && value->kind == SP_PYTHON_VALUE_PARTIAL && value->n_items)
        return sp_resolve_python_call_is_sink(value->items[0]);
    const struct row *row = value && value->kind == SP_PYTHON_VALUE_PATH ? find_row(value->text) : NULL;
    if (!row)
        return false;
    switch (row->action) {
    case ACT_COMPILE:
    case ACT_EVALUATE:
    case ACT_EVALUATE_TWO:
    case ACT_FIND:
    case ACT_IMPORT:
    case ACT_IMPORT_TOP: return true;
    default: return false;
    }
}

/* ---- arguments ---- */

static enum sp_via stronger(enum sp_via a, enum sp_via b)
{
    return a > b ? a : b;
}

static bool is_text(const struct sp_python_value *value)
{
    return value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES;
}

/* The positional argument at i, or the one of that keyword; NULL: none that is known to be it. */
static const struct sp_python_argument *argument(
    const struct sp_python_resolver *resolver, const struct sp_python_call *call, uint32_t i, const char *keyword)
{
    uint32_t at = 0;
    for (uint32_t k = 0; k < call->n_arguments; k++) {
        const struct sp_python_argument *one = &call->arguments[k];
        if (one->star)
            at = UINT32_MAX / 2; /* positions are lost from here on */
        else if (one->name == UINT32_MAX) {
            if (at++ == i)
                return one;
        } else if (keyword && sp_str_is(resolver->names.items[one->name], keyword)) {
            return one;
        }
    }
    return NULL;
}

static uint32_t n_positional(const struct sp_python_call *call)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_arguments; i++)
        n += !call->arguments[i].star && call->arguments[i].name == UINT32_MAX;
    return n;
}

static void too_large(struct sp_python_resolver *resolver, const struct sp_python_argument *given)
{
    if (given->set.large && !resolver->quiet)
        sp_resolve_python_emit_limit(resolver, "text that is too large to be followed", given->start, given->end);
}

/* ---- members ---- */

/* getattr of each object and each name. */
static void get_member(struct sp_python_resolver *resolver, const struct sp_python_set *object,
    const struct sp_python_argument *name, enum sp_via via, const struct sp_python_call *call,
    struct sp_python_set *set)
{
    for (uint8_t i = 0; i < name->set.n_items; i++) {
        const struct sp_python_value *text = name->set.items[i];
        struct sp_python_set member, from = *object;
        if (text->kind != SP_PYTHON_VALUE_TEXT)
            continue;
        sp_resolve_python_expression_tell_way(resolver, text->text, name->start, name->end);
        /* attrgetter takes dotted names. */
        struct sp_str rest = text->text;
        for (;;) {
            const char *dot = memchr(rest.ptr, '.', rest.n_bytes);
            struct sp_str part = {rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.n_bytes};
            sp_resolve_python_expression_attribute(resolver, &from, part,
                stronger(stronger(via, SP_VIA_CALL), text->via), call->start, call->end, &member);
            if (!dot)
                break;
            from = member;
            rest = (struct sp_str){dot + 1, rest.n_bytes - part.n_bytes - 1};
        }
        sp_resolve_python_expression_tell(resolver, &member, call->start, call->end, call->called);
        sp_resolve_python_scope_join(resolver, set, &member);
    }
    if (!name->set.other && name->set.n_items)
        return;
    set->other = true;
    for (uint8_t i = 0; i < object->n_items; i++)
        if (object->items[i]->kind == SP_PYTHON_VALUE_PATH && object->items[i]->module)
            sp_resolve_python_emit_dynamic(resolver, "member of a module by a computed name", call->start, call->end);
}

bool sp_resolve_python_call_subscript(struct sp_python_resolver *resolver, const struct sp_python_value *container,
    const struct sp_python_argument *key, uint32_t start, uint32_t end, bool called, struct sp_python_set *set)
{
    bool is_path = container->kind == SP_PYTHON_VALUE_PATH;
    bool own = container->kind == SP_PYTHON_VALUE_NAMESPACE && container->text.n_bytes == 0;
    struct sp_python_call call = {.start = start, .end = end, .called = called};
    if (is_path && sp_str_is(container->text, "sys.modules")) {
        for (uint8_t i = 0; i < key->set.n_items; i++)
            if (key->set.items[i]->kind == SP_PYTHON_VALUE_TEXT)
                sp_resolve_python_import_named(resolver, key->set.items[i]->text, key->start, key->end,
                    stronger(stronger(container->via, SP_VIA_CALL), key->set.items[i]->via), false, set);
        if (key->set.other || key->set.n_items == 0)
            sp_resolve_python_emit_dynamic(resolver, "module by a computed key of sys.modules", start, end);
        set->other |= key->set.other || set->n_items == 0;
        return true;
    }
    bool builtins = is_path && container->module && sp_str_is(container->text, "builtins");
    if (!builtins && container->kind != SP_PYTHON_VALUE_NAMESPACE)
        return false;
    if (!own) {
        /* A namespace has no attributes of its own here: what is sought is the module's member. */
        struct sp_python_value *module =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, container->text, (enum sp_via)container->via);
        struct sp_python_set object = {0};
        if (module)
            module->module = true;
        sp_resolve_python_scope_add(resolver, &object, module);
        get_member(resolver, &object, key, SP_VIA_CALL, &call, set);
        return true;
    }
    struct sp_python_set found = {0};
    for (uint8_t i = 0; i < key->set.n_items; i++) {
        const struct sp_python_value *text = key->set.items[i];
        uint32_t number =
            text->kind == SP_PYTHON_VALUE_TEXT ? sp_python_names_find(&resolver->names, text->text) : UINT32_MAX;
        if (text->kind == SP_PYTHON_VALUE_TEXT && sp_str_is(text->text, "__builtins__")) {
            struct sp_python_value *module =
                sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, SP_STR("builtins"), SP_VIA_CALL);
            if (module)
                module->module = true;
            sp_resolve_python_scope_add(resolver, &found, module);
        } else if (number != UINT32_MAX) {
            sp_resolve_python_scope_peek(resolver, resolver->scope, number, &found);
            sp_resolve_python_scope_peek(resolver, 0, number, &found);
        }
    }
    if (key->set.other || key->set.n_items == 0)
        sp_resolve_python_emit_dynamic(resolver, "name of the program by a computed key", start, end);
    sp_resolve_python_expression_tell(resolver, &found, start, end, called);
    sp_resolve_python_scope_join(resolver, set, &found);
    set->other = true;
    return true;
}

/* ---- imports and evaluation ---- */

/* ".path" of the package "os"; false: not known. A name without a dot in front stays as it is. */
static bool absolute(struct sp_python_resolver *resolver, const struct sp_python_call *call,
    const struct sp_python_argument *given, struct sp_str name, bool *ret_own, struct sp_str *ret_name)
{
    *ret_own = false;
    *ret_name = name;
    if (name.n_bytes == 0 || name.ptr[0] != '.')
        return name.n_bytes > 0;
    const struct sp_python_argument *package = argument(resolver, call, 1, "package");
    if (!package || package == given || package->set.n_items != 1 || package->set.other)
        return false;
    const struct sp_python_value *value = package->set.items[0];
    *ret_own = value->kind == SP_PYTHON_VALUE_SELF;
    if (value->kind != SP_PYTHON_VALUE_TEXT)
        return false;
    char text[SP_PYTHON_NAME_MAX];
    if (value->text.n_bytes + name.n_bytes > sizeof(text))
        return false;
    memcpy(text, value->text.ptr, value->text.n_bytes);
    memcpy(text + value->text.n_bytes, name.ptr, name.n_bytes);
    *ret_name = sp_resolve_python_emit_keep(resolver, (struct sp_str){text, value->text.n_bytes + name.n_bytes});
    return true;
}

static void import_by_name(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct row *row, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *given = argument(resolver, call, 0, row->what);
    struct sp_python_set unused = {0};
    set->other |= row->action == ACT_FIND;
    if (!given) {
        sp_resolve_python_emit_dynamic(resolver, "import of a computed name", call->start, call->end);
        set->other = true;
        return;
    }
    bool top = row->action == ACT_IMPORT_TOP && n_positional(call) < 4 && !argument(resolver, call, 3, "fromlist");
    bool unknown = given->set.other || given->set.n_items == 0;
    for (uint8_t i = 0; i < given->set.n_items; i++) {
        const struct sp_python_value *value = given->set.items[i];
        struct sp_str name;
        bool own = value->kind == SP_PYTHON_VALUE_SELF;
        if (own || value->kind == SP_PYTHON_VALUE_PATH) {
            set->other = true; /* the program itself; an object instead of a name */
            continue;
        }
        if (!is_text(value) || !absolute(resolver, call, given, value->text, &own, &name)) {
            unknown |= !own;
            continue;
        }
        const char *colon = row->action == ACT_FIND ? memchr(name.ptr, ':', name.n_bytes) : NULL;
        if (colon)
            name.n_bytes = (size_t)(colon - name.ptr);
        sp_resolve_python_import_named(resolver, name, given->start, given->end,
            stronger(stronger(callee->via, SP_VIA_CALL), value->via), top, row->action == ACT_FIND ? &unused : set);
    }
    too_large(resolver, given);
    if (unknown) {
        sp_resolve_python_emit_dynamic(resolver, "import of a computed name", given->start, given->end);
        set->other = true;
    }
}

/* What an evaluated text answers, where it is nothing but a name. */
static void evaluated_name(struct sp_python_resolver *resolver, const struct sp_python_value *value,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    struct sp_str rest = value->text;
    struct sp_python_set found = {0};
    bool first = true;
    while (rest.n_bytes) {
        const char *dot = memchr(rest.ptr, '.', rest.n_bytes);
        struct sp_str part = {rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.n_bytes};
        if (first) {
            uint32_t number = sp_python_names_find(&resolver->names, part);
            if (number == UINT32_MAX && sp_python_modules_is_builtin(part))
                number = sp_python_names_add(&resolver->names, sp_resolve_python_emit_keep(resolver, part));
            if (number == UINT32_MAX)
                break;
            sp_resolve_python_scope_find(resolver, number, &found);
        } else {
            struct sp_python_set from = found;
            sp_resolve_python_expression_attribute(
                resolver, &from, part, SP_VIA_FOLDED, call->start, call->end, &found);
        }
        first = false;
        rest = dot ? (struct sp_str){dot + 1, rest.n_bytes - part.n_bytes - 1} : (struct sp_str){rest.ptr, 0};
    }
    sp_resolve_python_scope_join(resolver, set, &found);
    set->other = true;
}

static void evaluate_one(struct sp_python_resolver *resolver, const struct sp_python_argument *given,
    const struct sp_python_call *call, bool expression, struct sp_python_set *set)
{
    bool unknown = given->set.other || given->set.n_items == 0;
    for (uint8_t i = 0; i < given->set.n_items; i++) {
        const struct sp_python_value *value = given->set.items[i];
        if (is_text(value)) {
            sp_resolve_python_emit_evaluated(resolver, value->text, given->start, given->end, expression);
            if (expression)
                evaluated_name(resolver, value, call, set);
        } else if (value->kind != SP_PYTHON_VALUE_CODE && value->kind != SP_PYTHON_VALUE_FUNCTION &&
                   value->kind != SP_PYTHON_VALUE_PATH) {
            unknown = true;
        }
    }
    too_large(resolver, given);
    if (unknown)
        sp_resolve_python_emit_dynamic(resolver, "evaluation of computed code", given->start, given->end);
}

static void evaluate(struct sp_python_resolver *resolver, const struct row *row, const struct sp_python_call *call,
    struct sp_python_set *set)
{
    const struct sp_python_argument *given = argument(resolver, call, 0, row->what);
    const struct sp_python_argument *second =
        row->action == ACT_EVALUATE_TWO ? argument(resolver, call, 1, "setup") : NULL;
    bool expression = strcmp(row->name, "eval") == 0;
    if (row->action == ACT_COMPILE)
        sp_resolve_python_scope_add(resolver, set, sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_CODE));
    if (given)
        evaluate_one(resolver, given, call, expression, set);
    else if (call->n_arguments > 0 && row->action != ACT_EVALUATE_TWO)
        sp_resolve_python_emit_dynamic(resolver, "evaluation of computed code", call->start, call->end);
    if (second)
        evaluate_one(resolver, second, call, false, set);
    set->other |= row->action != ACT_COMPILE;
}

/* ---- calls of what was handed on ---- */

/* callee(items…), by somebody else; answers go to the set. */
static void call_with(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_value *const *items, uint32_t n_items, const struct sp_python_call *outer,
    const struct sp_python_argument *place, struct sp_python_set *set)
{
    struct sp_python_call *call = sp_arena_alloc(&resolver->temporary, sizeof(*call));
    if (!call || resolver->n_calls >= CALLS_MAX || !sp_resolve_python_scope_pay(resolver, CALL_PRICE)) {
        set->other = true;
        if (!resolver->quiet)
            sp_resolve_python_emit_limit(resolver, "calls within calls", outer->start, outer->end);
        return;
    }
    for (uint32_t i = 0; i < n_items && i < SP_PYTHON_ARGUMENTS_MAX; i++) {
        struct sp_python_argument *one = &call->arguments[call->n_arguments++];
        *one = (struct sp_python_argument){.start = place->start, .end = place->end, .name = UINT32_MAX};
        sp_resolve_python_scope_add(resolver, &one->set, items[i]);
    }
    call->start = outer->start;
    call->end = outer->end;
    resolver->n_calls++;
    sp_resolve_python_call(resolver, callee, call, set);
    resolver->n_calls--;
}

/* map(f, row), filter, starmap: f of each item. */
static void map(
    struct sp_python_resolver *resolver, const struct sp_python_call *call, bool spread, struct sp_python_set *set)
{
    const struct sp_python_argument *function = argument(resolver, call, 0, NULL);
    const struct sp_python_argument *row = argument(resolver, call, 1, NULL);
    bool known = function && row && n_positional(call) == 2 && row->set.n_items == 1;
    const struct sp_python_value *items = known ? sp_fold_python_items(&resolver->fold, row->set.items[0]) : NULL;
    for (uint8_t i = 0; function && i < function->set.n_items; i++) {
        const struct sp_python_value *callee = function->set.items[i];
        if (!items || row->set.other) {
            struct sp_python_set unknown = {0};
            const struct sp_python_value *nothing = NULL;
            if (sp_resolve_python_call_is_sink(callee) || callee->kind == SP_PYTHON_VALUE_FUNCTION)
                call_with(resolver, callee, &nothing, 1, call, row ? row : function, &unknown);
            set->other = true;
        }
        if (!items)
            continue;
        const struct sp_python_value **results =
            sp_arena_array(&resolver->temporary, items->n_items + 1, sizeof(*results));
        for (uint32_t k = 0; results && k < items->n_items; k++) {
            struct sp_python_set one = {0};
            const struct sp_python_value *item = items->items[k];
            if (spread && item && item->kind == SP_PYTHON_VALUE_SEQUENCE)
                call_with(resolver, callee, item->items, item->n_items, call, row, &one);
            else
                call_with(resolver, callee, &items->items[k], 1, call, row, &one);
            results[k] = one.n_items == 1 && !one.other ? one.items[0] : NULL;
        }
        sp_resolve_python_scope_add(
            resolver, set, results ? sp_fold_python_sequence(&resolver->fold, results, items->n_items) : NULL);
    }
    set->other |= !function;
}

static void reduce(struct sp_python_resolver *resolver, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *function = argument(resolver, call, 0, NULL);
    const struct sp_python_argument *row = argument(resolver, call, 1, NULL);
    const struct sp_python_argument *first = argument(resolver, call, 2, "initial");
    const struct sp_python_value *items =
        row && row->set.n_items == 1 ? sp_fold_python_items(&resolver->fold, row->set.items[0]) : NULL;
    set->other |= !function || !items || row->set.other;
    if (!function || !items || function->set.n_items != 1 || items->n_items > 64)
        return;
    const struct sp_python_value *left = first && first->set.n_items == 1 ? first->set.items[0] : NULL;
    uint32_t i = 0;
    if (!first && items->n_items)
        left = items->items[i++];
    for (; i < items->n_items && left; i++) {
        const struct sp_python_value *both[2] = {left, items->items[i]};
        struct sp_python_set one = {0};
        call_with(resolver, function->set.items[0], both, 2, call, row, &one);
        left = one.n_items == 1 ? one.items[0] : NULL;
    }
    sp_resolve_python_scope_add(resolver, set, left);
}

/* Something unknown is handed a function that imports or evaluates: it will call it, with what is handed on beside it
 * (submit(exec, "…"), Thread(target=exec, args=("…",)), sorted(rows, key=eval)). */
static void callbacks(struct sp_python_resolver *resolver, const struct sp_python_call *call)
{
    const struct sp_python_argument *given = argument(resolver, call, UINT32_MAX, "args");
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->set.limit && !resolver->quiet)
            sp_resolve_python_emit_limit(resolver, "a name with too many meanings, or too long", one->start, one->end);
        for (uint8_t k = 0; k < one->set.n_items; k++) {
            const struct sp_python_value *callee = one->set.items[k];
            struct sp_python_set ignored = {0};
            if (!sp_resolve_python_call_is_sink(callee))
                continue;
            const struct sp_python_argument *next = given;
            if (!next && one->name == UINT32_MAX && i + 1 < call->n_arguments)
                next = &call->arguments[i + 1];
            else if (!next && one->name != UINT32_MAX)
                next = argument(resolver, call, 0, NULL);
            const struct sp_python_value *value =
                next && next->set.n_items == 1 && !next->set.other ? next->set.items[0] : NULL;
            if (value && value->kind == SP_PYTHON_VALUE_SEQUENCE && next == given) {
                call_with(resolver, callee, value->items, value->n_items, call, next, &ignored);
            } else if (value && value->kind == SP_PYTHON_VALUE_SEQUENCE) {
                for (uint32_t n = 0; n < value->n_items; n++)
                    call_with(resolver, callee, &value->items[n], 1, call, next, &ignored);
            } else if (!(callee->kind == SP_PYTHON_VALUE_PARTIAL && !next)) {
                call_with(resolver, callee, &value, 1, call, next ? next : one, &ignored);
            } else {
                call_with(resolver, callee, NULL, 0, call, one, &ignored);
            }
        }
    }
}

/* ---- kinds of callees ---- */

/* The program's own function: its parameters get what is handed to them. */
static void call_function(
    struct sp_python_resolver *resolver, uint32_t index, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_function *function = &resolver->functions[index];
    uint32_t scope = function->scope, at = 0;
    uint32_t child = sp_python_tree_at(&resolver->tree, function->node)->child;
    while (child && sp_python_tree_at(&resolver->tree, child)->kind != SP_PYTHON_NODE_PARAMETERS)
        child = sp_python_tree_at(&resolver->tree, child)->next;
    uint32_t parameter = child ? sp_python_tree_at(&resolver->tree, child)->child : 0;
    bool method = resolver->scopes[resolver->scopes[scope].parent].kind == SP_PYTHON_SCOPE_CLASS;
    if (method && parameter)
        parameter = sp_python_tree_at(&resolver->tree, parameter)->next;
    for (; parameter; parameter = sp_python_tree_at(&resolver->tree, parameter)->next) {
        const struct sp_python_node *node = sp_python_tree_at(&resolver->tree, parameter);
        if (node->kind != SP_PYTHON_NODE_PARAMETER || node->op)
            continue;
        const struct sp_python_argument *given = argument(resolver, call, at++, NULL);
        for (uint32_t i = 0; i < call->n_arguments && !given; i++)
            if (call->arguments[i].name == node->name)
                given = &call->arguments[i];
        if (given && given->set.n_items)
            sp_resolve_python_scope_bind_in(resolver, scope, node->name, &given->set);
    }
    sp_resolve_python_scope_answer(resolver, index, set);
}

/* A constant's method, or one of the functions that only compute: each alternative of the first operand. */
static void compute(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_value *values[SP_PYTHON_ARGUMENTS_MAX] = {NULL};
    bool method = callee->kind == SP_PYTHON_VALUE_METHOD, other = call->more;
    size_t n = 0;
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->star || (one->name != UINT32_MAX && !method)) {
            /* encoding="utf-8" and the like: the first argument decides. */
            other |= one->star;
            continue;
        }
        if (one->name != UINT32_MAX)
            continue;
        other |= one->set.other || one->set.n_items != 1;
        set->large |= one->set.large;
        values[n++] = one->set.n_items ? one->set.items[0] : NULL;
    }
    uint8_t n_first = n && call->arguments[0].set.n_items > 1 ? call->arguments[0].set.n_items : 1;
    for (uint8_t k = 0; k < n_first; k++) {
        if (n && call->arguments[0].set.n_items > k)
            values[0] = call->arguments[0].set.items[k];
        sp_resolve_python_scope_add(resolver, set,
            method ? sp_fold_python_method(&resolver->fold, callee->items[0], callee->text, values, n)
                   : sp_fold_python_call(&resolver->fold, callee->text, values, n));
    }
    set->other |= other;
}

static void call_method(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_value *owner = callee->n_items ? callee->items[0] : NULL;
    static const char *const look_ups[] = {"get", "pop", "setdefault", "__getitem__"};
    if (owner && owner->kind == SP_PYTHON_VALUE_NAMESPACE) {
        const struct sp_python_argument *key = argument(resolver, call, 0, NULL);
        for (size_t i = 0; i < sizeof(look_ups) / sizeof(look_ups[0]); i++)
            if (key && sp_str_is(callee->text, look_ups[i])) {
                sp_resolve_python_call_subscript(resolver, owner, key, call->start, call->end, call->called, set);
                return;
            }
        if (owner->text.n_bytes && (sp_str_is(callee->text, "values") || sp_str_is(callee->text, "items")))
            sp_resolve_python_emit_dynamic(resolver, "walk over a module's members", call->start, call->end);
        set->other = true;
        return;
    }
    if (owner && owner->kind == SP_PYTHON_VALUE_DICT && sp_str_is(callee->text, "get")) {
        const struct sp_python_argument *fallback = argument(resolver, call, 1, NULL);
        if (fallback)
            sp_resolve_python_scope_join(resolver, set, &fallback->set);
    }
    compute(resolver, callee, call, set);
    callbacks(resolver, call);
}

/* A value with items: the callee (partial) or the arguments (methodcaller) that it was made with. */
static void make_bundle(struct sp_python_resolver *resolver, enum sp_python_value_kind kind,
    const struct sp_python_call *call, uint32_t from, struct sp_str text, bool caller, struct sp_python_set *set)
{
    struct sp_python_value *value = sp_fold_python_text(&resolver->fold, kind, text, SP_VIA_CALL);
    const struct sp_python_value **items =
        sp_arena_array(&resolver->temporary, SP_PYTHON_ARGUMENTS_MAX + 1, sizeof(*items));
    uint32_t n = 0;
    for (uint32_t i = from; items && i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->name == UINT32_MAX)
            items[n++] = one->set.n_items == 1 && !one->star ? one->set.items[0] : NULL;
    }
    if (value && items) {
        value->items = items;
        value->n_items = n;
        value->caller = caller;
    }
    sp_resolve_python_scope_add(resolver, set, items ? value : NULL);
}

static void call_getter(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *object = argument(resolver, call, 0, NULL);
    struct sp_python_argument name = {.start = call->start, .end = call->end, .name = UINT32_MAX};
    struct sp_python_set member = {0};
    if (!object) {
        set->other = true;
        return;
    }
    sp_resolve_python_scope_add(resolver, &name.set,
        sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_TEXT, callee->text, (enum sp_via)callee->via));
    get_member(resolver, &object->set, &name, SP_VIA_CALL, call, &member);
    if (!callee->caller) {
        sp_resolve_python_scope_join(resolver, set, &member);
        return;
    }
    for (uint8_t i = 0; i < member.n_items; i++)
        call_with(resolver, member.items[i], callee->items, callee->n_items, call, object, set);
    set->other |= member.other;
}

static void call_partial(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_value *items[SP_PYTHON_ARGUMENTS_MAX];
    uint32_t n = 0;
    struct sp_python_argument place = {.start = call->start, .end = call->end};
    if (!callee->n_items || !callee->items[0]) {
        set->other = true;
        return;
    }
    for (uint32_t i = 1; i < callee->n_items && n < SP_PYTHON_ARGUMENTS_MAX; i++)
        items[n++] = callee->items[i];
    for (uint32_t i = 0; i < call->n_arguments && n < SP_PYTHON_ARGUMENTS_MAX; i++)
        if (call->arguments[i].name == UINT32_MAX)
            items[n++] = call->arguments[i].set.n_items == 1 && !call->arguments[i].set.other
                             ? call->arguments[i].set.items[0]
                             : NULL;
    call_with(resolver, callee->items[0], items, n, call, &place, set);
}

/* ---- known functions ---- */

static void act(struct sp_python_resolver *resolver, const struct row *row, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *first = argument(resolver, call, 0, NULL);
    const struct sp_python_argument *second = argument(resolver, call, 1, NULL);
    switch (row->action) {
    case ACT_IMPORT:
    case ACT_IMPORT_TOP:
    case ACT_FIND: import_by_name(resolver, callee, row, call, set); return;
    case ACT_EVALUATE:
    case ACT_EVALUATE_TWO:
    case ACT_COMPILE: evaluate(resolver, row, call, set); return;
    case ACT_DYNAMIC:
        sp_resolve_python_emit_dynamic(resolver, row->what, call->start, call->end);
        set->other = true;
        return;
    case ACT_GETATTR: {
        const struct sp_python_argument *third = argument(resolver, call, 2, NULL);
        if (first && second)
            get_member(resolver, &first->set, second, callee->via, call, set);
        else
            set->other = true;
        if (third)
            sp_resolve_python_scope_join(resolver, set, &third->set);
        return;
    }
    case ACT_SETATTR: {
        const struct sp_python_argument *third = argument(resolver, call, 2, NULL);
        const struct sp_python_value *name = second ? sp_resolve_python_scope_constant(&second->set) : NULL;
        uint32_t number = name ? sp_python_names_find(&resolver->names, name->text) : UINT32_MAX;
        if (third && number != UINT32_MAX)
            sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, number, &third->set);
        callbacks(resolver, call);
        set->other = true;
        return;
    }
    case ACT_GETITEM:
        for (uint8_t i = 0; first && second && i < first->set.n_items; i++)
            if (!sp_resolve_python_call_subscript(
                    resolver, first->set.items[i], second, call->start, call->end, call->called, set))
                compute(resolver, callee, call, set);
        set->other |= !first || !second || first->set.other;
        return;
    case ACT_BUILTINS_ITEM:
    case ACT_SYS_MODULES: {
        struct sp_python_value container = {.kind = SP_PYTHON_VALUE_PATH, .via = callee->via, .module = true};
        container.text = row->action == ACT_SYS_MODULES ? SP_STR("sys.modules") : SP_STR("builtins");
        if (first)
            sp_resolve_python_call_subscript(resolver, &container, first, call->start, call->end, call->called, set);
        set->other |= !first;
        return;
    }
    case ACT_GLOBALS:
        sp_resolve_python_scope_add(
            resolver, set, sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, SP_STR(""), SP_VIA_CALL));
        return;
    case ACT_VARS:
        if (!first)
            sp_resolve_python_scope_add(resolver, set,
                sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, SP_STR(""), SP_VIA_CALL));
        for (uint8_t i = 0; first && i < first->set.n_items; i++)
            if (first->set.items[i]->kind == SP_PYTHON_VALUE_PATH)
                sp_resolve_python_scope_add(resolver, set,
                    sp_fold_python_text(
                        &resolver->fold, SP_PYTHON_VALUE_NAMESPACE, first->set.items[i]->text, SP_VIA_CALL));
        set->other |= first && (first->set.other || !first->set.n_items);
        return;
    case ACT_ATTRGETTER:
    case ACT_METHODCALLER: {
        const struct sp_python_value *name = first && first->set.n_items == 1 ? first->set.items[0] : NULL;
        if (name && name->kind == SP_PYTHON_VALUE_TEXT)
            make_bundle(resolver, SP_PYTHON_VALUE_GETTER, call, 1, name->text, row->action == ACT_METHODCALLER, set);
        set->other |= !name || first->set.other;
        return;
    }
    case ACT_PARTIAL: make_bundle(resolver, SP_PYTHON_VALUE_PARTIAL, call, 0, SP_STR(""), false, set); return;
    case ACT_MAP: map(resolver, call, strcmp(row->name, "itertools.starmap") == 0, set); return;
    case ACT_REDUCE: reduce(resolver, call, set); return;
    case ACT_MEMBERS:
        for (uint8_t i = 0; first && i < first->set.n_items; i++)
            if (first->set.items[i]->kind == SP_PYTHON_VALUE_PATH && first->set.items[i]->module)
                sp_resolve_python_emit_dynamic(resolver, "walk over a module's members", call->start, call->end);
        set->other = true;
        return;
    case ACT_SAME:
    case ACT_SAME_SECOND: {
        const struct sp_python_argument *same = row->action == ACT_SAME ? first : second;
        if (same)
            sp_resolve_python_scope_join(resolver, set, &same->set);
        set->other |= !same;
        if (call->n_arguments > 1)
            callbacks(resolver, call);
        return;
    }
    case ACT_DICT:
    case ACT_NAMESPACE: {
        const struct sp_python_value **items =
            sp_arena_array(&resolver->temporary, 2 * SP_PYTHON_ARGUMENTS_MAX + 1, sizeof(*items));
        uint32_t n = 0;
        for (uint32_t i = 0; items && i < call->n_arguments; i++) {
            const struct sp_python_argument *one = &call->arguments[i];
            if (one->name == UINT32_MAX) {
                set->other = true;
                continue;
            }
            if (row->action == ACT_NAMESPACE)
                sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, one->name, &one->set);
            items[n++] = sp_fold_python_text(
                &resolver->fold, SP_PYTHON_VALUE_TEXT, resolver->names.items[one->name], SP_VIA_DIRECT);
            items[n++] = one->set.n_items == 1 ? one->set.items[0] : NULL;
        }
        struct sp_python_value *dict =
            row->action == ACT_DICT && items ? sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_DICT) : NULL;
        if (dict) {
            dict->items = items;
            dict->n_items = n;
            dict->changes = true;
        }
        sp_resolve_python_scope_add(resolver, set, dict);
        return;
    }
    }
}

static bool ends(struct sp_str text, const char *tail)
{
    return sp_str_ends(text, sp_str_of(tail));
}

static void call_path(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct row *row = find_row(callee->text);
    if (row) {
        act(resolver, row, callee, call, set);
        return;
    }
    const struct sp_python_argument *first = argument(resolver, call, 0, NULL);
    if (first && (ends(callee->text, ".__getattribute__") || ends(callee->text, ".__getattr__"))) {
        struct sp_python_value *owner =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, callee->text, (enum sp_via)callee->via);
        struct sp_python_set object = {0};
        if (owner) {
            while (owner->text.ptr[--owner->text.n_bytes] != '.')
                ;
            owner->module = true;
        }
        sp_resolve_python_scope_add(resolver, &object, owner);
        get_member(resolver, &object, first, callee->via, call, set);
        return;
    }
    compute(resolver, callee, call, set);
    callbacks(resolver, call);
}

void sp_resolve_python_call(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    switch (callee ? callee->kind : SP_PYTHON_VALUE_SELF) {
    case SP_PYTHON_VALUE_PATH: call_path(resolver, callee, call, set); return;
    case SP_PYTHON_VALUE_FUNCTION: call_function(resolver, (uint32_t)callee->number, call, set); return;
    case SP_PYTHON_VALUE_METHOD: call_method(resolver, callee, call, set); return;
    case SP_PYTHON_VALUE_GETTER: call_getter(resolver, callee, call, set); return;
    case SP_PYTHON_VALUE_PARTIAL: call_partial(resolver, callee, call, set); return;
    default:
        callbacks(resolver, call);
        set->other = true;
        return;
    }
}
