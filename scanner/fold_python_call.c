/* The functions that only compute. One thread at a time; memory is the arena's. */
#include "scanner/fold_python_apply.h"

#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

#define ZIP_MAX 8

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
        return self && n_arguments == 1 ? sp_fold_python_text(fold, SP_PYTHON_VALUE_BYTES, self->text, SP_VIA_FOLDED)
                                        : NULL;
    if (self->kind == SP_PYTHON_VALUE_NUMBER && !self->builtin) {
        for (int64_t i = 0; i < self->number && !builder.failed; i++)
            sp_fold_python_append(&builder, (struct sp_str){"", 1});
        return self->number < 0 ? NULL : sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
    }
    if (self->kind == SP_PYTHON_VALUE_TEXT)
        return n_arguments > 1
                   ? sp_fold_python_method(fold, self, SP_STR("encode"), arguments + 1, n_arguments - 1, NULL)
                   : NULL;
    if (self->kind != SP_PYTHON_VALUE_SEQUENCE || self != sp_fold_python_row(fold, self))
        return NULL;
    for (uint32_t i = 0; i < self->n_items; i++) {
        if (!sp_fold_python_is_number(self->items[i]) || self->items[i]->number < 0 || self->items[i]->number > 255)
            return NULL;
        char byte = (char)self->items[i]->number;
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *call_bytearray(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *bytes = call_bytes(fold, self, arguments, n_arguments);
    struct sp_python_value *copy =
        bytes ? sp_fold_python_text(fold, SP_PYTHON_VALUE_BYTES, bytes->text, SP_VIA_FOLDED) : NULL;
    if (copy)
        copy->changes = true;
    return copy;
}

static const struct sp_python_value *call_memoryview(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    bool changes = self && self->changes;
    return changes ? call_bytearray(fold, self, arguments, n_arguments)
                   : call_bytes(fold, self, arguments, n_arguments);
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

/* The items in a row of its own. */
static struct sp_python_value *copied(struct sp_fold_python *fold, const struct sp_python_value *items)
{
    struct sp_python_value *copy = items ? sp_fold_python_list(fold, items->items, items->n_items) : NULL;
    if (copy)
        copy->mixed = items->mixed;
    return copy;
}

static const struct sp_python_value *call_list(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return n_arguments == 1 ? copied(fold, sp_fold_python_items(fold, self)) : NULL;
}

static const struct sp_python_value *call_tuple(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_python_value *copy = copied(fold, sp_fold_python_items(fold, self));
    (void)arguments;
    if (copy)
        copy->changes = false;
    return n_arguments == 1 ? copy : NULL;
}

static const struct sp_python_value *call_set(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_python_value *copy = copied(fold, sp_fold_python_items(fold, self));
    (void)arguments;
    return n_arguments == 1 && copy ? sp_fold_python_mix(fold, copy) : NULL;
}

static const struct sp_python_value *call_reversed(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    const struct sp_python_value *step = sp_fold_python_number(fold, -1);
    const struct sp_python_value *items = copied(fold, sp_fold_python_row(fold, self));
    return items && step ? sp_fold_python_slice(fold, items, NULL, NULL, step) : NULL;
}

/* The dictionary, with numbers in place of its single characters. */
static const struct sp_python_value *by_point(struct sp_fold_python *fold, const struct sp_python_value *dict)
{
    const struct sp_python_value **items = sp_arena_array(fold->arena, dict->n_items + 1, sizeof(*items));
    struct sp_python_value *table = sp_fold_python_value(fold, SP_PYTHON_VALUE_DICT);
    if (!items || !table)
        return NULL;
    for (uint32_t i = 0; i < dict->n_items; i++) {
        const struct sp_python_value *item = dict->items[i];
        items[i] = i % 2 == 0 && sp_fold_python_is_text(item) ? call_ord(fold, item, NULL, 1) : item;
        if (i % 2 == 0 && !items[i])
            return NULL;
    }
    table->items = items;
    table->n_items = dict->n_items;
    return table;
}

static const struct sp_python_value *call_maketrans(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    if (n_arguments == 1)
        return self && self->kind == SP_PYTHON_VALUE_DICT ? by_point(fold, self) : NULL;
    const struct sp_python_value *from = sp_fold_python_row(fold, self);
    const struct sp_python_value *to = sp_fold_python_row(fold, sp_fold_python_argument(arguments, n_arguments, 1));
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
        items[n++] = i < from->n_items ? to->items[i]
                                       : sp_fold_python_text(fold, SP_PYTHON_VALUE_TEXT, SP_STR(""), SP_VIA_FOLDED);
        if (!items[n - 2] || !items[n - 1])
            return NULL;
    }
    dict->items = items;
    dict->n_items = n;
    return dict;
}

/* bytes.maketrans: each byte as it is, but those of the one that become those of the other. */
static const struct sp_python_value *call_maketrans_bytes(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *to = sp_fold_python_argument(arguments, n_arguments, 1);
    if (!self || !to || self->kind != SP_PYTHON_VALUE_BYTES || to->kind != SP_PYTHON_VALUE_BYTES ||
        self->text.n_bytes != to->text.n_bytes)
        return NULL;
    char table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (char)i;
    for (size_t i = 0; i < self->text.n_bytes; i++)
        table[(uint8_t)self->text.ptr[i]] = to->text.ptr[i];
    sp_fold_python_append(&builder, (struct sp_str){table, sizeof(table)});
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *call_base64(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return sp_fold_python_is_text(self) && n_arguments == 1 ? sp_fold_python_codec(fold, self, SP_STR("base64"), false)
                                                            : NULL;
}

static const struct sp_python_value *call_base64_names(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return sp_fold_python_is_text(self) && n_arguments == 1 ? sp_fold_python_codec_of_names(fold, self) : NULL;
}

static const struct sp_python_value *call_base32(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return sp_fold_python_is_text(self) && n_arguments <= 2 ? sp_fold_python_codec(fold, self, SP_STR("base32"), false)
                                                            : NULL;
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
    return sp_fold_python_number_order(
        *(const struct sp_python_value *const *)left, *(const struct sp_python_value *const *)right);
}

static const struct sp_python_value *call_sorted(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *items = sp_fold_python_items(fold, self);
    int reverse = n_arguments > 2 ? sp_fold_python_truth(arguments[2]) : 0;
    if (!items || reverse < 0 || (n_arguments > 1 && arguments[1]) || n_arguments == 2 ||
        !sp_fold_python_number_comparable(items->items, items->n_items))
        return NULL;
    const struct sp_python_value **sorted =
        sp_arena_array(fold->arena, 2 * (size_t)items->n_items + 1, sizeof(*sorted));
    if (!sorted)
        return NULL;
    if (items->n_items)
        memcpy(sorted, items->items, items->n_items * sizeof(*sorted));
    qsort(sorted, items->n_items, sizeof(*sorted), compare_values);
    for (uint32_t i = 0; reverse && i < items->n_items; i++)
        sorted[items->n_items + i] = sorted[items->n_items - 1 - i]; /* equal ones are alike */
    return sp_fold_python_list(fold, sorted + (reverse ? items->n_items : 0), items->n_items);
}

static const struct sp_python_value *call_zip(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)self;
    const struct sp_python_value *rows[ZIP_MAX];
    size_t n_items = SP_FOLD_PYTHON_ITEMS;
    if (n_arguments > ZIP_MAX)
        return NULL;
    for (size_t k = 0; k < n_arguments; k++) {
        rows[k] = sp_fold_python_row(fold, arguments[k]);
        if (!rows[k])
            return NULL;
        n_items = rows[k]->n_items < n_items ? rows[k]->n_items : n_items;
    }
    const struct sp_python_value **zipped =
        sp_arena_array(fold->arena, (n_arguments + 1) * n_items + 1, sizeof(*zipped));
    for (size_t i = 0; zipped && i < n_items; i++) {
        const struct sp_python_value **items = zipped + n_items + n_arguments * i;
        for (size_t k = 0; k < n_arguments; k++)
            items[k] = rows[k]->items[i];
        zipped[i] = sp_fold_python_sequence(fold, items, n_arguments);
    }
    return zipped ? sp_fold_python_list(fold, zipped, n_items) : NULL;
}

static const struct sp_python_value *call_enumerate(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *items = sp_fold_python_row(fold, self);
    const struct sp_python_value *start = sp_fold_python_argument(arguments, n_arguments, 1);
    if (!items || (n_arguments > 1 && !sp_fold_python_is_number(start)))
        return NULL;
    const struct sp_python_value **numbers = sp_arena_array(fold->arena, items->n_items + 1, sizeof(*numbers));
    for (uint32_t i = 0; numbers && i < items->n_items; i++)
        numbers[i] = sp_fold_python_number(fold, (start ? start->number : 0) + i);
    const struct sp_python_value *both[2] = {
        numbers ? sp_fold_python_sequence(fold, numbers, items->n_items) : NULL, items};
    return call_zip(fold, NULL, both, 2);
}

static const struct sp_python_value *call_format(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *spec = sp_fold_python_argument(arguments, n_arguments, 1);
    bool known = self && (n_arguments == 1 || (spec && spec->kind == SP_PYTHON_VALUE_TEXT)) &&
                 sp_fold_python_append_spec(&builder, self, spec ? spec->text : SP_STR(""));
    return known ? sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT) : NULL;
}

