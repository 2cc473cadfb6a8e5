"""Python sources that nobody would write: formatted strings within each other, and pieces of real files with errors put in.
The same seed makes the same sources."""

import random
import textwrap

BROKEN = ["'", '"', "'''", '"""', "{", "}", "\\", "#", "\n", "f", "r", "b", "!", ":", "=", "f'", "{x}", "\f", "\\\n", ""]
LITERAL = [
    "a", " ", "{{", "}}", "\\n", "\\\\", "\\'", '\\"', "\\\n", "#", "\\N{DIGIT ONE}", "'", '"', "\n", "\\{{", ":", "!", "=",
]
TRIVIA = [""] * 8 + [" ", "\n", "# c\n", "# '\n", '# "}\n', "\\\n", "\t", "\f"]
SPECIFICATION = [">", "10", "a", "\n", "'", '"', "\\n", "{{", "\\", "!", "=", ":", "#"]
SIMPLE = ["x", "1", "x.y", "(x)", "not x", "x==y", "x!=y", "x<=y", "x>>y", "x<y", "*x,", "x,y", "x if y else x"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, choices):
        return self.random.choice(choices)

    def often(self, share):
        return self.random.random() < share

    def quotes(self):
        return self.one(["'", '"', "'''", '"""'])

    def literal(self, most):
        return "".join(self.one(LITERAL) for _ in range(self.random.randrange(most)))

    def trivia(self):
        return self.one(TRIVIA)

    def plain(self):
        quotes = self.quotes()
        text = self.literal(3).replace("{{", "").replace("}}", "")
        return self.one(["", "", "r", "b", "u", "Rb", "bR", "F", "rf", "fR"]) + quotes + text + quotes

    def specification(self, depth):
        pieces = range(self.random.randrange(4))
        return "".join(self.one(SPECIFICATION) if self.often(0.6) else self.field(depth - 1) for _ in pieces)

    def field(self, depth):
        text = "{" + self.trivia() + self.expression(depth) + self.trivia()
        if self.often(0.2):
            text += "=" + self.trivia()
        if self.often(0.2):
            text += "!" + self.one("rsa") + self.trivia()
        if self.often(0.3):
            text += ":" + self.specification(depth)
        return text + "}"

    def formatted(self, depth):
        quotes = self.quotes()
        pieces = range(self.random.randrange(4))
        body = "".join(self.literal(2) if self.often(0.5) else self.field(depth) for _ in pieces)
        return self.one(["f", "F", "rf", "fR", "Rf"]) + quotes + body + quotes

    def expression(self, depth):
        kind = self.random.randrange(16)
        if depth <= 0 or kind < 3:
            return self.one(SIMPLE)
        if kind < 8:
            return self.formatted(depth - 1)
        inner = self.trivia() + self.expression(depth - 1) + self.trivia()
        if kind < 10:
            return self.one(["x[", "("]) + inner + "]" if kind == 8 else "(" + inner + ")"
        if kind < 15:
            return self.one(["{1:%s}", "f(a=%s)", "(lambda z:%s)", "(w:=%s)"]) % inner if kind < 13 else self.plain()
        return self.expression(depth - 1) + self.one(["+", " if ", "=="]) + self.expression(depth - 1)

    def broken(self, text, changes):
        for _ in range(changes):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.one(BROKEN) + text[at + self.random.randrange(3) :]
        return text

    def program(self):
        lines = []
        for _ in range(self.random.randrange(1, 3)):
            line = self.expression(3) if self.often(0.8) else self.formatted(3)
            line = self.one(["x = %s", "%s", "g(%s)"]).replace("%s", line)
            lines.append(line + "  # c'\"" if self.often(0.3) else line)
        return self.broken("\n".join(lines) + "\n", self.often(0.3))


def sources(seed, count, files):
    """Half of them from nothing, half from pieces of these files."""
    maker = Maker(seed)
    pieces = []
    for path in maker.random.sample(files, min(len(files), 60)):
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
        for _ in range(20):
            at = maker.random.randrange(len(lines))
            pieces.append(textwrap.dedent("\n".join(lines[at : at + maker.random.randrange(1, 9)]) + "\n"))
    for number in range(count):
        if number % 2 or not pieces:
            yield maker.program().encode()
        else:
            yield maker.broken(maker.one(pieces), maker.random.randrange(4)).encode("utf-8", "replace")
