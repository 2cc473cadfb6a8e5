#!/usr/bin/python3
"""Comments, strings and replacement fields of Python files, as the lexer has them and as CPython has them.

All come from the standard tokenizer of the interpreter that runs this, which is asked for its own dialect and for none.
Up to 3.11 the tokenizer does not know the fields of formatted strings: they are compared by parsing, the trees of the pieces
that the lexer marks must be those of the whole.
"""

import ast
import io
import os
import sys
import tempfile
import tokenize
import warnings

import made
import reference

warnings.simplefilter("ignore")


def line_starts(data):
    starts = [0]
    for line in io.BytesIO(data):
        starts.append(starts[-1] + len(line))
    return starts


class Fields:
    """The strings and fields of a stream of tokens, from 3.12 on: what is open is a stack."""

    def __init__(self):
        self.strings = []
        self.fields = []
        self.odd = False  # a line ended in a format specification: fields behind it are no token's
        self.open = []

    def see(self, name, text, start, end):
        top = self.open[-1] if self.open else None
        in_field = top is not None and "part" in top
        if name in ("NL", "NEWLINE"):
            self.odd |= in_field and top["part"] == "specification"
        elif name == "STRING":
            self.strings.append([start, end])
        elif name in ("FSTRING_START", "TSTRING_START"):
            self.open.append({"start": start})
        elif name in ("FSTRING_END", "TSTRING_END"):
            self.strings.append([self.open.pop()["start"], end])
            return
        elif name == "OP" and text == "{" and top is not None and top.get("part") in (None, "specification"):
            self.open.append({"part": "code", "start": end, "depth": 0, "end": None})
            return
        elif name == "OP" and in_field:
            self.see_operator(top, text, start)
            return
        if in_field and top["part"] == "code" and name not in ("NL", "NEWLINE", "COMMENT"):
            top["end"] = None

    def see_operator(self, field, text, start):
        if field["part"] == "code":
            ends = field["depth"] == 0 and text in ("}", ":", "!")
            field["depth"] += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if not ends:
                field["end"] = start if text == "=" and field["depth"] == 0 else None
                return
            if field["end"] is None:
                field["end"] = start
            field["part"] = "conversion"
        if text == ":":
            field["part"] = "specification"
        elif text == "}":
            self.fields.append([field["start"], field["end"]])
            self.open.pop()


def reference_spans(data):
    """Byte ranges of comments, strings and fields (None: the tokenizer does not know them), and whether there are others.
    None where the tokenizer's lines are not the file's."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if encoding not in ("utf-8", "utf-8-sig"):
        return None
    bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    lines = [line.decode("utf-8") for line in io.BytesIO(data[bom:])] + [""]
    starts = line_starts(data[bom:])

    def offset(place):
        row, column = place
        line = lines[row - 1] if row <= len(lines) else ""
        return bom + starts[min(row, len(starts)) - 1] + (column if line.isascii() else len(line[:column].encode()))

    comments = []
    fields = Fields()
    for token in tokenize.generate_tokens(iter(lines).__next__):
        start, end = offset(token.start), offset(token.end)
        if token.type == tokenize.STRING and b"\r" not in data:
            end = start + len(token.string.encode())  # 3.12 miscounts columns where lines before hold more than ASCII
        if token.type == tokenize.COMMENT:
            comments.append([start, end])
        fields.see(tokenize.tok_name[token.exact_type if token.type != tokenize.OP else token.type], token.string, start, end)
    if sys.version_info < (3, 12):
        return comments, fields.strings, None, False
    fields.strings.sort(key=lambda span: (span[0], -span[1]))
    fields.fields.sort()
    return comments, fields.strings, fields.fields, fields.odd


def formatted_values(tree):
    """The expressions of a formatted string's own fields in order of their place, those in format specifications too."""
    found = []

    def visit(node):
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                found.append(ast.dump(value.value))
                if value.format_spec is not None:
                    visit(value.format_spec)

    visit(tree)
    return found


