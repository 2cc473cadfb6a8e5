/* Rows, dictionaries and comprehensions. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

/* ---- displays ---- */

/* The items of a display, those of starred rows among them. */
struct row {
    const struct sp_python_value **items;
    uint32_t n_items, n_room;
    bool whole; /* all of them, and all known by their number */
    bool mixed; /* but not in which order */
};

static void row_add(struct sp_python_resolver *resolver, struct row *row, const struct sp_python_value *value)
{
    if (row->n_items == row->n_room) {
        uint32_t n_room = row->n_room ? row->n_room * 2 : 8;
        const struct sp_python_value **items = row->whole && n_room <= 2 * SP_FOLD_PYTHON_ITEMS
                                                   ? sp_arena_array(&resolver->temporary, n_room, sizeof(*items))
                                                   : NULL;
        if (!items) {
            row->whole = false;
            return;
        }
        if (row->n_items)
            memcpy(items, row->items, row->n_items * sizeof(*items));
        row->items = items;
        row->n_room = n_room;
    }
    row->items[row->n_items++] = value;
}

void sp_resolve_python_display(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    bool dict = node->kind == SP_PYTHON_NODE_DICT;
    struct row row = {.whole = true};
    struct sp_python_set sinks = {0}, key = {0};
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *here = sp_resolve_python_at(resolver, child);
        struct sp_python_set set = {.other = true};
        bool star = here->kind == SP_PYTHON_NODE_STAR || here->kind == SP_PYTHON_NODE_DOUBLE_STAR;
        if (!star)
            sp_resolve_python_expression(resolver, child, &set);
        else if (here->child)
            sp_resolve_python_expression(resolver, here->child, &set);
        for (uint8_t i = 0; i < set.n_items; i++)
            if (sp_resolve_python_action_is_sink(set.items[i]) || sp_resolve_python_action_power(set.items[i], 1))
                sp_resolve_python_set_add(resolver, &sinks, set.items[i]);
        const struct sp_python_value *constant = dict ? sp_resolve_python_set_constant(&key) : NULL;
        if (constant && !star)
            sp_resolve_python_action_tell_operator(resolver, constant->text, &set, here->start, here->end);
        key = set;
        if (!star) {
            row_add(resolver, &row, sp_resolve_python_set_item(&set));
            continue;
        }
        if (dict)
            sp_resolve_python_action_hide(resolver, &set, here->start, here->end);
        const struct sp_python_value *more = sp_resolve_python_set_single(&set);
        if (more && (more->kind == SP_PYTHON_VALUE_DICT) != dict)
            more = NULL;
        if (more && !dict)
            more = sp_fold_python_items(&resolver->fold, more);
        row.whole &= more != NULL;
        row.mixed |= more && more->mixed && more->n_items > 1;
        for (uint32_t i = 0; more && i < more->n_items; i++)
            row_add(resolver, &row, more->items[i]);
    }
    *ret_set = (struct sp_python_set){0};
    if (!row.whole || (dict && row.n_items % 2)) {
        sp_resolve_python_action_escape(resolver, &sinks, node->start, node->end);
        ret_set->other = true;
        return;
    }
    struct sp_python_value *value = NULL;
    if (row.n_items <= SP_FOLD_PYTHON_ITEMS)
        value = dict ? sp_fold_python_dict(&resolver->fold, row.items, row.n_items)
                     : sp_fold_python_sequence(&resolver->fold, row.items, row.n_items);
    if (value) {
        value->changes = node->kind != SP_PYTHON_NODE_TUPLE;
        value->mixed |= row.mixed;
    }
    bool mixed = value && node->kind == SP_PYTHON_NODE_SET;
    sp_resolve_python_set_add(resolver, ret_set, mixed ? sp_fold_python_mix(&resolver->fold, value) : value);
}

/* ---- comprehensions ---- */

