/* What a spawner that was killed has left, stood in for by a session with one process in it besides its leader. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/orphans.h"

static int held[2]; /* the one that is left holds its end: closed, it is gone */

static pid_t start_session(void)
{
    int told[2];
    char byte;
    cr_assert_eq(pipe(told) | pipe(held), 0);
    pid_t leader = fork();
    if (leader == 0) {
        setsid();
        if (fork() == 0) {
            dprintf(told[1], ".");
            close(told[1]);
        }
        for (;;)
            pause();
    }
    close(held[1]);
    cr_assert_eq(read(told[0], &byte, 1), 1);
    return leader;
}

static bool is_held(void)
{
    fd_set set;
    struct timeval wait = {.tv_sec = 0, .tv_usec = 200000};
    FD_ZERO(&set);
    FD_SET(held[0], &set);
    return select(held[0] + 1, &set, NULL, NULL, &wait) == 0;
}

Test(orphans, what_a_dead_leader_left_is_killed)
{
    pid_t leader = start_session();
    kill(leader, SIGKILL); /* not reaped yet: a dead spawner may be like that */
    while (sp_orphans_kill(leader) == 0)
        usleep(1000);
    cr_assert_not(is_held());
    cr_assert_eq(waitpid(leader, NULL, 0), leader);
    /* One that is just dying is still found. */
    for (int tries = 0; tries < 1000 && sp_orphans_kill(leader); tries++)
        usleep(1000);
    cr_assert_eq(sp_orphans_kill(leader), 0);
}

Test(orphans, a_session_whose_leader_lives_is_left_alone)
{
    pid_t leader = start_session();
    cr_assert_eq(sp_orphans_kill(leader), 0);
    cr_assert(is_held());
    kill(-leader, SIGKILL);
    waitpid(leader, NULL, 0);
    cr_assert_not(is_held());
}

Test(orphans, no_session_is_nobody)
{
    cr_assert_eq(sp_orphans_kill(0), 0);
    cr_assert_eq(sp_orphans_kill(1), 0);
}
