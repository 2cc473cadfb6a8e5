#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/watchdog.h"

#define SIZE (48u << 20)

/* A process with SIZE bytes that n children share with it; gone with its pipe. */
static pid_t start_tree(int n, int *ret_pipe)
{
    int ready[2], life[2];
    char word;
    cr_assert_eq(pipe(ready) + pipe(life), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(bytes, 1, SIZE);
        close(life[1]);
        for (int i = 0; i < n; i++)
            if (fork() == 0) {
                while (read(life[0], &word, 1) > 0)
                    ;
                _exit(0);
            }
        if (write(ready[1], "x", 1) == 1)
            while (read(life[0], &word, 1) > 0)
                ;
        _exit(0);
    }
    close(life[0]);
    close(ready[1]);
    cr_assert_eq(read(ready[0], &word, 1), 1);
    *ret_pipe = life[1];
    return pid;
}

Test(watchdog, sums_a_tree_and_counts_shared_pages_once)
{
    int life, proc = open("/proc", O_RDONLY | O_DIRECTORY);
    pid_t pid = start_tree(4, &life);
    struct sp_watchdog_item items[2] = {{.init = 0}, {.init = pid, .limit_bytes = UINT64_MAX}};
    sp_watchdog_look(proc, items, 2);
    cr_assert_eq(items[1].processes, 5);
    cr_assert_geq(items[1].used_bytes, 5ull * SIZE, "the rough sum");
    items[1].limit_bytes = 2 * SIZE;
    sp_watchdog_look(proc, items, 2);
    cr_assert_geq(items[1].used_bytes, SIZE);
    cr_assert_leq(items[1].used_bytes, 3ull * SIZE / 2, "%lu", (unsigned long)items[1].used_bytes);
    cr_assert_eq(items[0].processes, 0);
    close(life);
    waitpid(pid, NULL, 0);
}

/* One page of the table each: reading brings the page of zeros, which is nobody's. */
#define TABLES    4096
#define EACH_STEP (2ull << 20)

Test(watchdog, counts_page_tables)
{
    int ready[2], life[2], proc = open("/proc", O_RDONLY | O_DIRECTORY);
    char word;
    cr_assert_eq(pipe(ready) + pipe(life), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(life[1]);
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        const volatile char *bytes = mmap(NULL, TABLES * EACH_STEP, PROT_READ, flags, -1, 0);
        for (unsigned i = 0; bytes != MAP_FAILED && i < TABLES; i++)
            (void)bytes[i * EACH_STEP];
        if (write(ready[1], "x", 1) == 1)
            while (read(life[0], &word, 1) > 0)
                ;
        _exit(0);
    }
    close(life[0]);
    close(ready[1]);
    cr_assert_eq(read(ready[0], &word, 1), 1);
    struct sp_watchdog_item items[2] = {{.init = pid, .limit_bytes = UINT64_MAX}, {.init = pid, .limit_bytes = 1}};
    sp_watchdog_look(proc, &items[0], 1);
    cr_assert_geq(items[0].used_bytes, TABLES * 4096ull, "the rough sum");
    sp_watchdog_look(proc, &items[1], 1);
    cr_assert_geq(items[1].used_bytes, TABLES * 4096ull);
    close(life[1]);
    waitpid(pid, NULL, 0);
}

Test(watchdog, leaves_others_out)
{
    int life, other_life, proc = open("/proc", O_RDONLY | O_DIRECTORY);
    pid_t pid = start_tree(0, &life), other = start_tree(2, &other_life);
    struct sp_watchdog_item item = {.init = pid, .limit_bytes = UINT64_MAX};
    sp_watchdog_look(proc, &item, 1);
    cr_assert_eq(item.processes, 1);
    sp_watchdog_kill(proc, pid);
    cr_assert_eq(waitpid(other, NULL, WNOHANG), 0);
    close(other_life);
    close(life);
    waitpid(pid, NULL, 0);
    waitpid(other, NULL, 0);
}

Test(watchdog, kills_the_tree_below)
{
    int life, proc = open("/proc", O_RDONLY | O_DIRECTORY);
    pid_t pid = start_tree(3, &life);
    sp_watchdog_kill(proc, pid);
    /* What is left of the children are entries without memory: their parent does not wait for them. The rough sum tells: a fair
     * share of what they had together is no more than what one has. */
    struct sp_watchdog_item item = {.init = pid, .limit_bytes = UINT64_MAX};
    for (int i = 0; i < 100; i++) {
        sp_watchdog_look(proc, &item, 1);
        if (item.used_bytes <= SIZE + (16u << 20))
            break;
        usleep(10000);
    }
    cr_assert_leq(item.used_bytes, SIZE + (16u << 20));
    close(life);
    waitpid(pid, NULL, 0);
}
