#ifndef SP_SCANNER_FOLD_PYTHON_H
#define SP_SCANNER_FOLD_PYTHON_H

/* Values that a Python program's expressions are known to have, and the operations on constants that give new ones. Every
 * operation answers NULL for what it does not know: the value is then unknown, which callers treat as such. Bounded: one
 * value by SP_FOLD_PYTHON_BYTES, all together by a budget, after which `spent` is set and nothing more is folded. */

#include "proto/arena.h"
#include "proto/str.h"
#include "scanner/python_tree.h"
#include "scanner/scanner.h"
#include "scanner/span.h"

#define SP_FOLD_PYTHON_BYTES ((size_t)64 * 1024)
#define SP_FOLD_PYTHON_ITEMS 4096

enum sp_python_value_kind {
    SP_PYTHON_VALUE_TEXT,      /* text */
    SP_PYTHON_VALUE_BYTES,     /* text */
    SP_PYTHON_VALUE_NUMBER,    /* number */
    SP_PYTHON_VALUE_SEQUENCE,  /* items; NULL: unknown ones */
    SP_PYTHON_VALUE_DICT,      /* items: key, value, … */
    SP_PYTHON_VALUE_PATH,      /* text: a module, a member of one, a builtin: "os", "os.system", "eval" */
    SP_PYTHON_VALUE_NAMESPACE, /* text: the dictionary of that module; empty: of the program itself */
    SP_PYTHON_VALUE_METHOD,    /* items[0]'s method text, bound */
    SP_PYTHON_VALUE_GETTER,    /* operator.attrgetter(text); methodcaller with its arguments in items */
    SP_PYTHON_VALUE_PARTIAL,   /* items[0] with items[1…] as its first arguments */
    SP_PYTHON_VALUE_FUNCTION,  /* number: of the program's own function */
    SP_PYTHON_VALUE_CODE,      /* compiled, and judged where it was */
    SP_PYTHON_VALUE_SELF       /* __name__ */
};

struct sp_python_value {
    uint8_t kind;
    uint8_t via;  /* enum sp_via */
    bool builtin; /* PATH: of the builtins; NUMBER: True or False */
    bool module;  /* PATH: surely a module */
    bool caller;  /* GETTER: methodcaller */
    bool changes; /* one that a program may change in place, or take items from: no tuple */
    bool mixed;   /* SEQUENCE, DICT: in no order that is known (a set) */
    uint32_t n_items;
    uint32_t hash; /* of what lasts, so that it is found among many; else 0 */
    struct sp_str text;
    int64_t number;
    const struct sp_python_value *const *items;
};

/* NULL is a value that is not known. */
static inline bool sp_fold_python_is_text(const struct sp_python_value *value)
{
    return value && (value->kind == SP_PYTHON_VALUE_TEXT || value->kind == SP_PYTHON_VALUE_BYTES);
}

static inline bool sp_fold_python_is_number(const struct sp_python_value *value)
{
    return value && value->kind == SP_PYTHON_VALUE_NUMBER;
}

struct sp_fold_python {
    struct sp_arena *arena;
    size_t left_bytes;
    bool spent;
};

/* Text that grows, up to the bound of one value. */
struct sp_fold_python_builder {
    struct sp_fold_python *fold;
    char *bytes;
    size_t n_bytes, room_bytes;
    bool failed;
    bool doubt; /* a literal's: it holds a character by a name that is not known here, and may be any text */
};

struct sp_python_value *sp_fold_python_value(struct sp_fold_python *fold, enum sp_python_value_kind kind);
/* The bytes are not copied. */
struct sp_python_value *sp_fold_python_text(
    struct sp_fold_python *fold, enum sp_python_value_kind kind, struct sp_str text, enum sp_via via);
struct sp_python_value *sp_fold_python_number(struct sp_fold_python *fold, int64_t number);
struct sp_python_value *sp_fold_python_bool(struct sp_fold_python *fold, bool truth);
/* The items are not copied. A tuple; a list, or an iterator. */
struct sp_python_value *sp_fold_python_sequence(
    struct sp_fold_python *fold, const struct sp_python_value *const *items, size_t n_items);
struct sp_python_value *sp_fold_python_list(
    struct sp_fold_python *fold, const struct sp_python_value *const *items, size_t n_items);
/* key, value, …: each key once. */
struct sp_python_value *sp_fold_python_dict(
    struct sp_fold_python *fold, const struct sp_python_value *const *items, size_t n_items);
/* A list as a set: each once, in no order. */
const struct sp_python_value *sp_fold_python_mix(struct sp_fold_python *fold, struct sp_python_value *list);
bool sp_fold_python_equal(const struct sp_python_value *a, const struct sp_python_value *b, unsigned depth);

void sp_fold_python_append(struct sp_fold_python_builder *builder, struct sp_str text);
void sp_fold_python_append_point(struct sp_fold_python_builder *builder, uint32_t point);
/* A value of the bytes so far, via folded; NULL where the builder failed. */
struct sp_python_value *sp_fold_python_build(struct sp_fold_python_builder *builder, enum sp_python_value_kind kind);

