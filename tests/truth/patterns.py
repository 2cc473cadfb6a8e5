#!/usr/bin/python3
"""Compares the pattern engine with the `re` of the running interpreter: verdicts, every match, refusals and where they
are. Patterns and texts are made at random, the same ones for the same seed.

    patterns.py MATCH_TOOL [--long] [--seed N] [--show]
"""
import codecs
import collections
import glob
import os
import random
import re
import signal
import subprocess
import sys
import warnings
from re import _parser

from pattern_maker import POSSESSIVE, Maker, Small, as_atomic, as_written, mutate

warnings.simplefilter("ignore")

FLAGS = [(1, re.I), (2, re.M), (4, re.S), (8, re.X), (16, re.A)]

CODE_PATTERNS = [
    r"\bos\.system\s*\(", r"\beval\s*\(", r"\bopen\s*\([^)]*['\"][wa]['\"][^)]*\)", r"\bsocket\.socket\s*\(",
    r"requests\.(get|post)\s*\(['\"].*internal\.company\.com", r"\b(boto3|google\.cloud|azure)\b", r"\b__import__\s*\(",
    r"\b(getattr|setattr|delattr)\s*\(", r"\bpickle\.(loads?|load)\s*\(", r"\b(eval|exec|compile)\s*\(",
    r"\bos\.(remove|unlink|rmdir)\s*\(", r"\bshutil\.(rmtree|move|copy)\s*\(", r"\b\w+\.connect\s*\(",
    r"(?i)\bselect\b.+\bfrom\b", r"(?m)^\s*import\s+(os|sys)\s*$", r"(?<![\w.])exec\s*\(", r"(['\"])/etc/.*?\1",
    r"[A-Za-z0-9+/]{20,}={0,2}", r"(?s)try:.*?except:\s*pass", r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
]
FILE_PATTERNS = [
    r"(?i)(\w+)\s+\1\b", r"(?<![\w.])(\w+)\s*=\s*\1\b", r"(?m)^(?:\s*#.*\n)+", r"\bdef\s+\w+\(self[^)]*\)\s*(?:->.*?)?:",
    r'(?s)""".*?"""', r"(?P<q>['\"])(?:\\.|(?!(?P=q)).)*(?P=q)", r"[\w.]+@[\w.]+", r"\bimport\b(?!.*\bos\b)",
    r"(?:\w+\.)+\w+\(", r"(?i)password\s*=\s*['\"][^'\"]+['\"]", r"\b\w{12,}\b", r".*os.*", r"\w+",
]
CODE_TEXTS = [
    b"import os\nos.system('ls')\nx = eval ('1')\n", b"open('f', \"w\")\nopen('f', 'r')\nsocket.socket(1)\n",
    b"requests.get('https://internal.company.com')\nimport google.cloud, azure\n__import__('o')\n",
    b"getattr(a, 'b'); pickle.load(x); pickle.loads(x); exec(y); compile (z)\n", b"os.remove(x);shutil.move(1)\ndb.connect ( )\n",
    "größe.connect(1)\nSELECT a\nFROM b select ſ from k\n".encode(), b"   import os\nimport sys \nx.exec(1)\nexec (1)\n",
    b"'/etc/passwd' \"/etc/x' \"\naGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=\n127.0.0.1\n", b"try:\n  x\nexcept:\n   pass\n", b"\xff os.system(",
]


def scalar(error):
    return "\x1a" * (error.end - error.start), error.end


codecs.register_error("sallyport", scalar)


class Slow(Exception):
    pass


def on_alarm(*_):
    raise Slow


def by_search(compiled, text):
    return compiled.finditer(text)


def by_match(compiled, text):
    """What a search is: the first place from which the pattern matches. None of our patterns matches nothing."""
    at = 0
    while at < len(text):
        m = compiled.match(text, at)
        if m and m.end() > at:
            yield m
            at = m.end()
        else:
            at += 1


