/* Functions of numbers, and those that compare. One thread at a time; memory is the arena's. */
#include "scanner/fold_python_apply.h"

#include <string.h>

/* ---- rows of numbers ---- */

const struct sp_python_value *sp_fold_python_number_range(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments < 1 || n_arguments > 3)
        return NULL;
    for (size_t i = 0; i < n_arguments; i++)
        if (!sp_fold_python_is_number(arguments[i]))
            return NULL;
    int64_t from = n_arguments > 1 ? self->number : 0;
    int64_t to = n_arguments > 1 ? arguments[1]->number : self->number;
    int64_t by = n_arguments > 2 ? arguments[2]->number : 1;
    int64_t n = by > 0 && to > from ? (to - from + by - 1) / by : by < 0 && to < from ? (from - to - by - 1) / -by : 0;
    if (by == 0 || n > SP_FOLD_PYTHON_ITEMS)
        return NULL;
    const struct sp_python_value **items = sp_arena_array(fold->arena, (size_t)n + 1, sizeof(*items));
    for (int64_t i = 0; items && i < n; i++)
        items[i] = sp_fold_python_number(fold, from + i * by);
    return items ? sp_fold_python_sequence(fold, items, (size_t)n) : NULL;
}

const struct sp_python_value *sp_fold_python_number_sum(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *items = sp_fold_python_items(fold, self);
    const struct sp_python_value *start = sp_fold_python_argument(arguments, n_arguments, 1);
    if (!items || (n_arguments > 1 && !sp_fold_python_is_number(start)))
        return NULL;
    int64_t sum = start ? start->number : 0;
    for (uint32_t i = 0; i < items->n_items; i++)
        if (!sp_fold_python_is_number(items->items[i]) || __builtin_add_overflow(sum, items->items[i]->number, &sum))
            return NULL;
    return sp_fold_python_number(fold, sum);
}

int sp_fold_python_number_order(const struct sp_python_value *a, const struct sp_python_value *b)
{
    if (a->kind == SP_PYTHON_VALUE_NUMBER)
        return (a->number > b->number) - (a->number < b->number);
    size_t n = a->text.n_bytes < b->text.n_bytes ? a->text.n_bytes : b->text.n_bytes;
    int r = n ? memcmp(a->text.ptr, b->text.ptr, n) : 0;
    return r ? r : (a->text.n_bytes > b->text.n_bytes) - (a->text.n_bytes < b->text.n_bytes);
}

bool sp_fold_python_number_comparable(const struct sp_python_value *const *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++)
        if (!items[i] || items[i]->kind != items[0]->kind ||
            (!sp_fold_python_is_text(items[i]) && !sp_fold_python_is_number(items[i])))
            return false;
    return true;
}

/* The first of the greatest, or of the smallest. */
static const struct sp_python_value *best(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments, int sign)
{
    const struct sp_python_value *row = n_arguments == 1 ? sp_fold_python_items(fold, self) : NULL;
    const struct sp_python_value *const *items = n_arguments == 1 ? (row ? row->items : NULL) : arguments;
    size_t n_items = n_arguments == 1 ? (row ? row->n_items : 0) : n_arguments;
    if (!items || n_items == 0 || !sp_fold_python_number_comparable(items, n_items))
        return NULL;
    const struct sp_python_value *found = items[0];
    for (size_t i = 1; i < n_items; i++)
        if (sp_fold_python_number_order(items[i], found) * sign > 0)
            found = items[i];
    return found;
}

const struct sp_python_value *sp_fold_python_number_max(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return best(fold, self, arguments, n_arguments, 1);
}

const struct sp_python_value *sp_fold_python_number_min(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return best(fold, self, arguments, n_arguments, -1);
}

/* ---- of one number ---- */

const struct sp_python_value *sp_fold_python_number_abs(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    bool known = sp_fold_python_is_number(self) && n_arguments == 1;
    return known ? sp_fold_python_number(fold, self->number < 0 ? -self->number : self->number) : NULL;
}

const struct sp_python_value *sp_fold_python_number_round(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return sp_fold_python_is_number(self) && n_arguments == 1 ? sp_fold_python_number(fold, self->number) : NULL;
}

const struct sp_python_value *sp_fold_python_number_bool(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    int truth = n_arguments == 1 ? sp_fold_python_truth(self) : -1;
    return truth < 0 ? NULL : sp_fold_python_bool(fold, truth);
}

/* hex, oct, bin. */
static const struct sp_python_value *written(
    struct sp_fold_python *fold, const struct sp_python_value *self, const char *spec)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    if (!sp_fold_python_is_number(self) || !sp_fold_python_append_spec(&builder, self, sp_str_of(spec)))
        return NULL;
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

const struct sp_python_value *sp_fold_python_number_hex(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return n_arguments == 1 ? written(fold, self, "#x") : NULL;
}

const struct sp_python_value *sp_fold_python_number_oct(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return n_arguments == 1 ? written(fold, self, "#o") : NULL;
}

