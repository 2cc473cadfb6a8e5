/* From a model to a policy that scans: the patterns' databases and an index of the modules. Compiling is for a thread (a
 * child process, in time) that scans nothing; the result is immutable and shared by reference count. */
#include <stdlib.h>

#include "scanner/hash.h"
#include "scanner/policy.h"

static int index_init(struct sp_policy_index *index, size_t n_items)
{
    size_t n_slots = 4;
    while (n_slots < 2 * n_items)
        n_slots *= 2;
    index->slots = calloc(n_slots, sizeof(*index->slots));
    if (!index->slots)
        return SP_ENO_MEMORY;
    index->mask = (uint32_t)(n_slots - 1);
    return 0;
}

typedef struct sp_str name_of(const struct sp_policy_model *model, uint32_t item);

static struct sp_str module_name(const struct sp_policy_model *model, uint32_t item)
{
    return model->modules[item - 1].name;
}

static struct sp_str allowed_name(const struct sp_policy_model *model, uint32_t item)
{
    return model->allowed[item - 1];
}

/* The slot that holds the name, or the free one where it would stand. */
static struct sp_policy_slot *index_find(const struct sp_policy_index *index, const struct sp_policy_model *model,
    name_of *name, struct sp_str text, uint32_t hash)
{
    for (uint32_t at = hash & index->mask;; at = (at + 1) & index->mask) {
        struct sp_policy_slot *slot = &index->slots[at];
        if (!slot->item || (slot->hash == hash && sp_str_equal(name(model, slot->item), text)))
            return slot;
    }
}

/* Two rules without ids for one name and the same languages would give one finding twice: the severer stands. */
static bool shadows(const struct sp_policy_module *a, const struct sp_policy_module *b)
{
    return !a->rule.id && !b->rule.id && a->rule.languages == b->rule.languages;
}

static void index_module(struct sp_policy *policy, uint32_t item)
{
    const struct sp_policy_module *modules = policy->model->modules;
    struct sp_str name = modules[item - 1].name;
    uint32_t hash = sp_hash_on(SP_HASH_START, name);
    struct sp_policy_slot *slot = index_find(&policy->modules, policy->model, module_name, name, hash);
    for (uint32_t *at = &slot->item; *at; at = &policy->next_module[*at - 1]) {
        if (!shadows(&modules[*at - 1], &modules[item - 1]))
            continue;
        if (modules[item - 1].rule.severity > modules[*at - 1].rule.severity) {
            policy->next_module[item - 1] = policy->next_module[*at - 1];
            *at = item;
        }
        return;
    }
    policy->next_module[item - 1] = slot->item;
    *slot = (struct sp_policy_slot){hash, item};
}

static int index_modules(struct sp_policy *policy)
{
    const struct sp_policy_model *model = policy->model;
    policy->next_module = calloc(model->n_modules ? model->n_modules : 1, sizeof(*policy->next_module));
    if (!policy->next_module || index_init(&policy->modules, model->n_modules) < 0 ||
        index_init(&policy->allowed, model->n_allowed) < 0)
        return SP_ENO_MEMORY;
    for (uint32_t i = 0; i < model->n_modules; i++)
        index_module(policy, i + 1);
    for (uint32_t i = 0; i < model->n_allowed; i++) {
        uint32_t hash = sp_hash_on(SP_HASH_START, model->allowed[i]);
        *index_find(&policy->allowed, model, allowed_name, model->allowed[i], hash) =
            (struct sp_policy_slot){hash, i + 1};
    }
    policy->index_bytes = model->n_modules * sizeof(*policy->next_module) +
                          (policy->modules.mask + policy->allowed.mask + 2u) * sizeof(struct sp_policy_slot);
    return 0;
}

