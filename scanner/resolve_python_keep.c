/* What keeps the value that it was given. A list may be changed through any of its names: one that has a name is not known any
 * more, unless that name is only ever looked at. One look at the whole tree tells which names are; what reaches names by text,
 * or the scopes that they lie in, ends it. And a name of the module may be set by who reaches the module's dictionary. One
 * thread at a time. */
#include "scanner/resolve_python.h"

#include "scanner/lex_python.h"

#include <string.h>

#define WORD_BYTES 16 /* of evaluated code, for one step */
#define ROW_DEPTH  3  /* rows within rows that may be kept */

enum {
    HANDED = 1, /* handed on, changed, or reached by an attribute of that name */
    BOUND = 2,  /* the program binds it itself */
    SET = 4     /* in the module, by a way on which the value is not seen */
};

static bool is_one_of(struct sp_str text, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (sp_str_is(text, names[i]))
            return true;
    return false;
}

#define IS_ONE_OF(text, names) is_one_of((text), (names), sizeof(names) / sizeof((names)[0]))

/* ---- the look at the tree ---- */

static void hand(struct sp_python_resolver *resolver, uint32_t name)
{
    if (name < resolver->n_read)
        resolver->handed[name] |= HANDED;
}

static void note_bound(struct sp_python_resolver *resolver, uint32_t name)
{
    if (name < resolver->n_read)
        resolver->handed[name] |= BOUND;
}

static void look(struct sp_python_resolver *resolver, uint32_t index, bool looked_at);

static void look_all(struct sp_python_resolver *resolver, uint32_t child, bool looked_at)
{
    for (; child; child = sp_resolve_python_at(resolver, child)->next)
        look(resolver, child, looked_at);
}

/* What is bound is not handed on by that; what is changed in place is. */
static void look_target(struct sp_python_resolver *resolver, uint32_t target)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, target);
    const struct sp_python_node *first = node->child ? sp_resolve_python_at(resolver, node->child) : NULL;
    switch (node->kind) {
    case SP_PYTHON_NODE_NAME: note_bound(resolver, node->name); return;
    case SP_PYTHON_NODE_TUPLE:
    case SP_PYTHON_NODE_LIST:
    case SP_PYTHON_NODE_STAR:
        for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
            look_target(resolver, child);
        return;
    case SP_PYTHON_NODE_CHAIN:
        if (first && first->kind == SP_PYTHON_NODE_NAME)
            hand(resolver, first->name);
        look(resolver, target, false);
        return;
    default: look(resolver, target, false); return;
    }
}

/* Builtins that take items out of a row and do not keep it; those that answer an iterator, which does. */
static bool only_iterates(const struct sp_python_resolver *resolver, uint32_t name, bool consumed)
{
    static const char *const whole[] = {
        "all", "any", "bool", "dict", "frozenset", "len", "list", "set", "sorted", "str", "tuple"};
    static const char *const iterators[] = {"enumerate", "filter", "iter", "map", "reversed", "zip"};
    struct sp_str text = resolver->names.items[name];
    return name < resolver->n_read && !(resolver->handed[name] & BOUND) &&
           (IS_ONE_OF(text, whole) || (consumed && IS_ONE_OF(text, iterators)));
}

