/* Trees of hostile sources: none is deeper than what walks it can bear. */
#include <criterion/criterion.h>

#include "proto/buffer.h"
#include "proto/scope.h"
#include "scanner/lex_python.h"
#include "scanner/python_tree.h"

#define PIECES    30000
#define DEPTH_MAX 2500 /* walks stop at 3000 */

struct parsed {
    struct sp_arena arena;
    struct sp_python_tree tree;
};

static void parse(struct parsed *parsed, struct sp_str source)
{
    struct sp_span_list spans;
    struct sp_python_names names;
    struct sp_error error = {0};
    sp_arena_init(&parsed->arena, (size_t)1 << 30);
    cr_assert(sp_lex_python(source, SP_STR(""), &parsed->arena, &spans, &error) == 0);
    cr_assert(sp_python_names_init(&names, &parsed->arena) == 0);
    cr_assert(sp_python_parse(source, &spans, &names, &parsed->arena, &parsed->tree) == 0);
}

/* Without recursion, since it may be as deep as there are nodes. */
static uint32_t depth_of(struct parsed *parsed)
{
    uint32_t *open = sp_arena_array(&parsed->arena, parsed->tree.n_nodes + 1, sizeof(*open));
    uint32_t n_open = 0, deepest = 0, node = parsed->tree.root;
    while (node || n_open) {
        if (!node) {
            node = sp_python_tree_at(&parsed->tree, open[--n_open])->next;
            continue;
        }
        open[n_open++] = node;
        deepest = n_open > deepest ? n_open : deepest;
        node = sp_python_tree_at(&parsed->tree, node)->child;
    }
    return deepest;
}

static uint32_t depth_of_pieces(const char *head, const char *piece, const char *tail)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer source;
    struct parsed parsed;
    sp_buffer_init(&source, 16 << 20);
    sp_buffer_append(&source, head, strlen(head));
    for (int i = 0; i < PIECES; i++)
        sp_buffer_append(&source, piece, strlen(piece));
    sp_buffer_append(&source, tail, strlen(tail));
    parse(&parsed, (struct sp_str){(const char *)source.bytes, source.n_bytes});
    uint32_t depth = depth_of(&parsed);
    sp_arena_fini(&parsed.arena);
    return depth;
}

Test(python_parse, missing_operands_do_not_nest, .timeout = 60)
{
    static const char *const pieces[] = {"% ", "* ", "*", "@", "| ", "<*", "-* ", "f%<", "f or and ", "f is ", "f not ",
        "**x", "*x- ", "<", "== ", "and ", "in "};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        uint32_t depth = depth_of_pieces("f ", pieces[i], "x");
        cr_expect(depth < 64, "%s: %u", pieces[i], depth);
    }
}

Test(python_parse, clauses_without_elements_do_not_nest, .timeout = 60)
{
    static const char *const heads[] = {"(", "[", "{", "f("};
    static const char *const pieces[] = {"for x in y:", "x for x in y:", "async for x in y;", "x if y for z in a ]["};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
            uint32_t depth = depth_of_pieces(heads[i], pieces[k], "x");
            cr_expect(depth < 64, "%s%s: %u", heads[i], pieces[k], depth);
        }
}

Test(python_parse, depth_is_bounded, .timeout = 60)
{
    static const char *const pieces[] = {"(", "[", "{", "f(", "f[", "{x:", "lambda:", "lambda x=", "not ", "- ", "x:=(",
        "if x:", "for x in y:", "def f(x):", "class A:", "async ", "await ", "yield ", "x if ", "[x for x in ", "*(",
        "match (", "case (", "@f(", "x=(", "f'{", "f\"{f'{", "x.y(", "try:", "else:", "with x as y:", "**(", "not -",
        "x if y else ", "lambda x:(", "x[y:", "return (", "(yield "};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        uint32_t depth = depth_of_pieces("", pieces[i], "x");
        cr_expect(depth < DEPTH_MAX, "%s: %u", pieces[i], depth);
    }
}
