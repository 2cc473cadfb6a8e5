/* Patterns over one unit: in the code, in the raw text, in the canonical text, each match held against its pattern's
 * scope. Belongs to one scan. The canonical text only adds: a match that overlaps one of the same pattern that is there
 * already is the same finding. */
#include "scanner/scan.h"

#include <stdlib.h>

/* One search: which text, and how a match in it is judged. */
struct pass {
    struct sp_scan *scan;
    struct sp_unit *unit;
    struct sp_scan_policy *policy;
    const struct sp_canon *canon; /* NULL: the text runs in step with the source */
    int failed;
    struct sp_error *error;
};

static bool within(const struct sp_span *span, uint32_t start, uint32_t end)
{
    return span && start >= span->body_start && end <= span->body_end;
}

/* In the unit's own text. A start in the wrong scope is not the end of the matter: the matcher goes on behind it. */
static bool accept_plain(void *context, const struct sp_match *match)
{
    struct pass *pass = context;
    struct sp_unit *unit = pass->unit;
    const struct sp_policy_pattern *pattern = &pass->policy->policy->model->patterns[match->pattern];
    if (pattern->scope == SP_SCOPE_ANYWHERE)
        return true;
    if (!pass->failed)
        pass->failed = sp_unit_zone(unit, pass->error);
    if (pass->failed)
        return false;
    const struct sp_span *span = sp_unit_cover(unit, match->start);
    bool counts = !span;
    /* Module names are code and strings both. */
    if (pattern->scope == SP_SCOPE_STRINGS)
        span = sp_zone_find(&unit->zones, match->start);
    bool in_comment = span && span->kind == SP_SPAN_COMMENT;
    bool in_string = span && !in_comment && span->kind != SP_SPAN_INTERPOLATION;
    if (pattern->scope == SP_SCOPE_STRINGS)
        counts = in_string && span->kind != SP_SPAN_REGEX && within(span, match->start, match->end);
    else if (pattern->scope == SP_SCOPE_COMMENTS)
        counts = in_comment && within(span, match->start, match->end);
    if (!counts && (in_comment || in_string))
        sp_explain_drop(pass->scan, unit, pattern->rule.name, match->start, match->end - match->start,
            in_comment ? SP_DROP_COMMENT : SP_DROP_STRING);
    return counts;
}

/* In the canonical text. Outside the replacements it is the source's place that says what is code. */
static bool accept_canonical(void *context, const struct sp_match *match)
{
    struct pass *pass = context;
    const struct sp_canon *canon = pass->canon;
    const struct sp_policy_pattern *pattern = &pass->policy->policy->model->patterns[match->pattern];
    const struct sp_canon_region *region = sp_canon_find(canon, match->start);
    if (pattern->scope == SP_SCOPE_STRINGS)
        return region && region->kind == SP_CANON_FOLDED && match->start >= region->body && match->end < region->end;
    if (region && region->kind != SP_CANON_NAME)
        return false;
    enum sp_via via;
    if (match->start >= canon->main_bytes && !sp_canon_touches(canon, match->start, match->end, &via))
        return false;
    if (region)
        return true;
    if (!pass->failed)
        pass->failed = sp_unit_zone(pass->unit, pass->error);
    if (pass->failed)
        return false;
    uint32_t from, to;
    sp_canon_map(canon, match->start, match->end, &from, &to);
    return !sp_unit_cover(pass->unit, from);
}

/* Marks the patterns of the given scopes (a bit each) and this language; returns how many. */
static size_t want(const struct sp_scan *scan, struct sp_scan_policy *policy, unsigned scopes)
{
    const struct sp_policy_model *model = policy->policy->model;
    size_t n = 0;
    for (size_t i = 0; i < model->n_patterns; i++) {
        const struct sp_policy_pattern *pattern = &model->patterns[i];
        policy->wanted[i] = (scopes & (1u << pattern->scope)) && !policy->limited[i] &&
                            sp_policy_rule_serves(&pattern->rule, scan->language);
        n += policy->wanted[i];
    }
    return n;
}

static int search(struct pass *pass, struct sp_str text, unsigned scopes, sp_match_accept *accept,
    struct sp_match **ret_matches, size_t *ret_n_matches)
{
    struct sp_scan_policy *policy = pass->policy;
    size_t n_wanted = want(pass->scan, policy, scopes);
    *ret_n_matches = 0;
    if (n_wanted == 0)
        return 0;
    /* One budget for the source and all that comes of it: many small texts get no more than one large one. */
    policy->text_bytes += text.n_bytes;
    sp_match_scratch_carry(pass->scan->scratch, policy->work);
    int r = sp_match_search(policy->policy->matcher, pass->scan->scratch, text,
        n_wanted == policy->policy->model->n_patterns ? NULL : policy->wanted, policy->text_bytes, accept, pass,
        pass->unit->arena, ret_matches, ret_n_matches, pass->error);
    sp_match_scratch_carry(pass->scan->scratch, NULL);
    return r < 0 ? r : pass->failed;
}

static int add_limit(struct pass *pass, const struct sp_match *match, uint32_t offset)
{
    struct sp_scan_policy *policy = pass->policy;
    if (policy->limited[match->pattern])
        return 0;
    policy->limited[match->pattern] = true;
    const char *text = sp_arena_printf(pass->scan->work, "%s: the work budget of the search ran out",
        policy->policy->model->patterns[match->pattern].rule.name);
    if (!text)
        return sp_scan_no_memory(pass->scan->work, pass->error);
    return sp_scan_limit(pass->scan, pass->unit, policy->policy, text, offset, 0, pass->error);
}

