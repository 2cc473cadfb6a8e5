/* Values that pass from one file of a program to another. Filling belongs to one thread, reading to any. */
#include "scanner/share_python.h"

#include <string.h>

#include "scanner/hash.h"
#include "scanner/resolve_python_action.h"

#define ENTRIES_MAX ((uint32_t)1 << 16)
#define VALUES_MAX  64
#define COPIES_MAX  ((uint32_t)1 << 18) /* items of rows, in all: rows of rows of one value are small programs */
#define DEPTH       3
#define ROUNDS_FREE 2 /* then new constants are not followed any more: files would hand them round for ever */
#define NAME_ROOM   (2 * SP_PYTHON_NAME_MAX + 2)
#define OWN_MODULE  'o'

/* The key of a name of a kind; n_bytes 0: too long. */
static struct sp_str key_of(char kind, struct sp_str owner, struct sp_str name, char *text)
{
    size_t n = 0;
    if (owner.n_bytes + name.n_bytes + 2 > NAME_ROOM)
        return (struct sp_str){text, 0};
    text[n++] = kind;
    if (owner.n_bytes)
        memcpy(text + n, owner.ptr, owner.n_bytes);
    n += owner.n_bytes;
    if (owner.n_bytes)
        text[n++] = '.';
    if (name.n_bytes)
        memcpy(text + n, name.ptr, name.n_bytes);
    return (struct sp_str){text, n + name.n_bytes};
}

static char letter(enum sp_share_kind kind)
{
    return "gmai"[kind];
}

int sp_share_python_init(struct sp_share *share, struct sp_arena *arena, struct sp_error *error)
{
    *share = (struct sp_share){.arena = arena, .n_copies = COPIES_MAX};
    int r = sp_python_names_init(&share->names, arena);
    share->grown = sp_arena_array(arena, SP_SHARE_BUCKETS, sizeof(*share->grown));
    if (r == 0 && !share->grown)
        r = sp_arena_error(arena);
    return r < 0 ? sp_error_set(error, r, NULL) : 0;
}

/* ---- who needs to walk again ---- */

static uint32_t bucket_of(struct sp_str key)
{
    uint32_t hash = sp_hash_on(SP_HASH_START, key);
    return (hash ^ hash >> 15) % SP_SHARE_BUCKETS;
}

static void note_asked(const struct sp_share_view *view, struct sp_str key)
{
    uint32_t bucket = bucket_of(key);
    if (view->asked)
        view->asked[bucket / 64] |= (uint64_t)1 << bucket % 64;
}

static void note_grown(struct sp_share *share, struct sp_str key)
{
    share->grown[bucket_of(key)] = share->walk;
    share->grew = true;
}

bool sp_share_python_is_due(const struct sp_share_view *view)
{
    const struct sp_share *share = view->share;
    bool due = !view->walk || share->flagged >= view->walk;
    for (uint32_t i = 0; i < SP_SHARE_BUCKETS && !due; i++)
        due = view->asked[i / 64] >> i % 64 & 1 && share->grown[i] >= view->walk;
    return due;
}

/* UINT32_MAX: no room, and the share says so. */
static uint32_t number_of(struct sp_share *share, struct sp_str key)
{
    if (!key.n_bytes) {
        share->cut = true;
        return UINT32_MAX;
    }
    uint32_t number = sp_python_names_find(&share->names, key);
    if (number != UINT32_MAX)
        return number;
    if (share->names.n_items >= ENTRIES_MAX) {
        share->cut = true;
        return UINT32_MAX;
    }
    struct sp_str copy = {sp_arena_copy(share->arena, key.ptr, key.n_bytes), key.n_bytes};
    number = copy.ptr ? sp_python_names_add(&share->names, copy) : UINT32_MAX;
    while (number != UINT32_MAX && share->n_entries <= number) {
        if (SP_ARENA_GROW(share->arena, share->entries, share->n_entries, share->n_room, 64) < 0)
            number = UINT32_MAX;
        else
            share->entries[share->n_entries++] = (struct sp_python_set){0};
    }
    if (number == UINT32_MAX)
        share->code = sp_arena_error(share->arena);
    return number;
}