static void look_chain(struct sp_python_resolver *resolver, const struct sp_python_node *node, bool looked_at)
{
    static const char *const looks[] = {"count", "get", "index", "items", "keys", "values"};
    const struct sp_python_node *first = sp_resolve_python_at(resolver, node->child);
    const struct sp_python_node *link = first->next ? sp_resolve_python_at(resolver, first->next) : NULL;
    const struct sp_python_node *second = link && link->next ? sp_resolve_python_at(resolver, link->next) : NULL;
    bool named = first->kind == SP_PYTHON_NODE_NAME, text = first->kind == SP_PYTHON_NODE_STRINGS;
    bool method = link && link->kind == SP_PYTHON_NODE_ATTRIBUTE && second && second->kind == SP_PYTHON_NODE_CALL;
    if (!named)
        look(resolver, node->child, false);
    else if (link && link->kind != SP_PYTHON_NODE_INDEX && link->kind != SP_PYTHON_NODE_CALL &&
             !(method && IS_ONE_OF(resolver->names.items[link->name], looks)))
        hand(resolver, first->name);
    for (const struct sp_python_node *here = link; here;
         here = here->next ? sp_resolve_python_at(resolver, here->next) : NULL) {
        bool taken = here == link && named && only_iterates(resolver, first->name, looked_at && !second);
        if (here->kind == SP_PYTHON_NODE_ATTRIBUTE)
            hand(resolver, here->name);
        else if (here->child) {
            bool consumed = here->kind == SP_PYTHON_NODE_CALL && (taken || (text && here == second));
            bool calls = taken && (sp_str_is(resolver->names.items[first->name], "filter") ||
                                      sp_str_is(resolver->names.items[first->name], "map"));
            look(resolver, here->child, consumed && !calls);
            look_all(resolver, sp_resolve_python_at(resolver, here->child)->next, consumed);
        }
    }
}

static void look_operands(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    const struct sp_python_node *before = NULL;
    for (uint32_t child = node->child; child;) {
        const struct sp_python_node *operand = sp_resolve_python_at(resolver, child);
        bool sought = operand->joint == SP_PYTHON_OPERATOR_IN || operand->joint == SP_PYTHON_OPERATOR_NOT_IN;
        bool written = operand->joint == SP_PYTHON_OPERATOR_MODULO && before->kind == SP_PYTHON_NODE_STRINGS;
        look(resolver, child, (sought && !operand->next) || written);
        before = operand;
        child = operand->next;
    }
}

/* The names of a pattern may be bound by it. */
static void look_pattern(struct sp_python_resolver *resolver, uint32_t pattern)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, pattern);
    if (!pattern || node->kind == SP_PYTHON_NODE_BLOCK)
        return;
    if (node->kind == SP_PYTHON_NODE_NAME)
        note_bound(resolver, node->name);
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next)
        look_pattern(resolver, child);
}

