/* What is valid in a policy but perhaps not meant so. Any thread; writes the model that is being made. */
#include "scanner/policy.h"

#include <stdarg.h>
#include <stdlib.h>

#include "proto/language.h"
#include "scanner/module_name.h"

/* Room for the last one, which says how many more there are. */
struct notes {
    struct sp_policy_model *model;
    size_t n_left_out;
};

static void note(struct notes *notes, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void note(struct notes *notes, const char *path, const char *format, ...)
{
    struct sp_policy_model *model = notes->model;
    if (model->n_warnings >= SP_POLICY_WARNINGS_MAX - 1) {
        notes->n_left_out++;
        return;
    }
    struct sp_policy_warning *warning = &model->warnings[model->n_warnings++];
    snprintf(warning->path, sizeof(warning->path), "%s", path);
    va_list args;
    va_start(args, format);
    vsnprintf(warning->text, sizeof(warning->text), format, args);
    va_end(args);
}

static void note_rule(struct notes *notes, const struct sp_policy_rule *rule, const char *list, size_t index)
{
    const struct sp_policy_model *model = notes->model;
    char path[64];
    if (!rule->graded) {
        snprintf(path, sizeof(path), "%s[%zu].severity", list, index);
        note(notes, path, "is missing; high is used");
    }
    if (!rule->described) {
        snprintf(path, sizeof(path), "%s[%zu].description", list, index);
        note(notes, path, "is missing; findings say which pattern or module, not why");
    }
    if (rule->languages && model->languages && !(rule->languages & model->languages)) {
        snprintf(path, sizeof(path), "%s[%zu].languages", list, index);
        note(notes, path, "the policy's language excludes all of them: the rule is never used");
    }
}

struct entry {
    struct sp_str text;
    uint32_t languages;
    unsigned flags;
    int kind; /* scope of a pattern; for modules 0 restricted, 1 allowed */
    size_t index;
};

static int by_text(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = sp_str_compare(x->text, y->text);
    if (order)
        return order;
    if (x->kind != y->kind)
        return x->kind - y->kind;
    if (x->flags != y->flags)
        return x->flags < y->flags ? -1 : 1;
    if (x->languages != y->languages)
        return x->languages < y->languages ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void note_doubled_patterns(struct notes *notes, struct entry *entries)
{
    const struct sp_policy_model *model = notes->model;
    for (size_t i = 0; i < model->n_patterns; i++) {
        const struct sp_policy_pattern *p = &model->patterns[i];
        entries[i] = (struct entry){p->pattern, p->rule.languages, p->flags, (int)p->scope, i};
    }
    qsort(entries, model->n_patterns, sizeof(*entries), by_text);
    for (size_t i = 1; i < model->n_patterns; i++) {
        const struct entry *before = &entries[i - 1], *here = &entries[i];
        if (!sp_str_equal(before->text, here->text) || before->kind != here->kind || before->flags != here->flags ||
            before->languages != here->languages)
            continue;
        char path[64];
        snprintf(path, sizeof(path), "patterns[%zu].pattern", here->index);
        note(notes, path, "is the same as patterns[%zu].pattern", before->index);
    }
}

static void note_spellings(struct notes *notes)
{
    const struct sp_policy_model *model = notes->model;
    for (size_t i = 0; i < model->n_modules + model->n_allowed; i++) {
        bool restricted = i < model->n_modules;
        size_t index = restricted ? i : i - model->n_modules;
        uint32_t languages = restricted ? model->modules[i].rule.languages : SP_POLICY_LANGUAGES_NONE;
        struct sp_str name = restricted ? model->modules[i].name : model->allowed[index];
        const char *why = sp_module_name_doubt(languages ? languages : model->languages, name);
        char path[64];
        snprintf(path, sizeof(path), restricted ? "restricted_modules[%zu].name" : "allowed_modules[%zu]", index);
        if (why)
            note(notes, path, "%.*s may never match: %s", sp_str_int(name, 80), name.ptr, why);
    }
}

static void note_modules(struct notes *notes, struct entry *entries)
{
    const struct sp_policy_model *model = notes->model;
    size_t n = 0;
    for (size_t i = 0; i < model->n_modules; i++)
        entries[n++] = (struct entry){model->modules[i].name, model->modules[i].rule.languages, 0, 0, i};
    for (size_t i = 0; i < model->n_allowed; i++)
        entries[n++] = (struct entry){model->allowed[i], 0, 0, 1, i};
    qsort(entries, n, sizeof(*entries), by_text);
    for (size_t i = 1; i < n; i++) {
        const struct entry *before = &entries[i - 1], *here = &entries[i];
        if (!sp_str_equal(before->text, here->text))
            continue;
        char path[64];
        snprintf(path, sizeof(path), here->kind ? "allowed_modules[%zu]" : "restricted_modules[%zu].name", here->index);
        if (before->kind != here->kind)
            note(notes, path, "%.*s is restricted as well: the restriction holds", sp_str_int(here->text, 80),
                here->text.ptr);
        else if (before->languages == here->languages)
            note(notes, path, "%.*s is listed twice", sp_str_int(here->text, 80), here->text.ptr);
    }
}

int sp_policy_note(struct sp_policy_model *model, struct sp_error *error)
{
    struct notes notes = {.model = model};
    size_t most = model->n_patterns + model->n_modules + model->n_allowed;
    sp_cleanup(sp_free_ptr) struct entry *entries = calloc(most ? most : 1, sizeof(*entries));
    model->warnings = sp_arena_array(&model->arena, SP_POLICY_WARNINGS_MAX, sizeof(*model->warnings));
    if (!entries || !model->warnings)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (!model->threshold_given)
        note(&notes, "severity_threshold", "is missing; medium is used");
    if (model->unlisted_given && !model->has_allowed)
        note(&notes, "unlisted_modules", "has no effect without allowed_modules");
    if (most == 0 && !model->has_allowed && model->unicode == SP_SEVERITY_COUNT && model->dynamic == SP_SEVERITY_COUNT)
        note(&notes, "", "the policy has no rules");
    if (model->languages == 1u << SP_LANGUAGE_TEXT && (model->n_modules || model->has_allowed))
        note(&notes, model->n_modules ? "restricted_modules" : "allowed_modules", "text has no modules");
    for (size_t i = 0; i < model->n_patterns; i++)
        note_rule(&notes, &model->patterns[i].rule, "patterns", i);
    for (size_t i = 0; i < model->n_modules; i++)
        note_rule(&notes, &model->modules[i].rule, "restricted_modules", i);
    note_doubled_patterns(&notes, entries);
    note_modules(&notes, entries);
    note_spellings(&notes);
    if (notes.n_left_out) {
        struct sp_policy_warning *last = &model->warnings[model->n_warnings++];
        snprintf(last->text, sizeof(last->text), "%zu more of these", notes.n_left_out);
    }
    return 0;
}
