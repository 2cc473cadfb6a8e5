"""The one-file Python client against the real daemon, and its example."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from harness import Daemon, DaemonCase, Scripted, TIMEOUT

FOLDER = os.path.join(os.environ["SALLYPORT_SOURCE_DIR"], "client", "python")
sys.path.insert(0, FOLDER)
import sallyport  # noqa: E402

POLICY = {"language": "python", "severity_threshold": "medium",
          "restricted_modules": [{"name": "os", "description": "Operating system interface", "severity": "high"}]}


class Python(DaemonCase):
    def setUp(self):
        self.gate = sallyport.connect(self.daemon.socket_path)
        self.addCleanup(self.gate.close)

    def test_run(self):
        result = self.gate.run("import sys\nprint(sys.argv[1:], input(), open('f').read())\nsys.exit(3)", policy=POLICY,
                               argv=["a"], stdin="in", files={"f": b"data"}, env={"APP_X": "1"}, limits={"wall_ms": 9000})
        self.assertEqual((result["ran"], result["outcome"], result["exit_code"]), (True, "exited", 3))
        self.assertEqual(result["stdout"], "['a'] in data\n")

    def test_a_run_is_waited_for_as_long_as_the_service_may_take(self):
        waited = []
        self.gate.call = lambda method, params, timeout, output: waited.append(timeout)
        self.gate.run("pass", limits={"wall_ms": 9000})
        self.gate.run("pass")
        self.gate.run("pass", timeout=3)
        self.gate.greeting = {"limits": {"run_wait_ms": 3600000}}
        self.gate.run("pass", limits={"wall_ms": 1000})
        self.gate.greeting = None
        self.gate.run("pass")
        self.assertEqual(waited, [9 + 60 + 60, 30 + 60 + 60, 3, 1 + 3600 + 60, 240 + 60 + 60])

    def test_refused_code_is_a_result_and_an_exception_where_it_is_wanted(self):
        code = "launcher = __import__('o' + 's')"
        result = self.gate.run(code, policy=POLICY)
        self.assertFalse(result["ran"])
        self.assertEqual(result["verdict"]["violations"][0]["via"], "folded")
        with self.assertRaises(sallyport.Refused) as caught:
            self.gate.run_or_raise(code, policy=POLICY)
        self.assertIn("line 1: Operating system interface", str(caught.exception))
        self.assertEqual(self.gate.run_or_raise("print(1)")["stdout"], "1\n")

    def test_only_an_answer_that_says_so_is_a_refusal_or_a_run(self):
        folder = tempfile.mkdtemp(prefix="sallyport-python-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        finding = {"line": 1, "description": "d", "blocking": True}
        for answer, name, text in (({}, "protocol", ""), ({"ran": 0}, "protocol", ""), (None, "protocol", ""),
                                   ({"ran": False}, "refused", "no finding"),
                                   ({"ran": False, "verdict": {"violations": [finding], "truncated": True}}, "refused",
                                    "(at least 1 finding)")):
            with self.subTest(answer), Scripted(folder, {"hello": {}, "run": answer}) as path:
                with sallyport.connect(path) as gate, self.assertRaises(sallyport.SallyportError) as caught:
                    gate.run_or_raise("1")
                self.assertEqual(caught.exception.name, name)
                self.assertIn(text, str(caught.exception))

    def test_output_streams_from_many_threads_at_once(self):
        outputs = [[] for _ in range(4)]

        def run(i):
            code = f"import sys\nfor n in range(3): print({i}, n, flush=True)\nprint('e', file=sys.stderr)"
            result = self.gate.run(code, on_output=lambda stream, data: outputs[i].append((stream, data)))
            self.assertEqual((result["stdout"], result["stderr"]), ("", ""))

        threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for i, output in enumerate(outputs):
            self.assertEqual("".join(data for stream, data in output if stream == "stdout"), f"{i} 0\n{i} 1\n{i} 2\n")
            self.assertEqual("".join(data for stream, data in output if stream == "stderr"), "e\n")

    def test_bytes_that_are_not_text_stay_bytes(self):
        result = self.gate.run("import sys; sys.stdout.buffer.write(b'a\\xff')")
        self.assertEqual(result["stdout"], b"a\xff")

    def test_artifacts(self):
        result = self.gate.run("open('x.txt', 'w').write('1')", artifacts=["*.txt"])
        self.assertEqual([(a["path"], a["data"]) for a in result["artifacts"]], [("x.txt", b"1")])

    def test_scan_batch_and_explain(self):
        self.assertTrue(self.gate.scan("x = 1", policy=POLICY)["safe"])
        verdicts = self.gate.scan_batch([("x = 1", "python"), {"code": "import os", "language": "python"}, ("x", "text")],
                                        policy=POLICY)
        self.assertEqual([verdict.get("safe") for verdict in verdicts], [True, False, None])
        self.assertEqual(verdicts[2]["error"]["name"], "not_applicable")
        self.assertEqual(self.gate.explain("import os  # c")["comments"], [[11, 14]])

    def test_policies(self):
        put = self.gate.put_policy("severity_threshold: high\npatterns: []\n", name="python-client")
        self.assertIn("python-client", [policy["name"] for policy in self.gate.policies()])
        self.assertEqual(self.gate.get_policy("python-client")["id"], put["id"])
        self.gate.remove_policy("python-client")
        with self.assertRaises(sallyport.SallyportError) as caught:
            self.gate.get_policy("python-client")
        self.assertEqual(caught.exception.name, "unknown_policy")

    def test_a_policys_text_is_one(self):
        text = "language: python\nrestricted_modules:\n  - {name: os, description: d, severity: high}\n"
        self.assertFalse(self.gate.run("import os", policy=text)["ran"])
        self.assertFalse(self.gate.scan("import os", policy=text)["safe"])
        self.assertFalse(self.gate.scan_batch([("import os", "python")], policy=text)[0]["safe"])
        with self.assertRaisesRegex(sallyport.SallyportError, "^unknown_policy"):
            self.gate.run("1", policy="no-such")

    def test_limits_of_another_shape_are_named(self):
        for limits in ({"wall_ms": "300"}, {"wall_ms": True}, [1], "x"):
            with self.subTest(limits), self.assertRaisesRegex(sallyport.SallyportError, "^invalid_request: limits"):
                self.gate.run("1", limits=limits)

    def test_errors_are_exceptions_with_their_place(self):
        with self.assertRaises(sallyport.SallyportError) as caught:
            self.gate.scan("x", policy={"yaml": "patterns:\n  - {pattern: '(', description: d, severity: high}\n"})
        self.assertEqual((caught.exception.name, caught.exception.data["line"]), ("invalid_pattern", 2))
        with self.assertRaises(sallyport.SallyportError):
            self.gate.run("1", limits={"wall_ms": 10 ** 9})
        with self.assertRaises(sallyport.SallyportError) as caught:
            self.gate.call("dance")
        self.assertEqual(caught.exception.name, "unknown_method")

    def test_cancel_by_tag_and_by_timeout(self):
        # Cancelled once it runs, however long that takes to come.
        result = self.gate.run("print('up', flush=True)\nwhile True: pass", tag="mine",
                               on_output=lambda stream, data: self.gate.cancel("mine"))
        self.assertEqual(result["outcome"], "cancelled")
        begun = time.monotonic()
        with self.assertRaises(sallyport.SallyportError) as caught:
            self.gate.run("while True: pass", timeout=0.5)
        self.assertEqual(caught.exception.name, "timed_out")
        self.assertLess(time.monotonic() - begun, 10)
        self.assertTrue(self.gate.scan("x = 1")["safe"])

    def test_an_output_function_that_fails_fails_its_call_alone(self):
        def fail(stream, data):
            raise KeyError("mine")
        with self.assertRaises(KeyError):
            self.gate.run("import time\nprint(1, flush=True)\ntime.sleep(60)", on_output=fail)
        self.assertTrue(self.gate.scan("x = 1")["safe"])

    def test_the_end_of_the_daemon_ends_every_call(self):
        with Daemon() as daemon:
            gate = sallyport.connect(daemon.socket_path)
            threading.Timer(0.5, daemon.process.kill).start()
            with self.assertRaises(sallyport.SallyportError) as caught:
                gate.run("while True: pass")
            self.assertEqual(caught.exception.name, "unreachable")
            with self.assertRaises(sallyport.SallyportError):
                gate.scan("x")
            gate.close()
            daemon.process.wait()

    def test_what_is_not_ours_is_refused(self):
        with self.assertRaises(sallyport.SallyportError) as caught:
            sallyport.connect("/nonexistent/s")
        self.assertEqual(caught.exception.name, "unreachable")
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
            server.bind(folder + "/s")
            server.listen()

            def serve():
                with server.accept()[0] as connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=serve).start()
            with self.assertRaises(sallyport.SallyportError) as caught:
                sallyport.connect(folder + "/s", timeout=5)
            self.assertIn(caught.exception.name, ("protocol", "unreachable"))

    @unittest.skipUnless(os.getuid() == 0, "only root can serve as somebody else")
    def test_a_stranger_who_listens_gets_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            script = (f"import os, socket\nos.setresuid(12345, 12345, 12345)\ns = socket.socket(socket.AF_UNIX)\n"
                      f"s.bind({folder + '/s'!r})\ns.listen()\nprint('up', flush=True)\nc, _ = s.accept()\n"
                      f"print(len(c.recv(100)))\n")
            stranger = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
            stranger.stdout.readline()
            with self.assertRaises(sallyport.SallyportError) as caught:
                sallyport.connect(folder + "/s")
            self.assertEqual(caught.exception.name, "denied")
            self.assertEqual(stranger.communicate(timeout=TIMEOUT)[0], "0\n")
            # The command holds to the same.
            stranger = subprocess.Popen([sys.executable, "-c", script.replace("/s'", "/t'")], stdout=subprocess.PIPE,
                                        text=True)
            stranger.stdout.readline()
            done = subprocess.run([os.environ["SALLYPORT"], "status", "--socket", folder + "/t"], capture_output=True,
                                  text=True, timeout=TIMEOUT)
            self.assertEqual(done.returncode, 125)
            self.assertIn("denied", done.stderr)
            self.assertEqual(stranger.communicate(timeout=TIMEOUT)[0], "0\n")

    @unittest.skipUnless(os.getuid() == 0, "only root can serve as somebody else")
    def test_a_service_that_becomes_any_user_is_trusted_for_who_started_it(self):
        script = "import sallyport\nwith sallyport.connect() as gate: print(gate.greeting['uid'])\n"
        with Daemon({"user": "daemon", "socket": {"mode": "0666"}, "slot_uids": {"first": 1800000000},
                     "access": [{"users": ["0", "54321"], "rights": ["scan", "operate"]}]}, private=False) as daemon:
            with open(f"/proc/{daemon.process.pid}/status") as file:
                self.assertIn(f"Uid:\t{pwd.getpwnam('daemon').pw_uid}\t", file.read())
            # Copies: others may not see into the folder of the build.
            command = shutil.copy(os.environ["SALLYPORT"], daemon.dir)
            shutil.copy(os.path.join(FOLDER, "sallyport.py"), daemon.dir)
            env = {**os.environ, "PYTHONPATH": daemon.dir, "SALLYPORT_SOCKET": daemon.socket_path}
            for uid in (0, 54321):
                for words in ([command, "status"], ["/usr/bin/python3", "-c", script]):
                    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=TIMEOUT, user=uid)
                    self.assertEqual(done.returncode, 0, (uid, done.stderr))
            self.assertEqual(done.stdout, "54321\n")

    def test_example(self):
        env = {**os.environ, "PYTHONPATH": FOLDER, "SALLYPORT_SOCKET": self.daemon.socket_path}
        done = subprocess.run([sys.executable, os.path.join(FOLDER, "example.py")], env=env, capture_output=True,
                              text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "ran: exited 0 Hello agent\n"
                                      "refused: line 1: Operating system interface (folded)\n"
                                      "stopped: timed_out on my way\n"
                                      "live 0\nlive 1\nlive 2\n"
                                      "safe: [True, False]\n")


if __name__ == "__main__":
    unittest.main()
