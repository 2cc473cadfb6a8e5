/* The search: Hyperscan tells where matches of a pattern can begin, PCRE2 where they do and what they are. One thread a
 * scratch; matchers are immutable and shared. */
#include "scanner/reach.h"
#include "scanner/match.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "proto/scope.h"
#include "proto/utf8.h"
#include "scanner/database.h"
#include "scanner/re_read.h"

#define BUDGET_PER_BYTE 64u
#define BUDGET_FLOOR    (1u << 20)
#define CALL_ITEMS      16u /* what a call of PCRE2 costs, in items */
#define HEAP_KIB        (64u * 1024)
#define SPANS_MAX       4096       /* of one pattern; past it they are merged */
#define MATCHES_MAX     (1u << 20) /* of one search */
#define BYTE_NOT_UTF8   0x1A
#define MATCHERS_KNOWN  16

struct sp_matcher {
    uint64_t serial; /* tells matchers apart in a scratch, which outlives them */
    struct sp_database databases[2];
    struct sp_reach reach;
};

/* Starts, first to last, among which those of all matches are. */
struct start_span {
    uint32_t first, last;
};

struct starts {
    struct start_span *spans;
    uint32_t n_spans, n_room;
};

struct sp_match_scratch {
    hs_scratch_t *hs;
    uint64_t known[MATCHERS_KNOWN]; /* serials of matchers that hs has room for */
    unsigned next_known;
    pcre2_match_data *data;
    pcre2_match_context *context;
    struct starts *starts; /* one a pattern */
    size_t n_starts;
    char *copy; /* the text with its invalid bytes replaced */
    size_t copy_bytes;
    struct sp_match *matches;
    size_t n_matches, n_matches_room;
    uint64_t *carried; /* work of the patterns in the searches before, or NULL */
};

struct search {
    const struct sp_database *database;
    struct sp_match_scratch *scratch;
    struct sp_str text;
    const bool *wanted;
    uint64_t budget;
    sp_match_accept *accept;
    void *context;
    bool no_memory;
    /* of the pattern that is searched */
    const struct sp_database_pattern *pattern;
    uint64_t work;
    uint32_t reached; /* start that was tried last */
    PCRE2_SIZE position;
};

static const char *const grade_names[SP_GRADE_COUNT] = {
    [SP_GRADE_EXACT] = "exact", [SP_GRADE_ENDS] = "ends", [SP_GRADE_PREFILTER] = "prefilter", [SP_GRADE_PCRE] = "pcre"};

const char *sp_grade_name(enum sp_grade grade)
{
    return grade_names[grade];
}

SP_CLEANUP_DEFINE(struct sp_re *, sp_re_free)
SP_CLEANUP_DEFINE(struct sp_matcher *, sp_matcher_free)
SP_CLEANUP_DEFINE(struct sp_match_scratch *, sp_match_scratch_free)

/* ---- matchers ---- */

int sp_match_check(const struct sp_match_pattern *pattern, struct sp_error *error)
{
    sp_cleanup(sp_re_free_scope) struct sp_re *re = NULL;
    return sp_re_read(pattern->pattern, pattern->flags, &re, error);
}

int sp_matcher_new(
    const struct sp_match_pattern *patterns, size_t n_patterns, struct sp_matcher **ret_matcher, struct sp_error *error)
{
    static atomic_uint_fast64_t serials;
    sp_cleanup(sp_matcher_free_scope) struct sp_matcher *matcher = calloc(1, sizeof(*matcher));
    struct sp_re **trees = calloc(n_patterns + 1, sizeof(*trees));
    int r = matcher && trees ? 0 : sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; r == 0 && i < n_patterns; i++) {
        r = sp_re_read(patterns[i].pattern, patterns[i].flags, &trees[i], error);
        if (r < 0)
            sp_error_prefix(error, "[%zu]", i);
    }
    for (int utf8 = 0; r == 0 && utf8 < 2; utf8++)
        r = sp_database_init(
            &matcher->databases[utf8], (const struct sp_re *const *)trees, n_patterns, utf8 == 1, error);
    if (r == 0)
        r = sp_reach_init(&matcher->reach, (const struct sp_re *const *)trees, n_patterns, error);
    for (size_t i = 0; trees && i < n_patterns; i++)
        sp_re_free(trees[i]);
    free(trees);
    if (r < 0)
        return r;
    matcher->serial = atomic_fetch_add(&serials, 1) + 1;
    *ret_matcher = SP_TAKE(matcher);
    return 0;
}

