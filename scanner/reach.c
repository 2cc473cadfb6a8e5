/* The positions of a pattern's tree (one a character, set or dot) and which may follow which: an automaton without its
 * transitions written out, small enough to be walked over every name. Built where policies are compiled; read by any
 * thread.
 *
 * A walk is exact for patterns of characters, sets, groups, branches and the repeats ? * +, with \b at their ends. In all
 * others it allows more than the pattern does, which is enough to say that a match cannot take a byte of a name, but not
 * that two names are the same to it. */
#include "scanner/reach.h"

#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"
#include "scanner/match.h"
#include "scanner/re_units.h"

#define POSITIONS_MAX 256 /* of a pattern; a larger one tells all names apart */
#define WORDS_MAX     (POSITIONS_MAX / 64)
#define ASCII_WORDS   2
#define SCRATCH_BYTES (8u << 20)

struct set {
    uint64_t words[WORDS_MAX];
};

struct position {
    uint64_t takes[ASCII_WORDS]; /* a bit a byte of ASCII */
    struct set follow;
};

struct sp_reach_pattern {
    bool opaque; /* nothing is known of it */
    bool exact;
    bool bounded_first, bounded_last; /* begins, ends with \b */
    struct set first, last;
    size_t n_positions;
    struct position positions[];
};

/* A part of a tree: where its matches begin and end. */
struct part {
    bool nullable;
    struct set first, last;
};

struct build {
    struct sp_reach_pattern *pattern;
    const struct sp_re_node *edges[2]; /* what stands first and last in the pattern */
    struct sp_arena arena;
    int failed;
};

static void set_add(struct set *set, size_t i)
{
    set->words[i / 64] |= (uint64_t)1 << (i % 64);
}

static bool set_has(const struct set *set, size_t i)
{
    return set->words[i / 64] >> (i % 64) & 1;
}

static void set_join(struct set *set, const struct set *other)
{
    for (size_t i = 0; i < WORDS_MAX; i++)
        set->words[i] |= other->words[i];
}

static bool set_meets(const struct set *a, const struct set *b)
{
    uint64_t both = 0;
    for (size_t i = 0; i < WORDS_MAX; i++)
        both |= a->words[i] & b->words[i];
    return both != 0;
}

static bool takes(const struct position *position, unsigned char byte)
{
    return byte < 0x80 && (position->takes[byte / 64] >> (byte % 64) & 1);
}

static bool word_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void link_parts(struct build *b, const struct set *last, const struct set *first)
{
    for (size_t i = 0; i < b->pattern->n_positions; i++)
        if (set_has(last, i))
            set_join(&b->pattern->positions[i].follow, first);
}

static struct part visit(struct build *b, const struct sp_re_node *node);

static struct part visit_item(struct build *b, const struct sp_re_node *node)
{
    struct part part = {0};
    if (b->pattern->n_positions == POSITIONS_MAX) {
        b->pattern->opaque = true;
        return part;
    }
    struct sp_re_units units = {0};
    if (node->kind != SP_RE_ANY)
        b->failed = sp_re_units_of(node, false, &b->arena, &units);
    struct position *position = &b->pattern->positions[b->pattern->n_positions];
    *position = (struct position){0};
    for (unsigned c = 0; c < 0x80; c++)
        if (node->kind == SP_RE_ANY ? c != '\n' || (node->flags & SP_MATCH_DOTALL) : sp_re_set_has(&units.set, c))
            position->takes[c / 64] |= (uint64_t)1 << (c % 64);
    set_add(&part.first, b->pattern->n_positions);
    part.last = part.first;
    b->pattern->n_positions++;
    return part;
}

static struct part visit_sequence(struct build *b, const struct sp_re_node *node)
{
    struct part whole = {.nullable = true};
    for (const struct sp_re_node *child = node->child; child; child = child->next) {
        struct part part = visit(b, child);
        link_parts(b, &whole.last, &part.first);
        if (whole.nullable)
            set_join(&whole.first, &part.first);
        if (!part.nullable)
            whole.last = (struct set){0};
        set_join(&whole.last, &part.last);
        whole.nullable = whole.nullable && part.nullable;
    }
    return whole;
}

