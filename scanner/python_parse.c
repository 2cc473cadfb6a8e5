/* Statements of Python, into a tree. One thread at a time; memory is the arena's. Whatever is not understood becomes a
 * node that holds what could be read in it: nothing that names something is lost. */
#include "scanner/python_parse.h"

#define DEPTH_MAX    600 /* CPython stops at 200 brackets and 100 indents; a bracket may count for three */
#define CHUNKS_FIRST 16

static uint32_t parse_statement(struct sp_python_parser *parser);

/* ---- nodes ---- */

uint32_t sp_python_parse_node(struct sp_python_parser *parser, enum sp_python_node_kind kind, uint32_t start)
{
    struct sp_python_tree *tree = parser->tree;
    if (tree->n_nodes == tree->n_chunks * SP_PYTHON_CHUNK) {
        int r = SP_ARENA_GROW(parser->arena, tree->chunks, tree->n_chunks, tree->chunk_room, CHUNKS_FIRST);
        struct sp_python_node *chunk = NULL;
        if (r == 0)
            chunk = sp_arena_array(parser->arena, SP_PYTHON_CHUNK, sizeof(*chunk));
        if (!chunk) {
            parser->code = r < 0 ? r : sp_arena_error(parser->arena);
            return 0;
        }
        tree->chunks[tree->n_chunks++] = chunk;
    }
    uint32_t index = tree->n_nodes++;
    *sp_python_tree_at(tree, index) =
        (struct sp_python_node){.kind = (uint8_t)kind, .start = start, .end = parser->cursor->token.end};
    return index;
}

uint32_t sp_python_parse_close(
    struct sp_python_parser *parser, uint32_t node, const struct sp_python_children *children)
{
    if (!node)
        return 0;
    struct sp_python_node *at = sp_python_tree_at(parser->tree, node);
    at->end = parser->cursor->last_end > at->start ? parser->cursor->last_end : at->start;
    if (children)
        at->child = children->first;
    return node;
}

void sp_python_parse_append(struct sp_python_parser *parser, struct sp_python_children *children, uint32_t node)
{
    if (!node)
        return;
    if (children->last)
        sp_python_tree_at(parser->tree, children->last)->next = node;
    else
        children->first = node;
    children->last = node;
}

/* ---- tokens ---- */

bool sp_python_parse_is(const struct sp_python_parser *parser, uint32_t operator_bytes)
{
    const struct sp_python_token *token = &parser->cursor->token;
    return token->kind == SP_PYTHON_TOKEN_OPERATOR && token->value == operator_bytes;
}

bool sp_python_parse_is_keyword(const struct sp_python_parser *parser, enum sp_python_keyword keyword)
{
    const struct sp_python_token *token = &parser->cursor->token;
    return token->kind == SP_PYTHON_TOKEN_KEYWORD && token->value == keyword;
}

bool sp_python_parse_accept(struct sp_python_parser *parser, uint32_t operator_bytes)
{
    if (!sp_python_parse_is(parser, operator_bytes))
        return false;
    sp_python_cursor_next(parser->cursor);
    return true;
}

bool sp_python_parse_accept_keyword(struct sp_python_parser *parser, enum sp_python_keyword keyword)
{
    if (!sp_python_parse_is_keyword(parser, keyword))
        return false;
    sp_python_cursor_next(parser->cursor);
    return true;
}

bool sp_python_parse_ended(const struct sp_python_parser *parser)
{
    uint8_t kind = parser->cursor->token.kind;
    return parser->code || parser->cursor->failed || kind == SP_PYTHON_TOKEN_END || kind == SP_PYTHON_TOKEN_NEWLINE ||
           kind == SP_PYTHON_TOKEN_INDENT || kind == SP_PYTHON_TOKEN_DEDENT;
}

bool sp_python_parse_enter(struct sp_python_parser *parser)
{
    if (parser->depth >= DEPTH_MAX) {
        if (!parser->tree->too_deep) {
            parser->tree->too_deep = true;
            parser->tree->too_deep_at = parser->cursor->token.start;
        }
        return false;
    }
    parser->depth++;
    return true;
}

