#ifndef SP_SCANNER_SOURCE_H
#define SP_SCANNER_SOURCE_H

/* What a source says of itself, and where in it an offset lies. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/error.h"
#include "proto/str.h"

/* What reading the source as bytes means under a declared encoding. */
enum sp_source_reading {
    SP_SOURCE_UTF8,  /* UTF-8 or ASCII: as every lexer reads it */
    SP_SOURCE_BYTES, /* a single-byte superset of ASCII: code reads the same, text may not */
    SP_SOURCE_OTHER  /* any other, known or not: the interpreter may see a different program */
};

/* The encoding that a Python source declares (PEP 263): the first two lines, in a comment that has its line for itself;
 * the second only where the first is blank or a comment. The name as written, a view into the source; n_bytes 0 where
 * there is none. A byte order mark before it is skipped. */
struct sp_str sp_source_python_encoding(struct sp_str source);

/* How a declared name ("Latin-1", "utf8") is to be taken. Names compare as Python's codecs compare them. */
enum sp_source_reading sp_source_reading_of(struct sp_str name);
/* Does the interpreter read the name's text itself, whatever the program did to its codecs? Others are looked up by name,
 * and what is found there a program can replace. */
bool sp_source_reading_is_fixed(struct sp_str name);

/* Lines and columns of a text, for many look-ups: each costs a bounded walk. Lines end at LF, CRLF and CR; columns count
 * code points, each byte that is not UTF-8 as one; a byte order mark counts as nothing. */
struct sp_source_index {
    struct sp_str text;
    struct sp_source_mark *marks; /* the arena's */
    size_t n_marks;
};

/* One pass over the text, which must outlive the index. SP_ENO_MEMORY, SP_ETOO_LARGE (also past 2 GiB). */
int sp_source_index_init(
    struct sp_source_index *index, struct sp_str text, struct sp_arena *arena, struct sp_error *error);

/* 1-based line and column of an offset (one past the end is allowed; inside a code point: its column). */
void sp_source_position(const struct sp_source_index *index, size_t offset, uint32_t *ret_line, uint32_t *ret_column);

#endif
