"""What the comparisons with the reference interpreter share: which files, and the tool's answers for them."""

import argparse
import json
import os
import subprocess
import sys
import sysconfig


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tool", help="the lex_tool that was built")
    parser.add_argument("--long", action="store_true", help="every file there is, installed packages too")
    parser.add_argument("--most", type=int, default=300, help="how many files the short form takes")
    parser.add_argument("files", nargs="*", help="these instead")
    return parser.parse_args()


def files(options):
    if options.files:
        return options.files
    roots = [sysconfig.get_path("stdlib")]
    if options.long:
        roots += ["/usr/lib/python3", "/usr/share"]
    found = []
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
    found = sorted({os.path.realpath(path) for path in found if "\n" not in path})
    if not options.long and len(found) > options.most:
        step = len(found) / options.most
        found = [found[int(i * step)] for i in range(options.most)]
    return found


def ask(tool, language, paths, *arguments):
    """The tool's answer for each path. language: its first argument, whatever that is to it."""
    answer = subprocess.run(
        [tool, language, *arguments], input="".join(path + "\n" for path in paths), capture_output=True, text=True, timeout=1200
    )
    if answer.returncode != 0:
        sys.exit(f"the tool failed with status {answer.returncode}: {answer.stderr[-2000:]}")
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    if len(rows) != len(paths):
        sys.exit(f"the tool answered {len(rows)} of {len(paths)} files")
    return dict(zip(paths, rows))


def source(path):
    """Bytes and tree of a file that the reference accepts, else None."""
    import ast
    import warnings

    with open(path, "rb") as file:
        data = file.read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return data, ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        return None
