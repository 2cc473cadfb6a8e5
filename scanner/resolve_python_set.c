/* Sets of values: what an expression may be. One thread at a time. Those of names outlive the walks, so their values are
 * copied into the memory that lasts. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/hash.h"

#define DEPTH_EQUAL     3
#define WALKS_CONSTANTS 2
#define CHANGES_DEPTH   2
#define PARTIAL_DEPTH   2   /* of what a partial function holds */
#define CHANGES_ITEMS   8   /* of a row that are looked at for what changes */
#define FREE_MEANINGS   2   /* of a name, at no charge */
#define FREE_COPIES     8   /* of a set's items, at no charge */
#define PLACES_WORTH    128 /* comparisons that cost more than an index of places */

/* What every set's items lie in. Sets share rows: one that adds behind its last item does so in place only where no other
 * set that began as the same has done so before. */
struct row {
    const struct sp_arena *arena;
    uint32_t n_used, n_room;
    const struct sp_python_value *items[];
};

static struct row *row_of(const struct sp_python_set *set)
{
    return set->items ? (struct row *)((char *)set->items - offsetof(struct row, items)) : NULL;
}

/* May n items be compared or copied? Else the set does not know all that it holds. */
static bool affords_copy(struct sp_python_resolver *resolver, struct sp_python_set *set, uint32_t n)
{
    resolver->out.n_work += n;
    if (n <= FREE_COPIES || sp_resolve_python_set_pay(resolver, n))
        return true;
    set->other = set->limit = true;
    return false;
}

/* The set's items in a new row; NULL where memory or the budget of work ran out, and the set says so. */
static struct row *copy_row(
    struct sp_python_resolver *resolver, struct sp_arena *arena, struct sp_python_set *set, uint32_t n_room)
{
    if (!affords_copy(resolver, set, set->n_items))
        return NULL;
    struct row *row = sp_arena_alloc(arena, sizeof(*row) + n_room * sizeof(*row->items));
    if (!row) {
        set->other = true;
        if (arena == &resolver->temporary)
            resolver->fold.spent = true;
        else
            sp_resolve_python_fail(resolver, arena);
        return NULL;
    }
    *row = (struct row){.arena = arena, .n_used = set->n_items, .n_room = n_room};
    if (set->n_items)
        memcpy(row->items, set->items, set->n_items * sizeof(*row->items));
    set->items = row->items;
    return row;
}

/* Puts one at position i (n_items: behind the last) into the set, in memory of the arena. */
static void put(struct sp_python_resolver *resolver, struct sp_arena *arena, struct sp_python_set *set, uint8_t i,
    const struct sp_python_value *value)
{
    struct row *row = row_of(set);
    bool behind = i == set->n_items;
    if (!row || !behind || row->arena != arena || row->n_used != i || i == row->n_room) {
        uint32_t n_room = !behind ? set->n_items : i < SP_PYTHON_SET_MAX / 2 ? 2 * (i + 1u) : SP_PYTHON_SET_MAX;
        row = copy_row(resolver, arena, set, n_room);
        if (!row)
            return;
    }
    row->items[i] = value;
    if (behind)
        set->n_items = (uint8_t)(row->n_used = i + 1u);
}

void sp_resolve_python_set_put(struct sp_python_resolver *resolver, struct sp_arena *arena, struct sp_python_set *set,
    const struct sp_python_value *value)
{
    size_t n_steps = resolver->n_steps;
    resolver->n_steps = SIZE_MAX; /* what lasts is added to once, however often it is looked at */
    put(resolver, arena, set, set->n_items, value);
    resolver->n_steps = n_steps;
}

static bool is_constant(const struct sp_python_value *value)
{
    return value->kind != SP_PYTHON_VALUE_PATH && value->kind != SP_PYTHON_VALUE_FUNCTION;
}

static bool is_same(const struct sp_python_value *a, const struct sp_python_value *b)
{
    return a->changes == b->changes && sp_fold_python_equal(a, b, DEPTH_EQUAL);
}

/* Where the value is in the set; n_items: nowhere. */
static uint8_t place_of(const struct sp_python_set *set, const struct sp_python_value *value)
{
    uint8_t i = 0;
    while (i < set->n_items && !is_same(set->items[i], value))
        i++;
    return i;
}

/* What equal values have in common. */
static uint32_t hash_of(const struct sp_python_value *value)
{
    if (value->hash)
        return value->hash;
    size_t n = value->text.n_bytes < SP_PYTHON_NAME_MAX ? value->text.n_bytes : SP_PYTHON_NAME_MAX;
    uint32_t hash = sp_hash_on_word(sp_hash_on_word(SP_HASH_START, value->kind), (uint32_t)value->number);
    hash = sp_hash_on(hash, (struct sp_str){value->text.ptr, n});
    hash ^= hash >> 15;
    return hash ? hash : 1;
}

/* Places of many values in one set: sets of hundreds of meanings meet often where programs are large. */
struct places {
    const struct sp_python_set *set;
    uint8_t slots[512]; /* position + 1, 0: free; SP_PYTHON_SET_MAX fill no more than half */
    bool indexed;
};

