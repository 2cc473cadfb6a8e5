/* Statements: what they bind, and the scopes that they open. One thread at a time. */
#include "scanner/resolve_python_action.h"

static const struct sp_python_set unknown = {.other = true};

/* ---- functions and classes ---- */

static uint32_t new_function(struct sp_python_resolver *resolver, uint32_t node)
{
    int r = SP_ARENA_GROW(resolver->arena, resolver->functions, resolver->n_functions, resolver->function_room, 64);
    if (r < 0) {
        resolver->code = r;
        return 0;
    }
    resolver->functions[resolver->n_functions] = (struct sp_python_function){
        .node = node, .scope = sp_resolve_python_scope_new(resolver, SP_PYTHON_SCOPE_FUNCTION)};
    return ++resolver->n_functions;
}

/* Who asks the function, class or module for its annotations has them. */
static void annotation(struct sp_python_resolver *resolver, uint32_t index)
{
    struct sp_python_set set;
    const struct sp_python_node *node = sp_resolve_python_at(resolver, index);
    sp_resolve_python_expression(resolver, index, &set);
    sp_resolve_python_action_escape(resolver, &set, node->start, node->end);
}

/* A function within another one, of which all calls are seen. */
static bool is_closed(const struct sp_python_resolver *resolver, const struct sp_python_node *function)
{
    return function->kind == SP_PYTHON_NODE_FUNCTION && function->has_as &&
           sp_resolve_python_at(resolver, function->child)->kind != SP_PYTHON_NODE_DECORATOR &&
           resolver->scopes[resolver->scope].kind == SP_PYTHON_SCOPE_FUNCTION &&
           sp_resolve_python_keep_is_called(resolver, function->name);
}

/* Parameters are bound to their defaults and to what is not known, unless all that they are handed is; defaults belong to the
 * scope outside. */
static void parameters(struct sp_python_resolver *resolver, uint32_t node, uint32_t scope, bool closed)
{
    for (uint32_t child = sp_resolve_python_at(resolver, node)->child; child;
         child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *parameter = sp_resolve_python_at(resolver, child);
        struct sp_python_set set = {0};
        if (parameter->kind != SP_PYTHON_NODE_PARAMETER) {
            sp_resolve_python_expression_visit(resolver, child);
            continue;
        }
        for (uint32_t part = parameter->child; part; part = sp_resolve_python_at(resolver, part)->next) {
            if (sp_resolve_python_at(resolver, part)->kind == SP_PYTHON_NODE_OTHER &&
                sp_resolve_python_at(resolver, part)->next == 0 && part == parameter->child)
                annotation(resolver, part);
            else
                sp_resolve_python_expression(resolver, part, &set);
        }
        set.other |= !closed || parameter->op;
        sp_resolve_python_scope_bind_in(resolver, scope, parameter->name, &set);
    }
}

const struct sp_python_value *sp_resolve_python_statement_define(struct sp_python_resolver *resolver, uint32_t index)
{
    struct sp_python_node *node = sp_python_tree_at(&resolver->tree, index);
    uint32_t outer_scope = resolver->scope, outer_function = resolver->function;
    unsigned n_branches = resolver->n_branches;
    if (!node->value)
        node->value = new_function(resolver, index);
    if (resolver->code)
        return NULL;
    uint32_t function = (uint32_t)node->value;
    uint32_t scope = resolver->functions[function - 1].scope;
    for (uint32_t child = node->child; child && !resolver->code; child = sp_resolve_python_at(resolver, child)->next) {
        uint8_t kind = sp_resolve_python_at(resolver, child)->kind;
        if (kind == SP_PYTHON_NODE_DECORATOR)
            continue;
        if (kind == SP_PYTHON_NODE_PARAMETERS) {
            parameters(resolver, child, scope, is_closed(resolver, node));
            continue;
        }
        bool body = kind == SP_PYTHON_NODE_BLOCK || node->kind == SP_PYTHON_NODE_LAMBDA;
        if (!body) {
            annotation(resolver, child);
            continue;
        }
        resolver->scope = scope;
        resolver->function = function;
        resolver->n_branches = 0;
        if (kind == SP_PYTHON_NODE_BLOCK) {
            sp_resolve_python_statement_block(resolver, child);
        } else {
            struct sp_python_set answer;
            sp_resolve_python_expression(resolver, child, &answer);
            sp_resolve_python_scope_return(resolver, &answer);
        }
        resolver->scope = outer_scope;
        resolver->function = outer_function;
        resolver->n_branches = n_branches;
    }
    struct sp_python_value *value = sp_fold_python_value(&resolver->fold, SP_PYTHON_VALUE_FUNCTION);
    if (value)
        value->number = function - 1;
    return value;
}

