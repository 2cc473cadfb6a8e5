#ifndef SP_DAEMON_POLICY_SOURCE_H
#define SP_DAEMON_POLICY_SOURCE_H

/* A policy as it came: a map's MessagePack, a YAML text, or the name of a preset; and its way to a compiled one. */

#include <msgpack.h>
#include <stdint.h>

#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"
#include "scanner/scanner.h"

enum sp_policy_form { SP_POLICY_FORM_MAP, SP_POLICY_FORM_YAML, SP_POLICY_FORM_PRESET };

struct sp_policy_source {
    enum sp_policy_form form;
    struct sp_buffer bytes;
    uint8_t digest[32]; /* over form and bytes: the same text is the same policy */
};

/* From a request's argument, a map or {yaml: text}; copies. SP_EINVALID_REQUEST (neither), SP_ETOO_LARGE, SP_ENO_MEMORY. */
int sp_policy_source_init(
    struct sp_policy_source *source, const msgpack_object *argument, size_t max_bytes, struct sp_error *error);
int sp_policy_source_init_text(struct sp_policy_source *source, enum sp_policy_form form, struct sp_str text,
    size_t max_bytes, struct sp_error *error);
void sp_policy_source_fini(struct sp_policy_source *source);

/* "preset:", and a preset's name behind it. */
#define SP_POLICY_PRESET_PREFIX "preset:"
/* SP_EUNKNOWN_POLICY: none of that name; the error tells those there are. */
int sp_policy_source_preset(struct sp_str name, const struct sp_preset **ret_preset, struct sp_error *error);
/* The preset that a reference means; NULL where it means something else. */
const struct sp_preset *sp_policy_source_find_preset(struct sp_str reference);

/* Decodes: errors of a YAML text have line and column. Any thread. */
int sp_policy_source_model(
    const struct sp_policy_source *source, struct sp_policy_model **ret_model, struct sp_error *error);

/* The one place where a policy is compiled, whoever wants it: a child with limits and a cache on disk belong in here. The
 * model is consumed on success. ret_cpu_ns: what it cost, also on failure. Never on the loop while the daemon serves, never
 * on a scanning thread. */
int sp_policy_source_compile(
    struct sp_policy_model *model, struct sp_policy **ret_policy, uint64_t *ret_cpu_ns, struct sp_error *error);

#endif
