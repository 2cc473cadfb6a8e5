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
    SP_UNICODE_JOINER,    /* shows nothing by itself, but joins letters of some scripts, and emoji */
    SP_UNICODE_SELECTOR,  /* shows nothing by itself, but chooses how the character before it is shown */
    SP_UNICODE_TAG        /* shows nothing by itself, but names the region of a flag */
};
enum sp_unicode_class sp_unicode_class_of(uint32_t point);

/* Scripts by a bit each; those that are written together (Han, Kana, Hangul, Bopomofo) share one. 0: none of its own, as
 * have the Greek letters that stand for quantities everywhere and look like no Latin one. */
uint32_t sp_unicode_script_of(uint32_t point);

/* Of ranges of points: scripts, and letters of other scripts that look like Latin ones. */
extern const struct sp_sorted sp_unicode_scripts, sp_unicode_alikes;

/* Do letters of these scripts in one word mislead? One script never does, nor East Asian ones beside Latin. */
bool sp_unicode_mixed(uint32_t scripts);

/* A letter that could be taken for a Latin one, though it is none. */
bool sp_unicode_alike(uint32_t point);

extern const uint32_t sp_unicode_latin; /* its bit */

#endif
