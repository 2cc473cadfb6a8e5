/* A scan: read, match, judge; once over the source, and again over each text that it evaluates. On the thread that the
 * scanner belongs to. */
#include "scanner/scan.h"

#include <stdlib.h>

#include "proto/language.h"
#include "proto/utf8.h"
#include "scanner/program.h"
#include "scanner/scanner_state.h"

int sp_scan_no_memory(const struct sp_arena *arena, struct sp_error *error)
{
    return sp_error_set(error, sp_arena_error(arena), NULL);
}

static int find_tongue(struct sp_scan *scan, struct sp_str name, struct sp_error *error)
{
    char names[160] = "";
    size_t n = 0;
    scan->language = sp_language_find(name, &scan->dialect);
    if (scan->language != SP_LANGUAGE_NONE) {
        scan->tongue = sp_tongue_find(scan->language);
        if (scan->tongue)
            return 0;
        return sp_error_set(error, SP_EUNSUPPORTED_LANGUAGE, "%s cannot be judged", sp_language_name(scan->language));
    }
    for (int i = 0; i < SP_LANGUAGE_COUNT && n < sizeof(names); i++)
        if (sp_tongue_find(i))
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "", sp_language_name(i));
    bool shown = name.ptr && sp_utf8_valid((const uint8_t *)name.ptr, name.n_bytes) == name.n_bytes;
    return sp_error_set(error, SP_EUNSUPPORTED_LANGUAGE, "unknown language \"%.*s\" (%s)",
        shown ? sp_str_int(name, 40) : 0, shown ? name.ptr : "", names);
}

static int begin_policy(
    struct sp_scan *scan, struct sp_scan_policy *state, const struct sp_policy *policy, struct sp_error *error)
{
    const struct sp_policy_model *model = policy->model;
    if (!sp_policy_serves(policy, scan->language))
        return sp_error_set(error, SP_ENOT_APPLICABLE, "policy %s does not judge %s",
            model->name ? model->name : model->id, sp_language_name(scan->language));
    state->policy = policy;
    state->wanted = sp_arena_array(scan->work, model->n_patterns, sizeof(*state->wanted));
    state->limited = sp_arena_array(scan->work, model->n_patterns, sizeof(*state->limited));
    state->work = sp_arena_array(scan->work, model->n_patterns, sizeof(*state->work));
    state->hits = sp_arena_array(scan->work, model->n_modules, sizeof(*state->hits));
    return state->wanted && state->limited && state->work && state->hits ? 0 : sp_scan_no_memory(scan->work, error);
}

int sp_scan_begin(struct sp_scan *scan, struct sp_scanner *scanner, const struct sp_scan_options *options,
    struct sp_str code, struct sp_error *error)
{
    static const char empty[] = "";
    *scan = (struct sp_scan){
        .source = code, .scratch = scanner->scratch, .work = &scanner->work, .levels = scanner->levels};
    sp_scanner_reset(scanner, code.n_bytes);
    if (!code.ptr)
        scan->source = (struct sp_str){empty, 0};
    if (code.n_bytes > SP_SCAN_SOURCE_BYTES_MAX)
        return sp_error_set(error, SP_ETOO_LARGE, "the code is larger than %u bytes", SP_SCAN_SOURCE_BYTES_MAX);
    if (options->n_policies > SP_SCAN_POLICIES_MAX)
        return sp_error_set(error, SP_EINVALID_REQUEST, "more than %d policies", SP_SCAN_POLICIES_MAX);
    scan->view = sp_program_view(options->program, options->program_file);
    int r = find_tongue(scan, options->language, error);
    for (; scan->n_policies < options->n_policies && r == 0; scan->n_policies++)
        r = begin_policy(scan, &scan->policies[scan->n_policies], options->policies[scan->n_policies], error);
    sp_judge_init(&scan->judge, options->policies, options->n_policies,
        options->violations_max ? options->violations_max : SP_SCAN_VIOLATIONS, scan->work);
    return r;
}

int sp_scan_keep(struct sp_scan *scan, struct sp_str text, struct sp_str *ret_text, struct sp_error *error)
{
    const char *copy = sp_arena_copy(scan->work, text.ptr, text.n_bytes);
    if (!copy)
        return sp_scan_no_memory(scan->work, error);
    *ret_text = (struct sp_str){copy, text.n_bytes};
    return 0;
}

