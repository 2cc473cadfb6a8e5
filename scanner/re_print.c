/* Prints a read pattern for PCRE2 and for Hyperscan. One thread; results live in the caller's arena. */
#include "scanner/re_print.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/buffer.h"
#include "proto/scope.h"
#include "scanner/match.h"
#include "scanner/re_units.h"

#define WEIGHTS_MAX      4096
#define WEIGHTY_REPEAT   8    /* a repetition of so many single points is charged apart */
#define POSITIONS_MAX    1500 /* positions that Hyperscan's automaton may have, about */
#define REPEAT_POSITIONS 256  /* a repetition that takes more is widened where there are too many in all */
#define REPEAT_WIDENED   32
#define SMALL_SET        4 /* points of ASCII that may be one letter in both cases */

struct printer {
    const struct sp_re *re;
    struct sp_arena *arena;
    struct sp_buffer out;
    bool utf8;
    int code;
    /* PCRE2 */
    bool ucp, looks_ahead, atomic;
    struct sp_re_weight *weights;
    size_t n_weights;
    /* Hyperscan */
    bool hyperscan, at_dropped, widen_repeats;
    bool wider, structural;
};

static void put_bytes(struct printer *printer, const char *bytes, size_t n_bytes)
{
    if (printer->code == 0)
        printer->code = sp_buffer_append(&printer->out, bytes, n_bytes);
}

static void put(struct printer *printer, const char *text)
{
    put_bytes(printer, text, strlen(text));
}

