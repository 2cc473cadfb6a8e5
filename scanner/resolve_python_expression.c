/* What expressions may be, and what they tell on the way. One thread at a time. */
#include "scanner/resolve_python.h"

#include <string.h>

#include "scanner/lex_python.h"
#include "scanner/python_modules.h"

#define FOLDED_NAME_BYTES 256 /* constants that a name is replaced by in the second text */
#define FREE_MEANINGS     2   /* of a name, at no charge */
#define REPEATS_MAX       256 /* rounds of a comprehension */

static const struct sp_python_node *at(const struct sp_python_resolver *resolver, uint32_t node)
{
    return sp_python_tree_at(&resolver->tree, node);
}

static void add(struct sp_python_resolver *resolver, struct sp_python_set *set, const struct sp_python_value *value)
{
    sp_resolve_python_scope_add(resolver, set, value);
}

/* The set's only value, where it has no other. */
static const struct sp_python_value *single(const struct sp_python_set *set)
{
    return set->n_items == 1 && !set->other && !set->limit && !set->large ? set->items[0] : NULL;
}

static void visit_children(struct sp_python_resolver *resolver, const struct sp_python_node *node)
{
    for (uint32_t child = node->child; child; child = at(resolver, child)->next)
        sp_resolve_python_expression_visit(resolver, child);
}

void sp_resolve_python_expression_visit(struct sp_python_resolver *resolver, uint32_t node)
{
    struct sp_python_set set;
    sp_resolve_python_expression(resolver, node, &set);
}

/* Can all meanings of the set be looked at? Else what comes of them is a limit. */
static bool affords(struct sp_python_resolver *resolver, const struct sp_python_set *from, struct sp_python_set *set)
{
    if (from->n_items <= FREE_MEANINGS || sp_resolve_python_scope_pay(resolver, from->n_items))
        return true;
    set->other = set->limit = true;
    return false;
}

/* ---- attributes ---- */

void sp_resolve_python_expression_tell_way(
    struct sp_python_resolver *resolver, struct sp_str name, uint32_t start, uint32_t end)
{
    static const struct {
        const char *name, *what;
    } ways[] = {
        {"__subclasses__", "walk over all classes (__subclasses__)"},
        {"__globals__", "use of another function's globals (__globals__)"},
        {"__builtins__", "use of the builtins of another module (__builtins__)"},
        {"f_globals", "use of a frame's globals (f_globals)"},
        {"f_builtins", "use of a frame's builtins (f_builtins)"},
        {"f_locals", "use of a frame's variables (f_locals)"},
        {"func_globals", "use of another function's globals (func_globals)"},
        {"__loader__", "use of a module's loader (__loader__)"},
        {"load_module", "import by a loader (load_module)"},
        {"exec_module", "import by a loader (exec_module)"},
    };
    if (name.n_bytes < 8)
        return;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (sp_str_is(name, ways[i].name))
            sp_resolve_python_emit_dynamic(resolver, ways[i].what, start, end);
}

static struct sp_python_value *path_value(
    struct sp_python_resolver *resolver, struct sp_str text, enum sp_via via, bool builtin, bool module)
{
    struct sp_python_value *value =
        sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_PATH, sp_resolve_python_emit_keep(resolver, text), via);
    if (value) {
        value->builtin = builtin;
        value->module = module;
    }
    return value;
}

/* The module that a member belongs to: everything before its last dot. */
static struct sp_str module_of(struct sp_str path)
{
    size_t n = path.n_bytes;
    while (n > 0 && path.ptr[n - 1] != '.')
        n--;
    return n ? (struct sp_str){path.ptr, n - 1} : path;
}

void sp_resolve_python_expression_member(struct sp_python_resolver *resolver, const struct sp_python_value *path,
    struct sp_str name, enum sp_via via, uint32_t start, uint32_t end, struct sp_python_set *set)
{
    via = path->via > via ? path->via : via;
    if (sp_str_is(name, "__dict__")) {
        struct sp_python_value *value =
            sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_NAMESPACE, path->text, via);
        add(resolver, set, value);
        return;
    }
    if (sp_str_is(name, "__call__")) {
        add(resolver, set, path);
        return;
    }
    if (sp_str_is(name, "__self__")) {
        struct sp_str module = path->builtin ? SP_STR("builtins") : module_of(path->text);
        add(resolver, set, path_value(resolver, module, SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false, true));
        return;
    }
    if (sp_str_is(path->text, "builtins") && path->module && sp_python_modules_is_builtin(name)) {
        add(resolver, set, path_value(resolver, name, via, true, false));
        return;
    }
    char text[SP_PYTHON_NAME_MAX];
    if (path->text.n_bytes + 1 + name.n_bytes > sizeof(text)) {
        set->other = set->limit = true;
        return;
    }
    memcpy(text, path->text.ptr, path->text.n_bytes);
    text[path->text.n_bytes] = '.';
    memcpy(text + path->text.n_bytes + 1, name.ptr, name.n_bytes);
    struct sp_str whole = {text, path->text.n_bytes + 1 + name.n_bytes};
    struct sp_str reached = path->builtin ? (struct sp_str){0} : sp_python_modules_reexport(whole);
    if (reached.ptr) {
        sp_resolve_python_emit_module(resolver, reached, start, end, SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false);
        add(resolver, set,
            path_value(
                resolver, sp_python_modules_twin(reached), SP_VIA_ALIAS > via ? SP_VIA_ALIAS : via, false, true));
        return;
    }
    /* What the program itself put there. */
    uint32_t number = sp_python_names_find(&resolver->names, whole);
    if (number != UINT32_MAX)
        sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
    add(resolver, set, path_value(resolver, whole, via, path->builtin, sp_python_modules_is_known(whole)));
}

