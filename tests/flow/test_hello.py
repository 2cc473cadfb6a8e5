"""hello, errors in both forms, what is unknown."""

import os
import unittest

from harness import Client, Daemon, DaemonCase, RpcError


class Hello(DaemonCase):
    def test_tells_who_both_are(self):
        with self.daemon.client() as client:
            hello = client.call("hello", {"client": "a test"})
        self.assertEqual(hello["protocol"], 1)
        self.assertEqual(hello["uid"], os.getuid())
        self.assertIn(os.getgid(), hello["groups"])
        self.assertEqual(set(hello["rights"]), {"scan", "policy", "run", "session", "exec", "operate"})
        self.assertIn("python", hello["languages"])
        self.assertIn("text", hello["languages"])
        self.assertEqual(hello["limits"]["run"]["wall_ms"], 30000)
        self.assertEqual(hello["limits"]["ceilings"]["wall_ms"], 240000)
        self.assertEqual(hello["limits"]["run_wait_ms"], 60000)

    def test_a_runtime_says_what_it_enforces_or_why_it_is_missing(self):
        hello = self.daemon.call("hello")
        for runtime in hello["runtimes"]:
            if runtime["available"]:
                self.assertIsNone(runtime["reason"])
                self.assertTrue(runtime["limits"])
                self.assertEqual({limit["name"] for limit in runtime["limits"]}, set(hello["limits"]["run"]))
                for limit in runtime["limits"]:
                    self.assertIn("best_effort", limit)
            else:
                self.assertTrue(runtime["reason"])
                self.assertEqual(runtime["limits"], [])
                self.assertEqual(runtime["isolation"], "none")

    def test_a_rules_lower_ceiling_lowers_the_standard(self):
        rule = {"users": [str(os.getuid())], "rights": ["run"], "ceilings": {"memory_bytes": 128 << 20}}
        with Daemon({"access": [rule]}, private=False) as daemon:
            limits = daemon.call("hello")["limits"]
            self.assertEqual(limits["ceilings"]["memory_bytes"], 128 << 20)
            self.assertEqual(limits["run"]["memory_bytes"], 128 << 20)
            self.assertEqual(limits["run"]["wall_ms"], 30000)

    def test_what_is_not_available_claims_nothing(self):
        with Daemon({"programs": {"bwrap": "/nonexistent/bwrap"}}) as daemon:
            for runtime in daemon.call("hello")["runtimes"]:
                self.assertFalse(runtime["available"])
                self.assertTrue(runtime["reason"])
                self.assertEqual((runtime["limits"], runtime["languages"], runtime["isolation"]), ([], [], "none"))

    def test_parameters_may_be_left_out(self):
        with self.daemon.client() as client:
            client.send_raw(b"\x94\x00\x01\xa5hello\x90")
            self.assertEqual(client.wait(1)["protocol"], 1)
            client.send_raw(b"\x94\x00\x02\xa5hello\x91\xc0")
            self.assertEqual(client.wait(2)["protocol"], 1)

    def test_errors_are_strings_unless_asked_otherwise(self):
        with self.daemon.client() as client:
            with self.assertRaises(RpcError) as caught:
                client.call("nothing")
            self.assertTrue(caught.exception.error.startswith("unknown_method: "))
            client.call("hello", {"errors": "map"})
            with self.assertRaises(RpcError) as caught:
                client.call("scan", {"code": "x", "language": "python", "polcy": 1})
            self.assertEqual(caught.exception.error["name"], "invalid_request")
            self.assertEqual(caught.exception.error["data"]["path"], "polcy")
            client.call("hello")
            with self.assertRaises(RpcError) as caught:
                client.call("nothing")
            self.assertEqual(caught.exception.error["name"], "unknown_method")

    def test_doubled_keys_and_wrong_types_are_named(self):
        with self.daemon.client() as client:
            for params, path in ((b"\x82\xa6client\xa1a\xa6client\xa1b", "client"), (b"\x81\xa6client\x07", "client")):
                client.send_raw(b"\x94\x00\x05\xa5hello\x91" + params)
                with self.assertRaisesRegex(RpcError, f"invalid_request: {path}"):
                    client.wait(5)

    def test_stats_count_what_happened(self):
        with self.daemon.client() as client:
            before = client.call("stats")
            for _ in range(10):
                client.call("hello")
            after = client.call("stats")
        self.assertEqual(after["methods"]["hello"]["calls"] - before["methods"].get("hello", {"calls": 0})["calls"], 10)
        self.assertEqual(after["counters"]["requests"] - before["counters"]["requests"], 11)
        self.assertEqual(sum(after["methods"]["hello"]["buckets_us"].values()), after["methods"]["hello"]["calls"])
        self.assertEqual(after["in_flight"]["requests"], 1)

    def test_many_connections_at_once(self):
        clients = [Client(self.daemon.socket_path) for _ in range(200)]
        ids = [client.send("hello") for client in clients]
        for client, msgid in zip(clients, ids):
            self.assertEqual(client.wait(msgid)["protocol"], 1)
            client.close()


if __name__ == "__main__":
    unittest.main()
