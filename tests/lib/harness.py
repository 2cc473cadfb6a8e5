"""A real sallyportd with a private socket in a folder of its own, and a client over plain MessagePack-RPC.

    with Daemon() as daemon, daemon.client() as client:
        client.call("hello")

The programs come from the environment, which ctest sets: SALLYPORTD, SALLYPORT_SPAWNER, SALLYPORT_RUNNER. The folder is below
SALLYPORT_TEST_DIR (else /var/tmp), because state must not lie below /tmp. A daemon that does not end cleanly, or whose
sanitizer has something to say, fails the test that started it. Started by root the daemon gives up its rights: what it has to
write must be in `daemon.open_dir`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import msgpack

SANITIZED = bool(os.environ.get("SALLYPORT_SANITIZED"))
TIMEOUT = 60 if SANITIZED else 20
BUSY, RETRY = "busy", 0.01
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")


def program(name):
    path = os.environ.get(name)
    if not path:
        sys.exit(f"{name} is not set: run this by ctest")
    return path


class RpcError(Exception):
    """An error that the daemon answered: `name: message`, or the map of errors: "map"."""

    def __init__(self, error):
        super().__init__(error if isinstance(error, str) else json.dumps(error))
        self.error = error
        self.name = error["name"] if isinstance(error, dict) else error.split(":", 1)[0]


class Closed(Exception):
    """The daemon has closed the connection."""


class Client:
    """One connection. send() and wait() pipeline; call() does both. Notifications gather in .notifications."""

    def __init__(self, path, timeout=TIMEOUT):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.unpacker = msgpack.Unpacker(raw=False, max_buffer_size=1 << 30, strict_map_key=False,
                                         unicode_errors="surrogateescape")
        self.answers, self.notifications, self.msgid = {}, [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, method, params=None, msgid=None):
        if msgid is None:
            self.msgid += 1
            msgid = self.msgid
        self.send_raw(msgpack.packb([0, msgid, method, [] if params is None else [params]]))
        return msgid

    def notify(self, method, params):
        self.send_raw(msgpack.packb([2, method, [params]]))

    def read_message(self):
        """The next message of any kind."""
        while True:
            for message in self.unpacker:
                return message
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed()
            self.unpacker.feed(data)

    def wait(self, msgid):
        """The result of msgid; others that come meanwhile are kept."""
        while msgid not in self.answers:
            message = self.read_message()
            if message[0] == 1:
                self.answers[message[1]] = (message[2], message[3])
            else:
                self.notifications.append((message[1], message[2][0] if message[2] else None))
        error, result = self.answers.pop(msgid)
        if error is not None:
            raise RpcError(error)
        return result

    def call(self, method, params=None):
        return self.wait(self.send(method, params))

    def closed(self):
        """Waits for the daemon to close; whatever comes until then is kept."""
        try:
            while True:
                message = self.read_message()
                if message[0] == 1:
                    self.answers[message[1]] = (message[2], message[3])
        except Closed:
            return True


class Daemon:
    """sallyportd, started and ended. config: a dict, merged into a small one that suits tests."""

    def __init__(self, config=None, private=True, arguments=(), env=None, policies=None, prefix=(), wait=True):
        self.dir = tempfile.mkdtemp(prefix="sallyport-", dir=os.environ.get("SALLYPORT_TEST_DIR", "/var/tmp"))
        os.chmod(self.dir, 0o755)
        self.open_dir = os.path.join(self.dir, "open")
        self.policy_dir = os.path.join(self.dir, "policies")
        self.socket_path = os.path.join(self.dir, "s")
        self.config_path = os.path.join(self.dir, "sallyportd.yaml")
        self.log_path = os.path.join(self.dir, "log")
        os.mkdir(self.open_dir)
        os.chmod(self.open_dir, 0o777)
        os.mkdir(self.policy_dir, 0o755)
        for name, text in (policies or {}).items():
            self.write_policy(name, text)
        self.config = {
            "socket": {"path": self.socket_path},
            "state_dir": os.path.join(self.dir, "code"),
            "policy": {"folder": self.policy_dir},
            "audit": {"file": os.path.join(self.open_dir, "audit")},
            "log_level": "debug",
        }
        programs = {key: os.environ[name] for key, name in
                    (("spawner", "SALLYPORT_SPAWNER"), ("runner", "SALLYPORT_RUNNER")) if os.environ.get(name)}
        if programs:
            self.config["programs"] = programs
        self.merge(config or {})
        self.command = [*prefix, program("SALLYPORTD"), "--config", self.config_path, *arguments]
        self.private, self.env, self.process = private, {**os.environ, **(env or {})}, None
        if wait:
            try:
                self.start()
            except BaseException:
                shutil.rmtree(self.dir, ignore_errors=True)
                raise

    def merge(self, config):
        """Writes the configuration with these keys put over what there is; None removes one."""
        for key, value in config.items():
            if value is None:
                self.config.pop(key, None)
            elif isinstance(value, dict) and isinstance(self.config.get(key), dict):
                self.config[key].update(value)
            else:
                self.config[key] = value
        with open(self.config_path, "w") as file:
            json.dump(self.config, file, indent=1)  # JSON is YAML

    def write_policy(self, name, text):
        path = os.path.join(self.policy_dir, name + ".yaml")
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)

    def start(self):
        """Starts it and waits until it is ready; RuntimeError with its words where it does not become so."""
        readable, writable = os.pipe()
        log_file = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        extra = ["--private"] if self.private else []
        self.process = subprocess.Popen([*self.command, *extra, "--ready-fd", str(writable)], pass_fds=[writable],
                                        stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file,
                                        env=self.env)
        os.close(writable)
        os.close(log_file)
        with os.fdopen(readable) as pipe:
            timer = threading.Timer(TIMEOUT, self.process.kill)
            timer.start()
            line = pipe.readline().strip()
            timer.cancel()
        if line != "ready":
            self.process.wait()
            raise RuntimeError(line or f"sallyportd ended with {self.process.returncode}: {self.log()}")

    def client(self, uid=None, gid=None, groups=(), **options):
        """A connection; with uid as that user, which only root can become. Who connects is who the daemon sees."""
        if uid is None:
            return Client(self.socket_path, **options)
        before = os.geteuid(), os.getegid(), os.getgroups()
        try:
            os.setgroups(groups)
            os.setegid(uid if gid is None else gid)
            os.seteuid(uid)
            return Client(self.socket_path, **options)
        finally:
            os.seteuid(before[0])
            os.setegid(before[1])
            os.setgroups(before[2])

    def call(self, method, params=None):
        with self.client() as client:
            return client.call(method, params)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def audit(self):
        """The audit's lines, decoded."""
        with open(self.config["audit"]["file"]) as file:
            return [json.loads(line) for line in file]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        """Its exit status, once it has ended by itself."""
        return self.process.wait(timeout)

    def wait_log(self, text, timeout=TIMEOUT):
        wait_until(lambda: text in self.log(), timeout, lambda: f"{text!r} is not in the log:\n{self.log()}")

    def stop(self, expect=0):
        """SIGTERM, and a clean end."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == expect, f"sallyportd ended with {status}:\n{self.log()}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.process and self.process.poll() is None:
                self.signal(signal.SIGTERM)
                try:
                    self.process.wait(TIMEOUT)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    raise AssertionError(f"sallyportd did not end:\n{self.log()}") from None
                if kind is None:
                    assert self.process.returncode == 0, f"ended with {self.process.returncode}:\n{self.log()}"
            log = self.log() if os.path.exists(self.log_path) else ""
            if kind is not None or any(report in log for report in REPORTS):
                sys.stderr.write(log)
            assert not any(report in log for report in REPORTS), "a sanitizer has reported"
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


def need_runtime(daemon):
    """Ends the test as skipped where no sandbox can be had, as failed where SP_TEST_MUST_RUN says that one can."""
    runtimes = daemon.call("hello")["runtimes"]
    if any(runtime["available"] for runtime in runtimes):
        return
    reasons = "; ".join(f"{runtime['name']}: {runtime['reason']}" for runtime in runtimes)
    if os.environ.get("SP_TEST_MUST_RUN"):
        raise AssertionError(f"no runtime is available, and this machine can run one: {reasons}")
    print("skipped: no runtime is available here:", reasons, flush=True)
    daemon.__exit__(None, None, None)  # an exit from a class's set-up leaves its contexts open
    sys.exit(77)


class DaemonCase(unittest.TestCase):
    """Tests that share a daemon, which was started with `options`. Where they run something, `runs` says so."""

    options, runs = {}, False

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(**cls.options))
        if cls.runs:
            need_runtime(cls.daemon)


class ClientCase(DaemonCase):
    """The same, and each test has a connection."""

    def setUp(self):
        self.client = self.enterContext(self.daemon.client())


def wait_until(true, timeout=TIMEOUT, complaint=lambda: "it did not become so"):
    """Polls until true() is; AssertionError past the timeout."""
    end = time.monotonic() + timeout
    while not true():
        if time.monotonic() > end:
            raise AssertionError(complaint())
        time.sleep(RETRY)


class Scripted:
    """A service that answers each method with what is written down, once each. Entered, it is its socket's path."""

    def __init__(self, folder, answers):
        self.path, self.answers = os.path.join(folder, "scripted.sock"), answers

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(TIMEOUT)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self.path

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()
        os.unlink(self.path)

    def serve(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(TIMEOUT)
            unpacker = msgpack.Unpacker(raw=False)
            while data := connection.recv(1 << 16):
                unpacker.feed(data)
                for _, msgid, method, _ in unpacker:
                    connection.sendall(msgpack.packb([1, msgid, None, self.answers[method]]))
