/* Methods of text that look for something in it, and that take it apart. One thread at a time; memory is the arena's. */
#include "scanner/fold_python_apply.h"

#include <string.h>

#include "proto/utf8.h"

/* ---- what kind of characters ---- */

bool sp_fold_python_search_is_ascii(const struct sp_python_value *value)
{
    return sp_fold_python_is_text(value) &&
           sp_utf8_ascii((const uint8_t *)value->text.ptr, value->text.n_bytes) == value->text.n_bytes;
}

bool sp_fold_python_search_is_blank(char byte, bool bytes)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r') || (!bytes && byte >= 0x1c && byte <= 0x1f);
}

enum kind { ALPHA = 1, DIGIT = 2, UPPER = 4, LOWER = 8, SPACE = 16 };

static unsigned kind_of(char byte, bool bytes)
{
    bool lower = byte >= 'a' && byte <= 'z', upper = byte >= 'A' && byte <= 'Z';
    return (lower ? ALPHA | LOWER : 0u) | (upper ? ALPHA | UPPER : 0u) | (byte >= '0' && byte <= '9' ? DIGIT : 0u) |
           (sp_fold_python_search_is_blank(byte, bytes) ? SPACE : 0u);
}

/* Is each character of one of the kinds? Letters that have a case are enough for UPPER and LOWER, if all that have one agree. */
static const struct sp_python_value *all_are(
    struct sp_fold_python *fold, const struct sp_python_value *self, size_t n_arguments, unsigned kinds)
{
    if (!sp_fold_python_search_is_ascii(self) || n_arguments)
        return NULL;
    bool cased = kinds == UPPER || kinds == LOWER, all = true;
    unsigned found = 0;
    for (size_t i = 0; i < self->text.n_bytes; i++) {
        unsigned kind = kind_of(self->text.ptr[i], self->kind == SP_PYTHON_VALUE_BYTES);
        found |= kind;
        all &= (kind & kinds) != 0;
    }
    unsigned other = kinds == UPPER ? LOWER : UPPER;
    return sp_fold_python_bool(fold, cased ? (found & kinds) && !(found & other) : all && self->text.n_bytes > 0);
}

#define ALL_ARE(name, kinds)                                                                                           \
    const struct sp_python_value *name(struct sp_fold_python *fold, const struct sp_python_value *self,                \
        const struct sp_python_value *const *arguments, size_t n_arguments)                                            \
    {                                                                                                                  \
        (void)arguments;                                                                                               \
        return all_are(fold, self, n_arguments, kinds);                                                                \
    }
ALL_ARE(sp_fold_python_search_isalpha, ALPHA)
ALL_ARE(sp_fold_python_search_isalnum, ALPHA | DIGIT)
ALL_ARE(sp_fold_python_search_isdigit, DIGIT)
ALL_ARE(sp_fold_python_search_isupper, UPPER)
ALL_ARE(sp_fold_python_search_islower, LOWER)
ALL_ARE(sp_fold_python_search_isspace, SPACE)

/* ---- places ---- */

/* The argument as a text of the same kind, and nothing besides; places count in characters, so ASCII only. */
static const struct sp_python_value *sought(
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *part = n_arguments == 1 ? arguments[0] : NULL;
    bool known = sp_fold_python_search_is_ascii(self) && sp_fold_python_is_text(part) && part->kind == self->kind;
    return known ? part : NULL;
}

/* The last of them. */
static const char *find_last(struct sp_str text, struct sp_str part)
{
    for (size_t i = text.n_bytes + 1; part.n_bytes <= text.n_bytes && i-- > 0;)
        if (i + part.n_bytes <= text.n_bytes && memcmp(text.ptr + i, part.ptr, part.n_bytes) == 0)
            return text.ptr + i;
    return NULL;
}

static const char *find_first(struct sp_str text, struct sp_str part)
{
    return memmem(text.ptr, text.n_bytes, part.ptr, part.n_bytes);
}

const struct sp_python_value *sp_fold_python_search_find(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *part = sought(self, arguments, n_arguments);
    const char *found = part ? find_first(self->text, part->text) : NULL;
    return part ? sp_fold_python_number(fold, found ? found - self->text.ptr : -1) : NULL;
}

