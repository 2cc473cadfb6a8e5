/* The cases that users of LLM Sandbox bring along: its guide's policies and examples, judged as they expect. */
#include "tests/unit/scanner/scan_fixture.h"

/* The policy that the guide tests with: the modules, and a pattern for eval. */
static const char tested[] = "severity_threshold: MEDIUM\n"
                             "patterns:\n"
                             "  - pattern: '\\beval\\s*\\('\n"
                             "    description: Dynamic code evaluation\n"
                             "    severity: MEDIUM\n"
                             "  - pattern: 'os\\.system\\s*\\('\n"
                             "    description: System commands\n"
                             "    severity: HIGH\n"
                             "restricted_modules:\n"
                             "  - name: os\n"
                             "    description: Operating system interface\n"
                             "    severity: HIGH\n"
                             "  - name: subprocess\n"
                             "    description: Process execution\n"
                             "    severity: HIGH\n";

static void expect(const char *yaml, const char *code, bool safe)
{
    FIXTURE(f, yaml, "python", code);
    cr_expect(f.verdict.safe == safe, "%s is %s", code, f.verdict.safe ? "safe" : "blocked");
}

Test(seed_cases, plain_programs_pass)
{
    static const char *const codes[] = {"print('Hello')", "x = 1 + 2", "# import os", "'import os in string'",
        "print(\"Use os.system() carefully\")", "def f():\n    \"\"\"import os; os.system('x')\"\"\"\n    return 1\n",
        "print(\"This string mentioning 'os.system' won't trigger alerts either\")", "import osmium", ""};
    for (size_t i = 0; i < SP_COUNT(codes); i++) {
        FIXTURE(f, tested, "python", codes[i]);
        cr_expect(f.verdict.safe, "%s", codes[i]);
        cr_expect(
            f.verdict.n_findings == 0, "%s: %s", codes[i], f.verdict.n_findings ? f.verdict.findings[0].rule : "");
    }
}

Test(seed_cases, dangerous_programs_are_blocked)
{
    static const char *const codes[] = {"import os; os.system('ls')", "import sys, os", "x = \"#\"; import os",
        "__import__('o' + 's')", "eval('malicious_code')", "import os as operating_system", "from os import system",
        "from os import system, environ", "from os import system as sys_call", "__import__('os')",
        "import importlib; importlib.import_module('os')", "import os.path"};
    for (size_t i = 0; i < SP_COUNT(codes); i++)
        expect(tested, codes[i], false);
}

Test(seed_cases, both_rules_find_one_thing_each)
{
    FIXTURE(f,
        "severity_threshold: medium\n"
        "patterns: [{pattern: 'os\\.system\\s*\\(', description: System commands, severity: high}]\n"
        "restricted_modules: [{name: os, description: OS interface, severity: high}]\n",
        "python",
        "\nimport os # This imports the OS module\n# os.system('commented out') - this won't be detected\n"
        "os.system('whoami') # This will be detected\n");
    cr_assert(!f.verdict.safe);
    cr_assert(f.verdict.n_findings == 2, "%zu", f.verdict.n_findings);
    const struct sp_finding *module = &f.verdict.findings[0], *call = &f.verdict.findings[1];
    cr_assert(strcmp(module->rule, "restricted_modules[os]") == 0 && module->kind == SP_FINDING_MODULE);
    cr_assert(module->line == 2 && module->column == 8 && module->blocking);
    cr_assert(sp_str_is(module->text, "os"));
    cr_assert(strcmp(call->rule, "patterns[0]") == 0 && call->kind == SP_FINDING_PATTERN);
    cr_assert(call->line == 4 && call->column == 1 && call->via == SP_VIA_DIRECT);
    cr_assert(sp_str_is(call->text, "os.system("));
    cr_assert(f.verdict.counts[SP_SEVERITY_HIGH] == 2);
}

Test(seed_cases, comments_and_docstrings_give_nothing)
{
    FIXTURE(f, tested, "python",
        "\"\"\"import os\n\nos.system('x')\n\"\"\"\n# import os\nx = 1  # eval('y')\n\n\ndef g():\n"
        "    'import subprocess'\n    '''eval(1)'''\n");
    cr_assert(f.verdict.safe && f.verdict.n_findings == 0);
}

Test(seed_cases, thresholds_are_the_guides)
{
    static const char policy[] = "severity_threshold: %s\npatterns: [{pattern: 'risky', severity: medium}]";
    static const struct {
        const char *threshold;
        bool safe;
    } rows[] = {{"safe", true}, {"low", false}, {"medium", false}, {"high", true}};
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        char yaml[128];
        snprintf(yaml, sizeof(yaml), policy, rows[i].threshold);
        FIXTURE(f, yaml, "python", "risky()");
        cr_expect(f.verdict.safe == rows[i].safe, "%s", rows[i].threshold);
        cr_expect(f.verdict.n_findings == 1 && f.verdict.findings[0].blocking == !rows[i].safe);
    }
}

