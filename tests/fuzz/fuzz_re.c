/* What an author of policies writes as a pattern: a byte of flags, pattern, line end, text. A pattern that is read is written out in
 * Python's own words and read again: the second writing is the first, and both find the same. */
#include <stdarg.h>
#include <string.h>

#include "proto/buffer.h"
#include "proto/utf8.h"
#include "scanner/match.h"
#include "scanner/re_read.h"
#include "tests/fuzz/fuzz.h"

#define SEARCHED    1 /* what the bits beside the flags say: search too, which takes a hundred times as long */
#define TEXT_MAX    2048
#define PATTERN_MAX 256

__attribute__((format(printf, 2, 3))) static void put(struct sp_buffer *out, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    FUZZ_CHECK(n >= 0 && n < (int)sizeof(text));
    sp_buffer_append(out, text, (size_t)n);
}

static void put_set(struct sp_buffer *out, const struct sp_re_set *set)
{
    static const char *const categories[] = {"\\d", "\\D", "\\s", "\\S", "\\w", "\\W"};
    put(out, set->negated ? "[^" : "[");
    for (uint32_t i = 0; i < set->n_ranges; i++)
        put(out, "\\U%08x-\\U%08x", set->ranges[i].first, set->ranges[i].last);
    for (unsigned i = 0; i < 6; i++)
        if (set->categories & 1u << i)
            put(out, "%s", categories[i]);
    put(out, "]");
}

static void put_leaf(struct sp_buffer *out, const struct sp_re_node *node)
{
    static const char *const places[] = {"\\A", "\\Z", "^", "$", "\\b", "\\B"};
    /* All flags, so that nothing depends on where it stands. */
    put(out, "(?%s%s%s%s-%s%s%sx:", node->flags & SP_MATCH_ASCII ? "a" : "u",
        node->flags & SP_MATCH_IGNORE_CASE ? "i" : "", node->flags & SP_MATCH_MULTILINE ? "m" : "",
        node->flags & SP_MATCH_DOTALL ? "s" : "", node->flags & SP_MATCH_IGNORE_CASE ? "" : "i",
        node->flags & SP_MATCH_MULTILINE ? "" : "m", node->flags & SP_MATCH_DOTALL ? "" : "s");
    switch (node->kind) {
    case SP_RE_CHAR: put(out, "\\U%08x", node->point); break;
    case SP_RE_SET: put_set(out, node->set); break;
    case SP_RE_ANY: put(out, "."); break;
    case SP_RE_AT: put(out, "%s", places[node->at]); break;
    default: put(out, "(?P=g%u)", node->index);
    }
    put(out, ")");
}

static void put_node(struct sp_buffer *out, const struct sp_re_node *node);

/* A group that only holds together prints as what it holds, where that holds together by itself. */
static const struct sp_re_node *unwrap(const struct sp_re_node *node)
{
    while ((node->kind == SP_RE_SEQUENCE && node->child && !node->child->next) ||
           (node->kind == SP_RE_GROUP && node->index == 0 && !node->atomic))
        node = node->child;
    return node;
}

static void put_single(struct sp_buffer *out, const struct sp_re_node *node)
{
    node = unwrap(node);
    bool holds = node->kind != SP_RE_SEQUENCE && node->kind != SP_RE_BRANCH && node->kind != SP_RE_REPEAT;
    put(out, holds ? "" : "(?:");
    put_node(out, node);
    put(out, holds ? "" : ")");
}

static void put_children(struct sp_buffer *out, const struct sp_re_node *node, const char *separator)
{
    for (const struct sp_re_node *child = node->child; child; child = child->next) {
        put(out, "%s", child == node->child ? "" : separator);
        put_node(out, child);
    }
}

static void put_node(struct sp_buffer *out, const struct sp_re_node *node)
{
    switch (node->kind) {
    case SP_RE_SEQUENCE: put_children(out, node, ""); break;
    case SP_RE_BRANCH: put_children(out, node, "|"); break;
    case SP_RE_GROUP:
        if (node->index == 0 && !node->atomic) {
            put_single(out, node);
            break;
        }
        if (node->index)
            put(out, "(?P<g%u>", node->index);
        else
            put(out, "(?>");
        put_node(out, node->child);
        put(out, ")");
        break;
    case SP_RE_REPEAT:
        put_single(out, node->child);
        put(out, "{%u,", node->repeat.min);
        if (node->repeat.max != SP_RE_INFINITE)
            put(out, "%u", node->repeat.max);
        put(out, "}%s", node->repeat.greed == SP_RE_LAZY ? "?" : node->repeat.greed == SP_RE_POSSESSIVE ? "+" : "");
        break;
    case SP_RE_LOOK:
        put(out, "(?%s%s", node->look.behind ? "<" : "", node->look.negated ? "!" : "=");
        put_node(out, node->child);
        put(out, ")");
        break;
    case SP_RE_CONDITION:
        put(out, "(?(%u)", node->index);
        put_children(out, node, "|");
        put(out, ")");
        break;
    default: put_leaf(out, node);
    }
}

