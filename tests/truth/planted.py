#!/usr/bin/python3
"""A call that imports is planted in any place of real statements where an expression may stand: it must be found there.

The places are those of the interpreter's own tree, so that no form of a statement is forgotten.
"""

import ast
import copy
import itertools
import os
import random
import sys
import tempfile
import warnings

import reference

warnings.simplefilter("ignore")
CALL = "__import__('os')"
SKIPPED = (ast.JoinedStr, ast.MatchValue, ast.MatchMapping, ast.MatchClass)  # what no call may stand in
LINES_MAX = 25
# Each form of the grammar, with what may stand twice standing twice: in these every place is tried.
FORMS = """
with a as b, c as (d, e), f: pass
with (a as b, c as d[e]): pass
async def f(a, /, b: c = d, *e: g, h=i, **j: k) -> l:
    async with a as b, c: pass
    async for d in e, f: pass
    return [await g async for h in i if j if k for l in m]
def f(a=b, *, c=d): yield a, b; yield from c; return d, *e
@a
@b(c)
class C(d, *e, f=g, **h): i: j = k; l = m
for a, b[c] in d, *e: pass
else: f
while a: b
else: c
if a: b
elif c: d
else: e
try: a
except b as c: d
except (e, f): g
else: h
finally: i
try: a
except* b: c
match a, b:
    case c if d: e
    case _: f
del a[b], c.d
assert a, b
raise a from b
a = b[c] = d, *e
a[b:c:d, e] += f
a.b: c = d
a = b if c else d
a = lambda b, c=d, *e, f=g: h
a = {b: c, **d, e: f}
a = {b, *c}
a = [b, *c][d](e, *f, g=h, **i)
a = {b: c for d in e if f for g in h}
a = {b for c in d}, (e for f in g)
a = b < c <= d is not e not in f
a = not b and -c ** d @ e or ~f
a = (b := c)
a = f"{b!r:{c}}" f"{d=}"
print(a, b, sep=c)
"""


def places(tree):
    """Holders of expressions that are read, each a parent, a field's name and an index in it."""
    for parent in ast.walk(tree):
        if isinstance(parent, SKIPPED):
            continue
        for name, value in ast.iter_fields(parent):
            for index, item in enumerate(value if isinstance(value, list) else [value]):
                read = isinstance(item, ast.expr) and isinstance(getattr(item, "ctx", None), (ast.Load, type(None)))
                if read and not isinstance(item, ast.Starred) and name != "format_spec":
                    yield parent, name, index if isinstance(value, list) else None


def plant(statement, number):
    """The statement's text with the call in the place of that number, or None where the interpreter does not take it."""
    statement = copy.deepcopy(statement)
    parent, name, index = list(places(statement))[number]
    call = ast.parse(CALL, mode="eval").body
    if index is None:
        setattr(parent, name, call)
    else:
        getattr(parent, name)[index] = call
    try:
        text = ast.unparse(statement) + "\n"
        compile(text, "made", "exec")
    except SyntaxError as problem:
        if "outside" not in str(problem):
            return None
    except (ValueError, RecursionError):
        return None
    return text if CALL in text else None


def forms():
    for statement in ast.parse(FORMS).body:
        for number in range(len(list(places(statement)))):
            text = plant(statement, number)
            if text:
                yield text


def programs(paths, count, maker):
    while count > 0:
        read = reference.source(maker.choice(paths))
        if read is None:
            continue
        statements = [
            node
            for node in ast.walk(read[1])
            if isinstance(node, ast.stmt) and node.end_lineno - node.lineno < LINES_MAX
        ]
        for statement in maker.sample(statements, min(len(statements), 30)):
            n_places = len(list(places(statement)))
            text = plant(statement, maker.randrange(n_places)) if n_places and count > 0 else None
            if text:
                count -= 1
                yield text


def main():
    options = reference.arguments(__doc__)
    maker = random.Random(1)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        texts = {}
        made = programs(reference.files(options), 20000 if options.long else 2000, maker)
        for text in itertools.chain(forms(), made):
            path = os.path.join(folder, f"{len(texts)}.py")
            with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
            texts[path] = text
        answers = reference.ask(options.tool, "python", list(texts))
        for path, text in texts.items():
            if not any(use["name"] == "os" and not use["maybe"] for use in answers[path]["modules"]):
                missed += 1
                print(f"not found in:\n{text}")
    print(f"{len(texts)} calls planted, {missed} not found")
    if missed or not texts:
        sys.exit(1)


main()
