#ifndef SP_PROTO_STR_H
#define SP_PROTO_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Borrowed bytes: a view into a frame, an arena or a literal, not terminated. ptr NULL means absent; "" is empty. */
struct sp_str {
    const char *ptr;
    size_t n_bytes;
};

#define SP_STR(literal) ((struct sp_str){(literal), sizeof(literal) - 1})

static inline struct sp_str sp_str_of(const char *terminated)
{
    return (struct sp_str){terminated, terminated ? strlen(terminated) : 0};
}

static inline bool sp_str_equal(struct sp_str a, struct sp_str b)
{
    return a.n_bytes == b.n_bytes && (a.n_bytes == 0 || memcmp(a.ptr, b.ptr, a.n_bytes) == 0);
}

static inline bool sp_str_is(struct sp_str a, const char *terminated)
{
    return sp_str_equal(a, sp_str_of(terminated));
}

/* Their order by bytes, negative, 0 or positive. */
static inline int sp_str_compare(struct sp_str a, struct sp_str b)
{
    size_t n = a.n_bytes < b.n_bytes ? a.n_bytes : b.n_bytes;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return order ? order : (a.n_bytes > b.n_bytes) - (a.n_bytes < b.n_bytes);
}

/* The same against a terminated text. For looking names up in sorted tables: most rows differ within a few
 * bytes, so that no length is asked for. */
static inline int sp_str_order(struct sp_str a, const char *terminated)
{
    for (size_t i = 0; i < a.n_bytes; i++) {
        unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)terminated[i];
        if (x != y || y == '\0')
            return x < y ? -1 : 1;
    }
    return terminated[a.n_bytes] ? -1 : 0;
}

static inline bool sp_str_ends(struct sp_str a, struct sp_str tail)
{
    return a.n_bytes >= tail.n_bytes && memcmp(a.ptr + a.n_bytes - tail.n_bytes, tail.ptr, tail.n_bytes) == 0;
}

/* For printf's "%.*s", which takes an int: what is longer is shown cut, in front of a code point, so that UTF-8 stays
 * UTF-8. */
static inline int sp_str_int(struct sp_str a, int most)
{
    if (a.n_bytes <= (size_t)most)
        return (int)a.n_bytes;
    while (most > 0 && ((unsigned char)a.ptr[most] & 0xC0) == 0x80)
        most--;
    return most;
}

#endif
