/* What is known of Unicode's characters. Any thread; tables only. */
#include "scanner/unicode.h"

enum script {
    SCRIPT_LATIN,
    SCRIPT_EAST_ASIAN,
    SCRIPT_GREEK,
    SCRIPT_CYRILLIC,
    SCRIPT_ARMENIAN,
    SCRIPT_HEBREW,
    SCRIPT_ARABIC,
    SCRIPT_SYRIAC,
    SCRIPT_THAANA,
    SCRIPT_NKO,
    SCRIPT_DEVANAGARI,
    SCRIPT_BENGALI,
    SCRIPT_GURMUKHI,
    SCRIPT_GUJARATI,
    SCRIPT_ORIYA,
    SCRIPT_TAMIL,
    SCRIPT_TELUGU,
    SCRIPT_KANNADA,
    SCRIPT_MALAYALAM,
    SCRIPT_SINHALA,
    SCRIPT_THAI,
    SCRIPT_LAO,
    SCRIPT_TIBETAN,
    SCRIPT_MYANMAR,
    SCRIPT_GEORGIAN,
    SCRIPT_ETHIOPIC,
    SCRIPT_CHEROKEE,
    SCRIPT_CANADIAN,
    SCRIPT_KHMER,
    SCRIPT_MONGOLIAN,
    SCRIPT_COPTIC,
    SCRIPT_LISU
};