/* The text of a literal's piece [start, end) in the source, escapes decoded; flags: enum sp_python_string. */
void sp_fold_python_literal(
    struct sp_fold_python_builder *builder, struct sp_str source, uint32_t start, uint32_t end, unsigned flags);
/* A plain literal: a view where nothing is to be decoded. A decoded one has via folded where an escape stood for a
 * printable ASCII character, which nobody needs to escape. *ret_doubt: it may be another text as well. */
struct sp_python_value *sp_fold_python_string(
    struct sp_fold_python *fold, struct sp_str source, const struct sp_span *span, bool *ret_doubt);
/* str(value), as a formatted string has it; repr(value), or ascii(value); format(value, spec). false: not known. */
bool sp_fold_python_append_value(struct sp_fold_python_builder *builder, const struct sp_python_value *value);
bool sp_fold_python_append_repr(
    struct sp_fold_python_builder *builder, const struct sp_python_value *value, bool ascii);
bool sp_fold_python_append_spec(
    struct sp_fold_python_builder *builder, const struct sp_python_value *value, struct sp_str spec);

struct sp_python_value *sp_fold_python_binary(struct sp_fold_python *fold, enum sp_python_operator op,
    const struct sp_python_value *a, const struct sp_python_value *b);
struct sp_python_value *sp_fold_python_unary(
    struct sp_fold_python *fold, enum sp_python_operator op, const struct sp_python_value *value);
/* 1, 0, or -1 where it is not known. */
int sp_fold_python_compare(
    enum sp_python_operator op, const struct sp_python_value *a, const struct sp_python_value *b);
const struct sp_python_value *sp_fold_python_index(
    struct sp_fold_python *fold, const struct sp_python_value *container, const struct sp_python_value *index);
/* NULL bounds are left out ones. */
struct sp_python_value *sp_fold_python_slice(struct sp_fold_python *fold, const struct sp_python_value *container,
    const struct sp_python_value *low, const struct sp_python_value *high, const struct sp_python_value *step);
/* A text's characters, bytes' numbers, a sequence itself, a dictionary's keys: in any order, or only where it is known. */
const struct sp_python_value *sp_fold_python_items(struct sp_fold_python *fold, const struct sp_python_value *value);
const struct sp_python_value *sp_fold_python_row(struct sp_fold_python *fold, const struct sp_python_value *value);
/* Is it taken for true? 1, 0, or -1 where it is not known. */
int sp_fold_python_truth(const struct sp_python_value *value);

/* A row of a table of methods or functions: self is the object, or the first argument. */
typedef const struct sp_python_value *sp_fold_python_apply(struct sp_fold_python *fold,
    const struct sp_python_value *self, const struct sp_python_value *const *arguments, size_t n_arguments);

/* Is there as much of the budget left as it takes to look at what a function is given? */
bool sp_fold_python_affords(struct sp_fold_python *fold, const struct sp_python_value *self,
    const struct sp_python_value *const *arguments, size_t n_arguments);

static inline const struct sp_python_value *sp_fold_python_argument(
    const struct sp_python_value *const *arguments, size_t n_arguments, size_t i)
{
    return i < n_arguments ? arguments[i] : NULL;
}

/* value.name(arguments); named: a dictionary of keyword arguments, which format() knows, or NULL. An argument that is left out
 * before one that is not is NULL, as one that is not known. */
const struct sp_python_value *sp_fold_python_method(struct sp_fold_python *fold, const struct sp_python_value *value,
    struct sp_str name, const struct sp_python_value *const *arguments, size_t n_arguments,
    const struct sp_python_value *named);
/* A call of a function that only computes, by its canonical name ("chr", "base64.b64decode"). */
const struct sp_python_value *sp_fold_python_call(struct sp_fold_python *fold, struct sp_str name,
    const struct sp_python_value *const *arguments, size_t n_arguments);
/* Where an argument that is given by its keyword belongs among those by position. n_arguments: it is not needed, as it changes
 * nothing that is folded. -1: it makes the call one that is not known. */
int sp_fold_python_position(struct sp_str function, struct sp_str keyword, int n_arguments);
/* Between the files of folding: decoding by a codec's name ("rot13", "utf-8", "hex", "base64"). encode: the other way. */
const struct sp_python_value *sp_fold_python_codec(
    struct sp_fold_python *fold, const struct sp_python_value *value, struct sp_str codec, bool encode);
/* base64 with - and _ in place of + and /. */
const struct sp_python_value *sp_fold_python_codec_of_names(
    struct sp_fold_python *fold, const struct sp_python_value *value);
/* %-formatting, and str.format; named may be NULL. */
struct sp_python_value *sp_fold_python_percent(
    struct sp_fold_python *fold, const struct sp_python_value *format, const struct sp_python_value *arguments);
struct sp_python_value *sp_fold_python_format(struct sp_fold_python *fold, const struct sp_python_value *format,
    const struct sp_python_value *const *arguments, size_t n_arguments, const struct sp_python_value *named);

#endif
