/* Values and their operators. One thread at a time; memory is the arena's. */
#include "scanner/fold_python.h"

#include <stdio.h>
#include <string.h>

#include "proto/utf8.h"

#define NUMBER_MAX      ((int64_t)1 << 53)
#define ROOM_FIRST      64
#define EQUAL_STEPS     (1u << 16) /* items that are compared; values of more count as different */
#define TEXT_STEP_BYTES 64
#define LOOKS_A_BYTE    4  /* bytes that are looked at for one of the budget */
#define MIXED_MAX       64 /* items of a set, keys of a dictionary that are held against each other */

/* ---- making values ---- */

/* Room for n bytes out of the budget; NULL once it is spent. */
static void *take(struct sp_fold_python *fold, size_t n_bytes)
{
    if (fold->spent || n_bytes > fold->left_bytes) {
        fold->spent = true;
        return NULL;
    }
    fold->left_bytes -= n_bytes;
    void *memory = sp_arena_alloc(fold->arena, n_bytes);
    if (!memory)
        fold->spent = true;
    return memory;
}

static size_t look_bytes(const struct sp_python_value *value)
{
    return value ? (value->text.n_bytes + value->n_items) / LOOKS_A_BYTE : 0;
}

bool sp_fold_python_affords(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    size_t n_bytes = look_bytes(self);
    for (size_t i = 0; i < n_arguments; i++)
        n_bytes += look_bytes(arguments[i]);
    fold->spent |= n_bytes > fold->left_bytes;
    if (fold->spent)
        return false;
    fold->left_bytes -= n_bytes;
    return true;
}

struct sp_python_value *sp_fold_python_value(struct sp_fold_python *fold, enum sp_python_value_kind kind)
{
    struct sp_python_value *value = fold->spent ? NULL : sp_arena_alloc(fold->arena, sizeof(*value));
    if (value)
        value->kind = (uint8_t)kind;
    else
        fold->spent = true;
    return value;
}

struct sp_python_value *sp_fold_python_text(
    struct sp_fold_python *fold, enum sp_python_value_kind kind, struct sp_str text, enum sp_via via)
{
    struct sp_python_value *value = sp_fold_python_value(fold, kind);
    if (value) {
        value->text = text;
        value->via = (uint8_t)via;
    }
    return value;
}

struct sp_python_value *sp_fold_python_number(struct sp_fold_python *fold, int64_t number)
{
    struct sp_python_value *value = NULL;
    if (number >= -NUMBER_MAX && number <= NUMBER_MAX)
        value = sp_fold_python_value(fold, SP_PYTHON_VALUE_NUMBER);
    if (value)
        value->number = number;
    return value;
}

struct sp_python_value *sp_fold_python_bool(struct sp_fold_python *fold, bool truth)
{
    struct sp_python_value *value = sp_fold_python_number(fold, truth);
    if (value)
        value->builtin = true;
    return value;
}

struct sp_python_value *sp_fold_python_sequence(
    struct sp_fold_python *fold, const struct sp_python_value *const *items, size_t n_items)
{
    struct sp_python_value *value = NULL;
    if (n_items <= SP_FOLD_PYTHON_ITEMS)
        value = sp_fold_python_value(fold, SP_PYTHON_VALUE_SEQUENCE);
    if (value) {
        value->items = items;
        value->n_items = (uint32_t)n_items;
    }
    return value;
}

struct sp_python_value *sp_fold_python_list(
    struct sp_fold_python *fold, const struct sp_python_value *const *items, size_t n_items)
{
    struct sp_python_value *value = sp_fold_python_sequence(fold, items, n_items);
    if (value)
        value->changes = true;
    return value;
}

static bool equal_within(
    const struct sp_python_value *a, const struct sp_python_value *b, unsigned depth, size_t *left_steps)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->number != b->number || a->n_items != b->n_items ||
        a->builtin != b->builtin || a->mixed != b->mixed || a->text.n_bytes != b->text.n_bytes)
        return false;
    if (a->changes != b->changes && !sp_fold_python_is_text(a)) /* a list and a tuple */
        return false;
    size_t steps = 1 + a->text.n_bytes / TEXT_STEP_BYTES;
    if (steps > *left_steps)
        return false;
    *left_steps -= steps;
    if (!sp_str_equal(a->text, b->text))
        return false;
    for (uint32_t i = 0; i < a->n_items; i++)
        if (depth == 0 || !equal_within(a->items[i], b->items[i], depth - 1, left_steps))
            return false;
    return true;
}

