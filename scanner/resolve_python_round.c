/* Pieces of the program that are walked once more with known values, and with nothing told: comprehensions over known rows, and
 * calls of functions that do nothing but answer an expression. One thread at a time. */
#include "scanner/resolve_python_action.h"

#define ROUNDS_MAX 1024 /* results of one comprehension */
#define NAMES_MAX  16   /* names that one piece binds */
#define CALLS_MAX  4    /* such calls within each other */

/* Names of a scope that have known values for a while, and what they meant before. */
struct bound {
    uint32_t scope, n_names;
    uint32_t names[NAMES_MAX];
    struct sp_python_kept kept[NAMES_MAX];
    bool failed; /* too many, or a name that lies elsewhere: then nothing is known */
};

static void keep_value(
    struct sp_python_resolver *resolver, struct bound *bound, uint32_t name, const struct sp_python_value *value)
{
    struct sp_python_set set = {0};
    uint32_t i = 0;
    sp_resolve_python_set_add(resolver, &set, value);
    while (i < bound->n_names && bound->names[i] != name)
        i++;
    struct sp_python_kept kept = {.set = set, .bound = true, .certain = resolver->walk};
    if (i == NAMES_MAX || !sp_resolve_python_scope_exchange(resolver, bound->scope, name, &kept)) {
        bound->failed = true;
        return;
    }
    if (i < bound->n_names)
        return;
    bound->names[i] = name;
    bound->kept[i] = kept;
    bound->n_names++;
}

static void give_back(struct sp_python_resolver *resolver, struct bound *bound)
{
    for (uint32_t i = 0; i < bound->n_names; i++)
        sp_resolve_python_scope_exchange(resolver, bound->scope, bound->names[i], &bound->kept[i]);
}

/* A target of `for`: names, and rows of such. */
static void bind_target(
    struct sp_python_resolver *resolver, struct bound *bound, uint32_t target, const struct sp_python_value *value)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, target);
    if (node->kind == SP_PYTHON_NODE_NAME) {
        keep_value(resolver, bound, node->name, value);
        return;
    }
    const struct sp_python_value *row = sp_fold_python_row(&resolver->fold, value);
    uint32_t child = node->child, i = 0;
    bound->failed |= !row || (node->kind != SP_PYTHON_NODE_TUPLE && node->kind != SP_PYTHON_NODE_LIST);
    for (; child && !bound->failed; child = sp_resolve_python_at(resolver, child)->next, i++) {
        if (i >= row->n_items || !row->items[i] || sp_resolve_python_at(resolver, child)->kind == SP_PYTHON_NODE_STAR)
            bound->failed = true;
        else
            bind_target(resolver, bound, child, row->items[i]);
    }
}

static bool pay(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    size_t n_bytes = node->end - node->start + 1u;
    if (n_bytes > resolver->round_bytes)
        return false;
    resolver->round_bytes -= n_bytes;
    return true;
}

/* 1, 0, or -1 where it is not known. */
static int truth_of(struct sp_python_resolver *resolver, uint32_t index, bool *ret_doubt)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, index);
    uint32_t second = node->kind == SP_PYTHON_NODE_BINARY ? sp_resolve_python_at(resolver, node->child)->next : 0;
    uint8_t joint = second ? sp_resolve_python_at(resolver, second)->joint : 0;
    if (joint != SP_PYTHON_OPERATOR_AND && joint != SP_PYTHON_OPERATOR_OR) {
        struct sp_python_set set;
        sp_resolve_python_expression(resolver, index, &set);
        return sp_fold_python_truth(sp_resolve_python_set_known(&set, ret_doubt));
    }
    int truth = -1;
    for (uint32_t child = node->child; child; child = sp_resolve_python_at(resolver, child)->next) {
        truth = truth_of(resolver, child, ret_doubt);
        if (truth < 0 || truth == (joint == SP_PYTHON_OPERATOR_OR))
            break;
    }
    return truth;
}

/* ---- comprehensions ---- */

struct rounds {
    struct sp_python_resolver *resolver;
    const struct sp_python_node *node;
    struct bound bound;
    const struct sp_python_value **results;
    uint32_t n_results;
    bool known, mixed;
    bool doubt; /* or something else, that is not known */
};

