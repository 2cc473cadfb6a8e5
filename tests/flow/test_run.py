"""run: what comes back, streamed and not; what a program is given; cancelling; refusals by name."""

import time
import unittest

from harness import ClientCase, RpcError


class Run(ClientCase):
    runs = True

    def run_code(self, code, **more):
        return self.client.call("run", {"code": code, "language": "python", **more})

    def refused(self, expected, path, /, **params):
        with self.assertRaises(RpcError) as caught:
            self.run_code("print(1)", **params)
        self.assertEqual(caught.exception.name, expected, caught.exception.error)
        self.assertIn(f": {path}", caught.exception.error)

    # ---- what comes back ----

    def test_a_result_is_whole(self):
        result = self.run_code("print('hi')")
        self.assertEqual(set(result), {"ran", "run", "verdict", "outcome", "exit_code", "signal", "stdout", "stderr",
                                       "stdout_truncated", "stderr_truncated", "usage", "phases", "runtime", "warm",
                                       "artifacts", "artifacts_truncated"})
        self.assertTrue(result["ran"])
        self.assertTrue(result["verdict"]["safe"])
        self.assertEqual((result["outcome"], result["exit_code"], result["signal"]), ("exited", 0, None))
        self.assertEqual((result["stdout"], result["stderr"]), ("hi\n", ""))
        self.assertEqual(set(result["usage"]), {"wall_ms", "cpu_ms", "max_rss_bytes", "oom_kills"})
        self.assertEqual(set(result["phases"]), {"queue_ms", "scan_ms", "start_ms", "run_ms"})
        self.assertTrue(all(value >= 0 for value in result["phases"].values()))
        self.assertRegex(result["run"], "^[0-9a-f]{32}$")

    def test_status_and_both_streams_are_exact(self):
        code = "import sys\nsys.stdout.write('out')\nsys.stderr.write('err\\n')\nsys.exit(7)\n"
        result = self.run_code(code)
        self.assertEqual((result["outcome"], result["exit_code"]), ("exited", 7))
        self.assertEqual((result["stdout"], result["stderr"]), ("out", "err\n"))

    def test_a_signal_is_told(self):
        result = self.run_code("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
        self.assertEqual((result["outcome"], result["exit_code"], result["signal"]), ("signaled", None, 15))

    def test_output_that_is_not_utf8_comes_as_bytes(self):
        result = self.run_code("import sys\nsys.stdout.buffer.write(b'a\\xffb')\n")
        self.assertEqual(result["stdout"], b"a\xffb")

    def test_an_error_gives_its_traceback(self):
        result = self.run_code("def f():\n    1 / 0\nf()\n")
        self.assertEqual(result["exit_code"], 1)
        self.assertIn('File "/code/main.py", line 2, in f', result["stderr"])
        self.assertTrue(result["stderr"].endswith("ZeroDivisionError: division by zero\n"))

    def test_a_deadline_keeps_what_was_printed(self):
        result = self.run_code("import time\nprint('before', flush=True)\ntime.sleep(60)\n", limits={"wall_ms": 500})
        self.assertEqual((result["outcome"], result["exit_code"]), ("timed_out", None))
        self.assertEqual(result["stdout"], "before\n")
        self.assertGreaterEqual(result["usage"]["wall_ms"], 500)

    def test_output_past_its_limit_is_cut_and_told(self):
        result = self.run_code("print('x' * 100000)\n", limits={"output_bytes": 1000})
        self.assertEqual(result["outcome"], "output_limit")
        self.assertEqual(len(result["stdout"]), 1000)
        self.assertTrue(result["stdout_truncated"])

    # ---- what a program is given ----

    def test_it_gets_its_input_arguments_environment_and_files(self):
        result = self.run_code(
            "import os, sys, helper\n"
            "print(sys.argv[1:], os.environ['APP_MODE'], sys.stdin.read(), helper.x, open('data.txt').read())\n",
            argv=["a", "b c", "ü"], env={"APP_MODE": "test"}, stdin="typed",
            files=[{"path": "helper.py", "data": "x = 42\n"}, {"path": "data.txt", "data": "read me"}])
        self.assertEqual(result["stderr"], "")
        self.assertEqual(result["stdout"], "['a', 'b c', 'ü'] test typed 42 read me\n")

    def test_artifacts_come_back(self):
        result = self.run_code(
            "import os\nos.mkdir('out')\nopen('out/a.bin', 'wb').write(bytes(range(256)))\n"
            "open('left.txt', 'w').write('x')\n", artifacts=["out/*"])
        self.assertEqual([(a["path"], a["data"]) for a in result["artifacts"]], [("out/a.bin", bytes(range(256)))])
        self.assertFalse(result["artifacts_truncated"])

    def test_an_answer_that_would_not_fit_leaves_artifacts_out(self):
        result = self.run_code(
            "for i in range(5):\n    open(f'{i}.bin', 'wb').write(b'x' * (5 << 20))\nprint('made')\n",
            artifacts=["*.bin"])
        self.assertEqual(result["stdout"], "made\n")
        self.assertTrue(result["artifacts_truncated"])
        self.assertLess(len(result["artifacts"]), 5)

    # ---- streamed ----

    def outputs(self, stream=None):
        return [n for name, n in self.client.notifications if name == "output" and stream in (None, n["stream"])]

    def test_streamed_output_comes_while_the_program_runs(self):
        msgid = self.client.send("run", {
            "code": "import sys, time\nprint('one', flush=True)\nsys.stdin.read()\ntime.sleep(0.5)\nprint('two')\n",
            "language": "python", "stream": True, "tag": "t"})
        message = self.client.read_message()
        self.assertEqual(message[:2], [2, "output"])
        self.assertEqual(message[2][0], {"msgid": msgid, "tag": "t", "stream": "stdout", "data": "one\n"})
        result = self.client.wait(msgid)
        self.assertEqual("".join(n["data"] for n in self.outputs()), "two\n")
        self.assertEqual((result["stdout"], result["stderr"]), ("", ""))
        self.assertEqual((result["outcome"], result["exit_code"]), ("exited", 0))

    def test_a_code_point_is_never_cut(self):
        result = self.run_code(
            "import sys, time\n"
            "for byte in 'a€😀'.encode():\n"
            "    sys.stdout.buffer.write(bytes([byte]))\n    sys.stdout.flush()\n    time.sleep(0.05)\n", stream=True)
        self.assertEqual(result["outcome"], "exited")
        pieces = [n["data"] for n in self.outputs()]
        self.assertEqual("".join(pieces), "a€😀")
        self.assertGreater(len(pieces), 1)

    def test_a_cut_code_point_at_the_end_is_told_as_bytes(self):
        self.run_code("import sys\nsys.stdout.buffer.write(b'ok\\xe2\\x82')\n", stream=True)
        self.assertEqual([n["data"] for n in self.outputs()], ["ok", b"\xe2\x82"])

    def test_status_is_the_same_streamed_or_not(self):
        for code, outcome, status in (("import sys; sys.exit(3)", "exited", 3), ("raise SystemExit('x')", "exited", 1),
                                      ("import os; os.kill(os.getpid(), 9)", "signaled", None)):
            for stream in (False, True):
                with self.subTest(code, stream=stream):
                    result = self.run_code(code, stream=stream)
                    self.assertEqual((result["outcome"], result["exit_code"]), (outcome, status))

    def test_much_output_comes_whole(self):
        count = 40000
        result = self.run_code(f"for i in range({count}):\n    print(i)\n", stream=True)
        self.assertEqual(result["outcome"], "exited")
        self.assertEqual("".join(n["data"] for n in self.outputs()), "".join(f"{i}\n" for i in range(count)))

    def test_a_slow_reader_pauses_the_program_and_loses_nothing(self):
        n_bytes = 6 << 20
        msgid = self.client.send("run", {
            "code": f"import sys\nfor i in range({n_bytes // 1024}):\n    sys.stdout.write('x' * 1023 + '\\n')\n",
            "language": "python", "stream": True, "limits": {"output_bytes": 8 << 20}})
        time.sleep(1)
        result = self.client.wait(msgid)
        self.assertEqual(result["outcome"], "exited")
        self.assertEqual(sum(len(n["data"]) for n in self.outputs()), n_bytes)

    # ---- cancelling ----

    def cancelled(self, notification, **more):
        msgid = self.client.send("run", {
            "code": "import time\nprint('up', flush=True)\ntime.sleep(60)\n", "language": "python", "stream": True,
            **more})
        self.assertEqual(self.client.read_message()[1], "output")
        self.client.notify("cancel", notification(msgid))
        result = self.client.wait(msgid)
        self.assertEqual((result["ran"], result["outcome"], result["exit_code"]), (True, "cancelled", None))

    def test_a_run_is_cancelled_by_its_tag_or_msgid(self):
        self.cancelled(lambda msgid: {"tag": "mine"}, tag="mine")
        self.cancelled(lambda msgid: {"msgid": msgid})

    def test_a_tag_cancels_all_that_have_it(self):
        code = {"code": "print('on', flush=True)\nimport time\ntime.sleep(60)\n", "language": "python", "stream": True}
        mine = [self.client.send("run", {**code, "tag": "mine"}) for _ in range(3)]
        other = self.client.send("run", {**code, "tag": "other"})
        started = set()
        while len(started) < 4:
            message = self.client.read_message()
            self.assertEqual(message[:2], [2, "output"])
            started.add(message[2][0]["msgid"])
        self.client.notify("cancel", {"tag": "mine"})
        self.assertEqual([self.client.wait(msgid)["outcome"] for msgid in mine], ["cancelled"] * 3)
        self.client.notify("cancel", {"tag": "other"})
        self.assertEqual(self.client.wait(other)["outcome"], "cancelled")

    def test_a_run_that_has_not_begun_is_cancelled_too(self):
        policy = {"severity_threshold": "low", "patterns": [
            {"pattern": rf"word{i}[a-z]+\s*\(", "description": "d", "severity": "low"} for i in range(100)]}
        for _ in range(5):
            policy["patterns"].pop()
            msgid = self.client.send("run", {"code": "print(1)", "language": "python", "policy": policy, "tag": "q"})
            self.client.notify("cancel", {"tag": "q"})
            try:
                result = self.client.wait(msgid)
                self.assertIn(result["outcome"], ("cancelled", "exited"))
            except RpcError as error:
                self.assertEqual(error.name, "cancelled")

    # ---- refused by name ----

    def test_what_cannot_be_had_is_refused_by_name(self):
        self.refused("invalid_request", "network", network="host")
        self.refused("invalid_request", "libraries", libraries=["numpy"])
        self.refused("invalid_request", "limits.wall_ms", limits={"wall_ms": 10 ** 9})
        self.refused("invalid_request", "limits.nothing", limits={"nothing": 1})
        for name in ("memory_bytes", "pids", "wall_ms", "cpu_ms", "cpus", "file_bytes", "disk_bytes", "open_files"):
            self.refused("invalid_request", f"limits.{name}: must be at least", limits={name: 0})
        self.refused("invalid_request", "limits.memory_bytes: must be at least 4194304", limits={"memory_bytes": 1})
        self.refused("invalid_request", "limits.cpus: must be at least 0.01", limits={"cpus": 0.009})
        self.refused("runtime_unavailable", "", runtime="nothing")
        with self.assertRaises(RpcError) as caught:
            self.client.call("run", {"code": "x", "language": "text"})
        self.assertEqual(caught.exception.name, "unsupported_language")

    def test_network_none_may_be_said(self):
        self.assertEqual(self.run_code("print(1)", network="none")["stdout"], "1\n")


if __name__ == "__main__":
    unittest.main()
