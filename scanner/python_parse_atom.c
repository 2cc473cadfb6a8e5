/* Operands of Python's expressions, into a tree: names, numbers, strings with their fields, brackets, and what is hung
 * onto them. One thread at a time; memory is the arena's. */
#include "scanner/python_parse.h"

#include "scanner/lex_python.h"

/* ---- strings ---- */

/* The fields of a formatted string: those that lie in it and in no other string inside it. */
static void parse_fields(struct sp_python_parser *parser, struct sp_python_children *children, uint32_t string_index)
{
    const struct sp_span_list *spans = parser->cursor->spans;
    uint32_t string_end = spans->items[string_index].end;
    struct sp_python_cursor *outer = parser->cursor;
    for (uint32_t i = string_index + 1; i < spans->n_items && spans->items[i].start < string_end && !parser->code;) {
        const struct sp_span *span = &spans->items[i];
        if (span->kind != SP_SPAN_INTERPOLATION) {
            i++;
            continue;
        }
        uint32_t field = sp_python_parse_node(parser, SP_PYTHON_NODE_FIELD, span->start - 1);
        struct sp_python_cursor inner;
        struct sp_python_children child = {0};
        sp_python_cursor_init_inner(&inner, outer, i);
        parser->cursor = &inner;
        while (inner.token.kind != SP_PYTHON_TOKEN_END && !inner.failed && !parser->code) {
            uint32_t expression = sp_python_parse_expression_list(parser);
            sp_python_parse_append(parser, &child, expression);
            if (!expression)
                sp_python_parse_next(parser);
        }
        parser->cursor = outer;
        outer->failed |= inner.failed;
        if (!field)
            return;
        struct sp_python_node *node = sp_python_tree_at(parser->tree, field);
        node->child = child.first;
        node->end = span->end;
        /* What stands behind the expression decides whether the field can be folded. */
        const char *text = outer->source.ptr;
        uint32_t at = span->end;
        if (at + 1 < string_end && text[at] == '!') {
            node->op = (uint8_t)text[at + 1];
            at += 2;
        }
        node->value = at >= string_end || text[at] != '}';
        node->end = node->value ? at : at + 1;
        sp_python_parse_append(parser, children, field);
        for (i++; i < spans->n_items && spans->items[i].start < span->end; i++)
            ;
    }
}

