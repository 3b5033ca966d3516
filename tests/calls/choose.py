#!/usr/bin/env python3
"""Makes calls with the simulator and keeps few that together show everything a call can do.

    tests/calls/choose.py BINARY [--seeds 101 102 …] [--calls 300] [--count 40] [--bytes 2900000]

Adds to this folder what its calls do not show yet; calls that are here are never replaced. What a call shows is read from its file: every
input and output, every note with its kind (why a turn ended, what was retried, how a tool ended), the reason of its end, a takeover.
The file that shows most for its size goes first. Once everything is shown, the shapes of steps count: which outputs an input led to.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from callfile import ATTACH, NOTE, records, steps  # noqa: E402

# Notes whose index (field 8), or number (field 9), says which kind: turn, yield, tool, retry, failed, ending, ended.
BY_INDEX, BY_NUMBER = {1, 5, 13, 15, 18, 19}, {8}
# Inputs whose kind (field 3) matters: transcript, model_failed, speech, tool_result, order.
KINDS = {4, 9, 10, 14, 16}
LARGE = 400_000  # bytes: a call with its sound, only taken for what no other call shows


def shows(path):
    """What happens in this call, as a set of words; and the shapes of its steps."""
    data = path.read_bytes()
    seen = {f"record {r.kind}" for r in records(data) if r.kind == ATTACH}
    shapes, shape = set(), ()
    for _, what, f in steps(data):
        kind = f[1]
        if what == "input":
            shapes.add(shape)
            shape = (kind,)
        else:
            shape += (kind, f.get(2, 0)) if kind == NOTE else (kind,)
        if what == "input":
            seen.add(f"in {kind}" + (f" {f.get(3, 0)}" if kind in KINDS else ""))
        elif kind != NOTE:
            seen.add(f"out {kind}" + (f" {f.get(2, 0)}" if kind in (7, 9, 13) else ""))
        else:
            seen.add(f"note {f[2]}" + (f" {f.get(8, 0)}" if f[2] in BY_INDEX else "") + (f" {f.get(9, 0)}" if f[2] in BY_NUMBER else ""))
    return seen, shapes | {shape}


def replays(binary, path):
    return subprocess.run([binary, "replay", path], capture_output=True, check=False).returncode == 0


def choose(found, have, shapes, count, size_max):
    """Greedy: most that is new for its size; a new thing counts for more than any number of shapes."""
    chosen, size = [], 0
    while found and len(chosen) < count:
        best = max(found, key=lambda p: ((1000 * len(found[p][0] - have) + len(found[p][1] - shapes)) / found[p][2], p.name))
        new, new_shapes, length = found.pop(best)
        if size + length > size_max or (length > LARGE and not new - have):
            continue
        size += length
        chosen.append(best)
        have |= new
        shapes |= new_shapes
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
    have, shapes = set(), set()
    for path in kept:
        new, new_shapes = shows(path)
        have |= new
        shapes |= new_shapes
    room = args.bytes - sum(p.stat().st_size for p in kept)
    with tempfile.TemporaryDirectory() as folder:
        for seed in args.seeds:
            subprocess.run([args.binary, "simulate", "--calls", str(args.calls), "--seed", str(seed), "--faults", "all", "--keep", folder],
                           stdout=subprocess.DEVNULL, check=False)
        made = [p for p in sorted(pathlib.Path(folder).glob("*.cfj")) if not (HERE / p.name).exists()]
        found = {p: (*shows(p), p.stat().st_size) for p in made}
        everything = set().union(have, *(f[0] for f in found.values()))
        all_shapes = set().union(shapes, *(f[1] for f in found.values()))
        for path in choose(found, have, shapes, args.count - len(kept), room):
            if not replays(args.binary, path):
                sys.exit(f"{path.name} does not replay on the binary that made it")
            (HERE / path.name).write_bytes(path.read_bytes())
            print(f"{path.name:24} {path.stat().st_size:8} bytes")
    print(f"{len(list(HERE.glob('*.cfj')))} calls, {sum(p.stat().st_size for p in HERE.glob('*.cfj'))} bytes, "
          f"{len(have)} of {len(everything)} things and {len(shapes)} of {len(all_shapes)} shapes of steps that were seen")
    if everything - have:
        print("not shown:", ", ".join(sorted(everything - have)))


if __name__ == "__main__":
    main()