void sp_share_python_own(struct sp_share *share, struct sp_str module)
{
    char text[NAME_ROOM];
    for (size_t n = 1; n <= module.n_bytes; n++)
        if (n == module.n_bytes || module.ptr[n] == '.')
            number_of(share, key_of(OWN_MODULE, (struct sp_str){0}, (struct sp_str){module.ptr, n}, text));
}

bool sp_share_python_is_own(const struct sp_python_resolver *resolver, struct sp_str path)
{
    char text[NAME_ROOM];
    if (!resolver->view)
        return false;
    for (size_t n = 1; n <= path.n_bytes; n++) {
        if (n < path.n_bytes && path.ptr[n] != '.')
            continue;
        struct sp_str key = key_of(OWN_MODULE, (struct sp_str){0}, (struct sp_str){path.ptr, n}, text);
        return sp_python_names_find(&resolver->view->share->names, key) != UINT32_MAX;
    }
    return false;
}

/* ---- reading ---- */

static bool join_key(struct sp_python_resolver *resolver, struct sp_str key, struct sp_python_set *set)
{
    const struct sp_share *share = resolver->view->share;
    note_asked(resolver->view, key);
    uint32_t number = key.n_bytes ? sp_python_names_find(&share->names, key) : UINT32_MAX;
    if (number == UINT32_MAX || number >= share->n_entries)
        return false;
    const struct sp_python_set *entry = &share->entries[number];
    sp_resolve_python_set_join(resolver, set, entry);
    return entry->n_items > 0 || entry->other;
}

bool sp_share_python_join(
    struct sp_python_resolver *resolver, enum sp_share_kind kind, struct sp_str name, struct sp_python_set *set)
{
    char text[NAME_ROOM];
    return resolver->view && join_key(resolver, key_of(letter(kind), (struct sp_str){0}, name, text), set);
}

bool sp_share_python_join_member(
    struct sp_python_resolver *resolver, struct sp_str path, struct sp_str name, struct sp_python_set *set)
{
    char text[NAME_ROOM];
    if (!resolver->view)
        return false;
    bool found = join_key(resolver, key_of(letter(SP_SHARE_GLOBAL), path, name, text), set);
    found |= join_key(resolver, key_of(letter(SP_SHARE_MEMBER), path, name, text), set);
    if (sp_share_python_is_own(resolver, path)) {
        uint32_t number = sp_python_names_find(&resolver->names, name);
        found |= join_key(resolver, key_of(letter(SP_SHARE_ATTRIBUTE), (struct sp_str){0}, name, text), set);
        if (number != UINT32_MAX)
            found |= sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, number, set);
    }
    return found;
}

bool sp_share_python_join_own(struct sp_python_resolver *resolver, struct sp_str name, struct sp_python_set *set)
{
    char text[NAME_ROOM];
    bool found = false;
    for (size_t i = 0; resolver->view && i < resolver->view->n_modules; i++)
        found |= join_key(resolver, key_of(letter(SP_SHARE_MEMBER), resolver->view->modules[i], name, text), set);
    return found;
}

/* ---- what gets out of sight ---- */

void sp_share_python_hand_out(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    for (uint8_t i = 0; resolver->view && !resolver->quiet && i < set->n_items; i++)
        if (sp_resolve_python_action_gives_power(resolver, set->items[i], DEPTH)) {
            sp_resolve_python_emit_dynamic(
                resolver, "what imports, evaluates or reaches modules goes where another file may use it", start, end);
            return;
        }
}

void sp_share_python_hand_over(struct sp_python_resolver *resolver, const struct sp_python_call *call)
{
    for (uint32_t i = 0; resolver->view && i < call->n_arguments; i++)
        sp_share_python_hand_out(resolver, &call->arguments[i].set, call->arguments[i].start, call->arguments[i].end);
}

