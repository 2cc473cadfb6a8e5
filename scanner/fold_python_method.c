/* Methods of constants. One thread at a time; memory is the arena's. */
#include "scanner/fold_python_apply.h"

#include <string.h>

#include "proto/utf8.h"

#define PADDED_MAX 4096

/* Letters of other alphabets change by tables that are not here. */
static bool knows_case(const struct sp_python_value *value)
{
    return sp_fold_python_search_is_ascii(value) || (value && value->kind == SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *cased(struct sp_fold_python *fold, const struct sp_python_value *self, int how)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    bool inside = false;
    for (size_t i = 0; i < self->text.n_bytes; i++) {
        char byte = self->text.ptr[i];
        bool small = byte >= 'a' && byte <= 'z', large = byte >= 'A' && byte <= 'Z';
        if ((small || large) && (how == 's' || (how == 'l' && large) || (how == 'u' && small) ||
                                    (how == 't' && inside == large) || (how == 'c' && (i == 0 ? small : large))))
            byte = (char)(byte ^ 0x20);
        inside = small || large;
        sp_fold_python_append(&builder, (struct sp_str){&byte, 1});
    }
    return sp_fold_python_build(&builder, self->kind);
}

#define CASED(name, how)                                                                                               \
    static const struct sp_python_value *name(struct sp_fold_python *fold, const struct sp_python_value *self,         \
        const struct sp_python_value *const *arguments, size_t n_arguments)                                            \
    {                                                                                                                  \
        (void)arguments;                                                                                               \
        (void)n_arguments;                                                                                             \
        return knows_case(self) ? cased(fold, self, how) : NULL;                                                       \
    }
CASED(text_lower, 'l')
CASED(text_upper, 'u')
CASED(text_swapcase, 's')
CASED(text_title, 't')
CASED(text_capitalize, 'c')

static const struct sp_python_value *text_join(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *given = sp_fold_python_argument(arguments, n_arguments, 0);
    if (!sp_fold_python_is_text(self) || !given || (given->kind == SP_PYTHON_VALUE_BYTES))
        return NULL;
    const struct sp_python_value *items = sp_fold_python_row(fold, given);
    for (uint32_t i = 0; items && i < items->n_items; i++) {
        if (!items->items[i] || items->items[i]->kind != self->kind)
            return NULL;
        if (i > 0)
            sp_fold_python_append(&builder, self->text);
        sp_fold_python_append(&builder, items->items[i]->text);
    }
    return items ? sp_fold_python_build(&builder, self->kind) : NULL;
}

static const struct sp_python_value *text_replace(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *old = sp_fold_python_argument(arguments, n_arguments, 0);
    const struct sp_python_value *new = sp_fold_python_argument(arguments, n_arguments, 1);
    if (!sp_fold_python_is_text(self) || !sp_fold_python_is_text(old) || !sp_fold_python_is_text(new) ||
        old->text.n_bytes == 0)
        return NULL;
    if (old->kind != self->kind || new->kind != self->kind || n_arguments > 3 ||
        (n_arguments > 2 && !sp_fold_python_is_number(arguments[2])))
        return NULL;
    int64_t left = n_arguments > 2 ? arguments[2]->number : -1;
    struct sp_str text = self->text;
    for (size_t at = 0; at <= text.n_bytes && !builder.failed;) {
        const char *found =
            left == 0 ? NULL : memmem(text.ptr + at, text.n_bytes - at, old->text.ptr, old->text.n_bytes);
        size_t stop = found ? (size_t)(found - text.ptr) : text.n_bytes;
        sp_fold_python_append(&builder, (struct sp_str){text.ptr + at, stop - at});
        if (!found)
            break;
        sp_fold_python_append(&builder, new->text);
        at = stop + old->text.n_bytes;
        left--;
    }
    return sp_fold_python_build(&builder, self->kind);
}

static bool strips(char byte, const struct sp_python_value *set, bool bytes)
{
    return set ? memchr(set->text.ptr, byte, set->text.n_bytes) != NULL : sp_fold_python_search_is_blank(byte, bytes);
}

static const struct sp_python_value *strip(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *set, bool left, bool right)
{
    bool bytes = self->kind == SP_PYTHON_VALUE_BYTES;
    if (!sp_fold_python_is_text(self) || (set && set->kind != self->kind) ||
        (!bytes && !sp_fold_python_search_is_ascii(set ? set : self)))
        return NULL;
    struct sp_str text = self->text;
    while (left && text.n_bytes && strips(text.ptr[0], set, bytes))
        text = (struct sp_str){text.ptr + 1, text.n_bytes - 1};
    while (right && text.n_bytes && strips(text.ptr[text.n_bytes - 1], set, bytes))
        text.n_bytes--;
    return sp_fold_python_text(fold, self->kind, text, SP_VIA_FOLDED);
}

#define STRIPPED(name, left, right)                                                                                    \
    static const struct sp_python_value *name(struct sp_fold_python *fold, const struct sp_python_value *self,         \
        const struct sp_python_value *const *arguments, size_t n_arguments)                                            \
    {                                                                                                                  \
        if (n_arguments > 1 || (n_arguments && !arguments[0]))                                                         \
            return NULL;                                                                                               \
        return strip(fold, self, sp_fold_python_argument(arguments, n_arguments, 0), left, right);                     \
    }
STRIPPED(text_strip, true, true)
STRIPPED(text_lstrip, true, false)
STRIPPED(text_rstrip, false, true)

static const struct sp_python_value *text_removeprefix(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *head = sp_fold_python_argument(arguments, n_arguments, 0);
    if (!sp_fold_python_is_text(self) || !sp_fold_python_is_text(head))
        return NULL;
    struct sp_str text = self->text;
    if (text.n_bytes >= head->text.n_bytes && memcmp(text.ptr, head->text.ptr, head->text.n_bytes) == 0)
        text = (struct sp_str){text.ptr + head->text.n_bytes, text.n_bytes - head->text.n_bytes};
    return sp_fold_python_text(fold, self->kind, text, SP_VIA_FOLDED);
}

static const struct sp_python_value *text_removesuffix(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *tail = sp_fold_python_argument(arguments, n_arguments, 0);
    if (!sp_fold_python_is_text(self) || !sp_fold_python_is_text(tail))
        return NULL;
    struct sp_str text = self->text;
    if (sp_str_ends(text, tail->text))
        text.n_bytes -= tail->text.n_bytes;
    return sp_fold_python_text(fold, self->kind, text, SP_VIA_FOLDED);
}

static const struct sp_python_value *text_format_map(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *named = sp_fold_python_argument(arguments, n_arguments, 0);
    bool known = self->kind == SP_PYTHON_VALUE_TEXT && named && named->kind == SP_PYTHON_VALUE_DICT;
    return known ? sp_fold_python_format(fold, self, NULL, 0, named) : NULL;
}

static const struct sp_python_value *text_coded(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments, bool encode)
{
    const struct sp_python_value *codec = sp_fold_python_argument(arguments, n_arguments, 0);
    if (n_arguments > 0 && (!codec || codec->kind != SP_PYTHON_VALUE_TEXT))
        return NULL;
    return sp_fold_python_codec(fold, self, codec ? codec->text : SP_STR("utf8"), encode);
}

static const struct sp_python_value *text_decode(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return text_coded(fold, self, arguments, n_arguments, false);
}

static const struct sp_python_value *text_encode(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return text_coded(fold, self, arguments, n_arguments, true);
}

/* By a table of 256 bytes, without those of the second argument. */
static const struct sp_python_value *bytes_translate(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *table = sp_fold_python_argument(arguments, n_arguments, 0);
    if (n_arguments != 1 || !table || table->kind != SP_PYTHON_VALUE_BYTES || table->text.n_bytes != 256)
        return NULL;
    for (size_t i = 0; i < self->text.n_bytes; i++)
        sp_fold_python_append(&builder, (struct sp_str){table->text.ptr + (uint8_t)self->text.ptr[i], 1});
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_BYTES);
}

