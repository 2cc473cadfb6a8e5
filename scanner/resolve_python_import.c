/* Import statements, and imports by a module's name. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/python_modules.h"
#include "scanner/share_python.h"

/* A module as a value, under the name of the one that it is a private twin of. */
static const struct sp_python_value *module_value(
    struct sp_python_resolver *resolver, struct sp_str name, enum sp_via via)
{
    struct sp_str twin = sp_python_modules_twin(name);
    struct sp_python_value *value =
        sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, sp_resolve_python_emit_keep(resolver, twin), via);
    if (value)
        value->module = true;
    return value;
}

/* The parts joined by dots, as far as a canonical name may go; *ret_cut: it goes no further. */
static struct sp_str dotted_name(struct sp_python_resolver *resolver, uint32_t dotted, char *text, bool *ret_cut)
{
    size_t n = 0;
    *ret_cut = false;
    for (uint32_t part = sp_resolve_python_at(resolver, dotted)->child; part;
         part = sp_resolve_python_at(resolver, part)->next) {
        struct sp_str name = resolver->names.items[sp_resolve_python_at(resolver, part)->name];
        if (n + (n > 0) + name.n_bytes > SP_PYTHON_NAME_MAX) {
            *ret_cut = true;
            break;
        }
        if (n > 0)
            text[n++] = '.';
        memcpy(text + n, name.ptr, name.n_bytes);
        n += name.n_bytes;
    }
    return (struct sp_str){text, n};
}

static void tell_cut(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    if (!resolver->quiet)
        sp_resolve_python_emit_limit(resolver, "the name of a module is too long", node->start, node->end);
}

void sp_resolve_python_import_named(struct sp_python_resolver *resolver, struct sp_str name, uint32_t start,
    uint32_t end, enum sp_via via, bool top, struct sp_python_set *set)
{
    if (name.n_bytes > SP_PYTHON_NAME_MAX) {
        if (!resolver->quiet)
            sp_resolve_python_emit_limit(resolver, "the name of a module is too long", start, end);
        name.n_bytes = SP_PYTHON_NAME_MAX;
    }
    sp_resolve_python_emit_module(resolver, name, start, end, via, false);
    struct sp_str reached = sp_python_modules_reexport(name);
    const char *dot = top ? memchr(name.ptr, '.', name.n_bytes) : NULL;
    if (dot)
        name.n_bytes = (size_t)(dot - name.ptr);
    sp_resolve_python_set_add(resolver, set, module_value(resolver, reached.ptr && !top ? reached : name, via));
}

void sp_resolve_python_import_statement(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *alias = sp_resolve_python_at(resolver, child);
        const struct sp_python_node *dotted = alias->child ? sp_resolve_python_at(resolver, alias->child) : NULL;
        char text[SP_PYTHON_NAME_MAX];
        bool cut;
        if (alias->kind != SP_PYTHON_NODE_ALIAS || !dotted || dotted->kind != SP_PYTHON_NODE_DOTTED || !dotted->child)
            continue;
        struct sp_str name = dotted_name(resolver, alias->child, text, &cut);
        if (cut)
            tell_cut(resolver, dotted);
        sp_resolve_python_emit_module(resolver, name, dotted->start, dotted->end, SP_VIA_DIRECT, false);
        struct sp_python_set set = {0};
        const struct sp_python_node *first = sp_resolve_python_at(resolver, dotted->child);
        if (alias->has_as) {
            struct sp_str reached = sp_python_modules_reexport(name);
            sp_resolve_python_set_add(
                resolver, &set, module_value(resolver, reached.ptr ? reached : name, SP_VIA_ALIAS));
            sp_resolve_python_scope_bind(resolver, alias->name, &set);
        } else {
            struct sp_str top = resolver->names.items[first->name];
            sp_resolve_python_set_add(resolver, &set, module_value(resolver, top, SP_VIA_DIRECT));
            sp_resolve_python_scope_import(resolver, first->name, &set);
        }
    }
}

