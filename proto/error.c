/* The one list of errors, and the fixed-size context that goes with a code. Any thread; no state. */
#include "proto/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* vsnprintf may cut a code point in two; the tail that is not whole goes. */
static void drop_partial_utf8(char *text)
{
    size_t n = strlen(text), start = n;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (n - (start - 1) < want)
        text[start - 1] = '\0';
}

int sp_error_set(struct sp_error *error, int code, const char *format, ...)
{
    if (!error || error->code)
        return code;
    error->code = code;
    if (!format) {
        snprintf(error->text, sizeof(error->text), "%s", sp_error_text(code));
        return code;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    drop_partial_utf8(error->text);
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
    drop_partial_utf8(error->path);
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
    drop_partial_utf8(text);
    return text;
}

int sp_error_errno(struct sp_error *error, int positive_errno, const char *what)
{
    int code = positive_errno == ENOMEM ? SP_ENO_MEMORY : SP_EINTERNAL;
    return sp_error_set(error, code, "%s: %s", what, strerrordesc_np(positive_errno));
}
