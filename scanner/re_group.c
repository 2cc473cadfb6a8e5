/* What stands behind an opening parenthesis: groups and their names, lookarounds, conditions, flags, comments. One
 * thread; part of the reader. */
#include <stdio.h>
#include <utf8proc.h>

#include "proto/scope.h"
#include "proto/utf8.h"
#include "scanner/match.h"
#include "scanner/re_reader.h"

#define PYTHON_GROUPS 1073741823 /* from here on Python refuses a number at once */

struct name {
    uint32_t start, n;
};

/* A name for an error's text, cut where it is long. */
struct name_text {
    char text[160];
};

static struct name_text shown(const struct sp_re_lex *lex, struct name name)
{
    struct name_text shown;
    size_t at = 0;
    for (uint32_t i = 0; i < name.n && i < 32; i++) {
        uint32_t point = lex->points[name.start + i];
        bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
        at += sp_utf8_put(control ? '?' : point, (uint8_t *)shown.text + at);
    }
    shown.text[at] = '\0';
    return shown;
}

static bool identifier_point(uint32_t c, bool first)
{
    if (c < 0x80)
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return true;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return !first;
    default: return false;
    }
}

static bool is_identifier(const struct sp_re_lex *lex, struct name name)
{
    for (uint32_t i = 0; i < name.n; i++)
        if (!identifier_point(lex->points[name.start + i], i == 0))
            return false;
    return name.n > 0;
}

/* The group of this name, 0 where there is none. */
static uint32_t find_group(const struct sp_re_reader *reader, struct name name)
{
    const uint32_t *points = reader->lex.points;
    for (uint32_t g = 1; g < reader->n_groups; g++)
        if (reader->groups[g].n_name == name.n &&
            memcmp(points + reader->groups[g].name, points + name.start, name.n * sizeof(*points)) == 0)
            return g;
    return 0;
}

static bool read_name(struct sp_re_lex *lex, uint32_t terminator, struct name *ret_name)
{
    if (!sp_re_lex_until(lex, terminator, "group name", &ret_name->start, &ret_name->n) || lex->code)
        return false;
    if (!is_identifier(lex, *ret_name))
        sp_re_lex_fail(lex, ret_name->start, "bad character in group name '%s'", shown(lex, *ret_name).text);
    return lex->code == 0;
}

/* ---- flags ---- */

static const struct {
    char letter;
    unsigned flag;
} flag_rows[] = {
    {'i', SP_MATCH_IGNORE_CASE},
    {'m', SP_MATCH_MULTILINE},
    {'s', SP_MATCH_DOTALL},
    {'x', SP_MATCH_VERBOSE},
    {'a', SP_MATCH_ASCII},
    {'u', SP_RE_FLAG_UNICODE},
    {'t', SP_RE_FLAG_TEMPLATE},
    {'L', 0},
};

#define TYPE_FLAGS (SP_MATCH_ASCII | SP_RE_FLAG_UNICODE)

static bool find_flag(struct sp_re_token token, unsigned *ret_flag)
{
    for (size_t i = 0; i < SP_COUNT(flag_rows) && !token.escaped; i++)
        if (token.point == (unsigned char)flag_rows[i].letter) {
            *ret_flag = flag_rows[i].flag;
            return true;
        }
    return false;
}

static bool is_plain(struct sp_re_token token, uint32_t point)
{
    return token.point == point && !token.escaped;
}

/* The letter behind a flag is none: told apart as Python does. */
static void fail_flag(struct sp_re_lex *lex, struct sp_re_token token, const char *missing)
{
    uint32_t here = sp_re_lex_tell(lex) - sp_re_token_n(token);
    bool letter = !token.escaped && token.point != '_' && token.point != SP_RE_LEX_END &&
                  utf8proc_category((utf8proc_int32_t)token.point) >= UTF8PROC_CATEGORY_LU &&
                  utf8proc_category((utf8proc_int32_t)token.point) <= UTF8PROC_CATEGORY_LO;
    sp_re_lex_fail(lex, here, "%s%s", letter ? "unknown flag" : "missing ", letter ? "" : missing);
}

/* Reads flags, of which the first letter is taken. Returns the character that ended them: ')' for global flags, ':' for
 * scoped ones, 0 on failure. */
