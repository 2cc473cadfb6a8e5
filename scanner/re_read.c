/* The grammar of Python 3.11's `re`: alternatives, sequences, repetitions. Recursive descent over re_lex's tokens,
 * bounded in depth, size and memory. One thread; a reader lives for one call. */
#include "scanner/re_read.h"

#include <stdlib.h>

#include "proto/scope.h"
#include "proto/utf8.h"
#include "scanner/match.h"
#include "scanner/re_class.h"
#include "scanner/re_reader.h"

#define TREE_BYTES_MAX (8u << 20)

SP_CLEANUP_DEFINE(struct sp_re *, sp_re_free)

/* Python clips widths so. */
uint32_t sp_re_width_min(uint64_t width)
{
    return width > SP_RE_INFINITE - 1 ? SP_RE_INFINITE - 1 : (uint32_t)width;
}

uint32_t sp_re_width_max(uint64_t width)
{
    return width > SP_RE_INFINITE ? SP_RE_INFINITE : (uint32_t)width;
}

struct sp_re_node *sp_re_reader_node(
    struct sp_re_reader *reader, enum sp_re_kind kind, unsigned flags, uint32_t position)
{
    struct sp_re_node *node = sp_arena_alloc(&reader->re->arena, sizeof(*node));
    if (!node) {
        sp_re_lex_stop(&reader->lex, sp_arena_error(&reader->re->arena), "the pattern takes too much memory");
        return NULL;
    }
    node->kind = kind;
    node->flags = flags & 0xFF;
    node->position = position;
    if (kind == SP_RE_CHAR || kind == SP_RE_SET || kind == SP_RE_ANY)
        node->width_min = node->width_max = 1;
    return node;
}

struct sp_re_node *sp_re_reader_backref(struct sp_re_reader *reader, unsigned flags, uint32_t position, uint32_t index)
{
    if (reader->lookbehind_groups && index >= reader->lookbehind_groups) {
        sp_re_lex_fail(&reader->lex, sp_re_lex_tell(&reader->lex),
            "cannot refer to group defined in the same lookbehind subpattern");
        return NULL;
    }
    struct sp_re_node *node = sp_re_reader_node(reader, SP_RE_BACKREF, flags, position);
    if (node) {
        node->index = index;
        node->width_min = reader->groups[index].width_min;
        node->width_max = reader->groups[index].width_max;
    }
    return node;
}

static struct sp_re_node *char_node(struct sp_re_reader *reader, unsigned flags, uint32_t position, uint32_t point)
{
    struct sp_re_node *node = sp_re_reader_node(reader, SP_RE_CHAR, flags, position);
    if (node)
        node->point = point;
    return node;
}

static struct sp_re_node *at_node(struct sp_re_reader *reader, unsigned flags, uint32_t position, enum sp_re_at at)
{
    struct sp_re_node *node = sp_re_reader_node(reader, SP_RE_AT, flags, position);
    if (node)
        node->at = at;
    return node;
}

static struct sp_re_node *set_node(
    struct sp_re_reader *reader, unsigned flags, uint32_t position, const struct sp_re_set *read)
{
    struct sp_re_node *node = sp_re_reader_node(reader, SP_RE_SET, flags, position);
    struct sp_re_set *set = node ? sp_arena_alloc(&reader->re->arena, sizeof(*set)) : NULL;
    if (!set) {
        sp_re_lex_stop(&reader->lex, SP_ENO_MEMORY, "the pattern takes too much memory");
        return NULL;
    }
    *set = *read;
    node->set = set;
    return node;
}

/* \1 to \99, or an octal escape of three digits. */
static struct sp_re_node *number_escape(
    struct sp_re_reader *reader, unsigned flags, uint32_t start, uint32_t first_digit)
{
    struct sp_re_lex *lex = &reader->lex;
    uint32_t value = first_digit, n;
    if (!lex->next.escaped && lex->next.point >= '0' && lex->next.point <= '9') {
        uint32_t second = sp_re_lex_get(lex).point - '0';
        if (first_digit < 8 && second < 8 && !lex->next.escaped && lex->next.point >= '0' && lex->next.point <= '7') {
            uint32_t octal = sp_re_class_octal(lex, first_digit * 8 + second, 1, &n);
            if (octal > 0377) {
                sp_re_lex_fail(lex, start, "octal escape \\%o is outside of 0-0o377", octal);
                return NULL;
            }
            return char_node(reader, flags, start, octal);
        }
        value = value * 10 + second;
    }
    if (lex->code)
        return NULL;
    if (value >= reader->n_groups) {
        sp_re_lex_fail(lex, start + 1, "invalid group reference %u", value);
        return NULL;
    }
    if (!reader->groups[value].closed) {
        sp_re_lex_fail(lex, start, "cannot refer to an open group");
        return NULL;
    }
    return sp_re_reader_backref(reader, flags, start, value);
}

