"""MessagePack-RPC as hostile and as clumsy peers speak it: pieces, pipelines, garbage, doubled msgids, half-closed ends."""

import random
import socket
import struct
import time
import unittest

import msgpack

from harness import Closed, DaemonCase, RpcError, wait_until


class Protocol(DaemonCase):
    def tearDown(self):
        """Whatever was sent, the daemon serves on, and holds nothing of it."""
        with self.daemon.client() as client:
            def holds_only_this():
                held = client.call("stats")["in_flight"]
                return held["connections"] == 1 and held["requests"] == 1 and held["bytes"] < 65536

            # A worker first ends the scan of a peer that has gone.
            wait_until(holds_only_this)

    def test_a_frame_may_come_byte_by_byte(self):
        with self.daemon.client() as client:
            for byte in msgpack.packb([0, 7, "hello", [{"client": "x" * 40}]]):
                client.send_raw(bytes([byte]))
            self.assertEqual(client.wait(7)["protocol"], 1)

    def test_many_frames_may_come_in_pieces_of_any_size(self):
        stream = b"".join(msgpack.packb([0, i, "scan", [{"code": "x = %d" % i, "language": "python"}]])
                          for i in range(200))
        chance = random.Random(7)
        with self.daemon.client() as client:
            at = 0
            while at < len(stream):
                n = chance.choice((1, 2, 3, 50, 700, 5000))
                client.send_raw(stream[at:at + n])
                at += n
            for i in range(200):
                self.assertTrue(client.wait(i)["safe"])

    def test_a_large_frame_comes_whole(self):
        code = "x = 1\n" * 170000
        with self.daemon.client() as client:
            self.assertEqual(client.call("scan", {"code": code, "language": "python"})["size"], len(code))

    def test_pipelined_requests_are_all_answered_in_any_order_of_waiting(self):
        with self.daemon.client() as client:
            methods = ["hello", "scan", "stats", "policy.list"] * 25
            params = {"scan": {"code": "import os", "language": "python"}}
            ids = [(client.send(method, params.get(method)), method) for method in methods]
            random.Random(3).shuffle(ids)
            for msgid, method in ids:
                result = client.wait(msgid)
                self.assertIn({"hello": "rights", "scan": "safe", "stats": "counters"}.get(method, "policies"),
                              result if isinstance(result, dict) else {"policies": result})

    def test_strings_may_come_as_bin(self):
        with self.daemon.client() as client:
            client.send_raw(msgpack.packb([0, 1, b"scan", [{b"code": b"x", b"language": b"python"}]],
                                          use_bin_type=True))
            self.assertTrue(client.wait(1)["safe"])

    def test_code_that_is_no_utf8_may_come_as_str(self):
        with self.daemon.client() as client:
            client.send_raw(b"\x94\x00\x01\xa4scan\x91\x82\xa4code\xa3x=\xff\xa8language\xa4text")
            self.assertEqual(client.wait(1)["size"], 3)

    def test_garbage_closes_the_connection(self):
        for garbage in (b"\xc1", b"GET / HTTP/1.1\r\n\r\n", b"\x93\x01\x02\x03", b"\x00", b"\xc0", b"\x80",
                        b"\x94\x03\x01\xa5hello\x90", b"\x94\x00\xff\xa5hello\x90"):
            with self.subTest(garbage=garbage), self.daemon.client() as client:
                client.send_raw(garbage)
                self.assertTrue(client.closed())
                self.assertEqual(client.answers, {})

    def test_a_broken_request_gets_one_error_where_its_msgid_can_be_read(self):
        head = b"\x94\x00\x2a\xa4scan"
        deep = head + b"\x91" * 64
        large = head + b"\x91\x81\xa4code\xc6" + struct.pack(">I", 17 << 20)
        wide = head + b"\xdd\xff\xff\xff\xff"
        broken = head + b"\x91\xc1"
        for data, name in ((deep, "too_deep"), (large, "too_large"), (wide, "too_large"), (broken, "invalid_request"),
                           (b"\xdc\x00\x04" + deep[1:], "too_deep"), (b"\xdd\0\0\0\x04" + broken[1:], "invalid_request"),
                           (b"\x94\xcc\x00\xd2\0\0\0\x2a\xc1", "invalid_request"),
                           *((msgpack.packb(message), "invalid_request") for message in (
                               [0, 42, "hello"], [0, 42, "hello", [], 1], [0, 42], [0, 42, "hello", *[0] * 20]))):
            with self.subTest(data=data), self.daemon.client() as client:
                client.send_raw(data)
                with self.assertRaises(RpcError) as caught:
                    client.wait(42)
                self.assertEqual(caught.exception.name, name)
                self.assertTrue(client.closed())
                self.assertEqual(client.answers, {})

    def test_a_broken_request_with_the_msgid_of_one_in_flight_is_not_answered_for_it(self):
        with self.daemon.client() as client:
            client.send("run", {"code": "import time; time.sleep(20)", "language": "python"}, msgid=9)
            client.send_raw(msgpack.packb([0, 9, "hello"]))
            self.assertTrue(client.closed())
            self.assertEqual(client.answers, {})

    def test_what_a_header_claims_is_not_allocated(self):
        before = self.rss()
        clients = []
        for _ in range(64):
            client = self.daemon.client()
            client.send_raw(b"\x94\x00\x01\xa4scan\x91\x81\xa4code\xc6" + struct.pack(">I", 15 << 20) + b"x")
            clients.append(client)
        time.sleep(0.2)
        grown = self.rss() - before
        for client in clients:
            client.close()
        self.assertLess(grown, 16 << 20)

    def rss(self):
        with open(f"/proc/{self.daemon.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    def test_a_request_of_the_wrong_shape_is_answered_and_the_connection_goes_on(self):
        with self.daemon.client() as client:
            for params in ([1], [{}, {}], {}, 7, "x", [[]]):
                client.send_raw(msgpack.packb([0, 5, "hello", params]))
                with self.assertRaisesRegex(RpcError, "invalid_request"):
                    client.wait(5)
            client.send_raw(msgpack.packb([0, 5, 5, []]))
            with self.assertRaisesRegex(RpcError, "invalid_request"):
                client.wait(5)
            client.send_raw(b"\x94\x00\x05\xa5hello\x91\x81\xa6client\xd4\x01\x02")
            with self.assertRaisesRegex(RpcError, "invalid_request: client"):
                client.wait(5)
            self.assertEqual(client.call("hello")["protocol"], 1)

    def test_a_msgid_in_flight_twice_closes_the_connection(self):
        with self.daemon.client() as client:
            request = msgpack.packb([0, 9, "run", [{"code": "import time; time.sleep(20)", "language": "python"}]])
            client.send_raw(request)
            client.send_raw(msgpack.packb([0, 9, "hello", []]))
            self.assertTrue(client.closed())
            self.assertEqual(client.answers, {})

    def test_a_msgid_may_be_used_again_once_it_is_answered(self):
        with self.daemon.client() as client:
            for _ in range(3):
                client.send("hello", msgid=4)
                self.assertEqual(client.wait(4)["protocol"], 1)

    def test_msgids_use_all_32_bits(self):
        with self.daemon.client() as client:
            for msgid in (0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1):
                client.send("hello", msgid=msgid)
                self.assertEqual(client.wait(msgid)["protocol"], 1)

    def test_unknown_notifications_and_answers_are_ignored_whatever_they_carry(self):
        with self.daemon.client() as client:
            for message in ([2, "nvim_error_event", [0, "text"]], [2, "x", []], [2, "cancel", [{"tag": "none"}]],
                            [2, "cancel", [7]], [2, "cancel", [{"msgid": 1, "more": 2}]], [2, "x", {}], [1, 5, None, 3]):
                client.send_raw(msgpack.packb(message))
            self.assertEqual(client.call("hello")["protocol"], 1)

    def test_a_half_closed_connection_still_gets_its_answers(self):
        with self.daemon.client() as client:
            ids = [client.send("hello") for _ in range(20)]
            ids.append(client.send("run", {"code": "import time; time.sleep(0.3); print('late')", "language": "python"}))
            client.socket.shutdown(socket.SHUT_WR)
            for msgid in ids[:-1]:
                self.assertEqual(client.wait(msgid)["protocol"], 1)
            self.assertEqual(client.wait(ids[-1])["stdout"], "late\n")
            with self.assertRaises(Closed):
                client.read_message()

    def test_a_half_closed_connection_that_then_hangs_up_is_cancelled(self):
        client = self.daemon.client()
        client.send("run", {"code": "import time; time.sleep(60)", "language": "python"})
        client.socket.shutdown(socket.SHUT_WR)
        with self.daemon.client() as other:
            wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 2)
            client.close()
            wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 1, timeout=5)

    def test_half_a_frame_and_an_end_close_quietly(self):
        with self.daemon.client() as client:
            client.send_raw(b"\x94\x00\x01\xa5hel")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(client.closed())
            self.assertEqual(client.answers, {})


