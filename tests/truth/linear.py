#!/usr/bin/python3
"""No input makes a scan superlinear: hostile sources, patterns over the texts that hurt them, programs of many files and
many findings, each at sizes that double up to a megabyte. What is measured is the processor's time of the scanner alone,
the least of some tries. A source that is four times as long may not cost ten times as much, and a megabyte has a bound."""

import argparse
import json
import os
import random
import resource
import selectors
import subprocess
import sys
import tempfile

import hostile

POLICY = r"""
severity_threshold: medium
unicode: medium
patterns:
  - {pattern: '\bos\.system\s*\(', severity: high}
  - {pattern: '\b\w+\.connect\s*\(', severity: high}
  - {pattern: '\b(eval|exec)\s*\(', severity: high}
  - {pattern: 'secret', scope: strings, severity: high}
  - {pattern: 'password', scope: anywhere, severity: high}
restricted_modules:
  - {name: os, severity: high}
  - {name: subprocess, severity: high}
"""

SIZES = [256 << 10, 512 << 10, 1 << 20]
TRIES = 5
FLOOR_MS = 10  # what costs less is not compared
GROWTH = 10  # over two doublings: caches that get too small cost up to three for two
MOST_MS = 4000  # a megabyte
WAIT_S = 120

# Pages that the kernel hands out anew for each scan cost more than what is done in them: the heap keeps what it got.
MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


class Scanner:
    """The tool under one policy; started again where it had to be ended."""

    def __init__(self, tool, folder, policy, findings="0"):
        self.arguments = [tool, os.path.join(folder, "policy.yaml"), "python", findings]
        self.path = os.path.join(folder, "source.py")
        self.process = None
        with open(self.arguments[1], "w") as file:
            file.write(policy)

    def ask(self, path):
        if self.process is None:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env={**os.environ, **MEMORY}
            )
        self.process.stdin.write(path.encode() + b"\n")
        answer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                more = os.read(self.process.stdout.fileno(), 1 << 20) if selector.select(WAIT_S) else b""
                if not more:
                    self.close()
                    return {"cpu_ms": float("inf"), "error": "no answer", "findings": 0, "limits": []}
                answer += more
        return json.loads(answer)

    def scan(self, source):
        with open(self.path, "wb") as file:
            file.write(source)
        return self.ask(self.path)

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None


class Verdict:
    """What was measured, and what of it is too much."""

    def __init__(self, verbose):
        self.verbose, self.n_rows, self.wrong, self.slowest = verbose, 0, [], (0, "")

    def measure(self, name, ask, sizes=SIZES):
        """ask(size) gives the tool's answer; sizes double. The largest comes first, so that there is memory for all."""
        answers = [ask(size) for size in reversed(sizes)][::-1]
        times = [answer["cpu_ms"] for answer in answers]
        for _ in range(TRIES - 1):
            if not self.too_much(times) or float("inf") in times:
                break
            for i, size in enumerate(sizes):
                times[i] = min(times[i], ask(size)["cpu_ms"])
        self.n_rows += 1
        self.slowest = max(self.slowest, (times[-1], name))
        errors = {answer["error"] for answer in answers} - {""}
        if self.too_much(times) or errors:
            self.wrong.append(name)
        limits = sorted({limit["what"] for limit in answers[-1]["limits"]})
        figures = " ".join(f"{time:9.1f}" for time in times)
        if self.verbose or name in self.wrong[-1:]:
            print(f"{'WRONG ' if name in self.wrong[-1:] else ''}{figures} ms  {name}", *errors, *limits, sep="  ", flush=True)

    @staticmethod
    def too_much(times):
        return times[-1] > MOST_MS or times[-1] > GROWTH * max(times[-3], FLOOR_MS)


def measure_sources(options, verdict, folder):
    scanner = Scanner(options.tool, folder, POLICY)
    for row in hostile.SOURCES + hostile.BYTES:
        verdict.measure(row[0], lambda size, row=row: scanner.scan(hostile.make(row, size)))
    scanner.close()


def measure_patterns(options, verdict, folder):
    for pattern, scope, text in hostile.PATTERNS:
        quoted = pattern.replace("'", "''")
        scanner = Scanner(
            options.tool, folder, f"severity_threshold: medium\npatterns:\n  - pattern: '{quoted}'\n    scope: {scope}\n"
        )
        name = f"{pattern} in {scope} over {text[0]}{text[1]!r}{text[2]}"
        verdict.measure(name, lambda size, text=text, scanner=scanner: scanner.scan(hostile.make(text, size)))
        scanner.close()


