/* Python, into a tree: its nodes, and what the parser's files share. One thread at a time; memory is the arena's. Whatever
 * is not understood becomes a node that holds what could be read in it: nothing that names something is lost. */
#include "scanner/python_parse.h"

#define DEPTH_MAX    600 /* CPython stops at 200 brackets and 100 indents; a bracket may count for three */
#define CHUNKS_FIRST 16

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

uint32_t sp_python_parse_leaf(struct sp_python_parser *parser, enum sp_python_node_kind kind)
{
    uint32_t node = sp_python_parse_node(parser, kind, sp_python_parse_start(parser));
    if (node)
        sp_python_tree_at(parser->tree, node)->name = parser->cursor->token.value;
    sp_python_parse_next(parser);
    return node;
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
    sp_python_parse_next(parser);
    return true;
}

bool sp_python_parse_accept_keyword(struct sp_python_parser *parser, enum sp_python_keyword keyword)
{
    if (!sp_python_parse_is_keyword(parser, keyword))
        return false;
    sp_python_parse_next(parser);
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
            parser->tree->too_deep_at = sp_python_parse_start(parser);
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
            sp_python_parse_statement_line(&parser, &children);
    }
    if (!parser.code && cursor.failed)
        parser.code = sp_arena_error(arena);
    if (parser.code)
        return parser.code;
    sp_python_parse_close(&parser, tree.root, &children);
    *ret_tree = tree;
    return 0;
}
