/* Durations, sizes and numbers of the command line. No state. Numbers are read as decimals by hand: strtod takes
 * hexadecimals, infinities and the locale's comma. */
#include "client/cmd/cmd_quantity.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "proto/scope.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {
    {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"min", 60 * 1000}, {"h", 60 * 60 * 1000}};

static const struct unit sizes[] = {{"", 1}, {"b", 1}, {"k", 1ull << 10}, {"kb", 1ull << 10}, {"kib", 1ull << 10},
    {"m", 1ull << 20}, {"mb", 1ull << 20}, {"mib", 1ull << 20}, {"g", 1ull << 30}, {"gb", 1ull << 30},
    {"gib", 1ull << 30}, {"t", 1ull << 40}, {"tb", 1ull << 40}, {"tib", 1ull << 40}};

static const struct unit millis[] = {{"", 1000}};

#define DIGITS_MAX   15 /* their value fits a uint64_t with room for a unit's factor to be checked */
#define FRACTION_MAX 6
#define RESULT_MAX   (UINT64_MAX / 8)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* digits [. digits] unit, times the unit's factor, rounded down. */
static bool parse(const char *text, const struct unit *units, size_t n_units, uint64_t *ret)
{
    uint64_t whole = 0, fraction = 0, scale = 1;
    size_t n_digits = 0, n_fraction = 0;
    for (; is_digit(*text); text++, n_digits++)
        whole = n_digits < DIGITS_MAX ? whole * 10 + (uint64_t)(*text - '0') : whole;
    if (n_digits == 0 || n_digits > DIGITS_MAX)
        return false;
    if (*text == '.') {
        for (text++; is_digit(*text); text++, n_fraction++)
            if (n_fraction < FRACTION_MAX) {
                fraction = fraction * 10 + (uint64_t)(*text - '0');
                scale *= 10;
            }
        if (n_fraction == 0)
            return false;
    }
    for (size_t i = 0; i < n_units; i++) {
        if (strcasecmp(text, units[i].name) != 0)
            continue;
        uint64_t factor = units[i].factor;
        if (whole > RESULT_MAX / factor)
            return false;
        uint64_t value = whole * factor + (uint64_t)((unsigned __int128)fraction * factor / scale);
        if (value == 0)
            return false;
        *ret = value;
        return true;
    }
    return false;
}

bool sp_quantity_duration(const char *text, uint64_t *ret_ms)
{
    return parse(text, durations, SP_COUNT(durations), ret_ms);
}

bool sp_quantity_size(const char *text, uint64_t *ret_bytes)
{
    return parse(text, sizes, SP_COUNT(sizes), ret_bytes);
}

bool sp_quantity_milli(const char *text, uint64_t *ret_milli)
{
    return parse(text, millis, SP_COUNT(millis), ret_milli);
}

bool sp_quantity_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_count)
{
    uint64_t value = 0;
    size_t n_digits = 0;
    for (; is_digit(*text); text++, n_digits++)
        value = n_digits < DIGITS_MAX ? value * 10 + (uint64_t)(*text - '0') : value;
    if (*text || n_digits == 0 || n_digits > DIGITS_MAX || value < min || value > max)
        return false;
    *ret_count = value;
    return true;
}