void sp_resolve_python_expression_attribute(struct sp_python_resolver *resolver, const struct sp_python_set *from,
    struct sp_str text, enum sp_via via, uint32_t start, uint32_t end, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {.limit = from->limit};
    bool unknown = from->other;
    if (!affords(resolver, from, &set)) {
        *ret_set = set;
        return;
    }
    for (uint8_t i = 0; i < from->n_items; i++) {
        const struct sp_python_value *value = from->items[i];
        if (value->kind == SP_PYTHON_VALUE_PATH) {
            sp_resolve_python_expression_member(resolver, value, text, via, start, end, &set);
        } else if (value->kind == SP_PYTHON_VALUE_FUNCTION || value->kind == SP_PYTHON_VALUE_SELF ||
                   value->kind == SP_PYTHON_VALUE_CODE) {
            if (sp_str_is(text, "__call__"))
                add(resolver, &set, value);
            else
                unknown = true;
        } else {
            struct sp_python_value *method =
                sp_fold_python_text(&resolver->fold, SP_PYTHON_VALUE_METHOD, text, SP_VIA_DIRECT);
            const struct sp_python_value **items = sp_arena_alloc(&resolver->temporary, sizeof(*items));
            if (method && items) {
                items[0] = value;
                method->items = items;
                method->n_items = 1;
            }
            add(resolver, &set, method && items ? method : NULL);
        }
    }
    if (unknown) {
        /* An object of the program's own: what it ever put into an attribute of that name. */
        uint32_t number = sp_python_names_find(&resolver->names, text);
        if (number != UINT32_MAX)
            sp_resolve_python_scope_peek(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, number, &set);
        set.other = true;
    }
    *ret_set = set;
}

void sp_resolve_python_expression_tell(
    struct sp_python_resolver *resolver, const struct sp_python_set *set, uint32_t start, uint32_t end, bool call)
{
    struct sp_python_set told = {.limit = set->limit};
    if (affords(resolver, set, &told))
        for (uint8_t i = 0; i < set->n_items; i++)
            if (set->items[i]->kind == SP_PYTHON_VALUE_PATH)
                sp_resolve_python_emit_name(resolver, set->items[i], start, end, call);
    if (told.limit && call && !resolver->quiet)
        sp_resolve_python_emit_limit(resolver, "a name with too many meanings, or too long", start, end);
}

/* ---- subscripts ---- */

static void subscript(struct sp_python_resolver *resolver, const struct sp_python_set *from, uint32_t index_node,
    uint32_t start, uint32_t end, bool called, struct sp_python_set *ret_set)
{
    const struct sp_python_node *index = at(resolver, index_node);
    const struct sp_python_node *inner = index->child ? at(resolver, index->child) : NULL;
    struct sp_python_set set = {.other = from->other, .limit = from->limit, .large = from->large};
    struct sp_python_set none = {0};
    if (!affords(resolver, from, &set))
        from = &none;
    if (inner && inner->kind == SP_PYTHON_NODE_SLICE) {
        struct sp_python_set parts[3] = {0};
        const struct sp_python_value *bounds[3] = {NULL};
        bool known = true;
        uint32_t part = inner->child;
        for (int i = 0; i < 3 && part; i++, part = at(resolver, part)->next) {
            if (at(resolver, part)->kind == SP_PYTHON_NODE_EMPTY)
                continue;
            sp_resolve_python_expression(resolver, part, &parts[i]);
            bounds[i] = single(&parts[i]);
            /* None stands for nothing. */
            known &= bounds[i] || at(resolver, part)->kind == SP_PYTHON_NODE_CONSTANT;
        }
        for (uint8_t i = 0; i < from->n_items; i++)
            add(resolver, &set,
                known ? sp_fold_python_slice(&resolver->fold, from->items[i], bounds[0], bounds[1], bounds[2]) : NULL);
        *ret_set = set;
        return;
    }
    struct sp_python_argument key = {.start = index->start, .end = index->end, .name = UINT32_MAX};
    if (inner) {
        key.start = inner->start;
        key.end = inner->end;
        sp_resolve_python_expression(resolver, index->child, &key.set);
    }
    for (uint8_t i = 0; i < from->n_items; i++) {
        const struct sp_python_value *container = from->items[i];
        if (sp_resolve_python_call_subscript(resolver, container, &key, start, end, called, &set))
            continue;
        if (container->kind == SP_PYTHON_VALUE_DICT || container->kind == SP_PYTHON_VALUE_SEQUENCE) {
            /* With a key that is not known it may be any of them. */
            const struct sp_python_value *sought = single(&key.set);
            if (sought) {
                add(resolver, &set, sp_fold_python_index(&resolver->fold, container, sought));
                continue;
            }
            if (!sp_resolve_python_scope_pay(resolver, container->n_items)) {
                set.other = set.limit = true;
                continue;
            }
            uint32_t step = container->kind == SP_PYTHON_VALUE_DICT ? 2 : 1;
            for (uint32_t k = step - 1; k < container->n_items; k += step)
                add(resolver, &set, container->items[k]);
            set.other = true;
            continue;
        }
        for (uint8_t k = 0; k < key.set.n_items; k++)
            add(resolver, &set, sp_fold_python_index(&resolver->fold, container, key.set.items[k]));
        set.other |= key.set.other || key.set.n_items == 0;
    }
    *ret_set = set;
}

