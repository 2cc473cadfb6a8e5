/* The policy model: what was decoded of a policy's map, checked and copied. Any thread; a model belongs to whoever made it.
 * Everything that a policy's author can get wrong is told here, with its path, before anything is compiled. */
#include "scanner/policy.h"

#include <stdlib.h>

#include "proto/decode.h"
#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/module_name.h"
#include "scanner/policy_raw.h"

const char *const sp_policy_scopes[] = {"code", "strings", "comments", "anywhere", NULL};
const char *const sp_policy_flags[] = {"ignore_case", "multiline", "dotall", "verbose", "ascii", NULL};

/* Names of findings that are no rule's own; an id must not pass for one. */
static const char *const reserved_ids[] = {"allowed_modules", "dynamic", "encoding", "unicode", "limit"};

static int out_of_memory(const struct sp_arena *arena, struct sp_error *error)
{
    return arena->exhausted ? sp_error_set(error, SP_EINVALID_POLICY, "is larger than %u bytes", SP_POLICY_MODEL_BYTES)
                            : sp_error_set(error, SP_ENO_MEMORY, NULL);
}

static int keep(struct sp_policy_model *model, struct sp_str text, const char **ret_text, struct sp_error *error)
{
    if (!text.ptr)
        return 0;
    const char *copy = sp_arena_copy(&model->arena, text.ptr, text.n_bytes);
    if (!copy)
        return out_of_memory(&model->arena, error);
    *ret_text = copy;
    return 0;
}

static int keep_str(struct sp_policy_model *model, struct sp_str text, struct sp_str *ret_text, struct sp_error *error)
{
    const char *copy = NULL;
    int r = keep(model, text, &copy, error);
    if (r < 0)
        return r;
    *ret_text = (struct sp_str){copy, text.n_bytes};
    return 0;
}

static int one_language(const msgpack_object *object, uint32_t *mask, struct sp_error *error)
{
    struct sp_str name, dialect;
    if (!sp_decode_str(object, &name))
        return sp_error_set(error, SP_EINVALID_POLICY, "must be a language or a list of languages");
    int language = sp_language_find(name, &dialect);
    if (language == SP_LANGUAGE_NONE || dialect.n_bytes > 0) {
        char names[160] = "";
        size_t n = 0;
        for (int i = 0; i < SP_LANGUAGE_COUNT && n < sizeof(names); i++)
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", sp_language_name(i));
        return sp_error_set(
            error, SP_EINVALID_POLICY, "unknown language \"%.*s\" (%s)", sp_str_int(name, 40), name.ptr, names);
    }
    *mask |= 1u << language;
    return 0;
}

/* One name, or a list of at least one. */
static int decode_languages(const msgpack_object *object, const char *key, uint32_t *ret_mask, struct sp_error *error)
{
    uint32_t mask = SP_POLICY_LANGUAGES_NONE;
    int r = 0;
    if (object && object->type == MSGPACK_OBJECT_ARRAY) {
        if (object->via.array.size == 0 || object->via.array.size > SP_LANGUAGE_COUNT)
            r = sp_error_set(error, SP_EINVALID_POLICY, "must list 1 to %d languages", SP_LANGUAGE_COUNT);
        for (uint32_t i = 0; i < object->via.array.size && r == 0; i++) {
            r = one_language(&object->via.array.ptr[i], &mask, error);
            if (r < 0)
                sp_error_prefix(error, "[%u]", i);
        }
    } else if (object) {
        r = one_language(object, &mask, error);
    }
    if (r < 0) {
        sp_error_prefix(error, "%s", key);
        return r;
    }
    *ret_mask = mask;
    return 0;
}

static bool id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("._:/-", c));
}

static int check_id(struct sp_str id, struct sp_error *error)
{
    int r = 0;
    for (size_t i = 0; i < id.n_bytes && r == 0; i++)
        if (!id_byte(id.ptr[i]))
            r = sp_error_set(error, SP_EINVALID_POLICY, "may hold letters, digits and . _ : / - only");
    for (size_t i = 0; i < SP_COUNT(reserved_ids) && r == 0; i++)
        if (sp_str_is(id, reserved_ids[i]))
            r = sp_error_set(
                error, SP_EINVALID_POLICY, "\"%s\" is the name of a rule of the scanner's own", reserved_ids[i]);
    if (r < 0)
        sp_error_prefix(error, "id");
    return r;
}

