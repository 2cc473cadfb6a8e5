#!/usr/bin/python3
"""Static imports of Python files, as the resolver has them and as `ast` has them: every one is found, at its place, and
none that is not there is called direct."""

import ast
import importlib.util
import sys

import reference

DIRECT = 0


def expected_imports(tree):
    """(name, line) of each module that an import statement names; and the possible submodules of `from` imports."""
    sure, maybe = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                sure.add((alias.name, alias.lineno))
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            sure.add((node.module, node.lineno))
            for alias in node.names:
                if alias.name != "*":
                    maybe.add((f"{node.module}.{alias.name}", alias.lineno))
    return sure, maybe


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    answers = reference.ask(options.tool, "python", paths)
    compared = refused = wrong = n_imports = n_dynamic = n_limits = 0
    for path in paths:
        read = reference.source(path)
        if read is None:
            refused += 1
            continue
        data, tree = read
        compared += 1
        answer = answers[path]
        sure, maybe = expected_imports(tree)
        n_imports += len(sure) + len(maybe)
        lines = data.replace(b"\r\n", b" \n").replace(b"\r", b"\n")
        found_sure, found_maybe, direct = set(), set(), set()
        for use in answer["modules"]:
            name = bytes(use["name"], "latin-1").decode()
            line = lines.count(b"\n", 0, use["offset"]) + 1
            (found_maybe if use["maybe"] else found_sure).add((name, line))
            if use["via"] == DIRECT:
                direct.add((name, line))
        problems = []
        names_only = lambda pairs: {name for name, _ in pairs}
        # A from import over several lines: the module stands on the first.
        if sure - found_sure:
            left = {pair for pair in sure - found_sure if pair[0] not in names_only(found_sure)}
            moved = {pair for pair in sure - found_sure if pair[0] in names_only(found_sure)}
            if left or moved:
                problems.append(f"not found: {sorted(left | moved)[:3]}")
        if maybe - found_maybe - found_sure:
            problems.append(f"not found: {sorted(maybe - found_maybe - found_sure)[:3]}")
        extra = direct - sure - maybe
        if extra:
            problems.append(f"called direct: {sorted(extra)[:3]}")
        if answer["limits"]:
            n_limits += 1
            problems.append(f"limits: {answer['limits'][:2]}")
        n_dynamic += bool(answer["dynamics"])
        if problems:
            wrong += 1
            print(f"{path}: {'; '.join(problems)}")
    print(
        f"{compared} files equal but {wrong}; {n_imports} imports; {n_dynamic} files with dynamic findings; "
        f"left out: {refused} that CPython refuses"
    )
    # The share is a claim about the whole standard library. A minimal Debian lacks parts of it, of the plainest files.
    whole = all(importlib.util.find_spec(part) for part in ("distutils", "lib2to3"))
    if not whole:
        print("the share of dynamic findings is not judged: parts of the standard library are not installed here")
    if wrong or not n_imports or (whole and n_dynamic * 100 > compared * 15):
        sys.exit(1)


main()
