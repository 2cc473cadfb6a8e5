#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "scanner/hash.h"

#define SLOTS 4096

Test(hash, one_key_serves_the_process)
{
    struct sp_hash_key one = sp_hash_key(), other = sp_hash_key();
    cr_expect(one.a == other.a && one.b == other.b);
    cr_expect_eq(sp_hash_text(one, SP_STR("import os")), sp_hash_text(other, SP_STR("import os")));
}

Test(hash, every_byte_and_the_length_count)
{
    struct sp_hash_key key = sp_hash_key();
    static const char text[32] = {0};
    for (size_t n = 0; n < sizeof(text); n++)
        for (size_t m = 0; m < n; m++)
            cr_expect_neq(sp_hash_text(key, (struct sp_str){text, n}), sp_hash_text(key, (struct sp_str){text, m}));
    for (size_t i = 0; i < sizeof(text); i++) {
        char changed[sizeof(text)] = {0};
        changed[i] = 1;
        cr_expect_neq(sp_hash_text(key, (struct sp_str){text, sizeof(text)}),
            sp_hash_text(key, (struct sp_str){changed, sizeof(changed)}));
    }
}

Test(hash, another_key_is_another_order)
{
    struct sp_hash_key key = sp_hash_key(), other = {key.a + 1, key.b};
    int n_same = 0;
    for (uint64_t i = 0; i < SLOTS; i++)
        n_same += sp_hash_number(key, i) % SLOTS == sp_hash_number(other, i) % SLOTS;
    cr_expect(n_same < SLOTS / 64, "%d", n_same);
}

/* Names and numbers in a row, and such as a fixed multiplication puts in one place. */
Test(hash, no_slot_is_crowded)
{
    struct sp_hash_key key = sp_hash_key();
    static unsigned texts[SLOTS], rows[SLOTS], steps[SLOTS];
    for (uint64_t i = 0; i < SLOTS; i++) {
        char text[16];
        size_t n = (size_t)snprintf(text, sizeof(text), "a%d", (int)i);
        texts[sp_hash_text(key, (struct sp_str){text, n}) % SLOTS]++;
        rows[sp_hash_number(key, i) % SLOTS]++;
        steps[sp_hash_number(key, i << 32) % SLOTS]++;
    }
    for (size_t i = 0; i < SLOTS; i++)
        cr_expect(texts[i] < 24 && rows[i] < 24 && steps[i] < 24, "%u %u %u", texts[i], rows[i], steps[i]);
}