static const struct sp_python_value *text_translate(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *table = sp_fold_python_argument(arguments, n_arguments, 0);
    struct sp_fold_python_builder builder = {.fold = fold};
    if (self->kind == SP_PYTHON_VALUE_BYTES)
        return bytes_translate(fold, self, arguments, n_arguments);
    if (self->kind != SP_PYTHON_VALUE_TEXT || !table || table->kind != SP_PYTHON_VALUE_DICT || table->n_items > 512 ||
        n_arguments > 1)
        return NULL;
    for (size_t at = 0; at < self->text.n_bytes && !builder.failed;) {
        uint32_t point = 0xfffd;
        size_t n = sp_utf8_next((const uint8_t *)self->text.ptr + at, self->text.n_bytes - at, &point);
        at += n ? n : 1;
        struct sp_python_value key = {.kind = SP_PYTHON_VALUE_NUMBER, .number = point};
        bool found = false;
        for (uint32_t i = 0; i < table->n_items && !found; i += 2) {
            found = table->items[i] && sp_fold_python_equal(table->items[i], &key, 0);
            if (!found)
                continue;
            const struct sp_python_value *to = table->items[i + 1];
            if (sp_fold_python_is_number(to))
                sp_fold_python_append_point(&builder, (uint32_t)to->number);
            else if (to && to->kind == SP_PYTHON_VALUE_TEXT)
                sp_fold_python_append(&builder, to->text);
            else
                return NULL;
        }
        if (!found)
            sp_fold_python_append_point(&builder, point);
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static const struct sp_python_value *bytes_hex(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    struct sp_fold_python_builder builder = {.fold = fold};
    if (self->kind != SP_PYTHON_VALUE_BYTES || n_arguments > 0)
        return NULL;
    for (size_t i = 0; i < self->text.n_bytes; i++) {
        uint8_t byte = (uint8_t)self->text.ptr[i];
        char pair[2] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        sp_fold_python_append(&builder, (struct sp_str){pair, 2});
    }
    return sp_fold_python_build(&builder, SP_PYTHON_VALUE_TEXT);
}

static const struct sp_python_value *any_item(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_index(fold, self, sp_fold_python_argument(arguments, n_arguments, 0));
}

static const struct sp_python_value *any_add(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return sp_fold_python_binary(
        fold, SP_PYTHON_OPERATOR_ADD, self, sp_fold_python_argument(arguments, n_arguments, 0));
}

/* What part gives of each pair, as a list. */
static const struct sp_python_value *dict_list(struct sp_fold_python *fold, const struct sp_python_value *self,
    size_t n_arguments,
    const struct sp_python_value *(*part)(struct sp_fold_python *fold, const struct sp_python_value *const *pair))
{
    if (self->kind != SP_PYTHON_VALUE_DICT || self->mixed || n_arguments)
        return NULL;
    const struct sp_python_value **items = sp_arena_array(fold->arena, self->n_items / 2 + 1, sizeof(*items));
    for (uint32_t i = 0; items && i < self->n_items / 2; i++)
        items[i] = part(fold, self->items + 2 * (size_t)i);
    return items ? sp_fold_python_list(fold, items, self->n_items / 2) : NULL;
}

static const struct sp_python_value *pair_value(struct sp_fold_python *fold, const struct sp_python_value *const *pair)
{
    (void)fold;
    return pair[1];
}

static const struct sp_python_value *pair_row(struct sp_fold_python *fold, const struct sp_python_value *const *pair)
{
    return sp_fold_python_sequence(fold, pair, 2);
}

static const struct sp_python_value *dict_values(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return dict_list(fold, self, n_arguments, pair_value);
}

static const struct sp_python_value *dict_items(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return dict_list(fold, self, n_arguments, pair_row);
}

static const struct sp_python_value *dict_keys(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return self->kind == SP_PYTHON_VALUE_DICT && !n_arguments ? sp_fold_python_items(fold, self) : NULL;
}

static const struct sp_python_value *sequence_pop(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct sp_python_value last = {.kind = SP_PYTHON_VALUE_NUMBER, .number = -1};
    return sp_fold_python_index(fold, self, n_arguments ? arguments[0] : &last);
}

/* ---- in a width ---- */

static const struct sp_python_value *padded(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments, char align)
{
    struct sp_fold_python_builder builder = {.fold = fold};
    const struct sp_python_value *width = sp_fold_python_argument(arguments, n_arguments, 0);
    const struct sp_python_value *fill = sp_fold_python_argument(arguments, n_arguments, 1);
    if (!sp_fold_python_search_is_ascii(self) || !sp_fold_python_is_number(width) || width->number > PADDED_MAX ||
        n_arguments > 2 || (n_arguments > 1 && (!sp_fold_python_search_is_ascii(fill) || fill->text.n_bytes != 1)))
        return NULL;
    struct sp_str text = self->text, one = fill ? fill->text : align == '0' ? SP_STR("0") : SP_STR(" ");
    size_t n_pad = width->number > (int64_t)text.n_bytes ? (size_t)width->number - text.n_bytes : 0;
    /* The odd one goes to the left where the width is odd. */
    size_t n_left = align == '<' ? 0 : align == '^' ? n_pad / 2 + (n_pad & (size_t)width->number & 1) : n_pad;
    if (align == '0' && text.n_bytes && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        sp_fold_python_append(&builder, (struct sp_str){text.ptr, 1});
        text = (struct sp_str){text.ptr + 1, text.n_bytes - 1};
    }
    for (size_t i = 0; i < n_left; i++)
        sp_fold_python_append(&builder, one);
    sp_fold_python_append(&builder, text);
    for (size_t i = n_left; i < n_pad; i++)
        sp_fold_python_append(&builder, one);
    return sp_fold_python_build(&builder, self->kind);
}

#define PADDED(name, align)                                                                                            \
    static const struct sp_python_value *name(struct sp_fold_python *fold, const struct sp_python_value *self,         \
        const struct sp_python_value *const *arguments, size_t n_arguments)                                            \
    {                                                                                                                  \
        return padded(fold, self, arguments, n_arguments, align);                                                      \
    }
PADDED(text_center, '^')
PADDED(text_ljust, '<')
PADDED(text_rjust, '>')
PADDED(text_zfill, '0')

static const struct sp_python_value *text_expandtabs(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    bool plain = sp_fold_python_is_text(self) && !memchr(self->text.ptr, '\t', self->text.n_bytes);
    return plain && n_arguments <= 1 ? sp_fold_python_text(fold, self->kind, self->text, SP_VIA_FOLDED) : NULL;
}

/* ---- by the names of operators ---- */

static const struct sp_python_value *any_mod(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return n_arguments == 1 ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_MODULO, self, arguments[0]) : NULL;
}

static const struct sp_python_value *any_mul(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return n_arguments == 1 ? sp_fold_python_binary(fold, SP_PYTHON_OPERATOR_MULTIPLY, self, arguments[0]) : NULL;
}

static const struct sp_python_value *any_str(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)arguments;
    return n_arguments == 0 && self ? sp_fold_python_call(fold, SP_STR("str"), &self, 1) : NULL;
}

