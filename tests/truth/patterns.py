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

warnings.simplefilter("ignore")

FLAGS = [(1, re.I), (2, re.M), (4, re.S), (8, re.X), (16, re.A)]
ASCII_LETTERS = "aabbcx_A1 \n"
# Without upper-case letters beyond the BMP: Python never finds them in a class under IGNORECASE.
OTHER_LETTERS = "éÉſKkßİıσςΣ٣漢\u00a0\u2028\x1c\x85𐐨µμ"
WORDS = ["os", "import", "eval(", "open", ".", "system", "'", '"', "(", ")", "abc", "  ", "\n", "x=1", "ab", "#"]

# Until 3.11.4 a possessive repetition of a group kept what a failed round had eaten (gh-106052).
POSSESSIVE_BROKEN = re.search("b(c(?:x$)+)*+", "bcxd").end() != 1


class Maker:
    """Makes a pattern and, for it, texts that it is likely to match."""

    def __init__(self, rng):
        self.rng = rng
        self.groups = 0
        self.closed = []
        self.letters = ASCII_LETTERS if rng.random() < 0.55 else ASCII_LETTERS + OTHER_LETTERS
        self.fixed = 0  # inside a lookbehind

    def char(self):
        return self.rng.choice(self.letters)

    def literal(self):
        c = self.char()
        how = self.rng.random()
        if how < 0.1:
            text = "\\x%02x" % ord(c) if ord(c) < 256 else "\\U%08x" % ord(c)
        elif how < 0.15 and ord(c) < 0x10000:
            text = "\\u%04X" % ord(c)
        elif how < 0.18 and ord(c) < 64:
            text = "\\0%o" % ord(c)
        elif c == "\n":
            text = "\\n"
        else:
            text = re.escape(c)
        return text, lambda: c

    def klass(self):
        rng = self.rng
        parts, choices = [], []
        for _ in range(rng.randint(1, 4)):
            kind = rng.random()
            if kind < 0.5:
                c = self.char()
                parts.append("\\n" if c == "\n" else re.escape(c))
                choices.append(c)
            elif kind < 0.75:
                a, b = sorted((self.char(), self.char()))
                parts.append("\\x%02x-\\U%08x" % (ord(a), ord(b)) if ord(a) < 256 else "\\U%08x-\\U%08x" % (ord(a), ord(b)))
                choices += [a, b]
            else:
                parts.append(rng.choice([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"]))
                choices.append(self.char())
        negated = rng.random() < 0.3
        return "[" + "^" * negated + "".join(parts) + "]", lambda: rng.choice(choices if not negated else self.letters)

    def category(self):
        text = self.rng.choice([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", ".", "."])
        return text, self.char

    def anchor(self):
        return self.rng.choice(["^", "$", r"\b", r"\B", r"\A", r"\Z", r"\b", "^", "$"]), lambda: ""

    def group(self, depth):
        rng = self.rng
        kind = rng.random()
        if kind < 0.35 and not self.fixed:
            self.groups += 1
            number = self.groups
            named = rng.random() < 0.3
            text, sample = self.alternatives(depth - 1)
            self.closed.append((number, named))
            return ("(?P<g%d>%s)" % (number, text) if named else "(%s)" % text), sample
        if kind < 0.6:
            text, sample = self.alternatives(depth - 1)
            return "(?:%s)" % text, sample
        if kind < 0.68:
            text, sample = self.alternatives(depth - 1)
            return "(?>%s)" % text, sample
        if kind < 0.78:
            on = rng.choice(["i", "m", "s", "a", "u", "im", "is", "i-s", "-i", "-m", "-s", "-ims", "a-i", "x"])
            if set(on.split("-")[0]) & set(on.split("-")[-1]) and "-" in on:
                on = "i"
            text, sample = self.alternatives(depth - 1)
            if "x" in on:
                text = " " + text + " "
            swap = lambda: "".join(rng.choice([c, c.swapcase()]) for c in sample())
            return "(?%s:%s)" % (on, text), swap
        if kind < 0.9:
            text, sample = self.alternatives(depth - 1)
            ahead = rng.choice(["(?=", "(?!"])
            return ahead + text + ")", (sample if ahead == "(?=" and rng.random() < 0.3 else lambda: "")
        self.fixed += 1
        text, sample = self.alternatives(min(depth - 1, 1))
        self.fixed -= 1
        return rng.choice(["(?<=", "(?<!"]) + text + ")", lambda: ""

    def reference(self):
        number, named = self.rng.choice(self.closed)
        if self.rng.random() < 0.6:
            return ("(?P=g%d)" % number if named else "\\%d" % number), lambda: self.char()
        yes, a = self.sequence(1)
        no, b = self.sequence(1)
        return "(?(%s)%s|%s)" % ("g%d" % number if named else number, yes, no), self.rng.choice([a, b])

    def atom(self, depth):
        kind = self.rng.random()
        if depth > 0 and kind < 0.3:
            return self.group(depth)
        if self.closed and not self.fixed and kind < 0.38:
            return self.reference()
        if kind < 0.75:
            return self.literal()
        return self.klass() if kind < 0.88 else self.category()

    def item(self, depth):
        if self.rng.random() < 0.1:
            return self.anchor()
        text, sample = self.atom(depth)
        odds = self.rng.random()
        if odds > (0.05 if self.fixed else 0.3):
            return text, sample
        if text.startswith(("(?=", "(?!", "(?<")):
            return text, sample
        low = self.rng.randint(0, 2)
        high = low + self.rng.randint(0, 2)
        bounds = self.rng.choice(["*", "+", "?", "{%d,}" % low, "{%d}" % max(low, 1), "{%d,%d}" % (low, max(high, 1)), "{,%d}" % max(high, 1)])
        if self.fixed:
            bounds = "{%d}" % max(low, 1)
        times = self.rng.randint(0 if bounds[0] in "*?" or bounds.startswith(("{0", "{,")) else max(low, 1), max(high, 1))
        greed = self.rng.choice(["", "", "", "?", "+"])
        if greed == "+" and POSSESSIVE_BROKEN and text.startswith("("):
            greed = ""
        return text + bounds + greed, lambda: "".join(sample() for _ in range(times))

    def sequence(self, depth):
        items = [self.item(depth) for _ in range(self.rng.choice([1, 1, 2, 2, 3, 4]))]
        return "".join(i[0] for i in items), lambda: "".join(i[1]() for i in items)

    def alternatives(self, depth):
        n = 1 if self.fixed else self.rng.choice([1, 1, 1, 2, 3])
        items = [self.sequence(depth) for _ in range(n)]
        return "|".join(i[0] for i in items), lambda: self.rng.choice(items)[1]()

    def whole(self):
        text, sample = self.alternatives(3)
        if self.rng.random() < 0.12:
            text = self.rng.choice(["(?i)", "(?m)", "(?s)", "(?im)", "(?a)", "(?u)", "(?#note)(?i)"]) + text
        return text, sample

    def texts(self, sample, n):
        for _ in range(n):
            parts = []
            while sum(map(len, parts)) < 30 and self.rng.random() < 0.85:
                kind = self.rng.random()
                if kind < 0.5:
                    parts.append(sample())
                elif kind < 0.9:
                    parts.append("".join(self.char() for _ in range(self.rng.randint(1, 6))))
                else:
                    parts.append(self.rng.choice(WORDS))
            data = "".join(parts)[:60].encode("utf-8", "replace")
            if self.rng.random() < 0.15:
                at = self.rng.randint(0, len(data))
                data = data[:at] + self.rng.choice([b"\xff", b"\x80", b"\xe2\x82", b"\xc3", b"\xf0\x90"]) + data[at:]
            yield data


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


def mutate(rng, pattern):
    out = list(pattern)
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(out))
        kind = rng.random()
        if kind < 0.35 and at < len(out):
            del out[at]
        elif kind < 0.8:
            out.insert(at, rng.choice(["(", ")", "[", "]", "{", "}", "?", "*", "+", "|", "\\", "^", "-", "<", "P", "(?",
                "(?P<", "(?P=", "(?(", "(?<", "(?#", "(?i", "i", "L", "x", ":", "=", "!", ">", ",", "0", "1", "2", "9",
                "\\1", "\\x", "\\u12", "\\N{", "\\8", "\\400", "{2,1}", "{,", "#", "é", "\\z", "\\_", "(?i)", "(?-", "(?au)", "\n"]))
        elif out:
            out[rng.randrange(len(out))] = rng.choice("()[]{}?*+|\\^$-ab")
    return "".join(out)


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
            yield mutate(rng, pattern), (ours, theirs), texts[:2]


# What Python takes and Sallyport does not, by the words it says so with; sallyport-policy(5) lists them.
HINTS = ["match nothing", "control character", "repetitions go up to", "look-behind is wider", "character names",
    "cannot be searched", "groups are nested too deeply", "too many groups"]


def main():
    argv = sys.argv[1:]
    n = 60000 if "--long" in argv else 1500
    seed = int(argv[argv.index("--seed") + 1]) if "--seed" in argv else 11
    n = int(argv[argv.index("-n") + 1]) if "-n" in argv else n
    rng = random.Random(seed)
    signal.signal(signal.SIGALRM, on_alarm)
    counts, grades, hints = collections.Counter(), collections.Counter(), collections.Counter()
    failures = []

    def fail(kind, pattern, flags, *what):
        counts["failed: " + kind] += 1
        failures.append((kind, pattern, flags, what))

    tool = subprocess.Popen([argv[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for pattern, (ours, theirs), texts in make(rng, n):
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
        if POSSESSIVE_BROKEN and re.search(r"\)([*+?]|\{[\d,]*\})\+", pattern):
            counts["possessive group, which this Python gets wrong"] += 1
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
            elif told != wanted and told == listed(truth(compiled, data, by_match)):
                # It skips to the characters that may come first, and reads those without the flags of their group.
                counts["this Python's search misses what its match finds"] += 1
            elif told != wanted:
                fail("verdict" if "-" in (told, wanted) else "spans", pattern, theirs, data, told, wanted, words[:2])
    tool.stdin.close()
    if tool.wait():
        fail("died", "", 0, tool.returncode)
    print("seed %d: %s" % (seed, ", ".join("%s %d" % item for item in sorted(counts.items()))))
    print("grades: %s" % ", ".join("%s %d" % item for item in sorted(grades.items())))
    print("refused here only: %s" % ", ".join("%s %d" % item for item in sorted(hints.items())))
    for failure in failures[:40]:
        print("FAILED %s: %r flags %d: %r" % failure)
    return 1 if failures or counts["pairs"] < n or counts["with a match"] < n else 0


if __name__ == "__main__":
    sys.exit(main())
