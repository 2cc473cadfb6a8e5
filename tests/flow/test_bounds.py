"""Backpressure both ways, and the bounds on connections, requests and bytes."""

import time
import unittest

import msgpack

from harness import SANITIZED, Client, Daemon, RpcError, wait_until

SLEEP = {"code": "import time; time.sleep(60)", "language": "python"}


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


class SlowReader(unittest.TestCase):
    def test_a_peer_that_does_not_read_is_not_read_from(self):
        request = msgpack.packb([0, 0, "hello", []])
        with Daemon({"bounds": {"output_bytes": 65536}}) as daemon, daemon.client() as client:
            before = resident(daemon)
            client.socket.settimeout(0.5)
            sent = 0
            with self.assertRaises(TimeoutError):
                while sent < 64 << 20:
                    client.send_raw(request * 1000)
                    sent += 1000 * len(request)
            self.assertLess(sent, 4 << 20)
            self.assertLess(resident(daemon) - before, 16 << 20)
            self.assertEqual(daemon.call("hello")["protocol"], 1)  # the others are served

    def test_it_is_read_from_again_when_it_reads(self):
        with Daemon({"bounds": {"output_bytes": 65536}}) as daemon, daemon.client() as client:
            request = b"".join(msgpack.packb([0, i, "hello", []]) for i in range(5000))
            client.socket.setblocking(False)
            at, seen = 0, set()
            unpacker = msgpack.Unpacker()
            end = time.monotonic() + 20
            while len(seen) < 5000 and time.monotonic() < end:
                try:
                    at += client.socket.send(request[at:at + 65536]) if at < len(request) else 0
                except BlockingIOError:
                    pass
                try:
                    unpacker.feed(client.socket.recv(65536))
                except BlockingIOError:
                    time.sleep(0.001)
                for message in unpacker:
                    self.assertIsNone(message[2])
                    seen.add(message[1])
            self.assertEqual(len(seen), 5000)

    def test_streamed_output_waits_for_its_reader(self):
        code = "import sys\nfor i in range(7000):\n    sys.stdout.write('x' * 1000)\n"
        with Daemon({"bounds": {"output_bytes": 65536}}) as daemon, daemon.client() as client:
            before = resident(daemon)
            msgid = client.send("run", {"code": code, "language": "python", "stream": True,
                                        "limits": {"output_bytes": 7500000}})
            time.sleep(1)
            self.assertLess(resident(daemon) - before, 4 << 20)
            result = client.wait(msgid)
            self.assertEqual(result["outcome"], "exited")
            text = "".join(params["data"] for method, params in client.notifications)
            self.assertEqual(len(text), 7000000)

    def test_a_reader_that_never_reads_does_not_keep_the_run(self):
        code = "while True: print('x' * 1000)"
        with Daemon({"bounds": {"output_bytes": 65536}}) as daemon, daemon.client() as client:
            client.send("run", {"code": code, "language": "python", "stream": True, "limits": {"wall_ms": 1000}})
            with daemon.client() as other:
                wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 2)
                wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 1, timeout=10)


