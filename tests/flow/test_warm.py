"""A warm run of print('hi') against bare interpreters, interleaved in one run. Also a bench by itself: its table is printed.
The claim: a warm run is faster than /usr/bin/python3 -c on the same machine, although it is judged and sandboxed."""

import os
import statistics
import subprocess
import sys
import time
import unittest

from harness import Daemon

CODE = "print('hi')"
ROUNDS = int(os.environ.get("SALLYPORT_ROUNDS", 40))
PEERS = {
    "python3 -c": ["/usr/bin/python3", "-c", CODE],
    "python3 -I -S -c": ["/usr/bin/python3", "-I", "-S", "-c", CODE],
}


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


class Warm(unittest.TestCase):
    @unittest.skipIf(os.environ.get("SALLYPORT_SANITIZED"), "a sanitizer's build is no measure")
    def test_is_faster_than_a_bare_interpreter(self):
        with Daemon() as daemon, daemon.client() as client:
            ask = {"code": CODE, "language": "python"}
            times = {name: [] for name in ("warm run", *PEERS)}
            for _ in range(ROUNDS):
                while client.call("stats")["runtimes"]["ready"] == 0:
                    time.sleep(0.01)
                time.sleep(0.05)  # the pool's refill is over: what is measured is the run
                results = []
                spent = milliseconds(lambda: results.append(client.call("run", ask)))
                self.assertEqual((results[0]["stdout"], results[0]["exit_code"]), ("hi\n", 0))
                if results[0]["warm"]:
                    times["warm run"].append(spent)
                for name, command in PEERS.items():
                    times[name].append(milliseconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)))
        self.assertGreater(len(times["warm run"]), ROUNDS // 2, "most runs were warm")
        bare = statistics.median(times["python3 -c"])
        for name, spent in times.items():
            middle = statistics.median(spent)
            print(f"{name:18} median {middle:7.2f} ms  min {min(spent):7.2f}  max {max(spent):7.2f}"
                  f"  {middle / bare:5.2f} x bare", file=sys.stderr)
        self.assertLess(statistics.median(times["warm run"]), bare)


if __name__ == "__main__":
    unittest.main()