void sp_share_python_store(struct sp_python_resolver *resolver, struct sp_str owner, const struct sp_str *name,
    const struct sp_python_set *set, uint32_t start, uint32_t end)
{
    if (!sp_share_python_is_own(resolver, owner))
        return;
    char text[NAME_ROOM];
    struct sp_str key = name ? key_of('m', owner, *name, text) : (struct sp_str){0};
    if (!key.n_bytes) {
        if (!resolver->quiet)
            sp_resolve_python_emit_dynamic(resolver, "a name of another file that is not known is set", start, end);
        return;
    }
    struct sp_str path = sp_resolve_python_emit_keep(resolver, (struct sp_str){key.ptr + 1, key.n_bytes - 1});
    uint32_t number = sp_python_names_find(&resolver->names, path);
    if (number != UINT32_MAX)
        sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
}

/* ---- filling ---- */

static const struct sp_python_value *copy_of(
    struct sp_share *share, const struct sp_share_view *view, const struct sp_python_value *value, unsigned depth)
{
    if (!value || value->kind == SP_PYTHON_VALUE_FUNCTION || value->kind == SP_PYTHON_VALUE_SELF)
        return NULL;
    struct sp_python_value *copy = sp_arena_alloc(share->arena, sizeof(*copy));
    if (!copy) {
        share->code = sp_arena_error(share->arena);
        return NULL;
    }
    *copy = *value;
    if (value->kind == SP_PYTHON_VALUE_NAMESPACE && value->text.n_bytes == 0 && view->n_modules)
        copy->text = view->modules[0];
    copy->hash = 0;
    if (copy->text.n_bytes && !(copy->text.ptr = sp_arena_copy(share->arena, copy->text.ptr, copy->text.n_bytes)))
        share->code = sp_arena_error(share->arena);
    bool constant = value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES;
    enum sp_via via = constant ? SP_VIA_FOLDED : SP_VIA_ALIAS;
    if (copy->via < via && (constant || value->kind == SP_PYTHON_VALUE_PATH))
        copy->via = (uint8_t)via;
    bool whole = depth > 0 && value->n_items <= share->n_copies;
    share->cut |= depth > 0 && !whole;
    const struct sp_python_value **items =
        value->n_items && whole ? sp_arena_array(share->arena, value->n_items, sizeof(*items)) : NULL;
    share->n_copies -= items ? value->n_items : 0;
    copy->items = items;
    copy->n_items = items ? value->n_items : 0;
    for (uint32_t i = 0; i < copy->n_items; i++)
        items[i] = copy_of(share, view, value->items[i], depth - 1);
    return share->code ? NULL : copy;
}

static bool holds(const struct sp_python_set *entry, const struct sp_python_value *value)
{
    for (uint8_t i = 0; i < entry->n_items; i++)
        if (sp_fold_python_equal(entry->items[i], value, DEPTH))
            return true;
    return false;
}

static void add_value(
    struct sp_python_resolver *resolver, struct sp_python_set *entry, const struct sp_python_value *value)
{
    struct sp_share *share = resolver->view->share;
    if (value->kind == SP_PYTHON_VALUE_FUNCTION || value->kind == SP_PYTHON_VALUE_SELF) {
        entry->other = true;
        return;
    }
    /* What holds functions differs from its copy, and would come again and again. */
    bool late = share->round > ROUNDS_FREE && value->kind != SP_PYTHON_VALUE_PATH;
    if (late || holds(entry, value)) {
        entry->other |= late;
        return;
    }
    bool crowded = share->arena->used_bytes > share->arena->max_bytes / 2;
    share->cut |= crowded;
    if (entry->n_items == VALUES_MAX || crowded) {
        entry->other = entry->limit = true;
        return;
    }
    const struct sp_python_value *copy = copy_of(share, resolver->view, value, DEPTH);
    if (copy && !holds(entry, copy))
        sp_resolve_python_set_put(resolver, share->arena, entry, copy);
}

