#ifndef SP_SCANNER_RESOLVE_PYTHON_H
#define SP_SCANNER_RESOLVE_PYTHON_H

/* The resolver of Python, and what its files share: sets of values, scopes, emission.
 *
 * The program is walked in source order, again and again until no name gets a new meaning: names keep all the meanings
 * that they ever get (in branches, by rebinding), so one walk may find what an earlier part should have known. */

#include "scanner/fold_python.h"
#include "scanner/python_tree.h"
#include "scanner/resolution.h"

struct sp_share_view;

/* See struct sp_tongue. Linear in the size of the source; bounds are told as limits. */
int sp_resolve_python(struct sp_str source, const struct sp_span_list *spans, const struct sp_share_view *view,
    struct sp_arena *arena, struct sp_resolution *ret_resolution, struct sp_error *error);

#define SP_PYTHON_SET_MAX       240 /* meanings of a name; of its constants SP_PYTHON_CONSTANTS_MAX */
#define SP_PYTHON_CONSTANTS_MAX 8
#define SP_PYTHON_NAME_MAX      256 /* bytes of a canonical name */
#define SP_PYTHON_STARS_MAX     16

/* What an expression may be. A value, to be copied: the items are never written once they are there. */
struct sp_python_set {
    const struct sp_python_value *const *items;
    uint8_t n_items;
    bool other; /* or something that is not known */
    bool limit; /* or a path that a bound kept from being known */
    bool large; /* or a constant that is too large to be followed */
};

enum sp_python_scope_kind { SP_PYTHON_SCOPE_MODULE, SP_PYTHON_SCOPE_CLASS, SP_PYTHON_SCOPE_FUNCTION };

struct sp_python_scope {
    uint32_t parent;
    uint32_t n_bindings;
    uint8_t kind;
    bool comprehension; /* a FUNCTION's: what := binds in it belongs to whoever wrote it */
};

struct sp_python_binding {
    uint32_t scope, name;
    struct sp_python_set set;
    uint32_t certain; /* the walk in which it was bound for sure before what comes now */
    uint32_t moved;   /* global, nonlocal: the scope + 1 that holds it */
    bool bound;       /* in some walk: as opposed to declared */
};

struct sp_python_function {
    uint32_t node; /* FUNCTION or LAMBDA */
    uint32_t scope;
    struct sp_python_set returns;
    uint32_t called;  /* the walk that called it last */
    uint32_t asked;   /* the walk that asked last whether it … */
    bool gives_power; /* … answers what imports, evaluates or reaches modules */
};

/* Pseudo scopes: attributes of unknown objects by their name, those of modules by their path, items of containers by
 * their key (SP_PYTHON_ANY_KEY: one that is no text, or not known). */
#define SP_PYTHON_SCOPE_ATTRIBUTES (UINT32_MAX - 1)
#define SP_PYTHON_SCOPE_MEMBERS    (UINT32_MAX - 2)
#define SP_PYTHON_SCOPE_ITEMS      (UINT32_MAX - 3)
#define SP_PYTHON_ANY_KEY          SP_STR("[]")

