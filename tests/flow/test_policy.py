"""policy.put, get, list, remove; what a request may name; the operator's folder and reloads."""

import unittest

from harness import ClientCase, Daemon, RpcError

EVAL = {"severity_threshold": "medium",
        "patterns": [{"pattern": r"\beval\s*\(", "description": "Evaluation", "severity": "high"}]}
EVAL_YAML = "severity_threshold: medium\npatterns:\n  - pattern: '\\beval\\s*\\('\n    description: Evaluation\n" \
            "    severity: high\n"
NOTHING = {"severity_threshold": "safe"}


class Policies(ClientCase):
    options = {"policies": {"house": EVAL_YAML}}

    def call(self, method, /, **params):
        return self.client.call(method, params)

    def fails(self, expected, method, /, **params):
        with self.assertRaises(RpcError) as caught:
            self.call(method, **params)
        self.assertEqual(caught.exception.name, expected, caught.exception.error)
        return caught.exception.error

    def judged_by(self, policy):
        return self.call("scan", code="eval(1)", language="python", policy=policy)

    def test_a_map_its_yaml_and_its_id_are_one_policy(self):
        put = self.call("policy.put", policy=EVAL)
        self.assertRegex(put["id"], r"^sha256:[0-9a-f]{64}$")
        self.assertIsNone(put["name"])
        self.assertEqual(put["warnings"], [])
        for policy in (EVAL, {"yaml": EVAL_YAML}, put["id"], "house"):
            verdict = self.judged_by(policy)
            self.assertEqual(verdict["policies"], [put["id"]])
            self.assertFalse(verdict["safe"])

    def test_a_name_points_at_a_policy_until_it_is_moved_or_removed(self):
        first = self.call("policy.put", policy=EVAL, name="mine")["id"]
        self.assertEqual(self.judged_by("mine")["policies"], [first])
        second = self.call("policy.put", policy=NOTHING, name="mine")["id"]
        self.assertEqual(self.judged_by("mine")["policies"], [second])
        self.assertIn({"name": "mine", "id": second, "origin": "own"}, self.call("policy.list"))
        self.assertEqual(self.call("policy.remove", policy="mine"), {"id": second, "names": ["mine"]})
        self.fails("unknown_policy", "policy.remove", policy="mine")
        self.fails("unknown_policy", "scan", code="x", language="python", policy="mine")
        self.assertEqual(self.judged_by(first)["policies"], [first], "its content is there still")

    def test_a_policys_own_name_serves_where_none_is_given(self):
        put = self.call("policy.put", policy={**EVAL, "name": "by-itself"})
        self.assertEqual(put["name"], "by-itself")
        self.assertEqual(self.judged_by("by-itself")["policies"], [put["id"]])
        self.call("policy.remove", policy=put["id"])
        self.fails("unknown_policy", "policy.get", policy="by-itself")

    def test_get_tells_the_policy_with_its_defaults(self):
        got = self.call("policy.get", policy="house")
        self.assertEqual(got["policy"]["patterns"][0]["scope"], "code")
        self.assertEqual(got["policy"]["severity_threshold"], "medium")
        self.assertEqual(got["grades"][0]["rule"], "patterns[0]")
        self.assertEqual(self.call("policy.put", policy=got["policy"])["id"], got["id"])

    def test_warnings_are_of_the_text_that_was_put(self):
        bare = {key: value for key, value in EVAL.items() if key != "severity_threshold"}
        with_it, without = (self.call("policy.put", policy=policy) for policy in (EVAL, bare))
        self.assertEqual(with_it["id"], without["id"])
        self.assertEqual(with_it["warnings"], [])
        self.assertIn("severity_threshold", [warning["path"] for warning in without["warnings"]])

    def test_what_is_wrong_is_named_with_its_place(self):
        self.call("hello", errors="map")
        for text, line, path, words in (
                ("patterns:\n  - pattern: x\n    severity: hihg\n", 3, "patterns[0].severity", "hihg"),
                ("patterns:\n  - pattern: '('\n    description: d\n    severity: low\n", 2, "patterns[0].pattern", ""),
                ("paterns: []\n", 1, "paterns", "unknown key"),
                ("patterns: [\n", 2, "", ""),
                ("patterns: []\npatterns: []\n", None, "patterns", "twice")):
            with self.subTest(text), self.assertRaises(RpcError) as caught:
                self.call("policy.put", policy={"yaml": text})
            error = caught.exception.error
            self.assertIn(error["name"], ("invalid_policy", "invalid_pattern"))
            self.assertIn(words, error["message"])
            self.assertEqual(error["data"]["path"], path)
            if line:
                self.assertEqual(error["data"]["line"], line)

    def test_names_are_bounded(self):
        for name in ("Upper", "", "-x", "a/b"):
            with self.subTest(name):
                self.fails("invalid_request", "policy.put", policy=EVAL, name=name)
        self.fails("too_large", "policy.put", policy=EVAL, name="a" * 65)
        for policy in (7, True, [], {"yaml": "", "more": 1}, {"yaml": 3}):
            with self.subTest(policy):
                self.fails("invalid_request", "policy.put", policy=policy)

    def test_the_operators_names_win(self):
        self.fails("denied", "policy.put", policy=NOTHING, name="house")
        self.fails("denied", "policy.remove", policy="house")
        self.assertIn(("house", "operator"), [(row["name"], row["origin"]) for row in self.call("policy.list")])

    def test_the_preset_that_ships_blocks_nothing(self):
        self.assertTrue(self.judged_by("preset:default")["safe"])

    def test_presets_are_listed_read_and_judge(self):
        rows = [row for row in self.call("policy.list") if row["origin"] == "preset"]
        self.assertEqual([row["name"] for row in rows],
                         [f"preset:{name}" for name in ("default", "minimal", "development", "production", "strict")])
        refused = []
        for row in rows:
            self.assertTrue(row["summary"])
            got = self.call("policy.get", policy=row["name"])
            self.assertEqual(got["id"], row["id"])
            self.assertEqual(got["warnings"], [])
            # Its text is the policy: whoever puts it has the same.
            self.assertEqual(self.call("policy.put", policy={"yaml": got["yaml"]}, name="copy")["id"], row["id"])
            verdict = self.judged_by(row["name"])
            self.assertEqual(verdict["policies"], [row["id"]])
            refused.append(not verdict["safe"])
        self.assertEqual(refused, [False, False, False, True, True])
        self.call("policy.remove", policy="copy")
        self.fails("denied", "policy.remove", policy="preset:strict")

    def test_a_preset_that_is_not_there_is_told_with_those_that_are(self):
        for method in ("scan", "explain", "run"):
            error = self.fails("unknown_policy", method, code="x", language="python", policy="preset:nothing")
            self.assertIn("(default, minimal, development, production, strict)", error)
        self.fails("unknown_policy", "policy.get", policy="preset:")

    def test_changes_are_told_in_the_audit(self):
        put = self.call("policy.put", policy=EVAL, name="audited")
        self.call("policy.remove", policy="audited")
        lines = [line for line in self.daemon.audit() if line.get("name") == "audited"]
        self.assertEqual([(line["event"], line["policy"]) for line in lines],
                         [("policy.put", put["id"]), ("policy.remove", put["id"])])

    def test_one_text_is_compiled_once_however_many_ask(self):
        before = self.call("stats")["policies"]["compiled"]
        policy = {"severity_threshold": "low",
                  "patterns": [{"pattern": "only_here", "description": "d", "severity": "high"}]}
        asked = [self.client.send("scan", {"code": "x", "language": "python", "policy": policy}) for _ in range(30)]
        for msgid in asked:
            self.assertTrue(self.client.wait(msgid)["safe"])
        self.assertEqual(self.call("stats")["policies"]["compiled"], before + 1)