static void add_set(struct sp_python_resolver *resolver, struct sp_str key, const struct sp_python_set *set)
{
    struct sp_share *share = resolver->view->share;
    uint32_t number = number_of(share, key);
    if (number == UINT32_MAX)
        return;
    struct sp_python_set *entry = &share->entries[number];
    const struct sp_python_set before = *entry;
    for (uint8_t i = 0; i < set->n_items && !share->code; i++)
        add_value(resolver, entry, set->items[i]);
    entry->other |= set->other;
    entry->limit |= set->limit;
    entry->large |= set->large;
    if (entry->n_items > before.n_items || entry->other != before.other || entry->limit != before.limit ||
        entry->large != before.large)
        note_grown(share, key);
}

static bool is_plain(const struct sp_python_set *set)
{
    for (uint8_t i = 0; i < set->n_items; i++)
        if (set->items[i]->kind != SP_PYTHON_VALUE_FUNCTION)
            return false;
    return !set->limit;
}

static struct sp_str last_part(struct sp_str path)
{
    size_t n = path.n_bytes;
    while (n > 0 && path.ptr[n - 1] != '.')
        n--;
    return (struct sp_str){path.ptr + n, path.n_bytes - n};
}

static void collect_binding(
    struct sp_python_resolver *resolver, uint32_t scope, struct sp_str name, const struct sp_python_set *set)
{
    const struct sp_share_view *view = resolver->view;
    char text[NAME_ROOM];
    struct sp_str none = {0};
    switch (scope) {
    case 0:
        for (size_t i = 0; i < view->n_modules && !is_plain(set); i++)
            add_set(resolver, key_of(letter(SP_SHARE_GLOBAL), view->modules[i], name, text), set);
        return;
    case SP_PYTHON_SCOPE_MEMBERS:
        add_set(resolver, key_of(letter(SP_SHARE_MEMBER), none, name, text), set);
        if (sp_share_python_is_own(resolver, name) && !is_plain(set))
            add_set(resolver, key_of(letter(SP_SHARE_ATTRIBUTE), none, last_part(name), text), set);
        return;
    case SP_PYTHON_SCOPE_ATTRIBUTES:
        if (!is_plain(set))
            add_set(resolver, key_of(letter(SP_SHARE_ATTRIBUTE), none, name, text), set);
        return;
    case SP_PYTHON_SCOPE_ITEMS:
        if (!is_plain(set))
            add_set(resolver, key_of(letter(SP_SHARE_ITEM), none, name, text), set);
        return;
    default: return;
    }
}

void sp_share_python_finish(struct sp_python_resolver *resolver)
{
    if (!resolver->view)
        return;
    for (uint32_t i = 0; i < resolver->n_functions; i++) {
        const struct sp_python_node *node = sp_python_tree_at(&resolver->tree, resolver->functions[i].node);
        sp_share_python_hand_out(resolver, &resolver->functions[i].returns, node->start, node->start);
    }
    struct sp_share *share = resolver->view->share;
    if (share->cut)
        sp_resolve_python_emit_limit(resolver, "files that hang on each other too often", 0, 0);
    if (!resolver->view->collect)
        return;
    for (uint32_t i = 0; i < resolver->n_bindings && !share->code; i++) {
        const struct sp_python_binding *binding = &resolver->bindings[i];
        if (binding->bound && binding->name < resolver->names.n_items)
            collect_binding(resolver, binding->scope, resolver->names.items[binding->name], &binding->set);
    }
    if ((resolver->builtins_change && !share->builtins_change) || (resolver->items_stored && !share->items_stored)) {
        share->grew = true;
        share->flagged = share->walk;
    }
    share->builtins_change |= resolver->builtins_change;
    share->items_stored |= resolver->items_stored;
}
