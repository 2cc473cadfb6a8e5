#ifndef SP_PROTO_LANGUAGE_H
#define SP_PROTO_LANGUAGE_H

#include "proto/str.h"

/* Every language there will be: identifier, name on the wire, suffixes of its files, interpreters that a shebang names.
 * Whether a language can be judged or run is the scanner's and the runtimes' to say, each by a table of its own. */
#define SP_LANGUAGES(X)                                                                                                \
    X(TEXT, "text", ".txt", "")                                                                                        \
    X(PYTHON, "python", ".py .pyw .pyi", "python python2 python3 pypy pypy3")                                          \
    X(JAVASCRIPT, "javascript", ".js .mjs .cjs .jsx", "node nodejs")                                                   \
    X(TYPESCRIPT, "typescript", ".ts .mts .cts .tsx", "deno ts-node tsx bun")                                          \
    X(JAVA, "java", ".java", "java")                                                                                   \
    X(C, "c", ".c .h", "tcc")                                                                                          \
    X(CPP, "cpp", ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++", "")                                                         \
    X(GO, "go", ".go", "")                                                                                             \
    X(RUBY, "ruby", ".rb .rbw", "ruby jruby")                                                                          \
    X(R, "r", ".r .R", "Rscript r littler")                                                                            \
    X(BASH, "bash", ".sh .bash", "sh bash dash ksh zsh ash")

enum sp_language {
#define X(id, name, suffixes, shebangs) SP_LANGUAGE_##id,
    SP_LANGUAGES(X)
#undef X
        SP_LANGUAGE_COUNT
};

#define SP_LANGUAGE_NONE (-1)

/* Its name on the wire, "none" for a number that is no language. Static. */
const char *sp_language_name(int language);

/* Splits "python:3.12" into language and dialect (may be empty); SP_LANGUAGE_NONE for a name that is none. Names are
 * lower case and exact; ret_dialect may be NULL. */
int sp_language_find(struct sp_str name, struct sp_str *ret_dialect);

/* The last part's suffix with its dot (".gz" of "x.tar.gz"), borrowed; empty where there is none. */
struct sp_str sp_language_suffix(struct sp_str path);

/* Is word one of the blank-separated words, without regard to ASCII case? The empty word is none. */
bool sp_language_lists(const char *words, struct sp_str word);

/* The language of a file by the suffix of its path; SP_LANGUAGE_NONE where no row has it. Suffixes compare without
 * regard to ASCII case. */
int sp_language_of_path(struct sp_str path);

/* The language of a file by its first line ("#!/usr/bin/env python3 -u"); SP_LANGUAGE_NONE where it has no shebang or
 * names no interpreter of ours. Version digits behind a name are ignored ("python3.11"). */
int sp_language_of_shebang(struct sp_str data);

#endif
