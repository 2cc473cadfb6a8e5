/* What expressions may be, and what they tell on the way. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/lex_python.h"
#include "scanner/python_modules.h"

#define FOLDED_NAME_BYTES 256 /* constants that a name is replaced by in the second text */
#define DEPTH_MAX         3000

static void visit_children(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
        sp_resolve_python_expression_visit(resolver, child);
}

void sp_resolve_python_expression_visit(struct sp_python_resolver *resolver, uint32_t node)
{
    struct sp_python_set set;
    sp_resolve_python_expression(resolver, node, &set);
}

/* ---- calls ---- */

/* *["os"] and **{"name": "os"}: as good as what they hold. */
static bool spread(struct sp_python_resolver *resolver, const struct sp_python_node *node,
    const struct sp_python_argument *argument, struct sp_python_call *call)
{
    bool pairs = node->kind == SP_PYTHON_NODE_DOUBLE_STAR;
    const struct sp_python_value *row = sp_resolve_python_set_single(&argument->set);
    if (!row || (row->kind == SP_PYTHON_VALUE_DICT) != pairs)
        return false;
    if (!pairs)
        row = sp_fold_python_items(&resolver->fold, row);
    uint32_t step = pairs ? 2 : 1;
    if (!row || row->n_items / step > SP_PYTHON_ARGUMENTS_MAX - call->n_arguments)
        return false;
    for (uint32_t i = 0; i < row->n_items; i += step)
        if (pairs && (!row->items[i] || row->items[i]->kind != SP_PYTHON_VALUE_TEXT))
            return false;
    for (uint32_t i = 0; i < row->n_items; i += step) {
        struct sp_python_argument *one = &call->arguments[call->n_arguments++];
        *one = (struct sp_python_argument){.start = argument->start, .end = argument->end, .name = UINT32_MAX};
        if (pairs)
            one->name =
                sp_python_names_add(&resolver->names, sp_resolve_python_emit_keep(resolver, row->items[i]->text));
        sp_resolve_python_set_add(resolver, &one->set, row->items[i + step - 1]);
    }
    return true;
}

static void gather(struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_call *call)
{
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *item = sp_resolve_python_at(resolver, child);
        bool star = item->kind == SP_PYTHON_NODE_STAR || item->kind == SP_PYTHON_NODE_DOUBLE_STAR;
        bool keyword = item->kind == SP_PYTHON_NODE_KEYWORD;
        uint32_t value = star || keyword ? item->child : child;
        struct sp_python_argument argument = {
            .name = keyword ? item->name : UINT32_MAX, .star = star, .start = item->start, .end = item->end};
        if (value) {
            argument.start = sp_resolve_python_at(resolver, value)->start;
            argument.end = sp_resolve_python_at(resolver, value)->end;
            sp_resolve_python_expression(resolver, value, &argument.set);
        }
        if (keyword)
            sp_resolve_python_action_tell_operator(
                resolver, resolver->names.items[item->name], &argument.set, item->start, item->end);
        if (star && spread(resolver, item, &argument, call))
            continue;
        if (item->kind == SP_PYTHON_NODE_DOUBLE_STAR)
            sp_resolve_python_action_hide(resolver, &argument.set, argument.start, argument.end);
        if (call->n_arguments < SP_PYTHON_ARGUMENTS_MAX) {
            call->arguments[call->n_arguments++] = argument;
        } else {
            call->more = true;
            sp_resolve_python_action_escape(resolver, &argument.set, argument.start, argument.end);
        }
    }
}

/* type(x), len(x): a builtin that hands on nothing of its only argument. */
static bool is_look(
    const struct sp_python_resolver *resolver, const struct sp_python_set *callee, const struct sp_python_node *call)
{
    static const char *const names[] = {"bool", "id", "len", "type"};
    const struct sp_python_value *function = sp_resolve_python_set_single(callee);
    bool look = false;
    for (size_t i = 0; function && function->builtin && i < sizeof(names) / sizeof(names[0]); i++)
        look |= sp_str_is(function->text, names[i]);
    return look && call->child && !sp_resolve_python_at(resolver, call->child)->next;
}

