/* From a pattern's tree to its positions. Runs where policies are compiled, never on a scanning thread. */
#include "scanner/reach_automaton.h"

#include <stdlib.h>
#include <string.h>

#include "proto/error.h"
#include "scanner/match.h"
#include "scanner/re_units.h"

#define SCRATCH_BYTES (8u << 20)
#define COPIES_MAX    16 /* of groups, for the references to them */

/* A part of a tree: where its matches begin and end. */
struct part {
    bool nullable, nullable_bounded; /* matches nothing; nothing at a \b */
    struct sp_reach_sets first, last;
};

struct build {
    struct sp_reach_pattern *pattern;
    const struct sp_re_node *root;
    const struct sp_re_node *core[2]; /* the first and last items of root that are no assertions; NULL: root is none */
    struct sp_arena arena;
    int failed;
    bool bounded_first, bounded_last; /* a \b in front, behind */
    unsigned n_copies;
};

static void link_parts(struct build *b, const struct sp_reach_sets *last, const struct sp_reach_sets *first)
{
    for (size_t i = 0; i < b->pattern->n_positions; i++) {
        if (sp_reach_set_has(&last->free, i))
            sp_reach_sets_join(&b->pattern->positions[i].follow, first);
        if (sp_reach_set_has(&last->bounded, i))
            sp_reach_sets_join_bounded(&b->pattern->positions[i].follow, first);
    }
}

static struct part visit(struct build *b, const struct sp_re_node *node);

static struct part visit_item(struct build *b, const struct sp_re_node *node)
{
    struct part part = {0};
    if (b->pattern->n_positions == SP_REACH_POSITIONS_MAX) {
        b->pattern->opaque = true;
        return part;
    }
    struct sp_re_units units = {0};
    if (node->kind != SP_RE_ANY)
        b->failed = sp_re_units_of(node, false, &b->arena, &units);
    struct sp_reach_position *position = &b->pattern->positions[b->pattern->n_positions];
    *position = (struct sp_reach_position){0};
    for (unsigned c = 0; c < 0x80; c++)
        if (node->kind == SP_RE_ANY ? c != '\n' || (node->flags & SP_MATCH_DOTALL) : sp_re_set_has(&units.set, c))
            position->takes[c / 64] |= (uint64_t)1 << (c % 64);
    sp_reach_set_add(&part.first.free, b->pattern->n_positions);
    part.last = part.first;
    b->pattern->n_positions++;
    return part;
}

static void append(struct build *b, struct part *whole, struct part part)
{
    link_parts(b, &whole->last, &part.first);
    if (whole->nullable)
        sp_reach_sets_join(&whole->first, &part.first);
    if (whole->nullable_bounded)
        sp_reach_sets_join_bounded(&whole->first, &part.first);
    if (part.nullable)
        sp_reach_sets_join(&part.last, &whole->last);
    if (part.nullable_bounded)
        sp_reach_sets_join_bounded(&part.last, &whole->last);
    whole->last = part.last;
    whole->nullable_bounded = (whole->nullable && part.nullable_bounded) ||
                              (whole->nullable_bounded && (part.nullable || part.nullable_bounded));
    whole->nullable = whole->nullable && part.nullable;
}

static struct part visit_sequence(struct build *b, const struct sp_re_node *node)
{
    struct part whole = {.nullable = true};
    for (const struct sp_re_node *child = node->child; child; child = child->next)
        append(b, &whole, visit(b, child));
    return whole;
}

static struct part visit_branch(struct build *b, const struct sp_re_node *node)
{
    struct part whole = {0};
    for (const struct sp_re_node *child = node->child; child; child = child->next) {
        struct part part = visit(b, child);
        sp_reach_sets_join(&whole.first, &part.first);
        sp_reach_sets_join(&whole.last, &part.last);
        whole.nullable = whole.nullable || part.nullable;
        whole.nullable_bounded = whole.nullable_bounded || part.nullable_bounded;
    }
    return whole;
}

static uint32_t count_rounds(const struct sp_re_node *node)
{
    if (node->repeat.max != SP_RE_INFINITE)
        return node->repeat.max;
    return node->repeat.min > 1 ? node->repeat.min : 1;
}

