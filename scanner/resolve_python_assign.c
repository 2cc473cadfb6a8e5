/* Assignment to names, rows, attributes and subscripts. One thread at a time. */
#include "scanner/resolve_python.h"

#include "scanner/share_python.h"

/* ---- assignment ---- */

/* Is it one of several rows, all of which have that many items? */
static bool are_rows(const struct sp_python_set *set, uint32_t n_items)
{
    bool rows = set->n_items > 0 && !set->other && !set->limit;
    for (uint8_t i = 0; i < set->n_items && rows; i++)
        rows = set->items[i]->kind == SP_PYTHON_VALUE_SEQUENCE && set->items[i]->n_items == n_items;
    return rows;
}

static void assign_items(
    struct sp_python_resolver *resolver, const struct sp_python_node *target, const struct sp_python_set *set)
{
    const struct sp_python_value *row = sp_resolve_python_set_single(set);
    const struct sp_python_value *items = sp_fold_python_row(&resolver->fold, row);
    struct sp_python_set any = {.other = true};
    uint32_t n_targets = 0, i = 0;
    bool stars = false;
    for (uint32_t child = target->child; child; child = sp_resolve_python_at(resolver, child)->next, n_targets++)
        stars |= sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_STAR;
    bool rows =
        !items && !stars && are_rows(set, n_targets) && sp_resolve_python_set_pay(resolver, set->n_items * n_targets);
    if (!items && !rows)
        sp_resolve_python_display_iterate(resolver, set, &any);
    bool starred = false;
    for (uint32_t child = target->child; child; child = sp_resolve_python_at(resolver, child)->next, i++) {
        const struct sp_python_node *item = sp_resolve_python_at(resolver, child);
        struct sp_python_set part = {0};
        if (items && item->kind == SP_PYTHON_NODE_STAR && items->n_items + 1 >= n_targets) {
            /* The row between what stands before the star and what stands behind it. */
            sp_resolve_python_set_add(resolver, &part,
                sp_fold_python_sequence(&resolver->fold, items->items + i, items->n_items - (n_targets - 1)));
            starred = true;
        } else if (items && items->n_items + starred >= n_targets) {
            sp_resolve_python_set_add(resolver, &part, items->items[starred ? items->n_items - (n_targets - i) : i]);
        } else if (rows) {
            for (uint8_t k = 0; k < set->n_items; k++)
                sp_resolve_python_set_add(resolver, &part, set->items[k]->items[i]);
        } else {
            part = any;
        }
        sp_resolve_python_assign(
            resolver, item->kind == SP_PYTHON_NODE_STAR && item->child ? item->child : child, &part);
    }
}

/* sys.modules["a.b"] = a.b: what an import would find there anyway. */
static bool is_itself(const struct sp_python_resolver *resolver, struct sp_str name, const struct sp_python_set *set)
{
    const struct sp_python_value *module = sp_resolve_python_set_single(set);
    return module && module->kind == SP_PYTHON_VALUE_PATH && !module->builtin && sp_str_equal(module->text, name) &&
           !sp_share_python_is_own(resolver, name);
}

