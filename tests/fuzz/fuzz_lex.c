/* What splits a source: any bytes as Python, in each dialect. */
#include "tests/fuzz/fuzz_spans.h"

static bool is_broken(const struct sp_span *span)
{
    return span->flags & SP_PYTHON_BROKEN;
}

/* A string begins and ends as its prefix says, and only what its kind may hold ends no line in it. */
static void check_string(struct sp_str text, const struct sp_span *span)
{
    uint32_t n_quotes = span->flags & SP_PYTHON_TRIPLE ? 3 : 1;
    FUZZ_CHECK(span->body_start - span->start >= n_quotes && span->body_start - span->start <= n_quotes + 2);
    char quote = text.ptr[span->body_start - 1];
    FUZZ_CHECK(quote == '"' || quote == '\'');
    for (uint32_t i = 1; i <= n_quotes; i++)
        FUZZ_CHECK(text.ptr[span->body_start - i] == quote);
    if (is_broken(span)) {
        FUZZ_CHECK(span->end == span->body_end);
        return;
    }
    FUZZ_CHECK(span->end - span->body_end == n_quotes);
    for (uint32_t i = 0; i < n_quotes; i++)
        FUZZ_CHECK(text.ptr[span->body_end + i] == quote);
    if (span->flags & (SP_PYTHON_FORMATTED | SP_PYTHON_TRIPLE))
        return;
    for (uint32_t i = span->body_start; i < span->body_end; i++) {
        FUZZ_CHECK(text.ptr[i] != quote && !fuzz_is_newline(text.ptr[i]));
        if (text.ptr[i] == '\\')
            i += text.ptr[i + 1] == '\r' && text.ptr[i + 2] == '\n' ? 2 : 1;
    }
}

static void check_span(struct sp_str text, const struct sp_span *span, const struct sp_span *parent)
{
    FUZZ_CHECK(span->start <= span->body_start && span->body_start <= span->body_end && span->body_end <= span->end);
    FUZZ_CHECK(span->end <= text.n_bytes);
    FUZZ_CHECK(!parent || (span->start >= parent->body_start && span->end <= parent->body_end));
    bool in_string = parent && parent->kind == SP_SPAN_STRING;
    FUZZ_CHECK(!parent || parent->kind == SP_SPAN_INTERPOLATION || in_string);
    FUZZ_CHECK(!in_string || (parent->flags & SP_PYTHON_FORMATTED));
    switch (span->kind) {
    case SP_SPAN_COMMENT:
        FUZZ_CHECK(text.ptr[span->start] == '#' && span->body_start == span->start + 1);
        FUZZ_CHECK(span->end == text.n_bytes || fuzz_is_newline(text.ptr[span->end]));
        for (uint32_t i = span->start; i < span->end; i++)
            FUZZ_CHECK(!fuzz_is_newline(text.ptr[i]));
        break;
    case SP_SPAN_STRING:
        FUZZ_CHECK(!in_string);
        check_string(text, span);
        break;
    default: FUZZ_CHECK(span->kind == SP_SPAN_INTERPOLATION && in_string);
    }
}

/* Spans are in order and nest; each byte is of the class of its innermost span, and of no other. */
static void check_spans(struct sp_str text, const struct sp_span_list *spans, struct sp_arena *arena)
{
    struct sp_zone_map map;
    uint32_t *open = sp_arena_array(arena, spans->n_items + 1, sizeof(*open)), n_open = 0;
    uint32_t *innermost = sp_arena_array(arena, text.n_bytes + 1, sizeof(*innermost));
    FUZZ_CHECK(open && innermost && sp_zone_map_init(&map, spans, arena, NULL) == 0);
    memset(innermost, 0, text.n_bytes * sizeof(*innermost));
    for (uint32_t i = 0; i < spans->n_items; i++) {
        const struct sp_span *span = &spans->items[i];
        FUZZ_CHECK(i == 0 || span->start >= span[-1].start);
        /* An empty field may stand at the very end of a string that is broken there. */
        while (n_open && spans->items[open[n_open - 1]].end < span->start + (span->end > span->start))
            n_open--;
        check_span(text, span, n_open ? &spans->items[open[n_open - 1]] : NULL);
        for (uint32_t at = span->start; at < span->end; at++)
            innermost[at] = i + 1;
        if (span->end > span->start)
            open[n_open++] = i;
    }
    for (uint32_t at = 0; at < text.n_bytes; at++)
        FUZZ_CHECK(sp_zone_find(&map, at) == (innermost[at] ? &spans->items[innermost[at] - 1] : NULL));
}