const struct sp_python_value *sp_fold_python_search_rfind(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *part = sought(self, arguments, n_arguments);
    const char *found = part ? find_last(self->text, part->text) : NULL;
    return part ? sp_fold_python_number(fold, found ? found - self->text.ptr : -1) : NULL;
}

const struct sp_python_value *sp_fold_python_search_count(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *part = sought(self, arguments, n_arguments);
    if (!part)
        return NULL;
    if (part->text.n_bytes == 0)
        return sp_fold_python_number(fold, (int64_t)self->text.n_bytes + 1);
    int64_t n = 0;
    struct sp_str rest = self->text;
    for (const char *found; (found = find_first(rest, part->text)); n++) {
        size_t behind = (size_t)(found - rest.ptr) + part->text.n_bytes;
        rest = (struct sp_str){rest.ptr + behind, rest.n_bytes - behind};
    }
    return sp_fold_python_number(fold, n);
}

const struct sp_python_value *sp_fold_python_search_startswith(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *part = n_arguments == 1 && self ? arguments[0] : NULL;
    if (!sp_fold_python_is_text(self) || !sp_fold_python_is_text(part) || part->kind != self->kind)
        return NULL;
    return sp_fold_python_bool(fold,
        self->text.n_bytes >= part->text.n_bytes && memcmp(self->text.ptr, part->text.ptr, part->text.n_bytes) == 0);
}

const struct sp_python_value *sp_fold_python_search_endswith(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    const struct sp_python_value *part = n_arguments == 1 && self ? arguments[0] : NULL;
    if (!sp_fold_python_is_text(self) || !sp_fold_python_is_text(part) || part->kind != self->kind)
        return NULL;
    return sp_fold_python_bool(fold, sp_str_ends(self->text, part->text));
}

/* ---- parts ---- */

static const struct sp_python_value *piece(
    struct sp_fold_python *fold, const struct sp_python_value *self, size_t from, size_t to)
{
    return sp_fold_python_text(fold, self->kind, (struct sp_str){self->text.ptr + from, to - from}, SP_VIA_FOLDED);
}

static const struct sp_python_value *partition(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments, bool last)
{
    const struct sp_python_value *part = n_arguments == 1 ? arguments[0] : NULL;
    const struct sp_python_value **items = sp_arena_array(fold->arena, 3, sizeof(*items));
    if (!items || !sp_fold_python_is_text(self) || !sp_fold_python_is_text(part) || part->kind != self->kind ||
        part->text.n_bytes == 0)
        return NULL;
    const char *found = last ? find_last(self->text, part->text) : find_first(self->text, part->text);
    size_t n = self->text.n_bytes, at = found ? (size_t)(found - self->text.ptr) : last ? 0 : n;
    size_t behind = found ? at + part->text.n_bytes : at;
    items[0] = piece(fold, self, 0, at);
    items[1] = piece(fold, self, at, behind);
    items[2] = piece(fold, self, behind, n);
    return sp_fold_python_sequence(fold, items, 3);
}

const struct sp_python_value *sp_fold_python_search_partition(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return partition(fold, self, arguments, n_arguments, false);
}

const struct sp_python_value *sp_fold_python_search_rpartition(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return partition(fold, self, arguments, n_arguments, true);
}

/* Pieces while they are found. */
struct pieces {
    struct sp_fold_python *fold;
    const struct sp_python_value *self;
    const struct sp_python_value **items;
    size_t n_items;
};

static bool pieces_init(struct pieces *pieces, struct sp_fold_python *fold, const struct sp_python_value *self)
{
    *pieces = (struct pieces){.fold = fold, .self = self};
    if (!sp_fold_python_is_text(self) || self->text.n_bytes > SP_FOLD_PYTHON_ITEMS)
        return false;
    pieces->items = sp_arena_array(fold->arena, self->text.n_bytes + 2, sizeof(*pieces->items));
    return pieces->items;
}

static void pieces_add(struct pieces *pieces, size_t from, size_t to)
{
    pieces->items[pieces->n_items++] = piece(pieces->fold, pieces->self, from, to);
}

