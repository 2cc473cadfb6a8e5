/* Restricted and allowed modules, and what stays unresolved, by exact lookup of what the resolver found. Belongs to one
 * scan. */
#include "scanner/scan.h"

/* A place that no other place of the scan is equal to. Uses come ordered by offset, so that remembering the last place of
 * each rule is enough to count a rule once at a place. */
static uint64_t place_of(const struct sp_unit *unit, uint32_t offset)
{
    return (uint64_t)unit->number << 32 | ((uint64_t)offset + 1);
}

static bool is_new(uint64_t *last, uint64_t place)
{
    if (*last == place)
        return false;
    *last = place;
    return true;
}

static const char unlisted[] = "allowed_modules";

static bool covers(const struct sp_scan *scan, struct sp_str rule, struct sp_str module)
{
    return scan->tongue->covers ? scan->tongue->covers(rule, module) : sp_str_equal(rule, module);
}

/* The strongest way by which a rule's module is loaded at the place of the use at index: uses at one place come together. */
static enum sp_via strongest(const struct sp_scan *scan, const struct sp_unit *unit, uint32_t index, struct sp_str name)
{
    const struct sp_module_use *use = &unit->resolution.modules.items[index];
    enum sp_via via = use->via;
    for (uint32_t i = index + 1; i < unit->resolution.modules.n_items; i++) {
        const struct sp_module_use *more = &unit->resolution.modules.items[i];
        if (more->offset != use->offset)
            break;
        if (more->via > via && covers(scan, name, more->name))
            via = more->via;
    }
    return via;
}

static int add_restricted(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, uint32_t index,
    struct sp_str spelling, struct sp_error *error)
{
    const struct sp_module_use *use = &unit->resolution.modules.items[index];
    const struct sp_policy *rules = policy->policy;
    struct sp_policy_walk walk;
    struct sp_policy_hit hit;
    sp_policy_walk_init(&walk, spelling);
    while (sp_policy_walk_restricted(rules, &walk, &hit)) {
        /* `from a import b`: a is a use of its own, so that a shorter name has its finding already. */
        if (use->maybe && hit.name.n_bytes < spelling.n_bytes)
            continue;
        if (!covers(scan, hit.name, use->name))
            continue;
        for (uint32_t item = hit.item; item; item = rules->next_module[item - 1]) {
            const struct sp_policy_rule *rule = &rules->model->modules[item - 1].rule;
            if (!sp_policy_rule_serves(rule, scan->language))
                continue;
            if (!is_new(&policy->hits[item - 1], place_of(unit, use->offset))) {
                sp_explain_drop(scan, unit, rule->name, use->offset, use->length, SP_DROP_DUPLICATE);
                continue;
            }
            int r = sp_scan_add(scan, unit,
                (struct sp_judge_record){.policy = rules,
                    .rule = rule,
                    .kind = SP_FINDING_MODULE,
                    .severity = rule->severity,
                    .via = strongest(scan, unit, index, hit.name),
                    .offset = use->offset,
                    .length = use->length},
                error);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static bool is_allowed_as(
    const struct sp_scan *scan, const struct sp_policy *policy, struct sp_str module, struct sp_str spelling)
{
    struct sp_policy_walk walk;
    struct sp_policy_hit hit;
    sp_policy_walk_init(&walk, spelling);
    while (sp_policy_walk_allowed(policy, &walk, &hit))
        if (covers(scan, hit.name, module))
            return true;
    return false;
}

static struct sp_str twin_of(const struct sp_scan *scan, struct sp_str module)
{
    return scan->tongue->twin ? scan->tongue->twin(module) : module;
}

static bool is_harmless(const struct sp_scan *scan, struct sp_str module)
{
    const char *const *name = scan->tongue->harmless;
    while (name && *name && !sp_str_is(module, *name))
        name++;
    return name && *name;
}

static bool is_allowed(const struct sp_scan *scan, const struct sp_policy *policy, struct sp_str module)
{
    if (is_harmless(scan, module))
        return true;
    struct sp_str twin = twin_of(scan, module);
    return is_allowed_as(scan, policy, module, module) ||
           (!sp_str_equal(twin, module) && is_allowed_as(scan, policy, module, twin));
}

static bool lies_under(struct sp_str name, struct sp_str parent)
{
    return name.n_bytes > parent.n_bytes && name.ptr[parent.n_bytes] == '.' &&
           memcmp(name.ptr, parent.ptr, parent.n_bytes) == 0;
}

/* `from google import cloud` where google.cloud is allowed: no more of google is used than the list allows. */
static bool allowed_by_members(
    const struct sp_scan *scan, const struct sp_unit *unit, const struct sp_policy *policy, uint32_t index)
{
    const struct sp_module_use *use = &unit->resolution.modules.items[index];
    uint32_t i = index + 1;
    for (; i < unit->resolution.modules.n_items; i++) {
        const struct sp_module_use *member = &unit->resolution.modules.items[i];
        if (!member->maybe || !lies_under(member->name, use->name))
            break;
        if (!is_allowed(scan, policy, member->name))
            return false;
    }
    return i > index + 1;
}

static int add_unlisted(
    struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, uint32_t index, struct sp_error *error)
{
    const struct sp_module_use *use = &unit->resolution.modules.items[index];
    const struct sp_policy_model *model = policy->policy->model;
    if (!model->has_allowed || use->maybe || is_allowed(scan, policy->policy, use->name) ||
        allowed_by_members(scan, unit, policy->policy, index))
        return 0;
    if (!is_new(&policy->unlisted_hit, place_of(unit, use->offset))) {
        sp_explain_drop(scan, unit, unlisted, use->offset, use->length, SP_DROP_DUPLICATE);
        return 0;
    }
    struct sp_str subject;
    int r = sp_scan_keep(scan, use->name, &subject, error);
    if (r < 0)
        return r;
    return sp_scan_add(scan, unit,
        (struct sp_judge_record){.policy = policy->policy,
            .name = unlisted,
            .description = "is not an allowed module",
            .subject = subject,
            .kind = SP_FINDING_MODULE,
            .severity = model->unlisted,
            .via = use->via,
            .offset = use->offset,
            .length = use->length},
        error);
}

int sp_module_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, struct sp_error *error)
{
    int r = 0;
    for (uint32_t i = 0; i < unit->resolution.modules.n_items && r == 0; i++) {
        const struct sp_module_use *use = &unit->resolution.modules.items[i];
        struct sp_str twin = twin_of(scan, use->name);
        r = add_restricted(scan, unit, policy, i, use->name, error);
        if (r == 0 && !sp_str_equal(twin, use->name))
            r = add_restricted(scan, unit, policy, i, twin, error);
        if (r == 0)
            r = add_unlisted(scan, unit, policy, i, error);
    }
    return r;
}

int sp_dynamic_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy, struct sp_error *error)
{
    enum sp_severity severity = policy->policy->model->dynamic;
    int r = 0;
    if (severity == SP_SEVERITY_COUNT)
        return 0;
    for (uint32_t i = 0; i < unit->resolution.dynamics.n_items && r == 0; i++) {
        const struct sp_dynamic *dynamic = &unit->resolution.dynamics.items[i];
        if (!is_new(&policy->dynamic_hit, place_of(unit, dynamic->offset)))
            continue;
        r = sp_scan_add(scan, unit,
            (struct sp_judge_record){.policy = policy->policy,
                .name = "dynamic",
                .description = dynamic->what,
                .kind = SP_FINDING_DYNAMIC,
                .severity = severity,
                .via = SP_VIA_DIRECT,
                .offset = dynamic->offset,
                .length = dynamic->length},
            error);
    }
    return r;
}
