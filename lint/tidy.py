#!/usr/bin/env python3
"""Runs clang-tidy over the C files that changed since it last found them clean.

What counts is the file after the preprocessor, the checks, and clang-tidy itself; a clean result is remembered as an empty file
in CACHE. Usage: tidy.py BUILD CACHE FILE...; BUILD holds compile_commands.json. Exit status 1 when something is found.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

NOISE = (" warning generated.", " warnings generated.")


def run(command, folder="."):
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


def digest(entry, checks):
    """Of all that the result hangs on; None when the preprocessor fails, and clang-tidy has to say why."""
    words = shlex.split(entry["command"])
    del words[words.index("-o"):words.index("-o") + 2]
    done = run([*words, "-E", "-o", "-"], entry["directory"])
    return hashlib.sha256(checks + entry["command"].encode() + done.stdout).hexdigest() if done.returncode == 0 else None


def judge(entry, build, cache, checks):
    """What clang-tidy found in one file, or None when it is clean."""
    key = digest(entry, checks)
    if key and (cache / key).exists():
        return None
    done = run(["clang-tidy", "-p", build, "--quiet", entry["file"]])
    said = [line for line in (done.stdout + done.stderr).decode(errors="replace").splitlines() if not line.endswith(NOISE)]
    if done.returncode or any(said):
        return "\n".join(said) or "%s: clang-tidy: status %d" % (entry["file"], done.returncode)
    if key:
        (cache / key).touch()
    return None


def main():
    build, cache = sys.argv[1], pathlib.Path(sys.argv[2])
    wanted = {str(pathlib.Path(name).resolve()) for name in sys.argv[3:]}
    entries = [e for e in json.loads(pathlib.Path(build, "compile_commands.json").read_text()) if e["file"] in wanted]
    root = pathlib.Path(__file__).resolve().parent.parent
    checks = (root / ".clang-tidy").read_bytes() + run(["clang-tidy", "--version"]).stdout
    missing = wanted - {e["file"] for e in entries}
    for name in sorted(missing):
        print("tidy: %s is not part of the build" % name)
    cache.mkdir(parents=True, exist_ok=True)
    bad = len(missing)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda e: judge(e, build, cache, checks), entries):
            if found:
                print(found, flush=True)
                bad += 1
    print("tidy: %d files, %d with something to mend" % (len(entries), bad))
    return 1 if bad or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
