"""scan and explain: verdicts over the wire, what is refused, the audit line."""

import hashlib
import unittest

from harness import ClientCase, RpcError, wait_until

BOTH = {
    "severity_threshold": "medium",
    "patterns": [{"pattern": r"\bos\.system\s*\(", "description": "System command execution", "severity": "high"},
                 {"pattern": r"\beval\s*\(", "description": "Evaluation", "severity": "high"}],
    "restricted_modules": [{"name": "os", "description": "Operating system interface", "severity": "high"}],
}


class Scan(ClientCase):
    def scan(self, code, policy=BOTH, language="python", **more):
        return self.client.call("scan", {"code": code, "language": language, "policy": policy, **more})

    def refused(self, name, method="scan", **params):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, {"code": "x = 1", "language": "python", **params})
        self.assertEqual(caught.exception.name, name)
        return caught.exception.error

    def test_innocents_pass(self):
        for code in ("print('Hello')", "x = 1 + 2", "# import os", "'import os in string'",
                     'print("Use os.system() carefully")', '"""\nimport os\nos.system("x")\n"""'):
            with self.subTest(code):
                verdict = self.scan(code)
                self.assertTrue(verdict["safe"])
                self.assertEqual(verdict["violations"], [])

    def test_what_the_policy_blocks_is_blocked(self):
        for code in ("import os; os.system('ls')", "import sys, os", 'x = "#"; import os', "__import__('o' + 's')",
                     "eval('malicious_code')"):
            with self.subTest(code):
                self.assertFalse(self.scan(code)["safe"])

    def test_a_verdict_is_whole(self):
        code = "import os\n\nos.system('whoami')\n"
        verdict = self.scan(code)
        self.assertEqual(set(verdict), {"safe", "language", "policies", "sha256", "size", "violations", "counts",
                                        "modules", "truncated"})
        self.assertEqual(verdict["sha256"], hashlib.sha256(code.encode()).hexdigest())
        self.assertEqual(verdict["size"], len(code))
        self.assertEqual(verdict["modules"], ["os"])
        self.assertEqual(verdict["counts"], {"low": 0, "medium": 0, "high": 2})
        self.assertEqual([(v["rule"], v["kind"], v["line"], v["column"]) for v in verdict["violations"]],
                         [("restricted_modules[os]", "module", 1, 8), ("patterns[0]", "pattern", 3, 1)])

    def test_max_violations_bounds_what_is_told_and_not_what_is_counted(self):
        verdict = self.scan("eval(1)\n" * 50, max_violations=3)
        self.assertEqual(len(verdict["violations"]), 3)
        self.assertTrue(verdict["truncated"])
        self.assertEqual(verdict["counts"]["high"], 50)
        self.assertFalse(verdict["safe"])

    def test_code_may_come_as_bytes(self):
        self.assertTrue(self.scan(b"x = '\xe9'\n")["safe"] in (True, False))
        self.assertEqual(self.scan(b"import os\n")["modules"], ["os"])

    def test_without_a_policy_nothing_blocks_and_what_is_seen_is_told(self):
        verdict = self.client.call("scan", {"code": "import os\n", "language": "python"})
        self.assertTrue(verdict["safe"])
        self.assertEqual([(v["rule"], v["blocking"]) for v in verdict["violations"]],
                         [("restricted_modules[os]", False)])

    def test_what_cannot_be_scanned_is_named(self):
        self.refused("unsupported_language", language="klingon")
        self.refused("not_applicable", policy={**BOTH, "language": "python"}, language="text")
        self.refused("too_large", code="x" * (1 << 20) + "x")
        self.assertIn("polcy", self.refused("invalid_request", polcy=1))
        self.refused("invalid_request", max_violations=0)

    def test_explain_tells_what_the_scanner_sees(self):
        explained = self.client.call("explain", {"code": "import os as o  # why\no.system('x')\n",
                                                 "language": "python"})
        self.assertEqual(explained["comments"], [[16, 21]])
        self.assertEqual(explained["strings"], [[31, 34]])
        self.assertEqual([module["name"] for module in explained["modules"]], ["os"])
        self.assertIn("os.system", [name["name"] for name in explained["names"]])

    def test_a_scan_is_told_in_the_audit_without_its_code(self):
        code = "import os  # a_word_of_its_own\n"
        self.scan(code, path="some/file.py")
        digest = hashlib.sha256(code.encode()).hexdigest()
        wait_until(lambda: any(line.get("sha256") == digest for line in self.daemon.audit()))
        lines = [line for line in self.daemon.audit() if line.get("sha256") == digest]
        self.assertEqual(len(lines), 1)
        self.assertEqual(lines[0]["event"], "scan")
        self.assertEqual(lines[0]["path"], "some/file.py")
        self.assertEqual(lines[0]["rules"], ["restricted_modules[os]"])
        self.assertFalse(lines[0]["safe"])
        with open(self.daemon.config["audit"]["file"]) as file:
            self.assertNotIn("a_word_of_its_own", file.read())


if __name__ == "__main__":
    unittest.main()