/* A call within a chain. What is on the stack for it must not be there for every link: chains nest. */
static __attribute__((noinline)) void call_link(struct sp_python_resolver *resolver, const struct sp_python_set *callee,
    const struct sp_python_node *node, uint32_t start, bool called, struct sp_python_set *ret_set)
{
    struct sp_python_call *call = sp_resolve_python_call_take(resolver, start, node->end, called);
    struct sp_python_set set = {.other = callee->other || callee->n_items == 0};
    *ret_set = (struct sp_python_set){.other = true};
    if (!call)
        return;
    if (is_look(resolver, callee, node))
        resolver->looked_at = sp_resolve_python_at(resolver, node->child);
    gather(resolver, node, call);
    resolver->looked_at = NULL;
    struct sp_python_set none = {.other = true};
    if (!sp_resolve_python_set_affords(resolver, callee, &set)) {
        sp_resolve_python_emit_limit(resolver, "a name with too many meanings, or too long", start, node->end);
        callee = &none;
    }
    for (uint8_t i = 0; i < callee->n_items; i++)
        sp_resolve_python_call(resolver, callee->items[i], call, &set);
    if (callee->other || callee->n_items == 0) {
        /* An unknown callee that is handed something which imports or evaluates. */
        for (uint32_t i = 0; i < call->n_arguments; i++)
            sp_resolve_python_action_hide(
                resolver, &call->arguments[i].set, call->arguments[i].start, call->arguments[i].end);
        struct sp_python_set ignored = {0};
        sp_resolve_python_call(resolver, NULL, call, &ignored);
        sp_resolve_python_set_join(resolver, &set, &ignored);
    }
    sp_resolve_python_call_give(resolver, call);
    *ret_set = set;
}

/* ---- chains ---- */

void sp_resolve_python_expression_chain(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set set;
    uint32_t link = node->child;
    const struct sp_python_node *first = sp_resolve_python_at(resolver, link);
    bool fresh = first->kind == SP_PYTHON_NODE_NAME; /* paths that were not told yet */
    if (fresh)
        sp_resolve_python_scope_find(resolver, first->name, &set);
    else
        sp_resolve_python_expression(resolver, link, &set);
    if (fresh && first->next)
        sp_resolve_python_member_tell_path(resolver, resolver->names.items[first->name], first->start, first->end);
    uint32_t end = first->end;
    for (link = first->next; link; link = sp_resolve_python_at(resolver, link)->next) {
        const struct sp_python_node *here = sp_resolve_python_at(resolver, link);
        bool called = here->next && sp_resolve_python_at(resolver, here->next)->kind == SP_PYTHON_NODE_CALL;
        struct sp_python_set before = set;
        if (here->kind == SP_PYTHON_NODE_ATTRIBUTE) {
            struct sp_str text = resolver->names.items[here->name];
            bool looked_at = resolver->looked_at == node && !here->next && sp_resolve_python_member_is_space(text);
            if (!looked_at)
                sp_resolve_python_member_tell_way(resolver, text, here->start, here->end);
            if (here->next)
                sp_resolve_python_member_tell_path(resolver, text, here->start, here->end);
            sp_resolve_python_member_any(resolver, &before, text, SP_VIA_DIRECT, node->start, here->end, &set);
            fresh = true;
        } else {
            if (fresh)
                sp_resolve_python_emit_paths(resolver, &before, node->start, end, here->kind == SP_PYTHON_NODE_CALL);
            fresh = false;
            if (here->kind == SP_PYTHON_NODE_CALL)
                call_link(resolver, &before, here, node->start, called, &set);
            else
                sp_resolve_python_member_subscript(resolver, &before, link, node->start, here->end, called, &set);
        }
        end = here->end;
    }
    if (fresh)
        sp_resolve_python_emit_paths(resolver, &set, node->start, end, false);
    const struct sp_python_value *constant = sp_resolve_python_set_constant(&set);
    if (constant && !fresh)
        sp_resolve_python_emit_folded(resolver, constant, node->start, node->end);
    *ret_set = set;
}

static void name(struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    sp_resolve_python_scope_find(resolver, node->name, ret_set);
    sp_resolve_python_emit_paths(resolver, ret_set, node->start, node->end, false);
    const struct sp_python_value *constant = sp_resolve_python_set_constant(ret_set);
    if (constant && constant->text.n_bytes <= FOLDED_NAME_BYTES)
        sp_resolve_python_emit_folded(resolver, constant, node->start, node->end);
}

