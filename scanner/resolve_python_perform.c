/* What calls of known functions do. One thread at a time. */
#include "scanner/resolve_python_action.h"

#include <string.h>

#include "scanner/python_modules.h"
#include "scanner/share_python.h"

static void too_large(struct sp_python_resolver *resolver, const struct sp_python_argument *given)
{
    if (given->set.large && !resolver->quiet)
        sp_resolve_python_emit_limit(resolver, "text that is too large to be followed", given->start, given->end);
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
    const struct sp_python_argument *package = sp_resolve_python_call_argument(resolver, call, 1, "package");
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
    const struct sp_python_action_row *row, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *given = sp_resolve_python_call_argument(resolver, call, 0, row->what);
    struct sp_python_set unused = {0};
    set->other |= row->action == SP_PYTHON_ACTION_FIND;
    if (!given) {
        sp_resolve_python_emit_dynamic(resolver, "import of a computed name", call->start, call->end);
        set->other = true;
        return;
    }
    bool top = row->action == SP_PYTHON_ACTION_IMPORT_TOP && sp_resolve_python_call_positional(call) < 4 &&
               !sp_resolve_python_call_argument(resolver, call, 3, "fromlist");
    bool unknown = given->set.other || given->set.n_items == 0;
    for (uint8_t i = 0; i < given->set.n_items; i++) {
        const struct sp_python_value *value = given->set.items[i];
        struct sp_str name;
        bool own = value->kind == SP_PYTHON_VALUE_SELF;
        if (own) {
            set->other = true; /* the program itself */
            sp_resolve_python_keep_self(resolver);
            continue;
        }
        /* An object that is a module is no name of one. */
        if (value->kind == SP_PYTHON_VALUE_PATH && value->module && row->action != SP_PYTHON_ACTION_FIND)
            continue;
        if (!sp_fold_python_is_text(value) || !absolute(resolver, call, given, value->text, &own, &name)) {
            unknown |= !own;
            continue;
        }
        const char *colon = row->action == SP_PYTHON_ACTION_FIND ? memchr(name.ptr, ':', name.n_bytes) : NULL;
        if (colon)
            name.n_bytes = (size_t)(colon - name.ptr);
        sp_resolve_python_import_named(resolver, name, given->start, given->end,
            sp_resolve_python_action_via(sp_resolve_python_action_via(callee->via, SP_VIA_CALL), value->via), top,
            row->action == SP_PYTHON_ACTION_FIND ? &unused : set);
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
            if (number == UINT32_MAX && (sp_python_modules_is_builtin(part) || sp_str_is(part, "__builtins__")))
                number = sp_python_names_add(&resolver->names, sp_resolve_python_emit_keep(resolver, part));
            if (number == UINT32_MAX)
                break;
            sp_resolve_python_scope_find(resolver, number, &found);
        } else {
            struct sp_python_set from = found;
            sp_resolve_python_member_any(resolver, &from, part, SP_VIA_FOLDED, call->start, call->end, &found);
        }
        first = false;
        rest = dot ? (struct sp_str){dot + 1, rest.n_bytes - part.n_bytes - 1} : (struct sp_str){rest.ptr, 0};
    }
    sp_resolve_python_set_join(resolver, set, &found);
    set->other = true;
}

/* A function of the program's own, a builtin, or code that was judged where it was compiled: no text of any kind. */
static bool is_no_text(const struct sp_python_value *value)
{
    return value->kind == SP_PYTHON_VALUE_CODE || value->kind == SP_PYTHON_VALUE_FUNCTION ||
           (value->kind == SP_PYTHON_VALUE_PATH && value->builtin &&
               !memchr(value->text.ptr, '.', value->text.n_bytes));
}

static void evaluate_one(struct sp_python_resolver *resolver, const struct sp_python_argument *given,
    const struct sp_python_call *call, bool expression, struct sp_python_set *set)
{
    bool unknown = given->set.other || given->set.n_items == 0;
    for (uint8_t i = 0; i < given->set.n_items; i++) {
        const struct sp_python_value *value = given->set.items[i];
        if (sp_fold_python_is_text(value)) {
            sp_resolve_python_emit_evaluated(resolver, value->text, given->start, given->end, expression);
            if (expression)
                evaluated_name(resolver, value, call, set);
        } else {
            unknown |= !is_no_text(value);
        }
    }
    too_large(resolver, given);
    if (unknown)
        sp_resolve_python_emit_dynamic(resolver, "evaluation of computed code", given->start, given->end);
}