/* ---- calls ---- */

/* *["os"] and **{"name": "os"}: as good as what they hold. */
static bool spread(struct sp_python_resolver *resolver, const struct sp_python_node *node,
    const struct sp_python_argument *argument, struct sp_python_call *call)
{
    bool pairs = node->kind == SP_PYTHON_NODE_DOUBLE_STAR;
    const struct sp_python_value *row = single(&argument->set);
    if (!row || (row->kind == SP_PYTHON_VALUE_DICT) != pairs)
        return false;
    if (!pairs)
        row = sp_fold_python_items(&resolver->fold, row);
    uint32_t step = pairs ? 2 : 1;
    if (!row || row->n_items / step > SP_PYTHON_ARGUMENTS_MAX - call->n_arguments)
        return false;
    for (uint32_t i = 0; i < row->n_items; i += step)
        if (pairs && (!row->items[i] || row->items[i]->kind != SP_PYTHON_VALUE_TEXT))
            return false;
    for (uint32_t i = 0; i < row->n_items; i += step) {
        struct sp_python_argument *one = &call->arguments[call->n_arguments++];
        *one = (struct sp_python_argument){.start = argument->start, .end = argument->end, .name = UINT32_MAX};
        if (pairs)
            one->name =
                sp_python_names_add(&resolver->names, sp_resolve_python_emit_keep(resolver, row->items[i]->text));
        add(resolver, &one->set, row->items[i + step - 1]);
    }
    return true;
}

static void gather(struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_call *call)
{
    for (uint32_t child = node->child; child; child = at(resolver, child)->next) {
        const struct sp_python_node *item = at(resolver, child);
        bool star = item->kind == SP_PYTHON_NODE_STAR || item->kind == SP_PYTHON_NODE_DOUBLE_STAR;
        bool keyword = item->kind == SP_PYTHON_NODE_KEYWORD;
        uint32_t value = star || keyword ? item->child : child;
        struct sp_python_argument argument = {
            .name = keyword ? item->name : UINT32_MAX, .star = star, .start = item->start, .end = item->end};
        if (value) {
            argument.start = at(resolver, value)->start;
            argument.end = at(resolver, value)->end;
            sp_resolve_python_expression(resolver, value, &argument.set);
        }
        if (star && spread(resolver, item, &argument, call)) {
            continue;
        } else if (call->n_arguments < SP_PYTHON_ARGUMENTS_MAX) {
            call->arguments[call->n_arguments++] = argument;
        } else {
            call->more = true;
        }
    }
}

/* A call within a chain. What is on the stack for it must not be there for every link: chains nest. */
static __attribute__((noinline)) void call_link(struct sp_python_resolver *resolver, const struct sp_python_set *callee,
    const struct sp_python_node *node, uint32_t start, bool called, struct sp_python_set *ret_set)
{
    struct sp_python_call *call = sp_arena_alloc(&resolver->temporary, sizeof(*call));
    struct sp_python_set set = {.other = callee->other || callee->n_items == 0};
    if (!call) {
        resolver->fold.spent = true;
        visit_children(resolver, node);
        *ret_set = (struct sp_python_set){.other = true};
        return;
    }
    gather(resolver, node, call);
    call->start = start;
    call->end = node->end;
    call->called = called;
    struct sp_python_set none = {.other = true};
    if (!affords(resolver, callee, &set)) {
        sp_resolve_python_emit_limit(resolver, "a name with too many meanings, or too long", start, node->end);
        callee = &none;
    }
    for (uint8_t i = 0; i < callee->n_items; i++)
        sp_resolve_python_call(resolver, callee->items[i], call, &set);
    if (callee->other || callee->n_items == 0) {
        /* An unknown callee that is handed something which imports or evaluates. */
        struct sp_python_set ignored = {0};
        sp_resolve_python_call(resolver, NULL, call, &ignored);
        sp_resolve_python_scope_join(resolver, &set, &ignored);
    }
    *ret_set = set;
}

/* ---- chains ---- */

