/* Names of modules in policies, checked against how languages spell them. Any thread; no state. */
#include "scanner/module_name.h"

#include <stdbool.h>
#include <string.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/tongue.h"

#define FORM_BYTES ((size_t)1 << 20)

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

/* The one language of the set; NULL: there are several, or it cannot be judged. */
static const struct sp_tongue *only_tongue(uint32_t languages)
{
    bool one = languages && (languages & (languages - 1)) == 0;
    return one ? sp_tongue_find(__builtin_ctz(languages)) : NULL;
}

int sp_module_name_normal(
    uint32_t languages, struct sp_str name, struct sp_arena *arena, struct sp_str *ret_name, struct sp_error *error)
{
    const struct sp_tongue *tongue = only_tongue(languages);
    struct sp_str normal = name;
    int r = check_bytes(name, error);
    if (r == 0 && tongue && tongue->module_form)
        r = tongue->module_form(name, arena, &normal, error);
    if (r == 0)
        r = check_bytes(normal, error);
    const char *why = r == 0 && tongue && tongue->module_refusal ? tongue->module_refusal(normal) : NULL;
    if (why)
        r = sp_error_set(error, SP_EINVALID_POLICY, "%s", why);
    const char *copy = r == 0 ? sp_arena_copy(arena, normal.ptr, normal.n_bytes) : NULL;
    if (r == 0 && !copy)
        r = sp_error_set(error, sp_arena_error(arena), NULL);
    if (r == 0)
        *ret_name = (struct sp_str){copy, normal.n_bytes};
    return r;
}

/* Does a language of the set (0: any) compare the name in another form? */
static bool has_other_form(uint32_t languages, struct sp_str name)
{
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    bool differs = false;
    sp_arena_init(&arena, FORM_BYTES);
    for (int i = 0; i < SP_LANGUAGE_COUNT && !differs; i++) {
        const struct sp_tongue *tongue = languages && !(languages >> i & 1) ? NULL : sp_tongue_find(i);
        struct sp_str form;
        if (tongue && tongue->module_form && tongue->module_form(name, &arena, &form, NULL) == 0)
            differs = !sp_str_equal(name, form);
    }
    return differs;
}

const char *sp_module_name_doubt(uint32_t languages, struct sp_str name)
{
    static const char separators[] = "./:";
    const struct sp_tongue *tongue = only_tongue(languages);
    if ((tongue && tongue->module_refusal) || name.n_bytes == 0)
        return NULL; /* it was asked */
    if (strchr(separators, name.ptr[0]) || strchr(separators, name.ptr[name.n_bytes - 1]))
        return "begins or ends with a separator";
    return has_other_form(languages, name) ? "a language compares names with its letters spelled otherwise" : NULL;
}