/* Letters only matter, so that marks and digits between them may fall in. */
static const struct range {
    uint32_t first, last;
    enum script script;
} ranges[] = {
    {0x41, 0x5A, SCRIPT_LATIN},
    {0x61, 0x7A, SCRIPT_LATIN},
    {0xAA, 0xAA, SCRIPT_LATIN},
    {0xBA, 0xBA, SCRIPT_LATIN},
    {0xC0, 0xD6, SCRIPT_LATIN},
    {0xD8, 0xF6, SCRIPT_LATIN},
    {0xF8, 0x2B8, SCRIPT_LATIN},
    {0x370, 0x392, SCRIPT_GREEK},
    {0x395, 0x397, SCRIPT_GREEK},
    {0x399, 0x39A, SCRIPT_GREEK},
    {0x39C, 0x39D, SCRIPT_GREEK},
    {0x39F, 0x39F, SCRIPT_GREEK},
    {0x3A1, 0x3A1, SCRIPT_GREEK},
    {0x3A4, 0x3A5, SCRIPT_GREEK},
    {0x3A7, 0x3A7, SCRIPT_GREEK},
    {0x3AA, 0x3B1, SCRIPT_GREEK},
    {0x3B3, 0x3B3, SCRIPT_GREEK},
    {0x3B9, 0x3BA, SCRIPT_GREEK},
    {0x3BD, 0x3BD, SCRIPT_GREEK},
    {0x3BF, 0x3BF, SCRIPT_GREEK},
    {0x3C1, 0x3C1, SCRIPT_GREEK},
    {0x3C5, 0x3C5, SCRIPT_GREEK},
    {0x3C7, 0x3C7, SCRIPT_GREEK},
    {0x3CA, 0x3D0, SCRIPT_GREEK},
    {0x3D2, 0x3D4, SCRIPT_GREEK},
    {0x3D7, 0x3E1, SCRIPT_GREEK},
    {0x3E2, 0x3EF, SCRIPT_COPTIC},
    {0x3F0, 0x3F4, SCRIPT_GREEK},
    {0x3F6, 0x3FF, SCRIPT_GREEK},
    {0x400, 0x52F, SCRIPT_CYRILLIC},
    {0x531, 0x58F, SCRIPT_ARMENIAN},
    {0x591, 0x5F4, SCRIPT_HEBREW},
    {0x600, 0x6FF, SCRIPT_ARABIC},
    {0x700, 0x74F, SCRIPT_SYRIAC},
    {0x750, 0x77F, SCRIPT_ARABIC},
    {0x780, 0x7BF, SCRIPT_THAANA},
    {0x7C0, 0x7FF, SCRIPT_NKO},
    {0x860, 0x86F, SCRIPT_SYRIAC},
    {0x870, 0x8FF, SCRIPT_ARABIC},
    {0x900, 0x97F, SCRIPT_DEVANAGARI},
    {0x980, 0x9FF, SCRIPT_BENGALI},
    {0xA00, 0xA7F, SCRIPT_GURMUKHI},
    {0xA80, 0xAFF, SCRIPT_GUJARATI},
    {0xB00, 0xB7F, SCRIPT_ORIYA},
    {0xB80, 0xBFF, SCRIPT_TAMIL},
    {0xC00, 0xC7F, SCRIPT_TELUGU},
    {0xC80, 0xCFF, SCRIPT_KANNADA},
    {0xD00, 0xD7F, SCRIPT_MALAYALAM},
    {0xD80, 0xDFF, SCRIPT_SINHALA},
    {0xE00, 0xE7F, SCRIPT_THAI},
    {0xE80, 0xEFF, SCRIPT_LAO},
    {0xF00, 0xFFF, SCRIPT_TIBETAN},
    {0x1000, 0x109F, SCRIPT_MYANMAR},
    {0x10A0, 0x10FF, SCRIPT_GEORGIAN},
    {0x1100, 0x11FF, SCRIPT_EAST_ASIAN},
    {0x1200, 0x139F, SCRIPT_ETHIOPIC},
    {0x13A0, 0x13FF, SCRIPT_CHEROKEE},
    {0x1400, 0x167F, SCRIPT_CANADIAN},
    {0x1780, 0x17FF, SCRIPT_KHMER},
    {0x1800, 0x18AF, SCRIPT_MONGOLIAN},
    {0x18B0, 0x18FF, SCRIPT_CANADIAN},
    {0x1C80, 0x1C8F, SCRIPT_CYRILLIC},
    {0x1C90, 0x1CBF, SCRIPT_GEORGIAN},
    {0x1D00, 0x1D25, SCRIPT_LATIN},
    {0x1D26, 0x1D2A, SCRIPT_GREEK},
    {0x1D2B, 0x1D2B, SCRIPT_CYRILLIC},
    {0x1D2C, 0x1D5C, SCRIPT_LATIN},
    {0x1D5D, 0x1D61, SCRIPT_GREEK},
    {0x1D62, 0x1D65, SCRIPT_LATIN},
    {0x1D66, 0x1D6A, SCRIPT_GREEK},
    {0x1D6B, 0x1D77, SCRIPT_LATIN},
    {0x1D78, 0x1D78, SCRIPT_CYRILLIC},
    {0x1D79, 0x1DBE, SCRIPT_LATIN},
    {0x1DBF, 0x1DBF, SCRIPT_GREEK},
    {0x1E00, 0x1EFF, SCRIPT_LATIN},
    {0x1F00, 0x1FFF, SCRIPT_GREEK},
    {0x212A, 0x212B, SCRIPT_LATIN},
    {0x2C60, 0x2C7F, SCRIPT_LATIN},
    {0x2C80, 0x2CFF, SCRIPT_COPTIC},
    {0x2D00, 0x2D2F, SCRIPT_GEORGIAN},
    {0x2D80, 0x2DDF, SCRIPT_ETHIOPIC},
    {0x2DE0, 0x2DFF, SCRIPT_CYRILLIC},
    {0x2E80, 0x2FDF, SCRIPT_EAST_ASIAN},
    {0x3005, 0x3007, SCRIPT_EAST_ASIAN},
    {0x3021, 0x303B, SCRIPT_EAST_ASIAN},
    {0x3041, 0x31FF, SCRIPT_EAST_ASIAN},
    {0x3400, 0x4DBF, SCRIPT_EAST_ASIAN},
    {0x4E00, 0x9FFF, SCRIPT_EAST_ASIAN},
    {0xA4D0, 0xA4FF, SCRIPT_LISU},
    {0xA640, 0xA69F, SCRIPT_CYRILLIC},
    {0xA722, 0xA7FF, SCRIPT_LATIN},
    {0xA960, 0xA97F, SCRIPT_EAST_ASIAN},
    {0xAB30, 0xAB64, SCRIPT_LATIN},
    {0xAB65, 0xAB65, SCRIPT_GREEK},
    {0xAB70, 0xABBF, SCRIPT_CHEROKEE},
    {0xAC00, 0xD7FF, SCRIPT_EAST_ASIAN},
    {0xF900, 0xFAFF, SCRIPT_EAST_ASIAN},
    {0xFB00, 0xFB06, SCRIPT_LATIN},
    {0xFB13, 0xFB17, SCRIPT_ARMENIAN},
    {0xFB1D, 0xFB4F, SCRIPT_HEBREW},
    {0xFB50, 0xFDFF, SCRIPT_ARABIC},
    {0xFE70, 0xFEFC, SCRIPT_ARABIC},
    {0xFF21, 0xFF3A, SCRIPT_LATIN},
    {0xFF41, 0xFF5A, SCRIPT_LATIN},
    {0xFF66, 0xFFDC, SCRIPT_EAST_ASIAN},
    {0x20000, 0x3FFFF, SCRIPT_EAST_ASIAN},
};

