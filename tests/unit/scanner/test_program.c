#include "scan_fixture.h"

#include "scanner/program.h"

static const char policy[] = "severity_threshold: low\ndynamic_code: high\n"
                             "restricted_modules:\n  - {name: socket, description: d, severity: high}\n";

/* Are both files of the program safe, each judged with the other in view? */
static bool passes(const char *path, const char *helper, const char *start)
{
    const struct sp_program_file files[] = {
        {.code = sp_str_of(start), .language = SP_STR("python")},
        {.path = sp_str_of(path), .code = sp_str_of(helper), .language = SP_STR("python")},
    };
    struct sp_program *program = NULL;
    const char *yaml = policy;
    bool safe = true;
    sp_cleanup(fixture_fini) struct fixture f;
    fixture_init(&f, &yaml, 1);
    cr_assert_eq(sp_program_new(files, 2, &program, &f.error), 0, "%s", f.error.text);
    for (size_t i = 0; i < 2; i++) {
        const struct sp_scan_options options = {.language = files[i].language,
            .policies = (const struct sp_policy *const *)f.policies,
            .n_policies = 1,
            .program = program,
            .program_file = i};
        cr_assert_eq(sp_scan(f.scanner, &options, files[i].code, &f.arena, &f.verdict, &f.error), 0);
        safe = safe && f.verdict.safe;
    }
    sp_program_free(program);
    return safe;
}

static void expect_refused(const char *helper, const char *start)
{
    cr_expect(!passes("h.py", helper, start), "passes:\n%s---\n%s", helper, start);
}

static void expect_passed(const char *helper, const char *start)
{
    cr_expect(passes("h.py", helper, start), "refused:\n%s---\n%s", helper, start);
}

Test(program, a_file_may_stand_in_for_a_module_of_the_library)
{
    cr_expect(!passes("string.py", "digits = 'socket'\n", "import string\n__import__(string.digits)\n"));
    cr_expect(!passes("shutil.py", "os = eval\n", "import shutil\nshutil.os(\"__import__('socket')\")\n"));
    cr_expect(!passes("shutil.py", "os = eval\n", "from shutil import os\nos(\"__import__('socket')\")\n"));
}

Test(program, what_a_file_takes_from_another_is_followed)
{
    expect_refused("e = eval\n", "import h\nh.e(\"__import__('socket')\")\n");
    expect_refused("e = eval\n", "from h import e\ne(\"__import__('socket')\")\n");
    expect_refused("i = __import__\n", "from h import *\ni('socket')\n");
    expect_refused("print = __import__\n", "from h import *\nprint('socket')\n");
    expect_refused("g = getattr\n", "import sys, h\nh.g(sys, 'modules')['socket']\n");
    expect_refused("import sys as s\n", "import h\nh.s.modules['socket']\n");
    expect_refused("import importlib\n", "import h\nh.importlib.import_module('socket')\n");
    expect_refused("import builtins\n", "import h\nh.builtins.__import__('socket')\n");
    expect_refused("a = 'import socket'\n", "import h\nexec(h.a)\n");
    expect_refused("d = {'e': eval}\n", "import h\nh.d['e'](\"__import__('socket')\")\n");
    expect_refused("class C:\n  e = __import__\n", "import h\nh.C.e('socket')\n");
    expect_refused("g = globals()\nf = __import__\n", "import h\nh.g['f']('socket')\n");
    expect_refused("e = __import__\n", "import h\ngetattr(h, 'e')('socket')\n");
    expect_refused("e = __import__\n", "import h\nvars(h)['e']('socket')\n");
    expect_refused("e = __import__\n", "import importlib\nimportlib.import_module('h').e('socket')\n");
}

Test(program, what_a_file_puts_into_another_is_followed)
{
    expect_refused("n = 'math'\ndef go(): __import__(n)\n", "import h\nh.n = 'socket'\nh.go()\n");
    expect_refused("n = 'math'\ndef go(): __import__(n)\n", "import h\nh.n = input()\nh.go()\n");
    expect_refused("n = 'math'\ndef go(): __import__(n)\n", "import h\nsetattr(h, 'n', 'socket')\nh.go()\n");
    expect_refused("n = 'math'\ndef go(): __import__(n)\n", "import h\nvars(h)['n'] = 'socket'\nh.go()\n");
    expect_refused("n = 1\n", "import h\nsetattr(h, input(), 'socket')\n");
    expect_refused("import __main__\n__import__(__main__.m)\n", "m = 'socket'\nimport h\n");
    expect_refused("def go(): loud('socket')\n", "import builtins, h\nbuiltins.loud = __import__\nh.go()\n");
    expect_refused("def go(x): x.modules['socket']\n", "import sys, h\nh.go(sys)\n");
}