static const struct sp_python_value *any_copy(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)fold;
    (void)arguments;
    return n_arguments == 0 ? self : NULL;
}

static const struct sp_python_value *any_tobytes(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    (void)fold;
    (void)arguments;
    return n_arguments == 0 && self->kind == SP_PYTHON_VALUE_BYTES ? self : NULL;
}

static const struct sp_python_value *any_maketrans(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return self->kind == SP_PYTHON_VALUE_TEXT
               ? sp_fold_python_call(fold, SP_STR("str.maketrans"), arguments, n_arguments)
               : NULL;
}

static const struct sp_python_value *any_format(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *both[2] = {self, sp_fold_python_argument(arguments, n_arguments, 0)};
    return n_arguments == 1 ? sp_fold_python_call(fold, SP_STR("format"), both, 2) : NULL;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    sp_fold_python_apply *apply;
} methods[] = {
    {"__add__", any_add},
    {"__format__", any_format},
    {"__getitem__", any_item},
    {"__mod__", any_mod},
    {"__mul__", any_mul},
    {"__str__", any_str},
    {"capitalize", text_capitalize},
    {"casefold", text_lower},
    {"center", text_center},
    {"copy", any_copy},
    {"count", sp_fold_python_search_count},
    {"decode", text_decode},
    {"encode", text_encode},
    {"endswith", sp_fold_python_search_endswith},
    {"expandtabs", text_expandtabs},
    {"find", sp_fold_python_search_find},
    {"format_map", text_format_map},
    {"get", any_item},
    {"hex", bytes_hex},
    {"index", sp_fold_python_search_find},
    {"isalnum", sp_fold_python_search_isalnum},
    {"isalpha", sp_fold_python_search_isalpha},
    {"isdecimal", sp_fold_python_search_isdigit},
    {"isdigit", sp_fold_python_search_isdigit},
    {"islower", sp_fold_python_search_islower},
    {"isnumeric", sp_fold_python_search_isdigit},
    {"isspace", sp_fold_python_search_isspace},
    {"isupper", sp_fold_python_search_isupper},
    {"items", dict_items},
    {"join", text_join},
    {"keys", dict_keys},
    {"ljust", text_ljust},
    {"lower", text_lower},
    {"lstrip", text_lstrip},
    {"maketrans", any_maketrans},
    {"partition", sp_fold_python_search_partition},
    {"pop", sequence_pop},
    {"removeprefix", text_removeprefix},
    {"removesuffix", text_removesuffix},
    {"replace", text_replace},
    {"rfind", sp_fold_python_search_rfind},
    {"rindex", sp_fold_python_search_rfind},
    {"rjust", text_rjust},
    {"rpartition", sp_fold_python_search_rpartition},
    {"rsplit", sp_fold_python_search_rsplit},
    {"rstrip", text_rstrip},
    {"setdefault", any_item},
    {"split", sp_fold_python_search_split},
    {"splitlines", sp_fold_python_search_splitlines},
    {"startswith", sp_fold_python_search_startswith},
    {"strip", text_strip},
    {"swapcase", text_swapcase},
    {"title", text_title},
    {"to_bytes", sp_fold_python_number_to_bytes},
    {"tobytes", any_tobytes},
    {"translate", text_translate},
    {"upper", text_upper},
    {"values", dict_values},
    {"zfill", text_zfill},
};

const struct sp_python_value *sp_fold_python_method(struct sp_fold_python *fold, const struct sp_python_value *value,
    struct sp_str name, const struct sp_python_value *const *arguments, size_t n_arguments,
    const struct sp_python_value *named)
{
    if (!sp_fold_python_affords(fold, value, arguments, n_arguments))
        return NULL;
    if (value && value->kind == SP_PYTHON_VALUE_TEXT && sp_str_is(name, "format"))
        return sp_fold_python_format(fold, value, arguments, n_arguments, named);
    for (size_t i = 0; value && i < sizeof(methods) / sizeof(methods[0]); i++)
        if (sp_str_is(name, methods[i].name))
            return methods[i].apply(fold, value, arguments, n_arguments);
    return NULL;
}
