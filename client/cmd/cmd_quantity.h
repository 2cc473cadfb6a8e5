#ifndef SP_CLIENT_CMD_QUANTITY_H
#define SP_CLIENT_CMD_QUANTITY_H

/* Quantities as people write them. All: false for what is none, is negative, or does not fit. */

#include <stdbool.h>
#include <stdint.h>

/* "30s", "500ms", "1.5m", "2h"; a bare number is seconds. At least one millisecond. */
bool sp_quantity_duration(const char *text, uint64_t *ret_ms);
/* "256M", "1G", "64k", "1.5MiB", "4096"; K, M, G, T are powers of 1024. At least one byte. */
bool sp_quantity_size(const char *text, uint64_t *ret_bytes);
/* "1", "0.5": thousandths. At least one. */
bool sp_quantity_milli(const char *text, uint64_t *ret_milli);
/* A whole number within min..max. */
bool sp_quantity_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_count);

#endif