static void chain(struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set set;
    uint32_t link = node->child;
    const struct sp_python_node *first = at(resolver, link);
    bool fresh = first->kind == SP_PYTHON_NODE_NAME; /* paths that were not told yet */
    if (fresh)
        sp_resolve_python_scope_find(resolver, first->name, &set);
    else
        sp_resolve_python_expression(resolver, link, &set);
    uint32_t end = first->end;
    for (link = first->next; link; link = at(resolver, link)->next) {
        const struct sp_python_node *here = at(resolver, link);
        bool called = here->next && at(resolver, here->next)->kind == SP_PYTHON_NODE_CALL;
        struct sp_python_set before = set;
        if (here->kind == SP_PYTHON_NODE_ATTRIBUTE) {
            struct sp_str text = resolver->names.items[here->name];
            sp_resolve_python_expression_tell_way(resolver, text, here->start, here->end);
            sp_resolve_python_expression_attribute(
                resolver, &before, text, SP_VIA_DIRECT, node->start, here->end, &set);
            fresh = true;
        } else {
            if (fresh)
                sp_resolve_python_expression_tell(
                    resolver, &before, node->start, end, here->kind == SP_PYTHON_NODE_CALL);
            fresh = false;
            if (here->kind == SP_PYTHON_NODE_CALL)
                call_link(resolver, &before, here, node->start, called, &set);
            else
                subscript(resolver, &before, link, node->start, here->end, called, &set);
        }
        end = here->end;
    }
    if (fresh)
        sp_resolve_python_expression_tell(resolver, &set, node->start, end, false);
    const struct sp_python_value *constant = sp_resolve_python_scope_constant(&set);
    if (constant && !fresh)
        sp_resolve_python_emit_folded(resolver, constant, node->start, node->end);
    *ret_set = set;
}

static void name(struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    sp_resolve_python_scope_find(resolver, node->name, ret_set);
    sp_resolve_python_expression_tell(resolver, ret_set, node->start, node->end, false);
    const struct sp_python_value *constant = sp_resolve_python_scope_constant(ret_set);
    if (constant && constant->text.n_bytes <= FOLDED_NAME_BYTES)
        sp_resolve_python_emit_folded(resolver, constant, node->start, node->end);
}

/* ---- strings ---- */

/* A formatted string's text, where all of its fields are known. */
static bool formatted(struct sp_python_resolver *resolver, const struct sp_python_node *node,
    const struct sp_span *span, struct sp_fold_python_builder *builder)
{
    uint32_t from = span->body_start;
    bool known = true;
    for (uint32_t field = node->child; field; field = at(resolver, field)->next) {
        const struct sp_python_node *here = at(resolver, field);
        struct sp_python_set set = {.other = true};
        uint32_t n_children = 0;
        for (uint32_t child = here->child; child; child = at(resolver, child)->next, n_children++)
            sp_resolve_python_expression(resolver, child, &set);
        if (here->start < from) {
            known = false; /* within the format specification of the one before */
            continue;
        }
        if (known)
            sp_fold_python_literal(builder, resolver->source, from, here->start, span->flags);
        known = known && n_children == 1 && here->value == 0 && (here->op == 0 || here->op == 's') &&
                sp_fold_python_append_value(builder, single(&set));
        from = here->end;
    }
    if (known)
        sp_fold_python_literal(builder, resolver->source, from, span->body_end, span->flags);
    return known && !builder->failed;
}

static void strings(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {0};
    const struct sp_python_node *first = at(resolver, node->child);
    const struct sp_span *span = &resolver->spans->items[first->name];
    if (!first->next && !(span->flags & SP_PYTHON_FORMATTED)) {
        const struct sp_python_value *value = sp_fold_python_string(&resolver->fold, resolver->source, span);
        add(resolver, &set, value);
        set.large = !value && span->body_end - span->body_start > SP_FOLD_PYTHON_BYTES;
        if (value && value->via == SP_VIA_FOLDED)
            sp_resolve_python_emit_folded(resolver, value, node->start, node->end);
        *ret_set = set;
        return;
    }
    struct sp_fold_python_builder builder = {.fold = &resolver->fold};
    bool known = true;
    for (uint32_t child = node->child; child; child = at(resolver, child)->next) {
        const struct sp_python_node *here = at(resolver, child);
        span = &resolver->spans->items[here->name];
        if (span->flags & SP_PYTHON_FORMATTED)
            known &= formatted(resolver, here, span, &builder);
        else
            sp_fold_python_literal(&builder, resolver->source, span->body_start, span->body_end, span->flags);
        known &= !(span->flags & SP_PYTHON_TEMPLATE);
    }
    bool bytes = resolver->spans->items[first->name].flags & SP_PYTHON_BYTES;
    const struct sp_python_value *value =
        known ? sp_fold_python_build(&builder, bytes ? SP_PYTHON_VALUE_BYTES : SP_PYTHON_VALUE_TEXT) : NULL;
    add(resolver, &set, value);
    set.large = builder.failed;
    if (value)
        sp_resolve_python_emit_folded(resolver, value, node->start, node->end);
    *ret_set = set;
}

/* ---- operators ---- */

