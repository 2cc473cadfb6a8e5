/* Calls of whatever is called. One thread at a time. */
#include "scanner/resolve_python_action.h"
#include "scanner/share_python.h"

#define CALLS_MAX  8 /* callbacks within callbacks */
#define CALL_PRICE 8 /* of a callback, in what sp_resolve_python_set_pay counts */

/* ---- calls and their arguments ---- */

struct sp_python_call *sp_resolve_python_call_take(
    struct sp_python_resolver *resolver, uint32_t start, uint32_t end, bool called)
{
    struct sp_python_call *call = resolver->calls;
    if (call) {
        resolver->calls = call->next;
    } else if (!(call = sp_arena_alloc(resolver->arena, sizeof(*call)))) {
        sp_resolve_python_fail(resolver, resolver->arena);
        return NULL;
    }
    call->n_arguments = 0;
    call->more = false;
    call->start = start;
    call->end = end;
    call->called = called;
    return call;
}

void sp_resolve_python_call_give(struct sp_python_resolver *resolver, struct sp_python_call *call)
{
    call->next = resolver->calls;
    resolver->calls = call;
}

const struct sp_python_argument *sp_resolve_python_call_argument(
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

uint32_t sp_resolve_python_call_positional(const struct sp_python_call *call)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_arguments; i++)
        n += !call->arguments[i].star && call->arguments[i].name == UINT32_MAX;
    return n;
}

/* ---- calls of what was handed on ---- */

void sp_resolve_python_call_with(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_value *const *items, uint32_t n_items, const struct sp_python_call *outer,
    const struct sp_python_argument *place, struct sp_python_set *set)
{
    if (resolver->n_calls >= CALLS_MAX || !sp_resolve_python_set_pay(resolver, CALL_PRICE)) {
        set->other = true;
        if (!resolver->quiet)
            sp_resolve_python_emit_limit(resolver, "calls within calls", outer->start, outer->end);
        return;
    }
    struct sp_python_call *call = sp_resolve_python_call_take(resolver, outer->start, outer->end, false);
    if (!call)
        return;
    for (uint32_t i = 0; i < n_items && i < SP_PYTHON_ARGUMENTS_MAX; i++) {
        struct sp_python_argument *one = &call->arguments[call->n_arguments++];
        *one = (struct sp_python_argument){.start = place->start, .end = place->end, .name = UINT32_MAX};
        sp_resolve_python_set_add(resolver, &one->set, items[i]);
    }
    resolver->n_calls++;
    sp_resolve_python_call(resolver, callee, call, set);
    resolver->n_calls--;
    sp_resolve_python_call_give(resolver, call);
}

/* Is it a module, or does it hold one? */
static bool holds_module(const struct sp_python_value *value)
{
    bool holds = value && value->kind == SP_PYTHON_VALUE_PATH && value->module;
    bool row = value && value->kind == SP_PYTHON_VALUE_SEQUENCE;
    for (uint32_t i = 0; row && !holds && i < value->n_items; i++)
        holds = value->items[i] && value->items[i]->kind == SP_PYTHON_VALUE_PATH && value->items[i]->module;
    return holds;
}

void sp_resolve_python_call_tell_getter(struct sp_python_resolver *resolver, const struct sp_python_call *call)
{
    bool getter = false, module = false;
    for (uint32_t i = 0; i < call->n_arguments; i++)
        for (uint8_t k = 0; k < call->arguments[i].set.n_items; k++) {
            const struct sp_python_value *value = call->arguments[i].set.items[k];
            const struct sp_python_action_row *row =
                value->kind == SP_PYTHON_VALUE_PATH ? sp_resolve_python_action_find(value->text) : NULL;
            getter |= row && row->action == SP_PYTHON_ACTION_GETATTR;
        }
    for (uint32_t i = 0; getter && i < call->n_arguments; i++) {
        const struct sp_python_set *set = &call->arguments[i].set;
        module |= set->limit;
        for (uint8_t k = 0; k < set->n_items && !module; k++)
            module = !sp_resolve_python_set_pay(resolver, set->items[k]->n_items) || holds_module(set->items[k]);
    }
    if (module)
        sp_resolve_python_emit_dynamic(
            resolver, "member of a module, by a call that is not seen", call->start, call->end);
}

