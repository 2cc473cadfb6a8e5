#!/bin/sh
# Is every C file as .clang-format says? Prints the first differences. Skipped (77) without clang-format.
cd "$(dirname "$0")/../.." || exit 1
command -v clang-format >/dev/null || { echo "skipped: no clang-format"; exit 77; }
find proto scanner runtimes daemon client tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror 2>&1 | head -40
test -z "$(find proto scanner runtimes daemon client tests -name '*.[ch]' -print0 |
    xargs -0 clang-format --output-replacements-xml | grep -m1 '<replacement ')"
