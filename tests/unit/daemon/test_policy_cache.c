/* What stays and what goes: order of use, shares of a uid, names that pin. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "daemon/policy_cache.h"
#include "daemon/policy_source.h"

/* A compiled policy that no other number gives. */
static struct sp_policy *policy_of(int number)
{
    char text[128];
    struct sp_policy_source source;
    struct sp_policy_model *model;
    struct sp_policy *policy;
    struct sp_error error = {0};
    uint64_t cpu_ns;
    snprintf(text, sizeof(text), "severity_threshold: high\nrestricted_modules: [{name: m%d, severity: low}]", number);
    cr_assert_eq(sp_policy_source_init_text(&source, SP_POLICY_FORM_YAML, sp_str_of(text), 1000, NULL), 0);
    cr_assert_eq(sp_policy_source_model(&source, &model, &error), 0, "%s: %s", error.path, error.text);
    cr_assert_eq(sp_policy_source_compile(model, &policy, &cpu_ns, NULL), 0);
    sp_policy_source_fini(&source);
    return policy;
}

static struct sp_policy_entry *add(struct sp_policy_cache *cache, uint32_t uid, int number)
{
    struct sp_policy *policy = policy_of(number);
    struct sp_policy_entry *entry;
    cr_assert_eq(sp_policy_cache_add(cache, uid, policy, &entry, NULL), 0);
    sp_policy_unref(policy);
    return entry;
}

static bool has(struct sp_policy_cache *cache, int number)
{
    struct sp_policy *policy = policy_of(number);
    char id[80];
    snprintf(id, sizeof(id), "%s", sp_policy_id(policy));
    sp_policy_unref(policy);
    return sp_policy_cache_find(cache, sp_str_of(id)) != NULL;
}

static const struct sp_policy_cache_bounds wide = {
    .bytes_max = 1 << 30, .policies_max = 1000, .user_bytes_max = 1 << 30, .user_policies_max = 1000};

Test(policy_cache, keeps_one_of_each)
{
    struct sp_policy_cache cache;
    sp_policy_cache_init(&cache, &wide);
    struct sp_policy_entry *first = add(&cache, 1, 1);
    cr_assert_eq(add(&cache, 2, 1), first);
    cr_assert_eq(cache.n_entries, 1);
    sp_policy_cache_fini(&cache);
    cr_assert_eq(cache.size_bytes, 0);
}

Test(policy_cache, gives_up_the_longest_unused)
{
    struct sp_policy_cache cache;
    struct sp_policy_cache_bounds bounds = wide;
    bounds.policies_max = 3;
    sp_policy_cache_init(&cache, &bounds);
    for (int i = 0; i < 3; i++)
        add(&cache, 1, i);
    cr_assert(has(&cache, 0));
    add(&cache, 1, 3);
    cr_assert(has(&cache, 0) && !has(&cache, 1) && has(&cache, 2) && has(&cache, 3));
    cr_assert_eq(cache.evicted, 1);
    sp_policy_cache_fini(&cache);
}

Test(policy_cache, keeps_what_a_name_points_at)
{
    struct sp_policy_cache cache;
    struct sp_policy_cache_bounds bounds = wide;
    bounds.policies_max = 1;
    sp_policy_cache_init(&cache, &bounds);
    cr_assert_eq(sp_policy_cache_set_name(&cache, 1, SP_STR("mine"), add(&cache, 1, 0), NULL), 0);
    for (int i = 1; i < 5; i++)
        add(&cache, 1, i);
    cr_assert(has(&cache, 0) && has(&cache, 4) && !has(&cache, 3));
    cr_assert(sp_policy_cache_drop_name(&cache, 1, SP_STR("mine")));
    cr_assert(!sp_policy_cache_drop_name(&cache, 1, SP_STR("mine")));
    add(&cache, 1, 5);
    cr_assert_eq(cache.n_entries, 1);
    sp_policy_cache_fini(&cache);
}

Test(policy_cache, takes_from_the_uid_that_is_past_its_share)
{
    struct sp_policy_cache cache;
    struct sp_policy_cache_bounds bounds = wide;
    sp_policy_cache_init(&cache, &bounds);
    size_t each = add(&cache, 1, 0)->size_bytes;
    cache.bounds.user_bytes_max = 3 * each + each / 2;
    for (int i = 1; i < 8; i++)
        add(&cache, 2, i);
    cr_assert(has(&cache, 0), "another uid's policy went");
    cr_assert_eq(cache.n_entries, 4);
    sp_policy_cache_fini(&cache);
}

Test(policy_cache, bounds_the_names_of_a_uid)
{
    struct sp_policy_cache cache;
    struct sp_policy_cache_bounds bounds = wide;
    bounds.user_policies_max = 2;
    sp_policy_cache_init(&cache, &bounds);
    struct sp_policy_entry *entry = add(&cache, 1, 0);
    cr_assert_eq(sp_policy_cache_set_name(&cache, 1, SP_STR("a"), entry, NULL), 0);
    cr_assert_eq(sp_policy_cache_set_name(&cache, 1, SP_STR("b"), entry, NULL), 0);
    cr_assert_eq(sp_policy_cache_set_name(&cache, 1, SP_STR("c"), entry, NULL), SP_ETOO_LARGE);
    cr_assert_eq(sp_policy_cache_set_name(&cache, 1, SP_STR("a"), add(&cache, 1, 1), NULL), 0, "one is moved");
    cr_assert_eq(sp_policy_cache_set_name(&cache, 2, SP_STR("c"), entry, NULL), 0);
    cache.bounds.user_bytes_max = 1;
    cr_assert_eq(sp_policy_cache_set_name(&cache, 3, SP_STR("c"), entry, NULL), SP_ETOO_LARGE);
    cr_assert_eq(sp_policy_cache_set_name(&cache, SP_POLICY_UID_OPERATOR, SP_STR("c"), entry, NULL), 0);
    sp_policy_cache_fini(&cache);
}

Test(policy_cache, names_are_a_uids_own_and_sorted)
{
    struct sp_policy_cache cache;
    sp_policy_cache_init(&cache, &wide);
    struct sp_policy_entry *a = add(&cache, 1, 0), *b = add(&cache, 1, 1);
    sp_policy_cache_set_name(&cache, 1, SP_STR("zeta"), a, NULL);
    sp_policy_cache_set_name(&cache, 1, SP_STR("alpha"), b, NULL);
    sp_policy_cache_set_name(&cache, 2, SP_STR("alpha"), a, NULL);
    cr_assert_eq(sp_policy_cache_find_name(&cache, 1, SP_STR("alpha")), b);
    cr_assert_eq(sp_policy_cache_find_name(&cache, 2, SP_STR("alpha")), a);
    cr_assert_null(sp_policy_cache_find_name(&cache, 3, SP_STR("alpha")));
    const struct sp_policy_name **names;
    size_t n;
    cr_assert_eq(sp_policy_cache_names(&cache, 1, NULL, &names, &n, NULL), 0);
    cr_assert_eq(n, 2);
    cr_assert_str_eq(names[0]->text, "alpha");
    cr_assert_str_eq(names[1]->text, "zeta");
    free(names);
    cr_assert_eq(sp_policy_cache_names(&cache, 1, a, &names, &n, NULL), 0);
    cr_assert_eq(n, 1);
    free(names);
    sp_policy_cache_fini(&cache);
}
