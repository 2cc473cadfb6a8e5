#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"

static int readable;

/* Standard error becomes a pipe. */
static void catch_stderr(void)
{
    int pair[2];
    cr_assert_eq(pipe(pair), 0);
    readable = pair[0];
    cr_assert_geq(dup2(pair[1], STDERR_FILENO), 0);
    close(pair[1]);
}

static void expect(const char *line)
{
    char text[8192];
    ssize_t n = read(readable, text, sizeof(text) - 1);
    cr_assert_gt(n, 0);
    text[n] = '\0';
    cr_assert_str_eq(text, line);
}

Test(log, names_the_level, .init = catch_stderr)
{
    unsetenv("JOURNAL_STREAM");
    sp_log_init(SP_LOG_INFO);
    sp_log(SP_LOG_WARNING, "%d things", 3);
    expect("sallyportd: warning: 3 things\n");
}

Test(log, one_event_is_one_line_of_harmless_characters, .init = catch_stderr)
{
    sp_log_init(SP_LOG_INFO);
    sp_log(SP_LOG_ERROR, "%s", "a\nb\x1b[31m\x7f \xc3\xa9 \xc2\x9b");
    expect("sallyportd: error: a\\x0ab\\x1b[31m\\x7f \xc3\xa9 \\u009b\n");
}

Test(log, leaves_out_what_is_below_the_level, .init = catch_stderr)
{
    sp_log_init(SP_LOG_NOTICE);
    sp_log(SP_LOG_INFO, "no");
    sp_log(SP_LOG_NOTICE, "yes");
    expect("sallyportd: notice: yes\n");
    sp_log_set_level(SP_LOG_ERROR);
    cr_assert_not(sp_log_wants(SP_LOG_WARNING));
    cr_assert(sp_log_wants(SP_LOG_ERROR));
}

Test(log, under_the_journal_the_level_is_its_prefix, .init = catch_stderr)
{
    struct stat stat;
    char stream[64];
    cr_assert_eq(fstat(STDERR_FILENO, &stat), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)stat.st_dev, (unsigned long long)stat.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    sp_log_init(SP_LOG_INFO);
    sp_log(SP_LOG_NOTICE, "here");
    expect("<5>here\n");
}

Test(log, peers_cannot_flood_it, .init = catch_stderr)
{
    char text[65536];
    sp_log_init(SP_LOG_INFO);
    for (int i = 0; i < 1000; i++)
        sp_log_peer(SP_LOG_INFO, "x");
    ssize_t n = read(readable, text, sizeof(text));
    size_t n_lines = 0;
    for (ssize_t i = 0; i < n; i++)
        n_lines += text[i] == '\n';
    cr_assert_geq(n_lines, 20);
    cr_assert_leq(n_lines, 42); /* the second may have changed once meanwhile */
}

Test(log, a_long_line_is_cut, .init = catch_stderr)
{
    char text[8192];
    sp_log_init(SP_LOG_INFO);
    sp_log(SP_LOG_INFO, "%5000d", 1);
    ssize_t n = read(readable, text, sizeof(text));
    cr_assert_gt(n, 1000);
    cr_assert_lt(n, 1100);
    cr_assert_eq(text[n - 1], '\n');
}