/* At blanks, of which any number divides; the rest behind the last of `most` cuts stays whole. */
static void split_blanks(struct pieces *pieces, int64_t most)
{
    struct sp_str text = pieces->self->text;
    bool bytes = pieces->self->kind == SP_PYTHON_VALUE_BYTES;
    for (size_t at = 0;;) {
        while (at < text.n_bytes && sp_fold_python_search_is_blank(text.ptr[at], bytes))
            at++;
        if (at == text.n_bytes)
            return;
        size_t stop = at;
        while (stop < text.n_bytes && (most == 0 || !sp_fold_python_search_is_blank(text.ptr[stop], bytes)))
            stop++;
        pieces_add(pieces, at, stop);
        at = stop;
        most--;
    }
}

static void split_at(struct pieces *pieces, struct sp_str by, int64_t most)
{
    struct sp_str text = pieces->self->text;
    for (size_t at = 0;; most--) {
        const char *found = most == 0 ? NULL : find_first((struct sp_str){text.ptr + at, text.n_bytes - at}, by);
        if (!found) {
            pieces_add(pieces, at, text.n_bytes);
            return;
        }
        pieces_add(pieces, at, (size_t)(found - text.ptr));
        at = (size_t)(found - text.ptr) + by.n_bytes;
    }
}

/* From the right: found last first, and turned round. */
static void split_from_right(struct pieces *pieces, struct sp_str by, int64_t most)
{
    struct sp_str text = pieces->self->text;
    for (;; most--) {
        const char *found = most == 0 ? NULL : find_last(text, by);
        size_t from = found ? (size_t)(found - text.ptr) + by.n_bytes : 0;
        pieces_add(pieces, from, text.n_bytes);
        if (!found)
            break;
        text.n_bytes = (size_t)(found - text.ptr);
    }
    for (size_t i = 0; i < pieces->n_items / 2; i++) {
        const struct sp_python_value *kept = pieces->items[i];
        pieces->items[i] = pieces->items[pieces->n_items - 1 - i];
        pieces->items[pieces->n_items - 1 - i] = kept;
    }
}

static const struct sp_python_value *split(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments, bool right)
{
    struct pieces pieces;
    const struct sp_python_value *by = sp_fold_python_argument(arguments, n_arguments, 0);
    const struct sp_python_value *limit = sp_fold_python_argument(arguments, n_arguments, 1);
    if (n_arguments > 2 || (n_arguments > 1 && !sp_fold_python_is_number(limit)) || !pieces_init(&pieces, fold, self))
        return NULL;
    int64_t most = limit && limit->number >= 0 ? limit->number : -1;
    if (n_arguments == 0) {
        if (!sp_fold_python_search_is_ascii(self))
            return NULL; /* other blanks divide as well */
        split_blanks(&pieces, -1);
    } else if (!sp_fold_python_is_text(by) || by->kind != self->kind || by->text.n_bytes == 0) {
        return NULL;
    } else if (right) {
        split_from_right(&pieces, by->text, most);
    } else {
        split_at(&pieces, by->text, most);
    }
    return sp_fold_python_list(fold, pieces.items, pieces.n_items);
}

const struct sp_python_value *sp_fold_python_search_split(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return split(fold, self, arguments, n_arguments, false);
}

const struct sp_python_value *sp_fold_python_search_rsplit(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    return split(fold, self, arguments, n_arguments, true);
}

const struct sp_python_value *sp_fold_python_search_splitlines(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments)
{
    struct pieces pieces;
    int keeps = n_arguments ? sp_fold_python_truth(arguments[0]) : 0;
    if (keeps < 0 || n_arguments > 1 || !sp_fold_python_search_is_ascii(self) || !pieces_init(&pieces, fold, self))
        return NULL;
    struct sp_str text = self->text;
    bool bytes = self->kind == SP_PYTHON_VALUE_BYTES;
    for (size_t at = 0; at < text.n_bytes;) {
        size_t stop = at;
        for (; stop < text.n_bytes; stop++) {
            char byte = text.ptr[stop];
            if (byte == '\n' || byte == '\r' ||
                (!bytes && (byte == '\v' || byte == '\f' || (byte >= 0x1c && byte <= 0x1e))))
                break;
        }
        size_t behind = stop + (stop < text.n_bytes);
        if (behind < text.n_bytes && text.ptr[stop] == '\r' && text.ptr[behind] == '\n')
            behind++;
        pieces_add(&pieces, at, keeps ? behind : stop);
        at = behind;
    }
    return sp_fold_python_list(fold, pieces.items, pieces.n_items);
}