int sp_scan_add(struct sp_scan *scan, struct sp_unit *unit, struct sp_judge_record record, struct sp_error *error)
{
    int r = 0;
    if (unit->depth && !unit->kept.ptr)
        r = sp_scan_keep(scan, unit->text, &unit->kept, error);
    if (r < 0)
        return r;
    if (unit->depth) {
        if (record.via < SP_VIA_EVALUATED)
            record.via = SP_VIA_EVALUATED;
        record.inner = unit->kept;
        record.inner_offset = record.offset;
        record.inner_length = record.length;
        record.offset = unit->offset;
        record.length = unit->length;
    }
    r = sp_judge_add(&scan->judge, record);
    return r < 0 ? sp_error_set(error, r, NULL) : 0;
}

int sp_scan_limit(struct sp_scan *scan, struct sp_unit *unit, const struct sp_policy *policy, const char *description,
    uint32_t offset, uint32_t length, struct sp_error *error)
{
    return sp_scan_add(scan, unit,
        (struct sp_judge_record){.policy = policy,
            .name = "limit",
            .description = description,
            .kind = SP_FINDING_LIMIT,
            .severity = SP_SEVERITY_HIGH,
            .via = SP_VIA_LIMIT,
            .offset = offset,
            .length = length},
        error);
}

static int note_modules(struct sp_scan *scan, const struct sp_unit *unit, struct sp_error *error)
{
    for (uint32_t i = 0; i < unit->resolution.modules.n_items; i++) {
        const struct sp_module_use *use = &unit->resolution.modules.items[i];
        if (use->maybe)
            continue;
        if (scan->n_modules && sp_str_equal(scan->modules[scan->n_modules - 1], use->name))
            continue;
        int r = SP_ARENA_GROW(scan->work, scan->modules, scan->n_modules, scan->n_modules_room, 32);
        if (r < 0)
            return sp_error_set(error, r, NULL);
        r = sp_scan_keep(scan, use->name, &scan->modules[scan->n_modules], error);
        if (r < 0)
            return r;
        scan->n_modules++;
    }
    return 0;
}

static uint64_t sign_name(void *context, const struct sp_reach_name *name, uint64_t *work)
{
    const struct sp_scan *scan = context;
    uint64_t all = SP_REACH_NONE;
    for (size_t i = 0; i < scan->n_policies; i++) {
        const struct sp_policy *policy = scan->policies[i].policy;
        *work += policy->model->n_patterns;
        for (size_t k = 0; policy->matcher && k < policy->model->n_patterns; k++) {
            const struct sp_policy_pattern *pattern = &policy->model->patterns[k];
            if (!sp_pattern_in_canonical(pattern->scope) || !sp_policy_rule_serves(&pattern->rule, scan->language))
                continue;
            uint64_t one = sp_reach_sign(sp_matcher_reach(policy->matcher), k, name, work);
            if (one == SP_REACH_UNKNOWN)
                return one;
            if (one != SP_REACH_NONE)
                all = sp_reach_join(all, i * SP_POLICY_RULES_MAX + k, one);
        }
    }
    return all;
}

static int judge_unit(struct sp_scan *scan, struct sp_unit *unit, struct sp_error *error)
{
    const struct sp_resolution *resolution = &unit->resolution;
    const struct sp_canon_reader reader = {.sign = sign_name, .context = scan};
    struct sp_canon canon;
    int r = note_modules(scan, unit, error);
    for (uint32_t i = 0; i < resolution->limits.n_items && r == 0; i++)
        r = sp_scan_limit(scan, unit, NULL, resolution->limits.items[i].what, resolution->limits.items[i].offset,
            resolution->limits.items[i].length, error);
    if (r == 0)
        r = sp_canon_build(&canon, scan->tongue, unit->code, resolution, &reader, unit->arena, error);
    if (r == 0 && canon.limited)
        r = sp_scan_limit(scan, unit, NULL, canon.limit_what, canon.limit_at, 0, error);
    for (size_t i = 0; i < scan->n_policies && r == 0; i++) {
        r = sp_pattern_rule(scan, unit, &scan->policies[i], &canon, error);
        if (r == 0)
            r = sp_module_rule(scan, unit, &scan->policies[i], error);
        if (r == 0)
            r = sp_dynamic_rule(scan, unit, &scan->policies[i], error);
        if (r == 0 && unit->depth == 0)
            r = sp_unicode_rule(scan, unit, &scan->policies[i], error);
    }
    return r;
}

/* Two ways to the same literal (`f = eval or exec; f("…")`) evaluate the same text. */
static bool is_repeated(const struct sp_resolution *resolution, uint32_t index)
{
    const struct sp_evaluated *item = &resolution->evaluated.items[index];
    if (index == 0)
        return false;
    const struct sp_evaluated *before = item - 1;
    return before->offset == item->offset && before->length == item->length && sp_str_equal(before->text, item->text);
}

