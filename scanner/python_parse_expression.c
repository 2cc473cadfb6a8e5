/* Expressions of Python, into a tree: operators, commas, parameters. One thread at a time; memory is the arena's. */
#include "scanner/python_parse.h"

static uint32_t parse_unary(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    unsigned n_signs = 0;
    uint8_t op = SP_PYTHON_OPERATOR_NONE;
    for (;; n_signs++, sp_python_parse_next(parser)) {
        if (sp_python_parse_is_keyword(parser, SP_PYTHON_NOT))
            op = SP_PYTHON_OPERATOR_NOT;
        else if (sp_python_parse_is(parser, '-'))
            op = SP_PYTHON_OPERATOR_SUBTRACT;
        else if (sp_python_parse_is(parser, '+'))
            op = SP_PYTHON_OPERATOR_ADD;
        else if (sp_python_parse_is(parser, '~'))
            op = SP_PYTHON_OPERATOR_INVERT;
        else
            break;
    }
    if (n_signs == 0)
        return sp_python_parse_atom(parser);
    struct sp_python_children child = {0};
    /* `not` binds loosely, the signs tightly; only `**` binds tighter than these. */
    sp_python_parse_append(
        parser, &child, sp_python_parse_expression_binary(parser, op == SP_PYTHON_OPERATOR_NOT ? 3 : 11));
    uint32_t unary = sp_python_parse_node(parser, SP_PYTHON_NODE_UNARY, start);
    if (unary)
        sp_python_tree_at(parser->tree, unary)->op = n_signs == 1 ? op : SP_PYTHON_OPERATOR_NONE;
    return sp_python_parse_close(parser, unary, &child);
}

/* ---- operators ---- */

static const struct {
    uint32_t bytes;
    uint8_t op, level;
} operators[] = {
    {SP_PYTHON_OP("=="), SP_PYTHON_OPERATOR_EQUAL, 3},
    {SP_PYTHON_OP("!="), SP_PYTHON_OPERATOR_NOT_EQUAL, 3},
    {'<', SP_PYTHON_OPERATOR_COMPARE, 3},
    {'>', SP_PYTHON_OPERATOR_COMPARE, 3},
    {SP_PYTHON_OP("<="), SP_PYTHON_OPERATOR_COMPARE, 3},
    {SP_PYTHON_OP(">="), SP_PYTHON_OPERATOR_COMPARE, 3},
    {'|', SP_PYTHON_OPERATOR_BIT_OR, 4},
    {'^', SP_PYTHON_OPERATOR_BIT_XOR, 5},
    {'&', SP_PYTHON_OPERATOR_BIT_AND, 6},
    {SP_PYTHON_OP("<<"), SP_PYTHON_OPERATOR_SHIFT_LEFT, 7},
    {SP_PYTHON_OP(">>"), SP_PYTHON_OPERATOR_SHIFT_RIGHT, 7},
    {'+', SP_PYTHON_OPERATOR_ADD, 8},
    {'-', SP_PYTHON_OPERATOR_SUBTRACT, 8},
    {'*', SP_PYTHON_OPERATOR_MULTIPLY, 9},
    {'/', SP_PYTHON_OPERATOR_DIVIDE, 9},
    {SP_PYTHON_OP("//"), SP_PYTHON_OPERATOR_FLOOR, 9},
    {'%', SP_PYTHON_OPERATOR_MODULO, 9},
    {'@', SP_PYTHON_OPERATOR_MATRIX, 9},
    {SP_PYTHON_OP("**"), SP_PYTHON_OPERATOR_POWER, 11},
};

/* The operator that is current, its level and how many words it has; level -1: none. */
static int operator_here(const struct sp_python_parser *parser, uint8_t *ret_op)
{
    const struct sp_python_token *token = &parser->cursor->token;
    if (token->kind == SP_PYTHON_TOKEN_KEYWORD) {
        switch (token->value) {
        case SP_PYTHON_OR: *ret_op = SP_PYTHON_OPERATOR_OR; return 1;
        case SP_PYTHON_AND: *ret_op = SP_PYTHON_OPERATOR_AND; return 2;
        case SP_PYTHON_IN: *ret_op = SP_PYTHON_OPERATOR_IN; return 3;
        case SP_PYTHON_IS: *ret_op = SP_PYTHON_OPERATOR_COMPARE; return 3;
        case SP_PYTHON_NOT: *ret_op = SP_PYTHON_OPERATOR_NOT_IN; return 3;
        default: return -1;
        }
    }
    if (token->kind != SP_PYTHON_TOKEN_OPERATOR)
        return -1;
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (operators[i].bytes == token->value) {
            *ret_op = operators[i].op;
            return operators[i].level;
        }
    return -1;
}