void sp_resolve_python_call_callbacks(struct sp_python_resolver *resolver, const struct sp_python_call *call)
{
    sp_resolve_python_call_tell_getter(resolver, call);
    const struct sp_python_argument *given = sp_resolve_python_call_argument(resolver, call, UINT32_MAX, "args");
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->set.limit && !resolver->quiet)
            sp_resolve_python_emit_limit(resolver, "a name with too many meanings, or too long", one->start, one->end);
        for (uint8_t k = 0; k < one->set.n_items; k++) {
            const struct sp_python_value *callee = one->set.items[k];
            struct sp_python_set ignored = {0};
            if (!sp_resolve_python_action_is_sink(callee))
                continue;
            const struct sp_python_argument *next = given;
            if (!next && one->name == UINT32_MAX && i + 1 < call->n_arguments)
                next = &call->arguments[i + 1];
            else if (!next && one->name != UINT32_MAX)
                next = sp_resolve_python_call_argument(resolver, call, 0, NULL);
            const struct sp_python_value *value =
                next && next->set.n_items == 1 && !next->set.other ? next->set.items[0] : NULL;
            if (value && value->kind == SP_PYTHON_VALUE_SEQUENCE && next == given) {
                sp_resolve_python_call_with(resolver, callee, value->items, value->n_items, call, next, &ignored);
            } else if (value && value->kind == SP_PYTHON_VALUE_SEQUENCE) {
                for (uint32_t n = 0; n < value->n_items; n++)
                    sp_resolve_python_call_with(resolver, callee, &value->items[n], 1, call, next, &ignored);
            } else if (!(callee->kind == SP_PYTHON_VALUE_PARTIAL && !next)) {
                sp_resolve_python_call_with(resolver, callee, &value, 1, call, next ? next : one, &ignored);
            } else {
                sp_resolve_python_call_with(resolver, callee, NULL, 0, call, one, &ignored);
            }
        }
    }
}

/* ---- kinds of callees ---- */

/* *a gets the row of what is left of the positional arguments, **k the dictionary of the named ones. */
static void bind_rest(struct sp_python_resolver *resolver, uint32_t scope, const struct sp_python_node *parameter,
    uint32_t from, const struct sp_python_call *call)
{
    bool named = parameter->op != '*';
    struct sp_python_value *rest =
        sp_fold_python_value(&resolver->fold, named ? SP_PYTHON_VALUE_DICT : SP_PYTHON_VALUE_SEQUENCE);
    const struct sp_python_value **items =
        sp_arena_array(&resolver->temporary, 2 * SP_PYTHON_ARGUMENTS_MAX, sizeof(*items));
    uint32_t n = 0, at = 0;
    for (uint32_t i = 0; items && i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (named != (one->name != UINT32_MAX) || (!named && at++ < from))
            continue;
        if (named)
            items[n++] = sp_fold_python_text(
                &resolver->fold, SP_PYTHON_VALUE_TEXT, resolver->names.items[one->name], SP_VIA_DIRECT);
        items[n++] = one->star ? NULL : sp_resolve_python_set_item(&one->set);
        if (one->set.n_items > 1)
            sp_resolve_python_action_escape(resolver, &one->set, one->start, one->end);
    }
    if (!rest || !items || n == 0)
        return;
    rest->items = items;
    rest->n_items = n;
    struct sp_python_set set = {.other = true};
    sp_resolve_python_set_add(resolver, &set, rest);
    sp_resolve_python_scope_bind_in(resolver, scope, parameter->name, &set);
}