struct sp_python_resolver {
    struct sp_str source;
    const struct sp_span_list *spans;
    const struct sp_share_view *view; /* of what other files give; NULL: there are none. scanner/share_python.h */
    struct sp_arena *arena;           /* what lasts */
    struct sp_arena temporary;        /* values of one top-level statement */
    struct sp_python_names names;
    struct sp_python_tree tree;
    struct sp_fold_python fold;
    struct sp_resolution out;
    struct sp_python_scope *scopes;
    uint32_t n_scopes, scope_room;
    struct sp_python_binding *bindings; /* in the order in which they came */
    uint32_t n_bindings, binding_room;
    uint32_t *binding_slots; /* hash table of their numbers + 1 */
    uint32_t n_binding_slots;
    struct sp_python_function *functions;
    uint32_t n_functions, function_room;
    uint8_t *handed; /* by name: what scanner/resolve_python_keep.c knows of it */
    uint32_t *read;  /* by name: the walk that read it last */
    uint32_t n_read;
    struct sp_str stars[SP_PYTHON_STARS_MAX]; /* modules of star imports */
    uint32_t n_stars;
    uint32_t walk;                          /* 1, 2, … */
    bool items_stored;                      /* a container got an item by assignment */
    const struct sp_python_node *looked_at; /* a chain whose value goes nowhere */
    bool keeps;                             /* rows whose names are only looked at are known */
    bool names_change;                      /* the program sets names of its module that are not known */
    bool self_seen;                         /* it takes its own module from sys.modules, or imports it */
    bool builtins_change;                   /* the program puts something of its own into the builtins */
    bool again;                             /* a name that was read got a new meaning */
    uint32_t scope;                         /* where the walk is */
    uint32_t function;                      /* its function + 1, 0: none */
    unsigned n_branches;                    /* how many conditions lie between the scope and the walk */
    unsigned quiet;                         /* nothing is told: values only */
    unsigned depth;                         /* of the expression, in the tree */
    unsigned n_calls;                       /* calls of callbacks within each other */
    unsigned n_rounds;                      /* calls that are walked again within each other */
    struct sp_python_call *calls;           /* to be used again */
    size_t told_bytes;                      /* left for texts that are told: constants, what is evaluated */
    size_t n_keeps;                         /* items of rows left that are copied to last, in all walks */
    size_t n_steps;                         /* left for what is walked more than once */
    size_t round_bytes;           /* left for what is walked again with known values: beyond it nothing is known */
    struct sp_python_set subject; /* of the match statement */
    int code;                     /* SP_E… once memory ran out */
};

/* 0: the node that stands for none. */
static inline const struct sp_python_node *sp_resolve_python_at(
    const struct sp_python_resolver *resolver, uint32_t node)
{
    return sp_python_tree_at(&resolver->tree, node);
}

/* The arena had no room: nothing more is walked. */
static inline void sp_resolve_python_fail(struct sp_python_resolver *resolver, const struct sp_arena *arena)
{
    if (!resolver->code)
        resolver->code = sp_arena_error(arena);
}

/* ---- set ---- */

/* Puts one that lasts, and that it does not hold, behind the others of a set that lasts as long as the arena. */
void sp_resolve_python_set_put(struct sp_python_resolver *resolver, struct sp_arena *arena, struct sp_python_set *set,
    const struct sp_python_value *value);
void sp_resolve_python_set_add(
    struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_value *value);
void sp_resolve_python_set_join(
    struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_set *other);
/* May each of n meanings be looked at once more? Work that many meanings cause is paid from a budget; once it is spent,
 * what hangs on them is a limit. */
bool sp_resolve_python_set_pay(struct sp_python_resolver *resolver, uint32_t n);
/* A copy in which every path is an alias at least. */
struct sp_python_set sp_resolve_python_set_aliased(
    struct sp_python_resolver *resolver, const struct sp_python_set *set);
/* The one constant text that the set is, or NULL. */
const struct sp_python_value *sp_resolve_python_set_constant(const struct sp_python_set *set);

/* The one value of the set that is known, or NULL; *ret_doubt is set where it may be something else as well. */
const struct sp_python_value *sp_resolve_python_set_known(const struct sp_python_set *set, bool *ret_doubt);
/* What stands for the set in a row of values: its only one. Of a constant only where it can be nothing else. NULL: none. */
const struct sp_python_value *sp_resolve_python_set_item(const struct sp_python_set *set);
/* The set's only value, where it has no other. */
const struct sp_python_value *sp_resolve_python_set_single(const struct sp_python_set *set);
/* Can all meanings of `from` be looked at? Else what comes of them, `set`, has a limit. */
bool sp_resolve_python_set_affords(
    struct sp_python_resolver *resolver, const struct sp_python_set *from, struct sp_python_set *set);

/* Adds to a set that lasts; true: it got a meaning that matters and that it did not have. */
bool sp_resolve_python_set_grow(
    struct sp_python_resolver *resolver, struct sp_python_set *into, const struct sp_python_set *from);

/* ---- scope: names ---- */

uint32_t sp_resolve_python_scope_new(struct sp_python_resolver *resolver, enum sp_python_scope_kind kind);
void sp_resolve_python_scope_bind(struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set);
/* As := does: past the comprehensions that it stands in. */
void sp_resolve_python_scope_bind_walrus(
    struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set);
