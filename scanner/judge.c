/* The last step of a scan. Belongs to one scan. However many findings there are, no more than a few times what the verdict
 * will tell are held; the counts are exact all the same. */
#include "scanner/judge.h"

#include <stdlib.h>

#include "proto/utf8.h"
#include "scanner/source.h"

#define ROOM_MIN 64

void sp_judge_init(struct sp_judge *judge, const struct sp_policy *const *policies, size_t n_policies,
    size_t records_max, struct sp_arena *work)
{
    *judge =
        (struct sp_judge){.policies = policies, .n_policies = n_policies, .records_max = records_max, .work = work};
    for (size_t i = 0; i < n_policies; i++)
        judge->can_block |= policies[i]->model->threshold > SP_SEVERITY_SAFE;
}

static const char *name_of(const struct sp_judge_record *record)
{
    return record->rule ? record->rule->name : record->name;
}

/* Where a rule and a place are the same, the rest of the order only has to be the same in every scan. */
static int by_place(const void *a, const void *b)
{
    const struct sp_judge_record *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    int order = strcmp(name_of(x), name_of(y));
    if (order)
        return order;
    if (x->inner_offset != y->inner_offset)
        return x->inner_offset < y->inner_offset ? -1 : 1;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    if (!x->policy || !y->policy)
        return (x->policy != NULL) - (y->policy != NULL);
    return strcmp(x->policy->model->id, y->policy->model->id);
}

static int blocking_first(const void *a, const void *b)
{
    const struct sp_judge_record *x = a, *y = b;
    if (x->blocking != y->blocking)
        return x->blocking ? -1 : 1;
    return by_place(a, b);
}

/* Drops what the verdict would not tell: non-blocking ones first, later ones first. */
static void prune(struct sp_judge *judge)
{
    if (judge->n_records <= judge->records_max)
        return;
    qsort(judge->records, judge->n_records, sizeof(*judge->records), blocking_first);
    judge->n_records = judge->records_max;
}

static int make_room(struct sp_judge *judge)
{
    if (judge->n_records < judge->n_room)
        return 0;
    size_t most = judge->records_max < SIZE_MAX / 8 ? 4 * judge->records_max + ROOM_MIN : SIZE_MAX;
    if (judge->n_room >= most) {
        prune(judge);
        return 0;
    }
    size_t room = judge->n_room ? 2 * judge->n_room : ROOM_MIN;
    if (room > most)
        room = most;
    struct sp_judge_record *records = sp_arena_array(judge->work, room, sizeof(*records));
    if (!records)
        return sp_arena_error(judge->work);
    if (judge->n_records)
        memcpy(records, judge->records, judge->n_records * sizeof(*records));
    judge->records = records;
    judge->n_room = room;
    return 0;
}

int sp_judge_add(struct sp_judge *judge, struct sp_judge_record record)
{
    int r = make_room(judge);
    if (r < 0)
        return r;
    if (record.policy) {
        enum sp_severity threshold = record.policy->model->threshold;
        record.blocking = threshold > SP_SEVERITY_SAFE && record.severity >= threshold;
    } else {
        /* Of the scanner itself, and always high: any policy that blocks at all is one that it blocks. */
        record.blocking = judge->can_block;
    }
    judge->counts[record.severity]++;
    judge->n_blocking += record.blocking;
    judge->records[judge->n_records++] = record;
    return 0;
}

/* At most SP_JUDGE_TEXT_MAX bytes, cut before a code point that would not be whole. */
static struct sp_str cut_text(struct sp_str text, bool *ret_cut)
{
    *ret_cut = text.n_bytes > SP_JUDGE_TEXT_MAX;
    if (!*ret_cut)
        return text;
    size_t n = SP_JUDGE_TEXT_MAX - sp_utf8_partial((const uint8_t *)text.ptr, SP_JUDGE_TEXT_MAX);
    return (struct sp_str){text.ptr, n};
}

