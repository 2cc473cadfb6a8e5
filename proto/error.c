/* The one list of errors, and the fixed-size context that goes with a code. Any thread; no state. */
#include "proto/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/utf8.h"

static const struct {
    const char *name;
    const char *text;
} errors[SP_ERROR_COUNT_] = {[SP_ERROR_NONE_] = {"ok", "no error"},
#define X(id, n, t) [SP_ERROR_NUMBER_##id] = {.name = n, .text = t},
    SP_ERRORS(X)
#undef X
};

static int index_of(int code)
{
    return code <= 0 && code > -SP_ERROR_COUNT_ ? -code : SP_ERROR_NUMBER_INTERNAL;
}

/* A text may be cut in two, or quote what somebody sent: a tail that is not whole goes, and what belongs to no code point
 * becomes a question mark. */
static void make_utf8(char *text)
{
    uint8_t *bytes = (uint8_t *)text;
    size_t n = strlen(text), at = 0;
    n -= sp_utf8_partial(bytes, n);
    bytes[n] = '\0';
    while ((at += sp_utf8_valid(bytes + at, n - at)) < n)
        bytes[at++] = '?';
}

__attribute__((format(printf, 4, 0))) static int set(
    struct sp_error *error, int code, const char *path, const char *format, va_list args)
{
    if (!error || error->code)
        return code;
    error->code = code;
    if (format)
        vsnprintf(error->text, sizeof(error->text), format, args);
    else
        snprintf(error->text, sizeof(error->text), "%s", sp_error_text(code));
    make_utf8(error->text);
    if (path)
        sp_error_prefix(error, "%s", path);
    return code;
}

int sp_error_set(struct sp_error *error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, code, NULL, format, args);
    va_end(args);
    return code;
}

int sp_error_set_at(struct sp_error *error, int code, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, code, path, format, args);
    va_end(args);
    return code;
}

void sp_error_prefix(struct sp_error *error, const char *format, ...)
{
    if (!error)
        return;
    char old[sizeof(error->path)], head[sizeof(error->path)];
    memcpy(old, error->path, sizeof(old));
    va_list args;
    va_start(args, format);
    vsnprintf(head, sizeof(head), format, args);
    va_end(args);
    size_t n = (size_t)snprintf(error->path, sizeof(error->path), "%s%s", head, old[0] && old[0] != '[' ? "." : "");
    if (n < sizeof(error->path))
        snprintf(error->path + n, sizeof(error->path) - n, "%s", old);
    make_utf8(error->path);
}

int sp_error_wire(int code)
{
    switch (code) {
    case SP_EINVALID_CONFIG: /* what was asked for, a reload, says what is wrong with it */
    case SP_EPROTOCOL: return SP_EINVALID_REQUEST;
    case SP_ENO_MEMORY:
    case SP_EUNREACHABLE: return SP_EINTERNAL;
    default: return -index_of(code);
    }
}

const char *sp_error_name(int code)
{
    return errors[index_of(code)].name;
}

const char *sp_error_text(int code)
{
    return errors[index_of(code)].text;
}

int sp_error_find(const char *name)
{
    for (int i = 1; i < SP_ERROR_COUNT_; i++)
        if (strcmp(errors[i].name, name) == 0)
            return -i;
    return 0;
}

const char *sp_error_format(const struct sp_error *error, char *text, unsigned long size)
{
    snprintf(text, size, "%s%s%s", error->path, error->path[0] ? ": " : "",
        error->text[0] ? error->text : sp_error_text(error->code));
    make_utf8(text);
    return text;
}

int sp_error_errno(struct sp_error *error, int positive_errno, const char *what)
{
    int code = positive_errno == ENOMEM ? SP_ENO_MEMORY : SP_EINTERNAL;
    return sp_error_set(error, code, "%s: %s", what, strerrordesc_np(positive_errno));
}