bool sp_fold_python_equal(const struct sp_python_value *a, const struct sp_python_value *b, unsigned depth)
{
    size_t left_steps = EQUAL_STEPS;
    return equal_within(a, b, depth, &left_steps);
}

/* As == has it: True is 1. */
static bool same(const struct sp_python_value *a, const struct sp_python_value *b)
{
    if (sp_fold_python_is_number(a) && sp_fold_python_is_number(b))
        return a->number == b->number;
    return sp_fold_python_equal(a, b, 1);
}

const struct sp_python_value *sp_fold_python_mix(struct sp_fold_python *fold, struct sp_python_value *list)
{
    if (list->n_items > MIXED_MAX)
        return NULL;
    const struct sp_python_value **items = take(fold, list->n_items * sizeof(struct sp_python_value *) + 1);
    uint32_t n_items = 0;
    for (uint32_t i = 0; items && i < list->n_items; i++) {
        uint32_t k = 0;
        while (k < n_items && list->items[i] && !(items[k] && sp_fold_python_equal(items[k], list->items[i], 1)))
            k++;
        if (k == n_items || !list->items[i])
            items[n_items++] = list->items[i];
    }
    list->items = items;
    list->n_items = n_items;
    list->mixed = true;
    return items ? list : NULL;
}

struct sp_python_value *sp_fold_python_dict(
    struct sp_fold_python *fold, const struct sp_python_value *const *items, size_t n_items)
{
    struct sp_python_value *dict = sp_fold_python_value(fold, SP_PYTHON_VALUE_DICT);
    bool few = n_items <= 2 * MIXED_MAX;
    const struct sp_python_value **kept = few ? take(fold, n_items * sizeof(struct sp_python_value *) + 1) : NULL;
    if (!dict || (few && !kept))
        return NULL;
    dict->changes = true;
    dict->items = few ? kept : items;
    dict->mixed = !few; /* of equal keys the first one has the place, and the last one the value */
    for (size_t i = 0; i < n_items && few; i += 2) {
        uint32_t k = 0;
        while (k < dict->n_items && !(items[i] && kept[k] && same(items[i], kept[k])))
            k += 2;
        if (k == dict->n_items)
            kept[k] = items[i];
        kept[k + 1] = items[i + 1];
        dict->n_items += k == dict->n_items ? 2 : 0;
    }
    dict->n_items = few ? dict->n_items : (uint32_t)n_items;
    return dict;
}

/* ---- builder ---- */

void sp_fold_python_append(struct sp_fold_python_builder *builder, struct sp_str text)
{
    if (builder->failed || text.n_bytes > SP_FOLD_PYTHON_BYTES - builder->n_bytes) {
        builder->failed = true;
        return;
    }
    if (text.n_bytes > builder->room_bytes - builder->n_bytes) {
        size_t room = builder->room_bytes ? builder->room_bytes : ROOM_FIRST;
        while (room - builder->n_bytes < text.n_bytes)
            room *= 2;
        char *bytes = take(builder->fold, room);
        if (!bytes) {
            builder->failed = true;
            return;
        }
        if (builder->n_bytes)
            memcpy(bytes, builder->bytes, builder->n_bytes);
        builder->bytes = bytes;
        builder->room_bytes = room;
    }
    if (text.n_bytes)
        memcpy(builder->bytes + builder->n_bytes, text.ptr, text.n_bytes);
    builder->n_bytes += text.n_bytes;
}

void sp_fold_python_append_point(struct sp_fold_python_builder *builder, uint32_t point)
{
    uint8_t bytes[4];
    size_t n = sp_utf8_put(point, bytes);
    if (n == 0)
        n = sp_utf8_put(0xfffd, bytes); /* a lone surrogate */
    sp_fold_python_append(builder, (struct sp_str){(const char *)bytes, n});
}

