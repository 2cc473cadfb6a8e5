"""What the comparisons with the reference interpreter share: which files, and the tool's answers for them."""

import argparse
import ast
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tokenize
import warnings

SCANNER = pathlib.Path(__file__).resolve().parents[2] / "scanner"


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
    with open(path, "rb") as file:
        data = file.read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return data, ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        return None


class Places:
    """Where nodes of a tree stand in the bytes that it was made from."""

    def __init__(self, data):
        self.data = data
        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        self.lines = [0] + [match.end() for match in re.finditer(rb"\r\n|\r|\n", data)]
        if data.startswith(b"\xef\xbb\xbf"):
            self.lines[0] = 3

    def offset(self, line, column):
        """column: in bytes of UTF-8, as a tree has it."""
        start = self.lines[line - 1]
        if self.encoding in ("utf-8", "utf-8-sig"):
            return start + column
        end = self.lines[line] if line < len(self.lines) else len(self.data)
        before = self.data[start:end].decode(self.encoding).encode()[:column]
        return start + len(before.decode().encode(self.encoding))

    def start(self, node):
        return self.offset(node.lineno, node.col_offset)

    def end(self, node):
        return self.offset(node.end_lineno, node.end_col_offset)


def twins():
    """The rows of the resolver's table of private twins: it calls them by the names of their modules."""
    text = (SCANNER / "python_modules.c").read_text()
    table = text[text.index("twins[] = {") : text.index("};")]
    return dict(re.findall(r'\{"([\w.]+)", "([\w.]+)"\}', table))


def table(name):
    """The first texts of the rows of what python_reexports.py wrote."""
    text = (SCANNER / "python_reexports.inc").read_text()
    return set(re.findall(rf'^{name}\("([\w.]+)"', text, re.M))
