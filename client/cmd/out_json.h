#ifndef SP_CLIENT_OUT_JSON_H
#define SP_CLIENT_OUT_JSON_H

/* JSON straight from an answer's tree, without a copy. What is not UTF-8 becomes U+FFFD, and "<key>_base64" beside it holds
 * the bytes; in a list of texts, the list's. */

#include <stdio.h>

#include "client/sallyport.h"
#include "proto/str.h"

/* indent: columns a level, 0 for one line. No newline at the end. */
void sp_out_json_value(FILE *file, const sallyport_value *value, int indent);

/* The pairs of a map without its braces, each but the first behind a comma; follows: pairs stand before these already. */
void sp_out_json_pairs(FILE *file, const sallyport_value *map, bool follows);

/* A key of ours with text of others, both forms where needed: "path":"…". */
void sp_out_json_text(FILE *file, const char *key, struct sp_str text);

#endif
