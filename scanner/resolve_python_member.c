/* Members of modules and of what else a program holds, by attribute and by subscript. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/python_modules.h"
#include "scanner/share_python.h"

/* ---- attributes ---- */

void sp_resolve_python_member_tell_way(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end)
{
    static const struct {
        const char *name, *what;
    } ways[] = {
        {"__subclasses__", "walk over all classes (__subclasses__)"},
        {"__globals__", "use of another function's globals (__globals__)"},
        {"__builtins__", "use of the builtins of another module (__builtins__)"},
        {"f_globals", "use of a frame's globals (f_globals)"},
        {"f_builtins", "use of a frame's builtins (f_builtins)"},
        {"f_locals", "use of a frame's variables (f_locals)"},
        {"func_globals", "use of another function's globals (func_globals)"},
        {"__loader__", "use of a module's loader (__loader__)"},
        {"load_module", "import by a loader (load_module)"},
        {"exec_module", "import by a loader (exec_module)"},
        {"pythonapi", "use of the interpreter's own functions (pythonapi)"},
    };
    static const char *const held[] = {"__closure__", "__defaults__", "__kwdefaults__", "cell_contents"};
    if (name.n_bytes < 8)
        return;
    if (resolver->self_seen && sp_str_is(name, "__dict__"))
        sp_resolve_python_keep_set(resolver, (struct sp_str){0});
    if (sp_str_is(name, "__closure__") || sp_str_is(name, "cell_contents") || sp_str_is(name, "__reduce__") ||
        sp_str_is(name, "__reduce_ex__"))
        sp_resolve_python_keep_none(resolver);
    for (size_t i = 0; resolver->view && i < sizeof(held) / sizeof(held[0]); i++)
        if (sp_str_is(name, held[i]))
            sp_resolve_python_emit_dynamic(resolver, "what a function of another file may hold", start, end);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (sp_str_is(name, ways[i].name))
            sp_resolve_python_emit_dynamic(resolver, ways[i].what, start, end);
}

bool sp_resolve_python_member_is_space(struct sp_str name)
{
    return sp_str_is(name, "__globals__") || sp_str_is(name, "f_builtins") || sp_str_is(name, "f_globals") ||
           sp_str_is(name, "f_locals") || sp_str_is(name, "func_globals");
}

void sp_resolve_python_member_tell_path(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end)
{
    if (sp_str_is(name, "__path__") || sp_str_is(name, "submodule_search_locations"))
        sp_resolve_python_emit_dynamic(resolver, "path of a package, which the program may change", start, end);
}

static struct sp_python_value *path_value(
    struct sp_python_resolver *resolver, struct sp_str text, enum sp_via via, bool builtin, bool module)
{
    struct sp_python_value *value =
        sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, sp_resolve_python_emit_keep(resolver, text), via);
    if (value) {
        value->builtin = builtin;
        value->module = module;
    }
    return value;
}

/* The module that a member belongs to: everything before its last dot. */
static struct sp_str module_of(struct sp_str path)
{
    size_t n = path.n_bytes;
    while (n > 0 && path.ptr[n - 1] != '.')
        n--;
    return n ? (struct sp_str){path.ptr, n - 1} : path;
}

void sp_resolve_python_member_find(struct sp_python_resolver *resolver, const struct sp_python_value *path,
    struct sp_str name, enum sp_via via, uint32_t start, uint32_t end, struct sp_python_set *set)
{
    via = path->via > via ? path->via : via;
    if (sp_str_is(name, "__dict__")) {
        struct sp_python_value *value =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, path->text, via);
        sp_resolve_python_set_add(resolver, set, value);
        return;
    }
    if (sp_str_is(name, "__call__")) {
        sp_resolve_python_set_add(resolver, set, path);
        return;
    }
    if (sp_str_is(name, "__self__")) {
        struct sp_str module = path->builtin ? SP_STR("builtins") : module_of(path->text);
        sp_resolve_python_set_add(
            resolver, set, path_value(resolver, module, SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false, true));
        return;
    }
    if (sp_str_is(name, "__builtins__")) {
        sp_resolve_python_set_add(resolver, set,
            path_value(resolver, SP_STR("builtins"), SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false, true));
        return;
    }
    if (sp_str_is(path->text, "builtins") && path->module && sp_python_modules_is_builtin(name)) {
        sp_resolve_python_set_add(resolver, set, path_value(resolver, name, via, true, false));
        return;
    }
    char text[SP_PYTHON_NAME_MAX];
    if (path->text.n_bytes + 1 + name.n_bytes > sizeof(text)) {
        set->other = set->limit = true;
        return;
    }
    memcpy(text, path->text.ptr, path->text.n_bytes);
    text[path->text.n_bytes] = '.';
    memcpy(text + path->text.n_bytes + 1, name.ptr, name.n_bytes);
    struct sp_str whole = {text, path->text.n_bytes + 1 + name.n_bytes};
    /* A file of the program's own may have the name of a module of the library. */
    bool own = sp_share_python_is_own(resolver, path->text);
    struct sp_str reached = path->builtin ? (struct sp_str){0} : sp_python_modules_reexport(whole);
    if (reached.ptr) {
        sp_resolve_python_emit_module(resolver, reached, start, end, SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false);
        sp_resolve_python_set_add(resolver, set,
            path_value(
                resolver, sp_python_modules_twin(reached), SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false, true));
        if (!own)
            return;
    }
    struct sp_str constant = sp_python_modules_constant(whole);
    if (constant.ptr && !own) {
        struct sp_python_value *told = path_value(resolver, whole, via, false, false);
        if (told)
            sp_resolve_python_emit_name(resolver, told, start, end, false);
        sp_resolve_python_set_add(
            resolver, set, sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_TEXT, constant, SP_VIA_FOLDED));
        return;
    }
    /* What the program itself put there. */
    uint32_t number = sp_python_names_find(&resolver->names, whole);
    if (number != UINT32_MAX)
        sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
    sp_share_python_join_member(resolver, path->text, name, set);
    sp_resolve_python_set_add(
        resolver, set, path_value(resolver, whole, via, path->builtin, sp_python_modules_is_known(whole)));
}