/* x + y + z of constant text, in one piece. */
static const struct sp_python_value *joined(struct sp_python_resolver *resolver, const struct sp_python_value *left,
    struct sp_fold_python_builder *builder, const struct sp_python_value *right)
{
    bool text = left && right && left->kind == right->kind &&
                (left->kind == SP_PYTHON_VALUE_TEXT || left->kind == SP_PYTHON_VALUE_BYTES);
    if (!text)
        return sp_fold_python_binary(&resolver->fold, SP_PYTHON_OPERATOR_ADD, left, right);
    if (builder->bytes != left->text.ptr || builder->n_bytes != left->text.n_bytes || !builder->bytes) {
        *builder = (struct sp_fold_python_builder){.fold = &resolver->fold};
        sp_fold_python_append(builder, left->text);
    }
    sp_fold_python_append(builder, right->text);
    return sp_fold_python_build(builder, left->kind);
}

static void binary(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set left;
    struct sp_fold_python_builder builder = {.fold = &resolver->fold};
    const struct sp_python_node *first = at(resolver, node->child);
    bool sums = false;
    sp_resolve_python_expression(resolver, node->child, &left);
    for (uint32_t child = first->next; child; child = at(resolver, child)->next) {
        struct sp_python_set right, result = {0};
        enum sp_python_operator op = at(resolver, child)->joint;
        sp_resolve_python_expression(resolver, child, &right);
        if (op == SP_PYTHON_OPERATOR_OR || op == SP_PYTHON_OPERATOR_AND) {
            sp_resolve_python_scope_join(resolver, &left, &right);
            continue;
        }
        sums = true;
        const struct sp_python_value *a = single(&left), *b = single(&right);
        if (!a && !b && !sp_resolve_python_scope_pay(resolver, (uint32_t)left.n_items * right.n_items)) {
            result.other = result.large = true;
        } else if (a && b) {
            add(resolver, &result,
                op == SP_PYTHON_OPERATOR_ADD ? joined(resolver, a, &builder, b)
                                             : sp_fold_python_binary(&resolver->fold, op, a, b));
        } else {
            for (uint8_t i = 0; i < left.n_items; i++)
                for (uint8_t k = 0; k < right.n_items; k++)
                    add(resolver, &result, sp_fold_python_binary(&resolver->fold, op, left.items[i], right.items[k]));
            result.other |= left.other || right.other || left.n_items == 0 || right.n_items == 0;
        }
        result.limit |= left.limit || right.limit;
        result.large |= left.large || right.large || builder.failed;
        left = result;
    }
    const struct sp_python_value *constant = sums ? sp_resolve_python_scope_constant(&left) : NULL;
    if (constant)
        sp_resolve_python_emit_folded(resolver, constant, node->start, node->end);
    *ret_set = left;
}

/* ---- displays ---- */

static void display(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    uint32_t n_items = 0;
    *ret_set = (struct sp_python_set){0};
    for (uint32_t child = node->child; child; child = at(resolver, child)->next)
        n_items++;
    bool dict = node->kind == SP_PYTHON_NODE_DICT;
    bool whole = n_items <= SP_FOLD_PYTHON_ITEMS;
    const struct sp_python_value **items =
        whole ? sp_arena_array(&resolver->temporary, n_items + 1, sizeof(*items)) : NULL;
    uint32_t n = 0;
    for (uint32_t child = node->child; child; child = at(resolver, child)->next) {
        const struct sp_python_node *here = at(resolver, child);
        struct sp_python_set set;
        if (here->kind == SP_PYTHON_NODE_STAR || here->kind == SP_PYTHON_NODE_DOUBLE_STAR) {
            visit_children(resolver, here);
            whole = false;
            continue;
        }
        sp_resolve_python_expression(resolver, child, &set);
        if (items && n < n_items)
            items[n++] = set.n_items == 1 && !set.limit ? set.items[0] : NULL;
    }
    if (!items || !whole || (dict && n % 2)) {
        ret_set->other = true;
        return;
    }
    struct sp_python_value *value =
        sp_fold_python_value(&resolver->fold, dict ? SP_PYTHON_VALUE_DICT : SP_PYTHON_VALUE_SEQUENCE);
    if (value) {
        value->items = items;
        value->n_items = n;
        value->changes = node->kind != SP_PYTHON_NODE_TUPLE;
    }
    add(resolver, ret_set, value);
}

/* ---- comprehensions ---- */

void sp_resolve_python_expression_iterate(
    struct sp_python_resolver *resolver, const struct sp_python_set *iterable, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {.other = iterable->other || iterable->n_items == 0, .limit = iterable->limit};
    for (uint8_t i = 0; i < iterable->n_items; i++) {
        const struct sp_python_value *value = iterable->items[i];
        if (value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES) {
            set.other = true; /* single characters: only a comprehension puts them together again */
            continue;
        }
        const struct sp_python_value *items = sp_fold_python_items(&resolver->fold, value);
        if (items && !sp_resolve_python_scope_pay(resolver, items->n_items)) {
            set.limit = true;
            items = NULL;
        }
        if (!items)
            set.other = true;
        for (uint32_t k = 0; items && k < items->n_items && !set.other; k++)
            add(resolver, &set, items->items[k]);
        for (uint32_t k = 0; items && k < items->n_items; k++)
            if (items->items[k] && items->items[k]->kind == SP_PYTHON_VALUE_PATH)
                add(resolver, &set, items->items[k]);
    }
    *ret_set = set;
}