static struct part visit_branch(struct build *b, const struct sp_re_node *node)
{
    struct part whole = {0};
    for (const struct sp_re_node *child = node->child; child; child = child->next) {
        struct part part = visit(b, child);
        set_join(&whole.first, &part.first);
        set_join(&whole.last, &part.last);
        whole.nullable = whole.nullable || part.nullable;
    }
    return whole;
}

static struct part visit_repeat(struct build *b, const struct sp_re_node *node)
{
    uint32_t min = node->repeat.min, max = node->repeat.max;
    if (min > 1 || (max != 1 && max != SP_RE_INFINITE) || node->repeat.greed == SP_RE_POSSESSIVE)
        b->pattern->exact = false;
    struct part part = visit(b, node->child);
    if (max > 1)
        link_parts(b, &part.last, &part.first);
    part.nullable = part.nullable || min == 0;
    return part;
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
        if (node->at != SP_RE_AT_BOUNDARY || (node != b->edges[0] && node != b->edges[1]))
            b->pattern->exact = false;
        return part;
    case SP_RE_LOOK: {
        /* What it looks at may begin and end anywhere. */
        struct part inner = visit(b, node->child);
        set_join(&b->pattern->first, &inner.first);
        set_join(&b->pattern->last, &inner.last);
        b->pattern->exact = b->pattern->bounded_first = b->pattern->bounded_last = false;
        return part;
    }
    default: b->pattern->opaque = true; return part;
    }
}

static bool is_boundary(const struct sp_re_node *node)
{
    return node && node->kind == SP_RE_AT && node->at == SP_RE_AT_BOUNDARY;
}

static void find_edges(struct build *b, const struct sp_re_node *root)
{
    if (root->kind != SP_RE_SEQUENCE)
        return;
    const struct sp_re_node *last = root->child;
    while (last && last->next)
        last = last->next;
    b->edges[0] = is_boundary(root->child) ? root->child : NULL;
    b->edges[1] = is_boundary(last) ? last : NULL;
    b->pattern->bounded_first = b->edges[0] != NULL;
    b->pattern->bounded_last = b->edges[1] != NULL;
}

static int build_pattern(const struct sp_re *re, struct sp_reach_pattern *room, struct sp_reach_pattern **ret_pattern)
{
    *room = (struct sp_reach_pattern){.exact = true};
    struct build b = {.pattern = room};
    sp_arena_init(&b.arena, SCRATCH_BYTES);
    find_edges(&b, re->root);
    struct part whole = visit(&b, re->root);
    sp_arena_fini(&b.arena);
    if (b.failed == SP_ENO_MEMORY)
        return b.failed;
    if (b.failed)
        room->opaque = true;
    set_join(&room->first, &whole.first);
    set_join(&room->last, &whole.last);
    if (room->opaque)
        room->n_positions = 0;
    size_t n_bytes = sizeof(*room) + room->n_positions * sizeof(room->positions[0]);
    *ret_pattern = malloc(n_bytes);
    if (!*ret_pattern)
        return SP_ENO_MEMORY;
    memcpy(*ret_pattern, room, n_bytes);
    return (int)n_bytes;
}

int sp_reach_init(
    struct sp_reach *reach, const struct sp_re *const *patterns, size_t n_patterns, struct sp_error *error)
{
    *reach = (struct sp_reach){.n_patterns = n_patterns};
    sp_cleanup(sp_free_ptr) struct sp_reach_pattern *room =
        malloc(sizeof(*room) + POSITIONS_MAX * sizeof(room->positions[0]));
    reach->patterns = calloc(n_patterns + 1, sizeof(*reach->patterns));
    int r = room && reach->patterns ? 0 : SP_ENO_MEMORY;
    for (size_t i = 0; i < n_patterns && r >= 0; i++) {
        r = build_pattern(patterns[i], room, &reach->patterns[i]);
        if (r > 0)
            reach->bytes += (size_t)r;
    }
    if (r >= 0)
        return 0;
    sp_reach_fini(reach);
    return sp_error_set(error, r, NULL);
}

void sp_reach_fini(struct sp_reach *reach)
{
    if (!reach)
        return;
    for (size_t i = 0; reach->patterns && i < reach->n_patterns; i++)
        free(reach->patterns[i]);
    free(reach->patterns);
    *reach = (struct sp_reach){0};
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9E3779B97F4A7C15u + (hash << 6) + (hash >> 2);
    hash *= 0xFF51AFD7ED558CCDu;
    return hash ^ hash >> 32;
}