/* ---- strings ---- */

/* A field's value as it is written, where there is no `=` behind the expression. */
static bool append_field(struct sp_python_resolver *resolver, const struct sp_python_node *field,
    const struct sp_python_set *set, struct sp_str spec, struct sp_fold_python_builder *builder)
{
    struct sp_fold_python_builder converted = {.fold = &resolver->fold};
    const struct sp_python_value *value = sp_resolve_python_set_known(set, &builder->doubt);
    uint32_t last = field->end - (field->value ? 0 : 1) - (field->op ? 2 : 0);
    while (last > field->start && resolver->source.ptr[last - 1] == ' ')
        last--;
    if (resolver->source.ptr[last - 1] == '=' || !value)
        return false;
    bool known =
        field->op == 0 || (field->op == 's' ? sp_fold_python_append_value(&converted, value)
                                            : (field->op == 'r' || field->op == 'a') &&
                                                  sp_fold_python_append_repr(&converted, value, field->op == 'a'));
    if (field->op)
        value = known ? sp_fold_python_build(&converted, SP_PYTHON_VALUE_TEXT) : NULL;
    return value && sp_fold_python_append_spec(builder, value, spec);
}

/* A formatted string's text, where all of its fields are known. */
static bool formatted(struct sp_python_resolver *resolver, const struct sp_python_node *node,
    const struct sp_span *span, struct sp_fold_python_builder *builder)
{
    uint32_t from = span->body_start;
    bool known = true;
    for (uint32_t field = node->child; field; field = sp_resolve_python_at(resolver, field)->next) {
        const struct sp_python_node *here = sp_resolve_python_at(resolver, field);
        struct sp_python_set set = {.other = true};
        uint32_t n_children = 0;
        for (uint32_t child = here->child; child; child = sp_resolve_python_at(resolver, child)->next, n_children++)
            sp_resolve_python_expression(resolver, child, &set);
        if (here->start < from) {
            known = false; /* within the format specification of the one before */
            continue;
        }
        if (known)
            sp_fold_python_literal(builder, resolver->source, from, here->start, span->flags);
        from = here->end;
        struct sp_str spec = {0};
        if (here->value) { /* : and what stands behind it, which is plain or not known */
            while (from < span->body_end && !memchr("{}\\", resolver->source.ptr[from], 3))
                from++;
            known &=
                from < span->body_end && resolver->source.ptr[from] == '}' && resolver->source.ptr[here->end] == ':';
            spec = (struct sp_str){resolver->source.ptr + here->end + 1, known ? from - here->end - 1 : 0};
            from += from < span->body_end;
        }
        known = known && n_children == 1 && append_field(resolver, here, &set, spec, builder);
    }
    if (known)
        sp_fold_python_literal(builder, resolver->source, from, span->body_end, span->flags);
    return known && !builder->failed;
}

static void strings(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {0};
    const struct sp_python_node *first = sp_resolve_python_at(resolver, node->child);
    const struct sp_span *span = &resolver->spans->items[first->name];
    if (!first->next && !(span->flags & SP_PYTHON_FORMATTED)) {
        bool doubt;
        const struct sp_python_value *value = sp_fold_python_string(&resolver->fold, resolver->source, span, &doubt);
        sp_resolve_python_set_add(resolver, &set, value);
        set.other |= doubt;
        set.large = !value && span->body_end - span->body_start > SP_FOLD_PYTHON_BYTES;
        if (value && value->via == SP_VIA_FOLDED && !doubt)
            sp_resolve_python_emit_folded(resolver, value, node->start, node->end);
        *ret_set = set;
        return;
    }
    struct sp_fold_python_builder builder = {.fold = &resolver->fold};
    bool known = true;
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *here = sp_resolve_python_at(resolver, child);
        span = &resolver->spans->items[here->name];
        if (span->flags & SP_PYTHON_FORMATTED)
            known &= formatted(resolver, here, span, &builder);
        else
            sp_fold_python_literal(&builder, resolver->source, span->body_start, span->body_end, span->flags);
        known &= !(span->flags & SP_PYTHON_TEMPLATE);
    }
    bool bytes = resolver->spans->items[first->name].flags & SP_PYTHON_BYTES;
    const struct sp_python_value *value =
        known ? sp_fold_python_build(&builder, bytes ? SP_PYTHON_VALUE_BYTES : SP_PYTHON_VALUE_TEXT) : NULL;
    sp_resolve_python_set_add(resolver, &set, value);
    set.large = builder.failed;
    set.other |= builder.doubt;
    if (value && !builder.doubt)
        sp_resolve_python_emit_folded(resolver, value, node->start, node->end);
    *ret_set = set;
}