uint32_t sp_python_parse_atom_strings(struct sp_python_parser *parser)
{
    uint32_t strings = sp_python_parse_node(parser, SP_PYTHON_NODE_STRINGS, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    while (parser->cursor->token.kind == SP_PYTHON_TOKEN_STRING && !parser->code) {
        uint32_t index = parser->cursor->token.value;
        uint32_t string = sp_python_parse_leaf(parser, SP_PYTHON_NODE_STRING);
        struct sp_python_children fields = {0};
        if (parser->cursor->spans->items[index].flags & SP_PYTHON_FORMATTED)
            parse_fields(parser, &fields, index);
        if (string)
            sp_python_tree_at(parser->tree, string)->child = fields.first;
        sp_python_parse_append(parser, &children, string);
    }
    return sp_python_parse_close(parser, strings, &children);
}

/* ---- numbers ---- */

/* A small integer's value; other numbers are constants without one. */
static uint32_t parse_number(struct sp_python_parser *parser)
{
    const struct sp_python_token *token = &parser->cursor->token;
    const char *text = parser->cursor->source.ptr + token->start;
    uint32_t n = token->end - token->start, i = 0;
    int base = 10;
    if (n > 2 && text[0] == '0') {
        char letter = (char)(text[1] | 0x20);
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
        i = base == 10 ? 0 : 2;
    }
    int64_t value = 0;
    bool whole = true;
    for (; i < n && whole; i++) {
        char byte = text[i];
        if (byte == '_')
            continue;
        int digit = byte >= '0' && byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
        whole = digit >= 0 && digit < base && !__builtin_mul_overflow(value, base, &value) &&
                !__builtin_add_overflow(value, digit, &value);
    }
    uint32_t node = sp_python_parse_leaf(parser, whole ? SP_PYTHON_NODE_NUMBER : SP_PYTHON_NODE_CONSTANT);
    if (node)
        sp_python_tree_at(parser->tree, node)->value = whole ? value : 0;
    return node;
}

/* ---- brackets ---- */

/* for … in … if …: behind the element(s), which become the comprehension's. */
static uint32_t parse_clauses(
    struct sp_python_parser *parser, uint32_t start, struct sp_python_children *children, bool dictionary)
{
    uint32_t comprehension = sp_python_parse_node(parser, SP_PYTHON_NODE_COMPREHENSION, start);
    if (!comprehension)
        return 0;
    sp_python_tree_at(parser->tree, comprehension)->op = dictionary;
    while (!sp_python_parse_ended(parser)) {
        uint32_t clause_start = sp_python_parse_start(parser);
        struct sp_python_children clause = {0};
        if (sp_python_parse_accept_keyword(parser, SP_PYTHON_IF)) {
            uint32_t condition = sp_python_parse_node(parser, SP_PYTHON_NODE_IF_CLAUSE, clause_start);
            sp_python_parse_append(parser, &clause, sp_python_parse_expression_binary(parser, 0));
            sp_python_parse_append(parser, children, sp_python_parse_close(parser, condition, &clause));
            continue;
        }
        sp_python_parse_accept_keyword(parser, SP_PYTHON_ASYNC);
        if (!sp_python_parse_accept_keyword(parser, SP_PYTHON_FOR))
            break;
        uint32_t loop = sp_python_parse_node(parser, SP_PYTHON_NODE_FOR_CLAUSE, clause_start);
        uint32_t target = sp_python_parse_expression_targets(parser);
        sp_python_parse_append(
            parser, &clause, target ? target : sp_python_parse_node(parser, SP_PYTHON_NODE_EMPTY, clause_start));
        sp_python_parse_accept_keyword(parser, SP_PYTHON_IN);
        sp_python_parse_append(parser, &clause, sp_python_parse_expression_binary(parser, 0));
        sp_python_parse_append(parser, children, sp_python_parse_close(parser, loop, &clause));
    }
    return sp_python_parse_close(parser, comprehension, children);
}

static bool at_clause(const struct sp_python_parser *parser)
{
    return sp_python_parse_is_keyword(parser, SP_PYTHON_FOR) || sp_python_parse_is_keyword(parser, SP_PYTHON_ASYNC);
}

/* The items up to the closing bracket, whatever stands between them. ret_comma: a comma was there. */
static void parse_items(struct sp_python_parser *parser, struct sp_python_children *children, uint32_t closing,
    bool pairs, bool *ret_comma, bool *ret_pairs)
{
    uint32_t start = sp_python_parse_start(parser);
    bool has_clauses = false;
    *ret_comma = *ret_pairs = false;
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, closing)) {
        uint32_t item = sp_python_parse_expression_item(parser);
        sp_python_parse_append(parser, children, item);
        if (pairs && sp_python_parse_accept(parser, ':')) {
            *ret_pairs = true;
            sp_python_parse_append(parser, children, sp_python_parse_expression(parser));
        }
        if (at_clause(parser) && children->first) {
            /* Clauses that come again are no part of Python: they hold nothing of what stands before them. */
            struct sp_python_children none = {0};
            uint32_t comprehension = parse_clauses(parser, start, has_clauses ? &none : children, *ret_pairs);
            if (!has_clauses)
                *children = (struct sp_python_children){0};
            sp_python_parse_append(parser, children, comprehension);
            has_clauses = true;
            *ret_pairs = false;
            continue;
        }
        if (sp_python_parse_accept(parser, ',')) {
            *ret_comma = true;
        } else if (!item) {
            /* What no item begins with: a bracket that closes another one ends this too. */
            if (sp_python_parse_is(parser, ')') || sp_python_parse_is(parser, ']') || sp_python_parse_is(parser, '}'))
                break;
            sp_python_parse_next(parser);
        }
    }
    sp_python_parse_accept(parser, closing);
}

