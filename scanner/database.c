/* Compiles patterns for Hyperscan and PCRE2, and finds for each the best grade that Hyperscan takes. Runs where policies
 * are compiled, never on a scanning thread; what it builds is immutable. */
#include "scanner/database.h"

#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"

#define PRINT_BYTES_MAX  (64u << 20) /* prints of all patterns of a policy */
#define PARENTHESES_MAX  1000
#define STARTS_POSITIONS 400 /* in a larger pattern, starts take Hyperscan seconds to compile */
#define EXPENSIVE_MIN    32  /* a class of so many points, repeated without bound, is expensive */

/* How a pattern is offered to Hyperscan: tried in this order until it is taken. */
enum offer { OFFER_STARTS, OFFER_ENDS, OFFER_BARE, OFFER_NONE };

struct candidate {
    const struct sp_re *re;
    enum offer offer;
    const char *text;
    unsigned flags;
    bool expensive;
};

struct build {
    struct sp_database *database;
    struct candidate *candidates;
    struct sp_arena arena;
    struct sp_error *error;
};

/* ---- PCRE2 ---- */

static size_t code_bytes(const pcre2_code *code)
{
    size_t bytes = 0;
    pcre2_pattern_info(code, PCRE2_INFO_SIZE, &bytes);
    return bytes;
}