/* Binds a name as an import does: under the name that it has, so that it is no alias. */
void sp_resolve_python_scope_import(
    struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set);
/* In a scope of its own choice; the pseudo scopes too. */
void sp_resolve_python_scope_bind_in(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, const struct sp_python_set *set);
/* As bind, of a row that nobody changes. */
void sp_resolve_python_scope_bind_row(
    struct sp_python_resolver *resolver, uint32_t name, const struct sp_python_set *set);
void sp_resolve_python_scope_declare(struct sp_python_resolver *resolver, uint32_t name, bool global);
void sp_resolve_python_scope_delete(struct sp_python_resolver *resolver, uint32_t name);
void sp_resolve_python_scope_find(struct sp_python_resolver *resolver, uint32_t name, struct sp_python_set *ret_set);
/* What a scope itself holds of a name; nothing is added to the set where it holds none. false then. */
bool sp_resolve_python_scope_peek(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, struct sp_python_set *set);

/* The program itself as a module: what it puts there is a name of its own. */
const struct sp_python_value *sp_resolve_python_scope_self(struct sp_python_resolver *resolver);
/* The value is the program itself as a module, by whatever way. */
bool sp_resolve_python_scope_is_self(const struct sp_python_value *value);
/* A name of the program's own, by its text; nothing where the program never says it. */
void sp_resolve_python_scope_bind_own(
    struct sp_python_resolver *resolver, struct sp_str name, const struct sp_python_set *set);

/* What a name means in a scope. */
struct sp_python_kept {
    struct sp_python_set set;
    uint32_t certain;
    bool bound;
};

/* The name means that from here on, and *kept gets what it meant: for a while, then it is given back. false: it lies in
 * another scope, or memory ran out, and nothing is done. */
bool sp_resolve_python_scope_exchange(
    struct sp_python_resolver *resolver, uint32_t scope, uint32_t name, struct sp_python_kept *kept);

/* What the current function may return; and what a call of one may answer. */
void sp_resolve_python_scope_return(struct sp_python_resolver *resolver, const struct sp_python_set *set);
void sp_resolve_python_scope_answer(struct sp_python_resolver *resolver, uint32_t function, struct sp_python_set *set);

/* ---- emit: what is told ---- */

/* The text, in memory that lasts, each once. */
struct sp_str sp_resolve_python_emit_keep(struct sp_python_resolver *resolver, struct sp_str text);
void sp_resolve_python_emit_module(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end, enum sp_via via, bool maybe);
void sp_resolve_python_emit_name(
    struct sp_python_resolver *resolver, const struct sp_python_value *path, uint32_t start, uint32_t end, bool call);
/* [start, end) is a use of each path of the set. */
void sp_resolve_python_emit_paths(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end, bool call);
void sp_resolve_python_emit_folded(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, uint32_t start, uint32_t end);
void sp_resolve_python_emit_evaluated(
    struct sp_python_resolver *resolver, struct sp_str text, uint32_t start, uint32_t end, bool expression);
void sp_resolve_python_emit_dynamic(
    struct sp_python_resolver *resolver, const char *what, uint32_t start, uint32_t end);
void sp_resolve_python_emit_limit(struct sp_python_resolver *resolver, const char *what, uint32_t start, uint32_t end);
/* Orders the lists by offset and leaves out what is told twice. */
void sp_resolve_python_emit_finish(struct sp_python_resolver *resolver);

/* ---- expression ---- */

void sp_resolve_python_expression(struct sp_python_resolver *resolver, uint32_t node, struct sp_python_set *ret_set);
/* For what it tells; the value does not matter. */
void sp_resolve_python_expression_visit(struct sp_python_resolver *resolver, uint32_t node);
/* A CHAIN, which need not be one of the tree's. */
void sp_resolve_python_expression_chain(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set);

/* ---- member ---- */

/* path.name: the member, a module that is reached so, or an own attribute. via: at least. start, end: where to tell a
 * module that is reached so. */
void sp_resolve_python_member_find(struct sp_python_resolver *resolver, const struct sp_python_value *path,
    struct sp_str name, enum sp_via via, uint32_t start, uint32_t end, struct sp_python_set *set);
