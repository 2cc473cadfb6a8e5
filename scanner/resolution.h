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

#endif