const struct sp_sorted sp_unicode_scripts = SP_SORTED(ranges);
const uint32_t sp_unicode_latin = 1u << SCRIPT_LATIN;

/* As they are shown in common fonts. Where most letters of a script look so, all of it. */
static const struct alike {
    uint32_t first, last;
} alikes[] = {
    {0x370, 0x3E1}, {0x3F0, 0x3FF},                                                 /* Greek */
    {0x405, 0x406}, {0x408, 0x408}, {0x410, 0x410}, {0x412, 0x412}, {0x415, 0x415}, /* Cyrillic */
    {0x41A, 0x41A}, {0x41C, 0x41E}, {0x420, 0x423}, {0x425, 0x425}, {0x430, 0x430}, {0x435, 0x435}, {0x43E, 0x43E},
    {0x440, 0x441}, {0x443, 0x443}, {0x445, 0x445}, {0x455, 0x456}, {0x458, 0x458}, {0x474, 0x475}, {0x4AE, 0x4AF},
    {0x4BA, 0x4BB}, {0x4C0, 0x4C0}, {0x4CF, 0x4CF}, {0x501, 0x501}, {0x51A, 0x51D}, {0x531, 0x58F}, /* Armenian */
    {0x13A0, 0x13FF},                                                                               /* Cherokee */
    {0x1F00, 0x1FFF},                                                                               /* more Greek */
    {0x2C80, 0x2CFF},                                                                               /* Coptic */
    {0xA4D0, 0xA4FF},                                                                               /* Lisu */
    {0xAB70, 0xABBF},                                                                               /* more Cherokee */
};

const struct sp_sorted sp_unicode_alikes = SP_SORTED(alikes);

bool sp_unicode_alike(uint32_t point)
{
    return sp_unicode_script_of(point) && sp_sorted_find_point(&sp_unicode_alikes, point);
}

uint32_t sp_unicode_script_of(uint32_t point)
{
    const struct range *range = sp_sorted_find_point(&sp_unicode_scripts, point);
    return range ? 1u << range->script : 0;
}

bool sp_unicode_mixed(uint32_t scripts)
{
    const uint32_t east = 1u << SCRIPT_EAST_ASIAN, latin = 1u << SCRIPT_LATIN;
    return (scripts & (scripts - 1)) != 0 && scripts != (east | latin);
}

enum sp_unicode_class sp_unicode_class_of(uint32_t point)
{
    switch (point) {
    case 0x061C:
    case 0x200E:
    case 0x200F: return SP_UNICODE_BIDI;
    case 0x00AD:
    case 0x034F:
    case 0x115F:
    case 0x1160:
    case 0x17B4:
    case 0x17B5:
    case 0x180E:
    case 0x200B:
    case 0x3164:
    case 0xFEFF:
    case 0xFFA0: return SP_UNICODE_INVISIBLE;
    case 0x200C:
    case 0x200D: return SP_UNICODE_JOINER;
    case 0x180F: return SP_UNICODE_SELECTOR;
    default: break;
    }
    if ((point >= 0xFE00 && point <= 0xFE0F) || (point >= 0xE0100 && point <= 0xE01EF) ||
        (point >= 0x180B && point <= 0x180D))
        return SP_UNICODE_SELECTOR;
    if (point >= 0xE0020 && point <= 0xE007F)
        return SP_UNICODE_TAG;
    if ((point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069))
        return SP_UNICODE_BIDI;
    if ((point >= 0x2060 && point <= 0x2065) || (point >= 0x206A && point <= 0x206F) ||
        (point >= 0xFFF0 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE0FFF) ||
        (point >= 0x1BCA0 && point <= 0x1BCA3) || (point >= 0x1D173 && point <= 0x1D17A))
        return SP_UNICODE_INVISIBLE;
    return SP_UNICODE_PLAIN;
}