static const struct sp_python_value *call_repr(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    struct sp_fold_python_builder builder = {.fold = fold};
    bool known = n_arguments == 1 && sp_fold_python_append_repr(&builder, self, false);
    return known ? sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT) : NULL;
}

static const struct sp_python_value *call_ascii(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    struct sp_fold_python_builder builder = {.fold = fold};
    bool known = n_arguments == 1 && sp_fold_python_append_repr(&builder, self, true);
    return known ? sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT) : NULL;
}

/* A binary operator by its name in the module operator. */
static const struct sp_python_value *call_mod(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return n_arguments == 2 ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_MODULO, self, arguments[1]) : NULL;
}

static const struct sp_python_value *call_mul(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return n_arguments == 2 ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_MULTIPLY, self, arguments[1]) : NULL;
}

static const struct sp_python_value *call_xor(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return n_arguments == 2 ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_BIT_XOR, self, arguments[1]) : NULL;
}

/* itertools.chain */
static const struct sp_python_value *call_chain(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)self;
    const struct sp_python_value *chained = sp_fold_python_list(fold, NULL, 0);
    for (size_t i = 0; i < n_arguments && chained; i++) {
        const struct sp_python_value *row = sp_fold_python_row(fold, arguments[i]);
        chained = row ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_ADD, chained, row) : NULL;
    }
    return chained;
}

