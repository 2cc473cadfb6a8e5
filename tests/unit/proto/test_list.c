#include <criterion/criterion.h>

#include "proto/list.h"

struct item {
    char name;
    struct item *next, **link;
    struct item *other_next, **other_link;
};

static struct item a = {'a'}, b = {'b'}, c = {'c'}, *head;

static void expect(const char *names)
{
    struct item *const *place = &head;
    for (; *place && *names; place = &(*place)->next, names++) {
        cr_assert_eq((*place)->name, *names);
        cr_assert_eq((*place)->link, place);
    }
    cr_assert(!*place && !*names);
}

static void set_up(void)
{
    SP_LIST_INSERT(&head, &c);
    SP_LIST_INSERT(&head, &a);
    SP_LIST_INSERT(&a.next, &b);
}

TestSuite(list, .init = set_up);

Test(list, keeps_the_order_of_its_places)
{
    expect("abc");
}

Test(list, gives_up_the_first_one_in_between_and_the_last)
{
    SP_LIST_REMOVE(&b);
    expect("ac");
    SP_LIST_REMOVE(&a);
    expect("c");
    SP_LIST_REMOVE(&c);
    expect("");
}

Test(list, what_was_taken_out_is_in_none_and_can_be_put_back)
{
    SP_LIST_REMOVE(&b);
    cr_assert_null(b.link);
    cr_assert_null(b.next);
    SP_LIST_INSERT(&c.next, &b);
    expect("acb");
}

Test(list, an_item_can_be_in_two)
{
    struct item *other = NULL;
    SP_LIST_INSERT_BY(&other, &a, other_next, other_link);
    SP_LIST_INSERT_BY(&other, &b, other_next, other_link);
    SP_LIST_REMOVE_BY(&a, other_next, other_link);
    expect("abc");
    cr_assert_eq(other, &b);
    cr_assert_null(b.other_next);
    cr_assert_null(a.other_link);
}

static struct item *take_first(int *n_calls)
{
    ++*n_calls;
    return head;
}

Test(list, looks_at_its_item_once)
{
    int n_calls = 0;
    SP_LIST_REMOVE(take_first(&n_calls));
    cr_assert_eq(n_calls, 1);
    expect("bc");
}