void sp_matcher_free(struct sp_matcher *matcher)
{
    if (!matcher)
        return;
    for (int utf8 = 0; utf8 < 2; utf8++)
        sp_database_fini(&matcher->databases[utf8]);
    sp_reach_fini(&matcher->reach);
    free(matcher);
}

size_t sp_matcher_bytes(const struct sp_matcher *matcher)
{
    return sizeof(*matcher) + matcher->databases[0].bytes + matcher->databases[1].bytes + matcher->reach.bytes;
}

const struct sp_reach *sp_matcher_reach(const struct sp_matcher *matcher)
{
    return &matcher->reach;
}

enum sp_grade sp_matcher_grade(const struct sp_matcher *matcher, size_t pattern, bool utf8)
{
    return matcher->databases[utf8].patterns[pattern].grade;
}

/* ---- scratch ---- */

int sp_match_scratch_new(struct sp_match_scratch **ret_scratch, struct sp_error *error)
{
    sp_cleanup(sp_match_scratch_free_scope) struct sp_match_scratch *scratch = calloc(1, sizeof(*scratch));
    if (!scratch)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    if (!scratch->data || !scratch->context)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    pcre2_set_heap_limit(scratch->context, HEAP_KIB);
    pcre2_set_match_limit(scratch->context, UINT32_MAX);
    pcre2_set_depth_limit(scratch->context, UINT32_MAX);
    *ret_scratch = SP_TAKE(scratch);
    return 0;
}

void sp_match_scratch_free(struct sp_match_scratch *scratch)
{
    if (!scratch)
        return;
    hs_free_scratch(scratch->hs);
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    for (size_t i = 0; i < scratch->n_starts; i++)
        free(scratch->starts[i].spans);
    free(scratch->starts);
    free(scratch->copy);
    free(scratch->matches);
    free(scratch);
}

void sp_match_scratch_carry(struct sp_match_scratch *scratch, uint64_t *work)
{
    scratch->carried = work;
}

/* Makes room for this matcher. */
static int meet(struct sp_match_scratch *scratch, const struct sp_matcher *matcher)
{
    for (size_t i = 0; i < MATCHERS_KNOWN; i++)
        if (scratch->known[i] == matcher->serial)
            return 0;
    size_t n = matcher->databases[0].n_patterns;
    if (n > scratch->n_starts) {
        struct starts *starts = realloc(scratch->starts, n * sizeof(*starts));
        if (!starts)
            return SP_ENO_MEMORY;
        memset(starts + scratch->n_starts, 0, (n - scratch->n_starts) * sizeof(*starts));
        scratch->starts = starts;
        scratch->n_starts = n;
    }
    for (int utf8 = 0; utf8 < 2; utf8++)
        for (size_t i = 0; i < matcher->databases[utf8].n_chunks; i++) {
            hs_error_t code = hs_alloc_scratch(matcher->databases[utf8].chunks[i], &scratch->hs);
            if (code != HS_SUCCESS)
                return code == HS_NOMEM ? SP_ENO_MEMORY : SP_EINTERNAL;
        }
    scratch->known[scratch->next_known++ % MATCHERS_KNOWN] = matcher->serial;
    return 0;
}

