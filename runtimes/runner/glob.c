/* Globs of artifacts. Written without recursion: a glob comes from a request and must not cost more than its length times
 * the path's, which a recursive matcher cannot promise. Pure, any thread. */
#include "runtimes/runner/glob.h"

/* A class at glob[at] == '[': its end, or 0 where it has none. *ret_hit: does it hold byte? */
static size_t match_class(struct sp_str glob, size_t at, unsigned char byte, bool *ret_hit)
{
    size_t i = at + 1;
    bool inverted = i < glob.n_bytes && (glob.ptr[i] == '!' || glob.ptr[i] == '^');
    i += inverted;
    bool hit = false;
    for (bool first = true; i < glob.n_bytes; first = false) {
        if (glob.ptr[i] == ']' && !first) {
            *ret_hit = hit != inverted;
            return i + 1;
        }
        unsigned char low = (unsigned char)glob.ptr[i], high = low;
        if (i + 2 < glob.n_bytes && glob.ptr[i + 1] == '-' && glob.ptr[i + 2] != ']') {
            high = (unsigned char)glob.ptr[i + 2];
            i += 2;
        }
        i++;
        hit = hit || (low <= byte && byte <= high);
    }
    return 0;
}

static size_t point_bytes(struct sp_str name, size_t at)
{
    size_t n = 1;
    if ((unsigned char)name.ptr[at] >= 0xc0)
        while (n < 4 && at + n < name.n_bytes && ((unsigned char)name.ptr[at + n] & 0xc0) == 0x80)
            n++;
    return n;
}

/* One segment against one name; both without '/'. */
static bool match_segment(struct sp_str glob, struct sp_str name)
{
    if (name.n_bytes && name.ptr[0] == '.' && !(glob.n_bytes && (glob.ptr[0] == '.' || glob.ptr[0] == '\\')))
        return false;
    size_t g = 0, n = 0, star_g = 0, star_n = 0;
    bool starred = false;
    while (n < name.n_bytes || g < glob.n_bytes) {
        if (g < glob.n_bytes) {
            char c = glob.ptr[g];
            if (c == '*') {
                starred = true;
                star_g = ++g;
                star_n = n;
                continue;
            }
            if (n < name.n_bytes) {
                bool hit = false;
                size_t g_next = g + 1, n_next = n + 1;
                size_t class_end = c == '[' ? match_class(glob, g, (unsigned char)name.ptr[n], &hit) : 0;
                if (class_end) {
                    g_next = class_end;
                } else if (c == '?') {
                    hit = true;
                    n_next = n + point_bytes(name, n);
                } else {
                    if (c == '\\' && g + 1 < glob.n_bytes)
                        c = glob.ptr[g_next++];
                    hit = c == name.ptr[n];
                }
                if (hit) {
                    g = g_next;
                    n = n_next;
                    continue;
                }
            }
        }
        /* Only the last star needs to be tried again, one byte further on. */
        if (!starred || star_n >= name.n_bytes)
            return false;
        g = star_g;
        n = ++star_n;
    }
    return true;
}

static struct sp_str next_segment(struct sp_str path, size_t at, size_t *ret_next)
{
    const char *slash = at < path.n_bytes ? memchr(path.ptr + at, '/', path.n_bytes - at) : NULL;
    size_t end = slash ? (size_t)(slash - path.ptr) : path.n_bytes;
    *ret_next = end + 1;
    return (struct sp_str){path.ptr + at, end - at};
}

bool sp_glob_match(struct sp_str glob, struct sp_str path)
{
    /* The same walk one level up: "**" is the star, segments are the letters. */
    size_t g = 0, p = 0, star_g = 0, star_p = 0;
    bool starred = false;
    while (p <= path.n_bytes || g <= glob.n_bytes) {
        size_t g_next = 0, p_next = 0;
        if (g <= glob.n_bytes) {
            struct sp_str segment = next_segment(glob, g, &g_next);
            if (sp_str_is(segment, "**")) {
                starred = true;
                star_g = g = g_next;
                star_p = p;
                continue;
            }
            if (p <= path.n_bytes && match_segment(segment, next_segment(path, p, &p_next))) {
                g = g_next;
                p = p_next;
                continue;
            }
        }
        if (!starred || star_p > path.n_bytes)
            return false;
        if (next_segment(path, star_p, &p_next).ptr[0] == '.')
            return false;
        star_p = p_next;
        g = star_g;
        p = star_p;
    }
    return true;
}
