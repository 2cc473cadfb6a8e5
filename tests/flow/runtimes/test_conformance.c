/* What a program is given and what comes back of it, whatever the adapter. */
#include <string.h>

#include "tests/flow/runtimes/bench.h"

static struct bench bench;

static void set_up(void)
{
    bench_open(&bench, NULL);
}

static void tear_down(void)
{
    bench_close(&bench);
}

TestSuite(conformance, .init = set_up, .fini = tear_down);

Test(conformance, returns_output_and_exit_status)
{
    struct bench_run *run =
        bench_python(&bench, "import sys\nprint('hi')\nprint('oh', file=sys.stderr)\nsys.exit(7)\n");
    cr_exited(run, 7);
    cr_out(run, "hi\n");
    cr_assert_str_eq(run->err, "oh\n");
    cr_assert_eq(run->result.signal, 0);
    bench_run_free(run);
}

Test(conformance, returns_the_signal)
{
    struct bench_run *run = bench_python(&bench, "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n");
    cr_outcome(run, "signaled");
    cr_assert_eq(run->result.signal, 15);
    cr_assert_not(run->result.has_exit_code);
    bench_run_free(run);
}

Test(conformance, signal_9_of_its_own_is_no_oom)
{
    struct bench_run *run = bench_python(&bench, "import os\nos.kill(os.getpid(), 9)\n");
    cr_outcome(run, "signaled");
    cr_assert_eq(run->result.signal, 9);
    cr_assert_eq(run->result.oom_kills, 0);
    bench_run_free(run);
}

Test(conformance, warm_and_cold_give_the_same)
{
    bench_ready(&bench, 1);
    const char *code =
        "import os, sys\nprint(sys.argv, os.getcwd(), sorted(os.environ.items()), sys.path, os.getuid())\n";
    struct bench_run *warm = bench_python(&bench, code);
    struct bench_run *cold = bench_run_new(&bench, code);
    cold->spec.limits.disk_bytes /= 2;
    cr_assert_eq(bench_start(cold), 0);
    bench_wait(cold);
    cr_exited(warm, 0);
    cr_exited(cold, 0);
    cr_assert(warm->result.warm);
    cr_assert_not(cold->result.warm);
    cr_assert_str_eq(warm->out, cold->out);
    bench_run_free(warm);
    bench_run_free(cold);
}

Test(conformance, stdin_argv_and_env_arrive)
{
    static const struct sp_str argv[] = {{"one", 3}, {"two words", 9}, {"", 0}};
    static const struct sp_sandbox_env env[] = {{{"APP_MODE", 8}, {"bl\xc3\xbc", 4}}, {{"TZ", 2}, {"UTC-3", 5}}};
    struct bench_run *run = bench_run_new(&bench,
        "import os, sys, time\nprint(sys.argv[1:], os.environ['APP_MODE'], time.timezone, repr(sys.stdin.read()))\n");
    run->spec.argv = argv;
    run->spec.n_argv = 3;
    run->spec.env = env;
    run->spec.n_env = 2;
    run->spec.input = SP_STR("a\nb");
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_exited(run, 0);
    cr_out(run, "['one', 'two words', ''] bl\xc3\xbc -10800 'a\\nb'\n");
    bench_run_free(run);
}

Test(conformance, large_input_that_is_not_read_does_not_hang)
{
    size_t n = 4 << 20;
    char *input = malloc(n);
    memset(input, 'x', n);
    struct bench_run *run = bench_run_new(&bench, "print('done')\n");
    run->spec.input = (struct sp_str){input, n};
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_exited(run, 0);
    cr_out(run, "done\n");
    bench_run_free(run);

    run = bench_run_new(&bench, "import sys\nprint(len(sys.stdin.buffer.read()))\n");
    run->spec.input = (struct sp_str){input, n};
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_out(run, "4194304\n");
    bench_run_free(run);
    free(input);
}

