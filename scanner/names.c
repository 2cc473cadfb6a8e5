/* What severities, kinds and vias are called on the wire. Any thread; no state. */
#include "scanner/policy.h"

static const char *const severities[SP_SEVERITY_COUNT] = {"safe", "low", "medium", "high"};

static const char *const kinds[SP_FINDING_COUNT] = {
    [SP_FINDING_PATTERN] = "pattern",
    [SP_FINDING_MODULE] = "module",
    [SP_FINDING_DYNAMIC] = "dynamic",
    [SP_FINDING_ENCODING] = "encoding",
    [SP_FINDING_UNICODE] = "unicode",
    [SP_FINDING_LIMIT] = "limit",
};

static const char *const vias[SP_VIA_COUNT] = {
    [SP_VIA_DIRECT] = "direct",
    [SP_VIA_CALL] = "call",
    [SP_VIA_ALIAS] = "alias",
    [SP_VIA_FOLDED] = "folded",
    [SP_VIA_EVALUATED] = "evaluated",
    [SP_VIA_LIMIT] = "limit",
};

const char *sp_severity_name(enum sp_severity severity)
{
    return (unsigned)severity < SP_SEVERITY_COUNT ? severities[severity] : NULL;
}

const char *sp_finding_kind_name(enum sp_finding_kind kind)
{
    return (unsigned)kind < SP_FINDING_COUNT ? kinds[kind] : NULL;
}

const char *sp_via_name(enum sp_via via)
{
    return (unsigned)via < SP_VIA_COUNT ? vias[via] : NULL;
}