static size_t count_items(const struct sp_re_node *node)
{
    size_t n = node->kind == SP_RE_CHAR || node->kind == SP_RE_SET || node->kind == SP_RE_ANY;
    for (const struct sp_re_node *child = node->child; child; child = child->next)
        n += count_items(child);
    if (node->kind != SP_RE_REPEAT)
        return n;
    uint32_t n_rounds = count_rounds(node);
    return n < SP_REACH_POSITIONS_MAX && n_rounds < SP_REACH_POSITIONS_MAX ? n * n_rounds : SP_REACH_POSITIONS_MAX;
}

/* As many copies as there are rounds; the last of them is repeated where there is no end. */
static struct part visit_rounds(struct build *b, const struct sp_re_node *node, uint32_t n_rounds)
{
    struct part whole = {.nullable = true};
    for (uint32_t i = 0; i < n_rounds; i++) {
        struct part part = visit(b, node->child);
        if (i + 1 == n_rounds && node->repeat.max == SP_RE_INFINITE)
            link_parts(b, &part.last, &part.first);
        part.nullable = part.nullable || i >= node->repeat.min;
        append(b, &whole, part);
    }
    return whole;
}

static struct part visit_repeat(struct build *b, const struct sp_re_node *node)
{
    uint32_t n_rounds = count_rounds(node);
    b->pattern->exact = b->pattern->exact && node->repeat.greed != SP_RE_POSSESSIVE;
    size_t room =
        SP_REACH_POSITIONS_MAX / 2 > b->pattern->n_positions ? SP_REACH_POSITIONS_MAX / 2 - b->pattern->n_positions : 0;
    if (n_rounds <= 1 || (n_rounds <= room && n_rounds * count_items(node->child) <= room))
        return visit_rounds(b, node, n_rounds);
    b->pattern->exact = false;
    struct part part = visit(b, node->child);
    link_parts(b, &part.last, &part.first);
    part.nullable = part.nullable || node->repeat.min == 0;
    return part;
}

static struct part visit_reference(struct build *b, const struct sp_re_node *node);

static bool is_boundary(const struct sp_re_node *node)
{
    return node->kind == SP_RE_AT && node->at == SP_RE_AT_BOUNDARY;
}

static struct part visit(struct build *b, const struct sp_re_node *node)
{
    struct part part = {.nullable = true};
    if (b->failed || b->pattern->opaque)
        return part;
    switch (node->kind) {
    case SP_RE_CHAR:
    case SP_RE_SET:
    case SP_RE_ANY: return visit_item(b, node);
    case SP_RE_SEQUENCE: return visit_sequence(b, node);
    case SP_RE_BRANCH: return visit_branch(b, node);
    case SP_RE_REPEAT: return visit_repeat(b, node);
    case SP_RE_GROUP: b->pattern->exact = b->pattern->exact && !node->atomic; return visit(b, node->child);
    case SP_RE_AT:
        part.nullable = !is_boundary(node);
        part.nullable_bounded = is_boundary(node);
        b->pattern->exact = b->pattern->exact && is_boundary(node);
        return part;
    case SP_RE_LOOK: {
        /* What it looks at may begin and end anywhere. */
        struct part inner = visit(b, node->child);
        sp_reach_sets_join(&b->pattern->first, &inner.first);
        sp_reach_sets_join(&b->pattern->last, &inner.last);
        b->pattern->exact = false;
        return part;
    }
    case SP_RE_BACKREF: return visit_reference(b, node);
    default: b->pattern->opaque = true; return part;
    }
}

static const struct sp_re_node *find_group(const struct sp_re_node *node, uint32_t index)
{
    if (node->kind == SP_RE_GROUP && node->index == index)
        return node;
    const struct sp_re_node *found = NULL;
    for (const struct sp_re_node *child = node->child; child && !found; child = child->next)
        found = find_group(child, index);
    return found;
}

static bool has_assertions(const struct sp_re_node *node)
{
    bool has = node->kind == SP_RE_AT || node->kind == SP_RE_LOOK;
    for (const struct sp_re_node *child = node->child; child && !has; child = child->next)
        has = has_assertions(child);
    return has;
}

