#!/usr/bin/env python3
"""Reads the C files and says where they do not have our shape.

Refused: white space at a line's end, lines over 200 columns, a file that does not end with a line feed.
Said as advice: files over 700 lines and functions over 65 in src/ (tables and switches may be longer).
Usage: shape.py [FOLDER...]; exit status 1 when something is refused.
"""
import pathlib
import re
import sys

COLUMNS, FILE_LINES, FUNCTION_LINES = 200, 700, 65
HEAD = re.compile(r"^[A-Za-z_].*[)]$")


def refused(text):
    """(line, what) of everything that must not be."""
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "the file does not end with a line feed"
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield number, "white space at the line's end"
        if len(line.expandtabs(8)) > COLUMNS:
            yield number, "more than %d columns" % COLUMNS


def functions(lines):
    """(first line, lines) of each function: from a head in the first column to the brace in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{" and number > 1 and HEAD.match(lines[number - 2].strip("\t")):
            start = number
        elif line == "}" and start:
            yield start - 1, number - start + 1
            start = None


def advice(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield "%s: %d lines" % (path, len(lines))
    for number, count in functions(lines):
        if count > FUNCTION_LINES:
            yield "%s:%d: a function of %d lines" % (path, number, count)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    folders = [pathlib.Path(name) for name in sys.argv[1:]] or [root / name for name in ("src", "tests", "bench")]
    paths = sorted(path for folder in folders for path in folder.rglob("*.[ch]"))
    bad = long = 0
    for path in paths:
        text = path.read_text(errors="replace")
        for number, what in refused(text):
            print("%s:%d: %s" % (path, number, what))
            bad += 1
        for line in advice(path, text) if "tests" not in path.parts else ():
            print("advice: " + line)
            long += 1
    print("shape: %d files, %d refused, %d long" % (len(paths), bad, long))
    return 1 if bad or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
