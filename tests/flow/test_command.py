"""The command `sallyport` against the real daemon: outputs, formats, exit statuses, signals."""

import base64
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import Daemon, DaemonCase, Scripted, TIMEOUT, program

SOURCE = os.environ["SALLYPORT_SOURCE_DIR"]

POLICY = r"""
name: command
language: python
severity_threshold: medium
restricted_modules:
  - {name: os, description: Operating system interface, severity: high, fix: use pathlib}
patterns:
  - {pattern: '\bos\.system\s*\(', description: System command execution, severity: high}
  - {pattern: '\bprint\s*\(', description: Prints, severity: low, id: prints}
"""


class Command(DaemonCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sallyport-command-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.write("p.yaml", POLICY)
        self.env = {**os.environ, "SALLYPORT_SOCKET": self.daemon.socket_path}
        self.env.pop("NO_COLOR", None)

    def write(self, path, text):
        full = os.path.join(os.fsencode(self.dir), os.fsencode(path))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return path

    def start(self, *arguments, **options):
        return subprocess.Popen([program("SALLYPORT"), *arguments], cwd=self.dir, env=self.env, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def call(self, *arguments, stdin=b"", status=0):
        process = self.start(*arguments)
        out, err = process.communicate(stdin, timeout=TIMEOUT)
        self.assertEqual(process.returncode, status, (out[-2000:], err[-2000:]))
        return out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape")


class Scan(Command):
    def test_text_is_as_compilers_print(self):
        self.write("a.py", 'x = "日本"; import os\nos.system("ls")\n')
        out, err = self.call("scan", "-p", "./p.yaml", "a.py", status=1)
        self.assertEqual(out, 'a.py:1:18: high: Operating system interface [restricted_modules[os]]\n'
                              '    x = "日本"; import os\n'
                              '                       ^~\n'
                              '    = fix: use pathlib\n'
                              'a.py:2:1: high: System command execution [patterns[0]]\n'
                              '    os.system("ls")\n'
                              '    ^~~~~~~~~~\n')
        self.assertEqual(err, "1 file scanned: 2 findings, 2 of them block 1 file\n")

    def test_statuses(self):
        self.write("clean.py", "x = 1\n")
        self.write("noisy.py", "print(1)\n")
        self.write("bad.py", "import os\n")
        self.call("scan", "-p", "./p.yaml", "clean.py", status=0)
        self.call("scan", "-p", "./p.yaml", "noisy.py", status=0)
        self.call("scan", "-p", "./p.yaml", "clean.py", "bad.py", status=1)
        self.call("scan", "-p", "./p.yaml", "bad.py", "missing.py", status=2)
        self.call("scan", "-p", "./missing.yaml", "bad.py", status=2)
        self.call("scan", "-p", "no-such-name", "bad.py", status=2)
        self.call("scan", status=2)
        self.call("scan", "--unknown", "bad.py", status=2)
        self.call("scan", "--socket", "/nonexistent", "bad.py", status=2)

    def test_ndjson_is_one_object_a_source_in_order(self):
        self.write("bad.py", "import os\n")
        self.write("large.py", b"x" * (2 << 20))
        out, _ = self.call("scan", "-p", "./p.yaml", "-l", "python", "--format", "ndjson", "bad.py", "missing.py", "-",
                           "large.py", stdin=b"x = 1\n", status=2)
        bad, missing, standard, large = map(json.loads, out.splitlines())
        self.assertEqual(list(bad), ["path", "safe", "language", "policies", "sha256", "size", "violations", "counts",
                                     "modules", "truncated"])
        self.assertEqual((bad["path"], bad["safe"], bad["size"], bad["modules"]), ("bad.py", False, 10, ["os"]))
        self.assertEqual(bad["violations"][0]["rule"], "restricted_modules[os]")
        self.assertEqual(missing, {"path": "missing.py", "error": {"name": "unreadable",
                                                                   "message": "No such file or directory"}})
        self.assertEqual((standard["path"], standard["safe"]), ("-", True))
        self.assertEqual((large["path"], large["error"]["name"]), ("large.py", "too_large"))

    def test_json_is_one_list(self):
        self.write("a.py", "x = 1\n")
        out, _ = self.call("scan", "--format", "json", "a.py", "a.py")
        self.assertEqual([item["path"] for item in json.loads(out)], ["a.py", "a.py"])
        self.assertEqual(self.call("scan", "--json", "a.py", "a.py")[0], out)
        self.call("scan", "--json", "--format", "ndjson", "a.py", status=2)
        os.mkdir(os.path.join(self.dir, "empty"))
        out, _ = self.call("scan", "--format", "json", "empty", status=2)
        self.assertEqual(json.loads(out), [])

    def test_where_nothing_was_judged_is_trouble(self):
        self.write("t/a.py", "import os\n")
        _, err = self.call("scan", "-l", "ruby", "t", status=2)
        self.assertIn("nothing was judged: 1 file was skipped", err)
        self.write("t/b.rb", "puts 1\n")
        self.call("scan", "-l", "python", "t", status=0)

    def test_folders_in_order_with_what_is_foreign_skipped(self):
        for path in ("t/b.py", "t/a/z.py", "t/a.py", "t/c.js", "t/d.txt", "t/data.bin", "t/tool"):
            self.write(path, "import os\n")
        self.write("t/tool", "#!/usr/bin/env python3\nimport os\n")
        self.write("t/data.bin", b"\0\1\2")
        os.symlink("b.py", os.path.join(self.dir, "t/link.py"))
        os.mkfifo(os.path.join(self.dir, "t/pipe.py"))
        out, err = self.call("scan", "-p", "./p.yaml", "t", status=1)
        places = [line.split(":")[0] for line in out.splitlines() if ": high:" in line]
        self.assertEqual(places, ["t/a/z.py", "t/a.py", "t/b.py", "t/tool"])
        # c.js has no lexer yet or is not the policy's, d.txt is not the policy's, data.bin, the link, the pipe
        self.assertIn("4 files scanned", err)
        self.assertIn("; 5 skipped", err)
        # What is named must be judged.
        _, err = self.call("scan", "-p", "./p.yaml", "t/d.txt", status=2)
        self.assertIn("not_applicable", err)
        out, _ = self.call("scan", "-l", "text", "--format", "ndjson", "t")
        self.assertEqual([json.loads(line)["path"] for line in out.splitlines()],
                         ["t/a/z.py", "t/a.py", "t/b.py", "t/c.js", "t/d.txt", "t/tool"])

    def test_findings_that_are_not_told_are_not_counted_as_harmless(self):
        self.write("a.py", "import os\n" * 1100 + "print(1)\n")
        out, err = self.call("scan", "-p", "./p.yaml", "a.py", status=1)
        self.assertIn("a.py: note: there are more findings than are shown\n", out)
        self.assertEqual(err, "1 file scanned: 1101 findings, at least 1000 of them block 1 file\n")

    def test_many_files_come_back_in_order(self):
        for i in range(700):
            self.write(f"t/{i:04}.py", "import os\n" if i % 7 == 0 else f"x = {i}\n" * (1 + i % 50))
        for jobs in ("1", "16"):
            out, _ = self.call("scan", "-p", "./p.yaml", "-j", jobs, "--format", "ndjson", "t", status=1)
            found = [json.loads(line) for line in out.splitlines()]
            self.assertEqual([item["path"] for item in found], [f"t/{i:04}.py" for i in range(700)])
            self.assertEqual([item["safe"] for item in found], [i % 7 != 0 for i in range(700)])

    def test_answers_larger_than_a_frame_are_asked_for_one_by_one(self):
        self.write("many.yaml", "patterns:\n" + "".join(
            f"  - {{pattern: 'a{i:03}', description: {'d' * 200}, severity: high, fix: {'f' * 200}}}\n" for i in range(10)))
        text = "".join(f"a{i % 10:03} " for i in range(1000))
        for i in range(40):
            self.write(f"t/{i:02}.txt", text)
        out, _ = self.call("scan", "-p", "./many.yaml", "--format", "ndjson", "t", status=1)
        found = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([item["counts"]["high"] for item in found], [1000] * 40)

    def test_names_and_texts_of_others_are_escaped(self):
        path = b"a\x1b[31m\xff\xe2\x80\xae.py"
        self.write(path, "import os  # \u202e \x1b[2J\n")
        process = subprocess.run([program("SALLYPORT").encode(), b"scan", b"-p", b"./p.yaml", path], cwd=self.dir,
                                 env=self.env, capture_output=True, timeout=TIMEOUT)
        self.assertEqual(process.returncode, 1)
        for text in (process.stdout, process.stderr):
            self.assertNotIn(b"\x1b", text)
            self.assertNotIn("\u202e".encode(), text)
        self.assertIn(b"a\\x1b[31m\\xff\\u202e.py:1:8: high", process.stdout)
        process = subprocess.run([program("SALLYPORT").encode(), b"scan", b"--format", b"ndjson", path], cwd=self.dir,
                                 env=self.env, capture_output=True, timeout=TIMEOUT)
        item = json.loads(process.stdout)
        self.assertEqual(item["path"], "a\x1b[31m\ufffd\u202e.py")
        self.assertEqual(base64.b64decode(item["path_base64"]), path)

    def test_an_invalid_policy_is_told_with_its_place(self):
        self.write("bad.yaml", "patterns:\n  - pattern: 'x'\n    description: d\n    severity: hihg\n")
        self.write("a.py", "x = 1\n")
        _, err = self.call("scan", "-p", "./bad.yaml", "a.py", status=2)
        self.assertRegex(err, r"^\./bad\.yaml:4:\d+: error: .*patterns\[0\]\.severity: .*hihg")


class Run(Command):
    def test_output_status_and_everything_that_goes_in(self):
        self.write("a.py", "import sys\nprint(sys.argv[1:], sys.stdin.read())\n"
                           "print(open('d.txt').read(), file=sys.stderr)\nsys.exit(7)\n")
        self.write("data", "given")
        out, err = self.call("run", "--file", "data:d.txt", "a.py", "--", "-x", "b c", stdin=b"in", status=7)
        self.assertEqual(out, "['-x', 'b c'] in\n")
        self.assertEqual(err, "given\n")

    def test_environment(self):
        out, _ = self.call("run", "-l", "python", "-e", "APP_NAME=a=b", "-", stdin=b"import os; print(os.environ['APP_NAME'])")
        self.assertEqual(out, "a=b\n")
        _, err = self.call("run", "-l", "python", "-e", "LD_PRELOAD=x", "-", stdin=b"1", status=125)
        self.assertIn("LD_PRELOAD", err)
        _, err = self.call("run", "-l", "python", "-e", "FOO=x", "-", stdin=b"1", status=125)
        self.assertIn("env.FOO: is not among the names that the operator allows (LANG, ", err)
        self.assertIn("APP_*", err)

    def test_folders_go_in_whole(self):
        self.write("app/main.txt", "text")
        self.write("app/part/__init__.py", "")
        self.write("app/part/deep.py", "NAME = 'deep'\n")
        self.write("a.py", "from app.part.deep import NAME\nprint(NAME, open('app/main.txt').read())\n")
        self.assertEqual(self.call("run", "--file", "app", "a.py")[0], "deep text\n")
        self.write("b.py", "from part.deep import NAME\nprint(NAME, open('main.txt').read())\n")
        self.assertEqual(self.call("run", "--file", "app/", "b.py")[0], "deep text\n")
        self.write("c.py", "from x.y.part.deep import NAME\nprint(NAME)\n")
        self.assertEqual(self.call("run", "--file", "app:x/y", "c.py")[0], "deep\n")
        _, err = self.call("run", "--file", "missing/", "b.py", status=125)
        for i in range(257):
            self.write(f"many/{i}.txt", "")
        _, err = self.call("run", "--file", "many", "b.py", status=125)
        self.assertIn("more than 256 files", err)
        for i in range(4):
            self.write(f"large/{i}.txt", b"x" * (5 << 20))
        _, err = self.call("run", "--file", "large", "b.py", status=125)
        self.assertIn("together are larger", err)

    def test_refusals_name_what_they_are_about(self):
        self.write("a.py", "print(1)\n")
        self.write("lib.so", b"\x7fELF")
        _, err = self.call("run", "--file", "lib.so", "a.py", status=125)
        self.assertIn("files[0]: lib.so: is a file that an interpreter loads", err)
        _, err = self.call("run", "--cpus", "9", "a.py", status=125)
        self.assertIn("limits.cpus: is above the ceiling of 8\n", err)
        _, err = self.call("run", "--output-limit", "1k", "-l", "python", "-", stdin=b"print('x' * 100000)", status=137)
        self.assertRegex(err, r"printed more than it may after \S+ s; its limit is 1 KiB \(--output-limit\)")
        _, err = self.call("run", "--timeout", "300ms", "-l", "python", "-", stdin=b"while True: pass", status=124)
        self.assertRegex(err, r"stopped at its deadline after \S+ s; its limit is 0.3 s \(--timeout\)")

    def test_bytes_come_through_a_pipe_as_they_are(self):
        code = b"import sys; sys.stdout.buffer.write(bytes(range(256)) * 100)"
        process = self.start("run", "-l", "python", "-")
        out, _ = process.communicate(code, timeout=TIMEOUT)
        self.assertEqual(out, bytes(range(256)) * 100)

    def test_output_is_live(self):
        process = self.start("run", "-l", "python", "-n", self.write(
            "a.py", "import time\nprint('first', flush=True)\ntime.sleep(30)\n"))
        self.assertEqual(process.stdout.readline(), b"first\n")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"cancelled", err)

    def test_refused_code_does_not_run_and_says_why(self):
        self.write("a.py", "print('ran')\nlauncher = __import__('o' + 's')\n")
        out, err = self.call("run", "-p", "./p.yaml", "a.py", status=126)
        self.assertEqual(out, "")
        self.assertIn("a.py:2:23: high: Operating system interface [restricted_modules[os]]\n", err)
        self.assertIn("    = via: folded\n", err)
        out, err = self.call("run", "-p", "./p.yaml", "--json", "a.py", status=126)
        self.assertEqual(json.loads(out)["ran"], False)

    def test_a_refused_file_beside_it_says_which(self):
        self.write("a.py", "import helper\n")
        self.write("helper.py", "import os\n")
        _, err = self.call("run", "-p", "./p.yaml", "--file", "helper.py", "a.py", status=126)
        self.assertIn("helper.py:1:8: high: Operating system interface", err)
        self.assertIn("    import os\n           ^~\n", err)

    def test_out_of_memory_is_137(self):
        limits = [limit for runtime in self.daemon.call("hello")["runtimes"] for limit in runtime["limits"]]
        if not any(limit["name"] == "memory_bytes" and not limit["best_effort"] for limit in limits):
            self.skipTest(f"no memory cgroup is to be had here: {limits}")
        code = "x = []\nwhile True:\n    x.append(bytearray(b'x' * (1 << 20)))\n"
        done = subprocess.run([program("SALLYPORT"), "run", "--socket", self.daemon.socket_path, "-l", "python", "--memory",
                               "64M", "-"], input=code, capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 137, done.stderr)
        self.assertIn("ran out of memory", done.stderr)

    def test_statuses(self):
        def run(code, status, *options):
            return self.call("run", "-l", "python", *options, "-", stdin=code.encode(), status=status)
        run("while True: pass", 124, "--timeout", "300ms")
        run("import os; os.kill(os.getpid(), 9)", 137)
        run("import os; os.kill(os.getpid(), 15)", 143)
        run("import sys; sys.exit(300)", 300 & 255)
        run("print('x' * 100000)", 137, "--output-limit", "1k")
        run("1", 125, "--runtime", "none-such")
        run("1", 125, "--timeout", "9h")
        run("1", 125, "--timeout", "soon")
        run("1", 125, "-p", "no-such-policy")
        run("1", 125, "-p", "preset:no-such")
        run("import os", 126, "-p", "preset:production")
        run("import math; print(math.pi)", 0, "-p", "preset:strict")
        self.assertIn("signal 9", run("import os; os.kill(os.getpid(), 9)", 137)[1])
        self.assertIn("CPU time", run("while True: pass", 152, "--cpu-time", "1s", "--timeout", "60s")[1])
        self.call("run", "missing.py", status=125)
        self.call("run", "-", stdin=b"print(1)", status=125)  # in which language?
        self.call("run", self.write("a.py", ""), "argument", status=125)
        self.call("run", "--socket", "/nonexistent", "a.py", status=125)

    def test_only_an_answer_that_says_so_is_a_refusal(self):
        for answer, status in (({}, 125), ({"ran": "no"}, 125), ([], 125), ({"ran": False, "verdict": {}}, 126)):
            with self.subTest(answer), Scripted(self.dir, {"hello": {}, "run": answer}) as path:
                self.call("run", "--socket", path, "-l", "python", "-", stdin=b"1", status=status)

    def test_json_has_both_forms_of_bytes(self):
        out, _ = self.call("run", "-l", "python", "--json", "-", status=3, stdin=(
            b"import sys\nsys.stdout.buffer.write(b'ok\\xff')\nprint('text', file=sys.stderr)\nsys.exit(3)"))
        result = json.loads(out)
        for key in ("ran", "verdict", "outcome", "exit_code", "signal", "stdout", "stderr", "stdout_truncated",
                    "stderr_truncated", "usage", "phases", "runtime", "warm", "artifacts"):
            self.assertIn(key, result)
        self.assertEqual((result["outcome"], result["exit_code"], result["signal"]), ("exited", 3, None))
        self.assertEqual((result["stdout"], base64.b64decode(result["stdout_base64"])), ("ok\ufffd", b"ok\xff"))
        self.assertEqual(result["stderr"], "text\n")
        self.assertNotIn("stderr_base64", result)
        self.assertEqual(set(result["phases"]), {"queue_ms", "scan_ms", "start_ms", "run_ms"})

    def test_files_come_out_below_their_folder_only(self):
        self.write("out/kept", "kept")
        os.symlink("/etc", os.path.join(self.dir, "out/door"))
        self.write("a.py", "import os\nos.makedirs('door/x')\nopen('door/x/f', 'w').write('1')\n"
                           "os.makedirs('sub')\nopen('sub/g', 'wb').write(b'\\xff')\nopen('kept', 'w').write('new')\n")
        _, err = self.call("run", "--out", "out", "a.py", status=125)
        self.assertIn("door/x/f", err)
        self.assertFalse(os.path.exists("/etc/x"))
        with open(os.path.join(self.dir, "out/sub/g"), "rb") as file:
            self.assertEqual(file.read(), b"\xff")
        with open(os.path.join(self.dir, "out/kept")) as file:
            self.assertEqual(file.read(), "new")
        self.call("run", "--out", "picked", "--artifact", "sub/*", "a.py")
        self.assertEqual(sorted(os.listdir(os.path.join(self.dir, "picked"))), ["sub"])

    def test_files_that_are_too_many_are_told(self):
        self.write("a.py", "for i in range(300):\n    open(f'{i:03}', 'w').close()\n")
        _, err = self.call("run", "--out", "out", "a.py", status=0)
        self.assertIn("not all files were brought back: at most 256 come, of 7 MiB together", err)
        self.assertEqual(len(os.listdir(os.path.join(self.dir, "out"))), 256)

    def on_terminal(self, *arguments):
        """What the command prints to a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([program("SALLYPORT"), *arguments], cwd=self.dir, stdin=subprocess.DEVNULL,
                                   env={**self.env, "TERM": "xterm"}, stdout=theirs, stderr=theirs)
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError:
            pass  # the terminal's end
        os.close(ours)
        process.wait(TIMEOUT)
        return text

    def test_a_terminal_is_not_the_programs_to_command(self):
        self.write("a.py", "print('\\x1b]0;title\\x07\\x1b[31mred\\u202e')\n")
        shown = self.on_terminal("run", "a.py")
        self.assertNotIn(b"\x1b", shown)
        self.assertIn(b"\\x1b]0;title\\x07\\x1b[31mred\\u202e", shown)
        self.assertIn(b"\x1b[31mred", self.on_terminal("run", "--raw", "a.py"))

    def test_colours_on_a_terminal(self):
        self.write("a.py", "import os\n")
        self.assertIn(b"\x1b[1;31mhigh: ", self.on_terminal("scan", "-p", "./p.yaml", "a.py"))
        self.assertNotIn(b"\x1b", self.on_terminal("scan", "--color", "never", "-p", "./p.yaml", "a.py"))
        self.env["NO_COLOR"] = "1"
        self.assertNotIn(b"\x1b", self.on_terminal("scan", "-p", "./p.yaml", "a.py"))
        out, _ = self.call("scan", "--color", "always", "-p", "./p.yaml", "a.py", status=1)
        self.assertIn("\x1b[1;31m", out)

    def test_the_daemons_end_is_trouble(self):
        with Daemon() as daemon:
            self.env["SALLYPORT_SOCKET"] = daemon.socket_path
            process = self.start("run", "-n", self.write("a.py", "import time\nprint(1, flush=True)\ntime.sleep(60)\n"))
            process.stdout.readline()
            daemon.process.kill()
            daemon.process.wait()
            _, err = process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, 125, err)


class Policies(Command):
    def test_check(self):
        out, err = self.call("policy", "check", "p.yaml")
        grades = r"(exact|ends|prefilter|pcre)"
        for rule, pattern in (("patterns[0]", r"\bos\.system\s*\("), ("prints", r"\bprint\s*\(")):
            self.assertRegex(out, "(?m)^%s: ascii exact, utf8 %s: %s$" % (re.escape(rule), grades, re.escape(pattern)))
        self.assertNotIn("warning", out)
        self.assertRegex(out, r"(?m)^p\.yaml: ok: sha256:[0-9a-f]{64}$")
        out, _ = self.call("policy", "list")
        self.assertNotIn("command\t", out)  # checked, not named
        self.write("bare.yaml", r"patterns: [{pattern: '(a)\1x', id: twice}, {pattern: '(?<!a)b*c', severity: low, description: d}]")
        out, _ = self.call("policy", "check", "bare.yaml")
        for path in ("severity_threshold", "patterns[0].severity", "patterns[0].description"):
            self.assertRegex(out, r"(?m)^bare\.yaml: warning: %s: is missing" % re.escape(path))
        self.assertEqual(out.count("warning: "), 3, out)
        self.assertRegex(out, r"(?m)^twice: ascii prefilter, utf8 prefilter: \(a\)\\1x$")
        self.assertRegex(out, r"(?m)^patterns\[1\]: ascii prefilter, utf8 prefilter: ")
        for text, place in (("patterns: [{pattern: '(', description: d, severity: high}]", r":1:\d+: error: .*patterns\[0\]"),
                            ("a: 1\n", r":1:1: error: a: unknown key"), ("a: [\n", r":\d+:\d+: error: "), ("", ": error: ")):
            self.write("bad.yaml", text)
            process = self.start("policy", "check", "bad.yaml")
            _, err = process.communicate(timeout=TIMEOUT)
            if text:
                self.assertEqual(process.returncode, 1, err)
                self.assertRegex(err.decode(), "^bad.yaml" + place)

    def test_put_list_show_remove(self):
        out, _ = self.call("policy", "put", "--name", "mine", "p.yaml")
        self.assertRegex(out.splitlines()[-1], r"^sha256:[0-9a-f]{64}$")
        out, _ = self.call("policy", "list")
        self.assertRegex(out, r"(?m)^mine\town\tsha256:")
        out, _ = self.call("policy", "show", "mine")
        self.assertEqual(json.loads(out)["severity_threshold"], "medium")
        self.assertEqual(json.loads(self.call("policy", "show", "./p.yaml")[0])["name"], "command")
        self.write("again.yaml", out)  # JSON is YAML
        self.call("policy", "check", "again.yaml")
        self.write("a.py", "import os\n")
        self.call("scan", "-p", "mine", "a.py", status=1)
        self.call("policy", "remove", "mine")
        self.call("policy", "show", "mine", status=1)
        self.call("policy", status=2)
        self.call("policy", "check", status=2)
        self.call("policy", "list", "--socket", "/nonexistent", status=125)


    def test_presets(self):
        names = ["default", "minimal", "development", "production", "strict"]
        lines = self.call("policy", "presets")[0].splitlines()
        self.assertEqual([line.split()[0] for line in lines], [f"preset:{name}" for name in names])
        self.assertEqual(len({line.index(line.split(None, 1)[1]) for line in lines}), 1, "the summaries stand in a column")
        rows = json.loads(self.call("policy", "presets", "--json")[0])
        self.assertEqual([(row["name"], row["origin"]) for row in rows], [(f"preset:{name}", "preset") for name in names])
        self.assertIn("preset:strict\tpreset\tsha256:", self.call("policy", "list")[0])
        for row in rows:
            text, _ = self.call("policy", "show", row["name"])
            with open(os.path.join(SOURCE, "scanner/presets", row["name"].split(":")[1] + ".yaml")) as file:
                self.assertEqual(text, file.read())
            self.write("copy.yaml", text)
            self.assertIn(row["id"], self.call("policy", "check", "copy.yaml")[0])
            self.assertIn(f"{row['name']}: ok: {row['id']}", self.call("policy", "check", row["name"])[0])
            self.assertEqual(json.loads(self.call("policy", "show", "--json", row["name"])[0])["id"], row["id"])
        self.write("os.py", "import os as o\no.system('echo ran')\n")
        for name, status in zip(names, (0, 0, 1, 1, 1)):
            self.call("scan", "-p", f"preset:{name}", "os.py", status=status)
        self.assertIn("modules", json.loads(self.call("explain", "-p", "preset:production", "--json", "os.py")[0]))
        for command in (("scan", "-p", "preset:no", "os.py"), ("explain", "-p", "preset:no", "os.py")):
            self.assertIn("default, minimal, development, production, strict", self.call(*command, status=2)[1])
        self.call("policy", "show", "preset:no", status=1)
        self.call("policy", "check", "preset:no", status=1)
        self.call("policy", "presets", "more", status=2)


class Others(Command):
    def test_an_answer_of_a_shape_that_is_not_known_is_no_success(self):
        self.write("a.py", "x = 1\n")
        for method, command in (("policy.get", ("policy", "check", "p.yaml")), ("policy.get", ("policy", "show", "some")),
                                ("policy.list", ("policy", "presets")), ("policy.get", ("policy", "check", "preset:strict")),
                                ("policy.put", ("policy", "put", "p.yaml")), ("explain", ("explain", "a.py"))):
            for answer in ({}, [], None):
                with self.subTest((command, answer)), Scripted(self.dir, {"hello": {}, method: answer}) as path:
                    self.call(*command, "--socket", path, status=2)

    def test_explain(self):
        self.write("a.py", "# c\nimport os as o\no.system('x')\n")
        out, _ = self.call("explain", "--json", "a.py")
        seen = json.loads(out)
        self.assertEqual(seen["comments"], [[0, 3]])
        self.assertEqual(seen["modules"][0]["name"], "os")
        self.assertEqual([name["name"] for name in seen["names"]], ["os.system"])
        out, _ = self.call("explain", "-p", "./p.yaml", "a.py")
        self.assertIn("  3:1  os.system  alias  called\n", out)
        self.assertIn("comments: 1\n  1:1  # c\n", out)

    def test_status(self):
        out, _ = self.call("status")
        self.assertIn("bubblewrap", out)
        out, _ = self.call("status", "--json")
        about = json.loads(out)
        self.assertEqual(about["socket"], self.daemon.socket_path)
        self.assertIn("python", about["languages"])
        self.assertIn("methods", about["stats"])

    def test_help_and_version(self):
        for command in ("run", "scan", "explain", "policy", "status"):
            out, _ = self.call(command, "--help")
            self.assertIn("--socket PATH", out)
        self.assertRegex(self.call("--version")[0], r"^sallyport \d")
        self.assertEqual(self.call("version"), self.call("--version"))
        self.assertEqual(self.call("help"), self.call("--help"))
        self.assertEqual(self.call("help", "run"), self.call("run", "--help"))

    def test_options_of_every_command_may_stand_before_it(self):
        self.env["SALLYPORT_SOCKET"] = "/nonexistent"
        for options in (("--socket", self.daemon.socket_path), (f"--socket={self.daemon.socket_path}", "--no-autostart")):
            self.assertIn("bubblewrap", self.call(*options, "status")[0])
        self.write("a.py", "import sys\nprint(sys.argv[1:])\n")
        self.assertEqual(self.call("--socket", self.daemon.socket_path, "run", "a.py", "--", "--socket")[0], "['--socket']\n")
        self.call("--socket", status=2)
        self.call("--timeout", "3s", "run", status=2)

    def test_reload(self):
        with Daemon() as daemon:
            self.env["SALLYPORT_SOCKET"] = daemon.socket_path
            self.call("reload")
            daemon.wait_log("reloaded")
            daemon.merge({"no_such_key": 1})
            _, err = self.call("reload", status=2)
            self.assertIn("no_such_key", err)
        self.call(status=2)
        self.call("dance", status=2)


if __name__ == "__main__":
    unittest.main()
