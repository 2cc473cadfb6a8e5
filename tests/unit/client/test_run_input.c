/* What --file takes, and under which names the program finds it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/run_input.h"

static char root[64];

static void run(const char *script)
{
    char command[512];
    snprintf(command, sizeof command, "cd %s && %s", root, script);
    cr_assert_eq(system(command), 0);
}

static void set_up(void)
{
    strcpy(root, "/tmp/sallyport-run-input-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    run("echo 'print(1)' > main.py && printf a > a.txt && mkdir -p d/sub && printf b > d/b.txt && printf c > "
        "d/sub/c.txt && "
        "chmod 755 d/b.txt");
    cr_assert_eq(chdir(root), 0);
}

static void tear_down(void)
{
    run("cd / && rm -rf \"$OLDPWD\"");
}

TestSuite(run_input, .init = set_up, .fini = tear_down);

static int read_with(const char *file, struct sp_run_input **ret_input, struct sp_error *error)
{
    const char *items[] = {file};
    const struct sp_texts files = {.items = items, .n_items = 1};
    return sp_run_input_new("main.py", NULL, &files, false, ret_input, error);
}

static void expect_names(const char *file, const char *names)
{
    sp_cleanup(sp_run_input_free_scope) struct sp_run_input *input = NULL;
    struct sp_error error = {0};
    char found[256] = "";
    cr_assert_eq(read_with(file, &input, &error), 0, "%s: %s", file, error.text);
    for (size_t i = 0; i < input->n_files; i++) {
        strcat(found, " ");
        strcat(found, input->files[i].path);
    }
    cr_assert_str_eq(found, names, "%s:%s", file, found);
}

Test(run_input, a_file_has_its_last_part_for_a_name_or_what_is_said)
{
    expect_names("a.txt", " a.txt");
    expect_names("./d/sub/c.txt", " c.txt");
    expect_names("a.txt:x/y", " x/y");
}

Test(run_input, a_folder_keeps_its_name_another_or_none)
{
    expect_names("d", " d/b.txt d/sub/c.txt");
    expect_names("d:e", " e/b.txt e/sub/c.txt");
    expect_names("d/", " b.txt sub/c.txt");
}

Test(run_input, bytes_are_found_by_name_and_modes_are_kept)
{
    sp_cleanup(sp_run_input_free_scope) struct sp_run_input *input = NULL;
    cr_assert_eq(read_with("d", &input, NULL), 0);
    cr_assert(sp_str_is(sp_run_input_find(input, "d/sub/c.txt"), "c"));
    cr_assert_null(sp_run_input_find(input, "c.txt").ptr);
    cr_assert_eq(input->files[0].mode, 0755);
    cr_assert_eq(input->n_bytes, 2);
}

Test(run_input, says_what_is_wrong)
{
    static const char *const rows[][2] = {{"", "\"\" is not SRC[:DST]"}, {":x", "\":x\" is not"},
        {"a.txt:", "\"a.txt:\" is not"}, {"missing", "missing: "}, {"missing:x", "missing: "}};
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct sp_run_input *input = NULL;
        struct sp_error error = {0};
        cr_assert_eq(read_with(rows[i][0], &input, &error), SP_EINVALID_REQUEST, "%s", rows[i][0]);
        cr_assert_null(input);
        cr_assert_not_null(strstr(error.text, rows[i][1]), "%s", error.text);
    }
}

Test(run_input, takes_no_more_files_than_a_request_can_have)
{
    struct sp_run_input *input = NULL;
    struct sp_error error = {0};
    char script[128];
    snprintf(script, sizeof script, "mkdir many && for i in $(seq %d); do : > many/$i; done", SP_FILES_MAX + 1);
    run(script);
    cr_assert_eq(read_with("many", &input, &error), SP_ETOO_LARGE);
    run("rm many/1");
    cr_assert_eq(read_with("many", &input, NULL), 0);
    cr_assert_eq(input->n_files, SP_FILES_MAX);
    sp_run_input_free(input);
}