void sp_python_parse_leave(struct sp_python_parser *parser)
{
    parser->depth--;
}

/* ---- imports ---- */

static uint32_t parse_part(struct sp_python_parser *parser)
{
    const struct sp_python_token *token = &parser->cursor->token;
    uint32_t part = sp_python_parse_node(parser, SP_PYTHON_NODE_PART, token->start);
    if (part)
        sp_python_tree_at(parser->tree, part)->name = token->value;
    sp_python_cursor_next(parser->cursor);
    return part;
}

static bool at_name(const struct sp_python_parser *parser)
{
    return parser->cursor->token.kind == SP_PYTHON_TOKEN_NAME;
}

static uint32_t parse_dotted(struct sp_python_parser *parser)
{
    uint32_t dotted = sp_python_parse_node(parser, SP_PYTHON_NODE_DOTTED, parser->cursor->token.start);
    struct sp_python_children parts = {0};
    while (at_name(parser) && !parser->code) {
        sp_python_parse_append(parser, &parts, parse_part(parser));
        if (!sp_python_parse_accept(parser, '.'))
            break;
    }
    return sp_python_parse_close(parser, dotted, &parts);
}

static uint32_t parse_alias(struct sp_python_parser *parser, bool dotted)
{
    uint32_t alias = sp_python_parse_node(parser, SP_PYTHON_NODE_ALIAS, parser->cursor->token.start);
    struct sp_python_children children = {0};
    sp_python_parse_append(parser, &children, dotted ? parse_dotted(parser) : parse_part(parser));
    sp_python_parse_close(parser, alias, &children);
    if (sp_python_parse_accept_keyword(parser, SP_PYTHON_AS) && at_name(parser)) {
        struct sp_python_node *node = sp_python_tree_at(parser->tree, alias);
        node->has_as = true;
        node->name = parser->cursor->token.value;
        sp_python_cursor_next(parser->cursor);
    }
    return alias;
}

static uint32_t parse_from(struct sp_python_parser *parser, uint32_t start)
{
    uint32_t from = sp_python_parse_node(parser, SP_PYTHON_NODE_FROM, start);
    struct sp_python_children children = {0};
    int64_t n_dots = 0;
    for (;;) {
        if (sp_python_parse_accept(parser, '.'))
            n_dots++;
        else if (sp_python_parse_accept(parser, SP_PYTHON_OP("...")))
            n_dots += 3;
        else
            break;
    }
    sp_python_parse_append(parser, &children, parse_dotted(parser));
    if (from)
        sp_python_tree_at(parser->tree, from)->value = n_dots;
    if (!sp_python_parse_accept_keyword(parser, SP_PYTHON_IMPORT))
        return sp_python_parse_close(parser, from, &children);
    if (sp_python_parse_is(parser, '*')) {
        uint32_t star = sp_python_parse_node(parser, SP_PYTHON_NODE_ALIAS, parser->cursor->token.start);
        sp_python_cursor_next(parser->cursor);
        if (star)
            sp_python_tree_at(parser->tree, star)->op = 1;
        sp_python_parse_append(parser, &children, star);
        return sp_python_parse_close(parser, from, &children);
    }
    bool open = sp_python_parse_accept(parser, '(');
    while (at_name(parser) && !parser->code) {
        sp_python_parse_append(parser, &children, parse_alias(parser, false));
        if (!sp_python_parse_accept(parser, ','))
            break;
    }
    if (open)
        sp_python_parse_accept(parser, ')');
    return sp_python_parse_close(parser, from, &children);
}