/* The names of a target mean nothing in the current scope. */
static void clear_target(struct sp_python_resolver *resolver, uint32_t target)
{
    const struct sp_python_node *node = at(resolver, target);
    if (node->kind == SP_PYTHON_NODE_NAME)
        sp_resolve_python_scope_clear(resolver, resolver->scope, node->name);
    else if (node->kind == SP_PYTHON_NODE_TUPLE || node->kind == SP_PYTHON_NODE_LIST)
        for (uint32_t child = node->child; child; child = at(resolver, child)->next)
            if (at(resolver, child)->kind == SP_PYTHON_NODE_NAME)
                sp_resolve_python_scope_clear(resolver, resolver->scope, at(resolver, child)->name);
}

/* The elements of a comprehension with one clause over known items: each round binds the target and walks the element
 * again, with nothing told. NULL where a round's outcome is not known. */
static const struct sp_python_value *rounds(struct sp_python_resolver *resolver, struct sp_python_node *node,
    const struct sp_python_node *clause, const struct sp_python_value *items)
{
    uint32_t n_most = items->n_items;
    size_t n_bytes = node->end - node->start;
    if (n_most > REPEATS_MAX || n_most * n_bytes > resolver->n_steps || node->op)
        return NULL;
    resolver->n_steps -= n_most * n_bytes;
    const struct sp_python_value **results = sp_arena_array(&resolver->temporary, n_most + 1, sizeof(*results));
    uint32_t n_results = 0, outer = resolver->scope;
    bool again = resolver->again, known = results;
    resolver->quiet++;
    if (!node->name)
        node->name = sp_resolve_python_scope_new(resolver, SP_PYTHON_SCOPE_FUNCTION);
    for (uint32_t i = 0; known && i < n_most; i++) {
        struct sp_python_set set = {0};
        add(resolver, &set, items->items[i]);
        resolver->scope = node->name;
        clear_target(resolver, clause->child);
        sp_resolve_python_expression_assign(resolver, clause->child, &set);
        int passes = 1;
        for (uint32_t next = clause->next; next && passes == 1; next = at(resolver, next)->next) {
            const struct sp_python_node *condition = at(resolver, next);
            const struct sp_python_node *test = condition->child ? at(resolver, condition->child) : NULL;
            passes = -1;
            if (!test || test->kind != SP_PYTHON_NODE_BINARY)
                break;
            struct sp_python_set left, right;
            uint32_t second = at(resolver, test->child)->next;
            if (!second || at(resolver, second)->next)
                break;
            sp_resolve_python_expression(resolver, test->child, &left);
            sp_resolve_python_expression(resolver, second, &right);
            passes = sp_fold_python_compare(at(resolver, second)->joint, single(&left), single(&right));
        }
        known = passes >= 0;
        if (passes == 1) {
            sp_resolve_python_expression(resolver, node->child, &set);
            results[n_results] = single(&set);
            known = results[n_results++];
        }
        resolver->scope = outer;
    }
    resolver->quiet--;
    resolver->again = again;
    return known ? sp_fold_python_sequence(&resolver->fold, results, n_results) : NULL;
}

static void comprehension(struct sp_python_resolver *resolver, uint32_t index, struct sp_python_set *ret_set)
{
    struct sp_python_node *node = sp_python_tree_at(&resolver->tree, index);
    uint32_t outer = resolver->scope, n_clauses = 0;
    const struct sp_python_node *only = NULL;
    struct sp_python_set only_items = {0};
    if (!node->value && !resolver->quiet)
        node->value = sp_resolve_python_scope_new(resolver, SP_PYTHON_SCOPE_FUNCTION);
    resolver->scope =
        node->value ? (uint32_t)node->value : sp_resolve_python_scope_new(resolver, SP_PYTHON_SCOPE_FUNCTION);
    /* The clauses come behind the elements and before them in effect. */
    for (uint32_t child = node->child; child; child = at(resolver, child)->next) {
        const struct sp_python_node *clause = at(resolver, child);
        if (clause->kind == SP_PYTHON_NODE_FOR_CLAUSE) {
            struct sp_python_set iterable = {0}, items;
            uint32_t target = clause->child, source = target ? at(resolver, target)->next : 0;
            if (source)
                sp_resolve_python_expression(resolver, source, &iterable);
            sp_resolve_python_expression_iterate(resolver, &iterable, &items);
            if (target)
                sp_resolve_python_expression_assign(resolver, target, &items);
            only = n_clauses++ == 0 ? clause : NULL;
            only_items = iterable;
        } else if (clause->kind == SP_PYTHON_NODE_IF_CLAUSE) {
            visit_children(resolver, clause);
        }
    }
    struct sp_python_set element = {.other = true};
    for (uint32_t child = node->child; child; child = at(resolver, child)->next) {
        uint8_t kind = at(resolver, child)->kind;
        if (kind != SP_PYTHON_NODE_FOR_CLAUSE && kind != SP_PYTHON_NODE_IF_CLAUSE)
            sp_resolve_python_expression(resolver, child, &element);
    }
    resolver->scope = outer;
    struct sp_python_set set = {0};
    const struct sp_python_value *items = only ? sp_fold_python_items(&resolver->fold, single(&only_items)) : NULL;
    const struct sp_python_value *folded = items ? rounds(resolver, node, only, items) : NULL;
    if (!folded && element.n_items && !node->op) {
        /* At least what the elements may be, for those who call or iterate over them. */
        const struct sp_python_value **kept = sp_arena_array(&resolver->temporary, element.n_items + 1u, sizeof(*kept));
        for (uint8_t i = 0; kept && i < element.n_items; i++)
            kept[i] = element.items[i];
        folded = kept ? sp_fold_python_sequence(&resolver->fold, kept, element.n_items) : NULL;
        bool paths = folded;
        for (uint8_t i = 0; i < element.n_items; i++)
            paths &= element.items[i]->kind == SP_PYTHON_VALUE_PATH;
        folded = paths ? folded : NULL;
        set.other = true;
    }
    add(resolver, &set, folded);
    *ret_set = set;
}

