/* Python's way of writing literals and modules' names. Any thread; no state. */
#include "scanner/tongue_python.h"

#include <stdlib.h>
#include <utf8proc.h>

static size_t spell(unsigned char byte, char quote, char out[SP_TONGUE_SPELLED_MAX])
{
    static const char digits[] = "0123456789abcdef";
    out[0] = '\\';
    switch (byte) {
    case '\n': out[1] = 'n'; return 2;
    case '\r': out[1] = 'r'; return 2;
    case '\t': out[1] = 't'; return 2;
    case '\\': out[1] = '\\'; return 2;
    default: break;
    }
    if (byte == (unsigned char)quote) {
        out[1] = quote;
        return 2;
    }
    if (byte >= 0x20 && byte < 0x7F) {
        out[0] = (char)byte;
        return 1;
    }
    out[1] = 'x';
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return 4;
}

const struct sp_tongue_literal sp_tongue_python_literal = {.quotes = "'\"", .bytes_prefix = "b", .spell = spell};

int sp_tongue_python_module_form(
    struct sp_str name, struct sp_arena *arena, struct sp_str *ret_form, struct sp_error *error)
{
    utf8proc_uint8_t *bytes = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)name.ptr, (utf8proc_ssize_t)name.n_bytes, &bytes,
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    if (n == UTF8PROC_ERROR_NOMEM)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    struct sp_str form = name;
    if (n >= 0)
        form = (struct sp_str){sp_arena_copy(arena, (const char *)bytes, (size_t)n), (size_t)n};
    free(bytes);
    if (!form.ptr)
        return sp_error_set(error, sp_arena_error(arena), NULL);
    *ret_form = form;
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool identifier_byte(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_dotted(struct sp_str name)
{
    bool first = true;
    for (size_t i = 0; i < name.n_bytes; i++) {
        char c = name.ptr[i];
        if (first ? !identifier_byte(c) || is_digit(c) : !identifier_byte(c) && c != '.')
            return false;
        first = c == '.';
    }
    return !first;
}

const char *sp_tongue_python_module_refusal(struct sp_str name)
{
    return is_dotted(name) ? NULL
                           : "can never match: a Python module is named by identifiers with single dots between them";
}
