/* Statements of Python, into a tree. One thread at a time; memory is the arena's. */
#include "scanner/python_parse.h"

static uint32_t parse_statement(struct sp_python_parser *parser);

/* ---- blocks ---- */

void sp_python_parse_statement_line(struct sp_python_parser *parser, struct sp_python_children *children)
{
    while (!sp_python_parse_ended(parser)) {
        sp_python_parse_append(parser, children, parse_statement(parser));
        sp_python_parse_accept(parser, ';');
    }
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_NEWLINE)
        sp_python_parse_next(parser);
}

/* What stands behind a header: on its line, or deeper on the next ones. */
static uint32_t parse_block(struct sp_python_parser *parser)
{
    uint32_t block = sp_python_parse_node(parser, SP_PYTHON_NODE_BLOCK, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    /* Broken headers: what is in the way is read as an expression. */
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, ':')) {
        uint32_t expression = sp_python_parse_expression(parser);
        sp_python_parse_append(parser, &children, expression);
        if (!expression)
            sp_python_parse_next(parser);
    }
    sp_python_parse_accept(parser, ':');
    if (!sp_python_parse_ended(parser)) {
        sp_python_parse_statement_line(parser, &children);
        return sp_python_parse_close(parser, block, &children);
    }
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_NEWLINE)
        sp_python_parse_next(parser);
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_INDENT && sp_python_parse_enter(parser)) {
        sp_python_parse_next(parser);
        unsigned n_deeper = 0;
        while (!parser->code && !parser->cursor->failed && parser->cursor->token.kind != SP_PYTHON_TOKEN_END) {
            if (parser->cursor->token.kind == SP_PYTHON_TOKEN_DEDENT) {
                sp_python_parse_next(parser);
                if (n_deeper == 0)
                    break;
                n_deeper--;
            } else if (parser->cursor->token.kind == SP_PYTHON_TOKEN_INDENT) {
                n_deeper++;
                sp_python_parse_next(parser);
            } else {
                sp_python_parse_statement_line(parser, &children);
            }
        }
        sp_python_parse_leave(parser);
    }
    return sp_python_parse_close(parser, block, &children);
}

static uint32_t parse_bind(struct sp_python_parser *parser)
{
    uint32_t bind = sp_python_parse_node(parser, SP_PYTHON_NODE_BIND, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
    if (sp_python_parse_accept_keyword(parser, SP_PYTHON_AS))
        sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
    return sp_python_parse_close(parser, bind, &children);
}

/* with a as b, (c) as d:   with (a as b, c as d): */
static uint32_t parse_with(struct sp_python_parser *parser, uint32_t start)
{
    uint32_t with = sp_python_parse_node(parser, SP_PYTHON_NODE_WITH, start);
    struct sp_python_children children = {0};
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, ':')) {
        sp_python_parse_append(parser, &children, parse_bind(parser));
        if (!sp_python_parse_accept(parser, ','))
            break;
    }
    sp_python_parse_append(parser, &children, parse_block(parser));
    return sp_python_parse_close(parser, with, &children);
}

static uint32_t parse_for(struct sp_python_parser *parser, uint32_t start)
{
    uint32_t loop = sp_python_parse_node(parser, SP_PYTHON_NODE_FOR, start);
    struct sp_python_children children = {0};
    uint32_t target = sp_python_parse_expression_targets(parser);
    sp_python_parse_append(
        parser, &children, target ? target : sp_python_parse_node(parser, SP_PYTHON_NODE_EMPTY, start));
    sp_python_parse_accept_keyword(parser, SP_PYTHON_IN);
    uint32_t iterable = sp_python_parse_is(parser, ':') ? 0 : sp_python_parse_expression_list(parser);
    sp_python_parse_append(
        parser, &children, iterable ? iterable : sp_python_parse_node(parser, SP_PYTHON_NODE_EMPTY, start));
    sp_python_parse_append(parser, &children, parse_block(parser));
    return sp_python_parse_close(parser, loop, &children);
}

