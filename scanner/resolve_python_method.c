/* Calls of what values have as methods: those of constants, of dictionaries, and of the dictionaries of modules, which look up
 * and set their names. One thread at a time. */
#include "scanner/resolve_python_action.h"

#include "scanner/share_python.h"

bool sp_resolve_python_method_is_plain(struct sp_str name)
{
    static const char *const names[] = {"__contains__", "__delitem__", "__ior__", "__iter__", "__len__", "__setitem__",
        "clear", "items", "keys", "update", "values"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sp_str_is(name, names[i]))
            return true;
    return false;
}

/* Methods of a dictionary that answer their second argument where the first is no key. */
static bool has_fallback(struct sp_str name)
{
    return sp_str_is(name, "get") || sp_str_is(name, "pop") || sp_str_is(name, "setdefault");
}

/* globals().update({"a": …}), globals().setdefault("a", …): names of the program's own. */
static void store_own(struct sp_python_resolver *resolver, struct sp_str method, const struct sp_python_call *call,
    struct sp_python_set *set)
{
    const struct sp_python_argument *first = sp_resolve_python_call_argument(resolver, call, 0, NULL);
    const struct sp_python_argument *second = sp_resolve_python_call_argument(resolver, call, 1, NULL);
    const struct sp_python_value *name = first ? sp_resolve_python_set_constant(&first->set) : NULL;
    bool fills = sp_str_is(method, "setdefault"), known = name;
    if (second && (fills || sp_str_is(method, "__setitem__"))) {
        if (name)
            sp_resolve_python_scope_bind_own(resolver, name->text, &second->set);
        else
            sp_resolve_python_action_escape(resolver, &second->set, second->start, second->end);
    }
    if (second && fills)
        sp_resolve_python_set_join(resolver, set, &second->set);
    if (!first || !sp_resolve_python_store_changes(method))
        return;
    if (!second)
        known = sp_resolve_python_set_single(&first->set);
    for (uint8_t i = 0; i < first->set.n_items && !second; i++) {
        const struct sp_python_value *dict = first->set.items[i];
        known = known && dict->kind == SP_PYTHON_VALUE_DICT;
        for (uint32_t k = 0; dict->kind == SP_PYTHON_VALUE_DICT && k + 1 < dict->n_items; k += 2) {
            struct sp_python_set value = {0};
            sp_resolve_python_set_add(resolver, &value, dict->items[k + 1]);
            if (dict->items[k] && dict->items[k]->kind == SP_PYTHON_VALUE_TEXT) {
                sp_resolve_python_scope_bind_own(resolver, dict->items[k]->text, &value);
            } else {
                sp_resolve_python_action_escape(resolver, &value, first->start, first->end);
                known = false;
            }
        }
    }
    if (!known)
        sp_resolve_python_keep_set(resolver, (struct sp_str){0});
}

/* Any of a dictionary's values, where the key is not known. */
static void any_value(
    struct sp_python_resolver *resolver, const struct sp_python_value *dict, struct sp_python_set *set)
{
    if (!sp_resolve_python_set_pay(resolver, dict->n_items)) {
        set->other = set->limit = true;
        return;
    }
    for (uint32_t i = 1; i < dict->n_items; i += 2)
        sp_resolve_python_set_add(resolver, set, dict->items[i]);
}

void sp_resolve_python_method_call(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set)
{
    const struct sp_python_value *owner = callee->n_items ? callee->items[0] : NULL;
    static const char *const look_ups[] = {"get", "pop", "setdefault", "__getitem__"};
    if (owner && owner->kind == SP_PYTHON_VALUE_NAMESPACE) {
        const struct sp_python_argument *key = sp_resolve_python_call_argument(resolver, call, 0, NULL);
        if (owner->text.n_bytes == 0)
            store_own(resolver, callee->text, call, set);
        for (size_t i = 0; i < sizeof(look_ups) / sizeof(look_ups[0]); i++)
            if (key && sp_str_is(callee->text, look_ups[i])) {
                sp_resolve_python_lookup_subscript(resolver, owner, key, call->start, call->end, call->called, set);
                return;
            } else if (sp_str_is(callee->text, look_ups[i]) && call->n_arguments) {
                sp_resolve_python_emit_dynamic(
                    resolver, "member of a module by a computed name", call->start, call->end);
            }
        for (uint32_t i = 0; sp_resolve_python_store_changes(callee->text) && i < call->n_arguments; i++) {
            uint32_t name = call->arguments[i].name;
            struct sp_str text = name == UINT32_MAX ? (struct sp_str){0} : resolver->names.items[name];
            sp_resolve_python_store_member(resolver, owner, text, call->start, call->end);
            sp_resolve_python_member_tell_path(resolver, text, call->start, call->end);
            if (call->arguments[i].name != UINT32_MAX && owner->text.n_bytes == 0)
                sp_resolve_python_scope_bind_in(resolver, 0, call->arguments[i].name, &call->arguments[i].set);
        }
        if (!sp_resolve_python_method_is_plain(callee->text) && sp_resolve_python_action_power(owner, 1))
            sp_resolve_python_emit_dynamic(
                resolver, "names of a module, by a way that is not followed", call->start, call->end);
        if (owner->text.n_bytes && (sp_str_is(callee->text, "values") || sp_str_is(callee->text, "items")))
            sp_resolve_python_emit_dynamic(resolver, "walk over a module's members", call->start, call->end);
        static const char *const changes[] = {"update", "__setitem__", "setdefault", "__ior__"};
        for (size_t i = 0; owner->text.n_bytes && i < sizeof(changes) / sizeof(changes[0]); i++)
            if (sp_str_is(callee->text, changes[i]))
                sp_share_python_store(resolver, owner->text, NULL, NULL, call->start, call->end);
        set->other = true;
        return;
    }
    if (owner && owner->kind == SP_PYTHON_VALUE_DICT && has_fallback(callee->text)) {
        const struct sp_python_argument *fallback = sp_resolve_python_call_argument(resolver, call, 1, NULL);
        if (fallback)
            sp_resolve_python_set_join(resolver, set, &fallback->set);
        const struct sp_python_argument *key = sp_resolve_python_call_argument(resolver, call, 0, NULL);
        if (key && !sp_resolve_python_set_single(&key->set)) {
            sp_resolve_python_call_hide(resolver, call, false);
            any_value(resolver, owner, set);
            sp_resolve_python_call_callbacks(resolver, call);
            return;
        }
    }
    if (owner && !sp_fold_python_is_text(owner))
        sp_resolve_python_call_hide(resolver, call, false);
    sp_resolve_python_call_compute(resolver, callee, call, set);
    sp_resolve_python_call_callbacks(resolver, call);
}
