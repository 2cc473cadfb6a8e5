/* UTF-8 after RFC 3629, for whoever must know whether bytes are text. Any thread; no state. */
#include "proto/utf8.h"

#include <string.h>

size_t sp_utf8_next(const uint8_t *bytes, size_t n_bytes, uint32_t *ret_point)
{
    if (n_bytes == 0)
        return 0;
    uint8_t lead = bytes[0];
    uint32_t point = lead;
    size_t n = 1;
    if (lead >= 0x80) {
        if (lead < 0xC2 || lead > 0xF4)
            return 0;
        n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if (n_bytes < n)
            return 0;
        point = lead & (0xFF >> (n + 1));
        for (size_t i = 1; i < n; i++) {
            if ((bytes[i] & 0xC0) != 0x80)
                return 0;
            point = point << 6 | (bytes[i] & 0x3F);
        }
        if ((n == 3 && point < 0x800) || (n == 4 && point < 0x10000) || point > 0x10FFFF ||
            (point >= 0xD800 && point <= 0xDFFF))
            return 0;
    }
    if (ret_point)
        *ret_point = point;
    return n;
}

size_t sp_utf8_ascii(const uint8_t *bytes, size_t n_bytes)
{
    size_t i = 0;
    for (; i + 8 <= n_bytes; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    while (i < n_bytes && bytes[i] < 0x80)
        i++;
    return i;
}

size_t sp_utf8_valid(const uint8_t *bytes, size_t n_bytes)
{
    size_t i = 0;
    for (;;) {
        i += sp_utf8_ascii(bytes + i, n_bytes - i);
        if (i == n_bytes)
            return i;
        size_t n = sp_utf8_next(bytes + i, n_bytes - i, NULL);
        if (n == 0)
            return i;
        i += n;
    }
}

size_t sp_utf8_partial(const uint8_t *bytes, size_t n_bytes)
{
    for (size_t back = 1; back <= 3 && back <= n_bytes; back++) {
        uint8_t byte = bytes[n_bytes - back];
        if ((byte & 0xC0) == 0x80)
            continue;
        size_t want = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1;
        if (byte > 0xF4 || back >= want)
            return 0;
        /* Well begun: some ending makes it a code point. */
        uint8_t whole[4] = {0};
        memcpy(whole, bytes + n_bytes - back, back);
        static const uint8_t fill[] = {0x80, 0x90, 0xBF};
        for (size_t f = 0; f < sizeof(fill); f++) {
            memset(whole + back, fill[f], want - back);
            if (sp_utf8_next(whole, want, NULL) == want)
                return back;
        }
        return 0;
    }
    return 0;
}

size_t sp_utf8_put(uint32_t point, uint8_t *out)
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return 0;
    size_t n = point >= 0x10000 ? 4 : point >= 0x800 ? 3 : 2;
    for (size_t i = n - 1; i > 0; i--, point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3F));
    out[0] = (uint8_t)((0xF00 >> n) | point);
    return n;
}
