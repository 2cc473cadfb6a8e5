#ifndef SP_PROTO_UTF8_H
#define SP_PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes (1..4) of the well-formed code point at bytes (RFC 3629: no surrogates, no overlong forms, at most
 * U+10FFFF), 0 where there is none or it is cut off. ret_point may be NULL. */
size_t sp_utf8_next(const uint8_t *bytes, size_t n_bytes, uint32_t *ret_point);

/* Offset of the first byte that is not part of well-formed UTF-8; n_bytes where all of it is. */
size_t sp_utf8_valid(const uint8_t *bytes, size_t n_bytes);

/* Offset of the first byte >= 0x80; n_bytes where there is none. */
size_t sp_utf8_ascii(const uint8_t *bytes, size_t n_bytes);

/* How many bytes at the end belong to a code point that has begun well and is not whole yet: 0..3. */
size_t sp_utf8_partial(const uint8_t *bytes, size_t n_bytes);

/* Writes point as UTF-8, returns the length 1..4; 0 for what cannot be encoded. out has room for 4. */
size_t sp_utf8_put(uint32_t point, uint8_t *out);

#endif