/* ---- assignment ---- */

static void assign_items(
    struct sp_python_resolver *resolver, const struct sp_python_node *target, const struct sp_python_set *set)
{
    const struct sp_python_value *row = single(set);
    const struct sp_python_value *items =
        row && row->kind == SP_PYTHON_VALUE_SEQUENCE ? row : sp_fold_python_items(&resolver->fold, row);
    struct sp_python_set any = {.other = true};
    if (!items)
        sp_resolve_python_expression_iterate(resolver, set, &any);
    uint32_t n_targets = 0, i = 0;
    for (uint32_t child = target->child; child; child = at(resolver, child)->next)
        n_targets++;
    bool starred = false;
    for (uint32_t child = target->child; child; child = at(resolver, child)->next, i++) {
        const struct sp_python_node *item = at(resolver, child);
        struct sp_python_set part = {0};
        if (items && item->kind == SP_PYTHON_NODE_STAR && items->n_items + 1 >= n_targets) {
            /* The row between what stands before the star and what stands behind it. */
            add(resolver, &part,
                sp_fold_python_sequence(&resolver->fold, items->items + i, items->n_items - (n_targets - 1)));
            starred = true;
        } else if (items && items->n_items + starred >= n_targets) {
            add(resolver, &part, items->items[starred ? items->n_items - (n_targets - i) : i]);
        } else {
            part = any;
        }
        sp_resolve_python_expression_assign(
            resolver, item->kind == SP_PYTHON_NODE_STAR && item->child ? item->child : child, &part);
    }
}

/* a.b = x and a[k] = x: the last link is the target. */
static void assign_link(
    struct sp_python_resolver *resolver, const struct sp_python_node *target, const struct sp_python_set *set)
{
    struct sp_python_set owner;
    uint32_t last = target->child;
    while (at(resolver, last)->next)
        last = at(resolver, last)->next;
    if (last == target->child) { /* broken code: a chain without a link */
        sp_resolve_python_expression_visit(resolver, last);
        return;
    }
    const struct sp_python_node *link = at(resolver, last);
    /* The chain without its last link: cut off while it is looked at. */
    uint32_t before = target->child;
    while (at(resolver, before)->next != last)
        before = at(resolver, before)->next;
    struct sp_python_node *cut = sp_python_tree_at(&resolver->tree, before);
    struct sp_python_node shorter = *target;
    shorter.end = cut->end;
    cut->next = 0;
    if (before == target->child)
        sp_resolve_python_expression(resolver, before, &owner);
    else
        chain(resolver, &shorter, &owner);
    cut->next = last;
    if (link->kind == SP_PYTHON_NODE_ATTRIBUTE) {
        struct sp_str text = resolver->names.items[link->name];
        for (uint8_t i = 0; i < owner.n_items; i++) {
            struct sp_python_set member = {0};
            const struct sp_python_value *path = owner.items[i];
            if (path->kind != SP_PYTHON_VALUE_PATH)
                continue;
            sp_resolve_python_expression_member(
                resolver, path, text, SP_VIA_DIRECT, target->start, target->end, &member);
            sp_resolve_python_expression_tell(resolver, &member, target->start, target->end, false);
            for (uint8_t k = 0; k < member.n_items; k++) {
                if (member.items[k]->kind != SP_PYTHON_VALUE_PATH)
                    continue;
                if (sp_str_is(member.items[k]->text, "sys.path"))
                    sp_resolve_python_emit_dynamic(
                        resolver, "module path that the program changes", target->start, target->end);
                uint32_t number = sp_python_names_find(&resolver->names, member.items[k]->text);
                if (number != UINT32_MAX && set->n_items)
                    sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_MEMBERS, number, set);
            }
        }
        if ((owner.other || owner.n_items == 0) && set->n_items)
            sp_resolve_python_scope_bind_in(resolver, SP_PYTHON_SCOPE_ATTRIBUTES, link->name, set);
        return;
    }
    if (link->kind != SP_PYTHON_NODE_INDEX)
        return;
    struct sp_python_set key = {.other = true};
    if (link->child)
        sp_resolve_python_expression(resolver, link->child, &key);
    const struct sp_python_value *constant = sp_resolve_python_scope_constant(&key);
    for (uint8_t i = 0; i < owner.n_items; i++) {
        const struct sp_python_value *value = owner.items[i];
        if (value->kind == SP_PYTHON_VALUE_PATH && sp_str_is(value->text, "sys.path"))
            sp_resolve_python_emit_dynamic(
                resolver, "module path that the program changes", target->start, target->end);
        /* globals()["x"] = …: a name of the program's own. */
        if (value->kind == SP_PYTHON_VALUE_NAMESPACE && value->text.n_bytes == 0 && constant) {
            uint32_t number = sp_python_names_find(&resolver->names, constant->text);
            if (number != UINT32_MAX)
                sp_resolve_python_scope_bind_in(resolver, 0, number, set);
        }
    }
}