static void remember_star(struct sp_python_resolver *resolver, struct sp_str module)
{
    for (uint32_t i = 0; i < resolver->n_stars; i++)
        if (sp_str_equal(resolver->stars[i], module))
            return;
    if (resolver->n_stars == SP_PYTHON_STARS_MAX) {
        sp_resolve_python_emit_limit(resolver, "too many star imports", 0, 0);
        return;
    }
    resolver->stars[resolver->n_stars++] = module;
    resolver->again = true; /* names that were looked up before may come from it */
}

/* A relative import's module, in a program of several files: *module, what stands behind the dots, lies in a buffer of
 * SP_PYTHON_NAME_MAX. false: not known. */
static bool absolute_name(const struct sp_python_resolver *resolver, size_t n_dots, struct sp_str *module)
{
    struct sp_str package = resolver->view ? resolver->view->package : (struct sp_str){0};
    for (; n_dots > 1 && package.n_bytes; n_dots--)
        while (package.n_bytes && package.ptr[--package.n_bytes] != '.')
            ;
    size_t n_dot = package.n_bytes && module->n_bytes ? 1 : 0;
    if (!package.n_bytes || package.n_bytes + n_dot + module->n_bytes > SP_PYTHON_NAME_MAX)
        return false;
    char *text = (char *)module->ptr;
    memmove(text + package.n_bytes + n_dot, text, module->n_bytes);
    memcpy(text, package.ptr, package.n_bytes);
    if (n_dot)
        text[package.n_bytes] = '.';
    module->n_bytes += package.n_bytes + n_dot;
    return true;
}

void sp_resolve_python_import_from(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    char text[SP_PYTHON_NAME_MAX];
    bool cut = false, relative = node->value > 0;
    struct sp_str module = {text, 0};
    const struct sp_python_node *dotted = node->child ? sp_resolve_python_at(resolver, node->child) : NULL;
    if (dotted && dotted->kind == SP_PYTHON_NODE_DOTTED)
        module = dotted_name(resolver, node->child, text, &cut);
    if (cut)
        tell_cut(resolver, dotted);
    bool inner = relative && absolute_name(resolver, (size_t)node->value, &module);
    if (!relative && module.n_bytes)
        sp_resolve_python_emit_module(resolver, module, dotted->start, dotted->end, SP_VIA_DIRECT, false);
    struct sp_str owner = sp_resolve_python_emit_keep(resolver, sp_python_modules_twin(module));
    for (uint32_t child = dotted ? dotted->next : 0; child; child = sp_resolve_python_at(resolver, child)->next) {
        const struct sp_python_node *alias = sp_resolve_python_at(resolver, child);
        struct sp_python_set set = {0};
        if (alias->op == 1) {
            if ((!relative || inner) && module.n_bytes)
                remember_star(resolver, owner);
            continue;
        }
        if (alias->kind != SP_PYTHON_NODE_ALIAS || !alias->child)
            continue;
        const struct sp_python_node *part = sp_resolve_python_at(resolver, alias->child);
        struct sp_str name = resolver->names.items[part->name];
        if ((relative && !inner) || !module.n_bytes) {
            set.other = true; /* the program's own */
        } else {
            struct sp_python_value parent = {.kind = SP_PYTHON_VALUE_PATH, .module = true, .text = owner};
            if (module.n_bytes + 1 + name.n_bytes <= sizeof(text)) {
                text[module.n_bytes] = '.';
                memcpy(text + module.n_bytes + 1, name.ptr, name.n_bytes);
                if (!relative)
                    sp_resolve_python_emit_module(resolver, (struct sp_str){text, module.n_bytes + 1 + name.n_bytes},
                        part->start, part->end, SP_VIA_DIRECT, true);
            } else {
                tell_cut(resolver, part);
            }
            sp_resolve_python_member_find(resolver, &parent, name, SP_VIA_DIRECT, part->start, part->end, &set);
            sp_resolve_python_emit_paths(resolver, &set, part->start, part->end, false);
        }
        if (alias->has_as) {
            sp_resolve_python_action_tell_operator(
                resolver, resolver->names.items[alias->name], &set, alias->start, alias->end);
            sp_resolve_python_scope_bind(resolver, alias->name, &set);
        } else {
            sp_resolve_python_scope_import(resolver, part->name, &set);
        }
    }
}