uint32_t sp_python_parse_expression_binary(struct sp_python_parser *parser, int floor)
{
    if (!sp_python_parse_enter(parser))
        return sp_python_parse_expression_flat(parser);
    uint32_t left = parse_unary(parser);
    uint8_t op = 0;
    int level = -1;
    while (left && !parser->code && (level = operator_here(parser, &op)) >= floor && level >= 0) {
        struct sp_python_children children = {0};
        uint32_t binary =
            sp_python_parse_node(parser, SP_PYTHON_NODE_BINARY, sp_python_tree_at(parser->tree, left)->start);
        sp_python_parse_append(parser, &children, left);
        int here = level;
        /* An operand that is missing ends nothing: else each operator behind it would be a level of its own. */
        while (here >= level && !parser->code) {
            bool is = sp_python_parse_is_keyword(parser, SP_PYTHON_IS);
            sp_python_parse_next(parser);
            if (is)
                sp_python_parse_accept_keyword(parser, SP_PYTHON_NOT);
            if (op == SP_PYTHON_OPERATOR_NOT_IN)
                sp_python_parse_accept_keyword(parser, SP_PYTHON_IN);
            uint32_t right = sp_python_parse_expression_binary(parser, level + 1);
            if (right)
                sp_python_tree_at(parser->tree, right)->joint = op;
            sp_python_parse_append(parser, &children, right);
            here = operator_here(parser, &op);
        }
        left = sp_python_parse_close(parser, binary, &children);
    }
    sp_python_parse_leave(parser);
    return left;
}

/* pattern as name */
static uint32_t parse_as(struct sp_python_parser *parser, uint32_t pattern)
{
    struct sp_python_children child = {0};
    if (!sp_python_parse_accept_keyword(parser, SP_PYTHON_AS) || !sp_python_parse_is_name(parser))
        return pattern;
    uint32_t as = sp_python_parse_leaf(parser, SP_PYTHON_NODE_AS);
    if (as)
        sp_python_tree_at(parser->tree, as)->start = sp_python_tree_at(parser->tree, pattern)->start;
    sp_python_parse_append(parser, &child, pattern);
    return sp_python_parse_close(parser, as, &child);
}

/* a if b else c if d else …: flat. A walrus, a lambda. */
uint32_t sp_python_parse_expression(struct sp_python_parser *parser)
{
    uint32_t first = sp_python_parse_expression_binary(parser, 0);
    if (!first)
        return 0;
    if (parser->pattern)
        return parse_as(parser, first);
    uint32_t start = sp_python_tree_at(parser->tree, first)->start;
    const struct sp_python_node *node = sp_python_tree_at(parser->tree, first);
    if (node->kind == SP_PYTHON_NODE_NAME && sp_python_parse_is(parser, SP_PYTHON_OP(":="))) {
        uint32_t name = node->name;
        struct sp_python_children child = {0};
        sp_python_parse_next(parser);
        if (sp_python_parse_enter(parser)) {
            sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
            sp_python_parse_leave(parser);
        } else {
            sp_python_parse_append(parser, &child, sp_python_parse_expression_flat(parser));
        }
        uint32_t walrus = sp_python_parse_node(parser, SP_PYTHON_NODE_WALRUS, start);
        if (walrus)
            sp_python_tree_at(parser->tree, walrus)->name = name;
        return sp_python_parse_close(parser, walrus, &child);
    }
    if (!sp_python_parse_is_keyword(parser, SP_PYTHON_IF))
        return first;
    struct sp_python_children children = {0};
    uint32_t ternary = sp_python_parse_node(parser, SP_PYTHON_NODE_TERNARY, start);
    sp_python_parse_append(parser, &children, first);
    while (sp_python_parse_accept_keyword(parser, SP_PYTHON_IF)) {
        sp_python_parse_append(parser, &children, sp_python_parse_expression_binary(parser, 0));
        if (!sp_python_parse_accept_keyword(parser, SP_PYTHON_ELSE))
            break;
        sp_python_parse_append(parser, &children, sp_python_parse_expression_binary(parser, 0));
    }
    return sp_python_parse_close(parser, ternary, &children);
}

uint32_t sp_python_parse_expression_item(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    bool two = sp_python_parse_is(parser, SP_PYTHON_OP("**"));
    if (two || sp_python_parse_is(parser, '*')) {
        sp_python_parse_next(parser);
        uint32_t star = sp_python_parse_node(parser, two ? SP_PYTHON_NODE_DOUBLE_STAR : SP_PYTHON_NODE_STAR, start);
        struct sp_python_children child = {0};
        sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
        return sp_python_parse_close(parser, star, &child);
    }
    return sp_python_parse_expression(parser);
}

