#ifndef SP_SCANNER_POLICY_H
#define SP_SCANNER_POLICY_H

/* The policy model and the compiled policy as the scanner's own files see them; outwards both are opaque
 * (scanner/scanner.h). A model is written once by its decoder and read-only from then on. */

#include <stdatomic.h>

#include "proto/scope.h"
#include "scanner/match.h"
#include "scanner/scanner.h"

#define SP_POLICY_RULES_MAX      10000       /* patterns, restricted and allowed modules together */
#define SP_POLICY_PATTERN_MAX    (64u << 10) /* bytes of one pattern */
#define SP_POLICY_NAME_MAX       64
#define SP_POLICY_ID_MAX         128  /* of a rule */
#define SP_POLICY_TEXT_MAX       2048 /* description, fix, url, cwe */
#define SP_POLICY_MODULE_MAX     256
#define SP_POLICY_MODEL_BYTES    (32u << 20) /* all that a model holds */
#define SP_POLICY_WARNINGS_MAX   64
#define SP_POLICY_LANGUAGES_NONE 0u

enum sp_scope { SP_SCOPE_CODE, SP_SCOPE_STRINGS, SP_SCOPE_COMMENTS, SP_SCOPE_ANYWHERE, SP_SCOPE_COUNT };

/* What every rule has. Texts are terminated and the model's; NULL where the policy gives none. */
struct sp_policy_rule {
    const char *name;        /* the id, else "patterns[3]", "restricted_modules[os]" */
    const char *description; /* never NULL: made from the rule where none is given */
    bool described, graded;  /* the policy gave description, severity */
    const char *id, *cwe, *url, *fix;
    enum sp_severity severity;
    uint32_t languages; /* a bit a language; SP_POLICY_LANGUAGES_NONE: all */
};

struct sp_policy_pattern {
    struct sp_policy_rule rule;
    struct sp_str pattern;
    unsigned flags; /* enum sp_match_flag */
    enum sp_scope scope;
};

struct sp_policy_module {
    struct sp_policy_rule rule;
    struct sp_str name;
};

struct sp_policy_model {
    struct sp_arena arena;
    char id[72];
    const char *name;   /* NULL: none */
    uint32_t languages; /* a bit a language; SP_POLICY_LANGUAGES_NONE: all */
    enum sp_severity threshold;
    bool threshold_given, unlisted_given;
    struct sp_policy_pattern *patterns;
    size_t n_patterns;
    struct sp_policy_module *modules;
    size_t n_modules;
    struct sp_str *allowed;
    size_t n_allowed;
    bool has_allowed;          /* an empty list allows nothing, no list allows all */
    enum sp_severity unlisted; /* only with has_allowed */
    enum sp_severity dynamic;  /* SP_SEVERITY_COUNT: no such rule */
    enum sp_severity unicode;  /* SP_SEVERITY_COUNT: no such rule */
    struct sp_policy_warning *warnings;
    size_t n_warnings;
};

/* Module names to indices, by open addressing; at most half full. */
struct sp_policy_index {
    struct sp_policy_slot {
        uint32_t hash;
        uint32_t item; /* index + 1, 0: free */
    } * slots;
    uint32_t mask;
};

struct sp_policy {
    atomic_uint references;
    struct sp_policy_model *model;
    struct sp_matcher *matcher;     /* NULL: no patterns */
    struct sp_policy_index modules; /* several rules may have one name, of different languages or ids */
    struct sp_policy_index allowed;
    uint32_t *next_module; /* the next rule of the same name + 1, 0: none */
    size_t index_bytes;
};

SP_CLEANUP_DEFINE(struct sp_policy_model *, sp_policy_model_free)

/* Fills model->warnings with what is valid but perhaps not meant so; the last says how many more there are. */
int sp_policy_note(struct sp_policy_model *model, struct sp_error *error);

/* The model as a map with its defaults filled in; what the id is computed over when with_name is false. */
void sp_policy_pack_model(const struct sp_policy_model *model, bool with_name, struct sp_buffer *buffer);
/* Computes model->id. */
int sp_policy_identify(struct sp_policy_model *model, struct sp_error *error);

/* Does the rule speak of this language? */
static inline bool sp_policy_rule_serves(const struct sp_policy_rule *rule, int language)
{
    return rule->languages == SP_POLICY_LANGUAGES_NONE || (rule->languages & (1u << language)) != 0;
}

/* One prefix of a module's name that the policy knows. item: index + 1 into model->modules, or 1 for an allowed module.
 * Prefixes come shortest first and end before a separator ('.', '/', ':') or at the end; whether the language means this
 * module by that name is for its tongue to say. */
struct sp_policy_hit {
    struct sp_str name;
    uint32_t item;
};

/* Walks the hits of `module`; linear in its length. at: 0 to begin. Returns false at the end. */
struct sp_policy_walk {
    struct sp_str module;
    size_t at;
    uint32_t hash;
};
void sp_policy_walk_init(struct sp_policy_walk *walk, struct sp_str module);
bool sp_policy_walk_restricted(
    const struct sp_policy *policy, struct sp_policy_walk *walk, struct sp_policy_hit *ret_hit);
bool sp_policy_walk_allowed(const struct sp_policy *policy, struct sp_policy_walk *walk, struct sp_policy_hit *ret_hit);

extern const char *const sp_policy_scopes[];
extern const char *const sp_policy_flags[]; /* in the order of enum sp_match_flag's bits */

#endif
