#include <criterion/criterion.h>

#include "runtimes/artifact.h"

static struct sp_artifact_list list;

static void tear_down(void)
{
    sp_artifact_list_fini(&list);
}

TestSuite(artifact, .fini = tear_down);

Test(artifact, puts_pieces_together)
{
    size_t n;
    sp_artifact_list_begin(&list, SP_STR("a/b"), 0100644, 6, SP_STR("one"));
    sp_artifact_list_more(&list, SP_STR("two"));
    sp_artifact_list_begin(&list, SP_STR("empty"), 0600, 0, SP_STR(""));
    const struct sp_run_artifact *items = sp_artifact_list_finish(&list, &n);
    cr_assert_eq(n, 2);
    cr_assert(sp_str_is(items[0].data, "onetwo"));
    cr_assert_eq(items[0].mode, 0644);
    cr_assert_eq(items[1].data.n_bytes, 0);
    cr_assert_not(list.cut);
}

Test(artifact, drops_one_that_broke_off)
{
    size_t n;
    sp_artifact_list_begin(&list, SP_STR("whole"), 0644, 1, SP_STR("x"));
    sp_artifact_list_begin(&list, SP_STR("half"), 0644, 2, SP_STR("x"));
    const struct sp_run_artifact *items = sp_artifact_list_finish(&list, &n);
    cr_assert_eq(n, 1);
    cr_assert(sp_str_is(items[0].path, "whole"));
    cr_assert(list.cut);
}

Test(artifact, keeps_no_more_than_fits_into_an_answer)
{
    size_t n;
    sp_artifact_list_begin(&list, SP_STR("large"), 0644, SP_ARTIFACTS_BYTES_MAX + 1, SP_STR("x"));
    sp_artifact_list_more(&list, SP_STR("y"));
    sp_artifact_list_begin(&list, SP_STR("huge"), 0644, UINT64_MAX, SP_STR("x"));
    sp_artifact_list_begin(&list, SP_STR("small"), 0644, 1, SP_STR("x"));
    const struct sp_run_artifact *items = sp_artifact_list_finish(&list, &n);
    cr_assert_eq(n, 1);
    cr_assert(sp_str_is(items[0].path, "small"));
    cr_assert(list.cut);
}

Test(artifact, takes_no_more_bytes_than_were_claimed)
{
    size_t n;
    sp_artifact_list_begin(&list, SP_STR("a"), 0644, 2, SP_STR("x"));
    sp_artifact_list_more(&list, SP_STR("yzzzzzzzzzzzzzzzz"));
    const struct sp_run_artifact *items = sp_artifact_list_finish(&list, &n);
    cr_assert_eq(n, 1);
    cr_assert(sp_str_is(items[0].data, "xy"));
}

Test(artifact, counts_are_bounded)
{
    size_t n;
    for (int i = 0; i < SP_ARTIFACTS_MAX + 10; i++)
        sp_artifact_list_begin(&list, SP_STR("a"), 0644, 1, SP_STR("x"));
    sp_artifact_list_finish(&list, &n);
    cr_assert_eq(n, SP_ARTIFACTS_MAX);
    cr_assert(list.cut);
}
