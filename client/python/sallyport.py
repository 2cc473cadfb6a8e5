"""Client of a Sallyport service: code is vetted against a policy and run in a sandbox.

    import sallyport

    with sallyport.connect() as gate:
        result = gate.run("print(6 * 7)", policy={"restricted_modules": [
            {"name": "os", "description": "Operating system", "severity": "high"}]})
        print(result["stdout"])

One file over MessagePack-RPC; it needs python3-msgpack and nothing else. A Client may be shared by threads: their calls
share its connection and are answered as they finish. Text that is not UTF-8 comes as bytes.
"""

import errno
import fcntl
import os
import pwd
import select
import socket
import stat
import struct
import subprocess
import threading
import time

import msgpack

__all__ = ["connect", "Client", "SallyportError", "Refused", "socket_path"]
__version__ = "0.1.0"

_SERVICE_SOCKET = "/run/sallyport/sallyport.sock"
_FRAME_BYTES_MAX = 64 << 20
_CANCEL_SECONDS = 10.0
_INSTALLED = ("/etc/sallyport",) + tuple(
    f"{folder}/systemd/system/sallyport.{kind}"
    for folder in ("/etc", "/usr/local/lib", "/usr/lib", "/lib") for kind in ("service", "socket"))
_SHARED_PLACES = ("/tmp", "/var/tmp", "/dev/shm")
# Beside <prefix>/lib/python3/dist-packages, where this file is installed, then the usual places.
_DAEMONS = (os.path.join(os.path.realpath(__file__).rsplit("/", 4)[0], "sbin/sallyportd"), "/usr/local/sbin/sallyportd",
            "/usr/sbin/sallyportd")


class SallyportError(Exception):
    """The service says no, or does not answer. `name` is the error's name on the wire ("denied", "invalid_policy", …)."""

    def __init__(self, name, message, data=None):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.data = data or {}


class Refused(SallyportError):
    """run_or_raise: the policy refused the code. `verdict` holds the findings."""

    def __init__(self, verdict):
        findings = [finding for finding in verdict.get("violations", []) if finding.get("blocking")]
        first = f"line {findings[0]['line']}: {findings[0]['description']}" if findings else "no finding is told"
        how_many = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        if verdict.get("truncated"):
            how_many = f"at least {how_many}"
        super().__init__("refused", f"the policy refuses the code ({how_many}): {first}")
        self.verdict = verdict


# ---- where the service is ----

def _is_there(path):
    """Only what is surely not there is not installed: a private daemon must not take the place of a hidden service."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def socket_path(path=None):
    """The socket's path, and whether a private daemon may be started there."""
    if path or os.environ.get("SALLYPORT_SOCKET"):
        return path or os.environ["SALLYPORT_SOCKET"], False
    if any(_is_there(sign) for sign in _INSTALLED):
        return _SERVICE_SOCKET, False
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if folder:
        for place in _SHARED_PLACES:
            for form in (folder, os.path.realpath(folder)):
                if form == place or form.startswith(place + "/"):
                    raise SallyportError("unreachable", f"XDG_RUNTIME_DIR lies below {place}, where others can write")
        if not folder.startswith("/"):
            raise SallyportError("unreachable", "XDG_RUNTIME_DIR is not an absolute path")
        return f"{folder}/sallyport/sallyport.sock", True
    if os.getuid() == 0:
        return "/run/sallyport-private/sallyport.sock", True
    return f"/run/user/{os.getuid()}/sallyport/sallyport.sock", True


def _trusted(uid):
    if uid in (0, os.getuid()):
        return True
    try:
        return uid == pwd.getpwnam("sallyport").pw_uid
    except KeyError:
        return False


def _open_socket(path, timeout):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("iII", credentials)
        if not _trusted(uid):
            raise SallyportError(
                "denied", f"the socket is served by uid {uid}, which is neither root, nor the user sallyport, nor you")
        return connection
    except BaseException:
        connection.close()
        raise


def _daemon():
    return os.environ.get("SALLYPORT_DAEMON") or next((path for path in _DAEMONS if os.access(path, os.X_OK)), _DAEMONS[-1])