void sp_resolve_python_member_any(struct sp_python_resolver *resolver, const struct sp_python_set *from,
    struct sp_str text, enum sp_via via, uint32_t start, uint32_t end, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {.limit = from->limit};
    bool unknown = from->other;
    if (!sp_resolve_python_set_affords(resolver, from, &set)) {
        *ret_set = set;
        return;
    }
    for (uint8_t i = 0; i < from->n_items; i++) {
        const struct sp_python_value *value = from->items[i];
        if (sp_resolve_python_scope_is_self(value)) {
            uint32_t number = sp_python_names_find(&resolver->names, text);
            if (sp_str_is(text, "__dict__"))
                sp_resolve_python_set_add(resolver, &set,
                    sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, SP_STR(""), SP_VIA_CALL));
            else if (number != UINT32_MAX)
                sp_resolve_python_scope_peek(resolver, 0, number, &set);
            unknown = true;
        }
        if (value->kind == SP_PYTHON_VALUE_NAMESPACE && value->module)
            continue;
        if (value->kind == SP_PYTHON_VALUE_PATH) {
            sp_resolve_python_member_find(resolver, value, text, via, start, end, &set);
        } else if (value->kind == SP_PYTHON_VALUE_FUNCTION || value->kind == SP_PYTHON_VALUE_SELF ||
                   value->kind == SP_PYTHON_VALUE_CODE) {
            if (sp_str_is(text, "__call__"))
                sp_resolve_python_set_add(resolver, &set, value);
            else
                unknown = true;
        } else {
            struct sp_python_value *method =
                sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_METHOD, text, SP_VIA_DIRECT);
            const struct sp_python_value **items = sp_arena_alloc(&resolver->temporary, sizeof(*items));
            if (method && items) {
                items[0] = value;
                method->items = items;
                method->n_items = 1;
            }
            sp_resolve_python_set_add(resolver, &set, method && items ? method : NULL);
        }
    }
    if (unknown) {
        /* An object of the program's own: what it ever put into an attribute of that name. */
        uint32_t number = sp_python_names_find(&resolver->names, text);
        if (number != UINT32_MAX)
            sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, number, &set);
        sp_share_python_join(resolver, SP_SHARE_ATTRIBUTE, text, &set);
        if (sp_str_is(text, "__getattribute__")) /* every class has it: type(m).__getattribute__(m, "os") */
            sp_resolve_python_set_add(resolver, &set,
                path_value(
                    resolver, SP_STR("object.__getattribute__"), SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, true, false));
        set.other = true;
    }
    *ret_set = set;
}

/* ---- subscripts ---- */

/* The name under which the items of a key are kept. */
uint32_t sp_resolve_python_member_item(struct sp_python_resolver *resolver, const struct sp_python_value *key)
{
    bool text = key && key->kind == SP_PYTHON_VALUE_TEXT && key->text.n_bytes <= SP_PYTHON_NAME_MAX;
    struct sp_str name = sp_resolve_python_emit_keep(resolver, text ? key->text : SP_PYTHON_ANY_KEY);
    return sp_python_names_add(&resolver->names, name);
}