/* The program's own function: its parameters get what is handed to them. */
static void call_function(
    struct sp_python_resolver *resolver, uint32_t index, const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_function *function = &resolver->functions[index];
    uint32_t scope = function->scope, at = 0;
    const struct sp_python_set unknown = {.other = true};
    bool spread = call->more;
    for (uint32_t i = 0; i < call->n_arguments; i++)
        spread |= call->arguments[i].star;
    uint32_t child = sp_python_tree_at(&resolver->tree, function->node)->child;
    while (child && sp_python_tree_at(&resolver->tree, child)->kind != SP_PYTHON_NODE_PARAMETERS)
        child = sp_python_tree_at(&resolver->tree, child)->next;
    uint32_t parameter = child ? sp_python_tree_at(&resolver->tree, child)->child : 0;
    bool method = resolver->scopes[resolver->scopes[scope].parent].kind == SP_PYTHON_SCOPE_CLASS;
    if (method && parameter)
        parameter = sp_python_tree_at(&resolver->tree, parameter)->next;
    bool doubt = false;
    const struct sp_python_value *answer = sp_resolve_python_round_call(resolver, index, parameter, call, &doubt);
    set->other |= answer && doubt;
    for (; parameter; parameter = sp_python_tree_at(&resolver->tree, parameter)->next) {
        const struct sp_python_node *node = sp_python_tree_at(&resolver->tree, parameter);
        if (node->kind != SP_PYTHON_NODE_PARAMETER)
            continue;
        if (node->op) {
            bind_rest(resolver, scope, node, at, call);
            continue;
        }
        const struct sp_python_argument *given = sp_resolve_python_call_argument(resolver, call, at++, NULL);
        for (uint32_t i = 0; i < call->n_arguments && !given; i++)
            if (call->arguments[i].name == node->name)
                given = &call->arguments[i];
        if (given)
            sp_resolve_python_scope_bind_in(resolver, scope, node->name, &given->set);
        else if (spread)
            sp_resolve_python_scope_bind_in(resolver, scope, node->name, &unknown);
    }
    struct sp_python_set any = {0};
    sp_resolve_python_scope_answer(resolver, index, &any);
    if (answer)
        sp_resolve_python_set_add(resolver, set, answer);
    else
        sp_resolve_python_set_join(resolver, set, &any);
}

/* The named arguments as a dictionary, or NULL. */
static struct sp_python_value *keywords(
    struct sp_python_resolver *resolver, const struct sp_python_call *call, bool *ret_doubt)
{
    struct sp_python_value *dict = sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_DICT);
    const struct sp_python_value **items =
        sp_arena_array(&resolver->temporary, 2 * SP_PYTHON_ARGUMENTS_MAX, sizeof(*items));
    uint32_t n = 0;
    for (uint32_t i = 0; items && i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->name == UINT32_MAX)
            continue;
        items[n++] =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_TEXT, resolver->names.items[one->name], SP_VIA_DIRECT);
        items[n++] = one->star ? NULL : sp_resolve_python_set_known(&one->set, ret_doubt);
    }
    if (!dict || !items)
        return NULL;
    dict->items = items;
    dict->n_items = n;
    return dict;
}

/* Puts the named arguments where they belong among the others; false: what they do is not known. */
static bool place_keywords(const struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, const struct sp_python_value **values, size_t *n_values)
{
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->name == UINT32_MAX || one->star)
            continue;
        int at = sp_fold_python_position(callee->text, resolver->names.items[one->name], SP_PYTHON_ARGUMENTS_MAX);
        if (at < 0)
            return false;
        if (at == SP_PYTHON_ARGUMENTS_MAX)
            continue;
        values[at] = one->set.n_items == 1 && !one->set.other ? one->set.items[0] : NULL;
        *n_values = *n_values > (size_t)at ? *n_values : (size_t)at + 1;
    }
    return true;
}

void sp_resolve_python_call_compute(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_value *values[SP_PYTHON_ARGUMENTS_MAX] = {NULL};
    struct sp_python_value *named = NULL;
    bool method = callee->kind == SP_PYTHON_VALUE_METHOD, other = call->more;
    bool formats = method && sp_str_is(callee->text, "format");
    size_t n = 0;
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        other |= one->star;
        if (one->name != UINT32_MAX && formats && !named)
            named = keywords(resolver, call, &other);
        if (one->name != UINT32_MAX && formats)
            other |= one->set.other;
        if (one->star || one->name != UINT32_MAX)
            continue;
        other |= one->set.other || one->set.n_items != 1;
        set->large |= one->set.large;
        values[n++] = one->set.n_items ? one->set.items[0] : NULL;
    }
    uint8_t n_first = n && call->arguments[0].set.n_items > 1 ? call->arguments[0].set.n_items : 1;
    if (!formats && !place_keywords(resolver, callee, call, values, &n)) {
        set->other = true;
        return;
    }
    for (uint8_t k = 0; k < n_first; k++) {
        if (n && call->arguments[0].set.n_items > k && call->arguments[0].name == UINT32_MAX)
            values[0] = call->arguments[0].set.items[k];
        sp_resolve_python_set_add(resolver, set,
            method ? sp_fold_python_method(&resolver->fold, callee->items[0], callee->text, values, n, named)
                   : sp_fold_python_call(&resolver->fold, callee->text, values, n));
    }
    set->other |= other;
}