def truth(compiled, data, every=by_search):
    text = data.decode("utf-8", "sallyport")
    offsets = [0]
    # A replaced byte stands for itself, one byte: so do characters by their encoding.
    for c in text:
        offsets.append(offsets[-1] + len(c.encode()))
    signal.setitimer(signal.ITIMER_REAL, 0.2 if len(data) < 1000 else 20)
    try:
        return [(offsets[m.start()], offsets[m.end()]) for m in every(compiled, text)]
    except Slow:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def listed(spans):
    return "too slow" if spans is None else ",".join("%d-%d" % span for span in spans) or "-"


def repeats_nothing(tree):
    """Is there a repetition with a bound, of what can match nothing? After an empty round Python leaves it, PCRE2 goes
    on: what is found is the same, how far it reaches may not be."""
    for op, argument in tree:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = argument
            if 1 < int(high) < 65536 and body.getwidth()[0] == 0 or repeats_nothing(body):
                return True
        elif name == "BRANCH":
            if any(map(repeats_nothing, argument[1])):
                return True
        elif name == "GROUPREF_EXISTS":
            if any(repeats_nothing(part) for part in argument[1:] if part):
                return True
        elif name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            if repeats_nothing(argument[-1]):
                return True
        elif name == "ATOMIC_GROUP" and repeats_nothing(argument):
            return True
    return False


def hexed(data):
    return data.hex() or "-"


