"""Whole calls in virtual time: how many a core carries, and what a step costs.

usage: python3 bench/simulate.py [--calls N] [--seed S]     (the binary: CALLFUNNEL_BIN or build/release/callfunnel)

One job, so that processor time is one core's. Instructions are counted by callgrind over two short runs, whose difference
leaves the start-up out. The last line is JSON.
"""
import argparse
import json
import os
import shutil
import subprocess
import tempfile


def simulate(binary, calls, seed):
    out = subprocess.run([binary, "simulate", "--calls", str(calls), "--seed", str(seed), "--faults", "all", "--jobs", "1", "--json"],
                         check=False, capture_output=True, text=True)
    return json.loads(out.stdout)


def instructions(binary, calls):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(["valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={folder}/cg.%p",
                              binary, "simulate", "--calls", str(calls), "--seed", "1", "--faults", "all", "--jobs", "1"],
                             check=False, capture_output=True, text=True)
    counts = [int(line.split("Collected : ")[1]) for line in out.stderr.splitlines() if "Collected : " in line]
    return max(counts) if counts else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    binary = os.environ.get("CALLFUNNEL_BIN", "build/release/callfunnel")
    run = simulate(binary, args.calls, args.seed)
    figures = {"bench": "simulate", "calls": run["calls"], "steps": run["steps"], "virtual_s": run["virtual_s"],
               "cpu_s": run["cpu_seconds"], "wall_s": run["seconds"]}
    if figures["cpu_s"]:
        figures["cpu_ms_per_call"] = round(1000 * figures["cpu_s"] / run["calls"], 3)
        figures["cpu_ns_per_step"] = round(1e9 * figures["cpu_s"] / run["steps"])
        figures["virtual_s_per_cpu_s"] = round(run["virtual_s"] / figures["cpu_s"])
    if shutil.which("valgrind"):
        short, longer = instructions(binary, 4), instructions(binary, 12)
        figures["instructions_per_call"] = (longer - short) // 8
    for key, value in figures.items():
        print(f"{key:24} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