static void __attribute__((format(printf, 2, 3))) putf(struct printer *printer, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    put_bytes(printer, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void weigh(struct printer *printer, uint32_t items, uint32_t group)
{
    if (printer->hyperscan || printer->code < 0)
        return;
    if (!printer->weights) {
        printer->weights = sp_arena_array(printer->arena, WEIGHTS_MAX, sizeof(*printer->weights));
        if (!printer->weights) {
            printer->code = SP_ENO_MEMORY;
            return;
        }
    }
    if (printer->n_weights == WEIGHTS_MAX) {
        printer->code = SP_ETOO_LARGE;
        return;
    }
    printer->weights[printer->n_weights++] =
        (struct sp_re_weight){.offset = (uint32_t)printer->out.n_bytes, .items = items, .group = group};
}

static void put_point(struct printer *printer, uint32_t point)
{
    if ((point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') || (point >= 'a' && point <= 'z') ||
        point == '_')
        putf(printer, "%c", (char)point);
    else
        putf(printer, printer->utf8 ? "\\x{%x}" : "\\x%02x", point);
}

static void put_ranges(struct printer *printer, const struct sp_re_set *set)
{
    for (size_t i = 0; i < set->n_ranges; i++) {
        put_point(printer, set->ranges[i].first);
        if (set->ranges[i].last > set->ranges[i].first + 1)
            put(printer, "-");
        if (set->ranges[i].last > set->ranges[i].first)
            put_point(printer, set->ranges[i].last);
    }
}

/* What \d and \w are in Python, as PCRE2's properties, and their complements: a class cannot hold a negated class.
 * \w is letters, numbers and the underscore; of the connectors (Pc) only that one. */
static const struct {
    unsigned category;
    const char *properties;
} category_rows[] = {
    {SP_RE_DIGIT, "\\p{Nd}"},
    {SP_RE_NO_DIGIT, "\\P{Nd}"},
    {SP_RE_WORD, "\\p{L}\\p{N}_"},
    {SP_RE_NO_WORD, "\\p{M}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\p{S}\\p{Z}\\p{C}"
                    "\\x{203f}\\x{2040}\\x{2054}\\x{fe33}\\x{fe34}\\x{fe4d}-\\x{fe4f}\\x{ff3f}"},
};

static void put_never(struct printer *printer)
{
    put(printer, printer->utf8 ? printer->hyperscan ? "\\x{10ffff}" : "[^\\x{0}-\\x{10ffff}]" : "\\xff");
}

/* A CHAR or a SET. */
static void put_unit(struct printer *printer, const struct sp_re_node *node)
{
    struct sp_re_units units;
    int r = sp_re_units_of(node, printer->utf8, printer->arena, &units);
    if (r < 0) {
        printer->code = printer->code ? printer->code : r;
        return;
    }
    if (printer->hyperscan && printer->utf8) {
        bool wider = false;
        r = sp_re_units_widen(node, &units, printer->arena, &wider);
        if (r < 0)
            printer->code = printer->code ? printer->code : r;
        printer->wider |= wider;
    }
    struct sp_re_set *set = &units.set;
    if (set->n_ranges == 0 && !set->categories) {
        if (set->negated)
            put(printer, ".");
        else
            put_never(printer);
        if (printer->hyperscan)
            printer->wider |= !set->negated;
        return;
    }
    if (set->n_ranges == 1 && set->ranges[0].first == set->ranges[0].last && !set->categories && !set->negated) {
        put_point(printer, set->ranges[0].first);
        return;
    }
    put(printer, set->negated ? "[^" : "[");
    put_ranges(printer, set);
    for (size_t i = 0; i < SP_COUNT(category_rows); i++)
        if (set->categories & category_rows[i].category)
            put(printer, category_rows[i].properties);
    put(printer, "]");
}

static void put_boundary(struct printer *printer, const struct sp_re_node *node)
{
    bool negated = node->at == SP_RE_AT_NO_BOUNDARY, ascii = node->flags & SP_MATCH_ASCII;
    if (printer->hyperscan) {
        /* Hyperscan's \b knows ASCII only (UCP does not go with it). */
        if (printer->utf8 && !ascii)
            printer->wider = true;
        else
            put(printer, negated ? "\\B" : "\\b");
        return;
    }
    bool native = !printer->utf8 || !ascii;
#if PCRE2_MAJOR > 10 || PCRE2_MINOR >= 43
    native = !printer->utf8; /* UCP's \w has more than Python's there */
#endif
    if (native) {
        printer->ucp |= printer->utf8;
        put(printer, negated ? "\\B" : "\\b");
        return;
    }
    const char *word = ascii ? "[0-9A-Za-z_]" : "[\\p{L}\\p{N}_]";
    const char *const parts[] = {
        "(?:(?<=", word, negated ? ")(?=" : ")(?!", word, ")|(?<!", word, negated ? ")(?!" : ")(?=", word, "))"};
    for (size_t i = 0; i < SP_COUNT(parts); i++)
        put(printer, parts[i]);
}

static void put_at(struct printer *printer, const struct sp_re_node *node)
{
    bool multiline = node->flags & SP_MATCH_MULTILINE;
    if (printer->hyperscan && printer->at_dropped) {
        printer->structural = true;
        return;
    }
    switch (node->at) {
    case SP_RE_AT_BEGIN: put(printer, "\\A"); break;
    case SP_RE_AT_END: put(printer, "\\z"); break;
    case SP_RE_AT_LINE_BEGIN: put(printer, multiline ? "(?m:^)" : "\\A"); break;
    case SP_RE_AT_LINE_END: put(printer, multiline ? "(?m:$)" : "$"); break;
    case SP_RE_AT_BOUNDARY:
    case SP_RE_AT_NO_BOUNDARY: put_boundary(printer, node); break;
    }
}

static void put_node(struct printer *printer, const struct sp_re_node *node, bool tail);

/* Children of a sequence, or one node. tail: nothing that must match stands behind. */
static void put_children(struct printer *printer, const struct sp_re_node *node, bool tail)
{
    if (node->kind == SP_RE_BRANCH) {
        for (const struct sp_re_node *child = node->child; child; child = child->next) {
            put_children(printer, child, tail);
            if (child->next)
                put(printer, "|");
        }
        return;
    }
    for (const struct sp_re_node *child = node->child; child; child = child->next)
        put_node(printer, child, tail && !child->next);
}

/* A parenthesis; one that came out empty, because Hyperscan's print drops things, is taken back. */
static void put_group(struct printer *printer, const char *open, const struct sp_re_node *content, bool tail)
{
    size_t before = printer->out.n_bytes;
    put(printer, open);
    size_t inside = printer->out.n_bytes;
    put_children(printer, content, tail);
    if (printer->hyperscan && printer->out.n_bytes == inside)
        printer->out.n_bytes = before;
    else
        put(printer, ")");
}

static void put_bounds(struct printer *printer, uint32_t min, uint32_t max)
{
    if (min == 0 && max == SP_RE_INFINITE)
        put(printer, "*");
    else if (min == 1 && max == SP_RE_INFINITE)
        put(printer, "+");
    else if (min == 0 && max == 1)
        put(printer, "?");
    else if (max == SP_RE_INFINITE)
        putf(printer, "{%u,}", min);
    else if (min == max)
        putf(printer, "{%u}", min);
    else
        putf(printer, "{%u,%u}", min, max);
}

static bool is_unit(const struct sp_re_node *node)
{
    return node->kind == SP_RE_CHAR || node->kind == SP_RE_SET || node->kind == SP_RE_ANY;
}

/* About how many positions an automaton of the node has. */
static uint64_t positions(const struct sp_re_node *node, bool utf8)
{
    if (is_unit(node))
        return utf8 && node->kind != SP_RE_CHAR ? 3 : 1;
    uint64_t sum = 0;
    for (const struct sp_re_node *child = node->child; child; child = child->next)
        sum += positions(child, utf8);
    if (node->kind == SP_RE_BACKREF)
        sum = node->width_max == SP_RE_INFINITE ? node->width_min + 1u : node->width_max;
    if (node->kind == SP_RE_REPEAT) {
        uint32_t times = node->repeat.max != SP_RE_INFINITE ? node->repeat.max : node->repeat.min;
        sum *= times ? times : 1;
    }
    return sum > UINT32_MAX ? UINT32_MAX : sum;
}

static void put_repeat_hyperscan(struct printer *printer, const struct sp_re_node *node, bool tail)
{
    uint32_t min = node->repeat.min, max = tail ? min : node->repeat.max;
    if (printer->widen_repeats && positions(node, printer->utf8) > REPEAT_POSITIONS) {
        min = min > REPEAT_WIDENED ? REPEAT_WIDENED : min;
        max = tail ? min : SP_RE_INFINITE;
        printer->wider = true;
    }
    if (max == 0)
        return;
    size_t before = printer->out.n_bytes;
    put_node(printer, node->child, tail && max == 1);
    if (printer->out.n_bytes > before && !(min == 1 && max == 1))
        put_bounds(printer, min, max);
    printer->structural |= node->repeat.greed == SP_RE_POSSESSIVE && !tail;
}

static void put_repeat(struct printer *printer, const struct sp_re_node *node, bool tail)
{
    if (printer->hyperscan) {
        put_repeat_hyperscan(printer, node, tail);
        return;
    }
    if (is_unit(node->child) && node->repeat.min > WEIGHTY_REPEAT)
        weigh(printer, node->repeat.min, 0);
    put_node(printer, node->child, false);
    put_bounds(printer, node->repeat.min, node->repeat.max);
    static const char *const signs[] = {[SP_RE_GREEDY] = "", [SP_RE_LAZY] = "?", [SP_RE_POSSESSIVE] = "+"};
    put(printer, signs[node->repeat.greed]);
    printer->atomic |= node->repeat.greed == SP_RE_POSSESSIVE && !is_unit(node->child);
}

static void put_backref(struct printer *printer, const struct sp_re_node *node)
{
    if (printer->hyperscan) {
        printer->structural = true;
        if (node->width_max > 0) {
            put(printer, "(?:.");
            put_bounds(printer, node->width_min, node->width_max);
            put(printer, ")");
        }
        return;
    }
    bool fold = node->flags & SP_MATCH_IGNORE_CASE;
    if (fold && printer->utf8)
        put(printer, "(?:");
    if (fold)
        put(printer, "(?i:");
    weigh(printer, 1, node->index);
    putf(printer, "\\g{%u}", node->index);
    if (fold)
        put(printer, ")");
    /* PCRE2 holds more points equal than Python does here: the callout looks again. */
    if (fold && printer->utf8)
        putf(printer, "(?C\"%c%u\"))", node->flags & SP_MATCH_ASCII ? SP_RE_CALLOUT_ASCII : SP_RE_CALLOUT_UNICODE,
            node->index);
}

static void put_condition(struct printer *printer, const struct sp_re_node *node)
{
    const struct sp_re_node *yes = node->child, *no = yes->next;
    if (printer->hyperscan) {
        printer->structural = true;
        put(printer, "(?:");
    } else {
        putf(printer, "(?(%u)", node->index);
    }
    put_children(printer, yes, false);
    if (no || printer->hyperscan)
        put(printer, "|");
    if (no)
        put_children(printer, no, false);
    put(printer, ")");
}

static bool is_small(struct printer *printer, const struct sp_re_node *node)
{
    struct sp_re_units units = {0};
    int r = sp_re_units_of(node, false, printer->arena, &units);
    if (r < 0)
        printer->code = printer->code ? printer->code : r;
    uint32_t n = 0;
    for (size_t i = 0; i < units.set.n_ranges; i++)
        n += units.set.ranges[i].last - units.set.ranges[i].first + 1;
    return n <= SMALL_SET;
}

/* May all that it matches begin with one and the same character? PCRE2 looks for that first, then. */
static bool begins_alike(struct printer *printer, const struct sp_re_node *node)
{
    switch (node->kind) {
    case SP_RE_ANY: return false;
    case SP_RE_SET: return is_small(printer, node);
    case SP_RE_REPEAT: return node->repeat.min > 0 && begins_alike(printer, node->child);
    case SP_RE_GROUP: return begins_alike(printer, node->child);
    case SP_RE_SEQUENCE: {
        const struct sp_re_node *first = node->child;
        while (first && (first->kind == SP_RE_AT || first->kind == SP_RE_LOOK) && first->next)
            first = first->next;
        return first && begins_alike(printer, first);
    }
    default: return true;
    }
}

static void put_look(struct printer *printer, const struct sp_re_node *node)
{
    if (printer->hyperscan) {
        printer->structural = true;
        return;
    }
    printer->looks_ahead |= !node->look.behind && !node->look.negated && begins_alike(printer, node->child);
    static const char *const opens[2][2] = {{"(?=", "(?!"}, {"(?<=", "(?<!"}};
    put_group(printer, opens[node->look.behind][node->look.negated], node->child, false);
}

static void put_node(struct printer *printer, const struct sp_re_node *node, bool tail)
{
    switch (node->kind) {
    case SP_RE_CHAR:
    case SP_RE_SET: put_unit(printer, node); break;
    case SP_RE_ANY: put(printer, node->flags & SP_MATCH_DOTALL ? "." : "[^\\n]"); break;
    case SP_RE_AT: put_at(printer, node); break;
    case SP_RE_GROUP:
        printer->structural |= node->atomic && !tail;
        printer->atomic |= node->atomic;
        put_group(printer,
            node->atomic && !printer->hyperscan      ? "(?>"
            : node->index > 0 && !printer->hyperscan ? "("
                                                     : "(?:",
            node->child, tail);
        break;
    case SP_RE_REPEAT: put_repeat(printer, node, tail); break;
    case SP_RE_LOOK: put_look(printer, node); break;
    case SP_RE_BACKREF: put_backref(printer, node); break;
    case SP_RE_CONDITION: put_condition(printer, node); break;
    case SP_RE_SEQUENCE:
    case SP_RE_BRANCH:
    case SP_RE_KIND_COUNT: put_children(printer, node, tail); break;
    }
}

static int finish(struct printer *printer, const char **ret_text)
{
    if (printer->code < 0)
        return printer->code;
    *ret_text = sp_arena_copy(printer->arena, printer->out.bytes, printer->out.n_bytes);
    return *ret_text ? 0 : sp_arena_error(printer->arena);
}

int sp_re_print_pcre2(const struct sp_re *re, bool utf8, struct sp_arena *arena, struct sp_re_pcre2 *ret_print)
{
    struct printer printer = {.re = re, .arena = arena, .utf8 = utf8};
    sp_buffer_init(&printer.out, SP_RE_PRINT_BYTES);
    put_children(&printer, re->root, false);
    const char *text = NULL;
    int r = finish(&printer, &text);
    if (r == 0)
        *ret_print = (struct sp_re_pcre2){.text = text,
            .n_bytes = printer.out.n_bytes,
            .ucp = printer.ucp,
            .looks_ahead = printer.looks_ahead,
            .atomic = printer.atomic,
            .weights = printer.weights,
            .n_weights = printer.n_weights};
    sp_buffer_fini(&printer.out);
    return r;
}

int sp_re_print_hyperscan(
    const struct sp_re *re, bool utf8, bool at_dropped, struct sp_arena *arena, struct sp_re_hyperscan *ret_print)
{
    struct printer printer = {.re = re, .arena = arena, .utf8 = utf8, .hyperscan = true, .at_dropped = at_dropped};
    uint64_t n_positions = positions(re->root, utf8);
    printer.widen_repeats = n_positions > POSITIONS_MAX;
    sp_buffer_init(&printer.out, SP_RE_HYPERSCAN_BYTES);
    put_children(&printer, re->root, true);
    const char *text = NULL;
    int r = finish(&printer, &text);
    if (r == 0)
        *ret_print = (struct sp_re_hyperscan){
            .text = text, .wider = printer.wider, .structural = printer.structural, .positions = (uint32_t)n_positions};
    sp_buffer_fini(&printer.out);
    return r;
}