/* if, elif, else, while, try, except, finally: each a node of its own, since all that matters is what they hold. */
static uint32_t parse_compound(struct sp_python_parser *parser, uint32_t start, enum sp_python_keyword keyword)
{
    uint32_t compound = sp_python_parse_node(parser, SP_PYTHON_NODE_COMPOUND, start);
    struct sp_python_children children = {0};
    if (keyword == SP_PYTHON_EXCEPT)
        sp_python_parse_accept(parser, '*');
    if (keyword == SP_PYTHON_EXCEPT && !sp_python_parse_is(parser, ':')) {
        do
            sp_python_parse_append(parser, &children, parse_bind(parser));
        while (sp_python_parse_accept(parser, ','));
    } else if (!sp_python_parse_is(parser, ':')) {
        sp_python_parse_append(parser, &children, sp_python_parse_expression_list(parser));
    }
    sp_python_parse_append(parser, &children, parse_block(parser));
    return sp_python_parse_close(parser, compound, &children);
}

static uint32_t parse_definition(
    struct sp_python_parser *parser, uint32_t start, bool function, struct sp_python_children *decorators)
{
    uint32_t node = sp_python_parse_node(parser, function ? SP_PYTHON_NODE_FUNCTION : SP_PYTHON_NODE_CLASS, start);
    if (!node)
        return 0;
    if (sp_python_parse_is_name(parser)) {
        sp_python_tree_at(parser->tree, node)->name = parser->cursor->token.value;
        sp_python_tree_at(parser->tree, node)->has_as = true;
        sp_python_parse_next(parser);
    }
    if (sp_python_parse_is(parser, '[')) {
        /* Type parameters (3.12): names with bounds, read as an expression. */
        uint32_t decorator = sp_python_parse_node(parser, SP_PYTHON_NODE_OTHER, sp_python_parse_start(parser));
        struct sp_python_children child = {0};
        sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
        sp_python_parse_append(parser, decorators, sp_python_parse_close(parser, decorator, &child));
    }
    if (function) {
        bool open = sp_python_parse_accept(parser, '(');
        sp_python_parse_append(parser, decorators, sp_python_parse_expression_parameters(parser, !open));
        if (open)
            sp_python_parse_accept(parser, ')');
        if (sp_python_parse_accept(parser, SP_PYTHON_OP("->")))
            sp_python_parse_append(parser, decorators, sp_python_parse_expression(parser));
    } else if (sp_python_parse_is(parser, '(')) {
        sp_python_parse_append(parser, decorators, sp_python_parse_atom_call(parser));
    }
    sp_python_parse_append(parser, decorators, parse_block(parser));
    return sp_python_parse_close(parser, node, decorators);
}

/* @a @b def f(): the decorators come first among the definition's children. */
static uint32_t parse_decorated(struct sp_python_parser *parser, uint32_t start)
{
    struct sp_python_children decorators = {0};
    while (sp_python_parse_accept(parser, '@')) {
        uint32_t decorator = sp_python_parse_node(parser, SP_PYTHON_NODE_DECORATOR, sp_python_parse_start(parser));
        struct sp_python_children child = {0};
        sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
        sp_python_parse_append(parser, &decorators, sp_python_parse_close(parser, decorator, &child));
        while (parser->cursor->token.kind == SP_PYTHON_TOKEN_NEWLINE)
            sp_python_parse_next(parser);
    }
    sp_python_parse_accept_keyword(parser, SP_PYTHON_ASYNC);
    bool function = sp_python_parse_is_keyword(parser, SP_PYTHON_DEF);
    if (function || sp_python_parse_is_keyword(parser, SP_PYTHON_CLASS)) {
        sp_python_parse_next(parser);
        return parse_definition(parser, start, function, &decorators);
    }
    uint32_t other = sp_python_parse_node(parser, SP_PYTHON_NODE_OTHER, start);
    return sp_python_parse_close(parser, other, &decorators);
}

/* ---- simple statements ---- */

static uint32_t parse_list(struct sp_python_parser *parser, uint32_t start, enum sp_python_node_kind kind)
{
    uint32_t node = sp_python_parse_node(parser, kind, start);
    struct sp_python_children children = {0};
    do {
        uint32_t expression = sp_python_parse_expression(parser);
        if (!expression)
            break;
        sp_python_parse_append(parser, &children, expression);
    } while (sp_python_parse_accept(parser, ',') || sp_python_parse_accept_keyword(parser, SP_PYTHON_FROM));
    return sp_python_parse_close(parser, node, &children);
}

