/* The lists of environment names. Any thread; constant. What is forbidden stands above every permission, because these
 * names make an interpreter or the loader run what nobody judged. */
#include "daemon/env_name.h"

#include <stdio.h>

#include "proto/scope.h"

static const char *const usual[] = {"LANG", "LC_*", "TZ", "NO_COLOR", "MPLBACKEND", "OMP_NUM_THREADS", "APP_*"};

static const char *const forbidden[] = {"LD_*", "GLIBC_*", "MALLOC_*", "GCONV_PATH", "LOCPATH", "PATH", "HOME",
    "TMPDIR", "IFS", "PYTHON*", "NODE_OPTIONS", "BASH_ENV", "ENV", "RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS",
    "R_PROFILE*", "R_ENVIRON*", "GO*"};

static bool matches(struct sp_str name, struct sp_str row)
{
    if (row.n_bytes && row.ptr[row.n_bytes - 1] == '*')
        return name.n_bytes >= row.n_bytes - 1 && memcmp(name.ptr, row.ptr, row.n_bytes - 1) == 0;
    return sp_str_equal(name, row);
}

bool sp_env_name_valid(struct sp_str name)
{
    for (size_t i = 0; i < name.n_bytes; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return name.n_bytes > 0;
}

bool sp_env_name_forbidden(struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(forbidden); i++)
        if (matches(name, sp_str_of(forbidden[i])))
            return true;
    return false;
}

bool sp_env_name_allowed(struct sp_str name, struct sp_strings operators)
{
    if (!sp_env_name_valid(name) || sp_env_name_forbidden(name))
        return false;
    for (size_t i = 0; i < SP_COUNT(usual); i++)
        if (matches(name, sp_str_of(usual[i])))
            return true;
    for (size_t i = 0; i < operators.n_items; i++)
        if (matches(name, operators.items[i]))
            return true;
    return false;
}

const char *sp_env_name_list(struct sp_strings operators, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < SP_COUNT(usual) + operators.n_items && at < size; i++) {
        struct sp_str name = i < SP_COUNT(usual) ? sp_str_of(usual[i]) : operators.items[i - SP_COUNT(usual)];
        at += (size_t)snprintf(text + at, size - at, "%s%.*s", i ? ", " : "", sp_str_int(name, 64), name.ptr);
    }
    return text;
}
