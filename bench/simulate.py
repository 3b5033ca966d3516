"""Whole calls in virtual time: how many a core carries, what a step costs, and which part of the program it goes to.

usage: python3 bench/simulate.py [--calls N] [--rounds N] [--seed S]     (the program: CALLFUNNEL_BIN or build/release/callfunnel)

One job, so that processor time is one core's; medians over the rounds, and the least and the most of them. Instructions are
counted by callgrind over two short runs, whose difference leaves the start-up out; the parts are the instructions of each
source file or library itself, not of what it calls. The last line is JSON.
"""
import argparse
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

SHORT, LONG = 4, 24  # calls under callgrind, which is fifty times slower

# The first that fits, in the path of a source file or a library.
PARTS = (
    ("judges", r"simulate/(promises|sink)"),
    ("actors", r"simulate/"),
    ("inputs and outputs as bytes", r"voice/(input|output|journal/steps)|base/(wire|buf)"),
    ("core", r"voice/[a-z_]+\.|base/(brief|settings)"),
    ("replay", r"voice/replay/"),
    ("session", r"voice/session/"),
    ("recorder, sound", r"voice/recording/|audio/|libFLAC|libspeexdsp|libspandsp"),
    ("journal, shipping", r"voice/(journal|shipping)/"),
    ("disk in memory", r"base/disk"),
    ("sealing", r"libsodium"),
    ("checksums", r"libxxhash|xxhash"),
    ("memory and strings (libc)", r"string_fortified|libc\.|libc-|/malloc/|/string/|multiarch|sysdeps|ld-linux"),
)


def stop(text):
    sys.exit("bench simulate: " + text)


def command(binary, calls, seed):
    return [binary, "simulate", "--calls", str(calls), "--seed", str(seed), "--faults", "all", "--jobs", "1", "--json"]


def simulate(binary, calls, seed, before=()):
    out = subprocess.run([*before, *command(binary, calls, seed)], check=False, capture_output=True, text=True)
    try:
        return json.loads(out.stdout)
    except ValueError:
        return stop("%s: status %d\n%s" % (" ".join(out.args), out.returncode, out.stderr))


# ---- callgrind ------------------------------------------------------------------------------------------------------


class Names:
    """callgrind writes a name once, "(3) name", and "(3)" from then on."""

    def __init__(self):
        self.known = {}

    def get(self, text):
        number, _, name = text.partition(" ")
        if name:
            self.known[number] = name
        return self.known.get(number, number)


def part_of(place):
    for name, pattern in PARTS:
        if re.search(pattern, place):
            return name
    return "other"


def self_costs(path):
    """Instructions of each part itself; the lines behind `calls=` are other functions' and do not count."""
    objects, files = Names(), Names()
    costs, library, source, skip = {}, "", "", False
    with open(path, errors="replace") as lines:
        for line in lines:
            key, equals, rest = line.rstrip("\n").partition("=")
            if equals:
                if key == "ob":
                    library = objects.get(rest)
                elif key in ("fl", "fi", "fe"):
                    source = files.get(rest)
                elif key == "cob":
                    objects.get(rest)
                elif key in ("cfi", "cfl"):
                    files.get(rest)
                elif key == "calls":
                    skip = True
                continue
            if not re.match(r"[+\-*\d]", line):
                continue
            if not skip:
                place = source if source.startswith("/") and "???" not in source else library
                costs[place] = costs.get(place, 0) + int(line.split()[1])
            skip = False
    return costs


def counted(binary, calls, seed):
    """The process that ran the calls is the one that collected most; its parent only waits."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(binary, calls, seed, ("valgrind", "--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=" + folder + "/cg.%p"))
        costs = [self_costs(path) for path in glob.glob(folder + "/cg.*")]
    if not costs:
        stop("callgrind wrote nothing")
    costs = max(costs, key=lambda c: sum(c.values()))
    parts = {}
    for place, cost in costs.items():
        parts[part_of(place)] = parts.get(part_of(place), 0) + cost
    return parts


def instructions(binary, seed):
    short, longer = counted(binary, SHORT, seed), counted(binary, LONG, seed)
    parts = {name: max(0, longer[name] - short.get(name, 0)) // (LONG - SHORT) for name in longer}
    return dict(sorted(parts.items(), key=lambda item: -item[1]))


# ---- the figures ----------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(prog="./dev bench simulate")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.calls < 1 or args.rounds < 1:
        stop("at least one call and one round")
    binary = os.environ.get("CALLFUNNEL_BIN", "build/release/callfunnel")
    runs = [simulate(binary, args.calls, args.seed) for _ in range(args.rounds)]
    run = runs[0]
    seconds = [r["cpu_seconds"] for r in runs]
    cpu = statistics.median(seconds)
    figures = {
        "bench": "simulate", "calls": run["calls"], "rounds": args.rounds, "seed": args.seed, "steps": run["steps"],
        "virtual_s": run["virtual_s"], "kept": run["kept"], "cpu_s": cpu, "cpu_s_least": min(seconds), "cpu_s_most": max(seconds),
        "cpu_s_per_10000_calls": round(cpu * 10000 / run["calls"], 1), "steps_per_cpu_s": round(run["steps"] / cpu),
        "cpu_ms_per_call": round(1000 * cpu / run["calls"], 3), "cpu_ns_per_step": round(1e9 * cpu / run["steps"]),
        "virtual_s_per_cpu_s": round(run["virtual_s"] / cpu),
    }
    if shutil.which("valgrind"):
        parts = instructions(binary, args.seed)
        figures["instructions_per_call"] = sum(parts.values())
        figures["instructions_per_call_by_part"] = parts
    for key, value in figures.items():
        if not isinstance(value, dict):
            print("%-26s %s" % (key, value))
            continue
        print(key)
        for name, cost in value.items():
            print("  %-32s %11d  %4.1f %%" % (name, cost, 100 * cost / max(1, figures["instructions_per_call"])))
    print(json.dumps(figures))


main()