static int fill(const struct sp_judge_record *record, struct sp_str source, struct sp_arena *arena,
    struct sp_finding *finding, struct sp_error *error)
{
    const struct sp_policy_rule *rule = record->rule;
    *finding = (struct sp_finding){.policy = record->policy,
        .rule = name_of(record),
        .kind = record->kind,
        .severity = record->severity,
        .via = record->via,
        .blocking = record->blocking,
        .description = record->description ? record->description : rule->description,
        .fix = rule ? rule->fix : NULL,
        .cwe = rule ? rule->cwe : NULL,
        .url = rule ? rule->url : NULL,
        .offset = record->offset,
        .length = record->length,
        .has_inner = record->inner.ptr != NULL,
        .inner_offset = record->inner_offset};
    struct sp_str text = {source.ptr + record->offset, record->length};
    if (finding->has_inner)
        text = (struct sp_str){record->inner.ptr + record->inner_offset, record->inner_length};
    finding->text = cut_text(text, &finding->truncated_text);
    if (finding->has_inner) /* the decoded text goes with the scan */
        finding->text.ptr = sp_arena_copy(arena, finding->text.ptr, finding->text.n_bytes);
    if (record->subject.ptr)
        finding->description = sp_arena_printf(
            arena, "%.*s %s", sp_str_int(record->subject, 256), record->subject.ptr, record->description);
    else if (record->policy == NULL || !rule) /* composed in the work arena, perhaps */
        finding->description = sp_arena_copy(arena, finding->description, strlen(finding->description));
    if (!finding->text.ptr || !finding->description)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    return 0;
}

struct inner_place {
    struct sp_str text;
    struct sp_finding *finding;
};

static int by_text(const void *a, const void *b)
{
    const struct inner_place *x = a, *y = b;
    uintptr_t p = (uintptr_t)x->text.ptr, q = (uintptr_t)y->text.ptr;
    return p < q ? -1 : p > q;
}

/* Lines and columns inside evaluated texts: each text is walked once, however many findings lie in it. */
static int place_inner(struct sp_judge *judge, struct sp_finding *findings, struct sp_error *error)
{
    size_t n = 0;
    struct inner_place *places = sp_arena_array(judge->work, judge->n_records, sizeof(*places));
    if (!places)
        return sp_error_set(error, sp_arena_error(judge->work), NULL);
    for (size_t i = 0; i < judge->n_records; i++)
        if (judge->records[i].inner.ptr)
            places[n++] = (struct inner_place){judge->records[i].inner, &findings[i]};
    qsort(places, n, sizeof(*places), by_text);
    struct sp_source_index index = {0};
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || places[i].text.ptr != places[i - 1].text.ptr) {
            int r = sp_source_index_init(&index, places[i].text, judge->work, error);
            if (r < 0)
                return r;
        }
        struct sp_finding *finding = places[i].finding;
        sp_source_position(&index, finding->inner_offset, &finding->inner_line, &finding->inner_column);
    }
    return 0;
}

int sp_judge_finish(struct sp_judge *judge, struct sp_str source, struct sp_arena *arena, struct sp_verdict *verdict,
    struct sp_error *error)
{
    size_t n_all = 0;
    for (int i = 0; i < SP_SEVERITY_COUNT; i++)
        n_all += judge->counts[i];
    memcpy(verdict->counts, judge->counts, sizeof(verdict->counts));
    verdict->safe = judge->n_blocking == 0;
    verdict->truncated = n_all > judge->records_max;
    prune(judge);
    if (judge->n_records == 0)
        return 0;
    qsort(judge->records, judge->n_records, sizeof(*judge->records), by_place);
    struct sp_finding *findings = sp_arena_array(arena, judge->n_records, sizeof(*findings));
    if (!findings)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    struct sp_source_index index;
    int r = sp_source_index_init(&index, source, judge->work, error);
    for (size_t i = 0; i < judge->n_records && r == 0; i++) {
        r = fill(&judge->records[i], source, arena, &findings[i], error);
        if (r == 0)
            sp_source_position(&index, findings[i].offset, &findings[i].line, &findings[i].column);
    }
    if (r == 0)
        r = place_inner(judge, findings, error);
    if (r < 0)
        return r;
    verdict->findings = findings;
    verdict->n_findings = judge->n_records;
    return 0;
}