uint32_t sp_python_parse_import(struct sp_python_parser *parser)
{
    uint32_t start = parser->cursor->token.start;
    if (sp_python_parse_accept_keyword(parser, SP_PYTHON_FROM))
        return parse_from(parser, start);
    sp_python_cursor_next(parser->cursor);
    uint32_t import = sp_python_parse_node(parser, SP_PYTHON_NODE_IMPORT, start);
    struct sp_python_children children = {0};
    /* Brackets are not Python here; what they hold is read all the same. */
    sp_python_parse_accept(parser, '(');
    while (at_name(parser) && !parser->code) {
        sp_python_parse_append(parser, &children, parse_alias(parser, true));
        if (!sp_python_parse_accept(parser, ','))
            break;
    }
    return sp_python_parse_close(parser, import, &children);
}

/* ---- blocks ---- */

/* Statements up to the line's end. */
static void parse_line(struct sp_python_parser *parser, struct sp_python_children *children)
{
    while (!sp_python_parse_ended(parser)) {
        sp_python_parse_append(parser, children, parse_statement(parser));
        sp_python_parse_accept(parser, ';');
    }
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_NEWLINE)
        sp_python_cursor_next(parser->cursor);
}

/* What stands behind a header: on its line, or deeper on the next ones. */
static uint32_t parse_block(struct sp_python_parser *parser)
{
    uint32_t block = sp_python_parse_node(parser, SP_PYTHON_NODE_BLOCK, parser->cursor->token.start);
    struct sp_python_children children = {0};
    /* Broken headers: what is in the way is read as an expression. */
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, ':')) {
        uint32_t expression = sp_python_parse_expression(parser);
        sp_python_parse_append(parser, &children, expression);
        if (!expression)
            sp_python_cursor_next(parser->cursor);
    }
    sp_python_parse_accept(parser, ':');
    if (!sp_python_parse_ended(parser)) {
        parse_line(parser, &children);
        return sp_python_parse_close(parser, block, &children);
    }
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_NEWLINE)
        sp_python_cursor_next(parser->cursor);
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_INDENT && sp_python_parse_enter(parser)) {
        sp_python_cursor_next(parser->cursor);
        unsigned n_deeper = 0;
        while (!parser->code && !parser->cursor->failed && parser->cursor->token.kind != SP_PYTHON_TOKEN_END) {
            if (parser->cursor->token.kind == SP_PYTHON_TOKEN_DEDENT) {
                sp_python_cursor_next(parser->cursor);
                if (n_deeper == 0)
                    break;
                n_deeper--;
            } else if (parser->cursor->token.kind == SP_PYTHON_TOKEN_INDENT) {
                n_deeper++;
                sp_python_cursor_next(parser->cursor);
            } else {
                parse_line(parser, &children);
            }
        }
        sp_python_parse_leave(parser);
    }
    return sp_python_parse_close(parser, block, &children);
}

static uint32_t parse_bind(struct sp_python_parser *parser)
{
    uint32_t bind = sp_python_parse_node(parser, SP_PYTHON_NODE_BIND, parser->cursor->token.start);
    struct sp_python_children children = {0};
    sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
    if (sp_python_parse_accept_keyword(parser, SP_PYTHON_AS))
        sp_python_parse_append(parser, &children, sp_python_parse_targets(parser));
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
    uint32_t target = sp_python_parse_targets(parser);
    sp_python_parse_append(
        parser, &children, target ? target : sp_python_parse_node(parser, SP_PYTHON_NODE_EMPTY, start));
    sp_python_parse_accept_keyword(parser, SP_PYTHON_IN);
    uint32_t iterable = sp_python_parse_is(parser, ':') ? 0 : sp_python_parse_expressions(parser);
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
        sp_python_parse_append(parser, &children, sp_python_parse_expressions(parser));
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
    if (at_name(parser)) {
        sp_python_tree_at(parser->tree, node)->name = parser->cursor->token.value;
        sp_python_tree_at(parser->tree, node)->has_as = true;
        sp_python_cursor_next(parser->cursor);
    }
    if (sp_python_parse_is(parser, '[')) {
        /* Type parameters (3.12): names with bounds, read as an expression. */
        uint32_t decorator = sp_python_parse_node(parser, SP_PYTHON_NODE_OTHER, parser->cursor->token.start);
        struct sp_python_children child = {0};
        sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
        sp_python_parse_append(parser, decorators, sp_python_parse_close(parser, decorator, &child));
    }
    if (function) {
        bool open = sp_python_parse_accept(parser, '(');
        sp_python_parse_append(parser, decorators, sp_python_parse_parameters(parser, !open));
        if (open)
            sp_python_parse_accept(parser, ')');
        if (sp_python_parse_accept(parser, SP_PYTHON_OP("->")))
            sp_python_parse_append(parser, decorators, sp_python_parse_expression(parser));
    } else if (sp_python_parse_is(parser, '(')) {
        sp_python_parse_append(parser, decorators, sp_python_parse_call(parser));
    }
    sp_python_parse_append(parser, decorators, parse_block(parser));
    return sp_python_parse_close(parser, node, decorators);
}

