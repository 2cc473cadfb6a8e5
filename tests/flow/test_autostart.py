"""A private daemon is started where nobody serves and nobody is installed, once, and by nobody's folder but the user's."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from harness import TIMEOUT, program, wait_until

sys.path.insert(0, os.path.join(os.environ["SALLYPORT_SOURCE_DIR"], "client", "python"))
import sallyport  # noqa: E402

SIGNS = ["/etc/sallyport"] + [f"{folder}/systemd/system/sallyport.{kind}" for kind in ("service", "socket")
                              for folder in ("/etc", "/usr/local/lib", "/usr/lib", "/lib")]
if any(os.path.exists(sign) for sign in SIGNS):
    print("skipped: a service is installed here, and is never replaced by a private daemon")
    sys.exit(77)

# Not below /tmp or /var/tmp: there no private daemon is started.
PLACE = "/run" if os.getuid() == 0 else os.environ.get("XDG_RUNTIME_DIR") or os.environ["SALLYPORT_BINARY_DIR"]


def cleared(pid):
    """Ended, and with it every thread: the last one closes the sockets."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return True
    return fields[0] == "Z" and int(fields[17]) <= 1


class Autostart(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sp-auto-", dir=PLACE)
        os.chmod(self.dir, 0o711)
        self.runtime_dir = os.path.join(self.dir, "r")
        os.mkdir(self.runtime_dir, 0o700)
        self.socket = os.path.join(self.runtime_dir, "sallyport", "sallyport.sock")
        self.pids = os.path.join(self.dir, "pids")
        config = os.path.join(self.dir, "sallyportd.yaml")
        with open(config, "w") as file:
            file.write("idle_exit_ms: 120000\n")
            if os.environ.get("SALLYPORT_SPAWNER"):
                file.write(f"programs:\n  spawner: {program('SALLYPORT_SPAWNER')}\n"
                           f"  runner: {program('SALLYPORT_RUNNER')}\n")
        self.daemon = os.path.join(self.dir, "daemon")
        with open(self.daemon, "w") as file:
            file.write(f"#!/bin/sh\necho $$ >> {self.pids}\nexec {program('SALLYPORTD')} --config {config} \"$@\"\n")
        os.chmod(self.daemon, 0o755)
        self.env = {**os.environ, "XDG_RUNTIME_DIR": self.runtime_dir, "SALLYPORT_DAEMON": self.daemon,
                    "HOME": self.dir}
        for name in ("SALLYPORT_SOCKET", "XDG_CONFIG_HOME"):
            self.env.pop(name, None)
        self.addCleanup(self.clear)

    def started(self):
        try:
            with open(self.pids) as file:
                return [int(line) for line in file]
        except OSError:
            return []

    def clear(self):
        for pid in self.started():
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
            wait_until(lambda: cleared(pid), complaint=lambda: "the private daemon does not end")
        shutil.rmtree(self.dir, ignore_errors=True)

    def call(self, *arguments, status=0, stdin=b""):
        done = subprocess.run([program("SALLYPORT"), *arguments], env=self.env, input=stdin, capture_output=True,
                              timeout=TIMEOUT)
        self.assertEqual(done.returncode, status, (done.stdout[-2000:], done.stderr[-2000:]))
        return done.stdout.decode(), done.stderr.decode()

    def scan(self):
        return self.call("scan", "-l", "python", "-", stdin=b"x = 1\n")

    def test_the_first_starts_one_and_the_next_uses_it(self):
        self.scan()
        self.assertEqual(len(self.started()), 1)
        self.scan()
        self.call("run", "-l", "python", "-", stdin=b"print(1)")
        self.assertEqual(len(self.started()), 1)
        self.assertEqual(os.stat(os.path.dirname(self.socket)).st_mode & 0o022, 0)

    def test_what_it_does_is_in_an_audit_file_of_its_user_s(self):
        self.scan()
        folder = "/run/sallyport-private" if os.getuid() == 0 else os.path.dirname(self.socket)
        path = os.path.join(folder, "audit", "audit.log")
        digest = hashlib.sha256(b"x = 1\n").hexdigest()

        def told():
            with open(path) as file:
                return file.read().count(digest)
        count = told()
        self.scan()
        wait_until(lambda: told() > count)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_it_outlives_who_started_it_and_holds_nothing_of_theirs(self):
        process = subprocess.Popen(["/bin/sh", "-c", f"{program('SALLYPORT')} status; echo done"], env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        out, _ = process.communicate(timeout=TIMEOUT)  # ends only when nobody holds the pipe any more
        self.assertTrue(out.endswith(b"done\n"))
        (pid,) = self.started()
        self.assertFalse(cleared(pid))
        self.assertNotEqual(os.getsid(pid), process.pid)
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")

    def test_many_at_once_start_one(self):
        results = []
        threads = [threading.Thread(target=lambda: results.append(subprocess.run(
            [program("SALLYPORT"), "status"], env=self.env, capture_output=True, timeout=TIMEOUT))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([result.returncode for result in results], [0] * 12, [r.stderr for r in results])
        self.assertEqual(len(self.started()), 1)

    def test_a_dead_ones_socket_is_taken_over(self):
        self.scan()
        (pid,) = self.started()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: cleared(pid))
        self.assertTrue(os.path.exists(self.socket))
        self.scan()
        self.assertEqual(len(self.started()), 2)

    def test_its_own_word_is_told_when_it_fails(self):
        with open(os.path.join(self.dir, "sallyportd.yaml"), "a") as file:
            file.write("no_such_key: 1\n")
        _, err = self.call("status", status=125)
        self.assertRegex(err, "private daemon did not start: .*no_such_key")

    def test_none_is_started_where_it_is_forbidden_or_a_socket_is_named(self):
        self.call("status", "--no-autostart", status=125)
        self.call("status", "--socket", self.socket, status=125)
        self.env["SALLYPORT_SOCKET"] = self.socket
        self.call("status", status=125)
        self.assertEqual(self.started(), [])

    def test_none_is_started_below_tmp_or_in_a_folder_of_others(self):
        folder = tempfile.mkdtemp(prefix="sp-auto-")
        self.addCleanup(shutil.rmtree, folder)
        self.env["XDG_RUNTIME_DIR"] = folder
        _, err = self.call("status", status=125)
        self.assertIn("below /tmp", err)
        self.env["XDG_RUNTIME_DIR"] = self.runtime_dir
        os.mkdir(os.path.dirname(self.socket))
        os.chmod(os.path.dirname(self.socket), 0o777)
        _, err = self.call("status", status=125)
        self.assertIn("denied", err)
        self.assertEqual(self.started(), [])

    def test_python_starts_one_too(self):
        script = ("import sallyport\nwith sallyport.connect() as gate:\n"
                  "    print(gate.scan('import os')['modules'])\n")
        env = {**self.env, "PYTHONPATH": os.path.dirname(sallyport.__file__)}
        for _ in range(2):
            done = subprocess.run([sys.executable, "-W", "error", "-c", script], env=env, capture_output=True,
                                  timeout=TIMEOUT, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, "['os']\n"), done.stderr)
        self.assertEqual(len(self.started()), 1)

    def in_a_world_of_its_own(self, script):
        """Runs a shell's script where /run is its own but for the test's folder; `serve` starts a daemon at the service's socket."""
        world = ["unshare", "--mount"] + ([] if os.getuid() == 0 else ["--map-root-user"])
        config = os.path.join(self.dir, "service.yaml")
        with open(config, "w") as file:
            file.write(f"state_dir: {self.dir}/service\npolicy: {{folder: {self.dir}/policies}}\n")
        begin = (f"mount -t tmpfs none /mnt && mkdir /mnt/kept && mount --bind {self.dir} /mnt/kept && "
                 f"mount -t tmpfs -o mode=755 none /run && mkdir -p -m 755 {self.dir} /run/sallyport && "
                 f"mount --move /mnt/kept {self.dir} || exit 77\n"
                 f"mkfifo {self.dir}/ready\n"
                 f"serve() {{ {program('SALLYPORTD')} --private --config {config} --socket /run/sallyport/sallyport.sock "
                 f"--ready-fd 3 3> {self.dir}/ready & service=$!; read word < {self.dir}/ready; }}\n"
                 f"sallyport={program('SALLYPORT')}\n")
        done = subprocess.run([*world, "/bin/sh", "-c", begin + script], env=self.env, capture_output=True, timeout=TIMEOUT,
                              text=True)
        if done.returncode == 77:
            self.skipTest("no mount namespace is to be had")
        return done

    def test_who_listens_at_the_services_socket_is_used(self):
        os.mkdir(os.path.join(self.dir, "policies"))
        client = "import sallyport; print(sallyport.connect().greeting['rights'])"
        done = self.in_a_world_of_its_own(
            "serve; $sallyport status; echo $?\n"
            f"PYTHONPATH={os.path.dirname(sallyport.__file__)} {sys.executable} -c \"{client}\"; echo $?\n"
            "kill $service; wait $service\n")
        self.assertIn(" at /run/sallyport/sallyport.sock\n", done.stdout, done.stderr)
        self.assertTrue(done.stdout.endswith("]\n0\n"), (done.stdout, done.stderr))
        self.assertEqual(self.started(), [])

    def test_a_service_that_is_closed_to_us_is_not_replaced(self):
        if os.getuid() != 0:
            self.skipTest("only root can be another")
        os.mkdir(os.path.join(self.dir, "policies"))
        os.chown(self.runtime_dir, 12345, 12345)
        call = "setpriv --reuid 12345 --regid 12345 --clear-groups"
        client = "import sallyport; sallyport.connect()"
        done = self.in_a_world_of_its_own(
            f"serve; {call} $sallyport status; echo $?\n"
            f"PYTHONPATH={os.path.dirname(sallyport.__file__)} {call} {sys.executable} -c \"{client}\"\n"
            "kill $service; wait $service\n")
        self.assertEqual(done.stdout, "125\n", done.stderr)
        self.assertEqual(done.stderr.count("are you in the group sallyport?"), 2, done.stderr)
        self.assertEqual(self.started(), [])

    def test_an_installed_service_that_does_not_run_is_said_to_be_one(self):
        client = "import sallyport; sallyport.connect()"
        done = self.in_a_world_of_its_own(
            "mount -t tmpfs none /etc && mkdir /etc/sallyport || exit 77\n$sallyport status; echo $?\n"
            f"PYTHONPATH={os.path.dirname(sallyport.__file__)} {sys.executable} -c \"{client}\"\n")
        self.assertEqual(done.stdout, "125\n", done.stderr)
        self.assertEqual(done.stderr.count("a service is installed here but not running: nobody answers at "), 2, done.stderr)
        self.assertEqual(self.started(), [])

    def test_without_a_runtime_folder_it_is_said_what_to_set(self):
        if os.getuid() != 0:
            self.skipTest("only root can be another")
        del self.env["XDG_RUNTIME_DIR"]
        for words in ([program("SALLYPORT"), "status"], [sys.executable, "-c", "import sallyport; sallyport.connect()"]):
            done = subprocess.run(["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", *words],
                                  env={**self.env, "PYTHONPATH": os.path.dirname(sallyport.__file__)}, capture_output=True,
                                  timeout=TIMEOUT, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("set XDG_RUNTIME_DIR to a folder of yours", done.stderr)

    def test_it_leaves_when_it_is_idle(self):
        with open(os.path.join(self.dir, "sallyportd.yaml")) as file:
            text = file.read().replace("120000", "1000")
        with open(os.path.join(self.dir, "sallyportd.yaml"), "w") as file:
            file.write(text)
        begun = time.monotonic()
        self.scan()
        (pid,) = self.started()
        wait_until(lambda: cleared(pid), complaint=lambda: "an idle private daemon does not leave")
        self.assertGreater(time.monotonic() - begun, 1.0)
        self.scan()
        self.assertEqual(len(self.started()), 2)


if __name__ == "__main__":
    unittest.main()