Test(conformance, files_lie_where_they_belong)
{
    static const struct sp_sandbox_file files[] = {
        {.path = {"helper.py", 9}, .data = {"WORD = 'helped'\n", 16}, .place = SP_FILE_PLACE_CODE},
        {.path = {"pack/inner.py", 13}, .data = {"N = 3\n", 6}, .place = SP_FILE_PLACE_CODE},
        {.path = {"data/in.txt", 11}, .data = {"text", 4}, .mode = 0600, .place = SP_FILE_PLACE_WORK},
        {.path = {"other.py", 8}, .data = {"BAD = 1\n", 8}, .place = SP_FILE_PLACE_WORK},
    };
    struct bench_run *run =
        bench_run_new(&bench, "import helper, pack.inner, os\n"
                              "print(helper.WORD, helper.__file__, pack.inner.N, open('data/in.txt').read(), "
                              "oct(os.stat('data/in.txt').st_mode))\n"
                              "try:\n    import other\nexcept ImportError as e:\n    print(e)\n"
                              "for p in '/code/main.py', '/code/new', '/code/helper.py':\n"
                              "    try:\n        open(p, 'w')\n    except OSError as e:\n        print(e.errno)\n"
                              "open('/work/here', 'w').write('x'); open('/tmp/here', 'w').write('x')\n");
    run->spec.files = files;
    run->spec.n_files = 4;
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_exited(run, 0);
    cr_out(run, "helped /code/helper.py 3 text 0o100600\nNo module named 'other'\n30\n30\n30\n");
    bench_run_free(run);
}

Test(conformance, bad_paths_are_refused_by_name)
{
    static const char *const paths[] = {"/abs", "../up", "a//b", "a/./b", "", "a/.."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct sp_sandbox_file file = {.path = sp_str_of(paths[i]), .data = {"x", 1}};
        struct bench_run *run = bench_run_new(&bench, "");
        run->spec.files = &file;
        run->spec.n_files = 1;
        cr_assert_eq(bench_start(run), SP_EINVALID_REQUEST, "%s", paths[i]);
        cr_assert_str_eq(run->error.path, "files[0].path");
        bench_run_free(run);
    }
}

Test(conformance, two_files_at_one_path_are_refused)
{
    struct sp_sandbox_file file = {.path = SP_STR("main.py"), .data = {"x", 1}};
    struct bench_run *run = bench_run_new(&bench, "print(1)");
    run->spec.files = &file;
    run->spec.n_files = 1;
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_assert_not(run->has_result);
    cr_assert_eq(run->error.code, SP_EINVALID_REQUEST, "%s", run->error.text);
    bench_run_free(run);
}

static void assert_do_not_fit(const struct sp_sandbox_file *files, size_t n_files)
{
    struct bench_run *run = bench_run_new(&bench, "print(1)");
    run->spec.files = files;
    run->spec.n_files = n_files;
    run->spec.limits.disk_bytes = 1 << 20;
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_assert_not(run->has_result, "%s", sp_outcome_name(run->result.outcome));
    cr_assert_eq(run->error.code, SP_EINVALID_REQUEST, "%s", run->error.text);
    cr_out(run, "");
    bench_run_free(run);
}

/* They are the request's fault, and it is told so: nothing ran, so nothing was lost. */
Test(conformance, files_that_do_not_fit_are_refused)
{
    static char large[2 << 20], deep[SP_FILES_MAX][SP_FILE_PATH_MAX + 1];
    static struct sp_sandbox_file files[SP_FILES_MAX];
    files[0] =
        (struct sp_sandbox_file){.path = SP_STR("large"), .data = {large, sizeof large}, .place = SP_FILE_PLACE_WORK};
    assert_do_not_fit(files, 1);
    for (int i = 0; i < SP_FILES_MAX; i++) { /* more folders than there are inodes */
        int n = snprintf(deep[i], sizeof deep[i], "%03d", i);
        while (n + 2 <= SP_FILE_PATH_MAX)
            n += snprintf(deep[i] + n, sizeof deep[i] - (size_t)n, "/d");
        files[i] = (struct sp_sandbox_file){.path = sp_str_of(deep[i]), .place = SP_FILE_PLACE_WORK};
    }
    assert_do_not_fit(files, SP_FILES_MAX);
}

