/* Classes in brackets and escapes, as Python 3.11 reads them. One thread; the reader owns lexer and arena. */
#include "scanner/re_class.h"

#include <stddef.h>

#include "proto/scope.h"

unsigned sp_re_class_category(struct sp_re_token token)
{
    if (!token.escaped)
        return 0;
    switch (token.point) {
    case 'd': return SP_RE_DIGIT;
    case 'D': return SP_RE_NO_DIGIT;
    case 's': return SP_RE_SPACE;
    case 'S': return SP_RE_NO_SPACE;
    case 'w': return SP_RE_WORD;
    case 'W': return SP_RE_NO_WORD;
    default: return 0;
    }
}

uint32_t sp_re_class_simple(struct sp_re_token token)
{
    switch (token.point) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    default: return SP_RE_LEX_END;
    }
}

static int digit_value(struct sp_re_token token, unsigned base)
{
    uint32_t c = token.point;
    if (token.escaped)
        return -1;
    int value = c >= '0' && c <= '9'   ? (int)(c - '0')
                : c >= 'a' && c <= 'f' ? (int)(c - 'a' + 10)
                : c >= 'A' && c <= 'F' ? (int)(c - 'A' + 10)
                                       : -1;
    return value < (int)base ? value : -1;
}

/* Takes at most n digits; returns how many. */
static uint32_t take_digits(struct sp_re_lex *lex, unsigned base, uint32_t n, uint32_t *value)
{
    uint32_t taken = 0;
    for (int digit; taken < n && (digit = digit_value(lex->next, base)) >= 0; taken++) {
        *value = *value * base + (uint32_t)digit;
        sp_re_lex_get(lex);
    }
    return taken;
}

uint32_t sp_re_class_octal(struct sp_re_lex *lex, uint32_t value, uint32_t n, uint32_t *ret_n)
{
    *ret_n = take_digits(lex, 8, n, &value);
    return value;
}

static uint32_t named(struct sp_re_lex *lex, uint32_t start)
{
    uint32_t name, n_name;
    if (!sp_re_lex_match(lex, '{')) {
        sp_re_lex_fail(lex, sp_re_lex_tell(lex), "missing {");
        return SP_RE_LEX_END;
    }
    if (sp_re_lex_until(lex, '}', "character name", &name, &n_name))
        sp_re_lex_fail(lex, start, "character names are not known here: write \\uXXXX or \\UXXXXXXXX");
    return SP_RE_LEX_END;
}

uint32_t sp_re_class_coded(struct sp_re_lex *lex, struct sp_re_token token)
{
    uint32_t start = sp_re_lex_tell(lex) - 2, value = 0, n;
    switch (token.point) {
    case 'x': n = 2; break;
    case 'u': n = 4; break;
    case 'U': n = 8; break;
    case 'N': return named(lex, start);
    default: return SP_RE_LEX_END;
    }
    if (take_digits(lex, 16, n, &value) < n)
        sp_re_lex_fail(lex, start, "incomplete escape \\%c: it takes %u hexadecimal digits", (char)token.point, n);
    else if (value > SP_RE_POINT_MAX)
        sp_re_lex_fail(lex, start, "bad escape \\U: there is no code point %X", value);
    return lex->code ? SP_RE_LEX_END : value;
}

/* One end of a range: a point, or a category. */
struct member {
    uint32_t point;
    unsigned category;
};

static struct member escape_member(struct sp_re_lex *lex, struct sp_re_token token)
{
    uint32_t start = sp_re_lex_tell(lex) - 2, c = token.point, n;
    struct member member = {.category = sp_re_class_category(token)};
    if (member.category)
        return member;
    member.point = sp_re_class_simple(token);
    if (member.point != SP_RE_LEX_END)
        return member;
    if (c == 'x' || c == 'u' || c == 'U' || c == 'N') {
        member.point = sp_re_class_coded(lex, token);
    } else if (c >= '0' && c <= '7') {
        member.point = sp_re_class_octal(lex, c - '0', 2, &n);
        if (member.point > 0377)
            sp_re_lex_fail(lex, start, "octal escape \\%o is outside of 0-0o377", member.point);
    } else if (c == '8' || c == '9' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        sp_re_lex_fail(lex, start, "bad escape \\%c", (char)c);
    } else {
        member.point = c;
    }
    return member;
}

static struct member read_member(struct sp_re_lex *lex, struct sp_re_token token)
{
    return token.escaped ? escape_member(lex, token) : (struct member){.point = token.point};
}

static void add_member(struct sp_re_lex *lex, struct sp_arena *arena, struct sp_re_set *set, struct member member)
{
    set->categories |= member.category;
    if (lex->code || member.category)
        return;
    int r = sp_re_set_add(set, arena, member.point, member.point);
    if (r < 0)
        sp_re_lex_stop(lex, r, "the pattern takes too much memory");
}

void sp_re_class_read(struct sp_re_lex *lex, struct sp_arena *arena, uint32_t start, struct sp_re_set *set)
{
    *set = (struct sp_re_set){.negated = sp_re_lex_match(lex, '^')};
    while (!lex->code) {
        struct sp_re_token this = sp_re_lex_get(lex);
        bool some = set->n_ranges || set->categories;
        if (this.point == ']' && !this.escaped && some)
            return;
        if (this.point == SP_RE_LEX_END)
            break;
        struct member low = read_member(lex, this);
        if (!sp_re_lex_match(lex, '-')) {
            add_member(lex, arena, set, low);
            continue;
        }
        struct sp_re_token that = sp_re_lex_get(lex);
        if (that.point == SP_RE_LEX_END)
            break;
        if (that.point == ']' && !that.escaped) {
            add_member(lex, arena, set, low);
            add_member(lex, arena, set, (struct member){.point = '-'});
            return;
        }
        struct member high = read_member(lex, that);
        if (lex->code)
            return;
        if (low.category || high.category || high.point < low.point) {
            /* Python counts back by the tokens, which for \x41 are shorter than what was read. */
            uint32_t back = sp_re_token_n(this) + 1 + sp_re_token_n(that);
            sp_re_lex_fail(lex, sp_re_lex_tell(lex) - back, "bad character range");
            return;
        }
        int r = sp_re_set_add(set, arena, low.point, high.point);
        if (r < 0)
            sp_re_lex_stop(lex, r, "the pattern takes too much memory");
    }
    sp_re_lex_fail(lex, start, "unterminated character set");
}