class Cancel(DaemonCase):
    def start(self, client, **params):
        code = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
        msgid = client.send("run", {"code": code, "language": "python", "stream": True, **params})
        while not client.notifications:
            message = client.read_message()
            self.assertEqual(message[0], 2, message)
            client.notifications.append(message)
        return msgid

    def test_by_tag(self):
        with self.daemon.client() as client:
            msgid = self.start(client, tag="mine")
            client.notify("cancel", {"tag": "mine"})
            self.assertEqual(client.wait(msgid)["outcome"], "cancelled")

    def test_by_msgid(self):
        with self.daemon.client() as client:
            msgid = self.start(client)
            client.notify("cancel", {"msgid": msgid})
            self.assertEqual(client.wait(msgid)["outcome"], "cancelled")

    def test_only_on_the_same_connection(self):
        with self.daemon.client() as client, self.daemon.client() as other:
            msgid = self.start(client, tag="mine")
            other.notify("cancel", {"tag": "mine"})
            other.notify("cancel", {"msgid": msgid})
            other.call("hello")
            client.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                client.wait(msgid)

    def test_a_closed_connection_cancels_what_it_had_in_flight(self):
        client = self.daemon.client()
        self.start(client)
        client.close()
        with self.daemon.client() as other:
            wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 1, timeout=5)
            wait_until(lambda: other.call("stats")["runtimes"]["running"] == 0, timeout=5)


if __name__ == "__main__":
    unittest.main()