Test(program, what_a_function_answers_does_not_get_out_of_sight)
{
    expect_refused("def f(): return eval\n", "import h\nh.f()(\"__import__('socket')\")\n");
    expect_refused("import sys\nf = lambda: sys\n", "import h\nh.f().modules['socket']\n");
    expect_refused("import sys\ndef f(): yield sys\n", "import h\nnext(h.f()).modules['socket']\n");
    expect_refused("def f(x=eval): pass\n", "import h\nh.f.__defaults__[0](\"__import__('socket')\")\n");
}

Test(program, packages_are_known_by_their_paths)
{
    cr_expect(!passes("p/m.py", "e = __import__\n", "from p.m import e\ne('socket')\n"));
    cr_expect(!passes("p/__init__.py", "e = __import__\n", "import p\np.e('socket')\n"));
    cr_expect(!passes("p/m.py", "from .n import x\n", "import p.n\np.n.x = 1\nimport socket\n"));
}

Test(program, ordinary_files_pass)
{
    expect_passed("import sys\nimport json as j\ndef log(t): print(t, file=sys.stderr)\n",
        "import h, sys\nh.log('a')\nh.sys.stderr.write(h.j.dumps({}))\nprint(sys.argv)\n");
    expect_passed("import re\nPATTERN = re.compile('a+')\nDEBUG = False\nclass C:\n  def f(self): return self.x\n",
        "from h import C, PATTERN\nimport h\nh.DEBUG = True\nc = C()\nc.x = 1\nprint(PATTERN.match('a'), c.f())\n");
    expect_passed("NAMES = ['a', 'b']\ndef add(a, b=2):\n  return a + b\n",
        "from h import *\nfor n in NAMES: print(n, add(1))\n");
}

static uint32_t walks_over(const char *const *codes, size_t n_files)
{
    struct sp_program_file files[8];
    char paths[8][32];
    struct sp_program *program = NULL;
    struct sp_error error = {0};
    for (size_t i = 0; i < n_files; i++) {
        snprintf(paths[i], sizeof(paths[i]), "f%zu.py", i);
        files[i] = (struct sp_program_file){
            .path = sp_str_of(paths[i]), .code = sp_str_of(codes[i]), .language = SP_STR("python")};
    }
    cr_assert_eq(sp_program_new(files, n_files, &program, &error), 0, "%s", error.text);
    uint32_t n_walks = sp_program_walks(program);
    sp_program_free(program);
    return n_walks;
}

Test(program, files_are_walked_again_only_for_what_they_asked_for)
{
    const char *const strangers[] = {"import math\na = math.pi\n", "b = 1\ndef g(): return b\n", "c = 'x'\n"};
    const char *const in_order[] = {"e = eval\n", "import f0\nprint(f0.e)\n", "c = 'x'\n"};
    const char *const backwards[] = {"import f1\nprint(f1.e)\n", "e = eval\n", "c = 'x'\n"};
    const char *const chain[] = {
        "import f1\na = f1.b\n", "import f2\nb = f2.c\n", "import f3\nc = f3.d\n", "d = eval\n"};
    cr_expect_eq(walks_over(strangers, 3), 3);
    cr_expect_eq(walks_over(in_order, 3), 3);
    cr_expect_eq(walks_over(backwards, 3), 4);
    cr_expect_eq(walks_over(chain, 4), 4 + 3 + 2 + 1);
}

/* What files give each other is copied: rows of rows of one value are told as a bound, and are no error. */
Test(program, rows_of_rows_that_files_share_are_bounded, .timeout = 60)
{
    struct sp_program_file files[16];
    char paths[16][32], codes[16][64];
    struct sp_program *program = NULL;
    struct sp_error error = {0};
    for (size_t i = 0; i < 16; i++) {
        snprintf(paths[i], sizeof(paths[i]), "f%zu.py", i);
        snprintf(codes[i], sizeof(codes[i]), "a.x%zu = ((('x',) * 60,) * 60,) * 60\n", i);
        files[i] = (struct sp_program_file){
            .path = sp_str_of(paths[i]), .code = sp_str_of(codes[i]), .language = SP_STR("python")};
    }
    cr_expect_eq(sp_program_new(files, 16, &program, &error), 0, "%s", error.text);
    sp_program_free(program);
}
