#!/usr/bin/python3
"""The manual pages and the public header say what the tables in the code say: names of errors and methods, exit statuses.

usage: documented.py [ROOT]        prints what differs, exits 1 where anything does
       documented.py --self-test   proves that every comparison can fail
"""
import os
import re
import sys

METHODS = "proto/method.h"
ERRORS, HEADER = "proto/error.h", "client/sallyport.h"
STATUSES = "client/cmd/cmd.h"
SERVICE_PAGE, COMMAND_PAGE = "packaging/man/sallyportd.8", "packaging/man/sallyport.1"


def read(root):
    texts = {}
    for path in (METHODS, ERRORS, HEADER, STATUSES, SERVICE_PAGE, COMMAND_PAGE):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            texts[path] = file.read()
    return texts


def between(text, start, stop):
    """The part from a line that is start to the next that begins with stop."""
    found = re.search(rf"(?ms)^{re.escape(start)}$(.*?)(?=^{re.escape(stop)}|\Z)", text)
    return found.group(1) if found else ""


def compare(what, code, documented):
    if code and code == documented:
        return []
    return [f"{what}: the code has {[x for x in code if x not in documented]}, the text {[x for x in documented if x not in code]}"
            f"{'' if code else ' (nothing was found)'}{', or the order differs' if sorted(code) == sorted(documented) else ''}"]


def differences(texts):
    rows = re.findall(r'X\((\w+), "(\w+)", "(.*?)"\)', texts[ERRORS])
    public = re.findall(r"SALLYPORT_E(\w+) = -(\d+)", texts[HEADER])
    told = re.findall(r"^\.It Sy (\w+)\n(.*)$", between(texts[SERVICE_PAGE], ".Ss Errors", ".S"), re.M)
    yield from compare(HEADER, [(row[0], str(number)) for number, row in enumerate(rows, 1)], public)
    yield from compare(SERVICE_PAGE, [(name, text) for _, name, text in rows], told)

    methods = re.findall(r'X\(\w+, \w+, "([\w.]+)", \w+, \w+, \w+\)', texts[METHODS])
    listed = re.search(r"^Methods are\n(.*?);\n", texts[SERVICE_PAGE], re.M | re.S)
    yield from compare(f"{SERVICE_PAGE}, methods", methods, re.findall(r"[a-z_]+(?:\.[a-z]+)?",
        re.sub(r"^\.Sy|^and$", "", listed.group(1), flags=re.M)) if listed else [])

    statuses = dict(re.findall(r"(SP_EXIT_\w+) = (\d+)", texts[STATUSES]))
    page = between(texts[COMMAND_PAGE], ".Sh EXIT STATUS", ".Sh")
    run, _, others = page.partition(".Cm scan")
    of_run = {statuses[f"SP_EXIT_{name}"] for name in ("TIMED_OUT", "SERVICE", "REFUSED", "SIGNAL", "CANCELLED", "KILLED")}
    of_scan = {"0", statuses["SP_EXIT_BLOCKED"], statuses["SP_EXIT_TROUBLE"]}
    yield from compare(f"{COMMAND_PAGE}, run", sorted(of_run), sorted(re.findall(r"^\.It (\d+)", run, re.M)))
    yield from compare(f"{COMMAND_PAGE}, scan", sorted(of_scan), sorted(re.findall(r"^\.It (\d+)", others, re.M)))


def self_test(texts):
    changes = {
        METHODS: (r'"scan_batch"', '"scan_many"'),
        ERRORS: (r'X\(BUSY, "busy", ', 'X(BUSY, "occupied", '),
        HEADER: (r"SALLYPORT_EBUSY = -5", "SALLYPORT_EBUSY = -6"),
        STATUSES: (r"SP_EXIT_REFUSED = 126", "SP_EXIT_REFUSED = 127"),
        SERVICE_PAGE: (r"\.It Sy busy\n", ".It Sy occupied\n"),
        COMMAND_PAGE: (r"\.It 2\n", ".It 3\n"),
    }
    for path, (old, new) in changes.items():
        changed = {**texts, path: re.sub(old, new, texts[path])}
        if changed == texts or not list(differences(changed)):
            yield f"{path}: {new!r} is not noticed"


def main():
    is_self_test = sys.argv[1:] == ["--self-test"]
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    texts = read(here if is_self_test or len(sys.argv) < 2 else sys.argv[1])
    found = list(self_test(texts) if is_self_test else differences(texts))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