static uint32_t parse_display(struct sp_python_parser *parser, uint32_t opening)
{
    uint32_t start = sp_python_parse_start(parser);
    struct sp_python_children children = {0};
    bool comma, pairs;
    sp_python_parse_next(parser);
    uint32_t closing = opening == '(' ? ')' : opening == '[' ? ']' : '}';
    parse_items(parser, &children, closing, opening == '{', &comma, &pairs);
    uint32_t first = children.first;
    bool comprehension =
        first && sp_python_tree_at(parser->tree, first)->kind == SP_PYTHON_NODE_COMPREHENSION && first == children.last;
    if (comprehension || (opening == '(' && first && first == children.last && !comma)) {
        struct sp_python_node *node = sp_python_tree_at(parser->tree, first);
        node->start = start;
        node->end = parser->cursor->last_end;
        return first;
    }
    enum sp_python_node_kind kind = opening == '(' ? SP_PYTHON_NODE_TUPLE : SP_PYTHON_NODE_LIST;
    if (opening == '{')
        kind = pairs || !first || sp_python_tree_at(parser->tree, first)->kind == SP_PYTHON_NODE_DOUBLE_STAR
                   ? SP_PYTHON_NODE_DICT
                   : SP_PYTHON_NODE_SET;
    return sp_python_parse_close(parser, sp_python_parse_node(parser, kind, start), &children);
}

uint32_t sp_python_parse_atom_call(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    uint32_t call = sp_python_parse_node(parser, SP_PYTHON_NODE_CALL, start);
    struct sp_python_children children = {0};
    sp_python_parse_next(parser);
    uint32_t first_argument = sp_python_parse_start(parser);
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, ')')) {
        uint32_t item = sp_python_parse_expression_item(parser);
        struct sp_python_node *node = item ? sp_python_tree_at(parser->tree, item) : NULL;
        if (node && node->kind == SP_PYTHON_NODE_NAME && sp_python_parse_accept(parser, '=')) {
            uint32_t keyword = sp_python_parse_node(parser, SP_PYTHON_NODE_KEYWORD, node->start);
            struct sp_python_children child = {0};
            uint32_t name = node->name;
            sp_python_parse_append(parser, &child, sp_python_parse_expression(parser));
            sp_python_parse_close(parser, keyword, &child);
            if (keyword)
                sp_python_tree_at(parser->tree, keyword)->name = name;
            item = keyword;
        } else if (item && at_clause(parser)) {
            struct sp_python_children element = {item, item};
            item = parse_clauses(parser, first_argument, &element, false);
        }
        sp_python_parse_append(parser, &children, item);
        if (!sp_python_parse_accept(parser, ',') && !item) {
            if (sp_python_parse_is(parser, ']') || sp_python_parse_is(parser, '}'))
                break;
            sp_python_parse_next(parser);
        }
        first_argument = sp_python_parse_start(parser);
    }
    sp_python_parse_accept(parser, ')');
    return sp_python_parse_close(parser, call, &children);
}

/* [a], [a:b:c], [a, b:c] */
static uint32_t parse_index(struct sp_python_parser *parser)
{
    uint32_t start = sp_python_parse_start(parser);
    uint32_t index = sp_python_parse_node(parser, SP_PYTHON_NODE_INDEX, start);
    struct sp_python_children children = {0}, parts = {0};
    bool slice = false, filled = false;
    sp_python_parse_next(parser);
    while (!sp_python_parse_ended(parser) && !sp_python_parse_is(parser, ']')) {
        if (sp_python_parse_accept(parser, ':')) {
            slice = true;
            if (!filled)
                sp_python_parse_append(
                    parser, &parts, sp_python_parse_node(parser, SP_PYTHON_NODE_EMPTY, sp_python_parse_start(parser)));
            filled = false;
            continue;
        }
        uint32_t item = sp_python_parse_expression_item(parser);
        sp_python_parse_append(parser, slice || !children.first ? &parts : &children, item);
        filled = true;
        if (sp_python_parse_accept(parser, ',')) {
            slice = false;
            sp_python_parse_append(parser, &children, parts.first);
            if (parts.last)
                children.last = parts.last;
            parts = (struct sp_python_children){0};
        } else if (!item) {
            if (sp_python_parse_is(parser, ')') || sp_python_parse_is(parser, '}'))
                break;
            sp_python_parse_next(parser);
        }
    }
    sp_python_parse_accept(parser, ']');
    if (children.first) {
        /* A tuple of keys. */
        if (parts.first)
            sp_python_parse_append(parser, &children, parts.first);
        uint32_t tuple = sp_python_parse_node(parser, SP_PYTHON_NODE_TUPLE, start);
        sp_python_parse_close(parser, tuple, &children);
        parts = (struct sp_python_children){tuple, tuple};
    } else if (slice) {
        uint32_t node = sp_python_parse_node(parser, SP_PYTHON_NODE_SLICE, start);
        sp_python_parse_close(parser, node, &parts);
        parts = (struct sp_python_children){node, node};
    }
    return sp_python_parse_close(parser, index, &parts);
}