/* Everything of a rule but its name, which needs its index or module. */
static int keep_rule(struct sp_policy_model *model, const struct sp_policy_raw_rule *raw, struct sp_policy_rule *rule,
    struct sp_error *error)
{
    int r = check_id(raw->id, error);
    if (r == 0)
        r = decode_languages(raw->languages, "languages", &rule->languages, error);
    if (r == 0)
        r = keep(model, raw->description, &rule->description, error);
    if (r == 0)
        r = keep(model, raw->id, &rule->id, error);
    if (r == 0)
        r = keep(model, raw->cwe, &rule->cwe, error);
    if (r == 0)
        r = keep(model, raw->url, &rule->url, error);
    if (r == 0)
        r = keep(model, raw->fix, &rule->fix, error);
    rule->described = rule->description != NULL;
    rule->graded = raw->severity != SP_POLICY_RAW_ABSENT;
    rule->severity = raw->severity == SP_POLICY_RAW_ABSENT ? SP_SEVERITY_HIGH : (enum sp_severity)raw->severity;
    return r;
}

static int decode_flags(const struct sp_strings *names, unsigned *ret_flags, struct sp_error *error)
{
    unsigned flags = 0;
    for (size_t i = 0; i < names->n_items; i++) {
        size_t bit = 0;
        while (sp_policy_flags[bit] && !sp_str_is(names->items[i], sp_policy_flags[bit]))
            bit++;
        if (!sp_policy_flags[bit]) {
            sp_error_set(error, SP_EINVALID_POLICY,
                "unknown flag \"%.*s\" (ignore_case, multiline, dotall, verbose, ascii)",
                sp_str_int(names->items[i], 40), names->items[i].ptr);
            sp_error_prefix(error, "flags[%zu]", i);
            return SP_EINVALID_POLICY;
        }
        flags |= 1u << bit;
    }
    *ret_flags = flags;
    return 0;
}

static int keep_pattern(struct sp_policy_model *model, const struct sp_policy_raw_pattern *raw, size_t index,
    struct sp_policy_pattern *pattern, struct sp_error *error)
{
    int r = keep_rule(model, &raw->rule, &pattern->rule, error);
    if (r == 0)
        r = decode_flags(&raw->flags, &pattern->flags, error);
    if (r == 0)
        r = keep_str(model, raw->pattern, &pattern->pattern, error);
    if (r < 0)
        return r;
    pattern->scope = (enum sp_scope)raw->scope;
    const struct sp_match_pattern wanted = {pattern->pattern, pattern->flags};
    r = sp_match_check(&wanted, error);
    if (r < 0) {
        sp_error_prefix(error, "pattern");
        return r;
    }
    pattern->rule.name = pattern->rule.id ? pattern->rule.id : sp_arena_printf(&model->arena, "patterns[%zu]", index);
    if (pattern->rule.name && !pattern->rule.description)
        pattern->rule.description = sp_arena_printf(&model->arena, "pattern %.*s%s", sp_str_int(pattern->pattern, 80),
            pattern->pattern.ptr, pattern->pattern.n_bytes > 80 ? "…" : "");
    return pattern->rule.name && pattern->rule.description ? 0 : out_of_memory(&model->arena, error);
}

static int keep_module_name(struct sp_policy_model *model, uint32_t languages, struct sp_str name,
    struct sp_str *ret_name, struct sp_error *error)
{
    int r = sp_module_name_normal(languages, name, &model->arena, ret_name, error);
    return r < 0 && model->arena.exhausted ? out_of_memory(&model->arena, error) : r;
}

