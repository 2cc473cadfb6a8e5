/* The functions that only compute. One thread at a time; memory is the arena's. */
#include "scanner/fold_python.h"

#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

static const struct sp_python_value *call_chr(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)n_arguments;
    struct sp_fold_python_builder builder = {.fold = fold};
    if (!sp_fold_python_is_number(self) || self->number < 0 || self->number > 0x10ffff)
        return NULL;
    (void)arguments;
    sp_fold_python_append_point(&builder, (uint32_t)self->number);
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static const struct sp_python_value *call_ord(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    uint32_t point = 0;
    if (!sp_fold_python_is_text(self))
        return NULL;
    if (self->kind == SP_PYTHON_VALUE_BYTES)
        return self->text.n_bytes == 1 ? sp_fold_python_number(fold, (uint8_t)self->text.ptr[0]) : NULL;
    size_t n = sp_utf8_next((const uint8_t *)self->text.ptr, self->text.n_bytes, &point);
    return n && n == self->text.n_bytes ? sp_fold_python_number(fold, point) : NULL;
}

static const struct sp_python_value *call_len(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    const struct sp_python_value *items = sp_fold_python_items(fold, self);
    return items ? sp_fold_python_number(fold, items->n_items) : NULL;
}

static const struct sp_python_value *call_str(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    if (self && self->kind == SP_PYTHON_VALUE_BYTES && n_arguments > 1)
        return sp_fold_python_method(fold, self, SP_STR("decode"), arguments + 1, n_arguments - 1, NULL);
    return sp_fold_python_append_value(&builder, self) ? sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT) : NULL;
}