static void check_node(const struct sp_re *re, const struct sp_re_node *node, size_t n_points, unsigned depth)
{
    FUZZ_CHECK(node->kind < SP_RE_KIND_COUNT && node->position <= n_points);
    FUZZ_CHECK(node->width_min <= node->width_max && depth < 8 * SP_RE_DEPTH);
    if (node->kind == SP_RE_GROUP || node->kind == SP_RE_BACKREF || node->kind == SP_RE_CONDITION)
        FUZZ_CHECK(node->index <= re->n_groups);
    if (node->kind == SP_RE_REPEAT)
        FUZZ_CHECK(node->repeat.min <= node->repeat.max);
    for (const struct sp_re_node *child = node->child; child; child = child->next)
        check_node(re, child, n_points, depth + 1);
}

/* Refused with a reason, at a place in the pattern. */
static void check_refusal(int r, const struct sp_error *error, size_t n_bytes)
{
    FUZZ_CHECK(r < 0 && error->code == r && error->text[0]);
    const char *at = strstr(error->text, " at position ");
    FUZZ_CHECK(!at || strtoul(at + strlen(" at position "), NULL, 10) <= n_bytes);
}

/* Reads and writes out; false: the pattern was refused. */
static bool rewrite(struct sp_str pattern, unsigned flags, struct sp_buffer *out)
{
    struct sp_re *re = NULL;
    struct sp_error error = {0};
    int r = sp_re_read(pattern, flags, &re, &error);
    if (r < 0) {
        check_refusal(r, &error, pattern.n_bytes);
        return false;
    }
    check_node(re, re->root, pattern.n_bytes, 0);
    put_node(out, re->root);
    FUZZ_CHECK(!out->failed);
    sp_re_free(re);
    return true;
}

struct found {
    struct sp_match *matches;
    size_t n_matches;
    bool known; /* it was compiled, and no budget ran out */
};

static struct found find(struct sp_str pattern, unsigned flags, struct sp_str text, struct sp_arena *arena)
{
    struct found found = {0};
    struct sp_matcher *matcher = NULL;
    struct sp_match_scratch *scratch = NULL;
    struct sp_error error = {0};
    const struct sp_match_pattern one = {.pattern = pattern, .flags = flags};
    int r = sp_matcher_new(&one, 1, &matcher, &error);
    if (r < 0) {
        check_refusal(r, &error, pattern.n_bytes);
        return found;
    }
    FUZZ_CHECK(sp_match_scratch_new(&scratch, NULL) == 0);
    FUZZ_CHECK(sp_match_search(matcher, scratch, text, NULL, text.n_bytes, NULL, NULL, arena, &found.matches,
                   &found.n_matches, NULL) == 0);
    found.known = true;
    for (size_t i = 0; i < found.n_matches; i++) {
        const struct sp_match *match = &found.matches[i];
        FUZZ_CHECK(match->start <= text.n_bytes && (match->limit || match->start < match->end));
        FUZZ_CHECK(match->limit || match->end <= text.n_bytes);
        FUZZ_CHECK(i == 0 || match->limit || match[-1].end <= match->start);
        found.known &= !match->limit;
    }
    sp_match_scratch_free(scratch);
    sp_matcher_free(matcher);
    return found;
}

static void check_found(struct sp_str pattern, struct sp_str other, unsigned flags, struct sp_str text)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 64u << 20);
    struct found a = find(pattern, flags, text, &arena), b = find(other, 0, text, &arena);
    if (a.known && b.known) {
        FUZZ_CHECK(a.n_matches == b.n_matches);
        for (size_t i = 0; i < a.n_matches; i++)
            FUZZ_CHECK(a.matches[i].start == b.matches[i].start && a.matches[i].end == b.matches[i].end);
    }
    sp_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes < 1)
        return 0;
    unsigned flags = bytes[0] & 31;
    struct sp_str pattern = {(const char *)bytes + 1, n_bytes - 1}, text = {"", 0};
    const char *end = memchr(pattern.ptr, '\n', pattern.n_bytes);
    if (end) {
        text = (struct sp_str){end + 1, (size_t)(pattern.ptr + pattern.n_bytes - end - 1)};
        pattern.n_bytes = (size_t)(end - pattern.ptr);
    }
    struct sp_buffer first, second, third;
    sp_buffer_init(&first, 1u << 20);
    sp_buffer_init(&second, 1u << 20);
    sp_buffer_init(&third, 1u << 20);
    if (rewrite(pattern, flags, &first)) {
        struct sp_str one = {(const char *)first.bytes, first.n_bytes};
        /* What is written takes more room, and may be more than is read. */
        bool fits = one.n_bytes < SP_RE_PATTERN_BYTES && rewrite(one, 0, &second);
        struct sp_str two = {(const char *)second.bytes, second.n_bytes};
        FUZZ_CHECK(fits || one.n_bytes >= SP_RE_PATTERN_BYTES / 8);
        if (fits && two.n_bytes < SP_RE_PATTERN_BYTES && rewrite(two, 0, &third))
            FUZZ_CHECK(second.n_bytes == third.n_bytes && memcmp(second.bytes, third.bytes, second.n_bytes) == 0);
        if (fits && bytes[0] >> 5 == SEARCHED && pattern.n_bytes <= PATTERN_MAX && text.n_bytes <= TEXT_MAX)
            check_found(pattern, one, flags, text);
    }
    sp_buffer_fini(&first);
    sp_buffer_fini(&second);
    sp_buffer_fini(&third);
    return 0;
}
