"""libsallyport as others get it: installed, found by pkg-config and by find_package, and its example run."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import TIMEOUT, Daemon

SANITIZE = ["-fsanitize=address,undefined"] if os.environ.get("SALLYPORT_SANITIZED") else []
BINARY, SOURCE = os.environ["SALLYPORT_BINARY_DIR"], os.environ["SALLYPORT_SOURCE_DIR"]

for tool in ("cmake", "pkg-config", "cc"):
    if not shutil.which(tool):
        print(f"skipped: no {tool}")
        sys.exit(77)


def run(*arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, **options)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
    return done.stdout


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="sallyport-library-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        # Into DESTDIR, as packages are made; what is found there must lead into it, not to the prefix.
        run("cmake", "--install", BINARY, env={**os.environ, "DESTDIR": cls.dir})
        cls.libs = next(folder for folder, _, files in os.walk(cls.dir) if "libsallyport.so" in files)
        cls.prefix = next(folder for folder, _, files in os.walk(cls.dir) if folder.endswith("/include")).removesuffix(
            "/include")
        cls.env = {**os.environ, "PKG_CONFIG_PATH": os.path.join(cls.libs, "pkgconfig"),
                   "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1", "LD_LIBRARY_PATH": cls.libs}
        cls.daemon = Daemon()
        cls.daemon.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def check_example(self, example):
        env = {**self.env, "SALLYPORT_SOCKET": self.daemon.socket_path}

        def status_of(code):
            return subprocess.run([example, code], capture_output=True, text=True, timeout=TIMEOUT, env=env)
        done = status_of("print(6 * 7)\nraise SystemExit(5)")
        self.assertEqual((done.returncode, done.stdout), (5, "42\n"), done.stderr)
        self.assertRegex(done.stderr, r"^exited after \d+ ms\n$")
        done = status_of("print(1)\nimport os")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (126, "", "line 2: Operating system interface\n"))
        env["SALLYPORT_SOCKET"] = "/nonexistent"
        self.assertEqual(status_of("1").returncode, 125)

    def test_by_pkg_config(self):
        flags = run("pkg-config", "--cflags", "--libs", "sallyport", env=self.env).split()
        self.assertTrue(all(self.dir in flag for flag in flags if flag[:2] in ("-I", "-L")), flags)
        example = os.path.join(self.dir, "by-pkg-config")
        run("cc", "-Wall", "-Wextra", "-Werror", "-std=c11", *SANITIZE, "-o", example,
            os.path.join(SOURCE, "client/examples/run_program.c"), *flags)
        self.check_example(example)

    def test_the_example_of_the_readme(self):
        with open(os.path.join(SOURCE, "README.md")) as file:
            text = file.read().split("```c\n")[1].split("```")[0]
        self.assertLessEqual(len(text.splitlines()), 20)
        source, example = os.path.join(self.dir, "readme.c"), os.path.join(self.dir, "readme")
        with open(source, "w") as file:
            file.write(text)
        flags = run("pkg-config", "--cflags", "--libs", "sallyport", env=self.env).split()
        run("cc", "-Wall", "-Wextra", "-Werror", "-std=c11", *SANITIZE, "-o", example, source, *flags)
        env = {**self.env, "SALLYPORT_SOCKET": self.daemon.socket_path}
        self.assertEqual(run(example, env=env), "42\n")

    def test_another_prefix_than_that_of_the_build_is_whole(self):
        prefix = tempfile.mkdtemp(prefix="sallyport-prefix-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, prefix, ignore_errors=True)
        os.chmod(prefix, 0o755)
        run("cmake", "--install", BINARY, "--prefix", prefix)
        with open(os.path.join(prefix, "lib/systemd/system/sallyport.service")) as file:
            self.assertIn(f"ExecStart={prefix}/sbin/sallyportd\n", file.read())
        # The daemon's own programs are those beside it.
        with Daemon(config={"programs": None}, wait=False) as daemon:
            daemon.command[0] = os.path.join(prefix, "sbin/sallyportd")
            daemon.start()
            self.assertEqual(daemon.call("run", {"code": "print(1)", "language": "python"})["stdout"], "1\n")
            self.assertIn(f"{prefix}/libexec/sallyport/sallyport-spawner", self.programs_below(daemon.process.pid))

    @staticmethod
    def programs_below(parent):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == parent:
                        found.append(os.readlink(f"/proc/{pid}/exe"))
            except OSError:
                continue
        return found

    def test_by_find_package(self):
        folder = os.path.join(self.dir, "project")
        os.mkdir(folder)
        shutil.copy(os.path.join(SOURCE, "client/examples/run_program.c"), folder)
        with open(os.path.join(folder, "CMakeLists.txt"), "w") as file:
            file.write("cmake_minimum_required(VERSION 3.25)\nproject(example C)\n"
                       "find_package(sallyport 0.1 REQUIRED)\nadd_executable(example run_program.c)\n"
                       "target_link_libraries(example PRIVATE sallyport::sallyport)\n")
        build = os.path.join(folder, "build")
        run("cmake", "-G", "Ninja", "-S", folder, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_FLAGS={' '.join(SANITIZE)}", env=self.env)
        run("cmake", "--build", build, env=self.env)
        self.check_example(os.path.join(build, "example"))

    def test_exports_its_header_and_nothing_else(self):
        shown = run("nm", "-D", "--defined-only", os.path.join(self.libs, "libsallyport.so"))
        names = {line.split()[-1] for line in shown.splitlines() if " A " not in line}
        with open(os.path.join(self.prefix, "include/sallyport.h")) as file:
            text = file.read()
        declared = {part.split("(")[0].split()[-1].lstrip("*") for part in text.split("\nSALLYPORT_API ")[1:]}
        self.assertGreater(len(declared), 40)
        self.assertEqual(names, {name + "@@SALLYPORT_0" for name in declared})
        self.assertIn("SONAME               libsallyport.so.0\n",
                      run("objdump", "-p", os.path.join(self.libs, "libsallyport.so")))

    @unittest.skipIf(SANITIZE, "the sanitizers are libraries too")
    def test_needs_msgpack_and_libc_alone(self):
        shown = run("objdump", "-p", os.path.join(self.libs, "libsallyport.so"))
        needed = {line.split()[1].split(".so")[0] for line in shown.splitlines() if " NEEDED " in line}
        self.assertLessEqual(needed, {"libmsgpackc", "libmsgpack-c", "libc", "libm", "ld-linux-x86-64", "ld-linux-aarch64"})

    def test_header_is_one_for_c_plus_plus(self):
        if not shutil.which("c++"):
            self.skipTest("no c++")
        source = os.path.join(self.dir, "check.cc")
        with open(source, "w") as file:
            file.write("#include <sallyport.h>\nint main() { return sallyport_get_bool(nullptr, nullptr); }\n")
        run("c++", "-Wall", "-Wextra", "-Werror", "-std=c++17", *SANITIZE, f"-I{self.prefix}/include", "-o",
            os.path.join(self.dir, "check"), source, f"-L{self.libs}", "-lsallyport")
        run(os.path.join(self.dir, "check"), env=self.env)

    def test_the_python_client_and_the_manual_are_there(self):
        files = {name for _, _, names in os.walk(self.dir) for name in names}
        self.assertLessEqual({"sallyport.py", "sallyport.1", "sallyport", "sallyport.h", "sallyport.pc",
                              "sallyportConfig.cmake", "run_program.c", "sallyport-rpc.7", "sallyportd.yaml.5"}, files)


if __name__ == "__main__":
    unittest.main()
