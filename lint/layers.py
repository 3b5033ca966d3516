#!/usr/bin/env python3
"""Reads the #include lines of src/ and says where a room reaches into one that it must not know.

The rule stands in docs/architecture.md; the table below is the whole of it. A provider may include the headers of the kinds
(those in src/providers that have no .c of their own), what adapters of one kind share (SHARED) and its own files; registry.c lists all of
them and may include all. The files of src/voice itself are the pure core: none of them includes what carries it, in the folders below.
src/voice/spoken is text alone: it knows `base`.
Usage: layers.py [SRC]; prints one line a breach, exit status 1 when there is one.
"""
import pathlib
import re
import sys

KINDS = "kinds"  # headers of src/providers that only describe
SHARED = {"carrier_form.h", "llm_blocks.h", "llm_tools.h"}  # pure, and of no vendor
ALLOWED = {
    "base": {"base"},
    "audio": {"base", "audio"},
    "redact": {"base", "redact"},
    "providers": {"base", "audio", "redact", KINDS},
    "data": {"base", "redact", "data"},
    "voice": {"base", "audio", "redact", KINDS, "voice"},
    "conductor": {"base", "audio", "redact", "data", KINDS, "conductor"},
    "control": {"base", "audio", "redact", "data", KINDS, "control"},
    "simulate": {"base", "audio", "redact", "providers", KINDS, "voice", "simulate"},
    "sandbox": {"base", "audio", "redact", KINDS, "sandbox"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def is_kind(src, path):
    """A header of src/providers itself without an implementation beside it."""
    return path.parent == src / "providers" and path.suffix == ".h" and not path.with_suffix(".c").exists()


def is_own(including, included):
    """The same stem in one folder, or the same folder of a vendor."""
    if including.parent != included.parent:
        return False
    return including.parent.name != "providers" or including.stem == included.stem


def judge(src, path, name):
    """What is wrong with one #include, or None."""
    if "/" not in name:
        return f'"{name}" names no room: write "room/{name}"'
    included = src / name
    if not included.is_file():
        return f'"{name}" is not there'
    room = path.relative_to(src).parts[0]
    if room in ("cli", "main.c"):
        return None
    wanted = pathlib.PurePath(name).parts[0]
    if room not in ALLOWED:
        return f"{room} has no rule yet: give it a row in {pathlib.Path(__file__).name}"
    if path.parent == src / "voice" and wanted == "voice" and included.parent != path.parent:
        return f'the core must not include "{name}", which carries it'
    if path.parent == src / "voice" / "spoken" and wanted != "base" and included.parent != path.parent:
        return f'the spoken form is pure text and must not include "{name}"'
    allowed = ALLOWED[room]
    if wanted == "providers":
        if is_kind(src, included) and KINDS in allowed:
            return None
        if room == "providers" and (path.name == "registry.c" or included.name in SHARED or is_own(path, included)):
            return None
    if wanted in allowed:
        return None
    return f'{room} must not include "{name}"'


def breaches(src):
    for path in sorted(src.rglob("*.[ch]")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            problem = match and judge(src, path, match.group(1))
            if problem:
                yield f"{path}:{number}: {problem}"


def main():
    src = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "src"
    found = list(breaches(src))
    for line in found:
        print(line)
    count = sum(1 for _ in src.rglob("*.[ch]"))
    print(f"layers: {count} files, {len(found)} breaches")
    return 1 if found or not count else 0


if __name__ == "__main__":
    sys.exit(main())