def prefix(data, span):
    quote = min(at for at in (data.find(b"'", *span), data.find(b'"', *span)) if at >= 0)
    return data[span[0] : quote].lower()


def compare_fields(data, answer):
    """Each formatted string against its pieces; how many strings differ, with the first."""
    fields = answer["interpolations"]
    strings = answer["strings"]
    for string in strings:
        if b"f" not in prefix(data, string):
            continue
        # The string's own fields: not those of a string inside one of its fields.
        within = [field for field in fields if string[0] < field[0] and field[1] <= string[1]]
        deeper = [
            other for other in strings if string[0] <= other[0] and other[1] <= string[1] and other != string
        ]
        own = [field for field in within if not any(o[0] < field[0] and field[1] <= o[1] for o in deeper)]
        try:
            tree = ast.parse(b"(" + data[string[0] : string[1]] + b")", mode="eval").body
            expected = formatted_values(tree)
        except SyntaxError as problem:
            yield f"string at {string[0]}: {problem}"
            continue
        got = []
        for field in own:
            try:
                got.append(ast.dump(ast.parse(b"(" + data[field[0] : field[1]] + b")", mode="eval").body))
            except SyntaxError as problem:
                got.append(f"{problem}")
        if got != expected:
            yield f"string at {string[0]}: fields {got} and not {expected}"


def differences(data, answer, truth):
    comments, strings, fields, odd = truth
    got = answer["strings"]
    if fields is None:
        within = answer["interpolations"]
        got = [span for span in got if not any(f[0] <= span[0] and span[1] <= f[1] for f in within)]
    for name, ours, theirs in (("comments", answer["comments"], comments), ("strings", got, strings)):
        if ours != theirs:
            yield f"{name} differ: {[span for span in ours + theirs if span not in ours or span not in theirs][:3]}"
    if fields is None:
        yield from compare_fields(data, answer)
    elif not odd and answer["interpolations"] != fields:
        theirs = answer["interpolations"]
        yield f"fields differ: {[span for span in fields + theirs if span not in fields or span not in theirs][:3]}"


def compare(title, options, paths):
    """Holds the files' spans against the interpreter's; how many differ, and whether there was anything to compare."""
    dialect = f"python:3.{sys.version_info.minor}"
    answers = {language: reference.ask(options.tool, language, paths) for language in ("python", dialect)}
    compared = refused = other = doubtful = wrong = n_comments = n_strings = n_fields = 0
    for path in paths:
        read = reference.source(path)
        if read is None:
            refused += 1
            continue
        try:
            truth = reference_spans(read[0])
        except (tokenize.TokenError, SyntaxError, SystemError):  # faults of the module, not of the parser
            truth = None
        if truth is None:
            other += 1
            continue
        compared += 1
        n_comments += len(truth[0])
        n_strings += len(truth[1])
        n_fields += len(answers[dialect][path]["interpolations"])
        problems = []
        for language, answer in answers.items():
            # What versions read differently is told, and cannot be right for all of them.
            if any("versions" in limit["what"] for limit in answer[path]["limits"]):
                doubtful += 1
                continue
            problems += [f"as {language}: {problem}" for problem in differences(read[0], answer[path], truth)]
        if problems:
            wrong += 1
            print(f"{path}: {problems[0]}")
    print(
        f"{title}: {compared} files, {wrong} of them differ; {n_comments} comments, {n_strings} strings, {n_fields} fields; "
        f"left out: {refused} that CPython refuses, {other} in other encodings, {doubtful} readings that are told to be doubtful"
    )
    return wrong, compared and n_fields


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    results = [compare("files", options, paths)]
    if not options.files:
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for number, data in enumerate(made.sources(1, 20000 if options.long else 3000, paths)):
                names.append(os.path.join(folder, f"{number}.py"))
                with open(names[-1], "wb") as file:
                    file.write(data)
            results.append(compare("made", options, names))
    if any(wrong or not enough for wrong, enough in results):
        sys.exit(1)


main()