static uint32_t parse_commas(struct sp_python_parser *parser, bool targets)
{
    uint32_t start = sp_python_parse_start(parser);
    struct sp_python_children children = {0};
    bool comma = false;
    while (!sp_python_parse_ended(parser)) {
        uint32_t item;
        if (targets && !sp_python_parse_is(parser, '*')) {
            item = sp_python_parse_expression_binary(parser, 4);
        } else if (targets) {
            sp_python_parse_next(parser);
            item = sp_python_parse_expression_binary(parser, 4);
        } else {
            item = sp_python_parse_expression_item(parser);
        }
        sp_python_parse_append(parser, &children, item);
        if (!sp_python_parse_accept(parser, ','))
            break;
        comma = true;
    }
    if (!comma || !children.first)
        return children.first;
    return sp_python_parse_close(parser, sp_python_parse_node(parser, SP_PYTHON_NODE_TUPLE, start), &children);
}

uint32_t sp_python_parse_expression_list(struct sp_python_parser *parser)
{
    return parse_commas(parser, false);
}

uint32_t sp_python_parse_expression_targets(struct sp_python_parser *parser)
{
    return parse_commas(parser, true);
}

uint32_t sp_python_parse_expression_parameters(struct sp_python_parser *parser, bool lambda)
{
    uint32_t parameters = sp_python_parse_node(parser, SP_PYTHON_NODE_PARAMETERS, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, lambda ? ':' : ')')) {
        uint8_t stars = sp_python_parse_accept(parser, '*') ? '*' : 0;
        if (sp_python_parse_accept(parser, SP_PYTHON_OP("**")))
            stars = 'd';
        if (!sp_python_parse_is_name(parser)) {
            /* A lone star or slash, a comma; or what does not belong here. */
            if (parser->cursor->token.kind == SP_PYTHON_TOKEN_OPERATOR) {
                if (!sp_python_parse_accept(parser, '/') && !sp_python_parse_accept(parser, ','))
                    sp_python_parse_next(parser);
                continue;
            }
            uint32_t stray = sp_python_parse_expression(parser);
            sp_python_parse_append(parser, &children, stray);
            if (!stray)
                sp_python_parse_next(parser);
            continue;
        }
        uint32_t parameter = sp_python_parse_node(parser, SP_PYTHON_NODE_PARAMETER, sp_python_parse_start(parser));
        struct sp_python_children child = {0};
        if (parameter) {
            sp_python_tree_at(parser->tree, parameter)->name = parser->cursor->token.value;
            sp_python_tree_at(parser->tree, parameter)->op = stars;
        }
        sp_python_parse_next(parser);
        if (!lambda && sp_python_parse_accept(parser, ':')) {
            uint32_t annotation = sp_python_parse_node(parser, SP_PYTHON_NODE_OTHER, sp_python_parse_start(parser));
            struct sp_python_children inside = {0};
            sp_python_parse_append(parser, &inside, sp_python_parse_expression_item(parser));
            sp_python_parse_append(parser, &child, sp_python_parse_close(parser, annotation, &inside));
        }
        if (sp_python_parse_accept(parser, '='))
            sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
        sp_python_parse_append(parser, &children, sp_python_parse_close(parser, parameter, &child));
        sp_python_parse_accept(parser, ',');
    }
    return sp_python_parse_close(parser, parameters, &children);
}

/* A name with the attributes behind it, no more: no recursion. */
static uint32_t parse_flat_name(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    struct sp_python_children children = {0};
    sp_python_parse_append(parser, &children, sp_python_parse_leaf(parser, SP_PYTHON_NODE_NAME));
    if (!sp_python_parse_is(parser, '.'))
        return children.first;
    uint32_t chain = sp_python_parse_node(parser, SP_PYTHON_NODE_CHAIN, start);
    while (sp_python_parse_accept(parser, '.') && sp_python_parse_is_name(parser))
        sp_python_parse_append(parser, &children, sp_python_parse_leaf(parser, SP_PYTHON_NODE_ATTRIBUTE));
    if (children.last == children.first)
        return children.first;
    return sp_python_parse_close(parser, chain, &children);
}

uint32_t sp_python_parse_expression_flat(struct sp_python_parser *parser)
{
    uint32_t flat = sp_python_parse_node(parser, SP_PYTHON_NODE_OTHER, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    while (!sp_python_parse_ended(parser)) {
        if (sp_python_parse_is_name(parser))
            sp_python_parse_append(parser, &children, parse_flat_name(parser));
        else if (parser->cursor->token.kind == SP_PYTHON_TOKEN_STRING)
            sp_python_parse_append(parser, &children, sp_python_parse_atom_strings(parser));
        else if (sp_python_parse_is_keyword(parser, SP_PYTHON_IMPORT) ||
                 sp_python_parse_is_keyword(parser, SP_PYTHON_FROM))
            sp_python_parse_append(parser, &children, sp_python_parse_import(parser));
        else
            sp_python_parse_next(parser);
    }
    return sp_python_parse_close(parser, flat, &children);
}
