#!/usr/bin/python3
"""Writes scanner/python_reexports.inc: what the standard library's modules are called, which of them can be reached as
attributes of others, and which names a star import of one takes from the builtins. Run with the reference interpreter:

    /usr/bin/python3 -I tests/truth/python_reexports.py > scanner/python_reexports.inc
"""

import builtins
import importlib
import io
import os
import pkgutil
import sys
import types
import warnings
from contextlib import redirect_stderr, redirect_stdout

sys.path.append(os.path.dirname(os.path.realpath(__file__)))
import reference

warnings.simplefilter("ignore")

LEFT_OUT = ("antigravity", "this", "test", "idlelib", "turtledemo", "lib2to3.tests", "lib2to3.pgen2.driver", "__main__")

# Modules that instances of a class hold: the resolver calls what such a class answers by the class's own name.
INSTANCES = {"warnings.catch_warnings._module": "warnings"}


def left_out(name):
    return any(name == out or name.startswith(out + ".") for out in LEFT_OUT) or name.split(".")[-1] in (
        "__main__",
        "tests",
        "test",
    )


def names():
    found = set()
    for name in sorted(sys.stdlib_module_names | set(sys.builtin_module_names)):
        if left_out(name):
            continue
        found.add(name)
        try:
            module = importlib.import_module(name)
        except Exception:
            continue
        for item in pkgutil.walk_packages(getattr(module, "__path__", []), name + ".", onerror=lambda _: None):
            if not left_out(item.name) and ".test" not in item.name:
                found.add(item.name)
    return sorted(found)


def main():
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        known = names()
        modules = {}
        for name in known:
            try:
                modules[name] = importlib.import_module(name)
            except BaseException:
                continue
    known = sorted(set(known) | {"os.path"})
    modules["os.path"] = sys.modules["os.path"]
    reexports = []
    stars = []
    builtin_names = {name for name in dir(builtins) if not name.startswith("_")}
    for name, module in sorted(modules.items()):
        for attribute, value in sorted(vars(module).items()):
            if not isinstance(value, types.ModuleType):
                continue
            target = value.__name__
            own = f"{name}.{attribute}"
            if sys.modules.get(own) is value or target == own or left_out(target) or attribute.startswith("__"):
                continue
            reexports.append((own, target))
        public = getattr(module, "__all__", None) or [key for key in vars(module) if not key.startswith("_")]
        for key in sorted(set(public) & builtin_names):
            if getattr(module, key, None) is not getattr(builtins, key):
                stars.append(f"{name}.{key}")
    reached = dict(reexports) | INSTANCES
    of = reference.twins()
    for own, target in reexports:
        first, rest = own.split(".", 1)
        module = of.get(first, first)
        name = f"{module}.{rest}"
        meant = hasattr(modules.get(module), rest)  # time.time is no module, though _strptime.time is one
        if name not in modules and not meant and reached.setdefault(name, target) != target:
            print(f"{name}: {reached[name]} or {target}", file=sys.stderr)
    version = ".".join(map(str, sys.version_info[:2]))
    everything = [
        name
        for name in sorted(dir(builtins))
        if name not in ("None", "True", "False", "_")
        and (not name.startswith("__") or name in ("__import__", "__build_class__"))
    ]
    print(f"/* Made by tests/truth/python_reexports.py with CPython {version}; not to be edited. Each list is sorted. */")
    print("#ifdef BUILTIN")
    print("\n".join(f'BUILTIN("{name}")' for name in everything))
    print("#endif\n#ifdef MODULE")
    print("\n".join(f'MODULE("{name}")' for name in known))
    print("#endif\n#ifdef REEXPORT")
    print("\n".join(f'REEXPORT("{own}", "{target}")' for own, target in sorted(reached.items())))
    print("#endif\n#ifdef STAR")
    print("\n".join(f'STAR("{name}")' for name in sorted(stars)))
    print("#endif")


main()