def sources(n):
    """Files of the standard library, some of which are not ASCII."""
    names = sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "**", "*.py"), recursive=True))
    datas = [open(name, "rb").read() for name in names[:: max(1, len(names) // (4 * n))]]
    datas = [data for data in datas if len(data) < 100000]
    return [d for d in datas if d.isascii()][:n] + [d for d in datas if not d.isascii()][: n // 4]


def make(rng, n):
    datas = sources(n // 50)
    for pattern in CODE_PATTERNS + FILE_PATTERNS:
        yield pattern, (0, 0), datas
    for pattern in CODE_PATTERNS:
        for flags in ((0, 0), (1, re.I), (16, re.A)):
            yield pattern, flags, CODE_TEXTS
    for _ in range(n):
        maker = Maker(rng)
        pattern, sample = maker.whole()
        ours = theirs = 0
        for mine, pythons in FLAGS:
            if rng.random() < (0.15 if mine != 8 else 0.04):
                ours |= mine
                theirs |= pythons
        texts = list(maker.texts(sample, 6))
        yield pattern, (ours, theirs), texts
        if rng.random() < 0.6:
            yield mutate(rng, as_written(pattern)), (ours, theirs), texts[:2]
        small = Small(rng)
        yield small.whole(), (0, 0), small.texts()


# What the patterns that were searched with must have been made of, and in how many of them at the least.
CONSTRUCTS = {
    "look-ahead": r"\(\?[=!]", "look-behind": r"\(\?<[=!]", "look-behind of alternatives": r"\(\?<[=!][^()]*\|",
    "look-around in look-around": r"\(\?<?[=!][^)]*\(\?<?[=!]", "reference in look-behind": r"\(\?<[=!][^()]*(?:\\[1-9]|\(\?P=)",
    "reference": r"\\[1-9]", "named reference": r"\(\?P=", "named group": r"\(\?P<\w", "name beyond ASCII": r"\(\?P<[^\x00-\x7f]",
    "condition": r"\(\?\(", "condition by name": r"\(\?\([^\d)]", "condition of one branch": r"\(\?\(\w+\)[^()|]*\)",
    "flags in front": r"^\(\?[a-z]+\)", "scoped flags": r"\(\?[a-z]+:", "scoped flags off": r"\(\?[a-z]*-[a-z]+:",
    "scoped ascii": r"\(\?i?a", "verbose, with a note": r"\(\?i?x:[^:]*# \(note\n", "lazy": r"[*+?}]\?", "possessive": r"[^)][*+?}]\+",
    "possessive group": r"\)(?:[*+?]|\{\d*,?\d*\})\+", "atomic group": r"\(\?>", "category": r"\\[dswDSW]", "boundary": r"\\[bB]",
    "begin": r"\\A", "end": r"\\Z", "line begin": r"(?<!\[)\^", "line end": r"\$", "class": r"\[", "negated class": r"\[\^",
    "beyond ASCII": r"[^\x00-\x7f]", "ignore_case": "(?#1)", "multiline": "(?#2)", "dotall": "(?#4)", "verbose": "(?#8)", "ascii": "(?#16)",
}
REFUSALS = ["requires fixed-width", "global flags not at the start", "invalid group reference", "unknown group name",
    "open group", "same lookbehind", "conditional backref", "turned on and off", "unknown flag", "'L' flag", "nothing to repeat",
    "multiple repeat", "min repeat", "unterminated character set", "unterminated subpattern", "bad escape", "unbalanced"]
LEAST = 5
SHORT = 4500  # patterns of each maker in the short form


def constructs(pattern, flags):
    for name, expression in CONSTRUCTS.items():
        given = re.fullmatch(r"\(\?#(\d+)\)", expression)
        if flags & int(given[1]) if given else re.search(expression, pattern):
            yield name


# One of each deliberate difference that sallyport-policy(5) lists: pattern, flags, text, what Python finds and what is found
# here, or the words of a refusal.
POSSESSIVE_BROKEN = re.search("b(c(?:x$)+)*+", "bcxd").end() != 1
DIFFERENT = [
    ("x*", (0, 0), "x", "0-1,1-1", "match nothing"), (r"\b", (0, 0), "x", "0-0,1-1", "match nothing"),
    ("a\x08", (0, 0), "a\x08", "0-2", "control character"), ("a\x85", (0, 0), "a\x85", "0-3", "control character"),
    (r"\N{DIGIT ONE}", (0, 0), "1", "0-1", "character names"),
    ("a" * 8193, (0, 0), "", "-", "at most 8192 bytes"), ("(a)" * 501, (0, 0), "", "-", "too many groups"),
    ("(?:" * 101 + "a" + ")" * 101, (0, 0), "a", "0-1", "nested too deeply"),
    ("a{65536}", (0, 0), "", "-", "repetitions go up to 65535"),
    ("(?<=a{65535}b)c", (0, 0), "", "-", "look-behind is wider than 65535"),
    ("(?:abc){3000}", (0, 0), "", "-", "cannot be searched"),
    ("b(c(?:x$)+)*+", (0, 0), "bcxd", "0-2" if POSSESSIVE_BROKEN else "0-1", "0-1"),
    ("[x\U00010400]", (1, re.I), "\U00010400\U00010428", "-", "0-4,4-8"),
    ("(a*?b?|){0,3}b", (0, 0), "abab", "0-4", "0-2,2-4"),
    (r"(?a:\W)x", (0, 0), "éx", "-", "0-3"), (r"(?u:\w)x", (16, re.A), "éx", "-", "0-3"),
    ("[\xb5-\U00010400]", (17, re.I | re.A), "\U00010428", "0-4", "-"),
]

# What Python takes and Sallyport does not, by the words it says so with; sallyport-policy(5) lists them.
HINTS = ["match nothing", "control character", "repetitions go up to", "look-behind is wider", "character names",
    "cannot be searched", "groups are nested too deeply", "too many groups", "at most 8192 bytes"]


def main():
    argv = sys.argv[1:]
    n = 60000 if "--long" in argv else SHORT
    seed = int(argv[argv.index("--seed") + 1]) if "--seed" in argv else 11
    n = int(argv[argv.index("-n") + 1]) if "-n" in argv else n
    rng = random.Random(seed)
    signal.signal(signal.SIGALRM, on_alarm)
    counts, grades, hints = collections.Counter(), collections.Counter(), collections.Counter()
    made = collections.Counter(dict.fromkeys([*CONSTRUCTS, *REFUSALS], 0))
    failures = []

    def fail(kind, pattern, flags, *what):
        counts["failed: " + kind] += 1
        failures.append((kind, pattern, flags, what))

    tool = subprocess.Popen([argv[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for marked, (ours, theirs), texts in make(rng, n):
        pattern = as_written(marked)
        tool.stdin.write(("%d %s %s\n" % (ours, hexed(pattern.encode()), " ".join(map(hexed, texts)))).encode())
        tool.stdin.flush()
        answer = tool.stdout.readline().decode().rstrip("\n")
        if not answer:
            fail("died", pattern, theirs, tool.wait())
            break
        counts["patterns"] += 1
        try:
            compiled, error, position = re.compile(pattern, theirs), None, None
        except (re.error, ValueError, OverflowError) as e:
            compiled, error, position = None, e, getattr(e, "pos", None)
        except (RecursionError, SystemError, RuntimeError):
            counts["beyond Python"] += 1
            continue
        if answer.startswith("refused"):
            hint = next((h for h in HINTS if h in answer), None)
            if compiled is None:
                counts["refused by both"] += 1
                made.update(words for words in REFUSALS if words in str(error))
                told = re.search(r" at position (\d+)$", answer)
                if "character names" in answer and "undefined" in str(error):
                    pass
                elif position is not None and (told is None or int(told[1]) != position):
                    fail("position", pattern, theirs, answer, str(error))
            elif hint is None:
                fail("refused", pattern, theirs, answer)
            elif hint == "match nothing" and _parser.parse(pattern, theirs).getwidth()[0] != 0:
                fail("refused as empty", pattern, theirs, answer)
            else:
                hints[hint] += 1
                if hint == "cannot be searched" and "--show" in argv:
                    print("cannot be searched: %r: %s" % (pattern, answer))
            continue
        if compiled is None:
            fail("taken", pattern, theirs, answer, str(error))
            continue
        made.update(constructs(pattern, ours))
        if POSSESSIVE in marked:
            try:
                compiled = re.compile(as_atomic(marked), theirs)
            except re.error:
                counts["without an atomic form"] += 1
                continue
        elif re.search(r"\)([*+?]|\{[\d,]*\})\+", pattern):
            counts["possessive group by mutation, of which this Python may be wrong"] += 1
            continue
        words = answer.split(" ")
        grades[words[0]] += 1
        grades["utf8 " + words[1]] += 1
        for data, told in zip(texts, words[2:]):
            expected = truth(compiled, data)
            if expected is None:
                counts["too slow in Python"] += 1
                continue
            counts["pairs"] += 1
            counts["with a match"] += bool(expected)
            wanted = listed(expected)
            if "!" in told:
                counts["budget ran out"] += 1
            elif told != wanted and "-" not in (told, wanted) and repeats_nothing(_parser.parse(pattern, theirs)):
                counts["spans of a bounded repetition of nothing"] += 1
                if "--show" in argv:
                    print("repeats nothing: %r flags %d: %r" % (pattern, theirs, (data, told, wanted)))
            elif told != wanted and told == listed(truth(compiled, data, by_match)):
                # It skips to the characters that may come first, and reads those without the flags of their group.
                counts["this Python's search misses what its match finds"] += 1
                if "--show" in argv:
                    print("missed by Python: %r flags %d: %r" % (pattern, theirs, (data, told, wanted)))
            elif told != wanted:
                fail("verdict" if "-" in (told, wanted) else "spans", pattern, theirs, data, told, wanted, words[:2])
    for pattern, (ours, theirs), text, wanted, told in DIFFERENT:
        tool.stdin.write(("%d %s %s\n" % (ours, hexed(pattern.encode()), hexed(text.encode()))).encode())
        tool.stdin.flush()
        answer = tool.stdout.readline().decode()
        if listed(truth(re.compile(pattern, theirs), text.encode())) != wanted:
            fail("no difference any more", pattern[:40], theirs, wanted)
        if (told not in answer) if answer.startswith("refused") else answer.split()[-1] != told:
            fail("not different as documented", pattern[:40], theirs, answer, told)
    tool.stdin.close()
    if tool.wait():
        fail("died", "", 0, tool.returncode)
    print("seed %d: %s" % (seed, ", ".join("%s %d" % item for item in sorted(counts.items()))))
    print("grades: %s" % ", ".join("%s %d" % item for item in sorted(grades.items())))
    print("refused here only: %s" % ", ".join("%s %d" % item for item in sorted(hints.items())))
    print("made of: %s" % ", ".join("%s %d" % item for item in sorted(made.items())))
    for name in sorted(name for name in made if made[name] < LEAST and n >= SHORT):
        fail("too few of a kind", name, 0, made[name])
    for failure in failures[:40]:
        print("FAILED %s: %r flags %d: %r" % failure)
    return 1 if failures or counts["pairs"] < 5 * n or counts["with a match"] < 2 * n else 0


if __name__ == "__main__":
    sys.exit(main())
