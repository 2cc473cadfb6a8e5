#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/notify.h"

static void expect(const char *line, const char *seen)
{
    int pair[2];
    char text[2048];
    cr_assert_eq(pipe(pair), 0);
    sp_notify_starter(pair[1], line);
    ssize_t n = read(pair[0], text, sizeof(text) - 1);
    cr_assert_geq(n, 0);
    text[n] = '\0';
    cr_assert_str_eq(text, seen);
    cr_assert_eq(read(pair[0], text, 1), 0); /* closed */
    close(pair[0]);
}

Test(notify, the_starter_gets_one_line)
{
    expect("ready", "ready\n");
    expect("invalid_config: a\nb", "invalid_config: a b\n");
}

Test(notify, a_long_line_is_cut_and_still_a_line)
{
    char line[4000], seen[1025];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    memset(seen, 'x', sizeof(seen));
    seen[1022] = '\n';
    seen[1023] = '\0';
    expect(line, seen);
}

Test(notify, without_a_service_manager_nothing_happens)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    sp_notify_ready();
    sp_notify_stopping();
    sp_notify_starter(-1, "ready");
    cr_assert_eq(sp_notify_watchdog_us(), 0);
}

Test(notify, knows_how_often_the_watchdog_wants_to_hear)
{
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "3000000", 1);
    cr_assert_eq(sp_notify_watchdog_us(), 3000000);
}
