"""What the gate refuses never starts. That is shown by what does not happen: no sandbox is used up, no output comes, no run
is told in the audit; and by a counterpart that is let pass and does all of that."""

import os
import unittest

from harness import ClientCase, Daemon, RpcError

BLOCKING = {"severity_threshold": "medium",
            "patterns": [{"pattern": r"\bevil\b", "description": "d", "severity": "high"}],
            "restricted_modules": [{"name": "socket", "description": "d", "severity": "high"}]}
NOTHING = {"severity_threshold": "safe"}
SHOUT = "print('I ran', flush=True)\n"


class Gate(ClientCase):
    runs = True

    def started(self):
        return self.daemon.call("stats")["runtimes"]["started"]

    def run_code(self, code=SHOUT, policy=BLOCKING, **more):
        return self.client.call("run", {"code": code, "language": "python", "policy": policy, "stream": True, **more})

    def nothing_happened(self, before):
        self.assertEqual(self.started(), before, "a sandbox was used")
        self.assertEqual([n for n in self.client.notifications if n[0] == "output"], [])

    def assert_refused_by_verdict(self, **params):
        """Returns the result."""
        before = self.started()
        result = self.run_code(**params)
        self.assertFalse(result["ran"])
        self.assertFalse(result["verdict"]["safe"])
        self.assertNotIn("stdout", result)
        self.nothing_happened(before)
        events = [line["event"] for line in self.daemon.audit() if line.get("run") == result["run"]]
        self.assertIn("verdict", events)
        self.assertIn("refusal", events)
        self.assertNotIn("run", events)
        return result

    def assert_refused_by_name(self, expected, path, **params):
        before = self.started()
        with self.assertRaises(RpcError) as caught:
            self.run_code(**params)
        self.assertEqual(caught.exception.name, expected, caught.exception.error)
        self.assertIn(path, caught.exception.error)
        self.nothing_happened(before)

    def assert_runs(self, **params):
        before = self.started()
        result = self.run_code(**params)
        self.assertTrue(result["ran"])
        self.assertGreater(self.started(), before)
        events = [line["event"] for line in self.daemon.audit() if line.get("run") == result["run"]]
        self.assertLess(events.index("verdict"), events.index("run"), "the verdict is written before the run")
        return result

    # ---- the counterpart ----

    def test_what_passes_does_happen(self):
        self.assert_runs(files=[{"path": "helper.py", "data": "x = 1\n"}], env={"LANG": "C.UTF-8"})
        self.assertEqual([n[1]["data"] for n in self.client.notifications], ["I ran\n"])

    # ---- by what was asked for ----

    def test_a_dialect_that_does_not_run_here_is_refused(self):
        def code_for(dialect):
            return {"code": "print(1)", "language": f"python:{dialect}"}
        runs = "3." + self.client.call("run", {"code": "import sys\nprint(sys.version_info.minor, end='')",
                                               "language": "python", "policy": NOTHING})["stdout"]
        for dialect in ("3.5", "3.14"):
            if dialect == runs:
                continue
            self.assertTrue(self.client.call("scan", {**code_for(dialect), "policy": NOTHING})["safe"])
            self.assert_refused_by_name("unsupported_language", "language: ", **code_for(dialect))
        self.assert_runs(**code_for(runs))

    def test_a_run_without_a_verdict_leaves_a_line_too(self):
        for error, at, params in (("unknown_policy", None, {"policy": "no-such-policy"}),
                                  ("invalid_policy", "restricted_modules[0].severity",
                                   {"policy": {"restricted_modules": [{"name": "os", "severity": "no-such"}]}}),
                                  ("unsupported_language", "language", {"language": "no-such"})):
            with self.subTest(error):
                before = len(self.daemon.audit())
                with self.assertRaises(RpcError) as caught:
                    self.run_code(**params)
                self.assertEqual(caught.exception.name, error)
                lines = self.daemon.audit()[before:]
                self.assertEqual([(line["event"], line["method"], line["error"]) for line in lines],
                                 [("refusal", "run", error)])
                if at:
                    self.assertIn(at, lines[0]["at"])

    # ---- by the policy ----

    def test_refused_code_never_starts(self):
        self.assert_refused_by_verdict(code=SHOUT + "evil()\n")
        self.assert_refused_by_verdict(code=SHOUT + "import sys, socket\n")

    def test_refused_helper_files_never_start(self):
        for path in ("helper.py", "pkg/__init__.py", "tool"):
            data = ("#!/usr/bin/python3\n" if path == "tool" else "") + "import socket\n"
            result = self.assert_refused_by_verdict(files=[{"path": "fine.py", "data": "x = 1\n"},
                                                           {"path": path, "data": data}])
            files = {file["path"]: file for file in result["verdict"]["files"]}
            self.assertTrue(files["fine.py"]["safe"])
            self.assertFalse(files[path]["safe"])
            self.assertEqual(files[path]["violations"][0]["rule"], "restricted_modules[socket]")

    def test_a_policy_that_is_replaced_meanwhile_changes_nothing(self):
        for accepted, meanwhile, runs in ((BLOCKING, NOTHING, False), (NOTHING, BLOCKING, True)):
            for _ in range(5):
                self.client.call("policy.put", {"policy": accepted, "name": "moving"})
                run = self.client.send("run", {"code": SHOUT + "evil = 1\n", "language": "python", "policy": "moving"})
                put = self.client.send("policy.put", {"policy": meanwhile, "name": "moving"})
                self.client.wait(put)
                self.assertEqual(self.client.wait(run)["ran"], runs)

    def test_a_policy_that_is_removed_meanwhile_still_judges(self):
        self.client.call("policy.put", {"policy": BLOCKING, "name": "going"})
        run = self.client.send("run", {"code": "evil()", "language": "python", "policy": "going"})
        self.client.wait(self.client.send("policy.remove", {"policy": "going"}))
        self.assertFalse(self.client.wait(run)["ran"])

    # ---- by what it is ----

    def test_binary_files_are_refused(self):
        for path, data in (("x.pyc", b"\xa7\r\r\n"), ("x.so", b"\x7fELF"), ("x.pth", b"import os"),
                           ("x.whl", b"PK\x03\x04"), ("plain", b"\x7fELF"), ("archive", b"PK\x03\x04")):
            with self.subTest(path):
                self.assert_refused_by_name("invalid_request", "files[0]", files=[{"path": path, "data": data}])

    def test_source_that_nobody_can_judge_is_refused(self):
        self.assert_refused_by_name("unsupported_language", "files[0]",
                                    files=[{"path": "helper.rb", "data": "puts 1"}])

    def test_forbidden_names_of_the_environment_are_refused(self):
        for name in ("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "PATH", "HOME", "BASH_ENV", "ANYTHING"):
            with self.subTest(name):
                self.assert_refused_by_name("invalid_request", f"env.{name}", env={name: "x"})

    def test_a_changed_source_encoding_is_refused(self):
        for code in ("# -*- coding: utf-7 -*-\n" + SHOUT, "# coding=shift_jis\n" + SHOUT,
                     "#!/usr/bin/python3\n# vim: set fileencoding=unicode_escape :\n" + SHOUT,
                     SHOUT + "\0evil()", SHOUT.encode() + b"x = '\xff'\n"):
            with self.subTest(code):
                self.assert_refused_by_name("invalid_code", "", code=code)
                self.assert_refused_by_name("invalid_code", "files[0]", files=[{"path": "helper.py", "data": code}])

    def test_paths_stay_below_their_folder(self):
        for path in ("/etc/passwd", "../x", "a/../../x", "a//b"):
            with self.subTest(path):
                self.assert_refused_by_name("invalid_request", "files[0].path", files=[{"path": path, "data": "x"}])
        self.assert_refused_by_name("invalid_request", "", files=[{"path": "main.py", "data": "x = 1"}])

    # ---- what the program makes itself ----

    def test_a_module_that_the_program_wrote_is_not_found(self):
        result = self.assert_runs(
            policy=NOTHING,
            code="import os\nopen('planted.py', 'w').write('print(1)')\nos.makedirs('pkg')\n"
                 "open('pkg/__init__.py', 'w').write('')\n"
                 "for name in ('planted', 'pkg'):\n"
                 "    try:\n        __import__(name)\n        print('found', name)\n"
                 "    except ModuleNotFoundError:\n        print('not found', name)\n")
        self.assertEqual(result["outcome"], "exited")
        self.assertEqual("".join(n[1]["data"] for n in self.client.notifications), "not found planted\nnot found pkg\n")

    def test_a_data_file_is_no_module(self):
        self.assert_runs(policy=NOTHING, code="try:\n    import table\nexcept ModuleNotFoundError:\n    print('no')\n",
                         files=[{"path": "table", "data": "x = 1\n"}, {"path": "table.txt", "data": "x"}])
        self.assertEqual([n[1]["data"] for n in self.client.notifications], ["no\n"])

    def test_what_was_judged_cannot_be_changed(self):
        self.assert_runs(
            policy=NOTHING,
            code="try:\n    open('/code/helper.py', 'w')\nexcept OSError as error:\n    print(error.strerror)\n",
            files=[{"path": "helper.py", "data": "x = 1\n"}])
        self.assertEqual([n[1]["data"] for n in self.client.notifications], ["Read-only file system\n"])


class Operators(unittest.TestCase):
    def test_binary_files_pass_where_the_operator_allows_them(self):
        with Daemon({"binary_files": True}) as daemon:
            result = daemon.call("run", {"code": "print(open('/code/x.so', 'rb').read())", "language": "python",
                                         "files": [{"path": "x.so", "data": b"\x7fELF"}]})
            self.assertEqual(result["stdout"], "b'\\x7fELF'\n")

    def test_operators_add_names_of_the_environment(self):
        with Daemon({"env_allow": ["MODEL_*"]}) as daemon:
            result = daemon.call("run", {"code": "import os\nprint(os.environ['MODEL_X'])", "language": "python",
                                         "env": {"MODEL_X": "y"}})
            self.assertEqual(result["stdout"], "y\n")

    def test_nothing_runs_without_its_audit_line(self):
        # Without a file a service's lines go to standard error, which takes nothing here.
        everything = [{"users": [str(os.getuid())], "rights": ["scan", "run", "operate"]}]
        for required, runs in ((True, False), (False, True)):
            with self.subTest(required=required), \
                    Daemon({"access": everything}, private=False, wait=False,
                           prefix=("sh", "-c", 'exec "$0" "$@" 2>/dev/full')) as daemon:
                daemon.config["audit"] = {"required": required}
                daemon.merge({})
                daemon.start()
                before = daemon.call("stats")["runtimes"]["started"]
                try:
                    result = daemon.call("run", {"code": "print(1)", "language": "python"})
                    self.assertTrue(runs)
                    self.assertEqual(result["stdout"], "1\n")
                except RpcError as error:
                    self.assertFalse(runs)
                    self.assertIn("audit", error.error)
                stats = daemon.call("stats")
                self.assertEqual(stats["runtimes"]["started"] > before, runs)
                self.assertTrue(stats["audit"]["failing"])


if __name__ == "__main__":
    unittest.main()
