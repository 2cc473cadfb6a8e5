"""Speaks to a runner over its frames, from Python: for tests that look at one sandbox without a daemon."""

import os
import select
import struct
import subprocess

SPAWN, FILE, FILE_MORE, LIMITS, HANDOVER, GO, STDIN, STDIN_END = range(1, 9)
READY, STDOUT, STDERR, ARTIFACT, ARTIFACT_MORE, EXIT, FAIL = range(64, 71)
BODY_MAX = 64 << 10
WARM = 1
LIMITS_DEFAULT = (30000, 30000, 256 << 20, 1000, 64, 64 << 20, 64 << 20, 1 << 20, 256)


def string(data):
    data = os.fsencode(data)
    return struct.pack("<I", len(data)) + data


def strings(items):
    return struct.pack("<I", len(items)) + b"".join(map(string, items))


def frame(kind, body=b""):
    return struct.pack("<BBHI", kind, 0, 0, len(body)) + body


def frames(kind, data):
    return b"".join(frame(kind, data[i:i + BODY_MAX]) for i in range(0, len(data), BODY_MAX))


def spawn(argv, env=(), cwd="/", seccomp=b"", flags=0):
    return frame(SPAWN, strings(argv) + strings(list(env)) + string(cwd) + string(seccomp) + struct.pack("<Q", flags))


def file(path, data, mode=0o644):
    first = data[:32768]
    return frame(FILE, struct.pack("<I", mode) + string(path) + string(first)) + frames(FILE_MORE, data[32768:])


def limits(values=LIMITS_DEFAULT, flags=0):
    return frame(LIMITS, struct.pack("<9QI", *values, flags))


def go(globs=()):
    return frame(GO, strings(list(globs)))


class Result:
    def __init__(self):
        self.ready = False
        self.stdout = self.stderr = b""
        self.artifacts = {}
        self.exit_code = self.signal = self.failed = self.cut = None
        self.kinds = []


class Runner:
    """A runner (argv of the whole command) with its two streams."""

    def __init__(self, argv, **popen):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, **popen)
        self.pending = b""

    def send(self, data):
        """Blocks until the runner has taken all: only for what it takes without being read from."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.process.stdin.fileno(), view):]

    def next(self, timeout=20):
        """The next frame as (type, body); None at the end."""
        while True:
            if len(self.pending) >= 8:
                kind, _, _, n = struct.unpack_from("<BBHI", self.pending)
                if len(self.pending) >= 8 + n:
                    body, self.pending = self.pending[8:8 + n], self.pending[8 + n:]
                    return kind, body
            if not select.select([self.process.stdout], [], [], timeout)[0]:
                raise TimeoutError("the runner says nothing")
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                assert not self.pending, "a cut frame"
                return None
            self.pending += data

    def finish(self, timeout=20):
        """Reads to the end."""
        result = Result()
        path = None
        while (got := self.next(timeout)) is not None:
            kind, body = got
            result.kinds.append(kind)
            if kind == READY:
                result.ready = True
            elif kind == STDOUT:
                result.stdout += body
            elif kind == STDERR:
                result.stderr += body
            elif kind == ARTIFACT:
                n = struct.unpack_from("<I", body, 12)[0]
                path = os.fsdecode(body[16:16 + n])
                result.artifacts[path] = body[20 + n:]
            elif kind == ARTIFACT_MORE:
                result.artifacts[path] += body
            elif kind == EXIT:
                result.exit_code, result.signal, _, _, flags = struct.unpack("<IIQQI", body)
                result.cut = bool(flags & 1)
            elif kind == FAIL:
                result.failed = struct.unpack_from("<I", body)[0], body[8:]
        self.process.stdin.close()
        self.process.wait(timeout)
        return result

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