static bool takes_of_names(const struct sp_reach_position *position)
{
    for (unsigned c = 0; c < 0x80; c++)
        if (position->takes[c / 64] >> (c % 64) & 1 &&
            (c == '.' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return true;
    return false;
}

/* What was remembered is something that the group matches. Where that is no part of any name, it was the same before all
 * names that stand there, and none of them is taken by it: a copy of the group does. */
static struct part visit_reference(struct build *b, const struct sp_re_node *node)
{
    const struct sp_re_node *group = find_group(b->root, node->index);
    size_t first = b->pattern->n_positions;
    if (!group || has_assertions(group) || ++b->n_copies > COPIES_MAX) {
        b->pattern->opaque = true;
        return (struct part){.nullable = true};
    }
    struct part part = visit(b, group);
    for (size_t i = first; i < b->pattern->n_positions; i++)
        b->pattern->exact = b->pattern->exact && !takes_of_names(&b->pattern->positions[i]);
    return part;
}

static bool is_assertion(const struct sp_re_node *node, bool behind)
{
    return is_boundary(node) || (node->kind == SP_RE_LOOK && !(behind && node->look.behind));
}

static void find_core(struct build *b)
{
    if (b->root->kind != SP_RE_SEQUENCE)
        return;
    bool begun = false;
    for (const struct sp_re_node *child = b->root->child; child; child = child->next) {
        if (!begun && !is_assertion(child, false)) {
            b->core[0] = child;
            begun = true;
        }
        if (begun && !is_assertion(child, true))
            b->core[1] = child;
    }
}

static void visit_edge(struct build *b, const struct sp_re_node *node, bool behind)
{
    struct sp_reach_pattern *pattern = b->pattern;
    if (is_boundary(node)) {
        *(behind ? &b->bounded_last : &b->bounded_first) = true;
        return;
    }
    if (pattern->n_guards == SP_REACH_GUARDS_MAX) {
        visit(b, node);
        return;
    }
    struct part part = visit(b, node->child);
    if (part.nullable) /* holds everywhere */
        return;
    struct sp_reach_guard *guard = &pattern->guards[pattern->n_guards++];
    guard->kind = behind ? SP_REACH_GUARD_BEHIND : node->look.behind ? SP_REACH_GUARD_BEFORE : SP_REACH_GUARD_AHEAD;
    guard->first = part.first;
    guard->last = part.last;
    guard->bounded = part.nullable_bounded;
    pattern->guarded_starts |= !behind;
    pattern->negates |= node->look.negated;
}

static struct part visit_root(struct build *b)
{
    if (!b->core[0])
        return visit(b, b->root);
    struct part whole = {.nullable = true};
    int place = -1; /* before the core, in it, behind it */
    for (const struct sp_re_node *child = b->root->child; child; child = child->next) {
        place = child == b->core[0] ? 0 : place;
        if (place == 0)
            append(b, &whole, visit(b, child));
        else
            visit_edge(b, child, place > 0);
        place = child == b->core[1] ? 1 : place;
    }
    return whole;
}

int sp_reach_build(const struct sp_re *re, struct sp_reach_pattern *room, struct sp_reach_pattern **ret_pattern)
{
    *room = (struct sp_reach_pattern){.exact = true};
    struct build b = {.pattern = room, .root = re->root};
    sp_arena_init(&b.arena, SCRATCH_BYTES);
    find_core(&b);
    struct part whole = visit_root(&b);
    sp_arena_fini(&b.arena);
    if (b.failed == SP_ENO_MEMORY)
        return b.failed;
    if (b.failed)
        room->opaque = true;
    b.bounded_first ? sp_reach_sets_join_bounded(&room->first, &whole.first)
                    : sp_reach_sets_join(&room->first, &whole.first);
    b.bounded_last ? sp_reach_sets_join_bounded(&room->last, &whole.last)
                   : sp_reach_sets_join(&room->last, &whole.last);
    if (room->opaque)
        room->n_positions = 0;
    size_t n_bytes = sizeof(*room) + room->n_positions * sizeof(room->positions[0]);
    *ret_pattern = malloc(n_bytes);
    if (!*ret_pattern)
        return SP_ENO_MEMORY;
    memcpy(*ret_pattern, room, n_bytes);
    return (int)n_bytes;
}