/* What the program ever put under one of the keys, in whatever container. */
static void stored_items(
    struct sp_python_resolver *resolver, const struct sp_python_set *keys, struct sp_python_set *set)
{
    if (!resolver->items_stored)
        return;
    for (uint8_t i = 0; i < keys->n_items; i++)
        if (keys->items[i]->kind == SP_PYTHON_VALUE_TEXT) {
            sp_resolve_python_scope_peek(
                resolver, SP_PYTHON_SCOPE_ITEMS, sp_resolve_python_member_item(resolver, keys->items[i]), set);
            sp_share_python_join(resolver, SP_SHARE_ITEM, keys->items[i]->text, set);
        }
    sp_share_python_join(resolver, SP_SHARE_ITEM, SP_PYTHON_ANY_KEY, set);
    sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_ITEMS, sp_resolve_python_member_item(resolver, NULL), set);
}

static bool is_none(const struct sp_python_resolver *resolver, uint32_t node)
{
    const struct sp_python_node *at = sp_resolve_python_at(resolver, node);
    return at->kind == SP_PYTHON_NODE_CONSTANT && resolver->source.ptr[at->start] == 'N';
}

void sp_resolve_python_member_subscript(struct sp_python_resolver *resolver, const struct sp_python_set *from,
    uint32_t index_node, uint32_t start, uint32_t end, bool called, struct sp_python_set *ret_set)
{
    const struct sp_python_node *index = sp_resolve_python_at(resolver, index_node);
    const struct sp_python_node *inner = index->child ? sp_resolve_python_at(resolver, index->child) : NULL;
    struct sp_python_set set = {.other = from->other, .limit = from->limit, .large = from->large};
    struct sp_python_set none = {0};
    if (!sp_resolve_python_set_affords(resolver, from, &set))
        from = &none;
    if (inner && inner->kind == SP_PYTHON_NODE_SLICE) {
        struct sp_python_set parts[3] = {0};
        const struct sp_python_value *bounds[3] = {NULL};
        bool known = true;
        uint32_t part = inner->child;
        for (int i = 0; i < 3 && part; i++, part = sp_resolve_python_at(resolver, part)->next) {
            if (sp_resolve_python_at(resolver, part)->kind == SP_PYTHON_NODE_EMPTY)
                continue;
            sp_resolve_python_expression(resolver, part, &parts[i]);
            bounds[i] = sp_resolve_python_set_single(&parts[i]);
            known &= bounds[i] || is_none(resolver, part); /* which stands for nothing */
        }
        for (uint8_t i = 0; i < from->n_items; i++)
            sp_resolve_python_set_add(resolver, &set,
                known ? sp_fold_python_slice(&resolver->fold, from->items[i], bounds[0], bounds[1], bounds[2]) : NULL);
        *ret_set = set;
        return;
    }
    struct sp_python_argument key = {.start = index->start, .end = index->end, .name = UINT32_MAX};
    if (inner) {
        key.start = inner->start;
        key.end = inner->end;
        sp_resolve_python_expression(resolver, index->child, &key.set);
    }
    bool unknown = from->other || from->n_items == 0;
    for (uint8_t i = 0; i < key.set.n_items; i++)
        if (key.set.items[i]->kind == SP_PYTHON_VALUE_TEXT)
            sp_resolve_python_member_tell_way(resolver, key.set.items[i]->text, key.start, key.end);
    for (uint8_t i = 0; i < from->n_items; i++)
        unknown |= from->items[i]->kind == SP_PYTHON_VALUE_DICT || from->items[i]->kind == SP_PYTHON_VALUE_SEQUENCE;
    if (unknown)
        stored_items(resolver, &key.set, &set);
    for (uint8_t i = 0; i < from->n_items; i++) {
        const struct sp_python_value *container = from->items[i];
        if (sp_resolve_python_lookup_subscript(resolver, container, &key, start, end, called, &set))
            continue;
        if (container->kind == SP_PYTHON_VALUE_DICT || container->kind == SP_PYTHON_VALUE_SEQUENCE) {
            /* With a key that is not known it may be any of them. */
            const struct sp_python_value *sought = sp_resolve_python_set_single(&key.set);
            if (sought) {
                sp_resolve_python_set_add(resolver, &set, sp_fold_python_index(&resolver->fold, container, sought));
                continue;
            }
            if (!sp_resolve_python_set_pay(resolver, container->n_items)) {
                set.other = set.limit = true;
                continue;
            }
            uint32_t step = container->kind == SP_PYTHON_VALUE_DICT ? 2 : 1;
            for (uint32_t k = step - 1; k < container->n_items; k += step)
                sp_resolve_python_set_add(resolver, &set, container->items[k]);
            continue;
        }
        for (uint8_t k = 0; k < key.set.n_items; k++)
            sp_resolve_python_set_add(
                resolver, &set, sp_fold_python_index(&resolver->fold, container, key.set.items[k]));
        set.other |= key.set.other || key.set.n_items == 0;
    }
    *ret_set = set;
}