static int build_matcher(struct sp_policy *policy, struct sp_error *error)
{
    const struct sp_policy_model *model = policy->model;
    if (model->n_patterns == 0)
        return 0;
    sp_cleanup(sp_free_ptr) struct sp_match_pattern *patterns = calloc(model->n_patterns, sizeof(*patterns));
    if (!patterns)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; i < model->n_patterns; i++)
        patterns[i] = (struct sp_match_pattern){model->patterns[i].pattern, model->patterns[i].flags};
    int r = sp_matcher_new(patterns, model->n_patterns, &policy->matcher, error);
    if (r < 0)
        sp_error_prefix(error, "patterns");
    return r;
}

static void policy_free(struct sp_policy *policy)
{
    sp_matcher_free(policy->matcher);
    sp_policy_model_free(policy->model);
    free(policy->modules.slots);
    free(policy->allowed.slots);
    free(policy->next_module);
    free(policy);
}
SP_CLEANUP_DEFINE(struct sp_policy *, policy_free)

int sp_policy_compile(struct sp_policy_model *model, struct sp_policy **ret_policy, struct sp_error *error)
{
    sp_cleanup(policy_free_scope) struct sp_policy *policy = calloc(1, sizeof(*policy));
    if (!policy)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    atomic_init(&policy->references, 1);
    policy->model = model;
    int r = build_matcher(policy, error);
    if (r == 0 && index_modules(policy) < 0)
        r = sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (r < 0) {
        policy->model = NULL; /* still the caller's */
        return r;
    }
    *ret_policy = SP_TAKE(policy);
    return 0;
}

struct sp_policy *sp_policy_ref(struct sp_policy *policy)
{
    if (policy)
        atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void sp_policy_unref(struct sp_policy *policy)
{
    if (policy && atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) == 1)
        policy_free(policy);
}

const char *sp_policy_id(const struct sp_policy *policy)
{
    return policy->model->id;
}

const char *sp_policy_name(const struct sp_policy *policy)
{
    return policy->model->name;
}

size_t sp_policy_bytes(const struct sp_policy *policy)
{
    return sizeof(*policy) + sizeof(*policy->model) + policy->model->arena.used_bytes + policy->index_bytes +
           (policy->matcher ? sp_matcher_bytes(policy->matcher) : 0);
}

size_t sp_policy_warnings(const struct sp_policy *policy, const struct sp_policy_warning **ret_warnings)
{
    return sp_policy_model_warnings(policy->model, ret_warnings);
}

bool sp_policy_serves(const struct sp_policy *policy, int language)
{
    return !policy->model->languages || (policy->model->languages & (1u << language)) != 0;
}

void sp_policy_walk_init(struct sp_policy_walk *walk, struct sp_str module)
{
    *walk = (struct sp_policy_walk){.module = module, .hash = SP_HASH_START};
}

static bool walk_on(const struct sp_policy *policy, const struct sp_policy_index *index, name_of *name,
    struct sp_policy_walk *walk, struct sp_policy_hit *ret_hit)
{
    while (walk->at < walk->module.n_bytes) {
        walk->hash = sp_hash_on_word(walk->hash, (unsigned char)walk->module.ptr[walk->at++]);
        if (walk->at < walk->module.n_bytes) {
            char next = walk->module.ptr[walk->at];
            if (next != '.' && next != '/' && next != ':')
                continue;
        }
        struct sp_str prefix = {walk->module.ptr, walk->at};
        const struct sp_policy_slot *slot = index_find(index, policy->model, name, prefix, walk->hash);
        if (!slot->item)
            continue;
        *ret_hit = (struct sp_policy_hit){prefix, slot->item};
        return true;
    }
    return false;
}

bool sp_policy_walk_restricted(
    const struct sp_policy *policy, struct sp_policy_walk *walk, struct sp_policy_hit *ret_hit)
{
    return policy->model->n_modules && walk_on(policy, &policy->modules, module_name, walk, ret_hit);
}

bool sp_policy_walk_allowed(const struct sp_policy *policy, struct sp_policy_walk *walk, struct sp_policy_hit *ret_hit)
{
    return policy->model->n_allowed && walk_on(policy, &policy->allowed, allowed_name, walk, ret_hit);
}
