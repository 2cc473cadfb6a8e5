#ifndef SP_SCANNER_UNICODE_H
#define SP_SCANNER_UNICODE_H

/* What is known of characters that mislead: bidirectional controls, invisible ones, scripts that look alike. */

#include <stdbool.h>
#include <stdint.h>

#include "scanner/sorted.h"

enum sp_unicode_class {
    SP_UNICODE_PLAIN,
    SP_UNICODE_BIDI,      /* changes the order in which text is shown */
    SP_UNICODE_INVISIBLE, /* shows nothing */
    SP_UNICODE_JOINER     /* shows nothing by itself, but is at home in some scripts and in emoji */
};
enum sp_unicode_class sp_unicode_class_of(uint32_t point);

/* Scripts by a bit each; those that are written together (Han, Kana, Hangul, Bopomofo) share one. 0: none of its own. */
uint32_t sp_unicode_script_of(uint32_t point);

extern const struct sp_sorted sp_unicode_scripts; /* of ranges of points */

/* Do letters of these scripts in one identifier mislead? One script never does, nor East Asian ones beside Latin. */
bool sp_unicode_mixed(uint32_t scripts);

#endif