/* A copy in which each byte that is not UTF-8 is replaced. */
static int copy_valid(struct sp_match_scratch *scratch, struct sp_str *text, size_t first_invalid)
{
    if (scratch->copy_bytes < text->n_bytes) {
        char *copy = realloc(scratch->copy, text->n_bytes);
        if (!copy)
            return SP_ENO_MEMORY;
        scratch->copy = copy;
        scratch->copy_bytes = text->n_bytes;
    }
    memcpy(scratch->copy, text->ptr, text->n_bytes);
    for (size_t at = first_invalid; at < text->n_bytes;) {
        scratch->copy[at++] = BYTE_NOT_UTF8;
        at += sp_utf8_valid((const uint8_t *)scratch->copy + at, text->n_bytes - at);
    }
    text->ptr = scratch->copy;
    return 0;
}

/* ---- candidates ---- */

static bool add_span(struct starts *starts, struct start_span span)
{
    while (starts->n_spans) {
        struct start_span *last = &starts->spans[starts->n_spans - 1];
        bool apart = span.first > last->last && span.first - last->last > 1;
        if (apart && starts->n_spans < SPANS_MAX)
            break;
        span.first = span.first < last->first ? span.first : last->first;
        span.last = span.last > last->last ? span.last : last->last;
        starts->n_spans--;
    }
    if (starts->n_spans == starts->n_room) {
        uint32_t n_room = starts->n_room ? 2 * starts->n_room : 16;
        struct start_span *spans = realloc(starts->spans, n_room * sizeof(*spans));
        if (!spans)
            return false;
        starts->spans = spans;
        starts->n_room = n_room;
    }
    starts->spans[starts->n_spans++] = span;
    return true;
}

static int candidate(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    (void)flags;
    struct search *search = context;
    if (search->wanted && !search->wanted[id])
        return 0;
    const struct sp_database_pattern *pattern = &search->database->patterns[id];
    struct start_span span = {0, (uint32_t)search->text.n_bytes};
    if (pattern->grade != SP_GRADE_PREFILTER) {
        uint64_t first = pattern->som ? from : to > pattern->width_max_bytes ? to - pattern->width_max_bytes : 0;
        uint64_t last = to > pattern->width_min ? to - pattern->width_min : 0;
        span = (struct start_span){(uint32_t)(first < last ? first : last), (uint32_t)last};
    }
    if (add_span(&search->scratch->starts[id], span))
        return 0;
    search->no_memory = true;
    return 1;
}

static int find_candidates(struct search *search)
{
    const struct sp_database *database = search->database;
    for (size_t i = 0; i < database->n_patterns; i++)
        search->scratch->starts[i].n_spans = 0;
    for (size_t i = 0; i < database->n_chunks; i++) {
        hs_error_t code = hs_scan(database->chunks[i], search->text.ptr, (unsigned)search->text.n_bytes, 0,
            search->scratch->hs, candidate, search);
        if (search->no_memory)
            return SP_ENO_MEMORY;
        if (code != HS_SUCCESS)
            return SP_EINTERNAL;
    }
    for (size_t i = 0; i < database->n_patterns; i++)
        if (database->patterns[i].grade == SP_GRADE_PCRE && (!search->wanted || search->wanted[i]) &&
            !add_span(&search->scratch->starts[i], (struct start_span){0, (uint32_t)search->text.n_bytes}))
            return SP_ENO_MEMORY;
    return 0;
}

/* ---- confirmation ---- */