/* What is left of a definition once its decorators, innermost first, were called with it. */
static void decorate(struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *set)
{
    uint32_t decorators[32], n = 0;
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
        if (sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_DECORATOR &&
            sp_resolve_python_at(resolver, child)->child) {
            if (n < sizeof(decorators) / sizeof(decorators[0]))
                decorators[n++] = sp_resolve_python_at(resolver, child)->child;
            else
                sp_resolve_python_expression_visit(resolver, sp_resolve_python_at(resolver, child)->child);
        }
    bool limit = n == sizeof(decorators) / sizeof(decorators[0]);
    if (limit && !resolver->quiet)
        sp_resolve_python_emit_limit(resolver, "too many decorators", node->start, node->start);
    while (n > 0) {
        struct sp_python_set callees, result = {0};
        const struct sp_python_node *decorator = sp_resolve_python_at(resolver, decorators[--n]);
        sp_resolve_python_expression(resolver, decorators[n], &callees);
        struct sp_python_call *call = sp_resolve_python_call_take(resolver, decorator->start, decorator->end, false);
        if (!call)
            return;
        call->arguments[0] = (struct sp_python_argument){
            .set = *set, .start = decorator->start, .end = decorator->end, .name = UINT32_MAX};
        call->n_arguments = 1;
        for (uint8_t i = 0; i < callees.n_items; i++)
            sp_resolve_python_call(resolver, callees.items[i], call, &result);
        sp_resolve_python_call_give(resolver, call);
        if (callees.other || callees.n_items == 0)
            sp_resolve_python_action_hide(resolver, set, decorator->start, decorator->end);
        /* A decorator that is not known most often hands on what it was given. */
        if (callees.other || callees.n_items == 0 || result.other)
            sp_resolve_python_set_join(resolver, &result, set);
        *set = result;
    }
}

static void function(struct sp_python_resolver *resolver, uint32_t index)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, index);
    struct sp_python_set set = {0};
    sp_resolve_python_set_add(resolver, &set, sp_resolve_python_statement_define(resolver, index));
    if (node->has_as)
        sp_resolve_python_action_tell_operator(
            resolver, resolver->names.items[node->name], &set, node->start, node->start);
    decorate(resolver, node, &set);
    if (node->has_as)
        sp_resolve_python_scope_bind(resolver, node->name, &set);
}

/* A class is as good as what it inherits from, where that imports or evaluates. */
static void inherit(struct sp_python_resolver *resolver, const struct sp_python_node *bases, struct sp_python_set *set)
{
    for (uint32_t child = bases->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        struct sp_python_set base;
        const struct sp_python_node *node = sp_resolve_python_at(resolver, child);
        sp_resolve_python_expression(resolver, child, &base);
        for (uint8_t i = 0; i < base.n_items; i++) {
            const struct sp_python_action_row *row =
                base.items[i]->kind == SP_PYTHON_VALUE_PATH ? sp_resolve_python_action_find(base.items[i]->text) : NULL;
            if (!row)
                continue;
            if (row->action == SP_PYTHON_ACTION_DYNAMIC)
                sp_resolve_python_emit_dynamic(resolver, row->what, node->start, node->end);
            sp_resolve_python_set_add(resolver, set, base.items[i]);
        }
    }
}