static const struct sp_python_value *call_bytes(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    if (!self || self->kind == SP_PYTHON_VALUE_BYTES)
        return self;
    if (self->kind == SP_PYTHON_VALUE_TEXT)
        return n_arguments > 1
                   ? sp_fold_python_method(fold, self, SP_STR("encode"), arguments + 1, n_arguments - 1, NULL)
                   : NULL;
    if (self->kind != SP_PYTHON_VALUE_SEQUENCE)
        return NULL;
    for (uint32_t i = 0; i < self->n_items; i++) {
        if (!sp_fold_python_is_number(self->items[i]) || self->items[i]->number < 0 || self->items[i]->number > 255)
            return NULL;
        char byte = (char)self->items[i]->number;
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *call_decode(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_method(fold, self, SP_STR("decode"), arguments + 1, n_arguments - 1, NULL);
}

static const struct sp_python_value *call_encode(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_method(fold, self, SP_STR("encode"), arguments + 1, n_arguments - 1, NULL);
}

static const struct sp_python_value *call_items(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return sp_fold_python_items(fold, self);
}

static const struct sp_python_value *call_reversed(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    const struct sp_python_value *step = sp_fold_python_number(fold, -1);
    const struct sp_python_value *items = sp_fold_python_items(fold, self);
    return items && step ? sp_fold_python_slice(fold, items, NULL, NULL, step) : NULL;
}

static const struct sp_python_value *call_range(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
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

static const struct sp_python_value *call_int(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *given = sp_fold_python_argument(arguments, n_arguments, 1);
    if (sp_fold_python_is_number(self) && n_arguments == 1)
        return self;
    if (!sp_fold_python_is_text(self) || (n_arguments > 1 && !sp_fold_python_is_number(given)))
        return NULL;
    int64_t base = given ? given->number : 10, value = 0;
    const struct sp_python_value *bare = sp_fold_python_method(fold, self, SP_STR("strip"), NULL, 0, NULL);
    if (!bare)
        return NULL;
    struct sp_str text = bare->text;
    size_t i = 0;
    bool minus = text.n_bytes && text.ptr[0] == '-';
    i += minus;
    if (text.n_bytes - i > 2 && text.ptr[i] == '0' && (text.ptr[i + 1] | 0x20) > '9') {
        int marked = (text.ptr[i + 1] | 0x20) == 'x' ? 16 : (text.ptr[i + 1] | 0x20) == 'o' ? 8 : 2;
        if (base == 0 || base == marked) {
            base = marked;
            i += 2;
        }
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

static const struct sp_python_value *call_maketrans(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments == 1)
        return self && self->kind == SP_PYTHON_VALUE_DICT ? self : NULL;
    const struct sp_python_value *from = sp_fold_python_items(fold, self);
    const struct sp_python_value *to = sp_fold_python_items(fold, sp_fold_python_argument(arguments, n_arguments, 1));
    const struct sp_python_value *gone = n_arguments > 2 ? sp_fold_python_items(fold, arguments[2]) : NULL;
    if (!from || !to || from->n_items != to->n_items || from->n_items > 256 || (gone && gone->n_items > 256))
        return NULL;
    uint32_t n_gone = gone ? gone->n_items : 0, n = 0;
    const struct sp_python_value **items =
        sp_arena_array(fold->arena, 2 * (size_t)(from->n_items + n_gone) + 1, sizeof(*items));
    struct sp_python_value *dict = sp_fold_python_value(fold, SP_PYTHON_VALUE_DICT);
    if (!items || !dict)
        return NULL;
    for (uint32_t i = 0; i < from->n_items + n_gone; i++) {
        items[n++] = call_ord(fold, i < from->n_items ? from->items[i] : gone->items[i - from->n_items], NULL, 1);
        items[n++] = i < from->n_items ? to->items[i] : NULL;
    }
    dict->items = items;
    dict->n_items = n;
    return dict;
}

static const struct sp_python_value *call_base64(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return sp_fold_python_is_text(self) ? sp_fold_python_codec(fold, self, SP_STR("base64"), false) : NULL;
}

static const struct sp_python_value *call_base32(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return sp_fold_python_is_text(self) ? sp_fold_python_codec(fold, self, SP_STR("base32"), false) : NULL;
}

static const struct sp_python_value *call_hex(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    return sp_fold_python_is_text(self) ? sp_fold_python_codec(fold, self, SP_STR("hex"), false) : NULL;
}

static const struct sp_python_value *call_a85(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return sp_fold_python_is_text(self) && n_arguments == 1 ? sp_fold_python_codec(fold, self, SP_STR("ascii85"), false)
                                                            : NULL;
}

static const struct sp_python_value *call_b85(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return sp_fold_python_is_text(self) && n_arguments == 1 ? sp_fold_python_codec(fold, self, SP_STR("base85"), false)
                                                            : NULL;
}

static const struct sp_python_value *call_add(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_binary(
        fold, SP_PYTHON_OPERATOR_ADD, self, sp_fold_python_argument(arguments, n_arguments, 1));
}

static const struct sp_python_value *call_getitem(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_index(fold, self, sp_fold_python_argument(arguments, n_arguments, 1));
}

static const struct sp_python_value *call_next(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    struct sp_python_value first = {.kind = SP_PYTHON_VALUE_NUMBER};
    return self && self->kind == SP_PYTHON_VALUE_SEQUENCE ? sp_fold_python_index(fold, self, &first) : NULL;
}

static int compare_values(const void *left, const void *right)
{
    const struct sp_python_value *a = *(const struct sp_python_value *const *)left;
    const struct sp_python_value *b = *(const struct sp_python_value *const *)right;
    if (a->kind == SP_PYTHON_VALUE_NUMBER)
        return (a->number > b->number) - (a->number < b->number);
    size_t n = a->text.n_bytes < b->text.n_bytes ? a->text.n_bytes : b->text.n_bytes;
    int r = n ? memcmp(a->text.ptr, b->text.ptr, n) : 0;
    return r ? r : (a->text.n_bytes > b->text.n_bytes) - (a->text.n_bytes < b->text.n_bytes);
}

static const struct sp_python_value *call_sorted(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    const struct sp_python_value *items = n_arguments == 1 ? sp_fold_python_items(fold, self) : NULL;
    for (uint32_t i = 0; items && i < items->n_items; i++)
        if (!items->items[i] || items->items[i]->kind != items->items[0]->kind ||
            (!sp_fold_python_is_text(items->items[i]) && !sp_fold_python_is_number(items->items[i])))
            return NULL;
    const struct sp_python_value **sorted =
        items ? sp_arena_array(fold->arena, items->n_items + 1, sizeof(*sorted)) : NULL;
    if (!sorted)
        return NULL;
    if (items->n_items)
        memcpy(sorted, items->items, items->n_items * sizeof(*sorted));
    qsort(sorted, items->n_items, sizeof(*sorted), compare_values);
    return sp_fold_python_sequence(fold, sorted, items->n_items);
}

/* Rows of two: zip of two rows, enumerate of one (then left is NULL). */
static const struct sp_python_value *pairs(
    struct sp_fold_python *fold, const struct sp_python_value *left, const struct sp_python_value *right)
{
    uint32_t n = right->n_items;
    if (left && left->n_items < n)
        n = left->n_items;
    const struct sp_python_value **rows = sp_arena_array(fold->arena, 3 * (size_t)n + 1, sizeof(*rows));
    if (!rows)
        return NULL;
    for (uint32_t i = 0; i < n; i++) {
        const struct sp_python_value **pair = rows + n + 2 * (size_t)i;
        pair[0] = left ? left->items[i] : sp_fold_python_number(fold, i);
        pair[1] = right->items[i];
        rows[i] = sp_fold_python_sequence(fold, pair, 2);
    }
    return sp_fold_python_sequence(fold, rows, n);
}

static const struct sp_python_value *call_zip(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *left = sp_fold_python_items(fold, self);
    const struct sp_python_value *right = n_arguments == 2 ? sp_fold_python_items(fold, arguments[1]) : NULL;
    return left && right ? pairs(fold, left, right) : NULL;
}

static const struct sp_python_value *call_enumerate(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    const struct sp_python_value *items = n_arguments == 1 ? sp_fold_python_items(fold, self) : NULL;
    return items ? pairs(fold, NULL, items) : NULL;
}

static const struct {
    const char *name;
    sp_fold_python_apply *apply; /* self is the first argument */
} functions[] = {
    {"base64.a85decode", call_a85},
    {"base64.b16decode", call_hex},
    {"base64.b32decode", call_base32},
    {"base64.b64decode", call_base64},
    {"base64.b85decode", call_b85},
    {"base64.decodebytes", call_base64},
    {"base64.standard_b64decode", call_base64},
    {"base64.urlsafe_b64decode", call_base64},
    {"binascii.a2b_base64", call_base64},
    {"binascii.a2b_hex", call_hex},
    {"binascii.unhexlify", call_hex},
    {"bytearray", call_bytes},
    {"bytearray.fromhex", call_hex},
    {"bytes", call_bytes},
    {"bytes.fromhex", call_hex},
    {"chr", call_chr},
    {"codecs.decode", call_decode},
    {"codecs.encode", call_encode},
    {"enumerate", call_enumerate},
    {"frozenset", call_items},
    {"int", call_int},
    {"iter", call_items},
    {"len", call_len},
    {"list", call_items},
    {"memoryview", call_bytes},
    {"next", call_next},
    {"operator.add", call_add},
    {"operator.concat", call_add},
    {"operator.getitem", call_getitem},
    {"ord", call_ord},
    {"range", call_range},
    {"reversed", call_reversed},
    {"sorted", call_sorted},
    {"str", call_str},
    {"str.maketrans", call_maketrans},
    {"sys.intern", call_str},
    {"tuple", call_items},
    {"zip", call_zip},
};

const struct sp_python_value *sp_fold_python_call(
    struct sp_fold_python *fold, struct sp_str name, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments == 0 || !sp_fold_python_affords(fold, NULL, arguments, n_arguments))
        return NULL;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (!sp_str_is(name, functions[i].name))
            continue;
        return functions[i].apply(fold, arguments[0], arguments, n_arguments);
    }
    /* str.lower("OS"): a method by its class. */
    static const char *const classes[] = {"str.", "bytes.", "bytearray.", "int.", "dict.", "list."};
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t n = strlen(classes[i]);
        if (name.n_bytes > n && memcmp(name.ptr, classes[i], n) == 0)
            return sp_fold_python_method(fold, arguments[0], (struct sp_str){name.ptr + n, name.n_bytes - n},
                arguments + 1, n_arguments - 1, NULL);
    }
    return NULL;
}