/* looked_at: the value of the node goes nowhere. */
static void look(struct sp_python_resolver *resolver, uint32_t index, bool looked_at)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, index);
    uint32_t child = node->child, i = 0;
    switch (node->kind) {
    case SP_PYTHON_NODE_NAME:
        if (!looked_at)
            hand(resolver, node->name);
        return;
    case SP_PYTHON_NODE_CHAIN: look_chain(resolver, node, looked_at); return;
    case SP_PYTHON_NODE_BINARY: look_operands(resolver, node); return;
    case SP_PYTHON_NODE_STRING: { /* what is formatted becomes text; a template keeps it */
        bool kept = resolver->spans->items[node->name].flags & SP_PYTHON_TEMPLATE;
        for (; child; child = sp_resolve_python_at(resolver, child)->next)
            look_all(resolver, sp_resolve_python_at(resolver, child)->child, !kept);
        return;
    }
    case SP_PYTHON_NODE_STAR:
    case SP_PYTHON_NODE_DOUBLE_STAR: look_all(resolver, child, true); return;
    case SP_PYTHON_NODE_UNARY: look_all(resolver, child, node->op == SP_PYTHON_OPERATOR_NOT); return;
    case SP_PYTHON_NODE_TERNARY:
        for (; child; child = sp_resolve_python_at(resolver, child)->next)
            look(resolver, child, i++ % 2 == 1);
        return;
    case SP_PYTHON_NODE_FOR:
    case SP_PYTHON_NODE_FOR_CLAUSE:
        for (; child; child = sp_resolve_python_at(resolver, child)->next, i++)
            if (i == 0)
                look_target(resolver, child);
            else
                look(resolver, child, i == 1);
        return;
    case SP_PYTHON_NODE_COMPOUND:
    case SP_PYTHON_NODE_IF_CLAUSE: look_all(resolver, child, true); return;
    case SP_PYTHON_NODE_BIND:
        if (child)
            look(resolver, child, false);
        for (child = child ? sp_resolve_python_at(resolver, child)->next : 0; child;
             child = sp_resolve_python_at(resolver, child)->next)
            look_target(resolver, child);
        return;
    case SP_PYTHON_NODE_CASE: look_pattern(resolver, child); break;
    case SP_PYTHON_NODE_AUGMENTED:
        if (child)
            look_target(resolver, child);
        break;
    case SP_PYTHON_NODE_ASSIGN:
        for (; child && sp_resolve_python_at(resolver, child)->next;
             child = sp_resolve_python_at(resolver, child)->next)
            look_target(resolver, child);
        look_all(resolver, child, false);
        return;
    case SP_PYTHON_NODE_ANNOTATED:
        if (child) {
            look_target(resolver, child);
            look_all(resolver, sp_resolve_python_at(resolver, child)->next, false);
        }
        return;
    case SP_PYTHON_NODE_DELETE:
        for (; child; child = sp_resolve_python_at(resolver, child)->next)
            look_target(resolver, child);
        return;
    case SP_PYTHON_NODE_GLOBAL: /* a function's own is everybody's then */
        look_all(resolver, child, false);
        __attribute__((fallthrough));
    case SP_PYTHON_NODE_NONLOCAL:
        for (; child; child = sp_resolve_python_at(resolver, child)->next)
            look_target(resolver, child);
        return;
    case SP_PYTHON_NODE_ATTRIBUTE:
    case SP_PYTHON_NODE_KEYWORD: hand(resolver, node->name); break;
    case SP_PYTHON_NODE_ALIAS:
        if (node->has_as)
            note_bound(resolver, node->name);
        break;
    case SP_PYTHON_NODE_PART:
        note_bound(resolver, node->name);
        hand(resolver, node->name);
        break;
    case SP_PYTHON_NODE_FUNCTION:
    case SP_PYTHON_NODE_CLASS:
        if (node->has_as)
            note_bound(resolver, node->name);
        break;
    case SP_PYTHON_NODE_PARAMETER:
    case SP_PYTHON_NODE_WALRUS:
    case SP_PYTHON_NODE_AS: note_bound(resolver, node->name); break;
    default: break;
    }
    look_all(resolver, child, false);
}

void sp_resolve_python_keep_init(struct sp_python_resolver *resolver)
{
    resolver->handed = sp_arena_array(resolver->arena, resolver->n_read, sizeof(*resolver->handed));
    if (!resolver->handed) {
        sp_resolve_python_fail(resolver, resolver->arena);
        return;
    }
    resolver->keeps = !resolver->view; /* other files reach what is in this one */
    if (!resolver->keeps)
        return;
    look(resolver, resolver->tree.root, false);
    for (uint32_t i = 0; i < resolver->n_read; i++)
        resolver->handed[i] &= BOUND;
    look(resolver, resolver->tree.root, false); /* again, now that it is known which builtins are the builtins */
}

/* ---- what ends it ---- */

void sp_resolve_python_keep_none(struct sp_python_resolver *resolver)
{
    resolver->again |= resolver->keeps;
    resolver->keeps = false;
}

static void mark(struct sp_python_resolver *resolver, struct sp_str name, uint8_t how)
{
    uint32_t number = sp_python_names_find(&resolver->names, name);
    if (number >= resolver->n_read || (resolver->handed[number] & how) == how)
        return;
    resolver->handed[number] |= how;
    resolver->again = true;
}

void sp_resolve_python_keep_not(struct sp_python_resolver *resolver, struct sp_str name)
{
    if (resolver->keeps)
        mark(resolver, name, HANDED);
}

void sp_resolve_python_keep_self(struct sp_python_resolver *resolver)
{
    sp_resolve_python_keep_none(resolver);
    resolver->again |= !resolver->self_seen;
    resolver->self_seen = true;
}