/* value.name, whatever the value is; [start, end) is where it is told. */
void sp_resolve_python_member_any(struct sp_python_resolver *resolver, const struct sp_python_set *from,
    struct sp_str name, enum sp_via via, uint32_t start, uint32_t end, struct sp_python_set *ret_set);
/* Tells the attribute where it is a known way round what a policy keeps away, whatever it is asked of. */
void sp_resolve_python_member_tell_way(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end);
/* Tells the path of a package where it is set, or something is done with it: a module that has one is a package, and its parts
 * come from there. Called for whatever name it is. */
/* Is it an attribute that gives a dictionary of names away? One that is only looked at gives nothing away. */
bool sp_resolve_python_member_is_space(struct sp_str name);
void sp_resolve_python_member_tell_path(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end);
/* from[…], the INDEX node being given; called: the result is called in turn. */
void sp_resolve_python_member_subscript(struct sp_python_resolver *resolver, const struct sp_python_set *from,
    uint32_t index, uint32_t start, uint32_t end, bool called, struct sp_python_set *ret_set);
/* The name under which items of that key are kept in SP_PYTHON_SCOPE_ITEMS; NULL: a key that is not known. */
uint32_t sp_resolve_python_member_item(struct sp_python_resolver *resolver, const struct sp_python_value *key);

/* ---- display ---- */

void sp_resolve_python_display(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set);
void sp_resolve_python_display_comprehension(
    struct sp_python_resolver *resolver, uint32_t index, struct sp_python_set *ret_set);
/* The items of what is iterated over. */
void sp_resolve_python_display_iterate(
    struct sp_python_resolver *resolver, const struct sp_python_set *iterable, struct sp_python_set *ret_set);

/* ---- round ---- */

/* The comprehension's value, its names being those of that scope; NULL: not known. *ret_doubt is set where it may be something
 * else as well. */
const struct sp_python_value *sp_resolve_python_round_comprehension(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, uint32_t scope, bool *ret_doubt);
struct sp_python_call;
/* What the function answers to exactly these arguments, where it does nothing but answer an expression; NULL: not known.
 * parameter: the first that the arguments are for. */
const struct sp_python_value *sp_resolve_python_round_call(struct sp_python_resolver *resolver, uint32_t function,
    uint32_t parameter, const struct sp_python_call *call, bool *ret_doubt);

/* ---- assign ---- */

/* The set's values become the target's: names, tuples, attributes, subscripts. */
void sp_resolve_python_assign(struct sp_python_resolver *resolver, uint32_t target, const struct sp_python_set *set);

/* ---- store ---- */

/* Is it a list or a table that modules are found by? */
bool sp_resolve_python_store_is_source(const struct sp_python_value *value);
/* Does a method or a function of that name (or path) put something into what it is called of? */
bool sp_resolve_python_store_changes(struct sp_str method);
/* Tells the change of such a list or table; nothing of other values. */
void sp_resolve_python_store_tell(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, uint32_t start, uint32_t end);
/* owner.name = …: tells it where imports rest on that member. name with ptr NULL: not known. */
void sp_resolve_python_store_member(struct sp_python_resolver *resolver, const struct sp_python_value *owner,
    struct sp_str name, uint32_t start, uint32_t end);

/* ---- call ---- */

struct sp_python_argument {
    struct sp_python_set set;
    uint32_t start, end;
    uint32_t name; /* of a keyword argument, else UINT32_MAX */
    bool star;     /* *x or **x: where arguments begin or end is not known from here on */
};

#define SP_PYTHON_ARGUMENTS_MAX 16 /* more are visited, but not handed on */

struct sp_python_call {
    struct sp_python_argument arguments[SP_PYTHON_ARGUMENTS_MAX];
    uint32_t n_arguments;
    bool more;
    uint32_t start, end;         /* the whole expression, from the callee on */
    bool called;                 /* the result is called in turn */
    struct sp_python_call *next; /* of those to be used again */
};

/* One without arguments, until it is given back: as many as are open at once lie in memory. NULL: memory ran out, which the
 * resolver knows. */
struct sp_python_call *sp_resolve_python_call_take(
    struct sp_python_resolver *resolver, uint32_t start, uint32_t end, bool called);
void sp_resolve_python_call_give(struct sp_python_resolver *resolver, struct sp_python_call *call);

