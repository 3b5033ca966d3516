#!/usr/bin/env python3
"""Makes calls with the simulator and keeps few that together show everything a call can do.

    tests/calls/choose.py BINARY [--seeds 101 102 …] [--calls 300] [--count 40] [--bytes 2900000]

Adds to this folder what its calls do not show yet; calls that are here are never replaced. What a call shows is read from its file: every
input and output, every note with its kind (why a turn ended, what was retried, how a tool ended), the reason of its end, a takeover,
a gap. The smallest file that shows the most goes first; then small ones follow up to the count.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from callfile import ATTACH, GAP, NOTE, records, steps  # noqa: E402

# Notes whose index (field 8), or number (field 9), says which kind: turn, yield, tool, retry, failed, ending, ended.
BY_INDEX, BY_NUMBER = {1, 5, 13, 15, 18, 19}, {8}
# Inputs whose kind (field 3) matters: transcript, model_failed, speech, tool_result, order.
KINDS = {4, 9, 10, 14, 16}


def shows(path):
    """What happens in this call, as a set of words."""
    data = path.read_bytes()
    seen = {f"record {r.kind}" for r in records(data) if r.kind in (ATTACH, GAP)}
    for _, what, f in steps(data):
        kind = f[1]
        if what == "input":
            seen.add(f"in {kind}" + (f" {f.get(3, 0)}" if kind in KINDS else ""))
        elif kind != NOTE:
            seen.add(f"out {kind}" + (f" {f.get(2, 0)}" if kind in (7, 8, 13) else ""))
        else:
            seen.add(f"note {f[2]}" + (f" {f.get(8, 0)}" if f[2] in BY_INDEX else "") + (f" {f.get(9, 0)}" if f[2] in BY_NUMBER else ""))
    return seen


def replays(binary, path):
    return subprocess.run([binary, "replay", path], capture_output=True, check=False).returncode == 0


def choose(found, have, count, size_max):
    """Greedy: most that is new for its size, then the smallest."""
    chosen = []

    def take(path):
        chosen.append(path)
        have.update(found.pop(path)[0])

    size = 0
    while found and len(chosen) < count:
        best = max(found, key=lambda p: (len(found[p][0] - have) / found[p][1] ** 0.5, -found[p][1]))
        if not found[best][0] - have:
            best = min(found, key=lambda p: found[p][1])
        if size + found[best][1] > size_max:
            found.pop(best)
            continue
        size += found[best][1]
        take(best)
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103, 104, 105])
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--bytes", type=int, default=2_900_000)
    args = parser.parse_args()
    kept = sorted(HERE.glob("*.cfj"))
    have = set().union(*(shows(p) for p in kept)) if kept else set()
    room = args.bytes - sum(p.stat().st_size for p in kept)
    with tempfile.TemporaryDirectory() as folder:
        for seed in args.seeds:
            subprocess.run([args.binary, "simulate", "--calls", str(args.calls), "--seed", str(seed), "--faults", "all", "--keep", folder],
                           stdout=subprocess.DEVNULL, check=False)
        made = [p for p in sorted(pathlib.Path(folder).glob("*.cfj")) if not (HERE / p.name).exists()]
        found = {p: (shows(p), p.stat().st_size) for p in made}
        everything = set().union(have, *(s for s, _ in found.values()))
        for path in choose(found, have, args.count - len(kept), room):
            if not replays(args.binary, path):
                sys.exit(f"{path.name} does not replay on the binary that made it")
            (HERE / path.name).write_bytes(path.read_bytes())
            print(f"{path.name:24} {path.stat().st_size:8} bytes")
    print(f"{len(list(HERE.glob('*.cfj')))} calls, {sum(p.stat().st_size for p in HERE.glob('*.cfj'))} bytes, "
          f"{len(have)} of {len(everything)} things that were seen")
    if everything - have:
        print("not shown:", ", ".join(sorted(everything - have)))


if __name__ == "__main__":
    main()