void sp_resolve_python_display_iterate(
    struct sp_python_resolver *resolver, const struct sp_python_set *iterable, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {.other = iterable->other || iterable->n_items == 0, .limit = iterable->limit};
    for (uint8_t i = 0; i < iterable->n_items; i++) {
        const struct sp_python_value *value = iterable->items[i];
        if (value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES) {
            set.other = true; /* single characters: only a comprehension puts them together again */
            continue;
        }
        const struct sp_python_value *items = sp_fold_python_items(&resolver->fold, value);
        if (items && !sp_resolve_python_set_pay(resolver, items->n_items)) {
            set.limit = true;
            items = NULL;
        }
        if (!items)
            set.other = true;
        for (uint32_t k = 0; items && k < items->n_items && !set.other; k++)
            sp_resolve_python_set_add(resolver, &set, items->items[k]);
        for (uint32_t k = 0; items && k < items->n_items; k++)
            if (items->items[k] && items->items[k]->kind == SP_PYTHON_VALUE_PATH)
                sp_resolve_python_set_add(resolver, &set, items->items[k]);
    }
    *ret_set = set;
}

static uint32_t new_scope(struct sp_python_resolver *resolver)
{
    uint32_t scope = sp_resolve_python_scope_new(resolver, SP_PYTHON_SCOPE_FUNCTION);
    resolver->scopes[scope].comprehension = scope > 0;
    return scope;
}

static bool is_row(const struct sp_python_value *value)
{
    return value && (sp_fold_python_is_text(value) || value->kind == SP_PYTHON_VALUE_SEQUENCE ||
                        value->kind == SP_PYTHON_VALUE_DICT);
}

void sp_resolve_python_display_comprehension(
    struct sp_python_resolver *resolver, uint32_t index, struct sp_python_set *ret_set)
{
    struct sp_python_node *node = sp_python_tree_at(&resolver->tree, index);
    uint32_t outer = resolver->scope;
    bool known = false, first = true, doubt = false;
    if (!node->value && !resolver->quiet)
        node->value = new_scope(resolver);
    resolver->scope = node->value ? (uint32_t)node->value : new_scope(resolver);
    /* The clauses come behind the elements and before them in effect. */
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *clause = sp_resolve_python_at(resolver, child);
        if (clause->kind == SP_PYTHON_NODE_FOR_CLAUSE) {
            struct sp_python_set iterable = {0}, items;
            uint32_t target = clause->child, source = target ? sp_resolve_python_at(resolver, target)->next : 0;
            if (source)
                sp_resolve_python_expression(resolver, source, &iterable);
            sp_resolve_python_display_iterate(resolver, &iterable, &items);
            if (target)
                sp_resolve_python_assign(resolver, target, &items);
            known |= first && is_row(sp_resolve_python_set_known(&iterable, &doubt));
            first = false;
        } else if (clause->kind == SP_PYTHON_NODE_IF_CLAUSE) {
            for (uint32_t part = clause->child; part; part = sp_resolve_python_at(resolver, part)->next)
                sp_resolve_python_expression_visit(resolver, part);
        }
    }
    struct sp_python_set element = {.other = true};
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        uint8_t kind = sp_resolve_python_at(resolver, child)->kind;
        if (kind != SP_PYTHON_NODE_FOR_CLAUSE && kind != SP_PYTHON_NODE_IF_CLAUSE)
            sp_resolve_python_expression(resolver, child, &element);
    }
    uint32_t scope = resolver->scope;
    resolver->scope = outer;
    struct sp_python_set set = {0};
    const struct sp_python_value *folded =
        known ? sp_resolve_python_round_comprehension(resolver, node, scope, &doubt) : NULL;
    set.other |= folded && doubt;
    if (!folded && element.n_items && !node->op) {
        /* At least what the elements may be, for those who call or iterate over them. */
        const struct sp_python_value **kept = sp_arena_array(&resolver->temporary, element.n_items + 1u, sizeof(*kept));
        for (uint8_t i = 0; kept && i < element.n_items; i++)
            kept[i] = element.items[i];
        folded = kept ? sp_fold_python_sequence(&resolver->fold, kept, element.n_items) : NULL;
        bool paths = folded;
        for (uint8_t i = 0; i < element.n_items; i++)
            paths &= element.items[i]->kind == SP_PYTHON_VALUE_PATH;
        folded = paths ? folded : NULL;
        set.other = true;
    }
    sp_resolve_python_set_add(resolver, &set, folded);
    *ret_set = set;
}