static void add_result(struct rounds *rounds)
{
    struct sp_python_resolver *resolver = rounds->resolver;
    uint32_t child = rounds->node->child;
    for (int i = 0; i <= rounds->node->op && rounds->known; i++) {
        struct sp_python_set set;
        rounds->known = rounds->n_results < ROUNDS_MAX && child;
        if (!rounds->known)
            return;
        sp_resolve_python_expression(resolver, child, &set);
        rounds->results[rounds->n_results] = sp_resolve_python_set_known(&set, &rounds->doubt);
        rounds->known = rounds->results[rounds->n_results++];
        child = sp_resolve_python_at(resolver, child)->next;
    }
}

/* The clause, and what stands behind it for each of its rounds; 0: no more clauses. */
static void walk_clause(struct rounds *rounds, uint32_t index)
{
    struct sp_python_resolver *resolver = rounds->resolver;
    if (!index) {
        add_result(rounds);
        return;
    }
    const struct sp_python_node *clause = sp_resolve_python_at(resolver, index);
    if (clause->kind == SP_PYTHON_NODE_IF_CLAUSE) {
        int truth = clause->child ? truth_of(resolver, clause->child, &rounds->doubt) : -1;
        rounds->known &= truth >= 0;
        if (truth == 1)
            walk_clause(rounds, clause->next);
        return;
    }
    uint32_t source = clause->child ? sp_resolve_python_at(resolver, clause->child)->next : 0;
    struct sp_python_set iterable = {.other = true};
    /* It was walked before: comprehensions within each other would double what each of them costs. */
    if (source && pay(resolver, clause))
        sp_resolve_python_expression(resolver, source, &iterable);
    const struct sp_python_value *items =
        sp_fold_python_items(&resolver->fold, sp_resolve_python_set_known(&iterable, &rounds->doubt));
    rounds->known &= items != NULL;
    rounds->mixed |= items && items->mixed && items->n_items > 1;
    for (uint32_t i = 0; rounds->known && i < items->n_items; i++) {
        rounds->known = items->items[i] && pay(resolver, rounds->node);
        if (!rounds->known)
            break;
        bind_target(resolver, &rounds->bound, clause->child, items->items[i]);
        rounds->known = !rounds->bound.failed;
        if (rounds->known)
            walk_clause(rounds, clause->next);
    }
}

const struct sp_python_value *sp_resolve_python_round_comprehension(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, uint32_t scope, bool *ret_doubt)
{
    uint32_t first = node->child, outer = resolver->scope;
    while (first && sp_resolve_python_at(resolver, first)->kind != SP_PYTHON_NODE_FOR_CLAUSE)
        first = sp_resolve_python_at(resolver, first)->next;
    struct rounds rounds = {.resolver = resolver, .node = node, .bound.scope = scope, .known = true};
    rounds.results = sp_arena_array(&resolver->temporary, ROUNDS_MAX, sizeof(*rounds.results));
    if (!first || !rounds.results)
        return NULL;
    bool again = resolver->again;
    resolver->quiet++;
    resolver->scope = scope;
    walk_clause(&rounds, first);
    give_back(resolver, &rounds.bound);
    *ret_doubt |= rounds.doubt;
    resolver->scope = outer;
    resolver->quiet--;
    resolver->again = again;
    if (!rounds.known || (node->op && rounds.mixed))
        return NULL;
    if (node->op)
        return sp_fold_python_dict(&resolver->fold, rounds.results, rounds.n_results);
    struct sp_python_value *value = sp_fold_python_list(&resolver->fold, rounds.results, rounds.n_results);
    if (value && resolver->source.ptr[node->start] == '{')
        return sp_fold_python_mix(&resolver->fold, value);
    if (value)
        value->mixed = rounds.mixed;
    return value;
}

/* ---- calls ---- */

/* The expression that a function does nothing but answer; 0: it does something else. */
static uint32_t answer_of(const struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    uint32_t child = node->child;
    bool plain = node->kind == SP_PYTHON_NODE_LAMBDA;
    while (child && sp_resolve_python_at(resolver, child)->next)
        child = sp_resolve_python_at(resolver, child)->next;
    if (plain || !child)
        return plain ? child : 0;
    uint32_t statement = sp_resolve_python_at(resolver, child)->child;
    if (sp_resolve_python_at(resolver, child)->kind != SP_PYTHON_NODE_BLOCK)
        return 0;
    while (statement && sp_resolve_python_at(resolver, statement)->kind == SP_PYTHON_NODE_STRINGS)
        statement = sp_resolve_python_at(resolver, statement)->next;
    const struct sp_python_node *last = sp_resolve_python_at(resolver, statement);
    return statement && last->kind == SP_PYTHON_NODE_RETURN && !last->next ? last->child : 0;
}

