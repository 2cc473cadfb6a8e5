#ifndef SP_SCANNER_RESOLVE_PYTHON_ACTION_H
#define SP_SCANNER_RESOLVE_PYTHON_ACTION_H

/* What is known of functions by their canonical names, and what is done with it: between the resolver's files of calls. */

#include "scanner/resolve_python.h"
#include "scanner/sorted.h"

enum sp_python_action {
    SP_PYTHON_ACTION_ANNOTATIONS,
    SP_PYTHON_ACTION_ATTRGETTER,
    SP_PYTHON_ACTION_BUILTINS_ITEM,
    SP_PYTHON_ACTION_COMPILE,
    SP_PYTHON_ACTION_DICT,
    SP_PYTHON_ACTION_DYNAMIC,
    SP_PYTHON_ACTION_DYNAMIC_CONSTANT,
    SP_PYTHON_ACTION_EVALUATE,
    SP_PYTHON_ACTION_EVALUATE_TWO,
    SP_PYTHON_ACTION_FIND,
    SP_PYTHON_ACTION_GETATTR,
    SP_PYTHON_ACTION_GETITEM,
    SP_PYTHON_ACTION_GLOBALS,
    SP_PYTHON_ACTION_IMPORT,
    SP_PYTHON_ACTION_IMPORT_TOP,
    SP_PYTHON_ACTION_INSTANCE,
    SP_PYTHON_ACTION_MAP,
    SP_PYTHON_ACTION_MEMBERS,
    SP_PYTHON_ACTION_METHODCALLER,
    SP_PYTHON_ACTION_NAMESPACE,
    SP_PYTHON_ACTION_PARTIAL,
    SP_PYTHON_ACTION_REDUCE,
    SP_PYTHON_ACTION_SAME,
    SP_PYTHON_ACTION_SAME_SECOND,
    SP_PYTHON_ACTION_SETATTR,
    SP_PYTHON_ACTION_SYS_MODULES,
    SP_PYTHON_ACTION_VARS,
    SP_PYTHON_ACTION_COUNT
};

struct sp_python_action_row {
    const char *name;
    const char *what; /* DYNAMIC: what it is; else the keyword of its first argument, or NULL */
    enum sp_python_action action;
};

extern const struct sp_sorted sp_resolve_python_action_table; /* of struct sp_python_action_row */

/* NULL: nothing is known of it. */
const struct sp_python_action_row *sp_resolve_python_action_find(struct sp_str name);

/* The way that hides more. */
static inline enum sp_via sp_resolve_python_action_via(enum sp_via a, enum sp_via b)
{
    return a > b ? a : b;
}

/* ---- perform ---- */

/* A call of a function of the table. */
void sp_resolve_python_perform(struct sp_python_resolver *resolver, const struct sp_python_action_row *row,
    const struct sp_python_value *callee, const struct sp_python_call *call, struct sp_python_set *set);
/* ---- lookup ---- */

/* getattr of each object and each name. */
void sp_resolve_python_lookup_member(struct sp_python_resolver *resolver, const struct sp_python_set *object,
    const struct sp_python_argument *name, enum sp_via via, const struct sp_python_call *call,
    struct sp_python_set *set);

/* ---- method ---- */

/* Does the method of a dictionary give away none of its values? */
bool sp_resolve_python_method_is_plain(struct sp_str name);
/* A call of a method that is bound: the callee's only item has it. */
void sp_resolve_python_method_call(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set);

/* ---- call ---- */

/* What the callee does with its arguments is not followed. keys: it sees no more of a dictionary than those. */
void sp_resolve_python_call_hide(struct sp_python_resolver *resolver, const struct sp_python_call *call, bool keys);

/* The positional argument at i, or the one of that keyword (may be NULL); NULL: none that is known to be it. */
const struct sp_python_argument *sp_resolve_python_call_argument(
    const struct sp_python_resolver *resolver, const struct sp_python_call *call, uint32_t i, const char *keyword);
uint32_t sp_resolve_python_call_positional(const struct sp_python_call *call);
/* callee(items…), by somebody else; answers go to the set. place: where it is told. */
void sp_resolve_python_call_with(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_value *const *items, uint32_t n_items, const struct sp_python_call *outer,
    const struct sp_python_argument *place, struct sp_python_set *set);
/* Something unknown is handed a function that imports or evaluates: it will call it, with what is handed on beside it
 * (submit(exec, "…"), Thread(target=exec, args=("…",)), sorted(rows, key=eval)). */
void sp_resolve_python_call_callbacks(struct sp_python_resolver *resolver, const struct sp_python_call *call);
/* getattr is handed on, and a module beside it (map(getattr, [sys], ["modules"])): that is dynamic. */
void sp_resolve_python_call_tell_getter(struct sp_python_resolver *resolver, const struct sp_python_call *call);
/* A constant's method, or one of the functions that only compute: each alternative of the first operand. */
void sp_resolve_python_call_compute(struct sp_python_resolver *resolver, const struct sp_python_value *callee,
    const struct sp_python_call *call, struct sp_python_set *set);
/* A value with items: the callee (partial) or the arguments (methodcaller) that it was made with. */
void sp_resolve_python_call_bundle(struct sp_python_resolver *resolver, enum sp_python_value_kind kind,
    const struct sp_python_call *call, uint32_t from, struct sp_str text, bool caller, struct sp_python_set *set);

#endif