/* Are these the same, comments apart? */
static void check_same(const struct sp_span_list *a, const struct sp_span_list *b, bool comments)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->n_items; i++) {
        const struct sp_span *x = &a->items[i];
        if (x->kind == SP_SPAN_COMMENT && !comments)
            continue;
        FUZZ_CHECK(n < b->n_items);
        const struct sp_span *y = &b->items[n++];
        FUZZ_CHECK(x->start == y->start && x->end == y->end && x->kind == y->kind && x->flags == y->flags);
        FUZZ_CHECK(x->body_start == y->body_start && x->body_end == y->body_end);
    }
    FUZZ_CHECK(n == b->n_items);
}

/* Nothing in a plain string says what comes after it. */
static struct sp_str fill_strings(struct sp_str text, const struct sp_span_list *spans, struct sp_arena *arena)
{
    char *copy = fuzz_copy(text, arena);
    for (uint32_t i = 0; i < spans->n_items; i++) {
        const struct sp_span *span = &spans->items[i];
        if (span->kind != SP_SPAN_STRING || (span->flags & SP_PYTHON_FORMATTED))
            continue;
        for (uint32_t at = span->body_start; at < span->body_end; at++) {
            bool joins = text.ptr[at] == '\\' && fuzz_is_newline(text.ptr[at + 1]);
            if (!fuzz_is_newline(text.ptr[at]) && !joins)
                copy[at] = 'x';
        }
    }
    return (struct sp_str){copy, text.n_bytes};
}

static bool is_name(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_' || (unsigned char)byte >= 0x80;
}

/* The language without formatted strings, as its reference has it: read forwards, word by word. */
static struct sp_span_list read_plainly(struct sp_str text, struct sp_arena *arena)
{
    struct sp_span_list spans = {0};
    size_t word = 0, n = text.n_bytes;
    for (size_t i = 0; i < n;) {
        char byte = text.ptr[i];
        if (byte == '#') {
            size_t end = i;
            while (end < n && !fuzz_is_newline(text.ptr[end]))
                end++;
            sp_span_add(&spans, arena, (struct sp_span){.start = (uint32_t)i, .end = (uint32_t)end});
            word = i = end;
        } else if (byte == '"' || byte == '\'') {
            static const char *const prefixes[] = {"r", "b", "u", "rb", "br"};
            size_t start = i;
            for (size_t p = 0; p < 5; p++)
                if (i - word == strlen(prefixes[p]) && strncasecmp(text.ptr + word, prefixes[p], i - word) == 0)
                    start = word;
            size_t n_quotes = n - i >= 3 && text.ptr[i + 1] == byte && text.ptr[i + 2] == byte ? 3 : 1;
            size_t end = i + n_quotes, run = 0;
            for (; end < n && run < n_quotes; end++) {
                run = text.ptr[end] == byte ? run + 1 : 0;
                end += text.ptr[end] == '\\';
            }
            sp_span_add(&spans, arena,
                (struct sp_span){.start = (uint32_t)start, .end = (uint32_t)end, .kind = SP_SPAN_STRING});
            word = i = end;
        } else {
            i++;
            word = is_name(byte) ? word : i;
        }
    }
    return spans;
}

static void check_plainly(struct sp_str text, const struct sp_span_list *spans, struct sp_arena *arena)
{
    for (uint32_t i = 0; i < spans->n_items; i++)
        if (spans->items[i].flags & (SP_PYTHON_BROKEN | SP_PYTHON_FORMATTED))
            return;
    struct sp_span_list plain = read_plainly(text, arena);
    FUZZ_CHECK(plain.n_items == spans->n_items);
    for (uint32_t i = 0; i < plain.n_items; i++)
        FUZZ_CHECK(plain.items[i].start == spans->items[i].start && plain.items[i].end == spans->items[i].end &&
                   plain.items[i].kind == spans->items[i].kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static const char *const dialects[] = {"", "3.11", "3.12", "3.13", "3.14"};
    struct sp_str text = {(const char *)bytes, n_bytes};
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        struct sp_arena arena;
        sp_arena_init(&arena, FUZZ_ARENA_BYTES);
        struct sp_span_list spans = fuzz_lex(text, dialects[i], &arena), again;
        check_spans(text, &spans, &arena);
        check_plainly(text, &spans, &arena);
        again = fuzz_lex(fuzz_return(text, &arena), dialects[i], &arena);
        check_same(&spans, &again, true);
        if (fuzz_is_settled(&spans)) {
            again = fuzz_lex(fuzz_blank(text, &spans, &arena), dialects[i], &arena);
            check_same(&spans, &again, false);
            again = fuzz_lex(fill_strings(text, &spans, &arena), dialects[i], &arena);
            check_same(&spans, &again, true);
        }
        sp_arena_fini(&arena);
    }
    return 0;
}
