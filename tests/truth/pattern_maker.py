"""Makes patterns of Python's `re` at random, and texts that they are likely to match. For patterns.py."""
import itertools
import re

ASCII_LETTERS = "aabbcx_A1 \n"
# Without upper-case letters beyond the BMP: Python never finds them in a class under IGNORECASE.
OTHER_LETTERS = "éÉſKkßẞİıσςΣǅǆ\u0345ι²٣漢ﬅﬆ\u00a0\u2028\x1c\x85𐐨µμ"
# What stands for itself in a class, or looks as if it did not.
CLASS_PARTS = ["\\-", "-", "^", "\\b", "\\]", "&&", "||", "~~", "[:alpha:]", "(", ")", ".", "$", "*", "{2}", "|", "\\t", "\\v", "\\x41"]
SCOPED_FLAGS = ["i", "m", "s", "a", "u", "im", "is", "i-s", "-i", "-m", "-s", "-ims", "a-i", "x", "ix", "x-i", "-x"]
FLAGS_REFUSED = ["i-i", "au", "L", "a-u", "t", "-", "-L", "i-t", "ij", "i-"]
WORDS = ["os", "import", "eval(", "open", ".", "system", "'", '"', "(", ")", "abc", "  ", "\n", "x=1", "ab", "#"]

# Until 3.11.4 a possessive repetition of a group kept what a failed round had eaten (gh-106052). It means the same as an
# atomic group around a greedy one, which serves as the truth: between these marks stands what is repeated so.
POSSESSIVE, POSSESSIVE_END = "\ue000", "\ue001"


def as_written(pattern):
    return pattern.replace(POSSESSIVE, "").replace(POSSESSIVE_END, "+")


def as_atomic(pattern):
    return pattern.replace(POSSESSIVE, "(?>").replace(POSSESSIVE_END, ")")


