#!/usr/bin/python3
"""Ways to load a module that a policy restricts, and what only looks like them. Each case of evasion.ndjson is a program by
itself: of most classes the module must be found, of `told` found or reported as what cannot be known, and innocents must
give no finding at all. With --long the interpreter runs each, which shows that the case is what it says."""

import argparse
import collections
import json
import os
import signal
import subprocess
import sys
import tempfile

SECONDS = 5
LOADED, NOT_LOADED = 10, 11


def policy(module):
    return f"severity_threshold: high\nrestricted_modules:\n  - {{name: {module}, severity: high}}\n"


def scan(tool, folder, cases):
    """Adds to each case the kinds of its findings."""
    for module in sorted({case["module"] for case in cases}):
        here = [case for case in cases if case["module"] == module]
        path = os.path.join(folder, "policy.yaml")
        with open(path, "w") as file:
            file.write(policy(module))
        paths = "".join(case["path"] + "\n" for case in here)
        answer = subprocess.run([tool, path, "python"], input=paths, capture_output=True, text=True, timeout=300)
        lines = answer.stdout.splitlines()
        if answer.returncode or len(lines) != len(here):
            sys.exit(f"the tool failed with status {answer.returncode}: {answer.stderr[-2000:]}")
        for case, line in zip(here, lines):
            found = json.loads(line)
            case["kinds"] = {kind for kind in ("modules", "dynamics", "encodings", "limits") if found[kind]}


def is_right(case):
    kinds = case["kinds"]
    if case["class"] == "innocent":
        return not kinds
    if case["class"] == "told":
        return bool(kinds & {"modules", "dynamics", "encodings"})
    return "modules" in kinds


def run(case):
    """Does the interpreter load the module? In a child, which ends whatever happens. None: it is there anyway."""
    if case["module"] in sys.modules:
        return None
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        loads, module = [], case["module"]
        loaded, not_loaded = LOADED, NOT_LOADED
        signal.alarm(SECONDS)
        sys.addaudithook(lambda name, args: name == "import" and args[0] == module and loads.append(1))
        sys.argv = [case["path"]]
        leave, modules, space = os._exit, sys.modules, sys.modules["__main__"].__dict__
        for name in [name for name in space if not name.startswith("__")]:
            del space[name]
        try:
            with open(case["path"], "rb") as file:
                code = file.read()
            exec(compile(code, case["path"], "exec"), space)
        except BaseException:
            pass
        leave(loaded if loads or module in modules else not_loaded)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == LOADED


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", help="the scan_tool that was built")
    parser.add_argument("--long", action="store_true", help="run the cases, too")
    options = parser.parse_args()
    with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "evasion.ndjson")) as file:
        cases = [json.loads(line) for line in file]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for i, case in enumerate(cases):
            case["path"] = os.path.join(folder, f"{i}.py")
            with open(case["path"], "wb") as file:
                file.write(case["code"].encode("latin-1" if case.get("latin") else "utf-8"))
        scan(options.tool, folder, cases)
        wrong += [(case, f"gives {sorted(case['kinds'])}") for case in cases if not is_right(case)]
        os.chdir(folder)
        for case in cases if options.long else []:
            loads = run(case)
            if loads is not None and loads == (case["class"] == "innocent"):
                wrong.append((case, "does not load it" if not loads else "loads it"))
    for case, why in wrong:
        print(f"{case['class']}, {case['module']}: {why}\n{case['code']}")
    counts = collections.Counter(case["class"] for case in cases)
    print(f"{len(cases)} cases, {len(wrong)} wrong; " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    if wrong or len(counts) < 8:
        sys.exit(1)


main()
