#!/usr/bin/python3
"""Does a Python that waited for its hand-over behave as one that was just started? Runs each program twice in sandboxes
that are alike: by `python3 -I /code/main.py`, and by the runner with the stub and both filters; output and status must be
the same, byte for byte.

    stub_python.py RUNNER STUB_FRAMES [NAME...]
"""
import os
import re
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import runner_client as rc
from python_stub_cases import CASES

ENVIRONMENT = ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/work", "LANG=C.UTF-8"]
UID = "1000"  # as in a sandbox of the product
# What is not handed over, but started with.
EARLY = {"LANG", "LC_ALL", "LC_CTYPE", "TZDIR"}
# What -I leaves out and a sandbox adds: the folder of the judged files, for programs that have helpers there.
ON_PATH = "import sys\nsys.path.insert(0, '/code')\nraise ImportError(name='sitecustomize')\n"


def root(code):
    args = ["bwrap", "--unshare-all", "--clearenv", "--cap-drop", "ALL", "--new-session", "--die-with-parent",
            "--uid", UID, "--gid", UID, "--hostname", "sandbox"]
    args += ["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for name in ("bin", "lib", "lib64", "sbin"):
        args += ["--symlink", "usr/" + name, "/" + name]
    args += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--tmpfs", "/tmp", "--tmpfs", "/work",
             "--ro-bind", code, "/code"]
    return args


def fill(case):
    folder = tempfile.TemporaryDirectory()
    more = case[2] if len(case) > 2 else {}
    for path, text in {"main.py": case[1], **more.get("files", {})}.items():
        path = os.path.join(folder.name, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)
    os.chmod(folder.name, 0o755)
    return folder, more


def bare(case, dump):
    folder, more = fill(case)
    with folder, tempfile.TemporaryDirectory() as own:
        args = root(folder.name)
        if "files" in more:
            with open(os.path.join(own, "path.py"), "w", encoding="utf-8") as f:
                f.write(ON_PATH)
            args += ["--ro-bind", f.name, dump("stub-path").decode()]
        for pair in ENVIRONMENT + ["%s=%s" % p for p in more.get("env", {}).items()]:
            args += ["--setenv", *pair.split("=", 1)]
        args += ["--chdir", "/work", "/usr/bin/prlimit", "--core=0", "--nofile=256", "/usr/bin/env", "-u", "PWD",
                 "/usr/bin/python3", "-I", "/code/main.py", *more.get("argv", [])]
        done = subprocess.run(args, input=more.get("input", b""), capture_output=True, timeout=60)
        return done.stdout, done.stderr, done.returncode


def warm(case, runner, dump):
    folder, more = fill(case)
    with folder, tempfile.TemporaryDirectory() as own:
        stub = os.path.join(own, "stub.py")
        with open(stub, "wb") as f:
            f.write(dump("stub"))
        filter_fd = os.memfd_create("filter", 0)
        os.write(filter_fd, dump("filter"))
        os.lseek(filter_fd, 0, os.SEEK_SET)
        os.set_inheritable(filter_fd, True)
        args = root(folder.name) + ["--as-pid-1", "--ro-bind", stub, dump("stub-path").decode(), "--ro-bind", runner, "/runner",
                                    "--seccomp", str(filter_fd), "/runner"]
        sandbox = rc.Runner(args, pass_fds=[filter_fd])
        os.close(filter_fd)
        env = more.get("env", {})
        sandbox.send(dump("spawn", *("%s=%s" % p for p in env.items())))
        got = sandbox.next()
        if got != (rc.READY, b""):
            raise SystemExit("the stub did not become ready: %r" % (got,))
        env = [(k, v) for k, v in env.items() if k not in EARLY]
        body = rc.strings(more.get("argv", [])) + len(env).to_bytes(4, "little")
        body += b"".join(rc.string(k) + rc.string(v) for k, v in env)
        data = rc.limits() + rc.frames(rc.HANDOVER, body) + rc.go() + rc.frames(rc.STDIN, more.get("input", b""))
        writer = threading.Thread(target=feed, args=(sandbox, data + rc.frame(rc.STDIN_END)))
        writer.start()
        result = sandbox.finish(60)
        writer.join()
        if result.exit_code is None:
            raise SystemExit("%s: no EXIT: %r" % (case[0], vars(result)))
        return result.stdout, result.stderr, 128 + result.signal if result.signal else result.exit_code


def feed(sandbox, data):
    try:
        sandbox.send(data)
    except BrokenPipeError:
        pass  # the program ended before it had read its input


def main():
    runner, frames, *names = sys.argv[1:]
    cache = {}

    def dump(*what):
        if what not in cache:
            cache[what] = subprocess.run([frames, *what], capture_output=True, check=True).stdout
        return cache[what]

    dump("spawn"), dump("filter"), dump("stub"), dump("stub-path")
    cases = [c for c in CASES if not names or c[0] in names]
    with ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(lambda case: (bare(case, dump), warm(case, runner, dump)), cases))
    bad = 0
    for case, (want, got) in zip(cases, pairs):
        for label, a, b in zip(("stdout", "stderr", "status"), want, got):
            if plain(a) != plain(b):
                bad += 1
                print("DIFFERS %s: %s\n  bare %r\n  warm %r" % (case[0], label, plain(a), plain(b)))
    print("%d programs, %d differences" % (len(cases), bad))
    return 1 if bad or not cases else 0


def plain(what):
    """Addresses differ from run to run."""
    return re.sub(rb"0x[0-9a-f]{6,}", b"0x", what) if isinstance(what, bytes) else what


if __name__ == "__main__":
    sys.exit(main())
