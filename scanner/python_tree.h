#ifndef SP_SCANNER_PYTHON_TREE_H
#define SP_SCANNER_PYTHON_TREE_H

/* A tolerant syntax tree of Python: what resolution needs, no more. Chains (a.b(c)[d], x + y + z) are flat, so that the
 * depth of the tree is that of the source's brackets and blocks, and bounded. */

#include <stdbool.h>
#include <stdint.h>

#include "scanner/python_token.h"

/* Behind each kind: its children in order. */
enum sp_python_node_kind {
    SP_PYTHON_NODE_EMPTY, /* stands for what is left out (slices) */
    /* expressions */
    SP_PYTHON_NODE_NAME,          /* name */
    SP_PYTHON_NODE_NUMBER,        /* integer in value, where it is a small one */
    SP_PYTHON_NODE_CONSTANT,      /* None, True, False, … */
    SP_PYTHON_NODE_STRINGS,       /* STRING… (adjacent literals) */
    SP_PYTHON_NODE_STRING,        /* name: the span's index; FIELD… of a formatted string */
    SP_PYTHON_NODE_FIELD,         /* expression; FIELD… of its format specification; op: conversion, 0 none; start and
                                     end with the braces; value: 1 with a specification */
    SP_PYTHON_NODE_CHAIN,         /* expression, then at least one of ATTRIBUTE, CALL, INDEX */
    SP_PYTHON_NODE_ATTRIBUTE,     /* name */
    SP_PYTHON_NODE_CALL,          /* arguments: expressions, KEYWORD, STAR, DOUBLE_STAR */
    SP_PYTHON_NODE_INDEX,         /* expression or SLICE */
    SP_PYTHON_NODE_KEYWORD,       /* name; expression */
    SP_PYTHON_NODE_STAR,          /* expression */
    SP_PYTHON_NODE_DOUBLE_STAR,   /* expression */
    SP_PYTHON_NODE_TUPLE,         /* expressions */
    SP_PYTHON_NODE_LIST,          /* expressions */
    SP_PYTHON_NODE_SET,           /* expressions */
    SP_PYTHON_NODE_DICT,          /* key, value, … ; DOUBLE_STAR stands alone */
    SP_PYTHON_NODE_COMPREHENSION, /* element (and value, op 1: a dictionary), then its clauses */
    SP_PYTHON_NODE_FOR_CLAUSE,    /* target, iterable */
    SP_PYTHON_NODE_IF_CLAUSE,     /* condition */
    SP_PYTHON_NODE_SLICE,         /* three expressions or EMPTY */
    SP_PYTHON_NODE_BINARY,        /* operands, each with its joint */
    SP_PYTHON_NODE_UNARY,         /* operand; op */
    SP_PYTHON_NODE_TERNARY,       /* body, condition, …, last body */
    SP_PYTHON_NODE_LAMBDA,        /* PARAMETERS, expression */
    SP_PYTHON_NODE_WALRUS,        /* name; expression */
    SP_PYTHON_NODE_AS,            /* name; pattern: in a CASE */
    SP_PYTHON_NODE_OTHER,         /* anything else: expressions, or statements where the code is broken */
    /* statements */
    SP_PYTHON_NODE_BLOCK,      /* statements */
    SP_PYTHON_NODE_ASSIGN,     /* targets…, value */
    SP_PYTHON_NODE_AUGMENTED,  /* target, value; op */
    SP_PYTHON_NODE_ANNOTATED,  /* target, annotation, (value) */
    SP_PYTHON_NODE_IMPORT,     /* ALIAS… */
    SP_PYTHON_NODE_FROM,       /* DOTTED, ALIAS…; value: leading dots */
    SP_PYTHON_NODE_ALIAS,      /* DOTTED (import) or PART; name: bound as, where has_as; op 1: star */
    SP_PYTHON_NODE_DOTTED,     /* PART… */
    SP_PYTHON_NODE_PART,       /* name */
    SP_PYTHON_NODE_FUNCTION,   /* DECORATOR…, PARAMETERS, BLOCK; name */
    SP_PYTHON_NODE_CLASS,      /* DECORATOR…, CALL (bases), BLOCK; name */
    SP_PYTHON_NODE_DECORATOR,  /* expression */
    SP_PYTHON_NODE_PARAMETERS, /* PARAMETER… */
    SP_PYTHON_NODE_PARAMETER,  /* name; op: 0, '*', 'd' (two stars); (default); annotations as OTHER */
    SP_PYTHON_NODE_COMPOUND,   /* expressions, BIND, BLOCKs: if, while, try */
    SP_PYTHON_NODE_BIND,       /* expression, (target): with's items, except's names */
    SP_PYTHON_NODE_FOR,        /* target, iterable, BLOCK… */
    SP_PYTHON_NODE_WITH,       /* BIND…, BLOCK */
    SP_PYTHON_NODE_MATCH,      /* subject, CASE… */
    SP_PYTHON_NODE_CASE,       /* pattern, (guard), BLOCK */
    SP_PYTHON_NODE_RETURN,     /* (expression) */
    SP_PYTHON_NODE_DELETE,     /* targets */
    SP_PYTHON_NODE_GLOBAL,     /* NAME… */
    SP_PYTHON_NODE_NONLOCAL    /* NAME… */
};