/* a.b = x and a[k] = x: the last link is the target. */
static void assign_link(
    struct sp_python_resolver *resolver, const struct sp_python_node *target, const struct sp_python_set *set)
{
    struct sp_python_set owner;
    uint32_t last = target->child;
    while (sp_resolve_python_at(resolver, last)->next)
        last = sp_resolve_python_at(resolver, last)->next;
    if (last == target->child) { /* broken code: a chain without a link */
        sp_resolve_python_expression_visit(resolver, last);
        return;
    }
    const struct sp_python_node *link = sp_resolve_python_at(resolver, last);
    /* The chain without its last link: cut off while it is looked at. */
    uint32_t before = target->child;
    while (sp_resolve_python_at(resolver, before)->next != last)
        before = sp_resolve_python_at(resolver, before)->next;
    struct sp_python_node *cut = sp_python_tree_at(&resolver->tree, before);
    struct sp_python_node shorter = *target;
    shorter.end = cut->end;
    cut->next = 0;
    if (before == target->child)
        sp_resolve_python_expression(resolver, before, &owner);
    else
        sp_resolve_python_expression_chain(resolver, &shorter, &owner);
    cut->next = last;
    if (link->kind == SP_PYTHON_NODE_ATTRIBUTE) {
        struct sp_str text = resolver->names.items[link->name];
        sp_resolve_python_member_tell_path(resolver, text, target->start, target->end);
        sp_resolve_python_action_tell_operator(resolver, text, set, target->start, target->end);
        if (sp_str_is(text, "__code__") || sp_str_is(text, "__defaults__") || sp_str_is(text, "__kwdefaults__"))
            sp_resolve_python_emit_dynamic(resolver, "function that the program changes", target->start, target->end);
        struct sp_python_set none = {.other = true}, told = {0};
        bool own = false;
        if (resolver->self_seen && (owner.other || owner.n_items == 0))
            sp_resolve_python_keep_set(resolver, text);
        if (!sp_resolve_python_set_affords(resolver, &owner, &told))
            owner = none;
        for (uint8_t i = 0; i < owner.n_items; i++) {
            struct sp_python_set member = {0};
            const struct sp_python_value *path = owner.items[i];
            sp_resolve_python_store_member(resolver, path, text, target->start, target->end);
            if (sp_resolve_python_scope_is_self(path))
                sp_resolve_python_scope_bind_own(resolver, text, set);
            own |= path->kind == SP_PYTHON_VALUE_FUNCTION;
            if (path->kind != SP_PYTHON_VALUE_PATH)
                continue;
            sp_resolve_python_member_find(resolver, path, text, SP_VIA_DIRECT, target->start, target->end, &member);
            sp_resolve_python_emit_paths(resolver, &member, target->start, target->end, false);
            if (!sp_resolve_python_set_affords(resolver, &member, &told))
                break;
            for (uint8_t k = 0; k < member.n_items; k++) {
                if (member.items[k]->kind != SP_PYTHON_VALUE_PATH)
                    continue;
                if (sp_str_is(path->text, "builtins") && !resolver->builtins_change)
                    resolver->builtins_change = resolver->again = true;
                uint32_t number = sp_python_names_find(&resolver->names, member.items[k]->text);
                if (number != UINT32_MAX && (set->n_items || resolver->view))
                    sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
            }
        }
        if ((own || owner.other || owner.n_items == 0) && set->n_items)
            sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, link->name, set);
        if (told.limit && !resolver->quiet)
            sp_resolve_python_emit_limit(
                resolver, "a name with too many meanings, or too long", target->start, target->end);
        return;
    }
    if (link->kind != SP_PYTHON_NODE_INDEX)
        return;
    struct sp_python_set key = {.other = true};
    if (link->child)
        sp_resolve_python_expression(resolver, link->child, &key);
    const struct sp_python_value *constant = sp_resolve_python_set_constant(&key);
    /* sys.modules[__name__] = …: the program in its own place. */
    const struct sp_python_value *single = sp_resolve_python_set_single(&key);
    bool own = single && single->kind == SP_PYTHON_VALUE_SELF;
    if (constant)
        sp_resolve_python_action_tell_operator(resolver, constant->text, set, target->start, target->end);
    /* x[:] = row puts the row's items there. */
    bool slice = link->child && sp_resolve_python_at(resolver, link->child)->kind == SP_PYTHON_NODE_SLICE;
    struct sp_python_set items;
    if (slice) {
        sp_resolve_python_display_iterate(resolver, set, &items);
        set = &items;
    }
    /* vars(x)["a"] = … is x.a = … as well. */
    for (uint8_t i = 0; i < set->n_items && constant; i++)
        if (sp_resolve_python_action_is_sink(set->items[i]) && (owner.other || owner.n_items == 0))
            sp_resolve_python_scope_bind_in(
                resolver, SP_PYTHON_SCOPE_ATTRIBUTES, sp_resolve_python_member_item(resolver, constant), set);
    if (set->n_items) {
        resolver->again |= !resolver->items_stored;
        resolver->items_stored = true;
        sp_resolve_python_scope_bind_in(
            resolver, SP_PYTHON_SCOPE_ITEMS, sp_resolve_python_member_item(resolver, constant), set);
    }
    for (uint8_t i = 0; i < owner.n_items; i++) {
        const struct sp_python_value *value = owner.items[i];
        bool builtins = value->kind == SP_PYTHON_VALUE_PATH || value->kind == SP_PYTHON_VALUE_NAMESPACE;
        if (builtins && sp_str_is(value->text, "builtins") && constant) {
            resolver->again |= !resolver->builtins_change;
            resolver->builtins_change = true;
            uint32_t number =
                sp_python_names_add(&resolver->names, sp_resolve_python_emit_keep(resolver, constant->text));
            sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
        }
        if (!own && !(constant && is_itself(resolver, constant->text, set)))
            sp_resolve_python_store_tell(resolver, value, target->start, target->end);
        bool space = value->kind == SP_PYTHON_VALUE_NAMESPACE;
        if (space)
            sp_resolve_python_store_member(
                resolver, value, constant ? constant->text : (struct sp_str){0}, target->start, target->end);
        if (space && constant)
            sp_resolve_python_member_tell_path(resolver, constant->text, target->start, target->end);
        if (space && value->text.n_bytes)
            sp_share_python_store(
                resolver, value->text, constant ? &constant->text : NULL, set, target->start, target->end);
        if (space && !value->number && value->text.n_bytes == 0 && !constant) {
            sp_resolve_python_keep_set(resolver, (struct sp_str){0});
            sp_resolve_python_action_escape(resolver, set, target->start, target->end);
        }
        /* globals()["x"] = …: a name of the program's own. */
        if (value->kind == SP_PYTHON_VALUE_NAMESPACE && value->text.n_bytes == 0 && constant)
            sp_resolve_python_scope_bind_own(resolver, constant->text, set);
    }
}

void sp_resolve_python_assign(struct sp_python_resolver *resolver, uint32_t target, const struct sp_python_set *set)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, target);
    switch (node->kind) {
    case SP_PYTHON_NODE_NAME:
        sp_resolve_python_member_tell_path(resolver, resolver->names.items[node->name], node->start, node->end);
        sp_resolve_python_action_tell_operator(
            resolver, resolver->names.items[node->name], set, node->start, node->end);
        sp_resolve_python_scope_bind(resolver, node->name, set);
        break;
    case SP_PYTHON_NODE_TUPLE:
    case SP_PYTHON_NODE_LIST: assign_items(resolver, node, set); break;
    case SP_PYTHON_NODE_STAR:
        if (node->child)
            sp_resolve_python_assign(resolver, node->child, set);
        break;
    case SP_PYTHON_NODE_CHAIN: assign_link(resolver, node, set); break;
    case SP_PYTHON_NODE_EMPTY: break;
    default: sp_resolve_python_expression_visit(resolver, target); break;
    }
}