/* ---- operators ---- */

/* x + y + z of constant text, in one piece. */
static const struct sp_python_value *joined(struct sp_python_resolver *resolver, const struct sp_python_value *left,
    struct sp_fold_python_builder *builder, const struct sp_python_value *right)
{
    bool text = left && right && left->kind == right->kind &&
                (left->kind == SP_PYTHON_VALUE_TEXT || left->kind == SP_PYTHON_VALUE_BYTES);
    if (!text)
        return sp_fold_python_binary(&resolver->fold, SP_PYTHON_OPERATOR_ADD, left, right);
    if (builder->bytes != left->text.ptr || builder->n_bytes != left->text.n_bytes || !builder->bytes) {
        *builder = (struct sp_fold_python_builder){.fold = &resolver->fold};
        sp_fold_python_append(builder, left->text);
    }
    sp_fold_python_append(builder, right->text);
    return sp_fold_python_build(builder, left->kind);
}

static void binary(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set left;
    struct sp_fold_python_builder builder = {.fold = &resolver->fold};
    const struct sp_python_node *first = sp_resolve_python_at(resolver, node->child);
    bool sums = false;
    sp_resolve_python_expression(resolver, node->child, &left);
    for (uint32_t child = first->next; child; child = sp_resolve_python_at(resolver, child)->next) {
        struct sp_python_set right, result = {0};
        enum sp_python_operator op = sp_resolve_python_at(resolver, child)->joint;
        bool sought = op == SP_PYTHON_OPERATOR_IN || op == SP_PYTHON_OPERATOR_NOT_IN;
        if (sought && child == first->next && !sp_resolve_python_at(resolver, child)->next)
            resolver->looked_at = sp_resolve_python_at(resolver, child);
        sp_resolve_python_expression(resolver, child, &right);
        resolver->looked_at = NULL;
        if (op == SP_PYTHON_OPERATOR_OR || op == SP_PYTHON_OPERATOR_AND) {
            sp_resolve_python_set_join(resolver, &left, &right);
            continue;
        }
        sums = true;
        if (op >= SP_PYTHON_OPERATOR_EQUAL && (child != first->next || sp_resolve_python_at(resolver, child)->next)) {
            left = (struct sp_python_set){.other = true}; /* a == b == c */
            continue;
        }
        if (op == SP_PYTHON_OPERATOR_BIT_OR) {
            sp_resolve_python_action_hide(resolver, &left, node->start, node->end);
            sp_resolve_python_action_hide(resolver, &right, node->start, node->end);
        }
        const struct sp_python_value *a = sp_resolve_python_set_single(&left),
                                     *b = sp_resolve_python_set_single(&right);
        if (!a && !b && !sp_resolve_python_set_pay(resolver, (uint32_t)left.n_items * right.n_items)) {
            result.other = result.large = true;
        } else if (a && b) {
            sp_resolve_python_set_add(resolver, &result,
                op == SP_PYTHON_OPERATOR_ADD ? joined(resolver, a, &builder, b)
                                             : sp_fold_python_binary(&resolver->fold, op, a, b));
        } else {
            for (uint8_t i = 0; i < left.n_items; i++)
                for (uint8_t k = 0; k < right.n_items; k++)
                    sp_resolve_python_set_add(
                        resolver, &result, sp_fold_python_binary(&resolver->fold, op, left.items[i], right.items[k]));
            result.other |= left.other || right.other || left.n_items == 0 || right.n_items == 0;
        }
        result.limit |= left.limit || right.limit;
        result.large |= left.large || right.large || builder.failed;
        left = result;
    }
    const struct sp_python_value *constant = sums ? sp_resolve_python_set_constant(&left) : NULL;
    if (constant)
        sp_resolve_python_emit_folded(resolver, constant, node->start, node->end);
    *ret_set = left;
}