static void places_add(struct places *places, uint8_t i)
{
    if (!places->indexed)
        return;
    uint32_t at = hash_of(places->set->items[i]);
    while (places->slots[at % sizeof(places->slots)])
        at++;
    places->slots[at % sizeof(places->slots)] = i + 1;
}

static void places_init(struct places *places, const struct sp_python_set *set, uint8_t n_sought)
{
    places->set = set;
    places->indexed = (uint32_t)n_sought * (set->n_items + n_sought / 2u) >= PLACES_WORTH;
    if (!places->indexed)
        return;
    memset(places->slots, 0, sizeof(places->slots));
    for (uint8_t i = 0; i < set->n_items; i++)
        places_add(places, i);
}

static uint8_t places_find(const struct places *places, const struct sp_python_value *value)
{
    if (!places->indexed)
        return place_of(places->set, value);
    for (uint32_t at = hash_of(value);; at++) {
        uint8_t slot = places->slots[at % sizeof(places->slots)];
        if (slot == 0)
            return places->set->n_items;
        if (is_same(places->set->items[slot - 1], value))
            return slot - 1;
    }
}

/* Is there no room for one more of its kind? What is not followed any more is told by flags. */
static bool is_full(struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_value *value)
{
    bool constant = is_constant(value);
    if (set->n_items < (constant ? SP_PYTHON_CONSTANTS_MAX : SP_PYTHON_SET_MAX))
        return false;
    set->other = true;
    set->limit |= !constant || (value->kind == SP_PYTHON_VALUE_PARTIAL &&
                                   sp_resolve_python_action_gives_power(resolver, value, PARTIAL_DEPTH));
    return true;
}

void sp_resolve_python_set_add(
    struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_value *value)
{
    if (!value) {
        set->other = true;
        return;
    }
    uint8_t i = place_of(set, value);
    if (i < set->n_items ? value->via < set->items[i]->via : !is_full(resolver, set, value))
        put(resolver, &resolver->temporary, set, i, value);
}

static void join_items(
    struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_set *other)
{
    struct places places;
    if (!affords_copy(resolver, set, other->n_items))
        return;
    places_init(&places, set, other->n_items);
    for (uint8_t i = 0; i < other->n_items; i++) {
        const struct sp_python_value *value = other->items[i];
        uint8_t at = places_find(&places, value), n_before = set->n_items;
        if (at < n_before ? value->via < set->items[at]->via : !is_full(resolver, set, value))
            put(resolver, &resolver->temporary, set, at, value);
        if (set->n_items > n_before)
            places_add(&places, at);
    }
}

void sp_resolve_python_set_join(
    struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_set *other)
{
    if (set->n_items == 0) {
        set->items = other->items;
        set->n_items = other->n_items;
    } else {
        join_items(resolver, set, other);
    }
    set->other |= other->other;
    set->limit |= other->limit;
    set->large |= other->large;
}

bool sp_resolve_python_set_pay(struct sp_python_resolver *resolver, uint32_t n)
{
    if (n > resolver->n_steps) {
        resolver->n_steps = 0;
        return false;
    }
    resolver->n_steps -= n;
    return true;
}

bool sp_resolve_python_set_affords(
    struct sp_python_resolver *resolver, const struct sp_python_set *from, struct sp_python_set *set)
{
    if (from->n_items <= FREE_MEANINGS || sp_resolve_python_set_pay(resolver, from->n_items))
        return true;
    set->other = set->limit = true;
    return false;
}

/* May the program change the value in place, or one that it holds? */
static bool changes_within(const struct sp_python_value *value, unsigned depth)
{
    bool changes = value->changes;
    for (uint32_t i = 0; i < value->n_items && i < CHANGES_ITEMS && depth > 0 && !changes; i++)
        changes = value->items[i] && changes_within(value->items[i], depth - 1);
    return changes;
}

struct sp_python_set sp_resolve_python_set_aliased(struct sp_python_resolver *resolver, const struct sp_python_set *set)
{
    struct sp_python_set aliased = *set;
    struct row *row = NULL;
    for (uint8_t i = 0; i < aliased.n_items; i++) {
        const struct sp_python_value *value = aliased.items[i];
        bool constant = value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES;
        aliased.other |= changes_within(value, CHANGES_DEPTH); /* by any of its names, from here on */
        enum sp_via via = constant ? SP_VIA_FOLDED : SP_VIA_ALIAS;
        if ((!constant && value->kind != SP_PYTHON_VALUE_PATH) || value->via >= via)
            continue;
        struct sp_python_value *copy = sp_fold_python_value(&resolver->fold, value->kind);
        if (copy && !row)
            row = copy_row(resolver, &resolver->temporary, &aliased, aliased.n_items);
        if (!copy || !row)
            continue;
        *copy = *value;
        copy->via = (uint8_t)via;
        copy->hash = 0; /* it does not last */
        row->items[i] = copy;
    }
    return aliased;
}