static int keep_module(struct sp_policy_model *model, const struct sp_policy_raw_module *raw,
    struct sp_policy_module *module, struct sp_error *error)
{
    int r = keep_rule(model, &raw->rule, &module->rule, error);
    if (r < 0)
        return r;
    uint32_t languages = module->rule.languages ? module->rule.languages : model->languages;
    r = keep_module_name(model, languages, raw->name, &module->name, error);
    if (r < 0) {
        sp_error_prefix(error, "name");
        return r;
    }
    module->rule.name =
        module->rule.id ? module->rule.id : sp_arena_printf(&model->arena, "restricted_modules[%s]", module->name.ptr);
    if (module->rule.name && !module->rule.description)
        module->rule.description = sp_arena_printf(&model->arena, "module %s", module->name.ptr);
    return module->rule.name && module->rule.description ? 0 : out_of_memory(&model->arena, error);
}

static int keep_allowed(
    struct sp_policy_model *model, const msgpack_object *object, struct sp_arena *scratch, struct sp_error *error)
{
    if (!object)
        return 0;
    msgpack_object_kv kv = {.val = *object};
    kv.key.type = MSGPACK_OBJECT_STR;
    kv.key.via.str.ptr = SP_POLICY_RAW_ALLOWED;
    kv.key.via.str.size = (uint32_t)strlen(SP_POLICY_RAW_ALLOWED);
    msgpack_object map = {.type = MSGPACK_OBJECT_MAP};
    map.via.map.ptr = &kv;
    map.via.map.size = 1;
    struct sp_policy_raw_allowed raw;
    int r = sp_decode(&map, &sp_policy_raw_allowed_table, SP_EINVALID_POLICY, scratch, &raw, error);
    if (r < 0)
        return r;
    model->has_allowed = true;
    model->allowed = sp_arena_array(&model->arena, raw.names.n_items, sizeof(*model->allowed));
    if (!model->allowed)
        return out_of_memory(&model->arena, error);
    for (size_t i = 0; i < raw.names.n_items; i++) {
        r = keep_module_name(model, model->languages, raw.names.items[i], &model->allowed[i], error);
        if (r < 0) {
            sp_error_prefix(error, "allowed_modules[%zu]", i);
            return r;
        }
    }
    model->n_allowed = raw.names.n_items;
    return 0;
}

static int check_name(struct sp_str name, struct sp_error *error)
{
    bool good = true;
    for (size_t i = 0; i < name.n_bytes && good; i++) {
        char c = name.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (i > 0 && (c == '.' || c == '_' || c == '-'));
    }
    if (good)
        return 0;
    return sp_error_set_at(
        error, SP_EINVALID_POLICY, "name", "a name is a lower-case letter or digit, then at most 63 of a-z 0-9 . _ -");
}

struct named {
    const char *id;
    const char *list;
    size_t index;
};

static int by_id(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    if (!order)
        order = strcmp(x->list, y->list);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

static int check_unique_ids(const struct sp_policy_model *model, struct sp_arena *scratch, struct sp_error *error)
{
    size_t n = 0;
    struct named *names = sp_arena_array(scratch, model->n_patterns + model->n_modules, sizeof(*names));
    if (!names)
        return out_of_memory(scratch, error);
    for (size_t i = 0; i < model->n_patterns; i++)
        if (model->patterns[i].rule.id)
            names[n++] = (struct named){model->patterns[i].rule.id, "patterns", i};
    for (size_t i = 0; i < model->n_modules; i++)
        if (model->modules[i].rule.id)
            names[n++] = (struct named){model->modules[i].rule.id, "restricted_modules", i};
    qsort(names, n, sizeof(*names), by_id);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(names[i - 1].id, names[i].id) != 0)
            continue;
        sp_error_set(error, SP_EINVALID_POLICY, "\"%s\" is the id of %s[%zu] already", names[i].id, names[i - 1].list,
            names[i - 1].index);
        sp_error_prefix(error, "%s[%zu].id", names[i].list, names[i].index);
        return SP_EINVALID_POLICY;
    }
    return 0;
}

