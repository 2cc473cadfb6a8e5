/* Compiled policies by id and by name. Loop thread; the policy store's. Two small hash tables and one list by last use: a
 * compilation costs milliseconds, so adding may walk the list, finding may not. */
#include "daemon/policy_cache.h"

#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"

static size_t bucket_of(uint32_t uid, struct sp_str text)
{
    uint32_t hash = 2166136261u ^ uid;
    for (size_t i = 0; i < text.n_bytes; i++)
        hash = (hash ^ (uint8_t)text.ptr[i]) * 16777619u;
    return hash % SP_POLICY_CACHE_BUCKETS;
}

static struct sp_str id_of(const struct sp_policy_entry *entry)
{
    return sp_str_of(sp_policy_id(entry->policy));
}

void sp_policy_cache_init(struct sp_policy_cache *cache, const struct sp_policy_cache_bounds *bounds)
{
    *cache = (struct sp_policy_cache){.bounds = *bounds};
}

/* ---- order of use ---- */

static void unlink_entry(struct sp_policy_cache *cache, struct sp_policy_entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        cache->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        cache->oldest = entry->newer;
}

static void link_newest(struct sp_policy_cache *cache, struct sp_policy_entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    if (cache->newest)
        cache->newest->newer = entry;
    else
        cache->oldest = entry;
    cache->newest = entry;
}

static void drop_entry(struct sp_policy_cache *cache, struct sp_policy_entry *entry)
{
    struct sp_policy_entry **link = &cache->entries[bucket_of(0, id_of(entry))];
    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    unlink_entry(cache, entry);
    cache->n_entries--;
    cache->size_bytes -= entry->size_bytes;
    if (entry->n_names == 0) {
        cache->n_loose--;
        cache->loose_bytes -= entry->size_bytes;
    }
    sp_policy_unref(entry->policy);
    free(entry);
}

void sp_policy_cache_fini(struct sp_policy_cache *cache)
{
    for (size_t i = 0; i < SP_POLICY_CACHE_BUCKETS; i++) {
        struct sp_policy_name *next;
        for (struct sp_policy_name *name = cache->names[i]; name; name = next) {
            next = name->chain;
            free(name);
        }
        cache->names[i] = NULL;
    }
    while (cache->oldest)
        drop_entry(cache, cache->oldest);
}

/* Gives up what is past the bounds, but never `keep`. */
static void make_room(struct sp_policy_cache *cache, const struct sp_policy_entry *keep)
{
    size_t user_bytes = 0;
    for (struct sp_policy_entry *entry = cache->newest; entry; entry = entry->older)
        if (entry->n_names == 0 && entry->uid == keep->uid)
            user_bytes += entry->size_bytes;
    struct sp_policy_entry *newer;
    for (struct sp_policy_entry *entry = cache->oldest; entry; entry = newer) {
        newer = entry->newer;
        if (entry == keep || entry->n_names || entry->uid != keep->uid || user_bytes <= cache->bounds.user_bytes_max)
            continue;
        user_bytes -= entry->size_bytes;
        drop_entry(cache, entry);
        cache->evicted++;
    }
    for (struct sp_policy_entry *entry = cache->oldest; entry; entry = newer) {
        newer = entry->newer;
        if (cache->loose_bytes <= cache->bounds.bytes_max && cache->n_loose <= cache->bounds.policies_max)
            return;
        if (entry == keep || entry->n_names)
            continue;
        drop_entry(cache, entry);
        cache->evicted++;
    }
}

/* ---- by id ---- */

struct sp_policy_entry *sp_policy_cache_find(struct sp_policy_cache *cache, struct sp_str id)
{
    struct sp_policy_entry *entry = cache->entries[bucket_of(0, id)];
    while (entry && !sp_str_equal(id_of(entry), id))
        entry = entry->chain;
    if (entry && cache->newest != entry) {
        unlink_entry(cache, entry);
        link_newest(cache, entry);
    }
    return entry;
}

int sp_policy_cache_add(struct sp_policy_cache *cache, uint32_t uid, struct sp_policy *policy,
    struct sp_policy_entry **ret_entry, struct sp_error *error)
{
    struct sp_str id = sp_str_of(sp_policy_id(policy));
    struct sp_policy_entry *entry = sp_policy_cache_find(cache, id);
    if (!entry) {
        entry = calloc(1, sizeof(*entry));
        if (!entry)
            return sp_error_set(error, SP_ENO_MEMORY, NULL);
        entry->policy = sp_policy_ref(policy);
        entry->uid = uid;
        entry->size_bytes = sp_policy_bytes(policy);
        struct sp_policy_entry **bucket = &cache->entries[bucket_of(0, id)];
        entry->chain = *bucket;
        *bucket = entry;
        link_newest(cache, entry);
        cache->n_entries++;
        cache->n_loose++;
        cache->size_bytes += entry->size_bytes;
        cache->loose_bytes += entry->size_bytes;
        make_room(cache, entry);
    }
    *ret_entry = entry;
    return 0;
}

