#!/usr/bin/python3
"""No module is found that a file does not use. Every module of the standard library is restricted at once, and each
finding must be explained: by an import statement, by a module that is the member of another one in this interpreter,
or, where the way is not a plain one, by a text of the file that names the module and something that imports or evaluates.
"""

import ast
import importlib.util
import io
import re
import sys
import tempfile
import types
import warnings
from contextlib import redirect_stderr, redirect_stdout

import reference

RULE = re.compile(r"restricted_modules\[(.*)\]")
PLAIN = {"direct", "alias"}
LEFT_OUT = ("antigravity", "this", "idlelib", "test.", "turtledemo", "lib2to3.pgen2.driver", "__main__")
BY_NAME = {
    "__dict__", "__import__", "_gcd_import", "_importer", "attrgetter", "compile", "eval", "exec", "find_loader",
    "find_module", "find_spec", "get_loader", "getattr", "globals", "import_fresh_module", "import_helper",
    "import_module", "load_module", "locate", "methodcaller", "modules", "patch", "resolve_name", "run_module", "timeit",
    "vars",
}  # fmt: skip


def loaded(name, cache={}):
    """The module, imported into this interpreter; None: there is none, or it is not imported for what it does then."""
    if name not in cache:
        cache[name] = None
        if not name.startswith(LEFT_OUT):
            try:
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    cache[name] = importlib.import_module(name)
            except BaseException:
                pass
    return cache[name]


def is_here(name, cache={}):
    if name not in cache:
        try:
            cache[name] = importlib.util.find_spec(name) is not None
        except (ImportError, ValueError):
            cache[name] = name in sys.modules
    return cache[name]


def names_of(module):
    """What a module, or the one whose name it is, may be called."""
    found = set()
    for name in (module.__name__, getattr(getattr(module, "__spec__", None), "name", None)):
        if name:
            found.add(name)
    return found


def statements(tree):
    """Modules that import statements name, and what they bind: a name to modules and members."""
    used, bound = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                used.add(alias.name)
                name = alias.name if alias.asname else alias.name.split(".")[0]
                bound.setdefault(alias.asname or name, set()).add(name)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            used.add(node.module)
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                used.add(path)
                bound.setdefault(alias.asname or alias.name, set()).add(path)
    return used, bound


def follow(paths, attributes):
    """Modules on the way along the attributes from what the paths name, and what stands at its end: paths again."""
    used, ends = set(), set()
    for path in paths:
        parts = path.split(".")
        for n in range(len(parts), 0, -1):
            here = loaded(".".join(parts[:n]))
            if here is not None:
                break
        else:
            continue
        name = path
        for attribute in parts[n:] + attributes:
            try:
                here = getattr(here, attribute, None)
            except Exception:  # a member that is only looked for when it is asked for
                here = None
            if isinstance(here, types.ModuleType):
                used |= names_of(here)
        if isinstance(here, types.ModuleType):
            name = here.__name__
        elif attributes:
            name = ".".join([path, *attributes])
        ends.add(name)
    return used, ends


def chain_of(node):
    """The first name and the attributes behind it; None where it is no chain."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    return (node.id, attributes) if isinstance(node, ast.Name) else None


def reached(tree, bound):
    """Modules that are reached as members of others, through names that are assigned too."""
    used = set()
    for _ in range(3):
        for node in ast.walk(tree):
            chain = chain_of(node)
            if chain and chain[0] in bound:
                used |= follow(bound[chain[0]], chain[1])[0]
            if isinstance(node, ast.Assign) and (chain := chain_of(node.value)) and chain[0] in bound:
                ends = follow(bound[chain[0]], chain[1])[1]
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        bound.setdefault(target.id, set()).update(ends)
    return used


def by_name(tree):
    """The texts of a file that calls what imports or evaluates."""
    words, texts = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            texts.append(node.value if isinstance(node.value, str) else node.value.decode("latin-1"))
    return "\n".join(texts) if words & BY_NAME else ""


def covers(rule, name, twins):
    first, dot, rest = name.partition(".")
    return any(one == rule or one.startswith(rule + ".") for one in (name, twins.get(first, name)))


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    warnings.simplefilter("ignore")
    twins = reference.twins()
    restricted = sorted(reference.table("MODULE"))
    owners = {row.rpartition(".")[0] for row in reference.table("REEXPORT")}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
        policy.write("severity_threshold: medium\nrestricted_modules:\n")
        policy.write("".join(f"  - name: {name}\n" for name in restricted))
        policy.flush()
        answers = reference.ask(options.tool, policy.name, paths, "python")
    judged = wrong = n_findings = n_plain = n_left_out = 0
    for path in paths:
        read = reference.source(path)
        if read is None:
            continue
        used, bound = statements(read[1])
        if any(name in owners and not is_here(name) for name in used):
            n_left_out += 1
            continue
        judged += 1
        for paths_ in list(bound.values()):
            used |= follow(paths_, [])[0]
        used |= reached(read[1], bound)
        texts = None
        unexplained = []
        for finding in answers[path]["modules"]:
            rule = RULE.match(finding["rule"])[1]
            n_findings += 1
            if any(covers(rule, name, twins) for name in used):
                n_plain += 1
                continue
            if texts is None:
                texts = by_name(read[1])
            names = [rule, *(twin for twin, of in twins.items() if of == rule)]
            if finding["via"] in PLAIN or not any(name in texts for name in names):
                unexplained.append((rule, finding["via"], read[0][: finding["offset"]].count(b"\n") + 1))
        wrong += bool(unexplained)
        if unexplained:
            print(f"{path}: {unexplained[:5]}")
    print(
        f"{judged} files under a policy of {len(restricted)} modules; {n_findings} findings, {n_plain} of them by "
        f"statements and members; {wrong} files with one that the file does not explain; left out: {n_left_out} that "
        "import what is not installed here"
    )
    if wrong or not n_findings:
        sys.exit(1)


main()