static char read_flags(struct sp_re_lex *lex, struct sp_re_token token, unsigned *ret_add, unsigned *ret_remove)
{
    unsigned add = 0, remove = 0, flag = 0;
    if (!is_plain(token, '-')) {
        for (;;) {
            if (!find_flag(token, &flag)) {
                fail_flag(lex, token, "-, : or )");
                return 0;
            }
            add |= flag;
            if (flag == 0)
                sp_re_lex_fail(lex, sp_re_lex_tell(lex), "flag 'L' goes only with bytes");
            else if (flag & TYPE_FLAGS && (add & TYPE_FLAGS) != flag)
                sp_re_lex_fail(lex, sp_re_lex_tell(lex), "flags 'a', 'u' and 'L' are incompatible");
            if (lex->code)
                return 0;
            token = sp_re_lex_get(lex);
            if (is_plain(token, ')') || is_plain(token, '-') || is_plain(token, ':'))
                break;
        }
    }
    *ret_add = add;
    *ret_remove = 0;
    if (is_plain(token, ')'))
        return lex->code ? 0 : ')';
    if (add & SP_RE_FLAG_TEMPLATE) {
        sp_re_lex_fail(lex, sp_re_lex_tell(lex) - 1, "flag 't' cannot be turned on for a part");
        return 0;
    }
    if (is_plain(token, '-')) {
        bool some = false;
        for (;; some = true) {
            token = sp_re_lex_get(lex);
            if (some && is_plain(token, ':'))
                break;
            if (!find_flag(token, &flag)) {
                fail_flag(lex, token, some ? ":" : "flag");
                return 0;
            }
            if (flag & TYPE_FLAGS || flag == 0) {
                sp_re_lex_fail(lex, sp_re_lex_tell(lex), "flags 'a', 'u' and 'L' cannot be turned off");
                return 0;
            }
            remove |= flag;
        }
    }
    if (remove & SP_RE_FLAG_TEMPLATE)
        sp_re_lex_fail(lex, sp_re_lex_tell(lex) - 1, "flag 't' cannot be turned off for a part");
    else if (add & remove)
        sp_re_lex_fail(lex, sp_re_lex_tell(lex) - 1, "a flag is turned on and off");
    *ret_remove = remove;
    return lex->code ? 0 : ':';
}

/* ---- groups ---- */

static void close_parenthesis(struct sp_re_lex *lex, uint32_t start)
{
    if (!sp_re_lex_match(lex, ')'))
        sp_re_lex_fail(lex, start, "missing ), unterminated subpattern");
}

static struct sp_re_node *around(
    struct sp_re_reader *reader, enum sp_re_kind kind, unsigned outer_flags, unsigned flags, uint32_t start)
{
    struct sp_re_node *child = sp_re_reader_alternatives(reader, flags);
    if (!child)
        return NULL;
    close_parenthesis(&reader->lex, start);
    struct sp_re_node *node = reader->lex.code ? NULL : sp_re_reader_node(reader, kind, outer_flags, start);
    if (node)
        node->child = child;
    return node;
}

static struct sp_re_node *plain_group(struct sp_re_reader *reader, unsigned outer_flags, unsigned flags, uint32_t start,
    bool capture, bool atomic, struct name name)
{
    struct sp_re_lex *lex = &reader->lex;
    uint32_t index = 0;
    if (capture) {
        if (reader->n_groups > SP_RE_GROUPS) {
            sp_re_lex_stop(lex, SP_ETOO_LARGE, "the pattern has too many groups");
            return NULL;
        }
        uint32_t other = name.n ? find_group(reader, name) : 0;
        if (other) {
            sp_re_lex_fail(
                lex, name.start, "redefinition of group name '%s', which is group %u", shown(lex, name).text, other);
            return NULL;
        }
        index = reader->n_groups++;
        reader->groups[index] = (struct sp_re_reader_group){.name = name.start, .n_name = name.n};
    }
    struct sp_re_node *node = around(reader, SP_RE_GROUP, outer_flags, flags, start);
    if (!node)
        return NULL;
    node->index = index;
    node->atomic = atomic;
    node->width_min = node->child->width_min;
    node->width_max = node->child->width_max;
    reader->groups[index].width_min = node->width_min;
    reader->groups[index].width_max = node->width_max;
    reader->groups[index].closed = index > 0;
    return node;
}