class Bounds(unittest.TestCase):
    def test_past_its_requests_in_flight_a_connection_is_not_read_from(self):
        with Daemon({"bounds": {"connection_requests": 3}}) as daemon, daemon.client() as client:
            ids = [client.send("run", {**SLEEP, "tag": str(i)}) for i in range(3)]
            client.send("hello", msgid=77)
            with daemon.client() as other:
                wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 4)
            client.socket.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                client.wait(77)
            client.close()  # a hang-up is seen though nothing is read
            with daemon.client() as other:
                wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 1, timeout=5)
            self.assertEqual(len(ids), 3)

    def test_it_is_read_from_again_when_one_has_ended(self):
        with Daemon({"bounds": {"connection_requests": 2}}) as daemon, daemon.client() as client:
            ids = [client.send("run", {**SLEEP, "limits": {"wall_ms": 300}}) for _ in range(2)]
            ids += [client.send("hello") for _ in range(50)]
            for msgid in ids:
                client.wait(msgid)

    def test_past_the_users_requests_they_are_busy(self):
        with Daemon({"bounds": {"user_requests": 2}}) as daemon, daemon.client() as client:
            client.send("run", SLEEP)
            client.send("run", SLEEP)
            with self.assertRaisesRegex(RpcError, "^busy: "):
                client.call("hello")
            with self.assertRaisesRegex(RpcError, "^busy: "), daemon.client() as other:
                other.call("hello")

    def test_past_the_users_bytes_they_are_busy(self):
        with Daemon({"bounds": {"user_bytes": 1 << 20}}) as daemon:
            with daemon.client() as client, self.assertRaises((RpcError, BrokenPipeError, ConnectionResetError)) as caught:
                client.call("scan", {"code": "x" * (3 << 20), "language": "text"})
            if isinstance(caught.exception, RpcError):
                self.assertEqual(caught.exception.name, "busy")
            self.assertTrue(daemon.call("scan", {"code": "x" * 100000, "language": "text"})["safe"])

    def test_connections_of_a_user_are_bounded(self):
        with Daemon({"bounds": {"user_connections": 3}}) as daemon:
            clients = [daemon.client() for _ in range(3)]
            for client in clients:
                client.call("hello")
            with daemon.client() as more:
                self.assertTrue(more.closed())
            clients.pop().close()
            wait_until(lambda: clients[0].call("stats")["in_flight"]["connections"] == 2)
            self.assertEqual(daemon.call("hello")["protocol"], 1)
            for client in clients:
                client.close()

    def test_connections_of_all_are_bounded(self):
        with Daemon({"bounds": {"connections": 2}}) as daemon:
            with daemon.client() as one, daemon.client() as two, daemon.client() as three:
                one.call("hello")
                two.call("hello")
                self.assertTrue(three.closed())

    def test_running_out_of_descriptors_is_survived(self):
        with Daemon(prefix=("/usr/bin/prlimit", "--nofile=64:64")) as daemon:
            clients = []
            for _ in range(100):
                client = Client(daemon.socket_path)
                clients.append(client)
            first = clients[0]
            self.assertEqual(first.call("hello")["protocol"], 1)
            for client in clients[1:]:
                client.close()
            wait_until(lambda: first.call("stats")["in_flight"]["connections"] == 1)
            self.assertEqual(daemon.call("hello")["protocol"], 1)
            first.close()

    def test_an_answer_over_the_frame_limit_is_too_large(self):
        with Daemon({"frame_bytes": 65536, "code_bytes": 60000}) as daemon, daemon.client() as client:
            with self.assertRaisesRegex(RpcError, "^too_large: "):
                client.call("scan", {"code": "eval(x)\n" * 5000, "language": "python", "policy": {
                    "patterns": [{"pattern": "eval", "severity": "high", "description": "d" * 100}]}})
            self.assertEqual(client.call("hello")["protocol"], 1)

    def test_a_run_answers_within_a_small_frame_whatever_was_found_and_written(self):
        with Daemon({"frame_bytes": 65536, "code_bytes": 60000}) as daemon, daemon.client() as client:
            result = client.call("run", {"code": "str(1)\n" * 5000 + "print('x' * 40000)", "language": "python", "policy": {
                "severity_threshold": "safe", "patterns": [{"pattern": "str", "severity": "high", "description": "d" * 100}]}})
            self.assertEqual(result["outcome"], "output_limit")
            self.assertGreater(len(result["stdout"]), 20000)
            verdict = result["verdict"]
            self.assertEqual((verdict["truncated"], verdict["safe"], verdict["counts"]["high"]), (True, True, 5000))
            self.assertGreater(len(verdict["violations"]), 50)

    def test_code_over_its_limit_is_too_large(self):
        with Daemon({"code_bytes": 1024}) as daemon, self.assertRaisesRegex(RpcError, "^too_large: code"):
            daemon.call("scan", {"code": "x" * 1025, "language": "text"})

    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_an_idle_connection_costs_little(self):
        with Daemon() as daemon:
            with daemon.client() as client:
                client.call("hello")
            before = resident(daemon)
            clients = [daemon.client() for _ in range(500)]
            for client in clients:
                client.send("hello", msgid=1)
                client.wait(1)
            grown = resident(daemon) - before
            for client in clients:
                client.close()
            self.assertLess(grown / 500, 8192)


if __name__ == "__main__":
    unittest.main()