/* @a @b def f(): the decorators come first among the definition's children. */
static uint32_t parse_decorated(struct sp_python_parser *parser, uint32_t start)
{
    struct sp_python_children decorators = {0};
    while (sp_python_parse_accept(parser, '@')) {
        uint32_t decorator = sp_python_parse_node(parser, SP_PYTHON_NODE_DECORATOR, parser->cursor->token.start);
        struct sp_python_children child = {0};
        sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
        sp_python_parse_append(parser, &decorators, sp_python_parse_close(parser, decorator, &child));
        while (parser->cursor->token.kind == SP_PYTHON_TOKEN_NEWLINE)
            sp_python_cursor_next(parser->cursor);
    }
    sp_python_parse_accept_keyword(parser, SP_PYTHON_ASYNC);
    bool function = sp_python_parse_is_keyword(parser, SP_PYTHON_DEF);
    if (function || sp_python_parse_is_keyword(parser, SP_PYTHON_CLASS)) {
        sp_python_cursor_next(parser->cursor);
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
    sp_python_parse_append(parser, &children, sp_python_parse_expressions(parser));
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
    uint32_t start = parser->cursor->token.start;
    uint32_t first = sp_python_parse_expressions(parser);
    uint8_t op = 0;
    if (!first) {
        /* A token that begins no statement (a stray closing bracket, `=`): over it. */
        if (!sp_python_parse_ended(parser))
            sp_python_cursor_next(parser->cursor);
        return 0;
    }
    struct sp_python_children children = {0};
    if (sp_python_parse_is(parser, '=')) {
        uint32_t assign = sp_python_parse_node(parser, SP_PYTHON_NODE_ASSIGN, start);
        sp_python_parse_append(parser, &children, first);
        while (sp_python_parse_accept(parser, '='))
            sp_python_parse_append(parser, &children, sp_python_parse_expressions(parser));
        return sp_python_parse_close(parser, assign, &children);
    }
    if (is_augmented(parser, &op)) {
        uint32_t augmented = sp_python_parse_node(parser, SP_PYTHON_NODE_AUGMENTED, start);
        sp_python_cursor_next(parser->cursor);
        sp_python_parse_append(parser, &children, first);
        sp_python_parse_append(parser, &children, sp_python_parse_expressions(parser));
        if (augmented)
            sp_python_tree_at(parser->tree, augmented)->op = op;
        return sp_python_parse_close(parser, augmented, &children);
    }
    if (sp_python_parse_is(parser, ':')) {
        uint32_t annotated = sp_python_parse_node(parser, SP_PYTHON_NODE_ANNOTATED, start);
        sp_python_cursor_next(parser->cursor);
        sp_python_parse_append(parser, &children, first);
        sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
        if (sp_python_parse_accept(parser, '='))
            sp_python_parse_append(parser, &children, sp_python_parse_expressions(parser));
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
        sp_python_cursor_next(parser->cursor);
        return parse_definition(parser, start, keyword == SP_PYTHON_DEF, &children);
    case SP_PYTHON_ASYNC: sp_python_cursor_next(parser->cursor); return parse_statement(parser);
    case SP_PYTHON_FOR: sp_python_cursor_next(parser->cursor); return parse_for(parser, start);
    case SP_PYTHON_WITH: sp_python_cursor_next(parser->cursor); return parse_with(parser, start);
    case SP_PYTHON_IF:
    case SP_PYTHON_ELIF:
    case SP_PYTHON_ELSE:
    case SP_PYTHON_WHILE:
    case SP_PYTHON_TRY:
    case SP_PYTHON_EXCEPT:
    case SP_PYTHON_FINALLY: sp_python_cursor_next(parser->cursor); return parse_compound(parser, start, keyword);
    case SP_PYTHON_RETURN:
        sp_python_cursor_next(parser->cursor);
        sp_python_parse_append(parser, &children, sp_python_parse_expressions(parser));
        return sp_python_parse_close(parser, sp_python_parse_node(parser, SP_PYTHON_NODE_RETURN, start), &children);
    case SP_PYTHON_DEL: sp_python_cursor_next(parser->cursor); return parse_list(parser, start, SP_PYTHON_NODE_DELETE);
    case SP_PYTHON_GLOBAL:
        sp_python_cursor_next(parser->cursor);
        return parse_list(parser, start, SP_PYTHON_NODE_GLOBAL);
    case SP_PYTHON_NONLOCAL:
        sp_python_cursor_next(parser->cursor);
        return parse_list(parser, start, SP_PYTHON_NODE_NONLOCAL);
    case SP_PYTHON_ASSERT:
    case SP_PYTHON_RAISE: sp_python_cursor_next(parser->cursor); return parse_list(parser, start, SP_PYTHON_NODE_OTHER);
    case SP_PYTHON_PASS:
    case SP_PYTHON_BREAK:
    case SP_PYTHON_CONTINUE: sp_python_cursor_next(parser->cursor); return 0;
    default: return parse_expression_statement(parser);
    }
}

static uint32_t parse_statement(struct sp_python_parser *parser)
{
    uint32_t start = parser->cursor->token.start;
    bool is_case;
    if (!sp_python_parse_enter(parser))
        return sp_python_parse_flat(parser);
    uint32_t node;
    if (parser->cursor->token.kind == SP_PYTHON_TOKEN_KEYWORD) {
        node = parse_keyword_statement(parser, start);
    } else if (sp_python_parse_is(parser, '@')) {
        node = parse_decorated(parser, start);
    } else if (is_soft_statement(parser, &is_case)) {
        sp_python_cursor_next(parser->cursor);
        node = parse_match(parser, start, is_case);
    } else {
        node = parse_expression_statement(parser);
    }
    sp_python_parse_leave(parser);
    return node;
}

int sp_python_parse(struct sp_str source, const struct sp_span_list *spans, struct sp_python_names *names,
    struct sp_arena *arena, struct sp_python_tree *ret_tree)
{
    struct sp_python_cursor cursor;
    struct sp_python_tree tree = {0};
    struct sp_python_parser parser = {.cursor = &cursor, .tree = &tree, .arena = arena};
    sp_python_cursor_init(&cursor, source, spans, names);
    sp_python_parse_node(&parser, SP_PYTHON_NODE_EMPTY, 0); /* index 0 means none */
    tree.root = sp_python_parse_node(&parser, SP_PYTHON_NODE_BLOCK, 0);
    struct sp_python_children children = {0};
    while (!parser.code && !cursor.failed && cursor.token.kind != SP_PYTHON_TOKEN_END) {
        if (cursor.token.kind == SP_PYTHON_TOKEN_INDENT || cursor.token.kind == SP_PYTHON_TOKEN_DEDENT)
            sp_python_cursor_next(&cursor);
        else
            parse_line(&parser, &children);
    }
    if (!parser.code && cursor.failed)
        parser.code = sp_arena_error(arena);
    if (parser.code)
        return parser.code;
    sp_python_parse_close(&parser, tree.root, &children);
    *ret_tree = tree;
    return 0;
}