void sp_resolve_python_call_hide(struct sp_python_resolver *resolver, const struct sp_python_call *call, bool keys)
{
    for (uint32_t i = 0; i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        const struct sp_python_value *single = one->set.n_items == 1 ? one->set.items[0] : NULL;
        if (!(keys && sp_resolve_python_action_power(single, 0)))
            sp_resolve_python_action_hide(resolver, &one->set, one->start, one->end);
    }
}

void sp_resolve_python_call_bundle(struct sp_python_resolver *resolver, enum sp_python_value_kind kind,
    const struct sp_python_call *call, uint32_t from, struct sp_str text, bool caller, struct sp_python_set *set)
{
    struct sp_python_value *value = sp_fold_python_text(&resolver->fold, kind, text, SP_VIA_CALL);
    const struct sp_python_value **items =
        sp_arena_array(&resolver->temporary, SP_PYTHON_ARGUMENTS_MAX + 1, sizeof(*items));
    uint32_t n = 0;
    for (uint32_t i = from; items && i < call->n_arguments; i++) {
        const struct sp_python_argument *one = &call->arguments[i];
        if (one->name == UINT32_MAX)
            items[n++] = one->star ? NULL : sp_resolve_python_set_item(&one->set);
        else
            sp_resolve_python_action_hide(resolver, &one->set, one->start, one->end);
    }
    if (value && items) {
        value->items = items;
        value->n_items = n;
        value->caller = caller;
    }
    sp_resolve_python_set_add(resolver, set, items ? value : NULL);
}

/* Each of the names of attrgetter("a", "b"), in a row. */
static void get_row(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_argument *object, struct sp_python_argument *name, const struct sp_python_call *call,
    const struct sp_python_set *first, struct sp_python_set *set)
{
    const struct sp_python_value **items = sp_arena_array(&resolver->temporary, callee->n_items + 1, sizeof(*items));
    if (!items) {
        set->other = true;
        return;
    }
    items[0] = first->n_items == 1 ? first->items[0] : NULL;
    for (uint32_t i = 0; i < callee->n_items; i++) {
        struct sp_python_set member = {0};
        name->set = (struct sp_python_set){0};
        sp_resolve_python_set_add(resolver, &name->set, callee->items[i]);
        sp_resolve_python_lookup_member(resolver, &object->set, name, SP_VIA_CALL, call, &member);
        items[i + 1] = member.n_items == 1 ? member.items[0] : NULL;
    }
    struct sp_python_value *row = sp_fold_python_sequence(&resolver->fold, items, callee->n_items + 1);
    if (row)
        row->changes = false;
    sp_resolve_python_set_add(resolver, set, row);
}

static void call_getter(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_argument *object = sp_resolve_python_call_argument(resolver, call, 0, NULL);
    struct sp_python_argument name = {.start = call->start, .end = call->end, .name = UINT32_MAX};
    struct sp_python_set member = {0};
    if (!object) {
        set->other = true;
        return;
    }
    sp_resolve_python_set_add(resolver, &name.set,
        callee->text.n_bytes
            ? sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_TEXT, callee->text, (enum sp_via)callee->via)
            : NULL);
    sp_resolve_python_lookup_member(resolver, &object->set, &name, SP_VIA_CALL, call, &member);
    if (!callee->caller) {
        if (callee->n_items)
            get_row(resolver, callee, object, &name, call, &member, set);
        else
            sp_resolve_python_set_join(resolver, set, &member);
        return;
    }
    for (uint8_t i = 0; i < member.n_items; i++)
        sp_resolve_python_call_with(resolver, member.items[i], callee->items, callee->n_items, call, object, set);
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
    sp_resolve_python_call_with(resolver, callee->items[0], items, n, call, &place, set);
}

static bool ends(struct sp_str text, const char *tail)
{
    return sp_str_ends(text, sp_str_of(tail));
}

/* What a path is a member of. */
static struct sp_python_value owner_of(const struct sp_python_value *path)
{
    struct sp_python_value owner = *path;
    while (owner.text.n_bytes > 0 && owner.text.ptr[--owner.text.n_bytes] != '.')
        ;
    return owner;
}

