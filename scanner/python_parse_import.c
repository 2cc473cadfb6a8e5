/* Import statements of Python, into a tree. One thread at a time; memory is the arena's. */
#include "scanner/python_parse.h"

static uint32_t parse_dotted(struct sp_python_parser *parser)
{
    uint32_t dotted = sp_python_parse_node(parser, SP_PYTHON_NODE_DOTTED, sp_python_parse_start(parser));
    struct sp_python_children parts = {0};
    while (sp_python_parse_is_name(parser) && !parser->code) {
        sp_python_parse_append(parser, &parts, sp_python_parse_leaf(parser, SP_PYTHON_NODE_PART));
        if (!sp_python_parse_accept(parser, '.'))
            break;
    }
    return sp_python_parse_close(parser, dotted, &parts);
}

static uint32_t parse_alias(struct sp_python_parser *parser, bool dotted)
{
    uint32_t alias = sp_python_parse_node(parser, SP_PYTHON_NODE_ALIAS, sp_python_parse_start(parser));
    struct sp_python_children children = {0};
    sp_python_parse_append(
        parser, &children, dotted ? parse_dotted(parser) : sp_python_parse_leaf(parser, SP_PYTHON_NODE_PART));
    sp_python_parse_close(parser, alias, &children);
    if (sp_python_parse_accept_keyword(parser, SP_PYTHON_AS) && sp_python_parse_is_name(parser)) {
        struct sp_python_node *node = sp_python_tree_at(parser->tree, alias);
        node->has_as = true;
        node->name = parser->cursor->token.value;
        sp_python_parse_next(parser);
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
        uint32_t star = sp_python_parse_node(parser, SP_PYTHON_NODE_ALIAS, sp_python_parse_start(parser));
        sp_python_parse_next(parser);
        if (star)
            sp_python_tree_at(parser->tree, star)->op = 1;
        sp_python_parse_append(parser, &children, star);
        return sp_python_parse_close(parser, from, &children);
    }
    bool open = sp_python_parse_accept(parser, '(');
    while (sp_python_parse_is_name(parser) && !parser->code) {
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
    uint32_t start = sp_python_parse_start(parser);
    if (sp_python_parse_accept_keyword(parser, SP_PYTHON_FROM))
        return parse_from(parser, start);
    sp_python_parse_next(parser);
    uint32_t import = sp_python_parse_node(parser, SP_PYTHON_NODE_IMPORT, start);
    struct sp_python_children children = {0};
    /* Brackets are not Python here; what they hold is read all the same. */
    sp_python_parse_accept(parser, '(');
    while (sp_python_parse_is_name(parser) && !parser->code) {
        sp_python_parse_append(parser, &children, parse_alias(parser, true));
        if (!sp_python_parse_accept(parser, ','))
            break;
    }
    return sp_python_parse_close(parser, import, &children);
}