/* ---- all of them ---- */

static void ternary(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {0}, part;
    uint32_t i = 0;
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next, i++) {
        sp_resolve_python_expression(resolver, child, &part);
        if (i % 2 == 0)
            sp_resolve_python_set_join(resolver, &set, &part);
    }
    *ret_set = set;
}

static void expression(struct sp_python_resolver *resolver, uint32_t index, struct sp_python_set *ret_set)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, index);
    switch (node->kind) {
    case SP_PYTHON_NODE_NAME: name(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_NUMBER:
        sp_resolve_python_set_add(resolver, ret_set, sp_fold_python_number(&resolver->fold, node->value));
        return;
    case SP_PYTHON_NODE_CONSTANT: {
        char first = resolver->source.ptr[node->start];
        bool truth = first == 'T';
        sp_resolve_python_set_add(
            resolver, ret_set, truth || first == 'F' ? sp_fold_python_bool(&resolver->fold, truth) : NULL);
        return;
    }
    case SP_PYTHON_NODE_STRINGS: strings(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_CHAIN: sp_resolve_python_expression_chain(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_TUPLE:
    case SP_PYTHON_NODE_LIST:
    case SP_PYTHON_NODE_SET:
    case SP_PYTHON_NODE_DICT: sp_resolve_python_display(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_COMPREHENSION: sp_resolve_python_display_comprehension(resolver, index, ret_set); return;
    case SP_PYTHON_NODE_BINARY: binary(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_TERNARY: ternary(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_LAMBDA:
        sp_resolve_python_set_add(resolver, ret_set, sp_resolve_python_statement_define(resolver, index));
        return;
    case SP_PYTHON_NODE_UNARY: {
        struct sp_python_set set;
        sp_resolve_python_expression(resolver, node->child, &set);
        sp_resolve_python_set_add(
            resolver, ret_set, sp_fold_python_unary(&resolver->fold, node->op, sp_resolve_python_set_single(&set)));
        return;
    }
    case SP_PYTHON_NODE_WALRUS:
        if (!node->child)
            return;
        sp_resolve_python_expression(resolver, node->child, ret_set);
        sp_resolve_python_action_tell_operator(
            resolver, resolver->names.items[node->name], ret_set, node->start, node->end);
        sp_resolve_python_scope_bind_walrus(resolver, node->name, ret_set);
        return;
    case SP_PYTHON_NODE_IMPORT:
    case SP_PYTHON_NODE_FROM:
    case SP_PYTHON_NODE_BLOCK:
        sp_resolve_python_statement(resolver, index); /* broken code around a statement */
        ret_set->other = true;
        return;
    case SP_PYTHON_NODE_OTHER: {
        /* await x is x for us: what it may be is what it holds. What is yielded gets out of sight. */
        struct sp_python_set set;
        for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
            sp_resolve_python_expression(resolver, child, &set);
            sp_resolve_python_set_join(resolver, ret_set, &set);
        }
        if (node->start < resolver->source.n_bytes && resolver->source.ptr[node->start] == 'y')
            sp_resolve_python_action_escape(resolver, ret_set, node->start, node->end);
        ret_set->other = true;
        return;
    }
    default:
        visit_children(resolver, node);
        ret_set->other = true;
        return;
    }
}

void sp_resolve_python_expression(struct sp_python_resolver *resolver, uint32_t index, struct sp_python_set *ret_set)
{
    *ret_set = (struct sp_python_set){0};
    if (resolver->code)
        return;
    /* The parser bounds the tree's depth; a tree that is deeper all the same must not take the stack. */
    if (resolver->depth >= DEPTH_MAX) {
        uint32_t at = sp_resolve_python_at(resolver, index)->start;
        sp_resolve_python_emit_limit(resolver, "nesting that is too deep", at, at);
        ret_set->other = ret_set->limit = true;
        return;
    }
    resolver->depth++;
    expression(resolver, index, ret_set);
    resolver->depth--;
}