static void evaluate(struct sp_python_resolver *resolver, const struct sp_python_action_row *row,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *given = sp_resolve_python_call_argument(resolver, call, 0, row->what);
    const struct sp_python_argument *second = row->action == SP_PYTHON_ACTION_EVALUATE_TWO
                                                  ? sp_resolve_python_call_argument(resolver, call, 1, "setup")
                                                  : NULL;
    bool expression = strcmp(row->name, "eval") == 0, star = false;
    for (uint32_t i = 0; i < call->n_arguments; i++)
        star |= call->arguments[i].star;
    if (row->action == SP_PYTHON_ACTION_COMPILE)
        sp_resolve_python_set_add(resolver, set, sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_CODE));
    if (given)
        evaluate_one(resolver, given, call, expression, set);
    else if (star || (call->n_arguments > 0 && row->action != SP_PYTHON_ACTION_EVALUATE_TWO))
        sp_resolve_python_emit_dynamic(resolver, "evaluation of computed code", call->start, call->end);
    if (second)
        evaluate_one(resolver, second, call, false, set);
    set->other |= row->action != SP_PYTHON_ACTION_COMPILE;
}

/* ---- rows ---- */

static void reduce(struct sp_python_resolver *resolver, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *function = sp_resolve_python_call_argument(resolver, call, 0, NULL);
    const struct sp_python_argument *row = sp_resolve_python_call_argument(resolver, call, 1, NULL);
    const struct sp_python_argument *first = sp_resolve_python_call_argument(resolver, call, 2, "initial");
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
        sp_resolve_python_call_with(resolver, function->set.items[0], both, 2, call, row, &one);
        left = one.n_items == 1 ? one.items[0] : NULL;
    }
    sp_resolve_python_set_add(resolver, set, left);
}

/* inspect.signature(f, eval_str=True): texts among its annotations are evaluated. */
static bool evaluates_annotations(const struct sp_python_resolver *resolver, const struct sp_python_call *call)
{
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        struct sp_str written = {resolver->source.ptr + one->start, one->end - one->start};
        if (one->star || (one->name != UINT32_MAX && sp_str_is(resolver->names.items[one->name], "eval_str") &&
                             !sp_str_is(written, "False")))
            return true;
    }
    return false;
}

/* A member of what is not known, by a name that is not known: getattr(*row). */
static void tell_star(struct sp_python_resolver *resolver, const struct sp_python_call *call)
{
    for (uint32_t i = 0; i < call->n_arguments; i++)
        if (call->arguments[i].star)
            sp_resolve_python_emit_dynamic(resolver, "member of a module by a computed name", call->start, call->end);
}

/* globals(), locals(), vars(): of a call, or of a class's body, where the number is not 0. */
static struct sp_python_value *own_names(struct sp_python_resolver *resolver, const struct sp_python_action_row *row)
{
    struct sp_python_value *value =
        sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, SP_STR(""), SP_VIA_CALL);
    if (value)
        value->number = strcmp(row->name, "globals") != 0 && resolver->scope != 0;
    sp_resolve_python_keep_none(resolver);
    return value;
}

/* ---- known functions ---- */

/* A call of one of them. */
struct act {
    const struct sp_python_action_row *row;
    const struct sp_python_value *callee;
    const struct sp_python_call *call;
    const struct sp_python_argument *first, *second; /* NULL: none */
};

static void act_annotations(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    if (evaluates_annotations(resolver, act->call))
        sp_resolve_python_emit_dynamic(resolver, "evaluation of annotations", act->call->start, act->call->end);
    set->other = true;
}

static void act_instance(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    sp_resolve_python_set_add(resolver, set, act->callee);
    set->other = true;
}

static void act_import(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    import_by_name(resolver, act->callee, act->row, act->call, set);
}

static void act_evaluate(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    evaluate(resolver, act->row, act->call, set);
}

static void act_dynamic(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    sp_resolve_python_emit_dynamic(resolver, act->row->what, act->call->start, act->call->end);
    set->other = true;
}

/* Bytes that the program brings with it name what it imports, and are no data. */
static void act_dynamic_constant(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    if (act->first && act->first->set.n_items)
        sp_resolve_python_emit_dynamic(resolver, act->row->what, act->call->start, act->call->end);
    set->other = true;
}