static const struct sp_re_weight *find_weight(const struct sp_database_pattern *pattern, size_t offset)
{
    size_t low = 0, high = pattern->n_weights;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pattern->weights[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pattern->n_weights && pattern->weights[low].offset == offset ? &pattern->weights[low] : NULL;
}

/* Does the text that ends here repeat what the group captured, by Python's folding of case? The number of points is
 * right already: PCRE2 compared point by point. */
static bool repeats_group(const pcre2_callout_block *block, bool ascii, uint32_t group)
{
    if (group >= block->capture_top || block->offset_vector[2 * group] == PCRE2_UNSET)
        return false;
    const uint8_t *text = block->subject, *begin = text + block->offset_vector[2 * group];
    const uint8_t *at = text + block->offset_vector[2 * group + 1], *here = text + block->current_position;
    while (at > begin) {
        do
            at--;
        while (at > begin && (*at & 0xC0) == 0x80);
        do
            here--;
        while (here > text && (*here & 0xC0) == 0x80);
        uint32_t a = 0, b = 0;
        sp_utf8_next(at, 4, &a);
        sp_utf8_next(here, 4, &b);
        if (sp_re_set_lower(a, ascii) != sp_re_set_lower(b, ascii))
            return false;
    }
    return true;
}

/* Called by PCRE2 before each item that it tries: an item costs one, and a byte walked since the last item one. */
static int count_work(pcre2_callout_block *block, void *data)
{
    struct search *search = data;
    PCRE2_SIZE here = block->current_position, before = search->position;
    uint64_t work = 1 + (here > before ? here - before : before - here);
    search->position = here;
    search->reached = (uint32_t)block->start_match;
    if (search->pattern->n_weights) {
        const struct sp_re_weight *weight = find_weight(search->pattern, block->pattern_position);
        work += weight ? weight->items : 0;
        if (weight && weight->group && weight->group < block->capture_top) {
            PCRE2_SIZE start = block->offset_vector[2 * weight->group];
            PCRE2_SIZE end = block->offset_vector[2 * weight->group + 1];
            work += start != PCRE2_UNSET && end > start ? end - start : 0;
        }
    }
    search->work += work;
    if (search->work > search->budget)
        return PCRE2_ERROR_CALLOUT;
    const char *check = (const char *)block->callout_string;
    return check && !repeats_group(block, check[0] == SP_RE_CALLOUT_ASCII, (uint32_t)atoi(check + 1));
}

/* The leftmost match that starts within first..last: 1 with its place in *match, 0 for none, SP_ETOO_LARGE where the
 * budget ran out, SP_EINTERNAL. */
static int confirm(struct search *search, uint32_t first, uint32_t last, struct sp_match *match)
{
    struct sp_match_scratch *scratch = search->scratch;
    search->work += CALL_ITEMS;
    search->position = first;
    if (search->work > search->budget)
        return SP_ETOO_LARGE;
    pcre2_set_offset_limit(scratch->context, last);
    int rc = pcre2_match(search->pattern->code, (PCRE2_SPTR)search->text.ptr, search->text.n_bytes, first,
        PCRE2_NO_UTF_CHECK, scratch->data, scratch->context);
    switch (rc) {
    case PCRE2_ERROR_NOMATCH: return 0;
    case PCRE2_ERROR_CALLOUT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT: return SP_ETOO_LARGE;
    case PCRE2_ERROR_NOMEMORY: return SP_ENO_MEMORY;
    default: break;
    }
    if (rc < 0)
        return SP_EINTERNAL;
    const PCRE2_SIZE *vector = pcre2_get_ovector_pointer(scratch->data);
    match->start = (uint32_t)vector[0];
    match->end = (uint32_t)vector[1];
    return 1;
}

static bool within_point(const struct search *search, uint32_t at)
{
    return search->database->utf8 && at < search->text.n_bytes && ((unsigned char)search->text.ptr[at] & 0xC0) == 0x80;
}

static int add_match(struct search *search, const struct sp_match *match)
{
    struct sp_match_scratch *scratch = search->scratch;
    if (scratch->n_matches == scratch->n_matches_room) {
        size_t n_room = scratch->n_matches_room ? 2 * scratch->n_matches_room : 64;
        struct sp_match *matches = realloc(scratch->matches, n_room * sizeof(*matches));
        if (!matches)
            return SP_ENO_MEMORY;
        scratch->matches = matches;
        scratch->n_matches_room = n_room;
    }
    scratch->matches[scratch->n_matches++] = *match;
    return 0;
}

/* All matches of one pattern, as finditer finds them, but that a start which is not accepted does not count. */
static int search_pattern(struct search *search, uint32_t id)
{
    const struct starts *starts = &search->scratch->starts[id];
    uint32_t at = 0; /* no match may start before */
    search->pattern = &search->database->patterns[id];
    for (uint32_t i = 0; i < starts->n_spans; i++) {
        uint32_t first = starts->spans[i].first, last = starts->spans[i].last;
        while (within_point(search, first))
            first--;
        for (;;) {
            struct sp_match match = {.pattern = id};
            first = first > at ? first : at;
            if (first > last)
                break;
            search->reached = first;
            int r = search->scratch->n_matches < MATCHES_MAX ? confirm(search, first, last, &match) : SP_ETOO_LARGE;
            if (r == SP_ETOO_LARGE) {
                match.limit = true;
                match.start = match.end = search->reached;
                return add_match(search, &match);
            }
            if (r <= 0) {
                if (r < 0)
                    return r;
                break;
            }
            if (!search->accept || search->accept(search->context, &match)) {
                r = add_match(search, &match);
                if (r < 0)
                    return r;
                at = match.end;
            } else {
                at = match.start + 1;
                while (within_point(search, at))
                    at++;
            }
        }
    }
    return 0;
}

static int hand_over(
    const struct search *search, struct sp_arena *arena, struct sp_match **ret_matches, size_t *ret_n_matches)
{
    const struct sp_match_scratch *scratch = search->scratch;
    struct sp_match *matches = sp_arena_array(arena, scratch->n_matches, sizeof(*matches));
    if (!matches)
        return sp_arena_error(arena);
    if (scratch->n_matches)
        memcpy(matches, scratch->matches, scratch->n_matches * sizeof(*matches));
    *ret_matches = matches;
    *ret_n_matches = scratch->n_matches;
    return 0;
}

int sp_match_search(const struct sp_matcher *matcher, struct sp_match_scratch *scratch, struct sp_str text,
    const bool *wanted, size_t budget_scale_bytes, sp_match_accept *accept, void *context, struct sp_arena *arena,
    struct sp_match **ret_matches, size_t *ret_n_matches, struct sp_error *error)
{
    if (text.n_bytes >= UINT32_MAX)
        return sp_error_set(error, SP_ETOO_LARGE, NULL);
    if (!text.ptr)
        text = SP_STR("");
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    bool utf8 = sp_utf8_ascii(bytes, text.n_bytes) < text.n_bytes;
    size_t first_invalid = utf8 ? sp_utf8_valid(bytes, text.n_bytes) : text.n_bytes;
    int r = meet(scratch, matcher);
    if (r == 0 && first_invalid < text.n_bytes)
        r = copy_valid(scratch, &text, first_invalid);
    if (r < 0)
        return sp_error_set(error, r, NULL);
    struct search search = {.database = &matcher->databases[utf8],
        .scratch = scratch,
        .text = text,
        .wanted = wanted,
        .budget = BUDGET_PER_BYTE * (uint64_t)budget_scale_bytes + BUDGET_FLOOR,
        .accept = accept,
        .context = context};
    scratch->n_matches = 0;
    pcre2_set_callout(scratch->context, count_work, &search);
    r = find_candidates(&search);
    for (uint32_t i = 0; r == 0 && i < search.database->n_patterns; i++) {
        if (!scratch->starts[i].n_spans)
            continue;
        search.work = scratch->carried ? scratch->carried[i] : 0;
        r = search_pattern(&search, i);
        if (scratch->carried)
            scratch->carried[i] = search.work;
    }
    pcre2_set_callout(scratch->context, NULL, NULL);
    if (r == 0)
        r = hand_over(&search, arena, ret_matches, ret_n_matches);
    return r < 0 ? sp_error_set(error, r, NULL) : 0;
}
