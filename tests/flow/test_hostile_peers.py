"""Peers that send what no client would: mutated messages of every method, cut off, half-closed, hung up in the middle."""

import os
import random
import time
import unittest

import msgpack

from harness import Daemon, wait_until

SECONDS = float(os.environ.get("SALLYPORT_HOSTILE_SECONDS", "8"))
CODE = {"code": "import os\nos.system('x')", "language": "python"}
REQUESTS = [
    ("hello", {"client": "x", "errors": "map"}), ("scan", CODE), ("explain", CODE), ("policy.list", None), ("stats", None),
    ("scan", {**CODE, "policy": {"patterns": [{"pattern": "os", "severity": "high"}]}}),
    ("scan_batch", {"sources": [CODE, CODE]}), ("policy.put", {"policy": {"yaml": "patterns: []"}, "name": "x"}),
    ("policy.remove", {"policy": "x"}), ("policy.get", {"policy": "x"}),
    ("run", {**CODE, "limits": {"wall_ms": 500}, "stream": True, "tag": "t", "env": {"LANG": "C"}, "argv": ["a"],
             "files": [{"path": "a.py", "data": b"x=1"}]}),
]
MESSAGES = [msgpack.packb([0, i, method, [params]]) for i, (method, params) in enumerate(REQUESTS)] + [
    msgpack.packb([2, "cancel", [{"tag": "t"}]]), msgpack.packb([2, "cancel", [{"msgid": 10}]]),
    msgpack.packb([1, 3, None, None])]


def mutate(chance, message):
    message = bytearray(message)
    for _ in range(chance.choice((0, 0, 1, 1, 2, 4))):
        at, kind = chance.randrange(len(message) or 1), chance.randrange(4)
        if kind == 0:
            message[at:at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del message[at:at + chance.randrange(1, 4)]
        elif kind == 2:
            message[at:at] = chance.randbytes(chance.randrange(1, 5))
        elif message:
            message[at] ^= 1 << chance.randrange(8)
    return bytes(message[:chance.randrange(len(message) + 1)] if chance.random() < 0.1 else message)


class HostilePeers(unittest.TestCase):
    def test_nothing_that_is_sent_harms_the_daemon_or_stays_behind(self):
        chance = random.Random(20)
        end, n = time.monotonic() + SECONDS, 0
        with Daemon({"log_level": "notice", "bounds": {"output_bytes": 65536}}) as daemon:
            while time.monotonic() < end:
                clients = [daemon.client() for _ in range(8)]
                for client in clients:
                    try:
                        for _ in range(chance.randrange(1, 30)):
                            client.send_raw(mutate(chance, chance.choice(MESSAGES)))
                            n += 1
                        if chance.random() < 0.3:
                            client.socket.shutdown(1)
                        if chance.random() < 0.3:
                            client.socket.settimeout(chance.random() * 0.2)
                            client.closed()
                    except OSError:
                        pass
                    if chance.random() < 0.7:
                        client.close()
                for client in clients:
                    client.close()
                self.assertIsNone(daemon.process.poll(), f"it has ended after {n} messages:\n{daemon.log()}")
            with daemon.client() as client:
                wait_until(lambda: client.call("stats")["in_flight"]["requests"] == 1)
                stats = client.call("stats")
                self.assertEqual(stats["in_flight"]["connections"], 1)
                self.assertLess(stats["in_flight"]["bytes"], 65536)
                self.assertTrue(client.call("scan", {"code": "x = 1", "language": "python"})["safe"])


if __name__ == "__main__":
    unittest.main()
