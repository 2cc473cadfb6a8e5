#!/usr/bin/python3
"""Static imports of Python files, as the resolver has them and as `ast` has them: every one is found, at its very place,
as direct, and nothing else is called direct: neither a module nor a name that is used."""

import ast
import builtins
import re
import sys

import reference

DIRECT = 0
FROM = re.compile(rb"from(?:[ \t\f]|\\(?:\r\n|\r|\n))*")


def imports(tree, places):
    """(name, offset) of each module that an import statement names; and the possible submodules of `from` imports."""
    sure, maybe = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                sure.add((alias.name, places.start(alias)))
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            sure.add((node.module, FROM.match(places.data, places.start(node)).end()))
            for alias in node.names:
                if alias.name != "*":
                    maybe.add((f"{node.module}.{alias.name}", places.start(alias)))
    return sure, maybe


def relative(tree, places):
    """Where relative imports stand."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level > 0]
    return [(places.start(node), places.end(node)) for node in nodes]


def plain_places(tree, places):
    """Where a name may be used directly: an import's own names, and chains that begin with what an import without `as`
    binds, or with a builtin. To where each ends; None: to wherever."""
    bound, star, ends = set(dir(builtins)), False, {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            star |= node.names[0].name == "*"
            bound |= {alias.name.split(".")[0] for alias in node.names if not alias.asname}
            ends |= {places.start(alias): None for alias in node.names}
    for node in ast.walk(tree):
        first = node
        while isinstance(first, (ast.Attribute, ast.Call)):  # pickle.Unpickler(file).load
            first = first.value if isinstance(first, ast.Attribute) else first.func
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(first, ast.Name):
            if star or first.id in bound:
                ends.setdefault(places.start(node), set()).add(places.end(node))
    return ends


def without_brackets(data, start, end):
    while data[start] in b"( \t\r\n\\":
        start += 1
    while data[end - 1] in b") \t\r\n\\":
        end -= 1
    return start, end


def compare(read, answer):
    """What is wrong with an answer, and how many imports there are."""
    data, tree = read
    places = reference.Places(data)
    sure, maybe = imports(tree, places)
    problems, found, direct = [], {}, set()
    for use in answer["modules"]:
        pair = (bytes(use["name"], "latin-1").decode(), use["offset"])
        found[pair] = use
        if use["via"] == DIRECT:
            direct.add(pair)
    for pairs, what in (
        ((sure | maybe) - found.keys(), "not found"),
        (((sure | maybe) & found.keys()) - direct, "not called direct"),
        (direct - sure - maybe, "called direct"),
        ({pair for pair in sure & found.keys() if found[pair]["maybe"]}, "not called sure"),
        ({pair for pair in maybe - sure & found.keys() if not found[pair]["maybe"]}, "called sure"),
    ):
        if pairs:
            problems.append(f"{what}: {sorted(pairs)[:3]}")
    for start, end in relative(tree, places):
        inner = [pair for pair in found if start <= pair[1] < end]
        if inner:
            problems.append(f"relative, and found: {inner[:3]}")
    plain = plain_places(tree, places)
    for use in answer["names"]:
        start, end = without_brackets(data, use["offset"], use["offset"] + use["length"])
        if use["via"] == DIRECT and (start not in plain or (plain[start] is not None and end not in plain[start])):
            problems.append(f"a name that is called direct: {use['name']} at {start}")
    if answer["limits"]:
        problems.append(f"limits: {answer['limits'][:2]}")
    return problems, len(sure) + len(maybe)


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    answers = reference.ask(options.tool, "python", paths)
    compared = refused = wrong = n_imports = n_names = 0
    for path in paths:
        read = reference.source(path)
        if read is None:
            refused += 1
            continue
        problems, n = compare(read, answers[path])
        compared += 1
        n_imports += n
        n_names += sum(use["via"] == DIRECT for use in answers[path]["names"])
        wrong += bool(problems)
        if problems:
            print(f"{path}: {'; '.join(problems[:5])}")
    print(
        f"{compared} files equal but {wrong}; {n_imports} imports; {n_names} names used directly; "
        f"left out: {refused} that CPython refuses"
    )
    if wrong or not n_imports or not n_names:
        sys.exit(1)


main()
