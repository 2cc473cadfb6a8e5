/* Durations, sizes and numbers as people write them. */
#include <criterion/criterion.h>

#include "client/cmd/cmd_quantity.h"

#define YES(function, text, expected)                                                                                  \
    do {                                                                                                               \
        uint64_t got = 0;                                                                                              \
        cr_expect(function(text, &got), "%s", text);                                                                   \
        cr_expect_eq(got, (uint64_t)(expected), "%s: %llu", text, (unsigned long long)got);                            \
    } while (0)
#define NO(function, text)                                                                                             \
    do {                                                                                                               \
        uint64_t got = 77;                                                                                             \
        cr_expect_not(function(text, &got), "%s", text);                                                               \
        cr_expect_eq(got, 77u, "%s", text);                                                                            \
    } while (0)

Test(cmd_quantity, durations)
{
    YES(sp_quantity_duration, "30s", 30000);
    YES(sp_quantity_duration, "30", 30000);
    YES(sp_quantity_duration, "500ms", 500);
    YES(sp_quantity_duration, "1.5m", 90000);
    YES(sp_quantity_duration, "0.25s", 250);
    YES(sp_quantity_duration, "2h", 7200000);
    YES(sp_quantity_duration, "1.0000000000000000001s", 1000);
}

Test(cmd_quantity, sizes)
{
    YES(sp_quantity_size, "256M", 256u << 20);
    YES(sp_quantity_size, "1G", 1u << 30);
    YES(sp_quantity_size, "64k", 65536);
    YES(sp_quantity_size, "1.5MiB", 1572864);
    YES(sp_quantity_size, "4096", 4096);
    YES(sp_quantity_size, "10B", 10);
}

Test(cmd_quantity, what_is_none_is_refused)
{
    static const char *const wrong[] = {"", "s", "-1s", "+1s", "1e3", "0x10", "inf", "nan", " 1", "1 ", "1,5s", "1.s",
        ".5s", "30x", "0", "0s", "0.0001", "99999999999999999999", "1000000000000000", "1s1s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        NO(sp_quantity_duration, wrong[i]);
        if (wrong[i][0] != '1' || wrong[i][1] == 'e')
            NO(sp_quantity_size, wrong[i]);
    }
    NO(sp_quantity_size, "999999999999999T");
}

Test(cmd_quantity, thousandths_and_counts)
{
    YES(sp_quantity_milli, "1", 1000);
    YES(sp_quantity_milli, "0.5", 500);
    NO(sp_quantity_milli, "0.0001");
    uint64_t count = 0;
    cr_expect(sp_quantity_count("64", 1, 64, &count));
    cr_expect_eq(count, 64u);
    cr_expect_not(sp_quantity_count("65", 1, 64, &count));
    cr_expect_not(sp_quantity_count("0", 1, 64, &count));
    cr_expect_not(sp_quantity_count("6x", 1, 64, &count));
    cr_expect_not(sp_quantity_count("", 0, 64, &count));
}