static struct sp_re_node *escape(struct sp_re_reader *reader, unsigned flags, struct sp_re_token token)
{
    struct sp_re_lex *lex = &reader->lex;
    uint32_t start = sp_re_lex_tell(lex) - 2, c = token.point, n;
    switch (c) {
    case 'A': return at_node(reader, flags, start, SP_RE_AT_BEGIN);
    case 'Z': return at_node(reader, flags, start, SP_RE_AT_END);
    case 'b': return at_node(reader, flags, start, SP_RE_AT_BOUNDARY);
    case 'B': return at_node(reader, flags, start, SP_RE_AT_NO_BOUNDARY);
    default: break;
    }
    struct sp_re_set set = {.categories = sp_re_class_category(token)};
    if (set.categories)
        return set_node(reader, flags, start, &set);
    uint32_t point = sp_re_class_simple(token);
    if (point == SP_RE_LEX_END && (c == 'x' || c == 'u' || c == 'U' || c == 'N'))
        point = sp_re_class_coded(lex, token);
    else if (c == '0')
        point = sp_re_class_octal(lex, 0, 2, &n);
    else if (c >= '1' && c <= '9')
        return number_escape(reader, flags, start, c - '0');
    else if (point == SP_RE_LEX_END && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
        sp_re_lex_fail(lex, start, "bad escape \\%c", (char)c);
    else if (point == SP_RE_LEX_END)
        point = c;
    return lex->code ? NULL : char_node(reader, flags, start, point);
}

static bool digit_follows(const struct sp_re_lex *lex)
{
    return !lex->next.escaped && lex->next.point >= '0' && lex->next.point <= '9';
}

/* Digits, if any; clipped, so that what is too large stays so. */
static bool bound(struct sp_re_lex *lex, uint64_t *value)
{
    bool some = false;
    for (uint64_t sum = 0; digit_follows(lex); some = true) {
        sum = sum * 10 + (sp_re_lex_get(lex).point - '0');
        if (sum > SP_RE_INFINITE)
            sum = SP_RE_INFINITE;
        *value = sum;
    }
    return some;
}

/* What stands behind "{" : 1 for bounds, 0 where the brace is a plain character, negative on failure. */
static int braces(struct sp_re_lex *lex, uint32_t *ret_min, uint32_t *ret_max)
{
    uint32_t here = sp_re_lex_tell(lex);
    uint64_t min = 0, max = 0;
    if (sp_re_lex_peek(lex, '}'))
        return 0;
    bool low = bound(lex, &min), high = low, comma = sp_re_lex_match(lex, ',');
    if (comma)
        high = bound(lex, &max);
    else
        max = min;
    if (!sp_re_lex_match(lex, '}')) {
        if (lex->code)
            return lex->code;
        sp_re_lex_seek(lex, here);
        return lex->code;
    }
    if ((low && min >= SP_RE_INFINITE) || (high && max >= SP_RE_INFINITE))
        return sp_re_lex_fail(lex, here - 1, "the repetition number is too large");
    if (high && max < min)
        return sp_re_lex_fail(lex, here, "min repeat greater than max repeat");
    *ret_min = (uint32_t)min;
    *ret_max = high ? (uint32_t)max : SP_RE_INFINITE;
    return lex->code ? lex->code : 1;
}

static int repetition(struct sp_re_lex *lex, uint32_t sign, uint32_t *ret_min, uint32_t *ret_max)
{
    if (sign == '{')
        return braces(lex, ret_min, ret_max);
    *ret_min = sign == '+';
    *ret_max = sign == '?' ? 1 : SP_RE_INFINITE;
    return 1;
}

/* Wraps the last item of a sequence. here: where the sign stands. */
static void repeat(
    struct sp_re_reader *reader, unsigned flags, struct sp_re_node **last, uint32_t here, uint32_t min, uint32_t max)
{
    struct sp_re_lex *lex = &reader->lex;
    struct sp_re_node *item = last ? *last : NULL;
    if (!item || item->kind == SP_RE_AT) {
        sp_re_lex_fail(lex, here, "nothing to repeat");
        return;
    }
    if (item->kind == SP_RE_REPEAT) {
        sp_re_lex_fail(lex, here, "multiple repeat");
        return;
    }
    struct sp_re_node *node = sp_re_reader_node(reader, SP_RE_REPEAT, flags, here);
    if (!node)
        return;
    node->repeat.min = min;
    node->repeat.max = max;
    node->repeat.greed = sp_re_lex_match(lex, '?')   ? SP_RE_LAZY
                         : sp_re_lex_match(lex, '+') ? SP_RE_POSSESSIVE
                                                     : SP_RE_GREEDY;
    node->width_min = sp_re_width_min((uint64_t)item->width_min * min);
    node->width_max = sp_re_width_max((uint64_t)item->width_max * max);
    node->child = item;
    *last = node;
    reader->repeats = true;
}

static bool skipped_in_verbose(struct sp_re_lex *lex, struct sp_re_token token)
{
    if (token.escaped)
        return false;
    if (token.point == ' ' || (token.point >= '\t' && token.point <= '\r'))
        return true;
    if (token.point != '#')
        return false;
    do
        token = sp_re_lex_get(lex);
    while (token.point != SP_RE_LEX_END && !(token.point == '\n' && !token.escaped));
    return true;
}

struct sp_re_node *sp_re_reader_sequence(struct sp_re_reader *reader, unsigned *flags, bool first)
{
    struct sp_re_lex *lex = &reader->lex;
    struct sp_re_node *sequence = sp_re_reader_node(reader, SP_RE_SEQUENCE, *flags, sp_re_lex_tell(lex));
    struct sp_re_node **last = NULL, **tail = sequence ? &sequence->child : NULL;
    while (!lex->code && lex->next.point != SP_RE_LEX_END && !sp_re_lex_peek(lex, '|') && !sp_re_lex_peek(lex, ')')) {
        struct sp_re_token this = sp_re_lex_get(lex);
        uint32_t here = sp_re_lex_tell(lex) - sp_re_token_n(this), min = 0, max = 0;
        struct sp_re_node *node = NULL;
        if (lex->code)
            break;
        if (*flags & SP_MATCH_VERBOSE && skipped_in_verbose(lex, this))
            continue;
        if (this.escaped) {
            node = escape(reader, *flags, this);
        } else if (this.point == '[') {
            struct sp_re_set set;
            sp_re_class_read(lex, &reader->re->arena, here, &set);
            node = lex->code ? NULL : set_node(reader, *flags, here, &set);
        } else if (this.point == '*' || this.point == '+' || this.point == '?' || this.point == '{') {
            int r = repetition(lex, this.point, &min, &max);
            if (r > 0)
                repeat(reader, *flags, last, here, min, max);
            if (r != 0) {
                tail = last ? &(*last)->next : tail;
                continue;
            }
            node = char_node(reader, *flags, here, '{');
        } else if (this.point == '(') {
            sp_re_reader_group(reader, flags, here, first && !sequence->child, &node);
            if (!node)
                continue;
        } else if (this.point == '.') {
            node = sp_re_reader_node(reader, SP_RE_ANY, *flags, here);
        } else if (this.point == '^') {
            node = at_node(reader, *flags, here, SP_RE_AT_LINE_BEGIN);
        } else if (this.point == '$') {
            node = at_node(reader, *flags, here, SP_RE_AT_LINE_END);
        } else {
            node = char_node(reader, *flags, here, this.point);
        }
        if (!node)
            break;
        *tail = node;
        last = tail;
        tail = &node->next;
    }
    if (lex->code)
        return NULL;
    uint64_t width_min = 0, width_max = 0;
    for (const struct sp_re_node *node = sequence->child; node; node = node->next) {
        width_min = sp_re_width_min(width_min + node->width_min);
        width_max = sp_re_width_max(width_max + node->width_max);
    }
    sequence->width_min = (uint32_t)width_min;
    sequence->width_max = (uint32_t)width_max;
    return sequence;
}

struct sp_re_node *sp_re_reader_alternatives(struct sp_re_reader *reader, unsigned flags)
{
    struct sp_re_lex *lex = &reader->lex;
    bool whole = reader->depth == 0, first = whole;
    if (++reader->depth > SP_RE_DEPTH) {
        sp_re_lex_stop(lex, SP_ETOO_DEEP, "the pattern's groups are nested too deeply");
        return NULL;
    }
    struct sp_re_node *branch = sp_re_reader_node(reader, SP_RE_BRANCH, flags, sp_re_lex_tell(lex));
    struct sp_re_node **tail = branch ? &branch->child : NULL;
    uint32_t n = 0;
    while (!lex->code) {
        struct sp_re_node *sequence = sp_re_reader_sequence(reader, &flags, first);
        if (!sequence)
            break;
        branch->width_min = n == 0 || sequence->width_min < branch->width_min ? sequence->width_min : branch->width_min;
        branch->width_max = sequence->width_max > branch->width_max ? sequence->width_max : branch->width_max;
        *tail = sequence;
        tail = &sequence->next;
        n++;
        first = false;
        if (!sp_re_lex_match(lex, '|'))
            break;
        if (whole)
            flags = reader->flags;
    }
    reader->depth--;
    return lex->code ? NULL : n == 1 ? branch->child : branch;
}

static int check_lookbehinds(struct sp_re_lex *lex, const struct sp_re_node *node)
{
    for (; node; node = node->next) {
        if (node->kind == SP_RE_LOOK && node->look.behind && node->child->width_min != node->child->width_max)
            return sp_re_lex_fail(lex, node->position, "look-behind requires fixed-width pattern");
        if (node->kind == SP_RE_LOOK && node->look.behind && node->child->width_min > SP_RE_REPEAT_MAX)
            return sp_re_lex_fail(lex, node->position, "look-behind is wider than %d here", SP_RE_REPEAT_MAX);
        if (node->kind == SP_RE_REPEAT &&
            (node->repeat.min > SP_RE_REPEAT_MAX ||
                (node->repeat.max > SP_RE_REPEAT_MAX && node->repeat.max != SP_RE_INFINITE)))
            return sp_re_lex_fail(lex, node->position, "repetitions go up to %d here", SP_RE_REPEAT_MAX);
        int r = check_lookbehinds(lex, node->child);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What Python takes and we do not. */
static int check_hints(struct sp_re_reader *reader, const struct sp_re_node *root)
{
    struct sp_re_lex *lex = &reader->lex;
    for (uint32_t i = 0; i < lex->n_points; i++) {
        uint32_t c = lex->points[i];
        bool blank = c == '\t' || c == '\n' || c == '\r';
        if (!blank && (c < 0x20 || (c >= 0x7F && c <= 0x9F)))
            return sp_re_lex_fail(
                lex, i, "in YAML, double quotes turn \\b into a control character; use single quotes: U+%04X", c);
    }
    if (root->width_min == 0)
        return sp_re_lex_fail(lex, 0, "it would be found everywhere, since it can match nothing,");
    return 0;
}

static int check(struct sp_re_reader *reader, const struct sp_re_node *root)
{
    struct sp_re_lex *lex = &reader->lex;
    if (reader->flags & SP_MATCH_ASCII && reader->flags & SP_RE_FLAG_UNICODE)
        return sp_re_lex_fail(lex, 0, "flags 'a' and 'u' are incompatible");
    if (lex->next.point != SP_RE_LEX_END)
        return sp_re_lex_fail(lex, sp_re_lex_tell(lex), "unbalanced parenthesis");
    for (uint32_t i = 0; i < reader->n_conditions; i++)
        if (reader->conditions[i] >= reader->n_groups)
            return sp_re_lex_fail(
                lex, reader->condition_positions[i], "invalid group reference %u", reader->conditions[i]);
    if (reader->flags & SP_RE_FLAG_TEMPLATE && reader->repeats)
        return sp_re_lex_fail(lex, 0, "flag 't' does not go with repetitions");
    int r = check_lookbehinds(lex, root);
    return r < 0 ? r : check_hints(reader, root);
}

static int decode(struct sp_str pattern, struct sp_arena *arena, uint32_t **ret_points, uint32_t *ret_n_points,
    struct sp_error *error)
{
    if (pattern.n_bytes > SP_RE_PATTERN_BYTES)
        return sp_error_set(error, SP_EINVALID_PATTERN, "a pattern has at most %d bytes", SP_RE_PATTERN_BYTES);
    uint32_t *points = sp_arena_array(arena, pattern.n_bytes + 1, sizeof(*points)), n = 0;
    if (!points)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0, step; i < pattern.n_bytes; i += step) {
        step = sp_utf8_next((const uint8_t *)pattern.ptr + i, pattern.n_bytes - i, &points[n]);
        if (step == 0)
            return sp_error_set(error, SP_EINVALID_PATTERN, "the pattern is not UTF-8 at position %u", n);
        n++;
    }
    *ret_points = points;
    *ret_n_points = n;
    return 0;
}

int sp_re_read(struct sp_str pattern, unsigned flags, struct sp_re **ret_re, struct sp_error *error)
{
    sp_cleanup(sp_re_free_scope) struct sp_re *re = calloc(1, sizeof(*re));
    sp_cleanup(sp_free_ptr) struct sp_re_reader *reader = calloc(1, sizeof(*reader));
    if (!re || !reader)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_arena_init(&re->arena, TREE_BYTES_MAX);
    *reader = (struct sp_re_reader){.re = re, .flags = flags, .n_groups = 1};
    uint32_t *points = NULL, n_points = 0;
    int r = decode(pattern, &re->arena, &points, &n_points, error);
    if (r < 0)
        return r;
    sp_re_lex_init(&reader->lex, points, n_points, error);
    struct sp_re_node *root = sp_re_reader_alternatives(reader, flags);
    if (!root)
        return reader->lex.code;
    r = check(reader, root);
    if (r < 0)
        return r;
    re->root = root;
    re->n_groups = reader->n_groups - 1;
    *ret_re = SP_TAKE(re);
    return 0;
}

void sp_re_free(struct sp_re *re)
{
    if (!re)
        return;
    sp_arena_fini(&re->arena);
    free(re);
}
