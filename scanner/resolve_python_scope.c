/* Scopes, and what names mean in them. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/python_modules.h"
#include "scanner/share_python.h"

#define SLOTS_FIRST  64
#define ANSWER_DEPTH 3 /* rows within rows that a function answers */

/* Where the number of a binding is, or would be. */
static uint32_t *slot(const struct sp_python_resolver *resolver, uint32_t scope, uint32_t name)
{
    for (uint32_t i = (uint32_t)sp_hash_number(resolver->names.key, (uint64_t)scope << 32 | name);; i++) {
        uint32_t *at = &resolver->binding_slots[i & (resolver->n_binding_slots - 1)];
        const struct sp_python_binding *binding = *at ? &resolver->bindings[*at - 1] : NULL;
        if (!binding || (binding->scope == scope && binding->name == name))
            return at;
    }
}

static struct sp_python_binding *find(struct sp_python_resolver *resolver, uint32_t scope, uint32_t name)
{
    uint32_t number = resolver->n_binding_slots ? *slot(resolver, scope, name) : 0;
    return number ? &resolver->bindings[number - 1] : NULL;
}

static bool grow_slots(struct sp_python_resolver *resolver)
{
    uint32_t n_slots = resolver->n_binding_slots ? resolver->n_binding_slots * 2 : SLOTS_FIRST;
    uint32_t *slots = sp_arena_array(resolver->arena, n_slots, sizeof(*slots));
    if (!slots)
        return false;
    resolver->binding_slots = slots;
    resolver->n_binding_slots = n_slots;
    for (uint32_t i = 0; i < resolver->n_bindings; i++)
        *slot(resolver, resolver->bindings[i].scope, resolver->bindings[i].name) = i + 1;
    return true;
}

static struct sp_python_binding *make(struct sp_python_resolver *resolver, uint32_t scope, uint32_t name)
{
    if (((resolver->n_bindings + 1) * 2 > resolver->n_binding_slots && !grow_slots(resolver)) ||
        SP_ARENA_GROW(resolver->arena, resolver->bindings, resolver->n_bindings, resolver->binding_room, 32) < 0) {
        sp_resolve_python_fail(resolver, resolver->arena);
        return NULL;
    }
    uint32_t *at = slot(resolver, scope, name);
    if (!*at) {
        resolver->bindings[resolver->n_bindings++] = (struct sp_python_binding){.scope = scope, .name = name};
        *at = resolver->n_bindings;
        if (scope < resolver->n_scopes)
            resolver->scopes[scope].n_bindings++;
    }
    return &resolver->bindings[*at - 1];
}

static void note_read(struct sp_python_resolver *resolver, uint32_t name)
{
    if (name < resolver->n_read)
        resolver->read[name] = resolver->walk;
}

uint32_t sp_resolve_python_scope_new(struct sp_python_resolver *resolver, enum sp_python_scope_kind kind)
{
    if (SP_ARENA_GROW(resolver->arena, resolver->scopes, resolver->n_scopes, resolver->scope_room, 64) < 0) {
        sp_resolve_python_fail(resolver, resolver->arena);
        return 0;
    }
    resolver->scopes[resolver->n_scopes] = (struct sp_python_scope){.parent = resolver->scope, .kind = (uint8_t)kind};
    return resolver->n_scopes++;
}

static void bind_values(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, const struct sp_python_set *set)
{
    struct sp_python_binding *binding = make(resolver, scope, name);
    if (!binding)
        return;
    if (binding->moved && scope < resolver->n_scopes && binding->moved - 1 != scope) {
        bind_values(resolver, binding->moved - 1, name, set);
        return;
    }
    bool first = !binding->bound;
    bool grown = sp_resolve_python_set_grow(resolver, &binding->set, set);
    binding->bound = true;
    /* Names that are made up here (paths, keys) are not watched. */
    if ((grown || first) && (name >= resolver->n_read || resolver->read[name] == resolver->walk))
        resolver->again = true;
    if (scope == resolver->scope && resolver->n_branches == 0)
        binding->certain = resolver->walk;
}

void sp_resolve_python_scope_bind_in(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, const struct sp_python_set *set)
{
    struct sp_python_set aliased = sp_resolve_python_set_aliased(resolver, set);
    bind_values(resolver, scope, name, &aliased);
}

void sp_resolve_python_scope_import(struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set)
{
    bind_values(resolver, resolver->scope, name, set);
    /* What a class holds is reached as an attribute, of it and of its instances. */
    if (resolver->scopes[resolver->scope].kind == SP_PYTHON_SCOPE_CLASS && set->n_items > 0)
        sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, name, set);
}

