/* The resolver's way in: walks the program until no name gets a new meaning. Any thread; what it holds beside the scan's
 * arena is freed before it returns. */
#include "scanner/resolve_python.h"

#include "scanner/lex_python.h"
#include "scanner/share_python.h"

#define WALKS_MAX       8
#define TEMPORARY_BYTES ((size_t)256 << 20)
#define FOLD_BYTES      ((size_t)4 << 20) /* and eight times the source */
#define KEEPS           ((size_t)1 << 18) /* and the source: see keep */
#define STEPS           ((size_t)1 << 16) /* and a quarter of the source: see sp_resolve_python_set_pay */

static void walk(struct sp_python_resolver *resolver)
{
    size_t n_bytes = resolver->source.n_bytes;
    resolver->walk++;
    resolver->again = false;
    resolver->n_steps = STEPS + n_bytes / 4;
    resolver->told_bytes = FOLD_BYTES + 8 * n_bytes;
    resolver->round_bytes = STEPS + n_bytes / 4;
    resolver->fold = (struct sp_fold_python){.arena = &resolver->temporary, .left_bytes = FOLD_BYTES + 8 * n_bytes};
    resolver->out.modules.n_items = resolver->out.names.n_items = resolver->out.folded.n_items = 0;
    resolver->out.evaluated.n_items = resolver->out.dynamics.n_items = resolver->out.limits.n_items = 0;
    sp_resolve_python_statement_block(resolver, resolver->tree.root);
    sp_arena_reset(&resolver->temporary);
}

/* The program that runs may not be the one that was read. */
static void emit_doubts(struct sp_python_resolver *resolver)
{
    for (uint32_t i = 0; i < resolver->spans->n_items; i++) {
        const struct sp_span *span = &resolver->spans->items[i];
        if (span->kind == SP_SPAN_STRING && (span->flags & SP_PYTHON_DOUBTFUL))
            sp_resolve_python_emit_limit(
                resolver, "a formatted string that versions of Python read differently", span->start, span->end);
    }
}

int sp_resolve_python(struct sp_str source, const struct sp_span_list *spans, const struct sp_share_view *view,
    struct sp_arena *arena, struct sp_resolution *ret_resolution, struct sp_error *error)
{
    struct sp_python_resolver resolver = {.source = source, .spans = spans, .view = view, .arena = arena};
    int r = sp_python_names_init(&resolver.names, arena);
    if (r == 0)
        r = sp_python_parse(source, spans, &resolver.names, arena, &resolver.tree);
    if (r)
        return sp_error_set(error, r, NULL);
    sp_arena_init(&resolver.temporary, TEMPORARY_BYTES);
    resolver.n_keeps = KEEPS + source.n_bytes;
    resolver.n_read = resolver.names.n_items;
    resolver.read = sp_arena_array(arena, resolver.n_read, sizeof(*resolver.read));
    if (!resolver.read)
        resolver.code = sp_arena_error(arena);
    else
        sp_resolve_python_scope_new(&resolver, SP_PYTHON_SCOPE_MODULE);
    if (!resolver.code)
        sp_resolve_python_keep_init(&resolver);
    if (view) {
        resolver.builtins_change = view->share->builtins_change;
        resolver.items_stored = view->share->items_stored;
    }
    do
        walk(&resolver);
    while (resolver.again && !resolver.code && resolver.walk < WALKS_MAX);
    uint32_t end = (uint32_t)source.n_bytes;
    if (resolver.again)
        sp_resolve_python_emit_limit(&resolver, "names that hang on each other too often", 0, end);
    if (resolver.fold.spent)
        sp_resolve_python_emit_limit(&resolver, "constants that are too large to be followed", 0, end);
    if (resolver.tree.too_deep)
        sp_resolve_python_emit_limit(
            &resolver, "nesting that is too deep", resolver.tree.too_deep_at, resolver.tree.too_deep_at);
    emit_doubts(&resolver);
    if (resolver.names.too_long)
        sp_resolve_python_emit_limit(&resolver, "a name that is too long to be compared as the interpreter does",
            resolver.names.too_long_at, resolver.names.too_long_at);
    sp_share_python_finish(&resolver);
    sp_resolve_python_emit_finish(&resolver);
    sp_arena_fini(&resolver.temporary);
    if (resolver.code)
        return sp_error_set(error, resolver.code, NULL);
    *ret_resolution = resolver.out;
    return 0;
}
