/* The one table of languages. Any thread; no state. */
#include "proto/language.h"

#include <strings.h>

static const struct {
    const char *name;
    const char *suffixes; /* separated by blanks */
    const char *shebangs;
} languages[SP_LANGUAGE_COUNT] = {
#define X(id, n, s, b) [SP_LANGUAGE_##id] = {.name = n, .suffixes = s, .shebangs = b},
    SP_LANGUAGES(X)
#undef X
};

const char *sp_language_name(int language)
{
    return language >= 0 && language < SP_LANGUAGE_COUNT ? languages[language].name : "none";
}

int sp_language_find(struct sp_str name, struct sp_str *ret_dialect)
{
    if (!name.ptr)
        return SP_LANGUAGE_NONE;
    const char *colon = memchr(name.ptr, ':', name.n_bytes);
    struct sp_str base = {name.ptr, colon ? (size_t)(colon - name.ptr) : name.n_bytes};
    for (int i = 0; i < SP_LANGUAGE_COUNT; i++) {
        if (!sp_str_is(base, languages[i].name))
            continue;
        if (ret_dialect)
            *ret_dialect = colon ? (struct sp_str){colon + 1, name.n_bytes - base.n_bytes - 1} : SP_STR("");
        return i;
    }
    return SP_LANGUAGE_NONE;
}

bool sp_language_lists(const char *words, struct sp_str word)
{
    while (word.n_bytes && *words) {
        size_t n = strcspn(words, " ");
        if (n == word.n_bytes && strncasecmp(words, word.ptr, n) == 0)
            return true;
        words += n;
        words += strspn(words, " ");
    }
    return false;
}

struct sp_str sp_language_suffix(struct sp_str path)
{
    for (size_t i = path.n_bytes; i > 0 && path.ptr[i - 1] != '/'; i--)
        if (path.ptr[i - 1] == '.')
            return (struct sp_str){path.ptr + i - 1, path.n_bytes - i + 1};
    return SP_STR("");
}

int sp_language_of_path(struct sp_str path)
{
    struct sp_str suffix = sp_language_suffix(path);
    for (int language = 0; language < SP_LANGUAGE_COUNT; language++)
        if (sp_language_lists(languages[language].suffixes, suffix))
            return language;
    return SP_LANGUAGE_NONE;
}

/* The next blank-separated word of line from *at on; empty at its end. */
static struct sp_str next_word(struct sp_str line, size_t *at)
{
    while (*at < line.n_bytes && (line.ptr[*at] == ' ' || line.ptr[*at] == '\t'))
        ++*at;
    size_t start = *at;
    while (*at < line.n_bytes && line.ptr[*at] != ' ' && line.ptr[*at] != '\t')
        ++*at;
    return (struct sp_str){line.ptr + start, *at - start};
}

static struct sp_str base_name(struct sp_str path)
{
    for (size_t i = path.n_bytes; i > 0; i--)
        if (path.ptr[i - 1] == '/')
            return (struct sp_str){path.ptr + i, path.n_bytes - i};
    return path;
}

static int of_interpreter(struct sp_str name)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int language = 0; language < SP_LANGUAGE_COUNT; language++)
            if (sp_language_lists(languages[language].shebangs, name))
                return language;
        while (name.n_bytes && strchr("0123456789.-", name.ptr[name.n_bytes - 1]))
            name.n_bytes--;
    }
    return SP_LANGUAGE_NONE;
}

int sp_language_of_shebang(struct sp_str data)
{
    if (data.n_bytes < 3 || data.ptr[0] != '#' || data.ptr[1] != '!')
        return SP_LANGUAGE_NONE;
    size_t n = 2;
    while (n < data.n_bytes && n < 256 && data.ptr[n] != '\n' && data.ptr[n] != '\r')
        n++;
    struct sp_str line = {data.ptr + 2, n - 2};
    size_t at = 0;
    struct sp_str word = base_name(next_word(line, &at));
    if (sp_str_is(word, "env")) {
        /* env's own options and assignments come before the interpreter. */
        do
            word = next_word(line, &at);
        while (word.n_bytes && (word.ptr[0] == '-' || memchr(word.ptr, '=', word.n_bytes)));
        word = base_name(word);
    }
    return of_interpreter(word);
}
