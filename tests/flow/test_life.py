"""How the daemon starts, reloads, drains and ends."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

from harness import Client, Daemon, RpcError, program, wait_until

LATE = {"code": "import time; time.sleep(0.5); print('late')", "language": "python"}
FOREVER = {"code": "import time\nprint('begun', flush=True)\ntime.sleep(60)", "language": "python"}


def run_check(daemon, *more):
    """--check-config, as (status, what it says)."""
    done = subprocess.run([program("SALLYPORTD"), "--config", daemon.config_path, "--check-config", *more],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


class Ending(unittest.TestCase):
    def test_sigterm_lets_running_work_finish_and_refuses_new(self):
        with Daemon() as daemon, daemon.client() as client, daemon.client() as other:
            client.call("hello"), other.call("hello")
            msgid = client.send("run", LATE)
            wait_until(lambda: other.call("stats")["in_flight"]["requests"] == 2)
            daemon.signal(signal.SIGTERM)
            daemon.wait_log("draining")
            with self.assertRaisesRegex(RpcError, "^shutting_down: "):
                other.call("scan", {"code": "x", "language": "python"})
            self.assertTrue(other.call("stats")["draining"])
            self.assertEqual(client.wait(msgid)["stdout"], "late\n")
            self.assertEqual(daemon.wait(), 0)
            self.assertFalse(os.path.exists(daemon.socket_path) and os.getuid() != 0)
            with self.assertRaises((ConnectionRefusedError, FileNotFoundError)):
                Client(daemon.socket_path)

    def test_past_the_grace_running_work_is_killed_and_reported(self):
        with Daemon({"drain_grace_ms": 300}) as daemon, daemon.client() as client:
            msgid = client.send("run", {**FOREVER, "stream": True})
            client.read_message()
            begun = time.monotonic()
            daemon.signal(signal.SIGTERM)
            self.assertEqual(client.wait(msgid)["outcome"], "cancelled")
            self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual(daemon.wait(), 0)

    def test_a_second_sigterm_ends_the_grace(self):
        with Daemon() as daemon, daemon.client() as client:
            msgid = client.send("run", {**FOREVER, "stream": True})
            client.read_message()
            daemon.signal(signal.SIGTERM)
            daemon.wait_log("draining")
            daemon.signal(signal.SIGTERM)
            self.assertEqual(client.wait(msgid)["outcome"], "cancelled")
            self.assertEqual(daemon.wait(), 0)

    def test_drain_over_the_socket(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.call("drain"), {"draining": True})
            self.assertEqual(daemon.wait(), 0)

    def test_idle_it_leaves_by_itself_but_not_while_somebody_is_there(self):
        with Daemon({"idle_exit_ms": 2000}) as daemon:
            with daemon.client() as client:
                time.sleep(3)
                self.assertEqual(client.call("hello")["protocol"], 1)
            self.assertEqual(daemon.wait(), 0)
            self.assertIn("idle_exit_ms", daemon.log())

    def test_without_its_spawner_it_ends_so_that_both_are_started_again(self):
        with Daemon() as daemon, daemon.client() as client:
            run = client.send("run", {"code": "import time; time.sleep(60)", "language": "python"})
            wait_until(lambda: daemon.call("stats")["jobs"]["now"]["running"] == 1)
            with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children") as children:
                os.kill(int(children.read().split()[0]), signal.SIGKILL)
            self.assertEqual(client.wait(run)["outcome"], "lost")
            self.assertEqual(daemon.wait(), 1)
            self.assertIn("the spawner has ended", daemon.log())

    def test_idle_connections_do_not_hold_up_the_end(self):
        with Daemon() as daemon:
            clients = [daemon.client() for _ in range(20)]
            begun = time.monotonic()
            daemon.stop()
            self.assertLess(time.monotonic() - begun, 5)
            for client in clients:
                self.assertTrue(client.closed())
                client.close()


class Starting(unittest.TestCase):
    def test_the_socket_of_a_private_daemon_is_its_users_alone(self):
        with Daemon() as daemon:
            self.assertEqual(stat.S_IMODE(os.stat(daemon.socket_path).st_mode), 0o600)

    def test_mode_and_group_are_as_configured(self):
        with Daemon({"socket": {"mode": "0666", "group": "daemon"}}) as daemon:
            status = os.stat(daemon.socket_path)
            self.assertEqual(stat.S_IMODE(status.st_mode), 0o666)
            if os.getuid() == 0:
                self.assertEqual(status.st_gid, 1)

    @unittest.skipIf(os.getuid() != 0, "only root has rights to give up")
    def test_started_by_root_it_gives_its_rights_up(self):
        with Daemon() as daemon:
            with open(f"/proc/{daemon.process.pid}/status") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            self.assertNotIn("0", status["Uid"].split())
            self.assertNotIn("0", status["Gid"].split())
            self.assertEqual(status["Groups"].strip(), "")
            self.assertEqual(int(status["CapPrm"], 16), 0)
            self.assertEqual(status["NoNewPrivs"].strip(), "1")

    def test_a_second_daemon_does_not_take_the_socket_away(self):
        with Daemon() as daemon:
            second = subprocess.run([*daemon.command, "--private"], capture_output=True, text=True, timeout=60)
            self.assertEqual(second.returncode, 1)
            self.assertIn("another daemon serves", second.stderr)
            self.assertEqual(daemon.call("hello")["protocol"], 1)

    def test_a_stale_socket_is_replaced(self):
        with Daemon() as daemon:
            daemon.process.kill()
            daemon.wait()
            with self.assertRaises(ConnectionRefusedError):
                Client(daemon.socket_path)
            daemon.start()
            self.assertEqual(daemon.call("hello")["protocol"], 1)

    def test_somebody_elses_socket_or_file_stays(self):
        with Daemon(wait=False) as daemon:
            with open(daemon.socket_path, "w") as file:
                file.write("mine")
            with self.assertRaisesRegex(RuntimeError, "is no socket"):
                daemon.start()
            os.unlink(daemon.socket_path)
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(daemon.socket_path)
                other.listen()
                with self.assertRaisesRegex(RuntimeError, "another program serves"):
                    daemon.start()

    def test_a_start_that_fails_leaves_no_socket_behind(self):
        with Daemon({"audit": {"file": "/dev/null"}}, wait=False) as daemon:
            with self.assertRaisesRegex(RuntimeError, "audit.file"):
                daemon.start()
            self.assertFalse(os.path.exists(daemon.socket_path))
            daemon.merge({"audit": {"file": os.path.join(daemon.open_dir, "audit")}})
            daemon.write_policy("bad", "patterns: [{pattern: '('}]")
            with self.assertRaisesRegex(RuntimeError, "bad.yaml"):
                daemon.start()
            self.assertFalse(os.path.exists(daemon.socket_path))

    def test_arguments_that_are_not_understood(self):
        for arguments in (["--nothing"], ["more"], ["--ready-fd", "x"], ["--ready-fd", "99"]):
            done = subprocess.run([program("SALLYPORTD"), *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr)
        done = subprocess.run([program("SALLYPORTD"), "--version"], capture_output=True, text=True, timeout=60)
        self.assertRegex(done.stdout, r"^sallyportd \d+\.\d+\.\d+\n$")

    def test_socket_activation(self):
        with Daemon(wait=False) as daemon:
            path = os.path.join(daemon.dir, "activated")
            activate = subprocess.Popen(["systemd-socket-activate", "--listen", path, *daemon.command, "--private"],
                                        stderr=subprocess.PIPE)
            try:
                wait_until(lambda: os.path.exists(path))
                with Client(path) as client:
                    self.assertEqual(client.call("hello")["protocol"], 1)
                self.assertFalse(os.path.exists(daemon.socket_path))
                activate.terminate()  # it has become the daemon
                self.assertEqual(activate.wait(60), 0)
                self.assertTrue(os.path.exists(path))  # the service manager's, not ours to remove
            finally:
                activate.kill()
                activate.wait()
                activate.stderr.close()


class NotifySocket(unittest.TestCase):
    def test_the_service_manager_hears_of_every_step(self):
        with Daemon(wait=False) as daemon, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            path = os.path.join(daemon.open_dir, "notify")
            manager.bind(path)
            os.chmod(path, 0o777)
            manager.settimeout(60)
            daemon.env.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="200000")
            daemon.env.pop("WATCHDOG_PID", None)
            daemon.start()
            seen = []

            def hear(what):
                while not any(line.startswith(what) for line in seen):
                    seen.extend(manager.recv(4096).decode().split("\n"))
                seen.clear()

            hear("READY=1")
            hear("STATUS=serving")
            hear("WATCHDOG=1")
            daemon.signal(signal.SIGHUP)
            hear("RELOADING=1")
            hear("READY=1")
            daemon.signal(signal.SIGTERM)
            hear("STOPPING=1")
            self.assertEqual(daemon.wait(), 0)


class Reloading(unittest.TestCase):
    def test_sighup_brings_the_new_configuration(self):
        with Daemon() as daemon, daemon.client() as client:
            self.assertEqual(client.call("hello")["limits"]["code_bytes"], 1 << 20)
            daemon.merge({"code_bytes": 5000})
            daemon.signal(signal.SIGHUP)
            daemon.wait_log("notice: reloaded")
            self.assertEqual(client.call("hello")["limits"]["code_bytes"], 5000)

    def test_a_bad_configuration_changes_nothing_and_says_why(self):
        with Daemon() as daemon, daemon.client() as client:
            daemon.merge({"code_bytes": 5000, "log_level": "loud"})
            with self.assertRaisesRegex(RpcError, r"^invalid_request: /.*/sallyportd\.yaml:\d+:\d+: log_level: unknown level"):
                client.call("reload")
            self.assertEqual(client.call("hello")["limits"]["code_bytes"], 1 << 20)
            self.assertRegex(daemon.log(), r"not reloaded, the old configuration stays: .*sallyportd.yaml:\d+:\d+: log_level")
            daemon.merge({"log_level": "debug"})
            self.assertEqual(client.call("reload"), {"reloaded": True})
            self.assertEqual(client.call("hello")["limits"]["code_bytes"], 5000)
            self.assertEqual(client.call("stats")["counters"]["reloads_failed"], 1)

    def test_a_bad_policy_changes_nothing_either(self):
        with Daemon(policies={"one": "patterns: []\n"}) as daemon, daemon.client() as client:
            daemon.merge({"code_bytes": 5000})
            daemon.write_policy("two", "patterns:\n  - pattern: '('\n")
            with self.assertRaisesRegex(RpcError, "two.yaml"):
                client.call("reload")
            self.assertEqual(client.call("hello")["limits"]["code_bytes"], 1 << 20)

    def test_an_audit_file_that_cannot_be_opened_changes_nothing_either(self):
        with Daemon(policies={"one": "patterns: []\n"}) as daemon, daemon.client() as client:
            before = daemon.config["audit"]["file"]
            daemon.merge({"code_bytes": 5000, "audit": {"file": daemon.open_dir}})
            daemon.write_policy("two", "patterns: []\n")
            with self.assertRaisesRegex(RpcError, r"^invalid_request: /.*/sallyportd\.yaml:\d+:\d+: audit.file: .* cannot be opened"):
                client.call("reload")
            self.assertEqual(client.call("hello")["limits"]["code_bytes"], 1 << 20)
            self.assertEqual([row["name"] for row in client.call("policy.list") if row["origin"] != "preset"], ["one"])
            daemon.config["audit"]["file"] = before
            client.call("scan", {"code": "x", "language": "python"})
            wait_until(lambda: any(line["event"] == "scan" for line in daemon.audit()))

    def test_a_configuration_that_has_gone_is_refused(self):
        with Daemon(wait=False, policies={"strict": "patterns: [{pattern: evil, severity: high, description: d}]\n"}) as daemon:
            # The standard path of a private daemon, which may be missing at a start.
            daemon.merge({"policy": {"mandatory": "strict"}})
            os.mkdir(os.path.join(daemon.dir, "sallyport"))
            path = os.path.join(daemon.dir, "sallyport", "sallyportd.yaml")
            os.rename(daemon.config_path, path)
            daemon.command = [program("SALLYPORTD")]
            daemon.env["XDG_CONFIG_HOME"] = daemon.dir
            daemon.start()
            with daemon.client() as client:
                os.unlink(path)
                with self.assertRaisesRegex(RpcError, f"^invalid_request: {path}: cannot be opened: No such file"):
                    client.call("reload")
                self.assertIn(f"the old configuration stays: {path}: cannot be opened", daemon.log())
                verdict = client.call("scan", {"code": "evil", "language": "python", "policy": "preset:default"})
                self.assertFalse(verdict["safe"])

    def test_a_link_to_the_configuration_is_followed_anew(self):
        with Daemon(wait=False) as daemon:
            first, second = daemon.config_path + ".1", daemon.config_path + ".2"
            os.rename(daemon.config_path, first)
            os.symlink(first, daemon.config_path)
            daemon.start()
            with open(first) as old, open(second, "w") as new:
                new.write(old.read().replace("{", '{"code_bytes": 5000,', 1))
            os.unlink(first)
            os.unlink(daemon.config_path)
            os.symlink(second, daemon.config_path)
            with daemon.client() as client:
                client.call("reload")
                self.assertEqual(client.call("hello")["limits"]["code_bytes"], 5000)

    def test_an_answer_fits_that_was_promised_before_frames_became_smaller(self):
        with Daemon() as daemon, daemon.client() as client, daemon.client() as other:
            run = client.send("run", {"code": "import time; time.sleep(1); print('x' * 500000)", "language": "python"})
            wait_until(lambda: other.call("stats")["jobs"]["now"]["running"] == 1)
            daemon.merge({"frame_bytes": 65536, "code_bytes": 60000})
            other.call("reload")
            self.assertEqual(len(client.wait(run)["stdout"]), 500001)

    def test_a_rotated_audit_goes_on_in_a_new_file_even_with_a_bad_configuration(self):
        with Daemon() as daemon:
            path = daemon.config["audit"]["file"]
            daemon.call("scan", {"code": "x", "language": "python"})
            wait_until(lambda: any(line["event"] == "scan" for line in daemon.audit()))
            os.rename(path, path + ".1")
            daemon.merge({"workers": "many"})
            daemon.signal(signal.SIGHUP)
            daemon.wait_log("not reloaded")
            daemon.call("scan", {"code": "y", "language": "python"})
            wait_until(lambda: os.path.exists(path) and any(line["event"] == "scan" for line in daemon.audit()))

    def test_the_audit_tells_who_reloaded(self):
        with Daemon() as daemon, daemon.client() as client:
            def told():
                return [(line.get("method"), line.get("uid")) for line in daemon.audit()
                        if line["event"] == "policy.reload"]
            client.call("reload")
            self.assertEqual(told(), [("reload", os.getuid())])
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: len(told()) == 2)
            self.assertEqual(told()[1], (None, None))
            daemon.merge({"workers": "many"})
            with self.assertRaises(RpcError):
                client.call("reload")
            self.assertEqual(len(told()), 2)

    def test_what_needs_a_new_start_is_said(self):
        with Daemon() as daemon:
            daemon.merge({"workers": 7})
            self.assertEqual(daemon.call("reload"), {"reloaded": True})
            self.assertIn("workers: takes effect with the next start", daemon.log())

    def test_rights_of_open_connections_change_with_it(self):
        with Daemon(private=False) as daemon, daemon.client() as client:
            self.assertIn("run", client.call("hello")["rights"])
            daemon.merge({"access": [{"users": [str(os.getuid())], "rights": ["scan", "operate"]}]})
            client.call("reload")
            self.assertEqual(client.call("hello")["rights"], ["scan", "operate"])
            with self.assertRaisesRegex(RpcError, '^denied: run needs the right "run"'):
                client.call("run", FOREVER)
            daemon.signal(signal.SIGTERM)
            daemon.wait()
            self.assertTrue(any(line.get("event") == "denial" for line in daemon.audit()))


class CheckConfig(unittest.TestCase):
    def check(self, config, expected, policies=None):
        with Daemon(config, wait=False, policies=policies) as daemon:
            status, said = run_check(daemon)
            self.assertEqual(status, 1, said)
            self.assertRegex(said, expected)
            with self.assertRaises(RuntimeError):
                daemon.start()

    def test_a_good_one_is_valid(self):
        with Daemon(wait=False) as daemon:
            self.assertEqual(run_check(daemon)[0], 0)
            self.assertFalse(os.path.exists(daemon.socket_path))

    def test_what_is_wrong_is_named_with_its_place(self):
        for config, expected in (
                ({"bound": {}}, r"sallyportd\.yaml:\d+:\d+: bound: unknown key"),
                ({"bounds": {"connections": "many"}}, r":\d+:\d+: bounds\.connections: must be an integer"),
                ({"socket": {"mode": "999"}}, r":\d+:\d+: socket\.mode: must be octal"),
                ({"access": [{"users": ["no-such-user"], "rights": ["scan"]}]},
                 r":\d+:\d+: access\[0\]\.users\[0\]: there is no user"),
                ({"access": [{"users": ["root"], "rights": ["fly"]}]}, r"access\[0\]\.rights\[0\]: unknown right"),
                ({"env_allow": ["LD_PRELOAD"]}, r"env_allow\[0\]: LD_PRELOAD can never be allowed"),
                ({"limits": {"wall_ms": 999999999}, "ceilings": {"wall_ms": 1}}, r"limits\.wall_ms: is more than")):
            with self.subTest(expected=expected):
                self.check(config, expected)

    def test_a_private_daemon_makes_the_folder_of_its_own_audit(self):
        with Daemon(wait=False) as daemon:
            folder = os.path.join(daemon.dir, "new")
            daemon.merge({"audit": None, "state_dir": os.path.join(folder, "code")})
            status, said = run_check(daemon, "--private")
            self.assertEqual(status, 0, said)
            self.assertFalse(os.path.exists(folder))
            daemon.start()
            self.assertGreater(os.stat(os.path.join(folder, "audit", "audit.log")).st_size, 0)

    def test_an_audit_file_that_cannot_be_opened(self):
        with Daemon(wait=False) as daemon:
            file = daemon.config["audit"]["file"]
            self.assertEqual(run_check(daemon)[0], 0)
            self.assertFalse(os.path.exists(file))
            closed = os.path.join(daemon.dir, "closed")
            os.mkdir(closed, 0o500)
            for bad in (daemon.open_dir, os.path.join(daemon.dir, "no", "folder", "audit"), os.path.join(closed, "audit")):
                with self.subTest(bad):
                    daemon.merge({"audit": {"file": bad}})
                    status, said = run_check(daemon)
                    self.assertEqual(status, 1, said)
                    self.assertRegex(said, r"sallyportd\.yaml:\d+:\d+: audit\.file: .* cannot be (opened|made).*: ")
            if os.getuid() == 0:
                daemon.merge({"audit": {"file": os.path.join(closed, "audit")}, "user": "bin"})
                self.assertRegex(run_check(daemon)[1], r"cannot be opened for the user bin \(uid \d+\), who the daemon is: P")

    def test_what_only_a_start_could_fail_at(self):
        with Daemon(wait=False) as daemon:
            plain = os.path.join(daemon.dir, "plain")
            with open(plain, "w"):
                pass
            for config, expected in (
                    ({"user": "no-such-user"}, r":\d+:\d+: user: there is no user"),
                    ({"programs": {"spawner": plain}}, r":\d+:\d+: programs\.spawner: .*/plain cannot be started: Perm"),
                    ({"programs": {"runner": "/nonexistent/r"}}, r":\d+:\d+: programs\.runner: .* cannot be started: No"),
                    ({"programs": {"bwrap": daemon.dir}}, r":\d+:\d+: programs\.bwrap: .* cannot be started: Perm"),
                    ({"python_prefix": "/nonexistent"}, r":\d+:\d+: python_prefix: /nonexistent cannot be read: No"),
                    ({"python_prefix": plain}, r":\d+:\d+: python_prefix: .*/plain is no folder"),
                    ({"state_dir": plain + "/code"}, r":\d+:\d+: state_dir: .*/plain/code cannot be made: Not a dir"),
                    ({"state_dir": "/nonexistent/b/c/code"}, r":\d+:\d+: state_dir: .* cannot be made: No such"),
                    ({"socket": {"path": plain + "/s"}}, r":\d+:\d+: socket\.path: .*/plain is no folder"),
                    ({"policy": {"default": "no-such"}}, r":\d+:\d+: policy\.default: the default policy \"no-such\""),
                    ({"policy": {"mandatory": "no-such"}}, r":\d+:\d+: policy\.mandatory: the mandatory policy"),
                    ({"policy": {"default": "preset:no"}}, r":\d+:\d+: policy\.default: "),
                    ({"policy": {"default": "/nonexistent/p.yaml"}}, r":\d+:\d+: policy\.default: /nonexistent/p\.yaml: "),
                    ({"policy": {"folder": "/nonexistent", "default": "good"}},
                     r":\d+:\d+: policy\.default: .* is not in /nonexistent, which does not exist"),
                    ({"memory_total_bytes": 1000}, r":\d+:\d+: memory_total_bytes: is less than one sandbox needs")):
                with self.subTest(expected=expected), Daemon(config, wait=False) as other:
                    status, said = run_check(other)
                    self.assertEqual(status, 1, said)
                    self.assertRegex(said, r"sallyportd\.yaml" + expected)

    @unittest.skipUnless(os.getuid() == 0, "only root's daemon takes on users")
    def test_slot_uids_that_somebody_has(self):
        taken = max(user.pw_uid for user in pwd.getpwall() if 1000 < user.pw_uid < 1 << 31)
        here = {"sandboxes_max": 1, "slot_uids": {"first": taken - 1, "count": 2}, "user": "bin"}
        self.check(here, rf"sallyportd\.yaml:\d+:\d+: slot_uids: /etc/passwd gives {taken} to ")
        if not any(user.pw_name == "sallyport" for user in pwd.getpwall()):
            here = {"sandboxes_max": 1, "slot_uids": {"first": taken, "count": 1}}
            self.check(here, rf"sallyportd\.yaml:\d+:\d+: slot_uids\.first: {taken} is somebody's")

    def test_without_a_file_the_standards_are_what_is_checked(self):
        with Daemon(wait=False) as daemon:
            done = subprocess.run([program("SALLYPORTD"), "--private", "--check-config"], capture_output=True, text=True,
                                  timeout=60, env={**os.environ, "XDG_CONFIG_HOME": daemon.dir,
                                                   "XDG_RUNTIME_DIR": daemon.dir})
            self.assertNotIn("is valid", done.stdout)
            if done.returncode == 0:  # else the programs are not installed
                self.assertIn("there is no configuration's file: the standards hold", done.stdout)
            else:
                self.assertIn("programs.spawner: ", done.stderr)

    def test_what_others_could_change_is_refused(self):
        def refused(daemon, words):
            status, said = run_check(daemon)
            self.assertEqual(status, 1, words)
            self.assertRegex(said, words)
            with self.assertRaisesRegex(RuntimeError, words):
                daemon.start()

        with Daemon(wait=False, policies={"mine": "severity_threshold: low\n"}) as daemon:
            policy, audit = os.path.join(daemon.policy_dir, "mine.yaml"), daemon.config["audit"]["file"]
            for path, mode, words in ((policy, 0o664, r"mine\.yaml: its group may write to it: chmod go-w it"),
                                      (daemon.policy_dir, 0o777, r"policies: everybody may write to it: chmod go-w"),
                                      (daemon.config_path, 0o664, r"sallyportd\.yaml: its group may write to it"),
                                      (daemon.dir, 0o777, r"socket\.path: the folder .*: everybody may write to it")):
                before = stat.S_IMODE(os.stat(path).st_mode)
                os.chmod(path, mode)
                refused(daemon, words)
                os.chmod(path, before)
            if os.getuid() != 0:
                return
            for path in (policy, daemon.policy_dir, daemon.config_path, daemon.dir):
                os.chown(path, 12345, 0)
                refused(daemon, "belongs to user 12345, who could change it")
                os.chown(path, 0, 0)
            with open(audit, "a"):
                os.chown(audit, 12345, 0)
            os.chmod(audit, 0o666)
            refused(daemon, "audit.file: .*audit: belongs to user 12345")
            os.unlink(audit)
            daemon.start()

    def test_roots_private_one_does_not_take_anothers_configuration(self):
        if os.getuid() != 0:
            self.skipTest("only root can be another")
        with Daemon(wait=False) as daemon:
            folder = os.path.join(daemon.dir, ".config/sallyport")
            os.makedirs(folder)
            path = os.path.join(folder, "sallyportd.yaml")
            shutil.copy(daemon.config_path, path)
            os.chown(path, 12345, 12345)
            env = {**os.environ, "HOME": daemon.dir, "XDG_RUNTIME_DIR": daemon.dir}
            env.pop("XDG_CONFIG_HOME", None)
            done = subprocess.run([program("SALLYPORTD"), "--private", "--check-config"], capture_output=True, text=True,
                                  timeout=60, env=env)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{path}: belongs to user 12345, who could change it: it must be root's", done.stderr)

    def test_a_policy_is_checked_too(self):
        self.check({}, r"bad\.yaml.*severity", {"bad": "patterns:\n  - pattern: x\n    severity: hihg\n"})

    def test_yaml_that_is_none(self):
        with Daemon(wait=False) as daemon:
            with open(daemon.config_path, "w") as file:
                file.write("a: [1,\n b: }\n")
            status, said = run_check(daemon)
            self.assertEqual(status, 1)
            self.assertRegex(said, r"sallyportd\.yaml:\d+:\d+: not YAML")

    def test_a_file_that_is_not_there(self):
        with Daemon(wait=False) as daemon:
            os.unlink(daemon.config_path)
            status, said = run_check(daemon)
            self.assertEqual(status, 1)
            self.assertIn("No such file", said)


if __name__ == "__main__":
    unittest.main()
