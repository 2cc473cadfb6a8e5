"""scan_batch: an answer a source, in order, whatever becomes of each."""

import unittest

from harness import ClientCase, RpcError, wait_until

POLICY = {"severity_threshold": "medium",
          "restricted_modules": [{"name": "os", "description": "d", "severity": "high"}]}


def source(code, language="python", **more):
    return {"code": code, "language": language, **more}


class Batch(ClientCase):
    def batch(self, sources, **more):
        return self.client.call("scan_batch", {"sources": sources, "policy": POLICY, **more})

    def test_answers_stand_in_the_order_of_the_sources(self):
        sources = [source(f"x = {i}\n" + ("import os\n" if i % 3 == 0 else "") + "# fill\n" * (i * 37 % 400))
                   for i in range(1000)]
        answers = self.batch(sources)
        self.assertEqual(len(answers), 1000)
        for i, answer in enumerate(answers):
            self.assertEqual(answer["size"], len(sources[i]["code"]))
            self.assertEqual(answer["safe"], i % 3 != 0)

    def test_a_batch_equals_as_many_scans(self):
        codes = ["import os\n", "import os as o, sys\n", "x = 'import os'\n", "__import__('os')\n", ""]
        single = [self.client.call("scan", {"code": code, "language": "python", "policy": POLICY}) for code in codes]
        self.assertEqual(self.batch([source(code) for code in codes]), single)

    def test_one_that_cannot_be_scanned_is_told_in_its_place(self):
        answers = self.batch([source("import os"), source("x", "klingon"), source("x" * ((1 << 20) + 1)),
                              source("x = 1"), source("import os", "text")])
        self.assertFalse(answers[0]["safe"])
        self.assertEqual(answers[1]["error"]["name"], "unsupported_language")
        self.assertEqual(answers[2]["error"]["name"], "too_large")
        self.assertTrue(answers[3]["safe"])
        self.assertTrue(answers[4]["safe"], "text has no modules")

    def test_none_is_no_error(self):
        self.assertEqual(self.batch([]), [])

    def test_verdicts_that_do_not_fit_are_told_in_their_place(self):
        policy = {"severity_threshold": "high", "patterns": [
            {"pattern": "a{50}", "description": "d" * 1000, "severity": "low"}]}
        many = source("a" * 50 * 900, "text")
        answers = self.client.call("scan_batch", {"sources": [many] * 40, "policy": policy})
        self.assertEqual(len(answers), 40)
        whole = [answer for answer in answers if "error" not in answer]
        self.assertTrue(0 < len(whole) < 40)
        self.assertTrue(all(len(answer["violations"]) == 900 for answer in whole))
        self.assertTrue(all(answer["error"]["name"] == "too_large" for answer in answers if "error" in answer))

    def test_a_batch_is_bounded(self):
        with self.assertRaises(RpcError) as caught:
            self.batch([source("x")] * 4097)
        self.assertEqual(caught.exception.name, "too_large")
        with self.assertRaises(RpcError) as caught:
            self.batch([source("x"), {"code": "x"}])
        self.assertIn("sources[1].language", caught.exception.error)
        with self.assertRaises(RpcError) as caught:
            self.client.call("scan_batch", {"sources": [source("x")], "policy": "nothing"})
        self.assertEqual(caught.exception.name, "unknown_policy")

    def test_a_scan_is_answered_before_a_batch_that_came_earlier(self):
        batch = self.client.send("scan_batch", {"sources": [source("import os\n" * 5000)] * 60, "policy": POLICY})
        scan = self.client.send("scan", source("x = 1"))
        order = []
        while len(order) < 2:
            order.append(self.client.read_message()[1])
        self.assertEqual(order, [scan, batch])

    def test_each_source_has_its_line_in_the_audit(self):
        self.batch([source("x = 'batched'\n", path=f"tree/{i}.py") for i in range(100)])

        def paths():
            return sorted(line["path"] for line in self.daemon.audit() if line.get("path", "").startswith("tree/"))
        wait_until(lambda: len(paths()) >= 100)
        self.assertEqual(paths(), sorted(f"tree/{i}.py" for i in range(100)))

    def test_a_batch_can_be_cancelled(self):
        msgid = self.client.send("scan_batch", {"sources": [source("import os\n" * 5000)] * 60, "policy": POLICY})
        self.client.notify("cancel", {"msgid": msgid})
        with self.assertRaises(RpcError) as caught:
            self.client.wait(msgid)
        self.assertEqual(caught.exception.name, "cancelled")


if __name__ == "__main__":
    unittest.main()