def measure_findings(options, verdict, folder):
    one = "severity_threshold: medium\npatterns:\n  - {pattern: '(?s).', severity: %s, scope: anywhere}\n"
    for name, policy, findings in [
        ("a finding a byte, of which a thousand are told", one % "low", "0"),
        ("a finding a byte, all of them told", one % "high", "2000000"),
    ]:
        scanner = Scanner(options.tool, folder, policy, findings)
        verdict.measure(name, lambda size, scanner=scanner: scanner.scan(b"a" * size))
        scanner.close()
    rules = "".join(f"  - {{pattern: 'f{i}x?\\(', severity: high}}\n" for i in range(500))
    modules = "".join(f"  - {{name: m{i}, severity: low}}\n" for i in range(500))
    policy = f"severity_threshold: medium\npatterns:\n{rules}restricted_modules:\n{modules}"
    lines = "".join(f"import m{i}\nf{i}(1)\n" for i in range(500))
    for findings in ["0", "2000000"]:
        scanner = Scanner(options.tool, folder, policy, findings)
        verdict.measure(
            f"a thousand rules, each found again and again, {findings} told",
            lambda size, scanner=scanner: scanner.scan(hostile.make(("", lines, ""), size)),
        )
        scanner.close()


def measure_programs(options, verdict, folder):
    counts = [16, 32, 64]
    scanner = Scanner(options.tool, folder, POLICY)
    for kind in [name for name, _ in hostile.programs(1, 1)]:

        def ask(n_files, kind=kind):
            place = tempfile.mkdtemp(dir=folder)
            for name, text in dict(hostile.programs(n_files, 2000))[kind].items():
                with open(os.path.join(place, name), "w") as file:
                    file.write(text)
            return scanner.ask(place)

        verdict.measure(f"files: {kind}", ask, counts)
    scanner.close()


def pieces(count, seed):
    """Rows that nobody thought of: parts of those above, put together by chance, repeated or nested."""
    chance = random.Random(seed)
    parts = [row[2] for row in hostile.SOURCES if len(row[2]) < 40]
    parts += ["x", "os", "f", "x()", "x.y", "(", "[", "{", ")", "]", "}", "'a'", '"', "'", "'''", "f'", "{x}", ":", ":=", "=", "\n"]
    parts += ["\n ", ";", ",", ".", "*", "@", "->", "and ", "in ", "if ", "else ", "for ", "while ", "try:", "with ", "as ", "from "]
    parts += ["def f():", "class A:", "lambda x:", "return ", "yield ", "await ", "async ", "import os", "global x", "del ", "raise "]
    parts += ["x=os", "y=x", "x=y", "x.y=os", "x[y]=os.d", "x=lambda:os", "x+=['a']", "x=(x,)", "*x", "**x", "#c", "\\\n", "\r"]
    for number in range(count):

        def some(most):
            return "".join(chance.choice(parts) + chance.choice(["", "", " ", "\n", ";"]) for _ in range(chance.randint(1, most)))

        head = some(4) if chance.random() < 0.4 else ""
        tail = some(4) if chance.random() < 0.4 else ""
        yield f"chance {seed}.{number}", head, some(5), tail


def measure_pieces(options, verdict, folder):
    scanner = Scanner(options.tool, folder, POLICY)
    count, sizes = (4000, [64 << 10, 128 << 10, 256 << 10]) if options.long else (250, [16 << 10, 32 << 10, 64 << 10])
    for row in pieces(count, options.seed):
        before = len(verdict.wrong)
        verdict.measure(row[0], lambda size, row=row: scanner.scan(hostile.make(row, size)), sizes)
        if len(verdict.wrong) > before:
            print(f"    {row[1:]!a}")
    scanner.close()


PARTS = {
    "sources": measure_sources,
    "patterns": measure_patterns,
    "findings": measure_findings,
    "programs": measure_programs,
    "pieces": measure_pieces,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", help="the scan_tool that was built")
    parser.add_argument("--long", action="store_true", help="two megabytes, and more that is left to chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="print what is wrong, and nothing else")
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    options = parser.parse_args()
    if options.long:
        SIZES.append(2 * SIZES[-1])
    verdict = Verdict(not options.quiet)
    for name in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](options, verdict, folder)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{verdict.n_rows} rows, of which {len(verdict.wrong)} grow faster than what they are given; "
        f"the slowest: {verdict.slowest[1]}, {verdict.slowest[0]:.0f} ms; {used.ru_utime + used.ru_stime:.0f} s in all"
    )
    if verdict.wrong or not verdict.n_rows:
        sys.exit(1)


main()