static int compile_pcre2(struct build *build, size_t i, struct sp_re_pcre2 *print)
{
    struct sp_database_pattern *pattern = &build->database->patterns[i];
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        return sp_error_set(build->error, SP_ENO_MEMORY, NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
    pcre2_set_parens_nest_limit(context, PARENTHESES_MAX);
    uint32_t options = PCRE2_DOTALL | PCRE2_USE_OFFSET_LIMIT | PCRE2_AUTO_CALLOUT | PCRE2_ALT_CIRCUMFLEX |
                       PCRE2_NEVER_BACKSLASH_C | (build->database->utf8 ? PCRE2_UTF : PCRE2_NEVER_UTF) |
                       (print->ucp ? PCRE2_UCP : 0);
    /* Where Hyperscan shows the place, PCRE2 need not look for it: what it looks at without a callout is not counted.
     * Until 10.45 it takes the character that a lookahead asks for to stand before the one that must follow, though they
     * may be the same: (?=a)b?a misses "a". */
    if (pattern->grade == SP_GRADE_EXACT || pattern->grade == SP_GRADE_ENDS || print->looks_ahead)
        options |= PCRE2_NO_START_OPTIMIZE;
    /* It forgets that an atomic group which may be empty has something behind it: b?(?>(a)?)b misses "b". */
    if (print->atomic)
        options |= PCRE2_NO_AUTO_POSSESS;
    int number;
    PCRE2_SIZE offset;
    pattern->code = pcre2_compile((PCRE2_SPTR)print->text, print->n_bytes, options, &number, &offset, context);
    pcre2_compile_context_free(context);
    if (!pattern->code) {
        PCRE2_UCHAR text[160];
        pcre2_get_error_message(number, text, SP_COUNT(text));
        return sp_error_set(build->error, number == PCRE2_ERROR_HEAP_FAILED ? SP_ENO_MEMORY : SP_EINVALID_PATTERN,
            "the pattern cannot be searched: %s", (const char *)text);
    }
    if (print->n_weights) {
        pattern->weights = malloc(print->n_weights * sizeof(*print->weights));
        if (!pattern->weights)
            return sp_error_set(build->error, SP_ENO_MEMORY, NULL);
        memcpy(pattern->weights, print->weights, print->n_weights * sizeof(*print->weights));
        pattern->n_weights = print->n_weights;
    }
    build->database->bytes += code_bytes(pattern->code) + pattern->n_weights * sizeof(*pattern->weights);
    return 0;
}

/* ---- Hyperscan ---- */

static int hyperscan_error(struct build *build, hs_error_t code, const hs_compile_error_t *failure)
{
    if (code == HS_NOMEM)
        return sp_error_set(build->error, SP_ENO_MEMORY, NULL);
    return sp_error_set(
        build->error, SP_EINTERNAL, "Hyperscan: %s", failure && failure->message ? failure->message : "no reason");
}

/* Prints the pattern for its present offer and asks whether Hyperscan can read it: 1 it can, 0 it can not. */
static int try_offer(struct build *build, size_t i)
{
    struct sp_database *database = build->database;
    struct candidate *candidate = &build->candidates[i];
    struct sp_database_pattern *pattern = &database->patterns[i];
    bool bare = candidate->offer == OFFER_BARE;
    struct sp_re_hyperscan print;
    int r = sp_re_print_hyperscan(candidate->re, database->utf8, bare, &build->arena, &print);
    if (r == SP_ETOO_LARGE && !build->arena.exhausted)
        return 0;
    if (r < 0)
        return sp_error_set(build->error, r, NULL);
    bool some = bare || print.structural;
    if (some && candidate->offer == OFFER_ENDS)
        return 0; /* its starts were not wanted in the first place */
    if (!some && candidate->offer == OFFER_STARTS && print.positions > STARTS_POSITIONS)
        return 0;
    pattern->som = !some && candidate->offer == OFFER_STARTS;
    pattern->grade = some ? SP_GRADE_PREFILTER : pattern->som && !print.wider ? SP_GRADE_EXACT : SP_GRADE_ENDS;
    candidate->text = print.text;
    candidate->flags = HS_FLAG_DOTALL | (database->utf8 ? HS_FLAG_UTF8 : 0) | (some ? HS_FLAG_SINGLEMATCH : 0) |
                       (pattern->som ? HS_FLAG_SOM_LEFTMOST : 0);
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *failure = NULL;
    hs_error_t code = hs_expression_info(candidate->text, candidate->flags, &info, &failure);
    if (info)
        free(info);
    if (code == HS_SUCCESS)
        return 1;
    r = code == HS_COMPILER_ERROR ? 0 : hyperscan_error(build, code, failure);
    if (failure)
        hs_free_compile_error(failure);
    return r;
}

/* The first offer from the present one on that Hyperscan can read. */
static int settle(struct build *build, size_t i)
{
    struct candidate *candidate = &build->candidates[i];
    for (; candidate->offer != OFFER_NONE; candidate->offer++) {
        int r = try_offer(build, i);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    build->database->patterns[i].grade = SP_GRADE_PCRE;
    build->database->patterns[i].som = false;
    return 0;
}

static bool wide(const struct sp_re_node *node)
{
    if (node->kind == SP_RE_ANY)
        return true;
    if (node->kind != SP_RE_SET)
        return false;
    uint32_t n = 0;
    for (size_t i = 0; i < node->set->n_ranges; i++)
        n += node->set->ranges[i].last - node->set->ranges[i].first + 1;
    return node->set->negated || n >= EXPENSIVE_MIN ||
           node->set->categories & (SP_RE_WORD | SP_RE_NO_WORD | SP_RE_NO_DIGIT | SP_RE_NO_SPACE);
}

/* Patterns that keep many states alive slow all others of their database down; they get one of their own. */
static bool expensive(const struct sp_re_node *node)
{
    for (const struct sp_re_node *child = node->child; child; child = child->next) {
        if (node->kind == SP_RE_REPEAT && node->repeat.max > EXPENSIVE_MIN && wide(child))
            return true;
        if (expensive(child))
            return true;
    }
    return false;
}

static int add_chunk(struct build *build, hs_database_t *chunk)
{
    struct sp_database *database = build->database;
    hs_database_t **chunks = realloc(database->chunks, (database->n_chunks + 1) * sizeof(hs_database_t *));
    size_t bytes = 0;
    if (!chunks) {
        hs_free_database(chunk);
        return sp_error_set(build->error, SP_ENO_MEMORY, NULL);
    }
    hs_database_size(chunk, &bytes);
    database->bytes += bytes;
    database->chunks = chunks;
    database->chunks[database->n_chunks++] = chunk;
    return 0;
}

/* Compiles the candidates of these indices into one database, or, where Hyperscan balks at one of them, without it or
 * in halves. indices may be permuted. */
static int compile_chunk(struct build *build, unsigned *indices, size_t n)
{
    sp_cleanup(sp_free_ptr) const char **texts = calloc(n + 1, sizeof(*texts));
    sp_cleanup(sp_free_ptr) unsigned *flags = calloc(n + 1, sizeof(*flags));
    if (!texts || !flags)
        return sp_error_set(build->error, SP_ENO_MEMORY, NULL);
    for (;;) {
        size_t n_left = 0;
        for (size_t i = 0; i < n; i++) {
            const struct candidate *candidate = &build->candidates[indices[i]];
            if (candidate->offer == OFFER_NONE)
                continue;
            texts[n_left] = candidate->text;
            flags[n_left] = candidate->flags;
            indices[n_left++] = indices[i];
        }
        n = n_left;
        if (n == 0)
            return 0;
        hs_database_t *chunk = NULL;
        hs_compile_error_t *failure = NULL;
        hs_error_t code = hs_compile_multi(texts, flags, indices, (unsigned)n, HS_MODE_BLOCK, NULL, &chunk, &failure);
        if (code == HS_SUCCESS)
            return add_chunk(build, chunk);
        int at = code == HS_COMPILER_ERROR && failure ? failure->expression : -1;
        int r = code == HS_COMPILER_ERROR ? 0 : hyperscan_error(build, code, failure);
        if (failure)
            hs_free_compile_error(failure);
        if (r < 0)
            return r;
        if (at < 0 && n > 1) {
            r = compile_chunk(build, indices, n / 2);
            return r < 0 ? r : compile_chunk(build, indices + n / 2, n - n / 2);
        }
        unsigned refused = indices[at < 0 || (size_t)at >= n ? 0 : at];
        build->candidates[refused].offer++;
        r = settle(build, refused);
        if (r < 0)
            return r;
    }
}

static int compile_hyperscan(struct build *build)
{
    size_t n_patterns = build->database->n_patterns;
    sp_cleanup(sp_free_ptr) unsigned *indices = calloc(n_patterns + 1, sizeof(*indices));
    if (!indices)
        return sp_error_set(build->error, SP_ENO_MEMORY, NULL);
    for (int dear = 0; dear < 2; dear++) {
        size_t next = 0;
        while (next < n_patterns) {
            size_t n = 0;
            for (; next < n_patterns && n < SP_DATABASE_CHUNK; next++)
                if (build->candidates[next].offer != OFFER_NONE && build->candidates[next].expensive == (dear == 1))
                    indices[n++] = (unsigned)next;
            int r = n ? compile_chunk(build, indices, n) : 0;
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* ---- both ---- */

static int build_all(struct build *build)
{
    struct sp_database *database = build->database;
    int r = 0;
    for (size_t i = 0; r == 0 && i < database->n_patterns; i++) {
        struct candidate *candidate = &build->candidates[i];
        struct sp_database_pattern *pattern = &database->patterns[i];
        const struct sp_re_node *root = candidate->re->root;
        candidate->expensive = expensive(root);
        pattern->width_min = root->width_min;
        pattern->width_max_bytes =
            root->width_max == SP_RE_INFINITE ? UINT64_MAX : (uint64_t)root->width_max * (database->utf8 ? 4 : 1);
        r = settle(build, i);
    }
    if (r == 0)
        r = compile_hyperscan(build);
    for (size_t i = 0; r == 0 && i < database->n_patterns; i++) {
        struct sp_re_pcre2 print;
        r = sp_re_print_pcre2(build->candidates[i].re, database->utf8, &build->arena, &print);
        if (r == SP_ETOO_LARGE)
            r = sp_error_set(build->error, SP_EINVALID_PATTERN, "the pattern is too large to be searched");
        if (r == 0)
            r = compile_pcre2(build, i, &print);
        if (r < 0)
            sp_error_prefix(build->error, "[%zu]", i);
    }
    return r;
}

int sp_database_init(struct sp_database *database, const struct sp_re *const *patterns, size_t n_patterns, bool utf8,
    struct sp_error *error)
{
    *database = (struct sp_database){.utf8 = utf8, .n_patterns = n_patterns};
    struct build build = {.database = database, .error = error};
    sp_arena_init(&build.arena, PRINT_BYTES_MAX);
    database->patterns = calloc(n_patterns + 1, sizeof(*database->patterns));
    build.candidates = calloc(n_patterns + 1, sizeof(*build.candidates));
    int r = SP_ENO_MEMORY;
    if (database->patterns && build.candidates) {
        database->bytes = n_patterns * sizeof(*database->patterns);
        for (size_t i = 0; i < n_patterns; i++)
            build.candidates[i].re = patterns[i];
        r = build_all(&build);
    }
    free(build.candidates);
    sp_arena_fini(&build.arena);
    if (r == 0)
        return 0;
    sp_database_fini(database);
    return sp_error_set(error, r, NULL);
}

void sp_database_fini(struct sp_database *database)
{
    if (!database)
        return;
    for (size_t i = 0; database->patterns && i < database->n_patterns; i++) {
        pcre2_code_free(database->patterns[i].code);
        free(database->patterns[i].weights);
    }
    for (size_t i = 0; i < database->n_chunks; i++)
        hs_free_database(database->chunks[i]);
    free(database->patterns);
    free(database->chunks);
    *database = (struct sp_database){0};
}