static void act_getattr(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    const struct sp_python_argument *third = sp_resolve_python_call_argument(resolver, act->call, 2, NULL);
    if (act->first && act->second)
        sp_resolve_python_lookup_member(resolver, &act->first->set, act->second, act->callee->via, act->call, set);
    else
        tell_star(resolver, act->call);
    set->other |= !act->first || !act->second;
    if (third) { /* what stands in for the member that is not there */
        struct sp_python_set aliased = sp_resolve_python_set_aliased(resolver, &third->set);
        sp_resolve_python_set_join(resolver, set, &aliased);
    }
}

static void act_setattr(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    const struct sp_python_call *call = act->call;
    const struct sp_python_argument *third = sp_resolve_python_call_argument(resolver, call, 2, NULL);
    const struct sp_python_value *name = act->second ? sp_resolve_python_set_constant(&act->second->set) : NULL;
    uint32_t number = name ? sp_python_names_find(&resolver->names, name->text) : UINT32_MAX;
    uint8_t n_owners = act->first ? act->first->set.n_items : 0;
    for (uint8_t i = 0; i < n_owners; i++)
        sp_resolve_python_store_member(
            resolver, act->first->set.items[i], name ? name->text : (struct sp_str){0}, call->start, call->end);
    if (name)
        sp_resolve_python_member_tell_path(resolver, name->text, call->start, call->end);
    if (resolver->self_seen && act->first && (act->first->set.other || !n_owners))
        sp_resolve_python_keep_set(resolver, name ? name->text : (struct sp_str){0});
    if (third && number != UINT32_MAX)
        sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, number, &third->set);
    if (third && name)
        sp_resolve_python_action_tell_operator(resolver, name->text, &third->set, call->start, call->end);
    for (uint8_t i = 0; third && name && i < n_owners; i++)
        if (sp_resolve_python_scope_is_self(act->first->set.items[i]))
            sp_resolve_python_scope_bind_own(resolver, name->text, &third->set);
    for (uint8_t i = 0; third && i < n_owners; i++)
        if (act->first->set.items[i]->kind == SP_PYTHON_VALUE_PATH)
            sp_share_python_store(resolver, act->first->set.items[i]->text, name ? &name->text : NULL, &third->set,
                call->start, call->end);
    sp_resolve_python_call_callbacks(resolver, call);
    set->other = true;
}

static void act_getitem(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    const struct sp_python_call *call = act->call;
    for (uint8_t i = 0; act->first && act->second && i < act->first->set.n_items; i++)
        if (!sp_resolve_python_lookup_subscript(
                resolver, act->first->set.items[i], act->second, call->start, call->end, call->called, set))
            sp_resolve_python_call_compute(resolver, act->callee, call, set);
    set->other |= !act->first || !act->second || act->first->set.other;
}

/* By a key of sys.modules or of the builtins. */
static void act_item(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    bool modules = act->row->action == SP_PYTHON_ACTION_SYS_MODULES;
    struct sp_python_value container = {.kind = SP_PYTHON_VALUE_PATH, .via = act->callee->via, .module = true};
    container.text = modules ? SP_STR("sys.modules") : SP_STR("builtins");
    if (act->first)
        sp_resolve_python_lookup_subscript(
            resolver, &container, act->first, act->call->start, act->call->end, act->call->called, set);
    else
        tell_star(resolver, act->call);
    set->other |= !act->first;
}

static void act_globals(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    sp_resolve_python_set_add(resolver, set, own_names(resolver, act->row));
}

static void act_vars(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    if (!act->first) {
        act_globals(resolver, act, set);
        return;
    }
    for (uint8_t i = 0; i < act->first->set.n_items; i++) {
        const struct sp_python_value *owner = act->first->set.items[i];
        struct sp_str text = sp_resolve_python_scope_is_self(owner) ? SP_STR("") : owner->text;
        if (owner->kind == SP_PYTHON_VALUE_PATH || text.n_bytes < owner->text.n_bytes || owner->module)
            sp_resolve_python_set_add(
                resolver, set, sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, text, SP_VIA_CALL));
    }
    set->other |= act->first->set.other || !act->first->set.n_items;
}

/* attrgetter, methodcaller. Without a text: of a member whose name is not known. */
static void act_getter(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    const struct sp_python_value *name = act->first ? sp_resolve_python_set_constant(&act->first->set) : NULL;
    sp_resolve_python_call_bundle(resolver, SP_PYTHON_VALUE_GETTER, act->call, 1,
        name ? name->text : (struct sp_str){0}, act->row->action == SP_PYTHON_ACTION_METHODCALLER, set);
    set->other |= !name;
}

