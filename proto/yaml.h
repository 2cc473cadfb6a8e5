#ifndef SP_PROTO_YAML_H
#define SP_PROTO_YAML_H

/* YAML to the one object tree. The 1.2 core schema, one document, no anchors, aliases, tags or merge keys. A library of its
 * own (sp_yaml): only the daemon and the policy tools link libyaml. */

#include <stdint.h>

#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"

#define SP_YAML_BYTES_MAX (4u << 20)
#define SP_YAML_DEPTH_MAX 16

/* Appends the document's value to buffer as MessagePack; an empty document is an empty map. Plain scalars under one of the
 * string_keys (NULL-terminated, may be NULL) stay strings whatever they look like. Refusals carry `code`, with line and
 * column. Doubled keys are left to the decoder, which refuses them. */
int sp_yaml_pack(
    struct sp_str text, const char *const *string_keys, int code, struct sp_buffer *buffer, struct sp_error *error);

/* Sets error's line and column to where its path ("patterns[3].severity") stands in the text, for a doubled key to where it
 * stands the second time, or to the nearest that is there of what the path leads through. Text must be one that
 * sp_yaml_pack took. */
void sp_yaml_locate(struct sp_str text, struct sp_error *error);

/* The keys of a policy that are always strings. */
extern const char *const sp_yaml_policy_strings[];

#endif
