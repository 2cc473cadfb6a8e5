#ifndef SP_SCANNER_TONGUE_H
#define SP_SCANNER_TONGUE_H

/* What the scanner knows of a language: where whatever differs from one to the next is found. */

#include "scanner/resolution.h"

struct sp_share_view;

#define SP_TONGUE_SPELLED_MAX 8

/* How a language writes a literal: for the constants in the canonical second text. */
struct sp_tongue_literal {
    const char *quotes;       /* any of them opens and closes one; the usual one first */
    const char *bytes_prefix; /* stands before the quote of one that holds bytes */
    /* A byte of its content: how it is spelled, and the length of that. Of text, bytes from 0x80 on are not asked for. */
    size_t (*spell)(unsigned char byte, char quote, char out[SP_TONGUE_SPELLED_MAX]);
};

/* A language, as the scan sees it; one row a language in scanner/tongue.c. */
struct sp_tongue {
    int language; /* proto/language.h */
    /* What no span covers is written for people too: it has no identifiers, and joiners and selectors are at home in it. */
    bool prose;
    /* Splits the source into spans. Never fails on bad input: broken code is lexed in the way that hides least. dialect
     * is what stood behind the colon ("3.12"), empty by default; an unknown one is SP_EUNSUPPORTED_LANGUAGE. */
    int (*lex)(struct sp_str source, struct sp_str dialect, struct sp_arena *arena, struct sp_span_list *ret_spans,
        struct sp_error *error);
    /* NULL: the language has no modules (text), then twin and covers are NULL too. The lists are ordered by offset. view: of
     * the other files of the program; NULL: none. */
    int (*resolve)(struct sp_str source, const struct sp_span_list *spans, const struct sp_share_view *view,
        struct sp_arena *arena, struct sp_resolution *ret_resolution, struct sp_error *error);
    bool shares; /* files of one program give each other values: scanner/share_python.h */
    /* The module that a private twin stands for ("posix" is "os"), or the name itself. */
    struct sp_str (*twin)(struct sp_str module);
    /* Does a rule that names `rule` speak of `module` (os: os and os.path, not osmium)? Twins are counted in. */
    bool (*covers)(struct sp_str rule, struct sp_str module);
    /* Modules that load nothing and do nothing: no list of allowed modules need name them. NULL, else ends in NULL. */
    const char *const *harmless;
    /* NULL: the resolver folds nothing. */
    const struct sp_tongue_literal *literal;
    /* A policy's name of a module in the form in which the language compares them, in the arena where it is another. NULL: it
     * compares them as they are written. SP_ENO_MEMORY, SP_ETOO_LARGE. */
    int (*module_form)(struct sp_str name, struct sp_arena *arena, struct sp_str *ret_form, struct sp_error *error);
    /* Why no module can have that name (in its compared form): a sentence's start; NULL: one may. NULL: nobody knows. */
    const char *(*module_refusal)(struct sp_str name);
    /* An encoding declared in the source itself ("latin-1", from a coding comment): its name and place; n_bytes 0:
     * none. NULL: the language has none. scanner/source.h says how a name is to be taken. */
    struct sp_str (*encoding)(struct sp_str source);
};

const struct sp_tongue *sp_tongue_find(int language);

#endif