struct sp_python_value *sp_fold_python_build(struct sp_fold_python_builder *builder, enum sp_python_value_kind kind)
{
    if (builder->failed)
        return NULL;
    struct sp_str text = {builder->bytes ? builder->bytes : "", builder->n_bytes};
    return sp_fold_python_text(builder->fold, kind, text, SP_VIA_FOLDED);
}

bool sp_fold_python_append_value(struct sp_fold_python_builder *builder, const struct sp_python_value *value)
{
    if (!value)
        return false;
    if (value->kind == SP_PYTHON_VALUE_TEXT) {
        sp_fold_python_append(builder, value->text);
        return true;
    }
    if (value->kind == SP_PYTHON_VALUE_BYTES)
        return sp_fold_python_append_repr(builder, value, true);
    if (value->kind == SP_PYTHON_VALUE_NUMBER && value->builtin) {
        sp_fold_python_append(builder, value->number ? SP_STR("True") : SP_STR("False"));
        return true;
    }
    if (value->kind == SP_PYTHON_VALUE_NUMBER) {
        char digits[24];
        int n = snprintf(digits, sizeof(digits), "%lld", (long long)value->number);
        sp_fold_python_append(builder, (struct sp_str){digits, (size_t)n});
        return true;
    }
    return false;
}

/* ---- items, indices, slices ---- */

const struct sp_python_value *sp_fold_python_items(struct sp_fold_python *fold, const struct sp_python_value *value)
{
    if (!value)
        return NULL;
    if (value->kind == SP_PYTHON_VALUE_SEQUENCE)
        return value;
    if (value->kind != SP_PYTHON_VALUE_DICT && !sp_fold_python_is_text(value))
        return NULL;
    size_t most = value->kind == SP_PYTHON_VALUE_DICT ? value->n_items / 2 : value->text.n_bytes;
    if (most > SP_FOLD_PYTHON_ITEMS * 4)
        return NULL;
    const struct sp_python_value **items = take(fold, most * sizeof(struct sp_python_value *) + 1);
    if (!items)
        return NULL;
    size_t n_items = 0;
    if (value->kind == SP_PYTHON_VALUE_DICT) {
        for (; n_items < most; n_items++)
            items[n_items] = value->items[n_items * 2];
    } else {
        for (size_t at = 0; at < value->text.n_bytes;) {
            const uint8_t *bytes = (const uint8_t *)value->text.ptr + at;
            size_t n = value->kind == SP_PYTHON_VALUE_TEXT ? sp_utf8_next(bytes, value->text.n_bytes - at, NULL) : 0;
            n = n ? n : 1;
            items[n_items++] = value->kind == SP_PYTHON_VALUE_TEXT
                                   ? sp_fold_python_text(fold, SP_PYTHON_VALUE_TEXT,
                                         (struct sp_str){value->text.ptr + at, n}, SP_VIA_FOLDED)
                                   : sp_fold_python_number(fold, *bytes);
            at += n;
        }
    }
    struct sp_python_value *row = sp_fold_python_list(fold, items, n_items);
    if (row)
        row->mixed = value->mixed;
    return row;
}

const struct sp_python_value *sp_fold_python_row(struct sp_fold_python *fold, const struct sp_python_value *value)
{
    const struct sp_python_value *items = sp_fold_python_items(fold, value);
    return items && items->mixed && items->n_items > 1 ? NULL : items;
}

int sp_fold_python_truth(const struct sp_python_value *value)
{
    if (sp_fold_python_is_number(value))
        return value->number != 0;
    if (sp_fold_python_is_text(value))
        return value->text.n_bytes > 0;
    if (value && (value->kind == SP_PYTHON_VALUE_SEQUENCE || value->kind == SP_PYTHON_VALUE_DICT))
        return value->n_items > 0;
    return -1;
}

/* One byte an item: bytes, and ASCII text. */
static bool is_plain(const struct sp_python_value *value)
{
    return sp_fold_python_is_text(value) &&
           (value->kind == SP_PYTHON_VALUE_BYTES ||
               sp_utf8_ascii((const uint8_t *)value->text.ptr, value->text.n_bytes) == value->text.n_bytes);
}

