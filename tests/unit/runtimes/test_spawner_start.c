#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtimes/spawner.h"

static struct sp_spawner_config config = {
    .program = "/bin/true",
    .state_dir = "/tmp/sallyport-never-made",
    .instance = "0123456789abcdef0123456789abcdef",
    .service_uid = (uid_t)-1,
    .service_gid = (gid_t)-1,
    .sandboxes_max = 1,
};
static struct sp_error error;

static int start(void)
{
    int fd = -7;
    pid_t pid = -7;
    int status = sp_spawner_start(&config, &fd, &pid, &error);
    cr_assert_eq(fd, -7);
    cr_assert_eq(pid, -7);
    return status;
}

Test(spawner_start, refuses_relative_paths)
{
    config.bwrap = "bin/bwrap";
    cr_assert_eq(start(), SP_EINVALID_CONFIG);
    cr_assert(strstr(error.text, "bwrap"));
}

Test(spawner_start, refuses_paths_that_do_not_fit)
{
    char path[600];
    memset(path, '/', sizeof path - 1);
    path[sizeof path - 1] = 0;
    config.state_dir = path;
    cr_assert_eq(start(), SP_EINVALID_CONFIG);
}

Test(spawner_start, refuses_what_is_no_instance)
{
    config.instance = "../../etc";
    cr_assert_eq(start(), SP_EINVALID_CONFIG);
    config.instance = NULL;
    error = (struct sp_error){0};
    cr_assert_eq(start(), SP_EINVALID_CONFIG);
}

Test(spawner_start, says_what_program_is_missing)
{
    config.program = "/usr/bin/no-such-spawner";
    cr_assert_eq(start(), SP_EINVALID_CONFIG);
    cr_assert(strstr(error.text, "no-such-spawner"));
}

/* A program that ends at once, and is no spawner: an error, no hang, nobody left to wait for. */
Test(spawner_start, notices_a_program_that_is_none)
{
    cr_assert_eq(start(), SP_EINTERNAL);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}
