/* Programs of several files: all are walked, and walked again where they asked for what others gave meanwhile, until no file
 * gives another anything new. On the thread
 * that judges the request; afterwards immutable. */
#include "scanner/program.h"

#include <stdlib.h>
#include <string.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/tongue.h"
#include "scanner/scan.h"
#include "scanner/share_python.h"

#define ROUNDS_MAX  6
#define SHARE_BYTES ((size_t)128 << 20)
#define ASKED_BYTES (SP_SHARE_BUCKETS / 8)

struct sp_program {
    struct sp_arena arena;
    struct sp_share share;
    struct sp_share_view *views;
    size_t n_files;
};

SP_CLEANUP_DEFINE(struct sp_program *, sp_program_free)

/* "pkg/mod.py" is pkg.mod, "pkg/__init__.py" is pkg; a name that cannot be imported does no harm. */
static int name_file(struct sp_program *program, const struct sp_program_file *file, struct sp_share_view *view)
{
    view->share = &program->share;
    view->asked = sp_arena_alloc(&program->arena, ASKED_BYTES);
    if (!view->asked)
        return sp_arena_error(&program->arena);
    if (!file->path.ptr) {
        view->modules[view->n_modules++] = SP_STR("__main__");
        view->modules[view->n_modules++] = SP_STR("main");
        return 0;
    }
    size_t n = file->path.n_bytes - sp_language_suffix(file->path).n_bytes;
    char *name = sp_arena_copy(&program->arena, file->path.ptr, file->path.n_bytes);
    if (!name)
        return sp_arena_error(&program->arena);
    for (size_t i = 0; i < n; i++)
        if (name[i] == '/')
            name[i] = '.';
    struct sp_str module = {name, n};
    size_t base = n;
    while (base > 0 && name[base - 1] != '.')
        base--;
    view->package = (struct sp_str){name, base ? base - 1 : 0};
    if (sp_str_is((struct sp_str){name + base, n - base}, "__init__"))
        module = view->package;
    if (module.n_bytes)
        view->modules[view->n_modules++] = module;
    return 0;
}

/* The file's language, where its files give each other values; else NULL. */
static const struct sp_tongue *tongue_of(const struct sp_program_file *file, struct sp_str *ret_dialect)
{
    const struct sp_tongue *tongue = sp_tongue_find(sp_language_find(file->language, ret_dialect));
    return tongue && tongue->shares ? tongue : NULL;
}

static int walk_file(const struct sp_program_file *file, const struct sp_share_view *view, struct sp_error *error)
{
    struct sp_str dialect;
    const struct sp_tongue *tongue = tongue_of(file, &dialect);
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    struct sp_span_list spans = {0};
    struct sp_resolution resolution = {0};
    sp_arena_init(&arena, SP_SCAN_WORK_BYTES(file->code.n_bytes));
    int r = tongue->lex(file->code, dialect, &arena, &spans, error);
    return r < 0 ? r : tongue->resolve(file->code, &spans, view, &arena, &resolution, error);
}

static int fill(struct sp_program *program, const struct sp_program_file *files, struct sp_error *error)
{
    struct sp_share *share = &program->share;
    int r = 0;
    do {
        share->grew = false;
        share->round++;
        for (size_t i = 0; i < program->n_files && r == 0; i++) {
            struct sp_share_view *view = &program->views[i];
            if (!view->share || !sp_share_python_is_due(view))
                continue;
            view->walk = ++share->walk;
            view->collect = true;
            memset(view->asked, 0, ASKED_BYTES);
            r = walk_file(&files[i], view, error);
            view->collect = false;
            if (r == 0 && share->code)
                r = sp_error_set(error, share->code, NULL);
        }
    } while (r == 0 && share->grew && share->round < ROUNDS_MAX);
    share->cut |= share->grew;
    for (size_t i = 0; i < program->n_files; i++)
        program->views[i].asked = NULL; /* from here on, any thread reads */
    return r;
}

int sp_program_new(
    const struct sp_program_file *files, size_t n_files, struct sp_program **ret_program, struct sp_error *error)
{
    sp_cleanup(sp_program_free_scope) struct sp_program *program = calloc(1, sizeof(*program));
    if (!program)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_arena_init(&program->arena, SHARE_BYTES);
    program->n_files = n_files;
    program->views = sp_arena_array(&program->arena, n_files, sizeof(*program->views));
    if (!program->views)
        return sp_error_set(error, sp_arena_error(&program->arena), NULL);
    int r = sp_share_python_init(&program->share, &program->arena, error);
    for (size_t i = 0; i < n_files && r == 0; i++) {
        struct sp_str dialect;
        if (!tongue_of(&files[i], &dialect))
            continue;
        r = name_file(program, &files[i], &program->views[i]);
        for (size_t k = 0; k < program->views[i].n_modules && r == 0; k++)
            sp_share_python_own(&program->share, program->views[i].modules[k]);
        r = r < 0 ? sp_error_set(error, r, NULL) : 0;
    }
    if (r == 0)
        r = fill(program, files, error);
    if (r == 0)
        *ret_program = SP_TAKE(program);
    return r;
}

void sp_program_free(struct sp_program *program)
{
    if (!program)
        return;
    sp_arena_fini(&program->arena);
    free(program);
}

uint32_t sp_program_walks(const struct sp_program *program)
{
    return program->share.walk;
}

const struct sp_share_view *sp_program_view(const struct sp_program *program, size_t file)
{
    return program && file < program->n_files && program->views[file].share ? &program->views[file] : NULL;
}
