/* What patterns can tell of a name, by walks of their automata over it. Any thread.
 *
 * A walk is exact for patterns of characters, sets, groups, branches, repeats (counted ones are written out) and \b, with
 * lookarounds in front, lookaheads behind, and references to what is part of no name. In all others it allows more than
 * the pattern does, which is enough to say that a match cannot take a byte of a name, but not that two names are the same
 * to it.
 *
 * A lookaround is an automaton of its own, that begins or ends where the match begins or ends. Two names are the same only
 * if it says the same of both, whatever the pattern makes of that: so nothing here needs to know which are negated. */
#include "scanner/reach.h"

#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"
#include "scanner/reach_automaton.h"

#define NAME_BYTES_MAX 256
#define DISTINCT_MAX   32 /* things that starts or ends of one name can come to */

static bool takes(const struct sp_reach_position *position, unsigned char byte)
{
    return byte < 0x80 && (position->takes[byte / 64] >> (byte % 64) & 1);
}

static bool word_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int sp_reach_init(
    struct sp_reach *reach, const struct sp_re *const *patterns, size_t n_patterns, struct sp_error *error)
{
    *reach = (struct sp_reach){.n_patterns = n_patterns};
    sp_cleanup(sp_free_ptr) struct sp_reach_pattern *room =
        malloc(sizeof(*room) + SP_REACH_POSITIONS_MAX * sizeof(room->positions[0]));
    reach->patterns = calloc(n_patterns + 1, sizeof(*reach->patterns));
    int r = room && reach->patterns ? 0 : SP_ENO_MEMORY;
    for (size_t i = 0; i < n_patterns && r >= 0; i++) {
        r = sp_reach_build(patterns[i], room, &reach->patterns[i]);
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

static uint64_t mix_set(uint64_t hash, const struct sp_reach_set *set)
{
    for (size_t i = 0; i < SP_REACH_WORDS_MAX; i++)
        hash = mix(hash, set->words[i]);
    return hash;
}

/* Different things, in no order. */
struct distinct {
    uint64_t items[DISTINCT_MAX];
    size_t n;
    bool overflow;
};

static void distinct_add(struct distinct *distinct, uint64_t item)
{
    for (size_t i = 0; i < distinct->n; i++)
        if (distinct->items[i] == item)
            return;
    if (distinct->n < DISTINCT_MAX)
        distinct->items[distinct->n++] = item;
    else
        distinct->overflow = true;
}

static uint64_t distinct_sum(const struct distinct *distinct)
{
    uint64_t sum = distinct->n;
    for (size_t i = 0; i < distinct->n; i++)
        sum += mix(0, distinct->items[i]);
    return sum;
}

/* What is asked of one name. */
struct walk {
    const struct sp_reach_pattern *pattern;
    const struct sp_reach_name *name;
    uint64_t work;
    bool overflow;
    /* What the lookarounds in front say of a start, those behind of an end before this byte; both are numbers. */
    uint64_t starts[NAME_BYTES_MAX], ends[NAME_BYTES_MAX + 1];
};

/* What a way through the name comes to: where it ends, and the positions at which it has taken the byte behind. */
struct outcome {
    struct sp_reach_set behind;
    struct distinct ends;
};

static bool is_empty(const struct sp_reach_set *set)
{
    return !sp_reach_set_meets(set, set);
}

static bool is_nothing(const struct outcome *outcome)
{
    return outcome->ends.n == 0 && is_empty(&outcome->behind);
}

static uint64_t outcome_hash(struct walk *walk, const struct outcome *outcome)
{
    walk->overflow |= outcome->ends.overflow;
    return mix_set(distinct_sum(&outcome->ends), &outcome->behind);
}

/* Positions of `from` that take a byte. */
static struct sp_reach_set taking(struct walk *walk, const struct sp_reach_set *from, unsigned char byte)
{
    struct sp_reach_set set = {0};
    for (size_t word = 0; word < SP_REACH_WORDS_MAX; word++)
        for (uint64_t left = from->words[word]; left; left &= left - 1) {
            size_t i = 64 * word + (size_t)__builtin_ctzll(left);
            walk->work++;
            if (takes(&walk->pattern->positions[i], byte))
                sp_reach_set_add(&set, i);
        }
    return set;
}

static unsigned char byte_at(const struct walk *walk, size_t i)
{
    return i < walk->name->text.n_bytes ? (unsigned char)walk->name->text.ptr[i] : walk->name->after;
}

static bool boundary_at(const struct walk *walk, size_t i)
{
    return word_byte(i ? byte_at(walk, i - 1) : walk->name->before) != word_byte(byte_at(walk, i));
}

static void join_at(const struct walk *walk, size_t i, const struct sp_reach_sets *sets, struct sp_reach_set *set)
{
    sp_reach_set_join(set, &sets->free);
    if (boundary_at(walk, i))
        sp_reach_set_join(set, &sets->bounded);
}

/* Have these positions, which took the byte before `at`, come to an end? */
static bool ends_at(
    const struct walk *walk, size_t at, const struct sp_reach_set *active, const struct sp_reach_sets *last)
{
    return sp_reach_set_meets(active, &last->free) ||
           (boundary_at(walk, at) && sp_reach_set_meets(active, &last->bounded));
}

/* What may take the byte at `at` behind these positions. */
static struct sp_reach_set followers(struct walk *walk, const struct sp_reach_set *of, size_t at)
{
    struct sp_reach_set set = {0};
    for (size_t word = 0; word < SP_REACH_WORDS_MAX; word++)
        for (uint64_t left = of->words[word]; left; left &= left - 1) {
            walk->work++;
            join_at(walk, at, &walk->pattern->positions[64 * word + (size_t)__builtin_ctzll(left)].follow, &set);
        }
    return set;
}

/* The same behind one that took the byte before the name. */
static struct sp_reach_set followers_of(const struct walk *walk, size_t position)
{
    struct sp_reach_set set = {0};
    join_at(walk, 0, &walk->pattern->positions[position].follow, &set);
    return set;
}

/* A way through the pattern itself from the byte at `at` on, where next may take it; everywhere: others begin behind. */
static struct outcome go(struct walk *walk, struct sp_reach_set next, size_t at, bool everywhere)
{
    const struct sp_reach_pattern *pattern = walk->pattern;
    struct outcome outcome = {0};
    for (size_t i = at; i < walk->name->text.n_bytes; i++) {
        if (everywhere)
            join_at(walk, i, &pattern->first, &next);
        else if (is_empty(&next))
            return outcome;
        struct sp_reach_set active = taking(walk, &next, byte_at(walk, i));
        if (ends_at(walk, i + 1, &active, &pattern->last))
            distinct_add(&outcome.ends, walk->ends[i + 1]);
        next = followers(walk, &active, i + 1);
        walk->work++;
    }
    outcome.behind = taking(walk, &next, walk->name->after);
    return outcome;
}

/* A lookahead's way from the byte at `at` on: where it has ended is the same to it. */
static struct outcome look_ahead(
    struct walk *walk, const struct sp_reach_guard *guard, struct sp_reach_set next, size_t at)
{
    struct outcome outcome = {0};
    for (size_t i = at; i < walk->name->text.n_bytes && !is_empty(&next); i++) {
        struct sp_reach_set active = taking(walk, &next, byte_at(walk, i));
        walk->work++;
        if (ends_at(walk, i + 1, &active, &guard->last)) {
            distinct_add(&outcome.ends, 1);
            return outcome;
        }
        next = followers(walk, &active, i + 1);
    }
    outcome.behind = taking(walk, &next, walk->name->after);
    return outcome;
}

/* One that begins there. */
static struct outcome look_ahead_from(struct walk *walk, const struct sp_reach_guard *guard, size_t at)
{
    struct sp_reach_set next = {0};
    struct outcome outcome = {0};
    if (guard->bounded && boundary_at(walk, at)) {
        distinct_add(&outcome.ends, 1);
        return outcome;
    }
    join_at(walk, at, &guard->first, &next);
    return look_ahead(walk, guard, next, at);
}

/* A lookbehind's way from the first byte on; ended: by its last byte, for the starts behind it. */
static struct outcome look_back(
    struct walk *walk, const struct sp_reach_guard *guard, struct sp_reach_set next, bool everywhere, bool *ended)
{
    struct outcome outcome = {0};
    size_t n_bytes = walk->name->text.n_bytes;
    for (size_t i = 0; i < n_bytes; i++) {
        if (everywhere)
            join_at(walk, i, &guard->first, &next);
        struct sp_reach_set active = taking(walk, &next, byte_at(walk, i));
        ended[i] =
            ends_at(walk, i + 1, &active, &guard->last) || (everywhere && guard->bounded && boundary_at(walk, i + 1));
        next = followers(walk, &active, i + 1);
        walk->work++;
    }
    if (ended[n_bytes - 1])
        distinct_add(&outcome.ends, 1);
    outcome.behind = taking(walk, &next, walk->name->after);
    return outcome;
}

/* The numbers of a lookbehind's answers at the starts within the name; returns what it says of those behind, 0: nothing. */
static uint64_t ask_back(struct walk *walk, const struct sp_reach_guard *guard)
{
    bool ended[NAME_BYTES_MAX], told[NAME_BYTES_MAX] = {0};
    size_t n_bytes = walk->name->text.n_bytes;
    uint64_t hash = 0;
    struct outcome outcome = look_back(walk, guard, (struct sp_reach_set){0}, true, told);
    if (!is_nothing(&outcome))
        hash = mix(1, outcome_hash(walk, &outcome));
    for (size_t i = 1; i < n_bytes; i++)
        walk->starts[i] = mix(walk->starts[i], told[i - 1]);
    for (size_t j = 0; j < walk->pattern->n_positions; j++) {
        if (!takes(&walk->pattern->positions[j], walk->name->before))
            continue;
        outcome = look_back(walk, guard, followers_of(walk, j), false, ended);
        if (!is_nothing(&outcome))
            hash = mix(mix(hash, j), outcome_hash(walk, &outcome));
        for (size_t i = 1; i < n_bytes; i++)
            if (ended[i - 1] && !told[i - 1])
                walk->starts[i] = mix(walk->starts[i], j + 2);
    }
    return hash;
}

/* What a lookahead that began before the name says; 0: nothing. */
static uint64_t ask_under_way(struct walk *walk, const struct sp_reach_guard *guard)
{
    uint64_t hash = 0;
    for (size_t j = 0; j < walk->pattern->n_positions; j++) {
        if (!takes(&walk->pattern->positions[j], walk->name->before))
            continue;
        struct outcome outcome = look_ahead(walk, guard, followers_of(walk, j), 0);
        if (!is_nothing(&outcome))
            hash = mix(mix(hash, j), outcome_hash(walk, &outcome));
    }
    return hash;
}

/* The numbers of a lookahead's answers at the starts or at the ends within the name; returns what it says where it begins
 * before the name or, at an end, where the name does. */
static uint64_t ask_ahead(struct walk *walk, const struct sp_reach_guard *guard)
{
    bool at_ends = guard->kind == SP_REACH_GUARD_BEHIND;
    uint64_t hash = ask_under_way(walk, guard), *numbers = at_ends ? walk->ends : walk->starts;
    for (size_t i = 0; i < walk->name->text.n_bytes + at_ends; i++) {
        struct outcome outcome = look_ahead_from(walk, guard, i);
        numbers[i] = mix(numbers[i], outcome_hash(walk, &outcome));
        if (at_ends && i == 0 && !is_nothing(&outcome))
            hash = mix(hash, numbers[i]);
    }
    return hash;
}

/* What can come of matches that begin in the name. */
static uint64_t start_within(struct walk *walk, bool *ret_some)
{
    const struct sp_reach_pattern *pattern = walk->pattern;
    *ret_some = false;
    if (!pattern->guarded_starts) {
        struct outcome outcome = go(walk, (struct sp_reach_set){0}, 0, true);
        *ret_some = !is_nothing(&outcome);
        return outcome_hash(walk, &outcome);
    }
    struct distinct all = {0};
    for (size_t i = 0; i < walk->name->text.n_bytes; i++) {
        struct sp_reach_set next = {0};
        join_at(walk, i, &pattern->first, &next);
        struct outcome outcome = go(walk, next, i, false);
        if (is_nothing(&outcome))
            continue;
        *ret_some = true;
        distinct_add(&all, mix(walk->starts[i], outcome_hash(walk, &outcome)));
    }
    walk->overflow |= all.overflow;
    return distinct_sum(&all);
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
    if (name->text.n_bytes == 0 || name->text.n_bytes > NAME_BYTES_MAX || name->before >= 0x80 || name->after >= 0x80)
        return SP_REACH_UNKNOWN;
    struct walk walk = {.pattern = pattern, .name = name};
    uint64_t hash = 0;
    bool told = false;
    for (size_t i = 0; i < pattern->n_guards; i++) {
        const struct sp_reach_guard *guard = &pattern->guards[i];
        uint64_t said = guard->kind == SP_REACH_GUARD_BEFORE ? ask_back(&walk, guard) : ask_ahead(&walk, guard);
        told |= said != 0;
        hash = mix(hash, said);
    }
    bool some;
    hash = mix(hash, start_within(&walk, &some));
    told |= some;
    for (size_t i = 0; i < pattern->n_positions; i++) {
        if (!takes(&pattern->positions[i], name->before))
            continue;
        struct outcome outcome = go(&walk, followers_of(&walk, i), 0, false);
        if (is_nothing(&outcome))
            continue;
        told = true;
        hash = mix(mix(hash, i), outcome_hash(&walk, &outcome));
    }
    *work += walk.work + pattern->n_positions;
    if (!told) /* where something must not hold, a name that is nothing to it may be what makes the match */
        return pattern->negates ? as_sign(0) : SP_REACH_NONE;
    if (!pattern->exact || walk.overflow)
        return SP_REACH_UNKNOWN;
    return as_sign(hash);
}

uint64_t sp_reach_join(uint64_t others, size_t index, uint64_t sign)
{
    return as_sign(mix(mix(others, index), sign));
}
