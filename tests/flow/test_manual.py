"""sallyport-rpc(7) as it is generated: every method, what each really answers, the names of errors, an example that runs."""

import glob
import os
import re
import subprocess
import sys
import unittest

from harness import DaemonCase, TIMEOUT

BINARY, SOURCE = os.environ["SALLYPORT_BINARY_DIR"], os.environ["SALLYPORT_SOURCE_DIR"]
POLICY = {"name": "mine", "severity_threshold": "high", "restricted_modules": [
    {"name": "os", "description": "d", "severity": "high", "fix": "f", "cwe": "CWE-1", "url": "u"}]}
ERRORS = ("invalid_request unknown_method too_large too_deep busy denied unknown_policy invalid_policy invalid_pattern "
          "unsupported_language invalid_code unknown_session unknown_job runtime_unavailable image_missing install_failed "
          "timed_out cancelled shutting_down internal not_applicable").split()


def read(path):
    with open(path) as file:
        return file.read()


class Page:
    """The page's lists: (section, heading before the list): names of the list's own items, not of those within them."""

    def __init__(self, text):
        self.lists, self.sections = {}, []
        section, depth, heading, key = "", 0, "", None
        for line in text.splitlines():
            if line.startswith((".Sh ", ".Ss ")):
                section, heading = line[4:], ""
                self.sections.append(line)
            elif line.startswith(".Bl"):
                depth += 1
                if depth == 1:
                    key = (section, heading)
                    self.lists[key] = []
            elif line.startswith(".El"):
                depth -= 1
            elif line.startswith(".It Ic ") and depth == 1:
                self.lists[key].append(line.split()[2])
            elif depth == 0 and line.endswith(":"):
                heading = line


class Manual(DaemonCase):
    options = {"policies": {"operators": "severity_threshold: high\n"}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = read(os.path.join(BINARY, "man/sallyport-rpc.7"))
        cls.page = Page(cls.text)
        cls.methods = re.findall(r'^ +X\([A-Z_]+, \w+, "([a-z_.]+)"', read(os.path.join(SOURCE, "proto/method.h")), re.M)

    def result(self, method):
        return self.page.lists[(method, "Result:")]

    def test_all_methods_are_in_this_page_and_in_the_daemons(self):
        self.assertGreater(len(self.methods), 10)
        start, end = self.page.sections.index(".Sh METHODS"), self.page.sections.index(".Sh VERDICT")
        self.assertEqual([section[4:] for section in self.page.sections[start + 1:end]], self.methods)
        protocol = read(os.path.join(SOURCE, "packaging/man/sallyportd.8")).split(".Ss Protocol")[1].split(".Ss")[0]
        named = protocol.split("Methods are")[1].split("the notification")[0]
        self.assertEqual(re.findall(r"[a-z_]+(?:\.[a-z]+)?", named.replace(".Sy", "").replace("\nand\n", " ")), self.methods)

    def test_what_is_answered_is_what_is_written(self):
        with self.daemon.client() as client:
            put = client.call("policy.put", {"policy": POLICY})
            code = {"code": "import os\nprint(os.getpid())  # os", "language": "python"}
            answers = {
                "hello": client.call("hello"),
                "policy.put": put,
                "policy.get": client.call("policy.get", {"policy": "preset:minimal"}),
                "policy.list": client.call("policy.list")[-1],
                "explain": client.call("explain", {**code, "policy": put["id"]}),
                "run": client.call("run", code),
                "stats": client.call("stats"),
                "policy.remove": client.call("policy.remove", {"policy": "mine"}),
                "reload": client.call("reload"),
            }
            self.assertEqual(set(client.call("policy.get", {"policy": put["id"]})), set(answers["policy.get"]) - {"yaml"})
            rows = client.call("policy.list")
            self.assertEqual({row["origin"] for row in rows}, {"operator", "preset"})
            self.assertEqual(set(rows[0]), set(rows[-1]) - {"summary"})
            for method, answer in answers.items():
                self.assertEqual(set(answer), set(self.result(method)), method)
            refused = client.call("run", {**code, "policy": put["id"]})
            self.assertEqual(set(refused), set(self.result("run")[:4]))
            verdict = client.call("scan", {**code, "policy": put["id"]})
            self.assertEqual(set(verdict), set(self.page.lists[("VERDICT", "")]))
            finding = {*self.page.lists[("VERDICT", "A finding:")], "cwe", "url"} - {"inner"}
            self.assertEqual(set(verdict["violations"][0]), finding)
            inner = client.call("scan", {"code": "exec('import os')", "language": "python", "policy": put["id"]})
            self.assertEqual(set(inner["violations"][0]), finding | {"inner"})
            batch = client.call("scan_batch", {"sources": [code, {"code": "x", "language": "cobol"}]})
            self.assertEqual(set(batch[1]), set(self.result("scan_batch")))
            client.send("run", {**code, "stream": True})
            self.assertEqual(set(client.read_message()[2][0]), set(self.page.lists[("output", "")]))
            self.assertEqual(set(client.call("drain")), set(self.result("drain")))
        self.assertEqual(self.daemon.wait(), 0)
        self.daemon.start()

    def test_errors_are_the_closed_list(self):
        self.assertEqual(self.page.lists[("ERROR NAMES", "The names are:")], ERRORS)

    def test_bounds_defaults_and_help_are_there(self):
        run = self.text.split(".Ss run\n")[1].split(".Ss stats\n")[0]
        self.assertIn(".It Ic argv\nthe program's arguments, without its own name (list of at most 256 strings, "
                      "each at most 65536 bytes)", run)
        self.assertIn("; required)", run)
        self.assertIn(".It Ic wall_ms Ta 30000 Ta 240000\n", self.text)
        self.assertIn(".It Ic cpus Ta 1 Ta 8\n", self.text)

    def test_the_example_runs(self):
        example = self.text.split(".Bd -literal\n")[1].split(".Ed\n")[0]
        example = example.replace("/run/sallyport/sallyport.sock", self.daemon.socket_path)
        done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual((done.returncode, done.stdout), (0, "42\n"), done.stderr)

    def test_other_pages_and_the_readme_name_it(self):
        pages = glob.glob(os.path.join(SOURCE, "packaging/man/*")) + [os.path.join(BINARY, "man/sallyportd.yaml.5")]
        self.assertGreaterEqual(len(pages), 4)
        for page in pages:
            self.assertIn(".Xr sallyport-rpc 7", read(page).split(".Sh SEE ALSO")[1], page)
        self.assertIn("sallyport-rpc(7)", read(os.path.join(SOURCE, "README.md")))

    def test_the_bounds_of_policies_are_those_of_the_code(self):
        text = read(os.path.join(SOURCE, "packaging/man/sallyport-policy.5")).split(".Ss Bounds")[1].split(".Ss")[0]
        store = read(os.path.join(SOURCE, "daemon/policy_store.c"))
        self.assertIn("4 MiB", text)
        self.assertIn(".policy_bytes_max = 4u << 20,", store)
        self.assertIn("20 seconds within a minute", text)
        self.assertIn(".user_compile_ms = 20000,", store)
        self.assertIn("10000 rules", text)
        self.assertRegex(read(os.path.join(SOURCE, "scanner/policy.h")), r"SP_POLICY_RULES_MAX +10000\b")


if __name__ == "__main__":
    unittest.main()
