#ifndef SP_SCANNER_PYTHON_PARSE_H
#define SP_SCANNER_PYTHON_PARSE_H

/* Between the files of Python's parser. */

#include "scanner/python_tree.h"

struct sp_python_parser {
    struct sp_python_cursor *cursor;
    struct sp_python_tree *tree;
    struct sp_arena *arena;
    unsigned depth;
    bool pattern;      /* a case's pattern, not an expression: `as` binds, `if` ends it */
    uint32_t soft_end; /* how far was looked ahead for the sake of a soft keyword */
    int code;          /* SP_E… once memory ran out: then everything ends at once */
};

/* Children of a node while they are collected. */
struct sp_python_children {
    uint32_t first, last;
};

static inline uint32_t sp_python_parse_start(const struct sp_python_parser *parser)
{
    return parser->cursor->token.start;
}

static inline void sp_python_parse_next(struct sp_python_parser *parser)
{
    sp_python_cursor_next(parser->cursor);
}

static inline bool sp_python_parse_is_name(const struct sp_python_parser *parser)
{
    return parser->cursor->token.kind == SP_PYTHON_TOKEN_NAME;
}

uint32_t sp_python_parse_node(struct sp_python_parser *parser, enum sp_python_node_kind kind, uint32_t start);
/* Sets the node's end to the last token's, and its children. Answers the node. */
uint32_t sp_python_parse_close(
    struct sp_python_parser *parser, uint32_t node, const struct sp_python_children *children);
/* The current token as a node of its own, with its value as name; goes on to the next. */
uint32_t sp_python_parse_leaf(struct sp_python_parser *parser, enum sp_python_node_kind kind);
void sp_python_parse_append(struct sp_python_parser *parser, struct sp_python_children *children, uint32_t node);

bool sp_python_parse_is(const struct sp_python_parser *parser, uint32_t operator_bytes);
bool sp_python_parse_is_keyword(const struct sp_python_parser *parser, enum sp_python_keyword keyword);
bool sp_python_parse_accept(struct sp_python_parser *parser, uint32_t operator_bytes);
bool sp_python_parse_accept_keyword(struct sp_python_parser *parser, enum sp_python_keyword keyword);
bool sp_python_parse_ended(const struct sp_python_parser *parser);

/* Depth: false where the bound is met; then the caller takes sp_python_parse_expression_flat's node. */
bool sp_python_parse_enter(struct sp_python_parser *parser);
void sp_python_parse_leave(struct sp_python_parser *parser);

/* ---- atom ---- */

/* An operand with what is hung onto it; 0, and nothing taken, where none begins. */
uint32_t sp_python_parse_atom(struct sp_python_parser *parser);
/* Literals side by side, one being current. */
uint32_t sp_python_parse_atom_strings(struct sp_python_parser *parser);
/* (…), the bracket being current. */
uint32_t sp_python_parse_atom_call(struct sp_python_parser *parser);

/* ---- expression ---- */

/* One expression without commas; 0, and nothing taken, where none begins. */
uint32_t sp_python_parse_expression(struct sp_python_parser *parser);
/* Operands joined by operators of at least that level, flat for each level. */
uint32_t sp_python_parse_expression_binary(struct sp_python_parser *parser, int floor);
/* One item of a display or an argument list: an expression, or a starred one. */
uint32_t sp_python_parse_expression_item(struct sp_python_parser *parser);
/* With commas and stars: a TUPLE where there is a comma. 0 where there is nothing. */
uint32_t sp_python_parse_expression_list(struct sp_python_parser *parser);
/* The target of `for`: no `in` belongs to it. */
uint32_t sp_python_parse_expression_targets(struct sp_python_parser *parser);
/* Up to and without its end: `)` of a definition, `:` of a lambda. */
uint32_t sp_python_parse_expression_parameters(struct sp_python_parser *parser, bool lambda);
/* The rest of the statement, without its structure. */
uint32_t sp_python_parse_expression_flat(struct sp_python_parser *parser);

/* ---- import, statement ---- */

/* `import …` or `from …`, the word being current. */
uint32_t sp_python_parse_import(struct sp_python_parser *parser);
/* Statements up to the line's end. */
void sp_python_parse_statement_line(struct sp_python_parser *parser, struct sp_python_children *children);

#endif
