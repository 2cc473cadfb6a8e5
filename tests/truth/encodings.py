#!/usr/bin/python3
"""Declared encodings, as the scanner finds them and as CPython does.

The interpreter asks its codecs for a name that it does not know: so it tells which name it found. Names that it knows must
be read as the scanner says: as bytes only where each byte of ASCII means itself and no other byte means one.
"""

import codecs
import os
import random
import sys
import tempfile
import warnings

import reference

warnings.simplefilter("ignore")
PIECES = [
    "#", "# ", "coding", "coding:", "coding=", "coding :", "Coding:", "encoding: ", "-*- ", " ", "\t", "\f", "\v", "\n", "\r",
    "\r\n", "\\\n", "x", "x = 1", "''", "zz", "zz-1_2.3", "ZZ", ":", "=", "!", "\u00e9", "\ufeff", "vim: set file", '"""',
]
KNOWN = ["utf-8", "UTF_8", "utf8", "utf-8-unix", "latin-1", "latin-1-dos", "iso_latin_1", "cp1252", "utf-7", "utf-16", "ascii"]


def headers(count):
    maker = random.Random(1)
    for _ in range(count):
        text = "".join(maker.choice(PIECES) for _ in range(maker.choice([0, 0, 1, 2, 3, 8])))
        if maker.random() < 0.5:
            line = "# " + maker.choice(["", "-*- ", "x "]) + "coding" + maker.choice(":=") + maker.choice(["", " ", "\t "])
            text += line + maker.choice(["zz", "zz-1", "ZZ_2.3"] * 8 + KNOWN) + maker.choice([" -*-", "", ";"])
            text += maker.choice(["\n", "\r", "\r\n"])
        yield maker.choice([b"", b"", b"\xef\xbb\xbf"]) + text.encode() + b"\n"


def asked(data):
    """The codecs that CPython asked for to read these bytes, and what it said in the end."""
    names = []

    def search(name):
        names.append(name)

    codecs.register(search)
    try:
        compile(data, "made", "exec")
        problem = ""
    except (SyntaxError, ValueError) as error:
        problem = str(error)
    finally:
        codecs.unregister(search)
    return [name for name in names if name.startswith("zz")], problem


def normal(name):
    return name.lower().replace("-", "_")


def is_superset_of_ascii(name):
    """Does each byte of ASCII mean itself, and no other byte one of them? Bytes alone: no state between them."""
    for byte in range(256):
        try:
            text = bytes([byte]).decode(name)
        except UnicodeDecodeError:
            continue
        if text != chr(byte) if byte < 128 else len(text) != 1 or text < "\x80":
            return False
    return True


def main():
    options = reference.arguments(__doc__)
    wrong = n_declared = 0
    with tempfile.TemporaryDirectory() as folder:
        sources = {}
        for data in headers(40000 if options.long else 4000):
            path = os.path.join(folder, f"{len(sources)}.py")
            with open(path, "wb") as file:
                file.write(data)
            sources[path] = data
        names = sorted(set(codecs_of_python()))
        for name in names:
            path = os.path.join(folder, f"known-{name}.py")
            with open(path, "wb") as file:
                file.write(f"# coding: {name}\n".encode())
        answers = reference.ask(options.tool, "python", [*sources, *(os.path.join(folder, f"known-{n}.py") for n in names)])
    for path, data in sources.items():
        found, problem = asked(data)
        ours = normal(answers[path]["encoding"]["name"])
        n_declared += bool(found)
        # With a byte order mark any other name than UTF-8 is refused unasked.
        if found != [ours] if found else ours.startswith("zz") and "with BOM" not in problem:
            wrong += 1
            print(f"{data!r}: {ours!r} and not {found} ({problem})")
    n_bytes = 0
    for name in names:
        reading = answers[os.path.join(folder, f"known-{name}.py")]["encoding"]["reading"]
        n_bytes += reading == "bytes"
        if reading == "bytes" and not is_superset_of_ascii(name):
            wrong += 1
            print(f"{name} is no superset of ASCII")
    print(f"{len(sources)} headers, {n_declared} with a name; {len(names)} codecs, {n_bytes} read as bytes; {wrong} differ")
    if wrong or not n_declared or not n_bytes:
        sys.exit(1)


def codecs_of_python():
    import encodings.aliases

    for name in [*encodings.aliases.aliases, *encodings.aliases.aliases.values()]:
        try:
            if codecs.lookup(name)._is_text_encoding:
                yield name
        except LookupError:
            continue


main()