void sp_resolve_python_expression_assign(
    struct sp_python_resolver *resolver, uint32_t target, const struct sp_python_set *set)
{
    const struct sp_python_node *node = at(resolver, target);
    switch (node->kind) {
    case SP_PYTHON_NODE_NAME: sp_resolve_python_scope_bind(resolver, node->name, set); break;
    case SP_PYTHON_NODE_TUPLE:
    case SP_PYTHON_NODE_LIST: assign_items(resolver, node, set); break;
    case SP_PYTHON_NODE_STAR:
        if (node->child)
            sp_resolve_python_expression_assign(resolver, node->child, set);
        break;
    case SP_PYTHON_NODE_CHAIN: assign_link(resolver, node, set); break;
    case SP_PYTHON_NODE_EMPTY: break;
    default: sp_resolve_python_expression_visit(resolver, target); break;
    }
}

/* ---- all of them ---- */

static void ternary(
    struct sp_python_resolver *resolver, const struct sp_python_node *node, struct sp_python_set *ret_set)
{
    struct sp_python_set set = {0}, part;
    uint32_t i = 0;
    for (uint32_t child = node->child; child; child = at(resolver, child)->next, i++) {
        sp_resolve_python_expression(resolver, child, &part);
        if (i % 2 == 0)
            sp_resolve_python_scope_join(resolver, &set, &part);
    }
    *ret_set = set;
}

void sp_resolve_python_expression(struct sp_python_resolver *resolver, uint32_t index, struct sp_python_set *ret_set)
{
    const struct sp_python_node *node = at(resolver, index);
    *ret_set = (struct sp_python_set){0};
    if (resolver->code)
        return;
    switch (node->kind) {
    case SP_PYTHON_NODE_NAME: name(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_NUMBER: add(resolver, ret_set, sp_fold_python_number(&resolver->fold, node->value)); return;
    case SP_PYTHON_NODE_STRINGS: strings(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_CHAIN: chain(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_TUPLE:
    case SP_PYTHON_NODE_LIST:
    case SP_PYTHON_NODE_SET:
    case SP_PYTHON_NODE_DICT: display(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_COMPREHENSION: comprehension(resolver, index, ret_set); return;
    case SP_PYTHON_NODE_BINARY: binary(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_TERNARY: ternary(resolver, node, ret_set); return;
    case SP_PYTHON_NODE_LAMBDA: add(resolver, ret_set, sp_resolve_python_statement_define(resolver, index)); return;
    case SP_PYTHON_NODE_UNARY: {
        struct sp_python_set set;
        sp_resolve_python_expression(resolver, node->child, &set);
        add(resolver, ret_set, sp_fold_python_unary(&resolver->fold, node->op, single(&set)));
        return;
    }
    case SP_PYTHON_NODE_WALRUS:
        if (!node->child)
            return;
        sp_resolve_python_expression(resolver, node->child, ret_set);
        sp_resolve_python_scope_bind(resolver, node->name, ret_set);
        return;
    case SP_PYTHON_NODE_IMPORT:
    case SP_PYTHON_NODE_FROM:
    case SP_PYTHON_NODE_BLOCK:
        sp_resolve_python_statement(resolver, index); /* broken code around a statement */
        ret_set->other = true;
        return;
    case SP_PYTHON_NODE_OTHER: {
        /* await x is x for us: what it may be is what it holds. */
        struct sp_python_set set;
        for (uint32_t child = node->child; child; child = at(resolver, child)->next) {
            sp_resolve_python_expression(resolver, child, &set);
            sp_resolve_python_scope_join(resolver, ret_set, &set);
        }
        ret_set->other = true;
        return;
    }
    default:
        visit_children(resolver, node);
        ret_set->other = true;
        return;
    }
}
