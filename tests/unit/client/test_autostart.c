/* Starting a private daemon: whose folder, whose word. The daemons here are scripts that fail; real ones are in the flow
 * tests. */
#include "tests/unit/client/fake.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "client/autostart.h"

static char base[64], folder[80], path[100];

static void set_up(void)
{
    strcpy(base, "/tmp/sallyport-auto-XXXXXX");
    cr_assert_not_null(mkdtemp(base));
    snprintf(folder, sizeof folder, "%s/sallyport", base);
    snprintf(path, sizeof path, "%s/sallyport.sock", folder);
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", base);
    cr_assert_eq(system(command), 0);
}

TestSuite(autostart, .init = set_up, .fini = tear_down, .timeout = 30);

static int start(const char *script, struct sp_error *error)
{
    char program[100];
    struct sp_wire wire;
    snprintf(program, sizeof program, "%s/daemon", base);
    if (script) {
        int fd = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
        cr_assert_eq(write(fd, script, strlen(script)), (ssize_t)strlen(script));
        close(fd);
    }
    sp_wire_init(&wire);
    int r = sp_autostart_connect(&wire, path, program, 2000, error);
    sp_wire_fini(&wire);
    return r;
}

Test(autostart, the_daemon_beside_the_library_is_its_own)
{
    char command[400], library[200], program[200];
    snprintf(command, sizeof command,
        "mkdir -p %s/lib %s/lib/" SP_SBIN_FROM_LIB " && touch %s/lib/libsallyport.so.0 %s/lib/other", base, base, base,
        base);
    cr_assert_eq(system(command), 0);
    snprintf(library, sizeof library, "%s/lib/libsallyport.so.0", base);
    cr_expect_not(sp_autostart_beside(library, program, sizeof program), "there is none");
    snprintf(command, sizeof command, "install -m 755 /dev/null %s/lib/" SP_SBIN_FROM_LIB "/sallyportd", base);
    cr_assert_eq(system(command), 0);
    cr_assert(sp_autostart_beside(library, program, sizeof program));
    cr_expect_eq(access(program, X_OK), 0, "%s", program);
    cr_expect_eq(strncmp(program, base, strlen(base)), 0, "%s", program);
    snprintf(library, sizeof library, "%s/lib/other", base);
    cr_expect_not(sp_autostart_beside(library, program, sizeof program), "a program that took the library in");
}

Test(autostart, its_own_word_is_told)
{
    struct sp_error error = {0};
    cr_expect_eq(start("#!/bin/sh\necho 'no sandbox to be had' >&$5\n", &error), SP_EUNREACHABLE);
    cr_expect_not_null(strstr(error.text, "no sandbox to be had"), "%s", error.text);
}

Test(autostart, arguments_and_surroundings_are_clean)
{
    struct sp_error error = {0};
    int leaked = open("/dev/null", O_RDONLY);
    cr_assert_geq(leaked, 3);
    signal(SIGPIPE, SIG_IGN);
    /* The shell's own descriptor of the script is 10 or above. */
    const char *script = "#!/bin/sh\n"
                         "[ \"$*\" = \"--private --socket $3 --ready-fd 3\" ] || { echo args $* >&3; exit; }\n"
                         "for fd in 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && { echo leaked $fd >&3; exit; }; done\n"
                         "case $(umask) in *077) ;; *) echo umask >&3; exit;; esac\n"
                         "grep -q 'SigIgn:.0*$' /proc/$$/status || { grep SigIgn /proc/$$/status >&3; exit; }\n"
                         "echo $(pwd) clean >&3\n";
    cr_expect_eq(start(script, &error), SP_EUNREACHABLE);
    cr_expect_not_null(strstr(error.text, "/ clean"), "%s", error.text);
    close(leaked);
}

Test(autostart, a_daemon_that_dies_or_is_missing_is_told)
{
    struct sp_error error = {0};
    cr_expect_eq(start("#!/bin/sh\nexit 3\n", &error), SP_EUNREACHABLE);
    cr_expect_not_null(strstr(error.text, "without a word"), "%s", error.text);
    error = (struct sp_error){0};
    tear_down();
    set_up();
    cr_expect_eq(start(NULL, &error), SP_EUNREACHABLE);
    cr_expect_not_null(strstr(error.text, "No such file"), "%s", error.text);
}

Test(autostart, a_daemon_that_never_gets_ready_is_not_waited_for)
{
    struct sp_error error = {0};
    cr_expect_eq(start("#!/bin/sh\nsleep 4\n", &error), SP_EUNREACHABLE);
    cr_expect_not_null(strstr(error.text, "in time"), "%s", error.text);
}

Test(autostart, folder_is_made_for_the_user_alone)
{
    struct stat info;
    start("#!/bin/sh\n", NULL);
    cr_assert_eq(stat(folder, &info), 0);
    cr_expect_eq(info.st_mode & 0777, geteuid() == 0 ? 0711u : 0700u);
}

Test(autostart, a_folder_of_others_is_refused)
{
    mkdir(folder, 0700);
    chmod(folder, 0777);
    cr_expect_eq(start("#!/bin/sh\n", NULL), SP_EDENIED);
    rmdir(folder);
    cr_assert_eq(symlink(base, folder), 0);
    cr_expect_eq(start("#!/bin/sh\n", NULL), SP_EUNREACHABLE);
    unlink(folder);
    if (geteuid() != 0)
        return;
    mkdir(folder, 0700);
    cr_assert_eq(chown(folder, 12345, 12345), 0);
    cr_expect_eq(start("#!/bin/sh\n", NULL), SP_EDENIED);
}

Test(autostart, one_word_is_ready)
{
    cr_expect_eq(sp_autostart_read_line("ready", NULL), 0);
    cr_expect_eq(sp_autostart_read_line("already taken", NULL), SP_EUNREACHABLE);
    cr_expect_eq(sp_autostart_read_line("readying failed", NULL), SP_EUNREACHABLE);
    cr_expect_eq(sp_autostart_read_line("", NULL), SP_EUNREACHABLE);
}
