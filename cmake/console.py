#!/usr/bin/env python3
"""Turns the page (console/*) into a C file: the table `console_files` of src/cli/console.h.

Usage: console.py FOLDER OUT.c. Each file is served below /console/ under its own name, index.html as / and /sign-in too. The
ETag is a hash of the bytes, so that a page of an older build is never shown. A name or a kind of file that is not known here
is refused: it would be served as something it is not. OUT.c is written only when it changes.
"""
import hashlib
import pathlib
import re
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
START = "index.html"
NAME = re.compile(r"[a-z][a-z0-9-]*\.[a-z]+")
MAX_BYTES = 256 * 1024
COLUMNS = 32


def paths_of(name):
    return ["/", "/sign-in"] if name == START else ["/console/" + name]


def bytes_of(data):
    for at in range(0, len(data), COLUMNS):
        yield "\t" + "".join("%d," % byte for byte in data[at:at + COLUMNS])


def arrays(files):
    for number, (_, data) in enumerate(files):
        yield "static const unsigned char file_%d[%d] = {" % (number, len(data))
        yield from bytes_of(data)
        yield "};"
        yield ""


def rows(files):
    for number, (name, data) in enumerate(files):
        kind, tag = TYPES[pathlib.Path(name).suffix], hashlib.sha256(data).hexdigest()[:32]
        for path in paths_of(name):
            yield '\t{ .path = "%s", .data = file_%d, .len = %d, .type = "%s", .etag = "\\"%s\\"" },' % (path, number, len(data), kind, tag)


def read(folder):
    files = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        if not NAME.fullmatch(path.name) or path.suffix not in TYPES:
            sys.exit("%s: a file of the page is named a-z 0-9 - and ends in %s" % (path, " ".join(sorted(TYPES))))
        if not 0 < len(data) <= MAX_BYTES:
            sys.exit("%s: has %d bytes; a file of the page has 1 to %d" % (path, len(data), MAX_BYTES))
        files.append((path.name, data))
    if START not in dict(files):
        sys.exit("%s: there is no %s" % (folder, START))
    return files


def main(folder, out):
    files = read(pathlib.Path(folder))
    lines = ["/* The page, made from console/ by cmake/console.py. */", '#include "cli/console.h"', "", "#include <stddef.h>", ""]
    lines += arrays(files)
    lines += ["const struct http_file console_files[] = {", *rows(files), "\t{ .path = NULL },", "};", ""]
    text, out = "\n".join(lines), pathlib.Path(out)
    if not out.is_file() or out.read_text() != text:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