static uint64_t mix_set(uint64_t hash, const struct set *set)
{
    for (size_t i = 0; i < WORDS_MAX; i++)
        hash = mix(hash, set->words[i]);
    return hash;
}

/* One walk over the name. */
struct walk {
    const struct sp_reach_pattern *pattern;
    const struct sp_reach_name *name;
    struct set active; /* positions that took the last byte */
    bool ended;        /* a match can end at a byte of the name */
    uint64_t work;
};

/* Positions of `from` that take a byte. */
static struct set taking(struct walk *walk, const struct set *from, unsigned char byte)
{
    struct set set = {0};
    for (size_t word = 0; word < WORDS_MAX; word++)
        for (uint64_t left = from->words[word]; left; left &= left - 1) {
            size_t i = 64 * word + (size_t)__builtin_ctzll(left);
            walk->work++;
            if (takes(&walk->pattern->positions[i], byte))
                set_add(&set, i);
        }
    return set;
}

static struct set followers(struct walk *walk, const struct set *of)
{
    struct set set = {0};
    for (size_t word = 0; word < WORDS_MAX; word++)
        for (uint64_t left = of->words[word]; left; left &= left - 1) {
            walk->work++;
            set_join(&set, &walk->pattern->positions[64 * word + (size_t)__builtin_ctzll(left)].follow);
        }
    return set;
}

/* next: what may take the first byte. starts: matches may begin in the name, too. */
static void walk_name(struct walk *walk, struct set next, bool starts)
{
    const struct sp_reach_pattern *pattern = walk->pattern;
    const unsigned char *bytes = (const unsigned char *)walk->name->text.ptr;
    size_t n_bytes = walk->name->text.n_bytes;
    for (size_t i = 0; i < n_bytes; i++) {
        unsigned char before = i ? bytes[i - 1] : walk->name->before;
        if (starts && (!pattern->bounded_first || word_byte(before) != word_byte(bytes[i])))
            set_join(&next, &pattern->first);
        walk->active = taking(walk, &next, bytes[i]);
        unsigned char after = i + 1 < n_bytes ? bytes[i + 1] : walk->name->after;
        if (set_meets(&walk->active, &pattern->last) &&
            (!pattern->bounded_last || word_byte(bytes[i]) != word_byte(after)))
            walk->ended = true;
        next = followers(walk, &walk->active);
        walk->work++;
    }
}

/* Can a match that is under way at the end of the name go on? */
static bool goes_on(struct walk *walk)
{
    struct set next = followers(walk, &walk->active);
    struct set taken = taking(walk, &next, walk->name->after);
    return set_meets(&taken, &taken);
}

static uint64_t as_sign(uint64_t hash)
{
    return hash == SP_REACH_NONE || hash == SP_REACH_UNKNOWN ? 1 : hash;
}

uint64_t sp_reach_sign(const struct sp_reach *reach, size_t index, const struct sp_reach_name *name, uint64_t *work)
{
    const struct sp_reach_pattern *pattern = reach->patterns[index];
    if (pattern->opaque)
        return SP_REACH_UNKNOWN;
    struct walk walk = {.pattern = pattern, .name = name};
    walk_name(&walk, (struct set){0}, true);
    bool told = walk.ended || goes_on(&walk);
    uint64_t hash = mix(mix_set(0, &walk.active), walk.ended);
    for (size_t i = 0; i < pattern->n_positions; i++) {
        if (!takes(&pattern->positions[i], name->before))
            continue;
        struct walk under_way = {.pattern = pattern, .name = name};
        walk_name(&under_way, pattern->positions[i].follow, false);
        told = told || under_way.ended || goes_on(&under_way);
        hash = mix(mix(mix_set(hash, &under_way.active), i), under_way.ended);
        walk.work += under_way.work;
    }
    *work += walk.work + pattern->n_positions;
    if (!told)
        return SP_REACH_NONE;
    if (!pattern->exact)
        return SP_REACH_UNKNOWN;
    return as_sign(hash);
}

uint64_t sp_reach_join(uint64_t others, size_t index, uint64_t sign)
{
    return as_sign(mix(mix(others, index), sign));
}
