/* Members and items that are looked up by names in text: getattr, namespaces, sys.modules, the builtins. One thread at a
 * time. */
#include "scanner/resolve_python_action.h"

#include <string.h>

/* May it be something else than known texts? A member of a module holds whatever anybody put there. own: the program's
 * own name counts as known. */
static bool is_unknown(const struct sp_python_set *set, bool own)
{
    bool unknown = set->other || set->n_items == 0;
    for (uint8_t i = 0; i < set->n_items && !unknown; i++)
        unknown = set->items[i]->kind != SP_PYTHON_VALUE_TEXT && !(own && set->items[i]->kind == SP_PYTHON_VALUE_SELF);
    return unknown;
}

/* ---- members ---- */

void sp_resolve_python_lookup_member(struct sp_python_resolver *resolver, const struct sp_python_set *object,
    const struct sp_python_argument *name, enum sp_via via, const struct sp_python_call *call,
    struct sp_python_set *set)
{
    bool unknown = is_unknown(&name->set, false);
    for (uint8_t i = 0; i < name->set.n_items; i++) {
        const struct sp_python_value *text = name->set.items[i];
        struct sp_python_set member, from = *object;
        if (text->kind != SP_PYTHON_VALUE_TEXT)
            continue;
        sp_resolve_python_member_tell_way(resolver, text->text, name->start, name->end);
        /* attrgetter takes dotted names. */
        struct sp_str rest = text->text;
        for (;;) {
            const char *dot = memchr(rest.ptr, '.', rest.n_bytes);
            struct sp_str part = {rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.n_bytes};
            sp_resolve_python_keep_not(resolver, part);
            sp_resolve_python_member_any(resolver, &from, part,
                sp_resolve_python_action_via(sp_resolve_python_action_via(via, SP_VIA_CALL), text->via), call->start,
                call->end, &member);
            if (!dot)
                break;
            from = member;
            rest = (struct sp_str){dot + 1, rest.n_bytes - part.n_bytes - 1};
        }
        sp_resolve_python_emit_paths(resolver, &member, call->start, call->end, call->called);
        sp_resolve_python_set_join(resolver, set, &member);
    }
    if (!unknown)
        return;
    set->other = true;
    for (uint8_t i = 0; i < object->n_items; i++)
        if (object->items[i]->kind == SP_PYTHON_VALUE_PATH && object->items[i]->module)
            sp_resolve_python_emit_dynamic(resolver, "member of a module by a computed name", call->start, call->end);
}

bool sp_resolve_python_lookup_subscript(struct sp_python_resolver *resolver, const struct sp_python_value *container,
    const struct sp_python_argument *key, uint32_t start, uint32_t end, bool called, struct sp_python_set *set)
{
    bool is_path = container->kind == SP_PYTHON_VALUE_PATH;
    bool own = container->kind == SP_PYTHON_VALUE_NAMESPACE && container->text.n_bytes == 0;
    struct sp_python_call call = {.start = start, .end = end, .called = called};
    if (is_path && sp_str_is(container->text, "sys.modules")) {
        for (uint8_t i = 0; i < key->set.n_items; i++)
            if (key->set.items[i]->kind == SP_PYTHON_VALUE_TEXT)
                sp_resolve_python_import_named(resolver, key->set.items[i]->text, key->start, key->end,
                    sp_resolve_python_action_via(
                        sp_resolve_python_action_via(container->via, SP_VIA_CALL), key->set.items[i]->via),
                    false, set);
        bool unknown = is_unknown(&key->set, true);
        for (uint8_t i = 0; i < key->set.n_items; i++)
            if (key->set.items[i]->kind == SP_PYTHON_VALUE_SELF)
                sp_resolve_python_keep_self(resolver);
        if (unknown)
            sp_resolve_python_emit_dynamic(resolver, "module by a computed key of sys.modules", start, end);
        for (uint8_t i = 0; i < key->set.n_items; i++)
            if (key->set.items[i]->kind == SP_PYTHON_VALUE_SELF || sp_str_is(key->set.items[i]->text, "__main__"))
                sp_resolve_python_set_add(resolver, set, sp_resolve_python_scope_self(resolver));
        set->other |= unknown || set->n_items == 0;
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
        sp_resolve_python_set_add(resolver, &object, module);
        sp_resolve_python_lookup_member(resolver, &object, key, SP_VIA_CALL, &call, set);
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
            sp_resolve_python_set_add(resolver, &found, module);
        } else if (number != UINT32_MAX) {
            sp_resolve_python_scope_peek(resolver, resolver->scope, number, &found);
            sp_resolve_python_scope_peek(resolver, 0, number, &found);
        }
    }
    if (is_unknown(&key->set, true))
        sp_resolve_python_emit_dynamic(resolver, "name of the program by a computed key", start, end);
    sp_resolve_python_emit_paths(resolver, &found, start, end, called);
    sp_resolve_python_set_join(resolver, set, &found);
    set->other = true;
    return true;
}
