#ifndef SP_SCANNER_RESOLUTION_H
#define SP_SCANNER_RESOLUTION_H

/* What a resolver says of a source: which modules and names it really uses. The meeting point of the languages' resolvers
 * with the canonical second text, the module rules and explain. All memory is the scan's arena. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"
#include "proto/str.h"
#include "scanner/scanner.h"
#include "scanner/span.h"

/* A module that the code loads, once a site. name: canonical ("os.path", "google.cloud"). member: for
 * `from a import b`, b may be a submodule of a or a member: the resolver adds a use of "a" and, with maybe set, one of
 * "a.b": a rule that names a.b counts it, `modules` of a verdict does not list it. */
struct sp_module_use {
    struct sp_str name;
    uint32_t offset, length; /* of the site: the name as written, or the call's argument */
    enum sp_via via;
    bool maybe;
};

/* A resolved use of a name: "os.system", "eval". Offset and length of the expression as written (`o.system`). Ranges may
 * nest (`__import__(e("'os'")).system` is os.system and holds a use of e), never cross; several names may stand for the
 * same range, where it may mean each of them. A module that is used by itself (`f(o)`) is a use of "os". */
struct sp_name_use {
    struct sp_str name;
    uint32_t offset, length;
    enum sp_via via;
    bool call; /* followed by an argument list */
};

/* A constant that folding found in place of an expression; scanned as a plain literal in the second text. */
struct sp_folded {
    struct sp_str value; /* UTF-8 (or bytes) */
    uint32_t offset, length;
    bool bytes;
};

/* Code inside code: a literal, plain or folded, that is executed. */
struct sp_evaluated {
    struct sp_str text;
    uint32_t offset, length; /* of the expression that holds it */
    bool expression;         /* eval's grammar rather than exec's: no difference to the scan, told by explain */
};

/* An import or evaluation whose target stays unknown, an unresolved member of a module or of the builtins, or a known
 * way round both. what: a sentence's start for the description ("import of a computed name"). */
struct sp_dynamic {
    const char *what;
    uint32_t offset, length;
};

/* A bound of the resolver was reached at offset: becomes a finding of kind limit. */
struct sp_resolve_limit {
    const char *what;
    uint32_t offset, length;
};

#define SP_RESOLUTION_LIST(type, name)                                                                                 \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        uint32_t n_items, n_room;                                                                                      \
    } name

struct sp_resolution {
    SP_RESOLUTION_LIST(struct sp_module_use, modules);
    SP_RESOLUTION_LIST(struct sp_name_use, names);
    SP_RESOLUTION_LIST(struct sp_folded, folded);
    SP_RESOLUTION_LIST(struct sp_evaluated, evaluated);
    SP_RESOLUTION_LIST(struct sp_dynamic, dynamics);
    SP_RESOLUTION_LIST(struct sp_resolve_limit, limits);
    SP_RESOLUTION_LIST(struct sp_span, code_strings); /* strings that name a module to an import where the language's
                                                         grammar has them as strings: scanned as code */
    uint64_t n_work; /* meanings that were compared or copied on the way: what a look at each byte does not cost */
};

struct sp_share_view;

/* A language, as the scan sees it; one row a language in scanner/tongue.c. */
struct sp_tongue {
    int language; /* proto/language.h */
    /* Splits the source into spans. Never fails on bad input: broken code is lexed in the way that hides least. dialect
     * is what stood behind the colon ("3.12"), empty by default; an unknown one is SP_EUNSUPPORTED_LANGUAGE. */
    int (*lex)(struct sp_str source, struct sp_str dialect, struct sp_arena *arena, struct sp_span_list *ret_spans,
        struct sp_error *error);
    /* NULL: the language has no modules (text), then twin and covers are NULL too. The lists are ordered by offset. view: of
     * the other files of the program; NULL: none. */
    int (*resolve)(struct sp_str source, const struct sp_span_list *spans, const struct sp_share_view *view,
        struct sp_arena *arena, struct sp_resolution *ret_resolution, struct sp_error *error);
    /* The module that a private twin stands for ("posix" is "os"), or the name itself. */
    struct sp_str (*twin)(struct sp_str module);
    /* Does a rule that names `rule` speak of `module` (os: os and os.path, not osmium)? Twins are counted in. */
    bool (*covers)(struct sp_str rule, struct sp_str module);
    /* Modules that load nothing and do nothing: no list of allowed modules need name them. NULL, else ends in NULL. */
    const char *const *harmless;
    /* An encoding declared in the source itself ("latin-1", from a coding comment): its name and place; n_bytes 0:
     * none. NULL: the language has none. scanner/source.h says how a name is to be taken. */
    struct sp_str (*encoding)(struct sp_str source);
};

const struct sp_tongue *sp_tongue_find(int language);

#endif
