/* The tokens of a pattern. One thread; the reader on whose stack it lives owns it. */
#include "scanner/re_lex.h"

#include <stdarg.h>
#include <stdio.h>

static void advance(struct sp_re_lex *lex)
{
    lex->next = (struct sp_re_token){.point = SP_RE_LEX_END};
    if (lex->code || lex->index >= lex->n_points)
        return;
    uint32_t point = lex->points[lex->index];
    bool escaped = point == '\\';
    if (escaped) {
        if (lex->index + 1 >= lex->n_points) {
            sp_re_lex_fail(lex, lex->n_points - 1, "bad escape: the pattern ends behind a backslash");
            return;
        }
        point = lex->points[++lex->index];
    }
    lex->index++;
    lex->next = (struct sp_re_token){.point = point, .escaped = escaped};
}

void sp_re_lex_init(struct sp_re_lex *lex, const uint32_t *points, uint32_t n_points, struct sp_error *error)
{
    *lex = (struct sp_re_lex){.points = points, .n_points = n_points, .error = error};
    advance(lex);
}

struct sp_re_token sp_re_lex_get(struct sp_re_lex *lex)
{
    struct sp_re_token token = lex->next;
    advance(lex);
    return token;
}

bool sp_re_lex_peek(const struct sp_re_lex *lex, uint32_t point)
{
    return lex->next.point == point && !lex->next.escaped;
}

bool sp_re_lex_match(struct sp_re_lex *lex, uint32_t point)
{
    if (!sp_re_lex_peek(lex, point))
        return false;
    advance(lex);
    return true;
}

uint32_t sp_re_token_n(struct sp_re_token token)
{
    return token.point == SP_RE_LEX_END ? 0 : token.escaped ? 2 : 1;
}

uint32_t sp_re_lex_tell(const struct sp_re_lex *lex)
{
    return lex->index - sp_re_token_n(lex->next);
}

void sp_re_lex_seek(struct sp_re_lex *lex, uint32_t position)
{
    lex->index = position;
    advance(lex);
}

bool sp_re_lex_until(struct sp_re_lex *lex, uint32_t terminator, const char *what, uint32_t *ret_start, uint32_t *ret_n)
{
    uint32_t start = sp_re_lex_tell(lex), end = start;
    for (;;) {
        struct sp_re_token token = sp_re_lex_get(lex);
        if (lex->code)
            return false;
        if (token.point == SP_RE_LEX_END) {
            if (end == start)
                sp_re_lex_fail(lex, end, "missing %s", what);
            else
                sp_re_lex_fail(lex, start, "missing %c: the name is not terminated", (char)terminator);
            return false;
        }
        if (token.point == terminator && !token.escaped)
            break;
        end += sp_re_token_n(token);
    }
    if (end == start) {
        sp_re_lex_fail(lex, start, "missing %s", what);
        return false;
    }
    *ret_start = start;
    *ret_n = end - start;
    return true;
}

int sp_re_lex_fail(struct sp_re_lex *lex, uint32_t position, const char *format, ...)
{
    if (lex->code)
        return lex->code;
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sp_error_set(lex->error, SP_EINVALID_PATTERN, "%s at position %u", text, position);
    return sp_re_lex_stop(lex, SP_EINVALID_PATTERN, text);
}

int sp_re_lex_stop(struct sp_re_lex *lex, int code, const char *text)
{
    if (!lex->code) {
        lex->code = code;
        sp_error_set(lex->error, code, "%s", text);
    }
    lex->index = lex->n_points;
    lex->next = (struct sp_re_token){.point = SP_RE_LEX_END};
    return lex->code;
}
