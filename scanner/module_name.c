/* Names of modules in policies, checked against how languages spell them. Any thread; no state. */
#include "scanner/module_name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "proto/language.h"

static int check_bytes(struct sp_str name, struct sp_error *error)
{
    for (size_t i = 0; i < name.n_bytes; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c <= ' ' || c == 0x7F)
            return sp_error_set(error, SP_EINVALID_POLICY, "a module's name holds no blanks or control characters");
        if (c == '*')
            return sp_error_set(error, SP_EINVALID_POLICY, "takes no wildcard: a name means what lies under it too");
        if (strchr(";,()\"'\\", c))
            return sp_error_set(error, SP_EINVALID_POLICY, "a module's name holds no %c", c);
    }
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

/* NULL where it cannot be had: not UTF-8, or no memory. Freed by the caller. */
static char *compared_form(struct sp_str name)
{
    utf8proc_uint8_t *form = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)name.ptr, (utf8proc_ssize_t)name.n_bytes, &form,
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    return n < 0 ? NULL : (char *)form;
}

int sp_module_name_normal(
    uint32_t languages, struct sp_str name, struct sp_arena *arena, struct sp_str *ret_name, struct sp_error *error)
{
    int r = check_bytes(name, error);
    if (r < 0)
        return r;
    bool python = languages == 1u << SP_LANGUAGE_PYTHON;
    char *form = python ? compared_form(name) : NULL;
    struct sp_str normal = form ? sp_str_of(form) : name;
    if (form)
        r = check_bytes(normal, error);
    if (r == 0 && python && !is_dotted(normal))
        r = sp_error_set(error, SP_EINVALID_POLICY,
            "can never match: a Python module is named by identifiers with single dots between them");
    const char *copy = r == 0 ? sp_arena_copy(arena, normal.ptr, normal.n_bytes) : NULL;
    free(form);
    if (r == 0 && !copy)
        r = sp_error_set(error, sp_arena_error(arena), NULL);
    if (r == 0)
        *ret_name = (struct sp_str){copy, normal.n_bytes};
    return r;
}

const char *sp_module_name_doubt(uint32_t languages, struct sp_str name)
{
    static const char separators[] = "./:";
    if (languages == 1u << SP_LANGUAGE_PYTHON || name.n_bytes == 0)
        return NULL;
    if (strchr(separators, name.ptr[0]) || strchr(separators, name.ptr[name.n_bytes - 1]))
        return "begins or ends with a separator";
    char *form = compared_form(name);
    bool differs = form && !sp_str_is(name, form);
    free(form);
    return differs ? "Python would spell its letters otherwise" : NULL;
}