class Operators(unittest.TestCase):
    def test_a_reload_replaces_the_folder_or_changes_nothing(self):
        with Daemon(policies={"house": EVAL_YAML}) as daemon, daemon.client() as client:
            def safe():
                return client.call("scan", {"code": "eval(1)", "language": "python", "policy": "house"})["safe"]
            self.assertFalse(safe())
            daemon.write_policy("house", "severity_threshold: hihg\n")
            with self.assertRaises(RpcError) as caught:
                client.call("reload")
            self.assertIn("house.yaml:1:", caught.exception.error)
            self.assertFalse(safe())
            daemon.write_policy("house", "severity_threshold: safe\n")
            client.call("reload")
            self.assertTrue(safe())

    def test_a_broken_policy_keeps_the_daemon_from_starting(self):
        daemon = Daemon(policies={"broken": "patterns:\n  - pattern: 'a('\n    description: d\n    severity: high\n"},
                        wait=False)
        with daemon, self.assertRaises(RuntimeError) as caught:
            daemon.start()
        self.assertRegex(str(caught.exception), r"broken\.yaml:2:\d+: patterns\[0\]\.pattern: ")

    def test_the_mandatory_policy_judges_besides(self):
        with Daemon({"policy": {"mandatory": "house"}}, policies={"house": EVAL_YAML}) as daemon:
            verdict = daemon.call("scan", {"code": "eval(1)", "language": "python", "policy": NOTHING})
            self.assertFalse(verdict["safe"])
            self.assertEqual(len(verdict["policies"]), 2)
            result = daemon.call("run", {"code": "eval('1')", "language": "python", "policy": NOTHING})
            self.assertFalse(result["ran"])

    def test_a_preset_may_be_the_default_and_mandatory(self):
        with Daemon({"policy": {"default": "preset:strict", "mandatory": "preset:minimal"}}) as daemon:
            verdict = daemon.call("scan", {"code": "import ctypes", "language": "python"})
            self.assertEqual({violation["rule"] for violation in verdict["violations"] if violation["blocking"]},
                             {"allowed_modules", "restricted_modules[ctypes]"})

    def test_the_default_policy_is_the_operators(self):
        with Daemon({"policy": {"default": "house"}}, policies={"house": EVAL_YAML}) as daemon:
            self.assertFalse(daemon.call("scan", {"code": "eval(1)", "language": "python"})["safe"])


if __name__ == "__main__":
    unittest.main()