static struct sp_re_node *look(struct sp_re_reader *reader, unsigned flags, uint32_t start, struct sp_re_token sign)
{
    struct sp_re_lex *lex = &reader->lex;
    bool behind = is_plain(sign, '<'), outermost = behind && reader->lookbehind_groups == 0;
    if (behind) {
        sign = sp_re_lex_get(lex);
        if (sign.point == SP_RE_LEX_END) {
            sp_re_lex_fail(lex, sp_re_lex_tell(lex), "unexpected end of pattern");
            return NULL;
        }
        if (!is_plain(sign, '=') && !is_plain(sign, '!')) {
            sp_re_lex_fail(lex, sp_re_lex_tell(lex) - sp_re_token_n(sign) - 2, "unknown extension ?<");
            return NULL;
        }
    }
    if (outermost)
        reader->lookbehind_groups = reader->n_groups;
    struct sp_re_node *node = around(reader, SP_RE_LOOK, flags, flags, start);
    if (outermost)
        reader->lookbehind_groups = 0;
    if (node) {
        node->look.behind = behind;
        node->look.negated = sign.point == '!';
    }
    return node;
}

/* A number as Python's int() takes it: blanks around, a sign, underscores between digits. -1 where it is none. */
static int64_t number(const struct sp_re_lex *lex, struct name name)
{
    const uint32_t *at = lex->points + name.start, *end = at + name.n;
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
        at++;
    while (end > at && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
        end--;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    int64_t value = 0;
    bool digit = false;
    for (; at < end; at++) {
        if (*at == '_' && digit) {
            digit = false;
            continue;
        }
        if (*at < '0' || *at > '9')
            return -1;
        digit = true;
        value = value * 10 + (*at - '0');
        if (value > SP_RE_INFINITE)
            value = SP_RE_INFINITE;
    }
    return !digit || (negative && value) ? -1 : value;
}

/* To be looked at in the end, when all groups are known. Of the numbers that none can have the first is enough. */
static void note_condition(struct sp_re_reader *reader, uint32_t group, uint32_t position)
{
    for (uint32_t i = 0; i < reader->n_conditions; i++)
        if (reader->conditions[i] == group || (reader->conditions[i] > SP_RE_GROUPS && group > SP_RE_GROUPS))
            return;
    reader->conditions[reader->n_conditions] = group;
    reader->condition_positions[reader->n_conditions++] = position;
}

/* The group that a condition is on; 0 on failure. */
static uint32_t condition_group(struct sp_re_reader *reader)
{
    struct sp_re_lex *lex = &reader->lex;
    struct name name;
    if (!sp_re_lex_until(lex, ')', "group name", &name.start, &name.n) || lex->code)
        return 0;
    uint32_t group = 0;
    if (is_identifier(lex, name)) {
        group = find_group(reader, name);
        if (!group)
            sp_re_lex_fail(lex, name.start, "unknown group name '%s'", shown(lex, name).text);
    } else {
        int64_t value = number(lex, name);
        if (value < 0)
            sp_re_lex_fail(lex, name.start, "bad character in group name '%s'", shown(lex, name).text);
        else if (value == 0)
            sp_re_lex_fail(lex, name.start, "bad group number");
        else if (value >= PYTHON_GROUPS)
            sp_re_lex_fail(lex, name.start, "invalid group reference %lld", (long long)value);
        if (lex->code)
            return 0;
        group = (uint32_t)value;
        note_condition(reader, group, name.start);
    }
    if (!lex->code && reader->lookbehind_groups) {
        if (group >= reader->n_groups || !reader->groups[group].closed)
            sp_re_lex_fail(lex, sp_re_lex_tell(lex), "cannot refer to an open group");
        else if (group >= reader->lookbehind_groups)
            sp_re_lex_fail(lex, sp_re_lex_tell(lex), "cannot refer to group defined in the same lookbehind subpattern");
    }
    return lex->code ? 0 : group;
}

static struct sp_re_node *condition(struct sp_re_reader *reader, unsigned flags, uint32_t start)
{
    struct sp_re_lex *lex = &reader->lex;
    uint32_t group = condition_group(reader);
    if (!group)
        return NULL;
    if (++reader->depth > SP_RE_DEPTH) {
        sp_re_lex_stop(lex, SP_ETOO_DEEP, "the pattern's groups are nested too deeply");
        return NULL;
    }
    struct sp_re_node *yes = sp_re_reader_sequence(reader, &flags, false), *no = NULL;
    if (yes && sp_re_lex_match(lex, '|')) {
        no = sp_re_reader_sequence(reader, &flags, false);
        if (sp_re_lex_peek(lex, '|'))
            sp_re_lex_fail(lex, sp_re_lex_tell(lex), "conditional backref with more than two branches");
    }
    reader->depth--;
    close_parenthesis(lex, start);
    struct sp_re_node *node = lex->code ? NULL : sp_re_reader_node(reader, SP_RE_CONDITION, flags, start);
    if (!node)
        return NULL;
    node->index = group;
    node->child = yes;
    yes->next = no;
    node->width_min = no && no->width_min < yes->width_min ? no->width_min : yes->width_min;
    if (!no)
        node->width_min = 0;
    node->width_max = no && no->width_max > yes->width_max ? no->width_max : yes->width_max;
    return node;
}

static void comment(struct sp_re_lex *lex, uint32_t start)
{
    for (;;) {
        if (lex->next.point == SP_RE_LEX_END) {
            sp_re_lex_fail(lex, start, "missing ), unterminated comment");
            return;
        }
        if (is_plain(sp_re_lex_get(lex), ')'))
            return;
    }
}

/* Behind "(?P". */
static struct sp_re_node *named(struct sp_re_reader *reader, unsigned flags, uint32_t start)
{
    struct sp_re_lex *lex = &reader->lex;
    struct name name;
    if (sp_re_lex_match(lex, '<'))
        return read_name(lex, '>', &name) ? plain_group(reader, flags, flags, start, true, false, name) : NULL;
    if (sp_re_lex_match(lex, '=')) {
        if (!read_name(lex, ')', &name))
            return NULL;
        uint32_t group = find_group(reader, name);
        if (!group)
            sp_re_lex_fail(lex, name.start, "unknown group name '%s'", shown(lex, name).text);
        else if (!reader->groups[group].closed)
            sp_re_lex_fail(lex, name.start, "cannot refer to an open group");
        return lex->code ? NULL : sp_re_reader_backref(reader, flags, start, group);
    }
    struct sp_re_token token = sp_re_lex_get(lex);
    if (token.point == SP_RE_LEX_END)
        sp_re_lex_fail(lex, sp_re_lex_tell(lex), "unexpected end of pattern");
    else
        sp_re_lex_fail(lex, sp_re_lex_tell(lex) - sp_re_token_n(token) - 2, "unknown extension ?P");
    return NULL;
}

static struct sp_re_node *flagged(
    struct sp_re_reader *reader, unsigned *flags, uint32_t start, bool first, struct sp_re_token token)
{
    struct sp_re_lex *lex = &reader->lex;
    unsigned add, remove;
    char end = read_flags(lex, token, &add, &remove);
    if (end == ')') {
        /* Python has set the flags by now, and complains of their place after. */
        if (!first) {
            sp_re_lex_fail(lex, start, "global flags not at the start of the expression");
            return NULL;
        }
        reader->flags |= add;
        *flags = reader->flags;
        return NULL;
    }
    if (end != ':')
        return NULL;
    unsigned inner = *flags;
    if (add & TYPE_FLAGS)
        inner &= ~(unsigned)TYPE_FLAGS;
    inner = (inner | add) & ~remove;
    return plain_group(reader, *flags, inner, start, false, false, (struct name){0});
}

void sp_re_reader_group(
    struct sp_re_reader *reader, unsigned *flags, uint32_t start, bool first, struct sp_re_node **ret_node)
{
    struct sp_re_lex *lex = &reader->lex;
    struct name none = {0};
    unsigned flag;
    if (!sp_re_lex_match(lex, '?')) {
        *ret_node = lex->code ? NULL : plain_group(reader, *flags, *flags, start, true, false, none);
        return;
    }
    struct sp_re_token token = sp_re_lex_get(lex);
    if (token.point == SP_RE_LEX_END)
        sp_re_lex_fail(lex, sp_re_lex_tell(lex), "unexpected end of pattern");
    else if (is_plain(token, 'P'))
        *ret_node = named(reader, *flags, start);
    else if (is_plain(token, ':') || is_plain(token, '>'))
        *ret_node = plain_group(reader, *flags, *flags, start, false, token.point == '>', none);
    else if (is_plain(token, '#'))
        comment(lex, start);
    else if (is_plain(token, '=') || is_plain(token, '!') || is_plain(token, '<'))
        *ret_node = look(reader, *flags, start, token);
    else if (is_plain(token, '('))
        *ret_node = condition(reader, *flags, start);
    else if (is_plain(token, '-') || find_flag(token, &flag))
        *ret_node = flagged(reader, flags, start, first, token);
    else
        sp_re_lex_fail(lex, sp_re_lex_tell(lex) - sp_re_token_n(token) - 1, "unknown extension ?");
}