void sp_resolve_python_scope_bind(struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set)
{
    struct sp_python_set aliased = sp_resolve_python_set_aliased(resolver, set);
    sp_resolve_python_scope_import(resolver, name, &aliased);
}

void sp_resolve_python_scope_bind_walrus(
    struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set)
{
    uint32_t scope = resolver->scope;
    while (resolver->scopes[scope].comprehension)
        scope = resolver->scopes[scope].parent;
    if (scope == resolver->scope)
        sp_resolve_python_scope_bind(resolver, name, set);
    else
        sp_resolve_python_scope_bind_in(resolver, scope, name, set);
}

void sp_resolve_python_scope_bind_row(
    struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set)
{
    struct sp_python_set aliased = sp_resolve_python_set_aliased(resolver, set);
    aliased.other = set->other;
    sp_resolve_python_scope_import(resolver, name, &aliased);
}

void sp_resolve_python_scope_declare(struct sp_python_resolver *resolver, uint32_t name, bool global)
{
    uint32_t to = 0;
    if (!global) {
        to = resolver->scopes[resolver->scope].parent;
        while (to > 0 && (resolver->scopes[to].kind != SP_PYTHON_SCOPE_FUNCTION || !find(resolver, to, name)))
            to = resolver->scopes[to].parent;
    }
    struct sp_python_binding *binding = make(resolver, resolver->scope, name);
    if (binding && to != resolver->scope)
        binding->moved = to + 1;
}

void sp_resolve_python_scope_delete(struct sp_python_resolver *resolver, uint32_t name)
{
    struct sp_python_binding *binding = find(resolver, resolver->scope, name);
    if (binding)
        binding->certain = 0;
}

const struct sp_python_value *sp_resolve_python_scope_self(struct sp_python_resolver *resolver)
{
    struct sp_python_value *value =
        sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, SP_STR(""), SP_VIA_CALL);
    if (value) {
        value->module = true;
        value->number = 2; /* no dictionary, and so no names that it gives away */
    }
    return value;
}

bool sp_resolve_python_scope_is_self(const struct sp_python_value *value)
{
    return value->module && ((value->kind == SP_PYTHON_VALUE_NAMESPACE && value->text.n_bytes == 0) ||
                                (value->kind == SP_PYTHON_VALUE_PATH && sp_str_is(value->text, "__main__")));
}

void sp_resolve_python_scope_bind_own(
    struct sp_python_resolver *resolver, struct sp_str name, const struct sp_python_set *set)
{
    uint32_t number = sp_python_names_find(&resolver->names, name);
    if (number != UINT32_MAX)
        sp_resolve_python_scope_bind_in(resolver, 0, number, set);
}

bool sp_resolve_python_scope_exchange(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, struct sp_python_kept *kept)
{
    struct sp_python_binding *binding = make(resolver, scope, name);
    if (!binding || binding->moved)
        return false;
    struct sp_python_kept before = {.set = binding->set, .certain = binding->certain, .bound = binding->bound};
    binding->set = kept->set;
    binding->certain = kept->certain;
    binding->bound = kept->bound;
    *kept = before;
    return true;
}

bool sp_resolve_python_scope_peek(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, struct sp_python_set *set)
{
    const struct sp_python_binding *binding = find(resolver, scope, name);
    note_read(resolver, name);
    if (!binding || !binding->bound)
        return false;
    sp_resolve_python_set_join(resolver, set, &binding->set);
    return true;
}

