#!/usr/bin/python3
"""Comments, strings and replacement fields of Python files, as the lexer has them and as CPython has them.

Comments and strings come from the standard tokenizer. The fields of formatted strings (up to 3.11 the tokenizer does not
know them) are compared by parsing: the trees of the pieces that the lexer marks must be those of the whole.
"""

import ast
import io
import sys
import tokenize
import warnings

import reference

warnings.simplefilter("ignore")


def line_starts(data):
    starts = [0]
    for line in io.BytesIO(data):
        starts.append(starts[-1] + len(line))
    return starts


def reference_spans(data):
    """Byte ranges of comments and strings, or None where the tokenizer's lines are not the file's."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if encoding not in ("utf-8", "utf-8-sig"):
        return None
    bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    lines = [line.decode("utf-8") for line in io.BytesIO(data[bom:])]
    starts = line_starts(data[bom:])

    def offset(place):
        row, column = place
        return bom + starts[row - 1] + len(lines[row - 1][:column].encode())

    spans = {tokenize.COMMENT: [], tokenize.STRING: []}
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type in spans:
            spans[token.type].append([offset(token.start), offset(token.end)])
    return spans[tokenize.COMMENT], spans[tokenize.STRING]


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


def inside(span, others):
    return any(other[0] < span[0] and span[1] <= other[1] for other in others)


def compare_fields(data, answer):
    """Each formatted string against its pieces; how many strings differ, with the first."""
    fields = answer["interpolations"]
    strings = answer["strings"]
    for string in strings:
        if b"f" not in prefix(data, string):
            continue
        # The string's own fields: not those of a string inside one of its fields.
        within = [field for field in fields if string[0] <= field[0] and field[1] <= string[1]]
        deeper = [
            other for other in strings if string[0] <= other[0] and other[1] <= string[1] and other != string
        ]
        own = [field for field in within if not any(o[0] <= field[0] and field[1] <= o[1] for o in deeper)]
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


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    answers = reference.ask(options.tool, "python", paths)
    compared = refused = other = wrong = n_comments = n_strings = n_fields = 0
    for path in paths:
        read = reference.source(path)
        if read is None:
            refused += 1
            continue
        data = read[0]
        answer = answers[path]
        spans = reference_spans(data)
        if spans is None:
            other += 1
            continue
        compared += 1
        top = [span for span in answer["strings"] if not inside(span, answer["interpolations"])]
        top = [span for span in top if not any(f[0] <= span[0] and span[1] <= f[1] for f in answer["interpolations"])]
        problems = []
        if answer["comments"] != spans[0]:
            odd = [span for span in answer["comments"] + spans[0] if span not in answer["comments"] or span not in spans[0]]
            problems.append(f"comments differ: {odd[:3]}")
        if top != spans[1]:
            odd = [span for span in top + spans[1] if span not in top or span not in spans[1]]
            problems.append(f"strings differ: {odd[:3]}")
        problems += compare_fields(data, answer)
        n_comments += len(spans[0])
        n_strings += len(spans[1])
        n_fields += len(answer["interpolations"])
        if problems:
            wrong += 1
            print(f"{path}: {problems[0]}")
    print(
        f"{compared} files equal but {wrong}; {n_comments} comments, {n_strings} strings, {n_fields} fields; "
        f"left out: {refused} that CPython refuses, {other} in other encodings"
    )
    if wrong or not compared or not n_fields:
        sys.exit(1)


main()