const struct sp_python_value *sp_fold_python_number_bin(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return n_arguments == 1 ? written(fold, self, "#b") : NULL;
}

/* ---- of two ---- */

const struct sp_python_value *sp_fold_python_number_pow(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *power =
        n_arguments == 2 ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_POWER, self, arguments[1]) : NULL;
    const struct sp_python_value *modulus = sp_fold_python_argument(arguments, n_arguments, 2);
    if (n_arguments != 3 || !sp_fold_python_is_number(self) || !sp_fold_python_is_number(arguments[1]) ||
        !sp_fold_python_is_number(modulus))
        return power;
    if (self->number < 0 || arguments[1]->number < 0 || modulus->number <= 0 || modulus->number > INT32_MAX)
        return NULL;
    int64_t result = 1 % modulus->number, base = self->number % modulus->number;
    for (int64_t left = arguments[1]->number; left > 0; left >>= 1) {
        if (left & 1)
            result = result * base % modulus->number;
        base = base * base % modulus->number;
    }
    return sp_fold_python_number(fold, result);
}

const struct sp_python_value *sp_fold_python_number_divmod(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *by = sp_fold_python_argument(arguments, n_arguments, 1);
    const struct sp_python_value **items = sp_arena_array(fold->arena, 2, sizeof(*items));
    if (!items || !sp_fold_python_is_number(self) || !sp_fold_python_is_number(by))
        return NULL;
    items[0] = sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_FLOOR, self, by);
    items[1] = sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_MODULO, self, by);
    return sp_fold_python_sequence(fold, items, 2);
}

/* ---- text and bytes ---- */

const struct sp_python_value *sp_fold_python_number_int(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *given = sp_fold_python_argument(arguments, n_arguments, 1);
    if (sp_fold_python_is_number(self) && n_arguments == 1)
        return sp_fold_python_number(fold, self->number);
    if (!sp_fold_python_is_text(self) || (n_arguments > 1 && !sp_fold_python_is_number(given)))
        return NULL;
    int64_t base = given ? given->number : 10, value = 0;
    const struct sp_python_value *bare = sp_fold_python_method(fold, self, SP_STR("strip"), NULL, 0, NULL);
    if (!bare)
        return NULL;
    struct sp_str text = bare->text;
    size_t i = 0;
    bool minus = text.n_bytes && text.ptr[0] == '-';
    i += minus || (text.n_bytes && text.ptr[0] == '+');
    if (text.n_bytes - i > 2 && text.ptr[i] == '0' && (text.ptr[i + 1] | 0x20) > '9') {
        char letter = (char)(text.ptr[i + 1] | 0x20);
        int marked = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : -1;
        if (marked > 0 && (base == 0 || base == marked)) {
            base = marked;
            i += 2;
        }
    } else if (base == 0) {
        base = 10;
    }
    if (base < 2 || base > 36 || i == text.n_bytes)
        return NULL;
    for (; i < text.n_bytes; i++) {
        char byte = text.ptr[i], low = (char)(byte | 0x20);
        int digit = byte >= '0' && byte <= '9' ? byte - '0' : low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
        if (byte == '_')
            continue;
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return NULL;
    }
    return sp_fold_python_number(fold, minus ? -value : value);
}

/* "big", which is what is meant where nothing is said. */
static bool read_order(const struct sp_python_value *order, bool given, bool *ret_big)
{
    *ret_big = !given || (order && sp_str_is(order->text, "big"));
    return *ret_big || (order && sp_str_is(order->text, "little"));
}

const struct sp_python_value *sp_fold_python_number_to_bytes(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *length = sp_fold_python_argument(arguments, n_arguments, 0);
    bool big;
    if (!sp_fold_python_is_number(self) || self->number < 0 || n_arguments > 2 ||
        (n_arguments && !sp_fold_python_is_number(length)) ||
        !read_order(sp_fold_python_argument(arguments, n_arguments, 1), n_arguments > 1, &big))
        return NULL;
    int64_t n = n_arguments ? length->number : 1;
    if (n < 1 || n > 4096)
        return NULL;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = big ? n - 1 - i : i;
        char byte = at < 8 ? (char)(self->number >> 8 * at) : 0;
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

const struct sp_python_value *sp_fold_python_number_from_bytes(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    bool big;
    uint64_t number = 0;
    const struct sp_python_value *bytes =
        self && self->kind == SP_PYTHON_VALUE_SEQUENCE ? sp_fold_python_call(fold, SP_STR("bytes"), &self, 1) : self;
    if (!bytes || bytes->kind != SP_PYTHON_VALUE_BYTES || n_arguments > 2 ||
        !read_order(sp_fold_python_argument(arguments, n_arguments, 1), n_arguments > 1, &big))
        return NULL;
    size_t n = bytes->text.n_bytes;
    for (size_t i = 0; i < n; i++) {
        if (number >> 56)
            return NULL;
        number = number << 8 | (uint8_t)bytes->text.ptr[big ? i : n - 1 - i];
    }
    return number > INT64_MAX ? NULL : sp_fold_python_number(fold, (int64_t)number);
}
