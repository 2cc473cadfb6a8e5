#!/usr/bin/python3
"""What stays unknown in Python files, each with its construct: every dynamic finding lies in a statement in which `ast`
shows a function that imports, evaluates or reaches members by name, a way round both, or a name that got one of them;
and in the standard library few files have any."""

import ast
import importlib.util
import sys

import reference

SHARE = 15  # of a hundred files of the standard library

IMPORTS = {
    "__import__", "_gcd_import", "_import", "_importer", "discover", "find_class", "find_loader", "find_module",
    "find_spec", "get_loader", "import_fresh_module", "import_module", "loadTestsFromName", "loadTestsFromNames",
    "locate", "patch", "resolve_name", "run_module", "safeimport",
}  # fmt: skip
FILES = {
    "ExtensionFileLoader", "FileFinder", "SourceFileLoader", "SourcelessFileLoader", "importfile", "load_compiled",
    "load_dynamic", "load_module", "load_source", "run_path", "run_setup", "spec_from_file_location", "zipimporter",
}  # fmt: skip
EVALUATION = {
    "CodeType", "ForwardRef", "FunctionType", "Timer", "compile", "compile_command", "eval", "exec",
    "get_type_hints", "loads", "repeat", "run", "runctx", "runeval", "signature", "timeit",
}  # fmt: skip
FED = {
    "Bdb", "InteractiveConsole", "InteractiveInterpreter", "Pdb", "Trace", "breakpoint", "dictConfig",
    "fileConfig", "interact", "main", "post_mortem", "run_string", "set_trace",
}  # fmt: skip
TEXTS = {
    "DocTestParser", "DocTestRunner", "Formatter", "doctest", "testfile", "testmod",
}  # fmt: skip
MEMBERS = {
    "__dict__", "__getattribute__", "attrgetter", "getattr", "getattr_static", "getmembers", "methodcaller",
    "setattr", "vars",
}  # fmt: skip
SPACES = {
    "__dict__", "globals", "locals", "vars",
}  # fmt: skip
PATHS = {
    "meta_path", "modules", "path", "path_hooks", "path_importer_cache",
}  # fmt: skip
IMPORTERS = {
    "_frozen_importlib", "_frozen_importlib_external", "builtins", "codecs", "encodings", "importlib", "io",
    "string", "zipimport",
}  # fmt: skip
CODE = IMPORTS | FILES | EVALUATION | FED | TEXTS
POWER = CODE | MEMBERS | SPACES | PATHS | {"builtins", "imp", "importlib", "inspect", "operator", "sys", "types"}

# A description's start, and what a statement must show for it. The word in brackets at its end is one.
SHOWN = {
    "all modules": {"modules"},
    "code made from bytes": {"loads"},
    "evaluation of annotations": EVALUATION,
    "evaluation of computed code": EVALUATION,
    "evaluation of what": FED | TEXTS,
    "function made from": EVALUATION,
    "import by a finder": PATHS,
    "import of a computed name": IMPORTS,
    "import of a file": FILES | IMPORTS,
    "import or evaluation": POWER,
    "member of a module": MEMBERS,
    "member that imports rest on": PATHS | MEMBERS | IMPORTERS,
    "members of an object by names in text": TEXTS,
    "module by a computed key": {"modules"},
    "module path that": PATHS | FILES | {"addsitedir"},
    "function that the program changes": {"__code__", "__defaults__", "__kwdefaults__"},
    "name of the program by": SPACES,
    "names of a module": SPACES,
    "names that another function sees": {"getclosurevars"},
    "objects by names in a configuration": FED,
    "objects made from bytes": {"loads"},
    "path of a package": {"__path__", "submodule_search_locations"},
    "run of a file": FILES,
    "walk over a module's members": SPACES | MEMBERS,
    "walk over all modules": {"modules"},
    "walk over all objects": {"get_objects", "get_referents", "get_referrers"},
    "an object by a name in text": {"EntryPoint"},
    "start of a program": {"set_executable"},
}  # fmt: skip


ITEM = "[]"  # whatever was stored in a container, whichever it is


def shown_for(what):
    if what.endswith(")"):
        return {what[what.rindex("(") + 1 : -1], "gc"}
    for start, words in SHOWN.items():
        if what.startswith(start):
            return words
    sys.exit(f"nothing is said of what shows: {what}")


def words_of(node, cache):
    """Names, attributes and texts of a node, those of what lies within it too."""
    if node not in cache:
        words = set()
        for child in ast.iter_child_nodes(node):
            words |= words_of(child, cache)
        for field in ("id", "attr", "name", "asname", "module", "arg"):
            text = getattr(node, field, None)
            if isinstance(text, str):
                words |= {text, *text.split(".")}
        if isinstance(node, ast.Subscript):
            words.add(ITEM)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words |= {node.value, *node.value.split(".")}
        cache[node] = words
    return cache[node]