static const struct {
    const char *name;
    sp_fold_python_apply *apply; /* self is the first argument */
} functions[] = {
    {"abs", sp_fold_python_number_abs},
    {"ascii", call_ascii},
    {"base64.a85decode", call_a85},
    {"base64.b16decode", call_hex},
    {"base64.b32decode", call_base32},
    {"base64.b64decode", call_base64},
    {"base64.b85decode", call_b85},
    {"base64.decodebytes", call_base64},
    {"base64.standard_b64decode", call_base64},
    {"base64.urlsafe_b64decode", call_base64_names},
    {"binascii.a2b_base64", call_base64},
    {"binascii.a2b_hex", call_hex},
    {"binascii.unhexlify", call_hex},
    {"bin", sp_fold_python_number_bin},
    {"bool", sp_fold_python_number_bool},
    {"bytearray", call_bytearray},
    {"bytearray.fromhex", call_hex},
    {"bytearray.maketrans", call_maketrans_bytes},
    {"bytes", call_bytes},
    {"bytes.fromhex", call_hex},
    {"bytes.maketrans", call_maketrans_bytes},
    {"chr", call_chr},
    {"codecs.decode", call_decode},
    {"codecs.encode", call_encode},
    {"divmod", sp_fold_python_number_divmod},
    {"enumerate", call_enumerate},
    {"format", call_format},
    {"frozenset", call_set},
    {"hex", sp_fold_python_number_hex},
    {"int", sp_fold_python_number_int},
    {"int.from_bytes", sp_fold_python_number_from_bytes},
    {"iter", call_list},
    {"itertools.chain", call_chain},
    {"len", call_len},
    {"list", call_list},
    {"max", sp_fold_python_number_max},
    {"memoryview", call_memoryview},
    {"min", sp_fold_python_number_min},
    {"next", call_next},
    {"oct", sp_fold_python_number_oct},
    {"operator.add", call_add},
    {"operator.concat", call_add},
    {"operator.getitem", call_getitem},
    {"operator.mod", call_mod},
    {"operator.mul", call_mul},
    {"operator.xor", call_xor},
    {"ord", call_ord},
    {"pow", sp_fold_python_number_pow},
    {"range", sp_fold_python_number_range},
    {"repr", call_repr},
    {"reversed", call_reversed},
    {"round", sp_fold_python_number_round},
    {"set", call_set},
    {"sorted", call_sorted},
    {"str", call_str},
    {"str.maketrans", call_maketrans},
    {"sum", sp_fold_python_number_sum},
    {"sys.intern", call_str},
    {"tuple", call_tuple},
    {"zip", call_zip},
};

/* Arguments that may be given by keyword, in order. "": one that may not, -: one that changes nothing that is folded. */
static const struct {
    const char *function, *keywords[3];
} signatures[] = {
    {"base64.b16decode", {"s", "-casefold"}},
    {"base64.b32decode", {"s", "-casefold"}},
    {"base64.b64decode", {"s", "-validate"}},
    {"bytearray", {"source", "encoding"}},
    {"bytes", {"source", "encoding"}},
    {"codecs.decode", {"obj", "encoding", "-errors"}},
    {"codecs.encode", {"obj", "encoding", "-errors"}},
    {"decode", {"encoding", "-errors"}},
    {"encode", {"encoding", "-errors"}},
    {"enumerate", {"iterable", "start"}},
    {"expandtabs", {"tabsize"}},
    {"int", {"", "base"}},
    {"int.from_bytes", {"bytes", "byteorder"}},
    {"pow", {"base", "exp", "mod"}},
    {"round", {"number"}},
    {"rsplit", {"sep", "maxsplit"}},
    {"sorted", {"", "key", "reverse"}},
    {"split", {"sep", "maxsplit"}},
    {"splitlines", {"keepends"}},
    {"str", {"object", "encoding"}},
    {"sum", {"", "start"}},
    {"to_bytes", {"length", "byteorder"}},
    {"zip", {"-strict"}},
};

int sp_fold_python_position(struct sp_str function, struct sp_str keyword, int n_arguments)
{
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
        for (int k = 0; k < 3 && sp_str_is(function, signatures[i].function) && signatures[i].keywords[k]; k++) {
            const char *known = signatures[i].keywords[k];
            if (known[0] == '-' && sp_str_is(keyword, known + 1))
                return n_arguments;
            if (known[0] && sp_str_is(keyword, known))
                return k;
        }
    return -1;
}

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