const struct sp_python_value *sp_fold_python_index(
    struct sp_fold_python *fold, const struct sp_python_value *container, const struct sp_python_value *index)
{
    if (!container || !index)
        return NULL;
    if (container->kind == SP_PYTHON_VALUE_DICT) {
        /* The last of equal keys is the one that holds. */
        for (uint32_t i = container->n_items / 2; i > 0; i--) {
            const struct sp_python_value *key = container->items[i * 2 - 2];
            if (!key)
                return NULL;
            if (same(key, index))
                return container->items[i * 2 - 1];
        }
        return NULL;
    }
    if (index->kind != SP_PYTHON_VALUE_NUMBER)
        return NULL;
    if (is_plain(container)) {
        int64_t n = (int64_t)container->text.n_bytes, at = index->number < 0 ? index->number + n : index->number;
        if (at < 0 || at >= n)
            return NULL;
        if (container->kind == SP_PYTHON_VALUE_BYTES)
            return sp_fold_python_number(fold, (uint8_t)container->text.ptr[at]);
        return sp_fold_python_text(
            fold, SP_PYTHON_VALUE_TEXT, (struct sp_str){container->text.ptr + at, 1}, SP_VIA_FOLDED);
    }
    const struct sp_python_value *items = sp_fold_python_row(fold, container);
    if (!items)
        return NULL;
    int64_t at = index->number < 0 ? index->number + items->n_items : index->number;
    return at >= 0 && at < items->n_items ? items->items[at] : NULL;
}

static bool bound_of(const struct sp_python_value *value, int64_t none, int64_t *ret_bound)
{
    *ret_bound = value ? value->number : none;
    return !value || value->kind == SP_PYTHON_VALUE_NUMBER;
}

static int64_t clamp(int64_t at, int64_t n, int64_t low, int64_t high)
{
    if (at < 0)
        at += n;
    return at < low ? low : at > high ? high : at;
}

