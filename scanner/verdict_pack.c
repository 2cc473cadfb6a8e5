/* A verdict as the wire's map. Any thread; reads only. */
#include "proto/pack.h"
#include "scanner/policy.h"

static size_t given(const char *text)
{
    return text ? 1 : 0;
}

static void pack_pair(struct sp_buffer *buffer, const char *key, const char *text)
{
    sp_pack_key(buffer, key);
    sp_pack_text(buffer, sp_str_of(text));
}

static void pack_number(struct sp_buffer *buffer, const char *key, uint64_t number)
{
    sp_pack_key(buffer, key);
    sp_pack_uint(buffer, number);
}

static void pack_flag(struct sp_buffer *buffer, const char *key, bool flag)
{
    sp_pack_key(buffer, key);
    sp_pack_bool(buffer, flag);
}

static void pack_finding(struct sp_buffer *buffer, const struct sp_finding *finding)
{
    sp_pack_map(buffer, 12 + given(finding->fix) + given(finding->cwe) + given(finding->url) + finding->has_inner);
    sp_pack_key(buffer, "policy");
    sp_pack_cstr(buffer, finding->policy ? sp_policy_id(finding->policy) : NULL);
    pack_pair(buffer, "rule", finding->rule);
    pack_pair(buffer, "kind", sp_finding_kind_name(finding->kind));
    pack_pair(buffer, "description", finding->description);
    pack_pair(buffer, "severity", sp_severity_name(finding->severity));
    pack_flag(buffer, "blocking", finding->blocking);
    pack_pair(buffer, "via", sp_via_name(finding->via));
    pack_number(buffer, "offset", finding->offset);
    pack_number(buffer, "length", finding->length);
    pack_number(buffer, "line", finding->line);
    pack_number(buffer, "column", finding->column);
    sp_pack_key(buffer, "text");
    sp_pack_text(buffer, finding->text);
    if (finding->fix)
        pack_pair(buffer, "fix", finding->fix);
    if (finding->cwe)
        pack_pair(buffer, "cwe", finding->cwe);
    if (finding->url)
        pack_pair(buffer, "url", finding->url);
    if (finding->has_inner) {
        sp_pack_key(buffer, "inner");
        sp_pack_map(buffer, 3);
        pack_number(buffer, "offset", finding->inner_offset);
        pack_number(buffer, "line", finding->inner_line);
        pack_number(buffer, "column", finding->inner_column);
    }
}

int sp_verdict_pack(const struct sp_verdict *verdict, unsigned extra_pairs, struct sp_buffer *buffer)
{
    char hex[65];
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", verdict->sha256[i]);
    sp_pack_map(buffer, 9 + extra_pairs);
    pack_flag(buffer, "safe", verdict->safe);
    pack_pair(buffer, "language", verdict->language);
    sp_pack_key(buffer, "policies");
    sp_pack_array(buffer, verdict->n_policies);
    for (size_t i = 0; i < verdict->n_policies; i++)
        sp_pack_cstr(buffer, sp_policy_id(verdict->policies[i]));
    pack_pair(buffer, "sha256", hex);
    pack_number(buffer, "size", verdict->size_bytes);
    sp_pack_key(buffer, "violations");
    sp_pack_array(buffer, verdict->n_findings);
    for (size_t i = 0; i < verdict->n_findings; i++)
        pack_finding(buffer, &verdict->findings[i]);
    sp_pack_key(buffer, "counts");
    sp_pack_map(buffer, 3);
    for (int severity = SP_SEVERITY_LOW; severity < SP_SEVERITY_COUNT; severity++)
        pack_number(buffer, sp_severity_name(severity), verdict->counts[severity]);
    sp_pack_key(buffer, "modules");
    sp_pack_array(buffer, verdict->n_modules);
    for (size_t i = 0; i < verdict->n_modules; i++)
        sp_pack_text(buffer, verdict->modules[i]);
    pack_flag(buffer, "truncated", verdict->truncated);
    return buffer->failed;
}