static bool is_augmented(const struct sp_python_parser *parser, uint8_t *ret_op)
{
    static const struct {
        uint32_t bytes;
        uint8_t op;
    } table[] = {
        {SP_PYTHON_OP("+="), SP_PYTHON_OPERATOR_ADD},
        {SP_PYTHON_OP("-="), SP_PYTHON_OPERATOR_SUBTRACT},
        {SP_PYTHON_OP("*="), SP_PYTHON_OPERATOR_MULTIPLY},
        {SP_PYTHON_OP("/="), SP_PYTHON_OPERATOR_DIVIDE},
        {SP_PYTHON_OP("%="), SP_PYTHON_OPERATOR_MODULO},
        {SP_PYTHON_OP("@="), SP_PYTHON_OPERATOR_MATRIX},
        {SP_PYTHON_OP("&="), SP_PYTHON_OPERATOR_BIT_AND},
        {SP_PYTHON_OP("|="), SP_PYTHON_OPERATOR_BIT_OR},
        {SP_PYTHON_OP("^="), SP_PYTHON_OPERATOR_BIT_XOR},
        {SP_PYTHON_OP("**="), SP_PYTHON_OPERATOR_POWER},
        {SP_PYTHON_OP("//="), SP_PYTHON_OPERATOR_FLOOR},
        {SP_PYTHON_OP(">>="), SP_PYTHON_OPERATOR_SHIFT_RIGHT},
        {SP_PYTHON_OP("<<="), SP_PYTHON_OPERATOR_SHIFT_LEFT},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (sp_python_parse_is(parser, table[i].bytes)) {
            *ret_op = table[i].op;
            return true;
        }
    return false;
}

/* The word `match` or `case` as a statement's beginning: the expression behind it, which ends in a colon. */
static uint32_t parse_match(struct sp_python_parser *parser, uint32_t start, bool is_case)
{
    uint32_t node = sp_python_parse_node(parser, is_case ? SP_PYTHON_NODE_CASE : SP_PYTHON_NODE_MATCH, start);
    struct sp_python_children children = {0};
    parser->pattern = is_case;
    sp_python_parse_append(parser, &children, sp_python_parse_expression_list(parser));
    parser->pattern = false;
    if (is_case && sp_python_parse_accept_keyword(parser, SP_PYTHON_IF))
        sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
    sp_python_parse_append(parser, &children, parse_block(parser));
    return sp_python_parse_close(parser, node, &children);
}

/* Is this the statement and not a name? Told by the rest of the line: its last byte of code before a comment is a colon
 * for `match`; for `case` a colon stands outside of brackets. No line is walked twice: only its first word can be it. */
static bool is_soft_statement(struct sp_python_parser *parser, bool *ret_case)
{
    const struct sp_python_cursor *cursor = parser->cursor;
    struct sp_str word = {cursor->source.ptr + cursor->token.start, cursor->token.end - cursor->token.start};
    *ret_case = sp_str_is(word, "case");
    if (cursor->token.kind != SP_PYTHON_TOKEN_NAME || (!*ret_case && !sp_str_is(word, "match")) || cursor->inner)
        return false;
    if (cursor->token.start < parser->soft_end)
        return false;
    struct sp_python_cursor ahead = *cursor;
    uint32_t n_outer = ahead.n_open;
    bool first = true, colon = false;
    sp_python_cursor_next(&ahead);
    while (ahead.token.kind > SP_PYTHON_TOKEN_DEDENT && !ahead.failed) {
        parser->soft_end = ahead.token.start;
        bool sign = ahead.token.kind == SP_PYTHON_TOKEN_OPERATOR;
        uint32_t value = ahead.token.value;
        if (first && sign && value != '(' && value != '[' && value != '{' && value != '-' && value != '*')
            return false;
        first = false;
        if (ahead.n_open == n_outer && sign && (value == '=' || value == ';'))
            return false;
        colon = sign && value == ':' && ahead.n_open == n_outer;
        if (colon && *ret_case)
            return true;
        sp_python_cursor_next(&ahead);
    }
    return colon;
}

static uint32_t parse_expression_statement(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    uint32_t first = sp_python_parse_expression_list(parser);
    uint8_t op = 0;
    if (!first) {
        /* A token that begins no statement (a stray closing bracket, `=`): over it. */
        if (!sp_python_parse_ended(parser))
            sp_python_parse_next(parser);
        return 0;
    }
    struct sp_python_children children = {0};
    if (sp_python_parse_is(parser, '=')) {
        uint32_t assign = sp_python_parse_node(parser, SP_PYTHON_NODE_ASSIGN, start);
        sp_python_parse_append(parser, &children, first);
        while (sp_python_parse_accept(parser, '='))
            sp_python_parse_append(parser, &children, sp_python_parse_expression_list(parser));
        return sp_python_parse_close(parser, assign, &children);
    }
    if (is_augmented(parser, &op)) {
        uint32_t augmented = sp_python_parse_node(parser, SP_PYTHON_NODE_AUGMENTED, start);
        sp_python_parse_next(parser);
        sp_python_parse_append(parser, &children, first);
        sp_python_parse_append(parser, &children, sp_python_parse_expression_list(parser));
        if (augmented)
            sp_python_tree_at(parser->tree, augmented)->op = op;
        return sp_python_parse_close(parser, augmented, &children);
    }
    if (sp_python_parse_is(parser, ':')) {
        uint32_t annotated = sp_python_parse_node(parser, SP_PYTHON_NODE_ANNOTATED, start);
        sp_python_parse_next(parser);
        sp_python_parse_append(parser, &children, first);
        sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
        if (sp_python_parse_accept(parser, '='))
            sp_python_parse_append(parser, &children, sp_python_parse_expression_list(parser));
        return sp_python_parse_close(parser, annotated, &children);
    }
    return first;
}

static uint32_t parse_keyword_statement(struct sp_python_parser *parser, uint32_t start)
{
    enum sp_python_keyword keyword = parser->cursor->token.value;
    struct sp_python_children children = {0};
    switch (keyword) {
    case SP_PYTHON_IMPORT:
    case SP_PYTHON_FROM: return sp_python_parse_import(parser);
    case SP_PYTHON_DEF:
    case SP_PYTHON_CLASS:
        sp_python_parse_next(parser);
        return parse_definition(parser, start, keyword == SP_PYTHON_DEF, &children);
    case SP_PYTHON_ASYNC: sp_python_parse_next(parser); return parse_statement(parser);
    case SP_PYTHON_FOR: sp_python_parse_next(parser); return parse_for(parser, start);
    case SP_PYTHON_WITH: sp_python_parse_next(parser); return parse_with(parser, start);
    case SP_PYTHON_IF:
    case SP_PYTHON_ELIF:
    case SP_PYTHON_ELSE:
    case SP_PYTHON_WHILE:
    case SP_PYTHON_TRY:
    case SP_PYTHON_EXCEPT:
    case SP_PYTHON_FINALLY: sp_python_parse_next(parser); return parse_compound(parser, start, keyword);
    case SP_PYTHON_RETURN:
        sp_python_parse_next(parser);
        sp_python_parse_append(parser, &children, sp_python_parse_expression_list(parser));
        return sp_python_parse_close(parser, sp_python_parse_node(parser, SP_PYTHON_NODE_RETURN, start), &children);
    case SP_PYTHON_DEL: sp_python_parse_next(parser); return parse_list(parser, start, SP_PYTHON_NODE_DELETE);
    case SP_PYTHON_GLOBAL: sp_python_parse_next(parser); return parse_list(parser, start, SP_PYTHON_NODE_GLOBAL);
    case SP_PYTHON_NONLOCAL: sp_python_parse_next(parser); return parse_list(parser, start, SP_PYTHON_NODE_NONLOCAL);
    case SP_PYTHON_ASSERT:
    case SP_PYTHON_RAISE: sp_python_parse_next(parser); return parse_list(parser, start, SP_PYTHON_NODE_OTHER);
    case SP_PYTHON_PASS:
    case SP_PYTHON_BREAK:
    case SP_PYTHON_CONTINUE: sp_python_parse_next(parser); return 0;
    default: return parse_expression_statement(parser);
    }
}

static uint32_t parse_statement(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    bool is_case;
    if (!sp_python_parse_enter(parser))
        return sp_python_parse_expression_flat(parser);
    uint32_t node;
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_KEYWORD) {
        node = parse_keyword_statement(parser, start);
    } else if (sp_python_parse_is(parser, '@')) {
        node = parse_decorated(parser, start);
    } else if (is_soft_statement(parser, &is_case)) {
        sp_python_parse_next(parser);
        node = parse_match(parser, start, is_case);
    } else {
        node = parse_expression_statement(parser);
    }
    sp_python_parse_leave(parser);
    return node;
}