/* Every pattern of the guide: on what it is for, as it is written and under another name, and on what it must leave alone:
 * in a comment, in a string, in a longer name, and what else is near it. */
static const struct {
    const char *pattern, *plain, *aliased, *silent[5];
} guide[] = {
    {"\\bos\\.system\\s*\\(", "import os; os.system(\"x\")", "import os as o; o.system(\"x\")",
        {"# os.system('x')", "\"os.system(\"", "import cos; cos.system('x')", "import os; os.systemic('x')"}},
    {"\\beval\\s*\\(", "eval (\"1\")", "e = eval; e('1')", {"# eval(1)", "'eval(1)'", "literal_eval(x)"}},
    {"\\bopen\\s*\\([^)]*['\"][wa]['\"][^)]*\\)", "x = \"open(\"; open(\"f\", \"w\")", "o = open; o('f', mode='a')",
        {"# open('f', 'w')", "x = \"open('f', 'w')\"", "reopen('f', 'w')", "open(\"f\", \"r\")"}},
    {"\\bsocket\\.socket\\s*\\(", "import socket; socket.socket()", "from socket import socket as s; s()",
        {"# socket.socket()", "'''socket.socket('''", "import mysocket; mysocket.socket()",
            "import socket; socket.socketpair()"}},
    {"requests\\.(get|post)\\s*\\(['\"].*internal\\.company\\.com",
        "import requests; requests.post('http://internal.company.com')",
        "import requests as r; r.get(\"https://internal.company.com\")",
        {"# requests.get('https://internal.company.com')", "x = \"requests.get('internal.company.com')\"",
            "import requests; requests.getter('internal.company.com')",
            "r = {}; r.get(\"https://internal.company.com\")", "import requests; requests.get('https://company.com')"}},
    {"requests\\.(get|post|put|delete)\\s*\\(", "import requests; requests.delete('x')",
        "from requests import put as p; p('x')",
        {"# requests.get(x)", "'requests.get(x)'", "import requests; requests.gets('x')"}},
    {"\\b(boto3|google\\.cloud|azure)\\b", "import google.cloud", "__import__('bo' + 'to3').x",
        {"# azure", "\"azure\"", "import azure_x, boto34", "import google.clouds"}},
    {"\\b(tensorflow|torch|keras)\\b", "import torch", "__import__('tor' + 'ch').x",
        {"# torch", "'torch'", "import torchy"}},
    {"\\b__import__\\s*\\(", "__import__('re')", "i = __import__; i('re')",
        {"# __import__('re')", "'__import__('", "my__import__('re')"}},
    {"\\b(getattr|setattr|delattr)\\s*\\(", "setattr(x, 'y', 1)", "g = getattr; g(x, 'y')",
        {"# getattr(x)", "'delattr(x)'", "mygetattr(x); getattrs(x)"}},
    {"\\bpickle\\.(loads?|load)\\s*\\(", "import pickle; pickle.load(f)", "import pickle as p; p.loads(b'')",
        {"# pickle.load(f)", "'pickle.loads('", "my.unpickle.loads(b'')", "import pickle; pickle.loader(f)"}},
    {"\\b(eval|exec|compile)\\s*\\(", "compile(x, y, 'exec')", "x = exec; x('1')",
        {"# exec('1')", "'eval(x)'", "recompile('x'); execute('x')"}},
    {"\\bos\\.(remove|unlink|rmdir)\\s*\\(", "import os; os.rmdir('x')", "from os import unlink as u; u('x')",
        {"# os.remove('x')", "'os.remove('", "import cos; cos.remove('x')", "import os; os.removedirs('x')"}},
    {"\\bshutil\\.(rmtree|move|copy)\\s*\\(", "import shutil; shutil.move('a', 'b')",
        "import shutil as s; s.rmtree('x')",
        {"# shutil.copy('a', 'b')", "'''shutil.move('''", "import myshutil; myshutil.move('a', 'b')",
            "import shutil; shutil.copytree('a', 'b')"}},
    {"\\b\\w+\\.connect\\s*\\(", "sock.connect(('h', 1))", "import sqlite3; c = sqlite3.connect; c('x')",
        {"# sock.connect(x)", "'sock.connect(x)'", "sock.connection(x); sock.reconnect(x)"}},
};