static void class(struct sp_python_resolver *resolver, uint32_t index)
{
    struct sp_python_set set = unknown;
    struct sp_python_node *node = sp_python_tree_at(&resolver->tree, index);
    uint32_t outer = resolver->scope;
    unsigned n_branches = resolver->n_branches;
    if (!node->value)
        node->value = sp_resolve_python_scope_new(resolver, SP_PYTHON_SCOPE_CLASS);
    for (uint32_t child = node->child; child && !resolver->code; child = sp_resolve_python_at(resolver, child)->next) {
        if (sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_DECORATOR)
            continue;
        if (sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_CALL) {
            inherit(resolver, sp_resolve_python_at(resolver, child), &set);
            continue;
        }
        if (sp_resolve_python_at(resolver, child)->kind != SP_PYTHON_NODE_BLOCK) {
            sp_resolve_python_expression_visit(resolver, child);
            continue;
        }
        resolver->scope = (uint32_t)node->value;
        resolver->n_branches = 0;
        sp_resolve_python_statement_block(resolver, child);
        resolver->scope = outer;
        resolver->n_branches = n_branches;
    }
    decorate(resolver, node, &set);
    if (node->has_as)
        sp_resolve_python_scope_bind(resolver, node->name, &set);
}

/* ---- binding statements ---- */

/* What is just made gets its only name. */
static void assign_first(
    struct sp_python_resolver *resolver, uint32_t target, uint32_t value, const struct sp_python_set *set)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, target);
    if (!sp_resolve_python_keep_row(resolver, target, value, set)) {
        sp_resolve_python_assign(resolver, target, set);
        return;
    }
    struct sp_str text = resolver->names.items[node->name];
    sp_resolve_python_member_tell_path(resolver, text, node->start, node->end);
    sp_resolve_python_action_tell_operator(resolver, text, set, node->start, node->end);
    sp_resolve_python_scope_bind_row(resolver, node->name, set);
}

static void assign(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    uint32_t value = node->child;
    struct sp_python_set set = unknown;
    if (!value)
        return;
    while (sp_resolve_python_at(resolver, value)->next)
        value = sp_resolve_python_at(resolver, value)->next;
    sp_resolve_python_expression(resolver, value, &set);
    for (uint32_t target = node->child; target != value; target = sp_resolve_python_at(resolver, target)->next)
        if (sp_resolve_python_at(resolver, target)->next == value && target == node->child)
            assign_first(resolver, target, value, &set);
        else
            sp_resolve_python_assign(resolver, target, &set);
}

/* x += y: x keeps what it was, and gets what comes out. */
static void augmented(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    struct sp_python_set left = {0}, right = {0}, set = {0};
    uint32_t value = node->child ? sp_resolve_python_at(resolver, node->child)->next : 0;
    if (node->child)
        sp_resolve_python_expression(resolver, node->child, &left);
    if (value)
        sp_resolve_python_expression(resolver, value, &right);
    sp_resolve_python_action_hide(resolver, &right, node->start, node->end);
    for (uint8_t i = 0; i < left.n_items; i++) {
        sp_resolve_python_store_tell(resolver, left.items[i], node->start, node->end);
        if (left.items[i]->kind == SP_PYTHON_VALUE_NAMESPACE && !left.items[i]->number &&
            (left.items[i]->text.n_bytes == 0 || sp_str_is(left.items[i]->text, "__main__")))
            sp_resolve_python_keep_set(resolver, (struct sp_str){0});
        for (uint8_t k = 0; k < right.n_items; k++)
            sp_resolve_python_set_add(
                resolver, &set, sp_fold_python_binary(&resolver->fold, node->op, left.items[i], right.items[k]));
    }
    set.other |= left.other || right.other || left.n_items == 0 || right.n_items == 0;
    set.large |= left.large || right.large;
    /* In a loop or a branch it may be more than what one walk says. */
    set.other |= resolver->n_branches > 0 || resolver->function;
    if (node->child)
        sp_resolve_python_assign(resolver, node->child, &set);
}

static void bind_items(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    struct sp_python_set set = {0};
    uint32_t target = node->child ? sp_resolve_python_at(resolver, node->child)->next : 0;
    if (node->child)
        sp_resolve_python_expression(resolver, node->child, &set);
    set.other = true; /* what __enter__ answers, or what was raised */
    if (target)
        sp_resolve_python_assign(resolver, target, &set);
}

