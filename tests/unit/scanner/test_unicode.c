#include <criterion/criterion.h>

#include "scanner/unicode.h"

Test(unicode, knows_scripts)
{
    uint32_t latin = sp_unicode_script_of('a'), greek = sp_unicode_script_of(0x3b1);
    uint32_t han = sp_unicode_script_of(0x4e00), kana = sp_unicode_script_of(0x30a2);
    cr_assert_eq(latin, sp_unicode_script_of(0xff41), "fullwidth");
    cr_assert_eq(sp_unicode_script_of('1'), 0);
    cr_assert_eq(sp_unicode_script_of(0x1F600), 0);
    cr_assert_eq(han, kana);
    cr_assert(sp_unicode_mixed(latin | greek));
    cr_assert_not(sp_unicode_mixed(latin | han));
    cr_assert(sp_unicode_mixed(latin | han | greek));
    cr_assert_not(sp_unicode_mixed(0));
    cr_assert_eq(sp_unicode_script_of(0x394), 0, "Delta");
    cr_assert_eq(sp_unicode_script_of(0x3bf), greek, "omicron");
}

Test(unicode, knows_what_looks_like_latin)
{
    static const uint32_t alike[] = {0x430, 0x3bf, 0x397, 0x441, 0x585, 0x13aa},
                          distinct[] = {'a', 0xe9, 0x436, 0x3c3, 0x5d0};
    for (size_t i = 0; i < SP_COUNT(alike); i++)
        cr_expect(sp_unicode_alike(alike[i]), "%x", alike[i]);
    for (size_t i = 0; i < SP_COUNT(distinct); i++)
        cr_expect_not(sp_unicode_alike(distinct[i]), "%x", distinct[i]);
}

Test(unicode, knows_classes_at_their_borders)
{
    static const struct {
        uint32_t point;
        enum sp_unicode_class class;
    } rows[] = {
        {'a', SP_UNICODE_PLAIN},
        {0x200B, SP_UNICODE_INVISIBLE},
        {0x200D, SP_UNICODE_JOINER},
        {0x200E, SP_UNICODE_BIDI},
        {0x2029, SP_UNICODE_PLAIN},
        {0x202A, SP_UNICODE_BIDI},
        {0x202E, SP_UNICODE_BIDI},
        {0x202F, SP_UNICODE_PLAIN},
        {0xFE0F, SP_UNICODE_SELECTOR},
        {0xE0001, SP_UNICODE_INVISIBLE},
        {0xE0020, SP_UNICODE_TAG},
        {0xE007F, SP_UNICODE_TAG},
        {0xE0080, SP_UNICODE_INVISIBLE},
        {0xE01EF, SP_UNICODE_SELECTOR},
        {0xFE10, SP_UNICODE_PLAIN},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        cr_expect(sp_unicode_class_of(rows[i].point) == rows[i].class, "%x", rows[i].point);
}