def targets(node):
    """What a node binds, and from what."""
    if isinstance(node, ast.Assign):
        return node.targets, [node.value]
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        return [node.target], [node.value] if node.value else []
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return [node.target], [node.iter]
    if isinstance(node, ast.withitem):
        return [node.optional_vars] if node.optional_vars else [], [node.context_expr]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        returns = [one for one in ast.walk(node) if isinstance(one, (ast.Return, ast.Yield)) and one.value]
        return [ast.Name(node.name)], returns + [one for one in node.args.defaults]
    if isinstance(node, ast.ClassDef):
        return [ast.Name(node.name)], node.bases
    if isinstance(node, ast.arguments):
        plain = node.posonlyargs + node.args
        return [ast.Name(one.arg) for one in plain[len(plain) - len(node.defaults) :]], node.defaults
    if isinstance(node, ast.alias):
        return [ast.Name(node.asname or node.name)], [node]
    return [], []


def last_words(target, cache):
    """The names that a target gives something to: of a chain the last."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return set().union(*(last_words(item, cache) for item in target.elts))
    if isinstance(target, ast.Attribute):
        return {target.attr}
    if isinstance(target, ast.Subscript):
        return last_words(target.value, cache) | {ITEM}
    return words_of(target, cache)


def handed_over(tree):
    """Parameters of the file's own functions, and what calls give them."""
    functions = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.setdefault(node.name, []).append(node.args)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            for parameters in functions.get(name, []):
                plain = [one.arg for one in parameters.posonlyargs + parameters.args]
                if isinstance(node.func, ast.Attribute):
                    plain = plain[1:]
                yield from zip(plain, node.args)
                yield from ((one.arg, one.value) for one in node.keywords if one.arg)


def with_aliases(tree, words, cache):
    """The words, and what the file calls the same."""
    words = set(words)
    bindings = [({name}, [value]) for name, value in handed_over(tree)]
    for node in ast.walk(tree):
        bound, values = targets(node)
        bindings += [(last_words(target, cache), values) for target in bound]
    grown = True
    while grown:
        n = len(words)
        for names, values in bindings:
            if any(words_of(value, cache) & words for value in values):
                words |= names
        grown = len(words) > n
    return words


def first_of(node):
    """Decorators stand before what they decorate."""
    return min([node, *getattr(node, "decorator_list", [])], key=lambda one: (one.lineno, one.col_offset))


def shown_at(tree, places, start, end, cache):
    """The words of the innermost statement around a place; of one that holds others, without those, unless it is told
    of a definition as such."""
    around, inside = None, 1 << 62
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            first, last = places.start(first_of(node)), places.end(node)
            if first <= start and end <= last and last - first < inside:
                around, inside = node, last - first
    if around is None:
        return set()
    if start <= places.start(around) and isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return words_of(around, cache)
    words = set()
    for child in ast.iter_child_nodes(around):
        if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            words |= words_of(child, cache)
    for case in getattr(around, "cases", []):
        words |= words_of(case.pattern, cache)
    return words


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    answers = reference.ask(options.tool, "python", paths)
    judged = n_dynamic = n_findings = wrong = 0
    for path in paths:
        read = reference.source(path)
        if read is None:
            continue
        judged += 1
        found = answers[path]["dynamics"]
        if not found:
            continue
        n_dynamic += 1
        n_findings += len(found)
        data, tree = read
        places, cache, words, lines = reference.Places(data), {}, {}, []
        for one in found:
            start, end = one["offset"], one["offset"] + one["length"]
            what = one["what"]
            if what not in words:
                words[what] = with_aliases(tree, shown_for(what), cache)
            shown = shown_at(tree, places, start, end, cache) & words[what]
            written = " ".join(data[start:end].decode("utf-8", "replace").split())[:60]
            line = data[:start].count(b"\n") + 1
            lines.append(f"    {line}: {what}: {written}" + ("" if shown else "  <<< NOT SHOWN"))
            wrong += not shown
        print(f"{path}: {len(found)}")
        print("\n".join(lines))
    print(
        f"{judged} files; {n_findings} dynamic findings in {n_dynamic} of them, {n_dynamic * 100 / max(judged, 1):.1f} "
        f"of a hundred; {wrong} in statements that show no construct"
    )
    # The share is a claim about the whole standard library. A minimal Debian lacks parts of it, of the plainest files.
    whole = all(importlib.util.find_spec(part) for part in ("distutils", "lib2to3")) and not options.long
    if not whole:
        print("the share is not judged: these are not the files of the whole standard library and no others")
    if wrong or not n_findings or (whole and n_dynamic * 100 > judged * SHARE):
        sys.exit(1)


main()