class Maker:
    """Makes a pattern and, for it, texts that it is likely to match."""

    def __init__(self, rng):
        self.rng = rng
        self.groups = 0
        self.open, self.closed = [], []
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
            elif kind < 0.93:
                parts.append(rng.choice([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"]))
                choices.append(self.char())
            else:
                parts.append(rng.choice(CLASS_PARTS))
                choices.append(parts[-1][-1])
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
        if kind < 0.35 and (not self.fixed or rng.random() < 0.3):
            self.groups += 1
            number = self.groups
            name = rng.choice(["g%d", "_%d", "ñ%d", "漢%d"]) % number if rng.random() < 0.3 else None
            self.open.append((number, name))
            text, sample = self.alternatives(depth - 1)
            self.closed.append(self.open.pop())
            return ("(?P<%s>%s)" % (name, text) if name else "(%s)" % text), sample
        if kind < 0.6:
            text, sample = self.alternatives(depth - 1)
            return "(?:%s)" % text, sample
        if kind < 0.68:
            text, sample = self.alternatives(depth - 1)
            return "(?>%s)" % text, sample
        if kind < 0.79:
            on = rng.choice(SCOPED_FLAGS if rng.random() < 0.94 else FLAGS_REFUSED)
            text, sample = self.alternatives(depth - 1)
            if "x" in on.split("-")[0]:
                text = rng.choice([" ", "\n", " # (note\n"]) + text + rng.choice([" ", " #)\n"])
            swap = lambda: "".join(rng.choice([c, c.swapcase()]) for c in sample())
            return "(?%s:%s)" % (on, text), swap
        if kind < 0.8:
            return rng.choice(["(?#a note)", "(?#)", "(?i)", "(?x)", "(?a)"]), lambda: ""
        if kind < 0.9:
            text, sample = self.alternatives(depth - 1)
            ahead = rng.choice(["(?=", "(?!"])
            return ahead + text + ")", (sample if ahead == "(?=" and rng.random() < 0.3 else lambda: "")
        self.fixed += 1
        text, sample = self.alternatives(min(depth - 1, 1))
        self.fixed -= 1
        behind = rng.choice(["(?<=", "(?<!"])
        return behind + text + ")", (sample if behind == "(?<=" and rng.random() < 0.6 else lambda: "")

    def reference(self):
        rng = self.rng
        if rng.random() < 0.04:
            return rng.choice([r"\%d" % (self.groups + 1), "(?P=none)", "(?(none)a)", "(?(99)a|b)", "(?(0)a)"]), self.char
        number, name = rng.choice(self.closed if rng.random() < 0.97 or not self.open else self.open)
        if rng.random() < 0.6:
            return ("(?P=%s)" % name if name and rng.random() < 0.7 else "\\%d" % number), lambda: self.char()
        yes, a = self.sequence(1)
        no, b = self.sequence(1)
        other = rng.choice(["|" + no, "|" + no, "|" + no, "", "|"])
        if rng.random() < 0.03:
            other += "|" + yes
        return "(?(%s)%s%s)" % (name or number, yes, other), rng.choice([a, b])

    def atom(self, depth):
        kind = self.rng.random()
        if depth > 0 and kind < 0.3:
            return self.group(depth)
        if self.closed and kind < 0.38:
            return self.reference()
        if kind < 0.75:
            return self.literal()
        return self.klass() if kind < 0.88 else self.category()

    def item(self, depth):
        if self.rng.random() < 0.1:
            return self.anchor()
        text, sample = self.atom(depth)
        odds = self.rng.random()
        if odds > (0.1 if self.fixed else 0.3):
            return text, sample
        if text.startswith(("(?=", "(?!", "(?<")) and self.rng.random() < 0.8 or re.match(r"\(\?(#|\w\))", text):
            return text, sample
        low = self.rng.randint(0, 2)
        high = low + self.rng.randint(0, 2)
        bounds = self.rng.choice(["*", "+", "?", "{%d,}" % low, "{%d}" % max(low, 1), "{%d,%d}" % (low, max(high, 1)), "{,%d}" % max(high, 1)])
        if self.fixed and self.rng.random() < 0.8:
            bounds = "{%d}" % max(low, 1)
        elif self.rng.random() < 0.02:
            bounds = self.rng.choice(["{2,1}", "{", "{1", "{,", "{a}", "{}"])
        times = self.rng.randint(0 if bounds[0] in "*?" or bounds.startswith(("{0", "{,")) else max(low, 1), max(high, 1))
        greed = self.rng.choice(["", "", "", "?", "+"])
        repeated = text + bounds + greed
        if greed == "+" and text.startswith("(") and bounds not in ("{", "{1", "{,", "{a}", "{}"):
            repeated = POSSESSIVE + text + bounds + POSSESSIVE_END
        return repeated, lambda: "".join(sample() for _ in range(times))

    def sequence(self, depth):
        items = [self.item(depth) for _ in range(self.rng.choice([1, 1, 2, 2, 3, 4]))]
        return "".join(i[0] for i in items), lambda: "".join(i[1]() for i in items)

    def alternatives(self, depth):
        n = self.rng.choice([1, 1, 1, 1, 2] if self.fixed else [1, 1, 1, 2, 3])
        items = [self.sequence(depth) for _ in range(n)]
        return "|".join(i[0] for i in items), lambda: self.rng.choice(items)[1]()

    def whole(self):
        text, sample = self.alternatives(3)
        if self.rng.random() < 0.12:
            text = self.rng.choice(["(?i)", "(?m)", "(?s)", "(?im)", "(?a)", "(?u)", "(?#note)(?i)", "(?x) # (?s)\n", "(?i)(?m)", " (?i)"]) + text
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
                data = data[:at] + self.rng.choice([b"\xff", b"\x80", b"\xe2\x82", b"\xc3", b"\xf0\x90", b"\xed\xa0\x80", b"\xc0\x80", b"\x00"]) + data[at:]
            yield data


class Small:
    """Makes small patterns of few characters, of which every short text matches or nearly does: what decides is how the
    parts go together, and what an engine concludes of them before it looks at a text."""

    ASCII = ["a", "a", "b", "b", ".", "[ab]", "[^a]", "(?i:A)", r"\w"]
    OTHER = ["a", "s", "S", "ſ", "é", ".", r"\w", "[as]", "[^a]", r"\s", r"\n", "(?i:s)", "(?i:ſ)", "(?i:É)", "[^ſ]", r"\S"]
    TEXTS = ["".join(text).encode() for n in range(1, 5) for text in itertools.product("ab", repeat=n)]
    OTHER_TEXTS = ["".join(text).encode() for n in range(1, 4) for text in itertools.product("aſsSé\n", repeat=n)]
    ANCHORS = ["^", "$", r"\b", r"\B", r"\A", r"\Z", "(?m:^)", "(?m:$)"]

    def __init__(self, rng):
        self.rng = rng
        self.groups, self.closed = 0, []
        self.other = rng.random() < 0.3

    def atom(self, depth):
        rng = self.rng
        kind = rng.random()
        if depth > 0 and 0.5 < kind < 0.56:
            return rng.choice(self.ANCHORS)
        if depth > 0 and 0.56 < kind < 0.66:
            self.groups += 1
            number = self.groups
            text = self.alternatives(depth - 1)
            self.closed.append(number)
            return "(" + text + ")"
        if depth > 0 and 0.66 < kind < 0.84:
            return rng.choice(["(?:", "(?>", "(?=", "(?!"]) + self.alternatives(depth - 1) + ")"
        if depth > 0 and 0.84 < kind < 0.9:
            return rng.choice(["(?<=", "(?<!"]) + "".join(self.atom(rng.randint(0, 1)) for _ in range(rng.randint(1, 2))) + ")"
        if depth > 0 and 0.9 < kind and self.closed:
            number = rng.choice(self.closed)
            if rng.random() < 0.5:
                return "\\%d" % number
            return "(?(%d)%s%s)" % (number, self.sequence(depth - 1), rng.choice(["", "|" + self.sequence(depth - 1), "|"]))
        return rng.choice(self.OTHER if self.other else self.ASCII)

    def item(self, depth):
        text = self.atom(depth)
        if self.rng.random() > 0.35 or text in self.ANCHORS:
            return text
        text += self.rng.choice(["*", "+", "?", "?", "{2}", "{1,2}", "{,2}", "{2,}"])
        greed = self.rng.choice(["", "", "?", "+"])
        return POSSESSIVE + text + POSSESSIVE_END if greed == "+" and text.startswith("(") else text + greed

    def sequence(self, depth):
        return "".join(self.item(depth) for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3])))

    def alternatives(self, depth):
        return "|".join(self.sequence(depth) for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3])))

    def whole(self):
        text = self.alternatives(3)
        if self.rng.random() < 0.25:
            text = self.rng.choice(["(?=a)", "(?=b)", "(?!a)", "(?=[ab])", "(?=a|b)", "(?=.a)", "(?<=a)", "(?<!a)"]) + text
        return text + self.rng.choice(["", "a", "b", "a"])

    def texts(self):
        return self.rng.sample(self.OTHER_TEXTS, 12) if self.other else self.TEXTS


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
