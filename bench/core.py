"""What the call core costs: a step, a second of a call, a saved and a loaded state, the memory of a call.

usage: python3 bench/core.py [FOLDER]      (FOLDER: exported calls, tests/calls; the program: bench_core beside CALLFUNNEL_BIN)

Recorded calls are run again by bench/core.c. Times are processor time, medians over the rounds with their quartiles; kinds of
passes take turns, so that a noisy neighbour meets all of them. Instructions are counted by callgrind over two and over four
rounds, whose difference leaves out what starting costs. The last line is JSON.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 15
PASSES = ("decode", "step", "save", "load", "voice", "other")


def stop(text):
    sys.exit("bench core: " + text)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        stop("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stderr))
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def rounds_of(program, folder):
    """Nanoseconds of one step or state, a list a pass."""
    each = {name: [] for name in PASSES}
    run([program, folder, "step", "3"])  # warm
    for _ in range(ROUNDS):
        for name in PASSES:
            line = run([program, folder, name, "2"])[0][1]  # the first round of a process pays for fresh memory
            each[name].append(line["ns"] / line["count"])
    return each


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": round(middle, 1), "quartiles": [round(low, 1), round(high, 1)]}


def instructions(program, folder, name):
    totals = []
    for rounds in ("2", "4"):
        with tempfile.TemporaryDirectory() as place:
            lines, said = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + place + "/out", program, folder, name, rounds])
        totals.append(int(re.search(r"Collected : (\d+)", said).group(1)))
    return (totals[1] - totals[0]) / 2 / lines[0]["count"]


def main():
    binary = os.environ.get("CALLFUNNEL_BIN", "build/release/callfunnel")
    program = os.path.join(os.path.dirname(binary), "bench_core")
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("CALLFUNNEL_TESTS", "tests"), "calls")
    if not os.path.exists(program):
        stop("%s is not there; run ./dev bench core" % program)
    facts = run([program, folder, "facts"])[0][0]
    each = rounds_of(program, folder)
    steps_a_second = facts["steps"] / facts["call_s"]
    step = [a - b for a, b in zip(each["step"], each["decode"])]
    save = [a - b for a, b in zip(each["save"], each["load"])]
    figures = {"bench": "core", "rounds": ROUNDS, **facts, "steps_per_call_second": round(steps_a_second, 1),
               "step_ns": spread(step), "voice_step_ns": spread(each["voice"]), "other_step_ns": spread(each["other"]),
               "decode_ns": spread(each["decode"]), "save_ns": spread(save), "load_ns": spread(each["load"]),
               "call_second_us": round(statistics.median(step) * steps_a_second / 1000, 2)}
    if shutil.which("valgrind"):
        counted = {name: instructions(program, folder, name) for name in PASSES[:4]}
        figures["step_instructions"] = round(counted["step"] - counted["decode"])
        figures["decode_instructions"] = round(counted["decode"])
        figures["save_instructions"] = round(counted["save"] - counted["load"])
        figures["load_instructions"] = round(counted["load"])
        figures["call_second_instructions"] = round(figures["step_instructions"] * steps_a_second)
    for key, value in figures.items():
        print("%-26s %s" % (key, value if not isinstance(value, dict) else "%s (%s to %s)" % (value["median"], *value["quartiles"])))
    print(json.dumps(figures))


main()