static int fill(
    struct sp_policy_model *model, const struct sp_policy_raw *raw, struct sp_arena *scratch, struct sp_error *error)
{
    int r = check_name(raw->name, error);
    if (r == 0)
        r = keep(model, raw->name, &model->name, error);
    if (r == 0)
        r = decode_languages(raw->language, "language", &model->languages, error);
    if (r < 0)
        return r;
    model->patterns = sp_arena_array(&model->arena, raw->patterns.n_items, sizeof(*model->patterns));
    model->modules = sp_arena_array(&model->arena, raw->modules.n_items, sizeof(*model->modules));
    if (!model->patterns || !model->modules)
        return out_of_memory(&model->arena, error);
    const struct sp_policy_raw_pattern *patterns = raw->patterns.items;
    for (size_t i = 0; i < raw->patterns.n_items; i++) {
        r = keep_pattern(model, &patterns[i], i, &model->patterns[i], error);
        if (r < 0) {
            sp_error_prefix(error, "patterns[%zu]", i);
            return r;
        }
        model->n_patterns++;
    }
    const struct sp_policy_raw_module *modules = raw->modules.items;
    for (size_t i = 0; i < raw->modules.n_items; i++) {
        r = keep_module(model, &modules[i], &model->modules[i], error);
        if (r < 0) {
            sp_error_prefix(error, "restricted_modules[%zu]", i);
            return r;
        }
        model->n_modules++;
    }
    r = keep_allowed(model, raw->allowed, scratch, error);
    if (r < 0)
        return r;
    if (model->n_patterns + model->n_modules + model->n_allowed > SP_POLICY_RULES_MAX)
        return sp_error_set(error, SP_EINVALID_POLICY, "has %zu rules, more than %d",
            model->n_patterns + model->n_modules + model->n_allowed, SP_POLICY_RULES_MAX);
    model->threshold_given = raw->threshold != SP_POLICY_RAW_ABSENT;
    model->unlisted_given = raw->unlisted != SP_POLICY_RAW_ABSENT;
    model->threshold = raw->threshold == SP_POLICY_RAW_ABSENT ? SP_SEVERITY_MEDIUM : (enum sp_severity)raw->threshold;
    model->unlisted = raw->unlisted == SP_POLICY_RAW_ABSENT ? SP_SEVERITY_HIGH : (enum sp_severity)raw->unlisted;
    model->unicode = (enum sp_severity)raw->unicode;
    if (raw->dynamic != SP_POLICY_RAW_ABSENT)
        model->dynamic = (enum sp_severity)raw->dynamic;
    else if (model->has_allowed)
        model->dynamic = model->unlisted;
    else
        model->dynamic = model->n_modules ? SP_SEVERITY_LOW : SP_POLICY_RAW_ABSENT;
    return check_unique_ids(model, scratch, error);
}

int sp_policy_model_new(const msgpack_object *object, struct sp_policy_model **ret_model, struct sp_error *error)
{
    sp_cleanup(sp_policy_model_free_scope) struct sp_policy_model *model = calloc(1, sizeof(*model));
    if (!model)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_arena_init(&model->arena, SP_POLICY_MODEL_BYTES);
    sp_cleanup(sp_arena_fini) struct sp_arena scratch;
    sp_arena_init(&scratch, SP_POLICY_MODEL_BYTES);
    if (!object || object->type == MSGPACK_OBJECT_NIL)
        return sp_error_set(error, SP_EINVALID_POLICY, "a policy is a map");
    struct sp_policy_raw raw;
    int r = sp_decode(object, &sp_policy_raw_table, SP_EINVALID_POLICY, &scratch, &raw, error);
    if (r == 0)
        r = fill(model, &raw, &scratch, error);
    if (r == 0)
        r = sp_policy_note(model, error);
    if (r == 0)
        r = sp_policy_identify(model, error);
    if (r < 0)
        return r;
    *ret_model = SP_TAKE(model);
    return 0;
}

void sp_policy_model_free(struct sp_policy_model *model)
{
    if (!model)
        return;
    sp_arena_fini(&model->arena);
    free(model);
}

const char *sp_policy_model_id(const struct sp_policy_model *model)
{
    return model->id;
}

const char *sp_policy_model_name(const struct sp_policy_model *model)
{
    return model->name;
}

size_t sp_policy_model_warnings(const struct sp_policy_model *model, const struct sp_policy_warning **ret_warnings)
{
    *ret_warnings = model->warnings;
    return model->n_warnings;
}

int sp_policy_model_pack(const struct sp_policy_model *model, struct sp_buffer *buffer)
{
    sp_policy_pack_model(model, true, buffer);
    return buffer->failed;
}