/* The argument's one value; NULL: it has none that is known. */
static const struct sp_python_value *given_to(const struct sp_python_resolver *resolver,
    const struct sp_python_call *call, const struct sp_python_node *parameter, uint32_t at, bool *ret_doubt)
{
    const struct sp_python_argument *given = sp_resolve_python_call_argument(resolver, call, at, NULL);
    for (uint32_t i = 0; i < call->n_arguments && !given; i++)
        if (call->arguments[i].name == parameter->name)
            given = &call->arguments[i];
    return given ? sp_resolve_python_set_known(&given->set, ret_doubt) : NULL;
}

/* *a: the row of what is left of the arguments. */
static const struct sp_python_value *rest_of(
    struct sp_python_resolver *resolver, const struct sp_python_call *call, uint32_t from, bool *ret_doubt)
{
    const struct sp_python_value **items =
        sp_arena_array(&resolver->temporary, SP_PYTHON_ARGUMENTS_MAX, sizeof(*items));
    uint32_t n_items = 0, at = 0;
    for (uint32_t i = 0; items && i < call->n_arguments; i++)
        if (call->arguments[i].name == UINT32_MAX && at++ >= from) {
            items[n_items] = sp_resolve_python_set_known(&call->arguments[i].set, ret_doubt);
            if (!items[n_items++])
                return NULL;
        }
    return items ? sp_fold_python_sequence(&resolver->fold, items, n_items) : NULL;
}

static bool bind_parameters(struct sp_python_resolver *resolver, struct bound *bound, uint32_t parameter,
    const struct sp_python_call *call, bool *ret_doubt)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < call->n_arguments; i++)
        if (call->arguments[i].star)
            return false;
    for (; parameter && !bound->failed; parameter = sp_resolve_python_at(resolver, parameter)->next) {
        const struct sp_python_node *node = sp_resolve_python_at(resolver, parameter);
        const struct sp_python_value *value = NULL;
        if (node->kind != SP_PYTHON_NODE_PARAMETER || (node->op && node->op != '*'))
            return false;
        if (node->op) {
            value = rest_of(resolver, call, at, ret_doubt);
            at = UINT32_MAX / 2; /* what comes now has names only */
        } else {
            value = given_to(resolver, call, node, at++, ret_doubt);
        }
        bool given = value != NULL;
        for (uint32_t i = 0, n = 0; i < call->n_arguments && !given; i++)
            given = call->arguments[i].name == node->name ||
                    (call->arguments[i].name == UINT32_MAX && n++ == at - 1 && !node->op);
        uint32_t fallback = node->child;
        if (!given && fallback && sp_resolve_python_at(resolver, fallback)->kind != SP_PYTHON_NODE_OTHER &&
            !sp_resolve_python_at(resolver, fallback)->next) {
            struct sp_python_set set;
            sp_resolve_python_expression(resolver, fallback, &set);
            value = sp_resolve_python_set_known(&set, ret_doubt);
        }
        if (!value)
            return false;
        keep_value(resolver, bound, node->name, value);
    }
    return !bound->failed;
}

const struct sp_python_value *sp_resolve_python_round_call(struct sp_python_resolver *resolver, uint32_t function,
    uint32_t parameter, const struct sp_python_call *call, bool *ret_doubt)
{
    const struct sp_python_node *node = sp_resolve_python_at(resolver, resolver->functions[function].node);
    uint32_t answer = answer_of(resolver, node), scope = resolver->functions[function].scope, outer = resolver->scope;
    char first = resolver->source.ptr[node->start];
    bool async = node->kind == SP_PYTHON_NODE_FUNCTION && first != 'd' && first != '@';
    if (!answer || async || resolver->n_rounds >= CALLS_MAX || !pay(resolver, node))
        return NULL;
    struct bound bound = {.scope = scope};
    struct sp_python_set set = {0};
    uint32_t outer_function = resolver->function;
    bool again = resolver->again;
    resolver->quiet++;
    resolver->n_rounds++;
    if (bind_parameters(resolver, &bound, parameter, call, ret_doubt)) {
        resolver->scope = scope;
        resolver->function = function + 1;
        sp_resolve_python_expression(resolver, answer, &set);
        resolver->scope = outer;
        resolver->function = outer_function;
    }
    give_back(resolver, &bound);
    resolver->n_rounds--;
    resolver->quiet--;
    resolver->again = again;
    return sp_resolve_python_set_known(&set, ret_doubt);
}