enum sp_python_operator {
    SP_PYTHON_OPERATOR_NONE,
    SP_PYTHON_OPERATOR_OR,
    SP_PYTHON_OPERATOR_AND,
    SP_PYTHON_OPERATOR_NOT,
    SP_PYTHON_OPERATOR_COMPARE,
    SP_PYTHON_OPERATOR_BIT_OR,
    SP_PYTHON_OPERATOR_BIT_XOR,
    SP_PYTHON_OPERATOR_BIT_AND,
    SP_PYTHON_OPERATOR_SHIFT_LEFT,
    SP_PYTHON_OPERATOR_SHIFT_RIGHT,
    SP_PYTHON_OPERATOR_ADD,
    SP_PYTHON_OPERATOR_SUBTRACT,
    SP_PYTHON_OPERATOR_MULTIPLY,
    SP_PYTHON_OPERATOR_DIVIDE,
    SP_PYTHON_OPERATOR_FLOOR,
    SP_PYTHON_OPERATOR_MODULO,
    SP_PYTHON_OPERATOR_MATRIX,
    SP_PYTHON_OPERATOR_POWER,
    SP_PYTHON_OPERATOR_INVERT,
    SP_PYTHON_OPERATOR_EQUAL, /* the comparisons that folding knows */
    SP_PYTHON_OPERATOR_NOT_EQUAL,
    SP_PYTHON_OPERATOR_IN,
    SP_PYTHON_OPERATOR_NOT_IN
};

struct sp_python_node {
    uint8_t kind;
    uint8_t op;
    uint8_t joint; /* an operand's: the operator before it */
    bool has_as;
    uint32_t start, end;
    uint32_t child, next; /* 0: none */
    uint32_t name;
    int64_t value;
};

#define SP_PYTHON_CHUNK 1024

struct sp_python_tree {
    struct sp_python_node **chunks;
    uint32_t n_nodes, n_chunks, chunk_room;
    uint32_t root; /* a BLOCK */
    bool too_deep; /* the depth bound was met at too_deep_at: what lies deeper is flat */
    uint32_t too_deep_at;
};

static inline struct sp_python_node *sp_python_tree_at(const struct sp_python_tree *tree, uint32_t index)
{
    return &tree->chunks[index / SP_PYTHON_CHUNK][index % SP_PYTHON_CHUNK];
}

/* Parses the source; never fails but by memory (SP_ENO_MEMORY, SP_ETOO_LARGE). names keeps the names. */
int sp_python_parse(struct sp_str source, const struct sp_span_list *spans, struct sp_python_names *names,
    struct sp_arena *arena, struct sp_python_tree *ret_tree);

#endif