/* Builtins that see no more of a dictionary than its keys. */
static bool sees_keys(struct sp_str name)
{
    static const char *const names[] = {"all", "any", "bool", "dir", "enumerate", "frozenset", "iter", "list", "max",
        "min", "print", "reversed", "set", "sorted", "str", "tuple", "type", "zip"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sp_str_is(name, names[i]))
            return true;
    return false;
}

/* Builtins that neither call nor hand on what they are given. */
static bool only_looks(struct sp_str name)
{
    static const char *const names[] = {"callable", "hasattr", "hash", "id", "isinstance", "issubclass", "len", "repr"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sp_str_is(name, names[i]))
            return true;
    return false;
}

static void call_path(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_action_row *row = sp_resolve_python_action_find(callee->text);
    if (row) {
        sp_resolve_python_perform(resolver, row, callee, call, set);
        return;
    }
    const struct sp_python_argument *first = sp_resolve_python_call_argument(resolver, call, 0, NULL);
    if (sp_resolve_python_store_changes(callee->text)) {
        struct sp_python_value owner = owner_of(callee);
        sp_resolve_python_store_tell(resolver, &owner, call->start, call->end);
        for (uint8_t i = 0; first && i < first->set.n_items; i++) /* list.append(sys.path, "x") */
            sp_resolve_python_store_tell(resolver, first->set.items[i], call->start, call->end);
    } else if (first && ends(callee->text, ".__setattr__")) {
        struct sp_python_value owner = owner_of(callee);
        const struct sp_python_value *name = sp_resolve_python_set_constant(&first->set);
        sp_resolve_python_store_member(
            resolver, &owner, name ? name->text : (struct sp_str){0}, call->start, call->end);
    }
    if (first && ends(callee->text, ".load_module")) {
        sp_resolve_python_perform(resolver,
            sp_resolve_python_action_find(SP_STR("importlib.machinery.BuiltinImporter.load_module")), callee, call,
            set);
        return;
    }
    if (first && (ends(callee->text, ".__getattribute__") || ends(callee->text, ".__getattr__"))) {
        const struct sp_python_argument *second = sp_resolve_python_call_argument(resolver, call, 1, NULL);
        if (second) { /* a class's, not bound: of whatever is handed to it */
            sp_resolve_python_lookup_member(resolver, &first->set, second, callee->via, call, set);
            return;
        }
        struct sp_python_value *owner =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, callee->text, (enum sp_via)callee->via);
        struct sp_python_set object = {0};
        if (owner) {
            while (owner->text.ptr[--owner->text.n_bytes] != '.')
                ;
            owner->module = true;
        }
        sp_resolve_python_set_add(resolver, &object, owner);
        sp_resolve_python_lookup_member(resolver, &object, first, callee->via, call, set);
        return;
    }
    if (sp_share_python_is_own(resolver, callee->text))
        sp_share_python_hand_over(resolver, call);
    sp_resolve_python_call_compute(resolver, callee, call, set);
    if (callee->builtin && only_looks(callee->text))
        return;
    sp_resolve_python_call_hide(resolver, call, callee->builtin && sees_keys(callee->text));
    struct sp_python_value owner = owner_of(callee);
    if (sp_str_is(owner.text, "sys.modules") &&
        !sp_resolve_python_method_is_plain(
            (struct sp_str){callee->text.ptr + owner.text.n_bytes + 1, callee->text.n_bytes - owner.text.n_bytes - 1}))
        sp_resolve_python_emit_dynamic(resolver, "all modules, by a way that is not followed", call->start, call->end);
    sp_resolve_python_call_callbacks(resolver, call);
}

void sp_resolve_python_call(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    switch (callee ? callee->kind : SP_PYTHON_VALUE_SELF) {
    case SP_PYTHON_VALUE_PATH: call_path(resolver, callee, call, set); return;
    case SP_PYTHON_VALUE_FUNCTION: call_function(resolver, (uint32_t)callee->number, call, set); return;
    case SP_PYTHON_VALUE_METHOD: sp_resolve_python_method_call(resolver, callee, call, set); return;
    case SP_PYTHON_VALUE_GETTER: call_getter(resolver, callee, call, set); return;
    case SP_PYTHON_VALUE_PARTIAL: call_partial(resolver, callee, call, set); return;
    default:
        sp_share_python_hand_over(resolver, call);
        sp_resolve_python_call_callbacks(resolver, call);
        set->other = true;
        return;
    }
}