void sp_resolve_python_keep_set(struct sp_python_resolver *resolver, struct sp_str name)
{
    if (name.ptr) {
        mark(resolver, name, SET);
        return;
    }
    resolver->again |= !resolver->names_change;
    resolver->names_change = true;
}

bool sp_resolve_python_keep_is_set(const struct sp_python_resolver *resolver, uint32_t name)
{
    return resolver->names_change || (name < resolver->n_read && (resolver->handed[name] & SET));
}

bool sp_resolve_python_keep_is_called(const struct sp_python_resolver *resolver, uint32_t name)
{
    return resolver->keeps && name < resolver->n_read && !(resolver->handed[name] & HANDED);
}

static bool is_word(unsigned char byte)
{
    return byte == '_' || byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* Marks the names that the code speaks of; false: it may reach any. */
static bool mark_words(struct sp_python_resolver *resolver, struct sp_str code)
{
    static const char *const ways[] = {
        "compile", "eval", "exec", "getattr", "globals", "import", "locals", "setattr", "vars"};
    for (size_t i = 0, from; i < code.n_bytes; i++) {
        if (!is_word((unsigned char)code.ptr[i]))
            continue;
        bool plain = true;
        for (from = i; i < code.n_bytes && is_word((unsigned char)code.ptr[i]); i++)
            plain &= (unsigned char)code.ptr[i] < 0x80;
        struct sp_str word = {code.ptr + from, i - from};
        if (!plain || (word.n_bytes > 4 && memcmp(word.ptr, "__", 2) == 0) || IS_ONE_OF(word, ways))
            return false;
        mark(resolver, word, HANDED | SET);
    }
    return true;
}

void sp_resolve_python_keep_evaluated(struct sp_python_resolver *resolver, struct sp_str code)
{
    bool paid = sp_resolve_python_set_pay(resolver, (uint32_t)(1 + code.n_bytes / WORD_BYTES));
    if (resolver->names_change || (paid && mark_words(resolver, code)))
        return;
    sp_resolve_python_keep_none(resolver);
    sp_resolve_python_keep_set(resolver, (struct sp_str){0});
}

/* ---- what is kept ---- */

/* Nothing in it can be changed in place, but for the row itself. */
static bool is_flat(struct sp_python_resolver *resolver, const struct sp_python_value *row, unsigned depth)
{
    if (depth == 0 || !sp_resolve_python_set_pay(resolver, row->n_items))
        return false;
    for (uint32_t i = 0; i < row->n_items; i++) {
        const struct sp_python_value *item = row->items[i];
        bool inner = item && item->kind == SP_PYTHON_VALUE_SEQUENCE && !item->changes;
        bool plain = !item || item->kind == SP_PYTHON_VALUE_NUMBER || item->kind == SP_PYTHON_VALUE_PATH ||
                     (sp_fold_python_is_text(item) && !item->changes);
        if (!plain && !(inner && is_flat(resolver, item, depth - 1)))
            return false;
    }
    return true;
}

bool sp_resolve_python_keep_row(
    struct sp_python_resolver *resolver, uint32_t target, uint32_t value, const struct sp_python_set *set)
{
    const struct sp_python_node *name = sp_resolve_python_at(resolver, target);
    const struct sp_python_value *row = sp_resolve_python_set_single(set);
    if (!resolver->keeps || !row || !row->changes || name->kind != SP_PYTHON_NODE_NAME ||
        name->name >= resolver->n_read || (resolver->handed[name->name] & HANDED) ||
        resolver->scopes[resolver->scope].kind == SP_PYTHON_SCOPE_CLASS)
        return false;
    switch (sp_resolve_python_at(resolver, value)->kind) {
    case SP_PYTHON_NODE_LIST:
    case SP_PYTHON_NODE_SET:
    case SP_PYTHON_NODE_DICT: return is_flat(resolver, row, ROW_DEPTH);
    case SP_PYTHON_NODE_COMPREHENSION:
        return row->kind == SP_PYTHON_VALUE_SEQUENCE && is_flat(resolver, row, ROW_DEPTH);
    default: return false;
    }
}
