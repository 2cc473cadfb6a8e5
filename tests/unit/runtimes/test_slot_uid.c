#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "runtimes/slot_uid.h"

static char path[] = "/tmp/sallyport-slot-XXXXXX";

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void set_up(void)
{
    close(mkstemp(path));
}

static void tear_down(void)
{
    unlink(path);
}

TestSuite(slot_uid, .init = set_up, .fini = tear_down);

static int check(uint32_t except, bool sub)
{
    struct sp_slot_uid_files files = {0};
    *(sub ? &files.subuid : &files.passwd) = path;
    return sp_slot_uid_check(1000, 10, except, &files, NULL);
}

Test(slot_uid, takes_a_free_range)
{
    write_file("root:x:0:0::/:/bin/sh\nlow:x:999:1005::/:\nhigh:x:1010:1::/:\n\nbroken\n");
    cr_assert_eq(check(0, false), 0);
    write_file("low:500:500\nhigh:1010:65536\nnone:1005:0\n");
    cr_assert_eq(check(0, true), 0);
}

Test(slot_uid, refuses_users_in_it)
{
    write_file("first:x:1000:1::/:\n");
    cr_assert_eq(check(0, false), SP_EINVALID_CONFIG);
    write_file("last:x:1009:1::/:\n");
    cr_assert_eq(check(0, false), SP_EINVALID_CONFIG);
}

Test(slot_uid, the_service_itself_may_be_in_it)
{
    write_file("sallyport:x:1000:1000::/:\n");
    cr_assert_eq(check(1000, false), 0);
}

Test(slot_uid, refuses_ranges_that_overlap)
{
    write_file("below:900:101\n");
    cr_assert_eq(check(0, true), SP_EINVALID_CONFIG);
    write_file("above:1009:65536\n");
    cr_assert_eq(check(0, true), SP_EINVALID_CONFIG);
    write_file("around:1:4294967294\n");
    cr_assert_eq(check(1000, true), SP_EINVALID_CONFIG);
}

Test(slot_uid, refuses_what_is_no_range)
{
    struct sp_slot_uid_files none = {0};
    struct sp_error error = {0};
    cr_assert_eq(sp_slot_uid_check(0, 10, 0, &none, &error), SP_EINVALID_CONFIG);
    cr_assert_eq(sp_slot_uid_check(1000, 0, 0, &none, NULL), SP_EINVALID_CONFIG);
    cr_assert_eq(sp_slot_uid_check(4294967000u, 1000, 0, &none, NULL), SP_EINVALID_CONFIG);
    cr_assert_gt(strlen(error.text), 0);
}
