#!/usr/bin/python3
"""Ordinary code reaches no bound of the scanner: none of the standard library does, under a policy of patterns."""

import os
import sys
import tempfile

import reference

POLICY = r"""
severity_threshold: medium
patterns:
  - pattern: 'os\.system\('
  - pattern: '\bos\.(popen|exec[lv]\w*|spawn\w*)\s*\('
  - pattern: 'subprocess\.\w+\s*\('
  - pattern: '\b(eval|exec)\s*\('
  - pattern: 'open\s*\([^)]*[''"][wa]b?[''"]'
  - pattern: 'getattr\s*\(.*__class__'
  - pattern: '(?<![\w.])exec\s*\('
  - pattern: '\bprint\s*\((?!\s*\))'
  - pattern: 'os\..{0,40}\('
  - pattern: '[A-Za-z0-9+/]{20,}={0,2}'
  - pattern: '\bimport\b(?!.*\bos\b)'
  - pattern: '([''"])/etc/.*?\1'
  - pattern: '\b(?:\d{1,3}\.){3}\d{1,3}\b'
  - pattern: '\.__(class|bases|subclasses|globals)__\b(?!\w)'
restricted_modules:
  - name: ctypes
"""

# The file whose names mean the most things; it is no part of every sample.
ALWAYS = ["enum.py"]


def main():
    options = reference.arguments(__doc__)
    paths = reference.files(options)
    if not options.files:
        library = os.path.dirname(os.path.realpath(os.__file__))
        paths = sorted({*paths, *(os.path.join(library, name) for name in ALWAYS)})
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
        policy.write(POLICY)
        policy.flush()
        answers = reference.ask(options.tool, policy.name, paths, "python")
    # Some files are there to be what no interpreter reads.
    judged = [path for path in paths if answers[path]["limits"] == [] or reference.source(path) is not None]
    wrong = [path for path in judged if answers[path]["limits"] or answers[path]["error"]]
    for path in wrong:
        print(f"{path}: {answers[path]['error'] or answers[path]['limits'][:3]}")
    n_findings = sum(answers[path]["findings"] for path in judged)
    print(f"{len(judged)} files, of which {len(wrong)} reach a bound; {n_findings} findings")
    if wrong or not n_findings:
        sys.exit(1)


main()
