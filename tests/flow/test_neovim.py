"""A MessagePack-RPC client that nobody here wrote: Neovim, headless, by sockconnect and rpcrequest."""

import json
import os
import shutil
import subprocess
import sys
import unittest

from harness import Daemon

NEOVIM = shutil.which("nvim")
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "neovim.vim")


class Neovim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Daemon() as daemon:
            path = os.path.join(daemon.dir, "seen")
            env = {**os.environ, "SALLYPORT_SOCKET": daemon.socket_path, "SALLYPORT_SEEN": path, "HOME": daemon.dir,
                   "XDG_RUNTIME_DIR": daemon.dir}
            subprocess.run([NEOVIM, "--headless", "--clean", "-n", "-S", SCRIPT], env=env, timeout=120, check=True,
                           stdin=subprocess.DEVNULL)
            with open(path) as file:
                cls.seen = json.load(file)
        assert "failed" not in cls.seen, cls.seen["failed"]

    def test_hello(self):
        self.assertEqual(self.seen["hello"]["protocol"], 1)
        self.assertEqual(self.seen["hello"]["uid"], os.getuid())

    def test_scan(self):
        self.assertTrue(self.seen["clean"]["safe"])
        blocked = self.seen["blocked"]
        self.assertFalse(blocked["safe"])
        self.assertEqual([(finding["line"], finding["column"]) for finding in blocked["violations"]], [(1, 8), (2, 1)])

    def test_run(self):
        self.assertEqual(self.seen["run"]["stdout"], "42\n")
        self.assertEqual(self.seen["run"]["exit_code"], 0)
        self.assertFalse(self.seen["refused"]["ran"])

    def test_an_error_reads_as_a_sentence(self):
        self.assertIn("unsupported_language: ", self.seen["error"])

    def test_a_notification_of_an_unknown_name_does_no_harm(self):
        self.assertEqual(self.seen["after"]["protocol"], 1)


if __name__ == "__main__":
    if not NEOVIM:
        print("nvim is not installed")
        sys.exit(77)
    unittest.main()