static void act_partial(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    sp_resolve_python_call_bundle(resolver, SP_PYTHON_VALUE_PARTIAL, act->call, 0, SP_STR(""), false, set);
}

/* What f answers to each item: map, or with spread starmap. filtered: the items to which it answers something true. */
static const struct sp_python_value *results_of(struct sp_python_resolver *resolver, const struct act *act,
    const struct sp_python_value *callee, const struct sp_python_value *rows, bool filtered)
{
    const struct sp_python_value **results = sp_arena_array(&resolver->temporary, rows->n_items + 1, sizeof(*results));
    bool many = sp_resolve_python_call_positional(act->call) > 2;
    bool spread = many || strcmp(act->row->name, "itertools.starmap") == 0;
    bool known = results, paths = filtered;
    uint32_t n_results = 0;
    for (uint32_t k = 0; results && k < rows->n_items; k++) {
        struct sp_python_set one = {0};
        const struct sp_python_value *item = rows->items[k];
        if (spread && item && item->kind == SP_PYTHON_VALUE_SEQUENCE)
            sp_resolve_python_call_with(resolver, callee, item->items, item->n_items, act->call, act->second, &one);
        else
            sp_resolve_python_call_with(resolver, callee, &rows->items[k], 1, act->call, act->second, &one);
        const struct sp_python_value *result = sp_resolve_python_set_item(&one);
        int truth = sp_fold_python_truth(sp_resolve_python_set_single(&one));
        known &= !filtered || truth >= 0;
        paths &= item && item->kind == SP_PYTHON_VALUE_PATH;
        if (!filtered || truth != 0)
            results[n_results++] = filtered ? item : result;
    }
    /* Of what imports or evaluates any may be left: for those who call it. */
    struct sp_python_value *list = known || paths ? sp_fold_python_list(&resolver->fold, results, n_results) : NULL;
    if (list)
        list->mixed = rows->mixed;
    return list;
}

/* map(f, row, …): rows of what f is handed each time. */
static const struct sp_python_value *rows_of(struct sp_python_resolver *resolver, const struct act *act)
{
    const struct sp_python_value *values[SP_PYTHON_ARGUMENTS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 1; i < act->call->n_arguments; i++) {
        const struct sp_python_argument *one = &act->call->arguments[i];
        bool known = !one->star && one->name == UINT32_MAX && one->set.n_items == 1;
        values[n++] = known ? one->set.items[0] : NULL;
    }
    bool map = strcmp(act->row->name, "map") == 0;
    if (n == 0 || !act->second || (n > 1 && !map))
        return NULL;
    return n > 1 ? sp_fold_python_call(&resolver->fold, SP_STR("zip"), values, n)
                 : sp_fold_python_items(&resolver->fold, values[0]);
}

static void act_map(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    bool filtered = strcmp(act->row->name, "filter") == 0;
    const struct sp_python_value *rows = rows_of(resolver, act);
    if (!rows)
        sp_resolve_python_call_tell_getter(resolver, act->call);
    for (uint32_t i = 1; i < act->call->n_arguments; i++)
        sp_resolve_python_action_hide(
            resolver, &act->call->arguments[i].set, act->call->arguments[i].start, act->call->arguments[i].end);
    for (uint8_t i = 0; act->first && i < act->first->set.n_items; i++) {
        const struct sp_python_value *callee = act->first->set.items[i];
        if (!rows || (act->second && act->second->set.other)) {
            struct sp_python_set unknown = {0};
            const struct sp_python_value *nothing = NULL;
            if (sp_resolve_python_action_is_sink(callee) || callee->kind == SP_PYTHON_VALUE_FUNCTION)
                sp_resolve_python_call_with(
                    resolver, callee, &nothing, 1, act->call, act->second ? act->second : act->first, &unknown);
            set->other = true;
        }
        if (rows)
            sp_resolve_python_set_add(resolver, set, results_of(resolver, act, callee, rows, filtered));
    }
    set->other |= !act->first || act->first->set.other || act->first->set.n_items == 0;
}

static void act_reduce(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    reduce(resolver, act->call, set);
}

static void act_members(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    for (uint8_t i = 0; act->first && i < act->first->set.n_items; i++)
        if (act->first->set.items[i]->kind == SP_PYTHON_VALUE_PATH && act->first->set.items[i]->module)
            sp_resolve_python_emit_dynamic(resolver, "walk over a module's members", act->call->start, act->call->end);
    set->other = true;
}