/* ---- operands ---- */

static uint32_t parse_lambda(struct sp_python_parser *parser)
{
    uint32_t lambda = sp_python_parse_node(parser, SP_PYTHON_NODE_LAMBDA, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    sp_python_parse_next(parser);
    sp_python_parse_append(parser, &children, sp_python_parse_expression_parameters(parser, true));
    sp_python_parse_accept(parser, ':');
    sp_python_parse_append(parser, &children, sp_python_parse_expression(parser));
    return sp_python_parse_close(parser, lambda, &children);
}

/* await x, yield x, yield from x */
static uint32_t parse_wrapped(struct sp_python_parser *parser, bool many)
{
    uint32_t other = sp_python_parse_node(parser, SP_PYTHON_NODE_OTHER, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    sp_python_parse_next(parser);
    sp_python_parse_accept_keyword(parser, SP_PYTHON_FROM);
    sp_python_parse_append(parser, &children,
        many ? sp_python_parse_expression_list(parser) : sp_python_parse_expression_binary(parser, 100));
    return sp_python_parse_close(parser, other, &children);
}

static uint32_t parse_atom(struct sp_python_parser *parser)
{
    const struct sp_python_token *token = &parser->cursor->token;
    switch (token->kind) {
    case SP_PYTHON_TOKEN_NAME: return sp_python_parse_leaf(parser, SP_PYTHON_NODE_NAME);
    case SP_PYTHON_TOKEN_NUMBER: return parse_number(parser);
    case SP_PYTHON_TOKEN_STRING: return sp_python_parse_atom_strings(parser);
    case SP_PYTHON_TOKEN_OPERATOR:
        if (token->value == '(' || token->value == '[' || token->value == '{')
            return parse_display(parser, token->value);
        if (token->value == SP_PYTHON_OP("..."))
            return sp_python_parse_leaf(parser, SP_PYTHON_NODE_CONSTANT);
        return 0;
    case SP_PYTHON_TOKEN_KEYWORD:
        switch (token->value) {
        case SP_PYTHON_NONE:
        case SP_PYTHON_TRUE:
        case SP_PYTHON_FALSE: return sp_python_parse_leaf(parser, SP_PYTHON_NODE_CONSTANT);
        case SP_PYTHON_LAMBDA: return parse_lambda(parser);
        case SP_PYTHON_AWAIT: return parse_wrapped(parser, false);
        case SP_PYTHON_YIELD: return parse_wrapped(parser, true);
        case SP_PYTHON_IMPORT:
        case SP_PYTHON_FROM: return sp_python_parse_import(parser); /* broken code around an import */
        default: return 0;
        }
    default: return 0;
    }
}

/* An operand with what is hung onto it. */
uint32_t sp_python_parse_atom(struct sp_python_parser *parser)
{
    uint32_t atom = parse_atom(parser);
    if (!atom)
        return 0;
    bool hangs = sp_python_parse_is(parser, '.') || sp_python_parse_is(parser, '(') || sp_python_parse_is(parser, '[');
    if (!hangs)
        return atom;
    struct sp_python_children children = {0};
    uint32_t start = sp_python_tree_at(parser->tree, atom)->start;
    uint32_t chain = sp_python_parse_node(parser, SP_PYTHON_NODE_CHAIN, start);
    sp_python_parse_append(parser, &children, atom);
    while (!sp_python_parse_ended(parser)) {
        if (sp_python_parse_accept(parser, '.')) {
            if (!sp_python_parse_is_name(parser))
                continue;
            sp_python_parse_append(parser, &children, sp_python_parse_leaf(parser, SP_PYTHON_NODE_ATTRIBUTE));
        } else if (sp_python_parse_is(parser, '(')) {
            sp_python_parse_append(parser, &children, sp_python_parse_atom_call(parser));
        } else if (sp_python_parse_is(parser, '[')) {
            sp_python_parse_append(parser, &children, parse_index(parser));
        } else {
            break;
        }
    }
    if (children.last == atom)
        return atom; /* a dot with nothing behind it */
    return sp_python_parse_close(parser, chain, &children);
}