static int scan_evaluated(
    struct sp_scan *scan, struct sp_unit *outer, const struct sp_evaluated *evaluated, struct sp_error *error)
{
    if (outer->depth == SP_SCAN_DEPTH_MAX)
        return sp_scan_limit(scan, outer, NULL, "code is evaluated too deep inside evaluated code", evaluated->offset,
            evaluated->length, error);
    if (evaluated->text.n_bytes > SP_SCAN_EVALUATED_MAX(scan->source.n_bytes) - scan->evaluated_bytes)
        return sp_scan_limit(
            scan, outer, NULL, "more code is evaluated than is looked at", evaluated->offset, evaluated->length, error);
    scan->evaluated_bytes += evaluated->text.n_bytes;
    struct sp_unit unit = {.depth = outer->depth + 1,
        .offset = outer->depth ? outer->offset : evaluated->offset,
        .length = outer->depth ? outer->length : evaluated->length,
        .arena = &scan->levels[outer->depth + 1]};
    sp_arena_reset(unit.arena);
    int r = sp_unit_read(&unit, scan->tongue, evaluated->text, scan->dialect, scan->view, error);
    return r < 0 ? r : sp_scan_unit(scan, &unit, error);
}

int sp_scan_unit(struct sp_scan *scan, struct sp_unit *unit, struct sp_error *error)
{
    const struct sp_resolution *resolution = &unit->resolution;
    unit->number = ++scan->n_units;
    sp_explain_unit(scan, unit);
    int r = judge_unit(scan, unit, error);
    for (uint32_t i = 0; i < resolution->evaluated.n_items && r == 0; i++)
        if (!is_repeated(resolution, i))
            r = scan_evaluated(scan, unit, &resolution->evaluated.items[i], error);
    return r;
}

static int by_bytes(const void *a, const void *b)
{
    return sp_str_compare(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

static int finish_modules(
    struct sp_scan *scan, struct sp_arena *arena, struct sp_verdict *verdict, struct sp_error *error)
{
    if (scan->n_modules == 0)
        return 0;
    qsort(scan->modules, scan->n_modules, sizeof(*scan->modules), by_bytes);
    uint32_t n = 0;
    for (uint32_t i = 0; i < scan->n_modules; i++)
        if (n == 0 || !sp_str_equal(scan->modules[n - 1], scan->modules[i]))
            scan->modules[n++] = scan->modules[i];
    struct sp_str *modules = sp_arena_array(arena, n, sizeof(*modules));
    for (size_t i = 0; i < n && modules; i++) {
        const char *copy = sp_arena_copy(arena, scan->modules[i].ptr, scan->modules[i].n_bytes);
        if (!copy)
            modules = NULL;
        else
            modules[i] = (struct sp_str){copy, scan->modules[i].n_bytes};
    }
    if (!modules)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    verdict->modules = modules;
    verdict->n_modules = n;
    return 0;
}

static int digest(struct sp_scanner *scanner, struct sp_str code, uint8_t sha256[32], struct sp_error *error)
{
    if (EVP_DigestInit_ex2(scanner->digest, scanner->sha256, NULL) != 1 ||
        EVP_DigestUpdate(scanner->digest, code.ptr, code.n_bytes) != 1 ||
        EVP_DigestFinal_ex(scanner->digest, sha256, NULL) != 1)
        return sp_error_set(error, SP_EINTERNAL, "SHA-256 failed");
    return 0;
}

static int scan_source(struct sp_scan *scan, const struct sp_scan_options *options, struct sp_error *error)
{
    struct sp_unit unit = {.arena = &scan->levels[0]};
    int r = sp_unit_read(&unit, scan->tongue, scan->source, scan->dialect, scan->view, error);
    if (r == 0)
        r = sp_encoding_rule(scan, &unit, options->strict_encoding, error);
    return r < 0 ? r : sp_scan_unit(scan, &unit, error);
}

int sp_scan(struct sp_scanner *scanner, const struct sp_scan_options *options, struct sp_str code,
    struct sp_arena *arena, struct sp_verdict *ret_verdict, struct sp_error *error)
{
    struct sp_scan scan;
    int r = sp_scan_begin(&scan, scanner, options, code, error);
    if (r == 0)
        r = scan_source(&scan, options, error);
    if (r < 0)
        return r;
    struct sp_verdict verdict = {.language = sp_language_name(scan.language),
        .policies = options->policies,
        .n_policies = options->n_policies,
        .size_bytes = code.n_bytes};
    r = sp_judge_finish(&scan.judge, scan.source, arena, &verdict, error);
    if (r == 0)
        r = finish_modules(&scan, arena, &verdict, error);
    if (r == 0)
        r = digest(scanner, scan.source, verdict.sha256, error);
    if (r == 0)
        *ret_verdict = verdict;
    return r;
}