static void act_same(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    const struct sp_python_call *call = act->call;
    bool is_first = act->row->action == SP_PYTHON_ACTION_SAME;
    const struct sp_python_argument *same = is_first ? act->first : act->second;
    if (same)
        sp_resolve_python_set_join(resolver, set, &same->set);
    set->other |= !same;
    for (uint32_t i = 1; i < call->n_arguments && is_first; i++)
        sp_resolve_python_action_hide(
            resolver, &call->arguments[i].set, call->arguments[i].start, call->arguments[i].end);
    if (call->n_arguments > 1)
        sp_resolve_python_call_callbacks(resolver, call);
}

/* dict(a=1), SimpleNamespace(a=1). */
static void act_named(struct sp_python_resolver *resolver, const struct act *act, struct sp_python_set *set)
{
    const struct sp_python_call *call = act->call;
    const struct sp_python_value **items =
        sp_arena_array(&resolver->temporary, 2 * SP_PYTHON_ARGUMENTS_MAX + 1, sizeof(*items));
    bool is_dict = act->row->action == SP_PYTHON_ACTION_DICT;
    uint32_t n = 0;
    for (uint32_t i = 0; items && i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->name == UINT32_MAX) {
            sp_resolve_python_action_hide(resolver, &one->set, one->start, one->end);
            set->other = true;
            continue;
        }
        if (!is_dict)
            sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, one->name, &one->set);
        items[n++] =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_TEXT, resolver->names.items[one->name], SP_VIA_DIRECT);
        items[n++] = sp_resolve_python_set_item(&one->set);
    }
    struct sp_python_value *dict =
        is_dict && items ? sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_DICT) : NULL;
    if (dict) {
        dict->items = items;
        dict->n_items = n;
        dict->changes = true;
    }
    sp_resolve_python_set_add(resolver, set, dict);
}

static void (*const acts[])(struct sp_python_resolver *, const struct act *, struct sp_python_set *) = {
    [SP_PYTHON_ACTION_ANNOTATIONS] = act_annotations,
    [SP_PYTHON_ACTION_ATTRGETTER] = act_getter,
    [SP_PYTHON_ACTION_BUILTINS_ITEM] = act_item,
    [SP_PYTHON_ACTION_COMPILE] = act_evaluate,
    [SP_PYTHON_ACTION_DICT] = act_named,
    [SP_PYTHON_ACTION_DYNAMIC] = act_dynamic,
    [SP_PYTHON_ACTION_DYNAMIC_CONSTANT] = act_dynamic_constant,
    [SP_PYTHON_ACTION_EVALUATE] = act_evaluate,
    [SP_PYTHON_ACTION_EVALUATE_TWO] = act_evaluate,
    [SP_PYTHON_ACTION_FIND] = act_import,
    [SP_PYTHON_ACTION_GETATTR] = act_getattr,
    [SP_PYTHON_ACTION_GETITEM] = act_getitem,
    [SP_PYTHON_ACTION_GLOBALS] = act_globals,
    [SP_PYTHON_ACTION_IMPORT] = act_import,
    [SP_PYTHON_ACTION_IMPORT_TOP] = act_import,
    [SP_PYTHON_ACTION_INSTANCE] = act_instance,
    [SP_PYTHON_ACTION_MAP] = act_map,
    [SP_PYTHON_ACTION_MEMBERS] = act_members,
    [SP_PYTHON_ACTION_METHODCALLER] = act_getter,
    [SP_PYTHON_ACTION_NAMESPACE] = act_named,
    [SP_PYTHON_ACTION_PARTIAL] = act_partial,
    [SP_PYTHON_ACTION_REDUCE] = act_reduce,
    [SP_PYTHON_ACTION_SAME] = act_same,
    [SP_PYTHON_ACTION_SAME_SECOND] = act_same,
    [SP_PYTHON_ACTION_SETATTR] = act_setattr,
    [SP_PYTHON_ACTION_SYS_MODULES] = act_item,
    [SP_PYTHON_ACTION_VARS] = act_vars,
};

_Static_assert(sizeof(acts) / sizeof(acts[0]) == SP_PYTHON_ACTION_COUNT, "a function for every action");

void sp_resolve_python_perform(struct sp_python_resolver *resolver, const struct sp_python_action_row *row,
    const struct sp_python_value *callee, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct act act = {.row = row,
        .callee = callee,
        .call = call,
        .first = sp_resolve_python_call_argument(resolver, call, 0, NULL),
        .second = sp_resolve_python_call_argument(resolver, call, 1, NULL)};
    acts[row->action](resolver, &act, set);
}