const struct sp_python_value *sp_resolve_python_set_constant(const struct sp_python_set *set)
{
    if (set->n_items != 1 || set->other || set->limit || set->large)
        return NULL;
    uint8_t kind = set->items[0]->kind;
    return kind == SP_PYTHON_VALUE_TEXT || kind == SP_PYTHON_VALUE_BYTES ? set->items[0] : NULL;
}

const struct sp_python_value *sp_resolve_python_set_known(const struct sp_python_set *set, bool *ret_doubt)
{
    *ret_doubt |= set->other;
    return set->n_items == 1 && !set->limit && !set->large ? set->items[0] : NULL;
}

const struct sp_python_value *sp_resolve_python_set_item(const struct sp_python_set *set)
{
    if (set->n_items != 1 || set->limit)
        return NULL;
    return is_constant(set->items[0]) ? sp_resolve_python_set_single(set) : set->items[0];
}

const struct sp_python_value *sp_resolve_python_set_single(const struct sp_python_set *set)
{
    return set->n_items == 1 && !set->other && !set->limit && !set->large ? set->items[0] : NULL;
}

/* The value in the memory that lasts: a copy, unless it lies there. Views into the source and into tables stay as they are. */
static const struct sp_python_value *keep(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, unsigned depth)
{
    if (value->hash)
        return value;
    struct sp_python_value *copy = sp_arena_alloc(resolver->arena, sizeof(*copy));
    if (!copy) {
        sp_resolve_python_fail(resolver, resolver->arena);
        return NULL;
    }
    *copy = *value;
    copy->hash = hash_of(value);
    const char *source = resolver->source.ptr;
    bool view = value->text.ptr >= source && value->text.ptr < source + resolver->source.n_bytes;
    if (value->text.n_bytes && !view)
        copy->text.ptr = sp_arena_copy(resolver->arena, value->text.ptr, value->text.n_bytes);
    if (value->n_items) {
        /* Rows of rows of one value are small programs and large values. */
        if (value->n_items > resolver->n_keeps) {
            resolver->fold.spent = true;
            return NULL;
        }
        resolver->n_keeps -= value->n_items;
        const struct sp_python_value **items = sp_arena_array(resolver->arena, value->n_items, sizeof(*items));
        for (uint32_t i = 0; items && i < value->n_items; i++)
            items[i] = value->items[i] && depth > 0 ? keep(resolver, value->items[i], depth - 1) : NULL;
        copy->items = items;
        if (!items)
            copy->n_items = 0;
    }
    if (value->text.n_bytes && !copy->text.ptr) {
        sp_resolve_python_fail(resolver, resolver->arena);
        return NULL;
    }
    return copy;
}

/* From the third walk on, what only grows out of itself (x = x + 1, x = x.next) is not followed further: it becomes what
 * is not known. Walks would never end otherwise. */
static bool grows_endlessly(
    const struct sp_python_resolver *resolver, const struct sp_python_set *into, const struct sp_python_value *value)
{
    if (resolver->walk <= WALKS_CONSTANTS || value->kind == SP_PYTHON_VALUE_FUNCTION)
        return false;
    if (value->kind != SP_PYTHON_VALUE_PATH)
        return true;
    for (uint8_t i = 0; i < into->n_items; i++) {
        struct sp_str old = into->items[i]->text;
        if (into->items[i]->kind == SP_PYTHON_VALUE_PATH && value->text.n_bytes > old.n_bytes &&
            memcmp(value->text.ptr, old.ptr, old.n_bytes) == 0 && value->text.ptr[old.n_bytes] == '.')
            return true;
    }
    return false;
}

bool sp_resolve_python_set_grow(
    struct sp_python_resolver *resolver, struct sp_python_set *into, const struct sp_python_set *from)
{
    struct sp_python_set before = *into;
    struct places places;
    uint8_t n_items = affords_copy(resolver, into, from->n_items) ? from->n_items : 0;
    places_init(&places, into, n_items);
    for (uint8_t i = 0; i < n_items; i++) {
        const struct sp_python_value *value = from->items[i];
        uint8_t at = places_find(&places, value);
        if (at < into->n_items) {
            /* Known already: perhaps by a weaker way, which is the one to tell. */
            if (value->via < into->items[at]->via && (value = keep(resolver, value, DEPTH_EQUAL)))
                put(resolver, resolver->arena, into, at, value);
        } else if (grows_endlessly(resolver, into, value)) {
            into->other = true;
        } else if (!is_full(resolver, into, value)) {
            value = keep(resolver, value, DEPTH_EQUAL);
            if (value)
                put(resolver, resolver->arena, into, at, value);
            else
                into->other = into->large = true;
            if (at < into->n_items)
                places_add(&places, at);
        }
    }
    into->other |= from->other;
    into->limit |= from->limit;
    into->large |= from->large;
    return into->n_items > before.n_items || into->other != before.other || into->limit != before.limit ||
           into->large != before.large;
}