/* ---- by name ---- */

static struct sp_policy_name **find_link(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name)
{
    struct sp_policy_name **link = &cache->names[bucket_of(uid, name)];
    while (*link && ((*link)->uid != uid || !sp_str_is(name, (*link)->text)))
        link = &(*link)->chain;
    return link;
}

static void pin(struct sp_policy_cache *cache, struct sp_policy_entry *entry)
{
    if (entry->n_names++ == 0) {
        cache->n_loose--;
        cache->loose_bytes -= entry->size_bytes;
    }
}

static void unpin(struct sp_policy_cache *cache, struct sp_policy_entry *entry)
{
    if (--entry->n_names == 0) {
        cache->n_loose++;
        cache->loose_bytes += entry->size_bytes;
        make_room(cache, entry);
    }
}

struct sp_policy_entry *sp_policy_cache_find_name(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name)
{
    struct sp_policy_name *found = *find_link(cache, uid, name);
    return found ? found->entry : NULL;
}

static int check_share(const struct sp_policy_cache *cache, uint32_t uid, struct sp_str name,
    const struct sp_policy_entry *entry, struct sp_error *error)
{
    size_t n = 1, size_bytes = entry->size_bytes;
    for (size_t i = 0; i < SP_POLICY_CACHE_BUCKETS; i++)
        for (const struct sp_policy_name *at = cache->names[i]; at; at = at->chain)
            if (at->uid == uid && !sp_str_is(name, at->text)) {
                n++;
                size_bytes += at->entry == entry ? 0 : at->entry->size_bytes;
            }
    if (n > cache->bounds.user_policies_max)
        return sp_error_set(error, SP_ETOO_LARGE, "you have %zu named policies, as many as you may have: remove some",
            cache->bounds.user_policies_max);
    if (size_bytes > cache->bounds.user_bytes_max)
        return sp_error_set(error, SP_ETOO_LARGE, "your named policies would hold %zu bytes, more than %zu", size_bytes,
            cache->bounds.user_bytes_max);
    return 0;
}

int sp_policy_cache_set_name(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name,
    struct sp_policy_entry *entry, struct sp_error *error)
{
    if (uid != SP_POLICY_UID_OPERATOR) {
        int r = check_share(cache, uid, name, entry, error);
        if (r < 0)
            return r;
    }
    struct sp_policy_name **link = find_link(cache, uid, name), *found = *link;
    if (found) {
        struct sp_policy_entry *old = found->entry;
        pin(cache, entry);
        found->entry = entry;
        unpin(cache, old);
        return 0;
    }
    found = calloc(1, sizeof(*found));
    if (!found)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    found->uid = uid;
    memcpy(found->text, name.ptr, name.n_bytes < SP_POLICY_NAME_MAX ? name.n_bytes : SP_POLICY_NAME_MAX);
    found->entry = entry;
    *link = found;
    cache->n_names++;
    pin(cache, entry);
    return 0;
}

bool sp_policy_cache_drop_name(struct sp_policy_cache *cache, uint32_t uid, struct sp_str name)
{
    struct sp_policy_name **link = find_link(cache, uid, name), *found = *link;
    if (!found)
        return false;
    *link = found->chain;
    cache->n_names--;
    unpin(cache, found->entry);
    free(found);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const struct sp_policy_name *const *)a)->text, (*(const struct sp_policy_name *const *)b)->text);
}

int sp_policy_cache_names(const struct sp_policy_cache *cache, uint32_t uid, const struct sp_policy_entry *entry,
    const struct sp_policy_name ***ret_names, size_t *ret_n_names, struct sp_error *error)
{
    const struct sp_policy_name **names = calloc(cache->n_names + 1, sizeof(struct sp_policy_name *));
    if (!names)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    size_t n = 0;
    for (size_t i = 0; i < SP_POLICY_CACHE_BUCKETS; i++)
        for (const struct sp_policy_name *at = cache->names[i]; at; at = at->chain)
            if (at->uid == uid && (!entry || at->entry == entry))
                names[n++] = at;
    qsort(names, n, sizeof(*names), compare_names);
    *ret_names = names;
    *ret_n_names = n;
    return 0;
}