/* A name that no scope holds for sure: a builtin, or what a star import brought. */
static void find_outside(struct sp_python_resolver *resolver, uint32_t name, bool bound, struct sp_python_set *set)
{
    struct sp_str text = resolver->names.items[name];
    bool builtin = sp_python_modules_is_builtin(text);
    bool found = false;
    if (builtin) {
        struct sp_python_value *value = sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, text, SP_VIA_DIRECT);
        if (value)
            value->builtin = true;
        sp_resolve_python_set_add(resolver, set, value);
        found = true;
    }
    if (resolver->builtins_change) {
        sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_MEMBERS, name, set);
        char path[SP_PYTHON_NAME_MAX];
        static const char prefix[] = "builtins.";
        if (text.n_bytes < sizeof(path) - sizeof(prefix)) {
            memcpy(path, prefix, sizeof(prefix) - 1);
            memcpy(path + sizeof(prefix) - 1, text.ptr, text.n_bytes);
            uint32_t number =
                sp_python_names_find(&resolver->names, (struct sp_str){path, sizeof(prefix) - 1 + text.n_bytes});
            if (number != UINT32_MAX)
                sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
        }
        sp_share_python_join(resolver, SP_SHARE_MEMBER, text, set);
        sp_share_python_join_member(resolver, SP_STR("builtins"), text, set);
    }
    if (sp_str_is(text, "__builtins__")) {
        struct sp_python_value *value =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, SP_STR("builtins"), SP_VIA_ALIAS);
        if (value)
            value->module = true;
        sp_resolve_python_set_add(resolver, set, value);
        return;
    }
    if (sp_str_is(text, "__name__")) {
        sp_resolve_python_set_add(resolver, set, sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_SELF));
        return;
    }
    for (uint32_t i = 0; resolver->view && i < resolver->n_stars; i++)
        found |= sp_share_python_join_member(resolver, resolver->stars[i], text, set);
    bool paid = bound || resolver->n_stars < 2 || sp_resolve_python_set_pay(resolver, resolver->n_stars);
    set->limit |= !paid;
    for (uint32_t i = 0; i < resolver->n_stars && !bound && paid; i++) {
        struct sp_str module = resolver->stars[i];
        char path[SP_PYTHON_NAME_MAX];
        if (module.n_bytes + 1 + text.n_bytes > sizeof(path) || (text.n_bytes && text.ptr[0] == '_'))
            continue;
        memcpy(path, module.ptr, module.n_bytes);
        path[module.n_bytes] = '.';
        memcpy(path + module.n_bytes + 1, text.ptr, text.n_bytes);
        struct sp_str whole = {path, module.n_bytes + 1 + text.n_bytes};
        if (builtin && !sp_python_modules_shadows(whole))
            continue;
        struct sp_str reached = sp_python_modules_reexport(whole);
        struct sp_python_value *value = sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH,
            reached.ptr ? reached : sp_resolve_python_emit_keep(resolver, whole),
            reached.ptr ? SP_VIA_ALIAS : SP_VIA_DIRECT);
        if (value)
            value->module = reached.ptr;
        sp_resolve_python_set_add(resolver, set, value);
        found = true;
    }
    if (!found)
        set->other = true;
}

void sp_resolve_python_scope_find(struct sp_python_resolver *resolver, uint32_t name, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {0};
    bool bound = false;
    note_read(resolver, name);
    for (uint32_t scope = resolver->scope;;) {
        const struct sp_python_scope *at = &resolver->scopes[scope];
        bool seen = at->kind != SP_PYTHON_SCOPE_CLASS || scope == resolver->scope;
        const struct sp_python_binding *binding = seen && at->n_bindings ? find(resolver, scope, name) : NULL;
        if (binding && binding->moved && binding->moved - 1 < resolver->n_scopes && binding->moved - 1 != scope) {
            scope = binding->moved - 1;
            continue;
        }
        if (scope == 0)
            bound |= sp_share_python_join_own(resolver, resolver->names.items[name], &set);
        if (scope == 0 && sp_resolve_python_keep_is_set(resolver, name) && (bound || (binding && binding->bound)))
            set.other = true;
        if (binding && binding->bound) {
            bound = true;
            sp_resolve_python_set_join(resolver, &set, &binding->set);
            /* A function's own names hide outer ones wherever they are bound. */
            if (binding->certain == resolver->walk || at->kind == SP_PYTHON_SCOPE_FUNCTION) {
                *ret_set = set;
                return;
            }
        }
        if (scope == 0)
            break;
        scope = at->parent;
    }
    struct sp_python_set outside = {0};
    find_outside(resolver, name, bound, &outside);
    if (bound)
        outside.other = false;
    sp_resolve_python_set_join(resolver, &set, &outside);
    *ret_set = set;
}

void sp_resolve_python_scope_return(struct sp_python_resolver *resolver, const struct sp_python_set *set)
{
    if (!resolver->function)
        return;
    struct sp_python_function *function = &resolver->functions[resolver->function - 1];
    struct sp_python_set aliased = sp_resolve_python_set_aliased(resolver, set);
    if (sp_resolve_python_set_grow(resolver, &function->returns, &aliased) && function->called == resolver->walk)
        resolver->again = true;
    bool gives = function->gives_power;
    for (uint8_t i = 0; i < set->n_items && !gives; i++)
        gives = sp_resolve_python_action_gives_power(resolver, set->items[i], ANSWER_DEPTH);
    if (gives && !function->gives_power && function->asked == resolver->walk)
        resolver->again = true;
    function->gives_power = gives;
}

void sp_resolve_python_scope_answer(struct sp_python_resolver *resolver, uint32_t function, struct sp_python_set *set)
{
    resolver->functions[function].called = resolver->walk;
    sp_resolve_python_set_join(resolver, set, &resolver->functions[function].returns);
}