struct sp_python_value *sp_fold_python_slice(struct sp_fold_python *fold, const struct sp_python_value *container,
    const struct sp_python_value *low, const struct sp_python_value *high, const struct sp_python_value *step)
{
    int64_t by, from, to;
    if (!container || container->kind == SP_PYTHON_VALUE_DICT || !bound_of(step, 1, &by) || by == 0 || by == INT64_MIN)
        return NULL;
    bool plain = is_plain(container);
    const struct sp_python_value *items = plain ? NULL : sp_fold_python_row(fold, container);
    if (!plain && !items)
        return NULL;
    int64_t n = plain ? (int64_t)container->text.n_bytes : items->n_items;
    if (!bound_of(low, by > 0 ? 0 : n - 1, &from) || !bound_of(high, by > 0 ? n : -1, &to))
        return NULL;
    if (low)
        from = by > 0 ? clamp(from, n, 0, n) : clamp(from, n, -1, n - 1);
    if (high)
        to = by > 0 ? clamp(to, n, 0, n) : clamp(to, n, -1, n - 1);
    if (plain && by == 1)
        return sp_fold_python_text(fold, container->kind,
            (struct sp_str){container->text.ptr + from, to > from ? (size_t)(to - from) : 0}, SP_VIA_FOLDED);
    struct sp_fold_python_builder builder = {.fold = fold};
    if (plain) {
        for (int64_t i = from; by > 0 ? i < to : i > to; i += by)
            sp_fold_python_append(&builder, (struct sp_str){container->text.ptr + i, 1});
        return sp_fold_python_build(&builder, container->kind);
    }
    const struct sp_python_value **taken = take(fold, (size_t)n * sizeof(struct sp_python_value *) + 1);
    if (!taken)
        return NULL;
    size_t n_taken = 0;
    for (int64_t i = from; by > 0 ? i < to : i > to; i += by)
        taken[n_taken++] = items->items[i];
    if (container->kind == SP_PYTHON_VALUE_SEQUENCE)
        return container->changes ? sp_fold_python_list(fold, taken, n_taken)
                                  : sp_fold_python_sequence(fold, taken, n_taken);
    for (size_t i = 0; i < n_taken; i++) {
        if (!taken[i])
            return NULL;
        char byte = (char)taken[i]->number;
        sp_fold_python_append(
            &builder, container->kind == SP_PYTHON_VALUE_TEXT ? taken[i]->text : (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, container->kind);
}

/* ---- operators ---- */

static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

static struct sp_python_value *number_binary(
    struct sp_fold_python *fold, enum sp_python_operator op, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool overflow = false;
    switch (op) {
    case SP_PYTHON_OPERATOR_ADD: result = a + b; break;
    case SP_PYTHON_OPERATOR_SUBTRACT: result = a - b; break;
    case SP_PYTHON_OPERATOR_MULTIPLY: overflow = __builtin_mul_overflow(a, b, &result); break;
    case SP_PYTHON_OPERATOR_BIT_OR: result = a | b; break;
    case SP_PYTHON_OPERATOR_BIT_XOR: result = a ^ b; break;
    case SP_PYTHON_OPERATOR_BIT_AND: result = a & b; break;
    case SP_PYTHON_OPERATOR_SHIFT_LEFT:
        overflow = b < 0 || b > 53 || __builtin_mul_overflow(a, (int64_t)1 << b, &result);
        break;
    case SP_PYTHON_OPERATOR_SHIFT_RIGHT:
        overflow = b < 0;
        result = b > 62 ? (a < 0 ? -1 : 0) : b < 0 ? 0 : a >> b;
        break;
    case SP_PYTHON_OPERATOR_FLOOR:
        overflow = b == 0;
        result = b ? floor_divide(a, b) : 0;
        break;
    case SP_PYTHON_OPERATOR_MODULO:
        overflow = b == 0;
        result = b ? a - b * floor_divide(a, b) : 0;
        break;
    case SP_PYTHON_OPERATOR_POWER:
        result = 1;
        overflow = b < 0 || b > 64;
        for (int64_t i = 0; i < b && !overflow; i++)
            overflow = __builtin_mul_overflow(result, a, &result);
        break;
    default: return NULL;
    }
    return overflow ? NULL : sp_fold_python_number(fold, result);
}

static struct sp_python_value *concatenate(
    struct sp_fold_python *fold, const struct sp_python_value *a, const struct sp_python_value *b)
{
    if (a->kind == SP_PYTHON_VALUE_SEQUENCE) {
        size_t n = (size_t)a->n_items + b->n_items;
        if (n > SP_FOLD_PYTHON_ITEMS)
            return NULL;
        const struct sp_python_value **items = take(fold, n * sizeof(struct sp_python_value *) + 1);
        if (!items)
            return NULL;
        if (a->n_items)
            memcpy(items, a->items, a->n_items * sizeof(struct sp_python_value *));
        if (b->n_items)
            memcpy(items + a->n_items, b->items, b->n_items * sizeof(struct sp_python_value *));
        return a->changes ? sp_fold_python_list(fold, items, n) : sp_fold_python_sequence(fold, items, n);
    }
    struct sp_fold_python_builder builder = {.fold = fold};
    sp_fold_python_append(&builder, a->text);
    sp_fold_python_append(&builder, b->text);
    return sp_fold_python_build(&builder, a->kind);
}

static struct sp_python_value *repeat(struct sp_fold_python *fold, const struct sp_python_value *value, int64_t times)
{
    if (value->kind == SP_PYTHON_VALUE_SEQUENCE) {
        if (times <= 0 || times * value->n_items > SP_FOLD_PYTHON_ITEMS || times > SP_FOLD_PYTHON_ITEMS)
            return NULL;
        struct sp_python_value empty = {.kind = SP_PYTHON_VALUE_SEQUENCE, .changes = value->changes}, *result = &empty;
        for (int64_t i = 0; i < times && result; i++)
            result = concatenate(fold, result, value);
        return result == &empty ? NULL : result;
    }
    struct sp_fold_python_builder builder = {.fold = fold};
    if (value->text.n_bytes && times > (int64_t)(SP_FOLD_PYTHON_BYTES / value->text.n_bytes))
        return NULL;
    for (int64_t i = 0; i < times && value->text.n_bytes && !builder.failed; i++)
        sp_fold_python_append(&builder, value->text);
    return sp_fold_python_build(&builder, value->kind);
}

struct sp_python_value *sp_fold_python_binary(struct sp_fold_python *fold, enum sp_python_operator op,
    const struct sp_python_value *a, const struct sp_python_value *b)
{
    if (!a || !b)
        return NULL;
    bool a_number = a->kind == SP_PYTHON_VALUE_NUMBER, b_number = b->kind == SP_PYTHON_VALUE_NUMBER;
    if (op == SP_PYTHON_OPERATOR_EQUAL || op == SP_PYTHON_OPERATOR_NOT_EQUAL || op == SP_PYTHON_OPERATOR_IN ||
        op == SP_PYTHON_OPERATOR_NOT_IN) {
        int truth = sp_fold_python_compare(op, a, b);
        return truth < 0 ? NULL : sp_fold_python_bool(fold, truth);
    }
    if (a_number && b_number)
        return number_binary(fold, op, a->number, b->number);
    if (a->mixed || b->mixed)
        return NULL;
    bool a_row = sp_fold_python_is_text(a) || a->kind == SP_PYTHON_VALUE_SEQUENCE;
    bool b_row = sp_fold_python_is_text(b) || b->kind == SP_PYTHON_VALUE_SEQUENCE;
    if (op == SP_PYTHON_OPERATOR_ADD && a->kind == b->kind && a_row)
        return concatenate(fold, a, b);
    if (op == SP_PYTHON_OPERATOR_MULTIPLY && a_row && b_number)
        return repeat(fold, a, b->number);
    if (op == SP_PYTHON_OPERATOR_MULTIPLY && a_number && b_row)
        return repeat(fold, b, a->number);
    if (op == SP_PYTHON_OPERATOR_MODULO && sp_fold_python_is_text(a))
        return sp_fold_python_percent(fold, a, b);
    return NULL;
}

struct sp_python_value *sp_fold_python_unary(
    struct sp_fold_python *fold, enum sp_python_operator op, const struct sp_python_value *value)
{
    int truth = op == SP_PYTHON_OPERATOR_NOT ? sp_fold_python_truth(value) : -1;
    if (truth >= 0)
        return sp_fold_python_bool(fold, !truth);
    if (!value || value->kind != SP_PYTHON_VALUE_NUMBER)
        return NULL;
    switch (op) {
    case SP_PYTHON_OPERATOR_SUBTRACT: return sp_fold_python_number(fold, -value->number);
    case SP_PYTHON_OPERATOR_ADD: return sp_fold_python_number(fold, value->number);
    case SP_PYTHON_OPERATOR_INVERT: return sp_fold_python_number(fold, ~value->number);
    default: return NULL;
    }
}

int sp_fold_python_compare(enum sp_python_operator op, const struct sp_python_value *a, const struct sp_python_value *b)
{
    bool negate = op == SP_PYTHON_OPERATOR_NOT_EQUAL || op == SP_PYTHON_OPERATOR_NOT_IN;
    if (!a || !b)
        return -1;
    bool known_a = sp_fold_python_is_text(a) || a->kind == SP_PYTHON_VALUE_NUMBER;
    bool known_b = sp_fold_python_is_text(b) || b->kind == SP_PYTHON_VALUE_NUMBER;
    if (op == SP_PYTHON_OPERATOR_EQUAL || op == SP_PYTHON_OPERATOR_NOT_EQUAL)
        return known_a && known_b ? same(a, b) != negate : -1;
    if (op != SP_PYTHON_OPERATOR_IN && op != SP_PYTHON_OPERATOR_NOT_IN)
        return -1;
    if (sp_fold_python_is_text(b) && a->kind == b->kind)
        return (a->text.n_bytes == 0 || memmem(b->text.ptr, b->text.n_bytes, a->text.ptr, a->text.n_bytes)) != negate;
    if (b->kind != SP_PYTHON_VALUE_SEQUENCE || !known_a)
        return -1;
    for (uint32_t i = 0; i < b->n_items; i++) {
        if (!b->items[i])
            return -1;
        if (same(a, b->items[i]))
            return !negate;
    }
    return negate;
}