/* How often the pattern fires, and how the first was reached. */
static size_t n_found(const char *yaml, const char *code, enum sp_via *ret_via)
{
    FIXTURE(f, yaml, "python", code);
    cr_expect(f.verdict.safe == (f.verdict.n_findings == 0), "%s", code);
    *ret_via = f.verdict.n_findings ? f.verdict.findings[0].via : SP_VIA_LIMIT;
    return f.verdict.n_findings;
}

Test(seed_cases, patterns_of_the_guide_fire_and_are_silent)
{
    for (size_t i = 0; i < SP_COUNT(guide); i++) {
        char yaml[256], quoted[160], *at = quoted;
        for (const char *c = guide[i].pattern; *c; c++) {
            *at++ = *c;
            if (*c == '\'')
                *at++ = '\'';
        }
        *at = '\0';
        snprintf(yaml, sizeof(yaml), "patterns:\n  - pattern: '%s'\n    severity: high\n", quoted);
        enum sp_via via;
        size_t n = n_found(yaml, guide[i].plain, &via);
        cr_expect(n == 1 && via == SP_VIA_DIRECT, "%s on %s: %zu", guide[i].pattern, guide[i].plain, n);
        n = n_found(yaml, guide[i].aliased, &via);
        cr_expect(n == 1 && (via == SP_VIA_ALIAS || via == SP_VIA_FOLDED), "%s on %s: %zu via %d", guide[i].pattern,
            guide[i].aliased, n, (int)via);
        for (size_t j = 0; j < SP_COUNT(guide[i].silent) && guide[i].silent[j]; j++)
            cr_expect(n_found(yaml, guide[i].silent[j], &via) == 0, "%s on %s", guide[i].pattern, guide[i].silent[j]);
    }
}

Test(seed_cases, patterns_alone_judge_text)
{
    FIXTURE(f, "patterns: [{pattern: 'secret', severity: high}]", "text", "a\n# secret 'secret'\n");
    cr_assert(f.verdict.n_findings == 2 && !f.verdict.safe);
    cr_assert(f.verdict.findings[0].line == 2 && f.verdict.findings[0].column == 3);
}

/* The guide's policies, in YAML. */
static const char *const policies[] = {
    "severity_threshold: MEDIUM\n"
    "patterns:\n"
    "  - {pattern: '\\b(boto3|google\\.cloud|azure)\\b', description: Cloud SDK usage, severity: HIGH}\n"
    "  - {pattern: 'requests\\.(get|post)\\s*\\([''\"].*internal\\.company\\.com', description: Internal network "
    "access, severity: HIGH}\n"
    "  - {pattern: 'requests\\.(get|post)\\s*\\(', description: External API call, severity: LOW}\n"
    "restricted_modules:\n"
    "  - {name: psutil, description: System monitoring, severity: MEDIUM}\n"
    "  - {name: ctypes, description: Foreign function library, severity: HIGH}\n",
    "severity_threshold: 2\n"
    "patterns: []\n"
    "restricted_modules:\n"
    "  - {name: fs, description: File system access, severity: MEDIUM}\n"
    "  - {name: child_process, description: Process execution, severity: HIGH}\n"
    "  - {name: cluster, description: Process clustering, severity: HIGH}\n"
    "  - {name: worker_threads, description: Threading, severity: MEDIUM}\n",
    "severity_threshold: medium\n"
    "language: javascript\n"
    "patterns:\n"
    "  - {pattern: 'process\\.exit\\s*\\(', description: Process termination, severity: 3}\n"
    "  - {pattern: 'child_process', description: Child process access, severity: HIGH}\n"
    "  - {pattern: 'fs\\.(writeFile|unlink)\\s*\\(', description: File system operations, severity: MEDIUM}\n",
};

Test(seed_cases, policies_of_the_guide_load_as_they_are)
{
    for (size_t i = 0; i < SP_COUNT(policies); i++) {
        struct sp_policy *policy = fixture_policy(policies[i]);
        const struct sp_policy_warning *warnings;
        cr_expect_eq(sp_policy_warnings(policy, &warnings), 0, "%zu: %s", i, warnings[0].text);
        sp_policy_unref(policy);
    }
}

Test(seed_cases, a_call_below_the_threshold_is_reported_and_passes)
{
    FIXTURE(f, policies[0], "python", "import requests\nrequests.get('https://example.org')\n");
    cr_assert(f.verdict.safe);
    cr_assert_eq(f.verdict.n_findings, 1);
    cr_assert_eq(f.verdict.findings[0].severity, SP_SEVERITY_LOW);
    cr_assert_not(f.verdict.findings[0].blocking);
}