/* One of the callee's meanings, called; adds what it answers to the set. */
void sp_resolve_python_call(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set);

/* ---- action: the functions that are known ---- */

/* What the value gives away as a whole, itself or in a row: all modules, the names of one; NULL: nothing of the kind. */
const char *sp_resolve_python_action_power(const struct sp_python_value *value, unsigned depth);
/* sys.modules itself goes where no key of it is seen: that is dynamic. */
void sp_resolve_python_action_hide(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end);

/* Something that imports or evaluates, or sys.modules, gets out of sight (into a generator, an unknown container): that is
 * dynamic. */
void sp_resolve_python_action_escape(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end);
/* Something that imports or evaluates, or a function that answers it, gets a name that operators look for (__getitem__,
 * __call__): who uses them calls it unseen, and that is dynamic. */
void sp_resolve_python_action_tell_operator(struct sp_python_resolver *resolver, struct sp_str name,
    const struct sp_python_set *set, uint32_t start, uint32_t end);
/* Does it import or evaluate what it is handed? */
bool sp_resolve_python_action_is_sink(const struct sp_python_value *value);
/* Does it, or a member of it, import, evaluate or reach modules? */
bool sp_resolve_python_action_is_power(struct sp_str path);
/* The same of a value: of what it holds, to that depth, and of what a function of the program's own answers. So it is, too,
 * where the budget of work does not last to look. */
bool sp_resolve_python_action_gives_power(
    struct sp_python_resolver *resolver, const struct sp_python_value *value, unsigned depth);
/* ---- keep ---- */

/* Before the first walk, over the whole tree. */
void sp_resolve_python_keep_init(struct sp_python_resolver *resolver);
/* No row is known any more: the program may reach its own scopes. */
void sp_resolve_python_keep_none(struct sp_python_resolver *resolver);
/* The program reaches its own module as an object. */
void sp_resolve_python_keep_self(struct sp_python_resolver *resolver);
/* Something is reached by that name in text. */
void sp_resolve_python_keep_not(struct sp_python_resolver *resolver, struct sp_str name);
/* A name of the module is set, by a way on which the value is not seen; ptr NULL: any name. */
void sp_resolve_python_keep_set(struct sp_python_resolver *resolver, struct sp_str name);
bool sp_resolve_python_keep_is_set(const struct sp_python_resolver *resolver, uint32_t name);
/* Is nothing done with what the name means but calling it? */
bool sp_resolve_python_keep_is_called(const struct sp_python_resolver *resolver, uint32_t name);
/* Code that is evaluated, and may do all that to the names that it speaks of. */
void sp_resolve_python_keep_evaluated(struct sp_python_resolver *resolver, struct sp_str code);
/* Is the target the only name of the value's row, and is nothing done with it but looking? */
bool sp_resolve_python_keep_row(
    struct sp_python_resolver *resolver, uint32_t target, uint32_t value, const struct sp_python_set *set);

/* ---- lookup ---- */

/* container[key] of a namespace, sys.modules, __builtins__; false: it is none of these. */
bool sp_resolve_python_lookup_subscript(struct sp_python_resolver *resolver, const struct sp_python_value *container,
    const struct sp_python_argument *key, uint32_t start, uint32_t end, bool called, struct sp_python_set *set);

/* ---- import ---- */

/* An import of a module by its name, by a function: tells the use, and adds the module. top: only its first part is
 * the result, as __import__ has it. */
void sp_resolve_python_import_named(struct sp_python_resolver *resolver, struct sp_str name, uint32_t start,
    uint32_t end, enum sp_via via, bool top, struct sp_python_set *set);
void sp_resolve_python_import_statement(struct sp_python_resolver *resolver, const struct sp_python_node *node);
void sp_resolve_python_import_from(struct sp_python_resolver *resolver, const struct sp_python_node *node);

/* ---- statement ---- */

void sp_resolve_python_statement(struct sp_python_resolver *resolver, uint32_t node);
void sp_resolve_python_statement_block(struct sp_python_resolver *resolver, uint32_t block);
/* Defines the function of a FUNCTION or LAMBDA node, walks its body, and answers its value. */
const struct sp_python_value *sp_resolve_python_statement_define(struct sp_python_resolver *resolver, uint32_t node);

#endif
