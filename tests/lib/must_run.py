#!/usr/bin/python3
"""need_runtime of the harness: skips where no sandbox can be had, fails where SP_TEST_MUST_RUN says that one can."""

import os
import unittest

import harness


class Without:
    """A daemon that has no runtime."""

    def __init__(self, available=False):
        self.available, self.ended = available, False

    def call(self, _):
        return {"runtimes": [{"name": "bubblewrap", "available": self.available, "reason": "no namespaces"}]}

    def __exit__(self, *_):
        self.ended = True


class MustRun(unittest.TestCase):
    def setUp(self):
        before = os.environ.pop("SP_TEST_MUST_RUN", None)
        if before is not None:
            self.addCleanup(os.environ.__setitem__, "SP_TEST_MUST_RUN", before)

    def test_a_runtime_is_enough(self):
        harness.need_runtime(Without(available=True))

    def test_none_is_a_skip_that_leaves_no_daemon(self):
        daemon = Without()
        with self.assertRaises(SystemExit) as caught:
            harness.need_runtime(daemon)
        self.assertEqual(caught.exception.code, 77)
        self.assertTrue(daemon.ended)

    def test_none_is_a_failure_where_there_must_be_one(self):
        os.environ["SP_TEST_MUST_RUN"] = "1"
        self.addCleanup(os.environ.pop, "SP_TEST_MUST_RUN", None)
        with self.assertRaisesRegex(AssertionError, "no namespaces"):
            harness.need_runtime(Without())


if __name__ == "__main__":
    unittest.main()
