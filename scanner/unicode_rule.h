#ifndef SP_SCANNER_UNICODE_RULE_H
#define SP_SCANNER_UNICODE_RULE_H

/* What makes source read other than it runs: bidirectional controls, invisible characters, identifiers of mixed scripts.
 * The rule itself is sp_unicode_rule (scanner/scan.h); here is what it knows of characters. */

#include <stdbool.h>
#include <stdint.h>

enum sp_unicode_class {
    SP_UNICODE_PLAIN,
    SP_UNICODE_BIDI,      /* changes the order in which text is shown */
    SP_UNICODE_INVISIBLE, /* shows nothing */
    SP_UNICODE_JOINER     /* shows nothing by itself, but is at home in some scripts and in emoji */
};
enum sp_unicode_class sp_unicode_class_of(uint32_t point);

/* Scripts by a bit each; those that are written together (Han, Kana, Hangul, Bopomofo) share one. 0: none of its own. */
uint32_t sp_unicode_script_of(uint32_t point);

/* Do letters of these scripts in one identifier mislead? One script never does, nor East Asian ones beside Latin. */
bool sp_unicode_mixed(uint32_t scripts);

#endif
