#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/slot_lease.h"

static char folder[] = "/tmp/sallyport-lease-XXXXXX";
static char path[64];

static void set_up(void)
{
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/uids", folder);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(slot_lease, .init = set_up, .fini = tear_down);

static struct sp_slot_lease open_range(uint32_t first, uint32_t n, uint32_t service, uint32_t most)
{
    struct sp_slot_lease lease;
    struct sp_error error = {0};
    cr_assert_eq(sp_slot_lease_init(&lease, path, first, n, service, most, &error), 0, "%s", error.text);
    return lease;
}

static int take(struct sp_slot_lease *lease)
{
    uint32_t index;
    return sp_slot_lease_take(lease, &index) ? (int)index : -1;
}

Test(slot_lease, a_uid_is_never_in_two_hands)
{
    struct sp_slot_lease a = open_range(1000, 3, 7, 10), b = open_range(1000, 3, 7, 10);
    cr_assert_eq(take(&a), 0);
    cr_assert_eq(take(&b), 1);
    cr_assert_eq(take(&a), 2);
    cr_assert_eq(take(&a), -1);
    cr_assert_eq(take(&b), -1);
    sp_slot_lease_give(&a, 0);
    cr_assert_eq(take(&b), 0);
    sp_slot_lease_fini(&a);
    cr_assert_eq(take(&b), 2);
    sp_slot_lease_fini(&b);
}

Test(slot_lease, ranges_that_overlap_in_part)
{
    struct sp_slot_lease a = open_range(1000, 2, 7, 10), b = open_range(1001, 2, 7, 10);
    cr_assert_eq(take(&a), 0);
    cr_assert_eq(take(&a), 1);
    cr_assert_eq(take(&b), 1, "1001 is taken");
    cr_assert_eq(take(&b), -1);
    sp_slot_lease_fini(&a);
    sp_slot_lease_fini(&b);
}

Test(slot_lease, what_was_given_back_rests)
{
    struct sp_slot_lease a = open_range(1000, 3, 7, 10);
    cr_assert_eq(take(&a), 0);
    sp_slot_lease_give(&a, 0);
    cr_assert_eq(take(&a), 1);
    cr_assert_eq(take(&a), 2);
    cr_assert_eq(take(&a), 0);
    sp_slot_lease_fini(&a);
}

Test(slot_lease, the_death_of_a_holder_gives_back)
{
    int told[2];
    cr_assert_eq(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct sp_slot_lease a = open_range(1000, 1, 7, 10);
        char word = (char)take(&a);
        if (write(told[1], &word, 1) == 1)
            pause();
        _exit(1);
    }
    char word = -1;
    cr_assert_eq(read(told[0], &word, 1), 1);
    cr_assert_eq(word, 0);
    struct sp_slot_lease b = open_range(1000, 1, 7, 10);
    cr_assert_eq(take(&b), -1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    cr_assert_eq(take(&b), 0);
    sp_slot_lease_fini(&b);
}

Test(slot_lease, the_services_uid_is_nobodys_slot)
{
    struct sp_slot_lease a = open_range(1000, 2, 1000, 10), b = open_range(1000, 2, 1000, 10);
    cr_assert_eq(take(&a), 1);
    cr_assert_eq(take(&a), -1);
    cr_assert_eq(take(&b), -1);
    /* Nor that of a daemon whose service is another. */
    struct sp_slot_lease c = open_range(1000, 1, 7, 10);
    cr_assert_eq(take(&c), -1);
    sp_slot_lease_fini(&a);
    sp_slot_lease_fini(&b);
    cr_assert_eq(take(&c), 0);
    struct sp_slot_lease d;
    struct sp_error error = {0};
    cr_assert_eq(sp_slot_lease_init(&d, path, 1000, 2, 1000, 10, &error), SP_ERUNTIME_UNAVAILABLE);
    cr_assert_gt(strlen(error.text), 0);
    sp_slot_lease_fini(&d);
    sp_slot_lease_fini(&c);
}

Test(slot_lease, never_more_than_allowed)
{
    struct sp_slot_lease a = open_range(1000, 10, 7, 2);
    cr_assert_eq(take(&a), 0);
    cr_assert_eq(take(&a), 1);
    cr_assert_eq(take(&a), -1);
    sp_slot_lease_give(&a, 0);
    cr_assert_eq(take(&a), 2);
    sp_slot_lease_fini(&a);
}

Test(slot_lease, without_slot_uids_only_counts)
{
    struct sp_slot_lease a, b;
    cr_assert_eq(sp_slot_lease_init(&a, path, 0, 0, getuid(), 1, NULL), 0);
    cr_assert_eq(sp_slot_lease_init(&b, path, 0, 0, getuid(), 1, NULL), 0);
    cr_assert_eq(take(&a), 0);
    cr_assert_eq(take(&a), -1);
    cr_assert_eq(take(&b), 0);
    cr_assert_neq(access(path, F_OK), 0, "no file is made");
    sp_slot_lease_fini(&a);
    sp_slot_lease_fini(&b);
}

Test(slot_lease, refuses_a_file_that_others_can_lock)
{
    struct sp_slot_lease a;
    close(open(path, O_RDWR | O_CREAT, 0600));
    chmod(path, 0644);
    cr_assert_eq(sp_slot_lease_init(&a, path, 1000, 1, 7, 1, NULL), SP_ERUNTIME_UNAVAILABLE);
    sp_slot_lease_fini(&a);
    unlink(path);
    cr_assert_eq(symlink("/dev/null", path), 0);
    cr_assert_eq(sp_slot_lease_init(&a, path, 1000, 1, 7, 1, NULL), SP_ERUNTIME_UNAVAILABLE);
    sp_slot_lease_fini(&a);
}
