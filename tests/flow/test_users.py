"""More than one user on one socket: turns, default rights, names. Only root can be several users: others skip."""

import os
import sys
import unittest

from harness import Daemon, RpcError, wait_until

FIRST, SECOND, OUTSIDER, GROUP = 54321, 54322, 54323, 54400
POLICY = {"restricted_modules": [{"name": "os", "description": "Operating system", "severity": "high"}]}
OTHER_POLICY = {"restricted_modules": [{"name": "json", "description": "JSON", "severity": "high"}]}


def name_of(call, *arguments):
    """The name of the error that a call ends with; None: with none."""
    try:
        call(*arguments)
    except RpcError as error:
        return error.name
    return None


class Turns(unittest.TestCase):
    def test_one_user_s_flood_leaves_the_other_its_turn(self):
        rule = {"users": [str(FIRST), str(SECOND)], "rights": ["scan", "run"]}
        config = {"socket": {"mode": "0666"}, "access": [rule], "sandboxes_max": 1}
        with Daemon(config, private=False) as daemon, \
                daemon.client(uid=FIRST) as first, daemon.client(uid=SECOND) as second:
            if not any(runtime["available"] for runtime in first.call("hello")["runtimes"]):
                self.skipTest("no runtime is available here")
            slow = {"code": "import time\ntime.sleep(0.2)\n", "language": "python"}
            flood = [first.send("run", slow) for _ in range(8)]
            wait_until(lambda: sum(line["event"] == "verdict" for line in daemon.audit()) == len(flood))
            second.call("run", {"code": "print(1)", "language": "python"})
            owners = [line["uid"] for line in daemon.audit() if line["event"] == "run"]
            self.assertIn(SECOND, owners[:4], owners)
            for msgid in flood:
                first.wait(msgid)


class Rights(unittest.TestCase):
    def test_the_socket_s_group_may_scan_and_run_and_no_more(self):
        with Daemon({"socket": {"group": str(GROUP), "mode": "0666"}}, private=False) as daemon:
            cases = (("as its first group", {"uid": FIRST, "gid": GROUP}),
                     ("among others", {"uid": FIRST, "groups": [54401, GROUP, 54402]}))
            for label, who in cases:
                with self.subTest(label), daemon.client(**who) as member:
                    self.assertEqual(member.call("hello")["rights"], ["scan", "run"])
                    self.assertTrue(member.call("scan", {"code": "1", "language": "python"})["safe"])
                    self.assertEqual(name_of(member.call, "policy.put", {"policy": POLICY}), "denied")
                    self.assertEqual(name_of(member.call, "stats"), "denied")
                    self.assertEqual(name_of(member.call, "reload"), "denied")
            with daemon.client(uid=OUTSIDER, gid=OUTSIDER, groups=[54401]) as outsider:
                self.assertEqual(outsider.call("hello")["rights"], [])
                for method in ("scan", "run"):
                    self.assertEqual(name_of(outsider.call, method, {"code": "1", "language": "python"}), "denied")
            self.assertEqual({(line["uid"], line["method"]) for line in daemon.audit() if line["event"] == "denial"},
                             {(FIRST, "policy.put"), (FIRST, "stats"), (FIRST, "reload"),
                              (OUTSIDER, "scan"), (OUTSIDER, "run")})

    def test_the_socket_s_mode_keeps_others_out(self):
        with Daemon({"socket": {"group": str(GROUP)}}, private=False) as daemon:
            with daemon.client(uid=FIRST, groups=[GROUP]) as member:
                member.call("hello")
            with self.assertRaises(PermissionError):
                daemon.client(uid=OUTSIDER, gid=OUTSIDER)


class Names(unittest.TestCase):
    def test_a_policy_s_name_belongs_to_who_put_it(self):
        rules = [{"users": ["*"], "rights": ["scan", "policy"]}]
        with Daemon({"socket": {"mode": "0666"}, "access": rules}, private=False) as daemon, \
                daemon.client(uid=FIRST) as first, daemon.client(uid=SECOND) as second, \
                daemon.client(uid=OUTSIDER) as third:
            ids = [who.call("policy.put", {"name": "mine", "policy": policy})["id"]
                   for who, policy in ((first, POLICY), (second, OTHER_POLICY))]
            self.assertNotEqual(*ids)
            for who, (os_safe, json_safe) in ((first, (False, True)), (second, (True, False))):
                for module, safe in (("os", os_safe), ("json", json_safe)):
                    verdict = who.call("scan", {"code": f"import {module}", "language": "python", "policy": "mine"})
                    self.assertEqual(verdict["safe"], safe, module)
            scan = {"code": "1", "language": "python", "policy": "mine"}
            self.assertEqual(name_of(third.call, "scan", scan), "unknown_policy")
            self.assertEqual(name_of(third.call, "policy.remove", {"policy": "mine"}), "unknown_policy")
            second.call("policy.remove", {"policy": "mine"})
            self.assertEqual(name_of(second.call, "scan", scan), "unknown_policy")
            self.assertTrue(first.call("scan", scan)["safe"])


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("only root can be two users")
        sys.exit(77)
    unittest.main()