def _lock(folder, deadline):
    is_root = os.geteuid() == 0  # whose daemon gives up its rights, and must still reach its socket then
    try:
        os.makedirs(folder, mode=0o711 if is_root else 0o700, exist_ok=True)
    except OSError as error:
        hint = "" if os.environ.get("XDG_RUNTIME_DIR") else "; set XDG_RUNTIME_DIR to a folder of yours"
        raise SallyportError(
            "unreachable", f"no folder for a private daemon's socket: {folder}: {error.strerror}{hint}") from error
    about = os.lstat(folder)
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
        raise SallyportError("denied", f"{folder} is not yours alone: its owner and who may write to it")
    lock = os.open(f"{folder}/autostart.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(lock)
                raise SallyportError(
                    "unreachable", "another process is starting a private daemon and does not finish") from None
            time.sleep(0.01)


def _await_ready(ready, deadline):
    line = b""
    while b"\n" not in line and len(line) < 256:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([ready], [], [], left)[0]:
            raise SallyportError("unreachable", "the private daemon was not ready in time")
        part = os.read(ready, 256)
        if not part:
            break
        line += part
    text = line.split(b"\n")[0].decode("utf-8", "replace")
    if text != "ready":
        raise SallyportError("unreachable", f"the private daemon did not start: {text or 'it ended without a word'}")


def _start_daemon(path, deadline):
    ready, theirs = os.pipe()
    try:
        subprocess.Popen(
            [_daemon(), "--private", "--socket", path, "--ready-fd", str(theirs)], pass_fds=[theirs], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            umask=0o077).returncode = 0  # it outlives us: nobody waits for it
        os.close(theirs)
        theirs = -1
        _await_ready(ready, deadline)
    except OSError as error:
        raise SallyportError("unreachable", f"the private daemon did not start: {error}") from error
    finally:
        os.close(ready)
        if theirs >= 0:
            os.close(theirs)


def _open_service(timeout):
    """A service that was only started, never installed, comes before a private daemon too: None where there is none that
    we trust. One that is there and closed to us is no reason to take a weaker one."""
    try:
        return _open_socket(_SERVICE_SOCKET, timeout)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise _unreachable(_SERVICE_SOCKET, error) from error
    except SallyportError:
        return None


def _unreachable(path, error):
    if isinstance(error, PermissionError) and not error.filename:
        return SallyportError("unreachable", f"you may not connect to {path}: its folder or its mode forbids it; are you in "
                                             "the group sallyport?")
    text = f"nobody answers at {path}: {error.strerror or error}"
    nobody = isinstance(error, (FileNotFoundError, ConnectionRefusedError))
    if nobody and path == _SERVICE_SOCKET and any(_is_there(sign) for sign in _INSTALLED):
        text = f"a service is installed here but not running: {text}"
    return SallyportError("unreachable", text)


def _connect_or_start(path, is_private, may_start, timeout):
    deadline = time.monotonic() + timeout
    nobody = (errno.ENOENT, errno.ECONNREFUSED)
    connection = _open_service(timeout) if is_private else None
    if connection:
        return connection
    try:
        try:
            return _open_socket(path, timeout)
        except OSError as error:
            if not may_start or error.errno not in nobody:
                raise
        lock = _lock(os.path.dirname(path), deadline)
        try:
            try:
                return _open_socket(path, timeout)  # whoever held the lock before us may have started one
            except OSError as error:
                if error.errno not in nobody:
                    raise
            _start_daemon(path, deadline)
            return _open_socket(path, timeout)
        finally:
            os.close(lock)
    except OSError as error:
        raise _unreachable(path, error) from error


# ---- calls ----

class _Call:
    __slots__ = ("done", "error", "result", "output")

    def __init__(self, output=None):
        self.done = threading.Event()
        self.error = None
        self.result = None
        self.output = output


def _error_of(error):
    if isinstance(error, dict):
        return SallyportError(error.get("name", "internal"), error.get("message", ""), error.get("data"))
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else str(error)
    name, found, message = text.partition(": ")
    return SallyportError(name, message) if found else SallyportError("internal", text)


def _policy_of(policy):
    """What has a line's end is no name and no id: it is a policy's own text."""
    is_yaml = isinstance(policy, bytes) or isinstance(policy, str) and "\n" in policy
    return {"yaml": policy} if is_yaml else policy


def _ms_told(greeting, *keys, otherwise):
    for key in keys:
        greeting = greeting.get(key) if isinstance(greeting, dict) else None
    is_number = isinstance(greeting, (int, float)) and not isinstance(greeting, bool)
    return greeting if is_number and greeting > 0 else otherwise


def _wall_ms_of(limits, otherwise):
    if limits is not None and not isinstance(limits, dict):
        raise SallyportError("invalid_request", 'limits: must be a dict, such as {"wall_ms": 5000}')
    wall_ms = (limits or {}).get("wall_ms")
    if wall_ms is None:
        return otherwise
    if isinstance(wall_ms, bool) or not isinstance(wall_ms, (int, float)):
        raise SallyportError("invalid_request", f"limits.wall_ms: must be a number, not {wall_ms!r}")
    return wall_ms


class Client:
    """A connection to a service. Closed by close() or at the end of a `with` block."""

    def __init__(self, path=None, autostart=True, timeout=60.0, name="sallyport.py"):
        where, may_start = socket_path(path)
        self._timeout = timeout
        self._socket = _connect_or_start(where, may_start, may_start and autostart, timeout)
        self._socket.settimeout(None)  # the reader's thread waits as long as it takes, a sender does not
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", max(1, int(timeout)), 0))
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._calls = {}
        self._last_id = 0
        self._broken = None
        self._reader = threading.Thread(target=self._read, name="sallyport", daemon=True)
        self._reader.start()
        try:
            self.greeting = self.call("hello", {"client": name, "errors": "map"})
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection. What is in flight is cancelled, and its callers get a SallyportError."""
        self._break(SallyportError("cancelled", "the connection was closed"))
        if threading.current_thread() is not self._reader:
            self._reader.join()
        self._socket.close()

    def _break(self, error):
        with self._state:
            self._broken = self._broken or error
            calls, self._calls = list(self._calls.values()), {}
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for call in calls:
            call.error = self._broken
            call.done.set()

    def _read(self):
        unpacker = msgpack.Unpacker(raw=False, max_buffer_size=_FRAME_BYTES_MAX, strict_map_key=False)
        try:
            while True:
                chunk = self._socket.recv(1 << 18)
                if not chunk:
                    raise SallyportError("unreachable", "the service closed the connection")
                unpacker.feed(chunk)
                for message in unpacker:
                    self._take(message)
        except SallyportError as error:
            self._break(error)
        except OSError as error:
            self._break(SallyportError("unreachable", f"the connection to the service broke: {error}"))
        except Exception as error:  # whatever msgpack says of bytes that are none
            self._break(SallyportError("protocol", f"the service does not speak the protocol: {error}"))

    def _take(self, message):
        kind = message[0]
        if kind == 1:
            _, msgid, error, result = message
            with self._state:
                call = self._calls.pop(msgid, None)
            if call:
                call.error = None if error is None else _error_of(error)
                call.result = result
                call.done.set()
        elif kind == 2 and message[1] == "output":
            about = message[2][0]
            with self._state:
                call = self._calls.get(about.get("msgid"))
            if call and call.output:
                try:
                    call.output(about["stream"], about["data"])
                except Exception as error:  # the caller's function; its call fails, the connection lives
                    with self._state:
                        self._calls.pop(about["msgid"], None)
                    call.error = error
                    self._notify("cancel", {"msgid": about["msgid"]})
                    call.done.set()

    def _send(self, message):
        data = msgpack.packb(message, use_bin_type=True)
        with self._sending:
            if self._broken:
                raise self._broken
            try:
                self._socket.sendall(data)
            except OSError as error:
                broken = SallyportError("unreachable", f"the connection to the service broke: {error}")
                self._break(broken)
                raise broken from error

    def _notify(self, method, params):
        self._send([2, method, [params]])

    def _submit(self, method, params, output=None):
        call = _Call(output)
        with self._state:
            if self._broken:
                raise self._broken
            self._last_id = (self._last_id + 1) & 0xFFFFFFFF
            while self._last_id in self._calls:
                self._last_id = (self._last_id + 1) & 0xFFFFFFFF
            msgid = self._last_id
            self._calls[msgid] = call
        try:
            self._send([0, msgid, method, [params]])
        except BaseException:
            with self._state:
                self._calls.pop(msgid, None)
            raise
        return msgid, call

    def call(self, method, params=None, timeout=None, output=None):
        """Any method by its name on the wire. A call that is interrupted or out of time is cancelled in the service."""
        given = {key: value for key, value in (params or {}).items() if value is not None}
        msgid, call = self._submit(method, given, output)
        try:
            answered = call.done.wait(self._timeout if timeout is None else timeout)
        except BaseException:
            self._notify("cancel", {"msgid": msgid})
            raise
        if not answered:
            self._notify("cancel", {"msgid": msgid})
            if not call.done.wait(_CANCEL_SECONDS):
                call.error = None
            raise SallyportError("timed_out", "the service did not answer in time")
        if call.error:
            raise call.error
        return call.result

    def run(self, code, language="python", policy=None, *, argv=None, env=None, stdin=None, files=None, libraries=None,
            artifacts=None, limits=None, runtime=None, network=None, tag=None, on_output=None, max_violations=None,
            timeout=None):
        """Judges code and runs it where the policy lets it: a dict with ran, verdict, outcome, exit_code, stdout, stderr,
        usage. policy: a name, an id, a dict, or YAML text. files: {path: bytes or str}. limits: {"wall_ms": 5000, …}.
        on_output(stream, data) gets the output as it comes, from another thread; stdout and stderr are empty then."""
        listed = None
        if files is not None:
            listed = [{"path": path, "data": data} for path, data in files.items()] if isinstance(files, dict) else files
        if timeout is None:
            usual_ms = _ms_told(self.greeting, "limits", "run", "wall_ms", otherwise=240000)
            wait_ms = _ms_told(self.greeting, "limits", "run_wait_ms", otherwise=60000)
            timeout = (_wall_ms_of(limits, usual_ms) + wait_ms) / 1000 + 60
        return self.call("run", {
            "code": code, "language": language, "policy": _policy_of(policy), "runtime": runtime, "argv": argv, "env": env,
            "stdin": stdin, "files": listed, "libraries": libraries, "limits": limits, "network": network,
            "artifacts": artifacts, "stream": True if on_output else None, "tag": tag,
            "max_violations": max_violations}, timeout, on_output)

    def run_or_raise(self, code, language="python", policy=None, **options):
        """As run, but refused code raises Refused."""
        result = self.run(code, language, policy, **options)
        ran = result.get("ran") if isinstance(result, dict) else None
        if ran is False:
            raise Refused(result.get("verdict") or {})
        if ran is not True:
            raise SallyportError("protocol", "the service did not say whether the program ran")
        return result

    def scan(self, code, language="python", policy=None, *, path=None, max_violations=None, timeout=None):
        """A verdict: safe, violations, counts, modules."""
        return self.call("scan", {"code": code, "language": language, "policy": _policy_of(policy), "path": path,
                                  "max_violations": max_violations}, timeout)

    def scan_batch(self, sources, policy=None, *, max_violations=None, timeout=None):
        """Verdicts of many sources, in order; one that can't be judged gives {"error": …}. sources: dicts with code,
        language and perhaps path, or (code, language) pairs."""
        listed = [source if isinstance(source, dict) else {"code": source[0], "language": source[1]}
                  for source in sources]
        return self.call("scan_batch", {"sources": listed, "policy": _policy_of(policy), "max_violations": max_violations}, timeout)

    def explain(self, code, language="python", policy=None, *, timeout=None):
        """What the scanner sees: comments, strings, modules, names."""
        return self.call("explain", {"code": code, "language": language, "policy": _policy_of(policy)}, timeout)

    def cancel(self, tag):
        """Cancels the run with this tag; may be called from any thread."""
        self._notify("cancel", {"tag": tag})

    def put_policy(self, policy, name=None):
        """Compiles a policy (a dict, or YAML text) and points a name at it: {"id", "warnings"}."""
        given = {"yaml": policy} if isinstance(policy, (str, bytes)) else policy
        return self.call("policy.put", {"policy": given, "name": name})

    def get_policy(self, policy):
        return self.call("policy.get", {"policy": policy})

    def policies(self):
        return self.call("policy.list")

    def remove_policy(self, policy):
        return self.call("policy.remove", {"policy": policy})

    def stats(self):
        return self.call("stats")


def connect(path=None, **options):
    """A Client at the given socket, at $SALLYPORT_SOCKET, at the machine's service, or at a private daemon that is started
    if need be (autostart=False forbids it)."""
    return Client(path, **options)
