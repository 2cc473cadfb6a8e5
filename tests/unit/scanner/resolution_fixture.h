#ifndef SP_TESTS_RESOLUTION_FIXTURE_H
#define SP_TESTS_RESOLUTION_FIXTURE_H
/* A Python source, what the resolver says of it, and what is expected of that. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/buffer.h"
#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/python_modules.h"
#include "scanner/tongue.h"

/* A source with what the resolver says of it. */
struct fixture {
    struct sp_arena arena;
    struct sp_str source;
    struct sp_span_list spans;
    struct sp_resolution resolution;
};

static inline void resolve(struct fixture *f, struct sp_str source)
{
    const struct sp_tongue *python = sp_tongue_find(SP_LANGUAGE_PYTHON);
    struct sp_error error = {0};
    *f = (struct fixture){.source = source};
    sp_arena_init(&f->arena, (size_t)1 << 30);
    cr_assert(python->lex(source, SP_STR(""), &f->arena, &f->spans, &error) == 0, "%s", error.text);
    cr_assert(python->resolve(source, &f->spans, NULL, &f->arena, &f->resolution, &error) == 0, "%s", error.text);
}

/* The best way by which a module is found, in evaluated code too: SP_VIA_COUNT none. */
static inline enum sp_via way_to(struct sp_str source, const char *module, unsigned depth)
{
    struct fixture f;
    enum sp_via best = SP_VIA_COUNT;
    resolve(&f, source);
    for (uint32_t i = 0; i < f.resolution.modules.n_items; i++) {
        const struct sp_module_use *use = &f.resolution.modules.items[i];
        if (sp_python_modules_cover(sp_str_of(module), use->name) && (best == SP_VIA_COUNT || use->via > best))
            best = use->via;
    }
    for (uint32_t i = 0; i < f.resolution.evaluated.n_items && depth > 0; i++)
        if (way_to(f.resolution.evaluated.items[i].text, module, depth - 1) != SP_VIA_COUNT)
            best = SP_VIA_EVALUATED;
    sp_arena_fini(&f.arena);
    return best;
}

static inline void expect_way(const char *source, const char *module, enum sp_via via)
{
    enum sp_via got = way_to(sp_str_of(source), module, 8);
    cr_expect(got == via, "%d and not %d:\n%s", got, via, source);
}

static inline void expect_found(const char *source)
{
    cr_expect(way_to(sp_str_of(source), "socket", 8) != SP_VIA_COUNT, "not found:\n%s", source);
}

static inline void expect_nothing(const char *source)
{
    struct fixture f;
    resolve(&f, sp_str_of(source));
    cr_expect(way_to(f.source, "socket", 8) == SP_VIA_COUNT, "found:\n%s", source);
    cr_expect(f.resolution.dynamics.n_items == 0, "%s:\n%s", f.resolution.dynamics.items[0].what, source);
    cr_expect(f.resolution.limits.n_items == 0, "%s:\n%s", f.resolution.limits.items[0].what, source);
    sp_arena_fini(&f.arena);
}

/* A use of the name, written so in the source. */
static inline void expect_name(const char *source, const char *name, const char *written, bool call)
{
    struct fixture f;
    bool found = false;
    resolve(&f, sp_str_of(source));
    for (uint32_t i = 0; i < f.resolution.names.n_items; i++) {
        const struct sp_name_use *use = &f.resolution.names.items[i];
        found |= sp_str_is(use->name, name) && use->call == call &&
                 sp_str_is((struct sp_str){f.source.ptr + use->offset, use->length}, written);
    }
    cr_expect(found, "no %s:\n%s", name, source);
    sp_arena_fini(&f.arena);
}

static inline void expect_no_name(const char *source, const char *name)
{
    struct fixture f;
    resolve(&f, sp_str_of(source));
    for (uint32_t i = 0; i < f.resolution.names.n_items; i++)
        cr_expect(!sp_str_is(f.resolution.names.items[i].name, name), "%s:\n%s", name, source);
    sp_arena_fini(&f.arena);
}

static inline void expect_dynamic(const char *source)
{
    struct fixture f;
    resolve(&f, sp_str_of(source));
    cr_expect(f.resolution.dynamics.n_items > 0, "nothing dynamic:\n%s", source);
    sp_arena_fini(&f.arena);
}

#endif
