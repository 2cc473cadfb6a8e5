"""The numbers: how much of each parameter of a run is taken and what is one too many, and the limits that a run has by itself
and can be raised to."""

import json
import unittest

from harness import ClientCase, RpcError

KIB, MIB = 1 << 10, 1 << 20
STANDARD = {"wall_ms": 30000, "cpu_ms": 30000, "memory_bytes": 256 * MIB, "cpus": 1, "pids": 64, "file_bytes": 64 * MIB,
            "disk_bytes": 64 * MIB, "output_bytes": MIB, "open_files": 256}
SEEN = """
import json, os, resource
work, tmp = os.statvfs("/work"), os.statvfs("/tmp")
print(json.dumps({"open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
                  "file_bytes": resource.getrlimit(resource.RLIMIT_FSIZE)[0],
                  "disk_bytes": work.f_blocks * work.f_frsize, "tmp_bytes": tmp.f_blocks * tmp.f_frsize,
                  "work_files": work.f_files, "tmp_files": tmp.f_files}))
"""


def files(n, **more):
    return {"files": [{"path": f"data/{i}", "data": "x", **more} for i in range(n)]}


# Parameter: what it takes at most, what is one too many, the path that the refusal names.
BOUNDS = (
    ("argv", {"argv": ["x"] * 256}, {"argv": ["x"] * 257}, "argv"),
    ("an argument", {"argv": ["x" * 64 * KIB]}, {"argv": ["x" * (64 * KIB + 1)]}, r"argv\[0\]"),
    ("env", {"env": {f"APP_{i}": "x" for i in range(64)}}, {"env": {f"APP_{i}": "x" for i in range(65)}}, "env"),
    ("files", files(256), files(257), "files"),
    ("a file's mode", files(1, mode=0o777), files(1, mode=0o1000), r"files\[0\]\.mode"),
    ("a path's length", {"files": [{"path": "/".join(["d" * 127, "e" * 127]), "data": "x"}]},
     {"files": [{"path": "/".join(["d" * 127, "e" * 128]), "data": "x"}]}, r"files\[0\]\.path"),
    ("artifacts", {"artifacts": ["*"] * 16}, {"artifacts": ["*"] * 17}, "artifacts"),
    ("tag", {"tag": "t" * 64}, {"tag": "t" * 65}, "tag"),
    ("max_violations", {"max_violations": 100000}, {"max_violations": 100001}, "max_violations"),
)
VALUES = ("a file's mode", "max_violations")  # the others are lengths and counts


class Limits(ClientCase):
    runs = True

    def run_code(self, code="print(1)", **more):
        return self.client.call("run", {"code": code, "language": "python", **more})

    def test_as_much_is_taken_and_one_more_is_refused(self):
        for what, most, too_many, path in BOUNDS:
            with self.subTest(what):
                result = self.run_code(**most)
                self.assertEqual((result["outcome"], result["exit_code"], result["stdout"]), ("exited", 0, "1\n"))
                name = "invalid_request" if what in VALUES else "too_large"
                with self.assertRaisesRegex(RpcError, f"^{name}: {path}: "):
                    self.run_code(**too_many)

    def test_all_arguments_and_files_arrive(self):
        code = "import os, sys; print(len(sys.argv) - 1, len(os.listdir('/work/data')))"
        self.assertEqual(self.run_code(code, argv=["x"] * 256, **files(256))["stdout"], "256 256\n")

    def test_standards_and_ceilings_are_these_numbers(self):
        limits = self.client.call("hello")["limits"]
        self.assertEqual(limits["run"], STANDARD)
        self.assertEqual(limits["ceilings"], {name: 8 * value for name, value in STANDARD.items()})
        self.assertEqual((limits["frame_bytes"], limits["code_bytes"], limits["depth"]), (16 * MIB, MIB, 32))

    def test_a_ceiling_can_be_asked_for_and_no_more(self):
        for name, value in STANDARD.items():
            with self.subTest(name):
                self.assertEqual(self.run_code(limits={name: 8 * value})["stdout"], "1\n")
                with self.assertRaisesRegex(RpcError, f"^(invalid_request|denied): limits.{name}: "):
                    self.run_code(limits={name: 8 * value + 1})

    def test_a_program_sees_the_standards(self):
        seen = json.loads(self.run_code(SEEN)["stdout"])
        self.assertEqual(seen, {"open_files": 256, "file_bytes": 64 * MIB, "disk_bytes": 64 * MIB, "tmp_bytes": 64 * MIB,
                                "work_files": 4096, "tmp_files": 4096})


if __name__ == "__main__":
    unittest.main()