static int add(struct pass *pass, uint32_t pattern, uint32_t start, uint32_t end, enum sp_via via)
{
    const struct sp_policy_rule *rule = &pass->policy->policy->model->patterns[pattern].rule;
    return sp_scan_add(pass->scan, pass->unit,
        (struct sp_judge_record){.policy = pass->policy->policy,
            .rule = rule,
            .kind = SP_FINDING_PATTERN,
            .severity = rule->severity,
            .via = via,
            .offset = start,
            .length = end - start},
        pass->error);
}

static int add_plain(struct pass *pass, const struct sp_match *matches, size_t n_matches)
{
    int r = 0;
    for (size_t i = 0; i < n_matches && r == 0; i++)
        r = matches[i].limit ? add_limit(pass, &matches[i], matches[i].start)
                             : add(pass, matches[i].pattern, matches[i].start, matches[i].end, SP_VIA_DIRECT);
    return r;
}

/* A canonical match at its place in the source. */
struct mapped {
    uint32_t from, to;
    enum sp_via via;
};

static int by_from(const void *a, const void *b)
{
    const struct mapped *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* The canonical matches of one pattern, against the plain ones of the same: both in order, so that one walk tells. */
static int add_mapped(struct pass *pass, uint32_t pattern, struct mapped *items, size_t n_items,
    const struct sp_match *plain, size_t n_plain)
{
    const struct sp_policy_rule *rule = &pass->policy->policy->model->patterns[pattern].rule;
    qsort(items, n_items, sizeof(*items), by_from);
    size_t at = 0;
    uint32_t last_end = 0;
    bool any = false;
    int r = 0;
    for (size_t i = 0; i < n_items && r == 0; i++) {
        while (at < n_plain && (plain[at].limit || plain[at].end <= items[i].from))
            at++;
        bool doubled = at < n_plain && plain[at].start < items[i].to;
        if (doubled && items[i].via > SP_VIA_DIRECT)
            sp_explain_drop(
                pass->scan, pass->unit, rule->name, items[i].from, items[i].to - items[i].from, SP_DROP_DUPLICATE);
        if (doubled || (any && items[i].from < last_end))
            continue;
        r = add(pass, pattern, items[i].from, items[i].to, items[i].via);
        last_end = items[i].to;
        any = true;
    }
    return r;
}

static int add_canonical(
    struct pass *pass, const struct sp_match *matches, size_t n_matches, const struct sp_match *plain, size_t n_plain)
{
    struct mapped *items = sp_arena_array(pass->unit->arena, n_matches, sizeof(*items));
    if (!items)
        return sp_scan_no_memory(pass->unit->arena, pass->error);
    int r = 0;
    size_t plain_at = 0;
    for (size_t i = 0; i < n_matches && r == 0;) {
        uint32_t pattern = matches[i].pattern;
        size_t n_items = 0;
        for (; i < n_matches && matches[i].pattern == pattern && r == 0; i++) {
            struct mapped *item = &items[n_items];
            sp_canon_map(pass->canon, matches[i].start, matches[i].end, &item->from, &item->to);
            if (matches[i].limit) {
                r = add_limit(pass, &matches[i], item->from);
                continue;
            }
            sp_canon_touches(pass->canon, matches[i].start, matches[i].end, &item->via);
            n_items++;
        }
        while (plain_at < n_plain && plain[plain_at].pattern < pattern)
            plain_at++;
        size_t first = plain_at;
        while (plain_at < n_plain && plain[plain_at].pattern == pattern)
            plain_at++;
        if (r == 0)
            r = add_mapped(pass, pattern, items, n_items, plain + first, plain_at - first);
    }
    return r;
}

bool sp_pattern_in_canonical(enum sp_scope scope)
{
    return scope == SP_SCOPE_CODE || scope == SP_SCOPE_STRINGS;
}

int sp_pattern_rule(struct sp_scan *scan, struct sp_unit *unit, struct sp_scan_policy *policy,
    const struct sp_canon *canon, struct sp_error *error)
{
    const unsigned in_code = 1u << SP_SCOPE_CODE | 1u << SP_SCOPE_STRINGS;
    const unsigned in_raw = 1u << SP_SCOPE_COMMENTS | 1u << SP_SCOPE_ANYWHERE;
    if (!policy->policy->matcher)
        return 0;
    struct pass pass = {.scan = scan, .unit = unit, .policy = policy, .error = error};
    struct sp_match *plain = NULL, *raw = NULL, *canonical = NULL;
    size_t n_plain = 0, n_raw = 0, n_canonical = 0;
    /* Where nothing is blanked both are one text, and one search does. Explain wants what comments hide, too. */
    bool one_text = unit->code.ptr == unit->text.ptr || scan->explaining;
    int r = search(&pass, scan->explaining ? unit->text : unit->code, in_code | (one_text ? in_raw : 0), accept_plain,
        &plain, &n_plain);
    if (r == 0)
        r = add_plain(&pass, plain, n_plain);
    if (r == 0 && !one_text)
        r = search(&pass, unit->text, in_raw, accept_plain, &raw, &n_raw);
    if (r == 0)
        r = add_plain(&pass, raw, n_raw);
    if (r < 0 || !canon->text.ptr)
        return r;
    pass.canon = canon;
    r = search(&pass, canon->text, in_code, accept_canonical, &canonical, &n_canonical);
    return r < 0 || n_canonical == 0 ? r : add_canonical(&pass, canonical, n_canonical, plain, n_plain);
}