Test(conformance, artifacts_come_out)
{
    static const struct sp_str globs[] = {{"out/*.bin", 9}, {"*.txt", 5}};
    struct bench_run *run = bench_run_new(&bench, "import os\nos.mkdir('out')\n"
                                                  "open('out/big.bin', 'wb').write(bytes(range(256)) * 1024)\n"
                                                  "open('a.txt', 'w').write('A'); os.chmod('a.txt', 0o640)\n"
                                                  "open('empty.txt', 'w'); open('not.me', 'w').write('x')\n"
                                                  "os.symlink('/etc/passwd', 'link.txt')\n");
    run->spec.artifacts = globs;
    run->spec.n_artifacts = 2;
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_exited(run, 0);
    cr_assert_eq(run->result.n_artifacts, 3);
    cr_assert_not(run->result.artifacts_truncated);
    bool seen[3] = {false};
    for (size_t i = 0; i < 3; i++) {
        const struct sp_run_artifact *artifact = &run->artifacts[i];
        if (sp_str_is(artifact->path, "a.txt"))
            seen[0] = sp_str_is(artifact->data, "A") && artifact->mode == 0640;
        if (sp_str_is(artifact->path, "empty.txt"))
            seen[1] = artifact->data.n_bytes == 0;
        if (sp_str_is(artifact->path, "out/big.bin"))
            seen[2] = artifact->data.n_bytes == 256 * 1024 && artifact->data.ptr[256 * 1024 - 1] == (char)255;
    }
    cr_assert(seen[0] && seen[1] && seen[2]);
    bench_run_free(run);
}

Test(conformance, artifacts_past_the_bound_are_left_out_and_said)
{
    static const struct sp_str globs[] = {{"*", 1}};
    struct bench_run *run = bench_run_new(&bench, "for name in 'abc':\n    open(name, 'wb').write(b'x' * (3 << 20))\n");
    run->spec.artifacts = globs;
    run->spec.n_artifacts = 1;
    cr_assert_eq(bench_start(run), 0);
    bench_wait(run);
    cr_exited(run, 0);
    cr_assert_eq(run->result.n_artifacts, 2);
    cr_assert(run->result.artifacts_truncated);
    bench_run_free(run);
}

Test(conformance, usage_is_told)
{
    struct bench_run *run =
        bench_python(&bench, "import time\nb = bytearray(64 << 20)\nwhile time.process_time() < 0.3:\n    pass\n");
    cr_exited(run, 0);
    cr_assert_geq(run->result.cpu_ms, 250);
    cr_assert_leq(run->result.cpu_ms, 5000);
    cr_assert_geq(run->result.wall_ms, 200);
    cr_assert_geq(run->result.max_rss_bytes, 64u << 20);
    cr_assert_leq(run->result.max_rss_bytes, 200u << 20);
    cr_assert_str_eq(run->result.runtime, "bubblewrap");
    bench_run_free(run);
}

Test(conformance, two_at_once_do_not_wait_for_each_other)
{
    struct bench_run *slow = bench_run_new(&bench, "import time\ntime.sleep(1.5)\nprint('slow')\n");
    struct bench_run *fast = bench_run_new(&bench, "print('fast')\n");
    cr_assert_eq(bench_start(slow), 0);
    cr_assert_eq(bench_start(fast), 0);
    bench_wait(fast);
    cr_assert_not(slow->done);
    bench_wait(slow);
    cr_out(slow, "slow\n");
    cr_out(fast, "fast\n");
    bench_run_free(slow);
    bench_run_free(fast);
}

Test(conformance, many_at_once_each_get_their_own)
{
    enum { N = 24 };
    struct bench_run *runs[N];
    char code[N][64];
    for (int i = 0; i < N; i++) {
        snprintf(code[i], sizeof code[i], "import os\nprint(%d, os.listdir('/work'))\nopen('mine', 'w')\n", i);
        runs[i] = bench_run_new(&bench, code[i]);
        cr_assert_eq(bench_start(runs[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "%d []\n", i);
        bench_wait(runs[i]);
        cr_exited(runs[i], 0);
        cr_out(runs[i], expected);
        bench_run_free(runs[i]);
    }
}

Test(conformance, unknown_runtime_and_language_are_refused)
{
    struct bench_run *run = bench_run_new(&bench, "");
    run->spec.runtime = SP_STR("zeppelin");
    cr_assert_eq(bench_start(run), SP_ERUNTIME_UNAVAILABLE);
    run->spec.runtime = (struct sp_str){0};
    run->spec.language = SP_LANGUAGE_TEXT;
    cr_assert_eq(bench_start(run), SP_EUNSUPPORTED_LANGUAGE);
    bench_run_free(run);
}