static void loop(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    struct sp_python_set iterable = {0}, items;
    uint32_t target = node->child, source = target ? sp_resolve_python_at(resolver, target)->next : 0;
    if (!source)
        return;
    sp_resolve_python_expression(resolver, source, &iterable);
    sp_resolve_python_display_iterate(resolver, &iterable, &items);
    resolver->n_branches++;
    sp_resolve_python_assign(resolver, target, &items);
    for (uint32_t child = sp_resolve_python_at(resolver, source)->next; child;
         child = sp_resolve_python_at(resolver, child)->next)
        sp_resolve_python_statement(resolver, child);
    resolver->n_branches--;
}

static void capture(struct sp_python_resolver *resolver, uint32_t pattern, const struct sp_python_set *set);

/* name=pattern of a class pattern: the subject's attribute. */
static void capture_attribute(
    struct sp_python_resolver *resolver, const struct sp_python_node *keyword, const struct sp_python_set *subject)
{
    struct sp_str name = resolver->names.items[keyword->name];
    struct sp_python_set member;
    sp_resolve_python_member_tell_way(resolver, name, keyword->start, keyword->end);
    sp_resolve_python_member_any(resolver, subject, name, SP_VIA_DIRECT, keyword->start, keyword->end, &member);
    sp_resolve_python_emit_paths(resolver, &member, keyword->start, keyword->end, false);
    if (keyword->child)
        capture(resolver, keyword->child, &member);
}

/* Patterns within that of a row: each may be any of its items. */
static void capture_items(
    struct sp_python_resolver *resolver, const struct sp_python_node *row, const struct sp_python_set *set)
{
    struct sp_python_set items;
    sp_resolve_python_display_iterate(resolver, set, &items);
    for (uint32_t child = row->child; child; child = sp_resolve_python_at(resolver, child)->next)
        if (sp_resolve_python_at(resolver, child)->kind != SP_PYTHON_NODE_NAME &&
            sp_resolve_python_at(resolver, child)->kind != SP_PYTHON_NODE_STAR)
            capture(resolver, child, &items);
}

/* The names of a pattern that are bound by it: not classes, not dotted constants. */
static void capture(struct sp_python_resolver *resolver, uint32_t pattern, const struct sp_python_set *set)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, pattern);
    if (node->kind == SP_PYTHON_NODE_NAME) {
        sp_resolve_python_scope_bind(resolver, node->name, set);
        return;
    }
    if (node->kind == SP_PYTHON_NODE_AS) {
        sp_resolve_python_scope_bind(resolver, node->name, set);
        if (node->child)
            capture(resolver, node->child, set);
        return;
    }
    if (node->kind == SP_PYTHON_NODE_CHAIN) {
        for (uint32_t link = sp_resolve_python_at(resolver, node->child)->next; link;
             link = sp_resolve_python_at(resolver, link)->next)
            for (uint32_t child = sp_resolve_python_at(resolver, link)->child; child;
                 child = sp_resolve_python_at(resolver, child)->next)
                if (sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_KEYWORD)
                    capture_attribute(resolver, sp_resolve_python_at(resolver, child), set);
                else
                    capture(resolver, child, &unknown);
        return;
    }
    if (node->kind == SP_PYTHON_NODE_TUPLE || node->kind == SP_PYTHON_NODE_LIST) {
        sp_resolve_python_assign(resolver, pattern, set);
        capture_items(resolver, node, set);
        return;
    }
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
        capture(resolver, child, node->kind == SP_PYTHON_NODE_BINARY ? set : &unknown);
}

static void match(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    struct sp_python_set outer = resolver->subject, set = unknown;
    uint32_t child = node->child;
    if (child && sp_resolve_python_at(resolver, child)->kind != SP_PYTHON_NODE_BLOCK) {
        sp_resolve_python_expression(resolver, child, &set);
        sp_resolve_python_action_hide(
            resolver, &set, sp_resolve_python_at(resolver, child)->start, sp_resolve_python_at(resolver, child)->end);
        child = sp_resolve_python_at(resolver, child)->next;
    }
    resolver->subject = set;
    resolver->n_branches++;
    for (; child; child = sp_resolve_python_at(resolver, child)->next)
        sp_resolve_python_statement(resolver, child);
    resolver->n_branches--;
    resolver->subject = outer;
}

