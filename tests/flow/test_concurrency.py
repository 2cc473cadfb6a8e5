"""Many things at once: two runs, a hundred scans, a scan beside a run, clients that die, a daemon that is killed."""

import os
import signal
import time
import unittest

from harness import Daemon, DaemonCase, RpcError, wait_until

POLICY = {"severity_threshold": "medium",
          "restricted_modules": [{"name": "socket", "description": "d", "severity": "high"}]}


def processes(marker):
    """Ids of the processes that have marker among their arguments."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if marker.encode() in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def sleeper(marker, say="up"):
    """A program whose child can be seen from outside, and which never ends by itself."""
    return ("import subprocess, time\n"
            f"subprocess.Popen(['sleep', '{marker}'])\n"
            f"print('{say}', flush=True)\n"
            "time.sleep(600)\n")


class Concurrency(DaemonCase):
    n_markers = 0

    def marker(self):
        """A time to sleep that no other test on this machine sleeps."""
        Concurrency.n_markers += 1
        return f"600.{os.getpid()}{Concurrency.n_markers:03}"

    runs = True

    def start(self, client, marker, **more):
        """Starts a sleeper and waits until its child runs."""
        msgid = client.send("run", {"code": sleeper(marker), "language": "python", "stream": True, **more})
        self.assertEqual(client.read_message()[1], "output")
        wait_until(lambda: processes(marker))
        return msgid

    def test_two_runs_go_on_at_once(self):
        with self.daemon.client() as client:
            markers = [self.marker(), self.marker()]
            runs = [self.start(client, marker, tag=marker) for marker in markers]
            self.assertTrue(all(map(processes, markers)))
            for marker, run in zip(markers, runs):
                client.notify("cancel", {"tag": marker})
                self.assertEqual(client.wait(run)["outcome"], "cancelled")
                self.assertEqual(processes(marker), [])

    def test_a_hundred_pipelined_scans_are_each_answered_rightly(self):
        with self.daemon.client() as client:
            asked = [client.send("scan", {"code": f"x = {i}\n" + "import socket\n" * (i % 2), "language": "python",
                                          "policy": POLICY}) for i in range(100)]
            for i in reversed(range(100)):
                verdict = client.wait(asked[i])
                self.assertEqual(verdict["safe"], i % 2 == 0)
                self.assertEqual(len(verdict["violations"]), i % 2)

    def test_a_scan_is_answered_while_a_run_goes_on(self):
        with self.daemon.client() as client:
            marker = self.marker()
            run = self.start(client, marker, tag="long")
            for _ in range(20):
                self.assertTrue(client.call("scan", {"code": "x = 1", "language": "python"})["safe"])
            client.notify("cancel", {"tag": "long"})
            self.assertEqual(client.wait(run)["outcome"], "cancelled")
            self.assertEqual(processes(marker), [])

    def test_twenty_runs_from_five_connections(self):
        clients = [self.enterContext(self.daemon.client()) for _ in range(5)]
        asked = [(client, i, client.send("run", {"code": f"print({i})", "language": "python"}))
                 for i, client in enumerate(clients * 4)]
        for client, i, msgid in asked:
            self.assertEqual(client.wait(msgid)["stdout"], f"{i}\n")

    def test_a_client_that_dies_takes_its_run_with_it(self):
        marker = self.marker()
        client = self.daemon.client()
        self.start(client, marker)
        client.close()
        wait_until(lambda: not processes(marker), 3, lambda: "the run goes on")
        wait_until(lambda: self.daemon.call("stats")["in_flight"]["requests"] == 1)
        self.assertEqual(self.daemon.audit()[-1]["outcome"], "cancelled")

    def test_a_client_that_dies_at_once_leaves_nothing(self):
        before = self.daemon.call("stats")["jobs"]["ended"]
        for wait in (0, 0.001, 0.003, 0.01, 0.03, 0.1):
            for _ in range(3):
                client = self.daemon.client()
                client.send("run", {"code": "import time\ntime.sleep(600)\n", "language": "python"})
                client.send("scan", {"code": "x = 1", "language": "python",
                                     "policy": {"patterns": [{"pattern": f"a{wait}_{_}", "severity": "low",
                                                              "description": "d"}]}})
                time.sleep(wait)
                client.close()

        def over():
            stats = self.daemon.call("stats")
            return stats["in_flight"]["requests"] == 1 and not any(stats["jobs"]["now"].values()) \
                and stats["runtimes"]["running"] == 0
        wait_until(over, complaint=lambda: str(self.daemon.call("stats")))
        ended = self.daemon.call("stats")["jobs"]["ended"]
        self.assertEqual(ended["done"], before["done"])
        self.assertGreater(ended["cancelled"], before["cancelled"])

    def test_a_half_closed_connection_still_gets_its_answers(self):
        with self.daemon.client() as client:
            run = client.send("run", {"code": "import time\ntime.sleep(0.5)\nprint('late')", "language": "python"})
            client.socket.shutdown(1)
            self.assertEqual(client.wait(run)["stdout"], "late\n")

    def test_no_more_runs_than_a_user_may_have(self):
        with Daemon({"bounds": {"user_runs": 2}}) as daemon, daemon.client() as client:
            runs = [client.send("run", {"code": "import time\ntime.sleep(1)", "language": "python"})
                    for _ in range(3)]
            with self.assertRaises(RpcError) as caught:
                client.wait(runs[2])
            self.assertEqual(caught.exception.name, "busy")
            for run in runs[:2]:
                self.assertEqual(client.wait(run)["outcome"], "exited")

    def test_a_run_that_gets_no_sandbox_in_time_is_told_so(self):
        with Daemon({"sandboxes_max": 1, "pool": {"min": 0, "max": 1}, "run_wait_ms": 1000}) as daemon, \
                daemon.client() as client:
            marker = self.marker()
            first = self.start(client, marker, tag="first")
            with self.assertRaises(RpcError) as caught:
                client.call("run", {"code": "print(1)", "language": "python"})
            self.assertEqual(caught.exception.name, "timed_out")
            client.notify("cancel", {"tag": "first"})
            self.assertEqual(client.wait(first)["outcome"], "cancelled")


class Ends(unittest.TestCase):
    marker = Concurrency.marker
    start = Concurrency.start

    def test_a_daemon_that_is_killed_leaves_no_process(self):
        markers = [self.marker() for _ in range(3)]
        with Daemon() as daemon:
            clients = [daemon.client() for _ in markers]
            for client, marker in zip(clients, markers):
                self.start(client, marker)
            instance = daemon.call("stats")["instance"]
            daemon.process.kill()
            daemon.wait()
            time.sleep(1)
            for marker in markers:
                self.assertEqual(processes(marker), [])
            self.assertEqual([pid for pid in processes(instance)], [])
            for client in clients:
                client.close()
            daemon.start()
            self.assertEqual(daemon.call("run", {"code": "print(1)", "language": "python"})["stdout"], "1\n")

    def test_sigterm_lets_a_run_finish(self):
        with Daemon() as daemon, daemon.client() as client:
            run = client.send("run", {"code": "import time\nprint(1, flush=True)\ntime.sleep(1)\nprint(2)\n",
                                      "language": "python", "stream": True})
            self.assertEqual(client.read_message()[1], "output")
            daemon.signal(signal.SIGTERM)
            self.assertEqual(client.wait(run)["outcome"], "exited")
            self.assertEqual(daemon.wait(), 0)

    def test_a_run_past_the_grace_is_killed_and_reported(self):
        marker = self.marker()
        with Daemon({"drain_grace_ms": 500}) as daemon, daemon.client() as client:
            run = self.start(client, marker)
            daemon.signal(signal.SIGTERM)
            result = client.wait(run)
            self.assertEqual((result["ran"], result["outcome"]), (True, "cancelled"))
            self.assertEqual(daemon.wait(), 0)
            self.assertEqual(processes(marker), [])


if __name__ == "__main__":
    unittest.main()
