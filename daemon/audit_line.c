/* An audit line's making. Any thread; no state: a worker makes the lines of the verdicts it reaches, the loop only writes
 * them. */
#include <jansson.h>
#include <time.h>

#include "daemon/audit.h"

#define TEXT_BYTES_MAX 512

static const char *const names[SP_AUDIT_EVENT_COUNT] = {
#define X(id, name) [SP_AUDIT_##id] = name,
    SP_AUDIT_EVENTS(X)
#undef X
};

const char *sp_audit_event_name(enum sp_audit_event_kind kind)
{
    return kind < SP_AUDIT_EVENT_COUNT ? names[kind] : "unknown";
}

static json_t *hex_of(const void *bytes, size_t n_bytes)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * TEXT_BYTES_MAX];
    size_t n = n_bytes < TEXT_BYTES_MAX ? n_bytes : TEXT_BYTES_MAX;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[((const uint8_t *)bytes)[i] >> 4];
        hex[2 * i + 1] = digits[((const uint8_t *)bytes)[i] & 15];
    }
    return json_stringn(hex, 2 * n);
}

/* What comes from outside may not be UTF-8, which JSON cannot hold: such a text is told as {hex}. */
static json_t *text_of(struct sp_str text)
{
    json_t *value = json_stringn(text.ptr, text.n_bytes);
    return value ? value : json_pack("{s:o}", "hex", hex_of(text.ptr, text.n_bytes));
}

static void set(json_t *line, const char *key, json_t *value)
{
    /* A value that could not be made is caught when the line is: jansson takes NULL as a failure and leaves the key out,
     * which must not pass for an absent one. */
    if (!value || json_object_set_new(line, key, value) < 0)
        json_object_set_new(line, "incomplete", json_true());
}

static json_t *time_now(void)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
        parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000);
}

/* As set, for lists: a list that lacks what could not be made is none. */
static json_t *append_to(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* The rules hit, each once, in the order of their first finding. ret_more: there are others. */
static json_t *rules_of(const struct sp_verdict *verdict, bool *ret_more)
{
    const char *told[SP_AUDIT_RULES_MAX];
    size_t n_told = 0;
    json_t *rules = json_array();
    *ret_more = false;
    for (size_t i = 0; rules && i < verdict->n_findings; i++) {
        size_t j = 0;
        while (j < n_told && strcmp(told[j], verdict->findings[i].rule) != 0)
            j++;
        if (j < n_told)
            continue;
        *ret_more = n_told == SP_AUDIT_RULES_MAX;
        if (*ret_more)
            break;
        told[n_told++] = verdict->findings[i].rule;
        rules = append_to(rules, json_string(verdict->findings[i].rule));
    }
    return rules;
}

static void add_verdict(json_t *line, const struct sp_verdict *verdict)
{
    json_t *policies = json_array();
    for (size_t i = 0; i < verdict->n_policies; i++)
        policies = append_to(policies, json_string(sp_policy_id(verdict->policies[i])));
    set(line, "safe", json_boolean(verdict->safe));
    set(line, "language", json_string(verdict->language));
    set(line, "policies", policies);
    set(line, "sha256", hex_of(verdict->sha256, sizeof(verdict->sha256)));
    set(line, "size", json_integer((json_int_t)verdict->size_bytes));
    bool more;
    set(line, "rules", rules_of(verdict, &more));
    if (more)
        set(line, "rules_truncated", json_true());
    set(line, "counts",
        json_pack("{s:I,s:I,s:I}", "low", (json_int_t)verdict->counts[SP_SEVERITY_LOW], "medium",
            (json_int_t)verdict->counts[SP_SEVERITY_MEDIUM], "high", (json_int_t)verdict->counts[SP_SEVERITY_HIGH]));
    if (verdict->truncated)
        set(line, "truncated", json_true());
}

static void add_result(json_t *line, const struct sp_run_result *result)
{
    set(line, "runtime", json_string(result->runtime ? result->runtime : ""));
    set(line, "outcome", json_string(sp_outcome_name(result->outcome)));
    if (result->has_exit_code)
        set(line, "exit_code", json_integer(result->exit_code));
    if (result->signal)
        set(line, "signal", json_integer(result->signal));
    set(line, "warm", json_boolean(result->warm));
    set(line, "usage",
        json_pack("{s:I,s:I,s:I,s:I}", "wall_ms", (json_int_t)result->wall_ms, "cpu_ms", (json_int_t)result->cpu_ms,
            "max_rss_bytes", (json_int_t)result->max_rss_bytes, "oom_kills", (json_int_t)result->oom_kills));
}

static int append(const char *bytes, size_t n_bytes, void *lines)
{
    return sp_buffer_append(lines, bytes, n_bytes) < 0 ? -1 : 0;
}

int sp_audit_line(const struct sp_audit_event *event, struct sp_buffer *lines, struct sp_error *error)
{
    json_t *line = json_object();
    if (!line)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    set(line, "time", time_now());
    set(line, "event", json_string(sp_audit_event_name(event->kind)));
    if (!event->of_daemon) {
        set(line, "uid", json_integer(event->uid));
        set(line, "gid", json_integer(event->gid));
        set(line, "pid", json_integer(event->pid));
    }
    if (event->method)
        set(line, "method", json_string(event->method));
    if (event->run)
        set(line, "run", json_string(event->run));
    if (event->path.ptr)
        set(line, "path", text_of(event->path));
    if (event->name.ptr)
        set(line, "name", text_of(event->name));
    if (event->policy)
        set(line, "policy", json_string(event->policy));
    if (event->verdict)
        add_verdict(line, event->verdict);
    if (event->error) {
        set(line, "error", json_string(sp_error_name(event->error->code)));
        if (event->error->path[0])
            set(line, "at", text_of(sp_str_of(event->error->path)));
    }
    if (event->result)
        add_result(line, event->result);
    size_t before = lines->n_bytes;
    int failed = json_dump_callback(line, append, lines, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    if (!failed)
        failed = append("\n", 1, lines);
    json_decref(line);
    if (!failed)
        return 0;
    int code = lines->failed ? lines->failed : SP_ENO_MEMORY;
    lines->n_bytes = before;
    lines->failed = 0;
    return sp_error_set(error, code, "an audit line could not be made");
}