static void match_case(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    uint32_t child = node->child;
    if (child && sp_resolve_python_at(resolver, child)->kind != SP_PYTHON_NODE_BLOCK) {
        capture(resolver, child, &resolver->subject);
        child = sp_resolve_python_at(resolver, child)->next;
    }
    for (; child; child = sp_resolve_python_at(resolver, child)->next)
        sp_resolve_python_statement(resolver, child);
}

/* ---- all of them ---- */

static void children(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    resolver->n_branches++;
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
        sp_resolve_python_statement(resolver, child);
    resolver->n_branches--;
}

static void declare(struct sp_python_resolver *resolver, const struct sp_python_node *node, bool global)
{
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
        if (sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_NAME)
            sp_resolve_python_scope_declare(resolver, sp_resolve_python_at(resolver, child)->name, global);
}

void sp_resolve_python_statement(struct sp_python_resolver *resolver, uint32_t index)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, index);
    struct sp_python_set set = {0};
    if (resolver->code)
        return;
    switch (node->kind) {
    case SP_PYTHON_NODE_BLOCK: sp_resolve_python_statement_block(resolver, index); return;
    case SP_PYTHON_NODE_ASSIGN: assign(resolver, node); return;
    case SP_PYTHON_NODE_AUGMENTED: augmented(resolver, node); return;
    case SP_PYTHON_NODE_ANNOTATED: {
        uint32_t second = node->child ? sp_resolve_python_at(resolver, node->child)->next : 0;
        uint32_t value = second ? sp_resolve_python_at(resolver, second)->next : 0;
        if (second)
            annotation(resolver, second);
        if (value) {
            sp_resolve_python_expression(resolver, value, &set);
            assign_first(resolver, node->child, value, &set);
        }
        return;
    }
    case SP_PYTHON_NODE_IMPORT: sp_resolve_python_import_statement(resolver, node); return;
    case SP_PYTHON_NODE_FROM: sp_resolve_python_import_from(resolver, node); return;
    case SP_PYTHON_NODE_FUNCTION: function(resolver, index); return;
    case SP_PYTHON_NODE_CLASS: class(resolver, index); return;
    case SP_PYTHON_NODE_COMPOUND: children(resolver, node); return;
    case SP_PYTHON_NODE_WITH:
        for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
            sp_resolve_python_statement(resolver, child);
        return;
    case SP_PYTHON_NODE_BIND: bind_items(resolver, node); return;
    case SP_PYTHON_NODE_FOR: loop(resolver, node); return;
    case SP_PYTHON_NODE_MATCH: match(resolver, node); return;
    case SP_PYTHON_NODE_CASE: match_case(resolver, node); return;
    case SP_PYTHON_NODE_RETURN:
        if (node->child) {
            sp_resolve_python_expression(resolver, node->child, &set);
            sp_resolve_python_scope_return(resolver, &set);
        }
        return;
    case SP_PYTHON_NODE_DELETE:
        for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
            if (sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_NAME)
                sp_resolve_python_scope_delete(resolver, sp_resolve_python_at(resolver, child)->name);
            else
                sp_resolve_python_expression_visit(resolver, child);
        return;
    case SP_PYTHON_NODE_GLOBAL: declare(resolver, node, true); return;
    case SP_PYTHON_NODE_NONLOCAL: declare(resolver, node, false); return;
    default: sp_resolve_python_expression(resolver, index, &set); return;
    }
}

void sp_resolve_python_statement_block(struct sp_python_resolver *resolver, uint32_t block)
{
    bool top = block == resolver->tree.root;
    for (uint32_t child = sp_resolve_python_at(resolver, block)->child; child && !resolver->code;
         child = sp_resolve_python_at(resolver, child)->next) {
        sp_resolve_python_statement(resolver, child);
        if (top)
            sp_arena_reset(&resolver->temporary);
    }
}
