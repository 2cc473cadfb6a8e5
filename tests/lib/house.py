#!/usr/bin/python3
"""Proves the plan of the house from its files: who includes whom, what stands at the top, names, sizes, READMEs.

usage: house.py [ROOT]        prints what breaks the plan, exits 1 where anything does
       house.py --self-test   proves that every rule can fail
"""
import os
import re
import sys
import tempfile

ROOMS = ("proto", "scanner", "runtimes", "daemon", "client", "tests", "packaging")

# Room: the rooms whose headers it may include.
ARROWS = {
    "proto": {"proto"},
    "scanner": {"proto", "scanner"},
    "runtimes": {"proto", "runtimes"},
    "daemon": {"proto", "scanner", "runtimes", "daemon"},
    "client": {"proto", "client"},
    "tests": set(ROOMS) - {"packaging"},
    "packaging": set(),
}

# Between rooms only these headers are outward; inside a room, and for tests, all are.
OUTWARD = {
    "scanner": {"scanner/scanner.h"},
    "runtimes": {"runtimes/runtime.h", "runtimes/spawner.h"},
}

# Library headers by their beginning: the rooms that may use them. What no row names is libc or the kernel's.
LIBRARIES = {
    "msgpack": {"proto", "scanner", "runtimes", "daemon", "client"},
    "yaml.h": {"proto/yaml.c"},
    "hs/": {"scanner"}, "hs.h": {"scanner"},
    "pcre2.h": {"scanner"},
    "utf8proc.h": {"scanner"},
    "openssl/": {"scanner", "daemon"},
    "uv.h": {"runtimes", "daemon"},
    "curl/": {"runtimes"},
    "seccomp.h": {"runtimes"},
    "jansson.h": {"runtimes", "daemon", "client/cmd"},
    "systemd/": {"daemon"},
    "pthread.h": {"daemon"},
    "threads.h": {"daemon"},
    "criterion/": set(),
}

TOP_FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE"}
LINES_MAX = 1000
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def sources(root):
    for room in ROOMS:
        for folder, folders, files in os.walk(os.path.join(root, room)):
            folders[:] = [f for f in folders if not f.startswith((".", "build"))]
            for name in sorted(files):
                if name.endswith((".c", ".h", ".inc", ".py")):
                    yield room, os.path.relpath(os.path.join(folder, name), root)


def check_include(room, path, quote, header):
    head = header.split("/")[0]
    if head in ROOMS:
        if head not in ARROWS[room]:
            return f"{path}: includes {header}, but {room}/ may not include {head}/"
        if head != room and room != "tests" and head in OUTWARD and header not in OUTWARD[head]:
            return f"{path}: includes {header}, which is not an outward header of {head}/"
        return None
    if quote == '"' and os.path.dirname(header) == "":
        return None  # beside the file itself
    for beginning, users in LIBRARIES.items():
        if header.startswith(beginning) and room != "tests":
            if not any(path.startswith(user) for user in users):
                return f"{path}: includes <{header}>, which only {', '.join(sorted(users)) or 'tests'} may"
    return None


def check(root):
    wrong = []
    seen = {}
    for room, path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = file.readlines()
        if len(lines) > LINES_MAX and not path.endswith(".inc"):
            wrong.append(f"{path}: {len(lines)} lines, more than {LINES_MAX}")
        if path.endswith(".py"):
            continue
        for line in lines:
            found = INCLUDE.match(line)
            if found:
                wrong.append(check_include(room, path, found[1], found[2]))
        if room != "tests" and path.endswith(".c"):
            name = os.path.basename(path)
            if name != "main.c" and name in seen:
                wrong.append(f"{path}: its basename is taken by {seen[name]}")
            seen[name] = path
            with_comment = next((line for line in lines if line.strip()), "")
            if not with_comment.startswith("/*"):
                wrong.append(f"{path}: does not open with a comment that says what it is")
    for name in sorted(os.listdir(root)):
        if name.startswith(".") or name in TOP_FILES or name in ROOMS or name.startswith("build"):
            continue
        wrong.append(f"{name}: does not belong at the top")
    for room in ROOMS:
        if not os.path.isfile(os.path.join(root, room, "README.md")):
            wrong.append(f"{room}/README.md: is missing")
    return [line for line in wrong if line]


def self_test():
    def write(root, path, text):
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)

    note = "/* what it is */\n"
    breaches = {
        "proto/a.c": note + '#include "scanner/scanner.h"\n',
        "scanner/b.c": note + '#include "runtimes/runtime.h"\n',
        "runtimes/c.c": note + "#  include <hs/hs.h>\n",
        "client/d.c": note + '#include "daemon/server.h"\n',
        "daemon/e.c": note + '#include "scanner/match.h"\n',
        "proto/f.c": note + "#include <uv.h>\n",
        "scanner/g.c": note + "\n" * 1001,
        "scanner/h.c": "int x;\n",
        "daemon/clean.c": note,
        "stray.txt": "",
    }
    for path, text in breaches.items():
        with tempfile.TemporaryDirectory() as root:
            for room in ROOMS:
                write(root, f"{room}/README.md", "x")
            write(root, "client/clean.c", note)
            assert check(root) == [], check(root)
            write(root, path, text)
            assert len(check(root)) == 1, (path, check(root))
    with tempfile.TemporaryDirectory() as root:
        assert len(check(root)) == len(ROOMS)


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    wrong = check(os.path.abspath(root))
    print("\n".join(wrong) if wrong else "the house stands as planned")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
